"""What a match says about its subject is never too little (properties) and, for usual patterns, exact (examples)."""

from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cwelens.base import chars
from cwelens.base.regex.admits import absent_unless_found, admits, removes

ATOMS_TEXT = r"""
a b c k . \. ^ $ \A \Z \1 \d \D \w \W \s \S [a-c] [^a] [^a-z0-9] [^k] [ıa] [K] (?=a) (?=.*\Z)
(?!b) (?<=a) (a|b) (?:ab|c) (?>a|ab) (?i:k) (?a:\w) ( ) (?: | * + ? *? ?? *+ {2} {,2} {0} {1,2}
"""
ATOMS = ATOMS_TEXT.split()
FLAGS = (0, re.IGNORECASE, re.MULTILINE, re.DOTALL, re.ASCII, re.IGNORECASE | re.ASCII)
patterns = st.lists(st.sampled_from(ATOMS), min_size=1, max_size=6).map("".join)
subjects = st.text("abcijkKsI1 .-_\n\u212aıé٣\x1f", max_size=5)


def compiled(pattern: str, flags: int) -> re.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return re.compile(pattern, flags)
        except re.error:
            assume(False)
            raise


@settings(max_examples=500, deadline=None)
@given(
    patterns,
    st.sampled_from(FLAGS),
    st.sampled_from(("fullmatch", "match", "search")),
    st.lists(subjects, max_size=20),
)
def test_a_subject_is_admitted(pattern: str, flags: int, method: str, texts: list[str]) -> None:
    """A subject that matches holds only what its admission says, in every respect."""
    regex = compiled(pattern, flags)
    said = admits(pattern, flags, method)
    assert said is not None
    for text in [*texts, *"abckK1 .\n", "", "ab", "aa", "a\n", "ab\n"]:
        match = getattr(regex, method)(text)
        if match is None:
            continue
        assert chars.of(text) & ~said.chars == 0
        assert chars.of(match[0]) & ~said.matched == 0
        assert text.startswith(said.prefix)
        assert said.literals is None or text in said.literals
        for group, mask in said.groups.items():
            assert chars.of(match[group] or "") & ~mask == 0


@settings(max_examples=300, deadline=None)
@given(patterns, st.sampled_from(FLAGS), st.sampled_from(["", "_", "a", "é"]), subjects)
def test_what_is_removed_is_gone(pattern: str, flags: int, repl: str, text: str) -> None:
    """No character that is said to be removed is left, and none that a failed search excludes is there."""
    regex = compiled(pattern, flags)
    assert chars.of(regex.sub(repl, text)) & (removes(pattern, flags, repl) or 0) == 0
    if regex.search(text) is None:
        assert chars.of(text) & absent_unless_found(pattern, flags) == 0


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=30), st.binary(max_size=30)), st.integers(0, 511))
def test_any_text_has_an_answer(pattern: str | bytes, flags: int) -> None:
    """Arbitrary text as pattern gives an admission or None."""
    said = admits(pattern, flags, "match")
    assert said is None or 0 <= said.chars <= chars.ALL


WHOLE = [
    ("[a-z0-9_]+", 0, "fullmatch", "only lower-case letters, digits and `_`"),
    (r"[a-f]+\Z", 0, "match", "only `a`-`f`"),
    (r"\A\d+\Z", re.ASCII, "search", "only digits"),
    (r"^\d+$", re.ASCII, "search", "only digits and `\\n`"),
    (r"^[^'\\]*\Z", 0, "search", r"no `'`, `\`"),
    (r"^(?:asc|desc)\Z", 0, "search", "only `a`, `c`, `d`, `e` and `s`"),
    (r"(?=.*\d)[ab1]+\Z", 0, "match", "only `1`, `a` and `b`"),
    (r"\w+", re.ASCII, "fullmatch", "only letters, digits and `_`"),
    (rb"\w+", 0, "fullmatch", "only letters, digits and `_`"),
    (r"\w+", 0, "fullmatch", "only letters, digits, non-ASCII characters and `_`"),
    (r"[k]+", re.IGNORECASE, "fullmatch", "only non-ASCII characters, `K` and `k`"),
    (r"[k]+", re.IGNORECASE | re.ASCII, "fullmatch", "only `K` and `k`"),
    (r".*", 0, "fullmatch", r"no `\n`"),
    (r".*", re.DOTALL, "fullmatch", "any character"),
    (r"([ab])\1\Z", 0, "match", "only `a` and `b`"),
]


