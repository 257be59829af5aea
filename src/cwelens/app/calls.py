"""The walk through calls: into functions of the program, and what calls of libraries mean for who may do what."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cwelens.app import dispatch, effects, evaluate, records, webpy
from cwelens.app.frame import Frame, Walk, lookup
from cwelens.app.values import (
    CLIENT,
    COOKIE,
    CREDENTIAL,
    DECLARED,
    EMPTY,
    IDENTITY,
    OWNER,
    STORED,
    TOKEN,
    Entity,
    Guard,
    Val,
    mixed,
)
from cwelens.app.words import is_auth_name, is_identity_key, is_token, table, words
from cwelens.ir import nodes as ir
from cwelens.resolve.symbols import ClassInfo, External, FunctionInfo

_PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?[-#0 +]*\d*(?:\.\d+)?[sdrifxc]|%%")
_BRACES = re.compile(r"\{(\w*)(?:![rsa])?(?::[^{}]*)?\}")
_SAVING = table("save commit asave flush bulk_update put sync write persist update_one replace_one acommit")
_SCHEMAS = table("load validate parse_obj model_validate validate_python deserialize dump_python validated")
_PICKS = table("project pick only select_keys filter_keys subset subdict take_keys")
_QUERYING = table("query execute exec run sql fetch select all row rows db many")
_FORM_BASES = table(
    "Form FlaskForm ModelForm BaseForm SecureForm UserCreationForm AuthenticationForm Serializer ModelSerializer"
)

# What only tells of somebody, or takes their name: nobody is turned away by it.
_TELLING = table("""log logger debug info warning warn error exception critical audit print format str repr int len bool isinstance getattr hasattr
    append add join render send notify track count""")


@dataclass(slots=True)
class Arguments:
    """Evaluated arguments; `spread` is an unpacked `**value` whose keys are not known."""

    positional: list[Val] = field(default_factory=list)
    named: dict[str, Val] = field(default_factory=dict)
    spread: Val | None = None

    def all(self) -> list[Val]:
        return [*self.positional, *self.named.values(), *([self.spread] if self.spread is not None else [])]

    def first(self) -> Val:
        return self.positional[0] if self.positional else next(iter(self.named.values()), EMPTY)


def scope_tags(keys: tuple[tuple[str, Val], ...]) -> frozenset[str]:
    """What a lookup with these predicates proves about whoever asks."""
    known = [v for _, v in keys if v.has(IDENTITY)]
    chosen = [v for _, v in keys if v.has(CLIENT) and not v.has(IDENTITY)]
    tags: set[str] = set()
    if known:
        tags.add(OWNER if chosen else IDENTITY)
    if any(v.has(TOKEN) for _, v in keys):
        tags.add(TOKEN)
    if any(v.has(OWNER) for _, v in keys):
        tags.add(OWNER)
    return frozenset(tags)


def percent(text: str, right: Val) -> list[str | Val]:
    """The parts of `text % right`."""
    parts: list[str | Val] = []
    listed = iter(right.elements if right.elements is not None else [right])
    last = 0
    for match in _PLACEHOLDER.finditer(text):
        parts.append(text[last : match.start()])
        last = match.end()
        if match.group() == "%%":
            parts.append("%")
        elif match.group(1):
            parts.append((right.items or {}).get(match.group(1), right))
        else:
            parts.append(next(listed, EMPTY))
    return [*parts, text[last:]]


def _braces(text: str, args: Arguments) -> list[str | Val]:
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


def never_returns(walk: Walk, frame: Frame, node: ir.Expr) -> bool:
    """Whether an expression statement leaves the function: `abort(…)`, a function that always raises."""
    while isinstance(node, ir.Await):
        node = node.value
    return isinstance(node, ir.Call) and id(node) in walk.dead


def call(walk: Walk, frame: Frame, node: ir.Call) -> Val:
    """The value of a call, with what it does."""
    func = node.func
    base: Val | None = None
    if isinstance(func, ir.Attr):
        base = evaluate.value(walk, frame, func.base)
        if (
            base.kind == ""
            and isinstance(func.base, ir.Call)
            and isinstance(func.base.func, ir.Name)
            and func.base.func.id == "super"
        ):
            base = frame.env.get("self", base)
            if base.kind == "self":
                base = Val(kind="self-member", name="super", bound=base)
        callee = evaluate.attribute(walk, frame, func, base, func.name)
        name = func.name
    else:
        callee = evaluate.value(walk, frame, func)
        name = func.id if isinstance(func, ir.Name) else callee.name
    args = _arguments(walk, frame, node)
    decided = dispatch.tested(walk, frame, node, name, base, args.positional)
    if decided is not None:
        return decided
    if name in _SAVING:
        walk.saves = True
    if callee.kind == "wrapped":
        walk.wrapped.append(frame.guards)
        return EMPTY
    if isinstance(func, ir.Call) and any(_is_wrapped(frame, part) for part in func.args):
        # `login_required(view)(*args)`: what is wrapped is called behind what the other decorator asks for.
        walk.wrapped.append((*frame.guards, *_decorated(walk, frame, func)))
        return EMPTY
    if isinstance(callee.ref, FunctionInfo):
        return _enter_bound(walk, frame, node, callee, callee.ref, args)
    if isinstance(callee.ref, ClassInfo) and callee.kind == "":
        return construct(walk, frame, node, callee.ref, args)
    if base is not None:
        made = _method(walk, frame, node, base, name, args)
        if made is not None:
            return made
    made = effects.library(walk, frame, node, base, callee, name, args)
    if made is not None:
        return made
    if args.positional and words(name) & _QUERYING:
        # A helper that is not in the input, handed an SQL text.
        made = records.execute(walk, frame, node, args)
        if made is not None:
            return made
    if (
        base is not None
        and name in ("append", "extend", "insert", "add")
        and base.kind == ""
        and isinstance(func, ir.Attr)
    ):
        # A list that grows: what is put in is in it.
        if isinstance(func.base, ir.Name) and func.base.id in frame.env:
            frame.env[func.base.id] = mixed([base, *args.all()], name=base.name)
        return EMPTY
    if not isinstance(callee.ref, External) and any(v.kind == "user" for v in args.all()):
        if not words(name) & _TELLING:
            walk.handed = evaluate.text_of(frame.module, func)
    return _generic(walk, frame, base, callee, name, args)


def _is_wrapped(frame: Frame, node: ir.Expr) -> bool:
    found = lookup(frame, node.id) if isinstance(node, ir.Name) else None
    return found is not None and found.kind == "wrapped"


def _decorated(walk: Walk, frame: Frame, node: ir.Call) -> tuple[Guard, ...]:
    from cwelens.app.guards import by_decorator

    return by_decorator(walk.know, frame.module, frame.function, node.func, frame.scope)


def _arguments(walk: Walk, frame: Frame, node: ir.Call) -> Arguments:
    args = Arguments()
    for part in node.args:
        made = evaluate.value(walk, frame, part)
        if isinstance(part, ir.Star) and made.elements is not None:
            args.positional += made.elements
        else:
            args.positional.append(made)
    for key, part in node.keywords:
        made = evaluate.value(walk, frame, part)
        if key is not None:
            args.named[key] = made
        elif made.items is not None and not made.has(CLIENT):
            args.named.update(made.items)
        else:
            args.named.update(made.items or {})
            if made.items is None:
                args.spread = made
    return args


def _enter_bound(
    walk: Walk, frame: Frame, node: ir.Call, callee: Val, info: FunctionInfo, args: Arguments
) -> Val:
    positional = list(args.positional)
    bound = callee.bound
    if (
        bound is not None
        and info.kind in ("method", "property")
        and not isinstance(bound.ref, ClassInfo | None)
    ):
        positional.insert(0, bound)
    elif bound is not None and info.kind == "classmethod":
        positional.insert(0, Val(ref=bound.ref, name=bound.name))
    elif bound is not None and info.kind in ("method", "property"):
        unbound = isinstance(bound.ref, ClassInfo) and bound.kind == "" and not bound.entities
        if not unbound:
            positional.insert(0, bound)
    return enter(walk, frame, node, info, positional, args.named, args.spread)


def enter(
    walk: Walk,
    frame: Frame,
    node: ir.Expr,
    info: FunctionInfo,
    positional: list[Val],
    named: dict[str, Val],
    spread: Val | None = None,
) -> Val:
    """Walks a function of the program with these arguments; guards that it makes by raising hold afterwards."""
    from cwelens.app.statements import function

    env: dict[str, Val] = {}
    rest = list(positional)
    for param in info.node.params:
        if param.kind == "star":
            env[param.name] = mixed(rest, elements=rest)
            rest = []
        elif param.kind == "starstar":
            left = {k: v for k, v in named.items() if k not in env}
            env[param.name] = (
                spread if spread is not None and not left else mixed(list(left.values()), items=left)
            )
        elif rest and param.kind != "keyword":
            env[param.name] = rest.pop(0)
        elif param.name in named:
            env[param.name] = named[param.name]
        elif param.default is not None:
            env[param.name] = evaluate.value(
                walk, Frame(info.module, info.parent, {}, depth=2), param.default
            )
        else:
            env[param.name] = spread if spread is not None else Val(name=param.name)
    outer = walk.closures.get(id(info.node))
    before = frame.guards + (_decorators(walk, info) if info.node.decorators else ())
    made, guards = function(walk, info, env, before, outer, frame, node)
    if guards is None:
        walk.dead.add(id(node))
    else:
        # Who was turned away by a decorator comes back too: it guards what is inside only.
        frame.guards = tuple(dict.fromkeys((*frame.guards, *(g for g in guards if g not in before))))
    return made


def _decorators(walk: Walk, info: FunctionInfo) -> tuple[Guard, ...]:
    """The guards that a function's decorators put before its body."""
    from cwelens.app.guards import by_decorator

    key = id(info.node)
    if key not in walk.know.decorated:
        walk.know.decorated[key] = ()
        found: tuple[Guard, ...] = ()
        for decorator in info.node.decorators:
            found += by_decorator(walk.know, info.module, info.parent, decorator)
        walk.know.decorated[key] = tuple(g for g in found if g.kind != "rate")
    return walk.know.decorated[key]


