"""Check the CWE references of a report: text, Markdown, JSON or SARIF.

Each reference is judged against the packaged catalogue: is there such an id, may a finding be mapped to it,
and does it mean what the words beside it say? A name disagrees only if none of the references it stands
beside is kin to it, so that a parent, a child or a usual companion is never reported.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from cwelens.cwe.catalogue import Catalogue, catalogue
from cwelens.cwe.entry import Category, Entry, View
from cwelens.cwe.ids import CweError, label
from cwelens.cwe.references import Naming, Reference, references
from cwelens.cwe.structured import json_references
from cwelens.cwe.terms import Term, terms

Verdict = Literal["unknown", "deprecated", "prohibited", "discouraged", "mismatch"]
_MOST_PROPOSALS = 8
_MOST_NAMED = 3


class UnreadableReport(CweError):
    """The file is missing, not readable, binary or not text in a known encoding."""


@dataclass(slots=True)
class Judgement:
    """One reference and what is wrong with it: nothing when `verdicts` is empty.

    `line` and `column` count from 1, the column in characters. `text` is the reference as written, `named`
    the words beside it that disagree. `proposals` are ids to use instead, best first. `message` also
    describes a right reference."""

    file: str
    line: int
    column: int
    text: str
    id: int
    name: str | None
    usage: str | None
    verdicts: tuple[Verdict, ...]
    named: str | None
    proposals: tuple[int, ...]
    message: str

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong with the reference."""
        return not self.verdicts


