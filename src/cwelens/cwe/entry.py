"""What the catalogue holds: weaknesses, categories and views.

Entries are plain slotted classes because a review makes some on its hot path; treat them as immutable. Only a
weakness can be the CWE of a finding: MITRE prohibits categories and views for mapping.
"""

from __future__ import annotations

import re
from typing import ClassVar, Literal

Usage = Literal["Allowed", "Allowed-with-Review", "Discouraged", "Prohibited"]
Kind = Literal["weakness", "category", "view"]

_QUOTED = re.compile(r"\('([^)]*)'\)")


class Entry:
    """A numbered entry; `suggestions` are the ids MITRE's mapping notes offer instead."""

    __slots__ = ("id", "name", "reasons", "status", "suggestions", "usage")
    kind: ClassVar[Kind]

    def __init__(
        self,
        id: int,
        name: str,
        status: str,
        usage: Usage,
        reasons: tuple[str, ...],
        suggestions: tuple[int, ...],
    ) -> None:
        self.id = id
        self.name = name
        self.status = status
        self.usage = usage
        self.reasons = reasons
        self.suggestions = suggestions

    @property
    def label(self) -> str:
        """`CWE-89`."""
        return f"CWE-{self.id}"

    @property
    def mappable(self) -> bool:
        """Whether a finding may carry this CWE: Allowed or Allowed-with-Review."""
        return self.usage in ("Allowed", "Allowed-with-Review")

    @property
    def deprecated(self) -> bool:
        """Whether MITRE has withdrawn the entry."""
        return self.status == "Deprecated"

    @property
    def short_name(self) -> str:
        """The common name MITRE quotes in the long one (`SQL Injection`), or else the whole name."""
        quoted = _QUOTED.search(self.name)
        return quoted[1] if quoted else self.name

    def __repr__(self) -> str:
        return f"<{self.label} {self.name}>"


class Weakness(Entry):
    """A weakness; `parents` are its direct ones in view 1000, `precedes` what it can lead to (CanPrecede)."""

    __slots__ = ("abstraction", "alternate_terms", "parents", "precedes")
    kind = "weakness"

    def __init__(
        self,
        id: int,
        name: str,
        status: str,
        usage: Usage,
        reasons: tuple[str, ...],
        suggestions: tuple[int, ...],
        *,
        abstraction: str,
        parents: tuple[int, ...],
        precedes: tuple[int, ...],
        alternate_terms: tuple[str, ...],
    ) -> None:
        super().__init__(id, name, status, usage, reasons, suggestions)
        self.abstraction = abstraction
        self.parents = parents
        self.precedes = precedes
        self.alternate_terms = alternate_terms


class _Group(Entry):
    """An entry that only gathers others; `members` are its direct ones, in the catalogue's order."""

    __slots__ = ("members",)

    def __init__(
        self,
        id: int,
        name: str,
        status: str,
        usage: Usage,
        reasons: tuple[str, ...],
        suggestions: tuple[int, ...],
        *,
        members: tuple[int, ...],
    ) -> None:
        super().__init__(id, name, status, usage, reasons, suggestions)
        self.members = members


class Category(_Group):
    """Weaknesses (and other categories) that share a trait."""

    __slots__ = ()
    kind = "category"


class View(_Group):
    """A way to look at the catalogue: a hierarchy, a language, a ranked list."""

    __slots__ = ()
    kind = "view"
