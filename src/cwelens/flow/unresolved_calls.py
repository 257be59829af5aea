"""Calls whose callee is not known: what they are taken for, and what may come back out of them."""

from __future__ import annotations

from cwelens.base import chars as ch
from cwelens.flow import (
    assign,
    attributes,
    buffers,
    contents,
    databases,
    library_calls,
    likeness,
    rendering,
)
from cwelens.flow.run import Args, CallSite, Run, written_callee
from cwelens.flow.state import State, deep_taints
from cwelens.flow.values import (
    NOTHING,
    Atom,
    Const,
    Opaque,
    Taints,
    Text,
    Value,
    join_taints,
    make,
)
from cwelens.ir import nodes as ir

SQL_START = (
    "select ", "insert ", "update ", "delete ", "replace into ", "create table", "drop table", "alter table", "with ", "call ", "exec ",
)  # fmt: skip


SQL_METHODS = frozenset(
    (
        "execute",
        "executemany",
        "executescript",
        "query",
        "raw",
        "fetch",
        "fetchrow",
        "fetchval",
        "fetch_all",
        "fetch_one",
    )
)


# Words in the names of methods that hand a statement to a database: `run_query`, `_fetch_all`.
SQL_WORDS = frozenset(
    ("query", "execute", "exec", "sql", "fetch", "fetchall", "fetchone", "select", "cursor")
)


# Methods that choose records by keywords, whatever the mapper.
_QUERIES = frozenset(("filter", "filter_by", "exclude", "get", "get_or_none", "aget", "find_by"))


# What a schema gives back as a dictionary has the names of its fields, which the program has given.
_DUMPS = frozenset(("dict", "model_dump", "asdict"))

CLEANING = (
    "sanit",
    "escape",
    "clean",
    "quote",
    "valid",
    "safe",
    "filter",
    "encode",
    "strip_tags",
    "normalize",
    "check",
)


def unresolved(run: Run, node: ir.Expr, name: str, receiver: Value | None, args: Args, st: State) -> Value:
    """A call whose callee is not visible. What it is given may come back out of it: then that is an assumption."""
    member = name.rpartition(".")[2]
    text = written_callee(node)
    if member == "abort" and receiver is None:
        return NOTHING
    if (
        receiver is not None
        and args.positional
        and (member in SQL_METHODS or set(member.lower().split("_")) & SQL_WORDS)
        and _looks_like_sql(args.positional[0])
    ):
        note = f"`{text}()` is taken for a database call: its argument is an SQL statement"
        result = library_calls.library_call(
            run,
            node,
            f"dbapi2.Cursor.{member if member.startswith('exec') else 'execute'}",
            args,
            receiver,
            st,
            note,
        )
        return Value((Opaque(label=f"{text}()"),)) if result is NOTHING else result
    if receiver is None and len(args.positional) == 1 and not args.keywords:
        given_text = args.positional[0]
        if _looks_like_sql(given_text) and given_text.const() is None:
            # `text("select …")`: a wrapper of a statement is taken for the statement.
            return given_text
    alike = likeness.taken_for(run, node, member, args, receiver, st)
    if alike is not None:
        result = library_calls.library_call(run, node, alike[0], args, receiver, st, alike[1])
        return Value((Opaque(label=f"{text}()"),)) if result is NOTHING else result
    run.observer.unresolved_call(
        run, CallSite(node, run.place(node), member, text, args, receiver, st, run.frame, "")
    )
    databases.called(run, node, member, args, st)
    loaded = rendering.called(run, node, member, args, receiver, st)
    if loaded is not None:
        return loaded
    library_calls.call_back(run, node, args, st, seen=False)
    buffers.handed_over(run, node, args, receiver, st)
    own = deep_taints(receiver, st) if receiver is not None else ()
    given = library_calls.all_taints(args, st)
    assumption = f"`{text}()` gives back what it is given, unneutralised"
    if member in _QUERIES and args.keywords and not args.positional:
        # Records that are found by a key hold what was stored, not what they were asked for by.
        taints = tuple(t for t in own if t.origin.kind not in ("param", "exception", contents.CONTENT))
    elif member in library_calls.CARRYING:
        taints = join_taints(own, given if member in ("format", "join", "replace") else ())
        if member in _DUMPS:
            taints = tuple(
                t.neutralised(("query.field",), f"`{text}()` names fields of a schema") for t in taints
            )
    else:
        kept = tuple(
            t
            for t in join_taints(own, given)
            if t.origin.kind not in ("param", "exception", contents.CONTENT)
        )
        if any(word in member.lower() for word in CLEANING):
            assumption = f"`{text}()` does not neutralise what it is given"
        taints = tuple(t.assuming(assumption) for t in kept)
        taints = library_calls.own_address(member, text, taints)
    if (
        receiver is not None
        and member in ("append", "add", "extend", "update", "insert", "setdefault", "put", "appendleft")
        and given
    ):
        _absorb(node, receiver, given, st)
    return Value((Opaque(None, taints, label=f"{text}()"[-attributes.LABEL_LIMIT :]),))


def _absorb(node: ir.Expr, receiver: Value, given: Taints, st: State) -> None:
    """An unknown collection takes up what is put into it."""

    if isinstance(node, ir.Call) and isinstance(node.func, ir.Attr):
        path = assign.path_of(node.func.base)
        if path is not None:
            atoms: list[Atom] = []
            for atom in receiver.atoms:
                if isinstance(atom, Opaque):
                    atoms.append(
                        Opaque(atom.type, join_taints(atom.taints, given), ch.ALL, atom.note, atom.label)
                    )
                else:
                    atoms.append(atom)
            st.env[path] = make(atoms)


def _looks_like_sql(value: Value) -> bool:
    for atom in value.atoms:
        text = atom.value if isinstance(atom, Const) else atom.parts[0] if isinstance(atom, Text) else None
        if isinstance(text, str) and text.lstrip(" \t\r\n(").lower().startswith(SQL_START):
            return True
    return False
