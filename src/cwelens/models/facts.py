"""What a library says about a name: whether it is there, and with which parameters; as an object and as one line of the lock.

`Facts` is anything that answers for names: the installed libraries (`cwelens.models.installed`) or the lock (`cwelens.models.lock`).
"""

from __future__ import annotations

from dataclasses import dataclass
from inspect import Parameter
from typing import Any, Literal, Protocol, TypeAlias

Kind: TypeAlias = Literal["callable", "property", "value", "missing", "not installed", "unlocked"]

_MARKS: dict[object, str] = {
    Parameter.VAR_POSITIONAL: "*",
    Parameter.VAR_KEYWORD: "**",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """`parameters` are those of a callable as callers fill them, None where its signature can't be read."""

    kind: Kind
    parameters: tuple[Parameter, ...] | None = None
    reason: str = ""

    @property
    def exists(self) -> bool:
        return self.kind in ("callable", "property", "value")

    def __str__(self) -> str:
        if self.kind == "callable":
            return "(?)" if self.parameters is None else f"({shown(self.parameters)})"
        return f"{self.kind}: {self.reason}" if self.reason else self.kind

    @classmethod
    def parse(cls, text: str) -> Fact:
        """The fact that `str` wrote; raises `ValueError` for anything else."""
        if text == "(?)":
            return cls("callable")
        if text.startswith("(") and text.endswith(")"):
            return cls("callable", _parameters(text[1:-1]))
        kind, _, reason = text.partition(": ")
        if kind not in ("property", "value", "missing", "not installed"):
            raise ValueError(f"{text!r} is no fact")
        return cls(kind, None, reason)  # type: ignore[arg-type]


class Facts(Protocol):
    """Answers for names; `python` is the version that the standard library's answers are of."""

    python: tuple[int, int]

    def of(self, name: str) -> Fact: ...


def shown(parameters: tuple[Parameter, ...]) -> str:
    """Parameters as a signature without annotations and values: `a, b=, *, c=`."""
    parts: list[str] = []
    previous: object = None
    for parameter in parameters:
        if previous is Parameter.POSITIONAL_ONLY and parameter.kind is not Parameter.POSITIONAL_ONLY:
            parts.append("/")
        if parameter.kind is Parameter.KEYWORD_ONLY and previous not in (
            Parameter.KEYWORD_ONLY,
            Parameter.VAR_POSITIONAL,
        ):
            parts.append("*")
        default = "" if parameter.default is Parameter.empty else "="
        parts.append(f"{_MARKS.get(parameter.kind, '')}{parameter.name}{default}")
        previous = parameter.kind
    if previous is Parameter.POSITIONAL_ONLY:
        parts.append("/")
    return ", ".join(parts)


def _parameters(text: str) -> tuple[Parameter, ...]:
    """The parameters that `shown` wrote."""
    parts = text.split(", ") if text else []
    kind: Any = Parameter.POSITIONAL_ONLY if "/" in parts else Parameter.POSITIONAL_OR_KEYWORD
    found: list[Parameter] = []
    for part in parts:
        if part == "/":
            kind = Parameter.POSITIONAL_OR_KEYWORD
        elif part == "*":
            kind = Parameter.KEYWORD_ONLY
        elif part.startswith("**"):
            found.append(Parameter(part[2:], Parameter.VAR_KEYWORD))
        elif part.startswith("*"):
            found.append(Parameter(part[1:], Parameter.VAR_POSITIONAL))
            kind = Parameter.KEYWORD_ONLY
        else:
            name = part.removesuffix("=")
            default = None if part.endswith("=") else Parameter.empty
            found.append(Parameter(name, kind, default=default))
    return tuple(found)
