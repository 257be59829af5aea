"""What a setting falls back to where the environment does not give it: a literal there is what the program then runs with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.checks.bodies import last_name, root_name, texts
from cwelens.ir import nodes as ir

if TYPE_CHECKING:
    from cwelens.resolve.symbols import ModuleInfo

# Callables that read a setting of the environment, and their parameter for what it is else.
_READERS = frozenset(("getenv", "get", "config", "env", "str", "from_env", "setdefault"))
_ENVIRONMENT = frozenset(("os", "environ", "getenv", "env", "config"))
_ELSE = frozenset(("default", "fallback"))


def of(module: ModuleInfo, value: ir.Expr) -> tuple[ir.Const, str] | None:
    """The literal that an expression comes to where the environment lacks a name, and that name; None where it has no such literal."""
    if isinstance(value, ir.BoolOp) and value.op == "or":
        name = asked(value.values[0])
        literal = constant(module, value.values[-1])
        return (literal, name) if name and literal is not None else None
    if not isinstance(value, ir.Call):
        return None
    name = asked(value)
    given = [*value.args[1:2], *(v for k, v in value.keywords if k in _ELSE)]
    literal = constant(module, given[0]) if name and given else None
    return (literal, name) if literal is not None else None


def asked(node: ir.Expr) -> str:
    """The name that an expression asks the environment for; "" for another expression."""
    if isinstance(node, ir.Item) and last_name(node.base) == "environ":
        return last_name(node)
    if not isinstance(node, ir.Call) or not node.args or last_name(node.func) not in _READERS:
        return ""
    if root_name(node.func) not in _ENVIRONMENT:
        return ""
    if (
        last_name(node.func) in ("get", "setdefault")
        and last_name(getattr(node.func, "base", node)) != "environ"
    ):
        return ""
    return next(texts(node.args[0]), "") if isinstance(node.args[0], ir.Const) else ""


def constant(module: ModuleInfo, value: ir.Expr) -> ir.Const | None:
    """The literal that an expression is: itself, or the one text that a name of the module is given."""
    if isinstance(value, ir.Const):
        return value
    if not isinstance(value, ir.Name):
        return None
    given = [
        stmt.value
        for stmt in module.body
        if isinstance(stmt, ir.Assign)
        and any(isinstance(target, ir.Name) and target.id == value.id for target in stmt.targets)
    ]
    only = given[0] if len(given) == 1 else None
    return only if isinstance(only, ir.Const) and isinstance(only.value, str) else None
