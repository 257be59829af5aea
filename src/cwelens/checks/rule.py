"""One row of the table that joins the models' vocabulary to CWE."""

from __future__ import annotations

from dataclasses import dataclass

from cwelens.checks.finding import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """`concept` is what is dangerous or weak; `harm` completes "… so that an attacker can"."""

    id: str
    concept: str
    cwe: int
    title: str
    severity: Severity
    harm: str
    repair: dict[str, str]
    safe_for: tuple[str, ...] = ()
    # Whether a parameter that arrives whole, with nothing put around it, already makes a conditional finding.
    whole_parameter: bool = False

    @property
    def phrase(self) -> str:
        """The title as it stands within a sentence: "path traversal", but "SQL injection" and "NoSQL injection"."""
        first = self.title.partition(" ")[0]
        return self.title[:1].lower() + self.title[1:] if first[1:].islower() else self.title


def flow(
    id: str,
    concept: str,
    cwe: int,
    title: str,
    severity: Severity,
    harm: str,
    repair: str,
    safe_for: tuple[str, ...] = (),
    whole_parameter: bool = False,
    **libraries: str,
) -> Rule:
    """A row about outside data that arrives somewhere; keywords are the repairs for libraries."""
    return Rule(id, concept, cwe, title, severity, harm, {"": repair, **libraries}, safe_for, whole_parameter)


def weak(id: str, concept: str, cwe: int, title: str, severity: Severity, harm: str, repair: str) -> Rule:
    """A row about what is weak by itself, whatever data there is."""
    return Rule(id, concept, cwe, title, severity, harm, {"": repair})
