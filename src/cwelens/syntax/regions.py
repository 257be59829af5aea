"""Reads text of which a part is not Python: everything readable is kept, and only the smallest statement is given up.

The text is cut into groups by indentation (a statement, or a compound statement with its clauses). A group is read by `ast`, else by
tree-sitter; one that both refuse is taken apart: its headers are read with `pass` for bodies, and the bodies are read as
groups in turn. A single statement that cannot be read is completed where it was cut off, or becomes an `UnknownStmt`.

Invariants
- Text is only ever completed, never moved: positions are those of the text.
- Every repair that adds meaning, and everything given up, is a gap.
"""

from __future__ import annotations

import ast
import warnings

from cwelens.ir import nodes as ir
from cwelens.syntax import edit, from_ast
from cwelens.syntax.lines import Logical, scan

_CLAUSES = {
    "if": ("elif", "else"),
    "for": ("else",),
    "while": ("else",),
    "async": ("else",),
    "try": ("except", "else", "finally"),
    "elif": ("elif", "else"),
    "else": ("finally",),
    "except": ("except", "else", "finally"),
    "finally": (),
    "with": (),
    "def": (),
    "class": (),
    "match": (),
    "case": (),
}
_ORPHANS = ("elif", "else", "except", "finally")
_STATEMENT_WORDS = {
    *_CLAUSES,
    "return",
    "import",
    "from",
    "raise",
    "pass",
    "assert",
    "del",
    "global",
    "nonlocal",
    "@",
}
_BEGINS_NOTHING = {"", "and", "or", "in", "is", "as", "if", "else", "for"}
_DEPTH = 60
# Bytes: tree-sitter's recovery from errors takes long on a long line that is no Python.
_WIDEST = 5_000

BEGINS = "the input begins in the middle of a statement"
ENDS = "the input ends in the middle of a statement"
UNREADABLE = "not readable as Python"
DEEP = "nested too deeply to be read"
EMPTY_BLOCK = "a block is empty"
OPEN = "a bracket or string is never closed"


