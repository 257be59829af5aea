"""The review as one Markdown document (CommonMark with GitHub's tables): complete, under the seven headings of a review.

Invariant: quoted text is either inside a code span that it cannot close or escaped, so it is shown as it is written.
Only the table of operations is cut, after OPERATIONS rows, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from cwelens.base.location import Location
from cwelens.checks.finding import Finding
from cwelens.render import digest
from cwelens.render.digest import extent, named, point
from cwelens.render.escape import visible
from cwelens.report.model import Reason, Review

OPERATIONS = 500

_SPECIAL = re.compile(r"[\\`*_\[\]<>|~&]|#(?=[#\s]|$)")
_STARTS = re.compile(r"^(\d*)([.)](?=\s|$)|[#=+-])")
_SPAN = re.compile(r"(`[^`\n]+`)")
_TICKS = re.compile(r"`+")


def render(review: Review) -> str:
    """The document, ending in a newline."""
    parts = [
        ("1 Verdict", _verdict(review)),
        ("2 Findings", _findings(review)),
        ("3 What the code does", _description(review)),
        ("4 What could not be seen", _unseen(review)),
        ("5 What to review next", _areas(review)),
        ("6 What to improve", _advice(review)),
        ("7 Conclusion", _conclusion(review)),
    ]
    blocks = ["# Security review"]
    for title, part in parts:
        blocks += [f"## {title}", *part]
    return "\n\n".join(blocks) + "\n"


def _verdict(review: Review) -> Iterator[str]:
    yield f"**{prose(review.sentence) or review.verdict}**"
    details = [f"Verdict: `{review.verdict}`"]
    if review.inputs:
        details.append(text(digest.scope(review)))
    yield ". ".join(details) + "."


def _findings(review: Review) -> Iterator[str]:
    if not review.findings:
        yield "None."
        return
    yield f"{digest.finding_counts(review.findings)}."
    number = 0
    for path, findings in digest.by_path(review.findings).items():
        yield f"### {code(named(path))}"
        for finding in findings:
            number += 1
            yield from _finding(number, finding)


def _finding(number: int, finding: Finding) -> Iterator[str]:
    yield f"#### {number}. CWE-{finding.cwe} {text(finding.title)}"
    yield prose(finding.message)
    name, *lists = digest.weakness(finding.cwe)
    facts = [
        f"Place: {code(point(finding.location))}"
        + (f" in {code(finding.function)}" if finding.function else ""),
        f"Severity: {finding.severity}",
        f"Confidence: {finding.confidence}",
        f"Weakness: CWE-{finding.cwe} {text(name)}",
    ]
    if lists:
        facts.append(f"Lists: {text('; '.join(lists))}")
    facts.append(
        f"Rule: {code(finding.rule)}"
        + (f", fingerprint {code(finding.fingerprint)}" if finding.fingerprint else "")
    )
    yield _list(facts)
    if finding.trace:
        yield "Trace:"
        yield "\n".join(
            f"{n}. **{step.role}** {code(point(step.location))}: {code(step.location.code)}"
            + (f": {prose(step.text)}" if step.text else "")
            for n, step in enumerate(finding.trace, 1)
        )
    else:
        yield f"Code: {code(finding.location.code)}"
    if finding.assumption:
        yield f"**Only if:** {prose(finding.assumption)}"
    if finding.evidence:
        yield "Rests on:"
        yield _list(map(prose, finding.evidence))
    if finding.looked_for:
        yield f"Looked for: {prose(finding.looked_for)}"
    if finding.also:
        yield f"Also: {prose(digest.also(finding))}"
    yield f"**Repair:** {prose(finding.repair)}"


def _description(review: Review) -> Iterator[str]:
    seen = review.description
    yield prose(seen.summary)
    yield "### Kind"
    yield _list(
        (f"{prose(t.label)}: {prose(t.why)}{_at(t.evidence)}" for t in seen.traits), "Not determined."
    )
    yield "### Entry points"
    yield _list(
        (
            f"{code(entry.name)}, {prose(entry.kind)}"
            + (f", takes {', '.join(map(prose, entry.untrusted))}" if entry.untrusted else "")
            + (f", {prose(entry.guard)}" if entry.guard else "")
            + (f", found: {', '.join(map(prose, entry.findings))}" if entry.findings else "")
            + _at([entry.location])
            for entry in seen.entry_points
        ),
        "None in the code seen.",
    )
    yield "### Untrusted data"
    yield _list(
        (
            f"{prose(use.description)} ({code(use.concept)}): {code(use.location.code)}{_at([use.location])}"
            for use in seen.sources
        ),
        "None in the code seen.",
    )
    yield "### Operations accounted for"
    yield from _operations(review)


def _operations(review: Review) -> Iterator[str]:
    operations = review.description.operations
    if not operations:
        yield "No security-relevant operation in the code seen."
        return
    yield f"{digest.operation_counts(digest.by_disposition(operations))}."
    yield _table(
        ("Disposition", "Reason", "Operation", "Concept", "CWE", "Place"),
        (
            (
                op.disposition,
                prose(op.reason),
                code(op.code),
                code(op.concept),
                f"CWE-{op.cwe}",
                code(point(op.location)),
            )
            for op in operations[:OPERATIONS]
        ),
    )
    if len(operations) > OPERATIONS:
        yield f"The first {OPERATIONS} of {len(operations):,} operations; the JSON review has all of them."


def _unseen(review: Review) -> Iterator[str]:
    regions = digest.unanalysed(review)
    if not (regions or review.gaps or review.closed):
        yield "Nothing: every name that the code uses is in the input or has a model."
    if regions:
        yield "### Not analysed"
        yield _list(f"{code(extent(region))}: {prose(region.reason)}" for region in regions)
    for group in review.gaps:
        yield f"### {code(group.receiver)}"
        yield _list(
            f"{prose(m.kind)} {code(m.name)}: {prose(m.reason)}{_at(m.locations)}" for m in group.members
        )
        yield f"What it could change: {prose(group.effect)}"
        yield f"What would answer: {prose(group.ask)}"
    if review.closed:
        yield "### Closed by the context"
        yield _list(
            f"{code(closed.name)} {prose(closed.answer)}{_at([closed.location] if closed.location else [])}"
            for closed in review.closed
        )


def _areas(review: Review) -> Iterator[str]:
    if not (review.areas or review.left_out):
        yield "Nothing in the code seen raises an area."
    for area in review.areas:
        yield f"### {prose(area.topic)} ({digest.topics(area.cwes)})"
        yield prose(area.question)
        yield from _reasons(area.reasons)
        if area.answer:
            yield f"**Answer:** {prose(area.answer)}"
    if review.left_out:
        yield "### Left out"
        yield _list(f"{prose(o.topic)} ({digest.topics(o.cwes)}): {prose(o.reason)}" for o in review.left_out)


def _advice(review: Review) -> Iterator[str]:
    if not review.advice:
        yield "Nothing in the code seen calls for advice."
    for advice in review.advice:
        yield f"### {prose(advice.title)}"
        yield prose(advice.text)
        yield from _reasons(advice.reasons)


def _conclusion(review: Review) -> Iterator[str]:
    yield prose(review.conclusion)
    yield _list(f"{name}: {total}" for name, total in digest.sums(review.counts))
    if review.inputs:
        yield _table(
            ("File", "Kind", "Lines", "Status", "Role", "Notes"),
            (
                (
                    code(file.path),
                    prose(file.kind),
                    str(file.lines),
                    file.status,
                    file.role,
                    prose("; ".join(file.notes)),
                )
                for file in review.inputs
            ),
        )
    yield f"Written by {code('cwelens ' + review.version)}."


def _reasons(reasons: Sequence[Reason]) -> Iterator[str]:
    if reasons:
        yield _list(
            f"{code(point(reason.location))}: {code(reason.location.code)}: {prose(reason.text)}"
            for reason in reasons
        )


def _at(locations: Sequence[Location]) -> str:
    places = ", ".join(code(point(location)) for location in locations)
    return f" ({places})" if places else ""


def _list(items: Iterable[str], otherwise: str = "") -> str:
    return "\n".join(f"- {item}" for item in items) or otherwise


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(content: str) -> str:
    """A table is split at its bars before anything else is read, code spans included."""
    return re.sub(r"(?<!\\)((?:\\\\)*)\|", r"\1\\|", content)


def code(content: str) -> str:
    """A code span that holds `content` whatever backticks it has."""
    shown = visible(content)
    if not shown.strip():
        return "(empty)"
    longest = max(map(len, _TICKS.findall(shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def prose(content: str) -> str:
    """A sentence: its `code spans` as such, the rest escaped."""
    pieces = _SPAN.split(content)
    return "".join(
        code(piece[1:-1]) if number % 2 else _escape(piece, starts=number == 0)
        for number, piece in enumerate(pieces)
    ).strip()


def text(content: str) -> str:
    """Plain text, escaped, its backticks too."""
    return _escape(content).strip()


def _escape(content: str, starts: bool = True) -> str:
    escaped = _SPECIAL.sub(r"\\\g<0>", visible(content))
    return _STARTS.sub(r"\1\\\2", escaped.lstrip()) if starts else escaped
