"""Where a helper calls what it is handed (`def fetch(opener, url): opener(url)`): the call that hands the dangerous callable over.

The helper is harmless for every other callable, and each call that hands a dangerous one over is a defect of its own; so that is where
it is reported, through decorators that pass their arguments on. What the program itself is handed (`start_response`) is reported at its call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

if TYPE_CHECKING:
    from cwelens.flow.run import CallSite
    from cwelens.flow.state import Frame
    from cwelens.flow.values import Place
    from cwelens.models.ports import Port

_DEPTH = 4
# Lines from the beginning of a call from which on an argument is pointed to itself.
_APART = 2


def over(site: CallSite) -> tuple[Place, Frame]:
    """The place at which a call is reported, and the activation it is in."""
    place, frame = site.place, site.frame
    if not isinstance(site.node, ir.Call):
        return place, frame
    wanted: set[_Slot] = {(name, None) for name in _callables(site.node.func, frame, _DEPTH)}
    while wanted and frame.parent is not None and frame.call is not None:
        given = _given(frame, wanted)
        if not given:
            # The helper's own default.
            break
        place, frame = frame.call, frame.parent
        own = {p.name for p in _parameters(frame)}
        wanted = {(v.id, part) for v, part in given if isinstance(v, ir.Name) and v.id in own}
    if wanted:
        # Nothing in the program chooses it: it comes from whoever calls the entry point (`start_response` of a server).
        return site.place, site.frame
    return place, frame


def at(site: CallSite, port: Port) -> Place:
    """Where the argument stands that goes in at a port, if it is not seen together with the beginning of the call; else the call's place."""
    node = site.node
    if not isinstance(node, ir.Call) or port.kind != "arg":
        return site.place
    given = next((value for name, value in node.keywords if name in port.keywords), None)
    if given is None and port.position is not None and port.position < len(node.args):
        before = node.args[: port.position + 1]
        given = None if any(isinstance(part, ir.Star) for part in before) else before[-1]
    if given is None or given.pos[0] - site.place[1][0] < _APART:
        return site.place
    return site.place[0], given.pos


# A parameter, and for `*args` and `**kwargs` which part of it: a position, a key. None for the whole.
_Slot = tuple[str, int | str | None]


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


def _given(frame: Frame, wanted: set[_Slot]) -> list[tuple[ir.Expr, int | str | None]]:
    """What the call that an activation comes from hands over for these parameters, and which part of it where it is spread out."""
    call = _call_of(frame)
    if call is None:
        return []
    given: list[tuple[ir.Expr, int | str | None]] = []
    params = _parameters(frame)
    for at, param in enumerate(params):
        for name, part in wanted:
            if name != param.name:
                continue
            key = part if param.kind == "starstar" else name
            found: list[tuple[ir.Expr, int | str | None]] = [(v, None) for k, v in call.keywords if k == key]
            if param.kind in ("positional", "normal"):
                found += _at(call, at)
            elif param.kind == "star" and isinstance(part, int):
                found += _at(call, at + part)
            if not found or any(part is not None for _, part in found):
                found += [(v, key) for k, v in call.keywords if k is None]
            given += found
    return given


def _at(call: ir.Call, position: int) -> list[tuple[ir.Expr, int | str | None]]:
    """The positional argument at a position: itself, or the part of what is spread out before it."""
    for i, arg in enumerate(call.args[: position + 1]):
        if isinstance(arg, ir.Star):
            return [(arg.value, position - i)]
    return [(call.args[position], None)] if position < len(call.args) else []


def _call_of(frame: Frame) -> ir.Call | None:
    """The call that an activation comes from, in the code of the one that calls."""
    parent = frame.parent
    if parent is None or frame.call is None:
        return None
    body = parent.node.body if isinstance(parent.node, ir.Function) else parent.module.body
    for node in walk(*body):
        if isinstance(node, ir.Call) and node.pos == frame.call[1]:
            return node
    return None