def construct(walk: Walk, frame: Frame, node: ir.Call, cls: ClassInfo, args: Arguments) -> Val:
    """A new instance: of a model a new row, of a form the client's data."""
    from cwelens.app.dependencies import gives_rights

    bases = {b.rpartition(".")[2] for a in walk.program.mro(cls)[0] for b in a.bases_text}
    if walk.know.is_model(cls):
        return records.created(
            walk,
            frame,
            node,
            Entity(cls.name.lower(), cls, (), frame.spot(node)),
            _by_name(walk, cls, args),
            args,
        )
    if bases & _FORM_BASES and args.first().entities and "data" not in args.named:
        # A serializer or form of a record shows it.
        return mixed(args.all(), name=cls.name)
    if bases & _FORM_BASES:
        return Val(frozenset((CLIENT,)), kind="form", ref=None, name="form", bound=Val(ref=cls))
    made = mixed(args.all(), kind="instance", ref=cls, items=dict(args.named))
    made.name = cls.name
    if made.has(CLIENT) and not gives_rights(walk.know, cls):
        made.tags |= {DECLARED}
    return made


def _by_name(walk: Walk, cls: ClassInfo, args: Arguments) -> dict[str, Val]:
    """Constructor arguments by the name of their parameter."""
    fields = dict(args.named)
    init = walk.program.find_attr(cls, "__init__")
    from cwelens.resolve.outcome import symbol_of

    symbol = symbol_of(init)
    names = (
        [p.name for p in symbol.node.params[1:]]
        if isinstance(symbol, FunctionInfo)
        else list(walk.know.fields(cls))
    )
    for name, made in zip(names, args.positional):
        fields.setdefault(name, made)
    return fields


