"""Records of others (CWE-639), and fields that the request should not set (CWE-915)."""

from __future__ import annotations

from cwelens.app.model import Application, Route
from cwelens.app.values import CLIENT, DECLARED, IDENTITY, OWNER, PART, STORED, TOKEN, Entity, Event, Val
from cwelens.app.words import (
    HANDLE_KEYS,
    PRIVILEGED_FIELDS,
    is_owner,
    is_password,
    is_user_table,
    speaks_of_asking,
    table,
    words,
)
from cwelens.base.location import locate
from cwelens.checks.access.login import UNGUESSABLE, chosen, sensitive
from cwelens.checks.access.owned import doubt, is_owned, owners
from cwelens.checks.access.passwords import makes_account
from cwelens.checks.access.report import LOGIN, Report, called
from cwelens.checks.finding import Step
from cwelens.resolve.symbols import ClassInfo

_ACTORS = table(
    "user user_id userid username owner owner_id author author_id creator creator_id created_by from_user from_user_id sender sender_id"
)


_MANY = 8


def check(report: Report) -> None:
    """Reports into `report`."""
    for route in report.app.routes:
        if not route.complete or (route.is_admin and route.guarded("role")):
            continue
        _unowned(report, route)
        _in_the_name_of(report, route)
        _overwritten(report, route)
        _fields(report, route)
    report.doubt(
        ("record-of-others", "acts-for-others"),
        max(_MANY, len(report.app.routes) // 5),
        "nothing that this analysis does not understand asks whose records these are",
    )


def _known(route: Route, event: Event) -> bool:
    """Whether it is known there who is asking; a proof that only opens this record, such as a reset code, does not say."""
    return any(g.kind == "login" or (g.kind == "token" and g.scope != "body") for g in route.guards_at(event))


def _handed_on(event: Event) -> str:
    """What is taken for granted where who is asking was handed to a check that this analysis could not look into."""
    asked = event.asked_by.rpartition(".")[2]
    return f"`{event.asked_by}` does not ask whose record it is" if speaks_of_asking(asked) else ""


def _one_key(route: Route, event: Event) -> str:
    """Where all that is asked for is a key, it may be one for a whole other program, such as one that keeps the accounts."""
    guards = [g for g in route.guards_at(event) if g.kind in ("login", "token", "cookie")]
    if not guards or any(g.kind != "token" for g in guards) or guards[0].scope != "dependency":
        return ""
    return f"each user has a key of their own for `{guards[0].text}`"


def _key(event: Event) -> str | None:
    """The predicate by which the request names the record; None where it names none, or by what cannot be guessed."""
    assert event.entity is not None
    for name, made in event.entity.keys:
        if "." in name or not chosen(made) or words(name) & UNGUESSABLE:
            continue
        if event.kind == "disclose":
            # One record is read by its own key or its owner's; other predicates choose a part of what all may see.
            if not made.has(CLIENT):
                continue
            stem = event.entity.table.rstrip("s")[-12:]
            if not (name.lower() in ("id", "pk", "_id", "key") or is_owner(name) or stem in name.lower()):
                continue
        return name
    return None


def _scoped(entity: Entity) -> bool:
    """Whether the records are chosen among those of who is asking, or of what a hook has let the request at."""
    return any(v.has(IDENTITY, OWNER, PART) for _, v in entity.keys)


def _unowned(report: Report, route: Route) -> None:
    app = report.app
    if route.is_admin and app.roles:
        # Administrators reach the records of others by their office: whether it is asked for is another finding.
        return
    found: list[Event] = []
    for event in route.of("update", "delete", "disclose", "mass"):
        entity = event.entity
        if entity is None or not entity.keys or not _known(route, event):
            continue
        guards = route.guards_at(event)
        if any(g.kind in ("role", "owner", "password") for g in guards) or _scoped(entity):
            continue
        if _key(event) is None or not is_owned(app, entity):
            continue
        if event.kind == "update" and any(
            e.table == event.table and e.entity is not None and any(v.has(IDENTITY) for _, v in e.entity.keys)
            for e in route.of("update")
        ):
            # Their own record changes with it: something passes between the two.
            continue
        if event.kind == "update" and not event.fields:
            # A `save` of what was not assigned to: what changed is a relation, or nothing.
            continue
        if event.kind == "disclose" and (_narrowed(route, event) or not _private(report, event)):
            continue
        found.append(event)
    found = [e for e in found if not any(v.has(TOKEN) for _, v in e.entity.keys)]  # type: ignore[union-attr]
    if not found:
        return
    order = ("delete", "mass", "update", "disclose")
    worst = min(found, key=lambda e: order.index(e.kind))
    if worst.kind == "mass":
        # The same statement is reported for its fields; whose record it is, is the other question.
        worst = next((e for e in found if e.kind == "update"), worst)
    assert worst.entity is not None
    key = _key(worst)
    scoped = _scoped_elsewhere(app, worst.entity)
    steps = (
        [Step(locate(*worst.spot), "step", f"`{worst.table}` by `{key}`")] if worst.spot != worst.site else []
    )
    if scoped is not None:
        steps.append(
            Step(locate(*scoped.site), "guard", f"elsewhere `{worst.table}` is chosen by who is asking")
        )
    columns = owners(app, worst.entity)
    verb = {"delete": "deletes", "mass": "changes", "update": "changes", "disclose": "hands out"}[worst.kind]
    sure = worst.kind != "disclose" or scoped is not None or sensitive(app, worst)
    report.add(
        "record-of-others",
        worst.site,
        route,
        f"{called(route)} {verb} the record of `{worst.table}` that the request names by `{key}`, whoever it belongs to",
        f"a predicate on {' or '.join(f'`{c}`' for c in columns[:3]) or 'its owner'}, a comparison with who is asking, or a role, in the handler and what it calls",
        steps,
        assumption=_handed_on(worst)
        or _one_key(route, worst)
        or ("" if scoped is not None else doubt(app, worst.entity))
        or ("" if sure else f"records of `{worst.table}` are not meant for every user"),
    )


def _narrowed(route: Route, event: Event) -> bool:
    """Whether the same answer shows the records unchosen where the request names none: what it names only makes the list shorter."""
    return any(
        other.site == event.site
        and other.entity is not None
        and other.table == event.table
        and not any(chosen(made) for _, made in other.entity.keys)
        for other in route.of("disclose")
    )


def _private(report: Report, event: Event) -> bool:
    """Whether records that are read by key are not for everybody: neither public profiles nor listed for all."""
    app, entity = report.app, event.entity
    assert entity is not None
    if any(k.lower() in HANDLE_KEYS for k, _ in entity.keys):
        # Chosen by a name that is shown everywhere.
        return False
    if is_user_table(entity.table):
        return sensitive(app, event) and not _listed(report, entity)
    if _scoped_elsewhere(app, entity) is not None:
        return True
    return not _listed(report, entity)


def _listed(report: Report, entity: Entity) -> bool:
    """Whether the records of a table are shown to everybody somewhere."""
    faulty = {
        f.function for f in report.findings if f.rule in ("route-without-login", "record-without-login")
    }
    for route in report.app.routes:
        if route.guarded("role") or route.handler.short in faulty:
            continue
        for event in route.of("disclose"):
            found = event.entity
            if found is None or found.table != entity.table:
                continue
            if all(v.known for _, v in found.keys):
                return True
            if not any(g.kind in LOGIN for g in route.guards_at(event)) and not _scoped(found):
                # Whoever names one gets it, with no account at all.
                return True
    return False


def _scoped_elsewhere(app: Application, entity: Entity) -> Event | None:
    """A place that chooses records of the same table by key and by who is asking."""
    for route in app.routes:
        for event in route.events:
            other = event.entity
            if (
                other is not None
                and other.table == entity.table
                and any(v.has(IDENTITY, OWNER) and is_owner(k) for k, v in other.keys)
                and not is_user_table(other.table)
            ):
                return event
    return None


def _in_the_name_of(report: Report, route: Route) -> None:
    """A new record whose owner the request names, in a route that knows who is asking."""
    app = report.app
    for event in route.of("create"):
        if not _known(route, event) or event.entity is None or is_user_table(event.table):
            continue
        if route.is_public or makes_account(app, route):
            continue
        if any(g.kind in ("role", "owner") for g in route.guards_at(event)):
            continue
        if any(v.has(IDENTITY) for other in route.of("create") for v in other.fields.values()):
            continue
        name = next((k for k, v in event.fields.items() if k.lower() in _ACTORS and _names_somebody(v)), None)
        if name is None:
            continue
        report.add(
            "acts-for-others",
            event.site,
            route,
            f"{called(route)} adds to `{event.table}` with `{name}` from the request, though it is known who is asking",
            f"who is asking as `{name}`, or a comparison of the two",
            assumption=_one_key(route, event),
        )
        return


def _names_somebody(made: Val) -> bool:
    """A user that the request names: by a key, or as a record of users."""
    return chosen(made) and (made.has(CLIENT) or all(is_user_table(e.table) for e in made.entities))


def _overwritten(report: Report, route: Route) -> None:
    for event in route.of("identity-lost"):
        report.add(
            "identity-overwritten",
            event.site,
            route,
            f"{called(route)} puts who is asking into `{event.text}` and then lets the request's data replace it",
            "a list of fields that may be copied, or the identity put in after the request's data",
        )


def _privileged(name: str) -> bool:
    return name.lower() in PRIVILEGED_FIELDS - {
        "is_active",
        "balance",
        "credit",
        "credits",
        "salary",
        "verified",
        "account_type",
        "user_type",
        "usertype",
    }


def _fields(report: Report, route: Route) -> None:
    app = report.app
    if route.guarded("role") and any(g.kind == "role" for g in route.outer):
        return
    for event in route.of("mass"):
        entity = event.entity
        if entity is None:
            continue
        if event.value.has(DECLARED) or any(g.kind == "role" for g in route.guards_at(event)):
            continue
        columns = app.know.columns_of(entity)
        declared = _declared(app, event.value)
        if declared is not None and not any(_privileged(c) for c in declared):
            continue
        if columns and not any(_privileged(c) or is_owner(c) or is_password(c) for c in columns):
            continue
        report.add(
            "mass-assignment",
            event.site,
            route,
            f"{called(route)} sets whichever fields of `{event.table}` the request names",
            "a list of the fields that may be set, between the request and the record",
            evidence=[f"`{c}` is one of its fields" for c in columns if _privileged(c)][:3],
        )
    for event in route.of("create", "update"):
        if event.entity is None or not _is_account(app, event.entity):
            continue
        if any(g.kind == "role" for g in route.guards_at(event)):
            continue
        names = [
            n
            for n, v in event.fields.items()
            if _privileged(n) and not v.known and _from_request(route, n, v)
        ]
        if names:
            report.add(
                "privilege-from-request",
                route.asked.get(names[0].lower(), event.site),
                route,
                f"{called(route)} sets {' and '.join(f'`{n}`' for n in names)} of `{event.table}` to what the request says",
                "a test of the caller's role before, or a value set by the server",
                [Step(locate(*event.site), "sink", "it is stored")],
            )
            return


def _declared(app: Application, made: Val) -> tuple[str, ...] | None:
    """The fields of the schema that what the request sends was read by; None where there is none, or it lets others pass."""
    schema = made.bound.ref if made.bound is not None else None
    if not isinstance(schema, ClassInfo):
        return None
    names = [n for a in app.know.program.mro(schema)[0] for n in (*a.attr_annotations, *a.bindings)]
    if (
        "extra" in schema.module.source.text
        and "allow" in schema.module.source.text
        and ("Config" in names or "model_config" in names)
    ):
        return None
    return tuple(names)


def _is_account(app: Application, entity: Entity) -> bool:
    return is_user_table(entity.table) or any(is_password(c) for c in app.know.columns_of(entity))


def _from_request(route: Route, name: str, made: Val) -> bool:
    if made.kind == "compared" and made.has(STORED):
        # Whether what was sent is what was known before: `verified=mail == invitation.mail`.
        return False
    if made.has(CLIENT):
        return bool(words(made.name) & words(name)) or not made.has(IDENTITY) or name.lower() in route.asked
    # Decided by a test of what the request says: `admin = True if data["admin"] else False`.
    return name.lower() in route.asked and not made.entities
