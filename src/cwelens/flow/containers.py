"""Methods of lists, dictionaries, sets and queues, and what these do to the contents."""

from __future__ import annotations

from typing import Any

from cwelens.flow import assign, expressions, form_fields, scopes
from cwelens.flow.run import Args, Run
from cwelens.flow.state import Obj, State, deep_taints
from cwelens.flow.values import (
    BOOL,
    INT,
    NONE,
    NOTHING,
    UNKNOWN,
    Method,
    Opaque,
    Ref,
    Value,
    atom_taints,
    const,
    join,
    join_all,
)
from cwelens.ir import nodes as ir

CONTAINERS = ("builtins.list", "builtins.dict", "builtins.tuple", "builtins.set")


def opaque_container(receiver: Opaque, name: str, args: Args, st: State) -> Value | None:
    """A method of a container of which only the type is known."""
    if name in ("get", "pop", "setdefault", "popleft"):
        default = args.get(1, "default")
        one = Value((Opaque(None, receiver.taints, receiver.chars, receiver.note, receiver.label),))
        return join(one, default) if default is not None else one
    if name in ("items", "values", "keys", "copy"):
        return Value(
            (Opaque("builtins.list", receiver.taints, receiver.chars, receiver.note, receiver.label),)
        )
    return None


def of_container(
    run: Run, node: ir.Expr, ref: Ref, obj: Obj, name: str, args: Args, st: State
) -> Value | None:
    """A method of a list, a tuple, a set or a dictionary."""
    first = args.positional[0] if args.positional else None
    if obj.kind == "dict":
        return _dict_method(run, node, ref, obj, name, args, first, st)
    if name in ("append", "add") and first is not None:
        st.heap[ref.loc] = assign.appended(obj, [first])
        return NONE
    if name == "appendleft" and first is not None:
        values = [first, *(obj.items[k] for k in sorted(obj.items))]
        exact = obj.rest is None and len(values) <= 64
        st.heap[ref.loc] = Obj("list", dict(enumerate(values))) if exact else obj.collapsed().with_rest(first)
        return NONE
    if name == "extend" and first is not None:
        st.heap[ref.loc] = assign.appended(obj, expressions.iterate(run, first, st, node))
        return NONE
    if name == "insert" and len(args.positional) > 1:
        index = assign.as_key(args.positional[0])
        if obj.rest is None and isinstance(index, int):
            values = [obj.items[k] for k in sorted(obj.items)]
            values.insert(index, args.positional[1])
            st.heap[ref.loc] = Obj("list", dict(enumerate(values)))
        else:
            st.heap[ref.loc] = obj.collapsed().with_rest(args.positional[1])
        return NONE
    if name in ("pop", "popleft") and obj.kind == "list":
        index = assign.as_key(first) if first is not None else -1 if name == "pop" else 0
        if obj.rest is None and isinstance(index, int) and -len(obj.items) <= index < len(obj.items):
            index = index if index >= 0 else len(obj.items) + index
            value = obj.items[index]
            st.heap[ref.loc] = assign.delete_key(obj, index)
            return value
        everything = obj.everything()
        if obj.items:
            # Which one is gone is not known, and the first ones may be.
            st.heap[ref.loc] = obj.collapsed()
        return everything if everything.atoms else UNKNOWN
    if name == "remove" and first is not None:
        return _remove(ref, obj, first, st)
    if name == "clear":
        st.heap[ref.loc] = Obj(obj.kind, {})
        return NONE
    if name in ("reverse", "sort"):
        if name == "reverse" and obj.rest is None:
            values = [obj.items[k] for k in sorted(obj.items)][::-1]
            st.heap[ref.loc] = Obj(obj.kind, dict(enumerate(values)))
        elif obj.items:
            st.heap[ref.loc] = obj.collapsed()
        return NONE
    if name == "difference":
        return some_of(run, Value((ref,)), st, node)
    if name == "intersection" and first is not None and len(args.positional) == 1:
        both = common(Value((ref,)), first, st)
        if both is not None:
            return some_of(run, both, st, node)
    if name in ("copy", "union", "intersection"):
        extra = join_all([v for a in args.positional for v in [elements(run, a, st, node)] if v.atoms])
        new = Obj(obj.kind, dict(obj.items), obj.rest)
        return run.alloc(st, node, new.with_rest(extra) if extra.atoms else new, name)
    if name in ("index", "count", "issubset", "issuperset", "isdisjoint"):
        return INT if name in ("index", "count") else BOOL
    if name == "pop":
        everything = obj.everything()
        return everything if everything.atoms else UNKNOWN
    if name in ("update",) and first is not None:
        more = elements(run, first, st, node)
        st.heap[ref.loc] = obj.with_rest(more) if more.atoms else obj
        return NONE
    if name in ("discard",):
        return NONE
    return None


