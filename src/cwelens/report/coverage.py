"""Which libraries a program imports, which of them have models, how many calls that concerns, and which models would help most.

Everything is read off the ledger of calls; with an analysis, also which calls an answer of the review depended on.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cwelens.report.effects import EFFECTS, effect_of
from cwelens.resolve.builtin_names import STANDARD_LIBRARY

if TYPE_CHECKING:
    from cwelens.base.location import Location
    from cwelens.report.material import Material
    from cwelens.resolve.ledger import CallRecord

_NO_EFFECT = 30
_CLEANING = EFFECTS[3]


@dataclass(slots=True)
class LibraryUse:
    """One imported library: by what name, in how many files, and its calls.

    `library` is the library's name in the models, "" where there are none. `described`: a row speaks of the callable, or of what it
    reads from; `without`: the others by name, with how often each is called. Of the standard library none is without: what has no
    row carries its arguments to its result.
    """

    package: str
    library: str
    files: int
    standard: bool = False
    calls: int = 0
    described: int = 0
    without: Counter[str] = field(default_factory=Counter)

    @property
    def unmodelled(self) -> int:
        return self.without.total()

    @property
    def most_called(self) -> list[tuple[str, int]]:
        """What no model describes, most called first."""
        return sorted(self.without.items(), key=lambda item: (-item[1], item[0]))


@dataclass(slots=True)
class Suggestion:
    """A callable of a library that no model describes. `decides`: an answer of the review depended on it; `kind` is the table
    that its name suggests."""

    name: str
    places: list[Location] = field(default_factory=list)
    decides: bool = False
    rank: int = _NO_EFFECT
    kind: str = "sink"
    why: str = ""


def coverage(material: Material) -> list[LibraryUse]:
    """The imported libraries that are not part of the program, those with the most calls that no model describes first.

    The standard library counts where models describe a part of it.
    """
    packages = material.models.packages()
    files: dict[str, set[str]] = {}
    for record in material.imports:
        top = (record.target or record.text).partition(".")[0]
        if top and not record.text.startswith(".") and not material.program.has_top(top):
            if record.status == "external" or top in STANDARD_LIBRARY:
                files.setdefault(top, set()).add(record.module.path)
    found = {
        top: LibraryUse(top, packages.get(top, ""), len(paths), top in STANDARD_LIBRARY)
        for top, paths in files.items()
        if top not in STANDARD_LIBRARY or top in packages
    }
    for call in material.calls:
        name = call.library or call.target or ""
        use = found.get(name.partition(".")[0])
        if use is None:
            continue
        use.calls += 1
        if call.status == "modelled":
            use.described += 1
        elif not use.standard:
            use.without[name] += 1
    return sorted(found.values(), key=lambda u: (bool(u.library), -u.unmodelled, -u.calls, u.package))


def shares(uses: list[LibraryUse]) -> tuple[int, int, int]:
    """Of other people's libraries: all calls, those into libraries with models, and those that are described."""
    others = [use for use in uses if not use.standard]
    return (
        sum(use.calls for use in others),
        sum(use.calls for use in others if use.library),
        sum(use.described for use in others),
    )


def suggestions(material: Material) -> list[Suggestion]:
    """Library callables without a model, those that matter most first: what an answer depended on, then by what their names
    suggest that they do, then by how often they are called."""
    found: dict[str, Suggestion] = {}
    depended = " ".join(
        [o.reason for o in material.operations if o.disposition in ("undecided", "conditional")]
        + [finding.assumption for finding in material.findings]
    )
    for call in material.calls:
        if not call.library:
            continue
        one = found.get(call.library)
        if one is None:
            one = found[call.library] = _suggestion(call)
        one.places.append(call.location)
        one.decides = one.decides or f"`{call.callee}" in depended
    for one in found.values():
        one.places.sort()
    return sorted(found.values(), key=lambda s: (not s.decides, s.rank, -len(s.places), s.name))


def _suggestion(call: CallRecord) -> Suggestion:
    effect = effect_of(call.library.rpartition(".")[0].rpartition(".")[2], call.member)
    one = Suggestion(call.library)
    if effect is not None:
        one.rank = effect.rank
        one.why = f"looks like {effect.noun}"
        if effect is _CLEANING:
            one.kind = "neutraliser"
    elif call.member[:1].isupper():
        one.kind = "type"
    return one
