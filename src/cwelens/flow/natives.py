"""What the interpreter knows of Python itself: methods of strings and containers, builtin functions, paths, partials, threads.

Everything here is about values and containers; what is dangerous or untrusted stands in the models.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cwelens.base import chars as ch
from cwelens.flow import (
    assign,
    attributes,
    buffers,
    calls,
    configs,
    expressions,
    narrowing,
    protocols,
    records,
    regexes,
    scopes,
    sizes,
    strings,
    tls,
    typetests,
)
from cwelens.flow.run import Args, Run
from cwelens.flow.state import Obj, State, deep_taints, map_taints
from cwelens.flow.values import (
    BOOL,
    INT,
    NONE,
    NOTHING,
    TYPE_CHARS,
    UNKNOWN,
    Atom,
    Cls,
    Const,
    Func,
    Lib,
    Method,
    Opaque,
    Origin,
    Partial,
    Ref,
    Taint,
    Text,
    Trail,
    Value,
    atom_taints,
    const,
    join,
    join_all,
    make,
    opaque,
)
from cwelens.ir import nodes as ir
from cwelens.resolve.symbols import ClassInfo

CONTAINERS = ("builtins.list", "builtins.dict", "builtins.tuple", "builtins.set")


# Methods


def method(run: Run, node: ir.Expr, atom: Method, args: Args, st: State) -> Value | None:
    """A method of a string, a container or a path; None where it is none of these."""
    receiver = atom.receiver
    if isinstance(receiver, Ref):
        obj = st.obj(receiver.loc)
        if obj is not None and obj.kind != "instance":
            return _container(run, node, receiver, obj, atom.name, args, st)
        if obj is not None and obj.cls == "pathlib.Path":
            return _path_method(run, node, receiver, obj, atom.name, args, st)
        if obj is not None and obj.cls == configs.CONFIG:
            return configs.method(run, node, receiver, obj, atom.name, args, st)
        if obj is not None and obj.cls == QUEUE:
            return _queue_method(receiver, obj, atom.name, args, st)
        if obj is not None and obj.cls == records.NAMED_TUPLE:
            return records.named_method(run, node, obj, atom.name, args, st)
        if obj is not None and obj.cls == records.TEMPLATE:
            return records.substitute(run, node, obj, atom.name, args, st)
        if obj is not None and obj.cls == regexes.MATCH:
            return regexes.method(run, node, obj, atom.name, args, st)
        if obj is not None and buffers.content(obj) is not None:
            return buffers.method(run, node, receiver, obj, atom.name, args, st)
        return None
    if isinstance(receiver, Const | Text) or (
        isinstance(receiver, Opaque) and receiver.type in ("builtins.str", "builtins.bytes", None)
    ):
        if isinstance(receiver, Const) and not isinstance(receiver.value, str | bytes):
            return None
        if atom.name in ("get", "items", "keys", "values", "pop", "copy", "read"):
            return None
        if (
            isinstance(receiver, Opaque)
            and receiver.type is None
            and atom.name in ("format", "join", "index", "count", "find", "translate")
        ):
            if not atom_taints(receiver) and atom.name != "format":
                return None
        if isinstance(receiver, Opaque) and receiver.type is None and atom.name in ("hex",):
            return None

        def alloc(obj: Obj) -> Value:
            return run.alloc(st, node, obj, atom.name)

        rest = args.star or args.starstar
        return strings.method(
            receiver, atom.name, args.positional, args.keywords, rest, st, run.place(node), alloc
        )
    if isinstance(receiver, Opaque) and receiver.type in CONTAINERS:
        return _opaque_container(receiver, atom.name, args, st)
    return None


def _opaque_container(receiver: Opaque, name: str, args: Args, st: State) -> Value | None:
    if name in ("get", "pop", "setdefault", "popleft"):
        default = args.get(1, "default")
        one = Value((Opaque(None, receiver.taints, receiver.chars, receiver.note, receiver.label),))
        return join(one, default) if default is not None else one
    if name in ("items", "values", "keys", "copy"):
        return Value(
            (Opaque("builtins.list", receiver.taints, receiver.chars, receiver.note, receiver.label),)
        )
    return None


def _container(run: Run, node: ir.Expr, ref: Ref, obj: Obj, name: str, args: Args, st: State) -> Value | None:
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
    if name in ("copy", "union", "intersection", "difference"):
        extra = join_all([v for a in args.positional for v in [_elements(run, a, st, node)] if v.atoms])
        new = Obj(obj.kind, dict(obj.items), obj.rest)
        return run.alloc(st, node, new.with_rest(extra) if extra.atoms else new, name)
    if name in ("index", "count", "issubset", "issuperset", "isdisjoint"):
        return INT if name in ("index", "count") else BOOL
    if name == "pop":
        everything = obj.everything()
        return everything if everything.atoms else UNKNOWN
    if name in ("update",) and first is not None:
        more = _elements(run, first, st, node)
        st.heap[ref.loc] = obj.with_rest(more) if more.atoms else obj
        return NONE
    if name in ("discard",):
        return NONE
    return None


def _elements(run: Run, value: Value, st: State, node: ir.Node) -> Value:

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
        pair = run.alloc(st, node, Obj("tuple", {0: _keys(obj), 1: obj.everything()}), "item")
        return run.alloc(st, node, Obj("list", {}, pair), "items")
    if name == "keys":
        if obj.rest is None:
            return run.alloc(st, node, Obj("list", {i: const(k) for i, k in enumerate(obj.items)}), "keys")
        return run.alloc(st, node, Obj("list", {}, _keys(obj)), "keys")
    if name == "values":
        if obj.rest is None:
            return run.alloc(st, node, Obj("list", dict(enumerate(obj.items.values()))), "values")
        return run.alloc(st, node, Obj("list", {}, obj.everything()), "values")
    if name == "update":
        _update(ref, obj, args, st)
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


def _keys(obj: Obj) -> Value:
    keys = [const(k) for k in obj.items]
    if obj.keys is not None:
        keys.append(obj.keys)
    elif obj.rest is not None:
        keys.append(UNKNOWN)
    return join_all(keys) if keys else UNKNOWN


def _update(ref: Ref, obj: Obj, args: Args, st: State) -> None:
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
                obj = obj.with_rest(Value((Opaque(None, deep_taints(Value((atom,)), st)),)))
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


# pathlib


def _path_method(
    run: Run, node: ir.Expr, ref: Ref, obj: Obj, name: str, args: Args, st: State
) -> Value | None:
    path = obj.items.get("path", UNKNOWN)
    if name == "joinpath":
        return attributes.path_value(run, [Value((ref,)), *args.positional], st, node)
    if name in ("resolve", "absolute"):
        done = map_taints(path, lambda t: t.neutralised(("path.normalised",), f"`.{name}()`"))
        return run.alloc(st, node, Obj("instance", {"path": done}, cls="pathlib.Path"), name)
    if name in ("expanduser", "with_suffix", "relative_to"):
        return run.alloc(st, node, Obj("instance", {"path": path}, cls="pathlib.Path"), name)
    if name in ("as_posix", "__str__", "__fspath__"):
        return path
    if name in ("is_absolute", "is_relative_to", "match"):
        return BOOL
    return None


# Queues


QUEUE = "queue.Queue"


def _new_queue(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    return run.alloc(st, node, Obj("instance", {}, cls=QUEUE), "queue")


def _queue_method(ref: Ref, obj: Obj, name: str, args: Args, st: State) -> Value | None:
    """Whoever takes out of a queue gets any of what was put in: others put and take as well."""
    if name in ("put", "put_nowait") and args.positional:
        st.heap[ref.loc] = obj.with_rest(args.positional[0])
        return NONE
    if name in ("get", "get_nowait"):
        return obj.rest if obj.rest is not None else UNKNOWN
    return None


# Functions


def _str(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    if not args.positional:
        return const("")
    value = protocols.as_text(run, attributes.path_text(args.positional[0], st), st, node)
    return strings.concat([value], st, False, run.place(node))


def _len(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    if args.positional:
        obj = scopes.frame_object(args.positional[0], st)
        if obj is not None and obj.rest is None and obj.kind != "instance":
            return const(len(obj.items))
        atom = args.positional[0].const()
        if atom is not None and isinstance(atom.value, str | bytes):
            return const(len(atom.value))
    return INT


def _number(type_: Callable[[Any], Any], name: str) -> Callable[[Run, ir.Expr, Args, State], Value]:
    def convert(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
        if not args.positional:
            return const(type_(0))
        atom = args.positional[0].const()
        if atom is not None and len(args.positional) == 1 and isinstance(atom.value, str | int | float):
            try:
                return const(type_(atom.value))
            except (ValueError, OverflowError):
                return opaque(name)
        return strings.typed(name, deep_taints(args.positional[0], st))

    return convert


def _bool(run: Run, node: ir.Expr, args: Args, st: State) -> Value:

    verdict = expressions.truth(args.positional[0], st) if args.positional else False
    return BOOL if verdict is None else const(verdict)


def _sequence(kind: str) -> Callable[[Run, ir.Expr, Args, State], Value]:
    def build(run: Run, node: ir.Expr, args: Args, st: State) -> Value:

        if not args.positional:
            return run.alloc(st, node, Obj(kind, {}))
        elements = expressions.iterate(run, args.positional[0], st, node)
        if isinstance(elements, list) and len(elements) <= 128:
            return run.alloc(st, node, Obj(kind, dict(enumerate(elements))))
        content = elements if isinstance(elements, Value) else join_all(elements)
        return run.alloc(st, node, Obj(kind, {}, content))

    return build


def _dict(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    base = Obj("dict", {})
    value = run.alloc(st, node, base)
    atom = value.atoms[0]
    if isinstance(atom, Ref):
        st.heap[atom.loc] = base
        _update(atom, base, args, st)
    return value


def _map(run: Run, node: ir.Expr, args: Args, st: State) -> Value:

    if len(args.positional) < 2:
        return UNKNOWN
    function = args.positional[0]
    elements = expressions.iterate(run, args.positional[1], st, node)
    if isinstance(elements, list) and len(elements) <= 16 and len(args.positional) == 2:
        values = [calls.call_value(run, node, function, Args([e], {}), st) for e in elements]
        return run.alloc(st, node, Obj("list", dict(enumerate(v for v in values if v is not NOTHING))))
    each = [_elements(run, a, st, node) for a in args.positional[1:]]
    return run.alloc(st, node, Obj("list", {}, calls.call_value(run, node, function, Args(each, {}), st)))


def _filter(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    if len(args.positional) < 2:
        return UNKNOWN

    content = _elements(run, args.positional[1], st, node)
    function = args.positional[0]
    named = function.atoms[0] if len(function.atoms) == 1 else None
    if isinstance(named, Lib) and named.name.startswith("builtins.str."):
        # `filter(str.isalnum, text)`
        mask = ch.STR_PREDICATES.get(named.name.rpartition(".")[2])
        content = narrowing.restrict(content, mask) if mask is not None else content
    if any(isinstance(a, Func) for a in function.atoms):
        calls.call_value(run, node, function, Args([content], {}), st)
        run.last_exits.pop(id(node), None)
    return run.alloc(st, node, Obj("list", {}, content if content.atoms else None))


def _same(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    return args.positional[0] if args.positional else UNKNOWN


def _ordered(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    if not args.positional:
        return UNKNOWN
    content = _elements(run, args.positional[0], st, node)
    obj = scopes.frame_object(args.positional[0], st)
    if (
        obj is not None
        and obj.rest is None
        and isinstance(node, ir.Call)
        and written_name(node) == "reversed"
        and obj.kind != "dict"
    ):
        values = [obj.items[k] for k in sorted(obj.items)][::-1]
        return run.alloc(st, node, Obj("list", dict(enumerate(values))))
    return run.alloc(st, node, Obj("list", {}, content if content.atoms else None))


def written_name(node: ir.Call) -> str:
    return (
        node.func.id
        if isinstance(node.func, ir.Name)
        else node.func.name
        if isinstance(node.func, ir.Attr)
        else ""
    )


def _one_of(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`min`, `max`, `next`, `random.choice`: one of the elements or arguments."""
    if written_name_of(node) == "next" and len(args.positional) == 1:
        atom = args.positional[0].atoms[0] if len(args.positional[0].atoms) == 1 else None
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if (
            isinstance(atom, Ref)
            and obj is not None
            and obj.kind == "list"
            and obj.rest is None
            and 0 in obj.items
        ):
            st.heap[atom.loc] = assign.delete_key(obj, 0)
            return obj.items[0]
    if len(args.positional) == 1 or (args.positional and written_name_of(node) in ("next", "choice")):
        content = _elements(run, args.positional[0], st, node)
        out = content if content.atoms else UNKNOWN
        if len(args.positional) > 1:
            out = join(out, args.positional[1])
    elif args.positional:
        out = join_all(args.positional)
    else:
        out = UNKNOWN
    return join(out, args.keywords["default"]) if "default" in args.keywords else out


