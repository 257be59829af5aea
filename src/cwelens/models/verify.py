"""Hold model rows against the libraries that are installed, or against the lock: does the callable exist, is each port a parameter of it?

`python -m cwelens.models.verify [file or library …]` asks the installed libraries; `--write-lock` also writes down what they said
(`cwelens.models.lock`), `--lock` asks the lock instead. Importing libraries is for whoever writes models: nothing in the product does.
Exit status: 0 nothing wrong, 1 mismatches, 2 usage.

Outcomes per row and name
- `ok`: found, and every port is a parameter (or the callable's signature can't be read: the reason says so)
- `trait`: a type that models use among themselves and that can't be imported from there (`dbapi2.Cursor`)
- `not installed`: the top-level package can't be imported here
- `elsewhere`: this version does not have it; the reason says which version, platform or build does
- `absent`: the library is installed and does not have it: a slip, or a name to explain in `cwelens.models.versions`
- `mismatch`: it is there, and a port is not a parameter of it
- `unlocked`: the lock says nothing of it; it has to be written again
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from inspect import Parameter
from typing import TYPE_CHECKING, Literal, TypeAlias

from cwelens.models import consistency, index, lock, store
from cwelens.models.facts import shown
from cwelens.models.installed import Installed, prepare
from cwelens.models.schema import (
    ConditionalRow,
    Evidence,
    ModelError,
    Port,
    Returns,
    Route,
    Row,
    Setting,
    Source,
    TypeRow,
)
from cwelens.models.versions import elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cwelens.models.facts import Fact, Facts
    from cwelens.models.index import Models

Status: TypeAlias = Literal["ok", "trait", "not installed", "elsewhere", "absent", "mismatch", "unlocked"]


@dataclass(slots=True)
class Answer:
    """What was found for one name of one row."""

    where: str
    name: str
    status: Status
    reason: str = ""

    @property
    def wrong(self) -> bool:
        return self.status in ("mismatch", "absent", "unlocked")


def verify(
    file: store.File, models: Models, types: frozenset[str] = frozenset(), facts: Facts | None = None
) -> Iterator[Answer]:
    """An answer for every name of every row of the file; `types` are those that models speak of (`types_of`), `facts` answer for
    names (the installed libraries if none are given)."""
    facts = facts or Installed()
    for entry in file.entries:
        for name in entry.row.names:
            status, reason = _judge(entry.row, name, file, models, types, facts)
            yield Answer(entry.where, name, status, reason)


def types_of(files: Iterable[store.File]) -> frozenset[str]:
    """Every name that a row uses as a type."""
    found: set[str | None] = set()
    for row in (entry.row for file in files for entry in file.entries):
        if isinstance(row, TypeRow):
            found.update((*row.names, *row.bases, *row.attrs.values(), row.enter, row.item, row.other))
        elif isinstance(row, Source | Returns | Evidence):
            found.add(row.type)
        elif isinstance(row, Route):
            found |= {row.first, row.second}
    return frozenset(name for name in found if name is not None)


def _judge(
    row: Row, name: str, file: store.File, models: Models, types: frozenset[str], facts: Facts
) -> tuple[Status, str]:
    if isinstance(row, Route) and row.how == "convention":
        return "trait", "a name that stands for a convention"
    if name.startswith("django.settings."):
        return "trait", "a name of a settings module"
    fact = facts.of(name)
    if not fact.exists and (gone := elsewhere(name, facts.python)):
        return "elsewhere", gone
    if fact.kind == "unlocked":
        return "unlocked", fact.reason
    if fact.kind == "not installed":
        if name in types or name.rpartition(".")[0] in types:
            top = name.partition(".")[0]
            return ("not installed" if top in file.packages else "trait"), fact.reason
        return "not installed", fact.reason
    if fact.kind == "missing":
        return _missing(row, name, models, types, facts, fact.reason)
    if isinstance(row, TypeRow | Evidence | Setting) or (isinstance(row, Source) and row.how != "call"):
        return "ok", ""
    if fact.kind == "property":
        return "ok", "a property: reading it is the call"
    if fact.kind == "value":
        return "mismatch", "is not callable"
    return _ports(row, fact)


def _missing(
    row: Row, name: str, models: Models, types: frozenset[str], facts: Facts, reason: str
) -> tuple[Status, str]:
    """A name that its module does not have."""
    owner, _, member = name.rpartition(".")
    if isinstance(row, TypeRow | Evidence) or (owner in types and not facts.of(owner).exists):
        return "trait", "a type that can't be imported from there"
    if facts.of(owner).exists and (
        isinstance(row, Setting) or (isinstance(row, Source) and row.how == "read")
    ):
        return "ok", "set on instances; only the owner was found"
    for base in models.bases(owner)[1:]:
        if facts.of(f"{base}.{member}").exists:
            return "ok", f"found on {base}"
    if facts.of(f"{owner}.__getattr__").exists:
        return "ok", "the type answers for every attribute"
    if member == "__iter__" and (
        facts.of(f"{owner}.__aiter__").exists or facts.of(f"{owner}.__next__").exists
    ):
        return "ok", "its elements come one by one"
    return "absent", reason


def _ports(row: Row, fact: Fact) -> tuple[Status, str]:
    """Whether each port of the row is a parameter of the callable."""
    if fact.parameters is None:
        return "ok", "its signature can't be read"
    parameters = list(fact.parameters)
    wrong = sorted({str(port) for port in _ports_of(row) if not _fits(port, parameters)})
    if isinstance(row, Returns) and row.from_ and not any(_fits(port, parameters) for port in row.from_):
        wrong += map(str, row.from_)
    if wrong:
        return "mismatch", f"no parameter {' or '.join(wrong)} in ({shown(fact.parameters)})"
    return "ok", ""


def _ports_of(row: Row) -> Iterator[Port]:
    """Every port that must exist (of the ports of `from`, one is enough: rows list several callables)."""
    for field in ("port", "handler"):
        port = getattr(row, field, None)
        if port is not None:
            yield port
    if isinstance(row, ConditionalRow):
        for group in row.groups:
            yield from (condition.port for condition in group)


def _fits(port: Port, parameters: list[Parameter]) -> bool:
    kinds = {parameter.kind for parameter in parameters}
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    by_keyword = {p.name for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)}
    takes_more = Parameter.VAR_POSITIONAL in kinds
    takes_any_keyword = Parameter.VAR_KEYWORD in kinds
    match port.kind:
        case "arg":
            if port.position is not None:
                return _fits_position(port, positional, takes_more)
            return takes_any_keyword or bool(by_keyword.intersection(port.keywords))
        case "from":
            return takes_more or len(positional) > (port.position or 0)
        case "star":
            return takes_more or bool(positional)
        case "keys":
            return takes_any_keyword
        case "starstar":
            return takes_any_keyword or bool(by_keyword)
        case _:
            return True


def _fits_position(port: Port, positional: list[Parameter], takes_more: bool) -> bool:
    """Whether the position exists, and if the port has keywords and the parameter a name for callers, the name is among them."""
    assert port.position is not None
    if port.position >= len(positional):
        return takes_more
    parameter = positional[port.position]
    return not port.keywords or parameter.kind is parameter.POSITIONAL_ONLY or parameter.name in port.keywords


def main(arguments: list[str]) -> int:
    """Verify the named files (`flask`, `flask.toml`), or all; print what is wrong and a count of the rest."""
    try:
        files = store.read_files()
        models = index.load()
    except ModelError as error:
        print(error)
        return 1
    known = {file.name.removesuffix(".toml"): file for file in files}
    options = {argument for argument in arguments if argument.startswith("--")}
    wanted = [argument.removesuffix(".toml") for argument in arguments if argument not in options]
    if unknown := [name for name in wanted if name not in known]:
        print(f"no model file {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    if (wrong := options - {"--lock", "--write-lock"}) or ("--write-lock" in options and wanted):
        print(
            f"{' '.join(wrong) or '--write-lock'}: the options are --lock, and --write-lock for all files",
            file=sys.stderr,
        )
        return 2
    installed = Installed()
    facts: Facts = lock.Lock.read() if "--lock" in options else installed
    if facts is installed:
        prepare()
    found = consistency.problems(files, models)
    failed = bool(found)
    counts: dict[Status, int] = {}
    types = types_of(files)
    for name in wanted or known:
        for answer in verify(known[name], models, types, facts):
            counts[answer.status] = counts.get(answer.status, 0) + 1
            failed = failed or answer.wrong
            if answer.wrong:
                found.append(f"{answer.where}: {answer.name}: {answer.status}: {answer.reason}")
    print("\n".join([*found, ", ".join(f"{status}: {count}" for status, count in sorted(counts.items()))]))
    if "--write-lock" in options:
        lock.write(installed, {package for file in files for package in file.packages})
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
