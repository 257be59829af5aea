"""Model files as plain data: read from TOML and checked row by row, or from the compiled copy of them (like a `.pyc`).

The compiled copy is the TOML in JSON without what only tests need. It holds while (name, size, mtime) of every model file are
those it was made from. It is never trusted more than the files: rows from it go through the same constructors, and
anything odd in it means that the files are read again. It is written atomically, and failing to write it is no error.
"""

from __future__ import annotations

import os
import sys
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from cwelens.models.ports import compile_pattern, is_dotted
from cwelens.models.reader import Table
from cwelens.models.schema import (
    EXAMPLE_FIELDS,
    ROWS,
    ConditionalRow,
    Evidence,
    Example,
    Likeness,
    ModelError,
    Row,
)
from cwelens.models.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
LIBRARY = HERE / "library"
CONCEPTS = HERE / "concepts.toml"
FORMAT = 1

RawRow: TypeAlias = dict[str, object]
Stamp: TypeAlias = list[list[object]]
_HEADER = {"library", "packages", "doc", "alias"}


class Data:
    """Every model file, unparsed: the vocabulary's tables, package → library, alias → name, and [library, row] by table."""

    __slots__ = ("alias", "packages", "rows", "vocabulary")

    def __init__(self, vocabulary: object, packages: object, alias: object, rows: object) -> None:
        self.vocabulary = Vocabulary(vocabulary)
        self.packages = _texts(packages)
        self.alias = _texts(alias)
        self.rows = _rows(rows)

    def with_rows(
        self, packages: dict[str, str], alias: dict[str, str], rows: dict[str, list[tuple[str, RawRow]]]
    ) -> Data:
        """The same vocabulary with other models."""
        made = Data.__new__(Data)
        made.vocabulary, made.packages, made.alias, made.rows = self.vocabulary, packages, alias, rows
        return made


def _rows(raw: object) -> dict[str, list[tuple[str, RawRow]]]:
    """`raw` if it has the shape of rows; what a row holds is checked when it is made."""
    good = isinstance(raw, dict) and all(
        isinstance(row, list | tuple)
        and len(row) == 2
        and isinstance(row[0], str)
        and isinstance(row[1], dict)
        for listed in raw.values()
        for row in listed
    )
    if not good:
        raise ModelError("rows are wanted as lists of library and row, by table")
    return cast("dict[str, list[tuple[str, RawRow]]]", raw)


class Entry:
    """One row of a file with its examples; `where` is `flask.toml: sink[3] flask.send_file`."""

    __slots__ = ("example", "index", "raw", "row", "where")

    def __init__(self, row: Row, example: Example, raw: RawRow, index: int, where: str) -> None:
        self.row = row
        self.example = example
        self.raw = raw
        self.index = index
        self.where = where


class File:
    """One model file, checked. `library`, `packages`, `doc` and `alias` as documented; `name` is the file's.

    Rows of a file that is `shipped` have examples; a project's own need not.
    """

    __slots__ = ("alias", "doc", "entries", "library", "name", "packages")

    def __init__(
        self, name: str, raw: dict[str, object], vocabulary: Vocabulary, shipped: bool = True
    ) -> None:
        self.name = name
        header = Table({key: raw[key] for key in raw if key in _HEADER}, "", name, vocabulary)
        self.library = header.required("library")
        self.packages = header.names("packages")
        self.doc = header.text("doc")
        self.alias = _texts(header.take("alias") or {}, name)
        header.finish()
        unknown = raw.keys() - _HEADER - {kind.TABLE for kind in ROWS}
        if unknown:
            raise ModelError(f"{name}: unknown table {sorted(unknown)[0]}")
        self.entries = list(self._read(raw, vocabulary, shipped))

    def _read(self, raw: dict[str, object], vocabulary: Vocabulary, shipped: bool) -> Iterator[Entry]:
        for kind in ROWS:
            rows = raw.get(kind.TABLE, [])
            if not isinstance(rows, list):
                raise ModelError(f"{self.name}: {kind.TABLE}: write rows under [[{kind.TABLE}]]")
            for index, fields in enumerate(rows):
                where = f"{self.name}: {kind.TABLE}[{index}] {_first_name(kind, fields)}".rstrip()
                yield self._entry(kind, fields, index, where, vocabulary, shipped)

    def _entry(
        self, kind: type[Row], fields: object, index: int, where: str, vocabulary: Vocabulary, shipped: bool
    ) -> Entry:
        if not isinstance(fields, dict):
            raise ModelError(f"{where}: a row is a table")
        raw = {key: value for key, value in fields.items() if key not in EXAMPLE_FIELDS}
        row = kind(Table(raw, self.library, where, vocabulary))
        shown = {key: value for key, value in fields.items() if key in EXAMPLE_FIELDS}
        example = Example(Table(shown, self.library, where, vocabulary), row, shipped)
        _check_patterns(row, where)
        return Entry(row, example, raw, index, where)


