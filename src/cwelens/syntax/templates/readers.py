"""Template files: which files are templates, and which reader reads a template language."""

from __future__ import annotations

import re

from cwelens.base.source import Source
from cwelens.syntax import javascript
from cwelens.syntax.templates.model import Template

SUFFIXES = (".html", ".htm", ".xhtml", ".jinja", ".jinja2", ".j2", ".djhtml", ".mako", ".mak")
# What a file must hold to be a template: a plain page has nothing that is put into it.
_SIGNS = ("{{", "{%", "${", "<%")


# What is worth a look in a page that nothing is filled into: accounts in its text, forms that take a password, old libraries.
_PLAIN = re.compile(
    r"passw|pwd|(?:jquery|bootstrap|lodash|moment|handlebars|angular)[\w./@-]*\d", re.IGNORECASE
)


def is_template(path: str, text: str) -> bool:
    """Whether a file is a page to look at: by its name, and by something that is filled in, or a script that writes into it."""
    if not path.lower().endswith(SUFFIXES):
        return False
    if any(sign in text for sign in _SIGNS) or javascript.inline(text) is not None:
        return True
    return _PLAIN.search(text) is not None


# Attributes of AngularJS, which fills in a page in the browser.
_IN_BROWSER = re.compile(r"\sng-(?:app|bind|click|controller|hide|if|model|repeat|show|submit)\b")


def in_browser(text: str) -> bool:
    """Whether what stands in `{{ … }}` is filled in by script: a server sends the page as it is."""
    return _IN_BROWSER.search(text) is not None and "{%" not in text


def read(source: Source, dialect: str) -> Template:
    """The template, read as one of the languages jinja, django, tornado and mako."""
    if dialect == "django":
        from cwelens.syntax.templates import django

        return django.parse(source)
    if dialect in ("tornado", "mako"):
        from cwelens.syntax.templates import pythonic

        return pythonic.tornado(source) if dialect == "tornado" else pythonic.mako(source)
    from cwelens.syntax.templates import jinja

    return jinja.parse(source)


def by_signs(source: Source) -> str | None:
    """The language that only this text can be, by its name and tags; None where it could be several."""
    name, text = source.path.lower(), source.text
    if name.endswith((".mako", ".mak")) or "<%" in text:
        return "mako"
    if name.endswith((".jinja", ".jinja2", ".j2")):
        return "jinja"
    if "{% load " in text or "{% csrf_token %}" in text or "{% endblocktrans" in text:
        return "django"
    if "{% end %}" in text:
        return "tornado"
    if "{{ url_for(" in text or "{%- " in text or "{% macro " in text or "{% set " in text:
        return "jinja"
    return None
