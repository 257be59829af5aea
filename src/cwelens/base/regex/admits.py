"""What the subject of a regular expression may contain, once the expression has matched it (or failed to).

Every answer is sound: a mask holds at least the characters that can occur, a set of literals at least the possible
subjects. Lookarounds only ever narrow what a pattern admits, so they are passed over, which widens the answer.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from cwelens.base.chars import ALL, of
from cwelens.base.regex.parser import RegexError, parse
from cwelens.base.regex.tree import (
    Alt,
    At,
    Atomic,
    Backref,
    Chars,
    Conditional,
    Group,
    Look,
    Node,
    Pattern,
    Repeat,
    Seq,
    starts_subject,
)

MAX_LITERALS = 16
"""A larger language is described by its characters only."""

_MAX_PREFIX = 256

# How surely a node ends at the end of the subject: not; there or before a last newline (`$`); there.
_OPEN, _BEFORE_NEWLINE, _AT_END = 0, 1, 2


class Admission(NamedTuple):
    """What a successful match says about its subject.

    - `whole`: the match constrains every character of the subject.
    - `chars`: what the subject may contain (`cwelens.base.chars`); ALL when not `whole`.
    - `prefix`: what every subject begins with; "" when nothing is certain.
    - `literals`: the possible subjects, when `whole` and they are few; else None.
    - `trailing_newline`: the subject may end with a newline that the pattern does not ask for, because of `$`.
    - `matched`: what the matched text, `match[0]`, may contain.
    - `groups`: what each group may contain, by its number and by its name if it has one.

    Text of a bytes pattern is given as Latin-1.
    """

    whole: bool
    chars: int
    prefix: str
    literals: frozenset[str] | None
    trailing_newline: bool
    matched: int
    groups: dict[int | str, int]


def _parsed(pattern: str | bytes, flags: int) -> Pattern | None:
    try:
        return parse(pattern, flags)
    except RegexError:
        return None


def admits(pattern: str | bytes, flags: int, method: str) -> Admission | None:
    """What a match of `pattern` by `re.<method>` ('fullmatch', 'match' or 'search') says; None: it is no pattern."""
    parsed = _parsed(pattern, flags)
    if parsed is None:
        return None
    root = parsed.root
    known: dict[int, int] = {}
    matched = _consumed(root, parsed, known)
    masks: dict[int | str, int] = {
        index: _consumed(group, parsed, known) for index, group in parsed.groups.items()
    }
    masks.update({name: masks[index] for name, index in parsed.names.items()})
    anchored = method != "search" or starts_subject(root)
    ending = _AT_END if method == "fullmatch" else _ending(root, lookahead=False)
    chars = matched
    if ending == _OPEN:
        # A lookahead at the end may be what reads the rest of the subject.
        ending = _ending(root, lookahead=True)
        for node in root.walk():
            if isinstance(node, Look):
                chars |= _consumed(node.body, parsed, known)
    whole = anchored and ending != _OPEN
    newline = whole and ending == _BEFORE_NEWLINE
    if newline:
        chars |= of("\n")
    literals = _language(root) if whole and not any(isinstance(node, Look) for node in root.walk()) else None
    if literals is not None and newline:
        literals |= {text + "\n" for text in literals}
    if literals is not None and len(literals) > MAX_LITERALS:
        literals = None
    return Admission(
        whole=whole,
        chars=chars if whole else ALL,
        prefix=_prefix(root)[0][:_MAX_PREFIX] if anchored else "",
        literals=frozenset(literals) if literals is not None else None,
        trailing_newline=newline,
        matched=matched,
        groups=masks,
    )


def _consumed(node: Node, pattern: Pattern, known: dict[int, int]) -> int:
    """What the text that `node` consumes may contain; `known`: the same of groups, filled as far as needed."""
    if isinstance(node, Look) or (isinstance(node, Repeat) and node.high == 0):
        return 0
    if isinstance(node, Chars):
        return node.charset.may()
    if isinstance(node, Backref):
        if node.index not in known:
            known[node.index] = _consumed(pattern.groups[node.index], pattern, known)
        # What a captured letter matches in the other case is not worth finding out.
        return ALL if node.fold and known[node.index] else known[node.index]
    mask = 0
    for child in node.children():
        mask |= _consumed(child, pattern, known)
    return mask


def _ending(node: Node, lookahead: bool) -> int:
    """How surely every way to match `node` passes the end of the subject; `lookahead`: those count too."""
    if isinstance(node, At):
        return {"end": _AT_END, "end_or_newline": _BEFORE_NEWLINE}.get(node.kind, _OPEN)
    if isinstance(node, Seq):
        return max((_ending(part, lookahead) for part in node.parts), default=_OPEN)
    if isinstance(node, (Alt, Conditional)):
        return min(_ending(branch, lookahead) for branch in node.children())
    if isinstance(node, Repeat):
        return _ending(node.body, lookahead) if node.low else _OPEN
    if isinstance(node, Look):
        return (
            _ending(node.body, lookahead) if lookahead and not node.negative and node.width is None else _OPEN
        )
    return _ending(node.body, lookahead) if isinstance(node, (Group, Atomic)) else _OPEN


def _prefix(node: Node) -> tuple[str, bool]:
    """What every match of `node` begins with, and whether that is all of every match."""
    if isinstance(node, Chars):
        few = node.charset.few(1)
        return (few[0], True) if few else ("", False)
    if isinstance(node, (At, Look)):
        return "", True
    if isinstance(node, Seq):
        text = ""
        for part in node.parts:
            more, complete = _prefix(part)
            text += more
            if not complete or len(text) > _MAX_PREFIX:
                return text, False
        return text, True
    if isinstance(node, Alt):
        return _common_prefix([_prefix(branch) for branch in node.branches])
    if isinstance(node, Repeat):
        text, complete = _prefix(node.body)
        if not node.low:
            return "", node.high == 0
        if not complete or len(text) * node.low > _MAX_PREFIX:
            return text, False
        return text * node.low, node.low == node.high
    return _prefix(node.body) if isinstance(node, (Group, Atomic)) else ("", False)


def _common_prefix(prefixes: list[tuple[str, bool]]) -> tuple[str, bool]:
    texts = [text for text, _ in prefixes]
    low, high = min(texts), max(texts)
    same = 0
    while same < len(low) and low[same] == high[same]:
        same += 1
    return low[:same], low == high and all(complete for _, complete in prefixes)


def _language(node: Node) -> set[str] | None:
    """The texts that `node` may consume, when they are at most MAX_LITERALS; else None."""
    if isinstance(node, Chars):
        few = node.charset.few(MAX_LITERALS)
        return None if few is None else set(few)
    if isinstance(node, At):
        return {""}
    if isinstance(node, Seq):
        return _concatenations(node.parts)
    if isinstance(node, Alt):
        texts: set[str] = set()
        for branch in node.branches:
            more = _language(branch)
            if more is None:
                return None
            texts |= more
        return texts if len(texts) <= MAX_LITERALS else None
    if isinstance(node, Repeat):
        if node.high is None or node.high > MAX_LITERALS:
            return None
        once = _language(node.body)
        return None if once is None else _powers(once, node.low, node.high)
    return _language(node.body) if isinstance(node, (Group, Atomic)) else None


def _joined(first: set[str], second: set[str]) -> set[str] | None:
    texts = {before + after for before, after in product(first, second)}
    return texts if len(texts) <= MAX_LITERALS else None


def _concatenations(parts: tuple[Node, ...]) -> set[str] | None:
    texts: set[str] | None = {""}
    for part in parts:
        more = _language(part)
        texts = None if more is None or texts is None else _joined(texts, more)
        if texts is None:
            return None
    return texts


def _powers(once: set[str], low: int, high: int) -> set[str] | None:
    """The texts made of `low` to `high` members of `once`."""
    power: set[str] | None = {""}
    texts: set[str] = set()
    for count in range(high + 1):
        if power is None:
            return None
        if count >= low:
            texts |= power
        power = _joined(power, once) if count < high else power
    return texts if len(texts) <= MAX_LITERALS else None


def absent_unless_found(pattern: str | bytes, flags: int) -> int:
    """The characters that cannot occur in a subject in which `re.search` finds nothing; 0: none, or no pattern."""
    parsed = _parsed(pattern, flags)
    return _alone(parsed.root) if parsed is not None else 0


def _alone(node: Node) -> int:
    """The characters each of which `node` surely matches by itself, whatever stands around it."""
    if isinstance(node, Chars):
        return node.charset.must()
    if isinstance(node, Group):
        return _alone(node.body)
    if isinstance(node, Repeat):
        return _alone(node.body) if node.low <= 1 and node.high != 0 else 0
    if isinstance(node, Alt):
        mask = 0
        for branch in node.branches:
            mask |= _alone(branch)
        return mask
    if isinstance(node, Seq):
        # One part takes the character, the others must be able to match nothing and to give back what they took.
        needed = [part for part in node.parts if not _optional(part)]
        if len(node.parts) == 1:
            return _alone(node.parts[0])
        if len(needed) == 1 and _gives_back(needed[0]):
            return _alone(needed[0])
    return 0


def _optional(node: Node) -> bool:
    return isinstance(node, Repeat) and node.low == 0 and _gives_back(node)


def _gives_back(node: Node) -> bool:
    return not any(
        isinstance(part, Atomic) or (isinstance(part, Repeat) and part.mode == "possessive")
        for part in node.walk()
    )


def removes(pattern: str | bytes, flags: int, repl: str | bytes) -> int | None:
    """The characters that cannot occur in `re.sub(pattern, repl, subject)`; None when that cannot be told.

    Without a limit on the number of replacements. A replacement with group references tells nothing.
    """
    mask = absent_unless_found(pattern, flags)
    text = repl.decode("latin-1") if isinstance(repl, bytes) else repl
    # A backslash in a replacement is an escape or a reference to text of the subject.
    if "\\" in text:
        return None
    return mask & ~of(text) or None