def check_file(path: Path, *, allow_discouraged: bool = False) -> list[Judgement]:
    """Judge every reference in a file, in order; `UnreadableReport` if it cannot be read as text."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableReport(f"{path}: {error.strerror or error}") from error
    return check_text(_decode(content, str(path)), str(path), allow_discouraged=allow_discouraged)


def check_text(text: str, file: str = "<text>", *, allow_discouraged: bool = False) -> list[Judgement]:
    """Judge every reference in a text, in order; the text is read as JSON if it is a JSON document."""
    facts = catalogue()
    known = facts.ids()
    found = json_references(text, known) if text.lstrip()[:1] in ("{", "[") else None
    if found is None:
        found = references(text, known)
    starts = [0]
    starts += [newline.end() for newline in re.finditer("\n", text)] if found else []
    disagreeing = _disagreements(found, facts)
    judgements = []
    for index, reference in enumerate(found):
        line = bisect_right(starts, reference.start)
        verdicts, proposals, message = _judge(reference, disagreeing.get(index), facts, allow_discouraged)
        entry = facts.get(reference.number) if reference.number in facts else None
        judgements.append(
            Judgement(
                file=file,
                line=line,
                column=reference.start - starts[line - 1] + 1,
                text=reference.written,
                id=reference.number,
                name=entry.name if entry else None,
                usage=entry.usage if entry else None,
                verdicts=verdicts,
                named=disagreeing[index].phrase if index in disagreeing else None,
                proposals=proposals,
                message=message,
            )
        )
    return judgements


def _decode(content: bytes, file: str) -> str:
    encoding = "utf-8-sig"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableReport(f"{file}: not text in UTF-8 or UTF-16 (byte {error.start})") from error
    if "\0" in text:
        raise UnreadableReport(f"{file}: a binary file")
    return text


def _disagreements(found: Sequence[Reference], facts: Catalogue) -> dict[int, Naming]:
    """For each cluster whose names all disagree with all of its weaknesses: the reference named, and a name."""
    clusters: dict[int, list[int]] = {}
    for index, reference in enumerate(found):
        clusters.setdefault(reference.cluster, []).append(index)
    disagreeing = {}
    for cluster in clusters.values():
        numbers = {found[index].number for index in cluster}
        named = [(index, naming) for index in cluster for naming in found[index].namings]
        judged = [
            n
            for n in numbers
            if n in facts and not isinstance(facts.get(n), View) and not facts.get(n).deprecated
        ]
        if (
            named
            and judged
            and not any(terms().agrees(n, naming.term) for n in judged for _, naming in named)
        ):
            disagreeing[named[0][0]] = named[0][1]
    return disagreeing


def _judge(
    reference: Reference, disagreeing: Naming | None, facts: Catalogue, allow_discouraged: bool
) -> tuple[tuple[Verdict, ...], tuple[int, ...], str]:
    named = reference.namings[0].term if reference.namings else None
    if reference.number not in facts:
        proposals = _mappable(named.meanings if named else (), facts)
        return (
            ("unknown",),
            proposals,
            _with_proposals(f"{label(reference.number)} is not in CWE {facts.version}", proposals, facts),
        )
    entry = facts.get(reference.number)
    verdicts: list[Verdict] = []
    parts = []
    if entry.deprecated:
        verdicts.append("deprecated")
        parts.append(f"{entry.label} is deprecated ({entry.name.removeprefix('DEPRECATED: ')})")
    elif entry.usage == "Prohibited":
        verdicts.append("prohibited")
        parts.append(f"{entry.label} is a {entry.kind} ({entry.name}): Prohibited for mapping")
    elif entry.usage == "Discouraged" and not allow_discouraged:
        verdicts.append("discouraged")
        parts.append(
            f"{entry.label} ({entry.short_name}) is Discouraged for mapping: {', '.join(entry.reasons)}"
        )
    if disagreeing:
        verdicts.append("mismatch")
        parts.append(f'"{disagreeing.phrase}" stands beside {entry.label}, which is {entry.short_name}')
    if not verdicts:
        return (), (), _note(entry)
    proposals = _proposals(entry, disagreeing.term if disagreeing else named, facts)
    return tuple(verdicts), proposals, _with_proposals("; ".join(parts), proposals, facts)


def _note(entry: Entry) -> str:
    if entry.usage == "Allowed-with-Review":
        more = f"; consider {', '.join(map(label, entry.suggestions))}" if entry.suggestions else ""
        return f"{entry.label} ({entry.short_name}) is Allowed-with-Review: {', '.join(entry.reasons)}{more}"
    return f"{entry.label} ({entry.short_name}) is {entry.usage}"


def _proposals(entry: Entry, named: Term | None, facts: Catalogue) -> tuple[int, ...]:
    """What to write instead: what the words beside say, then what MITRE suggests, then what the entry holds."""
    candidates = list(named.meanings) if named else []
    if not _mappable(candidates, facts):
        title = entry.name.removeprefix("DEPRECATED: ").rpartition(" - ")[2]
        own_term = terms().whole(title) if entry.usage == "Prohibited" else None
        candidates += own_term.meanings if own_term else ()
    if not _mappable(candidates, facts):
        candidates += entry.suggestions
    if not _mappable(candidates, facts):
        candidates += (
            facts.weaknesses_in(entry.id) if isinstance(entry, Category) else facts.children(entry.id)
        )
    return _mappable(candidates, facts)


def _mappable(candidates: Iterable[int], facts: Catalogue) -> tuple[int, ...]:
    return tuple(number for number in dict.fromkeys(candidates) if facts.mappable(number))[:_MOST_PROPOSALS]


def _with_proposals(message: str, proposals: Sequence[int], facts: Catalogue) -> str:
    if not proposals:
        return message
    if len(proposals) > _MOST_NAMED:
        return f"{message}; consider {', '.join(map(label, proposals))}"
    named = " or ".join(f"{label(number)} ({facts.get(number).short_name})" for number in proposals)
    return f"{message}; use {named}"


def render_text(judgements: Sequence[Judgement], files: int, *, verbose: bool = False) -> str:
    """One line per reference that is wrong (with `verbose`, per reference), and a line of numbers."""
    lines = [
        f"{j.file}:{j.line}:{j.column}: {label(j.id)}: {', '.join(j.verdicts) or 'ok'}: {j.message}"
        for j in judgements
        if verbose or not j.ok
    ]
    wrong = sum(not j.ok for j in judgements)
    lines.append(
        f"{_count(len(judgements), 'CWE reference')} in {_count(files, 'file')}: "
        f"{len(judgements) - wrong} ok, {wrong} wrong"
    )
    return "\n".join(lines) + "\n"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def render_json(judgements: Sequence[Judgement], files: int) -> str:
    """Every reference with its judgement, as a JSON document."""
    import json

    document = {
        "catalogue": f"CWE {catalogue().version}",
        "files": files,
        "references": [asdict(j) | {"ok": j.ok} for j in judgements],
        "wrong": sum(not j.ok for j in judgements),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
