"""Which subjects a plain pattern surely does not match, so that a backtracking engine has to try every way to read them.

Counting the steps of trial matches shows growth only while a few repetitions fit the budget. Where one repetition is long already, the
structure alone has to tell: in a pattern without lookarounds, atomic groups, back-references and positions in the middle, each way
of the automaton through the text is a way the engine tries, as long as none of them ends in a match.
"""

from __future__ import annotations

from cwelens.base.regex.nfa import Alphabet, Nfa
from cwelens.base.regex.tree import At, Atomic, Backref, Conditional, Look, Pattern, Repeat, Seq

_MAX_TURNS = 64


def is_plain(pattern: Pattern) -> bool:
    """Does the automaton of the pattern read exactly what the pattern does, limits on repetitions aside?"""
    root = pattern.root
    parts = root.parts if isinstance(root, Seq) else (root,)
    for node in root.walk():
        if isinstance(node, (Look, Atomic, Backref, Conditional)):
            return False
        if isinstance(node, Repeat) and node.mode == "possessive":
            return False
        if isinstance(node, At) and node.kind not in ("end", "end_or_newline"):
            if not (node.kind == "start" and parts and node is parts[0]):
                return False
    return True


def turns_freely(nfa: Nfa, cycle: tuple[int, ...]) -> bool:
    """Does no loop with an upper limit join the states of a cycle?"""
    members = set(cycle)
    return not any(source in members and target in members for source, target in nfa.limited)


def fails_at_start(nfa: Nfa, alphabet: Alphabet, prefix: str, pump: str, suffix: str) -> bool:
    """Does no way through the automaton match at the start of ``prefix + pump * n + suffix``, however large n is?

    The last character stops every way, so that `$` cannot hold behind it either.
    """
    if nfa.accepting is None or not suffix or suffix.endswith("\n"):
        return False
    states = _read(nfa, alphabet, frozenset(nfa.starts), prefix)
    seen: set[frozenset[int]] = set()
    while states is not None and states not in seen and len(seen) < _MAX_TURNS:
        seen.add(states)
        # The suffix may come after any number of turns.
        last = _read(nfa, alphabet, states, suffix[:-1])
        if last is None or _live(nfa, alphabet, last, suffix[-1]):
            return False
        states = _read(nfa, alphabet, states, pump)
    return states in seen


def _read(nfa: Nfa, alphabet: Alphabet, states: frozenset[int], text: str) -> frozenset[int] | None:
    """The states that may read after `text`, given those that may read it; None when a way may have matched."""
    for character in text:
        live = _live(nfa, alphabet, states, character)
        if nfa.accepting is None or not nfa.accepting.isdisjoint(live):
            return None
        states = frozenset(target for state in live for target in nfa.follow[state])
    return states


def _live(nfa: Nfa, alphabet: Alphabet, states: frozenset[int], character: str) -> list[int]:
    bit = 1 << alphabet.characters.index(character)
    return [state for state in states if nfa.masks[state] & bit]
