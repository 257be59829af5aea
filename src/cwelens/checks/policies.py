"""Limits that a program sets itself too wide: passwords of any form or too short (CWE-521), sessions that last for months (CWE-613)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.checks import names
from cwelens.checks.checker import Checker
from cwelens.checks.static import add, last_name
from cwelens.flow.run import written
from cwelens.ir import nodes as ir
from cwelens.resolve.testcode import is_test_module

if TYPE_CHECKING:
    from cwelens.resolve.symbols import ModuleInfo

# NIST SP 800-63B asks for 8 characters; what lets fewer than this pass is a defect beyond dispute.
SHORTEST = 6
LONGEST = 90 * 24 * 3600
_LIFETIMES = frozenset(("SESSION_COOKIE_AGE", "PERMANENT_SESSION_LIFETIME", "permanent_session_lifetime"))
_UNITS = {"weeks": 7 * 86400, "days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}
_OTHER_PLACE = re.compile(r"(?i)(?:^|[/_.])(?:dev|devel|development|local|test|testing|ci)(?:[/_.]|$)")


def check(checker: Checker, modules: list[ModuleInfo]) -> None:
    """Looks through the given modules; tests and settings of a developer's machine are passed over."""
    for module in modules:
        if is_test_module(module) or _OTHER_PLACE.search(module.path):
            continue
        for node in module.nodes:
            if isinstance(node, ir.Assign) and node.value is not None:
                for target in node.targets:
                    _assigned(checker, module, target, node.value)
            elif isinstance(node, ir.Compare) and len(node.ops) == 1:
                _length(checker, module, node)


def _assigned(checker: Checker, module: ModuleInfo, target: ir.Expr, value: ir.Expr) -> None:
    name = last_name(target)
    if name == "AUTH_PASSWORD_VALIDATORS" and isinstance(value, ir.Seq) and not value.items:
        add(checker, module, target, "weak-passwords", "no validator looks at a new password", name)
    elif name in _LIFETIMES:
        seconds = _seconds(value)
        if seconds is not None and seconds > LONGEST:
            reason = f"a session lasts {seconds // 86400:.0f} days"
            add(checker, module, target, "long-session", reason, name)


def _seconds(node: ir.Expr) -> float | None:
    """The length of time that an expression of constants says, None where it is not known."""
    if isinstance(node, ir.Const):
        if isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return float(node.value)
        return None
    if isinstance(node, ir.Binary) and node.op == "*":
        left, right = _seconds(node.left), _seconds(node.right)
        return None if left is None or right is None else left * right
    if isinstance(node, ir.Call) and last_name(node.func) == "timedelta" and (node.keywords or node.args):
        given = [("days", part) for part in node.args[:1]] + [(k or "", v) for k, v in node.keywords]
        total = 0.0
        for unit, part in given:
            amount = _seconds(part)
            if amount is None or unit not in _UNITS:
                return None
            total += amount * _UNITS[unit]
        return total
    return None


def _length(checker: Checker, module: ModuleInfo, node: ir.Compare) -> None:
    """`len(password) < 4`: what is refused is only what is shorter still."""
    left, op, right = node.left, node.ops[0], node.rights[0]
    if not (isinstance(left, ir.Call) and last_name(left.func) == "len" and left.args):
        return
    subject = last_name(left.args[0])
    if not names.is_password(subject) or not isinstance(right, ir.Const) or type(right.value) is not int:
        return
    least = {"<": right.value, "<=": right.value + 1, ">=": right.value, ">": right.value + 1}.get(op, 0)
    if 1 < least < SHORTEST:
        reason = f"{least} characters are enough"
        add(checker, module, node, "weak-passwords", reason, written(left.args[0]))
