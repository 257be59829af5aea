"""What must hold between the rows of all model files together (each row by itself is the schema's business)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.models.schema import ConditionalRow, Route, Row, Setting, Source, TypeRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cwelens.models.index import Models
    from cwelens.models.store import Entry, File


def problems(files: list[File], models: Models) -> list[str]:
    """One sentence per contradiction between files or rows, naming both; none is the good case."""
    return [*_packages(files), *_aliases(files, models), *_rows(files, models)]


def _packages(files: list[File]) -> Iterator[str]:
    owners: dict[str, tuple[str, str]] = {}
    for file in files:
        for package in file.packages:
            owner, library = owners.setdefault(package, (file.name, file.library))
            if library != file.library:
                yield f"{file.name}: package {package} is {file.library}, and {library} in {owner}"


def _aliases(files: list[File], models: Models) -> Iterator[str]:
    owners: dict[str, tuple[str, str]] = {}
    for file in files:
        for alias, target in file.alias.items():
            owner, known = owners.setdefault(alias, (file.name, target))
            if known != target:
                yield f"{file.name}: alias {alias} is {target}, and {known} in {owner}"
            if models.canonical(alias) == alias:
                yield f"{file.name}: alias {alias} leads back to itself"


def _rows(files: list[File], models: Models) -> Iterator[str]:
    met: dict[tuple[str, ...], str] = {}
    for file in files:
        for entry in file.entries:
            for name in entry.row.names:
                if (canonical := models.canonical(name)) != name:
                    yield f"{entry.where}: {name} is an alias; write {canonical}"
                for key in facts(entry, name):
                    if key in met:
                        yield f"{entry.where}: {name} says the same as {met[key]}"
                    met.setdefault(key, entry.where)


def facts(entry: Entry, name: str) -> Iterator[tuple[str, ...]]:
    """What makes a row the same as another for a name: table, name, key, port, concept and conditions."""
    row = entry.row
    port = str(getattr(row, "port", ""))
    concept = _what(row)
    when: list[str] = []
    if isinstance(row, ConditionalRow):
        when = [
            ", ".join(sorted(map(str, row.when))),
            *("any " + ", ".join(map(str, group)) for group in row.any_of),
            *("unless " + ", ".join(map(str, group)) for group in row.unless),
        ]
    for key in (row.keys if isinstance(row, Setting) else ()) or ("",):
        yield (row.TABLE, name, key, port, concept, *when)


def _what(row: Row) -> str:
    if isinstance(row, TypeRow):
        return ""
    if isinstance(row, Source):
        return row.how
    if isinstance(row, Route) and row.how == "base":
        # Other methods of the same class are called in another way.
        return " ".join((row.how, *sorted(row.methods)))
    return str(getattr(row, "concept", "") or getattr(row, "how", "") or getattr(row, "name", ""))
