"""Where a helper calls what it is handed (`def fetch(opener, url): opener(url)`): the call that hands the dangerous callable over.

The helper is harmless for every other callable, and each call that hands a dangerous one over is a defect of its own; so that is where
it is reported, through decorators that pass their arguments on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

if TYPE_CHECKING:
    from cwelens.flow.run import CallSite
    from cwelens.flow.state import Frame
    from cwelens.flow.values import Place

_DEPTH = 4


def over(site: CallSite) -> tuple[Place, Frame]:
    """The place at which a call is reported, and the activation it is in."""
    place, frame = site.place, site.frame
    if not isinstance(site.node, ir.Call):
        return place, frame
    names = _callables(site.node.func, frame, _DEPTH)
    while names and frame.parent is not None and frame.call is not None:
        given = _given(frame, names)
        if not given:
            # The helper's own default.
            break
        place, frame = frame.call, frame.parent
        own = {p.name for p in _parameters(frame)}
        names = {v.id for v in given if isinstance(v, ir.Name)} & own
    return place, frame


def _parameters(frame: Frame) -> list[ir.Param]:
    params = list(frame.node.params) if frame.node is not None else []
    bound = frame.func is not None and frame.func.owner is not None and frame.func.kind != "staticmethod"
    return params[1:] if bound else params


def _callables(node: ir.Expr, frame: Frame, depth: int) -> set[str]:
    """The parameters of the activation that are called there: themselves, or as the class of what a method is called on."""
    if depth == 0 or not isinstance(frame.node, ir.Function):
        return set()
    if isinstance(node, ir.Name):
        if any(p.name == node.id for p in _parameters(frame)):
            return {node.id}
        made = _made(frame.node).get(node.id, ())
        calls = [m for m in made if isinstance(m, ir.Call)]
        return set().union(*(_of_result(call, frame, depth - 1) for call in calls)) if calls else set()
    if isinstance(node, ir.Attr):
        return _callables(node.base, frame, depth - 1) if _is_made(node.base, frame) else set()
    return set()


def _of_result(call: ir.Call, frame: Frame, depth: int) -> set[str]:
    """The parameters by which the result of a call is what it is: the class that is called, the name that `getattr` is given."""
    if isinstance(call.func, ir.Name) and call.func.id == "getattr" and len(call.args) >= 2:
        named = _callables(call.args[1], frame, 1)
        return named | (_callables(call.args[0], frame, depth) if _is_made(call.args[0], frame) else set())
    return _callables(call.func, frame, depth)


def _is_made(node: ir.Expr, frame: Frame) -> bool:
    """Whether a name is no parameter: an object that a caller hands over says itself what its methods are."""
    return isinstance(node, ir.Name) and all(p.name != node.id for p in _parameters(frame))


_MADE: dict[int, tuple[ir.Function, dict[str, list[ir.Expr | None]]]] = {}


def _made(function: ir.Function) -> dict[str, list[ir.Expr | None]]:
    """What each name of a function is assigned by itself; kept, with the function so that its identity stays its own."""
    known = _MADE.get(id(function))
    if known is None:
        made: dict[str, list[ir.Expr | None]] = {}
        for node in walk(*function.body):
            if isinstance(node, ir.Assign) and len(node.targets) == 1:
                target = node.targets[0]
                if isinstance(target, ir.Name):
                    made.setdefault(target.id, []).append(node.value)
        known = _MADE[id(function)] = (function, made)
    return known[1]


def _given(frame: Frame, names: set[str]) -> list[ir.Expr]:
    """What the call that an activation comes from hands over for these parameters, `*args` and `**kwargs` among it."""
    parent = frame.parent
    body = parent.node.body if parent is not None and isinstance(parent.node, ir.Function) else None
    if body is None and parent is not None:
        body = parent.module.body
    for node in walk(*(body or ())):
        if isinstance(node, ir.Call) and frame.call is not None and node.pos == frame.call[1]:
            given = [v for k, v in node.keywords if k is None or k in names]
            starred = False
            for name, arg in zip([p.name for p in _parameters(frame)], node.args):
                starred = starred or isinstance(arg, ir.Star)
                if name in names or starred:
                    given.append(arg.value if isinstance(arg, ir.Star) else arg)
            return given
    return []
