"""Attributes of values in an application: of requests, instances, classes, records."""

from __future__ import annotations

from cwelens.app import calls, dispatch, evaluate
from cwelens.app.frame import Frame, Walk
from cwelens.app.values import (
    CLIENT,
    COOKIE,
    FRESH,
    HEADER,
    IDENTITY,
    NO_TAGS,
    PART,
    ROLE,
    STORED,
    Entity,
    Val,
)
from cwelens.app.words import (
    is_identity_key,
    is_right,
    is_role,
    table,
    words,
)
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import Binding, ClassInfo, External, FunctionInfo, ModuleInfo

_BODIES = table("""form args values json data files POST GET FILES query_params query params forms body match_info view_args path_params PUT
    validated_data cleaned_data payload rel_url arguments kwargs path_args json_body stream media matchdict bounded_stream""")
# Attributes of the request that hooks and decorators put there once they know who is asking.
_SET_BY_HOOKS = table(
    "project tenant team org organization organisation account profile member customer company workspace principal site store"
)
# What the context of a GraphQL resolver has where it is, or holds, the request.
_OF_CONTEXT = table("request headers META cookies COOKIES body POST GET FILES")


G_WORDS = table("user session identity username uid auth account member current_user login token")


_KEYS = frozenset(("SECRET_KEY", "secret_key", "SIGNING_KEY", "signing_key"))


def attribute(walk: Walk, frame: Frame, node: ir.Expr, base: Val, name: str) -> Val:
    """`base.name`"""
    if base.kind == "request":
        return _of_request(walk, base, name)
    if name in _KEYS and not base.has(CLIENT):
        # What is made with it nobody else can make.
        return Val(frozenset((FRESH,)), name=name)
    if base.kind == "session" and is_identity_key(name):
        # `session.user` of web.py
        return Val(frozenset((IDENTITY,)), name=name)
    if base.kind == "g" and name in _OF_CONTEXT:
        return _of_request(walk, base, name)
    if base.kind == "g":
        return (
            Val(frozenset((IDENTITY,)), name=name, kind="session" if name == "session" else "")
            if name in G_WORDS
            else Val(name=name)
        )
    if base.kind == "user":
        return Val(
            base.tags | ({ROLE} if is_role(name) or is_right(name) else NO_TAGS),
            name=name,
            kind="user" if name == "user" else "",
            bound=base,
        )
    if base.kind in ("self", "instance") and isinstance(base.ref, ClassInfo):
        return _of_instance(walk, frame, node, base, base.ref, name)
    if isinstance(base.ref, ClassInfo):
        return _of_class(walk, base.ref, name)
    if isinstance(base.ref, ModuleInfo):
        symbol = symbol_of(walk.program.member(base.ref, name, frame.module))
        return evaluate.of_symbol(walk, symbol, name) if symbol is not None else Val(name=name)
    if isinstance(base.ref, External):
        symbol = symbol_of(walk.program.member(base.ref, name, frame.module))
        if symbol is not None and not isinstance(symbol, External):
            return evaluate.of_symbol(walk, symbol, name)
        if name in ("objects", "query") and base.name[:1].isupper() and not base.name.isupper():
            return Val(kind="query", name=name, entities=frozenset((Entity(base.name.lower(), None),)))
        return evaluate.external(f"{base.ref.qualname}.{name}")
    if base.entities and base.kind not in ("query", "store", "column"):
        return _of_record(walk, frame, node, base, name)
    if base.kind in ("body", "form"):
        walk.asked.setdefault(name.lower(), frame.spot(node))
        made = evaluate.client(name)
        made.bound = base
        return made
    if name == "value" and base.has(COOKIE):
        # `cookies["session"].value`
        return base
    if name == "data" and base.has(CLIENT) and base.name and base.kind == "":
        # `form.field.data`
        return base
    if name == "session" and base.kind == "" and not base.tags:
        return Val(kind="db", name=name, type=base.type)
    if base.items is not None and name in base.items and base.kind == "":
        return base.items[name]
    tags = base.tags | ({ROLE} if is_role(name) and base.tags else NO_TAGS)
    if name in ("objects", "query") and base.name[:1].isupper() and not base.tags and base.kind == "":
        return Val(kind="query", name=name, entities=frozenset((Entity(base.name.lower(), None),)))
    if name == "payload" and base.type.startswith("flask_rest"):
        return Val(frozenset((CLIENT,)), kind="body")
    if name == "objects" and base.has(CLIENT):
        # The model itself is chosen by the client.
        return Val(
            tags, name=name, kind="query", entities=frozenset((Entity("?", None, (("model", base),)),))
        )
    if base.kind == "path" and name == "query":
        return Val(frozenset((CLIENT,)), kind="body", name="")
    kept = ("query", "body", "store", "cookies", "headers")
    return Val(tags, name=name, kind=base.kind if base.kind in kept or (base.kind == "path" and name == "path") else "",
               entities=base.entities, type=f"{base.type}.{name}" if base.type else "", bound=base)  # fmt: skip


def _of_request(walk: Walk, base: Val, name: str) -> Val:
    if name in ("cookies", "COOKIES"):
        return Val(frozenset((CLIENT, COOKIE)), kind="cookies", name=name)
    if name in ("headers", "META", "environ"):
        return Val(frozenset((CLIENT, HEADER)), kind="headers", name=name)
    if name in _BODIES:
        return Val(frozenset((CLIENT,)), kind="body", name="")
    if name == "session":
        return Val(kind="session", name=name)
    if name in (
        "user",
        "authorization",
        "auth",
        "identity",
        "current_user",
        "authenticated_userid",
        "unauthenticated_userid",
    ):
        return Val(frozenset((IDENTITY,)), kind="user", name=name)
    if base.type == "wsgi" and name in ("path", "path_info", "method"):
        return dispatch.verb() if name == "method" else dispatch.address()
    if name in ("method", "endpoint", "blueprint", "url_rule", "app", "scheme", "is_secure"):
        return Val(name=name)
    if name in ("request", "context", "state", "ctx"):
        return Val(kind="request", name=name) if name == "request" else Val(kind="g", name=name)
    tags = frozenset((IDENTITY,)) if words(name) & _SET_BY_HOOKS else NO_TAGS
    if walk.know.is_put_on_request(name):
        tags |= {PART}
    return Val(tags, kind="request-member", name=name, bound=base)