def common(one: Value, two: Value, st: State) -> Value | None:
    """What is in both of two sets is in the one that nobody else has a say in; None where others have in both."""
    return next((side for side in (one, two) if not deep_taints(side, st)), None)


def some_of(run: Run, value: Value, st: State, node: ir.Node) -> Value:
    """A set of some elements of another, or of none."""
    content = elements(run, value, st, node)
    return run.alloc(st, node, Obj("set", {}, content if content.atoms else None), "some")


def elements(run: Run, value: Value, st: State, node: ir.Node) -> Value:
    """What iterating over a value gives, joined."""
    elements = expressions.iterate(run, value, st, node)
    return elements if isinstance(elements, Value) else join_all(elements)


def _remove(ref: Ref, obj: Obj, value: Value, st: State) -> Value:
    wanted = value.const()
    if wanted is not None and obj.rest is None and obj.kind == "list":
        for key in sorted(obj.items):
            item = obj.items[key].const()
            if item is None:
                break
            if item.key == wanted.key:
                st.heap[ref.loc] = assign.delete_key(obj, key)
                return NONE
    st.heap[ref.loc] = obj.collapsed() if obj.kind == "list" else obj
    return NONE


def _dict_method(
    run: Run, node: ir.Expr, ref: Ref, obj: Obj, name: str, args: Args, first: Value | None, st: State
) -> Value | None:
    if name in ("get", "setdefault", "pop") and first is not None:
        default = args.positional[1] if len(args.positional) > 1 else args.keywords.get("default")
        key = assign.as_key(first)
        if key is not NOTHING and _hashable(key):
            found = obj.items.get(key)
            if found is not None:
                if name == "pop":
                    st.heap[ref.loc] = assign.delete_key(obj, key)
                if key in obj.maybe:
                    return join(found, default or NONE)
                return found
            missing = default or (NONE if name != "pop" else UNKNOWN)
            if name == "setdefault" and default is not None:
                st.heap[ref.loc] = obj.with_item(key, default)
            return missing if obj.rest is None else join(obj.rest, missing)
        everything = obj.everything()
        return join(everything, default or NONE)
    if name == "items":
        if obj.rest is None and len(obj.items) <= 16:
            pairs = {
                i: run.alloc(st, node, Obj("tuple", {0: const(k), 1: v}), ("item", i))
                for i, (k, v) in enumerate(obj.items.items())
            }
            return run.alloc(st, node, Obj("list", dict(pairs)), "items")
        pair = run.alloc(st, node, Obj("tuple", {0: keys(obj), 1: obj.everything()}), "item")
        return run.alloc(st, node, Obj("list", {}, pair), "items")
    if name == "keys":
        if obj.rest is None:
            return run.alloc(st, node, Obj("list", {i: const(k) for i, k in enumerate(obj.items)}), "keys")
        return run.alloc(st, node, Obj("list", {}, keys(obj)), "keys")
    if name == "values":
        if obj.rest is None:
            return run.alloc(st, node, Obj("list", dict(enumerate(obj.items.values()))), "values")
        return run.alloc(st, node, Obj("list", {}, obj.everything()), "values")
    if name == "update":
        update(ref, obj, args, st)
        return NONE
    if name == "copy":
        return run.alloc(st, node, Obj("dict", dict(obj.items), obj.rest, obj.keys), "copy")
    if name == "clear":
        st.heap[ref.loc] = Obj("dict", {})
        return NONE
    if name == "popitem":
        return UNKNOWN
    return None


