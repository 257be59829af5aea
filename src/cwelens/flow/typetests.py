"""Tests of types: `isinstance(x, int)`, `type(x) is int`, `case int():`, decided where the type is known, else narrowing."""

from __future__ import annotations

from cwelens.base import chars as ch
from cwelens.flow.state import State
from cwelens.flow.values import (
    TYPE_CHARS,
    Atom,
    Const,
    Lib,
    Method,
    Opaque,
    Ref,
    Text,
    Value,
    atom_taints,
    make,
)

PLAIN = tuple(f"builtins.{name}" for name in ("int", "float", "bool", "str", "bytes"))
CONTAINERS = tuple(f"builtins.{name}" for name in ("list", "tuple", "set", "dict"))
# Classes that no plain value is an instance of.
OTHERS = ("pathlib.Path", "pathlib.PurePath")


def kind_of(atom: Atom, st: State) -> str | None:
    """The builtin type that an atom surely has; None where it is only taken for one, or none of them."""
    if isinstance(atom, Const):
        return f"builtins.{type(atom.value).__name__}"
    if isinstance(atom, Text):
        return "builtins.bytes" if atom.binary else "builtins.str"
    obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
    return f"builtins.{obj.kind}" if obj is not None and obj.kind != "instance" else None


def types_in(classes: Value, st: State) -> list[str] | None:
    """The builtin types that the second argument of `isinstance` lists; None where another is among them."""
    out: list[str] = []
    for atom in classes.atoms:
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if isinstance(atom, Lib) and atom.name in PLAIN + CONTAINERS + OTHERS:
            out.append(atom.name)
        elif obj is not None and obj.kind == "tuple" and obj.rest is None:
            for item in obj.items.values():
                inner = types_in(item, st)
                if inner is None:
                    return None
                out += inner
        else:
            return None
    return out or None


def _is_a(kind: str, types: list[str]) -> bool:
    return kind in types or (kind == "builtins.bool" and "builtins.int" in types)


def verdict(value: Value, types: list[str], st: State) -> bool | None:
    """Whether a value is an instance of one of the types, None where that is not decided."""
    found = {kind is not None and _is_a(kind, types) for kind in (kind_of(a, st) for a in value.atoms)}
    if any(kind_of(a, st) is None for a in value.atoms) or len(found) != 1:
        return None
    return found.pop()


def narrow(value: Value, types: list[str], st: State) -> Value | None:
    """The ways a value may be that are of one of the types; None where there is none."""
    mask = 0
    for name in types:
        mask |= TYPE_CHARS.get(name, ch.ALL)
    one = types[0] if len(types) == 1 and types[0] not in OTHERS else None
    kept: list[Atom] = []
    for atom in value.atoms:
        kind = kind_of(atom, st)
        if kind is not None:
            if _is_a(kind, types):
                kept.append(atom)
        elif isinstance(atom, Opaque) and atom.type is not None and set(types) <= set(CONTAINERS):
            kept.append(atom)
        elif isinstance(atom, Opaque) and (atom.type is None or atom.type not in PLAIN):
            kept.append(Opaque(one, atom.taints, atom.chars & mask, atom.note, atom.label))
        elif isinstance(atom, Opaque):
            if _is_a(atom.type or "", types):
                kept.append(atom)
        elif isinstance(atom, Method):
            kept.append(Opaque(one, atom_taints(atom), mask))
        elif isinstance(atom, Ref) and set(types) & set(OTHERS):
            kept.append(atom)
    return make(kept) if kept else None


def without(value: Value, types: list[str], st: State) -> Value:
    """The ways a value may be that are not surely of one of the types."""
    kept = []
    for atom in value.atoms:
        kind = kind_of(atom, st)
        if kind is None or not _is_a(kind, types):
            kept.append(atom)
    return make(kept) if kept else value
