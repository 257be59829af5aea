"""Kinds of input: plain Python, Markdown with fenced code, notebooks, diffs; from bytes to units.

Invariants: never raises for any content; at least one unit comes back for every input, and an input without code is a unit with
a gap that says so.
"""

from __future__ import annotations

from pathlib import Path

from cwelens.base.source import Source
from cwelens.ir import nodes as ir
from cwelens.syntax import diff, javascript, ladder
from cwelens.syntax.decode import decode, normalise
from cwelens.syntax.templates.readers import is_template
from cwelens.syntax.unit import Unit

_MARKDOWN = (".md", ".markdown", ".mdx", ".txt", ".rst")
_PYTHON = (".py", ".pyw", ".pyi")
_DIFF = (".diff", ".patch")


def read_file(file: str | Path, shown: str | None = None) -> list[Unit]:
    """The units of a file on disk; `shown` is the path to report. One that cannot be read is a unit with a gap."""
    path = Path(file)
    shown = shown or path.as_posix()
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        return [_lost(shown, "", f"the file cannot be read: {getattr(error, 'strerror', None) or error}")]
    return read(shown, data)


def read(path: str, data: bytes) -> list[Unit]:
    """The units of some bytes; `path` is the name to report ("-" for standard input) and helps to tell the kind."""
    decoded = decode(data)
    if decoded.text is None:
        return [_lost(path, "", decoded.notices[0][0])]
    units = _units(path, decoded.text)
    _report(units, decoded.notices)
    return units


def read_text(path: str, text: str) -> list[Unit]:
    """As `read`, for text that is already decoded."""
    text, notices = normalise(text)
    units = _units(path, text)
    _report(units, notices)
    return units


def read_page(file: str | Path, shown: str) -> Source | None:
    """The text of a page template or a script on disk; None where it cannot be read, or holds nothing to look at."""
    try:
        data = Path(file).read_bytes()
    except (OSError, ValueError):
        return None
    text = decode(data).text
    if text is None:
        return None
    wanted = javascript.is_own if shown.lower().endswith(javascript.SUFFIX) else is_template
    return Source(shown, text) if wanted(shown, text) else None


def _units(path: str, text: str) -> list[Unit]:
    name = path.lower()
    if name.endswith(".ipynb"):
        return [_notebook(path, text)]
    if name.endswith(_DIFF) or (not name.endswith((*_PYTHON, *_MARKDOWN)) and diff.is_diff(text)):
        return _changed(Source(path, text), text)
    if name.endswith(_MARKDOWN) or not name.endswith(_PYTHON):
        units = _fenced(path, text)
        if units:
            return units
    return [ladder.parse(text, path)]


def _notebook(path: str, text: str) -> Unit:
    from cwelens.syntax.notebook import read_notebook

    book = read_notebook(text)
    if isinstance(book, str):
        return _lost(path, text, book)
    book.text, book.code = normalise(book.text)[0], normalise(book.code)[0]
    unit = ladder.parse(book.code, path)
    unit.kind = "notebook"
    unit.source = Source(path, book.text)
    unit.cells = book.cells
    unit.notes += book.notes
    return unit


def _fenced(path: str, text: str) -> list[Unit]:
    """One unit for each fence of Python; empty when the text has no fence at all."""
    from cwelens.syntax.markdown import fences, has_fence

    if not has_fence(text):
        return []
    source = Source(path, text)
    units: list[Unit] = []
    for fence in fences(text):
        if fence.language in ("diff", "patch"):
            units += _changed(source, fence.code, fence.first_line - 1, fence.margins)
            continue
        if not fence.is_python and fence.language:
            continue
        unit = ladder.parse(fence.code, path)
        if not fence.is_python and (not unit.is_code or unit.module.gaps):
            continue
        ladder.place(unit, source, fence.first_line, fence.margins)
        unit.kind = "markdown"
        units.append(unit)
    return units or [_lost(path, text, "no fenced block of the document reads as Python")]


def _changed(source: Source, text: str, before: int = 0, outer: list[int] | None = None) -> list[Unit]:
    """One unit for each hunk of Python in a diff, which begins after line `before` of a source, `outer` bytes into each line."""
    units: list[Unit] = []
    found = [hunk for hunk in diff.hunks(text) if hunk.is_python and any(map(str.strip, hunk.lines))]
    for hunk in found:
        code, line, inner = hunk.text()
        unit = ladder.parse(code, source.path)
        if hunk.around is not None and unit.module.gaps:
            # One that begins inside a docstring of what is around it.
            alone = ladder.parse(hunk.bare().text()[0], source.path)
            if len(alone.module.gaps) < len(unit.module.gaps):
                unit, (code, line, inner) = alone, hunk.bare().text()
        margins = [m + outer[line - 1 + i] if outer else m for i, m in enumerate(inner)]
        ladder.place(unit, source, before + line, margins)
        unit.kind = "diff"
        unit.notes = [
            f"{len(found)} {'hunk' if len(found) == 1 else 'hunks'} of a diff, as after the change",
            *unit.notes,
        ]
        units.append(unit)
    return units or [_lost(source.path, text, "no hunk of the diff is of a Python file")]


def _lost(path: str, text: str, reason: str) -> Unit:
    source = Source(path, text)
    return Unit(source, ir.Module([], [ir.Gap(reason, ladder.whole(source))]), is_code=False)


def _report(units: list[Unit], notices: list[tuple[str, int]]) -> None:
    """Adds each notice of the decoder as a gap to the unit that holds its line, else to the first."""
    for reason, line in notices:
        unit = next((u for u in units if u.first_line <= line <= u.last_line), units[0])
        if unit.kind == "notebook":
            line = 1
        width = len(unit.source.line(line).encode())
        unit.module.gaps.append(ir.Gap(reason, (line, 0, line, width)))
