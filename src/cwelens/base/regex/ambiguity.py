"""Where an automaton reads the same text in many ways: candidates for catastrophic backtracking.

The number of ways to read a text of length *n* grows exponentially exactly when a state can return to itself in two
ways over the same word, and at least as a power of *n* exactly when there are two states *p*, *q* and a word that leads
from *p* to *p*, from *p* to *q* and from *q* to *q* (A. Weber and H. Seidl, "On the degree of ambiguity of finite
automata", 1991). Both are looked for in products of the automaton with itself, within a bound on the work.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple, TypeVar

from cwelens.base.regex.nfa import Alphabet, Nfa, TooLarge

MAX_WORK = 150_000
"""Bound on the pairs and triples of states that are looked at, together."""

_CANDIDATES_PER_COMPONENT = 4

_T = TypeVar("_T", bound=Hashable)
_Pair = tuple[int, int]
_Triple = tuple[int, int, int]


class Candidate(NamedTuple):
    """A way in which time may grow: read `prefix`, then `pump` any number of times.

    `states`: those of the automaton which are involved; `edge`: the transition with several ways, if that is the
    reason; `retry`: the outer loop is that of `search` over the offsets.
    """

    exponential: bool
    prefix: str
    pump: str
    states: tuple[int, ...]
    edge: _Pair | None
    retry: bool


def components(count: int, successors: Callable[[int], Iterable[int]]) -> list[list[int]]:
    """The strongly connected components of the states 0..`count`-1 that hold a cycle (R. Tarjan, 1972)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[list[int]] = []
    for root in range(count):
        if root in index:
            continue
        work: list[tuple[int, Iterator[int]]] = [(root, iter(successors(root)))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            state, rest = work[-1]
            for target in rest:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(successors(target))))
                    break
                if target in on_stack:
                    low[state] = min(low[state], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[state])
                if low[state] == index[state]:
                    cut = stack.index(state)
                    component = stack[cut:]
                    del stack[cut:]
                    on_stack.difference_update(component)
                    if len(component) > 1 or state in successors(state):
                        found.append(sorted(component))
    return found


