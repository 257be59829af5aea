"""Where analysis starts: every module's top level, and every function that is not only called from within the input.

A parameter of an entry is of unknown trust, unless a route, its annotation or its name says what it is.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cwelens.flow import (
    attributes,
    dependencies,
    expressions,
    flask_config,
    handled,
    pages,
    rendering,
    scopes,
    statements,
    view_params,
)
from cwelens.flow.declared import DECLARED, declared_input
from cwelens.flow.run import Exits, Observer, OutOfFuel, Run, Shared, activation, written
from cwelens.flow.state import Frame, Obj, State, join_states
from cwelens.flow.values import (
    NONE,
    Cls,
    Func,
    Lib,
    Method,
    Opaque,
    Origin,
    Taint,
    Trail,
    Value,
    join,
    opaque,
)
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo, External, FunctionInfo, ModuleInfo
from cwelens.resolve.testcode import is_test_module
from cwelens.syntax.templates.readers import by_signs

if TYPE_CHECKING:
    from cwelens.models.schema import Route


@dataclass(slots=True)
class Handler:
    """A function that a framework calls: by which route, and the path written in it ("" where none is).

    `paths` are all its routes, each with the type of the object it was registered on; `page` is whether its decorator says that what it
    gives back is sent as HTML.
    """

    route: Route
    path: str
    note: str = ""
    paths: tuple[tuple[str, str], ...] = ()
    page: bool = False

    @property
    def response(self) -> str | None:
        """The concept of what it gives back."""
        return "html.body" if self.page else self.route.response


@dataclass(slots=True)
class Failure:
    """An entry that could not be interpreted to its end."""

    module: ModuleInfo
    function: FunctionInfo | None
    reason: str


@dataclass(slots=True)
class Entries:
    """What was started: handlers found, and entries that failed."""

    handlers: dict[int, Handler] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    analysed: int = 0


_WHOLE = ir.Jump("pass", (1, 0, 1, 0))


def run_top_level(shared: Shared, observer: Observer, module: ModuleInfo, entries: Entries) -> None:
    """Interprets a module's top level; all of these come before the functions, since another file may register routes."""
    shared.learn(module)
    run = Run(shared, observer, Frame(module, None, None, None, None, None))
    try:
        scopes.module_env(run, module)
        scopes.django_settings(run, module)
        flask_config.module_config(run, module)
    except (OutOfFuel, RecursionError):
        entries.failures.append(Failure(module, None, "the analysis of its top level went over its budget"))
    except Exception as error:
        entries.failures.append(Failure(module, None, crash(error)))


def run_module(
    shared: Shared, observer: Observer, module: ModuleInfo, entries: Entries, wanted: set[int]
) -> None:
    """Interprets those functions of a module whose node ids are in `wanted`, and its handlers."""
    run = Run(shared, observer, Frame(module, None, None, None, None, None))
    for function in module.functions:
        handler = find_handler(run, function)
        if handler is not None:
            entries.handlers[id(function.node)] = handler
        if id(function.node) in wanted or handler is not None:
            run_function(shared, observer, function, handler, entries)


def run_registered(shared: Shared, observer: Observer, modules: list[ModuleInfo], entries: Entries) -> None:
    """Interprets the functions that were handed to a framework only after they had been looked at (in a `create_app`), now as handlers."""
    for module in modules:
        for function in module.functions:
            key = id(function.node)
            if key in shared.registered and key not in entries.handlers:
                handler = entries.handlers[key] = Handler(*shared.registered[key])
                run_function(shared, observer, function, handler, entries)


def run_pages(shared: Shared, observer: Observer, entries: Entries) -> None:
    """Interprets the pages that nothing in the input renders, with nothing known of what is passed to them."""
    for source in shared.pages.sources:
        if source.path in shared.rendered:
            continue
        page = shared.pages.read(source, by_signs(source) or shared.page_language)
        if not page.template.is_markup:
            continue
        run = Run(shared, observer, Frame(page.module, None, None, None, None, None))
        entries.analysed += 1
        try:
            pages.render(run, _WHOLE, page, {}, None, True, State({}, {}, shared.base))
        except (OutOfFuel, RecursionError):
            entries.failures.append(
                Failure(page.module, None, "the analysis of the page went over its budget")
            )
        except Exception as error:
            entries.failures.append(Failure(page.module, None, crash(error)))


