"""What calls of web.py's data base do to records: `db.update("boats", where="id = $id", vars={"id": number}, name=name)`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.app.frame import Frame, Walk
from cwelens.app.values import EMPTY, STORED, Entity, Val, text_of
from cwelens.app.words import table
from cwelens.ir import nodes as ir

if TYPE_CHECKING:
    from cwelens.app.calls import Arguments

_EQUAL = re.compile(r"(\w+)\s*=\s*\$(\w+)")
# Parameters that are no columns.
_OWN = table("where vars using what order group limit offset _test seqname")
_KINDS = {"update": "update", "insert": "create", "delete": "delete"}


def called(walk: Walk, frame: Frame, node: ir.Call, name: str, args: Arguments) -> Val | None:
    """The rows that a method reads, or what it does to them."""
    named = text_of(args.first())
    if not named or name not in (*_KINDS, "select", "where"):
        return None
    where = args.named.get("where", args.positional[1] if len(args.positional) > 1 else EMPTY)
    given = args.named.get("vars", EMPTY).items or {}
    keys = tuple((column, given.get(hole, EMPTY)) for column, hole in _EQUAL.findall(text_of(where)))
    fields = {k: v for k, v in args.named.items() if k not in _OWN}
    if name == "where":
        keys, fields = tuple(fields.items()), {}
    entity = Entity(named.lower(), None, keys, frame.spot(node))
    if name in _KINDS:
        event = walk.event(frame, node, _KINDS[name], entity, fields)
        if name == "insert":
            walk.made[entity] = event
        return EMPTY
    from cwelens.app.calls import scope_tags

    return Val(scope_tags(keys) | {STORED}, entities=frozenset((entity,)), name=entity.table)
