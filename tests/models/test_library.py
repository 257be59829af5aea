"""What must hold of every model file, and of all of them together."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

from cwelens.models import consistency, index, store, table
from cwelens.models.schema import Misuse, Setting, Sink

VOCABULARY = store.read_vocabulary()
PATHS = sorted(store.LIBRARY.glob("*.toml"))
RULES = store.HERE.parent / "checks" / "rules.toml"
EXAMPLE = 'bad = "x"\ngood = "y"\n'


@pytest.mark.parametrize("path", PATHS, ids=[path.name for path in PATHS])
def test_file_keeps_the_schema(path: Path) -> None:
    """The file is read without an error, says where its facts are from, and its examples are Python."""
    file = store.File(path.name, store.read_toml(path), VOCABULARY)
    assert file.doc.startswith("https://")
    assert file.entries
    for entry in file.entries:
        for snippet in (entry.example.bad, entry.example.good):
            ast.parse(snippet.replace("$CALL", "call").replace("$NAME", "name"), entry.where)


def test_files_do_not_contradict_each_other() -> None:
    """No package is two libraries, no alias two names, no fact stands in two places, and rows use no alias."""
    assert consistency.problems(store.read_files(), index.load()) == []


def strings(value: object) -> set[str]:
    """Every text in a TOML value."""
    if isinstance(value, str):
        return {value}
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {text for item in inner for text in strings(item)}


def test_every_concept_has_a_rule() -> None:
    """A row whose concept no rule uses could never report anything."""
    if not RULES.exists():
        pytest.skip("checks/rules.toml is not there yet")
    used = strings(tomllib.loads(RULES.read_text(encoding="utf-8")))
    rows = [
        e.row
        for file in store.read_files()
        for e in file.entries
        if isinstance(e.row, Sink | Misuse | Setting)
    ]
    assert {row.concept for row in rows if isinstance(row, Sink | Misuse | Setting)} - used == set()


def test_contradictions_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two libraries of a package, two names of an alias, a fact in two files, a row under an alias and an alias of itself are all reported."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    library = tmp_path / "library"
    library.mkdir()
    text = 'library = "A"\npackages = ["shop"]\n[alias]\n"shop.old" = "shop.{}"\n[[misuse]]\ncall = "shop.old"\nis = "hash.weak"\n'
    (library / "a.toml").write_text(text.format("new") + EXAMPLE)
    (library / "b.toml").write_text(text.format("newer").replace('"A"', '"B"') + EXAMPLE)
    (library / "c.toml").write_text(
        'library = "C"\npackages = ["c"]\n[alias]\n"c.a" = "c.b"\n"c.b" = "c.a"\n'
    )
    found = consistency.problems(store.read_files(library), index.load.__wrapped__(library))
    assert found == [
        "b.toml: package shop is B, and A in a.toml",
        "b.toml: alias shop.old is shop.newer, and shop.new in a.toml",
        "c.toml: alias c.a leads back to itself",
        "c.toml: alias c.b leads back to itself",
        "a.toml: misuse[0] shop.old: shop.old is an alias; write shop.newer",
        "b.toml: misuse[0] shop.old: shop.old is an alias; write shop.newer",
        "b.toml: misuse[0] shop.old: shop.old says the same as a.toml: misuse[0] shop.old",
    ]


def test_page_of_models() -> None:
    """The page counts rows by library and kind, and names the libraries behind each concept."""
    raw = {
        "library": "Shop",
        "packages": ["shop"],
        "doc": "https://shop.example/",
        "misuse": [{"call": ["shop.a", "shop.b"], "is": "hash.weak", "bad": "x", "good": "y"}],
    }
    page = table.render([store.File("shop.toml", raw, VOCABULARY)], VOCABULARY)
    assert "1 files, 1 rows, 2 names." in page
    assert "| [Shop](https://shop.example/) | `shop` | 1 | | | 1 | | | | | | | |" in page
    assert f"| `hash.weak` | {VOCABULARY.concepts['hash.weak'].description} | 2 | Shop |" in page
