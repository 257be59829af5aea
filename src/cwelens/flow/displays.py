"""Displays and comprehensions: the objects that lists, tuples, sets and dictionaries make."""

from __future__ import annotations

from typing import Any

from cwelens.flow import (
    assign,
    expressions,
    guards,
    truth,
)
from cwelens.flow.run import Run
from cwelens.flow.state import Obj, State
from cwelens.flow.values import (
    UNKNOWN,
    Opaque,
    Ref,
    Value,
    atom_taints,
    join,
    join_all,
)
from cwelens.ir import nodes as ir


def sequence(run: Run, node: ir.Seq, st: State) -> Value:
    items: dict[Any, Value] = {}
    rest: Value | None = None
    for part in node.items:
        value = expressions.evaluate(run, part, st)
        if isinstance(part, ir.Star):
            elements = expressions.iterate(run, value, st, part)
            if isinstance(elements, list) and rest is None:
                for element in elements:
                    items[len(items)] = element
                continue
            more = elements if isinstance(elements, Value) else join_all(elements)
            rest = more if rest is None else join(rest, more)
        elif rest is None and len(items) < 128:
            items[len(items)] = value
        else:
            rest = value if rest is None else join(rest, value)
    return run.alloc(st, node, Obj(node.kind, items, rest))


def dictionary(run: Run, node: ir.DictDisplay, st: State) -> Value:
    items: dict[Any, Value] = {}
    rest: Value | None = None
    keys: Value | None = None
    for key_node, value_node in node.items:
        value = expressions.evaluate(run, value_node, st)
        if key_node is None:
            for atom in value.atoms:
                obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
                if obj is not None and obj.kind == "dict":
                    items.update(obj.items)
                    if obj.rest is not None:
                        rest = obj.rest if rest is None else join(rest, obj.rest)
                        keys = obj.keys if keys is None else join(keys, obj.keys) if obj.keys else keys
                else:
                    other = Value((Opaque(None, atom_taints(atom)),))
                    rest = other if rest is None else join(rest, other)
            continue
        key = expressions.evaluate(run, key_node, st)
        atom_ = key.const()
        if atom_ is not None and truth.is_hashable(atom_.value):
            items[atom_.value] = value
        else:
            rest = value if rest is None else join(rest, value)
            keys = key if keys is None else join(keys, key)
    return run.alloc(st, node, Obj("dict", items, rest, keys))


def comprehension(run: Run, node: ir.Comp, st: State) -> Value:
    inner: State | None = st.copy()
    exact: list[Value] | None = None
    for index, clause in enumerate(node.fors):
        if inner is None:
            break
        elements = expressions.iterate(
            run, expressions.evaluate(run, clause.iterable, inner), inner, clause.iterable
        )
        if index == 0 and len(node.fors) == 1 and isinstance(elements, list) and len(elements) <= 24:
            exact = elements
            break
        element = elements if isinstance(elements, Value) else join_all(elements)
        assign.store(run, clause.target, element, inner, clause.iterable)
        for condition in clause.conditions:
            expressions.evaluate(run, condition, inner)
            inner = guards.assume(run, condition, inner, True)
            if inner is None:
                break
    kind = "list" if node.kind == "generator" else node.kind
    if exact is not None and inner is not None:
        return _exact_comp(run, node, st, inner, exact, kind)
    if inner is None:
        return run.alloc(st, node, Obj(kind, {}))
    value = expressions.evaluate(run, node.element, inner)
    keys: Value | None = None
    if node.kind == "dict":
        keys = value
        value = expressions.evaluate(run, node.value, inner) if node.value is not None else UNKNOWN
    for loc, obj in inner.heap.items():
        st.heap.setdefault(loc, obj)
    return run.alloc(st, node, Obj(kind, {}, value, keys))


def _exact_comp(run: Run, node: ir.Comp, st: State, inner: State, elements: list[Value], kind: str) -> Value:
    items: dict[Any, Value] = {}
    rest: Value | None = None
    keys: Value | None = None
    clause = node.fors[0]
    ordered = node.kind == "generator"
    for element in elements:
        current: State | None = inner.copy()
        if current is None:
            break
        assign.store(run, clause.target, element, current, clause.iterable)
        certain = True
        for condition in clause.conditions:
            if current is None:
                break
            verdict = truth.truth(expressions.evaluate(run, condition, current), current)
            # `"/".join(p for p in parts if p)`: an empty one is left out, and the order of the others stays.
            certain = certain and (verdict is True or (ordered and _is_name(condition, node.element)))
            current = None if verdict is False else guards.assume(run, condition, current, True)
        if current is None:
            continue
        value = expressions.evaluate(run, node.element, current)
        for loc, obj in current.heap.items():
            inner.heap.setdefault(loc, obj)
            st.heap.setdefault(loc, obj)
        if kind == "dict":
            key = value
            value = expressions.evaluate(run, node.value, current) if node.value is not None else UNKNOWN
            atom = key.const()
            if atom is not None and certain and truth.is_hashable(atom.value):
                items[atom.value] = value
            else:
                rest = value if rest is None else join(rest, value)
                keys = key if keys is None else join(keys, key)
        elif certain and rest is None:
            items[len(items)] = value
        else:
            rest = value if rest is None else join(rest, value)
    return run.alloc(st, node, Obj(kind, items, rest, keys))


def _is_name(one: ir.Expr, two: ir.Expr) -> bool:
    return isinstance(one, ir.Name) and isinstance(two, ir.Name) and one.id == two.id
