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
    rows = regions.rows
    if rows and rows[-1].quote in ('"""', "'''"):
        # A string without an end may be the end of a string without a beginning: read it that way if less is lost.
        cut = _first_quote(source.text)
        if not _is_evident(Regions(source.text[: cut - 3]).read()):
            inside = Regions(
                "".join(char if char == "\n" else " " for char in source.text[:cut]) + source.text[cut:]
            )
            body = inside.read()
            end = source.text.rfind("\n", 0, cut) + 1
            pos = (1, 0, source.text.count("\n", 0, cut) + 1, len(source.text[end:cut].encode()))
            inside.gaps.insert(0, ir.Gap("the input begins inside a string", pos))
            regions = inside
    lines = sum(row.last - row.first + 1 for row in regions.rows)
    if regions.lost * 2 > lines and not _is_evident(body):
        return _nothing(source, f"{NOT_CODE} ({regions.lost} of {lines} lines)")
    unit = Unit(source, ir.Module(body, regions.gaps), form="fragment")
    unit.dialect = "python2" if regions.python2 else "python3"
    unit.notes = ["read statement by statement"]
    return unit


def _first_quote(text: str) -> int:
    """The offset after the first triple quote of a text that has one."""
    return min(place for place in (text.find('"""'), text.find("'''")) if place >= 0) + 3


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
