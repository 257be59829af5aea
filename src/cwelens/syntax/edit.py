"""Changes to nodes that were just lowered and that nobody else has seen yet.

The ladder parses text with a few characters added (a header, a closing bracket, a `pass`); what these functions do is to take every
trace of the additions out again, so that the result speaks of the original text only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

PLACEHOLDER = "__cwelens_cut__"
_BLOCKS = ("body", "orelse", "final")
Place = tuple[int, int]


def blocks(node: ir.Node) -> list[list[ir.Stmt]]:
    """The statement lists directly in a node, in source order."""
    found = [getattr(node, name, None) for name in _BLOCKS]
    return [block for block in found if isinstance(block, list)]


def relocate(nodes: Iterable[ir.Node], move: Callable[[int, int], Place]) -> None:
    """Moves every position at and below the nodes."""
    for node in walk(*nodes):
        line, column, end_line, end_column = node.pos
        node.pos = (*move(line, column), *move(end_line, end_column))


def clamp(nodes: Iterable[ir.Node], start: Place, end: Place) -> None:
    """Keeps every position between two places."""
    relocate(nodes, lambda line, column: max(start, min(end, (line, column))))


def forget(nodes: Sequence[ir.Node], reason: str, at: Place | None = None) -> None:
    """Puts an `Unknown` (standing at a place, if given) for every placeholder name; imported names that are one are dropped."""
    every = list(walk(*nodes))
    if at is not None:
        for node in every:
            if isinstance(node, ir.Name) and node.id == PLACEHOLDER:
                node.pos = (*at, *at)
    for node in every:
        if isinstance(node, (ir.Import, ir.ImportFrom)):
            node.names = [pair for pair in node.names if PLACEHOLDER not in pair]
        for field in {slot for cls in type(node).__mro__ for slot in getattr(cls, "__slots__", ())}:
            if field != "pos":
                setattr(node, field, _forgotten(getattr(node, field), reason))


def _forgotten(value: object, reason: str) -> object:
    if isinstance(value, ir.Name):
        return ir.Unknown(reason, [], value.pos) if value.id == PLACEHOLDER else value
    if isinstance(value, ir.Attr) and value.name == PLACEHOLDER:
        return ir.Unknown(reason, [value.base], value.pos)
    if isinstance(value, str):
        return "" if value == PLACEHOLDER else value
    if isinstance(value, list):
        value[:] = [_forgotten(part, reason) for part in value]
    elif isinstance(value, tuple):
        return tuple(_forgotten(part, reason) for part in value)
    return value


def fill(statements: list[ir.Stmt], bodies: dict[int, list[ir.Stmt]], default: Place) -> None:
    """Replaces each block that is one `pass` on a line of `bodies` by the statements given for that line.

    Compound statements then end where their last statement ends, or at `default` when they have none.
    """
    nodes = [node for node in walk(*statements) if blocks(node)]
    for node in nodes:
        for block in blocks(node):
            if len(block) == 1 and isinstance(block[0], ir.Jump) and block[0].pos[0] in bodies:
                block[:] = bodies[block[0].pos[0]]
    for node in reversed(nodes):
        inner: list[ir.Node] = [part for block in blocks(node) for part in block]
        inner += getattr(node, "handlers", []) + getattr(node, "cases", [])
        end = max((part.pos[2:] for part in inner), default=default)
        node.pos = (*node.pos[:2], *max(end, node.pos[:2]))
