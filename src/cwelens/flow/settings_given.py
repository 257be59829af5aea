"""Several settings handed over at once: `app.config.update(DEBUG=True)` says the same as `app.config["DEBUG"] = True`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cwelens.flow import assign, expressions
from cwelens.flow.run import Args, Run, written
from cwelens.flow.state import State
from cwelens.flow.values import Ref, Value
from cwelens.ir import nodes as ir

# `setdefault` is not among them: it gives way to what is configured.
MEMBERS = frozenset(("update", "from_mapping"))


def tell(run: Run, node: ir.Call, args: Args, st: State) -> None:
    """A call of one of `MEMBERS` on an attribute that holds the settings of its owner: each item is a setting."""
    func = node.func
    if not isinstance(func, ir.Attr) or not isinstance(func.base, ir.Attr):
        return
    kept = func.base
    run.quiet += 1
    try:
        owner = expressions.evaluate(run, kept.base, st)
    finally:
        run.quiet -= 1
    for atom in owner.atoms:
        type_ = assign.type_of_atom(atom, st)
        target = f"{type_}.{kept.name}"
        if not type_ or not run.models.settings(target):
            continue
        for key, value in _items(args, st):
            run.observer.setting(run, node, target, key, value, st, f"{written(kept)}[{key!r}]")


def _items(args: Args, st: State) -> Iterator[tuple[Any, Value]]:
    for given in args.positional:
        for atom in given.atoms:
            obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
            if obj is not None and obj.kind == "dict":
                yield from obj.items.items()
    yield from args.keywords.items()
