"""Flags: what other names are, given which constant a name holds (`error = None`, `valid = True`).

Where two paths meet, a name that holds different constants on them, or a container that was filled on one of them, tells afterwards
which path was taken. A test of that name
then gives back what was known on that path of every name that has not been bound again since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from cwelens.flow.values import Const, Value

if TYPE_CHECKING:
    from cwelens.flow.state import Obj, State

Changed: TypeAlias = "list[tuple[str, Value, Value, Value]]"
MAX_CONSTANTS = 6
MAX_FLAGS = 4
MAX_NESTED = 12


class Side:
    """One of the paths: the constants that the flag had on it, the values of other names, and what was known there.

    Of a container its `keys` say whether it was empty, and `obj` is what it was.
    """

    __slots__ = ("env", "facts", "keys", "obj")

    def __init__(
        self, keys: frozenset[Any], env: dict[str, Value], facts: dict[Any, Any], obj: Obj | None = None
    ) -> None:
        self.keys = keys
        self.env = env
        self.facts = facts
        self.obj = obj


class Split:
    """Paths that met; `joined` are the values of other names since then, by which it is seen whether they still hold, and `obj` is the
    container, if it is one that tells."""

    __slots__ = ("joined", "obj", "sides")

    def __init__(self, joined: dict[str, Value], sides: tuple[Side, ...], obj: Obj | None = None) -> None:
        self.joined = joined
        self.sides = sides
        self.obj = obj


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
        if not left or not right or left == right or len(out) >= MAX_FLAGS:
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


def filled(
    containers: list[tuple[Any, Obj, Obj, Obj]], changed: Changed, one: State, two: State
) -> dict[Any, Split]:
    """The containers that tell by being empty: `errors = []`."""
    out: dict[Any, Split] = {}
    joined = {n: value for n, _, _, value in changed}
    for loc, mine, other, both in containers[:MAX_FLAGS]:
        sides = (
            Side(_fullness(mine), {n: value for n, value, _, _ in changed}, dict(one.facts), mine),
            Side(_fullness(other), {n: value for n, _, value, _ in changed}, dict(two.facts), other),
        )
        out[at(loc)] = Split(joined, sides, both)
    return out


def at(loc: Any) -> Any:
    """The key of a container among the facts of a state."""
    return "?", loc


def _fullness(obj: Obj) -> frozenset[Any]:
    empty = obj.empty()
    return frozenset((True, False)) if empty is None else frozenset((empty,))


def settle(name: str, st: State, depth: int = 0) -> None:
    """A test has told what a flag is: where that leaves one path, its values are known again."""
    split = st.facts.get(fact(name))
    value = st.env.get(name)
    keys = constants(value) if value is not None else None
    if isinstance(split, Split) and keys:
        _restore(fact(name), split, keys, st, depth)


def settle_container(loc: Any, empty: bool, st: State, depth: int = 0) -> None:
    """The same for a container that a test has found to be empty, or not."""
    split = st.facts.get(at(loc))
    if isinstance(split, Split) and split.obj is not None and st.obj(loc) is split.obj:
        _restore(at(loc), split, frozenset((empty,)), st, depth)


def _restore(key: Any, split: Split, keys: frozenset[Any], st: State, depth: int) -> None:
    fitting = [side for side in split.sides if side.keys & keys]
    if len(fitting) != 1 or depth > MAX_NESTED:
        return
    side = fitting[0]
    st.facts.pop(key)
    if side.obj is not None:
        st.heap[key[1]] = side.obj
    for other, known in side.env.items():
        if st.env.get(other) is split.joined[other]:
            st.env[other] = known
    for more, inner in side.facts.items():
        if not isinstance(inner, Split) or more in st.facts:
            continue
        st.facts[more] = inner
        if isinstance(more, str):
            settle(more[1:], st, depth + 1)
        elif more == key:
            settle_container(more[1], True in keys, st, depth + 1)
