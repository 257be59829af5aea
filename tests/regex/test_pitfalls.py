"""Slips in patterns are pointed at; patterns without them are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwelens.base.regex.pitfalls import domain_holes, overly_large_ranges


@pytest.mark.parametrize(
    ("pattern", "method", "offsets"),
    [
        (r"^https?://www.example.com/", "search", [13, 21]),
        (r"^https?://www\.example.com/", "search", [22]),
        (r"^(www\.)?shop.example.(com|net)$", "search", [13, 21]),
        (r"[\w.]+@example.de", "fullmatch", [14]),
        (r"^(a.example.org|b\.example\.org)$", "search", [3, 11]),
        (r"https://shop\.example\.org", "search", [0, 26]),
        (r"https://shop\.example\.org", "match", [26]),
        (r"^https://shop\.example\.org.*", "search", [27]),
        (r"shop\.example\.org\Z", "search", [0]),
        (b"^http://example.org/", "search", [15]),
    ],
)
def test_holes(pattern: str | bytes, method: str, offsets: list[int]) -> None:
    """Unescaped dots, missing starts and missing ends of host names are found where they are."""
    assert [offset for offset, _ in domain_holes(pattern, 0, method)] == offsets


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"^https?://www\.example\.com/", "search"),
        (r"^https?://www[.]example[.]com(?::\d+)?$", "search"),
        (r"https://shop\.example\.org", "fullmatch"),
        (r"^.+\.tar.gz$", "search"),
        (r"^com.example.Main$", "search"),
        (r"^a.b.c$", "search"),
        (r"^log.in$", "search"),
        (r"(", "search"),
        (r"", "search"),
    ],
)
def test_no_holes(pattern: str, method: str) -> None:
    """Escaped and anchored names, and what is no host name, have none."""
    assert domain_holes(pattern, 0, method) == []


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
    for found in (domain_holes(pattern), overly_large_ranges(pattern)):
        assert found == sorted(found)
        assert all(0 <= offset <= len(pattern) and text for offset, text in found)
