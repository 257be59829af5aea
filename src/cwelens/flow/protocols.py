"""Objects of the program as sequences: `__iter__` and `__next__` say what a loop gets."""

from __future__ import annotations

from cwelens.flow import attributes, calls, expressions
from cwelens.flow.run import Args, Run
from cwelens.flow.state import Obj, State
from cwelens.flow.values import Func, Ref, Value
from cwelens.ir import nodes as ir
from cwelens.resolve.symbols import ClassInfo


def elements(run: Run, ref: Ref, obj: Obj, st: State, node: ir.Node) -> list[Value] | Value | None:
    """What iterating over an object of the program gives; None where its class does not say."""
    if not isinstance(obj.cls, ClassInfo):
        return None
    given = _called(run, ref, "__iter__", st, node)
    if given is None:
        return None
    if any(isinstance(a, Ref) and a.loc == ref.loc for a in given.atoms):
        return _called(run, ref, "__next__", st, node)
    return expressions.iterate(run, given, st, node)


def _called(run: Run, ref: Ref, name: str, st: State, node: ir.Node) -> Value | None:
    """What a method of the object gives back; None where the program has no such method."""
    expr = node if isinstance(node, ir.Expr) else ir.Const(None, node.pos)
    method = attributes.attribute(run, Value((ref,)), name, st, expr)
    if not any(isinstance(a, Func) for a in method.atoms):
        return None
    value = calls.call_value(run, expr, method, Args([], {}), st)
    run.last_exits.pop(id(expr), None)
    return value if value.atoms else None
