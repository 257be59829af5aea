"""Stores: binding targets, changing heap objects, and narrowing what a test has told about a name or an access path.

An access path (`self.kind`, `form["id"]`) is remembered in the environment under its text, from a test until its root is rebound.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cwelens.flow import calls, expressions, splits
from cwelens.flow.run import Args, CallSite, Run, written
from cwelens.flow.state import Obj, State, deep_taints, stepped
from cwelens.flow.values import (
    NOTHING,
    UNKNOWN,
    Const,
    Func,
    Lib,
    Opaque,
    Ref,
    Value,
    atom_taints,
    const,
    join,
    join_all,
    taints_of,
)
from cwelens.ir import nodes as ir
from cwelens.resolve.symbols import ClassInfo


def path_of(node: ir.Expr) -> str | None:
    """The text of an access path of names, attributes, constant items and readings (`args.get("next")`); None for other expressions."""
    if isinstance(node, ir.Name):
        return node.id
    if isinstance(node, ir.Attr):
        base = path_of(node.base)
        return None if base is None else f"{base}.{node.name}"
    if isinstance(node, ir.Item) and isinstance(node.key, ir.Const):
        base = path_of(node.base)
        return None if base is None else f"{base}[{node.key.value!r}]"
    if isinstance(node, ir.Call) and is_reading(node):
        base = path_of(node.func)
        keys = ", ".join(repr(part.value) for part in node.args if isinstance(part, ir.Const))
        return None if base is None else f"{base}({keys})"
    return None


def is_reading(node: ir.Call) -> bool:
    """`args.get("next")`: a call that gives the same each time it is asked, as an item does."""
    return (
        isinstance(node.func, ir.Attr)
        and node.func.name == "get"
        and bool(node.args)
        and not node.keywords
        and all(isinstance(part, ir.Const) for part in node.args)
    )


def forget(name: str, st: State) -> None:
    """A name is rebound: what was known of paths and tests that begin with it no longer holds."""
    dotted, item = name + ".", name + "["
    for path in [p for p in st.env if p.startswith((dotted, item))]:
        if ".default." not in path:
            del st.env[path]
    if st.facts:
        st.facts.pop(name, None)
        st.facts.pop(splits.fact(name), None)


def refine(node: ir.Expr, value: Value, st: State) -> None:
    """What a test has told about an expression; only names and access paths can be narrowed."""
    if isinstance(node, ir.Walrus):
        node = node.target
    if isinstance(node, ir.Name):
        st.env[node.id] = value
        return
    path = path_of(node)
    if path is not None:
        st.env[path] = value


def store(run: Run, target: ir.Expr, value: Value, st: State, source: ir.Expr) -> None:
    """`target = value`"""
    if isinstance(target, ir.Name):
        forget(target.id, st)
        if taints_of(value):
            value = stepped(value, run.place(target), f"`{target.id}` holds it")
            run.observer.stored(run, target, target.id, value)
        st.env[target.id] = value
        func = run.frame.func
        if func is not None and target.id in func.globals_:
            frame = run.shared.module_frames.get(run.frame.module.name)
            if frame is not None:
                old = frame.env.get(target.id)
                frame.env[target.id] = value if old is None else join(old, value)
        elif func is not None and target.id in func.nonlocals:
            _store_nonlocal(run, target.id, value)
    elif isinstance(target, ir.Seq):
        _unpack(run, target, value, st, source)
    elif isinstance(target, ir.Attr):
        _store_attr(run, target, value, st)
    elif isinstance(target, ir.Item):
        _store_item(run, target, value, st)
    elif isinstance(target, ir.Star):
        store(run, target.value, value, st, source)


def _store_nonlocal(run: Run, name: str, value: Value) -> None:
    """An inner function changes a name of the function around it."""
    frame = run.frame.closure
    while frame is not None:
        if name in frame.env:
            frame.env[name] = join(frame.env[name], value)
            return
        frame = frame.closure


def _unpack(run: Run, target: ir.Seq, value: Value, st: State, source: ir.Expr) -> None:

    count = len(target.items)
    star = next((i for i, t in enumerate(target.items) if isinstance(t, ir.Star)), None)
    elements: list[Value] | Value | None = _by_position(value, count, st) if star is None else None
    if elements is None:
        elements = expressions.iterate(run, value, st, source)
    if isinstance(elements, list) and len(elements) >= count - (star is not None):
        if star is None:
            for part, element in zip(target.items, elements):
                store(run, part, element, st, source)
            return
        tail = count - star - 1
        for part, element in zip(target.items[:star], elements):
            store(run, part, element, st, source)
        middle = elements[star : len(elements) - tail]
        store(
            run,
            target.items[star],
            run.alloc(st, target, Obj("list", dict(enumerate(middle))), "*"),
            st,
            source,
        )
        for part, element in zip(target.items[star + 1 :], elements[len(elements) - tail :]):
            store(run, part, element, st, source)
        return
    element = elements if isinstance(elements, Value) else UNKNOWN
    if isinstance(elements, list) and elements:
        for more in elements:
            element = join(element, more) if element is not UNKNOWN else more
    for part in target.items:
        if isinstance(part, ir.Star):
            store(run, part.value, run.alloc(st, part, Obj("list", {}, element)), st, source)
        else:
            store(run, part, element, st, source)


def _by_position(value: Value, count: int, st: State) -> list[Value] | None:
    """What stands at each position of several tuples of one length; None where a value may be something else."""
    if len(value.atoms) < 2:
        return None
    out: list[list[Value]] = [[] for _ in range(count)]
    for atom in value.atoms:
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if (
            obj is None
            or obj.kind not in ("tuple", "list")
            or obj.rest is not None
            or len(obj.items) != count
        ):
            return None
        for position in range(count):
            if position not in obj.items:
                return None
            out[position].append(obj.items[position])
    return [join_all(values) for values in out]


def _store_attr(run: Run, target: ir.Attr, value: Value, st: State) -> None:

    base = expressions.evaluate(run, target.base, st)
    path = path_of(target)
    if path is not None:
        forget(path, st)
        st.env.pop(path, None)
    place = run.place(target)
    if taints_of(value):
        value = stepped(value, place, f"`{path or written(target)}` holds it")
        run.observer.stored(run, target, written(target), value)
    heap_only = True
    single = len(base.atoms) == 1
    for atom in base.atoms:
        if isinstance(atom, Ref):
            obj = st.obj(atom.loc)
            if obj is not None and _through_setter(run, atom, obj, target, value, st):
                continue
            if obj is not None:
                old = obj.items.get(target.name)
                new = value if single or old is None else join(old, value)
                st.heap[atom.loc] = obj.with_item(target.name, new)
        else:
            heap_only = False
        type_ = type_of_atom(atom, st)
        if type_:
            run.observer.setting(run, target, f"{type_}.{target.name}", None, value, st, written(target))
            for owner in run.models.bases(type_):
                name = f"{owner}.{target.name}.__set__"
                if run.models.sinks(name) and not run.quiet:
                    given = Args([value], {})
                    site = CallSite(
                        target, place, name, written(target), given, Value((atom,)), st, run.frame, ""
                    )
                    run.observer.call(run, site)
    if not heap_only and path is not None:
        st.env[path] = value


def _through_setter(run: Run, atom: Ref, obj: Obj, target: ir.Attr, value: Value, st: State) -> bool:
    """`object.name = value` where the class has a setter for the name: that is called."""
    if not isinstance(obj.cls, ClassInfo):
        return False
    for cls in run.program.mro(obj.cls)[0]:
        method = cls.methods.get(target.name)
        if method is None:
            continue
        setter = run.shared.setter(cls, target.name) if method.kind == "property" else None
        if setter is None:
            return False
        closure = run.shared.closures.get(id(setter.node))
        bound = Value((Func(setter, setter.node, closure, Value((atom,))),))
        calls.call_value(run, target, bound, Args([value], {}), st)
        run.last_exits.pop(id(target), None)
        return True
    return False


def type_of_atom(atom: Any, st: State) -> str | None:
    """The dotted name whose rows speak of an atom's members."""
    if isinstance(atom, Opaque):
        return atom.type
    if isinstance(atom, Lib):
        return atom.name
    if isinstance(atom, Ref):
        obj = st.obj(atom.loc)
        return obj.cls if obj is not None and isinstance(obj.cls, str) else None
    return None


