"""Makes findings about routes: each with what was looked for, where, and the neighbours that have it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cwelens.app.model import Application, Route
from cwelens.app.values import Guard, Spot
from cwelens.app.words import guard_kind
from cwelens.base.location import Location, locate
from cwelens.checks.access.rules import BY_ID
from cwelens.checks.finding import Confidence, Finding, Operation, Step
from cwelens.checks.outcome import fingerprint

LOGIN = ("login", "role", "token", "owner", "password")
_NEIGHBOURS = 4
_MAKES = re.compile(
    r"\b(?:Flask|FastAPI|Quart|Sanic|Bottle|Starlette|Application|Litestar|App|Api|\w*HTTPServer|API|Schema|Configurator)\(|urlpatterns|HTTPRequestHandler"
    r"|import bottle|from bottle|make_server\(|environ, start_response\)|make_executable_schema\(|cherrypy\.(?:quickstart|tree)|web\.application\("
)
# What a finding of an absence takes for granted where only a part of an application is handed in.
_ELSEWHERE = {
    "guessing-unlimited": "nothing outside this file limits attempts",
    "csrf-missing": "the application has no protection against forged requests",
    "route-without-login": "no hook or middleware of the application asks who is calling",
    "record-without-login": "no hook or middleware of the application asks who is calling",
}


class Report:
    """Collects findings; one for a rule and place."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self.findings: list[Finding] = []
        self.operations: list[Operation] = []
        self._seen: set[tuple[str, str, int]] = set()
        # A lone file that does not make the application itself: what stands before its routes may be elsewhere.
        self._cut_out = len(app.modules) == 1 and not _MAKES.search(app.modules[0].source.text)

    def add(
        self,
        rule_id: str,
        spot: Spot,
        route: Route | None,
        message: str,
        looked_for: str,
        steps: Iterable[Step] = (),
        evidence: Iterable[str] = (),
        assumption: str = "",
    ) -> None:
        """One finding; `message` is a sentence without its end, to which the harm is added."""
        rule = BY_ID[rule_id]
        if self._cut_out and rule_id in _ELSEWHERE and not assumption:
            assumption = _ELSEWHERE[rule_id]
        location = locate(*spot)
        key = (rule_id, location.path, location.line)
        if key in self._seen:
            return
        self._seen.add(key)
        confidence: Confidence = "conditional" if assumption else "definite"
        function = route.handler.short if route is not None else ""
        finding = Finding(
            rule=rule.id,
            cwe=rule.cwe,
            title=rule.title,
            severity=rule.severity,
            confidence=confidence,
            location=location,
            message=f"{message}: an attacker can {rule.harm}.",
            repair=rule.repair[""],
            trace=[Step(location, "evidence", rule.phrase), *steps],
            assumption=assumption,
            evidence=list(evidence),
            looked_for=looked_for,
            function=function,
        )
        finding.fingerprint = fingerprint(finding)
        self.findings.append(finding)
        code = f"{' '.join(route.methods)} {route.path}" if route is not None else location.code
        disposition = "conditional" if assumption else "defect"
        self.operations.append(
            Operation(location, rule.concept, code, disposition, rule.phrase, rule.cwe, function)  # type: ignore[arg-type]
        )

    def doubt(self, rule_ids: tuple[str, ...], number: int, assumption: str) -> None:
        """Makes findings of an absence conditional where there are so many that a guard which is not understood is more likely."""
        doubted = [f for f in self.findings if f.rule in rule_ids and f.confidence == "definite"]
        if len(doubted) < number:
            return
        places = {(f.location, f.cwe) for f in doubted}
        for finding in doubted:
            finding.confidence, finding.assumption = "conditional", assumption
        for operation in self.operations:
            if (operation.location, operation.cwe) in places:
                operation.disposition = "conditional"


def head(route: Route) -> Spot:
    """The line of the handler's `def`, or where it tells the address of the route apart."""
    if route.branch is not None:
        return route.branch
    line, column, _, _ = route.handler.node.pos
    source = route.handler.module.source
    return source, (line, column, line, len(source.line(line).encode("utf-8", "surrogatepass")))


def called(route: Route) -> str:
    """A route as a sentence names it."""
    return f"`{'/'.join(route.methods) or 'ANY'} {route.path}` (`{route.handler.short}`)"


def neighbours(app: Application, route: Route, *kinds: str) -> list[Step]:
    """Guarded routes nearest to one: of its class, its file, its program; each with the guard it has."""
    near: list[tuple[int, Route, Guard]] = []
    for other in app.routes:
        if other is route:
            continue
        guard = next(
            (g for g in (*other.outer, *other.inner) if g.kind in kinds and g.spot is not None), None
        )
        if guard is not None:
            same = (
                0
                if other.cls is not None and other.cls is route.cls
                else 1
                if other.handler.module is route.handler.module
                else 2
            )
            near.append((same, other, guard))
    near.sort(key=lambda n: n[0])
    return [
        Step(locate(*guard.spot), "guard", f"{called(other)} has `{guard.text}`")
        for _, other, guard in near[:_NEIGHBOURS]
        if guard.spot is not None
    ]


def commented_guard(route: Route) -> tuple[Location, str] | None:
    """A guard of the handler that is commented out: in the lines above it, down to its `def`."""
    source = route.handler.module.source
    first = min([route.handler.node.pos[0], *(d.pos[0] for d in route.handler.node.decorators)])
    last = route.handler.node.body[0].pos[0] if route.handler.node.body else route.handler.node.pos[0]
    for number in range(max(1, first - 4), last + 1):
        line = source.line(number).strip()
        if not line.startswith("#"):
            continue
        text = line.lstrip("# ")
        name = (
            text.removeprefix("@").partition("(")[0]
            if text.startswith("@")
            else text.partition("Depends(")[2].partition("(")[0].rstrip(") ,")
        )
        name = name.strip()
        if name and (guard_kind(name.rpartition(".")[2]) or guard_kind(name)):
            return locate(source, (number, 0, number, len(source.line(number)))), name
    return None
