"""What is decided of one way a value may be at a sink, and which of several judgements counts."""

from __future__ import annotations

from cwelens.flow.values import Taint

# How bad a judgement is; the worst of several counts.
RANK = {
    "defect": 9,
    "conditional": 8,
    "undecided": 6,
    "skipped": 6,
    "guarded": 5,
    "neutralised": 4,
    "parameterised": 3,
    "not untrusted": 2,
    "constant": 1,
}


class Judgement:
    """`kind` is a key of `RANK`; `reason` completes it; `taint` is what decides a defect or conditional one.

    `assumption` is what a conditional one rests on where no taint says it.
    """

    __slots__ = ("assumption", "kind", "reason", "taint")

    def __init__(self, kind: str, reason: str = "", taint: Taint | None = None, assumption: str = "") -> None:
        self.kind = kind
        self.reason = reason
        self.taint = taint
        self.assumption = assumption

    @property
    def rank(self) -> int:
        return RANK[self.kind]


def clearer(one: Judgement, two: Judgement) -> bool:
    """Whether, of two judgements that weigh the same, the first has the better evidence: the shorter way, else the one that is read first.

    Which one is met first depends on the order of files, and must not decide.
    """
    if one.rank != two.rank or one.taint is None or one.taint.trail is None:
        return False
    if two.taint is None or two.taint.trail is None:
        return True
    first, second = one.taint.trail, two.taint.trail
    if first is second:
        return False
    if first.depth != second.depth:
        return first.depth < second.depth
    return _way(one.taint) < _way(two.taint)


def _way(taint: Taint) -> tuple[object, ...]:
    steps = taint.trail.steps() if taint.trail is not None else []
    ways = tuple((s.place[0].path, s.place[1], s.text) for s in steps)
    return ways, taint.origin.text, taint.origin.evidence, taint.assumption


def worst(judgements: list[Judgement]) -> Judgement:
    """The worst of several judgements; that of a constant where there are none."""
    return max(judgements, key=lambda j: j.rank, default=Judgement("constant"))
