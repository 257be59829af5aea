"""Whether a response that is built from a text is sent as something else than HTML, by what is done to it around the call.

Frameworks send a text as HTML unless told otherwise, and many programs tell them after the response was made
(`response.headers["Content-Type"] = "application/json"`), or for a whole class of handlers (`self.set_header` in `prepare` or `finish`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.flow.assign import path_of
from cwelens.ir import nodes as ir
from cwelens.ir.walk import children, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cwelens.flow.run import CallSite, Run

_ATTRIBUTES = frozenset(("content_type", "mimetype"))
_SETTERS = frozenset(("set_header", "add_header", "send_header", "set", "setdefault", "__setitem__"))
_BEFORE = ("set_default_headers", "prepare", "initialize", "finish")


def told(run: Run, site: CallSite) -> str | None:
    """The content type that the response of a call is given elsewhere: "" where it is not a constant, None where nothing is said."""
    root = site.frame.node
    if not isinstance(root, ir.Function):
        return None
    nodes = list(walk(*_with(root.body, site.node)[0]))
    owner = path_of(site.node.base) if isinstance(site.node, ir.Attr) else _given_to(nodes, site.node)
    if owner is None and isinstance(site.node, ir.Call) and isinstance(site.node.func, ir.Attr):
        base = site.node.func.base
        # What the class hands on to the one behind it is its own answer.
        own = isinstance(base, ir.Call) and isinstance(base.func, ir.Name) and base.func.id == "super"
        owner = "self" if own else path_of(base)
    if owner is None:
        return None
    # `self.wfile.write(page)` of `http.server`: the headers are sent by the handler.
    whole = owner.removesuffix(".wfile")
    found = [kind for kind in _types(nodes, whole) if kind or whole == owner]
    function = site.frame.func
    if not found and owner == "self" and function is not None and function.owner is not None:
        for ancestor in run.program.mro(function.owner)[0]:
            for name in _BEFORE:
                method = ancestor.methods.get(name)
                if method is not None:
                    found += _types(list(walk(*method.node.body)), "self")
    if not found:
        return None
    return found[-1]


def _with(body: list[ir.Stmt], call: ir.Expr) -> tuple[list[ir.Stmt], bool]:
    """The statements of a body that run before or after a call in it, and whether the body is left after it; nothing where it is not in it.

    What another branch sends, or what comes after the `return` behind the call, is not what this call sends.
    """
    for index, stmt in enumerate(body):
        if not any(node is call for node in walk(stmt)):
            continue
        inner, left = next(
            (found for found in (_with(b, call) for b in _blocks(stmt)) if found[0]), ([stmt], False)
        )
        left = left or isinstance(stmt, ir.Return | ir.Raise)
        after: list[ir.Stmt] = []
        for later in body[index + 1 :] if not left else ():
            after.append(later)
            left = isinstance(later, ir.Return | ir.Raise)
            if left:
                break
        return [*body[:index], *inner, *after], left
    return [], False


def _blocks(node: ir.Node) -> Iterator[list[ir.Stmt]]:
    """The lists of statements in a compound statement."""
    for part in children(node):
        if not isinstance(part, ir.Expr | ir.Stmt):
            yield from _blocks(part)
    for name in type(node).__slots__:
        value = getattr(node, name)
        if isinstance(value, list) and value and isinstance(value[0], ir.Stmt):
            yield value


def pairs(root: ir.Function) -> Iterator[str]:
    """The content types in headers that are written out: `("Content-Type", "text/html")`, `{"Content-Type": "text/html"}`."""
    for node in walk(*root.body):
        if isinstance(node, ir.DictDisplay):
            yield from (_text(value) for key, value in node.items if key is not None and _is_header(key))
        elif isinstance(node, ir.Seq) and len(node.items) == 2 and _is_header(node.items[0]):
            yield _text(node.items[1])


def _given_to(nodes: list[ir.Node], call: ir.Expr) -> str | None:
    """The name or access path that is assigned the result of a call."""
    for node in nodes:
        if isinstance(node, ir.Assign) and node.value is call and len(node.targets) == 1:
            return path_of(node.targets[0])
    return None


def _types(nodes: list[ir.Node], owner: str) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ir.Assign) and node.value is not None:
            for target in node.targets:
                if (
                    isinstance(target, ir.Attr)
                    and target.name in _ATTRIBUTES
                    and path_of(target.base) == owner
                ) or (isinstance(target, ir.Item) and _is_header(target.key) and _of(target.base, owner)):
                    yield _text(node.value)
        elif isinstance(node, ir.Call) and isinstance(node.func, ir.Attr) and node.func.name in _SETTERS:
            if len(node.args) == 2 and _is_header(node.args[0]) and _of(node.func.base, owner):
                yield _text(node.args[1])


def _of(base: ir.Expr, owner: str) -> bool:
    """`response` itself, or its headers."""
    path = path_of(base)
    return path in (owner, f"{owner}.headers")


def _is_header(node: ir.Expr) -> bool:
    return isinstance(node, ir.Const) and isinstance(node.value, str) and node.value.lower() == "content-type"


def _text(node: ir.Expr) -> str:
    if isinstance(node, ir.Attr | ir.Name):
        # A constant of the library: `falcon.MEDIA_HTML`
        name = node.name if isinstance(node, ir.Attr) else node.id
        return "text/html" if name.isupper() and "HTML" in name else ""
    return node.value.lower() if isinstance(node, ir.Const) and isinstance(node.value, str) else ""
