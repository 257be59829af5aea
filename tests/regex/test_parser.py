"""The parser and the matcher agree with the standard library's engine, which is the reference for both."""

from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwelens.base.regex import tree
from cwelens.base.regex.matcher import Matcher
from cwelens.base.regex.parser import MAX_LENGTH, MAX_NESTING, RegexError, parse

ATOMS_TEXT = r"""
a b k é . \. ^ $ \b \B \A \Z \1 \d \w \W \s [a-c] [^a] [\w-] [z-a] [ ] - (?=a) (?!b) (?<=a)
(?<!ab) (?<=a*) (?P<n>a|b) (?P=n) (?(1)a|b) (?>a|ab) (?i:K) (?-i:a) (?s:.) (?a:\w) (?i) (?x)
(?#c) ( ) (?: | * + ? *? +? *+ ?? { } {2} {,2} {1,2} {2,}+ {3,2} \8 \07 \x61 \q \ # (?P<
"""
ATOMS = [*ATOMS_TEXT.split(), " ", "\n"]
SUBJECTS = ("", "a", "b", "k", "K", "\u212a", "é", "ab", "aab", "abab", "a\n", "b a", "_1", "٣", ".", "ba\n")
FLAGS = (0, re.IGNORECASE, re.MULTILINE, re.DOTALL, re.ASCII)
# The tokenizer of `re` looks into the escapes of comments; what it makes of the last character is its own.
patterns = (
    st.lists(st.sampled_from(ATOMS), min_size=1, max_size=7)
    .map("".join)
    .filter(lambda p: not p.endswith("\\"))
)


def compiled(pattern: str, flags: int) -> re.Pattern[str] | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return re.compile(pattern, flags)
        except (re.error, OverflowError, ValueError):
            return None


@settings(max_examples=400, deadline=None)
@given(patterns, st.sampled_from(FLAGS))
def test_matching_agrees_with_re(pattern: str, flags: int) -> None:
    """What is accepted, and the span of each match, are those of `re`."""
    reference = compiled(pattern, flags)
    try:
        matcher = Matcher(parse(pattern, flags))
    except RegexError:
        assert reference is None
        return
    assert reference is not None
    for subject in SUBJECTS:
        if not subject and "\\B" in pattern:
            continue  # Python 3.14 changed what `\B` does on an empty subject
        for method in ("match", "fullmatch", "search"):
            found = getattr(reference, method)(subject)
            run = matcher.run(subject, method, 100_000)
            assert not run.exhausted
            assert run.span == (found.span() if found else None), (subject, method)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=40), st.binary(max_size=40)), st.integers(0, 511))
def test_any_text_is_read_or_refused(pattern: str | bytes, flags: int) -> None:
    """Arbitrary text and flags give a tree or a RegexError, nothing else."""
    try:
        root = parse(pattern, flags).root
    except RegexError as error:
        assert 0 <= error.offset <= len(pattern)
    else:
        assert all(0 <= node.start <= node.end <= len(pattern) for node in root.walk())


@pytest.mark.parametrize("flag", ["IGNORECASE", "LOCALE", "MULTILINE", "DOTALL", "UNICODE", "VERBOSE"])
def test_flags_have_the_values_of_re(flag: str) -> None:
    """The flag constants are those of the standard library."""
    assert getattr(tree, flag) == getattr(re, flag)
    assert re.ASCII == tree.ASCII_ONLY


def test_case_folding_agrees_with_re() -> None:
    """Whether two characters match each other under IGNORECASE is decided as `re` decides it."""
    letters = [
        chr(code)
        for code in [*range(0x20, 0x250), *range(0x370, 0x400), 0x1E9E, 0x212A, 0x212B, 0xFB05, 0xFB06]
    ]
    for letter in "aiksIKS\u0130\u0131\u017f\u212a\u00b5\u00e5\u00df":
        pattern = re.compile(re.escape(letter), re.IGNORECASE)
        charset = parse(re.escape(letter), re.IGNORECASE).root.charset  # type: ignore[attr-defined]
        for other in letters:
            assert charset.contains(other) == bool(pattern.fullmatch(other)), (letter, other)


@pytest.mark.parametrize(
    "pattern",
    [
        "(" * 5000 + ")" * 5000,
        "a" * (MAX_LENGTH + 1),
        "a{99999999999999}",
        "(?<=a*)",
        "[b-a]",
        "a\\",
        b"\\u0041",
    ],
)
def test_what_is_refused(pattern: str | bytes) -> None:
    """Texts past a bound, and patterns that are wrong, are refused."""
    with pytest.raises(RegexError):
        parse(pattern)


def test_newer_syntax_is_read_on_every_version() -> None:
    """`\\z`, which only Python 3.14 knows, is read everywhere; nesting up to the bound is too."""
    assert Matcher(parse(r"a\z")).run("a", "match", 100).span == (0, 1)
    parse("(" * (MAX_NESTING - 1) + "a" + ")" * (MAX_NESTING - 1))


@pytest.mark.parametrize(
    ("pattern", "subject"),
    [("(?x)a # b \\\n c", "a"), ("(?x)a # (\n b", "ab"), ("(?#a\\)b)c", "c"), ("(?x) a \\ b", "a b")],
)
def test_comments(pattern: str, subject: str) -> None:
    """Comments end where `re` ends them."""
    assert re.fullmatch(pattern, subject)
    assert Matcher(parse(pattern)).run(subject, "fullmatch", 100).span == (0, len(subject))
