"""The last two groups of part 4: names whose imports the input does not show, and objects that their name and use tell.

What is said of calls of them rests on these assumptions. Invariant: every one that a call, base class or decorator rests on is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cwelens.base.location import Location
from cwelens.report.material import Material
from cwelens.report.model import GapGroup, GapMember
from cwelens.report.words import coded
from cwelens.resolve.builtin_names import is_standard
from cwelens.resolve.cutoff import NOT_SHOWN

IMPORTS = "imports not shown"
OBJECTS = "objects told by their names"
_TAKEN = re.compile(r"`([^`]+)` is taken for (?:a )?`([^`]+)`: ([^;]*)")
_NAMED = 4


def taken(material: Material) -> list[GapGroup]:
    """The groups that there are, imports first."""
    modules: dict[tuple[str, str], list[Location]] = {}
    objects: dict[tuple[str, str], list[Location]] = {}
    for reason, place in _reasons(material):
        match = _TAKEN.match(reason)
        if match is None:
            continue
        name, target, why = match.groups()
        if why == NOT_SHOWN:
            modules.setdefault((name, _meant(name, target)), []).append(place)
        else:
            objects.setdefault((name, f"taken for a `{target}`: {why}"), []).append(place)
    found = []
    if modules:
        names = [name for name, _ in modules]
        effect = f"If the file binds {'it' if len(names) == 1 else 'one of them'} to something else, what is said of its calls does not hold."
        found.append(GapGroup(IMPORTS, _members("import", modules), effect, "The import lines of the file."))
    if objects:
        names = [name for name, _ in objects]
        effect = (
            f"If {coded(names, _NAMED, 'or')} is something else, what is said of its calls does not hold."
        )
        ask = (
            f"The places where {coded(names, _NAMED)} {'is' if len(names) == 1 else 'are'} made or handed in."
        )
        found.append(GapGroup(OBJECTS, _members("name", objects), effect, ask))
    return found


def _reasons(material: Material) -> Iterable[tuple[str, Location]]:
    for call in material.calls:
        if call.reason:
            yield call.reason, call.location
    for record in (*material.bases, *material.decorators):
        if record.reason:
            yield record.reason, record.location


def _members(kind: str, found: dict[tuple[str, str], list[Location]]) -> list[GapMember]:
    return [
        GapMember(
            name, kind, reason, sorted({(p.path, p.line, p.column): p for p in reversed(places)}.values())
        )
        for (name, reason), places in sorted(found.items())
    ]


def _meant(name: str, target: str) -> str:
    if is_standard(target):
        return (
            "taken for the module of Python's standard library"
            if name == target
            else f"taken for `{target}` of Python's standard library"
        )
    return "taken for the library of this name" if name == target else f"taken for `{target}`"
