"""The values of an entry's parameters: of unknown trust, unless a route, an annotation, a default or a name says what they are."""

from __future__ import annotations

from cwelens.flow import (
    attributes,
    caught,
    dependencies,
    handled,
    handlers,
    scopes,
    view_params,
    wrappers,
)
from cwelens.flow.declared import DECLARED, declared_input
from cwelens.flow.run import Run
from cwelens.flow.state import Obj, State
from cwelens.flow.values import (
    UNKNOWN,
    Opaque,
    Origin,
    Taint,
    Trail,
    Value,
    opaque,
)
from cwelens.ir import nodes as ir
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo, External, FunctionInfo
from cwelens.resolve.testcode import is_test_module


def parameters(
    run: Run,
    function: FunctionInfo,
    receiver: Value | None,
    st: State,
    handler: handlers.Handler | None = None,
) -> dict[str, Value]:
    """The values of an entry's parameters."""
    env: dict[str, Value] = {}
    params = list(function.node.params)
    bound = receiver is not None
    if bound and params:
        env[params[0].name] = receiver  # type: ignore[assignment]
        params = params[1:]
    elif function.owner is None and params and params[0].name in ("self", "cls") and function.parent is None:
        # A lone method, cut out of its class.
        env[params[0].name] = Value((Opaque(label=params[0].name),))
        params = params[1:]
    if function.name in _SET_UP and function.owner is not None and _served(run, function.owner):
        # A framework makes its handlers, with what the program configured.
        env.update((param.name, Value((Opaque(label=param.name),))) for param in params)
        return env
    for index, param in enumerate(params):
        env[param.name] = parameter(run, function, param, index, handler, st)
    return env


_SET_UP = frozenset(("__init__", "initialize"))


def _served(run: Run, cls: ClassInfo) -> bool:
    """Whether a class is one of those whose objects a framework makes for each request."""
    bases = [symbol_of(o) or attributes.same_name(run, o) for o in run.program.mro(cls)[1]]
    return any(
        run.models.routes_by_base(run.models.canonical(base.qualname))
        for base in bases
        if isinstance(base, External)
    )


def parameter(
    run: Run, function: FunctionInfo, param: ir.Param, index: int, handler: handlers.Handler | None, st: State
) -> Value:
    place = (function.module.source, param.pos)
    if param.kind in ("star", "starstar"):
        content = _more(run, function, param, handler, place)
    if param.kind == "star":
        return st.alloc(("*", function.module.path, param.pos), Obj("tuple", {}, content))
    if param.kind == "starstar":
        # Which names a route hands on is the program's own choice.
        items = view_params.arguments(run.shared, function.owner, content) if handler is not None else {}
        names = content if handler is None else UNKNOWN
        return st.alloc(("**", function.module.path, param.pos), Obj("dict", items, content, names))
    if param is _error_param(run, function):
        return caught.error(place, param.name, "Exception")
    found = scopes.named_type(run, function, param.annotation)
    if handler is not None and param.kind in ("positional", "normal", "keyword"):
        value = dependencies.filled(run, function, param, handler, st)
        if value is not None:
            return value
        value = handled.value_of(run, function, param, index, handler, found, st)
        if value is not None:
            return value
    members = scopes.members_used(run, param.name)
    if found is not None:
        value = _of_type(run, function, param, found, st, place)
        if value is not None:
            return value
    evidence = scopes.by_evidence(run, param.name, members) if found is None else None
    taints = _unknown_trust(function, param.name, place)
    if evidence is not None:
        # What it is taken for is not data of the caller's choice; what is read from it is judged by its type.
        return Value((Opaque(evidence[0], (), note=evidence[1], label=param.name),))
    default = param.default
    if isinstance(default, ir.Const) and type(default.value) in (int, float):
        # `limit=20`: callers give numbers too.
        return opaque(f"builtins.{type(default.value).__name__}", taints)
    return Value((Opaque(None, taints),))


def _more(
    run: Run,
    function: FunctionInfo,
    param: ir.Param,
    handler: handlers.Handler | None,
    place: tuple[object, ir.Pos],
) -> Value:
    """What `*args` or `**kwargs` of an entry hold: data of the request where a framework fills the parameters."""
    if handler is not None and wrappers.hands_on(function, param):
        # What wraps a handler hands on what it is given; the handler itself is interpreted as one.
        return Value((Opaque(label=param.name),))
    if handler is not None and handler.route.params and param.name not in handler.route.besides:
        route = handler.route
        taints = attributes.source_taint(run, route.params, param.name, place, handler.note)  # type: ignore[arg-type]
        # What stands in an address is text, by whichever name it is handed on.
        return Value((Opaque("builtins.str" if route.params == "http.path" else None, taints),))
    return Value((Opaque(None, _unknown_trust(function, param.name, place)),))


_ERROR_HANDLERS = frozenset(("errorhandler", "app_errorhandler", "exception_handler"))


def _error_param(run: Run, function: FunctionInfo) -> ir.Param | None:
    """The parameter that gets the error, where a function is registered for every error or for one that is not about the request.

    What an error of the program's own classes says, the program has written itself.
    """
    for decorator in function.node.decorators:
        if (
            not isinstance(decorator, ir.Call)
            or not isinstance(decorator.func, ir.Attr)
            or not decorator.args
        ):
            continue
        kind = decorator.args[0]
        name = kind.id if isinstance(kind, ir.Name) else kind.name if isinstance(kind, ir.Attr) else ""
        if name and isinstance(
            symbol_of(run.program.resolve_expr(function.module, function.parent, kind)), ClassInfo
        ):
            continue
        if decorator.func.name in _ERROR_HANDLERS and name and not caught.for_clients(name):
            return function.node.params[-1] if function.node.params else None
    return None


def _unknown_trust(function: FunctionInfo, name: str, place: tuple[object, ir.Pos]) -> tuple[Taint, ...]:
    if is_test_module(function.module):
        # The test runner and the tests themselves are the callers; what they pass are fixtures.
        return ()
    concept = DECLARED if declared_input(name) else "parameter"
    origin = Origin("param", concept, f"`{name}` of `{function.short}`", place, owner=function.qualname)  # type: ignore[arg-type]
    return (Taint(origin, {}, Trail(None, place, f"`{name}` comes from the caller of `{function.short}`")),)  # type: ignore[arg-type]


def _of_type(
    run: Run,
    function: FunctionInfo,
    param: ir.Param,
    found: str | ClassInfo,
    st: State,
    place: tuple[object, ir.Pos],
) -> Value | None:
    taints = _unknown_trust(function, param.name, place)
    if isinstance(found, ClassInfo):
        if run.frame.depth > 2:
            return Value((Opaque(None, taints),))
        return st.alloc(
            ("param", function.module.path, param.pos),
            Obj("instance", {}, Value((Opaque(None, taints),)), cls=found),
        )
    if found in (
        "builtins.list",
        "builtins.dict",
        "builtins.tuple",
        "builtins.set",
        "typing.List",
        "typing.Dict",
    ):
        return Value((Opaque(None, taints),))
    if found.startswith("builtins.") or found in (
        "uuid.UUID",
        "datetime.datetime",
        "datetime.date",
        "decimal.Decimal",
        "pathlib.Path",
    ):
        return opaque(found, taints)
    return Value((Opaque(found, () if run.models.type(found) else taints, label=param.name),))
