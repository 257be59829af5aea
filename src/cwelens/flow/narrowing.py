"""Narrowing: the value of a name or an access path is replaced by one of which a test has told more."""

from __future__ import annotations

from cwelens.base import chars as ch
from cwelens.flow import assign, guards, paths
from cwelens.flow.run import Run
from cwelens.flow.state import Obj, State, deep_taints, map_taints
from cwelens.flow.values import (
    Atom,
    Const,
    Method,
    Opaque,
    Ref,
    Taint,
    Text,
    Value,
    atom_chars,
    atom_taints,
    make,
    taints_of,
)
from cwelens.ir import nodes as ir

EVERY = ("*",)


def reason(run: Run, node: ir.Expr, what: str) -> str:
    """What a test is called where it is the reason for a value being safe."""
    return f"{what} at line {node.pos[0]}"


def neutralise(
    run: Run, node: ir.Expr, contexts: tuple[str, ...], why: str, st: State, only_normalised: bool = False
) -> None:
    """The taints of an operand are safe from here on, also where it is wrapped in a call that keeps its content."""
    value = guards.known_value(run, node, st)

    def change(taint: Taint) -> Taint:
        if only_normalised and "path.normalised" not in taint.safe:
            return taint
        return taint.neutralised(contexts, why)

    before = deep_taints(value, st)
    changed = map_taints(value, change)
    assign.refine(node, changed, st)
    path = False
    for atom in value.atoms:
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        path = path or (obj is not None and obj.cls == "pathlib.Path")
        if obj is not None and isinstance(atom, Ref) and obj.kind == "instance":
            items = {k: map_taints(v, change) for k, v in obj.items.items()}
            told = Obj(obj.kind, items, obj.rest, obj.keys, obj.cls)
            if obj.cls == "pathlib.Path":
                paths.renamed(atom.loc, ("tested", paths.first(atom.loc), node.pos), told, st)
            else:
                st.heap[atom.loc] = told
    after = tuple(change(t) for t in before) if path else deep_taints(changed, st)
    paths.spread(before, after, st)
    if isinstance(node, ir.Call) and not only_normalised:
        for part in (*node.args, *([node.func.base] if isinstance(node.func, ir.Attr) else [])):
            if isinstance(part, ir.Name | ir.Attr | ir.Item | ir.Call):
                neutralise(run, part, contexts, why, st)


def excluding(value: Value, needle: str, why: str) -> Value:
    """The value without a substring: without its character, or with the fact noted for longer ones."""
    if len(needle) == 1:
        return restrict(value, ch.ALL & ~ch.of(needle))
    if ".." in needle:
        return map_taints(
            value, lambda t: t.neutralised(("path.dots" if needle == ".." else "path.dotslash",), why)
        )
    if needle in ("://", "//"):
        return map_taints(value, lambda t: t.neutralised(("url.scheme",), why))
    return value


def restrict(value: Value, mask: int) -> Value:
    """The ways a value may be with only characters of the mask."""
    kept: list[Atom] = []
    for atom in value.atoms:
        if isinstance(atom, Opaque):
            kept.append(Opaque(atom.type, atom.taints, atom.chars & mask, atom.note, atom.label))
        elif isinstance(atom, Text):
            if all(isinstance(p, Opaque) or not ch.of(p) & ~mask for p in atom.parts):
                parts = tuple(
                    Opaque(p.type, p.taints, p.chars & mask, p.note, p.label) if isinstance(p, Opaque) else p
                    for p in atom.parts
                )
                kept.append(Text(parts, atom.binary))
        elif isinstance(atom, Const):
            if not atom_chars(atom) & ~mask:
                kept.append(atom)
        elif isinstance(atom, Method):
            kept.append(Opaque("builtins.str", atom_taints(atom), mask))
        else:
            kept.append(atom)
    return make(kept) if kept else value


def neutralise_origin(run: Run, node: ir.Expr, contexts: tuple[str, ...], why: str, st: State) -> None:
    """A test on a part of a parsed URL guards the URL that was parsed: `urlparse(x).netloc`, or `u = urlparse(x)` before."""
    for part in _parsed(node, st):
        neutralise(run, part, contexts, why, st)


def _parsed(node: ir.Expr, st: State) -> list[ir.Expr]:
    """What was parsed to get at a part of a URL."""
    base = node.base if isinstance(node, ir.Attr) else node
    if isinstance(base, ir.Name):
        fact = st.facts.get(base.id)
        if fact is None or not guards.holds(fact, st):
            return []
        base = fact[0]
    return list(base.args[:1]) if isinstance(base, ir.Call) else []


def refine(node: ir.Expr, old: Value, new: Value, st: State) -> None:
    """Narrows an expression; where it is a slice or the like, the holes it shares with the names it is made of are narrowed there."""
    paths.spread(taints_of(old), taints_of(new), st)
    if assign.path_of(node) is not None or isinstance(node, ir.Walrus):
        assign.refine(node, new, st)
        return
    swap: dict[int, Opaque] = {}
    for one, two in zip(_holes(old), _holes(new)):
        if one is not two and one.type == two.type:
            swap[id(one)] = two
    if not swap or len(_holes(old)) != len(_holes(new)):
        return
    for name in guards.names_read(node):
        value = st.env.get(name)
        if value is not None and any(id(h) in swap for h in _holes(value)):
            st.env[name] = make([_swapped(a, swap) for a in value.atoms])


def _holes(value: Value) -> list[Opaque]:
    out: list[Opaque] = []
    for atom in value.atoms:
        if isinstance(atom, Opaque):
            out.append(atom)
        elif isinstance(atom, Text):
            out += [p for p in atom.parts if isinstance(p, Opaque)]
    return out


def _swapped(atom: Atom, swap: dict[int, Opaque]) -> Atom:
    if isinstance(atom, Opaque):
        return swap.get(id(atom), atom)
    if isinstance(atom, Text):
        return Text(
            tuple(swap.get(id(p), p) if isinstance(p, Opaque) else p for p in atom.parts), atom.binary
        )
    return atom


def prefixed(taint: Taint, why: str) -> Taint:
    """An origin whose text is known to begin with fixed text: it chooses neither host nor, once normalised, directory."""
    contexts: tuple[str, ...] = ("url", "redirect")
    if "path.normalised" in taint.safe:
        contexts += ("path",)
    return taint.neutralised(contexts, why)
