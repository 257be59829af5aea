"""Dispatch on the address in the code itself: which addresses a handler tells apart, and what it does for one of them.

A handler of `http.server` or WSGI is walked once to note what it compares the address with; then once for each of these, as if a request for
it had come, so that every address is a route of its own. The walk keeps what was noted in `Choices`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cwelens.app.values import CLIENT, EMPTY, Spot, Val, constant
from cwelens.app.words import table
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk as walk_nodes
from cwelens.resolve.symbols import FunctionInfo

if TYPE_CHECKING:
    from cwelens.app.frame import Frame, Walk

# Calls whose result still is the address: it is taken apart, or made plain.
_KEEPS = table(
    "urlparse urlsplit unquote unquote_plus split rsplit partition strip rstrip lstrip lower str removesuffix removeprefix decode"
)
_TESTS = table("match fullmatch search startswith")
OTHER = "*"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the address of a request may be: exactly `text`, something that begins so, something that fits it, or anything else."""

    kind: str
    text: str


@dataclass(slots=True)
class Place:
    """Where an address is told apart, and the last line of what is done for it (0: not known)."""

    spot: Spot
    last: int = 0


@dataclass(slots=True)
class Choices:
    """`seen` while noting, `chosen` while walking for one of them; `verbs` are the methods that the handler asks for."""

    seen: dict[Choice, Place] = field(default_factory=dict)
    chosen: Choice | None = None
    verbs: dict[str, None] = field(default_factory=dict)
    # What a table holds for the address that is walked for.
    handler: FunctionInfo | None = None


def address() -> Val:
    """The address of the request."""
    return Val(frozenset((CLIENT,)), kind="path", name="path")


def verb() -> Val:
    """The method of the request."""
    return Val(kind="verb", name="method")


_WITH_VERB = re.compile(r"(?:([A-Z]+) )?(\^?/.*)", re.DOTALL)


def _is_address(text: object) -> bool:
    return isinstance(text, str) and _WITH_VERB.match(text) is not None and len(text) < 120


def parted(text: str) -> tuple[str, str]:
    """The method, empty where any will do, and the address that a choice is about."""
    found = _WITH_VERB.match(text)
    return (found.group(1) or "", found.group(2)) if found is not None else ("", text)


def both(parts: list[Val]) -> str:
    """`("POST", "/x")` as one text, empty where it is no such pair."""
    texts = [v.const for v in parts if isinstance(v.const, str)]
    verbs = [t for t in texts if t.isupper() and t.isalpha()]
    rest = [t for t in texts if t.startswith("/")]
    return f"{verbs[0]} {rest[0]}" if len(texts) == len(parts) == 2 and verbs and rest else ""


def asks(key: Val) -> bool:
    """Whether a key is the address, or a pair with the address in it."""
    return key.kind == "path" or any(v.kind == "path" for v in key.elements or ())


def _note(walk: Walk, frame: Frame, node: ir.Node, kind: str, text: str) -> Choice:
    made = Choice(kind, text)
    walk.choices.seen.setdefault(made, Place(frame.spot(node)))
    return made


def compared(walk: Walk, frame: Frame, node: ir.Node, left: Val, right: Val, op: str) -> bool | None:
    """Whether the address is a text, as far as that is decided by the request that is walked for; None where it is not."""
    for one, two in ((left, right), (right, left)) if op in ("==", "!=") else ((left, right),):
        if one.kind == "verb" and isinstance(two.const, str):
            walk.choices.verbs[two.const.upper()] = None
        if one.kind != "path":
            continue
        texts = [v.const for v in two.elements or [two]]
        if not texts or not all(map(_is_address, texts)):
            continue
        made = _note(walk, frame, node, "is", str(texts[0]))
        chosen = walk.choices.chosen
        same = chosen is not None and chosen.kind == "is" and parted(chosen.text)[1] in texts
        return None if chosen is None else chosen == made or same
    return None


