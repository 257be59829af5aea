"""The rule table: every rule names a weakness that MITRE allows for mapping, and says how to repair it."""

from __future__ import annotations

from collections import Counter

import pytest

from cwelens.checks.access.rules import ACCESS_RULES
from cwelens.checks.rules import FLOW_RULES, RULES, WEAK_RULES, Rule
from cwelens.cwe import catalogue
from cwelens.models import store

ALL = (*FLOW_RULES, *WEAK_RULES, *ACCESS_RULES)


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_the_weakness_may_be_mapped_to(rule: Rule) -> None:
    """A Discouraged or Prohibited CWE is refused when the product is built."""
    assert catalogue().mappable(rule.cwe), catalogue().get(rule.cwe).name
    assert rule.repair[""] and rule.harm and rule.title


def test_ids_and_concepts_are_unique() -> None:
    """One rule for one concept."""
    assert [i for i, n in Counter(rule.id for rule in ALL).items() if n > 1] == []
    assert len(RULES) + len(ACCESS_RULES) == len(ALL)


def test_every_concept_is_in_the_vocabulary() -> None:
    """A rule about a concept that no model can name would never apply."""
    known = store.read_vocabulary()
    assert [rule.concept for rule in ALL if rule.concept not in known.concepts] == []


def test_a_title_keeps_its_acronyms_within_a_sentence() -> None:
    """Only an ordinary first word loses its capital."""
    phrases = {rule.id: rule.phrase for rule in ALL}
    assert phrases["sql-injection"] == "SQL injection"
    assert phrases["nosql-injection"] == "NoSQL injection"
    assert phrases["path-traversal"] == "path traversal"
