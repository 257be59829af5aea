"""Secrets compared in time that depends on their content (CWE-208): message authentication codes, and the tokens that a request brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.checks import names
from cwelens.checks.bodies import last_name
from cwelens.checks.judgement import Judgement
from cwelens.flow.run import written
from cwelens.flow.values import Const, Opaque, Taint, Text, Value, taints_of
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

# Words of names whose value opens something to whoever sends it; a password has rules of its own.
_OPENS = frozenset(("token", "secret", "apikey", "signature", "hmac"))
_KEYS = frozenset((("api", "key"), ("access", "key"), ("auth", "key"), ("secret", "key")))

# What both sides of an exchange know, so that one sends it and the other compares.
_SHARED = frozenset(("key", "token", "secret"))

# Shorter literals are the signs that a text is taken apart by.
_SIGN = 4


def judge(node: ir.Compare, left: Value, right: Value) -> tuple[ir.Expr, Judgement] | None:
    """The side of a comparison that is secret, and the judgement; None where none is, or nobody outside chooses the other."""
    for secret_node, secret, other_node, other in (
        (node.left, left, node.rights[0], right),
        (node.rights[0], right, node.left, left),
    ):
        if _is_column(secret_node) or (_of_form(secret_node) and not _made_here(secret)):
            # `Key.token == token` makes a condition of a query: the data base compares.
            continue
        sent = _sent(other)
        reason = f"`{written(secret_node)}` is compared with `==`"
        if _digest(secret, secret_node):
            if sent is not None:
                return secret_node, Judgement("defect", reason, sent)
            given = next((t for t in taints_of(other) if t.origin.kind == "param"), None)
            if given is not None and _made_here(secret):
                return secret_node, Judgement("conditional", reason, given)
        elif sent is not None and _opens(other_node) and _kept(secret_node, secret):
            return secret_node, Judgement("defect", reason, sent)
    return None


def _is_column(node: ir.Expr) -> bool:
    """Whether it is an attribute of a class, by the custom of names: what mappers make of it is a column."""
    if not isinstance(node, ir.Attr):
        return False
    owner = last_name(node.base)
    return owner == "cls" or (owner[:1].isupper() and not owner.isupper())


def _sent(value: Value) -> Taint | None:
    return next((t for t in taints_of(value) if t.origin.kind == "untrusted"), None)


def _opens(node: ir.Expr) -> bool:
    """Whether what a request brings is a token, by its name or by the key it is asked for."""
    return any(_is_token(name) for name in _named(node))


def _named(node: ir.Expr) -> Iterator[str]:
    yield last_name(node)
    if isinstance(node, ir.Call):
        for part in node.args[:1]:
            if isinstance(part, ir.Const) and isinstance(part.value, str):
                yield part.value


def _is_token(name: str) -> bool:
    parts = names.words(name)
    last = bool(parts) and (parts[-1] in _OPENS or tuple(parts[-2:]) in _KEYS)
    # The token of a form is another one for each session: nobody tries long enough.
    return last and names.is_secret(name) and not _FORM & set(parts)


_FORM = frozenset(("csrf", "xsrf"))


def _of_form(node: ir.Expr) -> bool:
    """Whether it is what the session keeps for its forms."""
    return any(_FORM & set(names.words(name)) for name in _named(node))


def _kept(node: ir.Expr, value: Value) -> bool:
    """Whether the other side is the secret that the program keeps: a literal, or something with the name of a secret."""
    atom = value.const()
    if isinstance(atom, Const):
        # A sign of a grammar is no secret (`token == ","`), and one that is read from elsewhere everybody knows who sees the code.
        return isinstance(atom.value, str | bytes) and len(atom.value) >= _SIGN and isinstance(node, ir.Const)
    return _sent(value) is None and _opens(node)


def _made_here(value: Value) -> bool:
    for atom in value.atoms:
        held = atom.parts if isinstance(atom, Text) else (atom,)
        if any(isinstance(p, Opaque) and p.type in ("hmac.hexdigest", "hmac.digest") for p in held):
            return True
    return False


def _digest(value: Value, node: ir.Expr) -> bool:
    """Whether a value is a message authentication code, by how it was made."""
    if _made_here(value):
        return True
    for part in walk(node):
        if (
            isinstance(part, ir.Call)
            and isinstance(part.func, ir.Attr)
            and part.func.name in ("hexdigest", "digest")
        ):
            base = part.func.base
            if isinstance(base, ir.Call) and written(base.func).startswith("hmac."):
                return True
    if isinstance(node, ir.Name | ir.Attr):
        name = node.id if isinstance(node, ir.Name) else node.name
        parts = names.words(name)
        if {"signature", "hmac", "mac"} & set(parts) or ("token" in parts and "expected" in parts):
            return True
        # `self.api_key`: what the program holds, not what it was sent.
        own = isinstance(node, ir.Attr) or name.isupper()
        kept = all(t.origin.kind in ("param", "secret") for t in taints_of(value))
        return own and kept and names.is_secret(name) and bool(_SHARED & set(parts))
    return False
