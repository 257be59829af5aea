"""Where a value goes into a call (`Port`), and tests of the value there (`Condition`), as model files write them.

Invariants: both are made by `parse` from checked input only, and are not changed. Parsing raises `ValueError` with the reason; the caller
adds where.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias, cast

PortKind: TypeAlias = Literal["arg", "self", "star", "from", "starstar", "keys", "any", "value", "attr"]
Operator: TypeAlias = Literal[
    "is", "is_not", "in", "not_in", "none", "absent", "present", "below", "bits", "clear",
    "matches", "not_matches", "contains", "lacks", "constant", "fixed", "name", "not_name", "type", "sequence",
]  # fmt: skip
Scalar: TypeAlias = str | int | float | bool
Operand: TypeAlias = Scalar | tuple[Scalar, ...]

_WORD_PORTS: dict[str, PortKind] = {
    "self": "self",
    "*": "star",
    "**": "starstar",
    "**keys": "keys",
    "any": "any",
}
_OPERATORS: tuple[Operator, ...] = Operator.__args__  # type: ignore[attr-defined]


class ModelError(ValueError):
    """A model file, or a row of it, that breaks the schema. `field` is the field of the row that does, "" where it is none."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Port:
    """Where a value goes into a call.

    `kind` is `arg` (one parameter, by `position` not counting the receiver, by keyword, or both), `self` (the receiver), `star` (every
    positional argument), `from` (every positional argument from `position` on), `starstar` (every keyword argument), `keys` (the names of keyword arguments that an unpacked `**` brings), `any` (every
    argument), `value` (what a setting is set to) or `attr` (in conditions: the receiver's attribute `keyword`). `keywords` are the parameter's names (versions differ), `keyword` the first.
    """

    __slots__ = ("keyword", "keywords", "kind", "position")

    def __init__(self, kind: PortKind, position: int | None = None, keywords: tuple[str, ...] = ()) -> None:
        self.kind: PortKind = kind
        self.position = position
        self.keywords = keywords
        self.keyword = keywords[0] if keywords else None

    @classmethod
    def parse(cls, raw: object) -> Port:
        """The port a model file writes as `raw`; raises `ValueError` with the reason."""
        if isinstance(raw, list):
            return cls._parameter(raw)
        if isinstance(raw, int):
            return cls._parameter([raw])
        if not isinstance(raw, str):
            raise ValueError(f"a port is an integer, a string or a list of both, not {raw!r}")
        if raw in _WORD_PORTS:
            return cls(_WORD_PORTS[raw])
        if raw.endswith("*") and raw[:-1].isdecimal():
            return cls("from", int(raw[:-1]))
        return cls._parameter([raw])

    @classmethod
    def _parameter(cls, spellings: list[object]) -> Port:
        position: int | None = None
        keywords: list[str] = []
        for spelling in spellings:
            if isinstance(spelling, bool):
                raise ValueError(f"{spelling!r} is neither a position nor a keyword")
            if isinstance(spelling, int) and spelling >= 0 and position is None:
                position = spelling
            elif isinstance(spelling, str) and spelling.isidentifier() and spelling not in keywords:
                keywords.append(spelling)
            else:
                raise ValueError(f"{spellings!r} is not one parameter: at most one position, and its names")
        if position is None and not keywords:
            raise ValueError("a port names no parameter")
        return cls("arg", position, tuple(keywords))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Port) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return (self.kind, self.position, self.keywords)

    def __str__(self) -> str:
        if self.kind == "arg":
            return "/".join([str(self.position)] * (self.position is not None) + list(self.keywords))
        if self.kind == "from":
            return f"{self.position}*"
        if self.kind == "attr":
            return f"self.{self.keyword}"
        return {"star": "*", "starstar": "**", "keys": "**keys"}.get(self.kind, self.kind)

    def __repr__(self) -> str:
        return f"Port({self.kind}, {self})"


VALUE = Port("value")


