"""From records to findings and operations: who decides for a parameter, what is said, in which order."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from cwelens.base.location import Location, locate
from cwelens.checks import pages, refused, repeats, reviewed
from cwelens.checks.checker import Checker
from cwelens.checks.finding import Confidence, Disposition, Finding, Operation, Step
from cwelens.checks.judgement import Judgement, clearer
from cwelens.checks.record import Record
from cwelens.checks.rules import FOR_SERVICE
from cwelens.flow.surroundings import AROUND
from cwelens.flow.values import Taint
from cwelens.resolve.testcode import rehearsals

if TYPE_CHECKING:
    from cwelens.flow.run import Shared


REPORTED = ("defect", "conditional")
# What is done with a path, against only asking whether it is there.
_USES = ("path-traversal", "upload-name")


def results(checker: Checker) -> tuple[list[Finding], list[Operation]]:
    """Every finding and every operation, by place."""
    findings: list[Finding] = []
    operations: list[Operation] = []
    shared = checker.shared
    called = _called(shared)
    literals = _literals(checker)
    for record in checker.records.values():
        if record.rule.concept == "page.output":
            pages.settle(record, checker.fields)
    tests = {f.module.path for f in shared.functions.values() if shared.is_test(f.module)}
    inputs = [m.path for m in shared.program.modules.values() if m.is_input]
    rehearsed = rehearsals(inputs, _configs(checker))
    known = refused.compared(checker.records.values(), shared.program.modules.values())
    decided = [
        (record, refused.settle(record, _settled(record, decide(record, called), tests, rehearsed), known))
        for record in checker.records.values()
        if not _stands_elsewhere(record, literals)
    ]
    used = {
        _what_of(record, judgement.taint)
        for record, judgement in decided
        if record.rule.id in _USES and judgement.taint is not None and judgement.kind in REPORTED
    }
    for record, judgement in decided:
        location = locate(*record.place)
        if record.rule.id == "path-probe" and judgement.kind in REPORTED:
            if judgement.taint is not None and _what_of(record, judgement.taint) in used:
                # The test stands before what is done with the same path, and that finding says it.
                continue
        if judgement.kind in REPORTED:
            findings.append(_finding(record, judgement, location))
        operations.append(_operation(record, judgement, location))
    sources = {record.place[0].path: record.place[0] for record in checker.records.values()}
    findings, told = repeats.told_once(_one_each(findings), sources)
    reported = {_place_of(f): "" for f in findings}
    for finding, other in told:
        where = other.location
        file = "" if where.path == finding.location.path else f" of {where.path}"
        reported.setdefault(_place_of(finding), f"told with the finding on line {where.line}{file}")
    kept = []
    for operation in operations:
        if operation.disposition in REPORTED:
            with_which = reported.get(_place_of(operation))
            if with_which is None:
                # Another finding at the same place says it all.
                continue
            operation.reason = with_which or operation.reason
        kept.append(operation)
    findings.sort(key=lambda f: (f.location.path, f.location.line, f.location.column, f.cwe, f.rule))
    kept.sort(key=lambda o: (o.location.path, o.location.line, o.location.column, o.cwe, o.concept))
    return findings, kept


def _place_of(one: Finding | Operation) -> tuple[str, int, int, int]:
    return one.location.path, one.location.line, one.location.column, one.cwe


def _what_of(record: Record, taint: Taint) -> tuple[object, ...]:
    """A function and the data it handles."""
    return record.place[0].path, record.function, taint.origin.key


def _settled(record: Record, judgement: Judgement, tests: set[str], rehearsed: set[str]) -> Judgement:
    """The judgement, in view of where the operation stands: in test code, in settings of a rehearsal, on a marked line."""
    return reviewed.settle(record, _in_service(record, _worth_saying(record, judgement, tests), rehearsed))


def _worth_saying(record: Record, judgement: Judgement, tests: set[str]) -> Judgement:
    """That a caller could learn whether a file exists, if it were untrusted, is not worth a finding; nobody attacks test code."""
    taint = judgement.taint
    if judgement.kind in REPORTED and taint is not None and record.place[0].path in tests:
        if taint.origin.kind == "untrusted":
            return Judgement("undecided", "this is test code: whether others can reach it is not told", taint)
    if record.rule.id == "path-probe" and judgement.kind == "conditional" and taint is not None:
        if taint.origin.kind == "param":
            return Judgement("undecided", taint.origin.text, taint)
    source, (line, *_) = record.place
    told = source.line(line).lstrip().startswith("return")
    if record.rule.id == "path-probe" and judgement.kind == "defect" and taint is not None and not told:
        return Judgement("conditional", "", taint.assuming("the answer shows whether the file was there"))
    return judgement


def _in_service(record: Record, judgement: Judgement, rehearsed: set[str]) -> Judgement:
    """What is set for tests, documentation or a demonstration is a weakness only where that is in service."""
    if (
        judgement.kind == "defect"
        and judgement.taint is None
        and record.rule.id in FOR_SERVICE
        and record.place[0].path in rehearsed
    ):
        return Judgement(
            "conditional", judgement.reason, assumption="a program in service uses these settings"
        )
    return judgement


def _configs(checker: Checker) -> set[str]:
    """The files with findings that are settings and no code, for which a weakness of what is in service was found."""
    paths = {r.place[0].path for r in checker.records.values() if r.rule.id in FOR_SERVICE}
    return {path for path in paths if not path.endswith(".py")}


def _literals(checker: Checker) -> set[tuple[str, int, str]]:
    """Files and lines of the defects of configuration, with the family of their concept."""
    return {
        (r.place[0].path, r.place[1][0], r.concept.partition(".")[0])
        for r in checker.records.values()
        if r.best is not None and r.best.kind == "defect"
    }


def _stands_elsewhere(record: Record, literals: set[tuple[str, int, str]]) -> bool:
    """Whether the literal that makes a use of it a weakness is a finding itself, on another line."""
    if record.literal is None:
        return False
    source, (line, *_) = record.literal
    here = (record.place[0].path, record.place[1][0])
    return (source.path, line) != here and (source.path, line, record.concept.partition(".")[0]) in literals


def merge(
    findings: list[Finding], operations: list[Operation], more: list[Finding], about: list[Operation]
) -> None:
    """Adds findings that rest on no flow and the operations they are about, in the order of places; one that is known at its line stays out."""
    known = {(f.location.path, f.location.line, f.cwe) for f in findings}
    for finding, operation in zip(more, about):
        if (finding.location.path, finding.location.line, finding.cwe) not in known:
            findings.append(finding)
            operations.append(operation)
    findings.sort(key=_place_of_finding)
    operations.sort(key=_place_of_operation)


def _place_of_finding(f: Finding) -> tuple[str, int, int, int, str]:
    return f.location.path, f.location.line, f.location.column, f.cwe, f.rule


def _place_of_operation(o: Operation) -> tuple[str, int, int, int, str]:
    return o.location.path, o.location.line, o.location.column, o.cwe, o.concept


def _called(shared: Shared) -> set[str]:
    """Qualified names of the functions that the input itself calls."""
    return {f.qualname for key, f in shared.functions.items() if shared.called.get(key)}


def decide(record: Record, called: set[str]) -> Judgement:
    """The judgement that counts: a parameter's conditional one only where no caller in the input settles what it is given."""
    best = record.best
    # Others may call what is public; a private function has the callers that are seen.
    unsettled = best is not None and best.kind == "undecided" and best.taint is None
    # Who is called by nobody that is seen tells best where the value comes from.
    given = sorted(record.from_param, key=lambda one: one[1] in called)
    open_ones = [
        j
        for j, owner in given
        if owner not in called or best is None or (unsettled and not owner.rpartition(".")[2].startswith("_"))
    ]
    for judgement in open_ones:
        if best is None or judgement.rank > best.rank or clearer(judgement, best):
            best = judgement
    return best or Judgement("constant")


