"""The `%` operator of strings: which argument stands where in the text, and what each conversion makes of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.base import chars as ch
from cwelens.flow import strings
from cwelens.flow.state import deep_taints
from cwelens.flow.values import Atom, Const, Opaque, Place, Ref, Value, const, join_all

if TYPE_CHECKING:
    from cwelens.flow.state import State

PERCENT = re.compile(
    r"%(?:\((?P<name>[^)]*)\))?(?P<flags>[-#0 +]*)(?:\*|\d+)?(?:\.(?:\*|\d+))?[hlL]?(?P<kind>[a-zA-Z%])"
)
# What `%d` and its like can make of a number; `%c` may be any character.
_CONVERSIONS = {
    **dict.fromkeys("diuo", ch.INTEGER),
    **dict.fromkeys("xX", ch.HEX | ch.of("-xX")),
    **dict.fromkeys("eEfFgG", ch.FLOAT | ch.of("EINFA")),
    "c": ch.ALL,
}


def percent(template: Value, argument: Value, st: State, place: Place) -> Value:
    """`template % argument`"""
    out: list[Value] = []
    for atom in template.atoms:
        binary = strings.is_binary(atom)
        if isinstance(atom, Const) and not isinstance(atom.value, str | bytes):
            continue
        values = _arguments(argument, st)
        index = 0
        pieces: list[Value] = []
        for part in strings.parts(atom, st):
            if not isinstance(part, str):
                pieces.append(Value((part,)))
                continue
            end = 0
            for match in PERCENT.finditer(part):
                pieces.append(const(part[end : match.start()]))
                end = match.end()
                kind = match["kind"]
                if kind == "%":
                    pieces.append(const("%"))
                    continue
                if match["name"] is not None:
                    item = _by_key(argument, match["name"], st)
                else:
                    item = (
                        values[index] if values is not None and index < len(values) else _rest(argument, st)
                    )
                    index += 1
                if kind in _CONVERSIONS and item.const() is None:
                    padding = ch.of("+ ") if len(match[0]) > 2 else 0
                    item = Value(
                        (Opaque("builtins.float", deep_taints(item, st), _CONVERSIONS[kind] | padding),)
                    )
                if kind in "ra":
                    item = strings.represented(item, st)
                elif not binary:
                    item = strings.shown(item, st)
                pieces.append(item)
            pieces.append(const(part[end:]))
        out.append(strings.concat(pieces, st, binary, place))
    return join_all(out) if out else Value((Opaque("builtins.str"),))


def _arguments(argument: Value, st: State) -> list[Value] | None:
    """The values of a tuple on the right of %, or the single value; None where their number is not known."""
    if len(argument.atoms) == 1 and isinstance(argument.atoms[0], Ref):
        obj = st.obj(argument.atoms[0].loc)
        if obj is not None and obj.kind == "tuple":
            return [obj.items[k] for k in sorted(obj.items)] if obj.rest is None else None
    return None if any(_is_tuple(atom, st) for atom in argument.atoms) else [argument]


def _is_tuple(atom: Atom, st: State) -> bool:
    obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
    return (
        obj.kind == "tuple" if obj is not None else isinstance(atom, Opaque) and atom.type == "builtins.tuple"
    )


def _rest(argument: Value, st: State) -> Value:
    return Value((Opaque("builtins.str", deep_taints(argument, st)),))


def _by_key(argument: Value, key: str, st: State) -> Value:
    out: list[Value] = []
    for atom in argument.atoms:
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if obj is not None and key in obj.items:
            out.append(obj.items[key])
        elif obj is not None and obj.rest is not None:
            out.append(obj.rest)
        else:
            out.append(_rest(argument, st))
    return join_all(out)
