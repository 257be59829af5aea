"""Protections that are switched off only where an option of the program asks for that: `if settings.IGNORE_CERT_ERRORS:`.

Whoever runs the program decides; that the option is on is what a finding rests on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.checks import names
from cwelens.checks.judgement import Judgement
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

if TYPE_CHECKING:
    from cwelens.checks.record import Record
    from cwelens.resolve.symbols import ModuleInfo

_ABOUT = frozenset(("tls.unverified", "tls.hostname", "ssh.hostkey"))
_ASKS = frozenset(
    ("ignore", "insecure", "skip", "verify", "verification", "unverified", "validate", "disable", "allow", "selfsigned", "trust", "strict")
)  # fmt: skip


class Options:
    """The options that stand around places, read off the modules of a program."""

    def __init__(self, modules: list[ModuleInfo]) -> None:
        self._modules = {module.path: module for module in modules}

    def settle(self, record: Record, judgement: Judgement) -> Judgement:
        """The judgement, conditional where the operation is reached only behind an option that asks for it."""
        if judgement.kind != "defect" or record.rule.concept not in _ABOUT:
            return judgement
        module = self._modules.get(record.place[0].path)
        name = _asked(module, record.place[1]) if module is not None else ""
        if not name:
            return judgement
        return Judgement("conditional", judgement.reason, assumption=f"the option `{name}` asks for it")


def _asked(module: ModuleInfo, pos: ir.Pos) -> str:
    """The name of the option that a test around a place asks, "" where there is none."""
    for node in walk(*module.body):
        if not isinstance(node, ir.If) or not _holds(node, pos):
            continue
        for part in walk(node.test):
            name = (
                part.id
                if isinstance(part, ir.Name)
                else part.name
                if isinstance(part, ir.Attr)
                else part.value
                if isinstance(part, ir.Const)
                else None
            )
            if isinstance(name, str) and len(name) < _LONGEST and _ASKS & set(names.words(name)):
                return name
    return ""


_LONGEST = 60


def _holds(node: ir.If, pos: ir.Pos) -> bool:
    """Whether a place stands in one of the arms."""
    parts = [*node.body, *node.orelse]
    return any(part.pos[0] <= pos[0] <= part.pos[2] for part in parts)
