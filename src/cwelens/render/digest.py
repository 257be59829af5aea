"""Projections of a review that more than one renderer prints: counts in words, places, groups of like things.

Everything here keeps the review's order, and nothing is escaped yet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from cwelens.base.location import Location
from cwelens.checks.finding import Disposition, Finding, Operation
from cwelens.cwe import catalogue
from cwelens.report.model import Counts, GapGroup, GapMember, InputFile, Region, Review

DISPOSITIONS: tuple[Disposition, ...] = ("defect", "conditional", "undecided", "safe", "skipped")

_AT_LINE = re.compile(r" (?:at|on|in) line \d+$")

Item = TypeVar("Item")
Key = TypeVar("Key")


def count(number: int, noun: str) -> str:
    """`1 file`, `3 files`, `1,204 files`."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """Items under their keys, both in order of appearance."""
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def named(path: str) -> str:
    """A path as a reader knows it."""
    return "standard input" if path == "-" else path


def home(review: Review) -> str:
    """The path of the only file reviewed, which places need not repeat; "" when there are several."""
    paths = {file.path for file in review.inputs if file.role == "input"}
    return paths.pop() if len(paths) == 1 else ""


def place(location: Location, home: str) -> str:
    """`line 12` in the file `home`, `path:12` elsewhere."""
    return f"line {location.line}" if location.path == home else f"{named(location.path)}:{location.line}"


def places(locations: Iterable[Location], home: str, limit: int) -> str:
    """`lines 12, 40`, `a.py:12, 40; b.py:3`: the first `limit` places, each once, then how many more there are."""
    spots = list(dict.fromkeys((location.path, location.line) for location in locations))
    texts = []
    for path, shown in grouped(spots[:limit], lambda spot: spot[0]).items():
        numbers = ", ".join(str(line) for _, line in shown)
        word = "line" if len(shown) == 1 else "lines"
        texts.append(f"{word} {numbers}" if path == home else f"{named(path)}:{numbers}")
    if len(spots) > limit:
        texts.append(f"{len(spots) - limit:,} more")
    return "; ".join(texts)


def by_path(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Findings under the file they are in."""
    return grouped(findings, lambda finding: finding.location.path)


def finding_counts(findings: list[Finding]) -> str:
    """`2 definite, 1 conditional`."""
    groups = grouped(findings, lambda finding: finding.confidence)
    return ", ".join(f"{len(groups[c]):,} {c}" for c in ("definite", "conditional") if c in groups)


def by_disposition(operations: Iterable[Operation]) -> dict[Disposition, list[Operation]]:
    """Operations under their disposition, those a reader must look at first."""
    groups = grouped(operations, lambda operation: operation.disposition)
    return {d: groups[d] for d in DISPOSITIONS if d in groups}


def by_reason(operations: Iterable[Operation]) -> dict[str, list[Operation]]:
    """Operations under their reason without its line number, most frequent first."""
    groups = grouped(operations, lambda operation: _AT_LINE.sub("", operation.reason))
    return dict(sorted(groups.items(), key=lambda item: -len(item[1])))


def operation_counts(groups: dict[Disposition, list[Operation]]) -> str:
    """`8 operations: 1 defect, 7 safe`."""
    total = count(sum(map(len, groups.values())), "operation")
    return f"{total}: {', '.join(_number(len(ops), d) for d, ops in groups.items())}"


def _number(number: int, name: str) -> str:
    return count(number, name) if name == "defect" else f"{number:,} {name}"


def by_gap_reason(group: GapGroup) -> dict[tuple[str, str], list[GapMember]]:
    """The names of a group under their kind and the reason they could not be resolved for."""
    return grouped(group.members, lambda member: (member.kind, member.reason))


def unanalysed(review: Review) -> list[Region]:
    """Every part that was not analysed: the regions, and each file not fully read that no region speaks for."""
    spoken = {region.path for region in review.regions}
    return review.regions + [
        Region(file.path, "; ".join(file.notes) or f"the file is {file.status}")
        for file in review.inputs
        if file.status != "read" and file.path not in spoken
    ]


def point(location: Location) -> str:
    """`path:line:column`."""
    return f"{named(location.path)}:{location.line}:{location.column}"


def extent(region: Region) -> str:
    """Which lines of which file a region is: `a.py:3`, `a.py:3-9`, `a.py`."""
    spot = region.location
    if spot is None:
        return named(region.path)
    last = f"-{spot.end_line}" if spot.end_line > spot.line else ""
    return f"{named(region.path)}:{spot.line}{last}"


def scope(review: Review) -> str:
    """`3 files, 420 lines; 2 more as context`."""
    reviewed = [file for file in review.inputs if file.role == "input"]
    texts = [_files(reviewed)]
    if context := len(review.inputs) - len(reviewed):
        texts.append(f"{context:,} more as context")
    return "; ".join(texts)


def _files(files: list[InputFile]) -> str:
    lines = count(sum(file.lines for file in files), "line")
    if len(files) == 1:
        return ", ".join([named(files[0].path), files[0].kind, lines, *files[0].notes])
    parts = [count(len(files), "file"), lines]
    parts += [
        f"{number:,} {status}"
        for status in ("partial", "unread")
        if (number := sum(file.status == status for file in files))
    ]
    return ", ".join(parts)


def sums(counts: Counts) -> list[tuple[str, str]]:
    """The sums of part 7: what is counted, and the count with its parts."""
    read = (
        f"{count(counts.files, 'file')}, {count(counts.lines, 'line')}, {count(counts.functions, 'function')}"
    )
    dispositions = [(d, counts.operations[d]) for d in DISPOSITIONS if counts.operations.get(d)]
    calls = [
        ("resolved", counts.calls_resolved),
        ("modelled", counts.calls_modelled),
        ("unresolved", counts.calls_unresolved),
    ]
    cut = f"; {counts.calls_cut:,} not entered on every way" if counts.calls_cut else ""
    return [
        ("Read", read),
        ("Operations", _sum(sum(counts.operations.values()), dispositions)),
        ("Calls", _sum(counts.calls_seen, calls) + cut),
    ]


def _sum(total: int, parts: Iterable[tuple[str, int]]) -> str:
    terms = [_number(number, name) for name, number in parts if number]
    return f"{total:,} = {' + '.join(terms)}" if terms else f"{total:,}"


def topics(cwes: Iterable[int]) -> str:
    """`CWE-20, CWE-285`."""
    return ", ".join(f"CWE-{number}" for number in cwes)


def weakness(cwe: int) -> list[str]:
    """The catalogue's name of a weakness, then the current lists it is on."""
    facts = catalogue()
    return [facts.get(cwe).name, *facts.lists(cwe)]


# So many of the other places of one finding are named.
_NAMED = 12


def also(finding: Finding, limit: int = _NAMED) -> str:
    """The other places of a defect that is told once; "" for none."""
    return places(finding.also, finding.location.path, limit) if finding.also else ""