def listed(walk: Walk, frame: Frame, node: ir.Node, base: Val) -> bool | None:
    """Whether the address is a key of a table."""
    keys = [k for k in base.items or () if _is_address(k)]
    for key in keys:
        _note(walk, frame, node, "is", key)
    chosen = walk.choices.chosen
    return None if chosen is None or not keys else chosen.kind == "is" and chosen.text in keys


def entry(walk: Walk, frame: Frame, node: ir.Node, base: Val, default: Val | None) -> Val | None:
    """`TABLE[path]`, `TABLE.get(path, default)`: what stands there for the address that is walked for."""
    known = listed(walk, frame, node, base)
    chosen = walk.choices.chosen
    if known is None or chosen is None or base.items is None:
        return None
    if known:
        held = base.items[chosen.text]
        walk.choices.handler = held.ref if isinstance(held.ref, FunctionInfo) else None
        return held
    return default if default is not None else constant(None)


def tested(
    walk: Walk, frame: Frame, node: ir.Node, name: str, base: Val | None, args: list[Val]
) -> Val | None:
    """`path.startswith(text)`, `re.match(pattern, path)`: decided for the address that is walked for."""
    if name not in _TESTS:
        return None
    chosen = walk.choices.chosen
    if name == "startswith":
        if base is None or base.kind != "path" or not args:
            return None
        texts = [v.const for v in args[0].elements or args[:1]]
        if not texts or not all(map(_is_address, texts)):
            return None
        made = _note(walk, frame, node, "prefix", str(texts[0]))
        if chosen is None:
            return None
        begins = chosen.kind in ("is", "prefix") and any(
            parted(chosen.text)[1].startswith(str(t)) for t in texts
        )
        return constant(chosen == made or begins)
    subject = next((v for v in args if v.kind == "path"), None)
    holders = [*args, *([base] if base is not None else [])]
    pattern = next((v.parts[0] for v in holders if v.kind != "path" and v.parts and len(v.parts) == 1), None)
    if subject is None or not _is_address(pattern):
        return None
    made = _note(walk, frame, node, "pattern", str(pattern))
    if chosen is None:
        return None
    # What the groups hold is the client's.
    return Val(frozenset((CLIENT,)), kind="matched", name="path") if chosen == made else constant(None)


def keeps(name: str, values: list[Val]) -> bool:
    """Whether what a call of this name gives back still is the address."""
    return name in _KEEPS and any(v.kind == "path" for v in values)


def is_table(node: ir.Expr | None) -> bool:
    """Whether a value of a module is a table that may say what is called for which address."""
    if isinstance(node, ir.DictDisplay):
        return bool(node.items) and all(
            any(isinstance(p, ir.Const) and _is_address(p.value) for p in walk_nodes(key))
            for key, _ in node.items
            if key is not None
        )
    return (
        isinstance(node, ir.Seq)
        and bool(node.items)
        and all(
            isinstance(part, ir.Seq)
            and len(part.items) >= 2
            and any(isinstance(p, ir.Name | ir.Attr) for p in part.items)
            for part in node.items
        )
    )


def environ(name: str) -> Val:
    """A variable of a WSGI or CGI environment, or of an ASGI scope."""
    if name in ("PATH_INFO", "REQUEST_URI", "path", "RAW_URI"):
        return address()
    if name in ("REQUEST_METHOD", "method"):
        return verb()
    if name == "HTTP_COOKIE":
        return Val(frozenset((CLIENT, "cookie")), kind="cookies", name="cookies")
    if name == "REMOTE_USER":
        return Val(frozenset(("identity",)), kind="user", name=name)
    if name == "HTTP_AUTHORIZATION":
        return Val(frozenset((CLIENT, "header", "identity", "token")), name=name)
    if name.startswith("HTTP_"):
        return Val(frozenset((CLIENT, "header")), name=name.removeprefix("HTTP_").lower())
    if name in ("QUERY_STRING", "wsgi.input", "CONTENT_LENGTH", "query_string"):
        return Val(frozenset((CLIENT,)), kind="body")
    if "session" in name.lower():
        return Val(kind="session", name="session")
    return EMPTY
