"""The review: the one object that every renderer reads. Its parts are those of the contract, in its order.

Invariants
- `verdict` follows from `findings` and `inputs` by `conclusion.verdict`, nothing else sets it.
- `counts.operations` sums to the number of `operations`; `counts.calls_seen` = resolved + modelled + unresolved.
- Everything is sorted by place; two runs over the same input give equal reviews.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from cwelens.base.location import Location
from cwelens.checks.finding import Finding, Operation

Verdict: TypeAlias = Literal["defects", "conditional", "none-detected", "inconclusive"]

NONE_DETECTED = "No security defects are detected in the code"


@dataclass(slots=True)
class Region:
    """A part of an input that was not read or not analysed. `location` is None where the whole input is meant."""

    path: str
    reason: str
    location: Location | None = None


@dataclass(slots=True)
class InputFile:
    """One input. `kind` is python, notebook, markdown …; `notes` say how it was read ("an indented method").

    `role` is "input" (reviewed) or "context" (only consulted).
    """

    path: str
    kind: str
    lines: int
    status: Literal["read", "partial", "unread"]
    notes: list[str] = field(default_factory=list)
    role: Literal["input", "context"] = "input"


@dataclass(slots=True)
class Trait:
    """What the code is: "functional test", "web handler (Flask)", "command line" …, with the lines that show it."""

    label: str
    evidence: list[Location]
    why: str


@dataclass(slots=True)
class EntryPoint:
    """Where control enters: a route, a command, a test method, `__main__`. `untrusted` names what it takes from outside.

    Of a route `guard` says what it asks of who is calling, and `findings` are the weaknesses that were found on its way, with `?` where conditional.
    """

    name: str
    kind: str
    location: Location
    untrusted: list[str] = field(default_factory=list)
    guard: str = ""
    findings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class SourceUse:
    """One place where untrusted data enters, with its concept ("http.query") and the code that reads it."""

    concept: str
    description: str
    location: Location


@dataclass(slots=True)
class Description:
    """Part 3. `summary` is one or two sentences in plain words."""

    summary: str
    traits: list[Trait] = field(default_factory=list)
    entry_points: list[EntryPoint] = field(default_factory=list)
    sources: list[SourceUse] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)


@dataclass(slots=True)
class GapMember:
    """A name that could not be resolved: `kind` is call, base class, attribute, import, decorator or region."""

    name: str
    kind: str
    reason: str
    locations: list[Location]


@dataclass(slots=True)
class GapGroup:
    """What was not visible behind one receiver ("self.api", "module foo", "self (inherited)").

    `effect` says what it could change, `ask` which file or package would answer.
    """

    receiver: str
    members: list[GapMember]
    effect: str
    ask: str


@dataclass(slots=True)
class Closed:
    """A gap that context closed: what was asked, and what is behind it ("calls `self.api_post`, which sends an HTTP request")."""

    name: str
    answer: str
    location: Location | None


@dataclass(slots=True)
class Reason:
    """A line of the reviewed code that raises an area or a piece of advice, and how."""

    location: Location
    text: str


@dataclass(slots=True)
class Area:
    """Part 5: an area of the wider code base to review next. `cwes` are topics and may be Discouraged ids."""

    topic: str
    cwes: list[int]
    question: str
    reasons: list[Reason]
    answer: str = ""


@dataclass(slots=True)
class LeftOut:
    """An area that was considered and not raised, with the reason."""

    topic: str
    cwes: list[int]
    reason: str


@dataclass(slots=True)
class Advice:
    """Part 6: a practice that fits what was seen."""

    title: str
    text: str
    reasons: list[Reason]


@dataclass(slots=True)
class Counts:
    """The numbers of part 7. `operations` counts by disposition; `safe` by its reason's kind in `safe_by`.

    `calls_cut` are places where a call of the program was not entered on every way that leads there.
    """

    files: int = 0
    lines: int = 0
    functions: int = 0
    operations: dict[str, int] = field(default_factory=dict)
    safe_by: dict[str, int] = field(default_factory=dict)
    calls_seen: int = 0
    calls_resolved: int = 0
    calls_modelled: int = 0
    calls_unresolved: int = 0
    calls_cut: int = 0


@dataclass(slots=True)
class Review:
    verdict: Verdict
    sentence: str
    inputs: list[InputFile]
    findings: list[Finding]
    description: Description
    gaps: list[GapGroup]
    regions: list[Region]
    closed: list[Closed]
    areas: list[Area]
    left_out: list[LeftOut]
    advice: list[Advice]
    conclusion: str
    counts: Counts
    version: str
