"""Logins through PAM that do not ask whether the account may be used (CWE-863): expired and locked accounts get in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.checks.bodies import bodies, last_name
from cwelens.checks.checker import Checker
from cwelens.checks.static import add
from cwelens.flow.run import written
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.testcode import is_test_module

if TYPE_CHECKING:
    from cwelens.resolve.symbols import ModuleInfo

_PROVES, _ALLOWS = "pam_authenticate", "pam_acct_mgmt"


def check(checker: Checker, modules: list[ModuleInfo]) -> None:
    """Looks through the given modules; tests are passed over."""
    for module in modules:
        if is_test_module(module):
            continue
        asking = {f.name for f in module.functions if _ALLOWS in _called(f.node.body)}
        for body in bodies(module):
            calls = [node for node in body.nodes if isinstance(node, ir.Call)]
            called = {last_name(call.func) for call in calls}
            if _PROVES not in called or _ALLOWS in called or called & asking:
                continue
            for call in calls:
                if last_name(call.func) == _PROVES:
                    reason = f"no `{_ALLOWS}` follows"
                    add(checker, module, call, "account-unchecked", reason, written(call.func))


def _called(statements: list[ir.Stmt]) -> set[str]:
    return {last_name(node.func) for node in walk(*statements) if isinstance(node, ir.Call)}
