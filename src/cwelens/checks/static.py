"""What the checks without flow share: recording a defect at a node; and `bodies`, where they look names up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.checks.bodies import Body, bodies, last_name, root_name, texts
from cwelens.checks.checker import Checker
from cwelens.checks.judgement import Judgement
from cwelens.checks.record import Record
from cwelens.checks.rules import BY_ID
from cwelens.ir import nodes as ir

if TYPE_CHECKING:
    from cwelens.resolve.symbols import ModuleInfo


def add(
    checker: Checker,
    module: ModuleInfo,
    node: ir.Node,
    rule_id: str,
    reason: str,
    code: str,
    kind: str = "defect",
) -> None:
    """Records a defect at a node, unless one of the same weakness is known there; a `conditional` one assumes the reason."""
    rule = BY_ID[rule_id]
    record = Record(rule, rule.concept, (module.source, node.pos), code, enclosing(module, node), "", "")
    record.best = Judgement(kind, reason)
    checker.records.setdefault((module.path, node.pos, rule.cwe, rule.concept), record)


def enclosing(module: ModuleInfo, node: ir.Node) -> str:
    """The innermost function around a node, "" at module level."""
    found = ""
    size = None
    for function in module.functions:
        first, _, last, _ = function.node.pos
        if first <= node.pos[0] <= last and (size is None or last - first <= size):
            found, size = function.short, last - first
    return found


__all__ = ["Body", "add", "bodies", "enclosing", "last_name", "root_name", "texts"]
