"""What the model of the application says of findings that rest on a flow or a setting: who gets there, and by what proof."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.app.words import ADMIN_WORDS, table, words
from cwelens.base.location import Location, locate
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted, walk
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import Binding, FunctionInfo

if TYPE_CHECKING:
    from cwelens.app.model import Application, Route
    from cwelens.checks.checker import Checker
    from cwelens.checks.finding import Disposition, Finding, Operation
    from cwelens.checks.record import Record
    from cwelens.resolve.symbols import ModuleInfo

# What is nobody's loss where only those get there who were given a right to it.
_HARMLESS = frozenset(("path-probe", "error-detail"))
# Where the files of the server lie, and whom it asks, administrators say by their office.
_OF_ADMINISTRATORS = frozenset(("path-traversal", "ssrf", "format-string"))
# What administrators write as HTML: pages, footers, announcements.
_MARKED = re.compile(r"\|\s*safe\b")
# How the part of a session is called that says whose it is.
_ACCOUNT = table("user username uid account login email mail member name identity logged")
_ADMINISTRATION = ADMIN_WORDS | table(
    "admins sysadmin settings config configure configuration setup manage management manager install backup restore system maintenance"
)


def settle(
    checker: Checker, app: Application, findings: list[Finding], operations: list[Operation]
) -> list[Finding]:
    """The findings that are left; of the others the operations say why they are safe."""
    if not app.routes:
        return findings
    records = {_key(locate(*r.place), r.rule.id): r for r in checker.records.values()}
    kept = []
    protects = _protects(app.modules)
    for finding in findings:
        reason = ""
        record = records.get(_key(finding.location, finding.rule))
        if finding.rule in _HARMLESS and record is not None:
            # One that stands for many is not settled by who gets to it.
            reason = "" if finding.also else _for_some(app, record)
            if not reason and finding.rule == "path-probe" and not _in_handler(app, finding):
                why = "whether the outcome is told to whoever asks is not followed"
                _dispose(finding, operations, "undecided", why)
                continue
        elif record is not None and (
            finding.rule in _OF_ADMINISTRATORS
            or (finding.rule == "xss-template" and _MARKED.search(finding.location.code))
        ):
            _by_administrators(app, record, finding, operations)
        elif finding.rule == "eval-injection" and record is not None and record.code == "exec":
            _by_those_allowed(app, record, finding, operations)
        elif finding.rule == "attribute-name" and _entered(app, finding):
            why = "which fields a route lets a request set is asked of each route"
            _dispose(finding, operations, "undecided", why)
            continue
        elif finding.rule == "trust-boundary":
            reason = _proven(app, finding)
        elif finding.rule == "csrf-off":
            reason = _without_session(app, finding, operations, protects)
        if not reason:
            kept.append(finding)
            continue
        _dispose(finding, operations, "safe", f"guarded by {reason}")
    return kept


def _entered(app: Application, finding: Finding) -> bool:
    """Whether a route leads to the function of a finding: then what the model of the application says of it counts."""
    place = finding.location
    return any(
        info.module.path == place.path and info.node.pos[0] <= place.line <= info.node.pos[2]
        for route in app.routes
        for info in (route.handler, *route.entered)
    )


def _proven(app: Application, finding: Finding) -> str:
    """The check of a password before what names the account goes into the session; "" where there is none."""
    place = finding.location
    if not words(place.code.partition("=")[0]) & _ACCOUNT:
        return ""
    for route in app.routes:
        if not route.holds(place.path, place.line):
            continue
        for event in route.of("password-check"):
            source, (line, *_) = event.site
            if source.path == place.path and line <= place.line:
                return f"the check of the password on line {line}: who asks has proven it"
    return ""


def _key(location: Location, rule: str) -> tuple[str, int, int, str]:
    return location.path, location.line, location.column, rule


def _about(finding: Finding, operations: list[Operation]) -> list[Operation]:
    place = finding.location
    return [
        o
        for o in operations
        if o.cwe == finding.cwe
        and (o.location.path, o.location.line, o.location.column) == (place.path, place.line, place.column)
    ]


def _dispose(finding: Finding, operations: list[Operation], disposition: Disposition, reason: str) -> None:
    """What becomes of the operations of a finding that is none."""
    for operation in _about(finding, operations):
        operation.disposition, operation.reason = disposition, reason


def _ways(app: Application, record: Record) -> list[Route] | None:
    """The routes by which the operation was reached with what makes the finding; None where it was also reached so without one."""
    out: list[Route] = []
    worst = max(record.ways.values(), default=0)
    for way in [way for way, rank in record.ways.items() if rank == worst]:
        routes = [route for route in app.routes if id(route.handler.node) in way]
        # A function may have been looked at by itself: then those count that call it.
        routes = routes or [r for r in app.routes if any(id(f.node) in way for f in r.entered)]
        if not routes:
            return None
        out += routes
    return out or None


def _in_handler(app: Application, finding: Finding) -> bool:
    return any(route.holds(finding.location.path, finding.location.line) for route in app.routes)


def _role(route: Route) -> str:
    """The right that a route asks for, as written; "" where it asks for none."""
    return next((guard.text for guard in route.outer if guard.kind == "role"), "")


def _for_some(app: Application, record: Record) -> str:
    routes = _ways(app, record)
    if routes is None or not all(_role(route) for route in routes):
        return ""
    return f"`{_role(routes[0])}`: only those get there who were given the right"


def _by_administrators(
    app: Application, record: Record, finding: Finding, operations: list[Operation]
) -> None:
    routes = _ways(app, record)
    if finding.confidence != "definite" or routes is None:
        return
    if not all(_role(r) and (r.is_admin or words(_role(r)) & _ADMINISTRATION) for r in routes):
        return
    office = "write HTML" if finding.rule == "xss-template" else "choose freely among the server's own"
    _assume(finding, f"whoever passes `{_role(routes[0])}` may not {office}", operations)


def _by_those_allowed(
    app: Application, record: Record, finding: Finding, operations: list[Operation]
) -> None:
    """Whole programs that only those bring who were given a right are what such a service is for, as far as the right says so."""
    routes = _ways(app, record)
    if finding.confidence != "definite" or routes is None:
        return
    rights = [next((g.text for g in (*r.outer, *r.inner) if g.kind == "role"), "") for r in routes]
    if all(rights):
        _assume(finding, f"whoever passes `{rights[0]}` may not bring code of their own", operations)


def _assume(finding: Finding, assumption: str, operations: list[Operation]) -> None:
    finding.confidence = "conditional"
    finding.assumption = assumption
    for operation in _about(finding, operations):
        operation.disposition = "conditional"


def _without_session(app: Application, finding: Finding, operations: list[Operation], protects: bool) -> str:
    """Why an exemption from the protection against forged requests does no harm; makes it conditional where that is not known."""
    code = finding.location.code
    if "CHECK_DEFAULT" in code and protects:
        return "a hook that asks for the token itself"
    if "exempt" not in code:
        # A form that is made without the protection: what matters is which routes make it.
        making = [route for route in app.routes if route.holds(finding.location.path, finding.location.line)]
        if making and all(_by_token(route) and not _asks_session(app, route) for route in making):
            return "what a browser does not send by itself: no session decides there"
        return ""
    routes = [route for route in app.routes if _is_exempted(route, finding.location)]
    if not app.has_identity:
        return ""
    deciding = [route for route in routes if route.changes and not _by_token(route)]
    if any(_asks_session(app, route) for route in deciding):
        if not any(route.of(*_CHANGES) or not route.complete for route in deciding):
            # It takes what may change something; that it does is not seen.
            _assume(finding, "one of its routes changes something", operations)
        return ""
    if not routes or any(route.guarded("login", "role") for route in deciding):
        _assume(
            finding, "a browser's session is enough for a change that one of its routes makes", operations
        )
        return ""
    return "what a browser does not send by itself: no session decides there"


_CHANGES = ("create", "update", "delete", "destroy", "file-delete", "file-write", "mass", "login")


def _asks_session(app: Application, route: Route) -> bool:
    """Whether the route itself asks who is logged in; what a hook asks of every request, it may be content without."""
    held = [g for g in (*route.outer, *route.inner) if g.scope != "hook"]
    handed_in = {(g.text, g.spot) for g in held if g.kind == "token"}
    asking = [g for g in held if g.kind in ("login", "role")]
    if all((g.text, g.spot) in handed_in for g in asking):
        # Who is asking is told by a key or a signature, unless the same test is content with a session too.
        return bool(asking) and _reads_session(app, route)
    return True


# Where a browser's session is: attributes of the request, and the names that frameworks give them.
_SESSION_PARTS = frozenset(("user", "session", "COOKIES", "cookies", "auser", "get_signed_cookie"))
_SESSION_NAMES = frozenset(("current_user", "session"))


def _reads_session(app: Application, route: Route) -> bool:
    """Whether the functions of a route, or the program's own decorators on them, look at the session or the cookies of a browser."""
    read = list(route.entered)
    for info in route.entered:
        for decorator in info.node.decorators:
            target = decorator.func if isinstance(decorator, ir.Call) else decorator
            symbol = symbol_of(app.know.program.resolve_expr(info.module, info.parent, target))
            if isinstance(symbol, FunctionInfo):
                read.append(symbol)
    for info in read:
        for node in walk(*info.node.body):
            if isinstance(node, ir.Name) and node.id in _SESSION_NAMES:
                symbol = symbol_of(app.know.program.resolve_expr(info.module, info, node))
                # A variable of the program that is called so is the session of its data base.
                if not (isinstance(symbol, Binding) and symbol.kind == "variable"):
                    return True
            if isinstance(node, ir.Attr) and node.name in _SESSION_PARTS:
                base = dotted(node.base) or ""
                if base.rpartition(".")[2] in ("request", "req", "flask"):
                    return True
    return False


def _by_token(route: Route) -> bool:
    return any(guard.kind == "token" for guard in route.outer)


def _is_exempted(route: Route, place: Location) -> bool:
    """Whether an exemption at a place is about a route: its decorator, or a call with the name of its handler or its blueprint."""
    node = route.handler.node
    if route.handler.module.path == place.path and any(d.pos[0] == place.line for d in node.decorators):
        return True
    if place.code.lstrip().startswith("@"):
        return False
    named = place.code.partition("exempt(")[2].partition(")")[0].rpartition(".")[2].strip()
    registrar = getattr(route.registrar, "name", "")
    return bool(named) and named in (route.handler.name, registrar)


def _protects(modules: list[ModuleInfo]) -> bool:
    """Whether the program asks for the token of a form by a call: `csrf.protect()`."""
    for module in modules:
        if ".protect(" not in module.source.text:
            continue
        for node in module.nodes:
            if isinstance(node, ir.Call) and (dotted(node.func) or "").lower().endswith("csrf.protect"):
                return True
    return False
