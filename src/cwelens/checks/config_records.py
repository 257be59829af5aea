"""Records what is wrong at a place of a configuration file."""

from __future__ import annotations

from cwelens.checks.checker import Checker
from cwelens.checks.judgement import Judgement
from cwelens.checks.record import Record
from cwelens.checks.rules import BY_ID
from cwelens.syntax.configs.reader import Config, Entry


def add(
    checker: Checker, config: Config, entry: Entry, rule_id: str, reason: str, assumption: str = ""
) -> None:
    """A defect at an entry; a conditional one where something is assumed. The first at a place counts."""
    rule = BY_ID[rule_id]
    record = Record(rule, rule.concept, (config.source, entry.pos), entry.name or config.kind, "", "", "")
    record.best = Judgement("conditional" if assumption else "defect", reason, assumption=assumption)
    checker.records.setdefault((config.source.path, entry.pos, rule.cwe, rule.concept), record)
