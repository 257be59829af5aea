"""Compilers whose result is dropped: `try: re.compile(text)` asks only whether the text is well formed, and nothing of it is ever run."""

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
    )
)


class Dropped:
    """The calls of each module that stand alone as a statement."""

    def __init__(self) -> None:
        self._known: dict[int, frozenset[int]] = {}

    def only_compiled(self, site: CallSite) -> bool:
        """Whether a call compiles a text and drops what came of it."""
        return site.name in _COMPILERS and id(site.node) in self._alone(site.frame.module)

    def _alone(self, module: ModuleInfo) -> frozenset[int]:
        found = self._known.get(id(module))
        if found is None:
            found = self._known[id(module)] = frozenset(
                id(node.value) for node in walk(*module.body) if isinstance(node, ir.ExprStmt)
            )
        return found
