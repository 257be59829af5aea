"""What the tests of the renderers share: hand-made reviews by name, and golden files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

SNAPSHOTS = Path(__file__).parent / "snapshots"


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compares a text with the golden file of a name, or writes it when CWELENS_UPDATE_SNAPSHOTS is 1."""

    def compare(name: str, text: str) -> None:
        path = SNAPSHOTS / name
        if os.environ.get("CWELENS_UPDATE_SNAPSHOTS") == "1":
            path.write_text(text, "utf-8", newline="\n")
        assert path.is_file(), (
            f"no golden file {name}; run with CWELENS_UPDATE_SNAPSHOTS=1 and read what it writes"
        )
        assert text == path.read_bytes().decode("utf-8")

    return compare


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the developer's terminal reaches a test."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
