"""What an SQL text does: which table, which columns, and by which predicates; holes and placeholders are matched with their values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cwelens.app.values import CLIENT, EMPTY, Val

_HOLE = "\x01"
_HEAD = re.compile(
    r"""^\s*(?:(?P<select>select)\s+(?P<columns>.*?)\s+from\s+[`"\[]?(?P<from>[\w.\x01]+)
        |(?P<insert>insert|replace)(?:\s+or\s+\w+|\s+ignore)?\s+into\s+[`"\[]?(?P<into>[\w.\x01]+)[`"\]]?\s*(?:\((?P<names>[^)]*)\))?
        |(?P<update>update)\s+[`"\[]?(?P<table>[\w.\x01]+)[`"\]]?\s+set\s+(?P<sets>.*?)(?=\swhere\s|$)
        |(?P<delete>delete)\s+from\s+[`"\[]?(?P<gone>[\w.\x01]+)
        |(?P<drop>drop|truncate)\s+(?:table|database|schema)\s+(?:if\s+exists\s+)?(?P<dropped>[\w.\x01]+))""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_CREATE = re.compile(
    r"create\s+table\s+(?:if\s+not\s+exists\s+)?[`\"\[]?(\w+)[`\"\]]?\s*\((.*)", re.IGNORECASE | re.DOTALL
)
_COLUMN = re.compile(r"^\s*[`\"\[]?(\w+)", re.MULTILINE)
# A value in a statement: a hole of the text, or a placeholder of the driver.
_SLOT = r"'?%?(?P<slot>\x01|\?|%s|%\((?P<pyname>\w+)\)s|:(?P<name>\w+)|\$\d+)%?'?"
_PREDICATE = re.compile(
    r"(?:\w+\.)?[`\"\[]?(\w+)[`\"\]]?\s*(?:=|like|in|is)\s*\(?\s*(?:lower\()?" + _SLOT, re.IGNORECASE
)
_SET = re.compile(r"(?:^|,)\s*[`\"\[]?(\w+)[`\"\]]?\s*=")
# A hole where the name of a column stands.
_NAMED = re.compile(r"(?:(?<=set )|(?<=,)|(?<=, )|(?<=^))\x01(?!\s*')", re.IGNORECASE)


@dataclass(slots=True)
class Statement:
    """`kind` is disclose (select), create, update, delete or destroy; `keys` are the predicates, `fields` what is written."""

    kind: str
    table: str
    keys: tuple[tuple[str, Val], ...] = ()
    fields: dict[str, Val] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    # What names the columns that are set, where that is not the code.
    named: Val | None = None


def read(text: Val, params: Val | None) -> Statement | None:
    """The statement of a text, None where it is not one of those that read or change rows."""
    if text.parts is None:
        return None
    holes = [part for part in text.parts if isinstance(part, Val)]
    flat = "".join(part if isinstance(part, str) else _HOLE for part in text.parts)
    found = _HEAD.match(flat)
    if found is None:
        return None
    slots = _Slots(flat, holes, params)
    kind = next(name for name in ("select", "insert", "update", "delete", "drop") if found.group(name))
    table = next(
        found.group(name)
        for name in ("from", "into", "table", "gone", "dropped")
        if found.group(name) is not None
    )
    table = table.replace(_HOLE, "?").rpartition(".")[2].strip('`"[]').lower() or "?"
    if kind == "drop":
        return Statement("destroy", table)
    if kind == "insert":
        return _insert(found, flat, slots, table)
    where = re.search(r"\bwhere\b", flat, re.IGNORECASE)
    middle = where.start() if where is not None else len(flat)
    keys = tuple((m.group(1).lower(), slots.take(m)) for m in _PREDICATE.finditer(flat, middle))
    if kind == "select":
        columns = tuple(
            c.strip().rpartition(".")[2].lower() for c in (found.group("columns") or "").split(",")
        )
        return Statement("disclose", table, keys, {}, columns)
    if kind == "delete":
        return Statement("delete" if where is not None else "destroy", table, keys)
    sets = flat[found.start("sets") : middle]
    fields: dict[str, Val] = {m.group(1).lower(): EMPTY for m in _SET.finditer(sets)}
    for match in _PREDICATE.finditer(flat, found.start("sets"), middle):
        fields[match.group(1).lower()] = slots.take(match)
    named = [slots.at(m.start()) for m in _NAMED.finditer(flat, found.start("sets"), middle)]
    return Statement("update", table, keys, fields, (), _chosen(named))


def _insert(found: re.Match[str], flat: str, slots: _Slots, table: str) -> Statement:
    names = [n.strip(' `"[]') for n in (found.group("names") or "").split(",") if n.strip()]
    values = [slots.take(m) for m in re.compile(_SLOT).finditer(flat, found.end())]
    fields = dict(zip(names, values)) if names else {f"#{i}": v for i, v in enumerate(values)}
    named = [
        slots.at(found.start("names") + i) for i, c in enumerate(found.group("names") or "") if c == _HOLE
    ]
    return Statement("create", table, (), {k: v for k, v in fields.items() if k != _HOLE}, (), _chosen(named))


def _chosen(named: list[Val]) -> Val | None:
    """What names columns, if the client does."""
    return next((v for v in named if v.has(CLIENT)), None)


class _Slots:
    """The values of holes and placeholders, by where they stand in the text."""

    def __init__(self, flat: str, holes: list[Val], params: Val | None) -> None:
        self._flat = flat
        self._holes = holes
        self._places = [m.start() for m in re.finditer(r"\?|%s|\$\d+", flat)]
        self._named = params.items or {} if params is not None else {}
        self._listed = params.elements or [] if params is not None else []
        self._whole = params if params is not None else EMPTY

    def at(self, position: int) -> Val:
        """The value of the hole at a position."""
        number = self._flat.count(_HOLE, 0, position)
        return self._holes[number] if number < len(self._holes) else EMPTY

    def take(self, match: re.Match[str]) -> Val:
        """The value of a hole or placeholder that an expression has matched."""
        position = match.start("slot")
        if match.group("slot") == _HOLE:
            return self.at(position)
        name = match.group("pyname") or match.group("name")
        if name is not None:
            return self._named.get(name, self._whole)
        number = self._places.index(position) if position in self._places else len(self._listed)
        if number < len(self._listed):
            return self._listed[number]
        return self._whole if not self._named else EMPTY


def tables(text: str) -> dict[str, tuple[str, ...]]:
    """The columns that `CREATE TABLE` and `INSERT INTO` statements in a text name, by table."""
    out: dict[str, tuple[str, ...]] = {}
    for match in _CREATE.finditer(text):
        body = match.group(2).replace(",", "\n")
        out[match.group(1).lower()] = tuple(c.lower() for c in _COLUMN.findall(body))
    found = _HEAD.match(text)
    if found is not None and found.group("names"):
        names = tuple(n.strip(' `"[]').lower() for n in found.group("names").split(","))
        out.setdefault(found.group("into").lower(), names)
    return out
