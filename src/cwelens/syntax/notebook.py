"""Jupyter notebooks: the code cells as one text.

Mapping: the text of a notebook is its code cells in order, each ended by one blank line; a position's line is the line in that
text, and `cells` gives (cell number, first line), where cells are counted from 1 over all cells, as people see them.
Lines for IPython and not for Python (`%magic`, `!command`, `?help`) become `pass` of the same indentation, and are listed.
"""

from __future__ import annotations

import json
import re
from typing import Any

_PYTHON_LANGUAGES = {"python", "python2", "python3", "ipython", ""}
_CELL_MAGIC = re.compile(r"^\s*%%(\w+)")
_PYTHON_CELL_MAGICS = {"time", "timeit", "capture", "prun", "python", "python3", "pypy"}
_LINE = re.compile(r"^(?P<indent>[ \t]*)(?:[%!?]|[\w.]+\?{1,2}\s*$)")
_ASSIGNED = re.compile(r"^(?P<target>[ \t]*[\w., ]+=[ \t]*)(?P<command>[!%][\w./{$\"'].*)$")


class Notebook:
    """`text` is what positions refer to, `code` the same text with IPython's lines neutralised (same lines, same columns)."""

    __slots__ = ("cells", "code", "notes", "text")

    def __init__(self, text: str, code: str, cells: list[tuple[int, int]], notes: list[str]) -> None:
        self.text = text
        self.code = code
        self.cells = cells
        self.notes = notes


def read_notebook(text: str) -> Notebook | str:
    """The code of a notebook's JSON text, or the reason why it cannot be had."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        return f"the notebook is not valid JSON: {error}"
    cells = _cells(document)
    if cells is None:
        return "the notebook has no list of cells"
    language = _language(document)
    if language not in _PYTHON_LANGUAGES:
        return f"the notebook's language is {language}, not Python"
    shown: list[str] = []
    code: list[str] = []
    starts: list[tuple[int, int]] = []
    notes: list[str] = []
    for number, cell in enumerate(cells, 1):
        lines = _code(cell)
        if lines is None:
            continue
        starts.append((number, len(shown) + 1))
        shown += [*lines, ""]
        code += [*_neutral(lines, number, notes), ""]
    return Notebook("\n".join(shown), "\n".join(code), starts, notes)


def _cells(document: Any) -> list[Any] | None:
    if not isinstance(document, dict):
        return None
    cells = document.get("cells")
    sheets = document.get("worksheets")
    if cells is None and isinstance(sheets, list):
        # nbformat 3.
        cells = [
            cell
            for sheet in sheets
            if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
            for cell in sheet["cells"]
        ]
    return cells if isinstance(cells, list) else None


def _language(document: dict[str, Any]) -> str:
    meta = document.get("metadata")
    if not isinstance(meta, dict):
        return ""
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        part = meta.get(key)
        if isinstance(part, dict) and isinstance(part.get(name), str):
            return str(part[name]).lower()
    return ""


def _code(cell: Any) -> list[str] | None:
    if not isinstance(cell, dict) or cell.get("cell_type") != "code":
        return None
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    if not isinstance(source, str):
        return None
    return source.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")


def _neutral(lines: list[str], number: int, notes: list[str]) -> list[str]:
    magic = _CELL_MAGIC.match(lines[0])
    if magic and magic[1] not in _PYTHON_CELL_MAGICS:
        notes.append(f"cell {number} is not Python: {lines[0].strip()}")
        return [""] * len(lines)
    out: list[str] = []
    for line in lines:
        assigned = _ASSIGNED.match(line)
        if assigned:
            # A name for the value keeps the assignment; what it holds is whatever the command prints.
            notes.append(f"cell {number}: {line.strip()}")
            out.append(assigned["target"] + "get_ipython()")
        elif match := _LINE.match(line):
            notes.append(f"cell {number}: {line.strip()}")
            out.append(match["indent"] + "pass")
        else:
            out.append(line)
    return out
