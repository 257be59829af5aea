"""Values that stand in a text right behind the name that says what they are: `f"session={value}; path=/"`, `"/reset?token=" + value`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cwelens.flow.values import Opaque, Text, Value, make

# A name, then the sign that gives it its value; `:` and a space in headers and JSON.
_NAMED = re.compile(r"""([A-Za-z][\w-]{1,40})["']?\s?(?:=|:\s?)["']?$""")


def named(value: Value) -> Iterator[tuple[str, Value]]:
    """The values of the holes of a text that have a name in it."""
    for atom in value.atoms:
        if not isinstance(atom, Text):
            continue
        for before, part in zip(atom.parts, atom.parts[1:]):
            found = _NAMED.search(before[-48:]) if isinstance(before, str) else None
            if found is not None and isinstance(part, Opaque):
                yield found.group(1), make([part])
