"""What models say about a name: the one lookup API of the engine.

A name is absolute and dotted (`subprocess.run`, `sqlite3.Cursor.execute`); aliases are followed in every lookup. For `Type.member` the
rows of the type's bases count too, those of the type itself first. Row objects are made when a name is first asked for.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from cwelens.models import store
from cwelens.models.reader import Table
from cwelens.models.reading import READING
from cwelens.models.schema import (
    Becomes,
    Evidence,
    Guard,
    Likeness,
    Misuse,
    ModelError,
    Neutraliser,
    Returns,
    Route,
    Row,
    Setting,
    Sink,
    Source,
    TypeRow,
)
from cwelens.resolve.builtin_names import STANDARD_LIBRARY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from cwelens.models.vocabulary import Concept

R = TypeVar("R", bound=Row)
Kind: TypeAlias = type[R]
Named: TypeAlias = dict[str, list[int]]

# Libraries that a name without its import is more likely to come from than from others that have it too.
_WIDESPREAD = frozenset(
    [
        "flask",
        "django",
        "fastapi",
        "starlette",
        "rest_framework",
        "aiohttp",
        "tornado",
        "sqlalchemy",
        "requests",
        "httpx",
        "jinja2",
        "markupsafe",
        "lxml",
        "pymongo",
        "sanic",
        "bottle",
        "pyramid",
        "falcon",
    ]
)
# Words with which anybody begins the name of a function.
_VERBS = frozenset(
    [
        "add",
        "check",
        "default",
        "find",
        "get",
        "import",
        "load",
        "new",
        "open",
        "parse",
        "read",
        "render",
        "run",
        "select",
        "set",
        "write",
    ]
)


def _one_word(name: str) -> bool:
    return "_" not in name.strip("_") and not any(letter.isupper() for letter in name[1:])


def _telling(name: str, dotted: str) -> bool:
    """Whether a name tells of the one library that has it: plain words (`Token`, `get_session`) do only where the library is called so."""
    first, _, rest = name.partition("_")
    if not _one_word(name) and not (first in _VERBS and "_" not in rest):
        return True
    return name.lower() in dotted.lower().split(".")[:-1]


# Rows that speak of a callable (settings, types and evidence speak of other things).
_OF_CALLABLES = (
    (Sink, "call"),
    (Misuse, "call"),
    (Returns, "call"),
    (Neutraliser, "call"),
    (Guard, "call"),
    (Becomes, "call"),
    (Source, "call"),
    (Route, "decorator"),
    (Route, "register"),
)


class Models:
    """Every model row, by name. Made by `load()`; raises `ModelError` only if the model files themselves are broken."""

    def __init__(self, data: store.Data, directory: Path, cached: bool) -> None:
        self._directory = directory
        self._start(data, cached)

    def _start(self, data: store.Data, cached: bool) -> None:
        self._data = data
        self._cached = cached
        self._indexes: dict[tuple[str, str], Named] = {}
        self._rows: dict[tuple[str, int], Row] = {}
        self._found: dict[tuple[str, str, str], tuple[Row, ...]] = {}
        self._modelled: dict[str, bool] = {}
        self._canonical: dict[str, str] = {}
        self._bases: dict[str, tuple[str, ...]] = {}
        self._words: frozenset[str] | None = None
        self._setting_words: frozenset[str] | None = None
        self._conventions: list[Route] | None = None
        self._owners: dict[tuple[str, str], set[str]] | None = None
        self._likenesses: dict[str, list[Likeness]] | None = None
        self._own_names: dict[str, list[str]] = {}
        self._last_names: dict[str, set[str]] | None = None

    def extended(self, files: Sequence[store.File]) -> Models:
        """These models and a project's own rows, which come first where the first one counts."""
        data = self._data
        rows = {table: list(known) for table, known in data.rows.items()}
        for file in reversed(files):
            for entry in reversed(file.entries):
                rows.setdefault(entry.row.TABLE, []).insert(0, (file.library, entry.raw))
        packages = {**data.packages, **{name: file.library for file in files for name in file.packages}}
        alias = {**data.alias, **{name: target for file in files for name, target in file.alias.items()}}
        made = Models(data.with_rows(packages, alias, rows), self._directory, cached=False)
        for file in files:
            for name in (name for entry in file.entries for name in entry.row.names):
                made._own_names.setdefault(name.rpartition(".")[2], []).append(name)
        return made

    @property
    def has_own(self) -> bool:
        """Whether a project's own rows are among these."""
        return bool(self._own_names)

    def own(self, qualname: str) -> str | None:
        """The name under which a project's own rows speak of a function or class of the program, whose name may begin with more
        (`src.shop.db.find` is `shop.db.find`); None for nearly all."""
        if not self._own_names:
            return None
        for name in self._own_names.get(qualname.rpartition(".")[2], ()):
            if qualname == name or qualname.endswith(f".{name}"):
                return name
        return None

    # Calls.

    def sinks(self, name: str) -> tuple[Sink, ...]:
        """Ports of this callable where an untrusted value is dangerous."""
        return self._find(Sink, "call", name)

    def misuses(self, name: str) -> tuple[Misuse, ...]:
        """When a call of this callable is itself a weakness."""
        return self._find(Misuse, "call", name)

    def returns(self, name: str) -> Returns | None:
        """What a call of this callable gives back: its first row without conditions."""
        return next((row for row in self.returns_all(name) if not row.conditional), None)

    def returns_all(self, name: str) -> tuple[Returns, ...]:
        """Every row for what it gives back, in order: the first one whose conditions hold counts."""
        return self._find(Returns, "call", name)

    def neutralisers(self, name: str) -> tuple[Neutraliser, ...]:
        return self._find(Neutraliser, "call", name)

    def guards(self, name: str) -> tuple[Guard, ...]:
        return self._find(Guard, "call", name)

    def becomes(self, name: str) -> tuple[Becomes, ...]:
        """What the receiver of this method is after a call of it."""
        return self._find(Becomes, "call", name)

    def library_type(self, name: str) -> str | None:
        """The type of what a call of this callable gives back; for a type with a type row, the type itself."""
        returns = self.returns(name)
        if returns is not None and returns.type is not None:
            return returns.type
        row = self.type(name)
        return row.name if row is not None else None

    def is_modelled(self, name: str) -> bool:
        """Whether any row speaks of this callable, or it is a type with a row."""
        known = self._modelled.get(name)
        if known is None:
            known = self._modelled[name] = (
                any(self._find(kind, field, name) for kind, field in _OF_CALLABLES)
                or self.type(name) is not None
            )
        return known

    def understands(self, name: str) -> bool:
        """Whether rows say what a call of this name does, or what is read by it: `flask.Request.args.get`, `redis.Redis.get`."""
        if self.is_modelled(name):
            return True
        owner, _, member = name.rpartition(".")
        if member in READING and self.type(owner) is not None:
            return True
        while "." in owner:
            if self.source_read(owner) is not None:
                return True
            owner = owner.rpartition(".")[0]
        return False

    # Data from outside, and who calls handlers with it.

    def source_read(self, name: str) -> Source | None:
        """Whether reading this attribute (or an item of it) gives untrusted data."""
        return _first(self._find(Source, "read", name))

    def source_calls(self, name: str) -> tuple[Source, ...]:
        """By which rows the result of this callable is untrusted data: the first one whose conditions hold counts."""
        return self._find(Source, "call", name)

    def source_param(self, name: str) -> Source | None:
        """Whether a handler's parameter annotated with this name, or with a call of it as its default, is untrusted data."""
        return _first(self._find(Source, "param", name))

    def routes_by_decorator(self, name: str) -> tuple[Route, ...]:
        return self._find(Route, "decorator", name)

    def routes_by_register(self, name: str) -> tuple[Route, ...]:
        return self._find(Route, "register", name)

    def routes_by_base(self, name: str) -> tuple[Route, ...]:
        """Routes of classes derived from this class; the bases of its type row count too."""
        found: dict[Route, None] = {}
        for base in self.bases(name):
            found.update(dict.fromkeys(self._own(Route, "base", base)))
        return tuple(found)

    def route_of(self, framework: str, method: str = "") -> Route | None:
        """What a framework does with its handlers: a row about functions, or about classes with a method of this name."""
        rows = [row for row in self._all(Route) if row.framework.lower() == framework.lower()]
        if method:
            rows = [r for r in rows if r.how == "base" and r.handles(method)] or rows
        return next((row for row in rows if row.how != "base" or method), None)

    def route_by_convention(
        self, function: str, parameters: Sequence[str], bases: Sequence[str] | None
    ) -> Route | None:
        """The route of a function that nothing registers in code; see `Route.agreed`."""
        if self._conventions is None:
            rows = self._all(Route)
            self._conventions = [row for row in rows if row.how == "convention"]
        return next((row for row in self._conventions if row.agreed(function, parameters, bases)), None)

    # Settings.

    def settings(self, name: str) -> tuple[Setting, ...]:
        """Settings of this attribute, `Type.attr`, with and without keys."""
        return self._find(Setting, "set", name)

    # Types.

    def type(self, name: str) -> TypeRow | None:
        return _first(self._own(TypeRow, "name", self.canonical(name)))

    def bases(self, name: str) -> tuple[str, ...]:
        """The type itself, then its bases, their bases …, nearest first."""
        name = self.canonical(name)
        known = self._bases.get(name)
        if known is None:
            order = {name: None}
            frontier = [name]
            while frontier:
                above = [base for each in frontier for base in self._direct_bases(each)]
                frontier = [base for base in dict.fromkeys(above) if base not in order]
                order.update(dict.fromkeys(frontier))
            known = self._bases[name] = tuple(order)
        return known

    def _direct_bases(self, name: str) -> list[str]:
        row = self.type(name)
        return [self.canonical(base) for base in row.bases] if row is not None else []

    def attr_type(self, type: str, attr: str) -> str | None:
        """The type of an attribute of a type, or of an object of a module (`flask`, `request`)."""
        for base in self.bases(type):
            row = self.type(base)
            if row is not None and attr in row.attrs:
                return row.attrs[attr]
        other = next((row.other for row in self._type_rows(type) if row.other), None)
        if other is None or attr.startswith("__") or self.is_modelled(f"{type}.{attr}"):
            return None
        return other

    def enter_type(self, type: str) -> str | None:
        """The type of `x` in `with value as x`, `value` being of the type."""
        return next((row.enter for row in self._type_rows(type) if row.enter), None)

    def item_type(self, type: str) -> str | None:
        """The type of the elements of the type: `for x in value`, `value[0]`."""
        return next((row.item for row in self._type_rows(type) if row.item), None)

    def _type_rows(self, name: str) -> list[TypeRow]:
        return [row for row in map(self.type, self.bases(name)) if row is not None]

    def evidence(self) -> list[Evidence]:
        """Every evidence row, in the order of the files."""
        return self._all(Evidence)

    def likenesses(self, member: str) -> Sequence[Likeness]:
        """What a call by this last name may be taken for where the callee is not visible, in the order of the files."""
        if self._likenesses is None:
            self._likenesses = {}
            for row in self._all(Likeness):
                for name in row.members:
                    self._likenesses.setdefault(name, []).append(row)
        return self._likenesses.get(member, ())

    # Vocabulary and names.

    def concept(self, name: str) -> Concept:
        """The concept; raises `KeyError` for a name that is not in the vocabulary."""
        return self._data.vocabulary.concepts[name]

    def context(self, name: str) -> str:
        """What a context is, as a noun phrase; raises `KeyError`."""
        return self._data.vocabulary.contexts[name]

    def characters(self, name: str) -> frozenset[str]:
        """The characters of a named set; raises `KeyError`."""
        return self._data.vocabulary.chars[name]

    def by_last_name(self, name: str) -> str | None:
        """The one function or class of a library that is imported under this name; None where there are several, or the name is a plain word.

        It stands in for an import that the input does not show: `mark_safe`, `HttpResponse`, `render_template_string`.
        """
        if "_" not in name.strip("_") and not (name[:1].isupper() and not name.isupper()):
            # `tqdm`, `glob`: a word that is a module as well as what it is imported for.
            twice = f"{name}.{name}"
            return self.canonical(twice) if self.is_modelled(twice) else None
        if self._last_names is None:
            self._last_names = {}
            tables = [
                *((kind.TABLE, field) for kind, field in _OF_CALLABLES),
                (TypeRow.TABLE, "name"),
                (Route.TABLE, "base"),
            ]
            for dotted in [n for table, field in tables for n in self._index(table, field)] + list(
                self._data.alias
            ):
                owner, _, last = dotted.rpartition(".")
                # A member of a class is no name of its own, and a single word no distinction.
                if owner and owner != "builtins" and not owner.rpartition(".")[2][:1].isupper():
                    self._last_names.setdefault(last, set()).add(self.canonical(dotted))
                elif owner and owner != "builtins":
                    # A class, or a module that is written like one (`PIL.ImageMath`).
                    self._last_names.setdefault(owner.rpartition(".")[2], set()).add(self.canonical(owner))
        found = self._last_names.get(name, set())
        for likely in (STANDARD_LIBRARY | {"yaml"}, _WIDESPREAD):
            # `Path` is first of all Python's own, `HttpResponse` Django's.
            one = {n for n in found if n.partition(".")[0] in likely}
            if one:
                return next(iter(one)) if len(one) == 1 else None
        return next(iter(found)) if len(found) == 1 and _telling(name, next(iter(found))) else None

    def meant_base(self, name: str) -> str | None:
        """The class of a library that a base class stands for whose import is not shown: `tornado.web.RequestHandler`, `RequestHandler`."""
        if "." not in name:
            return self.by_last_name(name)
        known = self.canonical(name)
        return known if self.type(known) is not None or self.routes_by_base(known) else None

    def by_owner(self, name: str, members: Iterable[str]) -> str | None:
        """The one class or module of a library that goes by this name and has one of the members: `AES` of `AES.new`."""
        if self._owners is None:
            self._owners = {}
            for table, field in (
                *((kind.TABLE, field) for kind, field in _OF_CALLABLES),
                (TypeRow.TABLE, "name"),
                (Route.TABLE, "base"),
            ):
                for dotted in self._index(table, field):
                    owner, _, member = dotted.rpartition(".")
                    if "." in owner:
                        self._owners.setdefault((owner.rpartition(".")[2], member), set()).add(
                            self.canonical(owner)
                        )
        found: dict[str, int] = {}
        for member in members:
            for owner in self._owners.get((name, member), ()):
                found[owner] = found.get(owner, 0) + 1
        best = [owner for owner, number in found.items() if number == max(found.values())]
        return best[0] if len(best) == 1 else None

    def packages(self) -> dict[str, str]:
        """Top-level import name → library."""
        return self._data.packages

    def canonical(self, name: str) -> str:
        """The name that rows use for `name`: its longest aliased prefix replaced, until none is left."""
        known = self._canonical.get(name)
        if known is None:
            known = self._canonical[name] = self._follow(name)
        return known

    def _follow(self, name: str) -> str:
        alias = self._data.alias
        met = {name}
        prefix = name
        while prefix:
            target = alias.get(prefix)
            if target is None:
                prefix = prefix.rpartition(".")[0]
                continue
            name = prefix = target + name[len(prefix) :]
            if name in met:  # a cycle: tests refuse it, and it must not hang a forged cache's reader
                break
            met.add(name)
        return name

    def words(self) -> frozenset[str]:
        """The last components of every sink and misuse, what is taken for one by its name, and aliases of them.

        Code that holds none of these words, and assigns to none of `setting_words`, has no operation that a row names (what a
        route's `response` makes dangerous has no word).
        """
        if self._words is None:
            words: set[str] = set()
            for table in ("sink", "misuse"):
                names = self._index(table, "call")
                words.update(name.rpartition(".")[2] for name in names if not name.endswith(".__set__"))
            for alike in self._all(Likeness):
                words.update(alike.members)
            self._words = self._with_aliases(words)
        return self._words

    def setting_words(self) -> frozenset[str]:
        """The last components of every setting, and its keys."""
        if self._setting_words is None:
            words = {name.rpartition(".")[2] for name in self._index("setting", "set")}
            for row in self._all(Setting):
                words.update(row.keys)
            for table in ("sink", "misuse"):
                names = self._index(table, "call")
                words.update(name.split(".")[-2] for name in names if name.endswith(".__set__"))
            self._setting_words = self._with_aliases(words)
        return self._setting_words

    def _with_aliases(self, words: set[str]) -> frozenset[str]:
        for name, target in self._data.alias.items():
            if target.rpartition(".")[2] in words:
                words.add(name.rpartition(".")[2])
        return frozenset(words)

    # Rows by name.

    def _find(self, kind: Kind[R], field: str, name: str) -> tuple[R, ...]:
        """Rows of the kind for this name: its own, then for `Type.member` those of the type's bases."""
        key = (kind.TABLE, field, name)
        known = self._found.get(key)
        if known is None:
            canonical = self.canonical(name)
            owner, _, member = canonical.rpartition(".")
            found: dict[Row, None] = dict.fromkeys(self._own(kind, field, canonical))
            for base in self.bases(owner)[1:] if owner else ():
                found.update(dict.fromkeys(self._own(kind, field, f"{base}.{member}")))
            known = self._found[key] = tuple(found)
        return known  # type: ignore[return-value]  # rows under a kind's table are of that kind

    def _own(self, kind: Kind[R], field: str, name: str) -> tuple[R, ...]:
        """Rows of the kind that name exactly this name. A compiled copy with a row that is none is replaced by the files."""
        try:
            return tuple(self._row(kind, i) for i in self._index(kind.TABLE, field).get(name, ()))
        except ModelError as error:
            self._recover(error)
            return self._own(kind, field, name)

    def _all(self, kind: Kind[R]) -> list[R]:
        try:
            return [self._row(kind, i) for i in range(len(self._data.rows.get(kind.TABLE, ())))]
        except ModelError as error:
            self._recover(error)
            return self._all(kind)

    def _recover(self, error: ModelError) -> None:
        """Start again from the files if the rows came from a compiled copy; else the error is real."""
        if not self._cached:
            raise error
        self._start(store.build(self._directory), cached=False)

    def _row(self, kind: Kind[R], number: int) -> R:
        row = self._rows.get((kind.TABLE, number))
        if row is None:
            library, raw = self._data.rows[kind.TABLE][number]
            where = f"{library}: {kind.TABLE}[{number}]"
            row = self._rows[kind.TABLE, number] = kind(Table(raw, library, where, self._data.vocabulary))
        return row  # type: ignore[return-value]

    def _index(self, table: str, field: str) -> Named:
        """Name → numbers of the rows of the table that have it in the field."""
        index = self._indexes.get((table, field))
        if index is None:
            index = {}
            for number, (_, raw) in enumerate(self._data.rows.get(table, ())):
                names = raw.get(field, [])
                for name in names if isinstance(names, list) else [names]:
                    if not isinstance(name, str):
                        self._recover(ModelError(f"{table}: {field}: {name!r} is not a name"))
                        return self._index(table, field)
                    index.setdefault(name, []).append(number)
            self._indexes[table, field] = index
        return index


def _first(rows: tuple[R, ...]) -> R | None:
    return rows[0] if rows else None


@cache
def load(directory: Path = store.LIBRARY) -> Models:
    """The models of the product, from the compiled copy if it holds; raises `ModelError` if a model file is broken."""
    data = store.read_cache(directory)
    if data is not None:
        return Models(data, directory, cached=True)
    return Models(store.build(directory), directory, cached=False)
