"""Annotations read as types: dotted names, `Optional`, unions, quoted text, containers by their container type."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cwelens.ir import nodes as ir
from cwelens.resolve.builtin_names import canonical_type
from cwelens.resolve.outcome import Ambiguous, Assumed, Outcome, Resolved, Unresolved, symbol_of
from cwelens.resolve.symbols import Binding, ClassInfo, External, ModuleInfo
from cwelens.syntax.from_ast import Lowering

if TYPE_CHECKING:
    from cwelens.resolve.scope import Scope
    from cwelens.resolve.types import Types

_TYPING = {"typing", "typing_extensions"}
_TRANSPARENT = {
    "Optional",
    "Final",
    "ClassVar",
    "Annotated",
    "Required",
    "NotRequired",
    "ReadOnly",
    "InitVar",
}
_OPAQUE = {"Any", "Callable", "TypeVar", "NoReturn", "Never", "Self"}
_SINGLE = {
    "Iterable",
    "Iterator",
    "Sequence",
    "Generator",
    "AsyncIterator",
    "AsyncIterable",
    "AsyncGenerator",
} | {
    *(
        "list",
        "set",
        "frozenset",
        "List",
        "Set",
        "FrozenSet",
        "Collection",
        "Deque",
        "deque",
        "MutableSequence",
    ),
    *("tuple", "Tuple", "AbstractSet"),
}
_MAPPING = {"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "DefaultDict", "OrderedDict"}
NONE = External("builtins.NoneType")


def annotation_type(types: Types, scope: Scope, annotation: ir.Expr, depth: int = 0) -> Outcome:
    """The type that an annotation in this scope names; `None` beside other types is left out."""
    if depth > 8:
        return Unresolved("its annotation is nested too deeply")
    if isinstance(annotation, ir.Const):
        if annotation.value is None:
            return Resolved(NONE)
        if isinstance(annotation.value, str):
            quoted = _quoted(annotation.value)
            if quoted is None:
                return Unresolved(f"its annotation {annotation.value!r} cannot be read")
            return annotation_type(types, scope, quoted, depth + 1)
    if isinstance(annotation, ir.Binary) and annotation.op == "|":
        sides = [
            annotation_type(types, scope, side, depth + 1) for side in (annotation.left, annotation.right)
        ]
        return union(sides, "its annotation allows several types")
    if isinstance(annotation, ir.Item):
        return _subscripted(types, scope, annotation, depth)
    if isinstance(annotation, (ir.Name, ir.Attr)):
        return _named(types, scope, annotation, depth)
    return Unresolved("its annotation is not a type name")


def _named(types: Types, scope: Scope, annotation: ir.Name | ir.Attr, depth: int) -> Outcome:
    outcome = types.refer(scope, annotation)
    symbol = symbol_of(outcome)
    if isinstance(symbol, External):
        module, _, name = symbol.qualname.rpartition(".")
        if name == "Self" and module in _TYPING and scope.function is not None and scope.function.self_class:
            return Resolved(scope.function.self_class)
        if module in _TYPING and name in _OPAQUE:
            return Unresolved(f"it is annotated as `{name}` only")
        type_ = External(canonical_type(symbol.qualname))
        return Assumed(type_, outcome.reason) if isinstance(outcome, Assumed) else Resolved(type_)
    if isinstance(symbol, Binding):
        if symbol.value is not None and not isinstance(symbol.value, ir.Call):
            return annotation_type(types, types.scope_of(symbol), symbol.value, depth + 1)
        return Unresolved(f"its annotation `{symbol.name}` stands for several types")
    if isinstance(symbol, ModuleInfo) or (symbol is not None and not isinstance(symbol, ClassInfo)):
        return Unresolved("its annotation is not a type")
    return outcome


def _subscripted(types: Types, scope: Scope, annotation: ir.Item, depth: int) -> Outcome:
    keys = _keys(annotation)
    name = _last(annotation.base)
    if name == "Union":
        return union(
            [annotation_type(types, scope, key, depth + 1) for key in keys], "its annotation is a `Union`"
        )
    if name in _TRANSPARENT and keys:
        return annotation_type(types, scope, keys[0], depth + 1)
    if name == "Literal" and keys:
        return types.type_of_scope(scope, keys[0])
    if name in ("Awaitable", "Coroutine") and keys:
        return annotation_type(types, scope, keys[-1], depth + 1)
    return annotation_type(types, scope, annotation.base, depth + 1)


def element_type(types: Types, scope: Scope, annotation: ir.Expr, values: bool) -> Outcome | None:
    """The type of what a container annotated so holds: items, or with `values` the values under its keys."""
    if isinstance(annotation, ir.Const) and isinstance(annotation.value, str):
        quoted = _quoted(annotation.value)
        if quoted is None:
            return None
        annotation = quoted
    if not isinstance(annotation, ir.Item):
        return None
    name, keys = _last(annotation.base), _keys(annotation)
    if name in _TRANSPARENT and keys:
        return element_type(types, scope, keys[0], values)
    if name in _MAPPING and len(keys) == 2:
        return annotation_type(types, scope, keys[1 if values else 0])
    if name in _SINGLE and keys:
        return annotation_type(types, scope, keys[0])
    return None


def union(outcomes: list[Outcome], reason: str) -> Outcome:
    """One type for several possible ones; `None` is left out where there is another, unknown ones make it an assumption."""
    symbols: dict[object, Outcome] = {}
    failed: str | None = None
    for outcome in outcomes:
        if isinstance(outcome, Unresolved):
            failed = failed or outcome.reason
        elif isinstance(outcome, Ambiguous):
            symbols.update((symbol, Resolved(symbol)) for symbol in outcome.symbols)
        else:
            symbols.setdefault(outcome.symbol, outcome)
    if len(symbols) > 1 or failed is not None:
        symbols.pop(NONE, None)
    if len(symbols) > 1:
        return Ambiguous(list(symbols), reason)  # type: ignore[arg-type]
    if not symbols:
        return Unresolved(failed or reason)
    only = next(iter(symbols.values()))
    if failed is not None and isinstance(only, Resolved):
        return Assumed(only.symbol, failed)
    return only


def _quoted(text: str) -> ir.Expr | None:
    try:
        return Lowering().expr(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _keys(annotation: ir.Item) -> list[ir.Expr]:
    return annotation.key.items if isinstance(annotation.key, ir.Seq) else [annotation.key]


def _last(expr: ir.Expr) -> str:
    return expr.name if isinstance(expr, ir.Attr) else expr.id if isinstance(expr, ir.Name) else ""
