"""Permissions that a registration names, as Pyramid's do: nobody without one is let through."""

from __future__ import annotations

from cwelens.app.evaluate import text_of
from cwelens.app.values import Guard
from cwelens.app.words import words
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted
from cwelens.resolve.symbols import ModuleInfo

# Permissions that every account has: to have one of these is to be logged in.
_ANY_ACCOUNT = frozenset(("view", "read", "authenticated", "login", "user", "access", "member"))


def of_permission(module: ModuleInfo, node: ir.Expr) -> tuple[Guard, ...]:
    """The guards that `permission="edit"` makes."""
    text = node.value if isinstance(node, ir.Const) else (dotted(node) or "").rpartition(".")[2]
    if not isinstance(text, str) or not text or "NO_PERMISSION" in text.upper():
        return ()
    spot = (module.source, node.pos)
    shown = f"permission={text_of(module, node)}"
    login = Guard("login", shown, spot, "hook")
    return (login,) if words(text) <= _ANY_ACCOUNT else (login, Guard("role", shown, spot, "hook"))
