"""Recursion: a function that is being interpreted is entered once more, with what changes from call to call given up, and then no more.

The second activation stands for all later ones: counters may have reached their end there, lists may be empty, so that the ways out of the
recursion are seen. What a third one would give back comes from those ways too, so it adds nothing.
"""

from __future__ import annotations

from cwelens.base import chars as ch
from cwelens.flow.run import Run
from cwelens.flow.state import Frame, Obj, State
from cwelens.flow.values import Atom, Const, Opaque, Ref, Value, make, opaque
from cwelens.ir import nodes as ir
from cwelens.ir.walk import children

_GENERATORS: dict[int, tuple[ir.Node, bool]] = {}


def is_generator(node: ir.Function | ir.Lambda) -> bool:
    """Whether calling a function only makes a generator: one of its own statements yields."""
    known = _GENERATORS.get(id(node))
    if known is None or known[0] is not node:
        found = False
        stack: list[ir.Node] = list(node.body) if isinstance(node, ir.Function) else [node.body]
        while stack and not found:
            part = stack.pop()
            found = isinstance(part, ir.Yield)
            if not isinstance(part, ir.Function | ir.Lambda | ir.Class):
                stack += children(part)
        known = _GENERATORS[id(node)] = (node, found)
    return known[1]


def widen(run: Run, node: ir.Function | ir.Lambda, env: dict[str, Value], call: ir.Expr, st: State) -> None:
    """Gives up the parameters that are not what they were in the activation before."""
    before = _entered(run.frame, node)
    for name, value in list(env.items()):
        old = before.get(name)
        if old is None or old.key != value.key:
            env[name] = make([_given_up(run, atom, name, call, st) for atom in value.atoms])


def _entered(frame: Frame | None, node: ir.Node) -> dict[str, Value]:
    while frame is not None:
        if frame.node is node:
            return frame.entered
        frame = frame.parent
    return {}


def _given_up(run: Run, atom: Atom, name: str, call: ir.Expr, st: State) -> Atom:
    if isinstance(atom, Const) and type(atom.value) in (int, float):
        return opaque(f"builtins.{type(atom.value).__name__}").atoms[0]
    if isinstance(atom, Const) and isinstance(atom.value, str | bytes):
        return Opaque(f"builtins.{type(atom.value).__name__}", chars=ch.ALL)
    obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
    if obj is not None and obj.kind in ("list", "tuple", "set") and obj.rest is None:
        content = obj.everything()
        rest = content if content.atoms else Value((Opaque(),))
        return run.alloc(st, call, Obj(obj.kind, {}, rest), ("again", name)).atoms[0]
    return atom
