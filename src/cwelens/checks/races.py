"""Files that are tested and then used by name (CWE-367): between the two, another process can put something else in the place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.checks.checker import Checker
from cwelens.checks.static import add, bodies, last_name
from cwelens.flow.assign import path_of
from cwelens.flow.run import written
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.testcode import is_test_module

if TYPE_CHECKING:
    from cwelens.resolve.symbols import ModuleInfo

_EXISTS = frozenset(("exists", "lexists", "isfile", "is_file"))
# Directories that every user of a machine can write to.
_SHARED = ("/tmp", "/var/tmp", "/dev/shm")
_WRITERS = frozenset(("write_text", "write_bytes"))


def check(checker: Checker, modules: list[ModuleInfo]) -> None:
    """Looks through the given modules; tests are passed over."""
    for module in modules:
        if is_test_module(module):
            continue
        for body in bodies(module):
            for node in body.nodes:
                if isinstance(node, ir.If):
                    _tested(checker, module, node, body.nodes)


def _tested(checker: Checker, module: ModuleInfo, node: ir.If, nodes: list[ir.Node]) -> None:
    found = _test(node.test)
    if found is None:
        return
    path, permission, absent = found
    branch = node.body if permission or absent else node.orelse
    for part in walk(*branch):
        if isinstance(part, ir.Call) and _uses(part, path, permission):
            shared = any(
                isinstance(n, ir.Const) and isinstance(n.value, str) and n.value.startswith(_SHARED)
                for n in walk(*nodes)
            )
            if shared or permission:
                reason = f"`{path}` is tested on line {node.test.pos[0]}, before"
                add(checker, module, part, "toctou", reason, written(part.func))
            else:
                reason = f"somebody else can write where `{path}`, tested on line {node.test.pos[0]}, lies"
                add(checker, module, part, "toctou", reason, written(part.func), "conditional")
            return


def _test(test: ir.Expr) -> tuple[str, bool, bool] | None:
    """The path that a condition asks about, whether it asks for a permission, whether the body runs where there is no file."""
    absent = isinstance(test, ir.Unary) and test.op == "not"
    call = test.operand if isinstance(test, ir.Unary) and absent else test
    if not isinstance(call, ir.Call):
        return None
    name = last_name(call.func)
    subject = call.args[0] if call.args else call.func.base if isinstance(call.func, ir.Attr) else None
    path = path_of(subject) if subject is not None else None
    if path is None:
        return None
    if name == "access" and written(call.func) == "os.access":
        return (path, True, False) if not absent else None
    return (path, False, absent) if name in _EXISTS else None


def _uses(call: ir.Call, path: str, permission: bool) -> bool:
    """Whether a call opens the file: to write it, or at all after a test of permission."""
    name = last_name(call.func)
    if name == "open":
        method = isinstance(call.func, ir.Attr) and path_of(call.func.base) == path
        if not method and not (call.args and path_of(call.args[0]) == path):
            return False
        modes = call.args[0 if method else 1 :][:1] + [v for k, v in call.keywords if k == "mode"]
        mode = next((m.value for m in modes if isinstance(m, ir.Const) and isinstance(m.value, str)), "r")
        return permission or ("x" not in mode and mode[:1] in ("w", "a"))
    return name in _WRITERS and isinstance(call.func, ir.Attr) and path_of(call.func.base) == path