@pytest.mark.parametrize(("pattern", "flags", "method", "text"), WHOLE)
def test_whole_subjects(pattern: str, flags: int, method: str, text: str) -> None:
    """Anchored patterns constrain the whole subject, and by exactly these characters."""
    said = admits(pattern, flags, method)
    assert said is not None
    assert said.whole
    assert chars.describe(said.chars) == text


@pytest.mark.parametrize(
    ("pattern", "flags", "method"),
    [
        ("[a-z]+", 0, "match"),
        ("[a-z]+$", 0, "search"),
        ("^[a-z]+", 0, "search"),
        ("^a|b$", 0, "search"),
        ("^[a-z]+$", re.MULTILINE, "search"),
        ("[a-z]+$", re.MULTILINE, "match"),
        ("asc|desc$", 0, "match"),
        ("(?:^a)?b$", 0, "search"),
        (r"a(?!\Z)", 0, "match"),
    ],
)
def test_parts_of_subjects(pattern: str, flags: int, method: str) -> None:
    """Where an anchor is missing on one way through the pattern, nothing is said about the whole."""
    said = admits(pattern, flags, method)
    assert said is not None
    assert (said.whole, said.chars, said.literals) == (False, chars.ALL, None)


def test_trailing_newline_prefix_literals_and_groups() -> None:
    """`$` lets a newline pass, `\\Z` does not; prefixes, small languages and groups are read off."""
    said = admits(r"^/(?P<kind>img|css)/x$", 0, "match")
    assert said is not None
    assert said.trailing_newline
    assert said.prefix == "/"
    assert said.literals == frozenset(["/img/x", "/css/x", "/img/x\n", "/css/x\n"])
    assert said.groups["kind"] == said.groups[1] == chars.of("imgcs")
    strict = admits(r"(?i:no)|a{2}\Z", 0, "fullmatch")
    assert strict is not None
    assert strict.literals == frozenset(["no", "No", "nO", "NO", "aa"])
    assert not strict.trailing_newline
    assert admits("(", 0, "match") is None


@pytest.mark.parametrize(
    ("pattern", "repl", "gone"),
    [
        ("[^a-z]+", "", chars.ALL & ~chars.LOWER),
        ("[^a-z]", "-", chars.ALL & ~chars.LOWER & ~chars.of("-")),
        ("'|\"", "", chars.of("'\"")),
        (r"\s*;\s*", " ", chars.of(";")),
        (r"(\.\./)+", "", None),
        ("<script>", "", None),
        ("[<>]", r"\g<0>", None),
        ("a*+a", "", None),
        ("a{2}", "", None),
        ("(", "", None),
    ],
)
def test_removal(pattern: str, repl: str, gone: int | None) -> None:
    """Classes remove their members; sequences, references and what is no pattern tell nothing."""
    assert removes(pattern, 0, repl) == gone


@pytest.mark.parametrize("pattern", ["(?:^){0,16}", "a{256}", "a"])
def test_deep_nesting_is_no_burden(pattern: str) -> None:
    """Nested repetitions and chains of references cost no more than their length."""
    for _ in range(40):
        pattern = f"(?:{pattern}){{0,16}}" if "^" in pattern else f"(?:{pattern}){{256}}"
    assert admits(pattern, 0, "match") is not None
    chain = "(a)" + "".join(f"(\\{index}\\{index})" for index in range(1, 60))
    said = admits(f"{chain}(?<=\\60)", 0, "fullmatch")
    assert said is not None
    assert said.chars == chars.of("a")
