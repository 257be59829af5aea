"""Whatever is handed in, a review comes out, and it never claims that unread code is free of defects."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cwelens
from cwelens import Review, review

PACKAGE = Path(cwelens.__file__).parent
SOURCES = [
    PACKAGE / "checks/names.py",
    PACKAGE / "syntax/unit.py",
    PACKAGE / "cwe/ids.py",
    PACKAGE / "report/words.py",
]


@pytest.fixture(autouse=True)
def _faults_are_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CWELENS_DEBUG", "1")


def _is_truthful(result: Review) -> None:
    if result.regions or any(file.status != "read" for file in result.inputs):
        assert result.verdict != "none-detected", [region.reason for region in result.regions]
    assert sum(result.counts.operations.values()) == len(result.description.operations)
    counts = result.counts
    assert counts.calls_seen == counts.calls_resolved + counts.calls_modelled + counts.calls_unresolved


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200))
def test_arbitrary_text(text: str) -> None:
    """Text of any kind."""
    _is_truthful(review(text))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SOURCES), st.integers(0, 2**32))
def test_mutated_code(path: Path, seed: int) -> None:
    """Real code with slices taken out, doubled, moved and characters put in."""
    chance = random.Random(seed)
    text = path.read_text(encoding="utf-8")
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.randint(0, 60))
        piece = text[start:end]
        kind = chance.randrange(4)
        if kind == 0:
            text = text[:start] + text[end:]
        elif kind == 1:
            text = text[:end] + piece + text[end:]
        elif kind == 2:
            text = (
                text[:start]
                + chance.choice(["(", ")", '"""', "'", ":", "\n  ", "\t", "\x00", "é", "{", "}"])
                + text[start:]
            )
        else:
            text = text[start:] + text[:start]
    _is_truthful(review(text))
