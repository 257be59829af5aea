"""Attributes of `self` that are read and that only a base class outside the input can define.

One walk over the methods of classes with such a base; what is called is the ledger's, not an attribute here.
"""

from __future__ import annotations

from collections.abc import Iterator

from cwelens.base.location import Location, locate
from cwelens.ir import nodes as ir
from cwelens.ir.walk import children
from cwelens.report.material import Material
from cwelens.report.origins import Origin, inherited
from cwelens.resolve.program import is_self
from cwelens.resolve.symbols import ClassInfo, FunctionInfo, ModuleInfo


class Read:
    """One attribute, at the first place of each method that reads it."""

    __slots__ = ("module", "name", "node", "origin", "reason")

    def __init__(self, module: ModuleInfo, node: ir.Attr, where: Origin, cls: ClassInfo) -> None:
        self.module = module
        self.node = node
        self.name = node.name
        self.origin = where
        self.reason = f"`{cls.name}` never assigns it; it may come from the base class `{where.name}`, which is not in the input"

    @property
    def location(self) -> Location:
        return locate(self.module.source, self.node.pos)


def inherited_reads(material: Material) -> Iterator[Read]:
    """Every such attribute, in the order of the code."""
    origins: dict[ClassInfo, Origin | None] = {}
    defined: dict[ClassInfo, set[str]] = {}
    for module in material.modules:
        for function in module.functions:
            cls = function.self_class
            if cls is None or function.self_name is None:
                continue
            if cls not in origins:
                origins[cls] = inherited(material.program, cls)
                defined[cls] = _defined(material, cls)
            where = origins[cls]
            if where is not None:
                for node in _reads(function, defined[cls]):
                    yield Read(module, node, where, cls)


def _defined(material: Material, cls: ClassInfo) -> set[str]:
    names: set[str] = set()
    for ancestor in material.program.mro(cls)[0]:
        names.update(ancestor.methods, ancestor.bindings, ancestor.instance_attrs)
    return names


def _reads(function: FunctionInfo, defined: set[str]) -> Iterator[ir.Attr]:
    name = function.self_name or ""
    if not is_self(function, name):
        return
    seen: set[str] = set()
    stack: list[ir.Node] = list(reversed(function.node.body))
    while stack:
        node = stack.pop()
        if isinstance(node, (ir.Function, ir.Class)):
            continue
        if isinstance(node, ir.Call):
            stack += reversed([*node.args, *(value for _, value in node.keywords)])
            # `self.x()` is a call of the ledger; of `self.x.y()` the receiver is named there too.
            if isinstance(node.func, ir.Attr) and _is_chain(node.func):
                continue
            stack.append(node.func)
            continue
        if isinstance(node, ir.Attr) and isinstance(node.base, ir.Name):
            if (
                node.base.id == name
                and node.name not in defined
                and node.name not in seen
                and node.name[:2] != "__"
            ):
                seen.add(node.name)
                yield node
            continue
        stack.extend(reversed(children(node)))


def _is_chain(node: ir.Expr) -> bool:
    while isinstance(node, ir.Attr):
        node = node.base
    return isinstance(node, ir.Name)
