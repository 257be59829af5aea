"""Values of a request that a page carries in `data-` attributes: soundly escaped there, and text again where its script reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cwelens.base.source import Source
    from cwelens.checks.checker import Checker

_ATTRIBUTE = re.compile(r"\bdata-([\w-]+)\s*=\s*(?:\"[^\"<>]*|'[^'<>]*)$")
_READ = re.compile(
    r"\.dataset\.(\w+)$|\.dataset\[[\"'](\w+)[\"']\]$|\.getAttribute\(\s*[\"']data-([\w-]+)[\"']\s*\)$|\.data\(\s*[\"']([\w-]+)[\"']\s*\)$"
)


def carried(checker: Checker, source: Source) -> dict[str, str]:
    """The names of the attributes of a page that hold data of a request, with what that is."""
    if "data-" not in source.text:
        return {}
    out: dict[str, str] = {}
    for record in checker.records.values():
        taint = record.best.taint if record.best is not None else None
        if record.concept != "page.output" or record.place[0].path != source.path or taint is None:
            continue
        line, column, *_ = record.place[1]
        before = source.line(line).encode()[:column].decode("utf-8", "ignore")
        found = _ATTRIBUTE.search(before)
        if found is not None and taint.origin.kind == "untrusted" and not taint.assumption:
            out[_name(found.group(1))] = taint.origin.text
    return out


def read(text: str) -> str:
    """The name of the attribute that an expression of a script reads, "" where it reads none."""
    found = _READ.search(text)
    return _name(next(g for g in found.groups() if g)) if found is not None else ""


def _name(attribute: str) -> str:
    """`data-user-name` as scripts call it: `username` without its signs, in lower case."""
    return attribute.replace("-", "").lower()
