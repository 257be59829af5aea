"""Growth is found where it is, not where it is not, and every witness does make the work grow as it says."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwelens.base.regex.matcher import Matcher
from cwelens.base.regex.parser import parse
from cwelens.base.regex.redos import MAX_STEPS, Undecided, analyse

# (pattern, the offending part)
EXPONENTIAL = [
    # nested quantifiers
    (r"^(a+)+$", "(a+)+"),
    (r"(a+)+$", "(a+)+"),
    (r"^(?:x*)*y", "(?:x*)*"),
    (r"^(?:\d+)*;", r"(?:\d+)*"),
    (r"^((b+)+)+$", None),
    (r"^(\w+\s?)*$", r"(\w+\s?)*"),
    (r"^([a-z]+,?)+!$", "([a-z]+,?)+"),
    (r"^(?:[^,]+,?)*;$", "(?:[^,]+,?)*"),
    (r"q(?:(?:ab)+)+z", "(?:(?:ab)+)+"),
    (r"(a{1,100}){1,100}b", "(a{1,100}){1,100}"),
    (r"^(?:a{2,})+$", "(?:a{2,})+"),
    # adjacent loops inside of a loop
    (r"(x+x+)+y", "(x+x+)+"),
    (r"^(?:\w*\d*)*#", r"(?:\w*\d*)*"),
    (r"^(?:[a-z]*-?[a-z]*)*$", "(?:[a-z]*-?[a-z]*)*"),
    (r"^(?:\s*\w*\s*)*;", None),
    # overlapping alternation
    (r"^(a|a)*$", "(a|a)*"),
    (r"^(?:a|aa)+$", "(?:a|aa)+"),
    (r"^(?:a|b|ab)*c", "(?:a|b|ab)*"),
    (r"^(?:\w|\d)+$", r"(?:\w|\d)+"),
    (r"^(?:.|\s)*;;$", None),
    (r'^"(?:[^"]|\\.)*"$', r'(?:[^"]|\\.)*'),
    (r"^(?:[a-z]|[aeiou])+\d$", "(?:[a-z]|[aeiou])+"),
    (r"(?i)^(?:k|\u212a)*!", None),
    # optional parts
    (r"(?:a?a?)*b", "(?:a?a?)*"),
    (r"^((a*)*b)*c", None),
    (r"^(?:a?b?a?)*$", None),
    # addresses and the like
    (r"^([a-z0-9]+[._-]?)+@[a-z]+\.org$", "([a-z0-9]+[._-]?)+"),
    (r"^https?://([\w-]+\.?)+/$", r"([\w-]+\.?)+"),
    (r"^(?:/?[\w.]+)+\.html$", r"(?:/?[\w.]+)+"),
    (r"^<(?:\s*\w+(?:=\w*)?\s*)*>$", None),
    # what follows the loop stops at some words of it and not at others
    (r"'(?:\\'|.)*?'(?=[;,])", r"(?:\\'|.)*?"),
    (r"/(?!\*)(?:\\/|.)*?/g?(?=\W|$)", r"(?:\\/|.)*?"),
    # inside of other constructs
    (r"(?=(a+)+$)x", "(a+)+"),
    (r"^(?!(?:b+)+$)", "(?:b+)+"),
    (r"^(?:(?>(a+)+c)|x)$", "(a+)+"),
    (r"(?x) ^ ( a + ) + $ # spaced out", None),
    (b"^(\xff+)+$", None),
    (r"^(é+)+$", "(é+)+"),
]
# (pattern, method, degree)
POLYNOMIAL = [
    (r"\s+$", "search", 2),
    (r"^a*a*$", "match", 2),
    (r"^\d*\d*\d*$", "match", 3),
    (r"^\s*\s*\s*\s*$", "match", 4),
    (r"^.*,.*,$", "match", 2),
    (r"^.*a.*b.*c$", "match", 3),
    (r"\s*#", "search", 2),
    (r"[^,]*,", "search", 2),
    (r".*foo", "search", 2),
    (r"<!--.*-->", "search", 2),
    (r"^\w+\d+$", "match", 2),
    (r"^[a-z]+[a-z0-9]*@", "match", 2),
    (r"\S+@\S+\.", "search", 3),
    (r"^\s*(.*?)\s*$", "match", 3),
    (r"\w+$", "search", 2),
    (r"\d++$", "search", 2),
    (r"(?>\d+)$", "search", 2),
    (r"^(?:ab)*(?:ab)*$", "fullmatch", 2),
]
# (pattern, method)
SAFE = [
    (r"abc", "search"),
    (r"a{1,3}b{2}", "search"),
    (r"(a+)+", "search"),
    (r"(a+)+", "match"),
    (r"(?:a|a)*", "search"),
    (r"^a+$", "match"),
    (r"^a+$", "search"),
    (r"^(?:ab)+$", "match"),
    (r"^(?:ab+)+$", "match"),
    (r"^(?:a+b)+$", "match"),
    (r"^x*y*z*$", "match"),
    (r"^x+y+x+$", "match"),
    (r"^\d+\.\d+$", "match"),
    (r"^\w+(?:\s\w+)*$", "match"),
    (r"^[a-z]+(?:,[a-z]+)*!$", "match"),
    (r"^(?:a|b)*c", "match"),
    (r"^(?:a|bb)+$", "match"),
    (r"^(?:[a-z]|\d)+$", "match"),
    (r'^"(?:[^"\\]|\\.)*"$', "match"),
    (r"^(?:[^,]+,)*;$", "match"),
    (r"^[a-z0-9]+(?:[._-][a-z0-9]+)*@[a-z]+\.org$", "match"),
    (r"^https?://[\w-]+(?:\.[\w-]+)*/$", "match"),
    (r"^(?:/[\w.]+)+$", "match"),
    (r"^(?:a++)+$", "match"),
    (r"^(?>a+)+$", "match"),
    (r"^(?:(?>a|aa))+$", "match"),
    (r"^a*+a*+$", "match"),
    (r"^(?>(a+)+)$", "match"),
    (r"^[^,]*,", "search"),
    (r"^\s*#", "match"),
    (r"\s+$", "match"),
    (r"\A[\w.+-]+\Z", "fullmatch"),
    (r".*", "search"),
    (r"^.*$", "search"),
    (r"^(.*)$", "match"),
    (r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "match"),
    (r"^\d{1,3}(?:\.\d{1,3}){3}$", "match"),
    (r"^(?:a{3})+$", "match"),
    (r"^(?!.*\.\.)[\w.]+$", "match"),
    (r"^(?=.*\d)(?=.*[a-z]).{8,}$", "match"),
    (r"^([ab])\1*c$", "match"),
    (r"\w+", "search"),
    (r"^<(\w+)>[^<]*</\1>$", "match"),
    (r"(?s)^.*x", "match"),
]


STEPS = 10**5


def steps(pattern: str | bytes, method: str, subject: str, budget: int = STEPS) -> int:
    return Matcher(parse(pattern)).run(subject, method, budget).steps


@pytest.mark.parametrize(("pattern", "part"), EXPONENTIAL)
def test_exponential(pattern: str | bytes, part: str | None) -> None:
    """Exponential patterns are found, with the part at fault, and the work for their witness does explode."""
    found = analyse(pattern, method="search")
    assert found is not None
    assert (found.kind, found.degree, found.confirmed) == ("exponential", None, True)
    text = parse(pattern).text[found.offset : found.offset + found.length]
    assert f"`{text}`" in found.explanation
    assert part is None or text == part
    counts = [1]
    while counts[-1] < STEPS and len(counts) < 40:
        counts.append(steps(pattern, "search", found.prefix + found.pump * len(counts) + found.suffix))
    assert counts[-1] >= STEPS
    assert min(after / before for before, after in pairwise(counts[-4:-1])) > 1.4


@pytest.mark.parametrize(("pattern", "method", "degree"), POLYNOMIAL)
def test_polynomial(pattern: str, method: str, degree: int) -> None:
    """Polynomial patterns are found with their degree, and doubling the witness multiplies the work accordingly."""
    found = analyse(pattern, method=method)
    assert found is not None
    assert (found.kind, found.degree, found.confirmed) == ("polynomial", degree, True)
    few, many = (
        steps(pattern, method, found.prefix + found.pump * n + found.suffix, 10**6) for n in (16, 32)
    )
    assert 2 ** (degree - 0.75) < many / few < 2 ** (degree + 0.3)


@pytest.mark.parametrize(("pattern", "method"), SAFE)
def test_safe(pattern: str, method: str) -> None:
    """The safe twins are safe."""
    assert analyse(pattern, method=method) is None


def test_position_and_retry() -> None:
    """A finding says where in the text it is, and whether the method's own search is the outer loop."""
    pattern = r"key = (?:\w+\s?)*;"
    found = analyse(pattern)
    assert found is not None
    assert pattern[found.offset : found.offset + found.length] == r"(?:\w+\s?)*"
    retried, own = analyse(r"\s+$"), analyse(r"^\s*\s*$")
    assert retried is not None
    assert own is not None
    assert (retried.retry, own.retry) == (True, False)


