"""Methods of values in an application, and calls of which only the name is known."""

from __future__ import annotations

import re

from cwelens.app import calls, dispatch, effects, evaluate, members, records, schemas, webpy
from cwelens.app.frame import Frame, Walk
from cwelens.app.values import (
    CLIENT,
    COOKIE,
    DECLARED,
    EMPTY,
    FOUND,
    IDENTITY,
    OWNER,
    ROLE,
    STORED,
    TOKEN,
    Entity,
    Val,
    constant,
    mixed,
)
from cwelens.app.words import is_auth_name, is_identity_key, is_owner, is_right, is_token, table
from cwelens.ir import nodes as ir
from cwelens.resolve.symbols import External

_PICKS = table("project pick only select_keys filter_keys subset subdict take_keys")
_BRACES = re.compile(r"\{(\w*)(?:![rsa])?(?::[^{}]*)?\}")


def _braces(text: str, args: calls.Arguments) -> list[str | Val]:
    parts: list[str | Val] = []
    last = number = 0
    for match in _BRACES.finditer(text):
        parts.append(text[last : match.start()])
        last = match.end()
        name = match.group(1)
        if name and not name.isdigit():
            parts.append(args.named.get(name, args.spread or EMPTY))
        else:
            index = int(name) if name else number
            parts.append(args.positional[index] if index < len(args.positional) else EMPTY)
            number += 1
    return [*parts, text[last:]]


def method(
    walk: Walk, frame: Frame, node: ir.Call, base: Val, name: str, args: calls.Arguments
) -> Val | None:
    """A method of something that the framework gives, or of records."""
    first = args.first()
    if base.kind == "environ" and name in ("get", "pop"):
        return evaluate.item(walk, frame, node, base, first)
    if base.kind == "g" and name == "get" and isinstance(first.const, str):
        return members.attribute(walk, frame, node, base, first.const)
    if base.items is not None and name == "get" and dispatch.asks(first):
        found = dispatch.entry(
            walk, frame, node, base, args.positional[1] if len(args.positional) > 1 else None
        )
        if found is not None:
            return found
    if base.kind in ("request", "request-member"):
        return _of_request(base, name, args)
    if base.kind in ("self", "self-member"):
        return effects.of_handler(walk, frame, node, base, name, args)
    if base.kind == "user" and name == "set_password":
        own = Entity("user", None, (("session", base),), frame.spot(node))
        walk.event(frame, node, "update", own, {"password": first})
        return EMPTY
    if base.kind == "user" and is_right(name):
        # `user.is_member(shop.id)`: what they may do, with this record where one is named.
        asked = mixed([base, *args.all()])
        return asked.tagged(OWNER if asked.has(CLIENT, STORED) else ROLE)
    if base.kind == "session":
        if name in ("get", "pop", "setdefault", "__getitem__"):
            if name == "pop":
                walk.event(frame, node, "logout", text=name)
            return evaluate.item(walk, frame, node, base, first)
        if name in ("clear", "flush", "invalidate", "cycle_key", "regenerate", "new_session", "rotate"):
            walk.event(frame, node, "rotate", text=name)
        return Val(frozenset((IDENTITY,)))
    if base.kind in ("cookies", "headers", "body", "form"):
        if base.kind == "body" and first.name == "" and isinstance(first.const, str):
            walk.asked.setdefault(first.const.lower(), frame.spot(node))
        return _of_client(base, name, first, args)
    if base.kind == "store":
        return records.in_memory(walk, frame, node, base, name, args)
    if base.items is not None and name in ("get", "pop", "setdefault"):
        return evaluate.item(walk, frame, node, base, first)
    if base.kind == "instance" and base.items is not None and name in _AS_DICTIONARY:
        # The fields that it was made with, by their names.
        return Val(base.tags, name=base.name, items=dict(base.items))
    if base.items and name == "keys" and base.kind == "":
        # Which keys there are, the code says.
        return Val(name=base.name, elements=[constant(key) for key in base.items])
    if base.items is not None and name == "update":
        return _merged(walk, frame, node, base, args)
    if (
        name == "format"
        and base.parts is not None
        and len(base.parts) == 1
        and isinstance(base.parts[0], str)
    ):
        return mixed(args.all(), parts=_braces(base.parts[0], args))
    if base.type == "web.database":
        return webpy.called(walk, frame, node, name, args)
    if base.kind == "db":
        return records.of_session(walk, frame, node, base, name, args)
    if name in records.EXECUTE and args.positional:
        made = records.execute(walk, frame, node, args)
        if made is not None:
            return made
    if name == "parse_args" and not base.type.startswith("argparse"):
        return Val(frozenset((CLIENT,)), kind="body")
    if base.entities and name not in effects.CHECKS:
        return records.method(walk, frame, node, base, name, args)
    if name in records.SHAPING and base.tags:
        return base
    return records.document(walk, frame, node, base, name, args)


_AS_DICTIONARY = frozenset(("model_dump", "dict", "_asdict", "to_dict", "as_dict", "asdict"))


