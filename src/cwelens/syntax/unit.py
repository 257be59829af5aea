"""A unit: one piece of code that was read, with the text its positions point into and how it had to be read.

Invariant: a unit out of which anything was lost has a gap that says so; a unit without gaps was read in full.
"""

from __future__ import annotations

from bisect import bisect_right

from cwelens.base.source import Source
from cwelens.ir import nodes as ir


class Unit:
    """`source.text` is what every position refers to; `first_line` and `last_line` bound the unit in it (from 1, inclusive).

    - `dialect`: "python3" or "python2".
    - `form`: "module" when the text was read as it stands, "fragment" when a repair was needed; `notes` say which, for people.
    - `kind`: "python", "markdown", "notebook" or "diff": what the code was taken out of.
    - `is_code`: False when nothing in the text is recognisably Python; there is then a gap that says so.
    - `cells`: for a notebook, (cell number from 1, its first line in `source.text`) of each code cell.
    """

    __slots__ = (
        "cells",
        "dialect",
        "first_line",
        "form",
        "is_code",
        "kind",
        "last_line",
        "module",
        "notes",
        "source",
    )

    def __init__(
        self,
        source: Source,
        module: ir.Module,
        *,
        dialect: str = "python3",
        form: str = "module",
        kind: str = "python",
        notes: list[str] | None = None,
        is_code: bool = True,
        first_line: int = 1,
        last_line: int | None = None,
        cells: list[tuple[int, int]] | None = None,
    ) -> None:
        self.source = source
        self.module = module
        self.dialect = dialect
        self.form = form
        self.kind = kind
        self.notes = notes or []
        self.is_code = is_code
        self.first_line = first_line
        self.last_line = len(source.lines) if last_line is None else last_line
        self.cells = cells or []

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in the text but white space, as in many a package's `__init__.py`."""
        return not self.source.text.strip()

    def cell(self, line: int) -> int | None:
        """The number (from 1) of the notebook cell that a line belongs to; None outside notebooks."""
        index = bisect_right([first for _, first in self.cells], line) - 1
        return self.cells[index][0] if index >= 0 else None
