"""Part 6: practices that fit what was seen, the analysis to run next, and training by weakness.

Invariant: each piece of advice names the lines of an input that raise it; none is given without one.
"""

from __future__ import annotations

from collections.abc import Sequence

from cwelens.checks.finding import Finding
from cwelens.cwe import catalogue
from cwelens.report.material import Material
from cwelens.report.model import Advice, Reason
from cwelens.report.observe import Observed, observe
from cwelens.report.practices import PRACTICES, Practice
from cwelens.report.traits import is_test, traits
from cwelens.report.words import coded, count, listed
from cwelens.resolve.ledger import CallRecord

_MOST = 8
_WEAKNESSES = 3


def advice(material: Material, seen: Observed | None = None) -> list[Advice]:
    """The practices raised, in the order of their table, then how to check again, then training."""
    seen = seen or observe(material, (trigger for practice in PRACTICES for trigger in practice.triggers))
    packages = _packages(material)
    kinds = traits(material)
    only_tests = bool(kinds) and all(map(is_test, kinds))
    found: list[Advice] = []
    for practice in PRACTICES:
        if only_tests and not practice.tests:
            continue
        if practice.title == "Test what must be refused" and not only_tests:
            continue
        given = _practice(practice, seen, packages)
        if given is not None:
            found.append(given)
    found += _again(material)
    found += _training(material.findings)
    return found


def _packages(material: Material) -> frozenset[str]:
    names = ((record.target or record.text).lstrip(".").partition(".")[0] for record in material.imports)
    routes = (handler.route.framework.lower() for handler in material.entries.handlers.values())
    return frozenset([*names, *routes])


def _practice(practice: Practice, seen: Observed, packages: frozenset[str]) -> Advice | None:
    reasons: dict[tuple[str, int], Reason] = {}
    for trigger in practice.triggers:
        for sight in seen.of(trigger).kept:
            place = sight.location
            if len(reasons) < _MOST:
                reasons.setdefault(
                    (place.path, place.line), Reason(place, trigger.text.format(code=f"`{sight.code}`"))
                )
    if not reasons:
        return None
    text = next(text for wanted, text in practice.texts if not wanted or wanted & packages)
    return Advice(practice.title, text, list(reasons.values()))


def _again(material: Material) -> list[Advice]:
    """A review in CI where there is something to guard, and one with context where names lead out of the input."""
    found: list[Advice] = []
    if material.findings:
        conditional = [f for f in material.findings if f.confidence == "conditional"]
        option = (
            " --fail-on conditional" if conditional and len(conditional) == len(material.findings) else ""
        )
        reasons = [
            Reason(f.location, f"CWE-{f.cwe}, which such a run would have stopped")
            for f in material.findings[:_MOST]
        ]
        found.append(
            Advice(
                "Let the review run on every change",
                f"Run `cwelens review{option} -f sarif` in CI, so that a change that brings one of these back does not pass.",
                reasons,
            )
        )
    unseen = _deciding(material)
    if unseen and not material.context_given:
        by_line: dict[tuple[str, int], Reason] = {}
        for record in unseen:
            place = record.location
            if len(by_line) == _MOST:
                break
            by_line.setdefault(
                (place.path, place.line),
                Reason(place, f"an operation depends on what `{record.callee}` does"),
            )
        names = coded((record.member or record.callee for record in unseen), 3)
        found.append(
            Advice(
                "Review again with what this code calls",
                f"Add `--context` with the code base around it, so that {names} can be followed: what could not be decided depends on {'it' if len(unseen) == 1 else 'them'}.",
                list(by_line.values()),
            )
        )
    return found


def _deciding(material: Material) -> list[CallRecord]:
    """The calls that lead out of the input and that a disposition or an assumption names."""
    texts = [o.reason for o in material.operations if o.disposition in ("undecided", "conditional")]
    depended = " ".join(texts + [finding.assumption for finding in material.findings])
    return [
        record
        for record in material.calls
        if record.status == "unresolved"
        and record.member
        and (f"`{record.callee}()`" in depended or f"`{record.callee}`" in depended)
    ]


def _training(findings: Sequence[Finding]) -> list[Advice]:
    """The weaknesses that occur most, each with its places."""
    by_cwe: dict[int, list[Finding]] = {}
    for finding in findings:
        by_cwe.setdefault(finding.cwe, []).append(finding)
    if not by_cwe:
        return []
    frequent = sorted(by_cwe, key=lambda cwe: (-len(by_cwe[cwe]), cwe))[:_WEAKNESSES]
    facts = catalogue()
    names = listed(f"CWE-{cwe} ({facts.get(cwe).short_name})" for cwe in frequent)
    reasons = [
        Reason(by_cwe[cwe][0].location, f"CWE-{cwe}, {count(len(by_cwe[cwe]), 'place')}") for cwe in frequent
    ]
    return [
        Advice(
            "Train by weakness",
            f"Go through {names} with those who write this code: the entry in the catalogue, this place, and its repair. `cwelens cwe ID` prints the entry.",
            reasons,
        )
    ]
