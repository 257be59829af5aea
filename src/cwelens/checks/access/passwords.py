"""Logins and passwords: guessing without limit (CWE-307), changes without the old one (CWE-620), weak recovery (CWE-640), roles by name (CWE-863)."""

from __future__ import annotations

import re

from cwelens.app.hooks import limits
from cwelens.app.model import Application, Route
from cwelens.app.values import CLIENT, IDENTITY, STORED
from cwelens.app.words import is_password, is_role, is_user_table, table, words
from cwelens.base.location import locate
from cwelens.checks.access.report import Report, called
from cwelens.checks.finding import Step
from cwelens.ir import nodes as ir
from cwelens.resolve.symbols import Binding

_RECOVERY = table("forgot forgotten reset recover recovery")
# Guards that ask again who it is before something grave.
_AGAIN = table("sudo fresh reauth reauthenticate reauthenticated recent elevated confirm confirmed otp mfa")
_OLD = table("old current existing previous")
_NAMES = table("username name email login user_name uname")


def check(report: Report) -> None:
    """Reports into `report`."""
    for route in report.app.routes:
        _unlimited(report, route)
        _unverified(report, route)
        _predictable(report, route)
    _by_name(report)


def makes_account(app: Application, route: Route) -> bool:
    for event in route.of("create"):
        columns = app.know.columns_of(event.entity) if event.entity is not None else ()
        if (is_user_table(event.table) or any(is_password(c) for c in columns)) and any(
            is_password(k) for k in event.fields
        ):
            return True
    return False


def _unlimited(report: Report, route: Route) -> None:
    app = report.app
    if app.rate or route.guarded("rate") or any(g.kind in ("login", "token") for g in route.outer):
        return
    if any(limits(function) for function in (route.handler, *route.entered)) or _limited_as_whole(route):
        return
    checks = [e for e in route.of("password-check") if not any(g.kind == "login" for g in e.guards)]
    checks = checks if not makes_account(app, route) else []
    codes = route.of("code-check")
    if not checks and codes:
        report.add(
            "guessing-unlimited",
            codes[0].site,
            route,
            f"{called(route)} checks the short code `{codes[0].text}` as often as it is asked to",
            f"a limiter, a throttle or a count of failures in the route, its guards and the {len(app.modules)} files of the input",
        )
    if not checks:
        return
    report.add(
        "guessing-unlimited",
        checks[0].site,
        route,
        f"{called(route)} checks a password as often as it is asked to",
        f"a limiter, a throttle, a lock-out, a count of failures or a captcha in the route, its guards and the {len(app.modules)} files of the input",
        [Step(locate(*checks[0].spot), "evidence", "the password is checked")]
        if checks[0].spot != checks[0].site
        else [],
    )


def _limited_as_whole(route: Route) -> bool:
    """`limiter.limit("5/minute")(blueprint)`"""
    registrar = route.registrar
    if not isinstance(registrar, Binding):
        return False
    return bool(
        re.search(rf"\blimit\([^)]*\)\(\s*{re.escape(registrar.name)}\b", registrar.module.source.text)
    )


def _unverified(report: Report, route: Route) -> None:
    if route.of("password-check") or route.guarded("password", "role"):
        return
    if any(words(g.text) & _AGAIN for g in (*route.outer, *route.inner)) or _form_asks(report.app, route):
        return
    if any(f.rule == "record-of-others" and f.function == route.handler.short for f in report.findings):
        return
    for event in route.of("update"):
        if event.entity is None or not any(is_password(k) and v.has(CLIENT) for k, v in event.fields.items()):
            continue
        if not any(
            (v.has(IDENTITY) and not v.has("token")) or v.has(IDENTITY, "owner") for _, v in event.entity.keys
        ):
            continue
        if words(route.path) & _RECOVERY:
            continue
        report.add(
            "password-change-unverified",
            event.site,
            route,
            f"{called(route)} sets a new password for the account of the session without asking for the old one",
            "a check of the current password before the new one is stored",
        )
        return


def _form_asks(app: Application, route: Route) -> bool:
    """Whether the form of a class-based view has a field for the old password, and a method that looks at it."""
    program = app.know.program
    form = program.named_class(route.cls, "form_class") if route.cls is not None else None
    known = program.mro(form)[0] if form is not None else []
    old = {n for a in known for n in a.bindings if is_password(n) and words(n) & _OLD}
    asked = {m for a in known for m in a.methods}
    return bool(old) and ("clean" in asked or any(f"clean_{name}" in asked for name in old))


def _predictable(report: Report, route: Route) -> None:
    subjects = route.words() | words(route.handler.module.name)
    if not subjects & (_RECOVERY | {"password"}):
        return
    for event in route.of("digest-check"):
        if event.value.has(STORED) and not event.value.has(IDENTITY):
            report.add(
                "weak-recovery",
                event.spot,
                route,
                f"{called(route)} accepts a token that is the digest of what is stored with the account: it can be computed, and never expires",
                "something random, a secret key or a time in what the token is made of",
            )


def _by_name(report: Report) -> None:
    """`is_admin` that compares a name."""
    app = report.app
    if not app.routes:
        return
    for module in app.modules:
        for function in module.functions:
            if not (is_role(function.name) and function.name.startswith(("is_", "has_"))):
                continue
            body = [
                s
                for s in function.node.body
                if not (isinstance(s, ir.ExprStmt) and isinstance(s.value, ir.Const))
            ]
            if (
                len(body) != 1
                or not isinstance(body[0], ir.Return)
                or not isinstance(body[0].value, ir.Compare)
            ):
                continue
            test = body[0].value
            right = test.rights[0]
            if test.ops != ["=="] or not (
                isinstance(right, ir.Const)
                and isinstance(right.value, str)
                and isinstance(test.left, ir.Attr)
            ):
                continue
            if test.left.name.lower() in _NAMES:
                report.add(
                    "name-is-role",
                    (module.source, test.pos),
                    None,
                    f"`{function.short}` takes whoever is called {right.value!r} for an administrator",
                    "a field for the role",
                )
