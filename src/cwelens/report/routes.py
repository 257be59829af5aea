"""The routes of the application in part 3: what each asks of who is calling, and the findings that belong to it."""

from __future__ import annotations

from collections.abc import Iterable

from cwelens.app.model import Route
from cwelens.base.location import locate
from cwelens.checks.finding import Finding
from cwelens.report.material import Material
from cwelens.report.model import EntryPoint
from cwelens.report.words import count, listed

# Steps on the way of the data itself; guards of neighbours belong to those.
_WAY = ("source", "step", "sink")
_ASKED = {"login": "user", "role": "role", "owner": "owner", "token": "token", "password": "password"}
_WORST = 4


def identity(route: Route) -> list[str]:
    """What is known about who is asking, in words."""
    kinds = {g.kind for g in (*route.outer, *route.inner)}
    return [word for kind, word in _ASKED.items() if kind in kinds]


def about(route: Route, findings: Iterable[Finding]) -> list[Finding]:
    """The findings that belong to a route: in its handler, or on a way that its data takes from there."""
    return [
        f
        for f in findings
        if any(
            route.holds(at.path, at.line)
            for at in (f.location, *(step.location for step in f.trace if step.role in _WAY))
        )
    ]


def title(route: Route) -> str:
    """Its methods and its path, else its handler; a field of GraphQL by the name it has in the schema."""
    path = route.handler.short if route.path == "?" else route.path
    return f"{'/'.join(route.methods) or 'ANY'} {path}"


def _codes(findings: list[Finding]) -> list[str]:
    sure = {f.cwe for f in findings if f.confidence == "definite"}
    return [f"CWE-{c}" if c in sure else f"CWE-{c}?" for c in dict.fromkeys(f.cwe for f in findings)]


def describe(material: Material, entries: list[EntryPoint]) -> None:
    """Says of each entry that is a route what it asks and what was found; addresses that a handler tells apart are entries of their own."""
    application = material.application
    if application is None:
        return
    known = {(e.location.path, e.location.line): e for e in entries}
    replaced: set[int] = set()
    for route in application.routes:
        line, column, _, _ = route.handler.node.pos
        place = (line, column, line, column + len(f"def {route.handler.name}"))
        entry = known.get((route.handler.module.path, line))
        if entry is None or route.branch is not None:
            if entry is not None:
                replaced.add(id(entry))
            spot = route.branch or (route.handler.module.source, place)
            taken = [] if entry is None else entry.untrusted
            entry = EntryPoint(
                route.handler.short, f"route {title(route)} ({route.framework})", locate(*spot), taken
            )
            entries.append(entry)
        entry.guard = f"asks for {listed(identity(route))}" if identity(route) else "asks nobody who they are"
        entry.findings = _codes(about(route, material.findings))
    entries[:] = [e for e in entries if id(e) not in replaced]
    entries.sort(key=lambda e: e.location)


def summary(material: Material) -> str:
    """How many routes there are, how many ask who is calling, and which have findings."""
    routes = material.application.routes if material.application is not None else []
    if not routes:
        return ""
    found = [(r, _codes(about(r, material.findings))) for r in routes]
    bad = sorted(((r, codes) for r, codes in found if codes), key=lambda pair: -len(pair[1]))
    asking = sum(bool(identity(r)) for r in routes)
    if len(routes) == 1:
        text = f"It has 1 route, which {'asks' if asking else 'does not ask'} who is calling"
    else:
        asked = f"{asking:,} ask{'s' if asking == 1 else ''}" if asking else "none asks"
        text = f"It has {count(len(routes), 'route')}, of which {asked} who is calling"
    if not bad:
        return text
    worst = [
        f"`{title(r)}` ({', '.join(codes[:3])}{', …' if len(codes) > 3 else ''})" for r, codes in bad[:_WORST]
    ]
    more = f" and {len(bad) - _WORST:,} more" if len(bad) > _WORST else ""
    return f"{text}; findings belong to {', '.join(worst)}{more}"
