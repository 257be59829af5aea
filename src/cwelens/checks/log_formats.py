"""Log messages: which arguments a format shows so that a line break could get through."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.flow.strings import is_shown

if TYPE_CHECKING:
    from cwelens.flow.state import State
    from cwelens.flow.values import Value

_CONVERSION = re.compile(r"%(?:\(\w+\))?[-#0 +]*(?:\d+|\*)?(?:\.\d+)?([a-zA-Z%])")


def _by_keys(given: list[Value]) -> bool:
    """Whether the one argument may be a dictionary whose values the format takes by their keys: `"%(path)s", data`."""
    if len(given) != 2:
        return False
    atom = given[0].const()
    return atom is None or not isinstance(atom.value, str) or "%(" in atom.value


def as_formatted(given: list[Value], values: list[Value], st: State) -> list[Value]:
    """The arguments of a log call without those that are shown by their `repr()` or as a number: no line break gets through."""
    if not _by_keys(given):
        values = [v for v in values if not v.atoms or not all(is_shown(a, st) for a in v.atoms)]
    for index, value in enumerate(given):
        atom = value.const()
        if atom is not None and isinstance(atom.value, str) and "%" in atom.value:
            kinds = [k for k in _CONVERSION.findall(atom.value) if k != "%"]
            rest = given[index + 1 :]
            if len(kinds) == len(rest):
                shown = {id(v) for v, kind in zip(rest, kinds) if kind != "s"}
                return [v for v in values if id(v) not in shown]
            return values
    return values
