"""Bytes to text, the way Python reads its own sources, and on when they are not what they claim to be.

Invariants: never raises; the text has "\\n" line ends only, no NUL and no lone surrogate; whatever was replaced or guessed to
get there is a notice with its line.
"""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# PEP 263.
_DECLARATION = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.ASCII)
_BLANK = re.compile(rb"^[ \t\f]*(?:#.*)?$")
_MAGIC = {
    b"\x7fELF": "an ELF binary",
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"\x89PNG": "a PNG image",
    b"%PDF-": "a PDF document",
    b"SQLite format 3\x00": "an SQLite database",
}
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\v\b\x1a\x1b"))
_SAMPLE = 8192
_SURROGATE = re.compile("[\ud800-\udfff]")


class Decoded:
    """`text` is None when the bytes are not text. `notices` are (reason, line from 1)."""

    __slots__ = ("encoding", "notices", "text")

    def __init__(self, text: str | None, encoding: str, notices: list[tuple[str, int]]) -> None:
        self.text = text
        self.encoding = encoding
        self.notices = notices


def decode(data: bytes) -> Decoded:
    """The text of a file's bytes: by BOM, by declaration (PEP 263), as UTF-8, else as Latin-1 with a notice."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _decode_as(
                data[len(bom) :], encoding, f"not valid {encoding.upper()} after its byte order mark"
            )
    wide = _wide(data)
    if wide:
        return _decode_as(data, wide, f"not valid {wide.upper()}")
    reason = _binary(data)
    if reason:
        return Decoded(None, "", [(f"the input is not text: {reason}", 1)])
    declared = _declared(data)
    if declared:
        codec = _text_codec(declared)
        if codec is None:
            return _decode_as(
                data, "utf-8", "not valid UTF-8", [(f"unknown encoding declared: {declared}", 1)]
            )
        return _decode_as(data, codec, f"not valid in its declared encoding {declared}")
    return _decode_as(data, "utf-8", "not valid UTF-8")


def normalise(text: str) -> tuple[str, list[tuple[str, int]]]:
    """Text with "\\n" line ends and without NUL or lone surrogates (each replaced at the same width), and notices of these."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    notices = []
    if "\0" in text:
        notices.append(("a NUL character (read as a space)", text.count("\n", 0, text.index("\0")) + 1))
        text = text.replace("\0", " ")
    if not text.isascii():
        lone = _SURROGATE.search(text)
        if lone:
            notices.append(("a lone surrogate (replaced)", text.count("\n", 0, lone.start()) + 1))
            text = _SURROGATE.sub("\ufffd", text)
    return text, notices


def _decode_as(
    data: bytes, encoding: str, fault: str, notices: list[tuple[str, int]] | None = None
) -> Decoded:
    notices = list(notices or [])
    try:
        text = data.decode(encoding)
    except (UnicodeError, ValueError) as error:
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        notices.append((f"{fault}: read as Latin-1", data.count(b"\n", 0, start) + 1))
        encoding = "latin-1"
        text = data.decode(encoding)
    text, more = normalise(text.removeprefix("\ufeff"))
    return Decoded(text, encoding, notices + more)


def _declared(data: bytes) -> str | None:
    lines = re.split(rb"\r\n?|\n", data[:1000], maxsplit=2)
    for line in lines[:2]:
        match = _DECLARATION.match(line)
        if match:
            return match.group(1).decode("ascii", "replace")
        if not _BLANK.match(line):
            return None
    return None


def _text_codec(name: str) -> str | None:
    """The canonical name of a text encoding; None for what Python does not know or what is no text encoding (rot13, zlib)."""
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError, ImportError):
        return None
    return codec.name if codec._is_text_encoding else None


def _wide(data: bytes) -> str | None:
    """UTF-16 without a byte order mark: ASCII text has a NUL in every other byte."""
    sample = data[: _SAMPLE & ~1]
    if len(sample) < 8 or b"\0" not in sample:
        return None
    half = len(sample) // 2
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if odd > 0.8 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.8 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _binary(data: bytes) -> str | None:
    for magic, name in _MAGIC.items():
        if data.startswith(magic):
            return name
    sample = data[:_SAMPLE]
    controls = len(sample) - len(sample.translate(None, _CONTROL))
    return "binary data" if controls > max(1, len(sample) // 20) else None
