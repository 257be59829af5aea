"""Masks of characters agree with what Python's own functions and predicates do."""

from __future__ import annotations

import base64
import math
import string
import uuid
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwelens.base import chars


@pytest.mark.parametrize("name", sorted(chars.STR_PREDICATES))
def test_predicates(name: str) -> None:
    """A single character is in the mask of a predicate when the predicate holds for it, or, for case, may beside others."""
    mask = chars.STR_PREDICATES[name]
    beside = {"islower": "a", "isupper": "A", "isidentifier": "a"}.get(name, "")
    for code in range(128):
        assert bool(mask >> code & 1) == getattr(beside + chr(code), name)(), chr(code)
    assert bool(mask & chars.NON_ASCII) == (name != "isascii")


@given(st.text(), st.binary(), st.floats(), st.integers())
def test_outputs_of_functions(text: str, data: bytes, number: float, integer: int) -> None:
    """What encoders and conversions return stays inside of their masks."""
    pairs = [
        (quote(text, errors="replace"), chars.URL_QUOTED),
        (quote_plus(text, errors="replace"), chars.URL_QUOTED_PLUS),
        (base64.b64encode(data).decode(), chars.BASE64),
        (base64.urlsafe_b64encode(data).decode(), chars.URLSAFE_BASE64),
        (data.hex(), chars.HEX),
        (str(integer), chars.INTEGER),
        (str(number), chars.FLOAT),
        (str(uuid.uuid5(uuid.NAMESPACE_DNS, repr(text))), chars.UUID),
    ]
    for output, mask in pairs:
        assert chars.of(output) & ~mask == 0
    assert chars.of(str(math.inf) + str(math.nan)) & ~chars.FLOAT == 0


@given(st.text(), st.integers(0, 300), st.integers(0, 300))
def test_masks(text: str, low: int, high: int) -> None:
    """`of`, `between` and `characters` agree with each other."""
    assert chars.characters(chars.of(text)) == "".join(sorted({c for c in text if c.isascii()}))
    assert chars.between(low, high) == chars.of("".join(map(chr, range(low, high + 1))))


@pytest.mark.parametrize(
    ("mask", "text"),
    [
        (chars.ALL, "any character"),
        (0, "nothing"),
        (chars.ASCII_ALNUM | chars.of("_"), "only letters, digits and `_`"),
        (chars.ALL & ~chars.of("'\\"), r"no `'`, `\`"),
        (chars.of(string.digits), "only digits"),
        (chars.of("ghijk\n\x00"), r"only `\x00`, `\n` and `g`-`k`"),
        (chars.ALL & ~chars.ALNUM, "no letters, digits, non-ASCII characters"),
    ],
)
def test_descriptions(mask: int, text: str) -> None:
    """Masks are described by groups, ranges and single characters, by what is absent when that is shorter."""
    assert chars.describe(mask) == text


@given(st.integers(0, chars.ALL))
def test_every_mask_has_a_description(mask: int) -> None:
    """A description is one short line for any mask."""
    assert chars.describe(mask).isprintable()
