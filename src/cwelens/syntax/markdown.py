"""Fenced code in Markdown (CommonMark fences), with the place of each fence in the text.

Invariant: `code` is the fence's content with the fence's own indentation taken off; `margins[i]` bytes were taken off line i,
which is line `first_line + i` of the document.
"""

from __future__ import annotations

import re

_FENCE = re.compile(
    r"^(?P<prefix>[ \t]*(?:>[ ]?|[-*+][ ]+|\d{1,9}[.)][ ]+)*[ \t]*)(?P<mark>`{3,}|~{3,})(?P<info>[^`\n]*)$"
)
_PYTHON = {"python", "py", "python3", "python2", "py3", "py2", "pycon", "ipython", "ipython3", "pyi", "sage"}


class Fence:
    """One fence: its language tag in lower case ("" without), where its content starts, and the content."""

    __slots__ = ("code", "first_line", "language", "margins")

    def __init__(self, language: str, first_line: int, code: str, margins: list[int]) -> None:
        self.language = language
        self.first_line = first_line
        self.code = code
        self.margins = margins

    @property
    def is_python(self) -> bool:
        return self.language in _PYTHON


def has_fence(text: str) -> bool:
    """Whether the text has at least one opening fence."""
    return ("```" in text or "~~~" in text) and any(_FENCE.match(line) for line in text.split("\n"))


def fences(text: str) -> list[Fence]:
    """Every fence in order; one that is never closed runs to the end of the text."""
    found: list[Fence] = []
    opened: re.Match[str] | None = None
    content: list[str] = []
    first = 0
    for number, line in enumerate(text.split("\n"), 1):
        if opened is None:
            opened = _FENCE.match(line)
            content, first = [], number + 1
        elif _closes(line, opened["mark"]):
            found.append(_fence(opened, first, content))
            opened = None
        else:
            content.append(line)
    if opened is not None:
        found.append(_fence(opened, first, content))
    return found


def _closes(line: str, mark: str) -> bool:
    text = line.strip(" \t>")
    return len(text) >= len(mark) and set(text) == {mark[0]}


def _fence(opened: re.Match[str], first: int, content: list[str]) -> Fence:
    prefix = opened["prefix"]
    quoted = prefix.count(">")
    width = len(prefix)
    margins = [_margin(line, width, quoted) for line in content]
    code = "\n".join(line[margin:] for line, margin in zip(content, margins, strict=True))
    info = opened["info"].strip().lower()
    language = re.split(r"[\s,{:]", info.lstrip("{. "), maxsplit=1)[0].rstrip("}")
    return Fence(language, first, code, margins)


def _margin(line: str, width: int, quoted: int) -> int:
    """How many characters of a content line belong to the fence's own indentation or quotation."""
    allowed = " \t>" if quoted else " \t"
    margin = 0
    while margin < min(width, len(line)) and line[margin] in allowed:
        margin += 1
    return margin
