"""What names mean during a run: locals, closures, module level, builtins, and evidence where there is no definition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.flow import attributes, calls, expressions, statements, surroundings
from cwelens.flow.library_constants import library_value
from cwelens.flow.run import Exits, Run, written
from cwelens.flow.state import Frame, Obj, State
from cwelens.flow.values import (
    NOTHING,
    UNKNOWN,
    Atom,
    Cls,
    Func,
    Lib,
    Method,
    Mod,
    Opaque,
    Partial,
    Ref,
    Value,
    atom_taints,
    join,
    make,
)
from cwelens.ir import nodes as ir
from cwelens.resolve.builtin_names import STANDARD_LIBRARY
from cwelens.resolve.outcome import Ambiguous, Outcome, symbol_of
from cwelens.resolve.symbols import Binding, ClassInfo, External, FunctionInfo, ModuleInfo

if TYPE_CHECKING:
    from cwelens.resolve.symbols import Symbol

MODULE_FUEL = 60_000


def name_value(run: Run, node: ir.Name, st: State) -> Value:
    """The value of a bare name in the current frame."""
    name = node.id
    value = st.env.get(name)
    if value is not None:
        return value
    func = run.frame.func
    if func is None or name not in func.globals_:
        frame = run.frame.closure
        while frame is not None:
            value = frame.env.get(name)
            if value is not None:
                return value
            frame = frame.closure
    value = global_value(run, run.frame.module, name)
    if value is not None:
        return value
    return missing(run, name)


def global_value(run: Run, module: ModuleInfo, name: str) -> Value | None:
    """A name at module level or a builtin; None where it has no meaning in the program."""
    bindings = module.bindings.get(name)
    if bindings and (len(bindings) > 1 or bindings[0].kind not in ("import", "function", "class")):
        env = module_env(run, module)
        value = env.get(name)
        if value is not None:
            return value
    elif bindings and bindings[0].kind == "function" and bindings[0].symbol is not None:
        node = bindings[0].symbol.node
        if isinstance(node, ir.Function) and not node.decorators:
            return Value((Func(run.shared.functions.get(id(node)), node, None),))
        value = module_env(run, module).get(name)
        if value is not None:
            return value
    outcome = run.program.resolve_global(module, name)
    symbol = symbol_of(outcome)
    if symbol is None and not isinstance(outcome, Ambiguous):
        return None
    return outcome_value(run, outcome, name)


def outcome_value(run: Run, outcome: Outcome, name: str) -> Value:
    """The value that stands for the answer of the resolver."""
    if isinstance(outcome, Ambiguous):
        return make([a for s in outcome.symbols for a in symbol_value(run, s).atoms])
    symbol = symbol_of(outcome)
    if symbol is None:
        # Its module is part of the program but was not handed in: nothing is known of it but its name.
        return Value((Opaque(label=name.rpartition(".")[2]),))
    return symbol_value(run, symbol)


def symbol_value(run: Run, symbol: Symbol) -> Value:
    if isinstance(symbol, External):
        name = run.models.canonical(symbol.qualname)
        known = library_value(name)
        if known is not None:
            return known
        found = foreign(run, name, name.rpartition(".")[2]) if "." in name else None
        return found if found is not None else Value((Lib(name),))
    if isinstance(symbol, FunctionInfo):
        run.shared.learn(symbol.module)
        if symbol.node.decorators and symbol.owner is None and symbol.parent is None:
            value = module_env(run, symbol.module).get(symbol.name)
            if value is not None:
                return value
        return Value((Func(symbol, symbol.node, run.shared.closures.get(id(symbol.node))),))
    if isinstance(symbol, ClassInfo):
        run.shared.learn(symbol.module)
        return Value((Cls(symbol),))
    if isinstance(symbol, ModuleInfo):
        run.shared.learn(symbol)
        return Value((Mod(symbol),))
    if isinstance(symbol, Binding):
        if symbol.function is None:
            value = module_env(run, symbol.module).get(symbol.name)
            if value is not None:
                return value
        return Value((Opaque(label=symbol.name),))
    return UNKNOWN


def module_env(run: Run, module: ModuleInfo) -> dict[str, Value]:
    """The names of a module after its body has run; what is known so far where it is running (a circle of imports)."""
    shared = run.shared
    if module.name in shared.modules:
        state = shared.modules[module.name]
        return state.env if state is not None else shared.module_frames[module.name].env
    from cwelens.flow.run import OutOfFuel

    shared.learn(module)
    shared.modules[module.name] = None
    frame = Frame(module, None, None, None, None, None)
    shared.module_frames[module.name] = frame
    saved = run.frame, run.exits, run.trying, run.fuel, run.stack
    run.frame, run.exits, run.trying, run.fuel, run.stack = frame, Exits(), 0, MODULE_FUEL, []
    st = State({}, {}, shared.base)
    frame.env = st.env
    try:
        after = statements.block(run, module.body, st) or st
    except (OutOfFuel, RecursionError):
        after = st
    finally:
        run.frame, run.exits, run.trying, run.fuel, run.stack = saved
    frame.env = after.env
    shared.base.update(after.heap)
    shared.modules[module.name] = after
    return after.env


def missing(run: Run, name: str) -> Value:
    """A name without a definition in the input that stands for nothing of a library: by evidence of a known type, or nothing but its name."""
    found = by_evidence(run, name, members_used(run, name))
    if found is not None:
        type_, note = found
        return Value((Opaque(type_, note=note, label=name),))
    return surroundings.name_of_around(run, name) or Value((Opaque(label=name),))


def foreign(run: Run, dotted: str, name: str) -> Value | None:
    """By evidence of a known type, a name that comes out of a module that is neither in the input nor a library that models know."""
    top = dotted.partition(".")[0]
    if top in run.models.packages() or top in STANDARD_LIBRARY or top == "builtins" or name[:1].isupper():
        return None
    found = by_evidence(run, name, members_used(run, name))
    return Value((Opaque(found[0], note=found[1], label=name),)) if found is not None else None


def members_used(run: Run, name: str) -> frozenset[str]:
    """The attributes that the enclosing function (or module) uses on a name or on an attribute of that name; items as `__getitem__`."""
    cutoff = run.program.cutoff
    return cutoff.used(run.frame.func or run.frame.module, name) if cutoff is not None else frozenset()


def by_evidence(run: Run, name: str, members: frozenset[str]) -> tuple[str, str] | None:
    """The type that a name and the attributes used on it suggest, with the note that says so."""
    cutoff = run.program.cutoff
    return cutoff.object(name, members) if cutoff is not None else None


def defining_frame(frame: Frame) -> Frame:
    """The frame that functions defined here close over: class bodies do not count."""
    while frame.handler == "class" and frame.closure is not None:
        frame = frame.closure
    return frame


def decorated(run: Run, node: ir.Function, func: Value, st: State) -> Value:
    """What the name of a decorated function is bound to. Decorators of the program are called; others are taken to keep it."""
    from cwelens.flow.run import Args

    value = func
    for decorator in reversed(node.decorators):
        wrapper = expressions.evaluate(run, decorator, st)
        ours = [a for a in wrapper.atoms if isinstance(a, Func | Cls)]
        if ours and run.frame.depth < 4:
            result = calls.call_value(run, decorator, Value(tuple(ours)), Args([value], {}), st)
            if any(isinstance(a, Func | Partial) for a in result.atoms):
                value = join(result, NOTHING)
        elif (
            not ours
            and any(isinstance(a, Lib | Opaque | Method) for a in wrapper.atoms)
            and not isinstance(decorator, ir.Call)
        ):
            # A bare decorator of a library is itself called with the function.
            calls.call_value(run, decorator, wrapper, Args([value], {}), st)
    return value


def entered(run: Run, value: Value, st: State, node: ir.Expr) -> Value:
    """What `with value as x` binds."""
    from cwelens.flow.run import Args

    atoms: list[Atom] = []
    for atom in value.atoms:
        if isinstance(atom, Opaque) and atom.type:
            type_ = run.models.enter_type(atom.type)
            atoms.append(Opaque(type_, atom.taints, note=atom.note, label=atom.label) if type_ else atom)
        elif (
            isinstance(atom, Ref) and (obj := st.obj(atom.loc)) is not None and isinstance(obj.cls, ClassInfo)
        ):
            method = attributes.attribute(run, Value((atom,)), "__enter__", st, node)
            if any(isinstance(a, Func) for a in method.atoms):
                atoms.extend(calls.call_value(run, node, method, Args([], {}), st).atoms)
            else:
                atoms.append(atom)
        elif isinstance(atom, Ref) and (obj := st.obj(atom.loc)) is not None and obj.kind == "list":
            # No list is a context manager: this is what a generator of the program yields, under `@contextmanager`.
            atoms.extend(obj.everything().atoms)
        else:
            atoms.append(atom)
    return make(atoms) if atoms else value


def named_type(run: Run, function: FunctionInfo, annotation: ir.Expr | None) -> str | ClassInfo | None:
    """The type that an annotation names: a dotted name, or a class of the program. `X | None` and `Optional[X]` are X."""
    return type_in(run, function.module, function.parent, annotation)


def type_in(
    run: Run,
    module: ModuleInfo,
    function: FunctionInfo | None,
    annotation: ir.Expr | None,
    depth: int = 0,
) -> str | ClassInfo | None:
    """The same for an annotation that stands elsewhere than at a parameter."""
    node = annotation
    if isinstance(node, ir.Item) and written(node.base).rpartition(".")[2] in ("Optional", "Annotated"):
        node = node.key.items[0] if isinstance(node.key, ir.Seq) and node.key.items else node.key
    if isinstance(node, ir.Binary) and node.op == "|":
        node = node.left
    if isinstance(node, ir.Item):
        node = node.base
    if isinstance(node, ir.Const) and isinstance(node.value, str) and node.value.isidentifier():
        node = ir.Name(node.value, node.pos)
    if not isinstance(node, ir.Name | ir.Attr):
        return None
    symbol = symbol_of(run.program.resolve_expr(module, function, node))
    if isinstance(symbol, External):
        name = run.models.canonical(symbol.qualname)
        return name if name not in ("typing.Any", "builtins.object") else None
    if symbol is None:
        return _without_import(run, module, node)
    if isinstance(symbol, Binding) and isinstance(symbol.value, ir.Item | ir.Binary) and depth < 4:
        # A name for an annotation: `CurrentUser = Annotated[User, …]`
        return type_in(run, symbol.module, symbol.where, symbol.value, depth + 1)
    return symbol if isinstance(symbol, ClassInfo) else None


def _without_import(run: Run, module: ModuleInfo, node: ir.Name | ir.Attr) -> str | None:
    """The library type that an annotation names in a fragment whose imports were cut off; `sqlite3.Connection` says it by itself."""
    root = node
    while isinstance(root, ir.Attr):
        root = root.base  # type: ignore[assignment]
    if not isinstance(root, ir.Name) or root.id in module.bindings or module.stars:
        return None
    dotted = run.models.by_last_name(node.id) if isinstance(node, ir.Name) else written(node)
    if dotted is None or run.models.type(run.models.canonical(dotted)) is None:
        return None
    return run.models.canonical(dotted)


def as_promised(run: Run, function: FunctionInfo, value: Value) -> Value:
    """What a function gives back, of the library type that its `->` promises where the body does not tell the type."""
    return _as_declared(run, function, function.node.returns, value, f"`{function.short}` promises")


def as_asked(run: Run, function: FunctionInfo, param: ir.Param, value: Value) -> Value:
    """An argument, of the library type that the parameter's annotation asks for where the caller does not tell the type."""
    return _as_declared(run, function, param.annotation, value, f"`{function.short}` asks for")


