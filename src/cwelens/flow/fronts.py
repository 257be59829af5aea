"""Names that hold the front of another one's text: what an address is found to be, up to its query, the whole address is.

`path = target`, `path = target[: target.index("?")]` and `path, _, query = target.partition("?")` leave `path` with how `target` begins.
Where that is an address of the program itself, `target` leads nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

if TYPE_CHECKING:
    from cwelens.flow.run import Run

# What ends the path of an address.
_ENDS = ("?", "#")
_CUTTING = ("split", "partition")


def wholes(run: Run, node: ir.Expr) -> list[ir.Name]:
    """The other names whose front an operand is, wherever it is assigned in the function that is being interpreted."""
    func = run.frame.func
    if not isinstance(node, ir.Name) or func is None:
        return []
    out: dict[str, ir.Name] = {}
    given: dict[str, int] = {}
    for part in walk(*func.node.body):
        if not isinstance(part, ir.Assign) or part.value is None:
            continue
        for target in part.targets:
            names = [target] if not isinstance(target, ir.Seq) else target.items
            for index, name in enumerate(names):
                if not isinstance(name, ir.Name):
                    continue
                given[name.id] = given.get(name.id, 0) + 1
                if name.id != node.id:
                    continue
                whole = _cut_from(part.value, 0 if isinstance(target, ir.Seq) and not index else None)
                if whole is None:
                    return []
                if whole.id != node.id:
                    out[whole.id] = whole
    return [name for name in out.values() if given.get(name.id, 0) < 2]


def _cut_from(node: ir.Expr, index: int | None) -> ir.Name | None:
    """The name that an expression is, or whose front it is; `index` is its place where the expression is taken apart."""
    if isinstance(node, ir.Name):
        return node if index is None else None
    if isinstance(node, ir.Item) and isinstance(node.key, ir.Slice):
        upper = node.key.upper
        ends = upper is not None and any(isinstance(n, ir.Const) and n.value in _ENDS for n in walk(upper))
        cut = ends and node.key.lower is None and index is None
        return node.base if cut and isinstance(node.base, ir.Name) else None
    if isinstance(node, ir.Item) and isinstance(node.key, ir.Const) and node.key.value == 0 and index is None:
        return _cut_from(node.base, 0)
    if not (isinstance(node, ir.Call) and isinstance(node.func, ir.Attr) and index == 0):
        return None
    end = node.args[0] if node.args else None
    cuts = node.func.name in _CUTTING and isinstance(end, ir.Const) and end.value in _ENDS
    return node.func.base if cuts and isinstance(node.func.base, ir.Name) else None
