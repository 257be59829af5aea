"""What tests on the host of an address tell of the address: an allowed host, the own one, none at all, or one outside the own network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.flow import scopes
from cwelens.flow.state import State, map_taints
from cwelens.flow.values import Atom, Const, Opaque, Value, taints_of
from cwelens.ir import nodes as ir

if TYPE_CHECKING:
    from collections.abc import Callable

HOST_PARTS = frozenset(("netloc", "hostname", "host"))
# An address has no host: it stays here, unless a browser reads a backslash as a slash.
LOCAL = "redirect.local"
# The host that a request says it was sent to; a link cannot choose it.
_OWN = re.compile(r"\.(?:host|host_url|root_url|url_root|base_url|get_host\(\))`")
_KEEPING = frozenset(("lower", "casefold", "strip", "rstrip", "removeprefix", "partition"))
# Of an IP address: the outcome of the test that keeps requests out of the own network.
_PUBLIC = {"is_global": True, "is_private": False}


def host_of(node: ir.Expr, st: State, holds: Callable[[object, State], bool]) -> ir.Attr | None:
    """The host part of a parsed address that an expression is: itself, in lower case, or under a name that was given to it."""
    if isinstance(node, ir.Name):
        fact = st.facts.get(node.id)
        return host_of(fact[0], st, holds) if fact is not None and holds(fact, st) else None
    if isinstance(node, ir.BoolOp) and node.op == "or":
        return host_of(node.values[0], st, holds)
    if isinstance(node, ir.Call) and isinstance(node.func, ir.Attr) and node.func.name in _KEEPING:
        return host_of(node.func.base, st, holds)
    return node if isinstance(node, ir.Attr) and node.name in HOST_PARTS else None


def contexts_of(allowed: Value, st: State) -> tuple[str, ...]:
    """What an address is safe for once its host is known to be (one of) `allowed`; nothing where that is no choice of the program's.

    A host that is allowed is as good as none, so that `no host, or an allowed one` is as good as the weaker of the two.
    """
    atoms = list(allowed.atoms)
    obj = scopes.frame_object(allowed, st)
    if obj is not None and obj.kind in ("list", "tuple", "set") and obj.rest is None:
        atoms = [a for value in obj.items.values() for a in value.atoms]
    own = [a for a in atoms if _is_own(a)]
    empty = [a for a in atoms if isinstance(a, Const) and a.value in ("", None)]
    if any(taints_of(Value((a,))) for a in atoms if a not in own):
        return ()
    if own:
        return (LOCAL,) if empty else ("redirect", LOCAL)
    return (LOCAL,) if empty else ("url", "redirect", LOCAL)


def _is_own(atom: Atom) -> bool:
    taints = taints_of(Value((atom,)))
    return bool(taints) and all(_OWN.search(t.origin.text) for t in taints)


def is_public_test(node: ir.Expr, value: Value, wanted: bool) -> bool:
    """Whether `node`, an attribute of `value`, tells that an IP address lies outside the own network."""
    return (
        isinstance(node, ir.Attr)
        and _PUBLIC.get(node.name) is wanted
        and any(isinstance(a, Opaque) and (a.type or "").startswith("ipaddress.") for a in value.atoms)
    )


def settle_origins(value: Value, why: str, st: State) -> None:
    """The address that an IP address was looked up from is safe to request: everything of its origins is."""
    keys = {t.origin.key for t in taints_of(value)}
    if not keys:
        return
    for name, known in st.env.items():
        if any(t.origin.key in keys for t in taints_of(known)):
            st.env[name] = map_taints(
                known, lambda t: t.neutralised(("url",), why) if t.origin.key in keys else t
            )
