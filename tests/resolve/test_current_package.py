"""A review of the directory that one stands in, where that is a package: its modules have the names that they are imported by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cwelens.resolve.finder import Finder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`wharf/` with `cranes/` in it, and `wharf/` as the current directory."""
    folder = tmp_path / "wharf" / "cranes"
    folder.mkdir(parents=True)
    for directory in (folder, folder.parent):
        (directory / "__init__.py").write_text("")
    monkeypatch.chdir(folder.parent)
    return folder.parent


def test_names_begin_with_the_package_around(package: Path) -> None:
    finder = Finder([])
    assert finder.name("cranes/lift.py") == ("wharf.cranes.lift", ".", True)
    assert finder.name("berths.py") == ("wharf.berths", ".", True)
    assert finder.name("__init__.py") == ("wharf", ".", True)


def test_outer_packages_are_named_too(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(package / "cranes")
    assert Finder([]).name("lift.py") == ("wharf.cranes.lift", ".", True)


def test_a_program_that_is_started_there_keeps_its_names(package: Path) -> None:
    (package / "manage.py").write_text("")
    assert Finder([]).name("berths.py")[0] == "berths"


def test_a_plain_directory_gives_no_name(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(package.parent)
    assert Finder([]).name("notes.py") == ("notes", ".", False)
