"""The types of what containers hold: displays, comprehensions, annotated containers, results of a few builtins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.ir import nodes as ir
from cwelens.resolve.annotations import element_type, union
from cwelens.resolve.builtin_names import builtin_result
from cwelens.resolve.outcome import Outcome, Unresolved, builtin, qualname_of, symbol_of
from cwelens.resolve.scope import Scope, inner_scope
from cwelens.resolve.symbols import Binding, ClassInfo, External, FunctionInfo

if TYPE_CHECKING:
    from cwelens.resolve.types import Types

# Builtins that give the items of their first argument.
_SAME_ITEMS = {
    "builtins.sorted",
    "builtins.list",
    "builtins.reversed",
    "builtins.set",
    "builtins.tuple",
    "builtins.iter",
}


def element(types: Types, scope: Scope, container: ir.Expr, values: bool) -> Outcome:
    """The type of what iterating gives, or with `values` of what a subscript gives."""
    if isinstance(container, ir.Seq):
        return union(
            [types.type_of_scope(scope, item) for item in container.items], "the items have several types"
        )
    if isinstance(container, ir.DictDisplay):
        parts = [value if values else key for key, value in container.items]
        found = [types.type_of_scope(scope, part) for part in parts if part is not None]
        return union(found, "the items have several types")
    if isinstance(container, ir.Comp) and not container.value:
        return types.type_of_scope(inner_scope(scope, container), container.element)
    if isinstance(container, ir.Call):
        return _iterated_call(types, scope, container, values)
    annotated = _annotated(types, scope, container, values)
    if annotated is not None:
        return annotated
    owner = qualname_of(types.type_of_scope(scope, container))
    if owner == "builtins.str":
        return builtin("str")
    if owner in ("builtins.bytes", "builtins.range"):
        return builtin("int")
    symbol = symbol_of(types.refer(scope, container)) if isinstance(container, ir.Name) else None
    if isinstance(symbol, Binding) and symbol.kind == "variable" and symbol.value is not None:
        value = symbol.value
        if isinstance(value, (ir.Seq, ir.DictDisplay, ir.Comp)):
            return types.once(
                ("element", symbol, values), lambda: element(types, types.scope_of(symbol), value, values)
            )
    return Unresolved("it is an item of a container; the type of its items is not shown")


def _iterated_call(types: Types, scope: Scope, call: ir.Call, values: bool) -> Outcome:
    callee = symbol_of(types.refer(scope, call.func))
    if isinstance(callee, External):
        if call.args and callee.qualname in _SAME_ITEMS:
            return element(types, scope, call.args[0], False)
        if callee.qualname == "builtins.range":
            return builtin("int")
        if callee.qualname.startswith("builtins.str.") and builtin_result(callee.qualname) == "builtins.list":
            return builtin("str")
    if isinstance(callee, FunctionInfo) and callee.node.returns is not None:
        found = element_type(
            types, Scope(callee.module, callee.parent, callee.owner), callee.node.returns, values
        )
        if found is not None:
            return found
    return Unresolved("it is an item of the result of a call; the type of its items is not shown")


def _annotated(types: Types, scope: Scope, container: ir.Expr, values: bool) -> Outcome | None:
    if isinstance(container, ir.Attr):
        cls = symbol_of(types.type_of_scope(scope, container.base))
        if isinstance(cls, ClassInfo):
            for ancestor in types.program.mro(cls)[0]:
                if container.name in ancestor.attr_annotations:
                    here = Scope(ancestor.module, ancestor.function, ancestor)
                    return element_type(types, here, ancestor.attr_annotations[container.name], values)
    symbol = symbol_of(types.refer(scope, container))
    if isinstance(symbol, Binding) and symbol.annotation is not None:
        return element_type(types, types.scope_of(symbol), symbol.annotation, values)
    return None
