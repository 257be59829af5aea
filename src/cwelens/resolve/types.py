"""Static types of expressions, and what a called expression refers to.

A type is a `ClassInfo` or the `External` name of a class (`sqlite3.Connection`, `builtins.str`). Inference follows
assignments, annotations, constructors and returns without regard to their order: a name that gets several types is
`Ambiguous`. Answers are remembered per binding, attribute and function; a recursion ends in `Unresolved`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeAlias

from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted
from cwelens.resolve.annotations import NONE, annotation_type, element_type, union
from cwelens.resolve.builtin_names import (
    builtin_member,
    builtin_result,
    canonical_type,
    gives_standard,
    is_standard,
)
from cwelens.resolve.elements import element
from cwelens.resolve.outcome import (
    Ambiguous,
    Assumed,
    Outcome,
    Resolved,
    Unresolved,
    builtin,
    qualname_of,
    symbol_of,
)
from cwelens.resolve.program import MAY_COME_FROM, Program, is_self
from cwelens.resolve.returns import results
from cwelens.resolve.scope import Scope, inner_scope
from cwelens.resolve.symbols import Binding, ClassInfo, External, FunctionInfo, ModuleInfo, Symbol

LibraryType: TypeAlias = Callable[[str], "str | None"]

TOO_DEEP = "the code is nested too deeply"
_MAX_DEPTH = 24
# Methods of test base classes that give back their first argument, by their documentation.
_HANDED_BACK = {
    "useFixture": "`useFixture` of `testtools` and `fixtures` gives back the fixture it is handed"
}
_CONTEXT_MANAGERS = {
    "contextmanager",
    "contextlib.contextmanager",
    "asynccontextmanager",
    "contextlib.asynccontextmanager",
}


def type_of(
    program: Program,
    module: ModuleInfo,
    function: FunctionInfo | None,
    expr: ir.Expr,
    library_type: LibraryType,
) -> Outcome:
    """The type of one expression; for many, keep one `Types`, which remembers."""
    return Types(program, library_type).type_of(module, function, expr)


class Types:
    """Type inference over one program; `library_type("sqlite3.connect")` names the type a library call gives, or None."""

    def __init__(self, program: Program, library_type: LibraryType) -> None:
        self.program = program
        self._library_type = library_type
        self._memo: dict[Hashable, Outcome] = {}
        self._of_node: dict[ir.Expr, Outcome] = {}
        self._active: set[Hashable] = set()

    def type_of(self, module: ModuleInfo, function: FunctionInfo | None, expr: ir.Expr) -> Outcome:
        """The type of an expression that stands in this function (None: at module level)."""
        try:
            return self.type_of_scope(Scope(module, function), expr)
        except RecursionError:
            return Unresolved(TOO_DEEP)

    def scope_of(self, binding: Binding) -> Scope:
        """The scope that a binding's value and annotation are evaluated in."""
        function = binding.function
        if binding.kind == "param" and function is not None:
            return Scope(binding.module, function.parent, function.owner)
        return Scope(binding.module, binding.where, binding.cls)

    def once(self, key: Hashable, compute: Callable[[], Outcome]) -> Outcome:
        known = self._memo.get(key)
        if known is not None:
            return known
        if key in self._active or len(self._active) > _MAX_DEPTH:
            return Unresolved("its type depends on itself")
        self._active.add(key)
        try:
            outcome = compute()
        finally:
            self._active.discard(key)
        self._memo[key] = outcome
        return outcome

    # What an expression refers to

    def refer(self, scope: Scope, expr: ir.Expr) -> Outcome:
        """The symbol an expression stands for: as `resolve_expr`, and through the types of variables and results."""
        if isinstance(expr, ir.Name):
            return self._refer_name(scope, expr.id, expr.pos)
        if isinstance(expr, ir.Attr):
            return self._refer_attr(scope, expr)
        if isinstance(expr, ir.Call):
            return self._refer_call(scope, expr)
        if isinstance(expr, ir.Await):
            return self.refer(scope, expr.value)
        return Unresolved("it is the result of an expression")

    def _refer_name(self, scope: Scope, name: str, pos: ir.Pos) -> Outcome:
        if scope.inner is not None and name in scope.inner:
            return Resolved(scope.inner[name])
        function = scope.function
        cls = function.self_class if function is not None and scope.cls is None else None
        if cls is not None and function is not None and is_self(function, name) and _binds_class(function):
            return Resolved(cls)
        return self.program.resolve_name(scope.module, function, name, scope.cls, pos)

    def _refer_call(self, scope: Scope, call: ir.Call) -> Outcome:
        """`partial(f, …)` stands for `f`; other results have a type only."""
        if symbol_of(self.refer(scope, call.func)) == External("functools.partial") and call.args:
            return self.refer(scope, call.args[0])
        return Unresolved("it is the result of a call")

    def _refer_attr(self, scope: Scope, expr: ir.Attr) -> Outcome:
        base = expr.base
        if isinstance(base, (ir.Name, ir.Attr)):
            found = self.refer(scope, base)
            symbol = symbol_of(found)
            if symbol is not None and not isinstance(symbol, Binding) and not _is_property(symbol):
                if isinstance(found, Assumed) and isinstance(base, ir.Attr):
                    found = self._assumed_attr(scope, base, found)
                return _carry(found, self.program.member(symbol, expr.name, scope.module))
        elif isinstance(base, ir.Call) and isinstance(base.func, ir.Name) and base.func.id == "super":
            return self.program.resolve_expr(scope.module, scope.function, expr, scope.cls)
        owner = self.type_of_scope(scope, base)
        return self.member_of(owner, expr.name)

    def _assumed_attr(self, scope: Scope, expr: ir.Attr, found: Assumed) -> Assumed:
        """For `self.x` that only a foreign base can have, the reason that speaks of an attribute, not of a method."""
        function, base = scope.function, expr.base
        cls = function.self_class if function is not None else None
        if cls is None or function is None or not isinstance(base, ir.Name) or not is_self(function, base.id):
            return found
        missing = self._attr_of_class(cls, expr.name)
        return Assumed(found.symbol, missing.reason) if isinstance(missing, Unresolved) else found

    def member_of(self, owner: Outcome, name: str) -> Outcome:
        """`name` on instances of a type."""
        if isinstance(owner, Ambiguous):
            outcomes = [self.member_of(Resolved(symbol), name) for symbol in owner.symbols]
            return union(outcomes, owner.reason)
        symbol = symbol_of(owner)
        if symbol == NONE:
            return Unresolved("only None is assigned to its receiver in the input")
        if isinstance(symbol, ClassInfo):
            return _carry(owner, self._instance_member(symbol, name))
        if isinstance(symbol, External):
            return _carry(owner, Resolved(External(f"{symbol.qualname}.{name}")))
        return owner if isinstance(owner, Unresolved) else Unresolved("the type of its receiver is not shown")

    def _instance_member(self, cls: ClassInfo, name: str) -> Outcome:
        return self.once(("member", cls, name), lambda: self._instance_member_now(cls, name))

    def _instance_member_now(self, cls: ClassInfo, name: str) -> Outcome:
        for ancestor in self.program.mro(cls)[0]:
            if name in ancestor.methods or name in ancestor.bindings:
                break
            if name in ancestor.instance_attrs:
                held = [
                    (v, f)
                    for v, f in ancestor.instance_attrs[name]
                    if not (isinstance(v, ir.Const) and v.value is None)
                ]
                # A function or class kept in an attribute (`self.run = work`); else only its type is known.
                if held and all(isinstance(value, (ir.Name, ir.Attr)) for value, _ in held):
                    found = [self.refer(Scope(ancestor.module, function), value) for value, function in held]
                    if all(isinstance(symbol_of(one), (FunctionInfo, ClassInfo, External)) for one in found):
                        return union(found, f"`self.{name}` is assigned in several places")
                break
        return self.program.find_attr(cls, name)

    # Types

    def type_of_scope(self, scope: Scope, expr: ir.Expr) -> Outcome:
        """The type of an expression in a scope."""
        known = self._of_node.get(expr)
        if known is not None:
            return known
        method = _TYPES.get(type(expr))
        outcome = method(self, scope, expr) if method is not None else Unresolved("its type is not shown")
        if isinstance(expr, (ir.Call, ir.Attr, ir.Binary)):
            # A node stands in one scope only. Without this a chain of calls would be asked about again for each link.
            self._of_node[expr] = outcome
        return outcome

    def _const(self, scope: Scope, expr: ir.Const) -> Outcome:
        return builtin(type(expr.value).__name__)

    def _format(self, scope: Scope, expr: ir.Format) -> Outcome:
        return Resolved(External("string.templatelib.Template")) if expr.template else builtin("str")

    def _seq(self, scope: Scope, expr: ir.Seq | ir.Comp) -> Outcome:
        return builtin(expr.kind)

    def _dict(self, scope: Scope, expr: ir.Expr) -> Outcome:
        return builtin("dict")

    def _compare(self, scope: Scope, expr: ir.Compare) -> Outcome:
        return builtin("bool")

    def _unary(self, scope: Scope, expr: ir.Unary) -> Outcome:
        return builtin("bool") if expr.op == "not" else self.type_of_scope(scope, expr.operand)

    def _binary(self, scope: Scope, expr: ir.Binary) -> Outcome:
        left = self.type_of_scope(scope, expr.left)
        right = self.type_of_scope(scope, expr.right)
        sides = {qualname_of(left), qualname_of(right)}
        for text in ("builtins.str", "builtins.bytes"):
            if qualname_of(left) == text and expr.op in ("+", "%", "*"):
                return left
            if qualname_of(right) == text and expr.op == "+":
                return right
        if sides <= {"builtins.int", "builtins.bool"}:
            return builtin("float" if expr.op == "/" else "int")
        if len(sides) == 1 and None not in sides and expr.op != "/":
            return left
        return Unresolved("it is the result of an operator on values whose types are not shown")

    def _bool_op(self, scope: Scope, expr: ir.BoolOp) -> Outcome:
        return union(
            [self.type_of_scope(scope, value) for value in expr.values], "it is one of several values"
        )

    def _cond(self, scope: Scope, expr: ir.Cond) -> Outcome:
        sides = [self.type_of_scope(scope, expr.body), self.type_of_scope(scope, expr.orelse)]
        return union(sides, "it is one of two values")

    def _await(self, scope: Scope, expr: ir.Await | ir.Walrus) -> Outcome:
        return self.type_of_scope(scope, expr.value)

    def _item(self, scope: Scope, expr: ir.Item) -> Outcome:
        if isinstance(expr.key, ir.Slice):
            return self.type_of_scope(scope, expr.base)
        return element(self, scope, expr.base, True)

    def _name_type(self, scope: Scope, expr: ir.Name) -> Outcome:
        function = scope.function
        shadowed = scope.cls is not None or (scope.inner is not None and expr.id in scope.inner)
        if function is not None and not shadowed and is_self(function, expr.id):
            return self._self_type(function)
        found = self._refer_name(scope, expr.id, expr.pos)
        type_ = self._symbol_type(found)
        symbol = symbol_of(found)
        if symbol is None or (isinstance(symbol, Binding) and symbol.kind == "param"):
            return self._by_evidence(scope, expr.id, type_)
        return type_

    def _by_evidence(self, scope: Scope, name: str, found: Outcome) -> Outcome:
        """Where nothing else tells the type: what the name and the members used on it tell."""
        cutoff = self.program.cutoff
        if cutoff is None or not isinstance(found, Unresolved):
            return found
        taken = cutoff.object(name, cutoff.used(scope.function or scope.module, name))
        return Assumed(External(taken[0]), taken[1]) if taken is not None else found

    def _self_type(self, function: FunctionInfo) -> Outcome:
        if function.self_class is None:
            return Unresolved(f"the class of `{function.self_name}` is not in the input")
        return builtin("type") if _binds_class(function) else Resolved(function.self_class)

    def _attr(self, scope: Scope, expr: ir.Attr) -> Outcome:
        found = self._refer_attr(scope, expr)
        if symbol_of(found) is not None and not isinstance(symbol_of(found), External):
            return self._symbol_type(found)
        owner = self.type_of_scope(scope, expr.base)
        symbol = symbol_of(owner)
        if isinstance(symbol, ClassInfo):
            known = self.once(("attr", symbol, expr.name), lambda: self._attr_of_class(symbol, expr.name))
            held = any(expr.name in one.instance_attrs for one in self.program.mro(symbol)[0])
            return known if held else self._by_evidence(scope, expr.name, known)
        return self._by_evidence(scope, expr.name, self._symbol_type(found))

    def _attr_of_class(self, cls: ClassInfo, name: str) -> Outcome:
        """The type of `self.name` for a name that is no method: annotated, assigned in a method, or at class level."""
        known, unknown = self.program.mro(cls)
        for ancestor in known:
            if name in ancestor.attr_annotations:
                return annotation_type(
                    self, Scope(ancestor.module, ancestor.function, ancestor), ancestor.attr_annotations[name]
                )
            held = [
                self._stored(
                    self.type_of_scope(Scope(ancestor.module, function), value), value, function, name
                )
                for value, function in ancestor.instance_attrs.get(name, ())
            ]
            if name in ancestor.class_attrs:
                here = Scope(ancestor.module, ancestor.function, ancestor)
                held += [self.type_of_scope(here, value) for value in ancestor.class_attrs[name]]
            if held:
                return union(held, f"`self.{name}` is assigned values of several types")
        if not unknown:
            return Unresolved(f"`self.{name}` is never assigned in `{cls.name}`")
        return Unresolved(
            f"`self.{name}` is never assigned in this class; {MAY_COME_FROM} {self.program.unknown_bases(known)}"
        )

    def _stored(self, found: Outcome, value: ir.Expr, function: FunctionInfo, name: str) -> Outcome:
        if not isinstance(found, Unresolved):
            return found
        return Unresolved(
            f"`self.{name}` is assigned {_origin(value)} in `{function.name}`; its type is not shown"
        )

    def _symbol_type(self, outcome: Outcome) -> Outcome:
        """The type of what a symbol stands for, as a value."""
        if isinstance(outcome, Ambiguous):
            return union([self._symbol_type(Resolved(symbol)) for symbol in outcome.symbols], outcome.reason)
        if isinstance(outcome, Unresolved):
            return outcome
        symbol = outcome.symbol
        if isinstance(symbol, Binding):
            return self.once(symbol, lambda: self._binding_type(symbol))
        if isinstance(symbol, ClassInfo):
            return builtin("type")
        if isinstance(symbol, ModuleInfo):
            return Resolved(External("types.ModuleType"))
        if isinstance(symbol, FunctionInfo):
            return self.returned(symbol) if _is_property(symbol) else Resolved(External("types.FunctionType"))
        named = builtin_result(symbol.qualname) if symbol.qualname.startswith("builtins.__") else None
        named = named or self._library_type(symbol.qualname)
        if named is not None:
            return _carry(outcome, Resolved(External(named)))
        if "()." in symbol.qualname and gives_standard(symbol.qualname):
            return outcome
        return Unresolved(f"the type of `{symbol.qualname}` is not known")

    def _binding_type(self, binding: Binding) -> Outcome:
        scope = self.scope_of(binding)
        if binding.annotation is not None and isinstance(binding.node, (ir.Param, ir.Name)):
            if isinstance(binding.node, ir.Param) and binding.node.kind in ("star", "starstar"):
                return builtin("tuple" if binding.node.kind == "star" else "dict")
            return annotation_type(self, scope, binding.annotation)
        if binding.kind == "param":
            return self._param_type(binding, scope)
        if binding.value is None:
            return Unresolved(f"the value of `{binding.name}` is not shown")
        if binding.kind == "variable":
            found = self.type_of_scope(scope, binding.value)
        elif binding.kind == "with":
            found = self._entered(scope, binding.value)
        elif binding.kind in ("for", "comprehension"):
            found = element(self, scope, binding.value, False)
        elif binding.kind == "except":
            types = binding.value.items if isinstance(binding.value, ir.Seq) else [binding.value]
            found = union(
                [annotation_type(self, scope, t) for t in types],
                f"`{binding.name}` is one of several exceptions",
            )
        else:
            found = Unresolved(f"`{binding.name}` is taken out of another value; its type is not shown")
        if isinstance(found, Unresolved) and binding.where is not None and isinstance(binding.value, ir.Call):
            return Unresolved(f"`{binding.name}` is assigned {_origin(binding.value)}; its type is not shown")
        return found

    def _param_type(self, binding: Binding, scope: Scope) -> Outcome:
        function, node = binding.function, binding.node
        if isinstance(node, ir.Param) and node.kind in ("star", "starstar"):
            return builtin("tuple" if node.kind == "star" else "dict")
        if function is None:
            return Unresolved(f"`{binding.name}` is a parameter of a lambda; its type is not shown")
        if binding.name == function.self_name and function.owner is not None:
            return self._self_type(function)
        if function.owner is None and binding.name in ("self", "cls") and function.node.params[0] is node:
            return Unresolved(f"the class of `{binding.name}` is not in the input")
        reason = f"`{binding.name}` is a parameter of `{function.name}`; its type is not shown"
        if binding.value is not None:
            default = symbol_of(self.type_of_scope(scope, binding.value))
            if isinstance(default, External) and default != NONE and default.qualname.startswith("builtins."):
                return Assumed(default, f"the default of `{binding.name}` has this type")
        return Unresolved(reason)

    def _entered(self, scope: Scope, value: ir.Expr) -> Outcome:
        """What `with value as x` binds: `__enter__`'s result; most context managers give themselves."""
        if isinstance(value, ir.Call):
            callee = symbol_of(self.refer(scope, value.func))
            if isinstance(callee, FunctionInfo) and _CONTEXT_MANAGERS.intersection(callee.decorators):
                return self.once(("yielded", callee), lambda: self._yielded(callee))
        owner = self.type_of_scope(scope, value)
        symbol = symbol_of(owner)
        if isinstance(symbol, ClassInfo):
            for name in ("__enter__", "__aenter__"):
                method = symbol_of(self.program.find_method(symbol, name))
                if isinstance(method, FunctionInfo):
                    found = self.returned(method)
                    return owner if symbol_of(found) is method.self_class else found
        elif isinstance(symbol, External):
            named = self._library_type(f"{symbol.qualname}.__enter__")
            if named is not None:
                return Resolved(External(named))
        return owner

    # Calls

    def _call(self, scope: Scope, expr: ir.Call) -> Outcome:
        callee = self.callee(scope, expr)
        func = expr.func
        given = _HANDED_BACK.get(func.name) if isinstance(func, ir.Attr) else None
        if given is not None and expr.args and not isinstance(symbol_of(callee), FunctionInfo):
            found = self.type_of_scope(scope, expr.args[0])
            symbol = symbol_of(found)
            return found if symbol is None else Assumed(symbol, given)
        return self.result(callee, scope, expr)

    def callee(self, scope: Scope, call: ir.Call) -> Outcome:
        """What a call calls: a function, a class, an `External`, or a local `Binding` to a lambda."""
        return self.called(scope, self.refer(scope, call.func), call.func)

    def called(self, scope: Scope, found: Outcome, func: ir.Expr) -> Outcome:
        """What calling a reference calls: through variables to the functions, classes and instances they hold."""
        symbol = symbol_of(found)
        if isinstance(symbol, Binding):
            if isinstance(symbol.value, ir.Lambda):
                return found
            if isinstance(symbol.value, ir.Call):
                held = self._refer_call(self.scope_of(symbol), symbol.value)
                if not isinstance(held, Unresolved):
                    return held
            if symbol.kind == "variable" and isinstance(symbol.value, ir.Attr):
                value, here = symbol.value, self.scope_of(symbol)
                held = self.once(("alias", symbol), lambda: self.refer(here, value))
                if isinstance(symbol_of(held), (FunctionInfo, ClassInfo, External)):
                    return held
            return self.member_of(self._symbol_type(found), "__call__")
        if isinstance(symbol, ModuleInfo):
            return Unresolved(f"`{symbol.name}` is a module")
        if isinstance(found, Unresolved) and isinstance(func, (ir.Call, ir.Attr, ir.Item)):
            held = self.member_of(self.type_of_scope(scope, func), "__call__")
            return held if isinstance(func, ir.Call) or not isinstance(held, Unresolved) else found
        return found

    def result(self, callee: Outcome, scope: Scope, call: ir.Call) -> Outcome:
        """The type of the result of a call to this callee."""
        if isinstance(callee, Ambiguous):
            return union([self.result(Resolved(s), scope, call) for s in callee.symbols], callee.reason)
        if isinstance(callee, Unresolved):
            return callee
        symbol = callee.symbol
        if isinstance(symbol, ClassInfo):
            return callee
        if isinstance(symbol, FunctionInfo):
            return _carry(callee, self.returned(symbol))
        if isinstance(symbol, Binding):
            if isinstance(symbol.value, ir.Lambda):
                inner = inner_scope(self.scope_of(symbol), symbol.value)
                return self.type_of_scope(inner, symbol.value.body)
            return Unresolved(f"the result of `{symbol.name}` is not shown")
        if (
            symbol.qualname == "builtins.super"
            and scope.function is not None
            and scope.function.self_class is not None
        ):
            return self._super_type(scope.function.self_class)
        return _carry(callee, self._library_result(symbol.qualname))

    def _super_type(self, cls: ClassInfo) -> Outcome:
        for outcome in self.program.bases(cls):
            return outcome
        return builtin("object")

    def _library_result(self, qualname: str) -> Outcome:
        named = self._library_type(qualname) or builtin_result(qualname)
        if named is not None:
            return Resolved(External(canonical_type(named)))
        last = qualname.rpartition(".")[2]
        if last[:1].isupper() and not last.isupper() and builtin_member(qualname) is None:
            return Assumed(External(qualname), f"`{last}` is taken for a class by its name")
        if gives_standard(qualname):
            # Its own objects and plain data: what is called on them is Python's as well.
            return Resolved(External(f"{qualname}()"))
        if is_standard(qualname):
            return Unresolved(f"the type that `{qualname}` returns is not known")
        return Unresolved(f"`{qualname}` is not in the input and what it returns is not known")

    def returned(self, function: FunctionInfo) -> Outcome:
        """The type that calling a function gives (of a coroutine: that awaiting it gives)."""
        return self.once(("returned", function), lambda: self._returned(function))

    def _returned(self, function: FunctionInfo) -> Outcome:
        node = function.node
        if node.returns is not None:
            return annotation_type(self, Scope(function.module, function, None), node.returns)
        returns, yields = results(node.body)
        if yields:
            return builtin("generator")
        scope = Scope(function.module, function)
        found = [self.type_of_scope(scope, value) for value in returns if value is not None]
        if not found:
            return Resolved(NONE)
        outcome = union(found, f"`{function.short}` returns values of several types")
        if isinstance(outcome, Unresolved):
            return Unresolved(f"the type that `{function.short}` returns is not shown")
        return outcome

    def _yielded(self, function: FunctionInfo) -> Outcome:
        scope = Scope(function.module, function)
        if function.node.returns is not None:
            found = element_type(self, scope, function.node.returns, False)
            if found is not None:
                return found
        _, yields = results(function.node.body)
        held = [self.type_of_scope(scope, value) for value in yields if value is not None]
        return union(held, f"`{function.short}` yields values of several types") if held else Resolved(NONE)


