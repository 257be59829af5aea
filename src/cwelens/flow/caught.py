"""Caught errors: whether their text tells of the inside of the program, or was written for whoever sent the request."""

from __future__ import annotations

import re

from cwelens.flow import expressions
from cwelens.flow.run import Run
from cwelens.flow.state import State
from cwelens.flow.values import Cls, Opaque, Origin, Place, Taint, Trail, Value, opaque
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

ERROR = "builtins.BaseException"
_FOR_CLIENTS = re.compile(
    r"(?i)valid|valueerror|decodeerror|http|badrequest|bad_request|notfound|doesnotexist|schema|abort|permission|forbidden"
    r"|authenticationfailed|notauthenticated|throttled|oauth|^keyerror$"
)
# Attributes of an error that hold what it says; the others are numbers, what the system calls them (`strerror`), and objects that it is about.
_SAYS = re.compile(r"^(?:args|orig|body|cmd|output|std(?:err|out)|filename|(?!(?:err(?:no|code)|strerror)$)\w*(?:err|msg|message|detail|reason|description|text|response)\w*|__(?!class__)\w+__)$")  # fmt: skip
# Calls that fail of what they are given only, and say so.
_READING = frozenset(
    ("json", "loads", "int", "float", "UUID", "Decimal", "fromisoformat", "strptime", "model_validate", "model_validate_json", "parse_obj",
     "parse_raw", "get_json", "b64decode", "safe_load", "literal_eval")
)  # fmt: skip


def caught(run: Run, stmt: ir.Try, handler: ir.Handler, taken: Value, st: State) -> Value:
    """The caught error. What an error of the program's own classes says, the program has written itself."""
    classes = expressions.iterate(run, taken, st, handler) if isinstance(handler.types, ir.Seq) else [taken]
    place = run.place(handler)
    listed = handler.types.items if isinstance(handler.types, ir.Seq) else [handler.types]
    names = [_type_name(each) if each is not None else "Exception" for each in listed]
    own = [False] * len(names)
    if isinstance(classes, list):
        held = [bool(v.atoms) and all(isinstance(a, Cls) for a in v.atoms) for v in classes]
        own = held if len(held) == len(names) else [all(held)] * len(names)
    if all(mine or for_clients(name) for mine, name in zip(own, names)) or _only_reads(stmt):
        return opaque(ERROR)
    return error(place, handler.name or "", names[0] if len(names) == 1 else "Exception")


def for_clients(name: str) -> bool:
    """Whether what an error of this name says is about what the client sent, and written for it."""
    return _FOR_CLIENTS.search(name) is not None


def error(place: Place, variable: str, name: str) -> Value:
    """An error with its text, under the name that it is caught as."""
    origin = Origin("exception", "exception", f"the text of the caught `{name}`", place)
    taint = Taint(origin, {}, Trail(None, place, f"`{variable}` is the caught error"))
    return opaque(ERROR, (taint,))


def read(atom: Opaque, name: str) -> Opaque:
    """The error as it counts where an attribute of it is read: one that is a number, or an object, tells nothing of its text."""
    if _SAYS.match(name):
        return atom
    taints = tuple(t for t in atom.taints if t.origin.kind != "exception")
    return Opaque(atom.type, taints, atom.chars, atom.note, atom.label)


def _only_reads(stmt: ir.Try) -> bool:
    """Whether all that can fail is to read what was sent: `data = await request.json()`."""
    calls = [node for node in walk(*stmt.body) if isinstance(node, ir.Call)]
    return (
        0 < len(calls) <= 2
        and len(stmt.body) <= 2
        and any(_reads(call) for call in calls)
        and all(_reads(call) or _is_body(call) for call in calls)
    )


def _reads(call: ir.Call) -> bool:
    return _name(call) in _READING


def _is_body(call: ir.Call) -> bool:
    return _name(call) in ("body", "get_data", "read", "decode", "get")


def _name(call: ir.Call) -> str:
    return (
        call.func.id
        if isinstance(call.func, ir.Name)
        else call.func.name
        if isinstance(call.func, ir.Attr)
        else ""
    )


def _type_name(node: ir.Expr) -> str:
    if isinstance(node, ir.Name):
        return node.id
    if isinstance(node, ir.Attr):
        return node.name
    return "Exception"
