"""The position automaton (Glushkov) of a pattern, with the number of ways in which each transition can be taken.

There is a state for each place in the pattern that consumes a character, and a transition where one place can follow
another. A backtracking engine may get from one to the other in several ways without consuming anything in between, as
in `(a+)+`; each of them is work, so transitions carry their number of ways (1, or 2 for several).

The automaton reads at least what the pattern reads: lookarounds and positions are taken to hold, atomic groups to
backtrack, back-references to match whatever their group can, and repetitions past a limit to be endless. What is found
in it is therefore a candidate, to be confirmed with `matcher`.
"""

from __future__ import annotations

from typing import NamedTuple

from cwelens.base.chars import ASCII
from cwelens.base.regex.tree import (
    Alt,
    At,
    Atomic,
    Backref,
    Chars,
    CharSet,
    Conditional,
    Group,
    Look,
    Node,
    Pattern,
    Repeat,
    Seq,
)

MAX_STATES = 1500
MAX_EDGES = 40_000

_UNROLLED_STATES = 32
"""A repetition with an upper limit is written out when that takes no more states than this."""

_SAMPLES = ("é", "٣", "\u00a0", "€")  # a letter, a digit, a space and a symbol outside ASCII
_BYTE_SAMPLES = ("\x80", "\xff")
# Readable witnesses: characters are taken in this order.
_PREFERRED = "a0 !bcdefghijklmnopqrstuvwxyz123456789_-./:@,;ABCDEFGHIJKLMNOPQRSTUVWXYZ\t\n"


class TooLarge(Exception):
    """The automaton or the work on it passes a bound."""


class Alphabet:
    """The characters that analyses tell apart: ASCII, and samples outside of it taken from the pattern. Sets of them
    are bit masks; bit *i* is `characters[i]`."""

    __slots__ = ("_masks", "_order", "characters")

    def __init__(self, pattern: Pattern) -> None:
        samples = dict.fromkeys(_BYTE_SAMPLES if pattern.is_bytes else _SAMPLES)
        for node in pattern.root.walk():
            if isinstance(node, Chars):
                bounds = (bound for item in node.charset.items if not isinstance(item, str) for bound in item)
                samples.update(dict.fromkeys(chr(bound) for bound in bounds if bound >= 128))
        self.characters = [chr(code) for code in range(128)] + list(samples)[:64]
        first = [self.characters.index(character) for character in _PREFERRED]
        self._order = first + [bit for bit in range(len(self.characters)) if bit not in first]
        self._masks: dict[CharSet, int] = {}

    def all(self) -> int:
        """The mask of the whole alphabet."""
        return (1 << len(self.characters)) - 1

    def mask(self, charset: CharSet) -> int:
        """The members of `charset`."""
        if charset not in self._masks:
            mask = charset.must() & ASCII
            for bit in range(128, len(self.characters)):
                mask |= charset.contains(self.characters[bit]) << bit
            self._masks[charset] = mask
        return self._masks[charset]

    def pick(self, mask: int) -> str:
        """The most readable member of a mask that has one."""
        return next(self.characters[bit] for bit in self._order if mask >> bit & 1)

    def in_order(self) -> list[tuple[int, str]]:
        """Every character with its mask, readable ones first."""
        return [(1 << bit, self.characters[bit]) for bit in self._order]


class _Fragment(NamedTuple):
    """A part of the automaton: states it may begin and end with, ways to match nothing (0, 1, 2 for several)."""

    first: dict[int, int]
    last: dict[int, int]
    empty: int


_NOTHING = _Fragment({}, {}, 1)


def _sum(left: dict[int, int], right: dict[int, int], factor: int = 1) -> dict[int, int]:
    if not factor:
        return left
    total = dict(left)
    for state, ways in right.items():
        total[state] = min(2, total.get(state, 0) + ways * factor)
    return total


def is_loop(node: Node) -> bool:
    """Is the node a repetition that the automaton takes for a loop?"""
    if not isinstance(node, Repeat):
        return False
    if node.high is None:
        return True
    size = sum(isinstance(part, (Chars, Backref)) for part in node.body.walk())
    return size > 0 and node.high > 1 and node.high * size > _UNROLLED_STATES


