"""One row of a model file read field by field, with errors that name file, row and field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.models.ports import Condition, ModelError, Port, is_dotted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cwelens.models.vocabulary import Vocabulary


class Table:
    """One row as it stands in a file, read field by field; `finish` refuses what no getter asked for."""

    __slots__ = ("_left", "_raw", "_where", "library", "vocabulary")

    def __init__(self, raw: object, library: str, where: str, vocabulary: Vocabulary) -> None:
        self._where = where
        if not isinstance(raw, dict):
            raise ModelError(f"{where}: a row is a table, not {raw!r}")
        self._raw: Mapping[str, object] = raw
        self._left = set(raw)
        self.library = library
        self.vocabulary = vocabulary

    def error(self, field: str, problem: object) -> ModelError:
        return ModelError(f"{self._where}: {field}: {problem}", field)

    def finish(self) -> None:
        if self._left:
            raise self.error(sorted(self._left)[0], "unknown field")

    def take(self, field: str) -> object:
        """The raw value, None if absent."""
        self._left.discard(field)
        return self._raw.get(field)

    def text(self, field: str) -> str:
        """A text, "" if absent."""
        value = self.take(field)
        if value is not None and not isinstance(value, str):
            raise self.error(field, f"a text is wanted, not {value!r}")
        return value or ""

    def required(self, field: str) -> str:
        value = self.text(field)
        if not value.strip():
            raise self.error(field, "missing")
        return value

    def flag(self, field: str, default: bool) -> bool:
        value = self.take(field)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.error(field, f"true or false is wanted, not {value!r}")
        return value

    def texts(self, field: str) -> tuple[str, ...]:
        """One text or a list of them, () if absent."""
        value = self.take(field)
        if value is None:
            return ()
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not all(isinstance(item, str) and item for item in found):
            raise self.error(field, f"a text or a list of texts is wanted, not {value!r}")
        return tuple(found)

    def names(self, field: str) -> tuple[str, ...]:
        """One dotted name or a list of them, () if absent."""
        found = self.texts(field)
        for name in found:
            if not is_dotted(name):
                raise self.error(field, f"{name!r} is not a dotted name")
        return found

    def name(self, field: str) -> str | None:
        found = self.names(field)
        if len(found) > 1:
            raise self.error(field, "one name is wanted")
        return found[0] if found else None

    def one_of(self, fields: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        """The one of `fields` that is there, with its dotted names."""
        there = [field for field in fields if field in self._raw]
        if len(there) != 1:
            raise self.error(" or ".join(fields), "exactly one is wanted" if there else "missing")
        names = self.names(there[0])
        if not names:
            raise self.error(there[0], "names nothing")
        return there[0], names

    def concept(self, field: str, *kinds: str, optional: bool = False) -> str:
        """A concept of one of the `kinds`; "" if optional and absent."""
        name = self.text(field) if optional else self.required(field)
        if not name:
            return ""
        concept = self.vocabulary.concepts.get(name)
        if concept is None:
            raise self.error(field, f"unknown concept {name!r}")
        if concept.kind not in kinds:
            raise self.error(field, f"{name!r} is {concept.kind}; {' or '.join(kinds)} is wanted")
        return name

    def contexts(self, field: str) -> tuple[str, ...]:
        found = self.texts(field)
        for name in found:
            if name not in self.vocabulary.contexts:
                raise self.error(field, f"unknown context {name!r}")
        return found

    def chars(self) -> str | None:
        name = self.text("chars")
        if name and name not in self.vocabulary.chars:
            raise self.error("chars", f"unknown character set {name!r}")
        return name or None

    def port(self, field: str, default: Port | None = None) -> Port:
        raw = self.take(field)
        if raw is None:
            if default is None:
                raise self.error(field, "missing")
            return default
        return self._port(field, raw)

    def ports(self, field: str) -> tuple[Port, ...] | None:
        """A port or a list of ports, each an integer, a text or a list for one parameter; None if absent."""
        raw = self.take(field)
        if raw is None:
            return None
        return tuple(self._port(field, item) for item in (raw if isinstance(raw, list) else [raw]))

    def _port(self, field: str, raw: object) -> Port:
        try:
            return Port.parse(raw)
        except ValueError as error:
            raise self.error(field, error) from None

    def when(self, default: Port | None = None) -> tuple[Condition, ...]:
        return self._conditions("when", self.take("when"), default)

    def groups(self, field: str, default: Port | None = None) -> tuple[tuple[Condition, ...], ...]:
        groups = self.take(field)
        if groups is None:
            return ()
        if not isinstance(groups, list) or not groups:
            raise self.error(field, "a list of groups of conditions is wanted")
        return tuple(self._conditions(field, group, default) for group in groups)

    def _conditions(self, field: str, raw: object, default: Port | None) -> tuple[Condition, ...]:
        if raw is None:
            return ()
        if not isinstance(raw, list) or not raw:
            raise self.error(field, "a list of conditions is wanted")
        try:
            return tuple(Condition.parse(item, default) for item in raw)
        except ValueError as error:
            raise self.error(field, error) from None
