"""Permissions that a registration or an object names, as Pyramid's and Flask-Principal's do: nobody without one is let through."""

from __future__ import annotations

from cwelens.app.evaluate import text_of
from cwelens.app.frame import Knowledge
from cwelens.app.values import Guard
from cwelens.app.words import words
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import Binding, ClassInfo, External, FunctionInfo, ModuleInfo

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


def of_object(know: Knowledge, module: ModuleInfo, parent: FunctionInfo | None, node: ir.Expr) -> str:
    """`@editors.require(403)` of Flask-Principal, where `editors` is made as a permission: nobody without it is let through."""
    symbol = symbol_of(know.program.resolve_expr(module, parent, node))
    made = symbol.value if isinstance(symbol, Binding) else None
    if not isinstance(made, ir.Call) or not isinstance(symbol, Binding):
        return ""
    cls = symbol_of(know.program.resolve_expr(symbol.module, None, made.func))
    names = [cls.qualname] if isinstance(cls, External) else []
    if isinstance(cls, ClassInfo):
        names = know.program.library_bases(cls)
    return "role" if any(n.startswith("flask_principal.") for n in names) else ""
