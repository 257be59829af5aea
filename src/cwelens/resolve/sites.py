"""All call expressions of a module with the scope each one stands in, in one walk.

Invariant: every `Call` node of the module is given exactly once, in source order of its start (where two start at the same
place, the one that ends first comes first).
"""

from __future__ import annotations

from cwelens.ir import nodes as ir
from cwelens.ir.walk import children
from cwelens.resolve.scope import Scope, inner_scope
from cwelens.resolve.symbols import ModuleInfo

# The child fields of the frequent nodes; all others are asked for their children. A function or class without a field
# here has its body entered with its own scope, the rest of it with the scope around.
_FIELDS: dict[type, tuple[str, ...]] = {
    ir.Name: (),
    ir.Const: (),
    ir.Jump: (),
    ir.Import: (),
    ir.ImportFrom: (),
    ir.Scope: (),
    ir.Attr: ("base",),
    ir.Call: ("func", "args", "keywords"),
    ir.ExprStmt: ("value",),
    ir.Return: ("value",),
    ir.Assign: ("targets", "value", "annotation"),
    ir.AugAssign: ("target", "value"),
    ir.Binary: ("left", "right"),
    ir.If: ("test", "body", "orelse"),
    ir.Seq: ("items",),
    ir.DictDisplay: ("items",),
    ir.Compare: ("left", "rights"),
    ir.Item: ("base", "key"),
    ir.Slice: ("lower", "upper", "step"),
    ir.BoolOp: ("values",),
    ir.Unary: ("operand",),
    ir.Star: ("value",),
    ir.Cond: ("test", "body", "orelse"),
    ir.Format: ("parts",),
    ir.Hole: ("value", "spec"),
    ir.Raise: ("value", "cause"),
    ir.Assert: ("test", "message"),
    ir.With: ("items", "body"),
    ir.For: ("target", "iterable", "body", "orelse"),
    ir.While: ("test", "body", "orelse"),
    ir.Try: ("body", "handlers", "orelse", "final"),
    ir.Handler: ("types", "body"),
    ir.Param: ("annotation", "default"),
    ir.Function: ("decorators", "params", "returns"),
    ir.Class: ("decorators", "bases", "keywords"),
}
# What holds no call: not worth a turn of the loop.
_LEAVES = frozenset([ir.Name, ir.Const, ir.Jump, ir.Import, ir.ImportFrom, ir.Scope, str, type(None)])


def call_sites(module: ModuleInfo) -> list[tuple[ir.Call, Scope]]:
    """Each call of the module with its scope."""
    functions = {info.node: info for info in module.functions}
    classes = {info.node: info for info in module.classes}
    found: list[tuple[ir.Call, Scope]] = []
    work: list[tuple[list[ir.Node], Scope]] = [([*module.body], Scope(module))]
    leaves, tables = _LEAVES, _FIELDS
    while work:
        stack, scope = work.pop()
        while stack:
            node = stack.pop()
            kind = type(node)
            fields = tables.get(kind)
            if fields is None:
                if isinstance(node, (ir.Lambda, ir.Comp)):
                    # Defaults and the first iterable belong to the scope around; that they see the inner names does no harm.
                    work.append((children(node), inner_scope(scope, node)))
                else:
                    stack += children(node)
                continue
            if kind is ir.Call:
                found.append((node, scope))  # type: ignore[arg-type]
            elif isinstance(node, ir.Function):
                work.append(([*node.body], Scope(module, functions[node])))
            elif isinstance(node, ir.Class):
                cls = classes[node]
                work.append(([*node.body], Scope(module, cls.function, cls)))
            for field in fields:
                value = getattr(node, field)
                if type(value) is list:
                    for part in value:
                        if type(part) is tuple:
                            stack += [one for one in part if type(one) not in leaves]
                        elif type(part) not in leaves:
                            stack.append(part)
                elif type(value) not in leaves:
                    stack.append(value)
    found.sort(key=_position)
    return found


def _position(site: tuple[ir.Call, Scope]) -> ir.Pos:
    return site[0].pos
