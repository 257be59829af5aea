"""Parts 1 and 7: the verdict, what it rests on, and the numbers.

Invariants: `defects` outranks `inconclusive`, which outranks `conditional`; none-detected is never said of code that was not read.
"""

from __future__ import annotations

from collections.abc import Sequence

from cwelens.checks.finding import Finding, Severity
from cwelens.report.material import Material
from cwelens.report.model import NONE_DETECTED, Counts, InputFile, Region, Verdict
from cwelens.report.words import coded, count, listed
from cwelens.syntax.ladder import EMPTY

_WORST: tuple[Severity, ...] = ("critical", "high", "medium", "low")


def verdict(
    findings: Sequence[Finding], regions: Sequence[Region], inputs: Sequence[InputFile]
) -> tuple[Verdict, str]:
    """The verdict and its sentence, without a full stop."""
    reviewed = [file for file in inputs if file.role == "input"]
    definite = [finding for finding in findings if finding.confidence == "definite"]
    if definite:
        return "defects", _defects(definite, len(findings) - len(definite))
    unread = _unread(regions, reviewed)
    if unread:
        return "inconclusive", f"Nothing can be concluded: {unread}"
    if findings:
        values = "a value" if len(findings) == 1 else "values"
        return (
            "conditional",
            f"{count(len(findings), 'operation')} {_be(len(findings))} a security defect if {values} "
            f"that the code does not show {'is' if len(findings) == 1 else 'are'} untrusted "
            f"({_weaknesses(findings)}); no defect is complete in the code seen",
        )
    return "none-detected", NONE_DETECTED


def _be(number: int) -> str:
    return "is" if number == 1 else "are each"


def _defects(definite: list[Finding], conditional: int) -> str:
    number = len(definite)
    worst = next(severity for severity in _WORST if any(f.severity == severity for f in definite))
    text = f"{count(number, 'security defect')} {'is' if number == 1 else 'are'} detected in the code"
    text += f", of {worst} severity" if number == 1 else f", the worst of {worst} severity"
    text += f" ({_weaknesses(definite)})"
    return text + (f"; {conditional:,} more would be on an assumption" if conditional else "")


def _weaknesses(findings: Sequence[Finding]) -> str:
    return listed((f"CWE-{number}" for number in sorted({finding.cwe for finding in findings})), 5)


def _unread(regions: Sequence[Region], reviewed: Sequence[InputFile]) -> str:
    """Why absence cannot be claimed; empty where it can. An empty file among others with code hides nothing."""
    if not reviewed:
        return f"no input was read{_why(regions)}"
    with_code = [file for file in reviewed if file.status != "unread" and file.lines]
    open_regions = [region for region in regions if region.reason != EMPTY]
    empty = {region.path for region in regions if region.reason == EMPTY}
    unread = [file for file in reviewed if file.status == "unread" and file.path not in empty]
    partial = [file for file in reviewed if file.status == "partial"]
    if not [file for file in with_code if file.path not in empty]:
        reason = EMPTY if len(empty) == len(reviewed) else "none of the input could be read"
        return reason + _why(open_regions)
    parts = []
    if unread:
        parts.append(f"{count(len(unread), 'file')} could not be read")
    if partial:
        parts.append(f"{count(len(partial), 'file')} could be read in part only")
    known = {file.path for file in unread + partial}
    other = [region for region in open_regions if region.path not in known]
    if other:
        parts.append(f"{count(len(other), 'part')} of the code could not be analysed")
    return " and ".join(parts) + (_why(open_regions) if parts else "")


def _why(regions: Sequence[Region]) -> str:
    reasons = list(dict.fromkeys(region.reason for region in regions))
    return f" ({listed(reasons, 2)})" if reasons else ""


def counts(material: Material) -> Counts:
    """The numbers of part 7, of the inputs only."""
    total = Counts(
        files=sum(file.role == "input" for file in material.inputs),
        lines=sum(file.lines for file in material.inputs if file.role == "input"),
        functions=sum(len(module.functions) for module in material.modules),
    )
    for operation in material.operations:
        total.operations[operation.disposition] = total.operations.get(operation.disposition, 0) + 1
        if operation.disposition == "safe":
            kind = _safe_kind(operation.reason)
            total.safe_by[kind] = total.safe_by.get(kind, 0) + 1
    total.calls_seen = len(material.calls)
    total.calls_cut = material.entries.cut
    for record in material.calls:
        if record.status == "resolved":
            total.calls_resolved += 1
        elif record.status == "modelled":
            total.calls_modelled += 1
        else:
            total.calls_unresolved += 1
    return total


def _safe_kind(reason: str) -> str:
    for kind in ("neutralised", "guarded", "not untrusted", "constant", "parameterised"):
        if reason.startswith(kind):
            return kind
    return reason


def conclusion(material: Material, decided: Verdict) -> str:
    """The verdict again, with what it rests on and what it leaves open."""
    sentence = verdict(material.findings, material.regions, material.inputs)[1]
    numbers = counts(material)
    texts = [sentence + "."]
    if (
        decided == "inconclusive"
        and not numbers.calls_seen
        and not numbers.functions
        and not material.operations
    ):
        texts.append("Hand in code that can be read to get a verdict on it.")
        return " ".join(texts)
    uses = len(material.sources)
    taken = f"{count(uses, 'place')} where untrusted data enters" if uses else "no untrusted data taken"
    done = sum(numbers.operations.values())
    operations = f"{count(done, 'security-relevant operation')}"
    if done:
        settled = numbers.operations.get("safe", 0)
        if done == 1:
            operations += f", {'' if settled else 'not '}shown to be safe"
        else:
            operations += (
                f", {settled:,} of them shown to be safe" if settled else ", none of them shown to be safe"
            )
    texts.append(f"It rests on {count(numbers.functions, 'function')}, {taken} and {operations}.")
    if numbers.calls_unresolved:
        leads = "leads" if numbers.calls_unresolved == 1 else "lead"
        texts.append(
            f"{numbers.calls_unresolved:,} of {count(numbers.calls_seen, 'call')} {leads} out of the input{_mostly(material)}: "
            f"what is behind {'it' if numbers.calls_unresolved == 1 else 'them'} is not part of this verdict."
        )
    elif numbers.calls_seen:
        texts.append(
            f"Every one of the {count(numbers.calls_seen, 'call')} is defined in the input, standard or modelled."
        )
    if numbers.calls_cut:
        texts.append(
            f"At {count(numbers.calls_cut, 'call')} the analysis went no deeper on some way; what is behind was looked at by itself."
        )
    undecided = numbers.operations.get("undecided", 0) + numbers.operations.get("skipped", 0)
    if undecided:
        texts.append(f"{count(undecided, 'operation')} could not be decided.")
    return " ".join(texts)


def _mostly(material: Material) -> str:
    """The receivers that most unresolved calls are on."""
    totals: dict[str, int] = {}
    for record in material.calls:
        if record.status == "unresolved" and len(record.receiver) < 40:
            name = record.receiver or record.member
            totals[name] = totals.get(name, 0) + 1
    names = sorted(totals, key=lambda name: (-totals[name], name))
    if len(names) <= 2:
        return (
            f", {'that' if len(totals) == 1 and totals[names[0]] == 1 else 'those'} of {coded(names)}"
            if names
            else ""
        )
    leading = [name for name in names[:2] if totals[name] > totals[names[2]]]
    return (
        f", most of them of {coded(leading)}"
        if leading and totals[leading[0]] > 2
        else f", for instance those of {coded(names[:2])}"
    )
