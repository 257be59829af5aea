"""Whether a weak setting is one that whoever runs the program has asked for: it stands under a switch whose name says so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.checks.judgement import Judgement
from cwelens.flow.run import written
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cwelens.flow.state import Frame

# Switches that ask for less, and those that ask for more and are off.
_LESS = re.compile(
    r"(?i)insecure|unsafe|unverified|no_?(?:ssl|tls|cert)?_?verif|self_?signed"
    r"|(?:skip|ignore|disable|trust|allow)\w*(?:ssl|tls|cert|verif|host|jwt|token|signature)"
)
_MORE = re.compile(r"(?i)verif|valid|secure|strict|check_?(?:ssl|tls|cert|host)")
_CONCEPTS = frozenset(("tls.unverified", "tls.hostname", "ssh.hostkey", "jwt.unverified"))


def judged(frame: Frame, node: ir.Node, concept: str) -> Judgement:
    """A defect; a conditional one where a switch of the program asks for just that."""
    if concept not in _CONCEPTS:
        return Judgement("defect")
    body = frame.node.body if isinstance(frame.node, ir.Function) else frame.module.body
    switch = _switch(node, body)
    if not switch:
        return Judgement("defect")
    return Judgement("conditional", "", assumption=f"`{switch}` holds where the program is in service")


def _switch(node: ir.Node, body: Sequence[ir.Node]) -> str:
    """The test under which a call stands that asks for what it does, as written; "" where there is none."""
    for part in walk(*body):
        if not isinstance(part, ir.If):
            continue
        asked, off = _asked(part.test)
        if not asked:
            continue
        held = part.body if asked == "less" or off else part.orelse
        if any(each is node for each in walk(*held)):
            return f"{'not ' if off else ''}{written(_plain(part.test))}"
    return ""


def _asked(test: ir.Expr) -> tuple[str, bool]:
    """Whether a switch asks for less or for more, and whether the test asks that it is off."""
    off = isinstance(test, ir.Unary) and test.op == "not"
    bare = _plain(test)
    if isinstance(test, ir.Compare) and len(test.rights) == 1:
        right = test.rights[0]
        off = isinstance(right, ir.Const) and right.value is False and test.ops[0] in ("is", "==")
    if not isinstance(bare, ir.Name | ir.Attr | ir.Item | ir.Call):
        return "", off
    name = written(bare)
    if not off and _LESS.search(name):
        return "less", off
    return ("more", off) if _MORE.search(name) and not _LESS.search(name) else ("", off)


def _plain(test: ir.Expr) -> ir.Expr:
    if isinstance(test, ir.Unary) and test.op == "not":
        return test.operand
    return test.left if isinstance(test, ir.Compare) else test