def _hashable(key: Any) -> bool:
    return isinstance(key, str | bytes | int | float | bool | type(None))


def keys(obj: Obj) -> Value:
    """The keys of a dictionary, joined."""
    keys = [const(k) for k in obj.items]
    if obj.keys is not None:
        keys.append(obj.keys)
    elif obj.rest is not None:
        keys.append(UNKNOWN)
    return join_all(keys) if keys else UNKNOWN


def client_names(mapping: Value) -> Value | None:
    """The keys of a mapping that is not seen: those of a request are the client's. What a form
    or schema let through has the names of its own fields."""
    taints = tuple(
        taint
        for atom in mapping.atoms
        if not (isinstance(atom, Method) and atom.name in form_fields.RESULTS)
        for taint in atom_taints(atom)
        if taint.origin.concept in _NAMED_BY_CLIENT and not taint.safe
    )
    return Value((Opaque("builtins.str", taints),)) if taints else None


_NAMED_BY_CLIENT = frozenset(("http.query", "http.form", "http.body", "http.cookie", "http.header"))


def update(ref: Ref, obj: Obj, args: Args, st: State) -> None:
    """`dict.update`: the items of a dictionary, pairs and keyword arguments are taken over."""
    for value in args.positional:
        for atom in value.atoms:
            other = st.obj(atom.loc) if isinstance(atom, Ref) else None
            if other is not None and other.kind == "dict":
                obj = Obj("dict", {**obj.items, **other.items}, obj.rest, obj.keys)
                if other.rest is not None:
                    obj = obj.with_rest(other.rest, other.keys)
            elif other is not None and other.kind in ("list", "tuple"):
                obj = _with_pairs(obj, other, st)
            else:
                one = Value((atom,))
                obj = obj.with_rest(Value((Opaque(None, deep_taints(one, st)),)), client_names(one))
    obj = Obj("dict", {**obj.items, **args.keywords}, obj.rest, obj.keys)
    st.heap[ref.loc] = obj


def _with_pairs(obj: Obj, pairs: Obj, st: State) -> Obj:
    """A dict updated with `[(key, value), …]`."""
    for pair in (*pairs.items.values(), *([pairs.rest] if pairs.rest is not None else [])):
        one = scopes.frame_object(pair, st)
        key = assign.as_key(one.items[0]) if one is not None and one.items.keys() == {0, 1} else NOTHING
        if one is not None and key is not NOTHING and _hashable(key) and pair is not pairs.rest:
            obj = obj.with_item(key, one.items[1])
        elif one is not None and one.items.keys() == {0, 1}:
            obj = obj.with_rest(one.items[1], one.items[0])
        else:
            obj = obj.with_rest(Value((Opaque(None, deep_taints(pair, st)),)))
    return obj


QUEUE = "queue.Queue"


def new_queue(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """A queue with nothing in it."""
    return run.alloc(st, node, Obj("instance", {}, cls=QUEUE), "queue")


def queue_method(ref: Ref, obj: Obj, name: str, args: Args, st: State) -> Value | None:
    """Whoever takes out of a queue gets any of what was put in: others put and take as well."""
    if name in ("put", "put_nowait") and args.positional:
        st.heap[ref.loc] = obj.with_rest(args.positional[0])
        return NONE
    if name in ("get", "get_nowait"):
        return obj.rest if obj.rest is not None else UNKNOWN
    return None
