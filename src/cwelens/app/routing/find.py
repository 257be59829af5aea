"""Every route of a program, in the order of the code."""

from __future__ import annotations

from cwelens.app.frame import Knowledge
from cwelens.app.model import Route
from cwelens.app.routing import graphql, trees, urls
from cwelens.app.routing.classes import joined, of_class
from cwelens.app.routing.decorated import decorated
from cwelens.app.routing.found import Found
from cwelens.app.routing.registrations import called
from cwelens.resolve.symbols import FunctionInfo, ModuleInfo


def find(know: Knowledge, modules: list[ModuleInfo]) -> list[Route]:
    """A handler that is registered several times is one route with all methods."""
    found = Found(know)
    for module in modules:
        for function in module.functions:
            decorated(found, module, function)
        called(found, module)
    for module in modules:
        for cls in module.classes:
            of_class(found, module, cls)
        trees.wsgi(found, module)
    trees.cherrypy(found, modules)
    graphql.fields(found, modules)
    for route, name in found.waiting:
        route.path = found.named.get(name, route.path)
    for route in found.routes:
        group = route.registrar or (route.handler if route.framework == "Litestar" else None)
        route.groups = found.groups(group) if group is not None else ()
        for outer in route.groups:
            if outer in found.prefixes:
                route.path = joined(found.prefixes[outer], route.path)
            route.grouped += tuple(found.dependencies.get(outer, ()))
        if route.framework == "Django":
            module = next((m for m in modules if m.source is route.registered[0]), route.handler.module)
            route.path = joined(urls.prefix(found, module), route.path)
    return _merged(found.routes)


def _merged(routes: list[Route]) -> list[Route]:
    by_handler: dict[FunctionInfo, Route] = {}
    for route in routes:
        first = by_handler.get(route.handler)
        if first is None:
            by_handler[route.handler] = route
        else:
            first.others.append((route.cls, route.path))
            first.methods = tuple(dict.fromkeys((*first.methods, *route.methods)))
            if first.path == "?":
                first.path = route.path
    return sorted(by_handler.values(), key=lambda r: (r.handler.module.path, r.handler.node.pos))
