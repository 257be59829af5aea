"""Sessions and what they are proof of: forged requests (CWE-352), fixed sessions (CWE-384), unsigned cookies (CWE-565), tokens without end (CWE-613)."""

from __future__ import annotations

import re

from cwelens.app.model import Application, Route
from cwelens.app.values import CLIENT, COOKIE, DIGEST, FRESH, IDENTITY, STORED, TOKEN, Event, Guard, Spot
from cwelens.app.words import is_password, is_token, is_user_table, table, words
from cwelens.base.location import locate
from cwelens.checks.access.passwords import makes_account as _makes_account
from cwelens.checks.access.report import Report, called, head
from cwelens.checks.finding import Step
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted
from cwelens.resolve.symbols import ModuleInfo

_CHANGES = ("create", "update", "delete", "destroy", "file-delete", "file-write", "mass")
_DONE_BY_LINK = table(
    "delete remove disable enable update edit add create transfer change cancel approve reject reset promote toggle send pay unlink revoke"
)
_TOKENS = re.compile(r"jwt|token|bearer|api_?key|basic|oauth", re.IGNORECASE)
_COMMENTED = re.compile(r"^\s*#\s*['\"]?([\w.]*csrf[\w.]*)['\"]?\s*(?:,|\(|$|=\s*True)", re.IGNORECASE)
_SAMESITE = re.compile(r"SAME_?SITE['\"\]]*\s*(?::[^=\n]{1,80}=|[=:,])\s*['\"](?:Lax|Strict)", re.IGNORECASE)
_SERVER_SIDE = re.compile(
    r"RedisStorage|MemcachedStorage|MongoStorage|(?:from|import) flask_session\b|SESSION_TYPE|beaker|SimpleCookieStorage"
)
_SECRET = re.compile(
    r"^(?:sub|user|uid|id|user_?name|user_?id|email|identity|account|admin|role)s?$", re.IGNORECASE
)


def check(report: Report) -> None:
    """Reports into `report`."""
    _csrf(report)
    fixed = False
    for route in report.app.routes:
        fixed = _fixation(report, route, fixed)
        _unsigned(report, route)
        _forever(report, route)
        for event in route.of("client-word"):
            if route.guarded("role") or _makes_account(report.app, route):
                continue
            cookie = event.value.has(COOKIE)
            report.add(
                "client-word-cookie" if cookie else "client-word",
                event.spot,
                route,
                f"{called(route)} decides by {'the cookie ' if cookie else ''}`{event.text}`, which the client writes",
                "a signature on it, or the fact in the server's session or data base",
            )


# Forged requests


def _csrf(report: Report) -> None:
    app = report.app
    if (
        app.csrf
        or any(r.of("forgery-check") for r in app.routes)
        or any(g.kind == "csrf" for r in app.routes for g in r.outer if g.scope == "hook")
    ):
        return
    modules = list(dict.fromkeys(r.handler.module for r in app.routes))
    commented = _commented(app.modules)
    routes = [r for r in app.routes if _forgeable(r)]
    if commented is not None and any(r.changes for r in app.routes):
        spot, name = commented
        report.add(
            "csrf-missing",
            spot,
            None,
            f"The protection `{name}` is commented out",
            f"another protection in the {len(app.modules)} files of the input",
            [
                Step(locate(*head(r)), "evidence", f"{called(r)} changes data")
                for r in app.routes
                if r.of(*_CHANGES)
            ][:4],
        )
        return
    if any(_SAMESITE.search(m.source.text) for m in app.modules):
        return
    if not _made_here(app):
        return
    django = [r for r in app.routes if r.framework == "Django"]
    if django:
        _django(report, app, django)
        return
    for module in modules:
        here = [r for r in routes if r.handler.module is module]
        if here:
            worst = min(here, key=_weight)
            report.add(
                "csrf-missing",
                head(worst),
                worst,
                f"{called(worst)} changes data for whoever is logged in, and nothing tells a forged request from a real one",
                "CSRFProtect, a CSRF middleware, a form with a token, a test of a token, Origin or Referer in the route, or a SameSite session cookie",
                [Step(locate(*head(r)), "evidence", f"{called(r)} as well") for r in here if r is not worst][
                    :6
                ],
            )


