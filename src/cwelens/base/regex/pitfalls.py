"""Slips that let a pattern match more than its author meant: host names with open dots, ranges such as `[A-z]`.

Offsets are offsets in the pattern text. A pattern that cannot be read has no findings here.
"""

from __future__ import annotations

import re

from cwelens.base.chars import ASCII_DIGITS, LOWER, UPPER, between, of
from cwelens.base.regex.parser import RegexError, parse
from cwelens.base.regex.tree import Alt, At, Chars, Group, Node, Pattern, Seq

Pitfall = tuple[int, str]
"""An offset and one sentence for people."""

# The second kind are words of other languages too, so they need more of a host name around them.
_GENERIC = "com net org edu gov mil"
_OTHERS = "ai app at au be biz br ca ch cloud cn co cz de dev es eu fr in info io it jp kr me nl no nz pl ru se uk us xyz"
_DOMAINS = frozenset(_GENERIC.split())
_WEAK_DOMAINS = frozenset(_OTHERS.split())

# What a part of a pattern becomes in the skeleton, if not a literal character.
_DOT, _OTHER, _POSITION = "\ue000", "\ue001", "\ue002"
_LABELS = re.compile(rf"[a-z0-9.{_DOT}-]+")
_SEPARATOR = re.compile(rf"[.{_DOT}]")

_Skeleton = list[tuple[str, int]]


def open_dots(pattern: str | bytes, flags: int = 0) -> list[Pitfall]:
    """The unescaped dots in the host names of a pattern."""
    try:
        parsed = parse(pattern, flags)
    except RegexError:
        return []
    found: list[Pitfall] = []
    apart: list[Node] = [parsed.root]
    while apart:
        found += _dots(parsed, _skeleton(parsed, apart.pop(), apart))
    return sorted(found)


def _skeleton(pattern: Pattern, node: Node, apart: list[Node]) -> _Skeleton:
    """The literal characters and marks of a sequence, with offsets; what stands apart from it goes into `apart`."""
    skeleton: _Skeleton = []
    todo = [node]
    while todo:
        part = todo.pop()
        if isinstance(part, Seq):
            todo.extend(reversed(part.parts))
        elif isinstance(part, Group):
            todo.append(part.body)
        elif isinstance(part, Alt) and _is_domains(part):
            todo.append(part.branches[0])
        elif isinstance(part, At):
            skeleton.append((_POSITION, part.start))
        elif isinstance(part, Chars):
            skeleton.append((_mark(pattern, part), part.start))
        else:
            skeleton.append((_OTHER, part.start))
            apart.extend(part.children())
    return skeleton


def _literal(node: Node) -> str | None:
    """The character, in lower case, that a node stands for."""
    if isinstance(node, Chars) and not node.charset.negated and len(node.charset.items) == 1:
        item = node.charset.items[0]
        if not isinstance(item, str) and item[0] == item[1]:
            return chr(item[0]).lower()
    return None


def _mark(pattern: Pattern, node: Chars) -> str:
    if pattern.text[node.start : node.end] == ".":
        return _DOT
    literal = _literal(node)
    return literal if literal is not None and literal.isascii() else _OTHER


def _is_domains(node: Alt) -> bool:
    """Is it a choice of top-level domains, as in `(com|org)`?"""
    for branch in node.branches:
        letters = [_literal(part) for part in branch.parts] if isinstance(branch, Seq) else []
        if "".join(letter or " " for letter in letters) not in _DOMAINS | _WEAK_DOMAINS:
            return False
    return True


def _hosts(skeleton: _Skeleton) -> list[tuple[int, int]]:
    """The host names in a skeleton, as indexes of it."""
    text = "".join(mark for mark, _ in skeleton)
    hosts = []
    for run in _LABELS.finditer(text):
        labels = _SEPARATOR.split(run.group())
        before = text[: run.start()][-3:]
        likely = before == "://" or before.endswith("@") or labels[0] == "www" or len(labels) > 2
        last_two = labels[-2:]
        if (
            len(last_two) == 2
            and len(last_two[0]) > 1
            and (last_two[1] in _DOMAINS or (likely and last_two[1] in _WEAK_DOMAINS))
        ):
            hosts.append(run.span())
    return hosts


def _shown(skeleton: _Skeleton, start: int, end: int) -> str:
    return "".join("." if mark == _DOT else mark for mark, _ in skeleton[start:end]).lstrip(".")


def _dots(pattern: Pattern, skeleton: _Skeleton) -> list[Pitfall]:
    found = []
    for start, end in _hosts(skeleton):
        name = _shown(skeleton, start, end)
        for mark, offset in skeleton[start + 1 : end]:
            if mark == _DOT:
                found.append(
                    (
                        offset,
                        f"The unescaped `.` in `{name}` matches any character, so other hosts match too.",
                    )
                )
    return found


_KINDS = (LOWER, UPPER, ASCII_DIGITS)
_ALNUM = LOWER | UPPER | ASCII_DIGITS


def overly_large_ranges(pattern: str | bytes, flags: int = 0) -> list[Pitfall]:
    """Ranges in classes that hold characters of another kind than their ends suggest, such as `[A-z]` or `[+-a]`, or that
    overlap, such as `[0-93-5]`.

    Ranges whose ends are written as numbers (`\\x21-\\x7e`), are whole columns of the ASCII table, are control characters or lie
    outside ASCII are taken as meant, and so is a class with a range that begins right at the start or stops right at the end of
    the printable characters: it lists them with gaps.
    """
    try:
        parsed = parse(pattern, flags)
    except RegexError:
        return []
    found = []
    for node in parsed.root.walk():
        if not isinstance(node, Chars):
            continue
        written = [item for item in node.charset.items if not isinstance(item, str)]
        ranges = [
            (start, parsed.text[start:end], *_ends(parsed.text[start:end], written))
            for start, end in node.ranges
            if not re.search(r"\\[xuUN0-7]", parsed.text[start:end])
        ]
        if any(low <= ord("!") or high in (ord("~"), 127) for _, _, low, high in ranges):
            continue
        for index, (start, text, low, high) in enumerate(ranges):
            other = next((t for _, t, a, b in ranges[:index] if high < 128 and a <= high and low <= b), None)
            if high < 128 and not _column(low, high) and (strays := _strays(low, high)):
                found.append((start, f"The range `{text}` also holds {strays}."))
            elif other is not None and other != text:
                found.append((start, f"The ranges `{other}` and `{text}` overlap."))
    return found


def _ends(text: str, written: list[tuple[int, int]]) -> tuple[int, int]:
    """The code points of a range as it is written; beyond ASCII when an end is an escape for one."""
    plain = text.replace("\\", "")
    if len(plain) == 3 and (ord(plain[0]), ord(plain[2])) in written:
        return ord(plain[0]), ord(plain[2])
    return 128, 128


def _column(low: int, high: int) -> bool:
    """Whether a range is whole columns of the ASCII table, as escape sequences of terminals are defined: `[0-?]`."""
    return low % 16 == 0 and (high % 16 == 15 or high == ord("~"))


def _strays(low: int, high: int) -> str:
    """What a range holds that its ends do not suggest, for people; "" when nothing."""
    ends = of(chr(low)) | of(chr(high))
    inner = between(low, high)
    if any(ends & kind == ends for kind in _KINDS):
        return ""
    if ends & _ALNUM:
        strays = inner & ~_ALNUM & ~ends
        return "characters that are neither letters nor digits" if strays else ""
    return "letters or digits" if inner & _ALNUM else ""
