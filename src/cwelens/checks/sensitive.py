"""Sensitive data in an expression, by the names in it: passwords and other secrets, numbers and addresses of people.

A name of the function that says nothing is looked up in what it was assigned. What a call makes of a secret (its length, a hash, a
masked form) is not the secret; conversions and formatting keep it.
"""

from __future__ import annotations

import re

from cwelens.checks import names, no_secrets
from cwelens.checks.bodies import Body, last_name
from cwelens.ir import nodes as ir
from cwelens.ir.walk import children

# What gives back what it is given, in another form.
_KEEPING = frozenset(
    ("format", "get", "strip", "rstrip", "lstrip", "lower", "upper", "encode", "decode", "join", "str", "repr", "bytes", "dumps", "pformat")
)  # fmt: skip
# Verbs of functions that give the thing itself.
_GIVING = frozenset(
    ("get", "fetch", "read", "load", "ask", "prompt", "generate", "gen", "create", "make", "new", "random", "retrieve", "lookup", "decrypt",
     "request", "getpass")
)  # fmt: skip
# What a parser, a board and a puzzle have as well.
_AMBIGUOUS = frozenset(("token", "pin", "salt", "nonce", "secret", "next_token"))
_MADE_SAFE = re.compile(
    r"(?i)hash|crypt(?<!decrypt)|digest|mask|redact|obfusc|censor|scrub|hidden|hmac|md5|sha\d"
)
# Behind these words stands whose secret it is.
_OF = frozenset(("for", "from", "of", "by", "in", "with"))
_DEPTH = 3


def found_in(node: ir.Expr, body: Body | None = None, wanted: str = "any", depth: int = 0) -> ir.Expr | None:
    """The first part of an expression that holds sensitive data; `wanted` is "any", "printed" (no
    secret whose name also means parts of a text), "kept" (only passwords and private data), or "password"."""
    stack: list[ir.Node] = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, ir.Name):
            if _sensitive(part.id, wanted) and not part.id.isupper():
                if not _known_harmless(part, body):
                    return part
            elif body is not None and depth < _DEPTH:
                for value in body.assigned.get(part.id, [])[:3]:
                    if found_in(value, body, wanted, depth + 1) is not None:
                        return part
        elif isinstance(part, ir.Attr):
            if _sensitive(part.name, wanted) and not (body is not None and no_secrets.holds_none(part, body)):
                return part
        elif isinstance(part, ir.Item):
            key = part.key
            if isinstance(key, ir.Const) and isinstance(key.value, str) and _sensitive(key.value, wanted):
                return part
        elif isinstance(part, ir.Call):
            if _gives(part, wanted):
                return part
            if last_name(part.func) in _KEEPING:
                stack += [*part.args, *(v for _, v in part.keywords)]
                if isinstance(part.func, ir.Attr) and not _by_key(part):
                    stack.append(part.func.base)
        elif isinstance(part, ir.DictDisplay):
            stack += _kept_in(part, body)
        elif not isinstance(part, ir.Compare | ir.Const | ir.Lambda | ir.Comp | ir.Cond | ir.Unary):
            stack += children(part)
    return None


def itself(secret: ir.Expr, body: Body) -> ir.Expr:
    """What `found_in` has found by the name of the secret itself, where a name stands for what it was assigned."""
    for _ in range(_DEPTH):
        if not isinstance(secret, ir.Name) or _sensitive(secret.id, "any"):
            break
        given = [found_in(value, body) for value in body.assigned.get(secret.id, [])[:3]]
        secret = next((one for one in given if one is not None), secret)
    return secret


def _kept_in(display: ir.DictDisplay, body: Body | None) -> list[ir.Expr]:
    """The values of a dictionary; of one that it takes over (`**other`) those that no later key replaces (`{**other, "password": "***"}`)."""
    kept: list[ir.Expr] = []
    replaced: set[object] = set()
    for key, value in reversed(display.items):
        if isinstance(key, ir.Const):
            replaced.add(key.value)
        given = body.assigned.get(value.id, []) if body is not None and isinstance(value, ir.Name) else []
        if key is None and given and all(isinstance(g, ir.DictDisplay) for g in given):
            for other in given:
                items = other.items if isinstance(other, ir.DictDisplay) else []
                kept += [v for k, v in items if not (isinstance(k, ir.Const) and k.value in replaced)]
        else:
            kept.append(value)
    return kept


def _by_key(call: ir.Call) -> bool:
    """Whether a call takes one thing out of many by its name: then that name tells what it is (`credentials.get("username")`)."""
    first = call.args[0] if call.args else None
    return last_name(call.func) == "get" and isinstance(first, ir.Const) and isinstance(first.value, str)


def _gives(call: ir.Call, wanted: str) -> bool:
    """Whether a call gives a secret by its name (`get_password()`), or by the key it asks for (`form.get("password")`)."""
    name = last_name(call.func)
    if name == "getpass":
        return True
    first = call.args[0] if call.args else None
    if name in ("get", "pop", "getvalue", "get_secret") and isinstance(first, ir.Const):
        return isinstance(first.value, str) and names.is_password(first.value)
    parts = names.words(name)
    ends = next((i for i, word in enumerate(parts) if word in _OF), len(parts))
    thing = "_".join(parts[1:ends])
    return len(parts) > 1 and parts[0] in _GIVING and _sensitive(thing, wanted)


def _sensitive(name: str, wanted: str) -> bool:
    if wanted == "any" or (wanted == "printed" and name not in _AMBIGUOUS):
        return names.is_secret(name) or names.is_private(name)
    return names.is_password(name) or (wanted == "kept" and names.is_private(name))


def _known_harmless(node: ir.Name, body: Body | None) -> bool:
    """Whether a name holds a record or what is published, or is only ever assigned nothing, a number, or something hashed, encrypted or masked."""
    if body is not None and no_secrets.holds_none(node, body):
        return True
    given = body.assigned.get(node.id) if body is not None else None
    if not given:
        return False
    safe = [v for v in given if isinstance(v, ir.Call) and _MADE_SAFE.search(last_name(v.func))]
    empty = [
        v for v in given if isinstance(v, ir.Const) and not (isinstance(v.value, str | bytes) and v.value)
    ]
    return bool(safe) or len(empty) == len(given)
