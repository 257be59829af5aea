"""The state of an abstract run: local names, heap objects, and the stack of frames.

Invariants
- A `State` belongs to one path; branches copy it (shallowly: heap objects are replaced, never changed in place).
- A heap location is named by the place of its allocation and the frame that ran it. Allocating again at a location that is live
  joins the contents (a loop), so that every location stands for all objects made there.
- Objects of module level live in a base heap that functions read through and shadow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from cwelens.flow import splits
from cwelens.flow.values import (
    NOTHING,
    Method,
    Opaque,
    Place,
    Ref,
    Taint,
    Taints,
    Text,
    Value,
    atom_taints,
    join,
    join_all,
    join_taints,
)
from cwelens.ir import nodes as ir

if TYPE_CHECKING:
    from cwelens.resolve.symbols import ClassInfo, FunctionInfo, ModuleInfo

Loc: TypeAlias = Any
MAX_ITEMS = 64


class Obj:
    """A heap object.

    `kind` is list, tuple, set, dict or instance. `items` maps positions (sequences), constant keys (dicts) or field names
    (instances) to values; `rest` holds what is under any other key (and is None where there is nothing else: then the contents
    are complete). `keys` joins the keys that are not constant. `cls` is the class of an instance, or a library type's name.
    `maybe` are keys of a dict that are there only on some of the paths.
    """

    __slots__ = ("cls", "items", "keys", "kind", "maybe", "rest")

    def __init__(
        self,
        kind: str,
        items: dict[Any, Value],
        rest: Value | None = None,
        keys: Value | None = None,
        cls: ClassInfo | str | None = None,
        maybe: frozenset[Any] = frozenset(),
    ) -> None:
        self.maybe = maybe
        self.kind = kind
        self.items = items
        self.rest = rest
        self.keys = keys
        self.cls = cls

    def everything(self) -> Value:
        """The join of all contents."""
        out = self.rest or NOTHING
        for value in self.items.values():
            out = join(out, value)
        return out

    def with_item(self, key: Any, value: Value) -> Obj:
        maybe = self.maybe - {key} if self.maybe else self.maybe
        return Obj(self.kind, {**self.items, key: value}, self.rest, self.keys, self.cls, maybe)

    def with_rest(self, value: Value, key: Value | None = None) -> Obj:
        rest = join(self.rest, value) if self.rest is not None else value
        keys = self.keys
        if key is not None:
            keys = join(keys, key) if keys is not None else key
        return Obj(self.kind, self.items, rest, keys, self.cls, self.maybe)

    def empty(self) -> bool | None:
        """Whether there is nothing in it; None where that depends on the path."""
        if len(self.items) > len(self.maybe):
            return False
        return True if not self.items and self.rest is None else None

    def collapsed(self) -> Obj:
        """The same contents with positions forgotten."""
        return Obj(self.kind, {}, self.everything(), self.keys, self.cls)


def join_objects(one: Obj, two: Obj) -> Obj:
    if one is two:
        return one
    if one.kind != two.kind:
        return Obj(one.kind, {}, join(one.everything(), two.everything()), cls=one.cls or two.cls)
    if one.kind in ("list", "tuple", "set") and (len(one.items) != len(two.items) or one.rest or two.rest):
        return _join_sequences(one, two)
    items = dict(one.items)
    for key, value in two.items.items():
        mine = items.get(key)
        items[key] = value if mine is None else join(mine, value)
    rest = one.rest if two.rest is None else two.rest if one.rest is None else join(one.rest, two.rest)
    keys = one.keys if two.keys is None else two.keys if one.keys is None else join(one.keys, two.keys)
    if len(items) > MAX_ITEMS * 4 and one.kind != "instance":
        return Obj(one.kind, items, rest, keys, one.cls).collapsed()
    maybe = one.maybe | two.maybe
    if one.kind == "dict" and (len(items) > len(one.items) or len(items) > len(two.items)):
        maybe |= one.items.keys() ^ two.items.keys()
    return Obj(one.kind, items, rest, keys, one.cls, maybe)


class Frame:
    """One activation of a function (or of module level, with `func` None)."""

    __slots__ = (
        "call",
        "closure",
        "depth",
        "entered",
        "env",
        "func",
        "handler",
        "module",
        "node",
        "parent",
        "receiver",
        "yields",
    )

    def __init__(
        self,
        module: ModuleInfo,
        func: FunctionInfo | None,
        node: ir.Function | ir.Lambda | None,
        parent: Frame | None,
        closure: Frame | None,
        call: Place | None,
    ) -> None:
        self.module = module
        self.func = func
        self.node = node
        self.parent = parent
        self.closure = closure
        self.call = call
        self.depth: int = parent.depth + 1 if parent else 0
        self.env: dict[str, Value] = {}
        # The parameters as they were passed.
        self.entered: dict[str, Value] = {}
        self.receiver: Value | None = None
        self.yields: list[Value] = []
        self.handler: Any = None

    @property
    def name(self) -> str:
        return self.func.short if self.func else "<module>"


class State:
    """Names, heap and remembered tests of one path."""

    __slots__ = ("base", "env", "facts", "heap")

    def __init__(
        self,
        env: dict[str, Value],
        heap: dict[Loc, Obj],
        base: dict[Loc, Obj],
        facts: dict[Any, Any] | None = None,
    ) -> None:
        self.env = env
        self.heap = heap
        self.base = base
        self.facts: dict[Any, Any] = facts if facts is not None else {}

    def copy(self) -> State:
        return State(dict(self.env), dict(self.heap), self.base, dict(self.facts) if self.facts else None)

    def obj(self, loc: Loc) -> Obj | None:
        return self.heap.get(loc) or self.base.get(loc)

    def alloc(self, loc: Loc, obj: Obj) -> Value:
        old = self.heap.get(loc)
        self.heap[loc] = obj if old is None else join_objects(old, obj)
        return Value((Ref(loc),))


def _join_sequences(one: Obj, two: Obj) -> Obj:
    """Sequences of different lengths: what both begin with keeps its position, the rest is somewhere behind it."""
    shared = 0
    if one.kind != "set":
        while shared in one.items and shared in two.items:
            shared += 1
    rest = NOTHING
    for obj in (one, two):
        rest = join_all([rest, *(v for k, v in obj.items.items() if k >= shared), obj.rest or NOTHING])
    items = {i: join(one.items[i], two.items[i]) for i in range(shared)}
    return Obj(one.kind, items, rest, cls=one.cls)


def join_states(one: State | None, two: State | None) -> State | None:
    """The state after two paths meet; a name bound on one path only keeps that value."""
    if one is None or one is two:
        return two
    if two is None:
        return one
    env = one.env
    changed: splits.Changed = []
    filled: list[tuple[Loc, Obj, Obj, Obj]] = []
    if two.env is not env:
        env = dict(env)
        for name, value in two.env.items():
            mine = env.get(name)
            if mine is None:
                if "." not in name and "[" not in name:
                    env[name] = value
            elif mine is not value:
                env[name] = joined = join(mine, value)
                if joined is not mine or joined is not value:
                    changed.append((name, mine, value, joined))
        for name in one.env:
            if ("." in name or "[" in name) and name not in two.env:
                del env[name]
    heap = one.heap
    if two.heap is not heap:
        heap = dict(heap)
        for loc, obj in two.heap.items():
            mine_obj = heap.get(loc)
            if mine_obj is None:
                base = one.base.get(loc)
                heap[loc] = join_objects(base, obj) if base is not None else obj
            elif mine_obj is not obj:
                heap[loc] = both = join_objects(mine_obj, obj)
                if mine_obj.empty() is not obj.empty() and obj.kind != "instance":
                    filled.append((loc, mine_obj, obj, both))
    facts = {k: v for k, v in one.facts.items() if two.facts.get(k) is v} if one.facts and two.facts else {}
    if changed:
        facts.update(splits.found(changed, one, two))
        if filled:
            facts.update(splits.filled(filled, changed, one, two))
    return State(env, heap, one.base, facts or None)


def same_state(one: State, two: State) -> bool:
    """Whether nothing relevant differs (used to end loops)."""
    if one.env.keys() != two.env.keys():
        return False
    for name, value in one.env.items():
        other = two.env[name]
        if value is not other and value.key != other.key:
            return False
    if one.heap.keys() != two.heap.keys():
        return False
    return all(obj is two.heap[loc] or same_object(obj, two.heap[loc]) for loc, obj in one.heap.items())


def same_object(one: Obj, two: Obj) -> bool:
    if (
        one.items.keys() != two.items.keys()
        or one.maybe != two.maybe
        or (one.rest is None) != (two.rest is None)
    ):
        return False
    if one.rest is not None and two.rest is not None and one.rest.key != two.rest.key:
        return False
    return all(v is two.items[k] or v.key == two.items[k].key for k, v in one.items.items())


def deep_taints(value: Value, state: State, depth: int = 4, seen: set[Loc] | None = None) -> Taints:
    """The taints of a value and of what it holds, to a bounded depth."""
    out: Taints = ()
    for atom in value.atoms:
        if isinstance(atom, Ref):
            seen = set() if seen is None else seen
            obj = state.obj(atom.loc)
            if obj is None or depth <= 0 or atom.loc in seen:
                continue
            seen.add(atom.loc)
            for item in obj.items.values():
                out = join_taints(out, deep_taints(item, state, depth - 1, seen))
            for more in (obj.rest, obj.keys):
                if more is not None:
                    out = join_taints(out, deep_taints(more, state, depth - 1, seen))
        else:
            out = join_taints(out, atom_taints(atom))
    return out


def map_taints(value: Value, change: Any) -> Value:
    """The value with `change(taint) -> Taint` applied to every taint it carries directly."""
    atoms: list[Any] = []
    touched = False
    for atom in value.atoms:
        if isinstance(atom, Opaque) and atom.taints:
            atoms.append(
                Opaque(atom.type, tuple(change(t) for t in atom.taints), atom.chars, atom.note, atom.label)
            )
            touched = True
        elif isinstance(atom, Text) and any(isinstance(p, Opaque) and p.taints for p in atom.parts):
            parts = tuple(
                Opaque(p.type, tuple(change(t) for t in p.taints), p.chars, p.note, p.label)
                if isinstance(p, Opaque) and p.taints
                else p
                for p in atom.parts
            )
            atoms.append(Text(parts, atom.binary))
            touched = True
        elif isinstance(atom, Method):
            # A member of something unknown, `urlparse(url).hostname`, is data like that.
            whole = Value((atom.receiver,))
            inner = map_taints(whole, change)
            if inner is whole:
                atoms.append(atom)
                continue
            atoms.append(Method(inner.atoms[0], atom.type, atom.name, atom.note))
            touched = True
        else:
            atoms.append(atom)
    return Value(tuple(atoms)) if touched else value


def stepped(value: Value, place: Place, text: str) -> Value:
    """The value with one more step in the trail of each taint."""

    def change(taint: Taint) -> Taint:
        return taint.step(place, text)

    return map_taints(value, change)


def str_key(key: Any) -> tuple[int, Any]:
    return (0, key) if isinstance(key, int) else (1, str(key))
