"""Where a name that the input does not define would be found: the import, parameter, base class or call it comes from.

Answers come from the bindings of a module alone; nothing is read from disk.
"""

from __future__ import annotations

from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted
from cwelens.resolve.builtin_names import BUILTINS
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.program import Program
from cwelens.resolve.symbols import Binding, ClassInfo, FunctionInfo, ModuleInfo

_DEPTH = 6


class Origin:
    """`kind` is one of

    - inherited: `name` is the base class as written, `module` the module that it is imported from ("" if not imported)
    - import: `name` and `module` are the module
    - parameter: `name` is the parameter, `owner` the function's name, `function` its qualified name
    - result: `name` is the callee whose result it is
    - undefined: nothing in the input binds the name
    - value: anything else (an item of another value, an expression)
    """

    __slots__ = ("function", "kind", "module", "name", "owner")

    def __init__(self, kind: str, name: str, module: str = "", owner: str = "", function: str = "") -> None:
        self.kind = kind
        self.name = name
        self.module = module
        self.owner = owner
        self.function = function


VALUE = Origin("value", "")


def origin(
    program: Program,
    module: ModuleInfo,
    function: FunctionInfo | None,
    expr: ir.Expr,
    depth: int = 0,
    called: bool = False,
) -> Origin:
    """Where the value of an expression comes from, through plain assignments and the receivers of calls.

    `called`: the expression is itself a callee.
    """
    if depth > _DEPTH:
        return VALUE
    if isinstance(expr, ir.Await):
        return origin(program, module, function, expr.value, depth + 1)
    if isinstance(expr, ir.Call):
        text = dotted(expr.func)
        if text == "super" and function is not None and function.self_class is not None:
            return inherited(program, function.self_class) or VALUE
        found = origin(program, module, function, expr.func, depth + 1, True)
        if found.kind in ("inherited", "import", "undefined") or text is None:
            return found
        return Origin("result", text, found.module)
    if isinstance(expr, ir.Item):
        return origin(program, module, function, expr.base, depth + 1)
    if isinstance(expr, ir.Attr):
        own = function.self_class if function is not None else None
        if own is not None and function is not None and isinstance(expr.base, ir.Name):
            if expr.base.id == function.self_name:
                return _of_self(program, own, expr.name, depth)
        return origin(program, module, function, expr.base, depth + 1)
    if isinstance(expr, ir.Name):
        found = _of_name(program, module, function, expr.id, depth)
        if called and found.kind == "import" and found.module == found.owner:
            # What is called is a function of the module, not a module.
            name = found.module.rpartition(".")[0] or found.module
            return Origin("import", name, name)
        return found
    return VALUE


def _of_self(program: Program, cls: ClassInfo, name: str, depth: int) -> Origin:
    for ancestor in program.mro(cls)[0]:
        held = ancestor.instance_attrs.get(name)
        if held:
            value, where = held[0]
            return origin(program, ancestor.module, where, value, depth + 1)
        if name in ancestor.bindings:
            return _of_binding(program, ancestor.bindings[name][0], depth)
    return inherited(program, cls) or VALUE


def inherited(program: Program, cls: ClassInfo) -> Origin | None:
    """The first base class of a class or its ancestors that is not in the program; None where there is none."""
    if not program.mro(cls)[1]:
        return None
    for ancestor in program.mro(cls)[0]:
        bases = [base for base in ancestor.node.bases if not isinstance(base, ir.Star)]
        for base, outcome in zip(bases, program.bases(ancestor)):
            symbol = getattr(outcome, "symbol", None)
            if isinstance(symbol, ClassInfo) or getattr(symbol, "qualname", "") == "builtins.object":
                continue
            text = dotted(base.base if isinstance(base, ir.Item) else base) or "a computed class"
            return Origin("inherited", text, module_of(ancestor.module, text), ancestor.module.path)
    return None


def _of_name(
    program: Program, module: ModuleInfo, function: FunctionInfo | None, name: str, depth: int
) -> Origin:
    scope = function
    while scope is not None:
        bindings = scope.locals.get(name)
        if bindings:
            return _of_binding(program, bindings[0], depth)
        scope = scope.parent
    bindings = module.bindings.get(name)
    if bindings:
        return _of_binding(program, bindings[0], depth)
    if name in BUILTINS:
        return Origin("result", name)
    if module.stars:
        target = module.stars[0].target
        return Origin("import", target, target)
    meant = program.cutoff.name(module, name) if program.cutoff is not None else None
    if meant is not None:
        target = meant.symbol.qualname
        if program.cutoff is not None and not program.cutoff.is_module(module, name):
            target = target.rpartition(".")[0] or target
        return Origin("import", target, target)
    return Origin("undefined", name)


def _of_binding(program: Program, binding: Binding, depth: int) -> Origin:
    if binding.target is not None:
        there = symbol_of(program.resolve_dotted(binding.target, binding.module)) if depth < _DEPTH else None
        if isinstance(there, Binding) and there is not binding:
            # A variable of a file that is in the input: what it is assigned answers.
            return _of_binding(program, there, depth + 1)
        module = _module_part(binding)
        # The owner tells a name that was imported out of a module, which may itself be one.
        member = isinstance(binding.node, ir.ImportFrom) and module == binding.target
        return Origin("import", module, module, module if member else "")
    if binding.kind == "param":
        where = binding.function
        if where is not None and where.self_name == binding.name and where.self_class is not None:
            return inherited(program, where.self_class) or VALUE
        if where is None:
            return Origin("parameter", binding.name, "", "a lambda")
        return Origin("parameter", binding.name, "", where.name, where.qualname)
    if binding.value is not None and binding.kind in ("variable", "with", "unpack", "for", "comprehension"):
        return origin(program, binding.module, binding.where, binding.value, depth + 1)
    return VALUE


def _module_part(binding: Binding) -> str:
    """The module that an import binding names: `from m import x` gives `m.x` where x may itself be a module, else `m`."""
    target = binding.target or ""
    last = target.rpartition(".")[2]
    if (
        isinstance(binding.node, ir.ImportFrom)
        and target.strip(".")
        and (last[:1].isupper() or last.isupper())
    ):
        return target.rpartition(".")[0] or target
    return target


def module_of(module: ModuleInfo, text: str) -> str:
    """The module that a dotted text (`helpers.Base`) is imported from, by this module's imports; "" if it is not."""
    head, _, rest = text.partition(".")
    for binding in module.bindings.get(head, ()):
        if binding.target is not None:
            parts = [binding.target, *rest.split(".")] if rest else [binding.target]
            while len(parts) > 1 and parts[-1][:1].isupper():
                parts.pop()
            if len(parts) == 1:
                return _module_part(binding)
            return ".".join(parts)
    return module.stars[0].target if module.stars else ""


def outer(name: str) -> str:
    """The module that an imported name stands in, as far as its capitals tell: `a.b.Class` is in `a.b`."""
    module, _, last = name.rpartition(".")
    return module if module.strip(".") and last[:1].isupper() else name
