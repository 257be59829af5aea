"""Whether a response that is built from a text is sent as something else than HTML, by what is done to it around the call.

Frameworks send a text as HTML unless told otherwise, and many programs tell them after the response was made
(`response.headers["Content-Type"] = "application/json"`), or for a whole class of handlers before (`self.set_header` in `prepare`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.flow.assign import path_of
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cwelens.flow.run import CallSite, Run

_ATTRIBUTES = frozenset(("content_type", "mimetype"))
_SETTERS = frozenset(("set_header", "add_header", "set", "setdefault", "__setitem__"))
_BEFORE = ("set_default_headers", "prepare", "initialize")


def told(run: Run, site: CallSite) -> str | None:
    """The content type that the response of a call is given elsewhere: "" where it is not a constant, None where nothing is said."""
    root = site.frame.node
    if not isinstance(root, ir.Function):
        return None
    nodes = list(walk(*root.body))
    owner = _given_to(nodes, site.node)
    if owner is None and isinstance(site.node, ir.Call) and isinstance(site.node.func, ir.Attr):
        owner = path_of(site.node.func.base)
    if owner is None:
        return None
    found = list(_types(nodes, owner))
    function = site.frame.func
    if not found and owner == "self" and function is not None and function.owner is not None:
        for ancestor in run.program.mro(function.owner)[0]:
            for name in _BEFORE:
                method = ancestor.methods.get(name)
                if method is not None:
                    found += _types(list(walk(*method.node.body)), "self")
    if not found:
        return None
    return found[-1]


def _given_to(nodes: list[ir.Node], call: ir.Expr) -> str | None:
    """The name or access path that is assigned the result of a call."""
    for node in nodes:
        if isinstance(node, ir.Assign) and node.value is call and len(node.targets) == 1:
            return path_of(node.targets[0])
    return None


def _types(nodes: list[ir.Node], owner: str) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ir.Assign) and node.value is not None:
            for target in node.targets:
                if (
                    isinstance(target, ir.Attr)
                    and target.name in _ATTRIBUTES
                    and path_of(target.base) == owner
                ) or (isinstance(target, ir.Item) and _is_header(target.key) and _of(target.base, owner)):
                    yield _text(node.value)
        elif isinstance(node, ir.Call) and isinstance(node.func, ir.Attr) and node.func.name in _SETTERS:
            if len(node.args) == 2 and _is_header(node.args[0]) and _of(node.func.base, owner):
                yield _text(node.args[1])


def _of(base: ir.Expr, owner: str) -> bool:
    """`response` itself, or its headers."""
    path = path_of(base)
    return path in (owner, f"{owner}.headers")


def _is_header(node: ir.Expr) -> bool:
    return isinstance(node, ir.Const) and isinstance(node.value, str) and node.value.lower() == "content-type"


def _text(node: ir.Expr) -> str:
    return node.value.lower() if isinstance(node, ir.Const) and isinstance(node.value, str) else ""
