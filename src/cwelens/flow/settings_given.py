"""Several settings handed over at once: `app.config.update(DEBUG=True)` says the same as `app.config["DEBUG"] = True`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cwelens.flow import assign
from cwelens.flow.run import Args, Run
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
    assign.tell_settings(run, node, func.base, _items(args, st), st)


def _items(args: Args, st: State) -> Iterator[tuple[Any, Value]]:
    for given in args.positional:
        for atom in given.atoms:
            obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
            if obj is not None and obj.kind == "dict":
                yield from obj.items.items()
    yield from args.keywords.items()
