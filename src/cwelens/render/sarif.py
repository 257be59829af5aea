"""The review as a SARIF 2.1.0 log: one run, whose results are the findings and whose invocation says what was not analysed.

Invariants
- The log is valid against the standard's schema whatever the review quotes, and ASCII, so it drives no terminal.
- Nothing in it depends on the time, the machine or chance: guids are derived from names.
- `executionSuccessful` is true only if every input was read in full, no region was left out and there was something to read.
"""

from __future__ import annotations

import json
import re
from typing import Any, TypeAlias
from urllib.parse import quote
from uuid import NAMESPACE_URL, UUID, uuid5

from cwelens.base.location import Location
from cwelens.checks.finding import Finding, Role, Severity, Step
from cwelens.cwe import catalogue
from cwelens.render import digest, markdown
from cwelens.render.escape import encodable
from cwelens.render.json_ import plain
from cwelens.report.model import InputFile, Region, Review

Json: TypeAlias = dict[str, Any]

SCHEMA_URI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "cwelens/v1"
NOT_ANALYSED = "not-analysed"

_NAMESPACE = uuid5(NAMESPACE_URL, "urn:cwelens")
_SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
_LEVEL: dict[Severity, str] = {"critical": "error", "high": "error", "medium": "warning", "low": "warning"}
_SCORE: dict[Severity, str] = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0"}
"""Inside the bands that consumers of `security-severity` divide 0 to 10 into; by custom the number is a string."""
_KINDS: dict[Role, list[str]] = {
    "source": ["source", "taint"],
    "step": ["step", "value"],
    "guard": ["guard", "branch"],
    "sink": ["sink", "danger"],
    "evidence": ["evidence"],
}
_LINK = re.compile(r"\[(?=[^\[\]]*\]\()")
_DRIVE = re.compile(r"[A-Za-z]:[/\\]")
_SAFE = "/-._~!$&'()*+,;=@"


def render(review: Review) -> str:
    """The log as text, indented, ending in a newline."""
    return json.dumps(log(review), indent=2) + "\n"


def log(review: Review) -> Json:
    """The log as what `json` writes."""
    run = _Run(review)
    return {"$schema": SCHEMA_URI, "version": "2.1.0", "runs": [run.run()]}


