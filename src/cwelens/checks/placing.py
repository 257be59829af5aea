"""A constant that is a weakness wherever it is used is one defect: the literal, where that is reported itself, stands for its uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.flow.conditions import items_under

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cwelens.flow.run import Args
    from cwelens.flow.state import State
    from cwelens.flow.values import Place, Value
    from cwelens.models.schema import Condition, ConditionalRow

# Concepts of configuration: what is set in one place and takes effect in another.
CONFIGURED = ("secret.", "debug.", "cookie.")


def conditions(row: ConditionalRow) -> Iterator[Condition]:
    """The conditions that make a row count, those of `unless` left out."""
    yield from row.when
    for group in row.any_of:
        yield from group


def deciding(row: ConditionalRow, args: Args, receiver: Value | None, st: State) -> Place | None:
    """Where a constant is written that a condition of the row holds of; None where none is known."""
    for condition in conditions(row):
        values = args.at(condition.port, receiver)
        if condition.item is not None:
            values = items_under(values, condition.item, st)
        for value in values:
            atom = value.const()
            if atom is not None and atom.place is not None:
                return atom.place
    return None


def literal_of(concept: str, values: list[Value]) -> Place | None:
    """Where the constant that decides is written, if the concept is one of configuration."""
    if not concept.startswith(CONFIGURED):
        return None
    for value in values:
        atom = value.const()
        if atom is not None and atom.place is not None:
            return atom.place
    return None
