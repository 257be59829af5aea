"""Objects that are little more than their fields: named tuples, `types.SimpleNamespace`, and `string.Template`."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from cwelens.flow import assign, attributes, scopes, strings, subscripts
from cwelens.flow.run import Args, Run
from cwelens.flow.state import Obj, State
from cwelens.flow.values import UNKNOWN, Const, Lib, Partial, Value, const
from cwelens.ir import nodes as ir
from cwelens.resolve.symbols import ClassInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# What a class made by `namedtuple()` is called here, and the type of its objects.
NAMED_TUPLE = "collections.namedtuple()"
GETTER = "operator.getter()"
TEMPLATE = "string.Template"
_TEXT = "(template)"


def named_tuple(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`namedtuple("Point", "x y")`: a class, as a constructor that knows its fields."""
    given = args.get(1, "field_names")
    plain = given.const() if given is not None else None
    if plain is not None and isinstance(plain.value, str):
        names = plain.value.replace(",", " ").split()
    else:
        obj = scopes.frame_object(given, st) if given is not None else None
        held = [assign.as_key(v) for v in obj.items.values()] if obj is not None and obj.rest is None else []
        names = [name for name in held if isinstance(name, str)]
        if len(names) != len(held):
            names = []
    if not names:
        return UNKNOWN
    return Value((Partial(Value((Lib(NAMED_TUPLE),)), (const(" ".join(names)),), {}),))


def new_named(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """An object of a class that `namedtuple()` made; its first argument are the names of the fields."""
    names = str(assign.as_key(args.positional[0])).split()
    values = dict.fromkeys(names, UNKNOWN)
    values.update(zip(names, args.positional[1:]))
    values.update({k: v for k, v in args.keywords.items() if k in values})
    return run.alloc(st, node, Obj("instance", dict(values), cls=NAMED_TUPLE), "named")


def namespace(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`SimpleNamespace(a=1)`"""
    return run.alloc(st, node, Obj("instance", dict(args.keywords), cls="types.SimpleNamespace"), "space")


def fields(run: Run, obj: Obj) -> list[Value] | None:
    """The fields of a named tuple in their order; None for any other object."""
    if obj.cls == NAMED_TUPLE:
        return list(obj.items.values())
    if isinstance(obj.cls, ClassInfo):
        if "typing.NamedTuple" in run.program.library_bases(obj.cls):
            names = [
                s.targets[0].id
                for s in obj.cls.node.body
                if isinstance(s, ir.Assign) and s.annotation is not None and isinstance(s.targets[0], ir.Name)
            ]
            return [obj.items.get(name, UNKNOWN) for name in names]
    return None


def named_method(run: Run, node: ir.Expr, obj: Obj, name: str, args: Args, st: State) -> Value | None:
    """`_asdict()` and `_replace(…)` of a named tuple."""
    if name == "_asdict":
        return run.alloc(st, node, Obj("dict", dict(obj.items)), "fields")
    if name == "_replace":
        changed = {**obj.items, **{k: v for k, v in args.keywords.items() if k in obj.items}}
        return run.alloc(st, node, Obj("instance", changed, cls=NAMED_TUPLE), "named")
    return None


def getter(how: str) -> Callable[[Run, ir.Expr, Args, State], Value]:
    """`operator.itemgetter(key)` and `operator.attrgetter(name)`: a callable that knows what it reads."""

    def make_getter(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
        if len(args.positional) != 1:
            return UNKNOWN
        return Value((Partial(Value((Lib(GETTER),)), (const(how), args.positional[0]), {}),))

    return make_getter


def got(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """The call of such a callable."""
    if len(args.positional) != 3:
        return UNKNOWN
    how, key, subject = args.positional
    name = assign.as_key(key)
    if assign.as_key(how) == "." and isinstance(name, str):
        for part in name.split("."):
            subject = attributes.attribute(run, subject, part, st, node)
        return subject
    return subscripts.item(run, subject, key, st, node)


def template(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`string.Template(text)`"""
    text = args.get(0, "template") or UNKNOWN
    return run.alloc(st, node, Obj("instance", {_TEXT: text}, cls=TEMPLATE), "template")


def substitute(run: Run, node: ir.Expr, obj: Obj, name: str, args: Args, st: State) -> Value | None:
    """`template.substitute(mapping, **values)` on a literal template; None where its model has to do."""
    held = obj.items.get(_TEXT, UNKNOWN).const()
    if name not in ("substitute", "safe_substitute") or held is None or not isinstance(held.value, str):
        return None
    mapping = scopes.frame_object(args.positional[0], st) if args.positional else None
    if args.positional and (mapping is None or mapping.kind != "dict"):
        return None
    pieces: list[Value] = []
    end = 0
    for match in string.Template.pattern.finditer(held.value):
        pieces.append(const(held.value[end : match.start()]))
        end = match.end()
        key = match["named"] or match["braced"]
        if key is None:
            pieces.append(const("$" if match["escaped"] else match[0]))
            continue
        known = mapping.items if mapping is not None else {}
        pieces.append(_filled(key, args.keywords, known, mapping, match[0]))
    pieces.append(const(held.value[end:]))
    return strings.concat(pieces, st, False, run.place(node))


def _filled(
    key: str, keywords: Mapping[str, Value], known: Mapping[str, Value], mapping: Obj | None, left: str
) -> Value:
    """The value of a placeholder; what is missing stays as it is written."""
    if key in keywords:
        return keywords[key]
    if key in known:
        return known[key]
    if mapping is not None and mapping.rest is not None:
        return mapping.rest
    return Value((Const(left),))
