"""Decorators that hand a handler what a schema has let through of the request: its declared fields and no others (CWE-915)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.app.words import table
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import FunctionInfo

if TYPE_CHECKING:
    from cwelens.app.frame import Knowledge

# How schemas are asked to let through what they name.
LETTING = table("load validate parse_obj model_validate validate_python deserialize dump_python validated")
_TEXTS = frozenset(("json", "yaml", "pickle", "toml", "marshal"))


def fills(know: Knowledge, handler: FunctionInfo, name: str) -> bool:
    """Whether a decorator of the program gives a handler's parameter what came out of a schema."""
    for decorator in handler.node.decorators:
        target = decorator.func if isinstance(decorator, ir.Call) else decorator
        symbol = symbol_of(know.program.resolve_expr(handler.module, handler.parent, target))
        if isinstance(symbol, FunctionInfo):
            let = _let_through(symbol)
            if let and any(_hands_over(node, name, let) for node in walk(*symbol.node.body)):
                return True
    return False


def _let_through(info: FunctionInfo) -> set[str]:
    """The names that hold what a schema gave back."""
    found: set[str] = set()
    for node in walk(*info.node.body):
        if isinstance(node, ir.Assign) and isinstance(node.value, ir.Call) and _of_schema(node.value):
            for target in node.targets:
                # `data, errors = schema.load(sent)`
                first = target.items[0] if isinstance(target, ir.Seq) and target.items else target
                if isinstance(first, ir.Name):
                    found.add(first.id)
    return found


def _of_schema(call: ir.Call) -> bool:
    func = call.func
    if not (isinstance(func, ir.Attr) and func.name in LETTING and call.args):
        return False
    return not (isinstance(func.base, ir.Name) and func.base.id in _TEXTS)


def _hands_over(node: ir.Node, name: str, let: set[str]) -> bool:
    """`kwargs["data"] = data`, or `view(*args, data=data)`"""
    if isinstance(node, ir.Call):
        return any(k == name and isinstance(v, ir.Name) and v.id in let for k, v in node.keywords)
    if not (isinstance(node, ir.Assign) and isinstance(node.value, ir.Name) and node.value.id in let):
        return False
    return any(
        isinstance(t, ir.Item) and isinstance(t.key, ir.Const) and t.key.value == name for t in node.targets
    )
