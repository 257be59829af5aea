"""Checks whose meaning the code does not show: what has passed one is dangerous only if it lets dangerous values through.

Such a check is a test by a function that is not visible, or by one of the program that is named for checking and does more with the
value than is followed here. A finding behind one is conditional and names it; a check that is understood never gets here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from cwelens.flow import assign
from cwelens.flow.run import Run, written
from cwelens.flow.state import map_taints
from cwelens.flow.values import Func, Lib, Method, Opaque, Taint, Value, taints_of
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.builtin_names import STANDARD_LIBRARY

if TYPE_CHECKING:
    from cwelens.flow.state import State

_CHECKS = re.compile(
    r"valid|safe|sanit|allow|permit|check|verif|ensure|assert|require|guard|enforce|trust|secur|accept|legal|reject|forbid|deny|block"
    r"|whitelist|blacklist|danger|malicious|suspicious|internal|external|local|same_|within|inside|clean|escape"
)
_BRANCHES = (ir.If, ir.Cond, ir.Raise, ir.Try, ir.Assert, ir.While, ir.For)


def assume_test(run: Run, node: ir.Call, callee: Value, st: State) -> None:
    """After `if check(x)`, in either branch: `x`, as far as what is known of the check has not made it safe."""
    if any(_unseen(run, a) or (isinstance(a, Func) and _vague(a.node)) for a in callee.atoms):
        _assume(run, node, st)
    if _CHECKS.search(written(node.func).rpartition(".")[2].lower()):
        _assume_hosts(run, node, st)


def assume_statement(run: Run, node: ir.Call, callee: Value, st: State) -> None:
    """After `check(x)` as a statement, which may raise: a name that speaks of checking is asked for in every case."""
    if not _CHECKS.search(written(node.func).rpartition(".")[2].lower()):
        return
    assume_test(run, node, callee, st)


def result(func: ir.Function, value: Value, called: str) -> Value:
    """What a function that is named for making safe gives back, where it gives back data of an origin after all."""
    if not any(_open(t) for t in taints_of(value)) or not _vague(func):
        return value
    return map_taints(value, _doubt(called))


def _assume(run: Run, node: ir.Call, st: State) -> None:
    change = _doubt(f"`{written(node.func)}()` at line {node.pos[0]}")
    for part in [*node.args, *(v for _, v in node.keywords)]:
        path = assign.path_of(part)
        value = st.env.get(path) if path is not None else None
        if value is not None and any(_open(t) for t in taints_of(value)):
            assign.refine(part, map_taints(value, change), st)


def _assume_hosts(run: Run, node: ir.Call, st: State) -> None:
    """`if not allowed_host(urlparse(url).hostname)`: what is asked of a part of an address is asked of the address."""
    change = _doubt(f"`{written(node.func)}()` at line {node.pos[0]}")
    for part in walk(*node.args, *(v for _, v in node.keywords)):
        if isinstance(part, ir.Call) and written(part.func).rpartition(".")[2] in _PARSERS and part.args:
            path = assign.path_of(part.args[0])
            value = st.env.get(path) if path is not None else None
            if value is not None and any(_open(t) for t in taints_of(value)):
                assign.refine(part.args[0], map_taints(value, change), st)


def _doubt(check: str) -> Callable[[Taint], Taint]:
    def change(taint: Taint) -> Taint:
        return taint.assuming(f"{check} lets dangerous values through") if _open(taint) else taint

    return change


def _open(taint: Taint) -> bool:
    return taint.origin.kind == "untrusted" and not taint.assumption


def _unseen(run: Run, atom: object) -> bool:
    """Whether an atom is a callable of which nothing is known: not in the program, not of a library that the models describe."""
    if isinstance(atom, Opaque):
        return atom.type is None
    if isinstance(atom, Method):
        return atom.type is None and not taints_of(Value((atom.receiver,)))
    return (
        isinstance(atom, Lib)
        and not run.models.is_modelled(atom.name)
        and atom.name.partition(".")[0] not in STANDARD_LIBRARY | {"builtins"}
    )


# Kept with the function, so that its identity stays its own.
_VAGUE: dict[int, tuple[ir.Function | ir.Lambda, bool]] = {}


def _vague(node: ir.Function | ir.Lambda) -> bool:
    """Whether a function of the program is named for checking and asks more than one thing of its parameters."""
    known = _VAGUE.get(id(node))
    if known is None:
        known = _VAGUE[id(node)] = (node, _asks_much(node))
    return known[1]


def _asks_much(node: ir.Function | ir.Lambda) -> bool:
    if isinstance(node, ir.Lambda) or not _CHECKS.search(node.name.lower()):
        return False
    params = {p.name for p in node.params} - {"self", "cls"}
    asked = 0
    plain: set[int] = set()
    for part in walk(*node.body):
        if isinstance(part, ir.If) and _plain(part.test):
            plain |= {id(part), *(id(n) for n in walk(part.test, *part.body))}
    for part in walk(*node.body):
        if id(part) in plain:
            continue
        if (
            isinstance(part, ir.Call | ir.Compare)
            and not (isinstance(part, ir.Call) and written(part.func).rpartition(".")[2] in _PARSERS)
            and any(isinstance(n, ir.Name) and n.id in params for n in walk(part))
        ) or isinstance(part, _BRANCHES):
            asked += 1
    return asked > 2


_PARSERS = frozenset(("urlparse", "urlsplit"))


def _plain(test: ir.Expr) -> bool:
    """Whether a test asks only what is plain to see and vouches for nothing: is there a text, a host, is the scheme that of the web."""
    if isinstance(test, ir.BoolOp):
        return all(_plain(part) for part in test.values)
    if isinstance(test, ir.Unary) and test.op == "not":
        return _plain(test.operand)
    if isinstance(test, ir.Compare):
        none = all(isinstance(r, ir.Const) and r.value in (None, "") for r in test.rights)
        return none or (isinstance(test.left, ir.Attr) and test.left.name == "scheme")
    return isinstance(test, ir.Name) or (
        isinstance(test, ir.Attr) and test.name in ("scheme", "netloc", "hostname", "host")
    )
