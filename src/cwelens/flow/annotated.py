"""Annotations written out: what a name for one stands for (`CurrentUser = Annotated[User, Depends(current_user)]`), and what it is marked with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.flow.run import Run, written
from cwelens.ir import nodes as ir
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import Binding, External

if TYPE_CHECKING:
    from cwelens.resolve.symbols import FunctionInfo, ModuleInfo

_DEPTH = 4


class Annotation:
    """An annotation, with the module and the function in which its names have their meaning."""

    __slots__ = ("function", "module", "node")

    def __init__(self, module: ModuleInfo, function: FunctionInfo | None, node: ir.Expr | None) -> None:
        self.module = module
        self.function = function
        self.node = node

    def typed(self) -> ir.Expr | None:
        """Page in `Annotated[Page, Depends()]`, and in `Page` itself."""
        if isinstance(self.node, ir.Item) and written(self.node.base).rpartition(".")[2] == "Annotated":
            key = self.node.key
            return key.items[0] if isinstance(key, ir.Seq) and key.items else key
        return self.node

    def marks(self) -> list[ir.Expr]:
        """What stands behind the type in `Annotated[…]`."""
        if isinstance(self.node, ir.Item) and isinstance(self.node.key, ir.Seq):
            return self.node.key.items[1:]
        return []


def written_out(run: Run, function: FunctionInfo, param: ir.Param) -> Annotation:
    """The annotation of a parameter; that which it is a name for, where it is one."""
    found = Annotation(function.module, function.parent, param.annotation)
    for _ in range(_DEPTH):
        if not isinstance(found.node, ir.Name | ir.Attr):
            break
        symbol = symbol_of(run.program.resolve_expr(found.module, found.function, found.node))
        if not (isinstance(symbol, Binding) and isinstance(symbol.value, ir.Item | ir.Binary)):
            break
        run.shared.learn(symbol.module)
        found = Annotation(symbol.module, symbol.where, symbol.value)
    return found


def called(run: Run, known: Annotation, part: ir.Expr) -> str:
    """The library name of what is called in a default or a mark: `fastapi.Query`; "" where it is none."""
    if not isinstance(part, ir.Call) or not isinstance(part.func, ir.Name | ir.Attr):
        return ""
    symbol = symbol_of(run.program.resolve_expr(known.module, known.function, part.func))
    return run.models.canonical(symbol.qualname) if isinstance(symbol, External) else ""
