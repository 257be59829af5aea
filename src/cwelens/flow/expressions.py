"""Expressions: each is evaluated in a state to a `Value`; `NOTHING` means that control never gets past it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from cwelens.flow import (
    assign,
    attributes,
    buffers,
    calls,
    guards,
    library_calls,
    path_values,
    percent,
    protocols,
    records,
    scopes,
    strings,
    subscripts,
)
from cwelens.flow.run import Args, CallSite, Run
from cwelens.flow.state import Frame, Obj, State, deep_taints, join_states
from cwelens.flow.values import (
    BOOL,
    FALSE,
    INT,
    MAX_STRING,
    NONE,
    NOTHING,
    TRUE,
    TYPE_CHARS,
    UNKNOWN,
    Atom,
    Cls,
    Const,
    Func,
    Lib,
    Opaque,
    Ref,
    Text,
    Value,
    atom_taints,
    const,
    const_text,
    join,
    join_all,
    join_taints,
    make,
    opaque,
)
from cwelens.flow.values import text as make_text
from cwelens.ir import nodes as ir

MAX_INT_BITS = 256
# The name under which the models speak of a repetition.
REPEAT = "builtins.str.__mul__"
STRINGY = ("builtins.str", "builtins.bytes")


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


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
}


def _binary(run: Run, node: ir.Binary, st: State) -> Value:
    # A long chain `a + b + c + …` leans to the left: it is walked, not recursed into.
    chain: list[ir.Binary] = []
    first: ir.Expr = node
    while isinstance(first, ir.Binary):
        chain.append(first)
        first = first.left
    value = evaluate(run, first, st)
    for part in reversed(chain):
        right = evaluate(run, part.right, st)
        if value is NOTHING or right is NOTHING:
            return NOTHING
        value = binary(run, part.op, value, right, part, st)
    return value


def binary(run: Run, op: str, left: Value, right: Value, node: ir.Node, st: State) -> Value:
    one, two = left.const(), right.const()
    if one is not None and two is not None:
        return _constants(op, one.value, two.value, run, node, st)
    own = protocols.operate(run, op, left, right, st, node)
    if own is not None:
        return own
    if op == "+":
        return _plus(run, left, right, node, st)
    if op == "%" and any(_is_string(a) for a in left.atoms):
        return percent.percent(left, right, st, run.place(node))
    if op == "/" and (path := path_values.path_join(run, left, right, st, node)) is not None:
        return path
    if op == "*":
        repeated = _repeated(run, left, right, node, st)
        if repeated is not None:
            return repeated
    if op in ("|", "-", "&", "^") and any(isinstance(a, Ref) for a in left.atoms):
        return join(left, right)
    taints = join_taints(deep_taints(left, st), deep_taints(right, st))
    numbers = [a for v in (left, right) for a in v.atoms]
    if op in ("-", "//", "**", "<<", ">>", "&", "^") or all(_is_number(a) for a in numbers):
        floats = op == "/" or any(isinstance(a, Opaque) and a.type == "builtins.float" for a in numbers)
        type_ = "builtins.float" if floats else "builtins.int"
        if op in ("-", "&", "^", "|") and not all(_is_number(a) for a in numbers):
            return Value((Opaque(None, taints),))
        return opaque(type_, taints)
    return Value((Opaque(None, taints),))


def _constants(op: str, one: Any, two: Any, run: Run, node: ir.Node, st: State) -> Value:
    """The operation on two constants, by Python, where the result is small."""
    if isinstance(one, str | bytes) and op == "%":
        return percent.percent(const(one), const(two), st, run.place(node))
    if op == "*" and isinstance(one, str | bytes | int) and isinstance(two, str | bytes | int):
        size = (len(one) if isinstance(one, str | bytes) else 1) * (two if isinstance(two, int) else 1)
        size = max(
            size, (len(two) if isinstance(two, str | bytes) else 1) * (one if isinstance(one, int) else 1)
        )
        if (isinstance(one, str | bytes) or isinstance(two, str | bytes)) and size > MAX_STRING:
            return opaque("builtins.str")
    if op in ("**", "<<") and not (
        isinstance(two, int) and -64 <= two <= 64 and isinstance(one, int | float) and abs(one) < 2**32
    ):
        return INT
    function = _ARITHMETIC.get(op)
    if function is None:
        return UNKNOWN
    try:
        result = function(one, two)
    except Exception:
        # The program would fail here as well; what follows is analysed as if the result were unknown.
        return UNKNOWN
    if isinstance(result, int) and result.bit_length() > MAX_INT_BITS:
        return INT
    if isinstance(result, str | bytes):
        if len(result) > MAX_STRING:
            return opaque("builtins.str")
        return const(result, run.place(node))
    return const(result)


def _is_string(atom: Atom) -> bool:
    if isinstance(atom, Const):
        return isinstance(atom.value, str | bytes)
    return isinstance(atom, Text) or (isinstance(atom, Opaque) and atom.type in STRINGY)


def _is_number(atom: Atom) -> bool:
    if isinstance(atom, Const):
        return isinstance(atom.value, int | float | complex)
    return isinstance(atom, Opaque) and atom.type in ("builtins.int", "builtins.float", "builtins.bool")


def _plus(run: Run, left: Value, right: Value, node: ir.Node, st: State) -> Value:
    if any(isinstance(a, Ref) for a in (*left.atoms, *right.atoms)):
        return _joined_sequences(run, left, right, node, st)
    atoms = (*left.atoms, *right.atoms)
    if any(_is_string(a) for a in atoms):
        return strings.concat(
            [left, right], st, strings.is_binary(left.atoms[0]) if left.atoms else False, run.place(node)
        )
    if all(_is_number(a) for a in atoms):
        floats = any(isinstance(a, Opaque) and a.type == "builtins.float" for a in atoms)
        return opaque(
            "builtins.float" if floats else "builtins.int",
            join_taints(deep_taints(left, st), deep_taints(right, st)),
        )
    one, two = strings.merge(left, st), strings.merge(right, st)
    return make([make_text([one, two])])


def _joined_sequences(run: Run, left: Value, right: Value, node: ir.Node, st: State) -> Value:
    one, two = scopes.frame_object(left, st), scopes.frame_object(right, st)
    if (
        one is not None
        and two is not None
        and one.rest is None
        and two.rest is None
        and one.kind == two.kind != "dict"
    ):
        values = [one.items[k] for k in sorted(one.items, key=str_key)] + [
            two.items[k] for k in sorted(two.items, key=str_key)
        ]
        return run.alloc(st, node, Obj(one.kind, dict(enumerate(values))), "+")
    kind = one.kind if one is not None else two.kind if two is not None else "list"
    content = join_all([v for v in (_contents(left, st), _contents(right, st)) if v.atoms])
    if one is not None and one.rest is None and one.kind in ("list", "tuple"):
        # What stands before stays in its place; what follows is at any later one.
        return run.alloc(st, node, Obj(kind, dict(one.items), _contents(right, st)), "+")
    return run.alloc(st, node, Obj(kind, {}, content), "+")


def str_key(key: Any) -> tuple[int, Any]:
    return (0, key) if isinstance(key, int) else (1, str(key))


def _contents(value: Value, st: State) -> Value:
    out: list[Value] = []
    for atom in value.atoms:
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if obj is not None:
            out.append(obj.everything())
        else:
            out.append(Value((Opaque(None, atom_taints(atom), label=getattr(atom, "label", "")),)))
    return join_all(out)


def _repeated(run: Run, left: Value, right: Value, node: ir.Node, st: State) -> Value | None:
    for sequence, count in ((left, right), (right, left)):
        obj = scopes.frame_object(sequence, st)
        if obj is not None and obj.kind in ("list", "tuple"):
            number = count.const()
            if (
                number is not None
                and isinstance(number.value, int)
                and obj.rest is None
                and 0 <= number.value * len(obj.items) <= 32
            ):
                values = [obj.items[k] for k in sorted(obj.items)] * number.value
                return run.alloc(st, node, Obj(obj.kind, dict(enumerate(values))), "*")
            _tell_size(run, count, node, st)
            return run.alloc(st, node, Obj(obj.kind, {}, obj.everything()), "*")
        if any(_is_string(a) for a in sequence.atoms):
            if all(isinstance(a, Const | Text) for a in sequence.atoms):
                _tell_size(run, count, node, st)
            merged = strings.merge(sequence, st)
            return Value((Opaque("builtins.str", merged.taints, merged.chars),))
    return None


def _tell_size(run: Run, count: Value, node: ir.Node, st: State) -> None:
    """A text or a list is repeated as often as a number from outside says."""
    numbers = [a for a in count.atoms if isinstance(a, Opaque) and a.type == "builtins.int" and a.taints]
    if isinstance(node, ir.Expr) and not run.quiet and numbers:
        args = Args([count], {})
        site = CallSite(node, run.place(node), REPEAT, "*", args, None, st, run.frame, "")
        run.observer.call(run, site)


def _unary(run: Run, node: ir.Unary, st: State) -> Value:
    value = evaluate(run, node.operand, st)
    if value is NOTHING:
        return NOTHING
    if node.op == "not":
        verdict = truth(value, st)
        return BOOL if verdict is None else FALSE if verdict else TRUE
    atom = value.const()
    if atom is not None and isinstance(atom.value, int | float):
        if node.op == "-":
            return const(-atom.value, atom.place)
        if node.op == "~" and isinstance(atom.value, int):
            return const(~atom.value)
        return value
    return opaque("builtins.int" if all(_is_number(a) for a in value.atoms) else None, deep_taints(value, st))


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
        verdict = truth(value, current)
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
        one = compare(op, left, right, st)
        if one is False:
            return FALSE
        if one is None:
            verdict = None
        left = right
    return BOOL if verdict is None else TRUE


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compare(op: str, left: Value, right: Value, st: State) -> bool | None:
    """The outcome of one comparison, None where it is not decided."""
    verdicts = set()
    for one in left.atoms:
        for two in right.atoms:
            verdicts.add(_compare_atoms(op, one, two, st))
            if len(verdicts) > 1 or None in verdicts:
                return None
    return verdicts.pop() if verdicts else None


def _compare_atoms(op: str, one: Atom, two: Atom, st: State) -> bool | None:
    if op in ("is not", "not in", "!="):
        verdict = _compare_atoms({"is not": "is", "not in": "in", "!=": "=="}[op], one, two, st)
        return None if verdict is None else not verdict
    if op == "in":
        return _contains(one, two, st)
    if isinstance(one, Const) and isinstance(two, Const):
        if op == "is":
            if (
                one.value is None
                or two.value is None
                or isinstance(one.value, bool)
                or isinstance(two.value, bool)
            ):
                return one.value is two.value
            return None
        try:
            return bool(_COMPARE[op](one.value, two.value))
        except Exception:
            return None
    if op in ("is", "=="):
        for a, b in ((one, two), (two, one)):
            if isinstance(a, Const) and a.value is None and not isinstance(b, Opaque | Const):
                return False
            if isinstance(a, Const) and isinstance(a.value, str) and isinstance(b, Text):
                first, last = b.parts[0], b.parts[-1]
                if isinstance(first, str) and not a.value.startswith(
                    first[: len(a.value)] if len(first) > len(a.value) else first
                ):
                    return False
                if isinstance(first, str) and len(first) > len(a.value):
                    return False
                if isinstance(last, str) and not a.value.endswith(last):
                    return False
        if isinstance(one, Lib | Cls | Func) and isinstance(two, Lib | Cls | Func) and one.key == two.key:
            return True
    return None


def _contains(one: Atom, two: Atom, st: State) -> bool | None:
    if isinstance(two, Const) and isinstance(one, Const):
        try:
            return bool(one.value in two.value)
        except TypeError:
            return None
    if isinstance(two, Text) and isinstance(one, Const) and isinstance(one.value, str):
        return True if any(isinstance(p, str) and one.value in p for p in two.parts) else None
    obj = st.obj(two.loc) if isinstance(two, Ref) else None
    if obj is None or not isinstance(one, Const) or obj.kind == "instance":
        return None
    if obj.kind == "dict":
        if one.value in obj.items if _hashable(one.value) else False:
            return None if one.value in obj.maybe else True
        return False if obj.rest is None else None
    constants = [v.const() for v in obj.items.values()]
    if any(c is not None and c.value == one.value and type(c.value) is type(one.value) for c in constants):
        return True
    if obj.rest is None and all(c is not None for c in constants):
        return False
    return None


def _hashable(value: Any) -> bool:
    return isinstance(value, str | bytes | int | float | bool | type(None) | complex)


def truth(value: Value, st: State) -> bool | None:
    """Whether a value is true, false, or (None) may be either."""
    verdicts = set()
    for atom in value.atoms:
        verdicts.add(atom_truth(atom, st))
        if len(verdicts) > 1:
            return None
    return verdicts.pop() if verdicts else None


def atom_truth(atom: Atom, st: State) -> bool | None:
    if isinstance(atom, Const):
        return bool(atom.value)
    if isinstance(atom, Text):
        return True if any(isinstance(p, str) for p in atom.parts) else None
    if isinstance(atom, Ref):
        obj = st.obj(atom.loc)
        if obj is None or (obj.kind == "instance" and obj.rest is not None):
            return None
        if obj.kind == "instance":
            return True
        empty = obj.empty()
        return None if empty is None else not empty
    if isinstance(atom, Func | Cls):
        return True
    if isinstance(atom, Lib) and (atom.name.rpartition(".")[2][:1].isupper()):
        return None
    return None


def _cond(run: Run, node: ir.Cond, st: State) -> Value:
    verdict = truth(evaluate(run, node.test, st), st)
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


def _seq(run: Run, node: ir.Seq, st: State) -> Value:
    items: dict[Any, Value] = {}
    rest: Value | None = None
    for part in node.items:
        value = evaluate(run, part, st)
        if isinstance(part, ir.Star):
            elements = iterate(run, value, st, part)
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


def _dict(run: Run, node: ir.DictDisplay, st: State) -> Value:
    items: dict[Any, Value] = {}
    rest: Value | None = None
    keys: Value | None = None
    for key_node, value_node in node.items:
        value = evaluate(run, value_node, st)
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
        key = evaluate(run, key_node, st)
        atom_ = key.const()
        if atom_ is not None and _hashable(atom_.value):
            items[atom_.value] = value
        else:
            rest = value if rest is None else join(rest, value)
            keys = key if keys is None else join(keys, key)
    return run.alloc(st, node, Obj("dict", items, rest, keys))


def _comp(run: Run, node: ir.Comp, st: State) -> Value:
    inner: State | None = st.copy()
    exact: list[Value] | None = None
    for index, clause in enumerate(node.fors):
        if inner is None:
            break
        elements = iterate(run, evaluate(run, clause.iterable, inner), inner, clause.iterable)
        if index == 0 and len(node.fors) == 1 and isinstance(elements, list) and len(elements) <= 24:
            exact = elements
            break
        element = elements if isinstance(elements, Value) else join_all(elements)
        assign.store(run, clause.target, element, inner, clause.iterable)
        for condition in clause.conditions:
            evaluate(run, condition, inner)
            inner = guards.assume(run, condition, inner, True)
            if inner is None:
                break
    kind = "list" if node.kind == "generator" else node.kind
    if exact is not None and inner is not None:
        return _exact_comp(run, node, st, inner, exact, kind)
    if inner is None:
        return run.alloc(st, node, Obj(kind, {}))
    value = evaluate(run, node.element, inner)
    keys: Value | None = None
    if node.kind == "dict":
        keys = value
        value = evaluate(run, node.value, inner) if node.value is not None else UNKNOWN
    for loc, obj in inner.heap.items():
        st.heap.setdefault(loc, obj)
    return run.alloc(st, node, Obj(kind, {}, value, keys))


def _exact_comp(run: Run, node: ir.Comp, st: State, inner: State, elements: list[Value], kind: str) -> Value:
    items: dict[Any, Value] = {}
    rest: Value | None = None
    keys: Value | None = None
    clause = node.fors[0]
    for element in elements:
        current: State | None = inner.copy()
        if current is None:
            break
        assign.store(run, clause.target, element, current, clause.iterable)
        certain = True
        for condition in clause.conditions:
            if current is None:
                break
            verdict = truth(evaluate(run, condition, current), current)
            certain = certain and verdict is True
            current = None if verdict is False else guards.assume(run, condition, current, True)
        if current is None:
            continue
        value = evaluate(run, node.element, current)
        for loc, obj in current.heap.items():
            inner.heap.setdefault(loc, obj)
            st.heap.setdefault(loc, obj)
        if kind == "dict":
            key = value
            value = evaluate(run, node.value, current) if node.value is not None else UNKNOWN
            atom = key.const()
            if atom is not None and certain and _hashable(atom.value):
                items[atom.value] = value
            else:
                rest = value if rest is None else join(rest, value)
                keys = key if keys is None else join(keys, key)
        elif certain and rest is None:
            items[len(items)] = value
        else:
            rest = value if rest is None else join(rest, value)
    return run.alloc(st, node, Obj(kind, items, rest, keys))


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
    ir.Binary: _binary,
    ir.Unary: _unary,
    ir.BoolOp: _bool_op,
    ir.Compare: _compare,
    ir.Cond: _cond,
    ir.Lambda: _lambda,
    ir.Seq: _seq,
    ir.DictDisplay: _dict,
    ir.Comp: _comp,
    ir.Await: _await,
    ir.Yield: _yield,
    ir.Walrus: _walrus,
    ir.Unknown: _unknown,
}
