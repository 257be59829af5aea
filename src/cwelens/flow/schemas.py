"""What the schemas of marshmallow let through: in what `Schema.load()` gives back, and in what the decorators of webargs,
Flask-Smorest and APIFlask hand to a view.

A field that is a number, a time or one of the words that the program gives is harmless; a method of the schema that works on
all of it (`@post_load`) may hand on something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.base import chars as ch
from cwelens.flow import attributes
from cwelens.flow.run import Args, Run, written
from cwelens.flow.state import Obj, State, deep_taints
from cwelens.flow.values import TYPE_CHARS, UNKNOWN, Opaque, Ref, Taints, Value
from cwelens.ir import nodes as ir
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import Binding, ClassInfo, External, FunctionInfo

if TYPE_CHECKING:
    from cwelens.resolve.symbols import ModuleInfo

LOADS = frozenset(("marshmallow.Schema.load", "marshmallow.Schema.loads"))

_TYPES = {
    "Integer": "builtins.int",
    "Int": "builtins.int",
    "Float": "builtins.float",
    "Number": "builtins.float",
    "Decimal": "decimal.Decimal",
    "Boolean": "builtins.bool",
    "Bool": "builtins.bool",
    "Date": "datetime.date",
    "DateTime": "datetime.datetime",
    "NaiveDateTime": "datetime.datetime",
    "AwareDateTime": "datetime.datetime",
    "Time": "datetime.time",
    "TimeDelta": "datetime.timedelta",
    "UUID": "uuid.UUID",
    "IP": "ipaddress.IPAddress",
    "IPv4": "ipaddress.IPv4Address",
    "IPv6": "ipaddress.IPv6Address",
}
_CHARS = {"Email": ch.ALL & ~ch.of("\n\r"), "URL": ch.ALL & ~ch.of(" \t\n\v\f\r")}
_CHARS["Url"] = _CHARS["URL"]
# Fields that hand on one of the program's own words.
_CHOSEN = frozenset(("Enum", "Constant"))
_CHOOSING = frozenset(("OneOf", "Equal", "ContainsOnly"))
_SEVERAL = frozenset(("List", "Tuple", "DelimitedList", "DelimitedTuple"))
_NESTING = frozenset(("Nested", "Pluck"))
_WHOLE = frozenset(("post_load", "pre_load"))
_DEPTH = 3


def loaded(run: Run, node: ir.Expr, receiver: Value | None, args: Args, st: State) -> Value | None:
    """`schema.load(data)` of a schema of the program; None where its class is not known, or nothing untrusted is loaded."""
    atom = receiver.atoms[0] if receiver is not None and len(receiver.atoms) == 1 else None
    obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
    if obj is None or not isinstance(obj.cls, ClassInfo) or not args.positional:
        return None
    taints = deep_taints(args.positional[0], st)
    if not taints:
        return None
    value = _of_class(run, obj.cls, taints, (run.loc(node), "loaded"), st, 0)
    return value if not _many(node) else run.alloc(st, node, Obj("list", {}, value), "many")


def _many(node: ir.Expr) -> bool:
    """`load(data, many=True)`, `Schema(many=True).load(data)`"""
    calls = [node, node.func.base] if isinstance(node, ir.Call) and isinstance(node.func, ir.Attr) else []
    return any(
        key == "many" and isinstance(value, ir.Const) and value.value is True
        for call in calls
        if isinstance(call, ir.Call)
        for key, value in call.keywords
    )


def _of_class(run: Run, cls: ClassInfo, taints: Taints, place: object, st: State, depth: int) -> Value:
    """What a schema makes of untrusted data: a dictionary whose fields hold what they let through."""
    known, _ = run.program.mro(cls)
    hooks = [name for c in known for name, method in c.methods.items() if _decorated(method) in _WHOLE]
    if hooks:
        why = f"`{cls.name}.{hooks[0]}()` hands on what was sent"
        return Value((Opaque(None, tuple(t.assuming(why) for t in taints)),))
    checked = {
        argument: method.name
        for c in known
        for method in c.methods.values()
        if _decorated(method) == "validates"
        for argument in _words(method)
    }
    items: dict[object, Value] = {}
    for ancestor in known:
        for name, bindings in ancestor.bindings.items():
            field = bindings[-1].value
            if name in items or not isinstance(field, ir.Call):
                continue
            given = taints
            if name in checked:
                why = f"`{cls.name}.{checked[name]}()` lets dangerous values through"
                given = tuple(t.assuming(why) for t in taints)
            value = _field(run, ancestor.module, field, given, (place, name), st, depth)
            if value is not None:
                items[name] = value
    if depth >= _DEPTH or not items:
        return Value((Opaque(None, taints),))
    return st.alloc((place, cls.qualname), Obj("dict", items, Value((Opaque(None, taints),)), UNKNOWN))


def _decorated(method: FunctionInfo) -> str:
    for decorator in method.node.decorators:
        called = decorator.func if isinstance(decorator, ir.Call) else decorator
        name = written(called).rpartition(".")[2]
        if name in _WHOLE or name == "validates":
            return name
    return ""


def _words(method: FunctionInfo) -> list[str]:
    return [
        part.value
        for decorator in method.node.decorators
        if isinstance(decorator, ir.Call)
        for part in decorator.args
        if isinstance(part, ir.Const) and isinstance(part.value, str)
    ]


def _field(
    run: Run, module: ModuleInfo, node: ir.Call, taints: Taints, place: object, st: State, depth: int
) -> Value | None:
    """What a field holds; None for what is no field."""
    func = node.func
    kind = written(func).rpartition(".")[2]
    symbol = symbol_of(run.program.resolve_expr(module, None, func))
    if isinstance(symbol, ClassInfo):
        # A field of the program's own: what it makes of its value is its own affair.
        if not any(base.startswith("marshmallow.") for base in run.program.library_bases(symbol)):
            return None
        taints = tuple(t.assuming(f"`{symbol.name}` lets dangerous values through") for t in taints)
        return Value((Opaque(None, taints),))
    if not kind[:1].isupper():
        return None
    rules = [value for key, value in node.keywords if key == "validate"]
    for rule in [r for v in rules for r in (v.items if isinstance(v, ir.Seq) else [v])]:
        called = written(rule.func if isinstance(rule, ir.Call) else rule)
        if called.rpartition(".")[2] in _CHOOSING:
            return Value((Opaque(),))
        if called.rpartition(".")[2] not in ("Length", "Range"):
            taints = tuple(t.assuming(f"`{called}` lets dangerous values through") for t in taints)
    if kind in _CHOSEN:
        return Value((Opaque(),))
    if kind in _SEVERAL and node.args and isinstance(node.args[0], ir.Call):
        each = _field(run, module, node.args[0], taints, (place, "[]"), st, depth)
        return st.alloc((place, "list"), Obj("list", {}, each)) if each is not None else None
    if kind in _NESTING and node.args:
        inner = _schema(run, module, node.args[0])
        if inner is not None and depth < _DEPTH:
            value = _of_class(run, inner, taints, (place, "inner"), st, depth + 1)
            return st.alloc((place, "many"), Obj("list", {}, value)) if _many(node) else value
    type_ = _TYPES.get(kind)
    if type_:
        return Value((Opaque(type_, taints, TYPE_CHARS[type_]),))
    text = "builtins.str" if kind in ("String", "Str", *_CHARS) else None
    return Value((Opaque(text, taints, _CHARS.get(kind, ch.ALL)),))


def _schema(run: Run, module: ModuleInfo, node: ir.Expr) -> ClassInfo | None:
    """The schema that an expression names: `NoteSchema`, `NoteSchema(many=True)`, `"NoteSchema"`, `lambda: NoteSchema()`."""
    while isinstance(node, ir.Call | ir.Lambda):
        node = node.func if isinstance(node, ir.Call) else node.body
    if isinstance(node, ir.Const) and isinstance(node.value, str):
        bound = module.bindings.get(node.value.rpartition(".")[2], ())
        named = bound[-1].symbol if bound else None
        return named if isinstance(named, ClassInfo) else None
    found = symbol_of(run.program.resolve_expr(module, None, node))
    if isinstance(found, Binding) and found.value is not None and found.value is not node:
        return _schema(run, found.module, found.value) if isinstance(found.value, ir.Call) else None
    return found if isinstance(found, ClassInfo) else None


# Decorators that parse a request and hand what they read to the view: by the name of the parameter, or after what was handed so far.
_PARSING = frozenset(("use_args", "use_kwargs", "arguments", "input"))
_LIBRARIES = (
    "webargs.",
    "flask_smorest.",
    "apiflask.",
    "flask_apispec.",
    "flask.Flask.input",
    "flask.Blueprint.",
)
_CONCEPTS = {
    "query": "http.query",
    "querystring": "http.query",
    "query_and_form": "http.form",
    "path": "http.path",
    "view_args": "http.path",
    "form": "http.form",
    "headers": "http.header",
    "cookies": "http.cookie",
    "files": "http.upload",
    "form_and_files": "http.form",
}


def parsed(run: Run, function: FunctionInfo, param: ir.Param, st: State) -> Value | None:
    """A parameter that such a decorator fills; None for any other."""
    handed = []
    for decorator in function.node.decorators:
        name = written(decorator.func).rpartition(".")[2] if isinstance(decorator, ir.Call) else ""
        if not isinstance(decorator, ir.Call) or name not in _PARSING or not decorator.args:
            continue
        symbol = symbol_of(run.program.resolve_expr(function.module, function.parent, decorator.func))
        if isinstance(symbol, External):
            if not run.models.canonical(symbol.qualname).startswith(_LIBRARIES):
                continue
        elif name in ("arguments", "input") and not isinstance(decorator.func, ir.Attr):
            continue
        handed.append((name, decorator))
    if not handed:
        return None
    names = [p.name for p in function.node.params if p.name not in ("self", "cls")]
    position = 0
    for name, decorator in handed:
        keywords = dict(decorator.keywords)
        where = keywords.get("location")
        given = where.value if isinstance(where, ir.Const) else ""
        written_where = given if isinstance(given, str) and given else "json"
        concept = _CONCEPTS.get(written_where, "http.body")
        taints = attributes.source_taint(run, concept, param.name, (function.module.source, param.pos))
        as_kwargs = keywords.get("as_kwargs")
        by_name = name == "use_kwargs" or (isinstance(as_kwargs, ir.Const) and as_kwargs.value is True)
        whole = _arguments(run, function.module, decorator.args[0], taints, param, st)
        if by_name:
            obj = st.obj(whole.atoms[0].loc) if isinstance(whole.atoms[0], Ref) else None
            if obj is not None and param.name in obj.items:
                return obj.items[param.name]
            continue
        own = keywords.get("arg_name")
        if isinstance(own, ir.Const):
            if own.value == param.name:
                return whole
            continue
        if name == "input":
            # APIFlask names what it hands on by where it was read.
            if param.name in (f"{written_where}_data", "data"):
                return whole
            continue
        if position < len(names) and names[position] == param.name:
            return whole
        position += 1
    return None


def _arguments(
    run: Run, module: ModuleInfo, node: ir.Expr, taints: Taints, param: ir.Param, st: State
) -> Value:
    """What is read of a request: by a schema, or by a dictionary of fields."""
    place = ("arguments", module.path, param.pos)
    if isinstance(node, ir.Name):
        bound = symbol_of(run.program.resolve_expr(module, None, node))
        if isinstance(bound, Binding) and isinstance(bound.value, ir.DictDisplay):
            module, node = bound.module, bound.value
    if isinstance(node, ir.DictDisplay):
        items: dict[object, Value] = {}
        for key, value in node.items:
            if isinstance(key, ir.Const) and isinstance(value, ir.Call):
                field = _field(run, module, value, taints, (place, key.value), st, 0)
                if field is not None:
                    items[key.value] = field
        return st.alloc(place, Obj("dict", items, Value((Opaque(None, taints),)), UNKNOWN))
    cls = _schema(run, module, node)
    if cls is None:
        return Value((Opaque(None, taints),))
    read = _of_class(run, cls, taints, place, st, 0)
    return st.alloc((place, "many"), Obj("list", {}, read)) if _many_of(node) else read


def _many_of(node: ir.Expr) -> bool:
    return isinstance(node, ir.Call) and _many(node)
