"""Handlers that a decorator registers: `@app.route("/x")`, `@view_config(route_name="x")`, `@get("/x")`."""

from __future__ import annotations

from cwelens.app.routing import ninja
from cwelens.app.routing.found import (
    VERBS,
    Found,
    const,
    framework_of,
    keyword,
    methods_given,
    methods_listed,
    name_of,
    qualname,
)
from cwelens.app.routing.permissions import of_permission
from cwelens.ir import nodes as ir
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import External, FunctionInfo, ModuleInfo

DECORATORS = frozenset((*VERBS, "route", "api_route", "expose", "websocket", "view_config", "wsgify", "application"))  # fmt: skip


def decorated(found: Found, module: ModuleInfo, function: FunctionInfo) -> None:
    """The routes that a function's decorators make."""
    for decorator in function.node.decorators:
        call = decorator if isinstance(decorator, ir.Call) else None
        target = call.func if call is not None else decorator
        name = name_of(target)
        if name not in DECORATORS:
            continue
        if call is None:
            _bare(found, module, function, target, name)
        elif name == "view_config":
            _view_config(found, module, function, call)
        elif name == "expose" and qualname(found.know, module, function.parent, target).startswith(
            "cherrypy"
        ):
            _bare(found, module, function, target, name)
        else:
            _with_path(found, module, function, call, target, name)


def _bare(found: Found, module: ModuleInfo, function: FunctionInfo, target: ir.Expr, name: str) -> None:
    """A decorator without a path: the tree, or the server, says where the handler is."""
    made = qualname(found.know, module, function.parent, target)
    if name == "expose" and made.startswith("cherrypy"):
        found.add(module, target, function, ("GET", "POST"), f"/{function.name}", "CherryPy")
    elif name in ("wsgify", "application") and made.partition(".")[0] in ("webob", "werkzeug"):
        found.add(module, target, function, ("GET", "POST"), "?", "WSGI")


def _with_path(
    found: Found, module: ModuleInfo, function: FunctionInfo, call: ir.Call, target: ir.Expr, name: str
) -> None:
    path = const(call.args[0] if call.args else keyword(call, "path", "rule", "uri"))
    symbol = None
    litestar = False
    if isinstance(target, ir.Name):
        symbol = symbol_of(found.know.program.resolve_expr(module, function.parent, target))
        litestar = isinstance(symbol, External) and symbol.qualname.startswith(("litestar", "starlite"))
    if litestar:
        path = path or ("/" if function.owner is None else "")
    if path is None or not is_path(path) or (isinstance(target, ir.Name) and not path.startswith("/")):
        if not litestar:
            return
    registrar = None
    if isinstance(target, ir.Attr):
        registrar = symbol_of(found.know.program.resolve_expr(module, function.parent, target.base))
    elif function.owner is None and symbol is None:
        return
    default = (name.upper(),) if name in VERBS else ("GET",)
    second = call.args[1] if len(call.args) > 1 and name == "route" else None
    methods = methods_given(call, methods_listed(second, default))
    framework = "Litestar" if litestar else framework_of(found.know, module, registrar)
    named = {"Litestar": ("dependencies", "guards"), "Bottle": ("apply",)}.get(framework, ("dependencies",))
    extra = keyword(call, *named)
    found.add(
        module,
        call,
        function,
        methods,
        path or "",
        framework,
        registrar,
        extra=(extra,) if extra is not None else (),
        outer=ninja.asked(found, module, call, registrar),
    )


def _view_config(found: Found, module: ModuleInfo, function: FunctionInfo, call: ir.Call) -> None:
    """Pyramid: the path is that of the route's name; what the class says with `view_defaults` counts too."""
    given = [call]
    if function.owner is not None:
        given += [
            d
            for d in function.owner.node.decorators
            if isinstance(d, ir.Call) and name_of(d.func) == "view_defaults"
        ]
    name = next(
        (const(v) for c in given for k, v in c.keywords if k in ("route_name", "name") and const(v)), ""
    )
    methods = next((methods_given(c, ()) for c in given if methods_given(c, ())), ("GET", "POST"))
    permission = next((v for c in given for k, v in c.keywords if k == "permission"), None)
    outer = of_permission(module, permission) if permission is not None else ()
    route = found.add(module, call, function, methods, "?", "Pyramid", outer=outer)
    if name:
        found.waiting.append((route, name))


def is_path(text: str) -> bool:
    """Whether a text may be the path of a route."""
    return (
        text == "" or text[0] in "/^<{" or text.replace("-", "").replace("/", "").isidentifier()
    ) and " " not in text