def _store_item(run: Run, target: ir.Item, value: Value, st: State) -> None:

    base = expressions.evaluate(run, target.base, st)
    key = UNKNOWN if isinstance(target.key, ir.Slice) else expressions.evaluate(run, target.key, st)
    path = path_of(target)
    if path is not None:
        forget(path, st)
        st.env.pop(path, None)
    if taints_of(value):
        key_text = " ".join(str(a.value) for a in key.atoms if isinstance(a, Const))
        run.observer.stored(run, target, f"{written(target.base)} {key_text or written(target.key)}", value)
    if not (isinstance(target.key, ir.Slice) and _set_slice(run, base, target.key, value, st, target)):
        set_item(run, base, key, value, st, target)
    if path is not None and not any(isinstance(a, Ref) for a in base.atoms):
        st.env[path] = value


def _set_slice(run: Run, base: Value, key: ir.Slice, value: Value, st: State, node: ir.Expr) -> bool:
    """`base[a:b] = elements` on a list whose elements are known; False where it is none."""
    atom = base.atoms[0] if len(base.atoms) == 1 else None
    obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
    if not isinstance(atom, Ref) or obj is None or obj.kind != "list" or key.step is not None:
        return False
    bounds = [
        as_key(expressions.evaluate(run, b, st)) if b is not None else None for b in (key.lower, key.upper)
    ]
    elements = expressions.iterate(run, value, st, node)
    if (
        obj.rest is None
        and isinstance(elements, list)
        and all(b is None or isinstance(b, int) for b in bounds)
    ):
        values = [obj.items[k] for k in sorted(obj.items)]
        values[slice(*bounds)] = elements
        st.heap[atom.loc] = Obj("list", dict(enumerate(values)), None, obj.keys, obj.cls)
        return True
    content = elements if isinstance(elements, Value) else join_all(elements)
    st.heap[atom.loc] = obj.collapsed().with_rest(content) if content.atoms else obj.collapsed()
    return True


