"""Builds the application model of a program."""

from __future__ import annotations

from dataclasses import replace

from cwelens.app import dependencies, dispatch, guards, hooks, openapi, sql
from cwelens.app.evaluate import text_of, value
from cwelens.app.frame import Frame, Knowledge, Walk
from cwelens.app.model import Application, Route
from cwelens.app.statements import function
from cwelens.app.values import CLIENT, IDENTITY, Guard
from cwelens.app.words import is_owner
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted, walk
from cwelens.resolve.symbols import ModuleInfo, Symbol


def build(know: Knowledge, modules: list[ModuleInfo], routes: list[Route]) -> Application:
    """The model; without routes nothing else is looked at."""
    routes = routes + openapi.routes(know.program, modules)
    app = Application(routes, know, modules)
    if not routes:
        return app
    _tables(know)
    before = hooks.before_requests(know, modules)
    default = default_permissions(know, modules)
    for route in list(routes):
        _guards(know, route, before, default)
        choices = _walk(know, route)
        if route.framework in _DISPATCHING and choices.seen:
            at = routes.index(route)
            routes[at : at + 1] = _branches(know, route, choices)
    _owners(know, routes)
    app.csrf = hooks.csrf(modules)
    app.rate = hooks.limiters(modules)
    app.roles = any(r.guarded("role") for r in routes) or hooks.knows_roles(modules)
    return app


def _tables(know: Knowledge) -> None:
    """The columns of tables that SQL texts of the program name."""
    for module in know.modules:
        lower = module.source.text.lower()
        if "create table" not in lower and "insert into" not in lower:
            continue
        for node in module.nodes:
            if isinstance(node, ir.Const) and isinstance(node.value, str) and len(node.value) > 20:
                for table, columns in sql.tables(node.value).items():
                    known = know.columns.get(table, ())
                    know.columns[table] = tuple(dict.fromkeys((*known, *columns)))


def _owners(know: Knowledge, routes: list[Route]) -> None:
    """Columns by which records are chosen for who is asking, of tables whose definition is not in the input."""
    for route in routes:
        for event in route.events:
            entity = event.entity
            if entity is None or entity.model is not None or entity.table in ("", "?", "*"):
                continue
            mine = [k for k, v in entity.keys if is_owner(k) and v.has(IDENTITY) and not v.has(CLIENT)]
            if mine:
                known = know.columns.get(entity.table, ())
                know.columns[entity.table] = tuple(dict.fromkeys((*known, *mine)))


def default_permissions(know: Knowledge, modules: list[ModuleInfo]) -> tuple[Guard, ...]:
    """`DEFAULT_PERMISSION_CLASSES` of Django REST framework: what the program's own ask, and of others that somebody is logged in."""
    for module in modules:
        if "DEFAULT_PERMISSION_CLASSES" not in module.source.text:
            continue
        for node in module.nodes:
            if isinstance(node, ir.DictDisplay):
                for key, value in node.items:
                    if isinstance(key, ir.Const) and key.value == "DEFAULT_PERMISSION_CLASSES":
                        names = [str(p.value) for p in walk(value) if isinstance(p, ir.Const)]
                        if names and not any("AllowAny" in n or "ReadOnly" in n for n in names):
                            spot = (module.source, value.pos)
                            kinds = {"login": None} | guards.of_permissions(know, names)
                            text = text_of(module, value)
                            return tuple(Guard(kind, text, spot, "hook") for kind in kinds)
    return ()


def _is_of_rest_framework(know: Knowledge, route: Route) -> bool:
    """Whether a route asks the permission classes of Django REST framework: its views may stand in a plain list of addresses."""
    if route.framework == "Django REST framework" or route.cls is None:
        return route.cls is not None
    return any(base.startswith("rest_framework.") for base in know.program.library_bases(route.cls))


_REGISTERING = frozenset(
    ("route", "get", "post", "put", "delete", "patch", "head", "options", "api_route", "expose", "websocket")
)


