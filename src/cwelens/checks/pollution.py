"""Functions that merge data into objects, whatever the keys say (CWE-915): `__class__` and `__globals__` lead from one object to all others.

Told by its shape: each key of the data is set as an attribute, what the attribute holds is merged by the function itself, and nothing is
asked of the key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.checks.checker import Checker
from cwelens.checks.static import add
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.testcode import is_test_module

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cwelens.resolve.symbols import FunctionInfo, ModuleInfo


def check(checker: Checker, modules: list[ModuleInfo]) -> None:
    """Looks through the given modules; tests are passed over."""
    for module in modules:
        if "setattr" not in module.source.text or is_test_module(module):
            continue
        for function in module.functions:
            for call in _unasked(function):
                reason = "the data comes from outside"
                add(checker, module, call, "object-pollution", reason, "setattr", "conditional")


def _unasked(function: FunctionInfo) -> Iterator[ir.Call]:
    """Calls of `setattr` under each key of data, in a function that goes down into what the attributes hold."""
    params = {p.name for p in function.node.params}
    for loop in walk(*function.node.body):
        if not isinstance(loop, ir.For):
            continue
        key = _key(loop, params)
        if key is None or _asked(loop, key) or not _descends(function, loop, key):
            continue
        for node in walk(*loop.body):
            if isinstance(node, ir.Call) and _named(node, "setattr") and len(node.args) == 3:
                if isinstance(node.args[1], ir.Name) and node.args[1].id == key:
                    yield node


def _key(loop: ir.For, params: set[str]) -> str | None:
    """The name of the key in `for key, value in data.items()`, `data` being a parameter."""
    data, target = loop.iterable, loop.target
    if not isinstance(data, ir.Call) or not isinstance(data.func, ir.Attr) or data.func.name != "items":
        return None
    if not isinstance(data.func.base, ir.Name) or data.func.base.id not in params:
        return None
    first = target.items[0] if isinstance(target, ir.Seq) and len(target.items) == 2 else None
    return first.id if isinstance(first, ir.Name) else None


def _asked(loop: ir.For, key: str) -> bool:
    """Whether a comparison, or a method, asks something of the key."""
    for node in walk(*loop.body):
        if isinstance(node, ir.Compare) and any(isinstance(n, ir.Name) and n.id == key for n in walk(node)):
            return True
        if isinstance(node, ir.Attr) and isinstance(node.base, ir.Name) and node.base.id == key:
            return True
        if isinstance(node, ir.Call) and not _named(node, "setattr", "getattr", "hasattr", "isinstance"):
            # A function of the program's own may ask: `check_name(key)`.
            if any(isinstance(a, ir.Name) and a.id == key for a in node.args):
                return True
    return False


def _descends(function: FunctionInfo, loop: ir.For, key: str) -> bool:
    """Whether the function calls itself with what an attribute named by the key holds."""
    held = {
        target.id
        for node in walk(*loop.body)
        if isinstance(node, ir.Assign) and _read(node.value, key)
        for target in node.targets
        if isinstance(target, ir.Name)
    }
    for node in walk(*loop.body):
        if isinstance(node, ir.Call) and _named(node, function.name):
            if any(_read(a, key) or (isinstance(a, ir.Name) and a.id in held) for a in node.args):
                return True
    return False


def _read(node: ir.Expr | None, key: str) -> bool:
    """`getattr(instance, key)`"""
    return (
        isinstance(node, ir.Call)
        and _named(node, "getattr")
        and len(node.args) > 1
        and isinstance(node.args[1], ir.Name)
        and node.args[1].id == key
    )


def _named(node: ir.Call, *names: str) -> bool:
    func = node.func
    return (func.id if isinstance(func, ir.Name) else func.name if isinstance(func, ir.Attr) else "") in names
