"""Whether a template engine without HTML escaping renders HTML at all: configuration files and mails as text need none.

Told by the names of the templates it is asked for in the same file, or by HTML that stands there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.checks.judgement import Judgement
from cwelens.flow.assign import path_of
from cwelens.flow.values import Const, Opaque
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cwelens.flow.run import CallSite

_GETTERS = frozenset(("get_template", "select_template", "get_or_select_template"))
_TAG = re.compile(
    r"</?(?:html|body|head|div|span|p|a|table|tr|td|ul|li|h[1-6]|script|form|b|i|em|strong)\b[^>]*>",
    re.IGNORECASE,
)
_HTML = (".html", ".htm", ".xml", ".xhtml", ".svg", ".html.j2", ".html.jinja", ".html.jinja2")


def engine(site: CallSite) -> Judgement:
    """The judgement on the construction of a template engine that does not escape."""
    names = _asked_for(site)
    if any(name.lower().endswith(_HTML) for name in names):
        return Judgement("defect")
    if names:
        return Judgement("neutralised", f"its template `{names[0]}` is no HTML")
    if any(text.lower().endswith(_HTML) or _TAG.search(text) for text in _texts(site)):
        if _loads(site) and not _in_same_function(site):
            return Judgement("conditional", "what it renders is HTML that others open")
        return Judgement("defect")
    if not _loads(site):
        return Judgement("undecided", "it renders the texts it is given, and none that is HTML is seen")
    return Judgement("conditional", "what it renders is HTML that others open")


def _in_same_function(site: CallSite) -> bool:
    """Whether HTML is spoken of in the function or class that makes the engine, or outside of all of them if it is made there."""
    owner = site.frame.func.owner if site.frame.func is not None else None
    body = site.frame.node.body if isinstance(site.frame.node, ir.Function) else site.frame.module.body
    outside = [s for s in body if owner is not None or not isinstance(s, ir.Function | ir.Class)]
    outside += owner.node.body if owner is not None else []
    return any(
        isinstance(n, ir.Const)
        and isinstance(n.value, str)
        and (n.value.lower().endswith(_HTML) or _TAG.search(n.value))
        for n in walk(*outside)
    )


def _loads(site: CallSite) -> bool:
    """Whether the engine can find templates by itself; one without a loader, or with the base of all loaders, cannot."""
    loader = site.args.get(None, "loader")
    if loader is None:
        return site.args.starstar is not None
    return not any(
        isinstance(a, Const) or (isinstance(a, Opaque) and a.type == "jinja2.BaseLoader")
        for a in loader.atoms
    )


def _texts(site: CallSite) -> Iterator[str]:
    """The texts of the file; for an engine that is made in a function, and finds no templates by itself, not those of other functions."""
    body: list[ir.Stmt] = site.frame.module.body
    if isinstance(site.frame.node, ir.Function) and not _loads(site):
        outside = [stmt for stmt in body if not isinstance(stmt, ir.Function | ir.Class)]
        body = [*outside, *site.frame.node.body]
    for node in walk(*body):
        if isinstance(node, ir.Const) and isinstance(node.value, str):
            yield node.value


def _asked_for(site: CallSite) -> list[str]:
    """Constant names of templates that are taken out of the engine made at this call."""
    nodes = site.frame.module.nodes
    owners = {
        path_of(target)
        for node in nodes
        if isinstance(node, ir.Assign) and node.value is site.node
        for target in node.targets
    }
    found = []
    for node in nodes:
        if (
            not isinstance(node, ir.Call)
            or not isinstance(node.func, ir.Attr)
            or node.func.name not in _GETTERS
        ):
            continue
        base = node.func.base
        name = node.args[0] if node.args else None
        if (base is site.node or path_of(base) in owners - {None}) and isinstance(name, ir.Const):
            if isinstance(name.value, str):
                found.append(name.value)
    return found
