"""The CWE catalogue: entries, kinship in view 1000 (Research Concepts), and the lists weaknesses are on.

Facts are MITRE's, version 4.19.1, as packaged; nothing is fetched. Loading splits the index into lines; an
entry is made when it is first asked for, and the relations that need every entry (children, lists) when first
used.

OWASP Top 10 2025 is the catalogue's view 1450, which MITRE made from the first release candidate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, cast

from cwelens.cwe import data
from cwelens.cwe.entry import Category, Entry, Usage, View, Weakness
from cwelens.cwe.ids import UnknownCwe, parse_id

if TYPE_CHECKING:
    from typing import Literal

    Year = Literal[2021, 2025]

TOP_25_VIEWS = {2023: 1425, 2024: 1430, 2025: 1435}
OWASP_VIEWS = {2021: 1344, 2025: 1450}


class Catalogue:
    """The entries of one version of the CWE list; every method raises `UnknownCwe` for an id it lacks."""

    def __init__(self, index: str) -> None:
        lines = index.splitlines()
        self.version = lines[0]
        self._lines = {int(line[: line.index("\t")]): line for line in lines[1:]}
        self._entries: dict[int, Entry] = {}
        self._ancestors: dict[int, tuple[int, ...]] = {}

    def __contains__(self, number: object) -> bool:
        return number in self._lines

    def __iter__(self) -> Iterator[Entry]:
        """Every entry: weaknesses, then categories, then views, each by number."""
        return map(self.get, self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def ids(self) -> frozenset[int]:
        """Every id of the catalogue."""
        return frozenset(self._lines)

    def get(self, cwe: int | str) -> Entry:
        """The entry with this number, or with the number in any spelling `parse_id` reads."""
        number = parse_id(cwe) if isinstance(cwe, str) else cwe
        entry = self._entries.get(number)
        if entry is None:
            line = self._lines.get(number)
            if line is None:
                raise UnknownCwe(number)
            entry = self._entries[number] = _entry(line)
        return entry

    def mappable(self, number: int) -> bool:
        """Whether a finding may carry this CWE: mapping usage Allowed or Allowed-with-Review."""
        return self.get(number).mappable

    # Kinship: direct parents and children, and their closures, in view 1000.

    def parents(self, number: int) -> tuple[int, ...]:
        """Direct parents; none for a pillar, a category or a view."""
        entry = self.get(number)
        return entry.parents if isinstance(entry, Weakness) else ()

    def children(self, number: int) -> tuple[int, ...]:
        """Direct children, by number; none for a category or a view (see `members`)."""
        self.get(number)
        return self._children.get(number, ())

    def ancestors(self, number: int) -> tuple[int, ...]:
        """Every weakness above this one, nearest first."""
        known = self._ancestors.get(number)
        if known is None:
            known = self._ancestors[number] = _closure(number, self.parents)
        return known

    def descendants(self, number: int) -> tuple[int, ...]:
        """Every weakness below this one, nearest first."""
        return _closure(number, self.children)

    def covers(self, general: int, special: int) -> bool:
        """Whether `general` is `special` or one of its ancestors."""
        self.get(general)
        return general == special or general in self.ancestors(special)

    def kin(self, one: int, other: int) -> bool:
        """Whether one of the two covers the other."""
        return self.covers(one, other) or self.covers(other, one)

    @cached_property
    def _children(self) -> dict[int, tuple[int, ...]]:
        children: dict[int, list[int]] = {}
        for entry in self:
            if isinstance(entry, Weakness):
                for parent in entry.parents:
                    children.setdefault(parent, []).append(entry.id)
        return {parent: tuple(sorted(below)) for parent, below in children.items()}

    # Groups.

    def members(self, number: int) -> tuple[int, ...]:
        """Direct members of a category or a view, in the catalogue's order; none for a weakness."""
        entry = self.get(number)
        return entry.members if isinstance(entry, Category | View) else ()

    def weaknesses_in(self, number: int) -> tuple[int, ...]:
        """Weaknesses a group holds, categories in it opened at any depth.

        A hierarchy of weaknesses (views 1000 and 1003) yields its top level only: go on with `descendants`.
        """
        return tuple(m for m in _closure(number, self.members) if isinstance(self.get(m), Weakness))

    # Lists people report by.

    def top_25_rank(self, number: int, year: int = 2025) -> int | None:
        """Place in the CWE Top 25 of 2023, 2024 or 2025, 1 being worst; the views list members by rank."""
        self.get(number)
        ranked = self.members(TOP_25_VIEWS[year])
        return ranked.index(number) + 1 if number in ranked else None

    def owasp_top_10(self, number: int, year: Year = 2025) -> tuple[str, ...]:
        """Categories of that year's OWASP Top 10 that name this CWE itself, such as `A03:2021 Injection`.

        A category that OWASP lists inside another (CWE-16 in A05:2021) is not opened: what it holds comes
        from other views of the catalogue, not from OWASP."""
        self.get(number)
        return self._owasp[year].get(number, ())

    def lists(self, number: int) -> tuple[str, ...]:
        """The lists this CWE is on, such as `CWE Top 25 2025 #2`, `A03:2021 Injection`, `A05:2025 Injection`."""
        rank = self.top_25_rank(number)
        ranked = (f"CWE Top 25 2025 #{rank}",) if rank else ()
        return ranked + self.owasp_top_10(number, 2021) + self.owasp_top_10(number, 2025)

    @cached_property
    def _owasp(self) -> dict[int, dict[int, tuple[str, ...]]]:
        years: dict[int, dict[int, tuple[str, ...]]] = {}
        for year, view in OWASP_VIEWS.items():
            listed = years[year] = {}
            for category in self.members(view):
                title = self.get(category).name.partition(" Category ")[2].replace(" - ", " ", 1)
                for member in self.members(category):
                    listed[member] = (*listed.get(member, ()), title)
        return years

    def details(self, number: int) -> dict[str, Any]:
        """The entry's record in the packaged JSON (consequences, languages, peers, CAPEC); costs 15 ms once."""
        kind = self.get(number).kind
        section = {"weakness": "weaknesses", "category": "categories", "view": "views"}[kind]
        return cast("dict[str, Any]", _source()[section][str(number)])


