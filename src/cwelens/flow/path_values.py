"""Paths as objects: `pathlib` values, their text, and `/` between them."""

from __future__ import annotations

from pathlib import PurePosixPath

from cwelens.base import chars as ch
from cwelens.flow import (
    strings,
)
from cwelens.flow.run import Run
from cwelens.flow.state import Obj, State
from cwelens.flow.values import (
    Atom,
    Const,
    Opaque,
    Ref,
    Text,
    Value,
    const,
    join_all,
)
from cwelens.ir import nodes as ir

# Between the components of a joined path: an absolute path after it would replace what stands before.
JOIN = "\0/"


PATH_TYPES = ("pathlib.Path", "pathlib.PurePath")


_PATH_PARTS = frozenset(("name", "stem", "suffix", "parent"))


def path_part(run: Run, atom: Atom, name: str, st: State, node: ir.Expr) -> Value:
    """The last component of a path or a part of it, which holds no separator; or the path before it."""
    whole = path_text(Value((atom,)), st)
    if name == "parent":
        return path_value(run, [whole], st, node)
    plain = whole.const()
    if plain is not None and isinstance(plain.value, str):
        return const(getattr(PurePosixPath(plain.value), name))
    one = strings.merge(whole, st)
    taints = tuple(t.neutralised(("path",), f"`.{name}`") for t in one.taints)
    return Value((Opaque("builtins.str", taints, one.chars & ~ch.of("/"), one.note, one.label),))


def path_value(run: Run, parts: list[Value], st: State, node: ir.Node) -> Value:
    """A `pathlib` path: an object that keeps the text of the path."""
    pieces: list[Value] = []
    for index, part in enumerate(parts):
        if index:
            pieces.append(const(JOIN))
        pieces.append(path_text(part, st))
    whole = strings.concat(pieces, st) if pieces else const(".")
    return run.alloc(st, node, Obj("instance", {"path": whole}, cls="pathlib.Path"), "path")


def path_text(value: Value, st: State) -> Value:
    """The text of a path value: what it was made of for a path object, the value itself for a string."""
    out: list[Value] = []
    for atom in value.atoms:
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if obj is not None and obj.cls == "pathlib.Path" and "path" in obj.items:
            out.append(obj.items["path"])
        else:
            out.append(Value((atom,)))
    return join_all(out) if out else value


def path_join(run: Run, left: Value, right: Value, st: State, node: ir.Node) -> Value | None:
    """`left / right` where one of them is a path; None otherwise."""
    for atom in (*left.atoms, *right.atoms):
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if (obj is not None and obj.cls == "pathlib.Path") or (
            isinstance(atom, Opaque) and atom.type in PATH_TYPES
        ):
            return path_value(run, [left, right], st, node)
    # Nothing but a path is divided by a text.
    texts = [isinstance(a, Text) or (isinstance(a, Const) and isinstance(a.value, str)) for a in right.atoms]
    return path_value(run, [left, right], st, node) if texts and all(texts) else None
