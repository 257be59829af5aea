"""A project's own models: what its own functions and the libraries it uses mean, written by whoever knows them.

They are the files `.cwelens/models/*.toml` of a project, and `[[tool.cwelens.models.TABLE]]` in its `pyproject.toml`, in the language of
docs/models.md. `library` and `packages` may be left out, and so may examples; `sanitizer` may be written for `neutraliser`. A name may be
one of the project's functions. A row that breaks the schema is reported with file, line and column.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cwelens.models import index, store
from cwelens.models.places import place
from cwelens.models.schema import ROWS, ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cwelens.models.vocabulary import Vocabulary

FOLDER = Path(".cwelens") / "models"
PYPROJECT = "pyproject.toml"
_TABLES = {kind.TABLE for kind in ROWS}
_SYNONYMS = {"sanitizer": "neutraliser"}
_IN_PYPROJECT = "tool.cwelens.models"
# The marks of a project's top directory: what lies above it belongs to something else.
_TOPS = (".git", ".hg", PYPROJECT)


@dataclass(slots=True)
class Own:
    """The models of a project: the files they stand in, and one sentence per error, each starting with `path:line:column:`."""

    files: list[store.File] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(len(file.entries) for file in self.files)


def find(paths: Iterable[str | Path]) -> list[Path]:
    """The model files of the projects that the paths belong to, in order; a path to a TOML file is that file."""
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        if path.suffix == ".toml" and path.is_file():
            found[path] = None
        else:
            found.update(dict.fromkeys(_above(path)))
    return list(found)


def _above(path: Path) -> list[Path]:
    """The model files in the directory of the path or in the nearest one above it, up to the top of the project."""
    start = path if path.is_dir() else path.parent
    top = start
    while True:
        here = sorted((top / FOLDER).glob("*.toml")) if (top / FOLDER).is_dir() else []
        if _mentions(top / PYPROJECT):
            here.append(top / PYPROJECT)
        if here or any((top / mark).exists() for mark in _TOPS):
            return here
        above = top.parent if top.name not in ("", "..") else (top / "..").resolve()
        if above == top:
            return []
        top = above


def _mentions(pyproject: Path) -> bool:
    """Whether the file has models: text first, since most have none and parsing takes time."""
    try:
        return _IN_PYPROJECT in pyproject.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def read(paths: Iterable[Path], vocabulary: Vocabulary | None = None) -> Own:
    """The models in these files, with everything that is wrong in them."""
    vocabulary = vocabulary or store.read_vocabulary()
    own = Own()
    for path in paths:
        _read_file(path, vocabulary, own)
    return own


def _read_file(path: Path, vocabulary: Vocabulary, own: Own) -> None:
    try:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except OSError as error:
        own.errors.append(f"{path}:1:1: cannot be read: {error.strerror}")
        return
    except UnicodeDecodeError:
        own.errors.append(f"{path}:1:1: is not UTF-8")
        return
    except tomllib.TOMLDecodeError as error:
        own.errors.append(_syntax(path, str(error), text))
        return
    prefix = ""
    if path.name == PYPROJECT:
        prefix = f"{_IN_PYPROJECT}."
        raw = _section(raw)
    header: dict[str, object] = {"library": "this project", "packages": []}
    rows: dict[str, list[tuple[str, int, object]]] = {}
    for key, value in raw.items():
        table = _SYNONYMS.get(key, key)
        if table not in _TABLES:
            header[key] = value
        elif isinstance(value, list):
            rows.setdefault(table, []).extend((key, number, row) for number, row in enumerate(value))
        else:
            own.errors.append(f"{path}:1:1: {key}: write rows under [[{prefix}{key}]]")
    good: dict[str, object] = {}
    for table, written in rows.items():
        kept: list[object] = []
        for key, number, row in written:
            try:
                store.File(path.name, {**_plain(header), table: [row]}, vocabulary, shipped=False)
            except ModelError as error:
                line, column = place(text, prefix + key, number, error.field)
                problem = str(error).partition(": ")[2].partition(": ")[2] or str(error)
                own.errors.append(f"{path}:{line}:{column}: {key}[{number}]: {problem}")
            else:
                kept.append(row)
        good[table] = kept
    try:
        own.files.append(store.File(str(path), {**header, **good}, vocabulary, shipped=False))
    except ModelError as error:
        known = {"library", "packages", "doc", "alias"}
        key = error.field or next((key for key in header if key not in known), "")
        line, column = place(text, "", -1, key)
        own.errors.append(f"{path}:{line}:{column}: {str(error).removeprefix(f'{path}: ')}")


def _plain(header: dict[str, object]) -> dict[str, object]:
    """A header without fault, so that a row is judged by itself."""
    library = header["library"]
    return {"library": library if isinstance(library, str) and library.strip() else "this project"}


def _section(raw: dict[str, object]) -> dict[str, object]:
    section: object = raw
    for key in _IN_PYPROJECT.split("."):
        section = section.get(key) if isinstance(section, dict) else None
    return section if isinstance(section, dict) else {}


def _syntax(path: Path, message: str, text: str) -> str:
    """A TOML error, its place brought to the front."""
    reason, _, where = message.rpartition(" (at ")
    words = where.rstrip(")").replace(",", "").split()
    if len(words) == 4 and words[1].isdecimal() and words[3].isdecimal():
        return f"{path}:{words[1]}:{words[3]}: {reason}"
    return f"{path}:{text.count(chr(10)) + 1}:1: {reason or message}"


def extend(models: index.Models, own: Own) -> index.Models:
    """The models with the project's own beside them; its rows come first where the first one counts."""
    return models.extended(own.files) if own.files else models
