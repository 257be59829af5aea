"""What the checks hand to the review: findings with their evidence, and the disposition of every operation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from cwelens.base.location import Location

Confidence: TypeAlias = Literal["definite", "conditional"]
Severity: TypeAlias = Literal["critical", "high", "medium", "low"]
Disposition: TypeAlias = Literal["defect", "conditional", "safe", "undecided", "skipped"]
Role: TypeAlias = Literal["source", "step", "guard", "sink", "evidence"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a finding's evidence: `text` says in a few words what happens at the place."""

    location: Location
    role: Role
    text: str


@dataclass(slots=True)
class Finding:
    """One defect with one CWE.

    `location` is where the defect takes effect (the sink, the setting). `message` is the reason in one sentence;
    `assumption` names, for a conditional finding, exactly what has to be true; `evidence` are notes on what stands in for a
    fact that the input does not show ("`cur` is taken for a DB-API cursor: its name and `.fetchall()`"). `also` are the other places of the same
    defect, which is told once. `looked_for` says, for a
    defect without a flow, what was looked for and where. `function` is the qualified name of the enclosing function or "".
    """

    rule: str
    cwe: int
    title: str
    severity: Severity
    confidence: Confidence
    location: Location
    message: str
    repair: str
    trace: list[Step] = field(default_factory=list)
    assumption: str = ""
    evidence: list[str] = field(default_factory=list)
    looked_for: str = ""
    also: list[Location] = field(default_factory=list)
    function: str = ""
    fingerprint: str = ""


@dataclass(slots=True)
class Operation:
    """A security-relevant operation and what became of it.

    `concept` is the vocabulary's name of what is dangerous ("sql.text"), `code` the callee or setting as written. For `safe`,
    `reason` is one of "constant", "parameterised", "neutralised by X at line N", "guarded by …", "not untrusted"; for undecided and
    skipped it says why. `cwe` is the weakness it would be.
    """

    location: Location
    concept: str
    code: str
    disposition: Disposition
    reason: str
    cwe: int
    function: str = ""
