"""Fields of the database that requests write: what makes stored data untrusted where a page shows it.

The fields are known by their names: a query and what it gives back are joined by name in the database too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.base import chars as ch
from cwelens.flow.run import written
from cwelens.flow.state import deep_taints
from cwelens.flow.values import Const, Ref, Taint, Text, Value, atom_chars
from cwelens.ir import nodes as ir

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cwelens.flow.run import CallSite, Run
    from cwelens.flow.state import State
    from cwelens.resolve.symbols import ModuleInfo

_INSERT = re.compile(
    r"^\s*(?:insert(?:\s+or\s+\w+)?|replace)\s+into\s+[\w.\"`\[\]]+\s*\(([^)]*)\)\s*(?:values\s*\((.*)\))?",
    re.I | re.S,
)
_UPDATE = re.compile(r"^\s*update\s+[\w.\"`\[\]]+\s+set\s+(.*?)(?:\swhere\s(.*))?$", re.I | re.S)
_ANNOTATIONS = frozenset(("int", "float", "bool", "date", "datetime", "time", "decimal", "uuid", "timedelta"))
_COLUMNS = frozenset(
    [
        "Integer",
        "BigInteger",
        "SmallInteger",
        "Float",
        "Numeric",
        "Boolean",
        "Date",
        "DateTime",
        "Time",
        "Interval",
        "UUID",
    ]
)
_FIELDS = frozenset(
    [
        "AutoField",
        "BigAutoField",
        "IntegerField",
        "BigIntegerField",
        "SmallIntegerField",
        "PositiveIntegerField",
        "PositiveSmallIntegerField",
        "FloatField",
        "DecimalField",
        "BooleanField",
        "DateField",
        "DateTimeField",
        "TimeField",
        "DurationField",
        "UUIDField",
        "GenericIPAddressField",
        "IntField",
    ]
)
_PLACE = re.compile(r"\?|%s|%\((\w+)\)s|:(\w+)|\$\d+|\x01")


class Written:
    """For each field name one way on which request data gets into it."""

    def __init__(self) -> None:
        self.fields: dict[str, Taint] = {}
        # Fields that cannot hold markup, by their declared types.
        self.plain: set[str] = set()

    def declare(self, modules: Iterable[ModuleInfo]) -> None:
        """Reads which fields the classes of the program declare, and which of them hold nothing but numbers, dates and the like."""
        kinds: dict[str, set[bool]] = {}
        for module in modules:
            for cls in module.classes:
                for name, values in cls.class_attrs.items():
                    for value in values:
                        plain = _declared_plain(value)
                        if plain is not None:
                            kinds.setdefault(name, set()).add(plain)
                for name, annotation in cls.attr_annotations.items():
                    if isinstance(annotation, ir.Name):
                        kinds.setdefault(name, set()).add(annotation.id.lower() in _ANNOTATIONS)
        self.plain = {name for name, found in kinds.items() if found == {True}}

    def get(self, name: str) -> Taint | None:
        """How request data gets into a field of that name."""
        return self.fields.get(name.lower())

    def add(self, later: Written) -> None:
        """What another process has seen, after what this one has."""
        for key, taint in later.fields.items():
            self._take(key, taint)

    def _take(self, key: str, taint: Taint) -> None:
        known = self.fields.get(key)
        if known is None or (known.assumption and not taint.assumption):
            self.fields[key] = taint

    def note(self, run: Run, node: ir.Node, name: str, value: Value, st: State) -> None:
        """A field receives a value."""
        key = name.lower()
        for taint in deep_taints(value, st):
            if taint.origin.kind != "untrusted" or "html" in taint.safe:
                continue
            if not any(atom_chars(a) & ch.of("<") for a in value.atoms):
                return
            self._take(key, taint.step(run.place(node), f"stored in the field `{name}`"))
            return

    def statement(self, run: Run, site: CallSite) -> None:
        """An SQL statement runs: its columns receive its parameters."""
        text, holes = _text_of(site.args.get(0, None))
        if text is None:
            return
        found = _INSERT.match(text)
        columns: list[str] = []
        if found is not None:
            names = [n.strip(' "`[]\n\t') for n in found.group(1).split(",")]
            values = _split(found.group(2) or "")
            columns = _placed(names, values) if values else names
            named = {m: n for n, v in zip(names, values) for m in _names(v)}
        else:
            found = _UPDATE.match(text)
            if found is None:
                return
            parts = [p.partition("=") for p in _split(found.group(1))]
            names = [p[0].strip(' "`[]\n\t') for p in parts]
            columns = _placed(names, [p[2] for p in parts])
            named = {m: n for n, p in zip(names, parts) for m in _names(p[2])}
        for column, value in zip(columns, holes):
            self.note(run, site.node, column, value, site.state)
        self._bound(run, site, columns, named)

    def _bound(self, run: Run, site: CallSite, columns: list[str], named: dict[str, str]) -> None:
        for value in site.args.positional[1:]:
            for atom in value.atoms:
                obj = site.state.obj(atom.loc) if isinstance(atom, Ref) else None
                if obj is not None and obj.kind in ("tuple", "list"):
                    for index, column in enumerate(columns):
                        item = obj.items.get(index) or obj.rest
                        if item is not None:
                            self.note(run, site.node, column, item, site.state)
                elif obj is not None and obj.kind == "dict":
                    for key, item in obj.items.items():
                        self.note(run, site.node, named.get(str(key), str(key)), item, site.state)


def _declared_plain(value: ir.Expr) -> bool | None:
    """Whether the declaration of a field says that it holds no text; None where it declares no field."""
    if not isinstance(value, ir.Call):
        return None
    name = written(value.func).rpartition(".")[2]
    if name in _FIELDS or (name.endswith("Field") and name[:1].isupper()):
        return name in _FIELDS
    if name in ("Column", "mapped_column"):
        types = [written(a.func if isinstance(a, ir.Call) else a).rpartition(".")[2] for a in value.args[:2]]
        return any(t in _COLUMNS for t in types)
    return None


def _text_of(value: Value | None) -> tuple[str | None, list[Value]]:
    """The text of a statement with its holes as \\x01, and what stands in these."""
    for atom in value.atoms if value is not None else ():
        if isinstance(atom, Const) and isinstance(atom.value, str):
            return atom.value, []
        if isinstance(atom, Text):
            text = "".join(p if isinstance(p, str) else "\x01" for p in atom.parts)
            return text, [Value((p,)) for p in atom.parts if not isinstance(p, str)]
    return None, []


def _split(text: str) -> list[str]:
    """The parts between commas that stand in no parentheses."""
    parts, depth = [""], 0
    for char in text:
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [p for p in parts if p.strip()]


def _placed(names: list[str], values: list[str]) -> list[str]:
    """The column of each placeholder, in order."""
    return [name for name, value in zip(names, values) for _ in _PLACE.finditer(value)]


def _names(text: str) -> list[str]:
    return [m.group(1) or m.group(2) for m in _PLACE.finditer(text) if m.group(1) or m.group(2)]
