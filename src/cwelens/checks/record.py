"""What is known of one operation: the worst judgement so far and what goes with it."""

from __future__ import annotations

from cwelens.checks import pages
from cwelens.checks.judgement import Judgement
from cwelens.checks.rules import Rule
from cwelens.flow.values import Place


class Record:
    """What is known of one operation so far."""

    __slots__ = (
        "best",
        "code",
        "concept",
        "context",
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
        # Where the constant is written that makes this a weakness.
        self.literal: Place | None = None
        # Where the constant is written that decides it, if that may be elsewhere than at the call.
        self.decided_by: Place | None = None
        self.best: Judgement | None = None
        self.from_param: list[tuple[Judgement, str]] = []
        self.context = False
        # The functions that were active when it was found dangerous, for each way there.
        self.ways: set[frozenset[int]] = set()
        # For an output of a template: fields of the database that it may show.
        self.fields: list[pages.Field] = []
        # Whether those that render it have it escape: both, where one forgot to.
        self.escapes: set[bool] = set()
