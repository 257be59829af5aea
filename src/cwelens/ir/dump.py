"""A canonical text of the intermediate representation, for tests and for people who want to see what was read.

Invariant: two trees have the same dump exactly when they are equal (positions apart, unless asked for).
"""

from __future__ import annotations

from collections.abc import Sequence

from cwelens.ir import nodes as ir


def dump(node: object, *, positions: bool = False) -> str:
    """A node, or a list of nodes, as an S-expression; one statement per line."""
    out: list[str] = []
    _dump(node, positions, 0, out)
    return "".join(out).lstrip("\n") + "\n"


def dump_module(module: ir.Module, *, positions: bool = False) -> str:
    """A module: its statements, then its gaps."""
    text = dump(module.body, positions=positions)
    for gap in module.gaps:
        text += f"gap {_place(gap.pos)} {gap.reason}\n"
    return text


def _place(pos: ir.Pos) -> str:
    return f"{pos[0]}:{pos[1]}-{pos[2]}:{pos[3]}"


def _dump(value: object, positions: bool, depth: int, out: list[str]) -> None:
    if isinstance(value, ir.Node):
        if isinstance(value, (ir.Stmt, ir.Handler, ir.Case)):
            out.append("\n" + "  " * depth)
            depth += 1
        out.append(f"({type(value).__name__}")
        if positions:
            out.append(f"@{_place(value.pos)}")
        for field in _fields(type(value)):
            out.append(" ")
            _dump(getattr(value, field), positions, depth, out)
        out.append(")")
    elif isinstance(value, (list, tuple)):
        _sequence(value, positions, depth, out)
    else:
        out.append(repr(value))


def _sequence(value: Sequence[object], positions: bool, depth: int, out: list[str]) -> None:
    out.append("[")
    for index, part in enumerate(value):
        if index:
            out.append(" ")
        _dump(part, positions, depth, out)
    out.append("]")


_FIELDS: dict[type, tuple[str, ...]] = {}


def _fields(cls: type[ir.Node]) -> tuple[str, ...]:
    fields = _FIELDS.get(cls)
    if fields is None:
        slots = [slot for base in reversed(cls.__mro__) for slot in getattr(base, "__slots__", ())]
        fields = _FIELDS[cls] = tuple(slot for slot in slots if slot != "pos")
    return fields
