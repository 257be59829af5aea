"""JavaScript: which files and which parts of pages are script of the project's own, and their syntax trees.

Positions stay those of the file: what stands around a script in a page, and what a template puts into it, is blanked out.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

SUFFIX = ".js"
_MAX_BYTES = 200_000
# Members through which text becomes markup or code; a script without any of them has nothing to look at.
_SINKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\s*\.\s*write|\beval\b|new\s+Function|\.(?:html|append|prepend|before|after|replaceWith)\s*\("
    r"|createContextualFragment|setTimeout|setInterval|srcdoc|Math\.random|[pP]assw(?:or)?d\w*[\"']?\s*(?:[:=]|===?)\s*[\"']|AKIA|sk_live_|PRIVATE KEY"
)
# Where an address is followed or an element loads one: to look at where the address of the page itself is read.
_ADDRESSES = re.compile(
    r"(?:location(?:\.href)?\s*=|location\s*\.\s*(?:assign|replace)\s*\(|window\.open|\.(?:href|src|action)\s*=|setAttribute|\.(?:attr|prop|load)\s*\(|getScript)"
)
_READS = re.compile(
    r"URLSearchParams|searchParams|location\s*\.\s*(?:hash|search)|window\.name|onmessage|[\"']message[\"']"
)
# How files of libraries look that were copied in: their names, the comment that minifiers keep, the length of their lines.
_LIBRARY = re.compile(
    r"(?:^|[/.\-_])(?:min|bundle|jquery|bootstrap|angular|vue|react|ember|backbone|underscore|lodash|moment|d3|three|popper|select2|chart|"
    r"highcharts|echarts|tinymce|ckeditor|codemirror|ace|leaflet|datatables|prototype|require|modernizr|socket\.io|htmx|alpine|polyfills?|"
    r"swagger|redoc|mathjax|katex|prism|highlight|hljs|handlebars|mustache|quill|summernote|flatpickr|sweetalert2?|toastr|fontawesome|"
    r"foundation|materialize|semantic|uikit|loader|webpack)(?=[.\-_0-9])",
    re.IGNORECASE,
)
_FOLDERS = frozenset(
    [
        "vendor",
        "vendors",
        "lib",
        "libs",
        "bower_components",
        "third_party",
        "thirdparty",
        "3rdparty",
        "dist",
        "build",
        "plugins",
        "node_modules",
        "external",
        "ext",
        "_static",
    ]
)
_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script\s*>", re.IGNORECASE | re.DOTALL)
_KIND = re.compile(r"""\btype\s*=\s*["']?([^"'\s>]*)""", re.IGNORECASE)
_FILLED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_JAVASCRIPT = frozenset(("", "text/javascript", "application/javascript", "module", "text/ecmascript"))


def is_own(path: str, text: str) -> bool:
    """Whether a file is script that somebody of the project wrote, and may write into a page."""
    folders = path.lower().split("/")[:-1]
    name = path.rpartition("/")[2]
    if len(text) > _MAX_BYTES or _LIBRARY.search(name) or any(f in _FOLDERS for f in folders):
        return False
    head = text.lstrip()[:600]
    if head.startswith("/*!") or "@license" in head or "Copyright" in head:
        return False
    lines = text.count("\n") + 1
    return len(text) / lines < 200 and _wanted(text)


def _wanted(text: str) -> bool:
    return _SINKS.search(text) is not None or (
        _READS.search(text) is not None and _ADDRESSES.search(text) is not None
    )


def inline(text: str) -> bytes | None:
    """The scripts of a page at their places, all else blank; None where there is nothing to look at."""
    if "<script" not in text.lower() or not _wanted(text):
        return None
    pieces: list[str] = []
    end = 0
    found = False
    for match in _SCRIPT.finditer(text):
        kind = _KIND.search(match.group(1))
        if (kind.group(1).lower() if kind else "") not in _JAVASCRIPT:
            continue
        body = _FILLED.sub(lambda m: _filler(m.group()), match.group(2))
        pieces += [_blank(text[end : match.start(2)]), body]
        end = match.end(2)
        found = found or _wanted(body)
    return "".join(pieces).encode("utf-8", "replace") if found else None


def _filler(text: str) -> str:
    """What stands in for something that a template fills in: a name of underscores where it prints, nothing else."""
    blank = _blank(text)
    return blank.replace(" ", "_") if text.startswith("{{") and "\n" not in text else blank


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", lambda m: " " * len(m.group().encode("utf-8", "replace")), text)


def parse(data: bytes) -> Any:
    """The root of the syntax tree; None where the grammar is not installed."""
    try:
        grammar = import_module("tree_sitter_javascript")
    except ImportError:
        return None
    from tree_sitter import Language, Parser

    return Parser(Language(grammar.language())).parse(data).root_node
