"""Patterns for script elements and comments are tried on the spellings that browsers accept."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwelens.base.regex.tags import tag_holes

_I, _S = 2, 16


@pytest.mark.parametrize(
    ("pattern", "flags", "part"),
    [
        (r"<script>.*</script>", _I | _S, "`</script >`"),
        (r"<script.*?>.*?</script[^>]*>", _S, "upper case"),
        (r"<script.*?>.*?</script[^>]*>", _I, "several lines"),
        (r"<(script|SCRIPT)[^>]*>[^<]*</(script|SCRIPT)[^>]*>", 0, "mixed case"),
        (rb"(?is)<script[ \w=\"\n]*>.*</script[^>]*>", 0, "single quotes"),
        (r"<!--.*--!?>", 0, "several lines"),
        (r"<!--(.*)-->|<([^>]+)>", _S, "`--!>`"),
    ],
)
def test_holes(pattern: str | bytes, flags: int, part: str) -> None:
    """What is missed is named."""
    assert part in tag_holes(pattern, flags)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?is)<script[^>]*>.*?</script[^>]*>",
        r"<script>var page = (\d+);</script>",
        r"<script",
        r"[!-~<]+",
        r"^[ -~<]*script[ -~<]*$",
        r"<!--.*-->",
        r"(?s)<!--(.*)--!?>|<[^>]+>",
        r"(?s)<!--.*-->|<[^>]+>",
        "(",
        "",
    ],
)
def test_no_holes(pattern: str) -> None:
    """Complete filters, and what is none, are left alone."""
    assert tag_holes(pattern) == ""


@settings(max_examples=100, deadline=None)
@given(st.text("<script>/!-.*[^]?()|x \n", max_size=40).map("<script>{}".format))
def test_any_text_is_answered(pattern: str) -> None:
    """Arbitrary text ends in an answer."""
    assert isinstance(tag_holes(pattern), str)