def _merged(walk: Walk, frame: Frame, node: ir.Call, base: Val, args: calls.Arguments) -> Val:
    """`data.update(other)`: what the client sends may replace what the server put in."""
    for other in args.positional:
        if other.has(CLIENT) and other.items is None and base.items:
            lost = [
                k for k, v in base.items.items() if v.has(IDENTITY) and (is_identity_key(k) or is_owner(k))
            ]
            if lost:
                walk.event(frame, node, "identity-lost", text=lost[0], value=other)
        if base.items is not None:
            base.items.update(other.items or {})
    if base.items is not None:
        base.items.update(args.named)
    if isinstance(node.func, ir.Attr) and isinstance(node.func.base, ir.Name) and args.positional:
        frame.env[node.func.base.id] = mixed([base, *args.positional], items=base.items, name=base.name)
    return EMPTY


def _of_request(base: Val, name: str, args: calls.Arguments) -> Val:
    first = args.first()
    if base.kind == "request-member":
        name = base.name if base.name not in ("get",) else name
    key = first.const if isinstance(first.const, str) else ""
    if name in ("get_cookie", "cookie"):
        signed = "secret" in args.named or len(args.positional) > 2
        tags = (
            {IDENTITY} if signed else {CLIENT, COOKIE} | ({IDENTITY, TOKEN} if is_auth_name(key) else set())
        )
        return Val(frozenset(tags), name=key)
    if name in ("get_signed_cookie",):
        return Val(frozenset((IDENTITY,)), name=key)
    if name in ("get_header",):
        return Val(
            frozenset((CLIENT, IDENTITY, TOKEN)) if is_auth_name(key) else frozenset((CLIENT,)), name=key
        )
    if name in ("build_absolute_uri", "get_host", "is_ajax", "url_for", "is_secure"):
        return EMPTY
    if name in ("get_param", "param", "get_argument", "getvalue"):
        return evaluate.client(key)
    if name in ("get_user", "current_user"):
        return Val(frozenset((IDENTITY,)), kind="user")
    return Val(frozenset((CLIENT,)), kind="body")


def _of_client(base: Val, name: str, first: Val, args: calls.Arguments) -> Val:
    key = first.const if isinstance(first.const, str) else ""
    if name in (
        "get",
        "pop",
        "getlist",
        "getfirst",
        "getone",
        "getall",
        "getunicode",
        "setdefault",
        "getvalue",
    ):
        if base.kind in ("cookies", "headers"):
            tags = base.tags | ({IDENTITY, TOKEN} if key and is_auth_name(key) else frozenset())
            tags |= {TOKEN} if key and is_token(key) else frozenset()
            return Val(tags, name=key)
        return evaluate.client(key)
    if name in ("validate_on_submit",):
        return Val(frozenset((CLIENT,)), name="csrf_token")
    if name in ("populate_obj", "save"):
        return base
    return Val(base.tags, kind=base.kind, name=base.name, bound=base.bound)


def generic(walk: Walk, frame: Frame, base: Val | None, callee: Val, name: str, args: calls.Arguments) -> Val:
    """A call of something that is not known: its result is made of what it is given."""
    if base is not None and base.type == "keys-chosen" and name == "keys":
        return EMPTY
    if name in _PICKS and len(args.positional) == 2 and args.positional[1].elements is not None:
        # `project(data, ("name", "mail"))`
        made = mixed(args.positional[:1])
        made.type = "keys-chosen"
        return made
    if base is not None and base.type == "keys-chosen" and name in ("items", "copy"):
        return base
    if name in schemas.LETTING and base is not None and args.positional and not _reads_text(base, callee):
        # A schema lets through what it names.
        made = mixed([*args.all(), base])
        made.tags |= {DECLARED}
        return made
    values = args.all() + ([base] if base is not None else [])
    if dispatch.keeps(name, values):
        return dispatch.address()
    if name == "Request" and args.first().kind == "environ":
        return Val(kind="request", name="request", type="wsgi")
    if name in ("SimpleCookie", "parse_cookie"):
        return Val(frozenset((CLIENT, COOKIE)), kind="cookies", name="cookies")
    if name in ("parse_qs", "parse_qsl", "FieldStorage") and (
        args.first().has(CLIENT) or name == "FieldStorage"
    ):
        return Val(frozenset((CLIENT,)), kind="body")
    made = mixed(values)
    source = base if base is not None and base.has(CLIENT, STORED, IDENTITY) else args.first()
    made.name = source.name or name
    if (
        len(args.positional) == 1
        and base is None
        and name in ("dict", "list", "tuple", "set", "str", "int", "sorted", "text", "cast")
    ):
        inner = args.positional[0]
        made.parts, made.elements, made.items, made.kind = (
            inner.parts,
            inner.elements,
            inner.items,
            inner.kind if name in ("dict", "list") else "",
        )
    if not values and name == "dict":
        made.items = {}
    elif name == "dict" and args.named and not args.positional:
        made.items = dict(args.named)
    if (
        base is not None
        and base.parts is not None
        and name in ("strip", "lower", "upper", "encode", "decode", "replace")
    ):
        made.parts = base.parts
    made.type = callee.ref.qualname if callee.ref is not None and hasattr(callee.ref, "qualname") else ""
    if base is None and name.endswith("Response"):
        made.kind = "response"
    if base is not None and callee.ref is None and not base.has(CLIENT):
        made.tags |= {FOUND}
    return made


def _reads_text(base: Val, callee: Val) -> bool:
    """`json.load` and its like: what they read names its own fields."""
    name = callee.ref.qualname if isinstance(callee.ref, External) else base.name
    return name.partition(".")[0] in (
        "json",
        "yaml",
        "pickle",
        "toml",
        "marshal",
        "orjson",
        "ujson",
        "simplejson",
        "jsonschema",
    )
