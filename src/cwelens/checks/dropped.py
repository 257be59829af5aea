"""Compilers whose result is dropped, handed on, or only tried: `try: re.compile(text)` asks only whether the text is well formed, and nothing of it is ever run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

if TYPE_CHECKING:
    from cwelens.flow.run import CallSite
    from cwelens.resolve.symbols import ModuleInfo

# Those that do nothing but compile. The blocks of a Mako module run as soon as it is made.
_COMPILERS = frozenset(
    (
        "re.compile",
        "regex.compile",
        "jinja2.Template",
        "jinja2.Environment.from_string",
        "jinja2.Environment.compile_expression",
        "django.template.Template",
        "django.template.Engine.from_string",
        # What a format fills in shows only in its result.
        "builtins.str.format",
        "builtins.str.format_map",
    )
)


_EXPRESSIONS = frozenset(("re.compile", "regex.compile"))
_TAKES = frozenset(("append", "add", "insert"))


# What an expression says of itself.
_FACTS = frozenset(("groupindex", "groups", "pattern", "flags"))


def _is_tried(node: ir.Node, name: str) -> bool:
    """`name.match("")`, `name.groupindex`"""
    if isinstance(node, ir.Call):
        func = node.func
        return (
            isinstance(func, ir.Attr)
            and isinstance(func.base, ir.Name)
            and func.base.id == name
            and all(isinstance(part, ir.Const) for part in node.args)
        )
    return (
        isinstance(node, ir.Attr)
        and node.name in _FACTS
        and isinstance(node.base, ir.Name)
        and node.base.id == name
    )


class Dropped:
    """The calls of each module that stand alone as a statement."""

    def __init__(self) -> None:
        self._known: dict[int, frozenset[int]] = {}
        self._plain: dict[int, frozenset[int]] = {}
        self._kept: dict[int, frozenset[int]] = {}

    def only_compiled(self, site: CallSite) -> bool:
        """Whether a call compiles a text and drops what came of it."""
        return site.name in _COMPILERS and id(site.node) in self._alone(site.frame.module)

    def only_tried(self, site: CallSite) -> bool:
        """Whether an expression is compiled under a local name, and matched with literals of the code at most."""
        function = site.frame.func
        if site.name not in _EXPRESSIONS or function is None:
            return False
        body = list(walk(*function.node.body))
        name = next(
            (
                target.id
                for node in body
                if isinstance(node, ir.Assign) and node.value is site.node
                for target in node.targets
                if len(node.targets) == 1 and isinstance(target, ir.Name)
            ),
            "",
        )
        if not name:
            return False
        read = sum(isinstance(n, ir.Name) and n.id == name for n in body) - 1
        return 0 < read == sum(_is_tried(node, name) for node in body)

    def handed_on(self, site: CallSite) -> bool:
        """Whether an expression is compiled here only to be given back or kept: what it is matched with, if anything, is elsewhere."""
        return site.name in _EXPRESSIONS and id(site.node) in self._given_on(site.frame.module)

    def _given_on(self, module: ModuleInfo) -> frozenset[int]:
        found = self._kept.get(id(module))
        if found is None:
            values: list[ir.Expr] = []
            for node in module.nodes:
                if isinstance(node, ir.Return) and node.value is not None:
                    values.append(node.value)
                elif isinstance(node, ir.Assign) and node.value is not None:
                    if all(isinstance(target, ir.Attr | ir.Item) for target in node.targets):
                        values.append(node.value)
                elif (
                    isinstance(node, ir.Call) and isinstance(node.func, ir.Attr) and node.func.name in _TAKES
                ):
                    values += node.args
            found = self._kept[id(module)] = frozenset(map(id, values))
        return found

    def taken_apart(self, site: CallSite) -> bool:
        """`Markup(text).unescape()`, `Markup(text).striptags()`: what was called markup is plain text in the same breath."""
        module = site.frame.module
        found = self._plain.get(id(module))
        if found is None:
            found = self._plain[id(module)] = frozenset(
                id(node.base)
                for node in module.nodes
                if isinstance(node, ir.Attr) and node.name in ("unescape", "striptags")
            )
        return id(site.node) in found

    def _alone(self, module: ModuleInfo) -> frozenset[int]:
        found = self._known.get(id(module))
        if found is None:
            found = self._known[id(module)] = frozenset(
                id(node.value) for node in module.nodes if isinstance(node, ir.ExprStmt)
            )
        return found
