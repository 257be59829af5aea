"""TLS contexts: which protocol versions their options leave open, followed from where they are made to where they are used.

A context is an object whose `options` are known from the start, as the documentation gives them; what the program sets and clears
changes them. Rows of the models ask about them where a connection is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.flow import operators
from cwelens.flow.conditions import holds_all
from cwelens.flow.library_constants import NO_SSL3, NO_TLS1, NO_TLS1_1, OLD_VERSIONS
from cwelens.flow.state import Obj, State
from cwelens.flow.values import NONE, UNKNOWN, Lib, Ref, Value, const
from cwelens.ir import nodes as ir

if TYPE_CHECKING:
    from cwelens.flow.run import Args, Run

# Names of protocols that stand for whatever version both sides know.
_ANY_VERSION = ("PROTOCOL_TLS", "PROTOCOL_SSLv23", "PROTOCOL_TLS_CLIENT", "PROTOCOL_TLS_SERVER", "SSLv23_METHOD", "TLS_METHOD",
                "TLS_CLIENT_METHOD", "TLS_SERVER_METHOD")  # fmt: skip
# Those that came with secure defaults: their options say something only where the program changes them.
_MODERN = ("PROTOCOL_TLS_CLIENT", "PROTOCOL_TLS_SERVER")
_MADE = {
    "ssl.SSLContext": NO_SSL3,
    "ssl.create_default_context": NO_SSL3 | NO_TLS1 | NO_TLS1_1,
    "OpenSSL.SSL.Context": 0,
}
_CHANGED = {
    "OpenSSL.SSL.Context.set_options": "options",
    "OpenSSL.SSL.Context.set_min_proto_version": "minimum_version",
}
KNOWN = frozenset((*_MADE, *_CHANGED))


def function(
    run: Run, node: ir.Expr, name: str, args: Args, receiver: Value | None, st: State
) -> Value | None:
    """A call that makes a context, or a method that changes one; None where the context is not known."""
    if name in _CHANGED:
        return _change(run, node, _CHANGED[name], args, receiver, st)
    rows = [row for row in run.models.returns_all(name) if row.type]
    type_ = next((row.type for row in rows if holds_all(row, run, args, receiver, st) is True), name)
    protocol = args.get(0, "protocol") or args.get(0, "method")
    options = _MADE[name]
    protocol_kind = "any"
    if name != "ssl.create_default_context" and protocol is not None:
        names = [a.name.rpartition(".")[2] for a in protocol.atoms if isinstance(a, Lib)]
        if len(names) != len(protocol.atoms):
            return None
        if all(n.endswith(_MODERN) for n in names):
            protocol_kind = "modern"
        if not all(n in _ANY_VERSION for n in names):
            # One version only: which one it is, is judged where it is chosen.
            options |= OLD_VERSIONS
    items = {"options": const(options), "protocol": const(protocol_kind)}
    if name == "ssl.SSLContext" and protocol_kind != "modern":
        # Neither certificate nor host name is checked until `verify_mode` is set.
        items["default"] = const("unverified")
    return run.alloc(st, node, Obj("instance", dict(items), cls=type_), "tls")


def _change(
    run: Run, node: ir.Expr, what: str, args: Args, receiver: Value | None, st: State
) -> Value | None:
    given = args.get(0, "options") or args.get(0, "version") or UNKNOWN
    for atom in receiver.atoms if receiver is not None else ():
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if obj is None or not isinstance(atom, Ref):
            return None
        if what == "options":
            given = operators.binary(run, "|", obj.items.get(what, UNKNOWN), given, node, st)
        st.heap[atom.loc] = obj.with_item(what, given)
    return NONE
