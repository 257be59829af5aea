"""Clients that look at where a request goes themselves: what they refuse is not followed, so that a request through one rests on it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.flow.run import written
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cwelens.flow.run import CallSite

# What a client sends its requests through, and resolves their hosts with.
_THROUGH = frozenset(("transport", "connector", "resolver", "mounts"))
_CAREFUL = re.compile(r"(?i)safe|ssrf|secure|guard|restrict|public_?only|external_?only|protect")


def careful(site: CallSite) -> str:
    """What the client of a call was made by, where that says it is careful; "" where it does not."""
    func = site.node.func if isinstance(site.node, ir.Call) else None
    base = func.base if isinstance(func, ir.Attr) else None
    if base is None:
        return ""
    if isinstance(base, ir.Call):
        return _said(base)
    around = _around(site)
    if around:
        return around
    name = written(base)
    for made, target in _made(site):
        if isinstance(made, ir.Call) and written(target) == name:
            said = _said(made)
            if said:
                return said
    return ""


_CONNECTING = re.compile(r"(?i)connect|request|resolv|network|http|socket|url|fetch|dns|ssrf")


def _around(site: CallSite) -> str:
    """The context that a call is made in, where that says it watches over connections: `with safe_connections():`"""
    frame = site.frame
    body = frame.node.body if isinstance(frame.node, ir.Function) else frame.module.body
    for part in walk(*body):
        if not isinstance(part, ir.With):
            continue
        for value, _ in part.items:
            callee = written(value.func).rpartition(".")[2] if isinstance(value, ir.Call) else ""
            if _CAREFUL.search(callee) and _CONNECTING.search(callee):
                if any(inner is site.node for inner in walk(*part.body)):
                    return f"{callee}()"
    return ""


def _made(site: CallSite) -> Iterator[tuple[ir.Expr, ir.Expr]]:
    """What is bound to names in the function of a call and those around it."""
    function = site.frame.func
    while function is not None and function.parent is not None:
        function = function.parent
    body = function.node.body if function is not None else site.frame.module.body
    for part in walk(*body):
        if isinstance(part, ir.With):
            yield from ((value, target) for value, target in part.items if target is not None)
        elif isinstance(part, ir.Assign) and part.value is not None:
            value = part.value.value if isinstance(part.value, ir.Await) else part.value
            yield from ((value, target) for target in part.targets)


def _said(made: ir.Call) -> str:
    for keyword, value in made.keywords:
        if keyword in _THROUGH and not isinstance(value, ir.Const):
            given = written(value)
            if _CAREFUL.search(given):
                return f"{keyword}={given}"
    callee = written(made.func)
    return f"{callee}()" if _CAREFUL.search(callee.rpartition(".")[2]) else ""
