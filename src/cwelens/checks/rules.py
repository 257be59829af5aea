"""Which concept with which value is which weakness: the table that joins the models' vocabulary to CWE.

A row is data. `cwe` is the most specific CWE whose mapping usage is Allowed or Allowed-with-Review in the catalogue (a test holds
every row to that). `safe_for` are the contexts (docs/models.md) that make an untrusted value harmless here. `repair` may have an entry for a
library, by its name in the models; "" is the general one.
"""

from __future__ import annotations

from cwelens.checks.flow_rules import FLOW_RULES
from cwelens.checks.rule import Rule
from cwelens.checks.weak_rules import WEAK_RULES

__all__ = ["BY_ID", "FLOW_RULES", "FOR_SERVICE", "RULES", "WEAK_RULES", "Rule"]

RULES: dict[str, Rule] = {rule.concept: rule for rule in (*FLOW_RULES, *WEAK_RULES)}
BY_ID: dict[str, Rule] = {rule.id: rule for rule in (*FLOW_RULES, *WEAK_RULES)}

# Weaknesses of what is in service: in test code the same call protects nothing, and a secret there is a fixture.
FOR_SERVICE = frozenset(rule.id for rule in WEAK_RULES) - {
    "archive-unfiltered",
    "temporary-file",
}