@cache
def catalogue() -> Catalogue:
    """The packaged catalogue, loaded once per process."""
    return Catalogue(data.read(data.INDEX))


@cache
def _source() -> dict[str, Any]:
    import json

    return cast("dict[str, Any]", json.loads(data.read(data.SOURCE)))


def _entry(line: str) -> Entry:
    number, kind, abstraction, status, usage, reasons, suggest, linked, precedes, terms, name = line.split(
        "\t"
    )
    common = (
        int(number),
        name,
        status,
        cast("Usage", usage),
        tuple(reasons.split(";")) if reasons else (),
        _ids(suggest),
    )
    if kind == "W":
        return Weakness(
            *common,
            abstraction=abstraction,
            parents=_ids(linked),
            precedes=_ids(precedes),
            alternate_terms=tuple(terms.split(";;")) if terms else (),
        )
    return (Category if kind == "C" else View)(*common, members=_ids(linked))


def _ids(column: str) -> tuple[int, ...]:
    return tuple(map(int, column.split(","))) if column else ()


def _closure(start: int, step: Callable[[int], tuple[int, ...]]) -> tuple[int, ...]:
    """Everything reachable from `start` (itself left out), breadth first."""
    seen = dict.fromkeys(step(start))
    frontier = list(seen)
    while frontier:
        frontier = [new for number in frontier for new in step(number) if new not in seen and new != start]
        frontier = list(dict.fromkeys(frontier))
        seen.update(dict.fromkeys(frontier))
    return tuple(seen)
