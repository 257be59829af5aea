"""Builds programs from texts for the tests of `cwelens.resolve`."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

import pytest

from cwelens.base.source import Source
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.cutoff import Library
from cwelens.resolve.ledger import CallRecord, calls
from cwelens.resolve.outcome import Ambiguous, Outcome, Unresolved, symbol_of
from cwelens.resolve.program import Program
from cwelens.resolve.symbols import FunctionInfo, ModuleInfo
from cwelens.resolve.types import Types
from cwelens.syntax.from_ast import Lowering

LIBRARY_TYPES = {
    "sqlite3.connect": "sqlite3.Connection",
    "sqlite3.Connection.cursor": "sqlite3.Cursor",
    "driver.open": "driver.Opener",
    "driver.Opener.__enter__": "driver.Handle",
}
MODELLED = {"sqlite3.Cursor.execute", "yaml.load", "flask.Flask.route"}


def parse(path: str, text: str) -> tuple[Source, ir.Module]:
    """A source and its IR."""
    text = textwrap.dedent(text)
    return Source(path, text), ir.Module(Lowering().module(ast.parse(text)), [])


def expression(text: str) -> ir.Expr:
    """An expression that stands after everything else in its file."""
    tree = ast.parse(text, mode="eval").body
    return Lowering(line=100_000).expr(tree)


def read(path: Path) -> tuple[Source, ir.Module] | None:
    """A reader for context modules, as the syntax layer would give one."""
    return parse(path.as_posix(), path.read_text("utf-8"))


class World:
    """A program made of `path → text`, and short questions to it."""

    def __init__(
        self, files: dict[str, str], context: list[Path] | None = None, library: Library | None = None
    ) -> None:
        self.program = Program(context or [], read, library)
        self.modules: dict[str, ModuleInfo] = {}
        for path, text in files.items():
            self.modules[path] = self.program.add(*parse(path, text), path)
        self.types = Types(self.program, LIBRARY_TYPES.get)

    def module(self, path: str | None = None) -> ModuleInfo:
        return self.modules[path] if path else next(iter(self.modules.values()))

    def function(self, short: str, path: str | None = None) -> FunctionInfo:
        return next(f for f in self.module(path).functions if f.short == short)

    def resolve(self, text: str, path: str | None = None, within: str | None = None) -> Outcome:
        function = self.function(within, path) if within else None
        return self.program.resolve_expr(self.module(path), function, expression(text))

    def name(self, text: str, path: str | None = None, within: str | None = None) -> str:
        """The qualified name an expression resolves to; several joined with |, none as the reason."""
        return told(self.resolve(text, path, within))

    def type(self, text: str, path: str | None = None, within: str | None = None) -> str:
        function = self.function(within, path) if within else None
        return told(self.types.type_of(self.module(path), function, expression(text)))

    def calls(self, path: str | None = None) -> list[CallRecord]:
        return calls(self.program, self.module(path), LIBRARY_TYPES.get, MODELLED.__contains__)

    def call(self, callee: str, path: str | None = None) -> CallRecord:
        return next(record for record in self.calls(path) if record.callee == callee)

    def call_nodes(self, path: str | None = None) -> list[ir.Node]:
        return [node for node in walk(*self.module(path).body) if isinstance(node, ir.Call)]


def told(outcome: Outcome) -> str:
    """An outcome as one text."""
    if isinstance(outcome, Ambiguous):
        return " | ".join(symbol.qualname for symbol in outcome.symbols)
    if isinstance(outcome, Unresolved):
        return f"? {outcome.reason}"
    symbol = symbol_of(outcome)
    assert symbol is not None
    return symbol.qualname


@pytest.fixture
def world() -> type[World]:
    """The class `World`."""
    return World