@pytest.mark.parametrize("pattern", ["^(?:a+){20}$", "(?:a?){30}a{30}(?:b+)+$"])
def test_growth_past_the_budget_is_not_confirmed(pattern: str) -> None:
    """Where even the shortest witness takes too many steps, the finding says that it was not confirmed."""
    found = analyse(pattern)
    assert found is not None
    assert (found.confirmed, found.degree) == (False, None)


_LONG = r"\w*marker\w*marker\w*marker\w*marker\w*marker\s*marker\d*marker\w*"


@pytest.mark.parametrize(
    ("pattern", "slow"),
    [
        (f"(?:{_LONG})+-", True),
        (f"^(?:{_LONG})+$", True),
        (f"(?:{_LONG}){{2,40}}-", False),
        (f"(?:;{_LONG})+-", True),
        (f"(?:{_LONG})+-?", False),
        (f"(?=.*x)(?:{_LONG})+-", False),
    ],
)
def test_growth_past_the_budget_is_proved(pattern: str, slow: bool) -> None:
    """Where one repetition is too long to count, structure decides: a limit, an early end and a condition leave it open."""
    found = analyse(pattern)
    assert found is not None
    assert (found.kind == "exponential" and found.confirmed) == slow


def test_flags_count() -> None:
    """Flags change the answer: a dot that stops at newlines, and letters that fold."""
    assert analyse(r"^(?:.|\n)+;", method="match") is None
    assert analyse(r"^(?:.|\n)+;", re.DOTALL, "match") is not None
    assert analyse(r"^(?:a|A)+;", method="match") is None
    assert analyse(r"^(?:a|A)+;", re.IGNORECASE, "match") is not None


