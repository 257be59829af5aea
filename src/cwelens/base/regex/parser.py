"""Python regular expression text to a `tree.Pattern`.

The package has its own parser, and not the standard library's, because findings need the offsets of sub-expressions
(`re` drops them) and because the answer must not depend on the Python version that runs the review. It accepts the
syntax of `re` in 3.11 to 3.14, the later addition (`\\z`) included. It is total: text it does not accept raises
`RegexError`, whatever the text, and nesting and length are bounded.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NoReturn

from cwelens.base.regex.tree import (
    ASCII_ONLY,
    DOTALL,
    IGNORECASE,
    LOCALE,
    MULTILINE,
    UNICODE,
    VERBOSE,
    Alt,
    At,
    Atomic,
    Backref,
    Chars,
    CharSet,
    Conditional,
    Group,
    Item,
    Look,
    Node,
    Pattern,
    Repeat,
    Seq,
)

MAX_LENGTH = 20_000
"""Longest pattern that is read, in characters."""
MAX_NESTING = 60
"""Deepest nesting of parentheses that is read; the analyses recurse over the tree."""

_MAX_REPEAT = 2**32 - 1  # re's MAXREPEAT on every supported platform
_FLAGS = {
    "i": IGNORECASE,
    "L": LOCALE,
    "m": MULTILINE,
    "s": DOTALL,
    "x": VERBOSE,
    "a": ASCII_ONLY,
    "u": UNICODE,
}
_KIND_FLAGS = ASCII_ONLY | LOCALE | UNICODE
_SIMPLE = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}
_DIGITS = frozenset("0123456789")
_OCTAL = frozenset("01234567")
_HEX = frozenset("0123456789abcdefABCDEF")
_HEX_LENGTHS = {"x": 2, "u": 4, "U": 8}
_POSITIONS = {"A": "start", "b": "boundary", "B": "inside", "Z": "end", "z": "end"}
_QUANTIFIERS = {"*": (0, None), "+": (1, None), "?": (0, 1)}


class RegexError(ValueError):
    """The text is not a regular expression (or is past a bound of this module); `offset` is where that shows."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(f"{message} at offset {offset}")
        self.offset = offset


@lru_cache(maxsize=256)
def parse(pattern: str | bytes, flags: int = 0) -> Pattern:
    """The tree of `pattern` under the flags of `re` in `flags`. Raises `RegexError`."""
    return _Parser(pattern, int(flags)).parse()


