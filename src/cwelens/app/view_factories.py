"""Class views whose `as_view` is overridden: the decorators that the view is wrapped in before anybody gets it."""

from __future__ import annotations

from collections.abc import Sequence

from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.symbols import ClassInfo, FunctionInfo

_FACTORY = "as_view"


def wrappers(known: Sequence[ClassInfo]) -> list[tuple[FunctionInfo, ir.Expr]]:
    """What every view of a class with these ancestors (nearest first) is wrapped in, each with the `as_view` that does it."""
    out: list[tuple[FunctionInfo, ir.Expr]] = []
    for ancestor in known:
        maker = ancestor.methods.get(_FACTORY)
        if maker is None:
            continue
        returned = [n.value for n in walk(*maker.node.body) if isinstance(n, ir.Return)]
        chains = [_chain(maker, value, frozenset()) for value in returned]
        complete = [chain for chain in chains if chain is not None]
        if not complete or len(complete) < len(chains):
            # It makes a view of its own: those of the ancestors further away are not called.
            break
        out += [(maker, w) for w in complete[0] if all(any(w is o for o in c) for c in complete[1:])]
    return out


def _chain(maker: FunctionInfo, value: ir.Expr | None, seen: frozenset[str]) -> list[ir.Expr] | None:
    """The decorators around `super().as_view()`; None where the value is something else."""
    if isinstance(value, ir.Name) and value.id not in seen:
        return _of_name(maker, value.id, seen | {value.id})
    if not isinstance(value, ir.Call):
        return None
    if isinstance(value.func, ir.Attr) and value.func.name == _FACTORY:
        return []
    inner = _chain(maker, value.args[0], seen) if len(value.args) == 1 else None
    return [value.func, *inner] if inner is not None else None


def _of_name(maker: FunctionInfo, name: str, seen: frozenset[str]) -> list[ir.Expr] | None:
    """The decorators around what a variable holds at the end, by the assignments that are made on every way."""
    held: list[ir.Expr] | None = None
    for statement in maker.node.body:
        if not isinstance(statement, ir.Assign) or statement.value is None:
            continue
        if not any(isinstance(t, ir.Name) and t.id == name for t in statement.targets):
            continue
        value = statement.value
        around: list[ir.Expr] = []
        # `view = login_required(view)` wraps what the variable held before.
        while isinstance(value, ir.Call) and len(value.args) == 1 and not _makes(value):
            around.append(value.func)
            value = value.args[0]
        if isinstance(value, ir.Name) and value.id == name:
            held = [*around, *held] if held is not None else None
        else:
            made = _chain(maker, value, seen)
            held = [*around, *made] if made is not None else None
    return held


def _makes(value: ir.Call) -> bool:
    return isinstance(value.func, ir.Attr) and value.func.name == _FACTORY
