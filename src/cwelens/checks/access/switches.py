"""Routes that a setting of whoever runs the program opens: where it is off, they answer that there is nothing."""

from __future__ import annotations

from cwelens.app.model import Route
from cwelens.app.values import Event
from cwelens.app.words import table, words
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted, walk

_SETTINGS = table(
    "config configuration settings setting param params options opts cli app features feature flags flag conf env"
)
_LEAVING = table("abort fail forbidden notfound error deny reject")


def opened_by(route: Route, event: Event) -> str:
    """The setting without which what a route does is not done, as written; "" where it asks none."""
    source, (line, *_) = event.site
    if source is not route.handler.module.source:
        return ""
    for part in walk(*route.handler.node.body):
        if not isinstance(part, ir.If):
            continue
        first, last = part.pos[0], part.pos[2]
        inside = bool(part.body) and part.body[0].pos[0] <= line <= part.body[-1].pos[2]
        # What stands behind it is for when it is off, where the branch has returned.
        after = part.orelse or route.handler.node.body[-1:]
        if inside and _setting(part.test) and after[0] is not part and _leaves(after):
            return dotted(part.test) or ""
        negated = part.test.operand if isinstance(part.test, ir.Unary) and part.test.op == "not" else None
        if negated is not None and last < line and first < line and _setting(negated) and _leaves(part.body):
            return dotted(negated) or ""
    return ""


def _setting(test: ir.Expr) -> bool:
    """Whether a test asks only for an attribute of what holds settings."""
    return isinstance(test, ir.Attr) and bool(words(dotted(test.base) or "") & _SETTINGS)


def _leaves(body: list[ir.Stmt]) -> bool:
    return any(
        isinstance(part, ir.Raise)
        or (
            isinstance(part, ir.Call) and bool(words((dotted(part.func) or "").rpartition(".")[2]) & _LEAVING)
        )
        for part in walk(*body)
    )
