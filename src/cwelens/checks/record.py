"""What is known of one operation: the worst judgement so far and what goes with it."""

from __future__ import annotations

from cwelens.checks import pages
from cwelens.checks.judgement import Judgement, clearer
from cwelens.checks.rules import Rule
from cwelens.flow.values import Place


class Record:
    """What is known of one operation so far."""

    __slots__ = (
        "around",
        "best",
        "code",
        "concept",
        "decided_by",
        "escapes",
        "fields",
        "from_param",
        "function",
        "library",
        "literal",
        "note",
        "place",
        "rule",
        "ways",
    )

    def __init__(
        self, rule: Rule, concept: str, place: Place, code: str, function: str, library: str, note: str
    ) -> None:
        self.rule = rule
        self.concept = concept
        self.place = place
        self.code = code
        self.function = function
        self.library = library
        self.note = note
        # The whole call, where an argument further down in it is pointed to.
        self.around: Place | None = None
        # Where the constant is written that makes this a weakness.
        self.literal: Place | None = None
        # Where the constant is written that decides it, if that may be elsewhere than at the call.
        self.decided_by: Place | None = None
        self.best: Judgement | None = None
        self.from_param: list[tuple[Judgement, str]] = []
        # The functions that were active when it was found dangerous, for each way there, with the rank of what was found.
        self.ways: dict[frozenset[int], int] = {}
        # For an output of a template: fields of the database that it may show.
        self.fields: list[pages.Field] = []
        # Whether those that render it have it escape: both, where one forgot to.
        self.escapes: set[bool] = set()

    def take(self, judgement: Judgement, note: str) -> None:
        """One more judgement: the worst counts, of equal ones the clearer, else the first."""
        best = self.best
        if best is None or judgement.rank > best.rank or clearer(judgement, best):
            self.best, self.note = judgement, note

    def add(self, later: Record) -> None:
        """What another process has noted of the same operation, after what this one knows."""
        if later.best is not None:
            self.take(later.best, later.note)
        self.from_param += later.from_param
        for way, rank in later.ways.items():
            self.ways[way] = max(rank, self.ways.get(way, 0))
        self.fields += later.fields
        self.escapes |= later.escapes
        self.literal = earliest(self.literal, later.literal)
        self.decided_by = earliest(self.decided_by, later.decided_by)


def earliest(one: Place | None, two: Place | None) -> Place | None:
    """The first of two places by file and position: in which order callers were looked at must not show."""
    if one is None or two is None:
        return one or two
    return min(one, two, key=lambda place: (place[0].path, place[1]))