def tell_settings(
    run: Run, node: ir.Expr, kept: ir.Attr, items: Iterable[tuple[Any, Value]], st: State
) -> None:
    """What is put under keys into an attribute is a setting of the type of the attribute's owner, whatever kind of object it holds."""
    run.quiet += 1
    try:
        owner = expressions.evaluate(run, kept.base, st)
    finally:
        run.quiet -= 1
    types = [type_of_atom(atom, st) for atom in owner.atoms]
    targets = [f"{type_}.{kept.name}" for type_ in types if type_]
    known = [target for target in targets if run.models.settings(target)]
    for key, value in items if known else ():
        for target in known:
            run.observer.setting(run, node, target, key, value, st, f"{written(kept)}[{key!r}]")


def set_item(run: Run, base: Value, key: Value, value: Value, st: State, node: ir.Expr) -> None:
    """`base[key] = value` on heap objects; on library objects it is a setting."""
    atom_key = key.const()
    single = len(base.atoms) == 1
    for atom in base.atoms:
        if isinstance(atom, Ref):
            obj = st.obj(atom.loc)
            if obj is None:
                continue
            if atom_key is None or not isinstance(
                atom_key.value, str | bytes | int | float | bool | type(None)
            ):
                st.heap[atom.loc] = obj.with_rest(value, key)
            elif obj.kind in ("list", "tuple", "set") and not isinstance(atom_key.value, int):
                # No such item: the object is another one than it seems, and its items must stay numbered.
                st.heap[atom.loc] = obj.with_rest(value)
            elif obj.kind == "list" and isinstance(atom_key.value, int):
                index = atom_key.value if atom_key.value >= 0 else len(obj.items) + atom_key.value
                if obj.rest is None and index in obj.items:
                    new = value if single else join(obj.items[index], value)
                    st.heap[atom.loc] = obj.with_item(index, new)
                else:
                    st.heap[atom.loc] = obj.with_rest(value)
            else:
                old = obj.items.get(atom_key.value)
                new = value if single or old is None else join(old, value)
                st.heap[atom.loc] = obj.with_item(atom_key.value, new)
        type_ = type_of_atom(atom, st)
        if type_ and atom_key is not None:
            run.observer.setting(run, node, type_, atom_key.value, value, st, written(node))
    if atom_key is not None:
        if isinstance(node, ir.Item) and isinstance(node.base, ir.Attr):
            tell_settings(run, node, node.base, [(atom_key.value, value)], st)
    for atom in base.atoms:
        type_ = type_of_atom(atom, st)
        name = f"{type_}.__setitem__"
        if type_ and run.models.sinks(name):
            args = Args([key, value], {})
            site = CallSite(
                node, run.place(node), name, written(node), args, Value((atom,)), st, run.frame, ""
            )
            run.observer.call(run, site)


