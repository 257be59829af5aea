"""What bounds how much a value can ask for: a test against a number, the smaller of two, a slice."""

from __future__ import annotations

from typing import Any

from cwelens.flow import guards
from cwelens.flow.run import Run, written
from cwelens.flow.state import State, deep_taints, map_taints
from cwelens.flow.values import Taint, Value, taints_of
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

BOUNDED = "size"


def assume(run: Run, left: ir.Expr, op: str, right: ir.Expr, st: State) -> None:
    """`left op right` holds: what the smaller side measures (`n`, `len(text)`, `info.file_size`) is bounded by the larger one."""
    small, large = (left, right) if op in ("<", "<=") else (right, left)
    limit = guards.known_value(run, large, st)
    if not limit.atoms or any(t.origin.kind == "untrusted" for t in taints_of(limit)):
        return
    measured: set[Any] = {t.origin.key for t in deep_taints(guards.known_value(run, small, st), st)}
    for part in walk(small):
        if isinstance(part, ir.Name):
            fact = st.facts.get(part.id)
            for name in walk(fact[0]) if fact is not None else (part,):
                value = st.env.get(name.id) if isinstance(name, ir.Name) else None
                measured |= {t.origin.key for t in taints_of(value)} if value is not None else set()
    if measured:
        why = f"a test of `{written(small)}` at line {small.pos[0]}"
        for held, known in list(st.env.items()):
            if any(t.origin.key in measured for t in taints_of(known)):
                st.env[held] = _bounded(known, measured, why)


def _bounded(value: Value, origins: set[Any], why: str) -> Value:
    def change(taint: Taint) -> Taint:
        return taint.neutralised((BOUNDED,), why) if taint.origin.key in origins else taint

    return map_taints(value, change)


def cut(value: Value, why: str) -> Value:
    """A value of which no more than a fixed amount is left."""
    return map_taints(value, lambda taint: taint.neutralised((BOUNDED,), why))
