"""Secrets in the query string of an address (CWE-598): addresses are kept in histories, logs and `Referer` headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cwelens.checks import names
from cwelens.checks.checker import Checker
from cwelens.checks.static import Body, add, bodies, last_name
from cwelens.flow.run import written
from cwelens.ir import nodes as ir
from cwelens.resolve.testcode import is_test_module

if TYPE_CHECKING:
    from cwelens.resolve.symbols import ModuleInfo

_REDIRECTS = frozenset(
    (
        "redirect",
        "HttpResponseRedirect",
        "HttpResponsePermanentRedirect",
        "RedirectResponse",
        "HTTPFound",
        "HTTPSeeOther",
    )
)
_CLIENTS = re.compile(r"(?i)^(?:requests|httpx|session|client|http|urllib3?)\b")
_METHODS = frozenset(("get", "head", "urlopen", "delete"))
# What keeps a visitor signed in, or lets one sign in; a one-time code in a link is what such links are for.
_SIGNED_IN = re.compile(
    r"(?i)[?&](?:access_?token|auth_?token|session(?:_?id)?|jwt|token|password|passwd|pwd)=\0"
)
_SIGNING_IN = re.compile(r"(?i)[?&](?:password|passwd|pwd|secret)=\0")


def check(checker: Checker, modules: list[ModuleInfo]) -> None:
    """Looks through the given modules; tests are passed over."""
    for module in modules:
        if is_test_module(module):
            continue
        for body in bodies(module):
            for node in body.nodes:
                if isinstance(node, ir.Call):
                    _called(checker, body, node)


def _called(checker: Checker, body: Body, node: ir.Call) -> None:
    name = last_name(node.func)
    pattern = None
    if name in _REDIRECTS:
        pattern = _SIGNED_IN
    elif name in _METHODS and _CLIENTS.match(written(node.func)):
        pattern = _SIGNING_IN
    if pattern is None:
        return
    for part in node.args[:1]:
        text = "".join(_shape(part, body, 2))
        found = pattern.search(text)
        if found is not None:
            reason = f"`{found.group().strip('?&=' + chr(0))}` stands in the address"
            add(checker, body.module, node, "secret-in-address", reason, written(node.func))
            return
    for key, value in node.keywords:
        if key == "params" and pattern is _SIGNING_IN and isinstance(value, ir.DictDisplay):
            for entry, _ in value.items:
                if (
                    isinstance(entry, ir.Const)
                    and isinstance(entry.value, str)
                    and names.is_password(entry.value)
                ):
                    reason = f"`{entry.value}` becomes a part of the address"
                    add(checker, body.module, node, "secret-in-address", reason, written(node.func))
                    return


def _shape(node: ir.Expr, body: Body, depth: int) -> Iterator[str]:
    """The text of an expression, \\0 where something is put in."""
    if isinstance(node, ir.Const):
        yield str(node.value)
    elif isinstance(node, ir.Format):
        for part in node.parts:
            yield part if isinstance(part, str) else "\0"
    elif isinstance(node, ir.Binary) and node.op == "+":
        yield from _shape(node.left, body, depth)
        yield from _shape(node.right, body, depth)
    elif isinstance(node, ir.Binary) and node.op == "%":
        yield re.sub(r"%[sd]", "\0", "".join(_shape(node.left, body, depth)))
    elif isinstance(node, ir.Call) and isinstance(node.func, ir.Attr) and node.func.name == "format":
        yield re.sub(r"\{\w*\}", "\0", "".join(_shape(node.func.base, body, depth)))
    elif isinstance(node, ir.Name) and depth and len(body.assigned.get(node.id, ())) == 1:
        yield from _shape(body.assigned[node.id][0], body, depth - 1)
    else:
        yield "\0"
