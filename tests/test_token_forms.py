"""The forms of keys: what was drawn in each form is found, what was typed to stand for it is not; and what counts as drawn."""

from __future__ import annotations

import random
import re._constants as sre
import re._parser as reader
from typing import Any

import pytest

from cwelens.base.randomness import drawn, made_up
from cwelens.base.token_forms import FORMS, Form, form_of

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"


def sample(pattern: str, chance: random.Random, typed: bool = False) -> str:
    """A text that an expression matches: each character drawn, or the first that fits where it is `typed`."""

    def one(parts: Any) -> str:
        return "".join(piece(op, argument) for op, argument in parts)

    def piece(op: Any, argument: Any) -> str:
        if op is sre.LITERAL:
            return chr(argument)
        if op is sre.IN:
            text = next(iter(argument))
            pool = [c for c in LETTERS if re_in(argument, c)]
            assert pool, text
            return pool[0] if typed else chance.choice(pool)
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            low, _, inner = argument
            return "".join(one(inner) for _ in range(low))
        if op is sre.SUBPATTERN:
            return one(argument[3])
        if op is sre.BRANCH:
            return one(chance.choice(argument[1]))
        raise AssertionError(op)

    return one(reader.parse(pattern))


def re_in(items: Any, char: str) -> bool:
    """Whether a class of characters holds one."""
    for op, argument in items:
        if op is sre.LITERAL and chr(argument) == char:
            return True
        if op is sre.RANGE and argument[0] <= ord(char) <= argument[1]:
            return True
        if op is sre.CATEGORY:
            digit = argument is sre.CATEGORY_DIGIT
            if char.isdigit() if digit else (char.isalnum() or char == "_"):
                return True
    return False


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.owner}-{form.pattern[:12]}")
def test_each_form(form: Form) -> None:
    """A drawn key is found in the middle of a text, and one that repeats a character is not."""
    chance = random.Random(form.pattern)
    key = sample(form.pattern, chance)
    found = form_of(f"'{key}' of the harbour")
    assert found is not None and found.owner == form.owner, key
    assert form_of(sample(form.pattern, chance, typed=True)) is None


def test_signed_tokens() -> None:
    """A token with a header and claims that can be read; the examples of the standard and anonymous ones are none."""
    head = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
    rest = "q3Zt81LmVxYw0RkPn5sJ7uHb2cDfGa9eTiKoXyWvQzM"
    assert form_of(f"{head}.eyJzdWIiOiJoYXJib3VyLTciLCJyb2xlIjoiYWRtaW4ifQ.{rest}") is not None
    assert form_of(f"{head}.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIn0.{rest}") is None
    assert form_of(f"{head}.eyJyb2xlIjoiYW5vbiIsImlzcyI6InBpZXIifQ.{rest}") is None
    assert form_of(f"eyJub3QiOiJhIHRva2VuIn0.eyJzdWIiOiJoYXJib3VyLTcifQ.{rest}") is None


def test_most_keys_count_as_drawn() -> None:
    """Keys of hex, of letters and digits, and of base 64 for addresses, in several lengths."""
    chance = random.Random(7)
    alphabets = (LETTERS[:6] + "0123456789", LETTERS[:-2], LETTERS)
    made = ["".join(chance.choices(a, k=k)) for a in alphabets for k in (20, 24, 32, 44) for _ in range(50)]
    assert sum(map(drawn, made)) > len(made) * 0.9


@pytest.mark.parametrize(
    "text",
    [
        "harbour.boats.models.MooringBackend2",
        "0012_auto_20240817_1432_merge_piers",
        "X-Harbour-Pier2-Key-Name-Of-Boat",
        "AES256_HMAC_SHA1",
        "l2pier_termination__l2pier",
        "123e4567-e89b-12d3-a456-426614174000",
        "https://example.org/a8f3kQz9LmX2/v1",
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ",
        "boats-by-harbour-2024-east-7",
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "aB3aB3aB3aB3aB3aB3aB3",
        "MonthlyMooringsPerPier2024",
        "",
    ],
)
def test_what_was_not_drawn(text: str) -> None:
    """Names, paths, dates, pictures, identifiers, alphabets and repetitions."""
    assert not drawn(text)


def test_what_was_typed() -> None:
    """Placeholders say what they are."""
    assert all(map(made_up, ["sk-FAKE-KEY-9", "your_key", "XXXXXXXX", "1234567890", "abcabcabcabc"]))
