"""Secrets that the program itself knows as defaults: it compares the setting with the text, to warn or to stop (`if KEY == "change-me-please":`)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cwelens.checks import names
from cwelens.checks.bodies import last_name
from cwelens.checks.judgement import Judgement
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

if TYPE_CHECKING:
    from cwelens.checks.record import Record
    from cwelens.resolve.symbols import ModuleInfo

# A password that is compared with a literal is one that is written in the code.
_RULE = "hard-coded-key"
_SHORTEST = 8
_LITERAL = re.compile(r"""(['"])(?P<text>[^'"]+)\1""")


def compared(records: Iterable[Record], modules: Iterable[ModuleInfo]) -> frozenset[str]:
    """The texts that a program compares something with, as far as secrets that it was found to hold may be among them."""
    wanted = {text for record in records if record.rule.id == _RULE for text in _texts(record)}
    if not wanted:
        return frozenset()
    found: set[str] = set()
    for module in modules:
        if not any(text in module.source.text for text in wanted):
            continue
        for node in module.nodes:
            if isinstance(node, ir.Compare) and node.ops in (["=="], ["in"], ["is"]):
                parts = list(walk(node.left, *node.rights))
                if any(map(_is_key, parts)):
                    found |= {str(p.value) for p in parts if isinstance(p, ir.Const) and p.value in wanted}
    return frozenset(found)


def _is_key(node: ir.Node) -> bool:
    """Whether a part of a comparison is a key, by its name or by the setting that is asked for."""
    name = last_name(node) if isinstance(node, ir.Name | ir.Attr | ir.Item) else ""
    return "key" in names.words(name)


def settle(record: Record, judgement: Judgement, known: frozenset[str]) -> Judgement:
    """The judgement on a secret, in view of whether the program looks for just this text."""
    if judgement.kind != "defect" or record.rule.id != _RULE:
        return judgement
    if any(text in known for text in _texts(record)):
        doubt = "the program runs with it, which compares its setting with this text"
        return Judgement("conditional", judgement.reason, assumption=doubt)
    return judgement


def _texts(record: Record) -> list[str]:
    """The literals on the line of a record, and the value of a setting that is written without quotes."""
    source, (line, *_) = record.place
    text = source.line(line)
    found = [match["text"] for match in _LITERAL.finditer(text)]
    if not found:
        found = [re.split(r"[:=]", text, maxsplit=1)[-1].partition(" #")[0].strip()]
    return [literal for literal in found if len(literal) >= _SHORTEST]
