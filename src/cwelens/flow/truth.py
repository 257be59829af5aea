"""What comparisons and truth tests of values come to, where that is known."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from cwelens.flow.state import State
from cwelens.flow.values import (
    Atom,
    Cls,
    Const,
    Func,
    Lib,
    Opaque,
    Ref,
    Text,
    Value,
)


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
        if one.value in obj.items if is_hashable(one.value) else False:
            return None if one.value in obj.maybe else True
        return False if obj.rest is None else None
    constants = [v.const() for v in obj.items.values()]
    if any(c is not None and c.value == one.value and type(c.value) is type(one.value) for c in constants):
        return True
    if obj.rest is None and all(c is not None for c in constants):
        return False
    return None


def is_hashable(value: Any) -> bool:
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


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