# What is called to make an application, by last name.
_APPLICATIONS = frozenset(
    (
        "Flask",
        "Quart",
        "FastAPI",
        "Starlette",
        "Application",
        "Sanic",
        "Bottle",
        "Litestar",
        "Configurator",
        "quickstart",
        "mount",
    )
)


def _made_here(app: Application) -> bool:
    """Whether the application is made in the input, or all of a site is in it: where only handlers are, what they are protected by is
    set up where nobody can see it."""
    if any(r.framework == "Django" for r in app.routes) or len(app.modules) > 1:
        return True
    names = {
        (dotted(node.func) or "").rpartition(".")[2]
        for module in app.modules
        for node in module.nodes
        if isinstance(node, ir.Call)
    }
    return bool(names & _APPLICATIONS)


def _django(report: Report, app: Application, routes: list[Route]) -> None:
    """A list of middleware without the one that protects."""
    if not any(r.changes for r in routes):
        return
    for module in app.modules:
        for statement in module.body:
            if not (isinstance(statement, ir.Assign) and isinstance(statement.value, ir.Seq)):
                continue
            target = statement.targets[0]
            if isinstance(target, ir.Name) and target.id in ("MIDDLEWARE", "MIDDLEWARE_CLASSES"):
                report.add(
                    "csrf-missing",
                    (module.source, target.pos),
                    None,
                    "The list of middleware has no `django.middleware.csrf.CsrfViewMiddleware`",
                    "the middleware, and `csrf_protect` on views",
                )


def _commented(modules: list[ModuleInfo]) -> tuple[Spot, str] | None:
    for module in modules:
        if "csrf" not in module.source.text.lower():
            continue
        for number, line in enumerate(module.source.lines, 1):
            found = _COMMENTED.match(line)
            if found is not None and not words(found.group(1)) & {"exempt", "token", "cookie"}:
                return (
                    module.source,
                    (number, 0, number, len(line.encode("utf-8", "surrogatepass"))),
                ), found.group(1)
    return None


def _by_browser(guard: Guard, others: tuple[Guard, ...]) -> bool:
    """Whether a browser sends the proof by itself: a session or a cookie, not a header."""
    if guard.kind == "cookie":
        return True
    if guard.kind != "login" or _TOKENS.search(guard.text):
        return False
    same = [g for g in others if g.spot == guard.spot]
    return not any(g.kind == "token" for g in same) or any(g.kind == "cookie" for g in same)


def _handed_in(route: Route) -> bool:
    """Whether nobody gets to a route without a token that no browser sends by itself, whatever is asked further on."""
    outer = [g for g in route.outer if g.scope != "hook"]
    kept = {g.spot for g in outer if g.kind == "cookie"}
    return any(g.kind == "token" and g.spot not in kept for g in outer)


# Programs talk to these; a browser's session is asked for only where a cookie is.
_FOR_PROGRAMS = ("Falcon", "Litestar", "GraphQL")


def _forgeable(route: Route) -> bool:
    if route.framework in _FOR_PROGRAMS and not route.guarded("cookie"):
        return False
    if route.framework in ("Django", "Django REST framework", "FastAPI", "connexion") or route.guarded(
        "csrf"
    ):
        return False
    if (route.is_public and not route.guarded("login")) or _handed_in(route):
        return False
    if "POST" not in route.methods and not (route.words() & _DONE_BY_LINK and "GET" in route.methods):
        # Forms and links of other pages send these two only.
        return False
    text = "\n".join(
        route.handler.module.source.lines[route.handler.node.pos[0] - 1 : route.handler.node.pos[2]]
    )
    if ("get_json" in text or "request.json" in text or "payload" in text) and ".form" not in text:
        return False
    if route.of("password-check"):
        # Whoever forges the request does not know the password.
        return False
    for event in route.of(*_CHANGES):
        guards = route.guards_at(event)
        if any(_TOKENS.search(g.text) for g in guards) and not any(g.kind == "cookie" for g in guards):
            continue
        if any(_by_browser(g, guards) for g in guards):
            return True
        # The session's user is the key: without a test, but by the session all the same.
        if event.entity is not None and any(
            v.has(IDENTITY) and not v.has(TOKEN, CLIENT) for _, v in event.entity.keys
        ):
            return not guards or not any(g.kind == "token" for g in guards)
    return False


