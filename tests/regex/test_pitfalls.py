"""Slips in patterns are pointed at; patterns without them are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwelens.base.regex.pitfalls import open_dots, overly_large_ranges


@pytest.mark.parametrize(
    ("pattern", "offsets"),
    [
        (r"^https?://www.example.com/", [13, 21]),
        (r"^https?://www\.example.com/", [22]),
        (r"^(www\.)?shop.example.(com|net)$", [13, 21]),
        (r"[\w.]+@example.de", [14]),
        (r"^(a.example.org|b\.example\.org)$", [3, 11]),
        (b"^http://example.org/", [15]),
    ],
)
def test_dots(pattern: str | bytes, offsets: list[int]) -> None:
    """Unescaped dots of host names are found where they are."""
    assert [offset for offset, _ in open_dots(pattern)] == offsets


@pytest.mark.parametrize(
    "pattern",
    [
        r"^https?://www\.example\.com/",
        r"^https?://www[.]example[.]com(?::\d+)?$",
        r"https://shop\.example\.org",
        r"^.+\.tar.gz$",
        r"^com.example.Main$",
        r"^a.b.c$",
        r"^log.in$",
        r"(",
        r"",
    ],
)
def test_no_dots(pattern: str) -> None:
    """Escaped names, and what is no host name, have none."""
    assert open_dots(pattern) == []


@pytest.mark.parametrize(
    ("pattern", "offsets"),
    [("[A-z]", [1]), ("[^A-z-]", [2]), ("x[0-9A-z]", [5]), ("[+-a]", [1]), ("[$-_]", [1]), (r"[\--z]", [1])],
)
def test_large_ranges(pattern: str, offsets: list[int]) -> None:
    """Ranges that cross from one kind of characters to another are found."""
    assert [offset for offset, _ in overly_large_ranges(pattern)] == offsets


@pytest.mark.parametrize(
    "pattern",
    [
        "[a-zA-Z0-9_.-]",
        "[!-~]",
        "[ -~]",
        "[\x00-\x7f]",
        "[!#-;=-~]",
        r"[\x21-\x7e]",
        "[,-.]",
        "[é-ü]",
        "[a-f]",
        "[]-~]",
        "A-z",
        "[A-z",
    ],
)
def test_meant_ranges(pattern: str) -> None:
    """Ordinary ranges, and those that are spelled out as numbers, are not."""
    assert overly_large_ranges(pattern) == []


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(max_size=40),
        st.text("w.exampl:/()[|]-*+\\", max_size=40).map("{}.com".format),
        st.binary(max_size=40),
    )
)
def test_offsets_are_in_the_pattern(pattern: str | bytes) -> None:
    """Arbitrary text gives findings inside of it, in order."""
    for found in (open_dots(pattern), overly_large_ranges(pattern)):
        assert found == sorted(found)
        assert all(0 <= offset <= len(pattern) and text for offset, text in found)