def _method(walk: Walk, frame: Frame, node: ir.Call, base: Val, name: str, args: Arguments) -> Val | None:
    """A method of something that the framework gives, or of records."""
    first = args.first()
    if base.kind == "environ" and name in ("get", "pop"):
        return evaluate.item(walk, frame, node, base, first)
    if base.kind == "g" and name == "get" and isinstance(first.const, str):
        return evaluate.attribute(walk, frame, node, base, first.const)
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
    return records.document(walk, frame, node, base, name, args)


def _merged(walk: Walk, frame: Frame, node: ir.Call, base: Val, args: Arguments) -> Val:
    """`data.update(other)`: what the client sends may replace what the server put in."""
    for other in args.positional:
        if other.has(CLIENT) and other.items is None and base.items:
            lost = [k for k, v in base.items.items() if v.has(IDENTITY)]
            if lost:
                walk.event(frame, node, "identity-lost", text=lost[0], value=other)
        if base.items is not None:
            base.items.update(other.items or {})
    if base.items is not None:
        base.items.update(args.named)
    if isinstance(node.func, ir.Attr) and isinstance(node.func.base, ir.Name) and args.positional:
        frame.env[node.func.base.id] = mixed([base, *args.positional], items=base.items, name=base.name)
    return EMPTY


def _of_request(base: Val, name: str, args: Arguments) -> Val:
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


def _of_client(base: Val, name: str, first: Val, args: Arguments) -> Val:
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


def _generic(walk: Walk, frame: Frame, base: Val | None, callee: Val, name: str, args: Arguments) -> Val:
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
    if name in _SCHEMAS and base is not None and args.positional and not _reads_text(base, callee):
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


def removed(walk: Walk, frame: Frame, node: ir.Item, made: Val) -> None:
    """`del base[key]`"""
    base = evaluate.value(walk, frame, node.base)
    if base.kind == "store":
        for entity in made.entities:
            walk.event(frame, node, "delete", entity)
    elif base.kind == "session":
        walk.event(frame, node, "logout")


__all__ = [
    "CREDENTIAL",
    "STORED",
    "Arguments",
    "call",
    "construct",
    "enter",
    "is_identity_key",
    "is_token",
    "never_returns",
    "percent",
    "removed",
    "scope_tags",
]
