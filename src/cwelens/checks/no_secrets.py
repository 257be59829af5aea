"""Names of secrets that hold none: records about a token, of which a log shows number and name, and tokens that are published.

A text has the methods of texts. What is asked for other things, or handed to a data base to be kept, is an object, and its text is what
its class makes of it. The token of a challenge is put into the DNS, where everybody reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.checks import names
from cwelens.checks.bodies import last_name
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted, walk

if TYPE_CHECKING:
    from cwelens.checks.bodies import Body

# Texts, bytes and dictionaries, whose text is all of what they hold; and what an answer of a server offers.
_PLAIN = frozenset((*dir(str), *dir(bytes), *dir(dict), "json", "text", "content", "body", "data"))
_KEEPING = frozenset(("add", "delete", "merge", "refresh", "expunge"))
_STORES = frozenset(("session", "db", "conn", "store"))
_PUBLISHED = frozenset(("txt", "dns", "challenge"))


def holds_none(node: ir.Expr, body: Body) -> bool:
    """Whether a name or attribute that is called like a secret is something else, by what the function does with it."""
    path = dotted(node)
    return path is not None and (_is_record(path, body) or _is_published(path, body))


def _is_record(path: str, body: Body) -> bool:
    asked = {n.name for n in body.nodes if isinstance(n, ir.Attr) and dotted(n.base) == path}
    called = {
        n.func.name
        for n in body.nodes
        if isinstance(n, ir.Call) and isinstance(n.func, ir.Attr) and dotted(n.func.base) == path
    }
    if any(names.is_secret(name) or name == "value" for name in asked - called):
        # Its text may well show what it holds.
        return False
    return bool(asked - _PLAIN) or any(
        isinstance(n, ir.Call) and isinstance(n.func, ir.Attr) and _keeps(n, n.func) and _given(n, path)
        for n in body.nodes
    )


def _keeps(call: ir.Call, func: ir.Attr) -> bool:
    base = (dotted(func.base) or "").rpartition(".")[2]
    return func.name in _KEEPING and base in _STORES and len(call.args) == 1


def _is_published(path: str, body: Body) -> bool:
    if names.is_password(path.rpartition(".")[2]):
        return False
    if body.function is not None and _PUBLISHED & set(names.words(body.function.name)):
        return True
    return any(
        isinstance(n, ir.Call) and _PUBLISHED & set(names.words(last_name(n.func))) and _given(n, path)
        for n in body.nodes
    )


def _given(call: ir.Call, path: str) -> bool:
    return any(
        dotted(part) == path
        for part in walk(*call.args, *(v for _, v in call.keywords))
        if isinstance(part, ir.Expr)
    )
