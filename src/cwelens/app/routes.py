"""Finds the routes of a program: handlers that decorators, calls, classes, URL lists and specifications hand to a framework."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cwelens.app.evaluate import text_of
from cwelens.app.frame import Knowledge
from cwelens.app.model import Route
from cwelens.app.words import table
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted, walk
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import Binding, ClassInfo, External, FunctionInfo, ModuleInfo, Symbol

VERBS = ("get", "post", "put", "delete", "patch", "head", "options")
_DECORATORS = frozenset((*VERBS, "route", "api_route", "expose", "websocket"))
_HANDLER_BASES = {
    "BaseHTTPRequestHandler": "http.server",
    "SimpleHTTPRequestHandler": "http.server",
    "CGIHTTPRequestHandler": "http.server",
    "RequestHandler": "Tornado",
    "MethodView": "Flask",
    "Resource": "Flask-RESTful",
    "HTTPEndpoint": "Starlette",
    "HTTPMethodView": "Sanic",
    "FlaskView": "Flask-Classful",
}
_CLASSFUL = {"index": "GET", "get": "GET", "post": "POST", "put": "PUT", "patch": "PATCH", "delete": "DELETE"}
_VIEW_VERBS = table(
    "get post put patch delete list create retrieve update partial_update destroy form_valid get_queryset get_object perform_create perform_update perform_destroy"
)
_ACTIONS = {
    "list": ("GET",),
    "retrieve": ("GET",),
    "create": ("POST",),
    "update": ("PUT",),
    "partial_update": ("PATCH",),
    "destroy": ("DELETE",),
    "form_valid": ("POST",),
    "perform_create": ("POST",),
    "perform_update": ("PUT",),
    "perform_destroy": ("DELETE",),
    "get_queryset": ("GET",),
    "get_object": ("GET",),
}
# A module whose text has none of these registers nothing by call.
_MARKS = (
    "add_url_rule",
    "add_resource",
    "add_route",
    "add_get",
    "add_post",
    "add_api_route",
    "urlpatterns",
    "register_blueprint",
    "include_router",
    "web.get",
    "web.post",
    "web.view",
    "Route(",
    ".register(",
    "Application(",
    "add_view",
    "add_delete",
    "add_put",
    "add_handlers",
)


@dataclass(slots=True)
class _Found:
    """What registrations say, until the handlers are put together."""

    know: Knowledge
    routes: list[Route] = field(default_factory=list)
    prefixes: dict[Symbol, str] = field(default_factory=dict)
    dependencies: dict[Symbol, list[ir.Expr]] = field(default_factory=dict)
    paths: dict[ClassInfo, list[tuple[str, str, tuple[ModuleInfo, ir.Node]]]] = field(default_factory=dict)
    modules: dict[ModuleInfo, tuple[ModuleInfo, str]] = field(default_factory=dict)

    def add(
        self,
        module: ModuleInfo,
        node: ir.Node,
        handler: FunctionInfo,
        methods: tuple[str, ...],
        path: str,
        framework: str,
        registrar: Symbol | None = None,
        cls: ClassInfo | None = None,
        extra: tuple[ir.Expr, ...] = (),
    ) -> None:
        how = text_of(module, node)
        place = (module.source, node.pos)
        self.routes.append(
            Route(methods, path, handler, cls or handler.owner, framework, how, place, registrar, extra)
        )


def find(know: Knowledge, modules: list[ModuleInfo]) -> list[Route]:
    """Every route, in the order of the code; a handler that is registered several times is one route with all methods."""
    found = _Found(know)
    for module in modules:
        for function in module.functions:
            _decorated(found, module, function)
        if any(mark in module.source.text for mark in _MARKS):
            _called(found, module)
    for module in modules:
        for cls in module.classes:
            _class(found, module, cls)
    for route in found.routes:
        if route.registrar is not None and route.registrar in found.prefixes:
            route.path = _joined(found.prefixes[route.registrar], route.path)
        if route.registrar is not None:
            route.extra += tuple(found.dependencies.get(route.registrar, ()))
        if route.framework == "Django":
            route.path = _joined(_prefix(found, _module_of(modules, route)), route.path)
    return _merged(found.routes)


def _prefix(found: _Found, module: ModuleInfo) -> str:
    """What the URL lists that include a URL list put before its paths."""
    out, seen = "", set()
    while module in found.modules and module not in seen:
        seen.add(module)
        module, path = found.modules[module]
        out = f"/{path}{out}" if path else out
    return out


def _module_of(modules: list[ModuleInfo], route: Route) -> ModuleInfo:
    return next((m for m in modules if m.source is route.registered[0]), route.handler.module)


def _joined(prefix: str, path: str) -> str:
    prefix = prefix.rstrip("/")
    path = path.lstrip("^")
    return f"{prefix}/{path.lstrip('/')}" if path else prefix or "/"


def _merged(routes: list[Route]) -> list[Route]:
    by_handler: dict[FunctionInfo, Route] = {}
    for route in routes:
        first = by_handler.get(route.handler)
        if first is None:
            by_handler[route.handler] = route
        else:
            first.methods = tuple(dict.fromkeys((*first.methods, *route.methods)))
    return sorted(by_handler.values(), key=lambda r: (r.handler.module.path, r.handler.node.pos))


def const(node: ir.Expr | None) -> str | None:
    return node.value if isinstance(node, ir.Const) and isinstance(node.value, str) else None


def keyword(node: ir.Call, *names: str) -> ir.Expr | None:
    return next((v for k, v in node.keywords if k in names), None)


def _methods(node: ir.Call, default: tuple[str, ...]) -> tuple[str, ...]:
    given = keyword(node, "methods", "method")
    if given is None:
        return default
    listed = given.items if isinstance(given, ir.Seq) else [given]
    names = tuple(text.upper() for text in map(const, listed) if text)
    return names or default


def _decorated(found: _Found, module: ModuleInfo, function: FunctionInfo) -> None:
    for decorator in function.node.decorators:
        call = decorator if isinstance(decorator, ir.Call) else None
        target = call.func if call is not None else decorator
        name = (
            target.name if isinstance(target, ir.Attr) else target.id if isinstance(target, ir.Name) else ""
        )
        if name not in _DECORATORS:
            continue
        if call is None:
            if name == "expose" and (dotted(target) or "").startswith("cherrypy"):
                found.add(module, decorator, function, ("GET", "POST"), f"/{function.name}", "CherryPy")
            continue
        path = const(call.args[0] if call.args else keyword(call, "path", "rule", "uri"))
        if path is None or not _is_path(path) or (isinstance(target, ir.Name) and not path.startswith("/")):
            continue
        default = (name.upper(),) if name in VERBS else ("GET",)
        registrar = None
        if isinstance(target, ir.Attr):
            registrar = symbol_of(found.know.program.resolve_expr(module, function.parent, target.base))
        elif (
            function.owner is None
            and symbol_of(found.know.program.resolve_expr(module, function.parent, target)) is None
        ):
            continue
        framework = _framework(found.know, module, function.parent, target, registrar)
        extra = keyword(call, "dependencies")
        found.add(module, decorator, function, _methods(call, default), path, framework, registrar,
                  extra=(extra,) if extra is not None else ())  # fmt: skip


def _is_path(text: str) -> bool:
    return (
        text == "" or text[0] in "/^<{" or text.replace("-", "").replace("/", "").isidentifier()
    ) and " " not in text


def _framework(
    know: Knowledge,
    module: ModuleInfo,
    function: FunctionInfo | None,
    target: ir.Expr,
    registrar: Symbol | None,
) -> str:
    """The library that the registrar comes from, by what it was made with; else by what the file imports."""
    names: list[str] = []
    if isinstance(registrar, Binding) and isinstance(registrar.value, ir.Call):
        made = symbol_of(know.program.resolve_expr(registrar.module, registrar.where, registrar.value.func))
        if isinstance(made, External):
            names.append(made.qualname)
    elif isinstance(registrar, External):
        names.append(registrar.qualname)
    names += [b[0].target or "" for b in module.bindings.values() if b[0].kind == "import"]
    known = {"flask": "Flask", "fastapi": "FastAPI", "starlette": "Starlette", "bottle": "Bottle", "aiohttp": "aiohttp",
             "quart": "Quart", "sanic": "Sanic", "flask_restx": "Flask-RESTX", "flask_restplus": "Flask-RESTX", "flask_admin": "Flask-Admin",
             "litestar": "Litestar", "falcon": "Falcon", "tornado": "Tornado", "flask_classful": "Flask-Classful",
             "flask_classy": "Flask-Classful", "pyramid": "Pyramid", "django": "Django"}  # fmt: skip
    for name in names:
        framework = known.get(name.partition(".")[0])
        if framework is not None:
            return framework
    return "web"


_REGISTER = frozenset(
    (*VERBS, *(f"add_{v}" for v in VERBS), "add_url_rule", "add_resource", "add_api_route", "add_route", "route", "view", "Route",
     "APIRoute", "url", "path", "re_path", "register_blueprint", "include_router", "mount", "register")
)  # fmt: skip


def _calls(module: ModuleInfo) -> Iterator[tuple[ir.Call | ir.Seq, FunctionInfo | None]]:
    """Calls that may register something, and pairs of a text and a name, with the function around them."""
    for node in walk(*module.body):
        if isinstance(node, ir.Call):
            func = node.func
            name = func.name if isinstance(func, ir.Attr) else func.id if isinstance(func, ir.Name) else ""
            if name not in _REGISTER:
                continue
        elif not (isinstance(node, ir.Seq) and node.kind == "tuple"):
            continue
        holder = None
        for function in module.functions:
            if function.node.pos[0] <= node.pos[0] <= function.node.pos[2]:
                holder = function
        yield node, holder


def _called(found: _Found, module: ModuleInfo) -> None:
    program = found.know.program
    for node, holder in _calls(module):
        if isinstance(node, ir.Seq):
            _tuple(found, module, holder, node)
            continue
        func = node.func
        name = func.name if isinstance(func, ir.Attr) else func.id if isinstance(func, ir.Name) else ""
        args = node.args
        registrar = (
            symbol_of(program.resolve_expr(module, holder, func.base))
            if isinstance(func, ir.Attr) and isinstance(func.base, ir.Name | ir.Attr)
            else None
        )
        if name == "add_url_rule" and (args or node.keywords):
            view = keyword(node, "view_func") or (args[2] if len(args) > 2 else None)
            path = const(args[0] if args else keyword(node, "rule")) or "?"
            _handler(found, module, holder, node, view, _methods(node, ("GET",)), path, "Flask", registrar)
        elif name == "add_resource" and len(args) > 1:
            _handler(
                found, module, holder, node, args[0], (), const(args[1]) or "?", "Flask-RESTful", registrar
            )
        elif name == "add_api_route" and len(args) > 1:
            _handler(
                found,
                module,
                holder,
                node,
                args[1],
                _methods(node, ("GET",)),
                const(args[0]) or "?",
                "FastAPI",
                registrar,
            )
        elif (
            name in ("add_route", "route")
            and len(args) >= 3
            and const(args[0])
            and const(args[1]) is not None
        ):
            verb = (const(args[0]) or "").upper()
            _handler(
                found,
                module,
                holder,
                node,
                args[2],
                ("GET", "POST") if verb == "*" else (verb,),
                const(args[1]) or "",
                "aiohttp",
                None,
            )
        elif name == "add_route" and len(args) >= 2:
            where, view = (args[0], args[1]) if const(args[0]) is not None else (args[1], args[0])
            _handler(
                found,
                module,
                holder,
                node,
                view,
                _methods(node, ("GET",)),
                const(where) or "?",
                "Falcon",
                registrar,
            )
        elif (name.startswith("add_") and name[4:] in VERBS and len(args) >= 2) or (
            name in (*VERBS, "view")
            and len(args) >= 2
            and isinstance(func, ir.Attr)
            and dotted(func.base) in ("web", "aiohttp.web")
        ):
            verb = name.removeprefix("add_").upper()
            _handler(found, module, holder, node, args[1], (verb,), const(args[0]) or "?", "aiohttp", None)
        elif name in ("Route", "APIRoute") and len(args) + len(node.keywords) >= 2:
            view = keyword(node, "endpoint", "handler") or (args[1] if len(args) > 1 else None)
            _handler(
                found,
                module,
                holder,
                node,
                view,
                _methods(node, ("GET",)),
                const(args[0] if args else None) or "?",
                "Starlette",
                registrar,
            )
        elif (
            name in ("url", "path", "re_path")
            and len(args) >= 2
            and const(args[0]) is not None
            and "urlpatterns" in module.source.text
        ):
            _django(found, module, holder, node, const(args[0]) or "", args[1])
        elif name in ("register_blueprint", "include_router", "mount") and args:
            _included(found, module, holder, node)
        elif name == "register" and args:
            _registered(found, module, holder, node)


def _included(found: _Found, module: ModuleInfo, holder: FunctionInfo | None, node: ir.Call) -> None:
    symbol = symbol_of(
        found.know.program.resolve_expr(
            module, holder, node.args[-1] if const(node.args[0]) else node.args[0]
        )
    )
    if symbol is None:
        return
    prefix = const(keyword(node, "url_prefix", "prefix")) or const(node.args[0])
    if prefix:
        found.prefixes[symbol] = prefix
    dependencies = keyword(node, "dependencies")
    if dependencies is not None:
        found.dependencies.setdefault(symbol, []).append(dependencies)


def _registered(found: _Found, module: ModuleInfo, holder: FunctionInfo | None, node: ir.Call) -> None:
    """`router.register("posts", PostViewSet)`, `PostsView.register(app)`"""
    program = found.know.program
    if len(node.args) >= 2 and const(node.args[0]) is not None:
        cls = symbol_of(program.resolve_expr(module, holder, node.args[1]))
        if isinstance(cls, ClassInfo):
            _view_class(found, module, node, cls, f"/{const(node.args[0])}", "Django REST framework")


def _tuple(found: _Found, module: ModuleInfo, holder: FunctionInfo | None, node: ir.Seq) -> None:
    """`(r"/path", Handler)` of Tornado."""
    if (
        len(node.items) >= 2
        and const(node.items[0]) is not None
        and isinstance(node.items[1], ir.Name | ir.Attr)
    ):
        cls = symbol_of(found.know.program.resolve_expr(module, holder, node.items[1]))
        if isinstance(cls, ClassInfo):
            found.paths.setdefault(cls, []).append((const(node.items[0]) or "", "Tornado", (module, node)))


def _django(
    found: _Found, module: ModuleInfo, holder: FunctionInfo | None, node: ir.Call, pattern: str, view: ir.Expr
) -> None:
    program = found.know.program
    path = pattern.lstrip("^").rstrip("$")
    if isinstance(view, ir.Call):
        name = (dotted(view.func) or "").rpartition(".")[2]
        if name == "include" and view.args:
            target = (
                view.args[0].items[0]
                if isinstance(view.args[0], ir.Seq) and view.args[0].items
                else view.args[0]
            )
            text = const(target)
            symbol = (
                symbol_of(
                    program.resolve_dotted(text, module)
                    if text
                    else program.resolve_expr(module, holder, target)
                )
                if text or isinstance(target, ir.Name | ir.Attr)
                else None
            )
            if isinstance(symbol, ModuleInfo):
                found.modules[symbol] = (module, path.strip("/"))
            return
        if name == "as_view" and isinstance(view.func, ir.Attr):
            cls = symbol_of(program.resolve_expr(module, holder, view.func.base))
            if isinstance(cls, ClassInfo):
                _view_class(found, module, node, cls, path, "Django", view)
            return
        # `login_required(view)`, `csrf_exempt(view)`
        if len(view.args) == 1:
            before = len(found.routes)
            _django(found, module, holder, node, pattern, view.args[0])
            for route in found.routes[before:]:
                route.extra += (view.func,)
        return
    _handler(found, module, holder, node, view, ("GET", "POST"), path, "Django", None)


def _view_class(
    found: _Found,
    module: ModuleInfo,
    node: ir.Node,
    cls: ClassInfo,
    path: str,
    framework: str,
    made: ir.Call | None = None,
) -> None:
    for ancestor in found.know.program.mro(cls)[0]:
        for name, function in ancestor.methods.items():
            verb = _ACTIONS.get(name) or ((name.upper(),) if name in VERBS else None)
            action = any("action" in d or "detail_route" in d for d in function.decorators)
            if verb is not None or action:
                found.add(module, node, function, verb or ("POST",), path, framework, None, cls)
    del made


def _handler(
    found: _Found,
    module: ModuleInfo,
    holder: FunctionInfo | None,
    node: ir.Call,
    view: ir.Expr | None,
    methods: tuple[str, ...],
    path: str,
    framework: str,
    registrar: Symbol | None,
) -> None:
    """The function or class that is registered."""
    program = found.know.program
    if isinstance(view, ir.Call):
        if isinstance(view.func, ir.Attr) and view.func.name == "as_view":
            _handler(found, module, holder, node, view.func.base, (), path, framework, registrar)
        else:
            target = view.args[0] if view.args else view.func
            before = len(found.routes)
            _handler(found, module, holder, node, target, methods, path, framework, registrar)
            for route in found.routes[before:]:
                if view.args:
                    route.extra += (view.func,)
        return
    if not isinstance(view, ir.Name | ir.Attr):
        return
    symbol = symbol_of(program.resolve_expr(module, holder, view))
    if isinstance(symbol, Binding) and isinstance(symbol.value, ir.Call):
        made = symbol_of(program.resolve_expr(symbol.module, symbol.where, symbol.value.func))
        symbol = made if isinstance(made, ClassInfo) else symbol
    if isinstance(symbol, FunctionInfo):
        found.add(module, node, symbol, methods, path, framework, registrar)
    elif isinstance(symbol, ClassInfo):
        for name, function in symbol.methods.items():
            verb = name.removeprefix("on_")
            if verb in VERBS:
                found.add(module, node, function, (verb.upper(),), path, framework, registrar, symbol)


def _class(found: _Found, module: ModuleInfo, cls: ClassInfo) -> None:
    program = found.know.program
    registered = {r.handler for r in found.routes}
    for decorator in cls.node.decorators:
        if (
            isinstance(decorator, ir.Call)
            and isinstance(decorator.func, ir.Attr)
            and decorator.func.name in ("route", "resource", "view")
        ):
            given = const(decorator.args[0]) if decorator.args else None
            registrar = symbol_of(program.resolve_expr(module, cls.function, decorator.func.base))
            for name, function in cls.methods.items():
                if name in VERBS and given is not None:
                    framework = _framework(found.know, module, None, decorator.func, registrar)
                    found.add(module, decorator, function, (name.upper(),), given, framework, registrar, cls)
                    registered.add(function)
    known, unknown = program.mro(cls)
    bases = {b.rpartition(".")[2] for a in known for b in a.bases_text}
    bases |= {s.qualname.rpartition(".")[2] for s in map(symbol_of, unknown) if isinstance(s, External)}
    kind = next((text for base, text in _HANDLER_BASES.items() if base in bases), None)
    if kind is None:
        return
    paths = found.paths.get(cls, [])
    address = paths[0][0] if paths else "?"
    for name, function in cls.methods.items():
        if function in registered or name.startswith("_"):
            continue
        if kind == "http.server":
            verb = name.removeprefix("do_") if name.startswith("do_") else ""
        elif kind == "Flask-Classful":
            verb = _CLASSFUL.get(name, "GET" if "self" in [p.name for p in function.node.params[:1]] else "")
            address = "/" + cls.name.removesuffix("View").lower()
        else:
            verb = name.upper() if name in VERBS else ""
        if verb and verb.isupper():
            where = paths[0][2] if paths else (module, function.node)
            found.add(where[0], where[1], function, (verb,), address, kind, None, cls)
