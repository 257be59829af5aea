"""Which weakness a phrase names.

A term is a name of a weakness in normal form: lower case, words split at punctuation, plurals and British
spelling undone. Terms come from the official names (whole, without the quoted part, and the quoted part
alone), the catalogue's alternate terms, and `common_names`. A phrase names something only when a whole term
is found at its edge: an unknown phrase names nothing, so it can never disagree with a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from cwelens.cwe.catalogue import Catalogue, catalogue
from cwelens.cwe.common_names import COMMON_NAMES, NOT_A_WEAKNESS
from cwelens.cwe.entry import Category, Weakness

_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_QUOTED_PART = re.compile(r"\s*\('([^)]*)'\)|\s*\(([^)']*)\)")
_ALTERNATES = re.compile(r" / |, | or |\s*[()]")
_LONGEST_WORD = 40
_COMPOUND = {"hardcoded": ("hard", "coded")}
_NOUNS = frozenset(
    [
        "attack",
        "bug",
        "defect",
        "error",
        "exploit",
        "finding",
        "flaw",
        "issue",
        "problem",
        "risk",
        "vuln",
        "vulnerability",
        "weakness",
    ]
)


class Word(NamedTuple):
    """A word in normal form, and where it stands in the text it was taken from."""

    normal: str
    start: int
    end: int


class Term(NamedTuple):
    """What a phrase names: the weaknesses themselves (best first), and other ids it may fairly stand beside."""

    meanings: tuple[int, ...]
    companions: tuple[int, ...] = ()


def words(text: str) -> list[Word]:
    """The words of `text` in normal form, in order; `hardcoded` is two words at one place."""
    found = []
    for match in _WORD.finditer(text):
        for part in _normal_forms(match[0]):
            found.append(Word(part, match.start(), match.end()))
    return found


@lru_cache(maxsize=8192)
def _normal_forms(word: str) -> tuple[str, ...]:
    lower = word.lower()
    return tuple(_singular(part) for part in _COMPOUND.get(lower, (lower,)))


def _singular(word: str) -> str:
    word = word.replace("isation", "ization")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "os")):
        return word[:-1]
    return word


def normal(text: str) -> str:
    """`text` as a term: its normal words joined by single spaces."""
    return " ".join(word.normal for word in words(text))


class Terms:
    """The terms of a catalogue, found at the start, at the end, or as the whole of a phrase."""

    def __init__(self, of: Catalogue) -> None:
        self._catalogue = of
        self._terms = _terms(of)
        self._lengths_by_first = _lengths(self._terms, 0)
        self._lengths_by_last = _lengths(self._terms, -1)

    def may_end(self, text: str) -> bool:
        """Whether the last word of `text` can end a name: a cheap test before `at_end`."""
        last = words(text[-_LONGEST_WORD:])
        return bool(last) and (last[-1].normal in self._lengths_by_last or last[-1].normal in _NOUNS)

    def at_start(self, phrase: list[Word]) -> tuple[Term, int] | None:
        """The longest term that `phrase` starts with, and its number of words."""
        for length in self._lengths_by_first.get(phrase[0].normal, ()) if phrase else ():
            if length <= len(phrase) and (term := self._term(phrase[:length])):
                return term, length
        return None

    def at_end(self, phrase: list[Word]) -> tuple[Term, int] | None:
        """The longest term that `phrase` ends with, and its number of words.

        `vulnerability` and the like may follow the term; they count among its words.
        """
        stop = len(phrase)
        while stop:
            last = phrase[stop - 1].normal
            for length in self._lengths_by_last.get(last, ()):
                if length <= stop and (term := self._term(phrase[stop - length : stop])):
                    return term, length + len(phrase) - stop
            if last not in _NOUNS:
                break
            stop -= 1
        return None

    def _term(self, phrase: list[Word]) -> Term | None:
        return self._terms.get(" ".join([word.normal for word in phrase]))

    def whole(self, text: str) -> Term | None:
        """The term that all of `text` is, also as an identifier: `SqlInjection`, `path-injection`."""
        for spelling in (text, _CAMEL.sub(" ", text)):
            phrase = words(spelling)
            found = self.at_end(phrase)
            if found and found[1] == len(phrase):
                return found[0]
        return None

    def agrees(self, number: int, term: Term) -> bool:
        """Whether a CWE may stand beside a phrase that names `term`.

        It may when it is a companion of the term, and when it and a meaning of the term are related: one
        covers the other, one can lead to the other, or it is a category that holds kin of the meaning."""
        return any(self._related(number, meaning) for meaning in term.meanings) or any(
            number == companion or self._holds(companion, number) for companion in term.companions
        )

    def _related(self, number: int, meaning: int) -> bool:
        if self._holds(number, meaning):
            return True
        return (
            self._catalogue.kin(number, meaning)
            or self._leads(number, meaning)
            or self._leads(meaning, number)
        )

    def _holds(self, group: int, number: int) -> bool:
        """Whether `group` is a category with kin of `number` in it."""
        known = self._catalogue
        return isinstance(known.get(group), Category) and any(
            known.kin(member, number) for member in known.weaknesses_in(group)
        )

    def _leads(self, cause: int, effect: int) -> bool:
        entry = self._catalogue.get(cause)
        return isinstance(entry, Weakness) and any(self._catalogue.covers(p, effect) for p in entry.precedes)


@cache
def terms() -> Terms:
    """The terms of the packaged catalogue, built once per process (some 50 ms)."""
    return Terms(catalogue())


def is_weakness_noun(word: str) -> bool:
    """Whether a normal word only says that the words before it name a weakness: `vulnerability`, `flaw` …"""
    return word in _NOUNS


def _lengths(found: Iterable[str], position: int) -> dict[str, list[int]]:
    """For each word at `position` of a term, the numbers of words of such terms, longest first."""
    lengths: dict[str, set[int]] = {}
    for term in found:
        parts = term.split(" ")
        lengths.setdefault(parts[position], set()).add(len(parts))
    return {word: sorted(numbers, reverse=True) for word, numbers in lengths.items()}


def _terms(of: Catalogue) -> dict[str, Term]:
    ids: dict[str, dict[int, None]] = {}
    for entry in of:
        if isinstance(entry, Weakness) and not entry.deprecated:
            for name in _names(entry):
                ids.setdefault(normal(name), {})[entry.id] = None
    for unusable in ["", *map(normal, NOT_A_WEAKNESS.split(";"))]:
        ids.pop(unusable, None)
    found = {term: Term(tuple(numbers)) for term, numbers in ids.items()}
    for meanings, companions, names in COMMON_NAMES:
        found.update((normal(name), Term(meanings, companions)) for name in names.split(";"))
    return found


def _names(entry: Weakness) -> list[str]:
    names = [entry.name]
    if quoted := _QUOTED_PART.search(entry.name):
        names.append(entry.name[: quoted.start()] + entry.name[quoted.end() :])
        if quoted[1]:
            names.append(quoted[1])
    for term in entry.alternate_terms:
        names.append(term)
        names += _ALTERNATES.split(term)
    return names