def _one_each(findings: list[Finding]) -> list[Finding]:
    """One finding for one defect: of several CWEs at one place that say the same, the more specific one."""
    by_place: dict[tuple[str, int, int], list[Finding]] = {}
    for finding in findings:
        key = (finding.location.path, finding.location.line, finding.location.column)
        by_place.setdefault(key, []).append(finding)
    out: list[Finding] = []
    read = {(f.location.path, f.function) for f in findings if f.rule == "xxe"}
    unchecked = {(f.location.path, f.function) for f in findings if f.rule == "certificate-unchecked"}
    for group in by_place.values():
        rules = {f.rule for f in group}
        for finding in group:
            if any(finding.rule == weaker and stronger in rules for weaker, stronger in _IMPLIED):
                continue
            if finding.rule == "cookie-not-secure" and "cookie-not-httponly" in rules:
                finding.evidence.append("`HttpOnly` is missing as well (CWE-1004): set both")
            if finding.rule == "xml-entities" and (finding.location.path, finding.function) in read:
                # The parser is reported where the untrusted document meets it.
                continue
            if (
                finding.rule == "hostname-unchecked"
                and (finding.location.path, finding.function) in unchecked
            ):
                # Without a certificate that is checked, its name protects nothing: one finding says both.
                continue
            out.append(finding)
    return out


