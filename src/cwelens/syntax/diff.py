"""Unified diffs: the hunks of Python files as they are after the change, with their place in the diff.

Each hunk is a fragment of its own. Lines that the change takes out are left blank, so that line i of the fragment is line
`first_line + i` of the diff; the mark in front of a line is its margin. The function that a hunk's header names stands around it, as
far as the header shows it whole.
"""

from __future__ import annotations

import re

_HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+\d+(?:,(\d+))? @@ ?(.*)$")
_FILE = re.compile(r"^\+\+\+ (?:[biw]/)?([^\t\n]+)")
_START = re.compile(r"^(?:diff --git |--- |Index: |@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@)", re.MULTILINE)
_DEFINED = re.compile(r"(?:async def|def|class) [^#\"']*:$")
_PYTHON = (".py", ".pyw", ".pyi")
_GONE = "/dev/null"


class Hunk:
    """A fragment: its lines, the line of the diff the first one is, and how many bytes of each line of the diff come before it.

    `around` is the definition that the header names, as a line with its margin; it stands on the header's line.
    """

    __slots__ = ("around", "first_line", "lines", "margins", "path")

    def __init__(
        self, path: str, first_line: int, lines: list[str], margins: list[int], around: tuple[str, int] | None
    ) -> None:
        self.path = path
        self.first_line = first_line
        self.lines = lines
        self.margins = margins
        self.around = around

    def bare(self) -> Hunk:
        """The hunk without what the header says."""
        return Hunk(self.path, self.first_line, self.lines, self.margins, None)

    def text(self) -> tuple[str, int, list[int]]:
        """The code with what is around it, its first line, and the margins."""
        if self.around is None:
            return "\n".join(self.lines), self.first_line, self.margins
        line, margin = self.around
        return "\n".join([line, *self.lines]), self.first_line - 1, [margin, *self.margins]

    @property
    def is_python(self) -> bool:
        """Whether it is of a Python file, or of one that is not named."""
        return not self.path or self.path.endswith(_PYTHON)


def is_diff(text: str) -> bool:
    """Whether a text is a unified diff: it has a hunk with its header, and begins with one or with a file's."""
    start = _START.search(text)
    return start is not None and any(_HUNK.match(line) for line in text.split("\n"))


def hunks(text: str) -> list[Hunk]:
    """The hunks of a diff in order, without those of files that are gone; a text without any header is one hunk."""
    found: list[Hunk] = []
    path = ""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        named = _FILE.match(lines[at])
        header = _HUNK.match(lines[at])
        if named is not None:
            path = named.group(1).strip()
        elif header is not None:
            end = _end(lines, at + 1, int(header.group(1) or 1))
            if path != _GONE:
                found.append(_hunk(path, lines[at:end], at + 1, header))
            at = end
            continue
        at += 1
    if not found and not any(_HUNK.match(line) for line in lines):
        return [_hunk("", ["", *lines], 0, None)]
    return found


def _end(lines: list[str], at: int, wanted: int) -> int:
    """The index after a hunk's last line, of which `wanted` stand in the new file; one whose numbers are wrong ends where a header begins."""
    seen = 0
    while at < len(lines):
        line = lines[at]
        if (
            _HUNK.match(line)
            or line.startswith("diff --git ")
            or (line.startswith("--- ") and seen >= wanted)
        ):
            break
        if line[:1] not in ("-", "\\"):
            if seen >= wanted and line[:1] != "+":
                break
            seen += 1
        at += 1
    return at


def _hunk(path: str, lines: list[str], first_line: int, header: re.Match[str] | None) -> Hunk:
    """`lines` are the header and what follows it."""
    code: list[str] = []
    margins: list[int] = []
    for line in lines[1:]:
        kept = line[:1] in ("+", " ", "\t")
        code.append((line[1:] if line[:1] != "\t" else line) if kept else "")
        margins.append(1 if line[:1] in ("+", " ") else 0)
    first = next((line for line in code if line.strip()), "")
    indent = len(first) - len(first.lstrip())
    named = header.group(2).strip() if header is not None else ""
    around = None
    if header is not None and indent and _DEFINED.match(named) and named.count("(") == named.count(")"):
        outer = max(0, indent - 4)
        start = len(header.group()[: header.start(2)].encode())
        around = " " * outer + named, max(0, start - outer)
    return Hunk(path, first_line + 1, code, margins, around)
