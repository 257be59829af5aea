"""What stands in a page for everybody to read, and how its forms send a password: checks of the text of pages, without flow.

Accounts written into a page (CWE-259) or its comments (CWE-615), forms that send a password in an address (CWE-598) or in clear
text (CWE-319), old libraries with known weaknesses (CWE-1395), and private data that a page only hides by script (CWE-359).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cwelens.base import libraries
from cwelens.checks import names
from cwelens.checks.judgement import Judgement
from cwelens.checks.literals import plausible
from cwelens.checks.rules import RULES
from cwelens.syntax.templates import readers

if TYPE_CHECKING:
    from cwelens.base.source import Source
    from cwelens.checks.checker import Checker
    from cwelens.ir import nodes as ir
    from cwelens.resolve.symbols import ModuleInfo
    from cwelens.syntax.configs.reader import Config

_WORD = r"(?:password|passwd|pwd|passwort)"
_SAID = re.compile(
    _WORD + r"\s*(?:is\s*)?[:=]\s*(?:</?\w+[^>]*>\s*){0,3}[\"'`]?([^\s<>\"'`{}]{4,40})", re.IGNORECASE
)
_ACCOUNT = re.compile(r"user|login|account|admin|demo|e-?mail|root\b", re.IGNORECASE)
_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
_NO_TEXT = re.compile(
    r"<script\b.*?</script\s*>|<style\b.*?</style\s*>|\{#.*?#\}|<!--.*?-->|<textarea\b.*?</textarea\s*>",
    re.IGNORECASE | re.DOTALL,
)
_TABLE = re.compile(r"<table\b.*?</table\s*>", re.IGNORECASE | re.DOTALL)
_ROW = re.compile(r"<tr\b.*?</tr\s*>", re.IGNORECASE | re.DOTALL)
_CELL = re.compile(r"<t[hd]\b[^>]*>(.*?)</t[hd]\s*>", re.IGNORECASE | re.DOTALL)
_TAGS = re.compile(r"<[^>]*>")
_NO_VALUE = frozenset(
    ("required", "optional", "hidden", "none", "string", "change", "reset", "weak", "strong", "text", "unset")
)
_FORM = re.compile(r"<form\b((?:\{\{.*?\}\}|\{%.*?%\}|[^>])*)>(.*?)</form\s*>", re.IGNORECASE | re.DOTALL)
_TYPED = re.compile(r"<input\b[^>]*\btype\s*=\s*[\"']?password\b", re.IGNORECASE)
_GET = re.compile(r"\bmethod\s*=\s*[\"']?\s*get\b", re.IGNORECASE)
_SENT_BY_SCRIPT = re.compile(r"\bon\w+\s*=|@submit|v-on|ng-submit|hx-", re.IGNORECASE)
_CLEAR = re.compile(
    r"\baction\s*=\s*[\"']?http://(?!localhost|127\.|0\.0\.0\.0|\[::1)(?=[\w.])", re.IGNORECASE
)
_LIBRARY = re.compile(
    r"<script\b[^>]*\bsrc\s*=\s*[^>]*?(?<![\w.-])(jquery|bootstrap|lodash|moment|handlebars|angular)(?:\.?js)?[-@/.]v?(\d+)\.(\d+)\.(\d+)\b[^>]*>",
    re.IGNORECASE,
)
_SHOWN = re.compile(
    r"<(?P<tag>\w+)\b(?P<attrs>[^<>]*)>\s*(?P<code>\{\{-?\s*\w+(?:\.\w+)*\.(?P<field>\w+)\s*-?\}\})"
)
_ERROR = re.compile(
    r"\{\{-?\s*(?:\w+\.)*(?:err|error|exc|exception|ex|e)\.(?:__dict__|__traceback__)\b.*?\}\}"
)
_OF_A_FORM = re.compile(
    r"\{\{-?\s*(?:\w*form|field|fields|labels?|t|_|lang|i18n|strings|text|texts|errors|messages)\.",
    re.IGNORECASE,
)
_NAMED = re.compile(r"\b(?:class|id)\s*=\s*[\"']([^\"']*)[\"']", re.IGNORECASE)
_SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script\s*>", re.IGNORECASE | re.DOTALL)
_MASK = re.compile(r"\.replace\s*\(.*?[*•xX#]{3,}", re.DOTALL)
_DERIVED = frozenset(("hash", "hashed", "digest", "salt"))


def check(
    checker: Checker, pages: Sequence[Source], modules: Sequence[ModuleInfo], configs: Sequence[Config] = ()
) -> None:
    """Looks through the pages of a project; `modules` declare the fields that they show, `configs` hold libraries that they load."""
    declared: set[str] = set()
    for module in modules:
        for cls in module.classes:
            declared |= {*cls.class_attrs, *cls.attr_annotations, *cls.instance_attrs}
    known = _of_the_project(checker, configs)
    for page in pages:
        text = page.text
        plain = _NO_TEXT.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
        _accounts(checker, page, plain)
        _comments(checker, page, text)
        _forms(checker, page, plain)
        _libraries(checker, page, text, known)
        _shown(checker, page, plain, declared)


def _accounts(checker: Checker, page: Source, text: str) -> None:
    for match in _SAID.finditer(text):
        near = text[max(0, match.start() - 120) : match.start()]
        if _mixed(match.group(1)) and _ACCOUNT.search(near) and not _in_tag(text, match.start()):
            _add(checker, page, match.start(1), match.group(1), "secret.password", "the page says it")
    for start, value in _columns(text):
        _add(checker, page, start, value, "secret.password", "a table of the page lists it")


def _columns(text: str) -> Iterator[tuple[int, str]]:
    """For each table with a column of passwords the first that is written in it, and where."""
    for table in _TABLE.finditer(text):
        column = None
        for row in _ROW.finditer(table.group()):
            cells = [(c.start(1), _TAGS.sub("", c.group(1)).strip()) for c in _CELL.finditer(row.group())]
            if column is None:
                heads = [i for i, (_, t) in enumerate(cells) if re.fullmatch(_WORD + "s?", t, re.IGNORECASE)]
                column = heads[0] if heads else None
            elif column < len(cells) and _written(cells[column][1]):
                yield table.start() + row.start() + cells[column][0], cells[column][1]
                break


def _written(value: str) -> bool:
    """Whether a cell holds a password as it is: no mask, no expression, no word about it."""
    return re.fullmatch(r"[!-~]{4,40}", value) is not None and not (
        value.lower() in _NO_VALUE or "{" in value or len(set(value)) < 3 or value.startswith("&")
    )


def _comments(checker: Checker, page: Source, text: str) -> None:
    for comment in _COMMENT.finditer(text):
        said = _SAID.search(comment.group(1))
        if said is not None and _mixed(said.group(1)) and not re.search(r"<\w+[\s>]", comment.group(1)):
            start = comment.start(1) + said.start(1)
            _add(checker, page, start, said.group(1), "comment.secret", "a comment of the page says it")


def _mixed(value: str) -> bool:
    """Whether a word of a text is a password and not the beginning of a sentence: letters with digits or signs in between."""
    value = value.rstrip(".,;)")
    inner = re.search(r"[0-9]|\w[^\w\s]\w", value) is not None and re.search(r"[A-Za-z]", value) is not None
    return inner and "%" not in value and plausible(value, "password")


def _forms(checker: Checker, page: Source, text: str) -> None:
    for form in _FORM.finditer(text):
        attributes, body = form.group(1), form.group(2)
        if _TYPED.search(body) is None:
            continue
        if _GET.search(attributes) and not _SENT_BY_SCRIPT.search(attributes):
            reason = "the form sends a password by GET"
            _add(checker, page, form.start(), "<form>", "url.secret", reason)
        if _CLEAR.search(attributes):
            reason = "the form sends a password over `http://`"
            _add(checker, page, form.start(), "<form>", "cleartext.protocol", reason)


def _libraries(checker: Checker, page: Source, text: str, known: set[tuple[str, str]]) -> None:
    """Each version of a library once: it is one thing to renew, however many pages use it."""
    for match in _LIBRARY.finditer(text):
        name, version = match.group(1).lower(), ".".join(match.group(2, 3, 4))
        wanted = libraries.mended_in(name, version)
        if wanted and (name, version) not in known:
            known.add((name, version))
            why = f"the page uses what was mended in {name} {wanted}"
            _add(checker, page, match.start(), f"{name} {version}", "library.old", "", why)


def _of_the_project(checker: Checker, configs: Sequence[Config]) -> set[tuple[str, str]]:
    """Old libraries that lie in the project, reported there: the names and versions found."""
    found: set[tuple[str, str]] = set()
    for config in configs:
        if config.kind != "library" or not config.entries:
            continue
        entry = config.entries[0]
        wanted = libraries.mended_in(entry.name, entry.value)
        if wanted and (entry.name, entry.value) not in found:
            found.add((entry.name, entry.value))
            why = f"a page uses what was mended in {entry.name} {wanted}"
            shown = f"{entry.name} {entry.value}"
            _record(
                checker,
                config.source,
                entry.pos,
                shown,
                "library.old",
                Judgement("conditional", "", None, why),
            )
    return found


def _shown(checker: Checker, page: Source, text: str, declared: set[str]) -> None:
    """Fields of records that a page shows: secrets of an account, and what its own script hides after it was sent."""
    if readers.in_browser(page.text):
        return
    for match in _ERROR.finditer(text):
        reason = "all that the error holds is on the page"
        _add(checker, page, match.start(), match.group(), "response.error", reason)
    scripts = "\n".join(m.group(1) for m in _SCRIPT.finditer(page.text))
    for match in _SHOWN.finditer(text):
        field, code = match["field"], match["code"]
        words = names.words(field)
        secret = names.is_password(field) or (_DERIVED & set(words) and names.PASSWORD & set(words))
        if secret and field in declared and not _OF_A_FORM.match(code):
            _add(checker, page, match.start("code"), code, "response.secret", f"the page shows `{field}`")
        elif names.is_private(field) and _MASK.search(scripts):
            marks = {n for group in _NAMED.findall(match["attrs"]) for n in group.split()}
            if any(re.search(rf"[.#\"']{re.escape(n)}\b", scripts) for n in marks):
                reason = f"`{field}` is in the page as it was sent; a script only hides it"
                _add(checker, page, match.start("code"), code, "page.private", reason)


def _in_tag(text: str, at: int) -> bool:
    return text.rfind("<", 0, at) > text.rfind(">", 0, at)


def _add(
    checker: Checker, page: Source, start: int, code: str, concept: str, reason: str, assumption: str = ""
) -> None:
    text = page.text
    line = text.count("\n", 0, start) + 1
    column = len(text[text.rfind("\n", 0, start) + 1 : start].encode())
    pos: ir.Pos = (line, column, line, column + len(code.encode()))
    kind = "conditional" if assumption else "defect"
    _record(checker, page, pos, code, concept, Judgement(kind, reason, None, assumption))


def _record(
    checker: Checker, source: Source, pos: ir.Pos, code: str, concept: str, judgement: Judgement
) -> None:
    checker.add(RULES[concept], (source, pos), code, "", "", judgement)
