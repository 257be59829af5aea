"""The syntax tree of a regular expression: what `parser` builds and every analysis of this package reads.

Trees are immutable by convention and carry the offsets of each node in the pattern text (a bytes pattern is read as
Latin-1, so its offsets are byte offsets). Flags are resolved while parsing: no node depends on a flag set elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from cwelens.base.chars import ALL, ASCII_ALNUM, ASCII_DIGITS, LOWER, NON_ASCII, SPACE, UPPER, between, of

# The values of the flags of the standard library's `re`, as its documentation and ABI fix them.
IGNORECASE, LOCALE, MULTILINE, DOTALL, UNICODE, VERBOSE, ASCII_ONLY = 2, 4, 8, 16, 32, 64, 256

Item = tuple[int, int] | str
"""A member of a character class: a range of code points, or the letter of an escape among d D s S w W."""

_CATEGORY_ASCII = {"d": ASCII_DIGITS, "s": of("\t\n\v\f\r "), "w": ASCII_ALNUM | of("_")}
_CATEGORY_UNICODE = {"d": ASCII_DIGITS, "s": SPACE & ~NON_ASCII, "w": ASCII_ALNUM | of("_")}
_ASCII_BITS = ALL & ~NON_ASCII

# Characters outside ASCII which match an ASCII letter under IGNORECASE without ASCII: dotted and dotless i, long s,
# the kelvin sign.
_FOREIGN_VARIANTS = {"i": "\u0130\u0131", "k": "\u212a", "s": "\u017f"}
_WITH_FOREIGN_VARIANT = of("iIkKsS")


def case_key(character: str) -> str:
    """What two characters have in common exactly when they match each other under IGNORECASE without ASCII."""
    return character.lower()[0].upper()


def case_variants(character: str, ascii_only: bool) -> set[str]:
    """The characters that `character` stands for under IGNORECASE, itself included."""
    if ascii_only:
        return {character, character.swapcase()} if character.isascii() else {character}
    found = {character}
    for change in (str.lower, str.upper, str.title, str.lower):
        found |= {changed[0] for changed in map(change, found) if case_key(changed[0]) == case_key(character)}
    for member in tuple(found):
        found.update(_FOREIGN_VARIANTS.get(member, ""))
    return found


class CharSet:
    """A set of characters given by ranges and escapes, exact for every code point; the unit a pattern consumes.

    `ascii_only`: escapes and case folding know ASCII only. `highest`: 0x10FFFF, or 0xFF in a bytes pattern.
    """

    __slots__ = ("_known", "ascii_only", "fold", "highest", "items", "negated")

    def __init__(
        self, items: tuple[Item, ...], negated: bool, fold: bool, ascii_only: bool, highest: int
    ) -> None:
        self.items = items
        self.negated = negated
        self.fold = fold
        self.ascii_only = ascii_only
        self.highest = highest
        self._known: dict[str, bool] = {}

    def contains(self, character: str) -> bool:
        """Does the set contain the character?"""
        known = self._known.get(character)
        if known is None:
            variants = case_variants(character, self.ascii_only) if self.fold else {character}
            hit = any(self._lists(variant) for variant in variants)
            if not hit and self.fold and not self.ascii_only:
                # Variants are not all known outside ASCII, but single characters can be compared.
                singles = (item for item in self.items if not isinstance(item, str) and item[0] == item[1])
                hit = any(case_key(chr(item[0])) == case_key(character) for item in singles)
            known = self._known[character] = hit != self.negated
        return known

    def _lists(self, character: str) -> bool:
        code = ord(character)
        for item in self.items:
            if isinstance(item, str):
                if self._category(item.lower(), character) == item.islower():
                    return True
            elif item[0] <= code <= item[1]:
                return True
        return False

    def _category(self, letter: str, character: str) -> bool:
        if character.isascii():
            return bool(
                (_CATEGORY_ASCII if self.ascii_only else _CATEGORY_UNICODE)[letter] >> ord(character) & 1
            )
        if self.ascii_only:
            return False
        if letter == "d":
            return character.isdecimal()
        return character.isspace() if letter == "s" else character.isalnum()

    def may(self) -> int:
        """The mask of the set; bit 128 when *some* character outside ASCII is a member (never missed)."""
        return ALL & ~self._listed(every=True) if self.negated else self._listed(every=False)

    def must(self) -> int:
        """The mask of the set; bit 128 only when *every* character outside ASCII is a member."""
        return ALL & ~self._listed(every=False) if self.negated else self._listed(every=True)

    def _listed(self, every: bool) -> int:
        """The mask of the listed items; bit 128 for "some" or "every" character outside ASCII."""
        categories = _CATEGORY_ASCII if self.ascii_only else _CATEGORY_UNICODE
        mask = 0
        for item in self.items:
            if not isinstance(item, str):
                mask |= between(*item)
            elif item.islower():
                mask |= categories[item] | (0 if self.ascii_only else NON_ASCII)
            else:
                mask |= (_ASCII_BITS & ~categories[item.lower()]) | NON_ASCII
        if self.fold:
            mask |= (mask & LOWER) >> 32 | (mask & UPPER) << 32
            if not self.ascii_only:
                for letter, variants in _FOREIGN_VARIANTS.items():
                    if any(self._lists(variant) for variant in variants):
                        mask |= of(letter + letter.upper())
                if mask & _WITH_FOREIGN_VARIANT:
                    mask |= NON_ASCII
        if every and not self._covers_non_ascii():
            mask &= ~NON_ASCII
        return mask

    def _covers_non_ascii(self) -> bool:
        """Do the listed items surely hold every character outside ASCII?"""
        letters = {item for item in self.items if isinstance(item, str)}
        if self.ascii_only and any(letter.isupper() for letter in letters):
            return True
        if any(letter.swapcase() in letters for letter in letters):
            return True
        reached = 0x80
        for low, high in sorted(item for item in self.items if not isinstance(item, str)):
            if low > reached:
                return False
            reached = max(reached, high + 1)
        return reached > self.highest

    def few(self, limit: int) -> list[str] | None:
        """The members in code point order when there are at most `limit` and they are certain, else None."""
        if self.negated:
            return None
        found: set[str] = set()
        for item in self.items:
            if isinstance(item, str) or item[1] - item[0] >= limit:
                return None
            for code in range(item[0], item[1] + 1):
                # Outside ASCII the variants of a character are not all known here.
                if self.fold and code >= 128 and not self.ascii_only:
                    return None
                found |= case_variants(chr(code), self.ascii_only) if self.fold else {chr(code)}
        return sorted(found) if len(found) <= limit else None


class Node:
    """A part of a pattern at the offsets `start` (included) to `end` (excluded)."""

    __slots__ = ("end", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end

    def children(self) -> tuple[Node, ...]:
        """The parts this part is made of, in the order of the text."""
        return ()

    def walk(self) -> Iterator[Node]:
        """This node and everything under it, parents before children."""
        todo: list[Node] = [self]
        while todo:
            node = todo.pop()
            yield node
            todo.extend(reversed(node.children()))


class Chars(Node):
    """One character out of a set: a literal, `.`, an escape such as `\\d`, or a class in brackets.

    `ranges` holds, for a class, the offsets of each range written in it.
    """

    __slots__ = ("charset", "ranges")

    def __init__(
        self, start: int, end: int, charset: CharSet, ranges: tuple[tuple[int, int], ...] = ()
    ) -> None:
        super().__init__(start, end)
        self.charset = charset
        self.ranges = ranges


class At(Node):
    """A position: 'start' of the subject, 'line_start', 'end', 'end_or_newline' (`$`), 'line_end', 'boundary', 'inside'
    (`\\B`)."""

    __slots__ = ("ascii_only", "kind")

    def __init__(self, start: int, end: int, kind: str, ascii_only: bool = False) -> None:
        super().__init__(start, end)
        self.kind = kind
        self.ascii_only = ascii_only


class Seq(Node):
    """Parts one after another; no part: the empty match."""

    __slots__ = ("parts",)

    def __init__(self, start: int, end: int, parts: tuple[Node, ...]) -> None:
        super().__init__(start, end)
        self.parts = parts

    def children(self) -> tuple[Node, ...]:
        return self.parts


class Alt(Node):
    """Branches tried from left to right; at least two."""

    __slots__ = ("branches",)

    def __init__(self, start: int, end: int, branches: tuple[Node, ...]) -> None:
        super().__init__(start, end)
        self.branches = branches

    def children(self) -> tuple[Node, ...]:
        return self.branches


class Wrapper(Node):
    """A node around one body."""

    __slots__ = ("body",)

    def __init__(self, start: int, end: int, body: Node) -> None:
        super().__init__(start, end)
        self.body = body

    def children(self) -> tuple[Node, ...]:
        return (self.body,)


class Repeat(Wrapper):
    """The body `low` to `high` times; `high` None: without end. `mode`: 'greedy', 'lazy' or 'possessive'."""

    __slots__ = ("high", "low", "mode")

    def __init__(self, start: int, end: int, body: Node, low: int, high: int | None, mode: str) -> None:
        super().__init__(start, end, body)
        self.low = low
        self.high = high
        self.mode = mode


class Group(Wrapper):
    """Parentheses; `index` is the number of a capturing group, None for `(?:…)`."""

    __slots__ = ("index",)

    def __init__(self, start: int, end: int, body: Node, index: int | None) -> None:
        super().__init__(start, end, body)
        self.index = index


class Atomic(Wrapper):
    """`(?>…)`: once the body has matched, its other ways to match are forgotten."""

    __slots__ = ()


class Look(Wrapper):
    """A lookaround; `width` is the width of the body of a lookbehind, None for a lookahead."""

    __slots__ = ("negative", "width")

    def __init__(self, start: int, end: int, body: Node, negative: bool, width: int | None) -> None:
        super().__init__(start, end, body)
        self.negative = negative
        self.width = width


class Backref(Node):
    """The text a group has matched, again."""

    __slots__ = ("ascii_only", "fold", "index")

    def __init__(self, start: int, end: int, index: int, fold: bool, ascii_only: bool) -> None:
        super().__init__(start, end)
        self.index = index
        self.fold = fold
        self.ascii_only = ascii_only


class Conditional(Node):
    """`(?(group)yes|no)`."""

    __slots__ = ("index", "no", "yes")

    def __init__(self, start: int, end: int, index: int, yes: Node, no: Node) -> None:
        super().__init__(start, end)
        self.index = index
        self.yes = yes
        self.no = no

    def children(self) -> tuple[Node, ...]:
        return (self.yes, self.no)


class Pattern:
    """A parsed pattern: its text (Latin-1 when it was bytes), tree, and groups by number and by name."""

    __slots__ = ("groups", "is_bytes", "names", "root", "text")

    def __init__(
        self, text: str, is_bytes: bool, root: Node, groups: dict[int, Group], names: dict[str, int]
    ) -> None:
        self.text = text
        self.is_bytes = is_bytes
        self.root = root
        self.groups = groups
        self.names = names


def nullable(node: Node) -> bool:
    """May the node match without consuming a character? (Never wrongly False.)"""
    if isinstance(node, Chars):
        return False
    if isinstance(node, Seq):
        return all(nullable(part) for part in node.parts)
    if isinstance(node, Alt):
        return any(nullable(branch) for branch in node.branches)
    if isinstance(node, Repeat):
        return node.low == 0 or nullable(node.body)
    if isinstance(node, (Group, Atomic)):
        return nullable(node.body)
    if isinstance(node, Conditional):
        return nullable(node.yes) or nullable(node.no)
    return True


def starts_subject(node: Node) -> bool:
    """Does every way to match `node` begin at the start of the subject, or pass there without having moved?"""
    if isinstance(node, At):
        return node.kind == "start"
    if isinstance(node, Seq):
        return any(map(starts_subject, node.parts))
    if isinstance(node, (Alt, Conditional)):
        return all(map(starts_subject, node.children()))
    if isinstance(node, Repeat):
        return node.low > 0 and starts_subject(node.body)
    if isinstance(node, Look):
        return not node.negative and node.width is None and starts_subject(node.body)
    return isinstance(node, (Group, Atomic)) and starts_subject(node.body)
