"""Which calls put values into fields of a database, and which values: how stored data gets there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.flow.values import Const, Ref, Text, Value

if TYPE_CHECKING:
    from cwelens.flow.run import Args, Run
    from cwelens.flow.state import State
    from cwelens.ir import nodes as ir
    from cwelens.resolve.symbols import ClassInfo

# Methods of object mappers and document stores that write what they are given by name.
WRITERS = frozenset(
    [
        "create",
        "update",
        "values",
        "insert",
        "insert_one",
        "insert_many",
        "update_one",
        "get_or_create",
        "update_or_create",
        "acreate",
        "aupdate",
    ]
)
_MODELS = ("Model", "Base", "Document", "SQLModel", "DeclarativeBase", "Entity")


def is_model(run: Run, cls: ClassInfo) -> bool:
    """Whether instances of a class of the program are rows or documents of a database."""
    known, _ = run.program.mro(cls)
    return any(base.rpartition(".")[2] in _MODELS for c in known for base in c.bases_text) or any(
        "__tablename__" in c.bindings for c in known
    )


def made(run: Run, node: ir.Node, cls: ClassInfo, args: Args, st: State) -> None:
    """An instance of a class of the program is made: a row, where the class is a model."""
    if args.keywords and is_model(run, cls):
        run.observer.written(run, node, args.keywords, st)


_STATEMENT = re.compile(
    r"\s*(?:select\s.+\sfrom\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s)",
    re.IGNORECASE | re.DOTALL,
)


def is_statement(value: Value) -> bool:
    """Whether a value is the text of a statement: what a call makes of it are rows, not the text."""
    return any(
        isinstance(atom, Text)
        and isinstance(atom.parts[0], str)
        and _STATEMENT.match(atom.parts[0]) is not None
        for atom in value.atoms
    )


def called(run: Run, node: ir.Node, name: str, args: Args, st: State) -> None:
    """A method that may be one of a query or of a collection is called."""
    if name.rpartition(".")[2] not in WRITERS:
        return
    fields = dict(args.keywords)
    for value in args.positional[:2]:
        fields.update(_fields(value, st))
    if fields:
        run.observer.written(run, node, fields, st)


def _fields(value: Value, st: State) -> dict[str, Value]:
    out: dict[str, Value] = {}
    for atom in value.atoms:
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if obj is None or obj.kind not in ("dict", "list"):
            continue
        for key, item in obj.items.items():
            if obj.kind == "list" or (isinstance(key, str) and key.startswith("$")):
                out.update(_fields(item, st))
            elif isinstance(key, str) and not all(isinstance(a, Const) for a in item.atoms):
                out[key] = item
    return out
