"""Flags: what other names are, given which constant a name holds (`error = None`, `valid = True`).

Where two paths meet, a name that holds different constants on them tells afterwards which path was taken. A test of that name
then gives back what was known on that path of every name that has not been bound again since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from cwelens.flow.values import Const, Value

if TYPE_CHECKING:
    from cwelens.flow.state import State

Changed: TypeAlias = "list[tuple[str, Value, Value, Value]]"
MAX_CONSTANTS = 6
MAX_FLAGS = 4
MAX_NESTED = 12


class Side:
    """One of the paths: the constants that the flag had on it, the values of other names, and what was known there."""

    __slots__ = ("env", "facts", "keys")

    def __init__(self, keys: frozenset[Any], env: dict[str, Value], facts: dict[str, Any]) -> None:
        self.keys = keys
        self.env = env
        self.facts = facts


class Split:
    """Two paths that met; `joined` are the values of other names since then, by which it is seen whether they still hold."""

    __slots__ = ("joined", "sides")

    def __init__(self, joined: dict[str, Value], sides: tuple[Side, Side]) -> None:
        self.joined = joined
        self.sides = sides


def fact(name: str) -> str:
    """The key of a flag among the facts of a state."""
    return f"?{name}"


def constants(value: Value) -> frozenset[Any] | None:
    """The keys of the constants a value may be; None where it may be something else."""
    if len(value.atoms) > MAX_CONSTANTS or not all(isinstance(a, Const) for a in value.atoms):
        return None
    return frozenset(a.key for a in value.atoms)


def found(changed: Changed, one: State, two: State) -> dict[str, Split]:
    """The flags among the names that differ on two paths."""
    out: dict[str, Split] = {}
    if len(changed) < 2 and not one.facts and not two.facts:
        return out
    for name, mine, other, _ in changed:
        left = constants(mine)
        right = constants(other) if left else None
        if not left or not right or left & right or len(out) >= MAX_FLAGS:
            continue
        joined = {n: value for n, _, _, value in changed if n != name}
        out[fact(name)] = Split(
            joined,
            (
                Side(left, {n: value for n, value, _, _ in changed if n != name}, dict(one.facts)),
                Side(right, {n: value for n, _, value, _ in changed if n != name}, dict(two.facts)),
            ),
        )
    return out


def settle(name: str, st: State, depth: int = 0) -> None:
    """A test has told what a flag is: where that leaves one path, its values are known again."""
    split = st.facts.get(fact(name))
    value = st.env.get(name)
    if not isinstance(split, Split) or value is None or depth > MAX_NESTED:
        return
    keys = constants(value)
    fitting = [side for side in split.sides if keys and side.keys & keys]
    if keys is None or len(fitting) != 1:
        return
    side = fitting[0]
    st.facts.pop(fact(name))
    for other, known in side.env.items():
        if st.env.get(other) is split.joined[other]:
            st.env[other] = known
    for key, inner in side.facts.items():
        if isinstance(inner, Split) and key not in st.facts:
            st.facts[key] = inner
            settle(key[1:], st, depth + 1)
