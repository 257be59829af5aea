"""Expressions: each is evaluated in a state to a `Value`; `NOTHING` means that control never gets past it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cwelens.flow import (
    assign,
    attributes,
    buffers,
    calls,
    displays,
    guards,
    library_calls,
    operators,
    protocols,
    records,
    scopes,
    strings,
    subscripts,
    truth,
)
from cwelens.flow.run import Args, Run
from cwelens.flow.state import Frame, Obj, State, deep_taints, join_states, str_key
from cwelens.flow.values import (
    BOOL,
    FALSE,
    NONE,
    NOTHING,
    TRUE,
    TYPE_CHARS,
    UNKNOWN,
    Const,
    Func,
    Opaque,
    Ref,
    Value,
    atom_taints,
    const,
    const_text,
    join_all,
    opaque,
)
from cwelens.ir import nodes as ir


def evaluate(run: Run, node: ir.Expr, st: State) -> Value:
    return _EXPRESSIONS[type(node)](run, node, st)


def _const(run: Run, node: ir.Const, st: State) -> Value:
    return Value((Const(node.value, (run.frame.module.source, node.pos)),))


def _name(run: Run, node: ir.Name, st: State) -> Value:
    return scopes.name_value(run, node, st)


def _attr(run: Run, node: ir.Attr, st: State) -> Value:
    base = evaluate(run, node.base, st)
    if base is NOTHING:
        return NOTHING
    path = assign.path_of(node)
    if path is not None:
        known = st.env.get(path)
        if known is not None:
            return known
    return attributes.attribute(run, base, node.name, st, node)


def _item(run: Run, node: ir.Item, st: State) -> Value:
    base = evaluate(run, node.base, st)
    if base is NOTHING:
        return NOTHING
    path = assign.path_of(node)
    if path is not None:
        known = st.env.get(path)
        if known is not None:
            return known
    if isinstance(node.key, ir.Slice):
        bounds = [
            evaluate(run, part, st) if part is not None else NONE
            for part in (node.key.lower, node.key.upper, node.key.step)
        ]
        return subscripts.sliced(run, base, bounds, st, node)
    key = evaluate(run, node.key, st)
    return subscripts.item(run, base, key, st, node)


def _slice(run: Run, node: ir.Slice, st: State) -> Value:
    return UNKNOWN


def _call(run: Run, node: ir.Call, st: State) -> Value:
    if isinstance(node.func, ir.Attr) and node.func.name == "get" and assign.is_reading(node):
        known = st.env.get(assign.path_of(node) or "")
        if known is not None and not any(
            isinstance(a, Ref) for a in guards.known_value(run, node.func.base, st).atoms
        ):
            # What a test told of it; a container of the program may have been changed since.
            return known
    return calls.call(run, node, st)


def _star(run: Run, node: ir.Star, st: State) -> Value:
    return evaluate(run, node.value, st)


def _hole(run: Run, node: ir.Hole, st: State) -> Value:
    value = evaluate(run, node.value, st)
    if node.conversion in ("r", "a"):
        return strings.represented(value, st)
    value = protocols.as_text(run, value, st, node.value)
    if node.spec is not None:
        spec = "".join(p for p in node.spec.parts if isinstance(p, str))
        for part in node.spec.parts:
            if isinstance(part, ir.Hole):
                evaluate(run, part.value, st)
        atom = value.const()
        if (
            atom is not None
            and len(node.spec.parts) == 1
            and isinstance(atom.value, int | float | str)
            and len(spec) < 8
        ):
            try:
                return const(format(atom.value, spec))
            except (ValueError, TypeError, OverflowError, MemoryError):
                return UNKNOWN
        if spec and spec[-1] in "bcdoxXeEfFgGn%":
            return Value((Opaque("builtins.float", deep_taints(value, st), TYPE_CHARS["builtins.float"]),))
    return value


def _format(run: Run, node: ir.Format, st: State) -> Value:
    pieces = [const(p) if isinstance(p, str) else _hole(run, p, st) for p in node.parts]
    if any(p is NOTHING for p in pieces):
        return NOTHING
    if node.template:
        return run.alloc(st, node, Obj("instance", {}, join_all(pieces), cls="string.templatelib.Template"))
    return strings.concat(pieces, st, False, run.place(node))


def _unary(run: Run, node: ir.Unary, st: State) -> Value:
    value = evaluate(run, node.operand, st)
    if value is NOTHING:
        return NOTHING
    if node.op == "not":
        verdict = truth.truth(value, st)
        return BOOL if verdict is None else FALSE if verdict else TRUE
    atom = value.const()
    if atom is not None and isinstance(atom.value, int | float):
        if node.op == "-":
            return const(-atom.value, atom.place)
        if node.op == "~" and isinstance(atom.value, int):
            return const(~atom.value)
        return value
    return opaque(
        "builtins.int" if all(operators.is_number(a) for a in value.atoms) else None, deep_taints(value, st)
    )


def _bool_op(run: Run, node: ir.BoolOp, st: State) -> Value:
    out: list[Value] = []
    current: State | None = st
    wanted = node.op == "and"
    last = len(node.values) - 1
    for index, part in enumerate(node.values):
        if current is None:
            break
        value = evaluate(run, part, current)
        if value is NOTHING:
            break
        if index == last:
            out.append(value)
            break
        verdict = truth.truth(value, current)
        if verdict is None or verdict is not wanted:
            kept = guards.filter_truth(value, not wanted, current)
            out.append(kept if kept.atoms else value)
        if verdict is not None and verdict is not wanted:
            break
        current = guards.assume(run, part, current.copy(), wanted)
    if current is not None and current is not st:
        st.heap = (join_states(st, current) or st).heap
        for name in list(current.env.keys() - st.env.keys()):
            if "." not in name and "[" not in name:
                st.env[name] = current.env[name]
    return join_all(out) if out else NOTHING


def _compare(run: Run, node: ir.Compare, st: State) -> Value:
    left = evaluate(run, node.left, st)
    verdict: bool | None = True
    for op, right_node in zip(node.ops, node.rights, strict=True):
        right = evaluate(run, right_node, st)
        if left is NOTHING or right is NOTHING:
            return NOTHING
        if op in ("==", "!=") and not run.quiet:
            run.observer.compared(run, node, left, right, st)
        one = truth.compare(op, left, right, st)
        if one is False:
            return FALSE
        if one is None:
            verdict = None
        left = right
    return BOOL if verdict is None else TRUE


def _cond(run: Run, node: ir.Cond, st: State) -> Value:
    verdict = truth.truth(evaluate(run, node.test, st), st)
    out: list[Value] = []
    states: list[State | None] = []
    for wanted, branch in ((True, node.body), (False, node.orelse)):
        if verdict is None or verdict is wanted:
            inner = guards.assume(run, node.test, st.copy(), wanted)
            if inner is not None:
                value = evaluate(run, branch, inner)
                if value is not NOTHING:
                    out.append(value)
                    states.append(inner)
    for state in states:
        if state is not None:
            for loc, obj in state.heap.items():
                if loc not in st.heap:
                    st.heap[loc] = obj
    return join_all(out) if out else NOTHING


def _lambda(run: Run, node: ir.Lambda, st: State) -> Value:
    frame = scopes.defining_frame(run.frame)
    captured = Frame(frame.module, frame.func, None, None, frame.closure, frame.call)
    captured.env = st.env
    return Value((Func(None, node, captured),))


def awaited(node: ir.Expr) -> ir.Expr:
    """What is waited for, or the expression itself."""
    return node.value if isinstance(node, ir.Await) else node


def _await(run: Run, node: ir.Await, st: State) -> Value:
    return evaluate(run, node.value, st)


def _yield(run: Run, node: ir.Yield, st: State) -> Value:
    if node.value is not None:
        value = evaluate(run, node.value, st)
        if node.delegate:
            elements = iterate(run, value, st, node.value)
            value = elements if isinstance(elements, Value) else join_all(elements)
        run.frame.yields.append(value)
        if run.frame.parent is None and run.frame.handler not in (None, "class"):
            # What a handler yields is sent piece by piece.
            run.observer.returned(run, node, value, st)
    return UNKNOWN


def _walrus(run: Run, node: ir.Walrus, st: State) -> Value:
    value = evaluate(run, node.value, st)
    if value is not NOTHING:
        assign.store(run, node.target, value, st, node.value)
    return value


def _unknown(run: Run, node: ir.Unknown, st: State) -> Value:
    for part in node.parts:
        evaluate(run, part, st)
    return UNKNOWN


def iterate(run: Run, value: Value, st: State, node: ir.Node) -> list[Value] | Value:
    """What iterating gives: the elements in order where they are known, else the join of them all."""
    obj = scopes.frame_object(value, st)
    if obj is not None and obj.rest is None:
        if obj.kind in ("list", "tuple", "set"):
            return [obj.items[k] for k in sorted(obj.items, key=str_key)]
        if obj.kind == "dict":
            return [const(k) for k in obj.items]
        named = records.fields(run, obj)
        if named is not None:
            return named
        if obj.kind == "instance":
            own = protocols.elements(run, value.atoms[0], obj, st, node)  # type: ignore[arg-type]
            if own is not None:
                return own
    atom = value.const()
    if atom is not None and isinstance(atom.value, str) and len(atom.value) <= 16:
        return [const(c) for c in atom.value]
    out: list[Value] = []
    for one in value.atoms:
        found = st.obj(one.loc) if isinstance(one, Ref) else None
        if found is not None and found.kind == "dict":
            out.extend(const(k) for k in found.items)
            if found.keys is not None:
                out.append(found.keys)
        elif found is not None and buffers.content(found) is not None:
            out.append(buffers.lines(found, st))
        elif found is not None and found.kind == "instance":
            out.append(found.rest or UNKNOWN)
        elif found is not None:
            out.append(found.everything())
        elif isinstance(one, Const):
            out.append(const(const_text(one.value)[:1]) if isinstance(one.value, str) else UNKNOWN)
        elif isinstance(one, Opaque) and one.type and run.models.source_calls(f"{one.type}.__iter__"):
            name = f"{one.type}.__iter__"
            out.append(library_calls.library_call(run, node, name, Args([], {}), Value((one,)), st, one.note))  # type: ignore[arg-type]
        elif isinstance(one, Opaque):
            type_ = run.models.item_type(one.type) if one.type else None
            type_ = type_ or ("builtins.str" if one.type == "builtins.str" else None)
            out.append(Value((Opaque(type_, one.taints, one.chars, one.note, one.label),)))
        else:
            out.append(Value((Opaque(None, atom_taints(one)),)))
    return join_all([v for v in out if v.atoms]) if out else UNKNOWN


_EXPRESSIONS: dict[type, Callable[[Run, Any, State], Value]] = {
    ir.Const: _const,
    ir.Name: _name,
    ir.Attr: _attr,
    ir.Item: _item,
    ir.Slice: _slice,
    ir.Call: _call,
    ir.Star: _star,
    ir.Hole: _hole,
    ir.Format: _format,
    ir.Binary: operators.binary_expression,
    ir.Unary: _unary,
    ir.BoolOp: _bool_op,
    ir.Compare: _compare,
    ir.Cond: _cond,
    ir.Lambda: _lambda,
    ir.Seq: displays.sequence,
    ir.DictDisplay: displays.dictionary,
    ir.Comp: displays.comprehension,
    ir.Await: _await,
    ir.Yield: _yield,
    ir.Walrus: _walrus,
    ir.Unknown: _unknown,
}
