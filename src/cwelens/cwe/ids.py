"""CWE numbers as people write them.

A CWE id is a positive `int` everywhere in the package; text is turned into one here and nowhere else.
"""

from __future__ import annotations

import re

_SPELLING = re.compile(r"\s*(?:external/cwe/)?(?:cwe[-_ :#]*)?0*(\d{1,9})\s*", re.IGNORECASE)


class CweError(Exception):
    """Base of what `cwelens.cwe` raises about its input; its text is one sentence for the user."""


class BadId(CweError, ValueError):
    """The text is not a CWE id in any spelling."""


class UnknownCwe(CweError, KeyError):
    """No weakness, category or view of the packaged catalogue has this number."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    def __str__(self) -> str:
        return f"{label(self.number)} is not in the packaged CWE catalogue"


def parse_id(text: str) -> int:
    """The number in `89`, `CWE-89`, `cwe_089`, `CWE:89`, `external/cwe/cwe-089`; `BadId` for anything else."""
    match = _SPELLING.fullmatch(text)
    if match is None:
        raise BadId(f"{text!r} is not a CWE id; write it like CWE-89 or 89")
    return int(match[1])


def label(number: int) -> str:
    """The official spelling: `CWE-89`."""
    return f"CWE-{number}"


def url(number: int) -> str:
    """The entry's page in MITRE's catalogue (weaknesses; categories and views redirect from it)."""
    return f"https://cwe.mitre.org/data/definitions/{number}.html"
