"""Managers of a program's own: `Letter.objects.of(user)`, where `objects = LetterManager()` stands in the model."""

from __future__ import annotations

from cwelens.app.frame import Walk
from cwelens.app.values import Val
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk as nodes_of
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo, FunctionInfo


def own_method(walk: Walk, base: Val, name: str) -> FunctionInfo | None:
    """The method of the program's own manager, or of the query set that it is made from, that is called on a model's `objects`."""
    model = next((e.model for e in base.entities if e.model is not None), None)
    if model is None or base.name not in ("objects", "_default_manager"):
        return None
    for manager in _managers(walk, model, base.name):
        found = symbol_of(walk.program.find_attr(manager, name))
        if isinstance(found, FunctionInfo) and id(found) not in walk.inside:
            return found
    return None


def _managers(walk: Walk, model: ClassInfo, name: str) -> list[ClassInfo]:
    """The classes that a manager is made of: `LetterManager()`, `LetterManager.from_queryset(LetterSet)()`, `LetterSet.as_manager()`."""
    out: list[ClassInfo] = []
    for ancestor in walk.program.mro(model)[0]:
        for binding in ancestor.bindings.get(name, ())[-1:]:
            for part in nodes_of(binding.value) if binding.value is not None else ():
                if isinstance(part, ir.Name | ir.Attr):
                    found = symbol_of(walk.program.resolve_expr(ancestor.module, None, part))
                    if isinstance(found, ClassInfo):
                        out.append(found)
        if out:
            break
    return out
