"""Source text: one input as text, with what is needed to quote and to point into it.

Invariant: `text` uses "\\n" line ends only and `lines[i]` is line i+1 without its end; columns handed in are UTF-8 byte offsets
(what both parsers give), columns handed out are counted in characters from 1 (what people and SARIF count).
"""

from __future__ import annotations

from functools import cached_property


class Source:
    """`path` is the name shown to users ("-" for standard input), relative with forward slashes where possible."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text

    @cached_property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    def line(self, number: int) -> str:
        """Line `number` (from 1); empty where there is none."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def column(self, line: int, byte_offset: int) -> int:
        """Character column from 1 of a byte offset in a line."""
        text = self.line(line)
        if text.isascii():
            return byte_offset + 1
        return len(text.encode("utf-8", "surrogatepass")[:byte_offset].decode("utf-8", "ignore")) + 1
