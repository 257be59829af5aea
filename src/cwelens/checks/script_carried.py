"""Values of a request that a page carries soundly, in `data-` attributes or as data of its script: text again where script writes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.flow.page_filters import JS_STRING, JSON

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


def filled(checker: Checker, source: Source) -> dict[tuple[int, int], str]:
    """Places of a page where a template puts data of a request into script as JSON or into one of its texts, with what that is."""
    out: dict[tuple[int, int], str] = {}
    for record in checker.records.values():
        taint = record.best.taint if record.best is not None else None
        if record.concept != "page.output" or record.place[0].path != source.path or taint is None:
            continue
        if (
            taint.origin.kind == "untrusted"
            and not taint.assumption
            and {JSON, JS_STRING} & taint.safe.keys()
        ):
            out[record.place[1][:2]] = taint.origin.text
    return out


def read(text: str) -> str:
    """The name of the attribute that an expression of a script reads, "" where it reads none."""
    found = _READ.search(text)
    return _name(next(g for g in found.groups() if g)) if found is not None else ""


def _name(attribute: str) -> str:
    """`data-user-name` as scripts call it: `username` without its signs, in lower case."""
    return attribute.replace("-", "").lower()