class Ambiguity:
    """The search for candidates in one automaton. Raises `TooLarge` when the work passes its bound."""

    def __init__(self, nfa: Nfa, alphabet: Alphabet) -> None:
        self._nfa = nfa
        self._alphabet = alphabet
        self._work = 0

    # -- words

    def _charge(self, amount: int) -> None:
        self._work += amount
        if self._work > MAX_WORK:
            raise TooLarge("the search for ambiguity takes too long")

    def _path(
        self, sources: Iterable[_T], is_goal: Callable[[_T], bool], step: Callable[[_T], Iterable[_T]]
    ) -> list[_T] | None:
        """A shortest path of at least one step from a source to a goal, both included."""
        parents: dict[_T, _T] = {}
        queue = deque(sources)
        origins = set(queue)
        while queue:
            node = queue.popleft()
            for target in step(node):
                if is_goal(target):
                    path = [target, node]
                    while path[-1] not in origins:
                        path.append(parents[path[-1]])
                    return path[::-1]
                if target not in parents and target not in origins:
                    parents[target] = node
                    queue.append(target)
        return None

    def _word(self, path: Iterable[tuple[int, ...]]) -> str:
        """A word that the states of `path` consume, each after the one before."""
        return "".join(self._alphabet.pick(self._common(states)) for states in path)

    def _apart(self, path: Sequence[tuple[int, ...]], avoided: int) -> str:
        """A word that the states of `path` consume, without the characters of the mask `avoided` where that is possible."""
        masks = [self._common(states) for states in path]
        return "".join(self._alphabet.pick(mask & ~avoided or mask) for mask in masks)

    def _read_after(self, members: Iterable[int]) -> int:
        """What the states read that come after those of a loop."""
        inside = set(members)
        mask = 0
        for state in self._reachable(inside, self._nfa.follow) - inside:
            mask |= self._nfa.masks[state]
        return mask

    def _common(self, states: tuple[int, ...]) -> int:
        mask = self._nfa.masks[states[0]]
        for state in states[1:]:
            mask &= self._nfa.masks[state]
        return mask

    def _within(self, members: set[int]) -> Callable[[_Pair], Iterable[_Pair]]:
        """Steps of single states inside of a component, as pairs of equals."""
        nfa = self._nfa

        def step(pair: _Pair) -> Iterable[_Pair]:
            self._charge(len(nfa.follow[pair[0]]))
            return [(state, state) for state in nfa.follow[pair[0]] if state in members and nfa.masks[state]]

        return step

    def _prefix(self, state: int) -> str | None:
        """A shortest word from the start to just after `state`; None when it cannot be reached."""
        nfa = self._nfa
        if state == nfa.retry:
            return ""
        if state in nfa.starts:
            return self._word([(state,)]) if nfa.masks[state] else None
        sources = [(start, start) for start in nfa.starts if nfa.masks[start]]
        path = self._path(sources, lambda pair: pair[0] == state, self._within(set(range(len(nfa.masks)))))
        return self._word(path) if path else None

    # -- exponential

    def exponential(self) -> Iterator[Candidate]:
        """Candidates for exponential growth, one component of the automaton after the other."""
        nfa = self._nfa
        for component in components(len(nfa.follow), lambda state: nfa.follow[state]):
            if component == [nfa.retry]:
                continue
            members = set(component)
            several = [
                (source, target)
                for source in component
                for target, ways in nfa.follow[source].items()
                if ways > 1 and target in members
            ]
            several.sort(key=lambda edge: (edge[0] != edge[1], edge))
            for edge in several[:_CANDIDATES_PER_COMPONENT]:
                cycle = self._cycle_through(edge, members)
                if cycle is not None:
                    yield from self._candidate(True, edge[0], cycle, edge)
            for fork in islice(self._forks(members), _CANDIDATES_PER_COMPONENT):
                yield from self._candidate(True, fork[0][0], fork, None)

    def _cycle_through(self, edge: _Pair, members: set[int]) -> list[_Pair] | None:
        source, target = edge
        start: list[_Pair] = [(source, source), (target, target)]
        if source == target:
            return start
        rest = self._path([(target, target)], lambda pair: pair[0] == source, self._within(members))
        return start + rest[1:] if rest else None

    def _forks(self, members: set[int]) -> Iterator[list[_Pair]]:
        """Cycles of pairs from equals through unequals back to the same equals: two ways over one word.

        One for each state in which two ways meet again: a word that lets the match end early may do so for one and not for
        another.
        """
        nfa = self._nfa
        follow = {
            state: tuple(target for target in nfa.follow[state] if target in members) for state in members
        }
        cache: dict[tuple[tuple[int, ...], tuple[int, ...]], list[_Pair]] = {}

        def step(pair: _Pair) -> list[_Pair]:
            key = (follow[pair[0]], follow[pair[1]])
            if key not in cache:
                self._charge(len(key[0]) * len(key[1]))
                cache[key] = [(p, q) for p in key[0] for q in key[1] if nfa.masks[p] & nfa.masks[q]]
            return cache[key]

        forward: dict[_Pair, _Pair] = {}
        queue: deque[_Pair] = deque()
        met: set[int] = set()
        expanded: set[tuple[int, ...]] = set()
        for state in sorted(members):
            if follow[state] not in expanded:
                expanded.add(follow[state])
                queue.append((state, state))
        while queue:
            pair = queue.popleft()
            self._charge(1)
            for target in step(pair):
                if target[0] == target[1]:
                    if pair[0] != pair[1] and target[0] not in met:
                        met.add(target[0])
                        cycle = self._closed(pair, target, forward, follow, members)
                        if cycle is not None:
                            yield cycle
                # The two readers can be exchanged, so one order of a pair will do.
                elif target[0] < target[1] and target not in forward:
                    self._charge(1)
                    forward[target] = pair
                    queue.append(target)
                elif target[0] > target[1] and target[::-1] not in forward:
                    self._charge(1)
                    forward[(target[1], target[0])] = pair
                    queue.append((target[1], target[0]))

    def _closed(
        self,
        pair: _Pair,
        joined: _Pair,
        forward: dict[_Pair, _Pair],
        follow: dict[int, tuple[int, ...]],
        members: set[int],
    ) -> list[_Pair] | None:
        """The cycle that goes through `pair` to `joined` and from there to where it began."""
        path = [joined, pair]
        while path[-1] in forward:
            path.append(forward[path[-1]])
        path.reverse()
        # A state that leads where the first one leads can stand for it, and closes the cycle sooner.
        if follow[path[0][0]] == follow[joined[0]]:
            return [joined, *path[1:]]
        rest = self._path([joined], lambda other: other == path[0], self._within(members))
        return path + rest[1:] if rest else None

    def _candidate(
        self, exponential: bool, state: int, cycle: list[_Pair], edge: _Pair | None
    ) -> Iterator[Candidate]:
        prefix = self._prefix(state)
        if prefix is not None and all(self._common(pair) for pair in cycle[1:]):
            states = tuple(dict.fromkeys(state for pair in cycle for state in pair))
            pump = self._word(cycle[1:])
            yield Candidate(exponential, prefix, pump, states, edge, False)
            # The same way with characters that what follows the loop does not read, so that it cannot match early.
            after = self._read_after(states)
            other = self._apart(cycle[1:], after)
            if other != pump:
                start = prefix[:-1] + self._apart([(state,)], after)
                yield Candidate(exponential, start, other, states, edge, False)

    # -- polynomial

    def polynomial(self) -> Iterator[Candidate]:
        """Candidates for growth as a power: pairs of loops first, then loops that `search` enters at every offset."""
        nfa = self._nfa
        endless = [[t for t in follow if (s, t) not in nfa.limited] for s, follow in enumerate(nfa.follow)]
        loops = components(len(nfa.follow), lambda state: endless[state])
        before: list[list[int]] = [[] for _ in nfa.follow]
        for source, targets in enumerate(nfa.follow):
            for target in targets:
                before[target].append(source)
        ahead = [self._reachable(loop, nfa.follow) for loop in loops]
        behind = [self._reachable(loop, before) for loop in loops]
        pairs = [
            (i, j)
            for i in range(len(loops))
            for j in range(len(loops))
            if i != j and not ahead[i].isdisjoint(loops[j])
        ]
        for i, j in pairs:
            if loops[i] != [nfa.retry]:
                yield from self._overlap(loops[i], loops[j], ahead[i] & behind[j], endless)
        for i, j in pairs:
            if loops[i] == [nfa.retry]:
                yield from self._retried(loops[j], endless)

    def _reachable(self, states: Iterable[int], edges: Sequence[Collection[int]]) -> set[int]:
        seen = set(states)
        todo = list(seen)
        while todo:
            follow = edges[todo.pop()]
            self._charge(len(follow))
            new = [state for state in follow if state not in seen]
            seen.update(new)
            todo.extend(new)
        return seen

    def _overlap(
        self, first: list[int], second: list[int], between: set[int], endless: list[list[int]]
    ) -> Iterator[Candidate]:
        """The first p in `first` and q in `second` with a word from p to p, p to q and q to q."""
        nfa = self._nfa
        ahead = {state: [t for t in endless[state] if t in set(first)] for state in first}
        behind = {state: [t for t in endless[state] if t in set(second)] for state in second}

        def step(triple: _Triple) -> Iterator[_Triple]:
            p, middle, q = triple
            for next_p in ahead[p]:
                for next_q in behind[q]:
                    common = nfa.masks[next_p] & nfa.masks[next_q]
                    self._charge(1)
                    if not common:
                        continue
                    self._charge(len(nfa.follow[middle]))
                    for state in nfa.follow[middle]:
                        if state in between and nfa.masks[state] & common:
                            yield next_p, state, next_q

        for p in first:
            for q in second:
                if nfa.masks[p] & nfa.masks[q]:
                    goal = (p, q, q)
                    path = self._path([(p, p, q)], lambda triple, goal=goal: triple == goal, step)  # type: ignore[misc]
                    prefix = self._prefix(p)
                    if path is not None and prefix is not None:
                        yield Candidate(False, prefix, self._word(path[1:]), (p, q), None, False)
                        return

    def _retried(self, loop: list[int], endless: list[list[int]]) -> Iterator[Candidate]:
        """The first q in `loop` with a word that leads from a fresh start to q, and from q to q."""
        nfa = self._nfa
        members = set(loop)

        def step(pair: _Pair) -> Iterator[_Pair]:
            for next_q in endless[pair[1]]:
                if next_q in members:
                    self._charge(len(nfa.follow[pair[0]]))
                    for state in nfa.follow[pair[0]]:
                        if nfa.masks[state] & nfa.masks[next_q]:
                            yield state, next_q

        assert nfa.retry is not None
        for q in loop:
            path = self._path([(nfa.retry, q)], lambda pair, q=q: pair == (q, q), step)  # type: ignore[misc]
            if path is not None:
                yield Candidate(False, "", self._word(path[1:]), (q,), None, True)
                return