class Condition:
    """A test of the value at a port: `operator` and its `operand` (a tuple for `in`, `not_in`, `name`, `not_name` and `type`).

    `item`, if not None, is the key or position of the element of the value that is meant. docs/models.md says what each operator
    means; a condition on a value that is not known does not hold.
    """

    __slots__ = ("_pattern", "item", "operand", "operator", "port")

    def __init__(self, port: Port, item: str | int | None, operator: Operator, operand: Operand) -> None:
        self.port = port
        self.item = item
        self.operator: Operator = operator
        self.operand = operand
        self._pattern: re.Pattern[str] | None = None

    @property
    def holds_when_absent(self) -> bool:
        """Whether the condition holds if the call has no argument at the port."""
        return self.operator in ("absent", "is_not", "not_name", "not_matches")

    @property
    def pattern(self) -> re.Pattern[str]:
        """The compiled operand of `matches` and `not_matches`."""
        if self._pattern is None:
            self._pattern = compile_pattern(cast("str", self.operand))
        return self._pattern

    @classmethod
    def parse(cls, raw: object, default: Port | None) -> Condition:
        """The condition a model file writes as `raw`; `default` is its port where it names none. Raises `ValueError`."""
        if not isinstance(raw, dict):
            raise ValueError(f"a condition is a table, not {raw!r}")
        operators = [operator for operator in _OPERATORS if operator in raw]
        if len(operators) != 1:
            raise ValueError(f"a condition has exactly one of {', '.join(_OPERATORS)}, not {operators}")
        unknown = raw.keys() - {"port", "item", operators[0]}
        if unknown:
            raise ValueError(f"unknown in a condition: {', '.join(sorted(unknown))}")
        item = raw.get("item")
        if item is not None and (not isinstance(item, str | int) or isinstance(item, bool)):
            raise ValueError(f"item does not take {item!r}")
        return cls(
            _condition_port(raw, default), item, operators[0], _operand(operators[0], raw[operators[0]])
        )

    def __str__(self) -> str:
        item = "" if self.item is None else f"[{self.item!r}]"
        return f"{self.port}{item} {self.operator} {self.operand!r}"


def _condition_port(raw: dict[str, object], default: Port | None) -> Port:
    port = raw.get("port")
    if isinstance(port, str) and port.startswith("self.") and port[5:].isidentifier():
        return Port("attr", keywords=(port[5:],))
    if default is VALUE:
        if port not in (None, "value"):
            raise ValueError('the port of a condition on a setting is "value" or "self.NAME"')
        return VALUE
    if port is None:
        raise ValueError("a condition names its port")
    return Port.parse(port)


def _operand(operator: Operator, raw: object) -> Operand:
    """The operand of `operator`, checked and with lists as tuples."""
    good: bool
    match operator:
        case "is" | "is_not" | "contains" | "lacks":
            good = isinstance(raw, Scalar)
        case "in" | "not_in":
            good = isinstance(raw, list) and bool(raw) and all(isinstance(item, Scalar) for item in raw)
        case "absent" | "present":
            good = raw is True
        case "none" | "constant" | "fixed" | "sequence":
            good = isinstance(raw, bool)
        case "below":
            good = isinstance(raw, int | float) and not isinstance(raw, bool)
        case "bits" | "clear":
            good = isinstance(raw, int) and not isinstance(raw, bool) and raw > 0
        case "matches" | "not_matches":
            good = isinstance(raw, str)
        case "name" | "not_name" | "type":
            raw = [raw] if isinstance(raw, str) else raw
            good = isinstance(raw, list) and bool(raw) and all(is_dotted(item) for item in raw)
    if not good:
        raise ValueError(f"{operator} does not take {raw!r}")
    return tuple(raw) if isinstance(raw, list) else cast("Scalar", raw)


def is_dotted(name: object) -> bool:
    """Whether `name` is a dotted name: identifiers joined by dots."""
    return isinstance(name, str) and all(part.isidentifier() for part in name.split("."))


def compile_pattern(text: str) -> re.Pattern[str]:
    """`text` compiled; raises `ModelError` for a malformed regular expression."""
    try:
        return re.compile(text)
    except re.error as error:
        raise ModelError(f"malformed regular expression {text!r}: {error}") from error
