"""Logical lines of text that need not be valid Python: where statements begin and end, how deep they stand, what is left open.

Invariants: every physical line that is neither blank nor only a comment belongs to exactly one logical line; nothing raises. A bracket that is
never closed does not swallow the rest of the text: a line that can only begin a statement, and stands no deeper than the
line with the bracket, ends it.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\f\v]+)
  | (?P<comment>\#[^\n]*)
  | (?P<triple>\"{3}|'{3})
  | (?P<string>"(?:[^"\\\n]++|\\.|\\\n)*+"|'(?:[^'\\\n]++|\\.|\\\n)*+')
  | (?P<stray>["'])
  | (?P<open>[(\[{])
  | (?P<close>[)\]}])
  | (?P<join>\\\n)
  | (?P<newline>\n)
  | (?P<code>[^\s\#"'()\[\]{}\\]+|.)
    """,
    re.VERBOSE,
)
_TRIPLE_END = {
    mark: re.compile(rf"(?:[^\\{mark[0]}]++|\\.|{mark[0]}(?!{mark[1:]}))*+{mark}", re.DOTALL)
    for mark in ('"""', "'''")
}
_PAIRS = {"(": ")", "[": "]", "{": "}"}
# Keywords that no expression holds: a line that begins with one is a statement, whatever is open.
_STATEMENT = re.compile(
    r"[ \t]*(?:(?:async[ ]+)?def[ ]+\w+[ ]*[(\[]|class[ ]+\w+[ ]*[:(\[]|import[ ]+\w|from[ ]+[\w.]+[ ]+import\b"
    r"|(?:return|raise|del|assert|global|nonlocal)\b|(?:pass|break|continue)[ \t]*$|(?:try|finally):)",
    re.MULTILINE,
)
# Lines that most likely are statements, unless they stand deeper than the line with the open bracket.
_LIKELY = re.compile(
    r"(?P<indent>[ \t]*)(?:@\w|else:|(?:if|elif|while|for|with|except|case|match)\b[^\n]*:[ \t]*(?:\#[^\n]*)?$)",
    re.MULTILINE,
)
_WORD = re.compile(r"@|\w+")
_CODE = re.compile(r"[ \t]*(?=[^\s#)\]}])")


class Logical:
    """One logical line.

    - `first`, `last`: physical lines from 1, inclusive; `indent`: width, a tab reaching to the next multiple of 8.
    - `word`: its first word or `@`; `opens`: it ends with a colon outside brackets.
    - `unmatched`: closing brackets that nothing opened; `pending`: the closing brackets it still needs, innermost first;
      `quote`: the mark of a string that is never closed.
    - `code_end`: offset in the whole text of the end of its code, before a comment.
    """

    __slots__ = ("code_end", "first", "indent", "last", "opens", "pending", "quote", "unmatched", "word")

    def __init__(self, first: int, indent: int, word: str) -> None:
        self.first = first
        self.last = first
        self.indent = indent
        self.word = word
        self.opens = False
        self.unmatched = ""
        self.pending = ""
        self.quote = ""
        self.code_end = 0


def width(margin: str) -> int:
    """The column that leading white space reaches."""
    column = 0
    for char in margin:
        column = (column // 8 + 1) * 8 if char == "\t" else 0 if char == "\f" else column + 1
    return column


def scan(text: str, *, margin: int | None = None) -> list[Logical]:
    """The logical lines of a text.

    With a `margin`, an open bracket also ends at any line that does not stand at least that much deeper than the line it is in.
    """
    found: list[Logical] = []
    current: Logical | None = None
    stack: list[str] = []
    number, line_start, at, length = 1, 0, 0, len(text)

    def finish() -> None:
        nonlocal current
        if current is not None:
            current.pending = "".join(_PAIRS[bracket] for bracket in reversed(stack))
            found.append(current)
        current = None
        stack.clear()

    while at < length:
        match = _TOKEN.match(text, at)
        if match is None:
            at += 1
            continue
        kind = match.lastgroup
        start, at = match.span()
        if kind in ("space", "comment"):
            continue
        if kind == "newline":
            number += 1
            line_start = at
            if current is not None and (not stack or _ends_here(text, at, current, margin)):
                finish()
            continue
        if current is None:
            if kind == "join":
                number += 1
                line_start = at
                continue
            word = _WORD.match(text, start)
            current = Logical(number, width(text[line_start:start]), word.group() if word else "")
        if kind == "open":
            stack.append(match.group())
        elif kind == "close":
            if stack and _PAIRS[stack[-1]] == match.group():
                stack.pop()
            elif match.group() in [_PAIRS[bracket] for bracket in stack]:
                while _PAIRS[stack.pop()] != match.group():
                    pass
            else:
                current.unmatched += match.group()
        elif kind == "triple":
            end = _TRIPLE_END[match.group()].match(text, at)
            if end is None:
                current.quote = match.group()
                number += text.count("\n", at, length - 1)
                at = length
            else:
                number += text.count("\n", at, end.end())
                at = end.end()
        elif kind == "stray":
            end_of_line = text.find("\n", at)
            current.quote = match.group()
            at = length if end_of_line < 0 else end_of_line
        elif kind in ("string", "join"):
            number += text.count("\n", start, at)
        if kind != "join":
            current.code_end = at
            current.last = number
            current.opens = kind == "code" and not stack and match.group()[-1] == ":"
    finish()
    return found


def _ends_here(text: str, at: int, current: Logical, margin: int | None) -> bool:
    """Whether the line that begins at an offset, inside brackets, must be a new statement."""
    if _STATEMENT.match(text, at):
        return True
    likely = _LIKELY.match(text, at)
    if likely is not None and width(likely["indent"]) <= current.indent:
        return True
    line = _CODE.match(text, at) if margin is not None else None
    return line is not None and margin is not None and width(line.group()) < current.indent + margin
