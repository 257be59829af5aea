"""Debug mode by where it is switched on: under a switch of the program's own, or on this machine alone."""

from __future__ import annotations

from cwelens.checks import names
from cwelens.checks.bodies import Body, arms, last_name
from cwelens.checks.judgement import Judgement
from cwelens.flow.run import CallSite
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

_SWITCHES = frozenset(("debug", "debugging", "dev", "devel", "development", "develop"))
_LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))


ASKED = "a test: it is on where debugging is asked for"


def asked_for(node: ir.Node, body: Body) -> bool:
    """Whether a place is reached only where a switch for debugging is on."""
    return any(held and speaks_of(test) for test, held in arms(body.nodes, node.pos))


def mode(site: CallSite, body: Body) -> Judgement:
    """The judgement on a call that switches debug mode on."""
    if asked_for(site.node, body):
        return Judgement("guarded", ASKED)
    host = site.args.get(0, "host") if "host" in site.args.keywords else None
    known = host.const() if host is not None else None
    if known is not None and known.value in _LOOPBACK:
        return Judgement(
            "conditional", "", assumption="others reach it: by a proxy, or since they use this machine too"
        )
    return Judgement("defect")


def speaks_of(test: ir.Expr) -> bool:
    """Whether a test asks that debugging is on."""
    for part in walk(test):
        name = last_name(part) if isinstance(part, ir.Name | ir.Attr | ir.Item) else ""
        if isinstance(part, ir.Const) and isinstance(part.value, str):
            name = part.value
        if _SWITCHES & set(names.words(name)):
            return not isinstance(test, ir.Unary)
    return False
