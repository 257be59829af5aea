"""A place in a source text, as people and reports count: lines and columns from 1, columns in characters."""

from __future__ import annotations

from dataclasses import dataclass

from cwelens.base.source import Source

QUOTE_LIMIT = 160


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """`end_column` is exclusive. `code` is the quoted first line of the place, without its indentation."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    code: str


def locate(source: Source, pos: tuple[int, int, int, int]) -> Location:
    """The location of an IR position (`pos` counts columns from 0 in UTF-8 bytes)."""
    line, column, end_line, end_column = pos
    code = source.line(line).strip()
    if len(code) > QUOTE_LIMIT:
        code = code[: QUOTE_LIMIT - 1] + "…"
    return Location(
        source.path, line, source.column(line, column), end_line, source.column(end_line, end_column), code
    )
