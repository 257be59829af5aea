"""Tests of an address by a part of its text (CWE-187): a host name that may stand anywhere in it, or end or begin another one.

Of the header that says which site a request comes from (`Origin`) it lets other sites in (CWE-346).

Only addresses that a request brings are looked at, and only where a branch hangs on the test: which site an address is of is often
asked without anything depending on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cwelens.checks.bodies import Body, bodies, last_name, root_name
from cwelens.checks.checker import Checker
from cwelens.checks.judgement import Judgement
from cwelens.checks.rules import BY_ID
from cwelens.checks.static import enclosing
from cwelens.flow.run import written
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.testcode import is_test_module

if TYPE_CHECKING:
    from cwelens.resolve.symbols import ModuleInfo

_HOST = re.compile(
    r"(?i)^(?:https?://|//)?(?:[a-z0-9-]+\.)+(?:com|org|net|edu|gov|io|dev|app|de|fr|uk|eu|co|ai|info|biz|ru|cn|in)(?::\d+)?$"
)
_DECIDES = "the test decides whether the address is trusted"
_DEPTH = 3
_ORIGIN = ("Origin", "origin", "HTTP_ORIGIN")


def check(checker: Checker, modules: list[ModuleInfo]) -> None:
    """Looks through the given modules; tests are passed over."""
    for module in modules:
        if not is_test_module(module):
            for body in bodies(module):
                for test in _tests(body):
                    found = _partial(test, body)
                    if found:
                        place = (module.source, test.pos)
                        judgement = Judgement("conditional", found, assumption=_DECIDES)
                        rule = BY_ID["origin-test" if _of_origin(test, body) else "host-test"]
                        checker.add(rule, place, _shown(test), enclosing(module, test), "", judgement)


def _tests(body: Body) -> Iterator[ir.Expr]:
    """The single tests that branches hang on."""
    for node in body.nodes:
        if isinstance(node, ir.If | ir.While | ir.Cond):
            for part in walk(node.test):
                if isinstance(part, ir.Compare | ir.Call):
                    yield part


def _partial(test: ir.Expr, body: Body) -> str:
    """What an address may be that passes a test by a part of its text, "" where the test is none or a whole one."""
    if isinstance(test, ir.Compare) and test.ops in (["in"], ["not in"]):
        host = _host(test.left, body)
        return f"`{host}` may stand anywhere in it" if host and _address(test.rights[0], body, 0) else ""
    if not isinstance(test, ir.Call) or not isinstance(test.func, ir.Attr) or len(test.args) != 1:
        return ""
    host = _host(test.args[0], body)
    if not host or not _address(test.func.base, body, 0):
        return ""
    if test.func.name == "endswith" and "/" not in host:
        return f"other names end in `{host}` too"
    return f"other names begin with `{host}` too" if test.func.name == "startswith" else ""


def _host(node: ir.Expr, body: Body) -> str:
    given = body.assigned.get(node.id, []) if isinstance(node, ir.Name) else []
    if len(given) == 1:
        node = given[0]
    text = node.value if isinstance(node, ir.Const) and isinstance(node.value, str) else ""
    return text if _HOST.match(text) else ""


def _address(node: ir.Expr, body: Body, depth: int) -> bool:
    """Whether an expression is text of a request, whole or the host in it."""
    if isinstance(node, ir.Name) and depth < _DEPTH and node.id not in ("request", "req"):
        return any(_address(value, body, depth + 1) for value in body.assigned.get(node.id, []))
    if root_name(node) in ("request", "req") and not isinstance(node, ir.Name):
        # The host that was asked for, and who asks, are compared for other reasons.
        return last_name(node) not in ("host", "remote_addr", "user_agent", "method")
    if isinstance(node, ir.Attr | ir.Item):
        return _address(node.base, body, depth)
    if isinstance(node, ir.Call):
        inner = [node.func.base] if isinstance(node.func, ir.Attr) else []
        return any(_address(part, body, depth) for part in [*inner, *node.args[:1]])
    return False


def _of_origin(test: ir.Expr, body: Body) -> bool:
    """Whether what is tested is the header in which the browser names the site that asks."""
    tested = test.rights[0] if isinstance(test, ir.Compare) else test
    nodes = list(walk(tested))
    nodes += [
        n
        for part in nodes
        if isinstance(part, ir.Name)
        for v in body.assigned.get(part.id, [])
        for n in walk(v)
    ]
    return any(isinstance(n, ir.Const) and n.value in _ORIGIN for n in nodes)


def _shown(test: ir.Expr) -> str:
    return written(test.rights[0]) if isinstance(test, ir.Compare) else written(test)
