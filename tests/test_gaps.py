"""What could not be seen: one group for one module, hints that name its file, and names that mean no more than they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwelens import review
from cwelens.report.effects import effect_of
from cwelens.report.model import GapGroup

CODE = """
from pier.utils.path import is_below, is_known
from pier.times import http_date


def show(path):
    if is_below(path):
        print(http_date(3))
    return _open(path)


def _open(handle):
    return handle.full_name()


def other(handle):
    return handle.short_name()
"""


@pytest.fixture
def gaps(tmp_path: Path) -> dict[str, GapGroup]:
    """The groups of a program of one file of a package."""
    (tmp_path / "pier").mkdir()
    (tmp_path / "pier/__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "pier/app.py").write_text(CODE, encoding="utf-8")
    return {group.receiver: group for group in review(paths=[tmp_path / "pier"]).gaps}


def test_a_module_is_told_once(gaps: dict[str, GapGroup]) -> None:
    """Calls of imported functions and the imports themselves are one group, whose hint is the file of the module."""
    modules = [label for label in gaps if label.startswith("module ")]
    assert sorted(modules) == ["module pier.times", "module pier.utils.path"]
    path = gaps["module pier.utils.path"]
    assert [(m.kind, m.name) for m in path.members] == [
        ("call", "is_below"),
        ("import", "pier.utils.path.is_known"),
    ]
    assert path.ask == "pier/utils/path.py (module `pier.utils.path`)."


def test_callers_in_the_input_are_not_asked_for(gaps: dict[str, GapGroup]) -> None:
    """A parameter that the input itself fills is asked for by an annotation; one that it does not, by callers."""
    asked = [group.ask for label, group in gaps.items() if label.startswith("parameter ")]
    assert len(asked) == 1 and "n annotation of `handle`" in asked[0] and "the callers of `other`" in asked[0]


@pytest.mark.parametrize("name", ["http_get", "http", "fetch_url", "http_client", "urlopen"])
def test_names_of_requests(name: str) -> None:
    """A name that sends something looks like a request."""
    effect = effect_of("", name)
    assert effect is not None and effect.noun == "a request to another machine"


@pytest.mark.parametrize("name", ["http_date", "parse_http_list", "http_status_text", "is_http_method"])
def test_names_of_formats(name: str) -> None:
    """What only writes or reads a part of the protocol does not."""
    effect = effect_of("", name)
    assert effect is None or effect.noun != "a request to another machine"
