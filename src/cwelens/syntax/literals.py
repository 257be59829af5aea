"""Values of literals from their spelling, as CPython computes them; Python 2's spellings too."""

from __future__ import annotations

import re
import unicodedata

_SIMPLE = {
    "\\\n": "",
    "\\\\": "\\",
    "\\'": "'",
    '\\"': '"',
    "\\a": "\a",
    "\\b": "\b",
    "\\f": "\f",
    "\\n": "\n",
    "\\r": "\r",
    "\\t": "\t",
    "\\v": "\v",
}
_ESCAPE = re.compile(
    r"\\(?:[0-7]{1,3}|x[0-9a-fA-F]{2}|N\{[^}]*\}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\n|.)|\{\{|\}\}", re.DOTALL
)


def unescape(text: str, *, braces: bool = False, binary: bool = False) -> str:
    """The text of a non-raw literal's content. `braces`: also undouble `{{` and `}}`; `binary`: no `\\N`, `\\u`, `\\U`."""

    def value(match: re.Match[str]) -> str:
        found = match.group()
        if found[0] != "\\":
            return found[0] if braces else found
        simple = _SIMPLE.get(found)
        if simple is not None:
            return simple
        code = found[1]
        if code in "01234567":
            number = int(found[1:], 8)
            return chr(number & 0xFF if binary else number)
        if code == "x" and len(found) == 4:
            return chr(int(found[2:], 16))
        if binary or len(found) == 2:
            return found
        if code == "N":
            try:
                return unicodedata.lookup(found[3:-1])
            except KeyError:
                return found
        number = int(found[2:], 16)
        return chr(number) if number < 0x110000 else found

    if "\\" not in text and not (braces and ("{{" in text or "}}" in text)):
        return text
    return _ESCAPE.sub(value, text)


def undouble(text: str) -> str:
    """The text of a raw format string's literal part."""
    return text.replace("{{", "{").replace("}}", "}")


def string(prefix: str, content: str) -> str | bytes:
    """The value of one string literal without holes; `prefix` in lower case."""
    raw = "r" in prefix
    if "b" in prefix:
        text = content if raw else unescape(content, binary=True)
        # What is above 0xFF cannot be in a bytes literal; it is then a fault of the input, shown as it is in UTF-8.
        return text.encode("latin-1") if all(c < "\u0100" for c in text) else text.encode()
    return content if raw else unescape(content)


def number(text: str) -> int | float | complex:
    """The value of a number's spelling, including `0777`, `10L`. Raises ValueError for what is no number."""
    plain = text.replace("_", "").lower().rstrip("l")
    if plain.startswith(("0x", "0o", "0b")):
        return int(plain, 0)
    if plain.endswith("j"):
        return complex(0, float(plain[:-1]))
    if plain.isdecimal():
        return int(plain, 8) if plain[0] == "0" and plain.strip("0") else int(plain)
    return float(plain)


def identifier(text: str) -> str:
    """A name as Python compares it (NFKC, PEP 3131)."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)
