"""The lock of signatures: what each library said about the names of the rows when it was last asked, and in which version.

`python -m cwelens.models.verify --write-lock` writes it where the libraries are installed; a test holds every row against it, so that the
tests need none of them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from cwelens.models.facts import Fact

if TYPE_CHECKING:
    from cwelens.models.installed import Installed

LOCK = Path("tests/models/signatures.json")


class Lock:
    """Facts as they were locked. `versions` maps import names to distribution and version; a name that is not in it is "unlocked"."""

    def __init__(self, python: tuple[int, int], versions: dict[str, str], names: dict[str, str]) -> None:
        self.python = python
        self.versions = versions
        self._names = names

    def of(self, name: str) -> Fact:
        text = self._names.get(name)
        return Fact("unlocked", reason="not in the lock") if text is None else Fact.parse(text)

    def __contains__(self, name: str) -> bool:
        return name in self._names

    @classmethod
    def read(cls, path: Path = LOCK) -> Lock:
        raw = json.loads(path.read_text(encoding="utf-8"))
        major, minor = raw["python"].split(".")
        return cls((int(major), int(minor)), raw["versions"], raw["names"])


def write(installed: Installed, packages: set[str], path: Path = LOCK) -> None:
    """Everything that was asked, one name a line and sorted, so that a change of a library is a readable difference."""
    content = {
        "python": ".".join(map(str, installed.python)),
        "versions": installed.versions(packages),
        "names": {name: str(fact) for name, fact in sorted(installed.asked.items())},
    }
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
