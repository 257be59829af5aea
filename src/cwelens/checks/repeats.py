"""One finding for one cause: what is copied from function to function, and what a whole program does alike, is told once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from cwelens.checks.finding import Finding
from cwelens.checks.pages import NOT_ESCAPED, UNQUOTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from cwelens.base.source import Source

# What counts once in a function: the branches that set one cookie.
_BRANCHES = frozenset(("cookie-not-secure", "cookie-not-httponly"))
# What both a call and the statement around it may send.
_TWICE = frozenset(("error-detail", "xss"))
_COPIED = frozenset(("statement-trace", "plain-password", "plain-password-compared"))
_SECRETS = frozenset(("hard-coded-key", "hard-coded-password", "hard-coded-credential"))
# A field of a record as a template shows it.
_SHOWN = re.compile(r"`(?P<code>\{\{-?\s*(?P<record>\w+)\..*?\}\})`")
# A finding, and the one that it is told with.
Pairs: TypeAlias = list[tuple[Finding, Finding]]


def told_once(findings: list[Finding], sources: dict[str, Source]) -> tuple[list[Finding], Pairs]:
    """One finding for what is copied, or comes of one cause; it names the other places. With it what is told so."""
    told: Pairs = []
    first: dict[tuple[str, str, str], Finding] = {}
    lines: dict[tuple[object, ...], Finding] = {}
    out = []
    for finding in sorted(findings, key=lambda f: (f.location.path, f.location.line)):
        if finding.rule in _COPIED or (finding.rule in _BRANCHES and finding.function):
            # One that is certain is not told by one that rests on something.
            within = finding.function if finding.rule in _BRANCHES else finding.confidence
            known = first.setdefault((finding.rule, finding.location.path, within), finding)
            apart = finding.rule in _BRANCHES and not _in_branches(known, finding, sources)
            if known is not finding and not apart:
                _tell(known, finding)
                told.append((finding, known))
                continue
        if finding.trace and finding.trace[0].role == "source":
            # `return jsonify(body)` is both a call and a return.
            line = (finding.rule, finding.location.path, finding.location.line, finding.trace[0].location)
            known = lines.setdefault(line, finding)
            if known is not finding and finding.rule in _TWICE:
                told.append((finding, known))
                continue
        out.append(finding)
    out = _of_one_literal(_of_one_record(_of_copies(out, sources, told), told), told)
    out = _of_one_name(out, told)
    for cause, few in _CAUSES:
        groups: dict[tuple[str, ...], list[Finding]] = {}
        for finding in out:
            key = cause(finding)
            if key is not None:
                groups.setdefault(key, []).append(finding)
        for alike in groups.values():
            out = _of_one_cause(out, alike, told, few)
    return out, told


def _tell(known: Finding, finding: Finding) -> None:
    """A finding is told with another one, which names its place, and those that it has named itself."""
    known.also = sorted({*known.also, finding.location, *finding.also} - {known.location})


_WORDS = re.compile(r"[._-]+")
# Folders that a build fills with copies of what lies elsewhere.
_BUILT = frozenset(("dist", "build", "built", "collected", "staticfiles"))


def _is_built(path: str) -> bool:
    return any(_BUILT & set(_WORDS.split(part.lower())) for part in path.split("/")[:-1])


def _of_copies(findings: list[Finding], sources: dict[str, Source], told: Pairs) -> list[Finding]:
    """The findings of what a build has collected stand in the file that it is a copy of."""
    first: dict[tuple[str, str, int, int], Finding] = {}
    dropped: set[int] = set()
    for finding in sorted(findings, key=lambda f: _is_built(f.location.path)):
        place = finding.location
        source = sources.get(place.path)
        if source is None:
            continue
        known = first.setdefault((finding.rule, source.text, place.line, place.column), finding)
        if known is not finding and known.location.path != place.path and _is_built(place.path):
            _tell(known, finding)
            told.append((finding, known))
            dropped.add(id(finding))
    return [f for f in findings if id(f) not in dropped]


def _of_one_literal(findings: list[Finding], told: Pairs) -> list[Finding]:
    """A secret that stands elsewhere and is used at several places is one secret: the first use is the finding."""
    first: dict[tuple[str, str, int, str], Finding] = {}
    out = []
    for finding in findings:
        written = finding.trace[0].location if finding.trace else finding.location
        key: tuple[str, str, int] | None = None
        if finding.rule in _SECRETS and written != finding.location:
            key = (finding.rule, written.path, written.line)
        elif finding.rule in _SECRETS:
            key = _same_text(finding)
        if key is not None:
            known = first.setdefault((*key, finding.confidence), finding)
            if known is not finding:
                _tell(known, finding)
                told.append((finding, known))
                continue
        out.append(finding)
    return out


# A literal that nobody writes twice by chance.
_LONG = re.compile(r"""(['"])(?P<text>[^'"\s]{16,})\1""")


def _same_text(finding: Finding) -> tuple[str, str, int] | None:
    """What makes a secret that is written down again the same one: a long literal, or the same line of one file of settings."""
    long = _LONG.search(finding.location.code)
    if long is not None:
        return finding.rule, long["text"], 0
    if finding.location.path.endswith(".py"):
        return None
    return finding.rule, f"{finding.location.path}: {finding.location.code.strip()}", 0


def _of_one_record(findings: list[Finding], told: Pairs) -> list[Finding]:
    """Fields of one record that a page shows are one finding where they suffer from one cause: escaping that is off, no quotes."""
    first: dict[tuple[str, ...], Finding] = {}
    out = []
    for finding in findings:
        cause = next((c for c in (NOT_ESCAPED, UNQUOTED) if c in finding.evidence), "")
        shown = (
            _SHOWN.search(finding.trace[-1].text)
            if finding.trace and finding.trace[-1].location == finding.location
            else None
        )
        if finding.rule == "xss-template" and cause and shown is not None:
            key = (finding.location.path, cause, shown["record"], finding.confidence)
            known = first.setdefault(key, finding)
            if known is not finding:
                _tell(known, finding)
                told.append((finding, known))
                continue
        out.append(finding)
    return out


def _of_one_name(findings: list[Finding], told: Pairs) -> list[Finding]:
    """One name from outside, under which files are made, copied and removed: what other functions do with it is told where it comes in."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        if finding.rule in ("path-traversal", "path-probe") and _comes_in(finding):
            key = (finding.confidence, finding.assumption, finding.trace[0].location)
            groups.setdefault(key, []).append(finding)
    out = findings
    for alike in groups.values():
        clearest = min(alike, key=lambda f: (f.location.path != f.trace[0].location.path, _clearness(f)))
        near = (clearest.location.path, clearest.function)
        further = [f for f in alike if (f.location.path, f.function) != near]
        out = _told_with(out, clearest, further, told)
    return out


def _comes_in(finding: Finding) -> bool:
    """Whether data comes in where it is first used: a helper that gives it back to all who ask brings each of them data of their own."""
    trace = finding.trace
    return len(trace) > 1 and trace[0].role == "source" and not trace[1].text.endswith("gives it back")


def _of_one_cause(findings: list[Finding], alike: list[Finding], told: Pairs, few: int) -> list[Finding]:
    """The clearest of many findings that are alike, which names where else it holds; all of them where they are few."""
    if len(alike) <= few:
        return findings
    clearest = min(alike, key=_clearness)
    return _told_with(findings, clearest, [f for f in alike if f is not clearest], told)


def _told_with(
    findings: list[Finding], clearest: Finding, others: list[Finding], told: Pairs
) -> list[Finding]:
    """What is left where one finding names the places of some others."""
    told += [(other, clearest) for other in others]
    for other in others:
        _tell(clearest, other)
    dropped = set(map(id, others))
    return [f for f in findings if id(f) not in dropped]


def _of_program(finding: Finding) -> tuple[str, ...] | None:
    """What one place mends for the whole program: the formatter of its log, the way in which it answers errors."""
    return (finding.rule,) if finding.rule in ("log-injection", "error-detail") else None


# What many findings rest on together: one check of the program, one field of its database.
_ONE_DOUBT = re.compile(
    r"^`[\w.]+\(\)`(?= at line \d+ lets dangerous values through)|shows the field `\w+` that is stored there$"
)


def _of_doubt(finding: Finding) -> tuple[str, ...] | None:
    doubt = _ONE_DOUBT.search(finding.assumption)
    return (finding.rule, doubt.group()) if doubt is not None else None


_PARAMETER = re.compile(r"^`[\w*]+` of `[\w.<>]+` is untrusted: ")


def _of_parameter(finding: Finding) -> tuple[str, ...] | None:
    """One path that a function is given is made, opened, renamed and removed: each a use of it, and one question."""
    if finding.rule in ("path-traversal", "path-probe") and _PARAMETER.search(finding.assumption):
        return finding.rule, finding.location.path, finding.assumption
    return None


def _of_field(finding: Finding) -> tuple[str, ...] | None:
    """Whether a field that many templates mark as safe may hold markup is one question."""
    if finding.rule == "xss-template" and finding.confidence == "conditional" and len(finding.trace) == 2:
        return finding.rule, finding.assumption
    return None


# How the step begins that shows where a setting was chosen.
DECIDES = "the value that decides is written here"


def _of_value(finding: Finding) -> tuple[str, ...] | None:
    """`verify=False` that is handed on from one function to the next stands at one place."""
    if finding.rule == "certificate-unchecked" and finding.trace and finding.trace[0].text == DECIDES:
        place = finding.trace[0].location
        return finding.rule, place.path, str(place.line), finding.confidence
    return None


def _of_helper(finding: Finding) -> tuple[str, ...] | None:
    """A text that one helper makes of the request is logged here and there."""
    if (
        finding.rule == "log-injection"
        and finding.trace
        and finding.trace[0].location.path != finding.location.path
    ):
        place = finding.trace[0].location
        return finding.rule, place.path, str(place.line), finding.confidence
    return None


# What findings come of together, and how many an oversight here and there may make: more are the way of the program.
_CAUSES: tuple[tuple[Callable[[Finding], tuple[str, ...] | None], int], ...] = (
    (_of_program, 5),
    (_of_doubt, 5),
    (_of_parameter, 2),
    (_of_field, 3),
    (_of_value, 1),
    (_of_helper, 1),
)


def _clearness(finding: Finding) -> tuple[bool, bool, int, str, int]:
    """Certain before conditional, what is always logged before what is logged to find errors, and the shortest way."""
    debugging = ".debug(" in finding.location.code
    return (
        finding.confidence != "definite",
        debugging,
        len(finding.trace),
        finding.location.path,
        finding.location.line,
    )


def _in_branches(one: Finding, two: Finding, sources: dict[str, Source]) -> bool:
    """Whether a line between two findings stands further out than both: then only one of them may run."""
    source = sources.get(one.location.path)
    if source is None:
        return True
    first, last = one.location.line, two.location.line
    inner = min(_indent(source.line(first)), _indent(source.line(last)))
    between = (source.line(number) for number in range(first + 1, last))
    return any(line.strip() and _indent(line) < inner for line in between)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
