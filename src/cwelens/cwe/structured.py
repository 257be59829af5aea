"""CWE references in JSON and SARIF, where the structure says more than the text.

Every string is read as text (see `references`). Besides that, a bare number is a reference under a key such
as `cwe` or `cwe_id`, as the id of a SARIF taxon of the CWE taxonomy, and as the id of a SARIF reference whose
`toolComponent` is CWE. The `name`, `title` or `shortDescription` of the object that holds a reference (a
taxon, a rule with its tags) stands beside it.

The document is parsed by `json`, which gives no positions. They are recovered from an invariant: strings and
numbers occur in the text in the order in which a walk of the document meets them, keys before values.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from itertools import count
from typing import Any

from cwelens.cwe.references import Naming, Reference, references
from cwelens.cwe.terms import terms

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+\-]*', re.DOTALL)
_ESCAPE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.")
_DIGITS = re.compile(r"0*(\d{1,9})")
_CWE_KEYS = frozenset(("cwe", "cweid", "cwenumber", "issuecwe", "weaknessid"))
_CWE_LIST_KEYS = frozenset(("cwes", "cweids"))
_NAME_KEYS = frozenset(
    [
        "category",
        "cwename",
        "issue",
        "name",
        "shortdescription",
        "title",
        "type",
        "vulnerability",
        "vulnerabilitytype",
        "weakness",
    ]
)
# Keys whose references belong to the object that has the key, so that its name stands beside them.
_OWNED_KEYS = _CWE_KEYS | _CWE_LIST_KEYS | {"properties", "relationships", "tags", "target"}


class _Number(str):
    """A number as written; the walk must tell it from a string."""

    __slots__ = ()


class _Object(list[tuple[str, Any]]):
    """An object as the pairs it was written with: order and repeated keys are needed to count tokens."""

    def value(self, key: str) -> Any:
        for name, value in self:
            if name == key:
                return value
        return None


def json_references(text: str, known: frozenset[int]) -> list[Reference] | None:
    """The references in `text` in order, or None if it is no JSON document (or nested too deeply to walk)."""
    try:
        document = json.loads(text, object_pairs_hook=_Object, parse_int=_Number, parse_float=_Number)
        walk = _Walk(known)
        walk.visit(document, "", in_cwe=False)
    except (ValueError, RecursionError):
        return None
    if walk.found:
        _place(text, walk.found)
    return sorted((reference for _, reference in walk.found), key=lambda reference: reference.start)


class _Walk:
    """One walk of a document; `found` are references with their token, offsets relative to its value."""

    def __init__(self, known: frozenset[int]) -> None:
        self.found: list[tuple[int, Reference]] = []
        self._known = known
        self._token = -1
        self._clusters = count(1)

    def visit(self, value: Any, key: str, *, in_cwe: bool) -> list[Reference]:
        """The references in `value`, found under `key`; `in_cwe` says that a bare number here is a CWE."""
        if isinstance(value, str):
            return self._scalar(value, in_cwe=in_cwe)
        if isinstance(value, _Object):
            return self._object(value, key, in_cwe=in_cwe)
        if isinstance(value, list):
            return [found for item in value for found in self.visit(item, key, in_cwe=in_cwe)]
        return []

    def _scalar(self, value: str, *, in_cwe: bool) -> list[Reference]:
        self._token += 1
        if in_cwe and (digits := _DIGITS.fullmatch(value)):
            own = [Reference(0, len(value), int(digits[1]), value, cluster=next(self._clusters))]
        elif "cwe" in value.lower():
            own = references(value, self._known)
            fresh = {reference.cluster: next(self._clusters) for reference in own}
            for reference in own:
                reference.cluster = fresh[reference.cluster]
        else:
            return []
        self.found += [(self._token, reference) for reference in own]
        return own

    def _object(self, pairs: _Object, key: str, *, in_cwe: bool) -> list[Reference]:
        component = pairs.value("toolComponent")
        id_is_cwe = in_cwe or (isinstance(component, _Object) and _is_cwe(component.value("name")))
        taxa_are_cwe = _is_cwe(pairs.value("name"))
        own: list[Reference] = []
        for name, value in pairs:
            self._token += 1
            plain = _plain(name)
            bare = (
                plain in _CWE_KEYS
                or (plain in _CWE_LIST_KEYS and isinstance(value, list))
                or (plain == "id" and id_is_cwe)
                or (plain == "taxa" and taxa_are_cwe)
            )
            found = self.visit(value, plain, in_cwe=bare)
            if plain in _OWNED_KEYS or (plain == "id" and id_is_cwe):
                own += found
        if own:
            self._name(own, pairs)
        return own

    def _name(self, own: list[Reference], pairs: _Object) -> None:
        """Let the object's name stand beside its references, which are then judged together."""
        for key, value in pairs:
            if _plain(key) in _NAME_KEYS:
                text = value.value("text") if isinstance(value, _Object) else value
                if isinstance(text, str) and (term := terms().whole(re.split(r"[/.](?=\S)", text)[-1])):
                    cluster = next(self._clusters)
                    for reference in own:
                        reference.cluster = cluster
                        reference.namings.append(Naming(text, term))


def _is_cwe(name: object) -> bool:
    return isinstance(name, str) and name.strip().lower() == "cwe"


@lru_cache(maxsize=1024)
def _plain(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "").replace(" ", "")


def _place(text: str, found: list[tuple[int, Reference]]) -> None:
    """Make offsets relative to a token's value into offsets of `text`."""
    tokens = enumerate(_TOKEN.finditer(text))
    number, token = next(tokens)
    for wanted, reference in found:
        while number < wanted:
            number, token = next(tokens)
        raw = token[0]
        first = token.start() + raw.startswith('"')
        reference.start = first + _raw_length(raw, reference.start)
        reference.end = first + _raw_length(raw, reference.end)


def _raw_length(raw: str, decoded: int) -> int:
    """How many characters of a token's contents spell the first `decoded` characters of its value."""
    if "\\" not in raw:
        return decoded
    extra = 0
    for escape in _ESCAPE.finditer(raw, 1):
        if escape.start() - 1 - extra >= decoded:
            break
        extra += len(escape[0]) - 1
    return decoded + extra
