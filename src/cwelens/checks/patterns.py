"""Regular expressions that are known, judged by themselves: run-away loops, ranges that slip, open host names, filters for HTML.

While the runs go on, each expression is noted with what is done with it; when they are over, each is judged once. What depends on the
text that it meets (whether that is untrusted) makes a conditional finding, which is left out where the finding about such a text stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.base.regex.pitfalls import open_dots, overly_large_ranges
from cwelens.base.regex.tags import tag_holes
from cwelens.checks import regexes
from cwelens.checks.judgement import Judgement
from cwelens.checks.rules import BY_ID
from cwelens.flow.values import Const, Place
from cwelens.ir import nodes as ir

if TYPE_CHECKING:
    from cwelens.checks.checker import Checker
    from cwelens.flow.run import CallSite, Run
    from cwelens.flow.values import Value

_TAKES_APART = frozenset(("findall", "finditer", "split"))
_REPLACES = frozenset(("sub", "subn"))
_SHOWN = 40


class Known:
    """One expression of the code: its text and flags (None: not known), where it stands, and the methods it is used by."""

    __slots__ = ("flags", "function", "library", "met", "place", "text", "uses")

    def __init__(
        self, text: str | bytes, flags: int | None, place: Place, function: str, library: str
    ) -> None:
        self.text = text
        self.flags = flags
        self.place = place
        self.function = function
        self.library = library
        self.uses: set[str] = set()
        # Whether a finding about untrusted text that it is applied to says more.
        self.met = False

    def add(self, later: Known) -> None:
        """What another process has noted of the same expression."""
        self.uses |= later.uses
        self.met = self.met or later.met


def note(checker: Checker, run: Run, site: CallSite, values: list[Value], library: str) -> None:
    """An expression arrives where it is compiled or applied."""
    module = run.frame.module
    if not module.is_input or run.shared.is_test(module):
        return
    method = site.name.rpartition(".")[2]
    for value in values:
        for atom in value.atoms:
            if not isinstance(atom, Const) or not isinstance(atom.value, str | bytes):
                continue
            place = atom.place if atom.place is not None and atom.place[0] is module.source else None
            if place is None:
                place = _argument(run, site)
            key = (place[0].path, place[1])
            known = checker.patterns.get(key)
            if known is None:
                function = run.frame.func.short if run.frame.func else ""
                flags = regexes.flags_of(site)
                known = checker.patterns[key] = Known(atom.value, flags, place, function, library)
            if method != "compile":
                known.uses.add(method)


def applied(checker: Checker, site: CallSite, judgement: Judgement) -> None:
    """An expression is applied to a text, of which `judgement` says whether it makes the expression run away."""
    for place in regexes.places_of(site):
        known = checker.patterns.get((place[0].path, place[1]))
        if known is not None:
            known.uses.add(site.name.rpartition(".")[2])
            known.met = known.met or judgement.kind in ("defect", "conditional")


def check(checker: Checker) -> None:
    """Judges every expression that the runs met."""
    seen: set[tuple[str, str | bytes]] = set()
    for known in checker.patterns.values():
        _ranges(checker, known)
        if known.flags is not None:
            _runaway(checker, known, known.flags, seen)
            _tags(checker, known, known.flags)
            _hosts(checker, known, known.flags)


def _runaway(checker: Checker, known: Known, flags: int, seen: set[tuple[str, str | bytes]]) -> None:
    if known.met:
        return
    if regexes.exponential(known.text, flags, "search"):
        why, offset, end = regexes.culprit(known.text, flags)
        # A part that several expressions are put together from is one defect.
        source, (first, _, last, _) = known.place
        part = known.text[offset:end]
        here = isinstance(part, str) and part in "\n".join(source.lines[first - 1 : last])
        if not here and (source.path, part) in seen:
            return
        seen.add((source.path, part))
        judgement = Judgement(
            "conditional", why.rstrip("."), assumption="the text that it is applied to is untrusted"
        )
        _add(checker, known, "slow-pattern", judgement, offset)


def _ranges(checker: Checker, known: Known) -> None:
    flags = known.flags or 0
    for offset, sentence in overly_large_ranges(known.text, flags)[:1]:
        _add(checker, known, "pattern-range", Judgement("defect", sentence.rstrip(".")), offset)


def _tags(checker: Checker, known: Known, flags: int) -> None:
    """What only takes pages apart may miss something; what takes something out, or tests for it, may not."""
    if known.uses and known.uses <= _TAKES_APART:
        return
    hole = tag_holes(known.text, flags)
    if not hole:
        return
    if known.uses & _REPLACES and _all_taken_out(checker, known):
        judgement = Judgement("neutralised", "all tags that are left are taken out after it")
    elif known.uses & _REPLACES:
        judgement = Judgement("defect", f"it misses {hole}")
    else:
        judgement = Judgement(
            "conditional", f"it misses {hole}", assumption="it is used to find all such tags"
        )
    _add(checker, known, "tag-filter", judgement)


# What matches any tag.
_ANY_TAG = frozenset(
    ("<[^>]+>", "<[^>]*>", "<.*?>", "<.+?>", "<[^<]+?>", "<[^<>]+>", "<[^<>]*>", r"</?\w[^>]*>", r"</?[^>]+>")
)


def _all_taken_out(checker: Checker, known: Known) -> bool:
    """Whether the same function takes out whatever is a tag afterwards: what is left is text."""
    return any(
        other.text in _ANY_TAG
        and other.uses & _REPLACES
        and other.function == known.function
        and other.place[0] is known.place[0]
        and other.place[1] > known.place[1]
        for other in checker.patterns.values()
    )


def _hosts(checker: Checker, known: Known, flags: int) -> None:
    if known.uses and known.uses <= _TAKES_APART | _REPLACES:
        return
    for offset, sentence in open_dots(known.text, flags)[:1]:
        judgement = Judgement(
            "conditional", sentence.rstrip("."), assumption="it decides which hosts are trusted"
        )
        _add(checker, known, "host-pattern", judgement, offset)


def _add(checker: Checker, known: Known, rule_id: str, judgement: Judgement, offset: int = 0) -> None:
    text = known.text.decode("latin-1") if isinstance(known.text, bytes) else known.text
    code = " ".join(text.split()).replace("`", "'")
    shown = code if len(code) <= _SHOWN else code[: _SHOWN - 1] + "…"
    checker.add(BY_ID[rule_id], _line_of(known, offset), shown, known.function, known.library, judgement)


def _line_of(known: Known, offset: int) -> Place:
    """The place of a part of an expression that is written over several lines, as far as the literal stands in the source as it is."""
    source, (first, _, last, _) = known.place
    if isinstance(known.text, bytes) or "\n" not in known.text[:offset]:
        return known.place
    before = known.text[:offset]
    line = first + before.count("\n")
    content = known.text.split("\n")[before.count("\n")]
    start = source.line(line).find(content)
    if start < 0 or not content.strip() or line > last:
        return known.place
    shown = source.line(line)[:start]
    column = len((shown + before.rpartition("\n")[2]).encode())
    return source, (line, column, line, len((shown + content).encode()))


def _argument(run: Run, site: CallSite) -> Place:
    """Where the first argument of a call stands."""
    node = site.node
    return run.place(node.args[0]) if isinstance(node, ir.Call) and node.args else site.place
