"""What comparisons tell: equality, identity, order and lengths narrow the values of both sides."""

from __future__ import annotations

from cwelens.base import chars as ch
from cwelens.flow import (
    assign,
    call_tests,
    common_paths,
    guards,
    hosts,
    memberships,
    narrowing,
    regexes,
    scopes,
    sizes,
    truth,
    typetests,
    validators,
)
from cwelens.flow.run import Run, written
from cwelens.flow.state import State, deep_taints, map_taints
from cwelens.flow.values import Const, Opaque, Text, Value, atom_chars, make, taints_of
from cwelens.ir import nodes as ir


def counted(run: Run, node: ir.Expr, op: str, right: ir.Expr, st: State) -> None:
    """`len(errors) == 0`, `len(errors) > 0`"""
    if isinstance(node, ir.Call) and isinstance(node.func, ir.Name) and node.func.id == "len" and node.args:
        if isinstance(right, ir.Const) and right.value == 0 and op in ("==", "<=", "!=", ">"):
            guards.told_by_container(guards.known_value(run, node.args[0], st), op in ("==", "<="), st)


_NEGATED = {
    "==": "!=",
    "!=": "==",
    "in": "not in",
    "not in": "in",
    "is": "is not",
    "is not": "is",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
}


def compared(run: Run, left: ir.Expr, op: str, right: ir.Expr, st: State, wanted: bool) -> State | None:
    """The state in which a comparison of two operands came out as wanted; None where it cannot."""
    if not wanted:
        op = _NEGATED[op]
    if op in ("==", "is", "!=", "is not") and isinstance(right, ir.Const) and right.value is None:
        after = assume_none(run, left, st, op in ("==", "is"))
        if after is None:
            return None
        st = after
    if st.facts:
        counted(run, left, op, right, st)
    asked = call_tests.type_asked(run, left)
    if op in ("==", "is", "in") and asked is not None:
        types = typetests.types_in(guards.known_value(run, right, st), st)
        return call_tests.of_types(run, asked, types, st) if types is not None else st
    if op in ("==", "is"):
        return equal(run, left, right, st)
    if op in ("<", "<="):
        validators.assume_subset(run, left, guards.known_value(run, right, st), st)
    if op in ("!=", "is not"):
        for one, two in ((left, right), (right, left)):
            other = guards.known_value(run, two, st).const()
            value = guards.known_value(run, one, st)
            if other is not None:
                kept = [a for a in value.atoms if not (isinstance(a, Const) and a.key == other.key)]
                if not kept and value.atoms:
                    return None
                if len(kept) < len(value.atoms):
                    assign.refine(one, make(kept), st)
        return st
    if op in ("<", "<=", ">", ">="):
        sizes.assume(run, left, op, right, st)
        return st
    if op == "in":
        return memberships.member(run, left, right, st)
    if op == "not in":
        return memberships.no_member(run, left, right, st)
    return st


def assume_none(run: Run, node: ir.Expr, st: State, is_none: bool) -> State | None:
    """`call() is None`: what a match that failed, or a function of the program that gave None back, tells."""
    if isinstance(node, ir.Name):
        fact = st.facts.get(node.id)
        if fact is None or not guards.holds(fact, st):
            return st
        node = fact[0]
    if isinstance(node, ir.Walrus):
        node = node.value
    if not isinstance(node, ir.Call):
        return st
    outgoing = run.last_exits.get(id(node))
    if outgoing is not None:
        return validators.assume_none(run, outgoing, st, is_none)
    if regexes.is_test(run, guards.known_value(run, node.func, st), st):
        return call_tests.called(run, node, st, not is_none)
    return st


def equal(run: Run, left: ir.Expr, right: ir.Expr, st: State) -> State | None:
    """The state in which two operands are equal: each takes over what is known of the other."""
    for one, two in ((left, right), (right, left)):
        value, other = guards.known_value(run, one, st), guards.known_value(run, two, st)
        constant = other.const()
        if common_paths.common_path(run, one, st):
            base = common_paths.base_part(one, two)
            if base is not None or not common_paths.suspect(other):
                return common_paths.common_path_guard(run, one, base, st)
        if constant is not None:
            if not possible(value, constant, st):
                return None
            called = _length_or_method(run, one, constant, st)
            if called is not None:
                return called
            memberships.guard_part(run, one, two, st)
            if constant.value is not None or len(value.atoms) > 1:
                assign.refine(one, other, st)
            return st
        if (
            hosts.host_of(one, st, guards.holds) is not None
            and taints_of(other)
            and hosts.contexts_of(other, st)
        ):
            memberships.guard_part(run, one, two, st)
            return st
        if taints_of(value) and other.atoms and not taints_of(other) and not isinstance(one, ir.Call):
            why = narrowing.reason(run, two, f"equality with `{written(two)}`")
            assign.refine(one, map_taints(value, lambda t, w=why: t.neutralised(narrowing.EVERY, w)), st)
            if hosts.host_of(one, st, guards.holds) is not None:
                memberships.guard_part(run, one, two, st)
            return st
        if _is_path(value, st) and other.atoms and deep_taints(value, st) and not deep_taints(other, st):
            why = narrowing.reason(run, two, f"equality with `{written(two)}`")
            narrowing.neutralise(run, one, ("path",), why, st)
            return st
        mask = _characters_of(other)
        if mask is not None and assign.path_of(one) is not None and taints_of(value):
            # Equal to what is made of data from outside, but of some characters only (a digest and an ending).
            assign.refine(one, narrowing.restrict(value, mask), st)
    return st


def _is_path(value: Value, st: State) -> bool:
    obj = scopes.frame_object(value, st)
    return obj is not None and obj.cls == "pathlib.Path"


def _characters_of(value: Value) -> int | None:
    """The characters that texts may hold; None where any may be in them, or they are no texts."""
    mask = 0
    for atom in value.atoms:
        if not isinstance(atom, Const | Opaque | Text):
            return None
        mask |= atom_chars(atom)
    return mask if mask and mask != ch.ALL else None


def possible(value: Value, constant: Const, st: State) -> bool:
    """Whether a value may equal a constant."""
    return truth.compare("==", value, Value((constant,)), st) is not False


def _length_or_method(run: Run, node: ir.Expr, constant: Const, st: State) -> State | None:
    """`x.isdigit() == True`, `validate(x) == True`: the test of the call."""
    if isinstance(node, ir.Call) and isinstance(constant.value, bool):
        return call_tests.called(run, node, st, constant.value)
    return None