def _weight(route: Route) -> tuple[int, int]:
    """The worst first: what changes an account, then what deletes, changes and adds."""
    best = 9
    for event in route.of(*_CHANGES):
        if is_user_table(event.table) and any(
            is_password(f) or words(f) & {"email", "role"} for f in event.fields
        ):
            best = min(best, 0)
        best = min(
            best,
            ("delete", "destroy", "update", "mass", "create", "file-delete", "file-write").index(event.kind)
            + 1,
        )
    return best if route.changes else best + 10, route.handler.node.pos[0]


# Sessions and tokens


def _fixation(report: Report, route: Route, fixed: bool) -> bool:
    checked = bool(route.of("password-check"))
    # What a new account is given has been made for it just then.
    new = any(is_user_table(event.table) for event in route.of("create"))
    if not checked or fixed or new:
        return fixed
    for event in route.of("cookie-login"):
        if event.value.has(STORED) and not event.value.has(FRESH, CLIENT) and is_token(event.value.name):
            report.add(
                "session-fixation",
                event.site,
                route,
                f"{called(route)} gives out `{event.value.name}`, which is stored with the account and the same at every login",
                "a fresh random value at each login",
            )
            return True
    if route.of("rotate"):
        return fixed
    for event in route.of("login"):
        if event.text.startswith("session") and _server_side(report.app, route):
            report.add(
                "session-fixation",
                event.site,
                route,
                f"{called(route)} stores who logged in into the session there was before",
                "a new session or identifier at login (`new_session`, `cycle_key`, `flush`, `clear`)",
            )
            return True
    return fixed


def _server_side(app: Application, route: Route) -> bool:
    """Whether the session lies on the server under an identifier: one that is signed into the cookie cannot be fixed."""
    if route.framework == "Django":
        return not any("signed_cookies" in m.source.text for m in app.modules)
    return any(_SERVER_SIDE.search(m.source.text) for m in app.modules)


def _unsigned(report: Report, route: Route) -> None:
    if not route.of("password-check"):
        return
    for event in route.of("cookie-login"):
        made = event.value
        if (
            made.has(CLIENT, STORED)
            and not is_token(made.name)
            and not made.has(FRESH, DIGEST, TOKEN)
            and not _signed(event)
        ):
            report.add(
                "unsigned-session",
                event.spot,
                route,
                f"{called(route)} puts who logged in into the cookie `{event.text}` as it is",
                "a signature, encryption or a random identifier between the account and the cookie",
            )


def _signed(event: Event) -> bool:
    line = event.spot[0].line(event.spot[1][0])
    return bool(
        re.search(r"sign|encrypt|fernet|hmac|serializer|secure|secret|jwt|token\(", line, re.IGNORECASE)
    )


def _forever(report: Report, route: Route) -> None:
    for event in route.of("token-issued"):
        if not event.fields or event.value.items is None:
            continue
        names = {k.lower() for k in event.fields}
        if "exp" in names or not any(_SECRET.match(n) for n in names):
            continue
        report.add(
            "token-forever",
            event.spot,
            route,
            f"{called(route)} issues a token that says who somebody is and never expires",
            "the claim `exp` among those of the token",
            [Step(locate(*event.site), "step", "the token is made for this route")],
        )