def _first_name(kind: type[Row], fields: object) -> str:
    for field in kind.NAME_FIELDS:
        value = fields.get(field) if isinstance(fields, dict) else None
        if value:
            return str(value[0] if isinstance(value, list) else value)
    return ""


def _check_patterns(row: Row, where: str) -> None:
    """Compile every regular expression of the row; raises `ModelError`."""
    groups = row.groups if isinstance(row, ConditionalRow) else ()
    texts = [c.operand for group in groups for c in group if c.operator in ("matches", "not_matches")]
    if isinstance(row, Evidence):
        texts.append(row.name)
    if isinstance(row, Likeness):
        texts.append(row.on)
    try:
        for text in texts:
            compile_pattern(str(text))
    except ModelError as error:
        raise ModelError(f"{where}: {error}") from None


def _texts(raw: object, where: str = "models") -> dict[str, str]:
    if not isinstance(raw, dict) or not all(is_dotted(k) and isinstance(v, str) for k, v in raw.items()):
        raise ModelError(f"{where}: a table of name = text is wanted, not {raw!r}")
    return raw


# Reading TOML.


def read_toml(path: Path) -> dict[str, object]:
    """The tables of a file; raises `ModelError` naming the file for malformed TOML."""
    import tomllib

    try:
        with path.open("rb") as stream:
            return tomllib.load(stream)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path.name}: {error}") from None


def read_vocabulary(path: Path = CONCEPTS) -> Vocabulary:
    try:
        return Vocabulary(read_toml(path))
    except ValueError as error:
        raise ModelError(str(error)) from None


def read_files(directory: Path = LIBRARY, vocabulary: Vocabulary | None = None) -> list[File]:
    """Every model file below, by name, checked; raises `ModelError` for the first one that breaks the schema."""
    vocabulary = vocabulary or read_vocabulary()
    return [File(path.name, read_toml(path), vocabulary) for path in sorted(directory.glob("*.toml"))]


def compile_files(directory: Path = LIBRARY) -> dict[str, object]:
    """What the compiled copy holds, from the files: the arguments of `Data`."""
    concepts = read_toml(CONCEPTS)
    packages: dict[str, str] = {}
    alias: dict[str, str] = {}
    rows: dict[str, list[tuple[str, RawRow]]] = {kind.TABLE: [] for kind in ROWS}
    for file in read_files(directory, read_vocabulary()):
        packages.update(dict.fromkeys(file.packages, file.library))
        alias.update(file.alias)
        for entry in file.entries:
            rows[entry.row.TABLE].append((file.library, entry.raw))
    return {"vocabulary": concepts, "packages": packages, "alias": alias, "rows": rows}


# The compiled copy.


def stamp(directory: Path) -> Stamp:
    """(name, size, mtime in ns) of every model file and of the vocabulary, by name."""
    with os.scandir(directory) as entries:
        found = [(entry.name, entry.stat()) for entry in entries if entry.name.endswith(".toml")]
    found.append(("", CONCEPTS.stat()))
    return sorted([name, status.st_size, status.st_mtime_ns] for name, status in found)


def cache_paths(directory: Path) -> list[Path]:
    """Where the compiled copy may be: beside the files as `.pyc` are, else in the user's cache."""
    places = [] if sys.dont_write_bytecode else [HERE / "__pycache__"]
    user = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME")
    with suppress(RuntimeError):  # a user without a home directory
        places.append((Path(user) if user else Path("~/.cache").expanduser()) / "cwelens")
    name = f"models-{zlib.crc32(f'{FORMAT} {directory}'.encode()):08x}.json"
    return [place / name for place in places]


def read_cache(directory: Path) -> Data | None:
    """The compiled copy, if there is one that holds."""
    wanted = stamp(directory)
    for path in cache_paths(directory):
        try:
            import json

            with path.open("rb") as stream:
                raw = json.loads(stream.read())
            if raw["format"] == FORMAT and raw["stamp"] == wanted:
                return Data(raw["vocabulary"], raw["packages"], raw["alias"], raw["rows"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue
    return None


def build(directory: Path = LIBRARY) -> Data:
    """Read the files and write the compiled copy; raises `ModelError` for a file that breaks the schema."""
    made_from = stamp(directory)
    data = compile_files(directory)
    _write({"format": FORMAT, "stamp": made_from, **data}, cache_paths(directory))
    return Data(**data)


def _write(content: dict[str, object], paths: list[Path]) -> None:
    """Write to the first of `paths` that can be written."""
    import json

    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    for path in paths:
        draft = path.with_suffix(f".{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(text)
            draft.replace(path)
        except OSError:
            with suppress(OSError):
                draft.unlink()
        else:
            return