def _as_declared(
    run: Run, function: FunctionInfo, annotation: ir.Expr | None, value: Value, why: str
) -> Value:
    if annotation is None or all(_typed(run, a) for a in value.atoms):
        return value
    found = named_type(run, function, annotation)
    if found in _NUMBERS:
        doubt = f"it is no number, which {why}"
        return make([a if _typed(run, a) else _doubted(a, doubt) for a in value.atoms])
    if not isinstance(found, str) or found.startswith("builtins.") or run.models.type(found) is None:
        return value
    note = f"{why} a `{found}`"
    return make([a if _typed(run, a) else Opaque(found, atom_taints(a), note=note) for a in value.atoms])


_NUMBERS = ("builtins.int", "builtins.float", "builtins.bool")


def _doubted(atom: Atom, doubt: str) -> Atom:
    """An unknown value where a number is declared: nothing makes it one, and who declared it may know."""
    taints = tuple(t.assuming(doubt) for t in atom_taints(atom))
    return (
        Opaque(None, taints, note=getattr(atom, "note", ""), label=getattr(atom, "label", ""))
        if taints
        else atom
    )


def _typed(run: Run, atom: Atom) -> bool:
    """Whether it is known what an atom is: an unknown value, or a library name that no model speaks of, is not."""
    if isinstance(atom, Opaque | Method):
        return atom.type is not None
    if isinstance(atom, Lib):
        return run.models.is_modelled(atom.name) or run.models.type(atom.name) is not None
    return True


