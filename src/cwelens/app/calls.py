"""The walk through calls: into functions of the program, and what calls of libraries mean for who may do what."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cwelens.app import dispatch, effects, evaluate, managers, members, methods, records
from cwelens.app.frame import Frame, Walk, lookup
from cwelens.app.values import (
    CLIENT,
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
from cwelens.app.words import is_identity_key, is_token, speaks_of_asking, table, words
from cwelens.ir import nodes as ir
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo, External, FunctionInfo

_PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?[-#0 +]*\d*(?:\.\d+)?[sdrifxc]|%%")
_SAVING = table(
    "save commit asave flush bulk_create abulk_create bulk_update put sync write persist update_one replace_one acommit"
)
_QUERYING = table("query execute exec run sql fetch select all row rows db many")
_FORM_BASES = table(
    "Form FlaskForm ModelForm BaseForm SecureForm UserCreationForm AuthenticationForm Serializer ModelSerializer"
)

# What only tells of somebody, or takes their name: nobody is turned away by it.
_TELLING = table("""log logger debug info warning warn error exception critical audit print format str repr int len bool isinstance getattr hasattr
    append add join render send notify track count""")

# What is given a request to say whether it may go on.
_ADMITTING = table(
    "access auth authenticate authenticated authorize authorise authorized permission permissions permit login"
)


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
    chosen = [v for _, v in keys if not v.has(IDENTITY) and (v.has(CLIENT) or _names_a_record(v))]
    tags: set[str] = set()
    if known:
        tags.add(OWNER if chosen else IDENTITY)
    if any(v.has(TOKEN) for _, v in keys):
        tags.add(TOKEN)
    if any(v.has(OWNER) for _, v in keys):
        tags.add(OWNER)
    return frozenset(tags)


def _names_a_record(made: Val) -> bool:
    """Whether it is a record that the client chose: `Member.objects.get(team=team, user=user)` asks whether the two belong together."""
    return any(key.has(CLIENT) for entity in made.entities for _, key in entity.keys)


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
        found = members.behind(walk, frame, func) if base.kind == "" else None
        if found is not None:
            base, callee = found
        else:
            callee = members.attribute(walk, frame, func, base, func.name)
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
    if base is not None and base.kind == "query" and callee.ref is None:
        own = managers.own_method(walk, base, name)
        if own is not None:
            return enter(walk, frame, node, own, [base, *args.positional], args.named, args.spread)
    if callee.kind == "wrapped":
        walk.wrapped.append(frame.guards)
        return EMPTY
    if isinstance(func, ir.Call) and any(_is_wrapped(frame, part) for part in func.args):
        # `login_required(view)(*args)`: what is wrapped is called behind what the other decorator asks for.
        walk.wrapped.append((*frame.guards, *_decorated(walk, frame, func)))
        return EMPTY
    if isinstance(callee.ref, FunctionInfo):
        before = frame.guards
        given = _enter_bound(walk, frame, node, callee, callee.ref, args)
        if frame.guards == before and speaks_of_asking(name) and any(v.kind == "user" for v in args.all()):
            # It is called what it does, and what it asks is decided where this cannot look.
            walk.handed = evaluate.text_of(frame.module, func)
        return given
    if isinstance(callee.ref, ClassInfo) and callee.kind == "":
        return construct(walk, frame, node, callee.ref, args)
    if base is not None:
        made = methods.method(walk, frame, node, base, name, args)
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
    if not isinstance(callee.ref, External):
        asking = {v.kind for v in args.all()} & {"user", "request"}
        if asking and not words(name) & _TELLING and ("user" in asking or words(name) & _ADMITTING):
            walk.handed = evaluate.text_of(frame.module, func)
    return methods.generic(walk, frame, base, callee, name, args)


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
            # An object of Django's that is never saved is no row; other mappers may store it when the request ends.
            "assigned" if _is_django(walk, cls) else "",
        )
    if bases & _FORM_BASES and args.first().entities and "data" not in args.named:
        # A serializer or form of a record shows it.
        return mixed(args.all(), name=cls.name)
    if bases & _FORM_BASES:
        return Val(frozenset((CLIENT,)), kind="form", ref=None, name="form", bound=Val(ref=cls))
    # What an unpacked dictionary brings is not known by name.
    whole = args.spread is None or not args.spread.has(CLIENT)
    made = mixed(args.all(), kind="instance", ref=cls, items=dict(args.named) if whole else None)
    made.name = cls.name
    if made.has(CLIENT) and not gives_rights(walk.know, cls):
        made.tags |= {DECLARED}
    return made


def _is_django(walk: Walk, cls: ClassInfo) -> bool:
    return any(base.startswith("django.db.") for base in walk.program.library_bases(cls))


def _by_name(walk: Walk, cls: ClassInfo, args: Arguments) -> dict[str, Val]:
    """Constructor arguments by the name of their parameter."""
    fields = dict(args.named)
    init = walk.program.find_attr(cls, "__init__")
    symbol = symbol_of(init)
    names = (
        [p.name for p in symbol.node.params[1:]]
        if isinstance(symbol, FunctionInfo)
        else list(walk.know.fields(cls))
    )
    for name, made in zip(names, args.positional):
        fields.setdefault(name, made)
    return fields


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
