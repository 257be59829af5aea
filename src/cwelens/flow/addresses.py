"""Addresses that are put together from their parts: `urlunsplit((scheme, host, path, query, fragment))`, `urljoin(base, path)`."""

from __future__ import annotations

import re

from cwelens.flow import scopes, strings
from cwelens.flow.run import Args, Run
from cwelens.flow.state import State, deep_taints
from cwelens.flow.values import (
    NO_TAINTS,
    Atom,
    Const,
    Opaque,
    Text,
    Value,
    const,
    join_taints,
    opaque,
)
from cwelens.ir import nodes as ir

# What stands between the parts; `urlunsplit` knows no parameters.
_MARKS = {6: ("", "://", "", ";", "?", "#"), 5: ("", "://", "", "?", "#")}


def unparse(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`urlunparse(parts)` and `urlunsplit(parts)`: where each part stands says what it can do."""
    given = args.positional[0] if args.positional else None
    obj = scopes.frame_object(given, st) if given is not None else None
    marks = _MARKS.get(len(obj.items)) if obj is not None and obj.rest is None else None
    if given is None:
        return opaque("builtins.str")
    if obj is None or marks is None or obj.kind not in ("tuple", "list"):
        return Value((Opaque("builtins.str", deep_taints(given, st)),))
    pieces: list[Value] = []
    local = all(_is_empty(obj.items[index]) for index in (0, 1))
    for index, mark in enumerate(marks):
        part = obj.items[index]
        if _is_empty(part) and not (index == 1 and not local):
            continue
        if mark and not (index == 1 and local):
            pieces.append(const(mark))
        pieces.append(part)
    return strings.concat(pieces, st, False, run.place(node))


# A path of which the beginning is fixed, without what could end a scheme or begin a host.
_PATH = re.compile(r"/?[\w.~-]+[/?#]")


def join(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`urljoin(base, path)`: behind a path whose beginning is fixed, the host is that of the base; else it may be another."""
    base, path = args.get(0, "base"), args.get(1, "url")
    if base is None or path is None or not all(map(_is_path, path.atoms)):
        taints = NO_TAINTS
        for value in args.all():
            taints = join_taints(taints, deep_taints(value, st))
        return Value((Opaque("builtins.str", taints),))
    return strings.concat([base, const("/"), path], st, False, run.place(node))


def _is_path(atom: Atom) -> bool:
    first = atom.value if isinstance(atom, Const) else atom.parts[0] if isinstance(atom, Text) else None
    return isinstance(first, str) and _PATH.match(first) is not None


def _is_empty(value: Value) -> bool:
    known = value.const()
    return known is not None and known.value in ("", b"", None)
