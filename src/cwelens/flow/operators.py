"""Arithmetic and concatenation: `+`, `%`, `*`, `/` and the others on constants, texts and sequences."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from cwelens.flow import (
    containers,
    expressions,
    path_values,
    percent,
    protocols,
    scopes,
    strings,
)
from cwelens.flow.run import Args, CallSite, Run
from cwelens.flow.state import Obj, State, deep_taints, str_key
from cwelens.flow.values import (
    INT,
    MAX_STRING,
    NOTHING,
    UNKNOWN,
    Atom,
    Const,
    Opaque,
    Ref,
    Text,
    Value,
    atom_taints,
    const,
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


def binary_expression(run: Run, node: ir.Binary, st: State) -> Value:
    # A long chain `a + b + c + …` leans to the left: it is walked, not recursed into.
    chain: list[ir.Binary] = []
    first: ir.Expr = node
    while isinstance(first, ir.Binary):
        chain.append(first)
        first = first.left
    value = expressions.evaluate(run, first, st)
    for part in reversed(chain):
        right = expressions.evaluate(run, part.right, st)
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
        part = left if op == "-" else containers.common(left, right, st) if op == "&" else None
        return join(left, right) if part is None else containers.some_of(run, part, st, node)
    taints = join_taints(deep_taints(left, st), deep_taints(right, st))
    numbers = [a for v in (left, right) for a in v.atoms]
    if op in ("-", "//", "**", "<<", ">>", "&", "^") or all(is_number(a) for a in numbers):
        floats = op == "/" or any(isinstance(a, Opaque) and a.type == "builtins.float" for a in numbers)
        type_ = "builtins.float" if floats else "builtins.int"
        if op in ("-", "&", "^", "|") and not all(is_number(a) for a in numbers):
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


def is_number(atom: Atom) -> bool:
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
    if all(is_number(a) for a in atoms):
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