def parse_ast(source: str, offset: int = 0) -> list[ir.Stmt]:
    """The statements of valid Python, `offset` added to their lines.

    Raises SyntaxError, ValueError, RecursionError or MemoryError for what `ast` refuses or what is nested too deeply.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
    return from_ast.Lowering(offset).module(tree)


class Regions:
    """One reading of a text. After `read`: `gaps`, `python2`, `ends_in_docstring`, and `lost`, the number of lines nothing certain is
    known of."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.rows = scan(text)
        if any(row.pending for row in self.rows):
            # With a bracket that is never closed, indentation is the better guide.
            self.rows = scan(text, margin=0)
        self.gaps: list[ir.Gap] = []
        self.python2 = False
        self.lost = 0
        self.ends_in_docstring = False
        self._text = text
        self._deep = False
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def read(self) -> list[ir.Stmt]:
        """All statements that can be had."""
        rows = self.rows
        if not rows:
            return []
        begun, rows = self._cut_start(rows)
        self._raise_first(rows)
        return begun + self._block(rows, 0)

    # Groups

    def _block(self, rows: list[Logical], depth: int) -> list[ir.Stmt]:
        if depth > _DEPTH:
            self._lose(rows[0], rows[-1], DEEP)
            return []
        out: list[ir.Stmt] = []
        indents: list[int] = []
        start = 0
        while start < len(rows):
            end = _group_end(rows, start)
            group = rows[start:end]
            head = group[0]
            before: list[ir.Stmt] = []
            if head.word in _ORPHANS:
                while out and indents[-1] > head.indent:
                    before.insert(0, out.pop())
                    indents.pop()
                read = self._orphan(group, before, depth)
            else:
                read = self._group(group, depth)
            out += read
            indents += [head.indent] * len(read)
            start = end
        return out

    def _group(self, rows: list[Logical], depth: int) -> list[ir.Stmt]:
        first, last = rows[0], rows[-1]
        read = self._clean(self.lines[first.first - 1 : last.last], first.first)
        if read is not None:
            return read
        if len(rows) == 1 or all(row.word == "@" for row in rows):
            return self._statement(rows, depth)
        return self._compound(rows, depth, [], {})

    def _clean(self, lines: list[str], first: int) -> list[ir.Stmt] | None:
        """The statements of some lines that are line `first` and following, if a parser reads all of them."""
        indented = next((line for line in lines if line.strip()), "")[:1].isspace()
        if indented:
            lines = ["if 1:", *lines]
        offset = first - 1 - indented
        source = "\n".join(lines) + "\n"
        read: list[ir.Stmt] | None = None
        try:
            read = parse_ast(source, offset)
        except IndentationError as error:
            # tree-sitter lets any indentation pass; a tab is all that it may be trusted with.
            read = self._by_tree_sitter(source, offset) if isinstance(error, TabError) else None
        except (SyntaxError, ValueError):
            read = self._by_tree_sitter(source, offset)
        except (RecursionError, MemoryError):
            self._deep = True
        if read is None or not indented:
            return read
        if len(read) != 1 or not isinstance(read[0], ir.If):
            return None
        return read[0].body

    def _by_tree_sitter(self, source: str, offset: int) -> list[ir.Stmt] | None:
        from cwelens.syntax import from_tree_sitter

        data = source.encode()
        root = from_tree_sitter.parse(data)
        if root is None:
            return None
        lowering = from_tree_sitter.Lowering(data, offset)
        try:
            read = lowering.module(root)
        except RecursionError:
            self._deep = True
            return None
        if lowering.incomplete:
            return None
        self.python2 = self.python2 or lowering.python2
        return read

    # Compound statements

    def _orphan(self, rows: list[Logical], before: list[ir.Stmt], depth: int) -> list[ir.Stmt]:
        """Clauses whose statement is cut off; `before` are the statements of the block that they follow."""
        head = rows[0]
        margin = self._margin(head)
        words = {row.word for row in rows if row.indent == head.indent}
        if words & {"except", "finally"}:
            prelude = [margin + "try: pass"]
            if head.word == "else":
                prelude.append(margin + "except: pass")
        else:
            prelude = [f"{margin}if {edit.PLACEHOLDER}: pass"]
        beginning = before[0].pos[0] if before else head.first
        at_start = beginning <= self.rows[0].last
        reason = BEGINS if at_start else "a clause without its statement"
        self._gap(reason, head, head)
        read = self._compound(rows, depth, prelude, {head.first - len(prelude): before})
        start = (before[0] if before else ir.Jump("", (head.first, 0, 0, 0))).pos[:2]
        edit.clamp(read, start, self._end(rows[-1]))
        edit.forget(read, reason, start)
        for statement in read[:1]:
            statement.pos = (*start, *self._end(rows[-1]))
        return read

    def _compound(
        self, rows: list[Logical], depth: int, prelude: list[str], bodies: dict[int, list[ir.Stmt]]
    ) -> list[ir.Stmt]:
        """A compound statement whose headers are read apart from their bodies.

        `prelude` are lines put before it, whose blocks are in `bodies`.
        """
        first, last = rows[0].first, rows[-1].last
        skeleton = dict.fromkeys(range(first, last + 1), "")
        headers = _headers(rows)
        inner: list[list[Logical]] = []
        for place, index in enumerate(headers):
            row = rows[index]
            until = headers[place + 1] if place + 1 < len(headers) else len(rows)
            body = rows[index + 1 : until]
            for line in range(row.first, row.last + 1):
                skeleton[line] = self.lines[line - 1]
            if row.word == "@" or (row.word == "match" and until < len(rows) and rows[until].word == "case"):
                continue
            if body or row.opens:
                inner.append(self._open(row, body, skeleton, bodies))
        read = self._clean([*prelude, *self._closing(rows, headers, skeleton, bodies)], first - len(prelude))
        blocks = [self._block(body, depth + 1) if body else [] for body in inner]
        if read is None:
            return [
                self._broken_headers([rows[index] for index in headers], [s for b in blocks for s in b], last)
            ]
        for body, block in zip(inner, blocks, strict=True):
            if body:
                bodies[body[0].first] = block
        ends = {row.last: self._end(row) for row in (rows[index] for index in headers)}
        edit.relocate(read, lambda line, column: min((line, column), ends.get(line, (line, column))))
        edit.fill(read, bodies, self._end(rows[-1]))
        return read

    def _open(
        self, row: Logical, body: list[Logical], skeleton: dict[int, str], bodies: dict[int, list[ir.Stmt]]
    ) -> list[Logical]:
        """Makes a header of the skeleton complete: its colon, and a `pass` for its body, which is returned."""
        code = self._code(row)
        if row.pending or row.quote:
            self._gap(OPEN, row, row)
            code = skeleton[row.last] = code.rstrip(": ") + row.quote + row.pending + ":"
        elif not row.opens:
            self._gap("a colon is missing", row, row)
            code = skeleton[row.last] = code + ":"
        if body:
            skeleton[body[0].first] = self._margin(row) + " pass"
        else:
            self._gap(ENDS if row.last == self.rows[-1].last else EMPTY_BLOCK, row, row)
            skeleton[row.last] = code + " pass"
            bodies[row.last] = []
        return body

    def _closing(
        self,
        rows: list[Logical],
        headers: list[int],
        skeleton: dict[int, str],
        bodies: dict[int, list[ir.Stmt]],
    ) -> list[str]:
        """The skeleton's lines, with a `finally` where a `try` has neither handler nor `finally`."""
        lines = [skeleton[line] for line in sorted(skeleton)]
        words = [rows[index].word for index in headers]
        if words[0] == "try" and not {"except", "finally"} & set(words):
            at_end = rows[-1].last == self.rows[-1].last
            self._gap(ENDS if at_end else "a try without a handler", rows[-1], rows[-1])
            lines.append(self._margin(rows[0]) + "finally: pass")
            bodies[rows[-1].last + 1] = []
        return lines

    def _broken_headers(self, headers: list[Logical], body: list[ir.Stmt], last: int) -> ir.Stmt:
        parts: list[ir.Expr] = []
        for row in headers:
            parts += self._salvage(row)
            self._lose(row, row, UNREADABLE)
        end = (last, len(self.lines[last - 1].encode()))
        return ir.UnknownStmt(UNREADABLE, parts, body, (*self._start(headers[0]), *end))

    # Single statements

    def _statement(self, rows: list[Logical], depth: int) -> list[ir.Stmt]:
        first, row = rows[0], rows[-1]
        if row.pending and row.last > row.first and not self._deep:
            pieces = self._rescan(row)
            if len(pieces) > 1:
                return self._block(pieces, depth + 1)
        if row.word == "exec":
            executed = self._exec(row)
            if executed is not None:
                return executed
        is_last = row.last == self.rows[-1].last
        if not self._deep and (row.pending or row.quote or row.opens or is_last):
            reason = ENDS if is_last else EMPTY_BLOCK if row.opens else OPEN
            completed = self._completed(first, row, reason)
            if completed is not None:
                if is_last and self._is_docstring(row, completed):
                    self.ends_in_docstring = True
                else:
                    self._gap(reason, row, row)
                return completed
        reason = DEEP if self._deep else UNREADABLE
        self._deep = False
        if (
            reason is not DEEP
            and first.first == self.rows[0].first
            and (first.indent or first.word in _BEGINS_NOTHING)
        ):
            reason = BEGINS
        parts = [part for each in rows for part in self._salvage(each)]
        self._lose(first, row, reason)
        return [ir.UnknownStmt(reason, parts, [], (*self._start(first), *self._end(row)))]

    def _is_docstring(self, row: Logical, completed: list[ir.Stmt]) -> bool:
        """Whether a statement is a triple-quoted string by itself, whose end was cut off: no code is missing."""
        starts = self.lines[row.first - 1].lstrip().lower().lstrip("rbuf").startswith(row.quote)
        return (
            len(row.quote) == 3 and starts and len(completed) == 1 and isinstance(completed[0], ir.ExprStmt)
        )

    def _exec(self, row: Logical) -> list[ir.Stmt] | None:
        """Python 2: `exec code in globals, locals` with any expression, of which the grammar reads only the simplest."""
        lines = [*self.lines[row.first - 1 : row.last - 1], self._code(row) + ")"]
        lines[0] = lines[0].replace("exec ", "exec(", 1)
        read = self._clean(lines, row.first)
        if (
            read is None
            or len(read) != 1
            or not isinstance(read[0], ir.ExprStmt)
            or not isinstance(read[0].value, ir.Call)
        ):
            return None
        call = read[0].value
        code = call.args[0] if call.args else None
        if isinstance(code, ir.Compare) and code.ops == ["in"]:
            call.args[:1] = [code.left, *code.rights]
        edit.clamp(read, self._start(row), self._end(row))
        self.python2 = True
        return read

    def _rescan(self, row: Logical) -> list[Logical]:
        """A logical line with an open bracket, cut where a line stands no deeper than its first."""
        begin = self._starts[row.first - 1]
        pieces = scan(self._text[begin : self._starts[row.last] - 1], margin=1)
        for piece in pieces:
            piece.first += row.first - 1
            piece.last += row.first - 1
            piece.code_end += begin
        return pieces

    def _completed(self, first: Logical, row: Logical, reason: str) -> list[ir.Stmt] | None:
        """A statement that was cut off, with what it lacks added."""
        lines = self.lines[first.first - 1 : row.last]
        name = edit.PLACEHOLDER
        closing = row.quote + row.pending
        body = f"\n{self._margin(row)} pass"
        if row.word == "@":
            endings = [f"\n{self._margin(row)}def {name}(): pass"]
        elif row.opens:
            endings = [body]
        elif row.quote:
            endings = [closing, f"{closing}:{body}"]
        else:
            ends = (
                "",
                f" {name}",
                f" import {name}",
                f" in {name}",
                f" {name} in {name}",
                "()",
                f" {name}()",
                f" else {name}",
            )
            endings = [f"{end}{closing}{colon}" for colon in ("", ":" + body) for end in ends]
        code = lines[-1] if row.quote else self._code(row)
        for ending in endings:
            if not ending:
                continue
            read = self._clean([*lines[:-1], *(code + ending).split("\n")], first.first)
            if read is None:
                continue
            if row.word == "@":
                decorators = [d for stmt in read for d in getattr(stmt, "decorators", [])]
                return [ir.UnknownStmt(reason, decorators, [], (*self._start(first), *self._end(row)))]
            edit.fill(read, {row.last + 1: []}, self._end(row))
            edit.clamp(read, self._start(first), self._end(row))
            edit.forget(read, reason)
            return read
        return None

    def _salvage(self, row: Logical) -> list[ir.Expr]:
        """The readable expressions of a line that no parser reads as a whole."""
        from cwelens.syntax import from_tree_sitter

        data = "\n".join(self.lines[row.first - 1 : row.last]).encode()
        if len(data) > _WIDEST:
            return []
        try:
            return from_tree_sitter.Lowering(data, row.first - 1).salvage(from_tree_sitter.parse_broken(data))
        except RecursionError:
            return []

    # Cut and pasted text

    def _cut_start(self, rows: list[Logical]) -> tuple[list[ir.Stmt], list[Logical]]:
        """The tail of a statement whose head is missing: up to the first closing bracket that nothing opened."""
        index = next((place for place, row in enumerate(rows) if row.unmatched), -1)
        if index < 0 or any(row.word in _STATEMENT_WORDS for row in rows[:index]):
            return [], rows
        row = rows[index]
        first = rows[0]
        name = edit.PLACEHOLDER
        openers = {")": f"{name}(", "]": f"{name}[", "}": "{"}
        opening = "".join(openers[mark] for mark in reversed(row.unmatched))
        self._gap(BEGINS, first, row)
        lines = self.lines[: row.last]
        pos: ir.Pos = (*self._start(first), *self._end(row))
        read = None if row.opens else self._clean([opening, *lines], 0)
        if read is None:
            parts = [part for each in rows[: index + 1] for part in self._salvage(each)]
            self.lost += row.last - first.first + 1
        else:
            edit.clamp(read, pos[:2], pos[2:])
            edit.forget(read, BEGINS)
            parts = [stmt.value for stmt in read if isinstance(stmt, ir.ExprStmt)]
            if len(parts) < len(read):
                return read, rows[index + 1 :]
        return [ir.UnknownStmt(BEGINS, parts, [], pos)], rows[index + 1 :]

    def _raise_first(self, rows: list[Logical]) -> None:
        """Gives the first line the depth it had before it was pasted without its margin."""
        if len(rows) < 2 or rows[0].indent:
            return
        rest = min(row.indent for row in rows[1:])
        opens = rows[0].opens or rows[0].word in _CLAUSES
        if rest and (not opens or rows[1].indent > rest):
            rows[0].indent = rest

    # Places

    def _margin(self, row: Logical) -> str:
        line = self.lines[row.first - 1]
        return line[: len(line) - len(line.lstrip())]

    def _code(self, row: Logical) -> str:
        """The last physical line of a logical line without its comment."""
        return self.lines[row.last - 1][: row.code_end - self._starts[row.last - 1]]

    def _start(self, row: Logical) -> tuple[int, int]:
        return (row.first, len(self._margin(row).encode()))

    def _end(self, row: Logical) -> tuple[int, int]:
        return (row.last, len(self._code(row).encode()))

    def _gap(self, reason: str, first: Logical, last: Logical) -> None:
        """A gap over whole statements; one that continues the gap before it is joined to it."""
        pos = (*self._start(first), *self._end(last))
        before = self.gaps[-1] if self.gaps else None
        if before is not None and before.reason == reason and before.pos[2] + 1 >= pos[0] >= before.pos[0]:
            before.pos = (*before.pos[:2], *max(before.pos[2:], pos[2:]))
        else:
            self.gaps.append(ir.Gap(reason, pos))

    def _lose(self, first: Logical, last: Logical, reason: str) -> None:
        self.lost += last.last - first.first + 1
        self._gap(reason, first, last)


def _group_end(rows: list[Logical], start: int) -> int:
    """The index after the statement that begins at an index: its decorators, headers, bodies and clauses."""
    base = rows[start].indent
    end = start + 1
    while end < len(rows) and rows[end - 1].word == "@" and rows[end].indent == base:
        end += 1
    head = rows[end - 1]
    if not (head.opens or head.word in _CLAUSES):
        return end
    clauses = _CLAUSES.get(head.word, ())
    while end < len(rows) and (
        rows[end].indent > base or (rows[end].indent == base and rows[end].word in clauses)
    ):
        end += 1
    return end


def _headers(rows: list[Logical]) -> list[int]:
    """The indexes of a group's decorators and headers; the cases of a `match` are headers too."""
    base = rows[0].indent
    found = [index for index, row in enumerate(rows) if row.indent == base]
    head = rows[found[-1]]
    if head.word == "match" and len(found) == 1 and len(rows) > 1:
        inner = rows[1].indent
        found += [index for index, row in enumerate(rows) if row.indent == inner and row.word == "case"]
    return found