def run_function(
    shared: Shared, observer: Observer, function: FunctionInfo, handler: Handler | None, entries: Entries
) -> None:
    """Interprets one function as an entry, and tells the observer what it gives back where a framework sends that on."""
    node = function.node
    closure = shared.handed.get(id(node)) or shared.closures.get(id(node))
    frame = Frame(function.module, function, node, None, closure, None)
    run = Run(shared, observer, frame)
    frame.handler = handler
    st = State({}, {}, shared.base)
    entries.analysed += 1
    try:
        receiver = _receiver(run, function, st)
        frame.receiver = receiver
        st.env = parameters(run, function, receiver, st, handler)
        frame.env = st.env

        run.stack.append(activation(node, closure))
        after = statements.block(run, node.body, st)
        for value, state, stmt in run.exits.returns:
            if handler is not None and stmt is not None and not _of_wrapped(function, stmt):
                observer.returned(run, stmt, value, state)
        for value, _, _ in run.exits.returns:
            observer.finished(run, value)
        rendering.given_back(run, function, run.exits.returns)
        final = after
        for _, state, _ in run.exits.returns:
            final = join_states(final, state)
        if final is not None:
            frame.env = final.env
    except OutOfFuel:
        entries.failures.append(Failure(function.module, function, "the analysis went over its budget"))
    except RecursionError:
        entries.failures.append(
            Failure(function.module, function, "the code is nested too deeply to analyse")
        )
    except Exception as error:
        entries.failures.append(Failure(function.module, function, crash(error)))


def crash(error: Exception) -> str:
    """The reason for a fault of cwelens itself: what it happened in counts as not analysed, and the rest goes on.

    With `CWELENS_DEBUG` set it is raised instead, for whoever mends it.
    """
    if os.environ.get("CWELENS_DEBUG"):
        raise error
    return f"a fault in cwelens: {type(error).__name__}: {error}"


def _receiver(run: Run, function: FunctionInfo, st: State) -> Value | None:
    """`self` (an object whose `__init__` ran with unknown arguments) or `cls`."""
    cls = function.owner
    if cls is None:
        return None
    if function.kind == "classmethod":
        return Value((Cls(cls),))
    if function.kind == "staticmethod":
        return None
    return new_instance(run, cls, st, skip=function.name == "__init__")


def new_instance(run: Run, cls: ClassInfo, st: State, skip: bool = False) -> Value:
    loc = ("self", cls.module.path, cls.node.pos)
    unknown = run.program.mro(cls)[1]
    value = st.alloc(loc, Obj("instance", {}, None, cls=cls))
    symbol = symbol_of(run.program.find_attr(cls, "__init__"))
    if skip or not isinstance(symbol, FunctionInfo) or run.frame.depth > 3:
        return value
    run.shared.learn(symbol.module)
    frame = Frame(
        symbol.module, symbol, symbol.node, run.frame, run.shared.closures.get(id(symbol.node)), None
    )
    frame.receiver = value
    saved = run.frame, run.exits, run.trying, run.fuel
    run.frame, run.exits, run.trying = frame, Exits(), 0
    run.fuel = min(run.fuel, 4000)
    run.stack.append(activation(symbol.node, frame.closure))
    inner = State({}, st.heap, st.base)
    try:
        inner.env = parameters(run, symbol, value, inner)
        frame.env = inner.env
        after: State | None = statements.block(run, symbol.node.body, inner)
        for _, state, _ in run.exits.returns:
            after = join_states(after, state)
        if after is not None:
            st.heap = after.heap
    except OutOfFuel:
        # The fields found so far count; the method itself still has its own budget.
        st.heap = inner.heap
    finally:
        run.stack.pop()
        run.frame, run.exits, run.trying, run.fuel = saved
    del unknown
    return value


def parameters(
    run: Run, function: FunctionInfo, receiver: Value | None, st: State, handler: Handler | None = None
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
    run: Run, function: FunctionInfo, param: ir.Param, index: int, handler: Handler | None, st: State
) -> Value:
    place = (function.module.source, param.pos)
    if param.kind in ("star", "starstar"):
        content = _more(run, function, param, handler, place)
    if param.kind == "star":
        return st.alloc(("*", function.module.path, param.pos), Obj("tuple", {}, content))
    if param.kind == "starstar":
        items = view_params.arguments(run.shared, function.owner, content) if handler is not None else {}
        return st.alloc(("**", function.module.path, param.pos), Obj("dict", items, content, content))
    if param is _error_param(function):
        return statements.caught_error(place, param.name, "Exception")
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


