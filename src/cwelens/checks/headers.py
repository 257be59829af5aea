"""Response headers written out by hand: cookies without their flags (CWE-614, CWE-1004), and HSTS switched off (CWE-319)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cwelens.checks import names
from cwelens.checks.checker import Checker
from cwelens.checks.static import add, last_name, texts
from cwelens.ir import nodes as ir
from cwelens.resolve.testcode import is_test_module

if TYPE_CHECKING:
    from cwelens.resolve.symbols import ModuleInfo

_COOKIE = re.compile(r"^\s*([\w.-]+)=(.*)$", re.DOTALL)
_META = re.compile(r"(?i)<meta\s[^>]*http-equiv=\W*set-cookie[^>]*?content=[\\\"']*([\w.-]+)=([^>]*)")
_GONE = re.compile(r"(?i)max-age=0|expires=thu, 01[- ]jan[- ]1970")
_NO_AGE = re.compile(r"(?i)^\s*max-age=0\b")
# Calls with a name and a value that make a header.
_SETTERS = frozenset(
    (
        "send_header",
        "set_header",
        "add_header",
        "append_header",
        "setdefault",
        "add",
        "append",
        "header",
        "set",
    )
)


def check(checker: Checker, modules: list[ModuleInfo]) -> None:
    """Looks through the given modules; tests are passed over."""
    for module in modules:
        if is_test_module(module):
            continue
        for node in module.nodes:
            for name, value in _pairs(node):
                if name == "set-cookie":
                    _cookie(checker, module, value, "".join(_shape(value)))
                elif name == "strict-transport-security" and any(_NO_AGE.match(t) for t in texts(value)):
                    reason = "`max-age=0` makes browsers forget that the site wants TLS"
                    add(checker, module, value, "hsts-off", reason, "Strict-Transport-Security")
            if isinstance(node, ir.Const) and isinstance(node.value, str) and "http-equiv" in node.value:
                for found in _META.finditer(node.value):
                    _judge(checker, module, node, found.group(1), found.group(2))


def _pairs(node: ir.Node) -> Iterator[tuple[str, ir.Expr]]:
    """Names of headers, lower case, with their values: `send_header(name, value)`, `headers[name] = value`, `(name, value)`, `{name: value}`."""
    found: list[tuple[ir.Expr, ir.Expr]] = []
    if isinstance(node, ir.Call) and last_name(node.func) in _SETTERS and len(node.args) == 2:
        found = [(node.args[0], node.args[1])]
    elif isinstance(node, ir.Seq) and len(node.items) == 2:
        found = [(node.items[0], node.items[1])]
    elif isinstance(node, ir.DictDisplay):
        found = [(k, v) for k, v in node.items if k is not None]
    elif isinstance(node, ir.Assign) and node.value is not None:
        found = [(t.key, node.value) for t in node.targets if isinstance(t, ir.Item)]
    for name, value in found:
        if isinstance(name, ir.Const) and isinstance(name.value, str | bytes):
            text = name.value if isinstance(name.value, str) else name.value.decode("latin-1")
            yield text.lower(), value


def _shape(node: ir.Expr) -> Iterator[str]:
    """The literal text of an expression, with a mark where something is put in; nothing where there is no literal."""
    if isinstance(node, ir.Const):
        if isinstance(node.value, str | bytes):
            yield node.value if isinstance(node.value, str) else node.value.decode("latin-1")
    elif isinstance(node, ir.Format):
        for part in node.parts:
            yield part if isinstance(part, str) else "\0"
    elif isinstance(node, ir.Binary) and node.op in ("+", "%"):
        yield from _shape(node.left)
        yield from (_shape(node.right) if node.op == "+" else ())
    elif (
        isinstance(node, ir.Call)
        and last_name(node.func) in ("format", "encode")
        and isinstance(node.func, ir.Attr)
    ):
        yield from _shape(node.func.base)
    else:
        yield "\0"


def _cookie(checker: Checker, module: ModuleInfo, node: ir.Expr, text: str) -> None:
    found = _COOKIE.match(text)
    if found is not None:
        _judge(checker, module, node, found.group(1), found.group(2))


def _judge(checker: Checker, module: ModuleInfo, node: ir.Expr, name: str, rest: str) -> None:
    """A cookie by its name and what follows the `=`."""
    value, _, attributes = rest.partition(";")
    lowered = rest.lower()
    if not value.strip("\"' ") or _GONE.search(rest) or names.is_preference(name):
        return
    if attributes.rstrip().endswith("\0"):
        return  # more attributes may be in what is put in last
    if "secure" not in lowered:
        add(checker, module, node, "cookie-not-secure", f"`{name}`", "Set-Cookie")
    elif "httponly" not in lowered and (names.for_security(name) or "\0" in value or "%" in value):
        add(checker, module, node, "cookie-not-httponly", f"`{name}`", "Set-Cookie")