# (reported as well, the one that says it all)
_IMPLIED = (
    ("weak-hash", "weak-password-hash"),
    ("path-traversal", "ssrf"),
    ("hostname-unchecked", "certificate-unchecked"),
    ("xml-bomb", "xxe"),
    ("xxe", "xml-entities"),
    ("log-injection", "sensitive-log"),
    ("cookie-not-httponly", "cookie-not-secure"),
    ("jwt-none", "jwt-unverified"),
    ("program-injection", "command-injection"),
    ("argument-injection", "command-injection"),
    ("argument-injection", "program-injection"),
)


def _finding(record: Record, judgement: Judgement, location: Location) -> Finding:
    rule = record.rule
    taint = judgement.taint
    confidence: Confidence = "definite" if judgement.kind == "defect" else "conditional"
    trace = _trace(taint, record, location)
    assumption = ""
    if confidence == "conditional":
        known = _assumption(taint) if taint is not None else judgement.reason
        assumption = judgement.assumption or known
    evidence = [note for note in dict.fromkeys((record.note, taint.origin.evidence if taint else "")) if note]
    finding = Finding(
        rule=rule.id,
        cwe=rule.cwe,
        title=rule.title,
        severity=rule.severity,
        confidence=confidence,
        location=location,
        message=_message(record, judgement),
        repair=rule.repair.get(record.library) or rule.repair[""],
        trace=trace,
        assumption=assumption,
        evidence=evidence,
        looked_for="" if taint is not None else f"`{record.code}` in {location.path}",
        function=record.function,
    )
    finding.fingerprint = fingerprint(finding)
    return finding


def fingerprint(finding: Finding) -> str:
    """What stays the same when lines move: rule, file, function, and the code of the line."""
    text = "\0".join((finding.rule, finding.location.path, finding.function, finding.location.code))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def _assumption(taint: Taint) -> str:
    if taint.assumption:
        return taint.assumption
    if taint.origin.concept == AROUND:
        return f"{taint.origin.text} is untrusted: what sets it is not in the input"
    return f"{taint.origin.text} is untrusted: it comes from a caller that the input does not show"


def _message(record: Record, judgement: Judgement) -> str:
    rule, taint = record.rule, judgement.taint
    sink = f"`{record.code}`"
    if rule.id == "weak-random":
        return f"{taint.origin.text if taint else sink} is predictable and {judgement.reason}: an attacker can {rule.harm}."
    if rule.id == "error-detail":
        text = taint.origin.text if taint else "an error text"
        return f"{text[:1].upper()}{text[1:]} is sent to the client: an attacker can {rule.harm}."
    if taint is None or rule.id == "timing":
        # The reason for a doubt is what the finding rests on, if nothing else is.
        doubt = judgement.assumption or (judgement.reason if judgement.kind == "conditional" else "")
        detail = f" ({judgement.reason})" if judgement.reason and judgement.reason != doubt else ""
        given = f"If {doubt}, an" if doubt else "An"
        return f"{rule.title}: {sink}{detail}. {given} attacker can {rule.harm}."
    given = "if it is untrusted, " if judgement.kind == "conditional" else ""
    return f"{taint.origin.text} reaches {sink} unneutralised: {given}an attacker can {rule.harm}."


def _trace(taint: Taint | None, record: Record, location: Location) -> list[Step]:
    sink = Step(location, "sink", f"`{record.code}`: {record.rule.phrase}")
    if taint is None:
        shown = Step(location, "evidence", record.rule.title)
        decided = locate(*record.decided_by) if record.decided_by is not None else location
        if decided.path == location.path and location.line <= decided.line <= location.end_line:
            return [shown]
        return [Step(decided, "evidence", repeats.DECIDES), shown]
    steps: list[Step] = []
    for index, trail in enumerate(taint.trail.steps() if taint.trail else []):
        steps.append(Step(locate(*trail.place), "source" if index == 0 else "step", trail.text))
    if taint.origin.kind in ("random",):
        return steps
    return [*steps, sink]


_SAFE = {
    "constant": "constant",
    "parameterised": "parameterised",
    "not untrusted": "not untrusted",
}


def _operation(record: Record, judgement: Judgement, location: Location) -> Operation:
    kind = judgement.kind
    if kind in ("defect", "conditional"):
        reason = judgement.reason or (judgement.taint.origin.text if judgement.taint else record.rule.title)
        disposition: Disposition = "defect" if kind == "defect" else "conditional"
    elif kind == "undecided":
        disposition, reason = "undecided", judgement.reason
    elif kind == "skipped":
        disposition, reason = "skipped", judgement.reason
    else:
        disposition = "safe"
        detail = judgement.reason
        if kind == "neutralised":
            reason = f"neutralised by {detail}" if detail.startswith("`") else f"neutralised: {detail}"
        elif kind == "guarded":
            reason = f"guarded by {detail}"
        else:
            reason = _SAFE[kind] + (f": {detail}" if detail else "")
    return Operation(
        location, record.concept, record.code, disposition, reason, record.rule.cwe, record.function
    )