def _calls_wrapped(function: FunctionInfo, node: ir.Node | None) -> bool:
    """Whether a decorator's inner function calls there what the decorator was given, or what it makes of it."""
    while isinstance(node, ir.Await):
        node = node.value
    wrapped = {p.name for p in function.parent.node.params} if function.parent is not None else set()
    return isinstance(node, ir.Call) and any(
        isinstance(part, ir.Name) and part.id in wrapped for part in walk(node.func)
    )


def _of_wrapped(function: FunctionInfo, stmt: ir.Node) -> bool:
    """Whether a handler gives back what another one did, which is judged there."""
    return isinstance(stmt, ir.Return) and _calls_wrapped(function, stmt.value)


def _hands_on(function: FunctionInfo, param: ir.Param) -> bool:
    """Whether a decorator's inner function hands all its arguments on to what the decorator was given."""
    return function.parent is not None and any(
        isinstance(node, ir.Call)
        and _calls_wrapped(function, node)
        and (
            any(isinstance(a, ir.Star) and _names(a.value, param) for a in node.args)
            or any(key is None and _names(value, param) for key, value in node.keywords)
        )
        for node in walk(*function.node.body)
    )


def _names(node: ir.Expr, param: ir.Param) -> bool:
    return isinstance(node, ir.Name) and node.id == param.name


def _more(
    run: Run, function: FunctionInfo, param: ir.Param, handler: Handler | None, place: tuple[object, ir.Pos]
) -> Value:
    """What `*args` or `**kwargs` of an entry hold: data of the request where a framework fills the parameters."""
    if handler is not None and _hands_on(function, param):
        # What wraps a handler hands on what it is given; the handler itself is interpreted as one.
        return Value((Opaque(label=param.name),))
    if handler is not None and handler.route.params and param.name not in handler.route.besides:
        route = handler.route
        taints = attributes.source_taint(run, route.params, param.name, place, handler.note)  # type: ignore[arg-type]
        # What stands in an address is text, by whichever name it is handed on.
        return Value((Opaque("builtins.str" if route.params == "http.path" else None, taints),))
    return Value((Opaque(None, _unknown_trust(function, param.name, place)),))


_ERROR_HANDLERS = frozenset(("errorhandler", "app_errorhandler", "exception_handler"))


def _error_param(function: FunctionInfo) -> ir.Param | None:
    """The parameter that gets the error, where a function is registered for every error or for one that is not about the request."""
    for decorator in function.node.decorators:
        if (
            not isinstance(decorator, ir.Call)
            or not isinstance(decorator.func, ir.Attr)
            or not decorator.args
        ):
            continue
        kind = decorator.args[0]
        name = kind.id if isinstance(kind, ir.Name) else kind.name if isinstance(kind, ir.Attr) else ""
        if decorator.func.name in _ERROR_HANDLERS and name and not statements.for_clients(name):
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


def find_handler(run: Run, function: FunctionInfo) -> Handler | None:
    """The route by which a framework calls a function: a decorator, or the class it stands in."""
    models = run.models
    registered = run.shared.registered.get(id(function.node))
    if registered is not None:
        return Handler(*registered)
    found: Handler | None = None
    paths: list[tuple[str, str]] = []
    for decorator in function.node.decorators:
        target = decorator.func if isinstance(decorator, ir.Call) else decorator
        for name, note in _callable_names(run, function, target) or _by_path(function, decorator):
            rows = models.routes_by_decorator(name)
            if rows:
                path = _written_path(decorator)
                paths.append((name.rpartition(".")[0], path))
                found = found or Handler(rows[0], path, note, page=_sends_page(decorator))
                break
    if found is not None:
        found.paths = tuple(paths)
        return found
    if function.owner is not None:
        known, unknown = run.program.mro(function.owner)
        for base in known if models.has_own else ():
            own = models.own(base.qualname)
            for row in models.routes_by_base(own) if own is not None else ():
                if row.handles(function.name):
                    return Handler(row, "")
        for outcome in unknown:
            symbol = symbol_of(outcome) or attributes.same_name(run, outcome)
            if isinstance(symbol, External):
                for row in models.routes_by_base(models.canonical(symbol.qualname)):
                    if row.handles(function.name):
                        return Handler(row, "")
    hinted = run.shared.hinted.get(id(function.node))
    return _by_convention(run, function) or (Handler(*hinted) if hinted is not None else None)