@pytest.mark.parametrize("pattern", ["(a+", "(?:" + "|".join(f"x{n}*" for n in range(2000)) + ")*"])
def test_giving_up_is_not_safety(pattern: str) -> None:
    """What cannot be read or is too large is undecided."""
    with pytest.raises(Undecided):
        analyse(pattern)


HOSTILE = [
    "(" * 50 + "a*" + ")*" * 50,
    "(?:" + "|".join(f"[{chr(97 + n % 26)}-z]+" for n in range(200)) + ")*$",
    "a*" * 300 + "$",
    ".*" * 100 + "x",
    "(a)" + "".join(f"(\\{n}\\{n})" for n in range(1, 40)) + "*$",
    "(?:a?){30}a{30}" * 5 + "(?:b+)+$",
    "(?:[a-z]{1,4000}){1,4000}" * 3,
    "(?=" * 40 + "(a+)+$" + ")" * 40,
]


@pytest.mark.parametrize("pattern", HOSTILE)
def test_hostile_patterns_end(pattern: str) -> None:
    """Patterns made to be hard end within the bounds (seconds here stand for a hang, on any machine)."""
    begin = time.process_time()
    with suppress(Undecided):
        analyse(pattern)
    assert time.process_time() - begin < 10


parts = st.sampled_from(
    [
        "a",
        "b",
        "[ab]",
        ".",
        "a*",
        "a+",
        "b*",
        "(?:a|b)*",
        "(?:a+b?)+",
        "(?>a*)",
        "\\1",
        "(a*)",
        "$",
        "^",
        "|",
        "(?=a*$)",
        "(?:ab)*?",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(parts, min_size=1, max_size=5).map("".join), st.sampled_from(["search", "match", "fullmatch"])
)
def test_confirmed_growth_is_growth(pattern: str, method: str) -> None:
    """Whatever is confirmed grows faster than the subject: five times the work and more for three times the length."""
    try:
        found = analyse(pattern, 0, method)
    except Undecided:
        return
    if found is not None and found.confirmed:
        few, many = (steps(pattern, method, found.prefix + found.pump * n + found.suffix) for n in (40, 120))
        assert many > 5 * few or many >= STEPS


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text("ab()*+?|[]{}^$\\.1,-", max_size=30), st.binary(max_size=30)))
def test_any_text_is_analysed(pattern: str | bytes) -> None:
    """Arbitrary text gives an answer or Undecided."""
    try:
        analyse(pattern)
    except Undecided as error:
        assert str(error)


@settings(max_examples=100, deadline=None)
@given(st.text("ab", max_size=30), st.integers(1, MAX_STEPS))
def test_the_matcher_keeps_its_budget(subject: str, budget: int) -> None:
    """A match never takes more than one step past its budget, and says so when it stops there."""
    run = Matcher(parse("(?=(a|b|ab)*$)(?>(a|b)*)(a+b?)*c")).run(subject, "search", budget)
    assert run.steps <= budget + 1
    assert run.exhausted == (run.steps > budget)
