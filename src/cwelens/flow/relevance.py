"""Which functions have to be interpreted as entries: those in which something dangerous may happen.

A function without any word that a model row speaks of has no operation to account for, so passing it over loses nothing; it is
still interpreted where a relevant function calls it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.flow import rendering
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

if TYPE_CHECKING:
    from cwelens.models.index import Models
    from cwelens.resolve.symbols import FunctionInfo, ModuleInfo


def relevant(modules: list[ModuleInfo], models: Models) -> set[int]:
    """Node ids of the functions to interpret: with a word of interest in their own body or in one they hold, or calling such."""
    words = models.words()
    direct: dict[str, set[int]] = {}
    calls: list[tuple[FunctionInfo, set[str]]] = []
    out: set[int] = set()
    for module in modules:
        renamed = _renamed(module, words)
        for function in module.functions:
            names = used_names(function.node)
            if names & words or names & renamed or renders(function, names):
                out.add(id(function.node))
                direct.setdefault(function.name, set()).add(id(function.node))
            else:
                calls.append((function, names))
    # Callers of relevant functions, two steps up: that is how far untrusted data is usually carried by name.
    for _ in range(2):
        added: dict[str, set[int]] = {}
        rest = []
        for function, names in calls:
            if names & direct.keys():
                out.add(id(function.node))
                added.setdefault(function.name, set()).add(id(function.node))
            else:
                rest.append((function, names))
        calls = rest
        direct = added
    return out


def _renamed(module: ModuleInfo, words: frozenset[str]) -> set[str]:
    """Names of the module for something of interest that is called otherwise: `from os import system as go`, `fetch = urlopen`."""
    out = set()
    for name, bindings in module.bindings.items():
        bound = bindings[-1]
        value = bound.value
        last = bound.target if bound.kind == "import" else None
        if isinstance(value, ir.Name | ir.Attr):
            last = value.id if isinstance(value, ir.Name) else value.name
        if last is not None and last.rpartition(".")[2] in words:
            out.add(name)
    return out


def renders(function: FunctionInfo, names: set[str]) -> bool:
    """Whether a function may render a page: by what it calls, by a decorator, or as what a view passes to its page."""
    if names & rendering.WORDS or function.name == "get_context_data":
        return True
    return any(d.rpartition(".")[2] in rendering.DECORATORS for d in function.decorators)


def used_names(node: ir.Function) -> set[str]:
    """Every name and attribute used in a function; `execute` too where there is a statement, whatever it is handed to."""
    names: set[str] = set()
    for part in walk(*node.body):
        if isinstance(part, ir.Attr):
            names.add(part.name)
        elif isinstance(part, ir.Name):
            names.add(part.id)
        elif isinstance(part, ir.Const | ir.Format) and _is_statement(part):
            names.add("execute")
    return names


_VERBS = ("select ", "insert ", "update ", "delete ")


def _is_statement(node: ir.Const | ir.Format) -> bool:
    """Whether a text begins like an SQL statement."""
    text = node.value if isinstance(node, ir.Const) else node.parts[0] if node.parts else None
    return isinstance(text, str) and text.lstrip()[:7].lower() in _VERBS
