"""Routes that anyone may call though they change or hand out what others guard (CWE-306, CWE-862), and administration for all (CWE-862)."""

from __future__ import annotations

from cwelens.app.model import Application, Route
from cwelens.app.values import CLIENT, IDENTITY, KEPT, TOKEN, Entity, Event, Val
from cwelens.app.words import (
    HANDLE_KEYS,
    SENSITIVE_COLUMNS,
    is_owner,
    is_password,
    is_user_table,
    table,
    words,
)
from cwelens.base.location import locate
from cwelens.checks.access import switches
from cwelens.checks.access.report import LOGIN, Report, called, commented_guard, head, neighbours
from cwelens.checks.finding import Step

_CHANGES = ("create", "update", "delete", "destroy", "file-delete", "file-write", "mass")
# What visitors send in: open unless a neighbour that takes the same is guarded.
_SUBMITTED = table(
    "comment comments review reviews feedback message messages contact guestbook report rating order orders booking appointment quote question answer entry survey"
)
_MANY = 8
UNGUESSABLE = table("code uuid guid token secret hash digest signature sha1 sha256 nonce")
_RECOVERY = table("forgot forgotten reset recover recovery")


def check(report: Report) -> None:
    """Reports into `report`."""
    app = report.app
    if not app.has_identity:
        return
    for route in app.routes:
        if route.complete:
            _open(app, route, report)
    _roles(report)
    # Where so many routes of a large application have none, something stands before them that is not understood.
    report.doubt(
        ("route-without-login", "record-without-login", "route-without-role"),
        max(_MANY, len(app.routes) // 5),
        "nothing that this analysis does not understand guards these routes",
    )


def chosen(made: Val) -> bool:
    """Whether a value, or the record it was read from, is chosen by the request alone."""
    if made.has(IDENTITY):
        return False
    if made.has(CLIENT):
        return not made.has(TOKEN)
    return any(any(chosen(v) for k, v in e.keys if not words(k) & UNGUESSABLE) for e in made.entities)


def sensitive(app: Application, event: Event) -> bool:
    """Whether what is handed out is about people: fields of accounts that are nobody else's business."""
    entity = event.entity
    if entity is None:
        return False
    if entity.table == "?":
        return any(chosen(v) for _, v in entity.keys)
    if entity.columns and "*" not in entity.columns:
        return _user_like(app, entity) and any(
            words(c) & SENSITIVE_COLUMNS or c in SENSITIVE_COLUMNS for c in entity.columns
        )
    return _user_like(app, entity)


def _user_like(app: Application, entity: Entity) -> bool:
    return is_user_table(entity.table) or any(is_password(c) for c in app.know.columns_of(entity))


def _registers(app: Application, route: Route) -> bool:
    """Whether a route lets somebody in or makes them an account."""
    if route.of("password-check", "login", "cookie-login"):
        return True
    for event in route.of("create"):
        if (
            event.entity is not None
            and _user_like(app, event.entity)
            and any(is_password(k) and v.has(CLIENT) for k, v in event.fields.items())
        ):
            return True
    return False


def _open(app: Application, route: Route, report: Report) -> bool:
    if any(g.kind in LOGIN for g in route.outer):
        return False
    public = route.is_public or _registers(app, route)
    if public:
        return _recovery(route, report)
    open_events = [e for e in route.of(*_CHANGES) if not any(g.kind in LOGIN for g in e.guards)]
    open_events = [e for e in open_events if not _for_itself(e)]
    if open_events and _submitted(app, route, open_events):
        open_events = []
    shown = [
        e
        for e in route.of("disclose")
        if not any(g.kind in LOGIN for g in e.guards)
        and (sensitive(app, e) or _kept_elsewhere(app, route, e))
        and not _by_handle(e)
        and not _for_itself(e)
    ]
    files = [
        e
        for e in route.of("file-read")
        if not any(g.kind in LOGIN for g in e.guards) and _files_guarded(app, route)
    ]
    events = open_events or shown or files
    if not events:
        return False
    worst = min(
        [e for e in events if not e.asked_by] or events,
        key=lambda e: (
            "destroy",
            "delete",
            "file-delete",
            "mass",
            "update",
            "create",
            "file-write",
            "disclose",
            "file-read",
        ).index(e.kind),
    )
    steps = [Step(locate(*worst.site), "sink", _doing(worst))]
    evidence = []
    commented = commented_guard(route)
    if commented is not None:
        steps.append(Step(commented[0], "evidence", f"the guard `@{commented[1]}` is commented out"))
        evidence.append(f"the guard `@{commented[1]}` of this handler is commented out")
    siblings = neighbours(app, route, "login", "role", "token")
    keyed = worst.entity is not None and any(chosen(v) for _, v in worst.entity.keys) and worst.table != "?"
    report.add(
        "record-without-login" if keyed else "route-without-login",
        head(route),
        route,
        f"{called(route)} {_doing(worst)} and nothing asks who is calling",
        f"decorators, dependencies, base classes, hooks and middleware of the handler, and tests in its body and the functions it calls; "
        f"{len([r for r in app.routes if r.guarded('login', 'role', 'token')])} of {len(app.routes)} routes have one",
        [*steps, *siblings],
        evidence,
        _unless_asked(worst) or _unless_public(worst) or _unless_off(route, worst),
    )
    return True


def _unless_asked(event: Event | None) -> str:
    """What is taken for granted where who is asking was handed to something that this analysis could not look into."""
    if event is None or not event.asked_by:
        return ""
    return f"`{event.asked_by}`, which is given who is calling, turns nobody away"


def _unless_off(route: Route, event: Event) -> str:
    setting = switches.opened_by(route, event)
    return f"`{setting}` is on where others than its owner reach the program" if setting else ""


def _unless_public(event: Event) -> str:
    """A page that lists people shows of them what its template chooses: a forum has its members listed for all."""
    entity = event.entity
    if (
        event.kind != "disclose"
        or event.text != "page"
        or entity is None
        or any(chosen(v) for _, v in entity.keys)
    ):
        return ""
    if any(is_password(c) or c in SENSITIVE_COLUMNS for c in entity.columns):
        return ""
    return f"what the page shows of `{entity.table}` is not for everybody"


def _for_itself(event: Event) -> bool:
    """What concerns only who is asking: without a session it finds nothing, and no record can be made for a visitor without an account."""
    if event.kind == "create" and any(v.kind == "user" and v.has(IDENTITY) for v in event.fields.values()):
        return True
    # What the session keeps of an earlier request is the visitor's own as well.
    return event.entity is not None and any(v.has(IDENTITY, TOKEN, KEPT) for _, v in event.entity.keys)


def _kept_elsewhere(app: Application, route: Route, event: Event) -> bool:
    """Whether records that are read here by whose they are, are given to their owner only by another route."""
    entity = event.entity
    if entity is None or not any(is_owner(k) and chosen(v) for k, v in entity.keys):
        return False
    for other in app.routes:
        if other is route:
            continue
        for mine in other.of("disclose"):
            found = mine.entity
            if (
                found is not None
                and found.table == entity.table
                and any(v.has(IDENTITY) and not v.has(CLIENT) for _, v in found.keys)
            ):
                return any(g.kind in LOGIN for g in other.guards_at(mine))
    return False


def _by_handle(event: Event) -> bool:
    """A public profile: chosen by a name that is shown everywhere."""
    return event.entity is not None and any(k.lower() in HANDLE_KEYS for k, _ in event.entity.keys)


def _submitted(app: Application, route: Route, events: list[Event]) -> bool:
    if any(e.kind not in ("create", "file-write") for e in events):
        return False
    tables = {e.table for e in events}
    subjects = words(route.path) | words(route.handler.name) | {w for t in tables for w in words(t)}
    if not subjects & _SUBMITTED:
        return False
    for other in app.routes:
        if other is route or not other.guarded("login", "role", "token"):
            continue
        near = (
            other.cls is route.cls if route.cls is not None else other.handler.module is route.handler.module
        )
        if near and any(e.table in tables for e in other.of(*_CHANGES)):
            return False
    return True


def _files_guarded(app: Application, route: Route) -> bool:
    """Whether another route guards files of the same part of the site."""
    mine = words(route.path) - {"path", "file", "filename", "name", "id", "download", "get"}
    for other in app.routes:
        if mine & words(other.path):
            for event in other.of("file-read"):
                if any(g.kind in ("login", "owner", "token") for g in other.guards_at(event)):
                    return True
    return False


def _doing(event: Event) -> str:
    verbs = {
        "create": "adds to", "update": "changes", "delete": "deletes from", "destroy": "wipes", "disclose": "hands out records of",
        "mass": "sets any field of",
    }  # fmt: skip
    if event.kind.startswith("file"):
        return {"file-read": "sends files", "file-write": "stores files", "file-delete": "deletes files"}[
            event.kind
        ]
    name = "the data base" if event.table in ("*", "?") else f"`{event.table}`"
    return f"{verbs[event.kind]} {name}"


def _recovery(route: Route, report: Report) -> bool:
    """A password is set for an account that the request names, with no proof that it is theirs."""
    for event in route.of("update"):
        if event.entity is None or any(g.kind in LOGIN for g in event.guards):
            continue
        setting = any(is_password(k) and v.has(CLIENT) for k, v in event.fields.items())
        if setting and any(chosen(v) for _, v in event.entity.keys):
            report.add(
                "weak-recovery",
                head(route),
                route,
                f"{called(route)} sets the password of an account that the request names, without a proof that it is the caller's",
                "a token that is looked up or verified, a session, or the old password, before the password is set",
                [Step(locate(*event.site), "sink", "the password is set")],
            )
            return True
    return False


def _roles(report: Report) -> None:
    """Administrative routes that only ask for a login; what only reads is one finding a file."""
    app = report.app
    if not app.roles:
        return
    reading: dict[str, list[Route]] = {}
    for route in app.routes:
        if (
            not route.is_admin
            or route.is_public
            or route.guarded("role", "owner")
            or not route.guarded("login", "token")
        ):
            continue
        changes = route.of(*_CHANGES)
        if not changes:
            if route.of("disclose"):
                reading.setdefault(route.handler.module.path, []).append(route)
            continue
        _role(report, route, changes[0], [])
    for routes in reading.values():
        _role(report, routes[0], None, routes[1:])
    for route in app.routes:
        found = _without_its_role(app, route)
        if found is not None:
            _role(report, route, found[0], [], found[1])


def _without_its_role(app: Application, route: Route) -> tuple[Event, str] | None:
    """A change for every account where all other changes of the same records are for a role, and what that takes for granted."""
    if route.is_public or route.is_admin:
        return None
    if route.guarded("role", "owner") or not route.guarded("login", "token"):
        return None
    for event in route.of("delete", "update", "create"):
        if event.entity is None or event.table in ("", "?") or _for_itself(event):
            continue
        if any(is_owner(c) for c in app.know.columns_of(event.entity)):
            continue
        others = [
            (r, e)
            for r in app.routes
            if r is not route
            for e in r.of("delete", "update", "create")
            if e.table == event.table
        ]
        routes = {id(r): r for r, _ in others}
        if len(routes) >= 2 and all(any(g.kind == "role" for g in r.guards_at(e)) for r, e in others):
            if not {w[:4] for w in words(event.table)} & {w[:4] for w in route.words()}:
                # What else changes on the way is told by what the route itself is for.
                return event, f"whoever may call this route may not change `{event.table}`"
            if event.kind == "create" and not any(e.kind == "create" for _, e in others):
                # Many may report an incident that few may close.
                return event, f"whoever may not change `{event.table}` may not add to it"
            return event, ""
    return None


def _role(
    report: Report, route: Route, event: Event | None, others: list[Route], assumption: str = ""
) -> None:
    guard = next(g for g in (*route.outer, *route.inner) if g.kind in ("login", "token"))
    steps = [Step(locate(*event.site), "sink", _doing(event))] if event is not None else []
    commented = commented_guard(route)
    if commented is not None:
        steps.append(Step(commented[0], "evidence", f"the guard `{commented[1]}` is commented out"))
    if guard.spot is not None:
        steps.append(Step(locate(*guard.spot), "guard", f"`{guard.text}` asks for a login only"))
    what = _doing(event) if event is not None else "shows what is for administrators"
    report.add(
        "route-without-role",
        head(route),
        route,
        f"{called(route)} {what}, and any account will do",
        "a test of a role, a permission or an admin flag in the guards of the route, in its body and in the functions it calls",
        [*steps, *neighbours(report.app, route, "role")],
        [f"the same holds for {called(other)}" for other in others],
        assumption or _unless_asked(event),
    )
