"""Where a row or field stands in the text of a TOML file: `tomllib` keeps no positions, and an error has to name one.

Lines and columns count from 1. Only the layout that model files have is known (`[[table]]` headers, one field a line); whatever else
is written, the answer is the nearest header before it.
"""

from __future__ import annotations

import re

_HEADER = re.compile(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?")
_FIELD = re.compile(r"\s*([\w-]+|\"[^\"]*\"|'[^']*')\s*=")


def place(text: str, table: str, index: int, field: str = "") -> tuple[int, int]:
    """Line and column of `field` in the `index`-th `[[table]]` of the text, of the table's header if it has no such field.

    With the table "" it is a field that stands before all tables, or a table of that name.
    """
    seen = -1
    header = (1, 1)
    inside = not table
    for number, line in _outside_of_strings(text):
        found = _HEADER.match(line)
        if found:
            if not table and _plain(found[1]).partition(".")[0] == field:
                return number, line.index("[") + 1
            if inside and table:
                break
            inside = False
            if _plain(found[1]) == table:
                seen += 1
                inside = seen == index
                if inside:
                    header = (number, line.index("[") + 1)
            continue
        named = _FIELD.match(line) if inside and field else None
        if named and named[1].strip("\"'") == field:
            return number, named.start(1) + 1
    return header


def _plain(name: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in name.split("."))


def _outside_of_strings(text: str) -> list[tuple[int, str]]:
    """The numbered lines that do not begin inside a multi-line string."""
    lines = []
    end = ""
    for number, line in enumerate(text.splitlines(), 1):
        rest = line
        if end:
            if end not in line:
                continue
            rest = line.split(end, 1)[1]
            end = ""
        else:
            lines.append((number, line))
        while not end:
            opened = min((q for q in ('"""', "'''") if q in rest), key=rest.index, default="")
            if not opened:
                break
            rest = rest.split(opened, 1)[1]
            if opened in rest:
                rest = rest.split(opened, 1)[1]
            else:
                end = opened
    return lines