def _guards(
    know: Knowledge, route: Route, before: dict[Symbol | None, tuple[Guard, ...]], default: tuple[Guard, ...]
) -> None:
    module, handler = route.handler.module, route.handler
    outer = [*route.outer, *before.get(None, ())]
    for group in route.groups:
        outer += before.get(group, ())
    for decorator in handler.node.decorators:
        target = decorator.func if isinstance(decorator, ir.Call) else decorator
        name = (dotted(target) or "").rpartition(".")[2]
        if name in _REGISTERING and isinstance(decorator, ir.Call) and "auth" not in (dotted(target) or ""):
            continue
        if name == "csrf_exempt" or (name == "exempt" and "csrf" in (dotted(target) or "")):
            route.csrf_exempt = True
            continue
        if isinstance(decorator, ir.Call) and name in ("require_http_methods", "api_view") and decorator.args:
            listed = decorator.args[0]
            if isinstance(listed, ir.Seq):
                route.methods = tuple(str(p.value).upper() for p in listed.items if isinstance(p, ir.Const))
            continue
        if name in ("require_POST", "require_GET", "require_safe"):
            route.methods = ("POST",) if name == "require_POST" else ("GET",)
            continue
        outer += guards.by_decorator(know, module, handler.parent, decorator)
    own = next((m for m in know.modules if m.source is route.registered[0]), module)
    for where, extra in (*((own, extra) for extra in route.extra), *route.grouped):
        if route.framework in ("Litestar", "GraphQL") and not isinstance(extra, ir.Name | ir.Attr):
            outer += guards.required(know, where, extra)
        elif isinstance(extra, ir.Seq) and route.framework == "Bottle":
            outer += [g for part in extra.items for g in guards.by_decorator(know, where, None, part)]
        elif isinstance(extra, ir.Seq):
            outer += hooks.of_list(know, where, extra)
        else:
            outer += guards.by_decorator(know, where, None, extra)
    if route.cls is not None:
        held, exempt = guards.of_class(
            know, route.cls, handler.name, default if _is_of_rest_framework(know, route) else ()
        )
        outer += held
        route.csrf_exempt = route.csrf_exempt or exempt
    else:
        named = [dotted(d.func if isinstance(d, ir.Call) else d) or "" for d in handler.node.decorators]
        if any(n.endswith("api_view") for n in named) and not any(
            n.endswith("permission_classes") for n in named
        ):
            outer += default
    route.outer = tuple(dict.fromkeys(outer))


def _factory(know: Knowledge, work: Walk, route: Route) -> Frame | None:
    """The activation of the factory that made a handler: what the handler closes over."""
    made = know.made.get(route.handler)
    factory = route.handler.parent
    if made is None or factory is None:
        return None
    module, holder, call = made
    here = Frame(module, holder, {}, depth=1)
    names = [p.name for p in factory.node.params]
    env = {name: value(work, here, part) for name, part in zip(names, call.args)}
    env |= {key: value(work, here, part) for key, part in call.keywords if key in names}
    return Frame(factory.module, factory, env, depth=1)


# Frameworks whose handlers compare the address themselves.
_DISPATCHING = ("http.server", "WSGI")


def _branches(know: Knowledge, route: Route, choices: dispatch.Choices) -> list[Route]:
    """A route for each address that a handler tells apart, and one for all others where that does anything."""
    out = []
    end = route.handler.node.pos[2]
    other = dispatch.Choice("other", dispatch.OTHER)
    for choice, place in [*choices.seen.items(), (other, None)]:
        verb, path = dispatch.parted(choice.text)
        made = replace(route, path=f"{path}…" if choice.kind == "prefix" else path)
        if verb:
            made.methods = (verb,)
        elif route.framework == "WSGI" and choices.verbs:
            made.methods = tuple(choices.verbs)
        if place is not None and place.spot[0] is route.handler.module.source:
            made.branch, made.lines = place.spot, (place.spot[1][0], place.last or end)
        after = _walk(know, made, choice)
        if route.framework == "WSGI" and after.verbs and not verb:
            made.methods = tuple(after.verbs)
        if after.handler is not None:
            # Only a function of a table that is called for this address: the route is that function's.
            made.handler, made.branch = after.handler, None
        if place is not None or made.events:
            out.append(made)
    return out


def _walk(know: Knowledge, route: Route, choice: dispatch.Choice | None = None) -> dispatch.Choices:
    """What the handler does, for one address where it tells several apart; gives back what it compares the address with."""
    work = Walk(know)
    work.choices.chosen = choice
    logged_in = any(g.kind in ("login", "token", "role") for g in route.outer)
    env, held = dependencies.parameters(know, work, route.handler, route.cls, route.framework, logged_in)
    route.outer = tuple(dict.fromkeys((*route.outer, *held)))
    try:
        _, after = function(work, route.handler, env, outer=_factory(know, work, route))
    except RecursionError:
        # Nested too deeply: of what was not walked nothing can be said to be absent.
        work.budget, after = -1, None
    route.events = [e for e in work.events if work.saves or e.text != "assigned"]
    route.asked, route.texts, route.complete = work.asked, work.texts, work.budget >= 0
    route.entered = list(work.entered.values())
    inner = dict.fromkeys(g for event in work.events for g in event.guards)
    inner.update(dict.fromkeys(after or ()))
    route.inner = tuple(inner)
    return work.choices
