"""Can a pattern make a backtracking engine take exponential or polynomial time (CWE-1333)?

Structure proposes, counting disposes: `ambiguity` finds words that the pattern reads in many ways, and a finding is made
when the steps that `matcher` takes on such words, continued so that the match fails, do grow (or, where one
repetition is past the bound already, `proof` shows that they must). Nothing is timed, and all
work is bounded, so the answer is the same on every machine.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice, pairwise
from math import log2
from typing import NamedTuple

from cwelens.base.regex.ambiguity import Ambiguity, Candidate
from cwelens.base.regex.matcher import Matcher
from cwelens.base.regex.nfa import Alphabet, Nfa, TooLarge, is_loop
from cwelens.base.regex.parser import RegexError, parse
from cwelens.base.regex.proof import fails_at_start, is_plain, turns_freely
from cwelens.base.regex.tree import Node, Pattern, Repeat, starts_subject

MAX_STEPS = 300_000
"""Bound on the steps of all trial matches of one analysis."""

_EXPONENTIAL_STEPS = 30_000
_EXPONENTIAL_PUMPS = range(1, 25)  # two ways each time make 16 million: far past the steps above
_EXPONENTIAL_RATIO = 1.4  # two ways double the steps; less is left for work that does not double
_EXPONENTIAL_RATIOS = {2: 12.0, 3: 3.0}  # the fewer counts fit the budget, the steeper they must be
_POLYNOMIAL_STEPS = 40_000
_POLYNOMIAL_PUMPS = (6, 12, 24, 48, 96)
_POLYNOMIAL_RATIO = 3.0  # a square makes nearly 4 of a doubled length, linear time 2
_DEGREE_PUMPS = range(4, 14)
_STOPPING_SETS = 8
_MAX_CANDIDATES = 12


class Undecided(Exception):
    """The analysis gave up; the message says why. Nothing is known then."""


class Blowup(NamedTuple):
    """Time that grows out of proportion to the length of the subject ``prefix + pump * n + suffix``.

    - `kind`: 'exponential', or 'polynomial' with the power in `degree` (measured; None when not confirmed).
    - `offset`, `length`: the offending sub-expression in the text of the pattern.
    - `confirmed`: the growth was seen in counted steps, or proved; False when the bound on steps came first.
    - `retry`: the growth is `search`'s own, which tries again at every offset of the subject.
    """

    kind: str
    degree: int | None
    prefix: str
    pump: str
    suffix: str
    explanation: str
    offset: int
    length: int
    confirmed: bool
    retry: bool


def analyse(pattern: str | bytes, flags: int = 0, method: str = "search") -> Blowup | None:
    """The worst growth found for `re.<method>` ('search', 'match' or 'fullmatch'), or None when there is none.

    Methods that look for many matches (`findall`, `sub`, `split` …) behave like 'search'. Raises `Undecided` when the
    pattern cannot be read or is too large to analyse.
    """
    try:
        parsed = parse(pattern, flags)
        if not any(map(is_loop, parsed.root.walk())):
            return None
        return _Analysis(parsed, method).worst()
    except RegexError as error:
        raise Undecided(f"the pattern cannot be read: {error}") from error
    except TooLarge as error:
        raise Undecided(str(error)) from error


class _Analysis:
    def __init__(self, pattern: Pattern, method: str) -> None:
        self._pattern = pattern
        self._method = method
        self._alphabet = Alphabet(pattern)
        self._nfa = Nfa(
            pattern, self._alphabet, retries=method == "search" and not starts_subject(pattern.root)
        )
        self._matcher = Matcher(pattern)
        self._steps_left = MAX_STEPS
        self._unconfirmed: Blowup | None = None

    def worst(self) -> Blowup | None:
        """The first exponential growth found, else the polynomial one of the highest degree."""
        search = Ambiguity(self._nfa, self._alphabet)
        for candidate in islice(search.exponential(), _MAX_CANDIDATES):
            found = self._confirm_exponential(candidate)
            if found is not None:
                return found
        worst: Blowup | None = None
        try:
            for candidate in islice(search.polynomial(), _MAX_CANDIDATES):
                # Loops that overlap come before those that are retried; they show the same growth, and say more.
                if worst is not None and candidate.retry:
                    break
                found = self._confirm_polynomial(candidate)
                if found is not None and (worst is None or (found.degree or 0) > (worst.degree or 0)):
                    worst = found
        except TooLarge:
            if worst is None and self._unconfirmed is None:
                raise
        return worst or self._unconfirmed

    # -- confirmation

    def _steps(self, subject: str, budget: int) -> int | None:
        """The steps of a match of `subject`; None past the budget."""
        run = self._matcher.run(subject, self._method, min(budget, self._steps_left))
        self._steps_left -= run.steps
        return None if run.exhausted else run.steps

    def _measure(self, candidate: Candidate, suffix: str, pumps: Iterable[int], budget: int) -> list[int]:
        """The steps for each number of pumps, up to the first that passes the budget.

        When the budget leaves nothing to compare, the candidate is kept as the answer should no other be confirmed.
        """
        counts: list[int] = []
        for count in pumps:
            steps = self._steps(candidate.prefix + candidate.pump * count + suffix, budget)
            if steps is None:
                if self._unconfirmed is None and (len(counts) < 2 or self._steps_left <= 0):
                    self._unconfirmed = self._blowup(candidate, suffix, None, confirmed=False)
                break
            counts.append(steps)
        return counts

    def _confirm_exponential(self, candidate: Candidate) -> Blowup | None:
        for suffix in self._suffixes(candidate):
            counts = self._measure(candidate, suffix, _EXPONENTIAL_PUMPS, _EXPONENTIAL_STEPS)
            if 1 < len(counts) < len(_EXPONENTIAL_PUMPS):
                least = _EXPONENTIAL_RATIOS.get(len(counts), _EXPONENTIAL_RATIO)
                if all(after > before * least for before, after in pairwise(counts[-4:])):
                    return self._blowup(candidate, suffix, None, confirmed=True)
            elif len(counts) < 2 and self._proved(candidate, suffix):
                return self._blowup(candidate, suffix, None, confirmed=True)
        return None

    def _proved(self, candidate: Candidate, suffix: str) -> bool:
        """Is the growth certain from the structure alone, where no trial fits the budget?"""
        return (
            candidate.edge is None
            and is_plain(self._pattern)
            and turns_freely(self._nfa, candidate.states)
            and fails_at_start(self._nfa, self._alphabet, candidate.prefix, candidate.pump, suffix)
        )

    def _confirm_polynomial(self, candidate: Candidate) -> Blowup | None:
        found = self._grows(candidate)
        if found is None and candidate.retry:
            # At the start of the subject another branch, tied to it, may match at once: begin with what none reads.
            lead = self._stopping(frozenset(self._nfa.starts))[:1]
            found = self._grows(candidate._replace(prefix=lead + candidate.prefix)) if lead else None
        return found

    def _grows(self, candidate: Candidate) -> Blowup | None:
        for suffix in self._suffixes(candidate):
            counts = self._measure(candidate, suffix, _POLYNOMIAL_PUMPS, _POLYNOMIAL_STEPS)
            if len(counts) > 1 and counts[-1] >= counts[-2] * _POLYNOMIAL_RATIO:
                degree = self._degree(candidate, suffix) or round(log2(counts[-1] / counts[-2]))
                return self._blowup(candidate, suffix, max(2, degree), confirmed=True)
        return None

    def _degree(self, candidate: Candidate, suffix: str) -> int | None:
        """The degree of the polynomial that the steps are in the number of pumps: differences of equidistant values
        become constant after as many turns. None when they do not."""
        values: list[int] = []
        for pumps in _DEGREE_PUMPS:
            steps = self._steps(candidate.prefix + candidate.pump * pumps + suffix, _POLYNOMIAL_STEPS)
            if steps is None:
                return None
            values.append(steps)
        for degree in range(len(values) - 2):
            if len(set(values)) == 1:
                return degree
            values = [after - before for before, after in pairwise(values)]
        return None

    def _suffixes(self, candidate: Candidate) -> list[str]:
        """Texts which probably make the match fail after the pumped part."""
        nfa = self._nfa
        states = set(nfa.starts)
        for character in candidate.prefix + candidate.pump * 2:
            bit = 1 << self._alphabet.characters.index(character)
            if candidate.retry:
                states.update(nfa.starts)
            states = {target for state in states if nfa.masks[state] & bit for target in nfa.follow[state]}
        stopping = self._stopping(frozenset(states))
        # `$` lets one newline pass.
        return [stopping * 2 if stopping == "\n" else stopping, ""]

    def _stopping(self, states: frozenset[int]) -> str:
        """A short text that no way through the automaton from `states` can read, or one that few can."""
        nfa = self._nfa
        order = self._alphabet.in_order()
        queue: deque[tuple[frozenset[int], str]] = deque([(states, "")])
        seen = {states}
        best = (len(states) + 1, "")
        for _ in range(_STOPPING_SETS):
            if not queue:
                break
            here, text = queue.popleft()
            live = sorted(here)
            for bit, character in order:
                readers = [state for state in live if nfa.masks[state] & bit]
                if not readers:
                    return text + character
                if len(readers) < best[0]:
                    best = (len(readers), text + character)
                after = frozenset(target for state in readers for target in nfa.follow[state])
                if after not in seen:
                    seen.add(after)
                    queue.append((after, text + character))
        return best[1]

    # -- report

    def _blowup(self, candidate: Candidate, suffix: str, degree: int | None, confirmed: bool) -> Blowup:
        start, end = self._span(candidate)
        part = self._pattern.text[start:end]
        if candidate.exponential:
            reason = f"`{part}` can read the same text in several ways, so time may double with every repetition of it"
        elif candidate.retry:
            reason = f"`search` tries again at every offset, and `{part}` reads the same characters again each time"
        else:
            reason = f"more than one loop of `{part}` can read the same characters, which are shared out in every way"
        if degree is not None:
            reason += f": time grows with the length to the power of {degree}"
        return Blowup(
            kind="exponential" if candidate.exponential else "polynomial",
            degree=degree,
            prefix=candidate.prefix,
            pump=candidate.pump,
            suffix=suffix,
            explanation=f"{reason}.",
            offset=start,
            length=end - start,
            confirmed=confirmed,
            retry=candidate.retry,
        )

    def _span(self, candidate: Candidate) -> tuple[int, int]:
        """Where the offending part of the pattern begins and ends."""
        leaves = [self._nfa.leaves[state] for state in candidate.states]
        start, end = min(leaf.start for leaf in leaves), max(leaf.end for leaf in leaves)
        loops = sorted(
            (node for node in self._pattern.root.walk() if isinstance(node, Repeat) and is_loop(node)),
            key=lambda loop: loop.end - loop.start,
        )
        if not candidate.exponential:
            around = [_smallest(loops, leaf.start, leaf.end) for leaf in leaves]
            return min(node.start for node in around), max(node.end for node in around)
        if candidate.edge is not None:
            back = {id(loop): loop for loop in self._nfa.back.get(candidate.edge, ())}
            # Two loops make the transition: the outer one holds the fault.
            for loop in sorted(back.values(), key=lambda loop: loop.end - loop.start)[1:2]:
                start, end = min(start, loop.start), max(end, loop.end)
        smallest = _smallest(loops, start, end)
        return smallest.start, smallest.end


def _smallest(loops: list[Repeat], start: int, end: int) -> Node:
    """The smallest of `loops`, which are in order of size, around the text from `start` to `end`."""
    return next((loop for loop in loops if loop.start <= start and end <= loop.end), loops[-1])