class Nfa:
    """The automaton of a pattern.

    - `leaves[s]`, `masks[s]`: the place in the pattern that state *s* stands for, and what it consumes.
    - `follow[s]`: the states after *s*, each with its number of ways; `starts`: the states a match begins with.
    - `accepting`: the states a match ends with; None when it may be empty.
    - `back[s, t]`: the loops which lead from *s* back to *t*.
    - `limited`: the transitions that only loops with an upper limit make.
    - `retry`: a last state that stands for the offsets at which `search` begins anew, or None.
    """

    def __init__(self, pattern: Pattern, alphabet: Alphabet, retries: bool) -> None:
        self._pattern = pattern
        self._alphabet = alphabet
        self._edges = 0
        self.leaves: list[Node] = []
        self.masks: list[int] = []
        self.follow: list[dict[int, int]] = []
        self.back: dict[tuple[int, int], list[Repeat]] = {}
        self.limited: set[tuple[int, int]] = set()
        whole = self._build(pattern.root)
        self.starts = whole.first
        self.accepting = None if whole.empty else frozenset(whole.last)
        self.retry = self._state(pattern.root, alphabet.all()) if retries else None
        if self.retry is not None:
            self.follow[self.retry] = {self.retry: 1, **self.starts}

    def _state(self, leaf: Node, mask: int) -> int:
        if len(self.leaves) >= MAX_STATES:
            raise TooLarge("the automaton has too many states")
        self.leaves.append(leaf)
        self.masks.append(mask)
        self.follow.append({})
        return len(self.leaves) - 1

    def _connect(self, last: dict[int, int], first: dict[int, int], loop: Repeat | None = None) -> None:
        self._edges += len(last) * len(first)
        if self._edges > MAX_EDGES:
            raise TooLarge("the automaton has too many transitions")
        for source, ways_out in last.items():
            follow = self.follow[source]
            for target, ways_in in first.items():
                edge = (source, target)
                if loop is None or loop.high is None:
                    self.limited.discard(edge)
                elif target not in follow:
                    self.limited.add(edge)
                if loop is not None:
                    self.back.setdefault(edge, []).append(loop)
                follow[target] = min(2, follow.get(target, 0) + ways_out * ways_in)

    def _build(self, node: Node) -> _Fragment:
        if isinstance(node, Chars):
            state = self._state(node, self._alphabet.mask(node.charset))
            return _Fragment({state: 1}, {state: 1}, 0)
        if isinstance(node, Seq):
            whole = _NOTHING
            for part in node.parts:
                whole = self._concatenate(whole, self._build(part))
            return whole
        if isinstance(node, (Alt, Conditional)):
            whole = _Fragment({}, {}, 0)
            for branch in node.children():
                first, last, empty = self._build(branch)
                whole = _Fragment(
                    _sum(whole.first, first), _sum(whole.last, last), min(2, whole.empty + empty)
                )
            return whole
        if isinstance(node, Repeat):
            return self._repeat(node)
        if isinstance(node, (Group, Atomic)):
            return self._build(node.body)
        if isinstance(node, Backref):
            return self._build(self._pattern.groups[node.index].body)
        if isinstance(node, Look):
            # The body is work of its own, after which nothing follows.
            return _Fragment(self._build(node.body).first, {}, 1)
        if isinstance(node, At) and node.kind in ("end", "end_or_newline"):
            # Nothing is read any more behind the end of the subject (but for one newline, which does not matter here).
            return _Fragment({}, {}, 0)
        return _NOTHING

    def _concatenate(self, left: _Fragment, right: _Fragment) -> _Fragment:
        self._connect(left.last, right.first)
        return _Fragment(
            _sum(left.first, right.first, left.empty),
            _sum(right.last, left.last, right.empty),
            min(2, left.empty * right.empty),
        )

    def _optional(self, fragment: _Fragment) -> _Fragment:
        return fragment._replace(empty=min(2, fragment.empty + 1))

    def _repeat(self, node: Repeat) -> _Fragment:
        if is_loop(node):
            body = self._build(node.body)
            self._connect(body.last, body.first, node)
            return body if node.low else self._optional(body)
        whole = _NOTHING
        high = node.high or 0
        for count in range(high, 0, -1):
            whole = self._concatenate(self._build(node.body), whole)
            if count > node.low:
                whole = self._optional(whole)
        return whole