class _Parser:
    """Recursive descent over the text; `flags` are those in force at `offset`."""

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self.is_bytes = isinstance(pattern, bytes)
        self.text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
        self.flags = flags & (sum(_FLAGS.values()))
        self.offset = 0
        self.nesting = 0
        self.group_count = 0
        self.groups: dict[int, Group] = {}  # closed groups only
        self.names: dict[str, int] = {}
        self.conditions: list[
            tuple[int, int]
        ] = []  # (group, offset), to be checked when all groups are known
        self.widths: dict[int, tuple[int, int | None]] = {}  # of groups, as far as asked for
        self.behind: list[int] = []  # per open lookbehind, how many groups there were before it

    def parse(self) -> Pattern:
        if len(self.text) > MAX_LENGTH:
            raise RegexError("pattern is too long", MAX_LENGTH)
        self._check_flags(0)
        root = self._alternatives(top=True)
        if self.offset < len(self.text):
            self._fail("unbalanced parenthesis")
        for group, offset in self.conditions:
            if group > self.group_count:
                raise RegexError(f"no group {group}", offset)
        return Pattern(self.text, self.is_bytes, root, self.groups, self.names)

    # -- reading

    def _fail(self, message: str) -> NoReturn:
        raise RegexError(message, min(self.offset, len(self.text)))

    def _peek(self) -> str:
        return self.text[self.offset : self.offset + 1]

    def _take(self, wanted: str) -> bool:
        if self.text.startswith(wanted, self.offset):
            self.offset += len(wanted)
            return True
        return False

    def _next(self, missing: str) -> str:
        if self.offset >= len(self.text):
            self._fail(missing)
        self.offset += 1
        return self.text[self.offset - 1]

    def _until(self, end: str, what: str) -> str:
        stop = self.text.find(end, self.offset)
        if stop < 0:
            self._fail(f"{what} is not ended")
        read = self.text[self.offset : stop]
        self.offset = stop + 1
        if not read:
            self._fail(f"{what} is missing")
        return read

    def _while(self, wanted: frozenset[str], limit: int) -> str:
        start = self.offset
        while self.offset - start < limit and self._peek() in wanted:
            self.offset += 1
        return self.text[start : self.offset]

    def _skip_layout(self) -> None:
        """In verbose mode: whitespace and comments."""
        while self.flags & VERBOSE and self._peek():
            if self._peek() in " \t\n\r\v\f":
                self.offset += 1
            elif self._peek() == "#":
                self._skip_comment("\n")
            else:
                return

    def _skip_comment(self, end: str) -> bool:
        """Go past the next `end` that has no backslash before it, or to the end of the text; was there one?"""
        while self.offset < len(self.text):
            character = self._next("")
            if character == "\\":
                self._next("bad escape (end of pattern)")
            elif character == end:
                return True
        return False

    # -- flags

    def _check_flags(self, offset: int) -> None:
        """Raise unless the flags can go together and fit the kind of pattern."""
        kinds = self.flags & _KIND_FLAGS
        if kinds & (UNICODE if self.is_bytes else LOCALE) or kinds.bit_count() > 1:
            raise RegexError("flags cannot be used together or with this kind of pattern", offset)

    def _ascii_only(self) -> bool:
        # What LOCALE admits is not known here, so it is read like Unicode: more, never less.
        return bool(self.flags & ASCII_ONLY) or (self.is_bytes and not self.flags & LOCALE)

    def _read_flags(self) -> tuple[int, int, str]:
        """Letters after `(?`: flags to add, flags to remove, and the character that ended them (`:` or `)`)."""
        add = remove = 0
        letter = self._next("flag is missing")
        while letter in _FLAGS:
            add |= _FLAGS[letter]
            letter = self._next("flags are not ended")
        if (add & _KIND_FLAGS).bit_count() > 1 or add & (UNICODE if self.is_bytes else LOCALE):
            self._fail("flags cannot be used together or with this kind of pattern")
        if letter == "-":
            letter = self._next("flag is missing")
            if letter not in _FLAGS:
                self._fail("flag is missing")
            while letter in _FLAGS:
                remove |= _FLAGS[letter]
                letter = self._next("flags are not ended")
            if letter != ":" or remove & (_KIND_FLAGS | add):
                self._fail("flags cannot be turned off here")
        if letter not in ":)":
            self._fail("unknown flag")
        return add, remove, letter

    # -- structure

    def _alternatives(self, top: bool = False) -> Node:
        start = self.offset
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            self._fail("pattern is nested too deeply")
        branches = [self._sequence(first=top)]
        while self._take("|"):
            branches.append(self._sequence(first=False))
        self.nesting -= 1
        return branches[0] if len(branches) == 1 else Alt(start, self.offset, tuple(branches))

    def _sequence(self, first: bool) -> Node:
        start = self.offset
        parts: list[Node] = []
        while True:
            self._skip_layout()
            character = self._peek()
            if not character or character in "|)":
                break
            if character in "*+?{" and (limits := self._quantifier()) is not None:
                self._repeat(parts, *limits)
            else:
                part = self._part(first and not parts)
                if part is not None:
                    parts.append(part)
        if len(parts) == 1:
            return parts[0]
        return Seq(start, self.offset, tuple(parts))

    def _quantifier(self) -> tuple[int, int | None] | None:
        """The limits at the offset; None, and nothing read, when a `{` there is a literal."""
        character = self._peek()
        if character != "{":
            self.offset += 1
            return _QUANTIFIERS[character]
        start = self.offset
        self.offset += 1
        low = self._while(_DIGITS, MAX_LENGTH)
        high = self._while(_DIGITS, MAX_LENGTH) if self._take(",") else low
        if self.offset == start + 1 or not self._take("}"):
            self.offset = start
            return None
        if max(len(low), len(high)) > len(str(_MAX_REPEAT)):
            self._fail("repetition number is too large")
        least, most = int(low or 0), int(high) if high else None
        if least >= _MAX_REPEAT or (most is not None and most >= _MAX_REPEAT):
            self._fail("repetition number is too large")
        if most is not None and most < least:
            self._fail("least repetition is greater than greatest")
        return least, most

    def _repeat(self, parts: list[Node], low: int, high: int | None) -> None:
        """Put the last of `parts` under a repetition."""
        if not parts or isinstance(parts[-1], At):
            self._fail("nothing to repeat")
        if isinstance(parts[-1], Repeat):
            self._fail("multiple repeat")
        body = parts.pop()
        mode = "lazy" if self._take("?") else "possessive" if self._take("+") else "greedy"
        parts.append(Repeat(body.start, self.offset, body, low, high, mode))

    def _part(self, first: bool) -> Node | None:
        """The next part; None for one without a node (a comment, flags for the whole pattern)."""
        start = self.offset
        character = self._next("")
        if character == "(":
            return self._parenthesis(start, first)
        if character == "[":
            return self._class(start)
        if character == "\\":
            return self._escape(start)
        if character == ".":
            everything = bool(self.flags & DOTALL)
            return self._chars(start, () if everything else ((10, 10),), negated=True)
        if character == "^":
            return At(start, self.offset, "line_start" if self.flags & MULTILINE else "start")
        if character == "$":
            return At(start, self.offset, "line_end" if self.flags & MULTILINE else "end_or_newline")
        return self._literal(start, character)

    def _chars(
        self,
        start: int,
        items: tuple[Item, ...],
        negated: bool = False,
        ranges: tuple[tuple[int, int], ...] = (),
    ) -> Chars:
        highest = 0xFF if self.is_bytes else 0x10FFFF
        charset = CharSet(items, negated, bool(self.flags & IGNORECASE), self._ascii_only(), highest)
        return Chars(start, self.offset, charset, ranges)

    def _literal(self, start: int, character: str) -> Chars:
        return self._chars(start, ((ord(character), ord(character)),))

    def _parenthesis(self, start: int, first: bool) -> Node | None:
        if not self._take("?"):
            return self._capture(start, None)
        if self._take("P<"):
            return self._capture(start, self._name(">"))
        if self._take("P="):
            name = self._name(")")
            if name not in self.names:
                self._fail(f"unknown group name {name!r}")
            return self._backref(start, self.names[name])
        if self._take("#"):
            if not self._skip_comment(")"):
                self._fail("comment is not ended")
            return None
        if self._take("("):
            return self._conditional(start)
        for sign, behind, negative in (
            ("=", False, False),
            ("!", False, True),
            ("<=", True, False),
            ("<!", True, True),
        ):
            if self._take(sign):
                return self._look(start, behind, negative)
        if self._take(">"):
            body = self._body(self.flags)
            return Atomic(start, self.offset, body)
        if self._peek() == "P" or self._peek() == "<":
            self._fail("unknown extension")
        if self._take(":"):
            body = self._body(self.flags)
            return Group(start, self.offset, body, None)
        add, remove, end = self._read_flags()
        if end == ")":
            if not first:
                self._fail("global flags are not at the start of the pattern")
            self.flags |= add
            self._check_flags(start)
            return None
        kept = self.flags & ~_KIND_FLAGS if add & _KIND_FLAGS else self.flags
        body = self._body((kept | add) & ~remove)
        return Group(start, self.offset, body, None)

    def _body(self, flags: int) -> Node:
        """The rest of a group up to and with its `)`, read under `flags`."""
        outer, self.flags = self.flags, flags
        body = self._alternatives()
        self.flags = outer
        if not self._take(")"):
            self._fail("missing )")
        return body

    def _name(self, end: str) -> str:
        name = self._until(end, "group name")
        if not name.isidentifier() or (self.is_bytes and not name.isascii()):
            self._fail(f"bad group name {name!r}")
        return name

    def _capture(self, start: int, name: str | None) -> Node:
        self.group_count += 1
        index = self.group_count
        if name is not None:
            if name in self.names:
                self._fail(f"group name {name!r} is defined twice")
            self.names[name] = index
        body = self._body(self.flags)
        self.groups[index] = Group(start, self.offset, body, index)
        return self.groups[index]

    def _check_reference(self, index: int) -> None:
        """Raise where `re` does: an unfinished group, or one inside the same lookbehind."""
        if index not in self.groups:
            self._fail("cannot refer to an open or unknown group")
        if self.behind and index > self.behind[0]:
            self._fail("cannot refer to a group of the same lookbehind")

    def _backref(self, start: int, index: int) -> Node:
        self._check_reference(index)
        return Backref(start, self.offset, index, bool(self.flags & IGNORECASE), self._ascii_only())

    def _conditional(self, start: int) -> Node:
        name = self._until(")", "group name")
        if name.isascii() and name.isdigit():
            if len(name) > 9 or int(name) == 0:
                self._fail("bad group number")
            index = int(name)
            self.conditions.append((index, self.offset))
            if self.behind and (index > self.behind[0] or index not in self.groups):
                self._fail("cannot refer to a group of the same lookbehind")
        else:
            if name not in self.names:
                self._fail(f"unknown group name {name!r}")
            index = self.names[name]
            if self.behind:
                self._check_reference(index)
        body = self._body(self.flags)
        branches = body.branches if isinstance(body, Alt) else (body, Seq(body.end, body.end, ()))
        if len(branches) > 2:
            self._fail("conditional with more than two branches")
        return Conditional(start, self.offset, index, *branches)

    def _look(self, start: int, behind: bool, negative: bool) -> Node:
        if not behind:
            body = self._body(self.flags)
            return Look(start, self.offset, body, negative, None)
        self.behind.append(self.group_count)
        body = self._body(self.flags)
        self.behind.pop()
        low, high = self._width(body)
        if low != high:
            self._fail("look-behind requires a fixed width")
        return Look(start, self.offset, body, negative, low)

    def _width(self, node: Node) -> tuple[int, int | None]:
        """The least and greatest number of characters the node consumes; None: no greatest."""
        if isinstance(node, Chars):
            return 1, 1
        if isinstance(node, Seq):
            widths = [self._width(part) for part in node.parts]
            highs = [high for _, high in widths if high is not None]
            return sum(low for low, _ in widths), sum(highs) if len(highs) == len(widths) else None
        if isinstance(node, (Alt, Conditional)):
            widths = [self._width(branch) for branch in node.children()]
            highs = [high for _, high in widths if high is not None]
            return min(low for low, _ in widths), max(highs) if len(highs) == len(widths) else None
        if isinstance(node, Repeat):
            low, high = self._width(node.body)
            if high == 0:
                return 0, 0
            return low * node.low, None if high is None or node.high is None else high * node.high
        if isinstance(node, (Group, Atomic)):
            return self._width(node.body)
        if isinstance(node, Backref):
            if node.index not in self.widths:
                self.widths[node.index] = self._width(self.groups[node.index])
            return self.widths[node.index]
        return 0, 0

    # -- escapes and classes

    def _escape(self, start: int) -> Node:
        letter = self._next("bad escape (end of pattern)")
        if letter in _POSITIONS:
            return At(start, self.offset, _POSITIONS[letter], self._ascii_only())
        if letter in "dDsSwW":
            return self._chars(start, (letter,))
        if letter in "123456789":
            return self._number(start, letter)
        return self._literal(start, self._escaped(letter))

    def _number(self, start: int, digits: str) -> Node:
        """`\\12`: a reference to a group, or a character when three octal digits stand there."""
        digits += self._while(_DIGITS, 1)
        if len(digits) == 2 and set(digits) <= _OCTAL and (third := self._while(_OCTAL, 1)):
            return self._literal(start, self._octal(digits + third))
        return self._backref(start, int(digits))

    def _octal(self, digits: str) -> str:
        if int(digits, 8) > 0o377:
            self._fail("octal escape is too large")
        return chr(int(digits, 8))

    def _escaped(self, letter: str) -> str:
        """The character that a backslash and `letter` stand for, inside and outside of a class."""
        if letter in _SIMPLE:
            return _SIMPLE[letter]
        if letter == "0":
            return self._octal("0" + self._while(_OCTAL, 2))
        if letter == "x" or (letter in "uU" and not self.is_bytes):
            length = _HEX_LENGTHS[letter]
            digits = self._while(_HEX, length)
            if len(digits) < length or int(digits, 16) > 0x10FFFF:
                self._fail("incomplete or impossible escape")
            return chr(int(digits, 16))
        if letter == "N" and not self.is_bytes and self._take("{"):
            return self._named_character(self._until("}", "character name"))
        if letter.isascii() and letter.isalnum():
            self._fail(f"bad escape \\{letter}")
        return letter

    def _named_character(self, name: str) -> str:
        import unicodedata  # its tables are large, and names are rare

        try:
            character = unicodedata.lookup(name)
        except KeyError:
            character = ""
        if len(character) != 1:
            self._fail(f"unknown character name {name!r}")
        return character

    def _class(self, start: int) -> Node:
        negated = self._take("^")
        items: list[Item] = []
        ranges: list[tuple[int, int]] = []
        first = True
        while first or self._peek() != "]":
            first = False
            item_start = self.offset
            low = self._class_member()
            if self._peek() == "-" and self.text[self.offset + 1 : self.offset + 2] not in ("", "]"):
                self.offset += 1
                high = self._class_member()
                if isinstance(low, str) or isinstance(high, str) or low[0] > high[0]:
                    self._fail("bad character range")
                items.append((low[0], high[0]))
                ranges.append((item_start, self.offset))
            else:
                items.append(low)
        self.offset += 1
        return self._chars(start, tuple(items), negated, tuple(ranges))

    def _class_member(self) -> Item:
        character = self._next("unterminated character set")
        if character == "\\":
            letter = self._next("unterminated character set")
            if letter in "dDsSwW":
                return letter
            if letter == "b":
                character = "\b"
            elif letter in _OCTAL:
                character = self._octal(letter + self._while(_OCTAL, 2))
            else:
                character = self._escaped(letter)
        return ord(character), ord(character)
