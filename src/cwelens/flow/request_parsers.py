"""What the arguments of a request parser let through (Flask-RESTful, Flask-RESTX): `parser.add_argument("n", type=int)`.

The arguments are those that are added to the parser under the name it is asked by: in the same function, class or module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.flow.run import Run, written
from cwelens.flow.state import Obj, State
from cwelens.flow.values import TYPE_CHARS, UNKNOWN, Opaque, Taints, Value
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

PARSES = frozenset(
    (
        "flask_restful.reqparse.RequestParser.parse_args",
        "flask_restx.reqparse.RequestParser.parse_args",
        "flask_restplus.reqparse.RequestParser.parse_args",
    )
)
# The type of what was parsed: a dictionary whose keys are attributes too.
NAMESPACE = "flask_restful.reqparse.Namespace"

_TYPES = {
    "int": "builtins.int",
    "float": "builtins.float",
    "bool": "builtins.bool",
    "boolean": "builtins.bool",
    "natural": "builtins.int",
    "positive": "builtins.int",
    "int_range": "builtins.int",
    "date": "datetime.date",
    "datetime": "datetime.datetime",
    "date_from_iso8601": "datetime.date",
    "datetime_from_iso8601": "datetime.datetime",
    "datetime_from_rfc822": "datetime.datetime",
    "Decimal": "decimal.Decimal",
    "UUID": "uuid.UUID",
    "ip": "ipaddress.IPAddress",
    "ipv4": "ipaddress.IPv4Address",
    "ipv6": "ipaddress.IPv6Address",
}
_PLAIN = frozenset(("", "str", "unicode", "text_type"))
_FILE = "werkzeug.datastructures.FileStorage"


def narrowed(run: Run, node: ir.Expr, taints: Taints, value: Value, st: State) -> Value:
    """What `parser.parse_args()` gives back: each known argument as its type lets it through."""
    base = node.func.base if isinstance(node, ir.Call) and isinstance(node.func, ir.Attr) else None
    if not isinstance(base, ir.Name | ir.Attr):
        return value
    items: dict[object, Value] = {}
    for added in _added(run, written(base)):
        keywords = dict(added.keywords)
        named = keywords.get("dest", added.args[0] if added.args else None)
        if isinstance(named, ir.Const) and isinstance(named.value, str):
            items[named.value.lstrip("-")] = _held(run, st, added, keywords, taints)
    if not items:
        return value
    return run.alloc(st, node, Obj("dict", items, value, UNKNOWN, NAMESPACE), "parsed")


def _added(run: Run, parser: str) -> Iterator[ir.Call]:
    """The calls that add an argument to the parser of this name."""
    function = run.frame.func
    if parser.startswith("self.") and function is not None and function.owner is not None:
        around = function.owner.node.body
    else:
        while function is not None and function.parent is not None:
            function = function.parent
        around = [*run.frame.module.body, *(function.node.body if function is not None else [])]
        around = [statement for statement in around if not isinstance(statement, ir.Function | ir.Class)]
    for part in walk(*around):
        if isinstance(part, ir.Call) and isinstance(part.func, ir.Attr) and part.func.name == "add_argument":
            if written(part.func.base) == parser:
                yield part


def _held(run: Run, st: State, node: ir.Call, keywords: dict[str | None, ir.Expr], taints: Taints) -> Value:
    if "choices" in keywords:
        return Value((Opaque(),))
    given = keywords.get("type")
    called = given.func if isinstance(given, ir.Call) else given
    kind = written(called).rpartition(".")[2] if called is not None else ""
    type_ = _TYPES.get(kind)
    if type_ is not None:
        value = Value((Opaque(type_, taints, TYPE_CHARS[type_]),))
    elif kind == "FileStorage":
        value = Value((Opaque(_FILE, taints),))
    else:
        if kind not in _PLAIN:
            taints = tuple(t.assuming(f"`{kind}` lets dangerous values through") for t in taints)
        value = Value((Opaque(None, taints),))
    action = keywords.get("action")
    if isinstance(action, ir.Const) and action.value in ("append", "split"):
        return run.alloc(st, node, Obj("list", {}, value), "several")
    return value
