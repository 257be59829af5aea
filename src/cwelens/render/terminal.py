"""The review as a page for a terminal: the verdict first, then the parts of a review in its order, as terse as they can be read.

Findings are all shown, up to FINDINGS of them; other lists show their first entries and say how many more there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from cwelens.base.location import Location
from cwelens.checks.finding import Disposition, Finding, Operation, Step
from cwelens.render import digest
from cwelens.render.digest import count, extent, named, place, places
from cwelens.render.page import CODE, Page, Part, cells, page_width, prose, wants_color
from cwelens.report.model import GapGroup, Reason, Review, Verdict

FINDINGS = 200
OPERATIONS = 30
LIST = 12
"""How many entries of any other list are shown; PLACES, REASONS: how many lines of code speak for one entry."""
PLACES, REASONS = 8, 3
PLACES_OF_MANY = 2
"""How many places are shown where several files are reviewed and each is a path."""

_MARKS: dict[Verdict, tuple[str, str]] = {
    "defects": ("✗", "bold red"),
    "conditional": ("?", "bold yellow"),
    "none-detected": ("✓", "bold green"),
    "inconclusive": ("!", "bold magenta"),
}
_SEVERITY = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "blue"}
_DISPOSITION: dict[Disposition, str] = {
    "defect": "red",
    "conditional": "yellow",
    "undecided": "magenta",
    "safe": "green",
    "skipped": "dim",
}
_HEADING = "bold"
_PATH = "bold"
_LABEL = "bold"
_QUIET = "dim"

Item = TypeVar("Item")


def render(review: Review, *, color: bool | None = None, width: int | None = None) -> str:
    """The page. `color` and `width` (in cells) default to what standard output and the environment ask for."""
    page = Page(wants_color() if color is None else color, width or page_width())
    _Printer(review, page).print()
    return page.text()


class _Printer:
    """Prints the parts of one review on one page."""

    def __init__(self, review: Review, page: Page) -> None:
        self.review = review
        self.page = page
        self.home = digest.home(review)
        self.most_places = PLACES if self.home else PLACES_OF_MANY

    def print(self) -> None:
        self.verdict()
        self.findings()
        self.description()
        self.operations()
        self.unseen()
        self.areas()
        self.advice()
        self.conclusion()

    # Part 1.

    def verdict(self) -> None:
        mark, style = _MARKS[self.review.verdict]
        self.page.add(prose(self.review.sentence, style), first=[(mark + " ", style)])
        if self.review.inputs:
            self.page.add([(digest.scope(self.review), _QUIET)], 2)

    # Part 2.

    def findings(self) -> None:
        findings = self.review.findings
        if not findings:
            return
        self.heading("Findings", digest.finding_counts(findings))
        for path, found in digest.by_path(_worst(findings, FINDINGS)).items():
            self.page.blank()
            self.page.add([(named(path), _PATH)], 2)
            for finding in found:
                self.page.blank()
                self.finding(finding)
        if len(findings) > FINDINGS:
            self.page.blank()
            self.more(len(findings) - FINDINGS)

    def finding(self, finding: Finding) -> None:
        page, spot = self.page, finding.location
        left: list[Part] = [
            (f"{spot.line}:{spot.column}", "bold"),
            "  ",
            (f"CWE-{finding.cwe} {finding.title}", "bold"),
        ]
        style = _SEVERITY[finding.severity]
        right: list[Part] = [(finding.severity, style), (f" · {finding.confidence}", _QUIET)]
        page.ends(left, right, indent=4, hang=6)
        page.add(prose(finding.message), 6)
        self.trace(finding.trace or [Step(spot, "evidence", "")], spot.path)
        if finding.assumption:
            self.labelled("Only if", finding.assumption, "bold yellow")
        for note in finding.evidence:
            self.labelled("Rests on", note)
        if finding.looked_for:
            self.labelled("Looked for", finding.looked_for)
        if finding.also:
            self.labelled("Also", digest.also(finding))
        self.labelled("Repair", finding.repair, "bold green")
        name, *lists = digest.weakness(finding.cwe)
        page.add([(name, _QUIET)], 6, first=[("Weakness    ", _QUIET)])
        if lists:
            page.add([(" · ".join(lists), _QUIET)], 18)

    def trace(self, trace: Sequence[Step], path: str) -> None:
        """Each step's quoted line in a gutter, and what happens there in a column beside it, or one line below."""
        self.page.blank()
        roles = max((cells(step.role) + 1 for step in trace if step.text), default=0)
        digits = max(len(str(step.location.line)) for step in trace)
        room = self.page.width - 6 - roles - digits - len(" │ ")
        notes = max(cells(step.text) for step in trace)
        codes = [cells(step.location.code) + 3 for step in trace]
        column = max((width for width in codes if width + notes <= room), default=2)
        empty: list[Part] = [" " * (roles + digits), (" │ ", _QUIET)]
        shown: tuple[str, int] | None = None
        for step in trace:
            spot = step.location
            if spot.path != path:
                path = spot.path
                self.page.add([(named(path), _QUIET)], 6)
            role = f"{step.role:>{roles - 1}} " if step.text else " " * roles
            first: list[Part] = [(role, _QUIET), f"{spot.line:>{digits}}", (" │ ", _QUIET)]
            note: list[Part] = [(step.text, _QUIET)] if step.text else []
            code = "" if shown == (spot.path, spot.line) else spot.code
            shown = spot.path, spot.line
            gap = column - cells(code)
            if note and (gap > 2 or not code):
                self.page.add(note, 6, first=[*first, code, " " * gap], rest=[*empty, " " * column])
                continue
            self.page.add([code], 6, first=first, rest=empty)
            if note:
                self.page.add(note, 6, first=[*empty, " " * column], rest=[*empty, " " * column])
        self.page.blank()

    # Part 3.

    def description(self) -> None:
        seen = self.review.description
        self.heading("What the code does")
        self.page.add(prose(seen.summary), 2)
        for trait in seen.traits:
            self.labelled("Kind", f"{trait.label}: {trait.why}", at=trait.evidence, indent=2)
        for entry in self.shown(seen.entry_points):
            takes = f", takes {', '.join(entry.untrusted)}" if entry.untrusted else ""
            guard = f", {entry.guard}" if entry.guard else ""
            found = f", {', '.join(entry.findings)}" if entry.findings else ""
            self.labelled(
                "Entry", f"{entry.name}, {entry.kind}{takes}{guard}{found}", at=[entry.location], indent=2
            )
        uses = digest.grouped(seen.sources, lambda use: (use.concept, use.description))
        for (concept, description), group in self.shown(list(uses.items())):
            spots = [use.location for use in group]
            self.labelled("Source", f"{description} ({concept})", at=spots, indent=2)
        if all(file.status == "unread" for file in self.review.inputs):
            return
        if not seen.sources:
            self.labelled("Sources", "no untrusted data enters in the code seen", indent=2)
        if not seen.operations:
            self.labelled("Operations", "none that is security-relevant in the code seen", indent=2)

    def operations(self) -> None:
        groups = digest.by_disposition(self.review.description.operations)
        if not groups:
            return
        self.heading("Operations accounted for", digest.operation_counts(groups))
        listed = [op for name in ("defect", "conditional", "undecided") for op in groups.get(name, ())]
        shown = _first(listed, OPERATIONS)
        where = max((cells(place(op.location, self.home)) for op in shown), default=0)
        for op in shown:
            self.operation(op, min(where, 24))
        self.more(len(listed) - len(shown))
        for name in ("safe", "skipped"):
            if name in groups:
                reasons = digest.by_reason(groups[name])
                parts: list[Part] = []
                for reason, ops in list(reasons.items())[:LIST]:
                    parts += ["; " if parts else "", f"{len(ops):,} ", *prose(reason)]
                first = [(f"{name:<13}", _DISPOSITION[name])]
                self.page.add(parts, 2, first=first)
                self.more(len(reasons) - LIST, indent=15)

    def operation(self, op: Operation, where: int) -> None:
        first: list[Part] = [(f"{op.disposition:<13}", _DISPOSITION[op.disposition])]
        spot = place(op.location, self.home)
        parts: list[Part] = [
            spot,
            " " * (max(where - cells(spot), 0) + 2),
            (op.code, CODE),
            f"  CWE-{op.cwe}",
        ]
        if op.reason:
            parts += [": ", *prose(op.reason)]
        self.page.add(parts, 2, first=first)

    # Part 4.

    def unseen(self) -> None:
        regions, gaps, closed = digest.unanalysed(self.review), self.review.gaps, self.review.closed
        if not (regions or gaps or closed):
            if self.review.inputs:
                self.heading(
                    "What could not be seen", "nothing: every name used is in the input or has a model"
                )
            return
        names = sum(len(group.members) for group in gaps)
        self.heading("What could not be seen", count(names, "name") if names else "")
        for region in self.shown(regions):
            self.labelled("Unread", f"{extent(region)}: {region.reason}", "bold magenta", indent=2)
        for group in self.shown(gaps):
            self.page.blank()
            self.gap(group)
        if closed:
            self.page.blank()
        for answer in self.shown(closed):
            at = [answer.location] if answer.location else []
            self.labelled("Closed", f"{answer.name} {answer.answer}", "bold green", at=at, indent=2)

    def gap(self, group: GapGroup) -> None:
        self.page.add([(group.receiver, CODE)], 2)
        for (kind, reason), members in digest.by_gap_reason(group).items():
            parts: list[Part] = []
            for member in members[:LIST]:
                parts += [", " if parts else "", member.name]
                if member.locations:
                    parts.append((f" ({places(member.locations, self.home, self.most_places)})", _QUIET))
            if len(members) > LIST:
                parts.append(f", … and {len(members) - LIST:,} more")
            self.page.add([(f"{kind} ", _QUIET), *parts, ": ", *prose(reason)], 4, rest=["  "])
        self.page.add(prose(group.effect), 4)
        self.page.add(prose(group.ask), 4, first=["→ "])

    # Parts 5, 6 and 7.

    def areas(self) -> None:
        if not (self.review.areas or self.review.left_out):
            return
        self.heading("What to review next")
        for area in self.shown(self.review.areas):
            self.page.blank()
            self.page.add([(area.topic, _LABEL), (f"  {digest.topics(area.cwes)}", _QUIET)], 2)
            self.page.add(prose(area.question), 4)
            self.reasons(area.reasons)
            if area.answer:
                self.labelled("Answer", area.answer, "bold green", indent=4)
        if self.review.left_out:
            self.page.blank()
            for left in self.shown(self.review.left_out):
                self.labelled(
                    "Left out", f"{left.topic} ({digest.topics(left.cwes)}): {left.reason}", indent=2
                )

    def advice(self) -> None:
        if not self.review.advice:
            return
        self.heading("What to improve")
        for advice in self.shown(self.review.advice):
            self.page.blank()
            self.page.add([(advice.title, _LABEL)], 2)
            self.page.add(prose(advice.text), 4)
            self.reasons(advice.reasons)

    def conclusion(self) -> None:
        self.heading("Conclusion")
        self.page.add(prose(self.review.conclusion), 2)
        for name, total in digest.sums(self.review.counts):
            self.page.add([(total, _QUIET)], 2, first=[(f"{name:<12}", _QUIET)])

    # What the parts are made of.

    def heading(self, title: str, counts: str = "") -> None:
        self.page.heading([(title, _HEADING), (f"  {counts}" if counts else "", _QUIET)])

    def labelled(
        self, label: str, text: str, style: str = _LABEL, *, at: Sequence[Location] = (), indent: int = 6
    ) -> None:
        parts = prose(text)
        if at:
            parts.append((f"  {places(at, self.home, self.most_places)}", _QUIET))
        self.page.add(parts, indent, first=[(label, style), " " * max(12 - len(label), 2)])

    def reasons(self, reasons: Sequence[Reason]) -> None:
        for reason in reasons[:REASONS]:
            spot = (f"{place(reason.location, self.home)}: ", _QUIET)
            self.page.add([spot, *prose(reason.text)], 4, first=["- "])
        if len(reasons) > REASONS:
            self.page.add([f"- {len(reasons) - REASONS:,} more"], 4)

    def shown(self, items: Sequence[Item]) -> Iterator[Item]:
        """The entries to print; says how many are left out once these are printed."""
        shown = _first(items, LIST)
        yield from shown
        self.more(len(items) - len(shown))

    def more(self, number: int, indent: int = 2) -> None:
        if number > 0:
            self.page.add([(f"… and {number:,} more (use -f json or -f markdown for all)", _QUIET)], indent)


def _first(items: Sequence[Item], limit: int) -> Sequence[Item]:
    """The entries to show: all of them rather than to say that one more is left out."""
    return items if len(items) <= limit + 1 else items[:limit]


def _worst(findings: Sequence[Finding], limit: int) -> Sequence[Finding]:
    """At most `limit` findings in their order: definite ones before conditional ones, then by severity."""
    if len(findings) <= limit:
        return findings
    ranks = list(_SEVERITY)
    ranked = sorted(findings, key=lambda f: (f.confidence == "conditional", ranks.index(f.severity)))
    kept = set(map(id, ranked[:limit]))
    return [finding for finding in findings if id(finding) in kept]
