"""Forms that change something and carry no token against cross-site request forgery (CWE-352), though the project has such tokens.

A form without one is either refused or not protected. What counts is the project's own habit: only where other forms carry a token, and
no script of the project adds it, is the one without it worth a word. A misspelt tag is text on the page, and always is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.checks.judgement import Judgement
from cwelens.checks.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cwelens.base.source import Source
    from cwelens.checks.checker import Checker
    from cwelens.ir import nodes as ir

_FORM = re.compile(r"<form\b((?:\{\{.*?\}\}|\{%.*?%\}|[^>])*)>(.*?)</form\s*>", re.IGNORECASE | re.DOTALL)
_CHANGES = re.compile(r"""\bmethod\s*=\s*["']?\s*(?:post|put|patch|delete)\b""", re.IGNORECASE)
_ELSEWHERE = re.compile(r"""\baction\s*=\s*["']?\s*(?:https?:)?//""", re.IGNORECASE)
_TOKEN = re.compile(
    r"csrf|xsrf|authenticity_token|form_token|hidden_tag\s*\(|form\.as_p|\{\{[^}]*_?token\b[^}]*\}\}|\{%\s*crispy\b",
    re.IGNORECASE,
)
# A request whose header carries the token, which script adds.
_HEADER = re.compile(r"X-?CSRF|X-?XSRF|csrfmiddlewaretoken['\"]?\s*[:,]|hx-headers", re.IGNORECASE)
# What somebody meant to be Django's tag and is not.
_TAG = re.compile(r"\{\s*%\s*(\w+)\s*%\s*\}")
_MISSPELT = re.compile(r"(?:c[rs]{1,3}f|cfsr|csfr|scrf|crfs)_?to?ke?n", re.IGNORECASE)
_COMMENT = re.compile(r"\{#.*?#\}|<!--.*?-->|\{% comment.*?endcomment %\}", re.DOTALL)


def check(checker: Checker, pages: Sequence[Source]) -> None:
    """Looks through the pages and scripts of a project."""
    texts = [(page, _COMMENT.sub(_blank, page.text)) for page in pages]
    if not any("<form" in text.lower() for _, text in texts):
        return
    by_script = any(_HEADER.search(text) for _, text in texts)
    forms = [(page, match) for page, text in texts for match in _FORM.finditer(text) if _changes(match)]
    protected = sum(_TOKEN.search(match.group(2)) is not None for _, match in forms)
    for page, match in forms:
        broken = _misspelt(match.group(2))
        if broken is not None:
            reason = f"`{broken.group()}` is no tag: no token is put into the form"
            _report(checker, page, match.start(2) + broken.start(), broken.group(), reason, "defect")
        elif not by_script and protected * 2 > len(forms) and not _TOKEN.search(match.group(2)):
            reason = (
                "nothing else protects it: other forms of the project carry a token, and this one has none"
            )
            _report(checker, page, match.start(), "<form>", reason, "conditional")


def _changes(match: re.Match[str]) -> bool:
    """Whether a form sends something that changes data to the application itself, or holds a broken tag."""
    if _ELSEWHERE.search(match.group(1)):
        return False
    return _CHANGES.search(match.group(1)) is not None


def _misspelt(body: str) -> re.Match[str] | None:
    for match in _TAG.finditer(body):
        name = match.group(1)
        whole = match.group().startswith("{%") and match.group().endswith("%}")
        if name != "csrf_token" and _MISSPELT.fullmatch(name):
            return match
        if name == "csrf_token" and not whole:
            return match
    return None


def _report(checker: Checker, page: Source, start: int, code: str, reason: str, kind: str) -> None:
    text = page.text
    line = text.count("\n", 0, start) + 1
    column = len(text[text.rfind("\n", 0, start) + 1 : start].encode())
    pos: ir.Pos = (line, column, line, column + len(code.encode()))
    checker.add(RULES["csrf.form"], (page, pos), code, "", "", Judgement(kind, reason))


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match.group())
