"""One finding in full: every step of its trace with the code, what it rests on, and what would settle it."""

from __future__ import annotations

from cwelens.checks.finding import Finding
from cwelens.render.digest import also, point, weakness
from cwelens.render.escape import visible
from cwelens.report.model import Review


def chosen(review: Review, wanted: str) -> list[Finding]:
    """The findings meant by a fingerprint or its first characters (at least 6), `line`, or `file:line`."""
    path, _, line = wanted.rpartition(":")
    if line.isdigit() and (path or len(wanted) < 6):
        return [
            f
            for f in review.findings
            if f.location.line == int(line) and (not path or f.location.path == path)
        ]
    if len(wanted) < 6:
        return []
    return [f for f in review.findings if f.fingerprint.startswith(wanted.lower())]


def render(finding: Finding) -> str:
    """Plain text, ending in a newline."""
    lines = [
        f"{finding.title} (CWE-{finding.cwe}), {finding.severity}, {finding.confidence}",
        f"at {point(finding.location)}" + (f" in {finding.function}" if finding.function else ""),
        "",
        finding.message,
        "",
    ]
    for number, step in enumerate(finding.trace, 1):
        lines.append(f"{number:>3}. {step.role:<8} {point(step.location)}")
        lines.append(f"       {step.location.code.strip()}")
        lines.append(f"       {step.text}")
    lines.append("")
    for label, text in (
        ("Only if", finding.assumption),
        ("Looked for", finding.looked_for),
        ("Also", also(finding, limit=len(finding.also))),
        ("Repair", finding.repair),
        ("Fingerprint", finding.fingerprint),
    ):
        if text:
            lines.append(f"{label}: {text}")
    lines += [f"Rests on: {note}" for note in finding.evidence]
    lines += [f"Weakness: {text}" for text in weakness(finding.cwe)]
    return "".join(f"{visible(line)}\n" for line in lines)