def remove(run: Run, target: ir.Expr, st: State) -> None:
    """`del target`"""
    if isinstance(target, ir.Item):
        base = expressions.evaluate(run, target.base, st)
        key = UNKNOWN if isinstance(target.key, ir.Slice) else expressions.evaluate(run, target.key, st)
        path = path_of(target)
        if path is not None:
            st.env.pop(path, None)
        atom_key = key.const()
        for atom in base.atoms:
            obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
            if obj is None or not isinstance(atom, Ref):
                continue
            if atom_key is not None and atom_key.value in obj.items and len(base.atoms) == 1:
                st.heap[atom.loc] = delete_key(obj, atom_key.value)
    elif isinstance(target, ir.Seq):
        for part in target.items:
            remove(run, part, st)
    elif isinstance(target, ir.Attr):
        path = path_of(target)
        if path is not None:
            st.env.pop(path, None)


def delete_key(obj: Obj, key: Any) -> Obj:
    """The object without a key; the positions of a list close up."""
    if obj.kind == "list" and isinstance(key, int):
        if key < 0 and obj.rest is not None:
            return obj.collapsed()
        values = [obj.items[k] for k in sorted(obj.items)]
        index = key if key >= 0 else len(values) + key
        if 0 <= index < len(values):
            del values[index]
        return Obj("list", dict(enumerate(values)), obj.rest, obj.keys, obj.cls)
    left = {k: v for k, v in obj.items.items() if k != key}
    return Obj(obj.kind, left, obj.rest, obj.keys, obj.cls, obj.maybe - {key})


def extend(run: Run, old: Value, new: Value, st: State) -> bool:
    """`old += new` in place for lists; False where it is no list."""
    if len(old.atoms) != 1 or not isinstance(old.atoms[0], Ref):
        return False
    obj = st.obj(old.atoms[0].loc)
    if obj is None or obj.kind != "list":
        return False

    elements = expressions.iterate(run, new, st, ir.Const(None, (0, 0, 0, 0)))
    st.heap[old.atoms[0].loc] = appended(obj, elements)
    return True


def appended(obj: Obj, elements: list[Value] | Value) -> Obj:
    """A list with elements added at its end."""
    if isinstance(elements, list) and obj.rest is None and len(obj.items) + len(elements) <= 64:
        items = dict(obj.items)
        for element in elements:
            items[len(items)] = element
        return Obj(obj.kind, items, None, obj.keys, obj.cls)
    more = elements if isinstance(elements, Value) else NOTHING
    if isinstance(elements, list):
        for element in elements:
            more = join(more, element)
    if not more.atoms:
        return obj
    grown = obj.with_rest(more)
    if obj.kind == "list" and not obj.items and isinstance(elements, list) and grown.rest is not None:
        # What it held is not known, but now it holds something.
        return Obj("list", {0: grown.rest}, grown.rest, grown.keys, grown.cls)
    return grown


def contents_taint(value: Value, st: State) -> Value:
    """One unknown with everything a value holds."""
    return Value((Opaque(None, deep_taints(value, st)),))


def as_key(value: Value) -> Any:
    """A constant key, or the marker `NOTHING`."""
    atom = value.const()
    return atom.value if isinstance(atom, Const) else NOTHING


__all__ = [
    "appended",
    "as_key",
    "atom_taints",
    "const",
    "contents_taint",
    "delete_key",
    "extend",
    "forget",
    "path_of",
    "refine",
    "remove",
    "set_item",
    "store",
    "type_of_atom",
]
