"""The bodies of a module with what their names are assigned, and the names in callees and accesses: read off the code, without flow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cwelens.ir import nodes as ir
from cwelens.ir.walk import children, walk

if TYPE_CHECKING:
    from cwelens.resolve.symbols import FunctionInfo, ModuleInfo


class Body:
    """A function's body (or a module's top level), with what its names are assigned."""

    __slots__ = ("assigned", "function", "module", "nodes", "params")

    def __init__(self, module: ModuleInfo, function: FunctionInfo | None) -> None:
        self.module = module
        self.function = function
        statements = function.node.body if function is not None else module.body
        self.nodes = list(_own(statements))
        self.params = [p.name for p in function.node.params] if function is not None else []
        self.assigned: dict[str, list[ir.Expr]] = {}
        for node in self.nodes:
            if isinstance(node, ir.Assign) and node.value is not None:
                for target in node.targets:
                    self._bind(target, node.value)
            elif isinstance(node, ir.Walrus):
                self._bind(node.target, node.value)

    def _bind(self, target: ir.Expr, value: ir.Expr) -> None:
        if isinstance(target, ir.Name):
            self.assigned.setdefault(target.id, []).append(value)
        elif (
            isinstance(target, ir.Seq) and isinstance(value, ir.Seq) and len(target.items) == len(value.items)
        ):
            for part, given in zip(target.items, value.items):
                self._bind(part, given)


def _own(statements: list[ir.Stmt]) -> Iterator[ir.Node]:
    """The nodes of a body without those of the functions and classes defined in it."""
    stack: list[ir.Node] = list(reversed(statements))
    while stack:
        node = stack.pop()
        if isinstance(node, ir.Function | ir.Class):
            continue
        yield node
        stack.extend(reversed(children(node)))


_KNOWN: dict[int, tuple[ModuleInfo, list[Body]]] = {}


def bodies(module: ModuleInfo) -> list[Body]:
    """The bodies of a module: its top level and every function. Several checks ask for them: they are kept until `forget`."""
    known = _KNOWN.get(id(module))
    if known is None or known[0] is not module:
        made = [Body(module, None), *(Body(module, function) for function in module.functions)]
        known = _KNOWN[id(module)] = (module, made)
    return known[1]


def forget() -> None:
    """What was kept of the modules of a program that has been checked is let go."""
    _KNOWN.clear()


def arms(nodes: Iterable[ir.Node], place: ir.Pos) -> Iterator[tuple[ir.Expr, bool]]:
    """The tests that decide whether a place (a span of the source) is reached, each with whether it holds there: the arms of `if` that it stands in.

    `nodes` are all those of the body in which the place is.
    """
    for node in nodes:
        if isinstance(node, ir.If) and _around(node.pos, place):
            for held, arm in ((True, node.body), (False, node.orelse)):
                if any(_around(part.pos, place) for part in arm):
                    yield node.test, held


def _around(outer: ir.Pos, inner: ir.Pos) -> bool:
    return outer[:2] <= inner[:2] and inner[2:] <= outer[2:]


def last_name(node: ir.Expr) -> str:
    """The last name of a callee or an access: `b` of `a.b`, `a["b"]` and `b`; "" for anything else."""
    if isinstance(node, ir.Name):
        return node.id
    if isinstance(node, ir.Attr):
        return node.name
    if isinstance(node, ir.Item) and isinstance(node.key, ir.Const) and isinstance(node.key.value, str):
        return node.key.value
    return ""


def root_name(node: ir.Expr) -> str:
    """The name that an access begins with: `a` of `a.b["c"].get("d")`."""
    while True:
        if isinstance(node, ir.Attr | ir.Item):
            node = node.base
        elif isinstance(node, ir.Call):
            node = node.func
        elif isinstance(node, ir.Await):
            node = node.value
        else:
            return node.id if isinstance(node, ir.Name) else ""


def texts(node: ir.Node) -> Iterator[str]:
    """The literal texts in an expression."""
    for part in walk(node):
        if isinstance(part, ir.Const) and isinstance(part.value, str):
            yield part.value
        elif isinstance(part, ir.Format):
            yield from (p for p in part.parts if isinstance(p, str))
