"""Where an expression stands, as far as it decides what a name in it means."""

from __future__ import annotations

from cwelens.ir import nodes as ir
from cwelens.resolve.symbols import Binding, ClassInfo, FunctionInfo, ModuleInfo


class Scope:
    """Where an expression stands: `cls` is set directly in a class body; `inner` are the names bound by the
    comprehensions and lambdas around it."""

    __slots__ = ("cls", "function", "inner", "module")

    def __init__(
        self,
        module: ModuleInfo,
        function: FunctionInfo | None = None,
        cls: ClassInfo | None = None,
        inner: dict[str, Binding] | None = None,
    ) -> None:
        self.module = module
        self.function = function
        self.cls = cls
        self.inner = inner


def inner_scope(scope: Scope, node: ir.Comp | ir.Lambda) -> Scope:
    """The scope inside a comprehension or lambda: its own names shadow those around it."""
    inner = dict(scope.inner or {})
    if isinstance(node, ir.Lambda):
        for param in node.params:
            inner[param.name] = Binding(param.name, "param", scope.module, None, param, value=param.default)
    else:
        for clause in node.fors:
            _bind_target(scope, clause.target, clause.iterable, "comprehension", inner)
    return Scope(scope.module, scope.function, scope.cls, inner)


def _bind_target(scope: Scope, target: ir.Expr, value: ir.Expr, kind: str, inner: dict[str, Binding]) -> None:
    if isinstance(target, ir.Name):
        inner[target.id] = Binding(
            target.id,
            kind,
            scope.module,
            scope.function,
            target,
            value=value,
            cls=scope.cls,
            where=scope.function,
        )
    elif isinstance(target, ir.Seq):
        for part in target.items:
            _bind_target(scope, part, value, "unpack", inner)
    elif isinstance(target, ir.Star):
        _bind_target(scope, target.value, value, "unpack", inner)
