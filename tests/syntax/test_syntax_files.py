"""Which files are read, and what is said about the others."""

import os
from pathlib import Path

import pytest

from cwelens.syntax.files import File, Problem, Skipped, discover


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(root: Path, *names: str, text: str = "x = 1\n") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def files(*paths: str, vendored: bool = False) -> list[str]:
    return [found.shown for found in discover(paths, include_vendored=vendored) if isinstance(found, File)]


def skipped(*paths: str) -> dict[str, str]:
    return {found.path: found.reason for found in discover(paths) if isinstance(found, Skipped)}


def problems(*paths: str) -> dict[str, str]:
    return {found.path: found.reason for found in discover(paths) if isinstance(found, Problem)}


def test_python_files_are_found_in_the_order_of_their_names(tree: Path) -> None:
    """Scripts, notebooks and files with a shebang; nothing else."""
    write(tree, "b.py", "a/z.py", "a/b.pyw", "c.ipynb", "d.txt", "e.pyi", "LICENSE")
    write(tree, "tool", text="#!/usr/bin/env python3\nx = 1\n")
    write(tree, "shell", text="#!/bin/sh\n")
    assert files(".") == ["a/b.pyw", "a/z.py", "b.py", "c.ipynb", "tool"]
    assert skipped(".") == {"e.pyi": "a type stub: nothing in it runs"}


def test_a_named_file_is_read_whatever_its_name(tree: Path) -> None:
    """Also when it is ignored or in a directory that a walk would pass over."""
    write(tree, "vendor/a.txt", ".venv/b.md")
    assert files("vendor/a.txt", ".venv/b.md") == ["vendor/a.txt", ".venv/b.md"]


def test_what_is_not_the_projects_own_is_passed_over(tree: Path) -> None:
    """Version control, environments, installed and vendored packages, each with its reason."""
    write(
        tree,
        "a.py",
        ".git/h.py",
        "env/pyvenv.cfg",
        "env/x.py",
        "node_modules/n.py",
        "lib/site-packages/s.py",
        "pkg/_vendor/v.py",
    )
    write(tree, "pkg/__pycache__/c.py", "x.egg-info/e.py")
    assert files(".") == ["a.py"]
    assert skipped(".") == {
        ".git/": "version control",
        "env/": "a virtual environment",
        "lib/site-packages/": "installed packages",
        "node_modules/": "installed packages",
        "pkg/_vendor/": "vendored code",
        "x.egg-info/": "package metadata",
    }
    assert files(".", vendored=True) == ["a.py", "pkg/_vendor/v.py"]


def test_ignore_files_are_honoured_at_every_level(tree: Path) -> None:
    """The innermost decision wins; a file above the named directory counts within the repository."""
    write(tree, ".git/HEAD", "src/a.py", "src/gen/b.py", "src/gen/keep.py", "out/c.py", "src/local.py")
    write(tree, ".gitignore", text="out/\nlocal.py\n")
    write(tree, "src/.gitignore", text="gen/*\n!gen/keep.py\n")
    assert files(".") == ["src/a.py", "src/gen/keep.py"]
    assert files("src") == ["src/a.py", "src/gen/keep.py"]
    assert skipped("src")["src/local.py"] == "ignored by .gitignore"
    assert skipped(".")["out/"] == "ignored by .gitignore"


def test_an_ignored_directory_is_read_when_named(tree: Path) -> None:
    """Who names it wants it."""
    write(tree, ".git/HEAD", "out/c.py")
    write(tree, ".gitignore", text="out/\n")
    assert files("out") == ["out/c.py"]


def test_links_are_not_followed(tree: Path) -> None:
    """A link's target is read where it stands, or not at all."""
    write(tree, "t/a.py", "outside/o.py")
    (tree / "t" / "b.py").symlink_to(tree / "t" / "a.py")
    (tree / "t" / "c").symlink_to(tree / "outside")
    (tree / "t" / "loop").symlink_to(tree / "t")
    (tree / "t" / "gone.py").symlink_to(tree / "none.py")
    assert files("t") == ["t/a.py"]
    assert skipped("t") == {
        "t/b.py": "a symbolic link to another place in the tree",
        "t/c/": "a symbolic link out of the tree",
        "t/gone.py": "a symbolic link to nothing",
        "t/loop/": "a symbolic link to another place in the tree",
    }


def test_a_file_is_read_once(tree: Path) -> None:
    """However often it is named."""
    write(tree, "p/a.py")
    assert files("p", "p/a.py", ".") == ["p/a.py"]


def test_paths_that_cannot_be_read_are_problems(tree: Path) -> None:
    """Missing, empty and strange paths are reported, never raised."""
    (tree / "empty").mkdir()
    os.mkfifo(tree / "pipe")
    assert problems("none.py", "empty", "pipe", "a\0b") == {
        "none.py": "no such file or directory",
        "empty": "no Python files in the directory",
        "pipe": "neither a file nor a directory",
        "a\0b": "not a path",
    }
