"""What the arguments of a resolver of Graphene hold: the types that its field or mutation declares are enforced before it is called.

`count = graphene.Int(limit=graphene.Int())` stands for the parameter `limit` of `resolve_count`; the arguments of a mutation
stand in its class `Arguments` or `Input`.
"""

from __future__ import annotations

from cwelens.flow.run import written
from cwelens.flow.values import Value, opaque
from cwelens.ir import nodes as ir
from cwelens.resolve.symbols import ClassInfo, FunctionInfo

_TYPES = {
    "Int": "builtins.int",
    "BigInt": "builtins.int",
    "Float": "builtins.float",
    "Decimal": "decimal.Decimal",
    "Boolean": "builtins.bool",
    "DateTime": "datetime.datetime",
    "Date": "datetime.date",
    "Time": "datetime.time",
    "UUID": "uuid.UUID",
}
_WRAPS = frozenset(("Argument", "NonNull", "InputField"))
_RESOLVES = "resolve_"


def harmless(function: FunctionInfo, name: str) -> Value | None:
    """A parameter of a resolver that is declared as a number, a truth value or a time; None for any other."""
    cls = function.owner
    if cls is None:
        return None
    declared: ir.Expr | None = None
    if function.name.startswith(_RESOLVES):
        field = _bound(cls, function.name.removeprefix(_RESOLVES))
        if isinstance(field, ir.Call):
            keywords = dict(field.keywords)
            given = keywords.get("args")
            declared = keywords.get(name)
            if declared is None and isinstance(given, ir.DictDisplay):
                declared = next(
                    (v for k, v in given.items if isinstance(k, ir.Const) and k.value == name), None
                )
    else:
        for inner in ("Arguments", "Input"):
            symbol = cls.bindings[inner][-1].symbol if inner in cls.bindings else None
            if isinstance(symbol, ClassInfo):
                declared = declared or _bound(symbol, name)
    type_ = _type(declared)
    return opaque(type_) if type_ else None


def _bound(cls: ClassInfo, name: str) -> ir.Expr | None:
    return cls.bindings[name][-1].value if name in cls.bindings else None


def _type(node: ir.Expr | None) -> str:
    """The harmless type that `graphene.Int()`, `Int`, `graphene.Argument(graphene.Int)` stand for, "" for any other."""
    if isinstance(node, ir.Call):
        if written(node.func).rpartition(".")[2] in _WRAPS:
            return _type(node.args[0]) if node.args else ""
        node = node.func
    return _TYPES.get(written(node).rpartition(".")[2], "") if isinstance(node, ir.Name | ir.Attr) else ""
