"""Words of names and of sentences: what `post_server_action` is made of, and how lists and numbers read.

Everything is pure; the same input gives the same text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# The end of a sentence, unless what stands before the full stop is a short form or what follows goes on in small letters.
_END = re.compile(r"[.!?](?=$|\s+(?![a-z]))")
_ABBREVIATED = re.compile(r"(?:^|[\s(])(?:e\.g|i\.e|cf|etc|vs|resp|approx|incl|viz|al|[A-Z])\.$")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def words_of(name: str) -> frozenset[str]:
    """The words of an identifier or short text, in lower case, each also without a plural s."""
    found: set[str] = set()
    for match in _WORD.findall(name):
        word = match.lower()
        found.add(word)
        if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
            found.add(word[:-1])
    return frozenset(found)


def table(text: str) -> frozenset[str]:
    """The words of a table of data, separated by spaces."""
    return frozenset(text.split())


def listed(items: Iterable[str], most: int = 4, joint: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c, d and 3 more`; each item once."""
    unique = list(dict.fromkeys(items))
    if len(unique) > most + 1:
        return f"{', '.join(unique[:most])} {joint} {len(unique) - most:,} more"
    if len(unique) < 2:
        return "".join(unique)
    return f"{', '.join(unique[:-1])} {joint} {unique[-1]}"


def coded(names: Iterable[str], most: int = 4, joint: str = "and") -> str:
    """The same, each item as code."""
    return listed((f"`{name}`" for name in names), most, joint)


def count(number: int, noun: str, plural: str = "") -> str:
    """`no call`, `1 call`, `1,204 calls`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {plural or noun + 's'}" if number else f"no {plural or noun + 's'}"


def sentence(text: str) -> str:
    """With a capital and a full stop; a path or a name of the code that stands first keeps its form."""
    text = text.strip()
    if not text:
        return ""
    first = text.split(maxsplit=1)[0]
    named = "/" in first or "." in first.rstrip(".,") or "_" in first
    return (text[0] if named else text[0].upper()) + text[1:] + ("" if text[-1] in ".!?" else ".")


def first_sentence(docstring: str, limit: int = 140) -> str:
    """The first sentence of a docstring on one line, shortened, without its full stop; empty for none."""
    paragraph = docstring.strip().split("\n\n")[0]
    text = " ".join(paragraph.split())
    end = next((m.start() for m in _END.finditer(text) if not _ABBREVIATED.search(text[: m.end()])), None)
    text = text if end is None else text[:end]
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def most_frequent(names: Sequence[str]) -> list[str]:
    """The names by how often they occur, then by name."""
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return sorted(counts, key=lambda name: (-counts[name], name))