def _minimum(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`min(number, 100)`: not more than what the code says."""
    value = _one_of(run, node, args, st)
    if len(args.positional) > 1 and any(not deep_taints(a, st) for a in args.positional):
        value = sizes.cut(value, f"`min()` at line {node.pos[0]}")
    return value


def written_name_of(node: ir.Expr) -> str:
    return written_name(node) if isinstance(node, ir.Call) else ""


def _enumerate(run: Run, node: ir.Expr, args: Args, st: State) -> Value:

    if not args.positional:
        return UNKNOWN
    elements = expressions.iterate(run, args.positional[0], st, node)
    if isinstance(elements, list) and len(elements) <= 16 and len(args.positional) == 1:
        pairs = {i: run.alloc(st, node, Obj("tuple", {0: const(i), 1: e}), i) for i, e in enumerate(elements)}
        return run.alloc(st, node, Obj("list", dict(pairs)))
    content = elements if isinstance(elements, Value) else join_all(elements)
    pair = run.alloc(st, node, Obj("tuple", {0: INT, 1: content}), "pair")
    return run.alloc(st, node, Obj("list", {}, pair))


def _zip(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    rows = [expressions.iterate(run, a, st, node) for a in args.positional]
    exact = [row for row in rows if isinstance(row, list)]
    if exact and len(exact) == len(rows) and min(map(len, exact)) <= 16:
        pairs = {
            i: run.alloc(st, node, Obj("tuple", dict(enumerate(row))), i) for i, row in enumerate(zip(*exact))
        }
        return run.alloc(st, node, Obj("list", dict(pairs)))
    contents = {i: _elements(run, a, st, node) for i, a in enumerate(args.positional)}
    pair = run.alloc(st, node, Obj("tuple", dict(contents)), "pair")
    return run.alloc(st, node, Obj("list", {}, pair))


def _range(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    plain = strings.python_values(args.positional)
    if (
        plain is not None
        and all(isinstance(p, int) for p in plain)
        and 1 <= len(plain) <= 3
        and (len(plain) < 3 or plain[2])
    ):
        numbers = range(*plain)
        if len(numbers) <= 8:
            return run.alloc(st, node, Obj("list", {i: const(n) for i, n in enumerate(numbers)}))
    return run.alloc(st, node, Obj("list", {}, INT))


def _getattr(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    if len(args.positional) < 2:
        return UNKNOWN
    out: list[Value] = []
    for atom in args.positional[1].atoms:
        if isinstance(atom, Const) and isinstance(atom.value, str):
            out.append(attributes.attribute(run, args.positional[0], atom.value, st, node))
        else:
            out.append(Value((Opaque(None, deep_taints(args.positional[0], st), label="getattr()"),)))
    if len(args.positional) > 2:
        out.append(args.positional[2])
    return join_all(out) if out else UNKNOWN


def _setattr(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    name = assign.as_key(args.positional[1]) if len(args.positional) > 2 else None
    if isinstance(name, str):
        for atom in args.positional[0].atoms:
            obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
            if obj is not None and isinstance(atom, Ref):
                st.heap[atom.loc] = obj.with_item(name, args.positional[2])
    return NONE


def _repr(run: Run, node: ir.Expr, args: Args, st: State) -> Value:

    return strings.represented(args.positional[0], st) if args.positional else UNKNOWN


def _chr(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    atom = args.positional[0].const() if args.positional else None
    if atom is not None and isinstance(atom.value, int) and 0 <= atom.value < 0x110000:
        return const(chr(atom.value))
    return opaque("builtins.str", deep_taints(args.positional[0], st) if args.positional else ())


def _ord(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    atom = args.positional[0].const() if args.positional else None
    if atom is not None and isinstance(atom.value, str) and len(atom.value) == 1:
        return const(ord(atom.value))
    return INT


def _hex(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    atom = args.positional[0].const() if args.positional else None
    if atom is not None and isinstance(atom.value, int):
        return const(hex(atom.value))
    return opaque("builtins.str", (), ch.of("-0123456789abcdefx"))


def _partial(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    if not args.positional:
        return UNKNOWN
    return Value((Partial(args.positional[0], tuple(args.positional[1:]), dict(args.keywords)),))


def _thread(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`Thread(target=f, args=(x,))`: f is called with x."""

    target = args.keywords.get("target")
    if target is None and len(args.positional) > 1:
        target = args.positional[1]
    if target is not None:
        _call_with(run, node, target, args.get(3, "args"), args.get(4, "kwargs"), st)
    return opaque("threading.Thread")


def _call_with(
    run: Run, node: ir.Expr, target: Value, given: Value | None, named: Value | None, st: State
) -> Value:
    """`target(*given, **named)`"""
    elements = expressions.iterate(run, given, st, node) if given is not None else []
    known, star = (elements, None) if isinstance(elements, list) else ([], elements)
    obj = scopes.frame_object(named, st) if named is not None else None
    keywords = {k: v for k, v in obj.items.items() if isinstance(k, str)} if obj is not None else {}
    starstar = obj.rest if obj is not None else named
    value = calls.call_value(run, node, target, Args(known, keywords, star, starstar), st)
    run.last_exits.pop(id(node), None)
    return value if value is not NOTHING else UNKNOWN


def _apply(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`pool.apply_async(f, args, kwds)`"""
    target = args.get(0, "func")
    return (
        UNKNOWN
        if target is None
        else _call_with(run, node, target, args.get(1, "args"), args.get(2, "kwds"), st)
    )


def _gather(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`asyncio.gather(a, b)`: what each gives back, in order."""
    return run.alloc(st, node, Obj("list", dict(enumerate(args.positional)), args.star))


def _submit(offset: int) -> Callable[[Run, ir.Expr, Args, State], Value]:
    """A callable handed over with its arguments after it, from position `offset`."""

    def run_it(run: Run, node: ir.Expr, args: Args, st: State) -> Value:

        if len(args.positional) <= offset:
            return UNKNOWN
        value = calls.call_value(
            run, node, args.positional[offset], Args(args.positional[offset + 1 :], dict(args.keywords)), st
        )
        run.last_exits.pop(id(node), None)
        return value if value is not NOTHING else UNKNOWN

    return run_it


def _join_paths(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    pieces: list[Value] = []
    for index, part in enumerate(args.positional):
        if index:
            previous = pieces[-1].const()
            absolute = part.const()
            if absolute is not None and isinstance(absolute.value, str) and absolute.value.startswith("/"):
                pieces = []
            elif not (
                previous is not None
                and isinstance(previous.value, str)
                and (previous.value.endswith("/") or previous.value == "")
            ):
                pieces.append(const(attributes.JOIN if _has_hole(part) else "/"))
            elif _has_hole(part):
                pieces.append(const("\0"))
        pieces.append(attributes.path_text(part, st))
    if args.star is not None:
        pieces += [const(attributes.JOIN), args.star]
    return strings.concat(pieces, st, False, run.place(node)) if pieces else UNKNOWN


def _has_hole(value: Value) -> bool:
    return any(not isinstance(a, Const) for a in value.atoms)


def _normalised(name: str) -> Callable[[Run, ir.Expr, Args, State], Value]:
    def normalise(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
        if not args.positional:
            return UNKNOWN
        why = f"`{name}()` at line {node.pos[0]}"
        value = attributes.path_text(args.positional[0], st)
        return map_taints(value, lambda t: t.neutralised(("path.normalised",), why))

    return normalise


def _basename(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    if not args.positional:
        return UNKNOWN
    atom = args.positional[0].const()
    if atom is not None and isinstance(atom.value, str):
        return const(atom.value.rpartition("/")[2])
    one = strings.merge(attributes.path_text(args.positional[0], st), st)
    return Value((Opaque("builtins.str", one.taints, one.chars & ~ch.of("/"), one.note, one.label),))


def _head(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    if not args.positional:
        return UNKNOWN
    one = strings.merge(attributes.path_text(args.positional[0], st), st)
    return Value((Opaque("builtins.str", one.taints, one.chars, one.note, one.label),))


def _splitext(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    one = _head(run, node, args, st)
    return run.alloc(st, node, Obj("tuple", {0: one, 1: one}))


def _new_path(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    return attributes.path_value(run, args.positional, st, node)


def _deepcopy(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    out: list[Atom] = []
    for atom in args.positional[0].atoms if args.positional else ():
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if obj is not None:
            out.extend(
                run.alloc(st, node, Obj(obj.kind, dict(obj.items), obj.rest, obj.keys, obj.cls), "copy").atoms
            )
        else:
            out.append(atom)
    return make(out) if out else UNKNOWN


def _type_of(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    out: list[Atom] = []
    for atom in args.positional[0].atoms if args.positional else ():
        type_ = assign.type_of_atom(atom, st)
        if isinstance(atom, Const):
            out.append(Lib(f"builtins.{type(atom.value).__name__}"))
        elif type_ is not None:
            out.append(Lib(type_))
        else:
            out.append(Opaque())
    return make(out) if out else UNKNOWN


def _print(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`print(…, file=buffer)` writes into the buffer."""
    target = args.keywords.get("file")
    for atom in target.atoms if target is not None else ():
        if isinstance(atom, Ref) and buffers.content(st.obj(atom.loc)) is not None:
            for index, value in enumerate(args.positional):
                if index:
                    buffers.append(run, node, atom, args.keywords.get("sep", const(" ")), st)
                buffers.append(run, node, atom, value, st)
            buffers.append(run, node, atom, args.keywords.get("end", const("\n")), st)
    return NONE


def _isinstance(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    types = typetests.types_in(args.positional[1], st) if len(args.positional) == 2 else None
    verdict = typetests.verdict(args.positional[0], types, st) if types is not None else None
    return BOOL if verdict is None else const(verdict)


def _ternary_bool(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    return BOOL


def _normal_form(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`unicodedata.normalize`: look-alikes become the characters themselves, so that what was escaped before may need it again."""
    value = args.get(1, "unistr")
    if value is None:
        return UNKNOWN
    plain = value.const()
    if plain is not None:
        return value
    one = strings.merge(value, st)
    undone = (
        "html",
        "html.script",
        "html.url",
        "shell",
        "path",
        "path.dots",
        "path.dotslash",
        "path.absolute",
        "sql",
        "xpath",
    )
    taints = tuple(t.without(undone) for t in one.taints)
    return Value(
        (
            Opaque(
                "builtins.str", taints, ch.ALL if one.chars & ch.NON_ASCII else one.chars, one.note, one.label
            ),
        )
    )


def _stack_trace(type_: str) -> Callable[[Run, ir.Expr, Args, State], Value]:
    """What `traceback` tells of the error that is being handled, or of the calls that are running."""

    def trace(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
        place = run.place(node)
        origin = Origin("exception", "exception", "the stack trace", place)
        taint = Taint(origin, {}, Trail(None, place, "the stack trace is made into text"))
        return opaque(type_, (taint,))

    return trace


_FUNCTIONS: dict[str, Callable[[Run, ir.Expr, Args, State], Value]] = {
    "builtins.str": _str,
    "builtins.len": _len,
    "builtins.int": _number(int, "builtins.int"),
    "builtins.float": _number(float, "builtins.float"),
    "builtins.bool": _bool,
    "builtins.list": _sequence("list"),
    "builtins.tuple": _sequence("tuple"),
    "builtins.set": _sequence("set"),
    "builtins.frozenset": _sequence("set"),
    "builtins.dict": _dict,
    "collections.OrderedDict": _dict,
    "collections.deque": _sequence("list"),
    "builtins.map": _map,
    "builtins.filter": _filter,
    "builtins.iter": _sequence("list"),
    "builtins.sorted": _ordered,
    "builtins.reversed": _ordered,
    "builtins.min": _minimum,
    "builtins.max": _one_of,
    "builtins.next": _one_of,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.range": _range,
    "builtins.getattr": _getattr,
    "builtins.setattr": _setattr,
    "builtins.repr": _repr,
    "builtins.ascii": _repr,
    "builtins.chr": _chr,
    "builtins.ord": _ord,
    "builtins.type": _type_of,
    "builtins.print": _print,
    "builtins.isinstance": _isinstance,
    "builtins.issubclass": _ternary_bool,
    "builtins.hasattr": _ternary_bool,
    "builtins.callable": _ternary_bool,
    "builtins.any": _ternary_bool,
    "builtins.all": _ternary_bool,
    "queue.Queue": _new_queue,
    "queue.LifoQueue": _new_queue,
    "queue.SimpleQueue": _new_queue,
    "asyncio.Queue": _new_queue,
    "multiprocessing.Queue": _new_queue,
    "operator.itemgetter": records.getter("[]"),
    "operator.attrgetter": records.getter("."),
    records.GETTER: records.got,
    "collections.namedtuple": records.named_tuple,
    records.NAMED_TUPLE: records.new_named,
    "types.SimpleNamespace": records.namespace,
    "string.Template": records.template,
    "copy.copy": _deepcopy,
    "copy.deepcopy": _deepcopy,
    "typing.cast": lambda run, node, args, st: args.positional[1] if len(args.positional) > 1 else UNKNOWN,
    "functools.partial": _partial,
    "threading.Thread": _thread,
    "multiprocessing.Process": _thread,
    "threading.Timer": _submit(1),
    "asyncio.to_thread": _submit(0),
    "asyncio.run": _same,
    "asyncio.gather": _gather,
    "asyncio.wait_for": _same,
    "asyncio.shield": _same,
    "concurrent.futures.ThreadPoolExecutor.map": _map,
    "concurrent.futures.ProcessPoolExecutor.map": _map,
    "multiprocessing.Pool.map": _map,
    "multiprocessing.Pool.imap": _map,
    "multiprocessing.Pool.apply": _apply,
    "multiprocessing.Pool.apply_async": _apply,
    "multiprocessing.pool.ThreadPool.map": _map,
    "multiprocessing.pool.ThreadPool.apply_async": _apply,
    "contextlib.closing": _same,
    "contextlib.aclosing": _same,
    "contextlib.nullcontext": _same,
    "asyncio.create_task": _same,
    "asyncio.ensure_future": _same,
    "concurrent.futures.ThreadPoolExecutor.submit": _submit(0),
    "concurrent.futures.ProcessPoolExecutor.submit": _submit(0),
    "os.path.join": _join_paths,
    "os.path.realpath": _normalised("os.path.realpath"),
    "os.path.abspath": _normalised("os.path.abspath"),
    "os.path.normpath": _normalised("os.path.normpath"),
    "os.path.basename": _basename,
    "os.path.dirname": _head,
    "os.path.expanduser": _same,
    "os.path.splitext": _splitext,
    "os.path.split": _splitext,
    "os.fspath": _str,
    "pathlib.Path": _new_path,
    "pathlib.PurePath": _new_path,
    "pathlib.PosixPath": _new_path,
    "configparser.ConfigParser": configs.new,
    "configparser.RawConfigParser": configs.new,
    "configparser.SafeConfigParser": configs.new,
    "unicodedata.normalize": _normal_form,
    "traceback.format_exc": _stack_trace("builtins.str"),
    **{
        f"traceback.{name}": _stack_trace("traceback.Lines")
        for name in (
            "format_exception",
            "format_exception_only",
            "format_list",
            "format_stack",
            "format_tb",
            "extract_tb",
            "extract_stack",
        )
    },
    "sys.exc_info": _stack_trace("traceback.Lines"),
    "builtins.hex": _hex,
    "builtins.oct": _hex,
    "builtins.bin": _hex,
}


# Django: a manager with the methods of a class of query sets, and the class of such managers.
_OF_CLASS = frozenset(("django.db.models.QuerySet.as_manager", "django.db.models.Manager.from_queryset"))


def _instance_of(run: Run, node: ir.Expr, receiver: Value, args: Args, st: State) -> Value | None:
    """`Rows.as_manager()` acts like a `Rows`; `Manager.from_queryset(Rows)` is a class of what acts like a `Rows`."""
    if args.positional:
        return args.positional[0]
    out = [
        a
        for one in receiver.atoms
        if isinstance(one, Cls)
        for a in run.alloc(st, node, Obj("instance", {}, None, cls=one.info), one.info.qualname).atoms
    ]
    return make(out) if out else None


def function(
    run: Run, node: ir.Expr, name: str, args: Args, receiver: Value | None, st: State
) -> Value | None:
    """A call that the interpreter itself understands; None where it does not."""
    if name.startswith("re.") and args.star is None and args.starstar is None:
        return regexes.function(run, node, name, args, receiver, st)
    if name in tls.KNOWN and args.star is None and args.starstar is None:
        return tls.function(run, node, name, args, receiver, st)
    if name in buffers.BUFFERS and args.star is None:
        return buffers.new(run, node, name, args, st)
    if name in _OF_CLASS and receiver is not None:
        return _instance_of(run, node, receiver, args, st)
    found = _FUNCTIONS.get(name)
    if found is None:
        return None
    if args.star is not None or args.starstar is not None:
        if name not in ("os.path.join", "builtins.dict"):
            return None
    return found(run, node, args, st)


__all__ = ["BOOL", "TYPE_CHARS", "ClassInfo", "function", "method"]