class _Run:
    """One run: the tables that results point into by index, and the results."""

    def __init__(self, review: Review) -> None:
        self.review = review
        self.rules = digest.grouped(review.findings, lambda finding: finding.rule)
        self.rule_index = {rule: index for index, rule in enumerate(self.rules)}
        self.taxa = sorted({finding.cwe for finding in review.findings})
        self.artifacts: dict[str, Json] = {}
        for file in review.inputs:
            self.artifacts[file.path] = _artifact(file)
        self.artifact_index = {path: index for index, path in enumerate(self.artifacts)}

    def run(self) -> Json:
        results = [self.result(finding) for finding in self.review.findings]
        review = self.review
        notifications = [self.notification(region) for region in digest.unanalysed(review)]
        if review.verdict == "inconclusive" and not notifications:
            notifications.append(_not_analysed(review.sentence))
        return {
            "tool": {"driver": self.driver()},
            "taxonomies": [self.taxonomy()],
            "invocations": [
                {
                    "executionSuccessful": not notifications,
                    "toolExecutionNotifications": notifications,
                    "properties": {"verdict": review.verdict, "counts": plain(review.counts)},
                }
            ],
            "artifacts": list(self.artifacts.values()),
            "columnKind": "unicodeCodePoints",
            "results": results,
            "properties": {
                "review": {
                    "verdict": review.verdict,
                    "sentence": encodable(review.sentence),
                    "conclusion": encodable(review.conclusion),
                }
            },
        }

    # What results point to.

    def driver(self) -> Json:
        version = encodable(self.review.version)
        return {
            "name": "cwelens",
            "version": version,
            "semanticVersion": version,
            "rules": [self.rule(findings) for findings in self.rules.values()],
            "notifications": [
                {
                    "id": NOT_ANALYSED,
                    "shortDescription": {"text": "A part of the input that was not analysed."},
                    "defaultConfiguration": {"level": "error"},
                }
            ],
            "supportedTaxonomies": [_component(guid=True)],
        }

    def rule(self, findings: list[Finding]) -> Json:
        """The descriptor of one rule, told by the findings it made; its level is that of the worst."""
        first = findings[0]
        worst = min((finding.severity for finding in findings), key=_SEVERITIES.index)
        cwes = sorted({finding.cwe for finding in findings})
        what = " ".join(map(_weakness, cwes))
        repairs = list(dict.fromkeys(finding.repair for finding in findings))
        return {
            "id": encodable(first.rule),
            "shortDescription": _message(first.title),
            "fullDescription": _message(what),
            "help": {
                **_message("\n".join([f"{first.title}. {what}", "Repair:", *(f"- {r}" for r in repairs)])),
                "markdown": "\n".join(
                    [
                        f"**{markdown.text(first.title)}**",
                        "",
                        markdown.text(what),
                        "",
                        "Repair:",
                        "",
                        *(f"- {markdown.prose(repair)}" for repair in repairs),
                    ]
                ),
            },
            "defaultConfiguration": {"level": _LEVEL[worst]},
            "relationships": [{"target": self.taxon_reference(cwe), "kinds": ["superset"]} for cwe in cwes],
            "properties": {
                "tags": ["security", *(f"external/cwe/cwe-{cwe:03}" for cwe in cwes)],
                "security-severity": _SCORE[worst],
            },
        }

    def taxonomy(self) -> Json:
        facts = catalogue()
        return {
            "name": "CWE",
            "version": facts.version,
            "organization": "MITRE",
            "shortDescription": {"text": "The MITRE Common Weakness Enumeration"},
            "guid": _guid("CWE"),
            "isComprehensive": False,
            "taxa": [
                {
                    "id": str(cwe),
                    "guid": _guid(f"CWE-{cwe}"),
                    "name": facts.get(cwe).short_name,
                    "shortDescription": {"text": facts.get(cwe).name},
                }
                for cwe in self.taxa
            ],
        }

    def taxon_reference(self, cwe: int) -> Json:
        return {"id": str(cwe), "index": self.taxa.index(cwe), "toolComponent": _component()}

    # Results.

    def result(self, finding: Finding) -> Json:
        conditional = finding.confidence == "conditional"
        flow = any(step.role != "evidence" for step in finding.trace)
        result: Json = {
            "ruleId": encodable(finding.rule),
            "ruleIndex": self.rule_index[finding.rule],
            "kind": "fail",
            "level": "note" if conditional else _LEVEL[finding.severity],
            "message": _message(_reason(finding)),
            "locations": [self.location(finding.location, function=finding.function)],
            "taxa": [self.taxon_reference(finding.cwe)],
        }
        if flow:
            steps = [self.step(step, number) for number, step in enumerate(finding.trace, 1)]
            result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
        related = [(step.location, step.text) for step in finding.trace if not flow]
        related += [(spot, "the same defect") for spot in finding.also]
        if related:
            result["relatedLocations"] = [
                {"id": number, **self.location(spot, text)} for number, (spot, text) in enumerate(related, 1)
            ]
        if finding.fingerprint:
            result["partialFingerprints"] = {FINGERPRINT: encodable(finding.fingerprint)}
        result["properties"] = plain(
            {
                "confidence": finding.confidence,
                "severity": finding.severity,
                "cwe": f"CWE-{finding.cwe}",
                "repair": finding.repair,
                "assumption": finding.assumption,
                "evidence": finding.evidence,
                "lookedFor": finding.looked_for,
            }
        )
        return result

    def step(self, step: Step, number: int) -> Json:
        essential = step.role in ("source", "sink")
        return {
            "location": self.location(step.location, step.text or step.role),
            "kinds": _KINDS[step.role],
            "importance": "essential" if essential else "important",
            "executionOrder": number,
        }

    def location(self, spot: Location, text: str = "", function: str = "") -> Json:
        location: Json = {
            "physicalLocation": {
                "artifactLocation": self.artifact(spot.path),
                "region": {
                    "startLine": spot.line,
                    "startColumn": spot.column,
                    "endLine": spot.end_line,
                    "endColumn": spot.end_column,
                    "snippet": {"text": encodable(spot.code)},
                },
            }
        }
        if function:
            location["logicalLocations"] = [{"fullyQualifiedName": encodable(function), "kind": "function"}]
        if text:
            location["message"] = _message(text)
        return location

    def artifact(self, path: str) -> Json:
        """A reference to a file; one that is no input is listed too."""
        if path not in self.artifacts:
            self.artifact_index[path] = len(self.artifacts)
            self.artifacts[path] = {"location": {"uri": uri(path)}}
        return {"uri": uri(path), "index": self.artifact_index[path]}

    def notification(self, region: Region) -> Json:
        place: Json = {"physicalLocation": {"artifactLocation": self.artifact(region.path)}}
        if region.location is not None:
            place = self.location(region.location)
        return {
            **_not_analysed(f"{digest.extent(region)} was not analysed: {region.reason}"),
            "locations": [place],
        }


def _not_analysed(text: str) -> Json:
    return {"descriptor": {"id": NOT_ANALYSED, "index": 0}, "level": "error", "message": _message(text)}


def uri(path: str) -> str:
    """The URI reference of a path: relative ones stay relative, absolute ones (with or without a drive) are file URIs.

    Bytes of a name that are not UTF-8 (lone surrogates in `path`) are percent-encoded as they are in the file system.
    """
    try:
        raw = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = path.encode("utf-8", "surrogatepass")
    if _DRIVE.match(path):
        return f"file:///{path[:2]}" + quote(raw[2:].replace(b"\\", b"/"), safe=_SAFE)
    escaped = quote(raw, safe=_SAFE)
    return f"file://{escaped}" if path.startswith("/") else escaped


def _artifact(file: InputFile) -> Json:
    artifact: Json = {"location": {"uri": uri(file.path)}}
    if file.role == "input":
        artifact["roles"] = ["analysisTarget"]
    if file.kind == "python":
        artifact["sourceLanguage"] = "python"
    artifact["properties"] = plain(
        {
            "kind": file.kind,
            "lines": file.lines,
            "status": file.status,
            "role": file.role,
            "notes": file.notes,
        }
    )
    return artifact


def _reason(finding: Finding) -> str:
    return f"{finding.message} Only if: {finding.assumption}" if finding.assumption else finding.message


def _weakness(cwe: int) -> str:
    name, *lists = digest.weakness(cwe)
    return f"CWE-{cwe}: {name}." + (f" It is on these lists: {'; '.join(lists)}." if lists else "")


def _message(text: str) -> Json:
    """A plain-text message in which a quoted `[a](b)` is not a link."""
    return {"text": _LINK.sub(r"\\[", encodable(text))}


def _component(guid: bool = False) -> Json:
    return {"name": "CWE", "index": 0, **({"guid": _guid("CWE")} if guid else {})}


def _guid(name: str) -> str:
    guid: UUID = uuid5(_NAMESPACE, name)
    return str(guid)
