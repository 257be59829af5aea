"""Sets of characters as bit masks: which characters may a string contain?

Bit *i* (0..127) stands for the ASCII character ``chr(i)``; bit 128 stands for every character outside ASCII. A mask
says what *may* occur, so a mask with more bits is always the safe answer. Bytes are read as Latin-1.
"""

from __future__ import annotations

__all__ = [
    "ALL",
    "ALNUM",
    "ALPHA",
    "ASCII",
    "ASCII_ALNUM",
    "ASCII_LETTERS",
    "BASE64",
    "DIGITS",
    "FLOAT",
    "HEX",
    "IDENTIFIER",
    "INTEGER",
    "LOWER",
    "NON_ASCII",
    "PRINTABLE",
    "SPACE",
    "STR_PREDICATES",
    "UPPER",
    "URLSAFE_BASE64",
    "URL_QUOTED",
    "URL_QUOTED_PLUS",
    "UUID",
    "between",
    "characters",
    "describe",
    "of",
]

NON_ASCII = 1 << 128
ASCII = NON_ASCII - 1
ALL = ASCII | NON_ASCII


def of(text: str) -> int:
    """The mask of the characters of `text`."""
    mask = 0
    for character in text:
        mask |= 1 << min(ord(character), 128)
    return mask


def between(low: int, high: int) -> int:
    """The mask of the code points `low`..`high`, both included; 0 when `low` > `high`."""
    if low > high:
        return 0
    ascii_part = (1 << min(high + 1, 128)) - (1 << min(low, 128))
    return ascii_part | (NON_ASCII if high >= 128 else 0)


def characters(mask: int) -> str:
    """The ASCII characters in `mask`, in code point order."""
    return "".join(chr(code) for code in range(128) if mask >> code & 1)


LOWER = of("abcdefghijklmnopqrstuvwxyz")
UPPER = of("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
ASCII_LETTERS = LOWER | UPPER
ASCII_DIGITS = of("0123456789")
ASCII_ALNUM = ASCII_LETTERS | ASCII_DIGITS

# What the predicates of `str` admit: each of them, save `isascii`, also knows characters outside ASCII.
DIGITS = ASCII_DIGITS | NON_ASCII
ALPHA = ASCII_LETTERS | NON_ASCII
ALNUM = ASCII_ALNUM | NON_ASCII
IDENTIFIER = ALNUM | of("_")
SPACE = of("\t\n\v\f\r\x1c\x1d\x1e\x1f ") | NON_ASCII
PRINTABLE = between(0x20, 0x7E) | NON_ASCII

STR_PREDICATES: dict[str, int] = {
    "isalnum": ALNUM,
    "isalpha": ALPHA,
    "isascii": ASCII,
    "isdecimal": DIGITS,
    "isdigit": DIGITS,
    "isidentifier": IDENTIFIER,
    "islower": ALL & ~UPPER,
    "isnumeric": DIGITS,
    "isprintable": PRINTABLE,
    "isspace": SPACE,
    "isupper": ALL & ~LOWER,
}
"""What a string may contain for which the method of `str` of that name is true."""

# What some functions return.
INTEGER = ASCII_DIGITS | of("-")  # str(int)
FLOAT = INTEGER | of(".+einfa")  # str(float): also 1e-07, inf, nan
HEX = ASCII_DIGITS | of("abcdefABCDEF")
UUID = ASCII_DIGITS | of("abcdef-")  # str(uuid.UUID)
BASE64 = ASCII_ALNUM | of("+/=")  # base64.b64encode
URLSAFE_BASE64 = ASCII_ALNUM | of("-_=")  # base64.urlsafe_b64encode
URL_QUOTED = ASCII_ALNUM | of("_.-~%/")  # urllib.parse.quote with its default `safe`
URL_QUOTED_PLUS = ASCII_ALNUM | of("_.-~%+")  # urllib.parse.quote_plus with its default `safe`

_NAMED = (
    (ASCII_LETTERS, "letters"),
    (LOWER, "lower-case letters"),
    (UPPER, "upper-case letters"),
    (ASCII_DIGITS, "digits"),
    (of("abcdefABCDEF"), "`a`-`f` in either case"),
    (of("abcdef"), "`a`-`f`"),
    (of("\t\n\v\f\r "), "whitespace"),
    (NON_ASCII, "non-ASCII characters"),
)
_CONTROL = between(0, 0x1F) | of("\x7f")
_PUNCTUATION = between(0x21, 0x7E) & ~ASCII_ALNUM
_LISTED_AT_MOST = 8
_RUN = 3  # a run of letters or digits that reaches this far is written as a range
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\v": "\\v", "\f": "\\f", " ": "space"}


def _names(mask: int) -> list[str]:
    """The members of `mask` as words: whole groups by name, single characters quoted, long rests summed up."""
    words = []
    for group, name in _NAMED:
        if mask & group == group:
            words.append(name)
            mask &= ~group
    for group, name in ((_CONTROL, "control characters"), (_PUNCTUATION, "punctuation")):
        if mask & group == group:
            words.append(name)
            mask &= ~group
        elif (mask & group).bit_count() > _LISTED_AT_MOST:
            words.append(f"some {name}")
            mask &= ~group
    for first, last in _runs(mask & ASCII):
        if last - first >= _RUN and mask & between(first, last) & ~ASCII_ALNUM == 0:
            words.append(f"{_quoted(first)}-{_quoted(last)}")
        else:
            words.extend(map(_quoted, range(first, last + 1)))
    return words


def _runs(mask: int) -> list[tuple[int, int]]:
    """The longest runs of code points in `mask`, as (first, last)."""
    runs: list[tuple[int, int]] = []
    for code in map(ord, characters(mask)):
        if runs and runs[-1][1] == code - 1:
            runs[-1] = (runs[-1][0], code)
        else:
            runs.append((code, code))
    return runs


def _quoted(code: int) -> str:
    shown = _ESCAPES.get(chr(code), chr(code))
    return f"`{shown}`" if shown.isprintable() else f"`\\x{code:02x}`"


def _vagueness(words: list[str]) -> tuple[int, int]:
    return sum(word.startswith("some ") for word in words), len(words)


def describe(mask: int) -> str:
    """Short text for people: ``only letters, digits and `_` ``, ``no `'`, `\\` ``, ``any character`` or ``nothing``."""
    if mask == ALL:
        return "any character"
    if mask == 0:
        return "nothing"
    present, absent = _names(mask), _names(ALL & ~mask)
    if _vagueness(absent) < _vagueness(present):
        return "no " + ", ".join(absent)
    if len(present) == 1:
        return f"only {present[0]}"
    return f"only {', '.join(present[:-1])} and {present[-1]}"
