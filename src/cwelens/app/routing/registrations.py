"""Handlers that a call registers: `add_url_rule`, `add_route`, `add_view`, lists of routes, and decorators that are applied as calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cwelens.app.routing import urls
from cwelens.app.routing.decorated import DECORATORS
from cwelens.app.routing.found import (
    VERBS,
    Found,
    const,
    framework_of,
    imports,
    keyword,
    methods_given,
    methods_listed,
    name_of,
    path_of,
    targets,
)
from cwelens.app.routing.permissions import of_permission
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo, FunctionInfo, ModuleInfo, Symbol

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
    "Rule(",
    ".register(",
    "Application(",
    "application(",
    "add_view",
    "add_delete",
    "add_put",
    "add_handlers",
    "add_subapp",
    "callback=",
    ".route(",
    "Litestar(",
    "Router(",
)
_ANY = ("GET", "POST")


class Registration:
    """A call that may register something, with the function around it."""

    def __init__(self, found: Found, module: ModuleInfo, holder: FunctionInfo | None, node: ir.Call) -> None:
        self.found = found
        self.module = module
        self.holder = holder
        self.node = node
        self.args = node.args
        self.func = node.func
        self.name = name_of(node.func)

    def at(self, index: int, *names: str) -> ir.Expr | None:
        """The argument at a position or under one of these names."""
        return keyword(self.node, *names) or (self.args[index] if index < len(self.args) else None)

    def path(self, node: ir.Expr | None) -> str:
        return path_of(self.found.know, self.module, self.holder, node)

    def symbol(self, node: ir.Expr | None) -> Symbol | None:
        if not isinstance(node, ir.Name | ir.Attr):
            return None
        return symbol_of(self.found.know.program.resolve_expr(self.module, self.holder, node))

    @property
    def registrar(self) -> Symbol | None:
        return self.symbol(self.func.base) if isinstance(self.func, ir.Attr) else None

    def view(self, view: ir.Expr | None, methods: tuple[str, ...], path: str, framework: str) -> None:
        """The routes of what is registered."""
        self.found.add_view(
            self.module, self.holder, self.node, view, methods, path, framework, self.registrar
        )


def called(found: Found, module: ModuleInfo) -> None:
    """The routes that the calls of a module make."""
    if not any(mark in module.source.text for mark in _MARKS):
        return
    for node, holder in _calls(module):
        if isinstance(node, ir.Seq):
            _tuple(found, module, holder, node)
            continue
        call = Registration(found, module, holder, node)
        if isinstance(node.func, ir.Call):
            _applied(call, node.func)
            continue
        handle = _HANDLE.get(call.name)
        if handle is not None:
            handle(call)


def _calls(module: ModuleInfo) -> Iterator[tuple[ir.Call | ir.Seq, FunctionInfo | None]]:
    """Calls that may register something, and tuples, with the function around them."""
    for node in module.nodes:
        if isinstance(node, ir.Call):
            inner = node.func.func if isinstance(node.func, ir.Call) else node.func
            if name_of(inner) not in _HANDLE and name_of(inner) not in DECORATORS:
                continue
        elif not (isinstance(node, ir.Seq) and node.kind == "tuple"):
            continue
        holder = None
        for function in module.functions:
            if function.node.pos[0] <= node.pos[0] <= function.node.pos[2]:
                holder = function
        yield node, holder


def _applied(call: Registration, made: ir.Call) -> None:
    """`app.route("/x")(show)`: a decorator that is called."""
    name = name_of(made.func)
    if name not in DECORATORS or not isinstance(made.func, ir.Attr) or len(call.args) != 1:
        return
    path = keyword(made, "path", "rule", "uri") or (made.args[0] if made.args else None)
    if path is None:
        return
    default = (name.upper(),) if name in VERBS else ("GET",)
    second = made.args[1] if len(made.args) > 1 and name == "route" else None
    registrar = call.symbol(made.func.base)
    call.found.add_view(
        call.module,
        call.holder,
        call.node,
        call.args[0],
        methods_given(made, methods_listed(second, default)),
        call.path(path),
        framework_of(call.found.know, call.module, registrar),
        registrar,
    )


def _url_rule(call: Registration) -> None:
    view = call.at(2, "view_func")
    call.view(view, methods_given(call.node, ("GET",)), call.path(call.at(0, "rule")), "Flask")


def _resource(call: Registration) -> None:
    if len(call.args) > 1:
        call.view(call.args[0], (), call.path(call.args[1]), "Flask-RESTful")


def _api_route(call: Registration) -> None:
    call.view(
        call.at(1, "endpoint"), methods_given(call.node, ("GET",)), call.path(call.at(0, "path")), "FastAPI"
    )


def _is_verb(node: ir.Expr | None) -> bool:
    text = const(node)
    return text is not None and (text == "*" or text.lower() in VERBS)


def _route(call: Registration) -> None:
    """`add_route` and `route` of several frameworks, told apart by what stands where."""
    args = call.args
    if len(args) >= 3 and _is_verb(args[0]):
        verb = (const(args[0]) or "").upper()
        call.view(args[2], _ANY if verb == "*" else (verb,), call.path(args[1]), "aiohttp")
    elif len(args) == 2 and _is_verb(args[0]) and isinstance(call.func, ir.Attr):
        # aiohttp: `router.add_resource("/x").add_route("GET", show)`
        resource = call.func.base
        path = resource.args[0] if isinstance(resource, ir.Call) and resource.args else None
        call.view(args[1], ((const(args[0]) or "").upper(),), call.path(path), "aiohttp")
    elif (
        len(args) >= 2
        and const(args[0]) is not None
        and const(args[1]) is not None
        and call.name == "add_route"
    ):
        # Pyramid: a name and its path.
        call.found.named[const(args[0]) or ""] = const(args[1]) or ""
    elif call.name == "route":
        view = call.at(2, "callback")
        if view is not None and args:
            methods = methods_given(call.node, methods_listed(args[1] if len(args) > 1 else None, ("GET",)))
            call.view(view, methods, call.path(args[0]), "Bottle")
    else:
        first, second = call.at(0, "uri_template", "path", "uri"), call.at(1, "resource", "handler", "route")
        if first is None or second is None:
            return
        reversed_ = const(first) is None and call.path(second) != "?"
        where, view = (second, first) if reversed_ else (first, second)
        framework = framework_of(call.found.know, call.module, call.registrar, "Falcon")
        call.view(view, methods_given(call.node, ("GET",)), call.path(where), framework)


def _callback(call: Registration) -> None:
    """`app.get("/x", callback=show)` of Bottle; `web.get("/x", show)` and `router.add_get("/x", show)` of aiohttp."""
    verb = call.name.removeprefix("add_").upper()
    view = keyword(call.node, "callback")
    if view is not None and call.args:
        call.view(view, (verb,), call.path(call.args[0]), "Bottle")
        return
    func = call.func
    if call.name.startswith("add_") or (
        isinstance(func, ir.Attr) and dotted(func.base) in ("web", "aiohttp.web")
    ):
        if len(call.args) >= 2:
            call.view(call.args[1], _ANY if verb == "VIEW" else (verb,), call.path(call.args[0]), "aiohttp")


def _view(call: Registration) -> None:
    """`config.add_view(show, route_name="x")` of Pyramid; else as the other methods of aiohttp."""
    if call.name == "view" or (
        not imports(call.module, "pyramid") and "route_name" not in dict(call.node.keywords)
    ):
        _callback(call)
        return
    permission = keyword(call.node, "permission")
    routes = call.found.add_view(
        call.module,
        call.holder,
        call.node,
        call.at(0, "view"),
        methods_given(call.node, _ANY),
        "?",
        "Pyramid",
        outer=of_permission(call.module, permission) if permission is not None else (),
    )
    name = const(keyword(call.node, "route_name", "name"))
    for route in routes:
        if name:
            call.found.waiting.append((route, name))


def _starlette(call: Registration) -> None:
    if len(call.args) + len(call.node.keywords) >= 2:
        view = call.at(1, "endpoint", "handler")
        framework = framework_of(call.found.know, call.module, None, "Starlette")
        call.view(view, methods_given(call.node, ("GET",)), call.path(call.at(0, "path")), framework)


def _rule(call: Registration) -> None:
    """`Rule("/x", endpoint=…)` of Werkzeug: a function, or the name of a method `on_…` of the class that dispatches."""
    endpoint = call.at(1, "endpoint")
    path = call.path(call.at(0, "string", "rule"))
    methods = methods_given(call.node, _ANY)
    name = const(endpoint)
    if name is None:
        call.view(endpoint, methods, path, "WSGI")
        return
    for function in call.module.functions:
        if function.name in (name, f"on_{name}", f"handle_{name}", f"do_{name}") and function.parent is None:
            call.found.add(call.module, call.node, function, methods, path, "WSGI")


def _django_or_tornado(call: Registration) -> None:
    """`url(…)` and `path(…)` of Django; `url(r"/x", Handler)` of Tornado."""
    if len(call.args) < 2 or const(call.args[0]) is None:
        return
    pattern = const(call.args[0]) or ""
    if "urlpatterns" in call.module.source.text:
        urls.django(call.found, call.module, call.holder, call.node, pattern, call.args[1])
        return
    for cls, _ in targets(call.found.know, call.module, call.holder, call.args[1]):
        if isinstance(cls, ClassInfo):
            call.found.paths.setdefault(cls, []).append((pattern, "Tornado", (call.module, call.node)))


def _included(call: Registration) -> None:
    """Groups of routes: their prefix, and what is asked before each of them."""
    node, args = call.node, call.args
    group = (
        keyword(node, "app", "blueprint", "router") if not args else args[-1] if const(args[0]) else args[0]
    )
    symbol = call.symbol(group)
    if symbol is None:
        return
    prefix = const(keyword(node, "url_prefix", "prefix", "path")) or (const(args[0]) if args else None)
    if prefix:
        call.found.prefixes[symbol] = prefix
    dependencies = keyword(node, "dependencies")
    if dependencies is not None:
        call.found.dependencies.setdefault(symbol, []).append((call.module, dependencies))
    # An application that is mounted keeps to its own dependencies.
    outer = call.registrar if call.name in ("include_router", "register_blueprint") else None
    if outer is not None:
        call.found.within.setdefault(symbol, []).append(outer)


def _group(call: Registration) -> None:
    """`Router(path="/x", route_handlers=[…], guards=[…])` and `Litestar(…)`: what each handler in the list gets."""
    listed = keyword(call.node, "route_handlers") or call.at(1, "route_handlers")
    if not isinstance(listed, ir.Seq):
        return
    prefix = const(keyword(call.node, "path")) or (const(call.args[0]) if call.args else None) or ""
    guards = keyword(call.node, "guards")
    for part in listed.items:
        symbol = call.symbol(part)
        if symbol is None:
            continue
        if prefix:
            call.found.prefixes[symbol] = f"{prefix.rstrip('/')}{call.found.prefixes.get(symbol, '')}"
        if guards is not None:
            call.found.dependencies.setdefault(symbol, []).append((call.module, guards))


def _registered(call: Registration) -> None:
    """`router.register("posts", PostViewSet)`"""
    if len(call.args) >= 2 and const(call.args[0]) is not None:
        cls = call.symbol(call.args[1])
        if isinstance(cls, ClassInfo):
            urls.view_class(
                call.found, call.module, call.node, cls, f"/{const(call.args[0])}", "Django REST framework"
            )


def _tuple(found: Found, module: ModuleInfo, holder: FunctionInfo | None, node: ir.Seq) -> None:
    """`(r"/path", Handler)` of Tornado; `("/path", "Class", …)` of web.py."""
    texts = [const(item) for item in node.items]
    if len(texts) >= 2 and len(texts) % 2 == 0 and all(texts) and imports(module, "web"):
        for path, name in zip(texts[::2], texts[1::2]):
            cls = found.know.class_named((name or "").rpartition(".")[2])
            for method, function in cls.methods.items() if cls is not None else ():
                if method.isupper() and method.lower() in VERBS:
                    found.add(module, node, function, (method,), path or "", "web.py", None, cls)
    elif len(texts) >= 2 and texts[0] is not None and isinstance(node.items[1], ir.Name | ir.Attr):
        symbol = symbol_of(found.know.program.resolve_expr(module, holder, node.items[1]))
        if isinstance(symbol, ClassInfo):
            found.paths.setdefault(symbol, []).append((texts[0], "Tornado", (module, node)))


_HANDLE: dict[str, Callable[[Registration], None]] = {
    "add_url_rule": _url_rule,
    "add_resource": _resource,
    "add_api_route": _api_route,
    "add_route": _route,
    "route": _route,
    "add_view": _view,
    "view": _view,
    "Route": _starlette,
    "APIRoute": _starlette,
    "Rule": _rule,
    "url": _django_or_tornado,
    "path": _django_or_tornado,
    "re_path": _django_or_tornado,
    "URLSpec": _django_or_tornado,
    "register_blueprint": _included,
    "include_router": _included,
    "mount": _included,
    "add_subapp": _included,
    "Router": _group,
    "Litestar": _group,
    "register": _registered,
    **dict.fromkeys(VERBS, _callback),
    **{f"add_{verb}": _callback for verb in VERBS},
}
