"""What a test tells about a path holds for everything made of the same data: the joined path, the normalised one, the archive it is from.

A name that is found to have no `..` is as harmless in the path that was made of it before as in one made afterwards; and an archive all
of whose members were found harmless in a loop is harmless.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from cwelens.flow.state import Loc, Obj, State, map_taints
from cwelens.flow.values import Origin, Place, Ref, Taint, Taints, Value, make, taints_of

CONTEXTS = ("path", "path.dots", "path.dotslash", "path.absolute", "url")
ARCHIVES = frozenset(("tarfile.TarFile", "zipfile.ZipFile", "py7zr.SevenZipFile", "rarfile.RarFile"))
# Origin → context → why.
Facts: TypeAlias = dict[Any, dict[str, str]]


def learned(before: Taints, after: Taints) -> Facts:
    """The contexts of paths that data is safe for after a test and was not before."""
    known = {t.origin.key: t.safe for t in before}
    out: Facts = {}
    for taint in after:
        old = known.get(taint.origin.key)
        new = {c: taint.safe[c] for c in CONTEXTS if c in taint.safe and (old is None or c not in old)}
        if new and old is not None:
            out[taint.origin.key] = new
    return out


def spread(before: Taints, after: Taints, st: State) -> None:
    """Every local name whose value is of the same data learns what the test told."""
    facts = learned(before, after)
    if facts:
        for name, value in _told(facts, st).items():
            st.env[name] = value
        _spread_objects(facts, st)


def _spread_objects(facts: Facts, st: State) -> None:
    """The same for path objects that names hold: `path = ROOT / name` when `path.resolve()` was tested."""
    change = _change(facts)
    seen: set[Loc] = set()
    for value in list(st.env.values()):
        for atom in value.atoms:
            obj = st.obj(atom.loc) if isinstance(atom, Ref) and atom.loc not in seen else None
            if obj is None or not isinstance(atom, Ref) or obj.cls != "pathlib.Path":
                continue
            seen.add(atom.loc)
            if any(t.origin.key in facts for v in obj.items.values() for t in taints_of(v)):
                items = {k: map_taints(v, change) for k, v in obj.items.items()}
                told = Obj(obj.kind, items, obj.rest, obj.keys, obj.cls)
                mark = tuple(sorted((str(key), *sorted(new)) for key, new in facts.items()))
                renamed(atom.loc, ("tested", first(atom.loc), mark), told, st)


def first(loc: Loc) -> Loc:
    """The place where an object was made, whatever tests it has passed since."""
    while isinstance(loc, tuple) and len(loc) == 3 and loc[0] == "tested":
        loc = loc[1]
    return loc


def renamed(loc: Loc, own: Loc, told: Obj, st: State) -> None:
    """What an object that cannot change is known to be on this way, under a name of its own: where the ways meet, each keeps its own."""
    st.heap[own] = told
    for name, value in st.env.items():
        if any(isinstance(a, Ref) and a.loc == loc for a in value.atoms):
            st.env[name] = make([Ref(own) if isinstance(a, Ref) and a.loc == loc else a for a in value.atoms])


def every_member(before: State, after: State, element: Value) -> State:
    """The state in which a loop is not entered at all, with what its body finds of each element: there is none it does not hold for."""
    origins = {t.origin.key for t in taints_of(element)}
    if not origins:
        return before
    facts: Facts = {}
    for name, value in before.env.items():
        later = after.env.get(name)
        if later is None or later is value:
            continue
        for key, new in learned(taints_of(value), taints_of(later)).items():
            if key in origins:
                facts.setdefault(key, {}).update(new)
    if not facts:
        return before
    told = before.copy()
    told.env.update(_told(facts, before))
    return told


def _change(facts: Facts) -> Callable[[Taint], Taint]:
    def change(taint: Taint) -> Taint:
        new = facts.get(taint.origin.key)
        if new is None:
            return taint
        return Taint(taint.origin, {**new, **taint.safe}, taint.trail, taint.assumption)

    return change


def _told(facts: Facts, st: State) -> dict[str, Value]:
    change = _change(facts)
    return {
        name: map_taints(value, change)
        for name, value in st.env.items()
        if any(t.origin.key in facts for t in taints_of(value))
    }


def opened(taints: Taints, place: Place, what: str) -> Taints:
    """What an archive holds is other data than its name: tests of its members say nothing about another archive of that name.

    An uploaded archive holds what its sender wants, however harmless the name is under which it was saved.
    """
    out = []
    for taint in taints:
        own = taint.origin
        origin = Origin(own.kind, own.concept, own.text, place, own.evidence, own.owner)
        safe = {} if own.concept == "http.upload" else taint.safe
        stepped = Taint(origin, safe, taint.trail, taint.assumption).step(place, f"`{what}` opens it")
        out.append(stepped)
    return tuple(out)
