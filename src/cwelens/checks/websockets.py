"""Handlers of WebSockets that accept connections from pages of any site (CWE-1385): Tornado's test of the origin answered with a plain yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.checks.checker import Checker
from cwelens.checks.static import add
from cwelens.flow.run import written
from cwelens.ir import nodes as ir
from cwelens.resolve.testcode import is_test_module

if TYPE_CHECKING:
    from cwelens.resolve.symbols import ModuleInfo

_TEST = "check_origin"
# Methods of Tornado's handlers that stand beside the test where the base class is not in sight.
_BESIDE = frozenset(("open", "on_message", "on_close"))


def check(checker: Checker, modules: list[ModuleInfo]) -> None:
    """Looks through the given modules; tests are passed over."""
    for module in modules:
        if is_test_module(module):
            continue
        for cls in module.classes:
            method = cls.methods.get(_TEST)
            if method is None or not _always(method.node.body):
                continue
            if _BESIDE & cls.methods.keys() or any("websocket" in written(b).lower() for b in cls.node.bases):
                reason = "it answers yes whatever the origin is"
                add(checker, module, method.node, "websocket-origin", reason, f"{cls.name}.{_TEST}")


def _always(body: list[ir.Stmt]) -> bool:
    """Whether a body does nothing but to give True back, whatever it says or logs before."""
    last = body[-1] if body else None
    if (
        not isinstance(last, ir.Return)
        or not isinstance(last.value, ir.Const)
        or last.value.value is not True
    ):
        return False
    return all(isinstance(stmt, ir.ExprStmt) for stmt in body[:-1])
