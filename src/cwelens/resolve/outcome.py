"""The answer to every question of resolution: a symbol, or the reason why there is none.

Invariant: `reason` is never empty; it is a sentence fragment for people, without a capital and without a full stop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from cwelens.resolve.symbols import External

if TYPE_CHECKING:
    from cwelens.resolve.symbols import Symbol


class Resolved:
    """Exactly one meaning, read off the code."""

    __slots__ = ("symbol",)

    def __init__(self, symbol: Symbol) -> None:
        self.symbol = symbol

    def __repr__(self) -> str:
        return f"Resolved({self.symbol!r})"


class Ambiguous:
    """One of several (two or more) meanings, in the order of the code."""

    __slots__ = ("reason", "symbols")

    def __init__(self, symbols: list[Symbol], reason: str) -> None:
        self.symbols = symbols
        self.reason = reason

    def __repr__(self) -> str:
        return f"Ambiguous({self.symbols!r}, {self.reason!r})"


class Unresolved:
    """No meaning can be given from what was handed in."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __repr__(self) -> str:
        return f"Unresolved({self.reason!r})"


class Assumed:
    """One likely meaning that the code does not prove; `reason` is the assumption."""

    __slots__ = ("reason", "symbol")

    def __init__(self, symbol: Symbol, reason: str) -> None:
        self.symbol = symbol
        self.reason = reason

    def __repr__(self) -> str:
        return f"Assumed({self.symbol!r}, {self.reason!r})"


Outcome: TypeAlias = Resolved | Ambiguous | Unresolved | Assumed


def symbol_of(outcome: Outcome) -> Symbol | None:
    """The one symbol of a `Resolved` or `Assumed` outcome, else None."""
    return outcome.symbol if isinstance(outcome, (Resolved, Assumed)) else None


def qualname_of(outcome: Outcome) -> str | None:
    """The qualified name of the one symbol, else None."""
    symbol = symbol_of(outcome)
    return symbol.qualname if symbol is not None else None


def builtin(name: str) -> Resolved:
    """The builtin of this name."""
    known = _BUILTINS.get(name)
    if known is None:
        known = _BUILTINS[name] = Resolved(External(f"builtins.{name}"))
    return known


_BUILTINS: dict[str, Resolved] = {}
