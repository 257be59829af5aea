"""What tests tell: the state in the branch where a test came out one way; comparisons, memberships and calls have modules of their own."""

from __future__ import annotations

from typing import Any

from cwelens.flow import (
    assign,
    call_tests,
    comparisons,
    expressions,
    hosts,
    memberships,
    narrowing,
    splits,
    truth,
)
from cwelens.flow.run import Run, written
from cwelens.flow.state import State, join_states
from cwelens.flow.values import Atom, Const, Opaque, Ref, Value, make
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk


def assume(run: Run, node: ir.Expr, st: State, wanted: bool) -> State | None:
    """The state in which a test came out as wanted; None where it cannot. The test has been evaluated before."""
    node = expressions.awaited(node)
    if isinstance(node, ir.Unary) and node.op == "not":
        return assume(run, node.operand, st, not wanted)
    if isinstance(node, ir.BoolOp):
        return _assume_bool(run, node, st, wanted)
    if isinstance(node, ir.Compare) and len(node.ops) == 1:
        after = comparisons.compared(run, node.left, node.ops[0], node.rights[0], st, wanted)
        if after is not None and after.facts and isinstance(node.left, ir.Name):
            splits.settle(node.left.id, after)
        return after
    if isinstance(node, ir.Compare) and wanted:
        # `low < number <= high`: both hold.
        current: State | None = st
        for left, op, right in zip([node.left, *node.rights], node.ops, node.rights):
            if current is not None:
                current = comparisons.compared(run, left, op, right, current, True)
        return current
    if isinstance(node, ir.Call):
        return call_tests.called(run, node, st, wanted)
    if isinstance(node, ir.Binary) and node.op == "&" and wanted:
        memberships.shared_member(run, node, st)
        return st
    if isinstance(node, ir.Walrus):
        after = assume(run, node.value, st, wanted)
        if after is None:
            return None
        return _narrow_truth(run, node.target, after, wanted)
    if isinstance(node, ir.Name):
        fact = st.facts.get(node.id)
        if fact is not None and holds(fact, st):
            after = assume(run, fact[0], st, wanted)
            if after is None:
                return None
            st = after
    if isinstance(node, ir.Name | ir.Attr | ir.Item):
        after = _narrow_truth(run, node, st, wanted)
        if after is not None and after.facts and isinstance(node, ir.Name):
            splits.settle(node.id, after)
        return after
    return st


def assume_assertion(run: Run, node: ir.Expr, st: State) -> State | None:
    """After `assert node`: only what types it tells is taken over, since assertions can be switched off."""
    if isinstance(node, ir.Call) and isinstance(node.func, ir.Name) and node.func.id == "isinstance":
        return assume(run, node, st, True) or st
    if isinstance(node, ir.Compare) and any(isinstance(r, ir.Const) and r.value is None for r in node.rights):
        return assume(run, node, st, True) or st
    return st


def remember(stmt: ir.Assign, st: State) -> None:
    """`ok = test`: a later test of `ok` is the test itself, as long as what it speaks of keeps its value."""
    value = expressions.awaited(stmt.value) if stmt.value is not None else None
    part = isinstance(value, ir.Attr) and value.name in hosts.HOST_PARTS
    if value is None or not (part or isinstance(value, ir.Compare | ir.Call | ir.BoolOp | ir.Unary)):
        return
    for target in stmt.targets:
        if isinstance(target, ir.Name):
            names = names_read(value)
            if target.id not in names:
                st.facts[target.id] = (value, {n: st.env.get(n) for n in names})


# By the identity of the expression, which is kept so that its identity stays its own.
_NAMES: dict[int, tuple[ir.Expr, frozenset[str]]] = {}


def names_read(node: ir.Expr) -> frozenset[str]:
    """The names used in an expression."""
    known = _NAMES.get(id(node))
    if known is None or known[0] is not node:
        known = _NAMES[id(node)] = (node, frozenset(n.id for n in walk(node) if isinstance(n, ir.Name)))
    return known[1]


def holds(fact: Any, st: State) -> bool:
    """Whether what a remembered test speaks of still has the values that it had then."""
    return all(_same(st.env.get(name), value) for name, value in fact[1].items())


def _same(now: Value | None, then: Value | None) -> bool:
    return now is then or (now is not None and then is not None and now.key == then.key)


def filter_truth(value: Value, wanted: bool, st: State) -> Value:
    """The ways a value may be that are true (or false)."""

    kept: list[Atom] = []
    for atom in value.atoms:
        verdict = truth.atom_truth(atom, st)
        if verdict is not None and verdict is not wanted:
            continue
        if (
            not wanted
            and verdict is None
            and isinstance(atom, Opaque)
            and atom.type in ("builtins.str", None)
            and atom.taints
        ):
            # A false value holds no text, so nothing of its origin.
            kept.append(Const("") if atom.type == "builtins.str" else Opaque(atom.type, chars=0))
            continue
        kept.append(atom)
    return make(kept) if kept else Value(())


def _narrow_truth(run: Run, node: ir.Expr, st: State, wanted: bool) -> State | None:
    value = _peek(run, node, st)
    if value is None:
        value = expressions.evaluate(run, node, st)
    if isinstance(node, ir.Attr):
        _guard_attribute(run, node, st, wanted)
    kept = filter_truth(value, wanted, st)
    if not kept.atoms:
        return None if value.atoms else st
    if kept.key != value.key:
        assign.refine(node, kept, st)
    told_by_container(kept, not wanted, st)
    return st


def told_by_container(value: Value, empty: bool, st: State) -> None:
    """A container that turned out to be empty (or not) settles what was remembered of it."""
    if st.facts and len(value.atoms) == 1 and isinstance(value.atoms[0], Ref):
        splits.settle_container(value.atoms[0].loc, empty, st)


def _guard_attribute(run: Run, node: ir.Attr, st: State, wanted: bool) -> None:
    """`if not parsed.netloc`, `if address.is_private`: what the truth of an attribute tells of what it was read from."""
    if node.name in hosts.HOST_PARTS:
        if not wanted:
            narrowing.neutralise_origin(
                run, node, (hosts.LOCAL,), narrowing.reason(run, node, f"a test of `{written(node)}`"), st
            )
        return
    base = known_value(run, node.base, st)
    if hosts.is_public_test(node, base, wanted):
        hosts.settle_origins(base, narrowing.reason(run, node, f"a test of `{written(node)}`"), st)


def _peek(run: Run, node: ir.Expr, st: State) -> Value | None:
    path = assign.path_of(node)
    return st.env.get(path) if path is not None else None


def known_value(run: Run, node: ir.Expr, st: State) -> Value:
    """The value of an operand that has been evaluated before: its operations are not reported again."""

    known = _peek(run, node, st)
    if known is not None:
        return known
    run.quiet += 1
    try:
        return expressions.evaluate(run, node, st)
    finally:
        run.quiet -= 1


def _assume_bool(run: Run, node: ir.BoolOp, st: State, wanted: bool) -> State | None:
    if (node.op == "and") is wanted:
        current: State | None = st
        for part in node.values:
            if current is None:
                return None
            current = assume(run, part, current, wanted)
        return current
    # One of the operands decided; those before it came out the other way.
    done: State | None = None
    current = st
    for part in node.values:
        if current is None:
            break
        done = join_states(done, assume(run, part, current.copy(), wanted))
        current = assume(run, part, current, not wanted)
    return done
