"""Who asks, told by a header that the client writes (CWE-348): `X-Forwarded-For` compared with addresses that may do more.

Proxies put the address they see behind what the header holds already, so that only its last entry is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cwelens.checks import names
from cwelens.checks.bodies import Body, bodies, last_name
from cwelens.checks.checker import Checker
from cwelens.checks.judgement import Judgement
from cwelens.checks.rules import BY_ID
from cwelens.checks.static import enclosing
from cwelens.flow.run import written
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.testcode import is_test_module

if TYPE_CHECKING:
    from cwelens.resolve.symbols import ModuleInfo

_HEADER = re.compile(
    r"(?i)^(?:http[-_])?(?:(?:x[-_])?forwarded[-_]for|x[-_]real[-_]ip|(?:x[-_]|true[-_])?client[-_]ip"
    r"|x[-_](?:cluster[-_]client|originating|remote)[-_](?:ip|addr))$"
)
# Some part of that in the text of a module: the others need not be looked through.
_NAMED = re.compile(r"(?i)forwarded[-_]for|(?:real|client|originating|remote)[-_](?:ip|addr)")
# An address, the beginning of one, or a network.
_ADDRESS = re.compile(r"^(?:\d{1,3}(?:\.\d{1,3}){0,3}\.?(?:/\d+)?|localhost|::1|fe80:.*|fd[0-9a-f]{2}:.*)$")
_LISTS = frozenset(
    ("allowed", "allow", "allowlist", "whitelist", "whitelisted", "trusted", "internal", "local", "admin")
)
_HOSTS = frozenset(
    ("ip", "ips", "address", "addresses", "addr", "addrs", "hosts", "networks", "network", "subnets")
)
# What `ipaddress` says of an address.
_PROPERTIES = frozenset(("is_private", "is_loopback", "is_link_local"))
_DOUBT = "the server in front lets the header of the client pass"
_DEPTH = 4


def check(checker: Checker, modules: list[ModuleInfo]) -> None:
    """Looks through the given modules; tests are passed over."""
    read = [module for module in modules if not is_test_module(module)]
    naming = {id(module) for module in read if _NAMED.search(module.source.text)}
    givers = _givers([body for module in read if id(module) in naming for body in bodies(module)])
    givers -= {function.name for module in read if id(module) not in naming for function in module.functions}
    for module in read:
        if not givers and id(module) not in naming:
            continue
        for body in bodies(module):
            for test in _tests(body):
                said = _told(test, body, givers)
                if said is not None:
                    reason = f"`{written(said)}` is what the client says"
                    judgement = Judgement("conditional", reason, assumption=_DOUBT)
                    place = (module.source, test.pos)
                    checker.add(
                        BY_ID["forwarded-address"],
                        place,
                        written(test),
                        enclosing(module, test),
                        "",
                        judgement,
                    )


def _givers(all_bodies: list[Body]) -> frozenset[str]:
    """Names of functions that give back what such a header says; of several functions of one name, all do."""
    verdicts: dict[str, bool] = {}
    for body in all_bodies:
        if body.function is None:
            continue
        given = [n.value for n in body.nodes if isinstance(n, ir.Return) and n.value is not None]
        says = any(_said(value, body, frozenset(), 0) for value in given)
        verdicts[body.function.name] = says and verdicts.get(body.function.name, True)
    return frozenset(name for name, says in verdicts.items() if says)


def _tests(body: Body) -> Iterator[ir.Expr]:
    """The single tests that branches hang on, or that are given back."""
    for node in body.nodes:
        whole = node.test if isinstance(node, ir.If | ir.While | ir.Cond | ir.Assert) else None
        if isinstance(node, ir.Return):
            whole = node.value
        for part in walk(whole) if whole is not None else ():
            if isinstance(part, ir.Compare | ir.Call | ir.Attr):
                yield part


def _told(test: ir.Expr, body: Body, givers: frozenset[str]) -> ir.Expr | None:
    """The address out of a header that a test holds against addresses of the program; None where it does not."""
    if isinstance(test, ir.Compare) and len(test.rights) == 1:
        sides = [(test.left, test.rights[0])]
        if test.ops[0] in ("==", "!="):
            sides.append((test.rights[0], test.left))
        elif test.ops[0] not in ("in", "not in"):
            return None
        return next((one for one, other in sides if _known(other) and _said(one, body, givers, 0)), None)
    if isinstance(test, ir.Attr) and test.name in _PROPERTIES:
        return test.base if _said(test.base, body, givers, 0) else None
    if isinstance(test, ir.Call) and isinstance(test.func, ir.Attr) and test.func.name == "startswith":
        if test.args and _known(test.args[0]) and _said(test.func.base, body, givers, 0):
            return test.func.base
    return None


def _known(node: ir.Expr) -> bool:
    """Whether an expression is an address of the program, or a list of such."""
    if isinstance(node, ir.Const):
        return isinstance(node.value, str) and bool(_ADDRESS.match(node.value))
    if isinstance(node, ir.Seq):
        return bool(node.items) and all(map(_known, node.items))
    if isinstance(node, ir.Name | ir.Attr | ir.Item):
        parts = set(names.words(last_name(node)))
        return bool(parts & _LISTS) and bool(parts & _HOSTS)
    if isinstance(node, ir.Call) and last_name(node.func) in ("ip_network", "ip_address", "IPNetwork"):
        return bool(node.args) and _known(node.args[0])
    return False


def _said(node: ir.Expr, body: Body, givers: frozenset[str], depth: int) -> bool:
    """Whether an expression is what such a header says, whole or an entry that is not the last."""
    if depth > _DEPTH:
        return False
    if isinstance(node, ir.Name):
        given = body.assigned.get(node.id, [])
        if any(_ends(value) for value in given):
            return False
        return any(_said(value, body, givers, depth + 1) for value in given)
    if isinstance(node, ir.BoolOp):
        return any(_said(value, body, givers, depth) for value in node.values)
    if isinstance(node, ir.Cond):
        return any(_said(arm, body, givers, depth) for arm in (node.body, node.orelse))
    if isinstance(node, ir.Item):
        if isinstance(node.key, ir.Const) and isinstance(node.key.value, str):
            return bool(_HEADER.match(node.key.value))
        return not _ends(node) and _said(node.base, body, givers, depth)
    if not isinstance(node, ir.Call):
        return False
    if last_name(node.func) in givers:
        return True
    first = node.args[0] if node.args else None
    if isinstance(first, ir.Const) and isinstance(first.value, str) and _HEADER.match(first.value):
        return isinstance(node.func, ir.Attr) and node.func.name.startswith("get")
    inner = [node.func.base] if isinstance(node.func, ir.Attr) else []
    return any(_said(part, body, givers, depth) for part in [*inner, *node.args[:1]])


def _ends(node: ir.Expr) -> bool:
    """Whether an expression takes an entry counted from the end: what the nearest server has put there."""
    for part in walk(node):
        if isinstance(part, ir.Item):
            for inside in walk(part.key):
                if isinstance(inside, ir.Unary | ir.Binary) and inside.op == "-":
                    return True
                if isinstance(inside, ir.Const) and isinstance(inside.value, int) and inside.value < 0:
                    return True
        elif isinstance(part, ir.Attr) and part.name in ("pop", "rsplit", "rpartition"):
            return True
    return False
