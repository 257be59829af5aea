"""The page a review is printed on: lines of styled text in a given width, for a terminal or for a pipe.

Invariants
- Every character passes through `visible`: nothing on a page can drive the reader's terminal.
- Text is never read as markup; colour comes from the styles given here only.
- No line is wider than the page, except where the prefix alone leaves no room.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
from collections.abc import Iterable
from typing import TypeAlias

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from cwelens.render.escape import visible

PIPE_WIDTH = 100
WIDEST, NARROWEST = 120, 40
"""Prose wider than this is hard to read; below the other a page is no page."""

CODE = "cyan"
_LEAST = 16
_SPAN = re.compile(r"(`[^`\n]+`)")
_ASCII = str.maketrans({"│": "|", "·": "-", "…": "...", "✗": "x", "✓": "+", "→": "->"})

Part: TypeAlias = str | tuple[str, str]
"""Text, or text with a style."""


def wants_color() -> bool:
    """Whether standard output takes colour: NO_COLOR wins over FORCE_COLOR, both over what the terminal says."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")


def page_width() -> int:
    """Cells in a line: COLUMNS, else the terminal's width, else PIPE_WIDTH."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        width = int(columns)
    elif sys.stdout.isatty():
        width = shutil.get_terminal_size((PIPE_WIDTH, 24)).columns
    else:
        width = PIPE_WIDTH
    return min(max(width, NARROWEST), WIDEST)


def cells(text: str) -> int:
    """The width of a text on the page."""
    return cell_len(visible(text))


def prose(text: str, style: str = "") -> list[Part]:
    """A sentence, its `code spans` set off."""
    return [
        (piece, CODE if piece.startswith("`") and len(piece) > 2 else style)
        for piece in _SPAN.split(text)
        if piece
    ]


class Page:
    """Collects lines; `text()` gives them all."""

    def __init__(self, color: bool, width: int) -> None:
        self.width = width
        self._color = color
        self._lines: list[Text] = []
        self._tight = 0
        self._console = Console(
            file=io.StringIO(),
            width=width,
            force_terminal=color,
            color_system="standard" if color else None,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
            _environ={},
        )

    def blank(self) -> None:
        """One empty line: never two in a row, none at the top of the page or under a heading."""
        if len(self._lines) > self._tight and self._lines[-1].plain:
            self._lines.append(Text())

    def heading(self, parts: Iterable[Part]) -> None:
        """A paragraph with an empty line before it and none after it."""
        self.blank()
        self.add(parts)
        self._tight = len(self._lines)

    def add(
        self, parts: Iterable[Part], indent: int = 0, *, first: Iterable[Part] = (), rest: Iterable[Part] = ()
    ) -> None:
        """A paragraph, wrapped. `first` stands before its first line and `rest` before the others, both after `indent`.

        Without `rest` the other lines are aligned under the text that follows `first`.
        """
        margin = " " * indent
        start = _text([margin, *first])
        hanging = list(rest)
        other = _text([margin, *hanging]) if hanging else Text(" " * start.cell_len)
        room = max(self.width - max(start.cell_len, other.cell_len), _LEAST)
        for number, line in enumerate(_text(parts).wrap(self._console, room)):
            line.rstrip()
            whole = (other if number else start) + line
            whole.rstrip()
            self._lines.append(whole)

    def ends(self, left: Iterable[Part], right: Iterable[Part], indent: int, hang: int) -> None:
        """A line with text at both ends; the right one goes below, at `hang`, where there is no room beside."""
        one, other = _text(left), _text(right)
        gap = self.width - indent - one.cell_len - other.cell_len
        if gap >= 2:
            self._lines.append(Text(" " * indent) + one + Text(" " * gap) + other)
        else:
            self.add(left, indent, rest=[" " * (hang - indent)])
            self.add(right, hang)

    def text(self) -> str:
        """The page, each line ended. What standard output cannot encode is spelled in what it can."""
        if self._color:
            with self._console.capture() as capture:
                self._console.print(Text("\n").join(self._lines), soft_wrap=True)
            page = capture.get()
        else:
            page = "".join(line.plain + "\n" for line in self._lines)
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        if encoding.lower().replace("-", "").startswith("utf"):
            return page
        return page.translate(_ASCII).encode(encoding, "backslashreplace").decode(encoding)


def _text(parts: Iterable[Part]) -> Text:
    text = Text()
    for part in parts:
        content, style = (part, "") if isinstance(part, str) else part
        text.append(visible(content), style or None)
    return text
