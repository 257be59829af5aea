"""Whether a weak setting is one that whoever runs the program has asked for: it stands under a switch whose name says so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.checks.bodies import arms, last_name, texts
from cwelens.checks.judgement import Judgement
from cwelens.flow.run import written
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

if TYPE_CHECKING:
    from cwelens.flow.state import Frame

# Switches that ask for less, and those that ask for more and are off.
_LESS = re.compile(
    r"(?i)insecure|unsafe|unverified|no_?(?:ssl|tls|cert)?_?verif|self_?signed"
    r"|(?:skip|ignore|disable|trust|allow)\w*(?:ssl|tls|cert|verif|host|jwt|token|signature|http(?!s))"
)
_MORE = re.compile(r"(?i)verif|valid|secure|strict|check_?(?:ssl|tls|cert|host)")
_CONCEPTS = frozenset(
    ("tls.unverified", "tls.hostname", "ssh.hostkey", "jwt.unverified", "cleartext.protocol")
)


def judged(frame: Frame, node: ir.Node, concept: str) -> Judgement:
    """A defect; a conditional one where a switch of the program asks for just that."""
    if concept not in _CONCEPTS:
        return Judgement("defect")
    body = frame.node.body if isinstance(frame.node, ir.Function) else frame.module.body
    if concept in ("tls.unverified", "tls.hostname") and _only_looks(body):
        return Judgement("neutralised", "only the certificate is fetched, and nothing is sent")
    for test, held in arms(walk(*body), node.pos):
        switch = _asks(test, held)
        if switch:
            return Judgement(
                "conditional", "", assumption=f"`{switch}` holds where the program is in service"
            )
    return Judgement("defect")


_LOOKING = frozenset(("getpeercert", "get_peer_certificate", "get_peer_cert_chain", "get_server_certificate"))
_TALKING = frozenset(
    ("send", "sendall", "recv", "recv_into", "read", "write", "makefile", "request", "urlopen", "get", "post", "login", "connect_ex")
)  # fmt: skip


def _only_looks(body: list[ir.Stmt]) -> bool:
    """Whether a function connects to see which certificate there is: it has to take any, and says nothing over the connection."""
    called = {last_name(n.func) for n in walk(*body) if isinstance(n, ir.Call)}
    return bool(called & _LOOKING) and not called & _TALKING


def _asks(test: ir.Expr, held: bool) -> str:
    """The switch that asks for less, as written, where a test holds or does not; "" where it asks for nothing of the kind."""
    if isinstance(test, ir.Unary) and test.op == "not":
        return _asks(test.operand, not held)
    if isinstance(test, ir.BoolOp) and (test.op == "and") == held:
        return next((found for part in test.values if (found := _asks(part, held))), "")
    if isinstance(test, ir.Compare) and len(test.rights) == 1:
        right, same = test.rights[0], test.ops[0] in ("is", "==")
        if not isinstance(right, ir.Const) or not (same or test.ops[0] in ("is not", "!=")):
            return ""
        return _asks(test.left, (held == same) == (right.value not in _OFF))
    if not isinstance(test, ir.Name | ir.Attr | ir.Item | ir.Call):
        return ""
    # An option is asked for by its name: `getenv("SKIP_TLS_VERIFY")`.
    asked = texts(test) if isinstance(test, ir.Call) else ()
    for name in (written(test), *asked):
        less = bool(_LESS.search(name))
        if (less or _MORE.search(name)) and less == held:
            return f"{'' if held else 'not '}{name}"
    return ""


_OFF = (False, None, 0, "", "0", "false", "False", "no", "off")