def class_settings(run: Run, info: ClassInfo, st: State) -> None:
    """Class attributes that configure a library base (`class Meta: csrf = False`) are settings of that base."""
    outer = info.outer
    for outcome in [*run.program.mro(info)[1], *(run.program.mro(outer)[1] if outer is not None else ())]:
        symbol = symbol_of(outcome)
        if isinstance(symbol, External):
            # `class Meta` inside a class configures the base of that class.
            prefix = (
                f"{symbol.qualname}.{info.name}"
                if outcome not in run.program.mro(info)[1]
                else symbol.qualname
            )
            for name, value in st.env.items():
                binding = info.bindings.get(name)
                if binding and run.models.settings(f"{prefix}.{name}"):
                    target = f"{prefix}.{name}"
                    run.observer.setting(run, binding[0].node, target, None, value, st, f"{info.name}.{name}")


# Settings that a Django project's settings module has and hardly any other module; two of them tell it (Django's settings reference).
_DJANGO = frozenset(
    [
        "ALLOWED_HOSTS",
        "INSTALLED_APPS",
        "MIDDLEWARE",
        "MIDDLEWARE_CLASSES",
        "ROOT_URLCONF",
        "WSGI_APPLICATION",
        "TEMPLATES",
        "DATABASES",
        "AUTH_PASSWORD_VALIDATORS",
        "STATIC_URL",
    ]
)


def django_settings(run: Run, module: ModuleInfo) -> None:
    """The names of a module that is recognised as Django's settings are settings."""
    if len(_DJANGO & module.bindings.keys()) < 2:
        return
    state = run.shared.modules.get(module.name)
    if state is None:
        return
    saved = run.frame
    run.frame = run.shared.module_frames[module.name]
    for name, bindings in module.bindings.items():
        value = state.env.get(name)
        if value is not None and name.isupper():
            run.observer.setting(run, bindings[-1].node, f"django.settings.{name}", None, value, state, name)
    run.frame = saved


def frame_object(value: Value, st: State) -> Obj | None:
    """The heap object a value is, where it is exactly one."""
    if len(value.atoms) == 1 and isinstance(value.atoms[0], Ref):
        return st.obj(value.atoms[0].loc)
    return None
