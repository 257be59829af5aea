"""Patterns for HTML that miss what browsers accept: script elements and comments in spellings the author did not think of (CWE-186).

A pattern that matches a plain script element is tried on other spellings of it. Browsers read all of them as one: tag names in any
case, blanks and line breaks before the end of a tag, text after the name in an end tag, attributes in any quotes, comments that end in
`--!>`. What a pattern finds nothing in, it cannot take out.
"""

from __future__ import annotations

from functools import lru_cache

from cwelens.base.regex.matcher import Matcher, Run
from cwelens.base.regex.parser import RegexError, parse

_BUDGET = 5_000
_SCRIPTS = ("<script>x</script>", "<script></script>", "<script >x</script>", '<script src="x">x</script>')
# Spellings by what is special in them; of each group the first that is missed is told.
_SPELLINGS = (
    ("script tags in upper case", "<SCRIPT>x</SCRIPT>"),
    ("script tags in mixed case", "<sCrIpT>x</ScRiPt>"),
    ("end tags such as `</script >`", "<script>x</script >"),
    ("end tags with text behind the name", "<script>x</script\t\n y>"),
    ("script elements over several lines", "<script>x\ny</script>"),
    ("start tags with a line break", "<script \n>x</script>"),
    ("attributes in double quotes", '<script src="x">x</script>'),
    ("attributes in single quotes", "<script src='x'>x</script>"),
    ("attributes after a tab", "<script\tsrc=x>x</script>"),
)
# What matches these matches any text.
_NO_TAGS = ("script x script", "! x")
_COMMENT, _BANG, _LONG = "<!-- x -->", "<!-- x --!>", "<!-- x\ny -->"
_TAGS = ("<p>", '<p class="x">', "</p>")


def tag_holes(pattern: str | bytes, flags: int = 0) -> str:
    """What a pattern for script elements or comments misses, in words; "" when nothing, or when it is no such pattern."""
    text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
    if "<" not in text or ("script" not in text.lower() and "!" not in text):
        return ""
    return _holes(pattern, flags)


@lru_cache(maxsize=512)
def _holes(pattern: str | bytes, flags: int) -> str:
    try:
        parsed = parse(pattern, flags)
    except RegexError:
        return ""
    matcher = Matcher(parsed)
    if any(_whole(matcher, text) for text in _NO_TAGS):
        return ""
    if any(_whole(matcher, script) for script in _SCRIPTS):
        for what, spelling in _SPELLINGS:
            found = _run(matcher, spelling)
            if found.span is None and not found.exhausted:
                return what
        return ""
    comment = _whole(matcher, _COMMENT)
    if comment is None:
        return ""
    bang = _whole(matcher, _BANG)
    if bang is not None and bang.groups == comment.groups:
        long = _run(matcher, _LONG)
        return "comments over several lines" if long.span is None and not long.exhausted else ""
    # A pattern that tells comments from tags by its groups reads `--!>` as a browser does, or gets out of step with it.
    if comment.groups and any(_whole(matcher, tag) for tag in _TAGS):
        return "comments that end in `--!>`, which browsers end there too"
    return ""


def _run(matcher: Matcher, subject: str) -> Run:
    return matcher.run(subject, "search", _BUDGET)


def _whole(matcher: Matcher, subject: str) -> Run | None:
    """The match of all of `subject`, if the first match is that."""
    found = _run(matcher, subject)
    return found if found.span == (0, len(subject)) else None