def _carry(through: Outcome, found: Outcome) -> Outcome:
    """An answer reached through an assumption is an assumption."""
    if isinstance(through, Assumed) and isinstance(found, Resolved):
        return Assumed(found.symbol, through.reason)
    return found


def _is_property(symbol: Symbol) -> bool:
    return isinstance(symbol, FunctionInfo) and symbol.kind == "property"


def _binds_class(function: FunctionInfo) -> bool:
    """Whether the first parameter (of the method around a closure) is the class, not an instance."""
    scope: FunctionInfo | None = function
    while scope is not None and scope.owner is None:
        scope = scope.parent
    return scope is not None and scope.kind == "classmethod"


def _origin(value: ir.Expr) -> str:
    """Where a value comes from, as the middle of a sentence."""
    if isinstance(value, ir.Await):
        value = value.value
    text = dotted(value.func if isinstance(value, ir.Call) else value)
    if text is None:
        return "the result of an expression"
    return f"the result of `{text}`" if isinstance(value, ir.Call) else f"from `{text}`"


_TYPES: dict[type, Callable[..., Outcome]] = {
    ir.Const: Types._const,
    ir.Format: Types._format,
    ir.Seq: Types._seq,
    ir.Comp: Types._seq,
    ir.DictDisplay: Types._dict,
    ir.Compare: Types._compare,
    ir.Unary: Types._unary,
    ir.Binary: Types._binary,
    ir.BoolOp: Types._bool_op,
    ir.Cond: Types._cond,
    ir.Await: Types._await,
    ir.Walrus: Types._await,
    ir.Item: Types._item,
    ir.Name: Types._name_type,
    ir.Attr: Types._attr,
    ir.Call: Types._call,
}
