"""The words models are written in: concepts, contexts and named character sets, as `concepts.toml` lists them."""

from __future__ import annotations

from typing import Literal, TypeAlias, cast

Kind: TypeAlias = Literal["untrusted", "dangerous", "weak"]
Threat: TypeAlias = Literal["remote", "local", "stored", ""]

_KINDS: dict[str, tuple[Kind, Threat]] = {
    "remote": ("untrusted", "remote"),
    "local": ("untrusted", "local"),
    "stored": ("untrusted", "stored"),
    "dangerous": ("dangerous", ""),
    "weak": ("weak", ""),
}


class Concept:
    """What a model row can say a port, a value or a call is.

    `description` is a noun phrase for a report ("the text of an SQL statement"); `threat` says, for untrusted data, who could have
    written it.
    """

    __slots__ = ("description", "kind", "name", "threat")

    def __init__(self, name: str, kind: Kind, threat: Threat, description: str) -> None:
        self.name = name
        self.kind: Kind = kind
        self.threat: Threat = threat
        self.description = description


class Vocabulary:
    """Concepts by name, contexts with their descriptions, and the characters of each named set.

    `raw` is `concepts.toml` as parsed; raises `ValueError` if it is not a table of tables of texts.
    """

    __slots__ = ("chars", "concepts", "contexts")

    def __init__(self, raw: object) -> None:
        tables = _tables(raw)
        self.contexts = tables.pop("contexts", {})
        self.chars = {name: frozenset(chars) for name, chars in tables.pop("chars", {}).items()}
        self.concepts: dict[str, Concept] = {}
        for table, entries in tables.items():
            if table not in _KINDS:
                raise ValueError(f"concepts: unknown table {table}")
            for name, description in entries.items():
                if name in self.concepts:
                    raise ValueError(f"concepts: {name} is listed twice")
                self.concepts[name] = Concept(name, *_KINDS[table], description)


def _tables(raw: object) -> dict[str, dict[str, str]]:
    good = isinstance(raw, dict) and all(
        isinstance(table, dict) and all(isinstance(text, str) for text in table.values())
        for table in raw.values()
    )
    if not good:
        raise ValueError("concepts: tables of name = text are wanted")
    return dict(cast("dict[str, dict[str, str]]", raw))
