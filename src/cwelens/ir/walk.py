"""Walks over the intermediate representation, by a table of the child fields of each class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cwelens.ir import nodes as ir

_LEAVES = {
    "pos",
    "id",
    "name",
    "op",
    "ops",
    "kind",
    "names",
    "module",
    "level",
    "reason",
    "template",
    "is_async",
}


def _fields(cls: type[ir.Node]) -> tuple[str, ...]:
    slots: list[str] = []
    for base in reversed(cls.__mro__):
        slots += getattr(base, "__slots__", ())
    return tuple(s for s in slots if s not in _LEAVES and not (cls is ir.Const and s == "value"))


_CHILDREN: dict[type, tuple[str, ...]] = {}


def children(node: ir.Node) -> list[ir.Node]:
    """The nodes directly below one, in source order where the fields are."""
    fields = _CHILDREN.get(type(node))
    if fields is None:
        fields = _CHILDREN[type(node)] = _fields(type(node))
    out: list[ir.Node] = []
    for field in fields:
        value = getattr(node, field)
        if isinstance(value, ir.Node):
            out.append(value)
        elif isinstance(value, (list, tuple)):
            _collect(value, out)
    return out


def _collect(values: Any, out: list[ir.Node]) -> None:
    for value in values:
        if isinstance(value, ir.Node):
            out.append(value)
        elif isinstance(value, (list, tuple)):
            _collect(value, out)


def walk(*roots: ir.Node) -> Iterator[ir.Node]:
    """Every node at and below the roots, parents first."""
    stack = list(reversed(roots))
    while stack:
        node = stack.pop()
        yield node
        below = children(node)
        if below:
            below.reverse()
            stack += below


def dotted(node: ir.Expr) -> str | None:
    """`a.b.c` as text where an expression is only names and attributes, else None."""
    parts: list[str] = []
    while isinstance(node, ir.Attr):
        parts.append(node.name)
        node = node.base
    if not isinstance(node, ir.Name):
        return None
    parts.append(node.id)
    return ".".join(reversed(parts))
