"""Handlers that are methods of a class which a framework makes for each request, known by its bases and decorators."""

from __future__ import annotations

from cwelens.app.routing.found import VERBS, Found, const, framework_of, keyword, name_of
from cwelens.app.routing.permissions import of_permission
from cwelens.ir import nodes as ir
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo, ModuleInfo

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


def of_class(found: Found, module: ModuleInfo, cls: ClassInfo) -> None:
    """The routes that a class's decorators, or its bases, make of its methods."""
    _decorated(found, module, cls)
    known = found.know.program.mro(cls)[0]
    bases = {b.rpartition(".")[2] for a in known for b in a.bases_text}
    bases |= {base.rpartition(".")[2] for base in found.know.program.library_bases(cls)}
    if "Controller" in bases:
        _controller(found, cls)
    kind = next((text for base, text in _HANDLER_BASES.items() if base in bases), None)
    if kind is not None:
        _handlers(found, module, cls, kind)


def _decorated(found: Found, module: ModuleInfo, cls: ClassInfo) -> None:
    program = found.know.program
    for decorator in cls.node.decorators:
        if not (
            isinstance(decorator, ir.Call)
            and name_of(decorator.func) in ("route", "resource", "view", "view_config")
        ):
            continue
        if name_of(decorator.func) == "view_config":
            _pyramid(found, module, cls, decorator)
            continue
        if not isinstance(decorator.func, ir.Attr):
            continue
        given = const(decorator.args[0]) if decorator.args else None
        registrar = symbol_of(program.resolve_expr(module, cls.function, decorator.func.base))
        for name, function in cls.methods.items():
            if name in VERBS and given is not None:
                framework = framework_of(found.know, module, registrar)
                found.add(module, decorator, function, (name.upper(),), given, framework, registrar, cls)


def _pyramid(found: Found, module: ModuleInfo, cls: ClassInfo, decorator: ir.Call) -> None:
    """`@view_config(route_name="x", attr="show")` on a class: the method it names, else `__call__`."""
    function = cls.methods.get(const(keyword(decorator, "attr")) or "__call__")
    permission = keyword(decorator, "permission")
    name = const(keyword(decorator, "route_name"))
    if function is not None:
        outer = of_permission(module, permission) if permission is not None else ()
        route = found.add(
            module, decorator, function, ("GET", "POST"), "?", "Pyramid", None, cls, outer=outer
        )
        if name:
            found.waiting.append((route, name))


def _controller(found: Found, cls: ClassInfo) -> None:
    """Litestar: the path and the guards of the class hold for each of its handlers."""
    bound = {name: bindings[-1].value for name, bindings in cls.bindings.items()}
    prefix, guards = const(bound.get("path")), bound.get("guards")
    for route in found.routes:
        if route.handler.owner is cls and route.framework == "Litestar":
            route.path = joined(prefix or "", route.path)
            route.registrar = route.registrar or cls
            if guards is not None:
                route.extra += (guards,)


def _handlers(found: Found, module: ModuleInfo, cls: ClassInfo, kind: str) -> None:
    registered = {r.handler for r in found.routes}
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


def joined(prefix: str, path: str) -> str:
    """A path behind the prefix of its group."""
    prefix = prefix.rstrip("/")
    path = path.lstrip("^")
    return f"{prefix}/{path.lstrip('/')}" if path.strip("/") else prefix or "/"
