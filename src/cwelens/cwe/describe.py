"""What `cwelens cwe 639` and `cwelens cwe "path traversal"` say, as plain text or as data.

The text is Markdown that reads well in a terminal. Nothing is printed here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cwelens.cwe.catalogue import Catalogue, catalogue
from cwelens.cwe.entry import Category, Entry, View, Weakness
from cwelens.cwe.ids import url
from cwelens.cwe.terms import normal, terms, words


def describe(entry: Entry) -> str:
    """A page on one entry: what it is, whether a finding may carry it, its kin, and the lists it is on."""
    facts = catalogue()
    lines = [f"# {entry.label}: {entry.name}", "", _kind(entry)]
    if isinstance(entry, Weakness):
        if entry.alternate_terms:
            lines.append(f"Also called: {'; '.join(entry.alternate_terms)}")
        if consequences := _consequences(entry.id):
            lines.append(f"Consequences: {'; '.join(consequences)}")
    lines += ["", "## Mapping", "", _mapping(entry)]
    if entry.suggestions:
        lines += ["MITRE suggests instead:", *_bullets(facts, entry.suggestions)]
    if isinstance(entry, Weakness):
        lines += _section("Parents", facts, facts.parents(entry.id))
        lines += _section("Children", facts, facts.children(entry.id))
    if isinstance(entry, Category | View):
        lines += _section("Members", facts, entry.members)
    if on_lists := facts.lists(entry.id):
        lines += ["", "## Lists", "", *(f"- {name}" for name in on_lists)]
    lines += ["", url(entry.id)]
    return "\n".join(lines) + "\n"


def as_data(entry: Entry) -> dict[str, Any]:
    """The same facts for a JSON document."""
    facts = catalogue()
    shown: dict[str, Any] = {
        "id": entry.id,
        "kind": entry.kind,
        "name": entry.name,
        "status": entry.status,
        "mapping": {
            "usage": entry.usage,
            "mappable": entry.mappable,
            "reasons": list(entry.reasons),
            "suggestions": list(entry.suggestions),
        },
        "lists": list(facts.lists(entry.id)),
        "url": url(entry.id),
    }
    if isinstance(entry, Weakness):
        shown["abstraction"] = entry.abstraction
        shown["alternate_terms"] = list(entry.alternate_terms)
        shown["parents"] = list(entry.parents)
        shown["children"] = list(facts.children(entry.id))
        shown["ancestors"] = list(facts.ancestors(entry.id))
        shown["consequences"] = facts.details(entry.id)["consequences"]
    if isinstance(entry, Category | View):
        shown["members"] = list(entry.members)
    return shown


def search(query: str) -> list[Entry]:
    """Entries that have every word of `query` in their name or alternate terms, the weakness it names first.

    Deprecated entries are left out; weaknesses come before categories and views.
    """
    facts = catalogue()
    wanted = {word.normal for word in words(query)}
    if not wanted:
        return []
    named = terms().whole(query)
    first = [facts.get(number) for number in named.meanings] if named else []
    phrase = f" {normal(query)} "
    matches = []
    for entry in facts:
        if entry.deprecated:
            continue
        alternates = entry.alternate_terms if isinstance(entry, Weakness) else ()
        haystack = " ".join(f" {normal(name)} " for name in (entry.name, *alternates))
        if wanted <= set(haystack.split()):
            matches.append((not isinstance(entry, Weakness), phrase not in haystack, entry.id))
    return list(dict.fromkeys([*first, *(facts.get(number) for _, _, number in sorted(matches))]))


def describe_matches(query: str, found: Iterable[Entry]) -> str:
    """A list of search results."""
    lines = [f"{entry.label}  {entry.usage}  {entry.name}" for entry in found]
    return "\n".join(lines or [f"Nothing in the CWE catalogue is called {query!r}"]) + "\n"


def _kind(entry: Entry) -> str:
    if isinstance(entry, Weakness):
        return f"{entry.abstraction} weakness, status {entry.status}"
    return f"A {entry.kind}, not a weakness; status {entry.status}"


def _mapping(entry: Entry) -> str:
    verdict = "a finding may carry it" if entry.mappable else "no finding may carry it"
    reasons = f" ({', '.join(entry.reasons)})" if entry.reasons else ""
    return f"{entry.usage}{reasons}: {verdict}"


def _consequences(number: int) -> list[str]:
    impacts = [impact for row in catalogue().details(number)["consequences"] for impact in row["impact"]]
    return list(dict.fromkeys(impacts))


def _section(title: str, facts: Catalogue, numbers: tuple[int, ...]) -> list[str]:
    return ["", f"## {title}", "", *_bullets(facts, numbers)] if numbers else []


def _bullets(facts: Catalogue, numbers: Iterable[int]) -> list[str]:
    entries = [facts.get(number) for number in numbers]
    return [
        f"- {entry.label} {entry.name}" + ("" if entry.mappable else f" ({entry.usage})") for entry in entries
    ]
