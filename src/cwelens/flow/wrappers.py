"""Inner functions of decorators: whether they call, give back, or hand their arguments on to what the decorator was given."""

from __future__ import annotations

from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.symbols import FunctionInfo


def _calls_wrapped(function: FunctionInfo, node: ir.Node | None) -> bool:
    """Whether a decorator's inner function calls there what the decorator was given, or what it makes of it."""
    while isinstance(node, ir.Await):
        node = node.value
    wrapped = {p.name for p in function.parent.node.params} if function.parent is not None else set()
    return isinstance(node, ir.Call) and any(
        isinstance(part, ir.Name) and part.id in wrapped for part in walk(node.func)
    )


def of_wrapped(function: FunctionInfo, stmt: ir.Node) -> bool:
    """Whether a handler gives back what another one did, which is judged there."""
    return isinstance(stmt, ir.Return) and _calls_wrapped(function, stmt.value)


def hands_on(function: FunctionInfo, param: ir.Param) -> bool:
    """Whether a decorator's inner function hands all its arguments on to what the decorator was given."""
    return function.parent is not None and any(
        isinstance(node, ir.Call)
        and _calls_wrapped(function, node)
        and (
            any(isinstance(a, ir.Star) and _names(a.value, param) for a in node.args)
            or any(key is None and _names(value, param) for key, value in node.keywords)
        )
        for node in walk(*function.node.body)
    )


def _names(node: ir.Expr, param: ir.Param) -> bool:
    return isinstance(node, ir.Name) and node.id == param.name
