"""Annotations written out: what a name for one stands for (`CurrentUser = Annotated[User, Depends(current_user)]`), and what it is marked with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.flow.run import Run, written
from cwelens.ir import nodes as ir
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import Binding, External, FunctionInfo

if TYPE_CHECKING:
    from cwelens.resolve.symbols import ModuleInfo

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


# What is called with each value before a handler or a record gets it, and refuses it or answers for it (pydantic, annotated_types).
_VALIDATORS = frozenset(("Predicate", "AfterValidator", "BeforeValidator", "PlainValidator", "WrapValidator"))


def validator(run: Run, annotation: Annotation, depth: int = _DEPTH) -> str:
    """The function of the program that values of a declared type have to pass: `Annotated[str, AfterValidator(checked)]`; "" where none."""
    node = annotation.node
    if node is None or depth < 0:
        return ""
    if isinstance(node, ir.Name | ir.Attr):
        symbol = symbol_of(run.program.resolve_expr(annotation.module, annotation.function, node))
        if isinstance(symbol, Binding) and isinstance(symbol.value, ir.Item | ir.Binary):
            run.shared.learn(symbol.module)
            return validator(run, Annotation(symbol.module, symbol.where, symbol.value), depth - 1)
        return ""
    parts: list[ir.Expr] = []
    if isinstance(node, ir.Item):
        parts = node.key.items if isinstance(node.key, ir.Seq) else [node.key]
    elif isinstance(node, ir.Binary):
        parts = [node.left, node.right]
    for part in parts:
        if isinstance(part, ir.Call) and written(part.func).rpartition(".")[2] in _VALIDATORS and part.args:
            checked = part.args[0]
            if isinstance(checked, ir.Name | ir.Attr) and isinstance(
                symbol_of(run.program.resolve_expr(annotation.module, annotation.function, checked)),
                FunctionInfo,
            ):
                return written(checked)
        elif isinstance(part, ir.Name | ir.Attr | ir.Item | ir.Binary):
            found = validator(run, Annotation(annotation.module, annotation.function, part), depth - 1)
            if found:
                return found
    return ""


def called(run: Run, known: Annotation, part: ir.Expr) -> str:
    """The library name of what is called in a default or a mark: `fastapi.Query`; "" where it is none."""
    if not isinstance(part, ir.Call) or not isinstance(part.func, ir.Name | ir.Attr):
        return ""
    symbol = symbol_of(run.program.resolve_expr(known.module, known.function, part.func))
    return run.models.canonical(symbol.qualname) if isinstance(symbol, External) else ""
