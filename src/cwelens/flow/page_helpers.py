"""Functions that a program gives to its pages: filters of its own, and processors whose names every page has."""

from __future__ import annotations

from collections.abc import Iterable

from cwelens.ir import nodes as ir
from cwelens.resolve.symbols import FunctionInfo, ModuleInfo

_FILTERS = frozenset(("template_filter", "app_template_filter", "filter"))
_PROCESSORS = frozenset(("context_processor", "app_context_processor"))


class Helpers:
    """The filters by the names that pages know them by, and the processors."""

    __slots__ = ("filters", "processors")

    def __init__(self, modules: Iterable[ModuleInfo] = ()) -> None:
        self.filters: dict[str, FunctionInfo] = {}
        self.processors: list[FunctionInfo] = []
        for module in modules:
            for function in module.functions:
                for decorator in function.node.decorators:
                    self._decorated(function, decorator)

    def _decorated(self, function: FunctionInfo, decorator: ir.Expr) -> None:
        call = decorator if isinstance(decorator, ir.Call) else None
        made = call.func if call is not None else decorator
        if not isinstance(made, ir.Attr):
            return
        if made.name in _PROCESSORS:
            self.processors.append(function)
        elif made.name in _FILTERS:
            given = [*call.args, *(v for k, v in call.keywords if k == "name")] if call is not None else []
            named = given[0] if given else None
            name = (
                named.value
                if isinstance(named, ir.Const) and isinstance(named.value, str)
                else function.short
            )
            self.filters.setdefault(name.rpartition(".")[2], function)
