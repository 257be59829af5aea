"""The ladder of readings: `ast`, then tree-sitter for the whole, then region by region; from text to a unit.

Invariants: never raises, for any text; what could not be read is a gap; text that is not Python is reported as such.
"""

from __future__ import annotations

import json

from cwelens.base.source import Source
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.syntax import edit
from cwelens.syntax.regions import Regions, parse_ast
from cwelens.syntax.unit import Unit

_WEAK = (ir.Name, ir.Attr, ir.Seq, ir.Compare, ir.BoolOp, ir.Unary)
EMPTY = "the input is empty"
NOT_CODE = "the input does not read as Python"


def parse(text: str, path: str = "-") -> Unit:
    """One unit from normalised text (see `decode.normalise`); `path` is the name to report."""
    source = Source(path, text)
    if not text.strip():
        return _nothing(source, EMPTY)
    if _is_json(text, path):
        return _nothing(source, "the input is data (JSON), not code")
    unit = _read(source)
    if unit.module.body and not unit.module.gaps and not _is_evident(unit.module.body):
        unit.is_code = False
        unit.module.gaps.append(ir.Gap(NOT_CODE, whole(source)))
    return unit


def whole(source: Source) -> ir.Pos:
    """The position of everything in a source."""
    return (1, 0, len(source.lines), len(source.lines[-1].encode()))


def place(unit: Unit, source: Source, first_line: int, margins: list[int]) -> None:
    """Makes a unit that was read out of a part of `source` refer to the whole of it.

    The part's line i is line `first_line + i`, of which `margins[i]` bytes were left out at the start.
    """

    def move(line: int, column: int) -> tuple[int, int]:
        margin = margins[line - 1] if line <= len(margins) else 0
        return (line + first_line - 1, column + margin)

    edit.relocate(unit.module.body, move)
    for gap in unit.module.gaps:
        gap.pos = (*move(*gap.pos[:2]), *move(*gap.pos[2:]))
    unit.source = source
    unit.first_line = first_line
    unit.last_line = first_line + max(len(margins), 1) - 1


def _read(source: Source) -> Unit:
    try:
        return Unit(source, ir.Module(parse_ast(source.text), []))
    except IndentationError as error:
        # tree-sitter lets any indentation pass; a tab is all that it may be trusted with.
        unit = _by_tree_sitter(source) if isinstance(error, TabError) else None
    except (SyntaxError, ValueError):
        unit = _by_tree_sitter(source)
    except (RecursionError, MemoryError):
        unit = None
    return unit or _by_regions(source)


def _nothing(source: Source, reason: str) -> Unit:
    return Unit(source, ir.Module([], [ir.Gap(reason, whole(source))]), is_code=False)


def _by_tree_sitter(source: Source) -> Unit | None:
    """The whole text by tree-sitter, where it understands all of it."""
    data = source.text.encode()
    from cwelens.syntax import from_tree_sitter

    root = from_tree_sitter.parse(data)
    if root is None:
        return None
    lowering = from_tree_sitter.Lowering(data)
    try:
        body = lowering.module(root)
    except RecursionError:
        return None
    if lowering.incomplete:
        return None
    dialect = "python2" if lowering.python2 else "python3"
    return Unit(source, ir.Module(body, []), dialect=dialect, notes=["read by tree-sitter"])


def _by_regions(source: Source) -> Unit:
    regions = Regions(source.text)
    body = regions.read()
    indented = not regions.gaps and bool(regions.rows) and regions.rows[0].indent > 0
    notes = ["an indented piece" if indented else "read statement by statement"]
    begun = _from_docstring(source.text, regions)
    if begun is not None:
        regions, body = begun
        notes.append("it begins inside a docstring")
    if regions.ends_in_docstring:
        notes.append("it ends inside a docstring")
    lines = sum(row.last - row.first + 1 for row in regions.rows)
    if regions.lost * 2 > lines and not _is_evident(body):
        return _nothing(source, f"{NOT_CODE} ({regions.lost} of {lines} lines)")
    unit = Unit(source, ir.Module(body, regions.gaps), form="fragment")
    unit.dialect = "python2" if regions.python2 else "python3"
    unit.notes = notes
    return unit


def _from_docstring(text: str, plain: Regions) -> tuple[Regions, list[ir.Stmt]] | None:
    """The reading of a text that begins inside a docstring: its first triple quote ends one, and less is lost that way."""
    cut = _first_quote(text)
    if cut is None or not _is_prose(text[: cut - 3]):
        return None
    inside = Regions("".join(char if char == "\n" else " " for char in text[:cut]) + text[cut:])
    body = inside.read()
    rows = plain.rows
    unclosed = bool(rows) and rows[-1].quote in ('"""', "'''")
    if not any(map(_is_telling, body)) or not (unclosed or inside.lost < plain.lost):
        return None
    end = text.rfind("\n", 0, cut) + 1
    start = len(text) - len(text.lstrip())
    first = text.count("\n", 0, start) + 1
    column = len(text[text.rfind("\n", 0, start) + 1 : start].encode())
    pos = (first, column, text.count("\n", 0, cut) + 1, len(text[end:cut].encode()))
    return inside, [ir.ExprStmt(ir.Const(text[start : cut - 3], pos), pos), *body]


def _is_prose(text: str) -> bool:
    """Whether what stands before a triple quote is no code: hardly a line of it reads as a statement that does something."""
    if not text.strip():
        return False
    regions = Regions(text)
    body = regions.read()
    telling = [stmt for stmt in body if _is_telling(stmt)]
    return not telling or (regions.lost > 0 and len(telling) * 4 <= regions.lost)


def _is_telling(stmt: ir.Stmt) -> bool:
    """Whether a statement is none that prose has as well: words, a text, `url: str` as in a list of parameters."""
    if isinstance(stmt, ir.UnknownStmt) or _is_weak(stmt):
        return False
    if isinstance(stmt, ir.ExprStmt) and isinstance(stmt.value, ir.Const):
        return False
    return not (isinstance(stmt, ir.Assign) and stmt.value is None)


def _first_quote(text: str) -> int | None:
    """The offset after the first triple quote of a text; None where it has none."""
    places = [place for place in (text.find('"""'), text.find("'''")) if place >= 0]
    return min(places) + 3 if places else None


def _is_evident(body: list[ir.Stmt]) -> bool:
    """Whether statements are recognisably Python: more than words, commas and the like, which prose has too."""
    return any(
        not isinstance(stmt, ir.UnknownStmt) and not _is_weak(stmt)
        for stmt in walk(*body)
        if isinstance(stmt, ir.Stmt)
    )


def _is_weak(stmt: ir.Stmt) -> bool:
    return isinstance(stmt, ir.ExprStmt) and all(
        isinstance(node, (ir.ExprStmt, *_WEAK)) for node in walk(stmt)
    )


def _is_json(text: str, path: str) -> bool:
    if path.endswith((".py", ".pyi", ".pyw")) or text.lstrip()[0] not in "{[":
        return False
    try:
        return isinstance(json.loads(text), (dict, list))
    except (ValueError, RecursionError):
        return False
