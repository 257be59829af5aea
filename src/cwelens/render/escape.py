"""Making hostile text harmless: what a review quotes was written by somebody else.

Invariant: what `visible` returns is printable in Unicode's sense, so it has no control characters, no escape sequences, no line or
paragraph separators, no bidirectional overrides, no invisible format characters and no lone surrogates.
"""

from __future__ import annotations

_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "    "}


def visible(text: str) -> str:
    """`text` with every character that is not printable shown as a Python escape, a tab as four spaces."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def _escape(char: str) -> str:
    named = _NAMED.get(char)
    if named is not None:
        return named
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def encodable(text: str) -> str:
    """`text` with lone surrogates, which UTF-8 and strict JSON readers refuse, shown as escapes."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
