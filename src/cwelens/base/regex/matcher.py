"""A backtracking matcher that counts its steps and stops at a budget.

It takes the choices of the standard library's engine in the same order, zero-width loop protection included, so that
the number of steps grows with the input as that engine's work does; its loop-free shortcuts are left out, for they
change a constant factor only. Matching never recurses except into lookarounds and atomic groups, whose nesting the
parser bounds. Like the parser it is independent of the Python version.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from cwelens.base.regex.tree import (
    Alt,
    At,
    Atomic,
    Backref,
    Chars,
    Conditional,
    Group,
    Look,
    Node,
    Pattern,
    Repeat,
    Seq,
    case_key,
    nullable,
)

# Operations. An instruction is (operation, argument, …); targets are indexes of the program.
_CHARS, _SPLIT, _JUMP, _SAVE, _AT, _ENTER, _LOOP, _BACKREF, _BRANCH, _LOOK, _ATOMIC, _DONE = range(12)


class Run(NamedTuple):
    """How a match went: its span or None, the steps it took, whether the budget ended it (then span is None), and the
    numbers of the groups that took part."""

    span: tuple[int, int] | None
    steps: int
    exhausted: bool
    groups: frozenset[int] = frozenset()


class _Exhausted(Exception):
    """The step budget is used up."""


class Matcher:
    """A pattern made ready for `run`."""

    def __init__(self, pattern: Pattern) -> None:
        self._program: list[tuple[Any, ...]] = []
        # Group starts and ends, then loop counters and loop positions.
        self._registers = 2 * len(pattern.groups)
        self._groups = len(pattern.groups)
        self._emit_node(pattern.root)
        self._emit(_DONE)
        # Registers are copied when one changes: work that counts, so that a budget bounds time.
        self._copying = self._registers // 16
        self._steps = 0
        self._budget = 0
        self._subject = ""

    # -- compilation

    def _emit(self, *instruction: Any) -> int:
        self._program.append(instruction)
        return len(self._program) - 1

    def _emit_node(self, node: Node) -> None:
        if isinstance(node, Chars):
            self._emit(_CHARS, node.charset.contains)
        elif isinstance(node, Seq):
            for part in node.parts:
                self._emit_node(part)
        elif isinstance(node, Alt):
            self._emit_alternatives(node)
        elif isinstance(node, Repeat):
            self._emit_repeat(node)
        elif isinstance(node, Group):
            self._emit_group(node)
        elif isinstance(node, At):
            self._emit(_AT, node.kind, node.ascii_only)
        elif isinstance(node, Backref):
            self._emit(_BACKREF, 2 * (node.index - 1), node.fold, node.ascii_only)
        elif isinstance(node, Look):
            self._emit_apart(_LOOK, node.body, node.negative, node.width)
        elif isinstance(node, Atomic):
            self._emit_apart(_ATOMIC, node.body)
        elif isinstance(node, Conditional):
            branch = self._emit()
            self._emit_node(node.yes)
            jump = self._emit()
            self._program[branch] = (_BRANCH, 2 * (node.index - 1), len(self._program))
            self._emit_node(node.no)
            self._program[jump] = (_JUMP, len(self._program))

    def _emit_alternatives(self, node: Alt) -> None:
        jumps = []
        for branch in node.branches[:-1]:
            split = self._emit()
            self._emit_node(branch)
            jumps.append(self._emit())
            self._program[split] = (_SPLIT, split + 1, len(self._program))
        self._emit_node(node.branches[-1])
        for jump in jumps:
            self._program[jump] = (_JUMP, len(self._program))

    def _emit_group(self, node: Group) -> None:
        if node.index is None:
            self._emit_node(node.body)
            return
        register = 2 * (node.index - 1)
        self._emit(_SAVE, register)
        self._emit_node(node.body)
        self._emit(_SAVE, register + 1)

    def _emit_apart(self, operation: int, body: Node, *arguments: Any) -> None:
        """A body that is matched on its own, up to its `_DONE`."""
        start = self._emit()
        self._emit_node(body)
        self._emit(_DONE)
        self._program[start] = (operation, start + 1, len(self._program), *arguments)

    def _emit_repeat(self, node: Repeat) -> None:
        if node.mode == "possessive":
            greedy = Repeat(node.start, node.end, node.body, node.low, node.high, "greedy")
            self._emit_apart(_ATOMIC, greedy)
            return
        lazy = node.mode == "lazy"
        if (node.low, node.high) == (0, 1):
            split = self._emit()
            self._emit_node(node.body)
            after = len(self._program)
            self._program[split] = (_SPLIT, after, split + 1) if lazy else (_SPLIT, split + 1, after)
            return
        if node.low in (0, 1) and node.high is None and not nullable(node.body):
            self._emit_plain_loop(node, lazy)
            return
        counter = self._registers
        self._registers += 2
        self._emit(_ENTER, counter)
        loop = self._emit()
        self._emit_node(node.body)
        self._emit(_JUMP, loop)
        self._program[loop] = (_LOOP, counter, node.low, node.high, lazy, loop + 1, len(self._program))

    def _emit_plain_loop(self, node: Repeat, lazy: bool) -> None:
        """A loop that needs no counter: no upper limit, and each turn consumes something."""
        if node.low:
            body = len(self._program)
            self._emit_node(node.body)
            split = self._emit()
        else:
            split = self._emit()
            body = split + 1
            self._emit_node(node.body)
            self._emit(_JUMP, split)
        after = len(self._program)
        self._program[split] = (_SPLIT, after, body) if lazy else (_SPLIT, body, after)

    # -- matching

    def run(self, subject: str, method: str, budget: int) -> Run:
        """Match `subject` as `re.<method>` does ('match', 'fullmatch' or 'search') in at most `budget` steps."""
        self._subject = subject
        self._steps = 0
        self._budget = budget
        registers: tuple[int | None, ...] = (None,) * self._registers
        try:
            for start in range(len(subject) + 1 if method == "search" else 1):
                found = self._match(0, start, registers, whole=method == "fullmatch")
                if found is not None:
                    return Run((start, found[0]), self._steps, False, self._took_part(found[1]))
        except _Exhausted:
            return Run(None, self._steps, True)
        return Run(None, self._steps, False)

    def _took_part(self, registers: tuple[int | None, ...]) -> frozenset[int]:
        return frozenset(index + 1 for index in range(self._groups) if registers[2 * index + 1] is not None)

    def _match(
        self, at: int, position: int, registers: tuple[int | None, ...], whole: bool = False
    ) -> tuple[int, tuple[int | None, ...]] | None:
        """Run from the instruction `at` to its `_DONE`: the end position and registers, or None for no match."""
        program, subject, length = self._program, self._subject, len(self._subject)
        steps, budget = self._steps, self._budget
        alternatives: list[tuple[int, int, tuple[int | None, ...]]] = []
        while True:
            steps += 1
            if steps > budget:
                self._steps = steps
                raise _Exhausted
            instruction = program[at]
            operation = instruction[0]
            at += 1
            if operation == _CHARS:
                if position < length and instruction[1](subject[position]):
                    position += 1
                    continue
            elif operation == _SPLIT:
                at = instruction[1]
                alternatives.append((instruction[2], position, registers))
                continue
            elif operation == _JUMP:
                at = instruction[1]
                continue
            elif operation == _SAVE:
                steps += self._copying
                registers = _replaced(registers, instruction[1], position)
                continue
            elif operation == _ENTER:
                steps += 2 * self._copying
                registers = _replaced(_replaced(registers, instruction[1], 0), instruction[1] + 1, None)
                continue
            elif operation == _LOOP:
                steps += 3 * self._copying
                _, counter, low, high, lazy, body, after = instruction
                count = registers[counter] or 0
                more = (high is None or count < high) and registers[counter + 1] != position
                turned = _replaced(_replaced(registers, counter, count + 1), counter + 1, position)
                if count < low:
                    at, registers = body, _replaced(registers, counter, count + 1)
                elif not more:
                    at = after
                elif lazy:
                    alternatives.append((body, position, turned))
                    at = after
                else:
                    alternatives.append((after, position, registers))
                    at, registers = body, turned
                continue
            elif operation == _AT:
                if self._holds(instruction[1], position, instruction[2]):
                    continue
            elif operation == _BRANCH:
                if registers[instruction[1] + 1] is None:
                    at = instruction[2]
                continue
            elif operation == _BACKREF:
                end = self._again(registers, position, *instruction[1:])
                if end is not None:
                    position = end
                    continue
            elif operation == _DONE:
                if not whole or position == length:
                    self._steps = steps
                    return position, registers
            else:
                self._steps = steps
                entered = self._apart(instruction, position, registers)
                steps = self._steps
                if entered is not None:
                    position, registers = entered
                    at = instruction[2]
                    continue
            if not alternatives:
                self._steps = steps
                return None
            at, position, registers = alternatives.pop()

    def _apart(
        self, instruction: tuple[Any, ...], position: int, registers: tuple[int | None, ...]
    ) -> tuple[int, tuple[int | None, ...]] | None:
        """A lookaround or atomic group at `position`: where matching goes on and with what registers, or None."""
        if instruction[0] == _ATOMIC:
            return self._match(instruction[1], position, registers)
        _, body, _, negative, width = instruction
        start = position - (width or 0)
        found = self._match(body, start, registers) if start >= 0 else None
        if negative:
            return (position, registers) if found is None else None
        return (position, found[1]) if found is not None else None

    def _holds(self, kind: str, position: int, ascii_only: bool) -> bool:
        subject, length = self._subject, len(self._subject)
        if kind == "start":
            return position == 0
        if kind == "line_start":
            return position == 0 or subject[position - 1] == "\n"
        if kind == "end":
            return position == length
        if kind == "end_or_newline":
            return position == length or (position == length - 1 and subject[position] == "\n")
        if kind == "line_end":
            return position == length or subject[position] == "\n"
        before = position > 0 and _is_word(subject[position - 1], ascii_only)
        after = position < length and _is_word(subject[position], ascii_only)
        return (before != after) == (kind == "boundary")

    def _again(
        self, registers: tuple[int | None, ...], position: int, register: int, fold: bool, ascii_only: bool
    ) -> int | None:
        """Where the text of a group ends when it stands at `position` again, else None."""
        start, end = registers[register], registers[register + 1]
        if start is None or end is None or end < start:
            return None
        wanted = self._subject[start:end]
        found = self._subject[position : position + len(wanted)]
        if fold:
            fold_one = _ascii_fold if ascii_only else case_key
            same = len(found) == len(wanted) and all(
                map(lambda a, b: fold_one(a) == fold_one(b), found, wanted)
            )
        else:
            same = found == wanted
        self._steps += len(wanted)
        return position + len(wanted) if same else None


def _replaced(registers: tuple[int | None, ...], index: int, value: int | None) -> tuple[int | None, ...]:
    return (*registers[:index], value, *registers[index + 1 :])


def _is_word(character: str, ascii_only: bool) -> bool:
    return character == "_" or (character.isalnum() and (character.isascii() or not ascii_only))


def _ascii_fold(character: str) -> str:
    return character.lower() if character.isascii() else character