def _of_instance(walk: Walk, frame: Frame, node: ir.Expr, base: Val, cls: ClassInfo, name: str) -> Val:
    if base.items is not None and name in base.items:
        return base.items[name]
    found = symbol_of(walk.program.find_attr(cls, name))
    if isinstance(found, FunctionInfo):
        made = Val(ref=found, name=name, bound=base)
        if found.kind == "property":
            given = calls.enter(walk, frame, node, found, [base], {})
            if base.kind == "self" and name == "current_user" and not given.has(IDENTITY):
                # A handler's own way to what its framework calls so.
                return Val(given.tags | {IDENTITY}, kind="user", name=name)
            return given
        return made
    if name == "request":
        return Val(kind="request", name=name)
    if any(_is_session(a.attr_annotations.get(name)) for a in walk.program.mro(cls)[0]):
        return Val(kind="db", name=name)
    if base.kind == "self":
        if name in ("current_user", "user"):
            return Val(frozenset((IDENTITY,)), kind="user", name=name)
        if name in _BODIES:
            return Val(frozenset((CLIENT,)), kind="body")
        if name == "path":
            return dispatch.address()
        if name == "rfile":
            return Val(frozenset((CLIENT,)), kind="body", name="")
        if name == "command":
            return dispatch.verb()
        if name == "headers":
            return Val(frozenset((CLIENT, HEADER)), kind="headers", name=name)
        if name == "session":
            return Val(kind="session", name=name)
        return Val(kind="self-member", name=name, bound=base)
    if isinstance(found, Binding) and found.value is not None:
        return evaluate.value(walk, Frame(found.module, None, {}, depth=2), found.value)
    if found is not None:
        return evaluate.of_symbol(walk, found, name)
    if walk.know.is_model(cls) or STORED in base.tags:
        return Val(base.tags | {STORED}, name=name, entities=base.entities)
    return Val(
        base.tags | ({ROLE} if is_role(name) and base.has(IDENTITY) else NO_TAGS), name=name, bound=base
    )


def behind(walk: Walk, frame: Frame, func: ir.Attr) -> tuple[Val, Val] | None:
    """`super().name`, called: the receiver, and the method of the classes behind the one that the code stands in; None for anything else."""
    if not (
        isinstance(func.base, ir.Call)
        and isinstance(func.base.func, ir.Name)
        and func.base.func.id == "super"
    ):
        return None
    own = frame.env.get("self")
    if own is None:
        return None
    if own.kind == "self":
        base = Val(kind="self-member", name="super", bound=own)
        return base, attribute(walk, frame, func, base, func.name)
    if own.kind == "query":
        # In a manager: the library's own way with the records.
        return own, Val(name=func.name, bound=own)
    here = frame.function.owner if frame.function is not None else None
    if own.kind != "instance" or not isinstance(own.ref, ClassInfo) or here is None:
        return own, attribute(walk, frame, func, own, func.name)
    known = walk.program.mro(own.ref)[0]
    for ancestor in known[known.index(here) + 1 :] if here in known else []:
        if func.name in ancestor.methods:
            return own, Val(ref=ancestor.methods[func.name], name=func.name, bound=own)
    base = Val(own.tags, name=own.name, type=next(iter(walk.program.library_bases(own.ref)), ""))
    return base, Val(name=func.name, bound=base)


def _is_session(annotation: ir.Expr | None) -> bool:
    """Whether an annotation is that of a data base session."""
    return annotation is not None and (dotted(annotation) or "").rpartition(".")[2] in (
        "Session",
        "AsyncSession",
    )


def _of_class(walk: Walk, cls: ClassInfo, name: str) -> Val:
    if name in ("objects", "query", "_default_manager", "select"):
        own = walk.program.find_attr(cls, name)
        if not isinstance(symbol_of(own), FunctionInfo):
            return Val(kind="query", name=name, entities=frozenset((Entity(cls.name.lower(), cls),)))
    found = symbol_of(walk.program.find_attr(cls, name))
    if isinstance(found, FunctionInfo):
        return Val(ref=found, name=name, bound=Val(ref=cls, name=cls.name))
    if walk.know.is_model(cls):
        return Val(
            kind="column",
            name=name,
            entities=frozenset((Entity(cls.name.lower(), cls),)),
            ref=None,
            bound=Val(ref=cls),
        )
    if isinstance(found, Binding) and found.value is not None:
        return evaluate.value(walk, Frame(found.module, None, {}, depth=2), found.value)
    return Val(name=name, ref=found if isinstance(found, ClassInfo) else None)


def _of_record(walk: Walk, frame: Frame, node: ir.Expr, base: Val, name: str) -> Val:
    model = next((e.model for e in base.entities if e.model is not None), None)
    if model is not None:
        found = symbol_of(walk.program.find_attr(model, name))
        if isinstance(found, FunctionInfo):
            if found.kind == "property":
                return calls.enter(walk, frame, node, found, [base], {})
            return Val(ref=found, name=name, bound=base)
    tags = base.tags | {STORED} | ({ROLE} if is_role(name) else NO_TAGS)
    return Val(tags, name=name, entities=frozenset(walk.part(e, name) for e in base.entities), bound=base)
