"""Cutting texts of known shape: what a separator or an index splits between literal parts and holes.

A hole that may hold the separator ends what is known: the fields before it are exact, those after it are not told apart.
"""

from __future__ import annotations

from cwelens.base import chars as ch
from cwelens.flow.values import Opaque, Taints, Text, Value, join_taints
from cwelens.flow.values import text as make_text

Parts = list["str | Opaque"]


def field(parts: Parts, binary: bool) -> Value:
    return Value((make_text(parts, binary),))


def split(atom: Text, separator: str, limit: int) -> tuple[list[Value], Value | None]:
    """`text.split(separator, limit)`: the fields whose place is known, and what any later one may be (None: there are none)."""
    fields: list[Parts] = [[]]
    whole = list(atom.parts)
    for index, part in enumerate(whole):
        if isinstance(part, Opaque):
            if part.chars & ch.of(separator) and not 0 <= limit < len(fields):
                rest = fields.pop() + whole[index:]
                return [field(f, atom.binary) for f in fields], merged(rest, separator, atom.binary)
            fields[-1].append(part)
            continue
        left = limit - len(fields) + 1 if limit >= 0 else -1
        for number, piece in enumerate(part.split(separator, left)):
            if number:
                fields.append([])
            fields[-1].append(piece)
    return [field(f, atom.binary) for f in fields], None


def merged(parts: Parts, separator: str, binary: bool) -> Value:
    """Any field of what the parts are split into."""
    taints: Taints = ()
    mask, label, note = 0, "", ""
    for part in parts:
        if isinstance(part, str):
            mask |= ch.of(part)
        else:
            taints = join_taints(taints, part.taints)
            mask |= part.chars
            label, note = label or part.label, note or part.note
    if len(separator) == 1:
        mask &= ~ch.of(separator)
    return Value((Opaque("builtins.bytes" if binary else "builtins.str", taints, mask, note, label),))


def partition(atom: Text, separator: str, last: bool) -> tuple[Value, Value] | None:
    """What stands before and behind the first (or last) separator, where it stands in a literal part; else None."""
    order = range(len(atom.parts))
    for index in reversed(order) if last else order:
        part = atom.parts[index]
        if isinstance(part, Opaque):
            if part.chars & ch.of(separator):
                return None
            continue
        before, found, after = part.rpartition(separator) if last else part.partition(separator)
        if found:
            head: Parts = [*atom.parts[:index], before]
            tail: Parts = [after, *atom.parts[index + 1 :]]
            return field(head, atom.binary), field(tail, atom.binary)
    return None
