"""One finding for one cause: what is copied from function to function, and what a whole program does alike, is told once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cwelens.base.source import Source
    from cwelens.checks.finding import Finding

# What counts once in a function: the branches that set one cookie.
_BRANCHES = frozenset(("cookie-not-secure", "cookie-not-httponly"))
_COPIED = frozenset(("statement-trace", "plain-password", "plain-password-compared"))
# What one place mends for the whole program: the formatter of the log decides whether a line break gets through.
_EVERYWHERE = frozenset(("log-injection",))
# So many are an oversight here and there; more are the way of the program.
_FEW = 5
_NAMED = 8


def told_once(findings: list[Finding], sources: dict[str, Source]) -> list[Finding]:
    """One finding for what is copied, or comes of one cause; the other places are its evidence."""
    first: dict[tuple[str, str, str], Finding] = {}
    out = []
    for finding in sorted(findings, key=lambda f: (f.location.path, f.location.line)):
        if finding.rule in _COPIED or (finding.rule in _BRANCHES and finding.function):
            within = finding.function if finding.rule in _BRANCHES else ""
            known = first.setdefault((finding.rule, finding.location.path, within), finding)
            apart = finding.rule in _BRANCHES and not _in_branches(known, finding, sources)
            if known is not finding and not apart:
                known.evidence.append(f"the same again on line {finding.location.line}")
                continue
        out.append(finding)
    for rule in sorted(_EVERYWHERE):
        out = _of_one_cause(out, rule)
    return out


def _of_one_cause(findings: list[Finding], rule: str) -> list[Finding]:
    """The clearest of the many findings of a rule, which names where else it holds."""
    alike = [f for f in findings if f.rule == rule]
    if len(alike) <= _FEW:
        return findings
    clearest = min(alike, key=_clearness)
    others = [f.location for f in alike if f is not clearest]
    clearest.evidence += [f"the same in {where.path} on line {where.line}" for where in others[:_NAMED]]
    if len(others) > _NAMED:
        clearest.evidence.append(f"and at {len(others) - _NAMED} more places")
    return [f for f in findings if f.rule != rule or f is clearest]


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
