"""Reads names with their values out of JSON, TOML, INI and shell scripts, line by line.

What is asked for are single texts under their names, so neither nesting nor types matter, and a file that is broken or cut off is read as far as
it goes. Invariants: never raises for any content, and takes time in proportion to its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# name, value, line, where in the line the value begins (in characters)
Pair = tuple[str, str, int, int]

_MEMBER = re.compile(r'"((?:[^"\\\n]|\\.){1,80})"\s{0,40}:\s{0,40}"((?:[^"\\\n]|\\.)*)"')
_LINE = re.compile(r"^\s*[\"']?([A-Za-z_/][\w./:-]*?)[\"']?\s*(?:=|:(?=\s))\s*(.*)$")
_SECTION = re.compile(r"^\s*\[+\s*([^\[\]]+?)\s*\]+\s*(?:#.*)?$")
_OF_INDEX = re.compile(r"^(?:default-)?(?:extra-)?index-url$")
_ABOUT_INDEX = re.compile(r"\b(?:source|sources|index|indexes)$")
_SHELL = re.compile(
    r"(?:^|[\s;])(?:(?:export|local|readonly|declare\s+-x|-e|--env)\s+)?([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|[^\s;\"']+)"
)
_ESCAPE = re.compile(r"\\([\"\\/])")


def json_pairs(text: str) -> Iterator[Pair]:
    """The members of objects whose value is a text; `{"name": N, "value": V}` is N with the value V as well."""
    line, start, at = 1, 0, 0
    name = ""
    for found in _MEMBER.finditer(text):
        breaks = text.count("\n", at, found.start(2))
        if breaks:
            line += breaks
            start = text.rfind("\n", at, found.start(2)) + 1
        at = found.start(2)
        key, value = found[1], _ESCAPE.sub(r"\1", found[2])
        column = found.start(2) - start
        yield key, value, line, column
        if key == "value" and name:
            yield name, value, line, column
        name = value if key in ("name", "key") else ""


def line_pairs(lines: list[str]) -> Iterator[Pair]:
    """Names and values of TOML, INI and properties: each line is one, in a section or not."""
    for number, line in enumerate(lines, 1):
        found = _LINE.match(line) if len(line) < _LONGEST else None
        if found is not None and not line.lstrip().startswith(("#", ";", "//")):
            value = found[2].rstrip().removesuffix(",").rstrip()
            yield found[1].rpartition(".")[2], value, number, found.start(2)


def indexes(lines: list[str]) -> Iterator[Pair]:
    """The addresses of package indexes in a project's file: `url` in a section about sources, and options of pip."""
    section = ""
    for number, line in enumerate(lines, 1):
        heading = _SECTION.match(line) if len(line) < _LONGEST else None
        if heading is not None:
            section = heading[1]
            continue
        for name, value, _, start in line_pairs([line]):
            if _OF_INDEX.match(name) or (name == "url" and _ABOUT_INDEX.search(section)):
                yield name, value, number, start


def shell_pairs(lines: list[str]) -> Iterator[Pair]:
    """What a script assigns, exports or hands to a command it starts."""
    for number, line in enumerate(lines, 1):
        if len(line) < _LONGEST and not line.lstrip().startswith("#"):
            for found in _SHELL.finditer(line):
                yield found[1], found[2], number, found.start(2)


# A longer line was written by a program.
_LONGEST = 2000