def _sends_page(decorator: ir.Expr) -> bool:
    """`@router.get("/", response_class=HTMLResponse)`"""
    return isinstance(decorator, ir.Call) and any(
        key == "response_class" and written(value).rpartition(".")[2] == "HTMLResponse"
        for key, value in decorator.keywords
    )


_VERBS = frozenset(("get", "post", "put", "patch", "delete"))


def _by_path(function: FunctionInfo, decorator: ir.Expr) -> list[tuple[str, str]]:
    """`@app.get("/path")` on what is not in the input: a route, of FastAPI where the function is asynchronous or has annotations."""
    if not isinstance(decorator, ir.Call) or not isinstance(decorator.func, ir.Attr):
        return []
    if decorator.func.name not in _VERBS or not _written_path(decorator).startswith("/"):
        return []
    node = function.node
    of = "fastapi.FastAPI" if node.is_async or any(p.annotation for p in node.params) else "flask.Flask"
    note = f"`{written(decorator.func)}` is taken for a route of `{of}`: a method of HTTP and a path"
    return [(f"{of}.{decorator.func.name}", note)]


def _by_convention(run: Run, function: FunctionInfo) -> Handler | None:
    """A handler that is known by its name, its parameters and the name of its class's base alone; it says so."""
    if function.owner is None and function.parent is not None:
        return None
    if function.owner is not None and function.self_name is None:
        return None
    bases = [written(base) for base in function.owner.node.bases] if function.owner is not None else None
    parameters = [param.name for param in function.node.params][function.owner is not None :]
    row = run.models.route_by_convention(function.name, parameters, bases)
    if row is None:
        return None
    return Handler(
        row, "", f"`{function.short}` is taken for a handler of {row.framework}: its name and parameters"
    )


def _written_path(decorator: ir.Expr) -> str:
    """The path in `@app.route("/path")`, "" where it is not literal."""
    if isinstance(decorator, ir.Call):
        given = [*decorator.args[:1], *(v for k, v in decorator.keywords if k in ("rule", "path"))]
        for part in given:
            if isinstance(part, ir.Const) and isinstance(part.value, str):
                return part.value
    return ""


def _callable_names(run: Run, function: FunctionInfo, node: ir.Expr) -> list[tuple[str, str]]:
    """The dotted names that a decorator may be, with the note on evidence."""
    if not isinstance(node, ir.Name | ir.Attr):
        return []
    frame = run.shared.closures.get(id(function.node))
    holder = Frame(function.module, function.parent, None, None, frame, None)
    saved = run.frame
    run.frame = holder
    try:
        env = frame.env if frame is not None else scopes.module_env(run, function.module)
        value = expressions.evaluate(run, node, State(dict(env), {}, run.shared.base))
    finally:
        run.frame = saved
    out = []
    for atom in value.atoms:
        if isinstance(atom, Lib):
            out.append((atom.name, ""))
        elif isinstance(atom, Func) and atom.info is not None:
            own = run.models.own(atom.info.qualname)
            if own is not None:
                out.append((own, ""))
        elif isinstance(atom, Method) and isinstance(atom.receiver, Func):
            # `@group.command()`, where a decorator made `group` of a function.
            made = find_handler(run, atom.receiver.info) if atom.receiver.info is not None else None
            if made is not None and made.route.becomes:
                out.append((f"{made.route.becomes}.{atom.name}", made.note))
        elif isinstance(atom, Method) and atom.type is not None:
            out.append((f"{atom.type}.{atom.name}", atom.note))
        elif isinstance(atom, Method) and isinstance(node, ir.Attr):
            name = written(node.base).rpartition(".")[2]
            found = scopes.by_evidence(run, name, frozenset((atom.name,)))
            if found is not None:
                out.append((f"{found[0]}.{atom.name}", found[1]))
    return out


__all__ = [
    "NONE",
    "Entries",
    "Failure",
    "Func",
    "Handler",
    "find_handler",
    "join",
    "parameters",
    "run_function",
    "run_module",
]
