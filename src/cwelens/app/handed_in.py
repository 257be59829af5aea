"""Decorators that let nobody in without what a client puts into each request: a token, a signature, the header `Authorization`.

A browser does not send these by itself, so that a page of somebody else cannot have it act for whoever is logged in.
"""

from __future__ import annotations

from cwelens.app.values import Guard
from cwelens.app.words import table, words
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.symbols import FunctionInfo

_HANDED_IN = table("token apikey bearer hmac signature")
_KEPT_BY_BROWSER = table("session cookie cookies")


def only(info: FunctionInfo) -> bool:
    """Whether a decorator that refuses looks at what is handed in only: no session of a browser gets past it."""
    named, texts = _read(info)
    if "current_user" in named:
        return False
    speaks = {word for name in named for word in words(name)}
    return bool(speaks & _HANDED_IN or _of_header(named, texts)) and not speaks & _KEPT_BY_BROWSER


def with_token(info: FunctionInfo, found: tuple[Guard, ...]) -> tuple[Guard, ...]:
    """The guards of a decorator; one more where who is asking is told by the header `Authorization`."""
    if any(g.kind == "token" for g in found):
        return found
    named, texts = _read(info)
    speaks = {word for name in named for word in words(name)}
    if not _of_header(named, texts) or "current_user" in named or speaks & _KEPT_BY_BROWSER:
        return found
    return (*found, *(Guard("token", g.text, g.spot, g.scope) for g in found if g.kind == "login"))


def _of_header(named: set[str], texts: set[str]) -> bool:
    """Whether the header is read that a client makes; a server that asks for a password by `WWW-Authenticate` has browsers remember it."""
    return ("authorization" in texts or "authorization" in named) and "www-authenticate" not in texts


def _read(info: FunctionInfo) -> tuple[set[str], set[str]]:
    """The names in a function and its inner ones, and its short texts in lower case."""
    named: set[str] = set()
    texts: set[str] = set()
    for node in walk(*info.node.body):
        if isinstance(node, ir.Name):
            named.add(node.id)
        elif isinstance(node, ir.Attr) and node.name != "session":
            # The session of a data base is another one.
            named.add(node.name)
        elif isinstance(node, ir.Const) and isinstance(node.value, str):
            texts.add(node.value.lower())
    return named, texts
