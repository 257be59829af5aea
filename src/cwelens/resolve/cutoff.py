"""What names mean whose imports or definitions were cut off: `json.loads` without `import json`, `logger.info` in a lone function.

A fragment seldom brings its imports. A name that nothing in it binds is taken for a module of the standard library, a well-known
alias, or the one thing of a library that goes by it; plain words (`html`, `queue`) need a member that tells. What stands for an
object (`logger`, `cursor`) is told by its name and the members used on it. Every answer is an assumption that says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from cwelens.ir import nodes as ir
from cwelens.ir.walk import children, walk
from cwelens.resolve.builtin_names import STANDARD_LIBRARY
from cwelens.resolve.customs import ALIASES, COMPANY, FUNCTIONS, PACKAGES, SUBMODULES, WORDS
from cwelens.resolve.outcome import Assumed
from cwelens.resolve.symbols import External, FunctionInfo, ModuleInfo

# How the reason of an import that is taken for granted ends.
NOT_SHOWN = "its import is not shown"

_MODULES = STANDARD_LIBRARY - WORDS
# The module `datetime` has these; everything else that is called on the name is of the class.
_OF_MODULE = frozenset(("datetime", "date", "timedelta", "timezone", "tzinfo", "UTC", "MINYEAR", "MAXYEAR"))


class Taken(Protocol):
    """A row of evidence: what is called so, and has one of the members, is taken for an object of the type."""

    members: frozenset[str]

    @property
    def type(self) -> str: ...

    def named(self, name: str) -> bool:
        """Whether the name is one that the row speaks of."""
        ...


class Library(Protocol):
    """What the models know about names of libraries."""

    def is_modelled(self, name: str) -> bool: ...

    def by_last_name(self, name: str) -> str | None: ...

    def by_owner(self, name: str, members: Iterable[str]) -> str | None: ...

    def meant_base(self, name: str) -> str | None: ...

    def packages(self) -> Mapping[str, str]: ...

    def evidence(self) -> Sequence[Taken]: ...


_NO_MEMBERS: frozenset[str] = frozenset()


class CutOff:
    """Answers for the names of a program that nothing in it binds; remembers which members each module uses on which name."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._used: dict[int, dict[str, frozenset[str]]] = {}
        self._unbound: dict[int, dict[str, frozenset[str]]] = {}
        self._objects: dict[tuple[str, frozenset[str]], tuple[str, str] | None] = {}

    def name(self, module: ModuleInfo, name: str) -> Assumed | None:
        """What a name that nothing binds stands for: a module, function or class of a library."""
        members = self._members(module, name)
        target = self._first(name, members)
        if target is None and self.object(name, members) is None:
            target = self._in_company(module, name) or self._by_member(name, members)
        if target is None:
            return None
        return Assumed(External(target), f"`{name}` is taken for `{target}`: {NOT_SHOWN}")

    def _first(self, name: str, members: frozenset[str]) -> str | None:
        library = self._library
        if name == "datetime" and members and not members & _OF_MODULE:
            return "datetime.datetime"
        if (members and name in _MODULES) or any(library.is_modelled(f"{name}.{m}") for m in members):
            # No other thing of this name has such members.
            return name
        if members and name in ALIASES:
            return ALIASES[name]
        return library.by_last_name(name) or (None if members else FUNCTIONS.get(name))

    def _in_company(self, module: ModuleInfo, name: str) -> str | None:
        """A word that belongs to a framework of which the module uses names that nothing else has."""
        for telling, meant in COMPANY:
            if name in meant and telling & self._names(module).keys():
                return meant[name]
        return None

    def _by_member(self, name: str, members: frozenset[str]) -> str | None:
        library = self._library
        if name[:1].isupper() or name in SUBMODULES:
            owner = library.by_owner(name, members)
            if owner is not None:
                return owner
        if name in WORDS or name in SUBMODULES:
            return None
        if any(m[:1].isupper() for m in members) and name in library.packages():
            # `jinja2.BaseLoader`: what has classes is a module.
            return name
        return name if members and name in PACKAGES else None

    def is_module(self, module: ModuleInfo, name: str) -> bool:
        """Whether a name that stands for something of a library is used as a module: a function or class has no members."""
        return bool(self._members(module, name)) and not name[:1].isupper()

    def base(self, name: str) -> str | None:
        """The class of a library that a base class stands for by its dotted name."""
        return self._library.meant_base(name)

    def object(self, name: str, members: frozenset[str]) -> tuple[str, str] | None:
        """The type of what has this name and these members, and the note that says why; None for nothing known."""
        key = (name, members)
        if key not in self._objects:
            self._objects[key] = self._taken(name, members)
        return self._objects[key]

    def _taken(self, name: str, members: frozenset[str]) -> tuple[str, str] | None:
        rows = self._library.evidence()
        called = frozenset(m for m in members if m.endswith("()"))
        # What is called tells more than what is read: `request.body()` is Starlette's, `request.body` Django's.
        for row in [*(r for r in rows if called & r.members), *rows] if called else rows:
            used = sorted(members & row.members, key=lambda m: (not m.endswith("()"), m))
            if (used or not row.members) and row.named(name):
                why = f"its name and `.{used[0]}`" if used else "its name"
                return row.type, f"`{name}` is taken for a `{row.type}`: {why}"
        return None

    def used(self, scope: FunctionInfo | ModuleInfo, name: str) -> frozenset[str]:
        """The members that a function or module uses on a name or on an attribute of that name; items as `__getitem__`, and
        `name()` beside `name` for what is called."""
        table = self._used.get(id(scope))
        if table is None:
            found: dict[str, set[str]] = {}
            for node in walk(scope.node) if isinstance(scope, FunctionInfo) else scope.nodes:
                called = isinstance(node, ir.Call) and isinstance(node.func, ir.Attr)
                part = node.func if isinstance(node, ir.Call) and called else node
                if isinstance(part, ir.Attr | ir.Item):
                    base = part.base
                    member = f"{_member(part)}()" if called else _member(part)
                    if isinstance(base, ir.Name):
                        found.setdefault(base.id, set()).add(member)
                    elif isinstance(base, ir.Attr):
                        found.setdefault(base.name, set()).add(member)
            table = self._used[id(scope)] = {owner: frozenset(members) for owner, members in found.items()}
        return table.get(name, _NO_MEMBERS)

    def _members(self, module: ModuleInfo, name: str) -> frozenset[str]:
        """The members used on a name of the module where it is no local name of a function."""
        return self._names(module).get(name, _NO_MEMBERS)

    def _names(self, module: ModuleInfo) -> dict[str, frozenset[str]]:
        """Each name that stands in the module and is no local name of a function, with the members used on it."""
        table = self._unbound.get(id(module))
        if table is None:
            table = self._unbound[id(module)] = _free(module)
        return table


def _free(module: ModuleInfo) -> dict[str, frozenset[str]]:
    table: dict[str, set[str]] = {}
    functions = {info.node: info for info in module.functions}
    work: list[tuple[list[ir.Node], FunctionInfo | None]] = [([*module.body], None)]
    while work:
        stack, function = work.pop()
        while stack:
            node = stack.pop()
            if isinstance(node, ir.Function) and node in functions:
                work.append(([*node.body], functions[node]))
                stack += [*node.decorators, *node.params]
                continue
            if isinstance(node, ir.Name) and not _is_local(node.id, function):
                table.setdefault(node.id, set())
            elif isinstance(node, ir.Attr | ir.Item) and isinstance(node.base, ir.Name):
                if not _is_local(node.base.id, function):
                    table.setdefault(node.base.id, set()).add(_member(node))
            stack += children(node)
    return {name: frozenset(members) for name, members in table.items()}


def _member(node: ir.Attr | ir.Item) -> str:
    return node.name if isinstance(node, ir.Attr) else "__getitem__"


def _is_local(name: str, function: FunctionInfo | None) -> bool:
    while function is not None:
        if name in function.locals:
            return True
        function = function.parent
    return False
