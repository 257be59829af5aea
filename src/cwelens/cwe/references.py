"""CWE references in running text, and the names that stand beside them.

A reference is a number spelled as a CWE (`CWE-89`, `cwe_089`, `CWE: 89`, the address of its page …). A name
stands beside it only in the forms that assert "this number is that weakness":

- before it: `SQL Injection (CWE-89)`, `SQL Injection - CWE-89`, `SQL Injection: CWE-89`, a link on the name
- after it: `CWE-89: SQL Injection`, `CWE-89 - SQL Injection`, `CWE-89 (SQL Injection)`, `[CWE-89] SQL …`
- in the table cell before or after a cell that holds nothing but references
- alone on a line with it: `CWE-89 SQL Injection`

Anything looser, such as another weakness mentioned in the same sentence, is no name. Offsets count characters
of the text given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cwelens.cwe.terms import Term, Word, is_weakness_noun, normal, terms, words

_DASH = "\u2010\u2011\u2013\u2014-"  # the hyphen last: these go into character classes
_REFERENCE = re.compile(
    rf"""
    (?:https?://(?:www\.)?)?cwe\.mitre\.org/data/definitions/(?P<address>\d{{1,9}})(?:\.html)?
    | (?<![a-z0-9]) cwe (?:
        [_{_DASH}]? (?P<tight>\d{{1,9}}) (?![a-z0-9]|\.\d)
        | (?P<plural>s)? (?P<key>[-_ ]?(?:id|number)s?)? ["'`*]{{0,3}}
          [ \t]* (?P<mark>[:=#>{_DASH}])? [ \t]* (?P<bracket>["'`*]{{0,3}}[\[(]?["'`*]{{0,3}})
          (?P<loose>\d{{1,9}})
          (?![a-z0-9]|[./]\d|,\d{{3}}|\.x|%)
          (?![ ](?:most|top|issue|finding|weakness|categor|entr|cwe|id|item|total|version|type|class))
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MORE = re.compile(r"[ \t]*(?:[,/&;]|,?[ \t]*\b(?:and|or)\b)[ \t]*(\d{1,4})(?![\w%]|\.\d)", re.IGNORECASE)
_LIST_END = re.compile(r"[ \t]*(?:[)\].;:|\"'}\r\n]|$)")
_CONJUNCTION = re.compile(r"&|\b(?:and|or)\b", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")
_DICTIONARY_VIEW = "2000"

_QUOTE = "*_`\"'\u2018\u2019\u201c\u201d"
_JOIN = re.compile(rf"[\s{_QUOTE}\[\](),;/&]*(?:\b(?:and|or)\b)?[\s{_QUOTE}\[\](,;/&]*", re.IGNORECASE)
_OPENED = re.compile(rf"[\s{_QUOTE})\]]*[(\[{{]+[\s{_QUOTE}\[(<]*$")
_LED_IN = re.compile(
    rf"[\s{_QUOTE})\]]*(?:\s[-\u2013\u2014]+>?\s|\s*[\u2013\u2014\u2192]|:\s|\s=>\s)[\s{_QUOTE}\[(<]*$"
)
_LED_ON = re.compile(
    rf"[{_QUOTE})\]]*(?:\s*:(?!//)|\s+[-\u2013\u2014]+>?\s|\s*[\u2013\u2014\u2192]|\s*\()[\s{_QUOTE}\[(]*"
)
_HEADED = re.compile(rf"[{_QUOTE}]*[\])][{_QUOTE}]*\s+[{_QUOTE}]*")
_HEAD = re.compile(rf"(?:^|[|\n])[\s>#*+\-\d.]*[{_QUOTE}]*\[[{_QUOTE}]*$")
_ENDED = re.compile(
    rf"""\s*(?:$|[.;:!?|{_QUOTE}<>(){{}}\[\]\n\r]|\s[-\u2013\u2014]|[\u2013\u2014]
    |(?:in|via|through|on|at|by|using|from|within|due|when|where|of|against|because|caused|under|inside|while)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_ENUMERATED = re.compile(r"[,/&+]|\band\b|\bor\b", re.IGNORECASE)
_STARTS = re.compile(rf"[.:;!?|>#<(){{}}\[\]{_QUOTE}\n\u2013\u2014]|\s-+\s|^\s*[-+]\s")
_PARAGRAPH = re.compile(r"\n[ \t]*(?=\n|[-*+#|>]|\d+[.)])")
_LINE_MARKS = f" \t\r#>+-{_QUOTE}"
_ADDRESS = re.compile(r"\(<?https?://[^)]*\)")
_CLOSING = re.compile(r"'?\)")
_LETTER = re.compile(r"[^\W\d_]")
_INSIDE_WORD = ("_", "-", "'", "\u2019")
_WINDOW = 200

# Words after which a name in front of a bracket is still what the bracket is about.
_LEADING = """
    a; an; the; this; that; these; any; some; one; two; three; no; each; potential; possible; critical;
    high; medium; low; severe; serious; classic; unauthenticated; authenticated; remote; local; allows;
    enables; permits; causes; contains; has; have; introduces; exposes; is; are; was; were; vulnerable to;
    susceptible to; prone to; exposed to; leads to; leading to; results in; resulting in; risk of; instance
    of; case of; example of; type of; kind of; form of; such as; known as; for example
"""
_LEADS = frozenset(normal(words_before) for words_before in _LEADING.split(";"))


@dataclass(slots=True)
class Naming:
    """A name beside a reference: the words as written, and what they name."""

    phrase: str
    term: Term


@dataclass(slots=True)
class Reference:
    """A CWE number between two offsets of a text; references that are named together share a `cluster`."""

    start: int
    end: int
    number: int
    written: str
    is_address: bool = False
    cluster: int = 0
    namings: list[Naming] = field(default_factory=list)


def references(text: str, known: frozenset[int]) -> list[Reference]:
    """The references in `text`, in order, with the names beside them.

    `known` are the ids of the catalogue: a bare number in a list (`CWE-89, 79 and 22`) has to be one.
    """
    found = _merge_links(text, list(_numbers(text, known)))
    for position, reference in enumerate(found):
        previous = found[position - 1] if position else None
        joined = previous is not None and _JOIN.fullmatch(text, previous.end, reference.start) is not None
        reference.cluster = previous.cluster + (not joined) if previous else 0
    for position, reference in enumerate(found):
        opens = position == 0 or found[position - 1].cluster != reference.cluster
        closes = position + 1 == len(found) or found[position + 1].cluster != reference.cluster
        for naming in (
            _named_before(text, reference) if opens else None,
            _named_after(text, reference) if closes else None,
            _named_in_line(text, reference) if opens and closes else None,
        ):
            if naming:
                reference.namings.append(naming)
        reference.namings += _named_in_cell(text, reference)
    return found


def _numbers(text: str, known: frozenset[int]) -> Iterator[Reference]:
    for match in _REFERENCE.finditer(text):
        address, tight, loose = match["address"], match["tight"], match["loose"]
        digits = address or tight or loose
        if (
            loose
            and not (match["mark"] or match["key"])
            and _YEAR.fullmatch(loose)
            and loose != _DICTIONARY_VIEW
        ):
            continue
        more = [] if address else _listed(text, match, known)
        if _plural(match) and not more and "[" not in match["bracket"]:
            continue
        yield Reference(match.start(), match.end(), int(digits), match[0], is_address=bool(address))
        yield from more


def _plural(match: re.Match[str]) -> bool:
    """Whether the number may be a count: `CWEs: 12`, `CWE ids: 12`."""
    return bool(match["plural"] or (match["key"] or "").lower().endswith("s"))


def _listed(text: str, match: re.Match[str], known: frozenset[int]) -> list[Reference]:
    """Bare numbers that go on a list begun by a reference, if the text cannot well mean something else."""
    more = []
    end = match.end()
    while following := _MORE.match(text, end):
        number = int(following[1])
        if number not in known:
            return []
        more.append(Reference(following.start(1), following.end(1), number, following[1]))
        end = following.end()
    if not more or not _LIST_END.match(text, end):
        return []
    bracketed = text[match.start() - 1 : match.start()] in ("(", "[") or match["bracket"]
    closed = text[end : end + 1] in (")", "]")
    if _plural(match) or (bracketed and closed) or _CONJUNCTION.search(text, match.end(), end):
        return more
    return []


def _merge_links(text: str, found: list[Reference]) -> list[Reference]:
    """Count a Markdown link on a reference, to the page of the same CWE, as that one reference."""
    merged: list[Reference] = []
    for reference in found:
        previous = merged[-1] if merged else None
        if reference.is_address and previous and previous.number == reference.number:
            between = text[previous.end : reference.start]
            if between.endswith("](") and "\n" not in between and between.count("[") == 0:
                if len(between) == 2:
                    closing = text.find(")", reference.end, reference.end + _WINDOW)
                    previous.end = closing + 1 if closing >= 0 else reference.end
                continue
        merged.append(reference)
    return merged


def _before(text: str, offset: int) -> str:
    """The paragraph up to `offset`, at most `_WINDOW` characters."""
    window = text[max(0, offset - _WINDOW) : offset]
    breaks = [match.end() for match in _PARAGRAPH.finditer(window)]
    return window[breaks[-1] :] if breaks else window


def _after(text: str, offset: int) -> str:
    """The paragraph from `offset`, at most `_WINDOW` characters."""
    window = text[offset : offset + _WINDOW]
    ended = _PARAGRAPH.search(window)
    return window[: ended.start()] if ended else window


def _named_before(text: str, reference: Reference) -> Naming | None:
    window = _before(text, reference.start)
    opened = _OPENED.search(window)
    edge = opened or _LED_IN.search(window)
    if edge is None or not terms().may_end(window[: edge.start()]):
        return None
    phrase = words(window[: edge.start()])
    found = terms().at_end(phrase)
    if found is None:
        return None
    term, length = found
    first = len(phrase) - length
    if not _may_start(window, phrase, first, bracketed=opened is not None):
        return None
    return Naming(_one_line(window[phrase[first].start : phrase[-1].end]), term)


def _may_start(window: str, phrase: list[Word], first: int, *, bracketed: bool) -> bool:
    """Whether a name that starts at word `first` is all that is named there, not the end of a longer name."""
    gap = window[phrase[first - 1].end if first else 0 : phrase[first].start]
    if gap in _INSIDE_WORD or any(sign in gap for sign in ",/&+"):
        return False
    if first == 0 or _STARTS.search(gap):
        return True
    previous = phrase[first - 1].normal
    if previous.isdigit() or not bracketed:
        return previous.isdigit()
    pair = f"{phrase[first - 2].normal} {previous}" if first > 1 else ""
    return previous in _LEADS or pair in _LEADS


def _one_line(phrase: str) -> str:
    return " ".join(phrase.split())


def _named_after(text: str, reference: Reference) -> Naming | None:
    window = _after(text, reference.end)
    edge = _LED_ON.match(window)
    if edge is None and _HEAD.search(_before(text, reference.start)):
        edge = _HEADED.match(window)
    return _prefix(window[edge.end() :]) if edge else None


def _prefix(window: str) -> Naming | None:
    """The name `window` starts with, if the words after it do not make it part of something else."""
    phrase = words(window)
    found = terms().at_start(phrase)
    if found is None or phrase[0].start > 0:
        return None
    term, length = found
    if length < len(phrase) and is_weakness_noun(phrase[length].normal):
        length += 1
    end = phrase[length - 1].end
    if not _ENDED.match(window, end):
        comma = re.match(r"\s*,", window[end:])
        if comma is None or terms().at_start(words(window[end + comma.end() :])):
            return None
    closing = _CLOSING.match(window, end) if "('" in window[:end] else None
    return Naming(_one_line(window[: closing.end() if closing else end]), term)


def _line_around(text: str, reference: Reference) -> tuple[str, str]:
    """What stands before and after a reference on its line, at most `_WINDOW` characters each."""
    before = text[max(0, reference.start - _WINDOW) : reference.start].rpartition("\n")[2]
    after = text[reference.end : reference.end + _WINDOW].partition("\n")[0]
    return before, after


def _named_in_line(text: str, reference: Reference) -> Naming | None:
    """The name that fills the rest of the reference's line, on one side of it."""
    before, after = _line_around(text, reference)
    spaced = before[-1:].isspace() or after[:1].isspace()
    before, after = before.strip(_LINE_MARKS), after.strip(_LINE_MARKS)
    if not spaced or bool(before) == bool(after):
        return None
    return _filling(before or after)


def _named_in_cell(text: str, reference: Reference) -> Iterator[Naming]:
    """The names in the Markdown table cells beside a cell that holds references only."""
    before, after = _line_around(text, reference)
    earlier, left_bar, cell_start = before.rpartition("|")
    cell_end, right_bar, later = after.partition("|")
    if _bare(cell_start) and _bare(cell_end):
        for cell in (
            earlier.rpartition("|")[2] if left_bar else "",
            later.partition("|")[0] if right_bar else "",
        ):
            if naming := _filling(cell.strip(_LINE_MARKS)):
                yield naming


def _filling(phrase: str) -> Naming | None:
    """What all of `phrase` names, unless it enumerates."""
    term = terms().whole(phrase) if phrase and not _ENUMERATED.search(phrase) else None
    return Naming(phrase, term) if term else None


def _bare(part: str) -> bool:
    """Whether part of a table cell holds references only."""
    return not _LETTER.search(_ADDRESS.sub("", _REFERENCE.sub("", part)))
