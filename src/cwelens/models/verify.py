"""Hold model rows against the libraries that are installed: does the callable exist, is each port a parameter of it?

`python -m cwelens.models.verify [file or library …]`. This module imports the libraries that models describe (never code under review), so it is a
tool for whoever writes models, and nothing in the product imports it. Exit status: 0 nothing wrong, 1 mismatches, 2 usage.

Outcomes per row and name
- `ok`: found, and every port is a parameter (or the callable's signature can't be read: the reason says so)
- `trait`: a type that models use among themselves and that can't be imported from there (`dbapi2.Cursor`)
- `not installed`: the top-level package can't be imported here
- `elsewhere`: this Python's standard library does not have it; the reason says which version, platform or build does
- `absent`: the library is installed and does not have it: a slip (always, for the standard library), or another version's name
- `mismatch`: it is there, and a port is not a parameter of it
"""

from __future__ import annotations

import importlib
import inspect
import sys
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from cwelens.models import consistency, index, store
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
from cwelens.models.versions import elsewhere, standard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cwelens.models.index import Models

Status: TypeAlias = Literal["ok", "trait", "not installed", "elsewhere", "absent", "mismatch"]


@dataclass(slots=True)
class Answer:
    """What was found for one name of one row."""

    where: str
    name: str
    status: Status
    reason: str = ""

    @property
    def wrong(self) -> bool:
        return self.status == "mismatch" or (
            self.status == "absent" and standard(self.name.partition(".")[0])
        )


def verify(file: store.File, models: Models, types: frozenset[str] = frozenset()) -> Iterator[Answer]:
    """An answer for every name of every row of the file; `types` are those that models speak of (`types_of`)."""
    for entry in file.entries:
        for name in entry.row.names:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                status, reason = _judge(entry.row, name, file, models, types)
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
            found.add(row.first)
    return frozenset(name for name in found if name is not None)


def _judge(
    row: Row, name: str, file: store.File, models: Models, types: frozenset[str]
) -> tuple[Status, str]:
    if isinstance(row, Route) and row.how == "convention":
        return "trait", "a name that stands for a convention"
    if (gone := elsewhere(name)) and not _exists(name):
        return "elsewhere", gone
    try:
        found, is_method = locate(name)
    except ModuleNotFoundError as error:
        if name in types or name.rpartition(".")[0] in types:
            top = name.partition(".")[0]
            return ("not installed" if top in file.packages else "trait"), str(error)
        return "not installed", str(error)
    except LookupError as error:
        return _missing(row, name, models, types, str(error))
    except Exception as error:  # a library may raise anything while it is imported or asked for an attribute
        return "not installed", f"{type(error).__name__}: {error}"
    if isinstance(row, TypeRow | Evidence | Setting) or (isinstance(row, Source) and row.how != "call"):
        return "ok", ""
    if not callable(found):
        if inspect.isdatadescriptor(found) or isinstance(found, cached_property):
            return "ok", "a property: reading it is the call"
        return "mismatch", "is not callable"
    return _ports(row, found, is_method)


def _missing(row: Row, name: str, models: Models, types: frozenset[str], reason: str) -> tuple[Status, str]:
    """A name that its module does not have."""
    owner = name.rpartition(".")[0]
    if isinstance(row, TypeRow | Evidence) or (owner in types and not _exists(owner)):
        return "trait", "a type that can't be imported from there"
    if _exists(owner) and (isinstance(row, Setting) or (isinstance(row, Source) and row.how == "read")):
        return "ok", "set on instances; only the owner was found"
    for base in models.bases(owner)[1:]:
        if _exists(f"{base}.{name.rpartition('.')[2]}"):
            return "ok", f"found on {base}"
    if _exists(f"{owner}.__getattr__"):
        return "ok", "the type answers for every attribute"
    return "absent", reason


def _exists(name: str) -> bool:
    try:
        locate(name)
    except Exception:  # see `_judge`
        return False
    return True


def locate(name: str) -> tuple[object, bool]:
    """The object of this name, and whether calling it through an instance fills its first parameter.

    Imports the longest prefix that is a module. `ModuleNotFoundError` if there is none, `LookupError` for a missing attribute.
    """
    parts = name.split(".")
    found, used = _import(parts)
    is_method = False
    for part in parts[used:]:
        try:
            member = inspect.getattr_static(found, part) if inspect.isclass(found) else None
            inner = getattr(found, part)
        except AttributeError:
            raise LookupError(f"{type(found).__name__} {'.'.join(parts[:used])} has no {part}") from None
        is_method = inspect.isfunction(member) or inspect.ismethoddescriptor(member)
        # A method of the metaclass comes bound.
        is_method = (
            is_method and not isinstance(member, staticmethod | classmethod) and not inspect.ismethod(inner)
        )
        found = inner
        used += 1
    return found, is_method


def _import(parts: list[str]) -> tuple[object, int]:
    """The module of the longest importable prefix, and the prefix's length."""
    module: object = None
    used = 0
    for end in range(1, len(parts) + 1):
        try:
            module = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            if used == 0:
                raise
            break
        above, last = sys.modules.get(".".join(parts[: end - 1])), parts[end - 1]
        if end > 1 and not inspect.ismodule(getattr(above, last, module)):
            # `pexpect.run` is a function although there is a module of that name too.
            return above, end - 1
        used = end
    return module, used


def _ports(row: Row, found: object, is_method: bool) -> tuple[Status, str]:
    """Whether each port of the row is a parameter of the callable."""
    try:
        parameters = list(inspect.signature(found).parameters.values())  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return "ok", "its signature can't be read"
    if is_method or (hasattr(found, "__self__") and parameters and parameters[0].name == "self"):
        parameters = parameters[1:]
    wrong = sorted({str(port) for port in _ports_of(row) if not _fits(port, parameters)})
    if isinstance(row, Returns) and row.from_ and not any(_fits(port, parameters) for port in row.from_):
        wrong += map(str, row.from_)
    if wrong:
        shown = ", ".join(str(parameter) for parameter in parameters)
        return "mismatch", f"no parameter {' or '.join(wrong)} in ({shown})"
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


def _fits(port: Port, parameters: list[inspect.Parameter]) -> bool:
    kinds = {parameter.kind for parameter in parameters}
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    by_keyword = {p.name for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)}
    takes_more = inspect.Parameter.VAR_POSITIONAL in kinds
    takes_any_keyword = inspect.Parameter.VAR_KEYWORD in kinds
    match port.kind:
        case "arg":
            if port.position is not None:
                return _fits_position(port, positional, takes_more)
            return takes_any_keyword or bool(by_keyword.intersection(port.keywords))
        case "from":
            return takes_more or len(positional) > (port.position or 0)
        case "star":
            return takes_more or bool(positional)
        case "starstar":
            return takes_any_keyword or bool(by_keyword)
        case _:
            return True


def _fits_position(port: Port, positional: list[inspect.Parameter], takes_more: bool) -> bool:
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
    wanted = [argument.removesuffix(".toml") for argument in arguments]
    if unknown := [name for name in wanted if name not in known]:
        print(f"no model file {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    shown = consistency.problems(files, models)
    failed = bool(shown)
    counts: dict[Status, int] = {}
    types = types_of(files)
    for name in wanted or known:
        for answer in verify(known[name], models, types):
            counts[answer.status] = counts.get(answer.status, 0) + 1
            failed = failed or answer.wrong
            if answer.status in ("absent", "mismatch"):
                shown.append(f"{answer.where}: {answer.name}: {answer.status}: {answer.reason}")
    print("\n".join([*shown, ", ".join(f"{status}: {count}" for status, count in sorted(counts.items()))]))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
