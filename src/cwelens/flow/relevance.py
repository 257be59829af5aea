"""Which functions have to be interpreted as entries: those in which something dangerous may happen.

A function without any word that a model row speaks of has no operation to account for, so passing it over loses nothing; it is
still interpreted where a relevant function calls it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.flow import rendering
from cwelens.flow.run import MAX_DEPTH, TEST_DEPTH
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.testcode import is_test_module

if TYPE_CHECKING:
    from cwelens.models.index import Models
    from cwelens.resolve.symbols import Binding, FunctionInfo, ModuleInfo


# What calls something relevant, and is not that itself: what it hands over is followed so deep.
CALLER_DEPTH = 3


def relevant(modules: list[ModuleInfo], models: Models) -> dict[int, int]:
    """Node ids of the functions to interpret, with how deep calls are entered from there: those with a word of interest in their own body
    or in one they hold, and those calling such."""
    words, settings = models.words(), models.setting_words()
    direct: set[str] = set()
    calls: list[tuple[FunctionInfo, set[str]]] = []
    out: dict[int, int] = {}
    program = {module.name: module for module in modules}
    for module in modules:
        renamed = _renamed(module, words)
        own = _own_names(module, program)
        in_test = is_test_module(module)
        for function in module.functions:
            used = Used(function.node)
            names = used.members | used.called | (used.names - own)
            if (
                not names.isdisjoint(words)
                or not names.isdisjoint(renamed)
                or not used.stored.isdisjoint(settings)
                or renders(function, used.members | used.names)
            ):
                out[id(function.node)] = TEST_DEPTH if in_test else MAX_DEPTH
                direct.add(function.name)
            elif not in_test:
                calls.append((function, used.members | used.names))
    # Callers of relevant functions, two steps up: that is how far untrusted data is usually carried by name.
    for _ in range(2):
        added: set[str] = set()
        rest = []
        for function, names in calls:
            if not names.isdisjoint(direct):
                out[id(function.node)] = CALLER_DEPTH
                added.add(function.name)
            else:
                rest.append((function, names))
        calls = rest
        direct = added
    return out


def _own_names(module: ModuleInfo, program: dict[str, ModuleInfo]) -> set[str]:
    """Names that stand for modules of the program, or for its functions and classes, which are looked at by themselves."""
    return {name for name, found in module.bindings.items() if all(_is_own(b, program) for b in found)}


def _is_own(binding: Binding, program: dict[str, ModuleInfo]) -> bool:
    if binding.kind != "import" or binding.target is None:
        return binding.kind in ("function", "class")
    if binding.target in program:
        return True
    home, _, name = binding.target.rpartition(".")
    there = program[home].bindings.get(name) if home in program else None
    return there is not None and all(b.kind in ("function", "class") for b in there)


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


class Used:
    """The names of a function's code: attributes, plain names that it does not bind itself, what is called (`execute` too where there is a
    statement, whatever it is handed to), and what stands in targets of assignments, keys of items among it."""

    __slots__ = ("called", "members", "names", "stored")

    def __init__(self, node: ir.Function) -> None:
        self.members: set[str] = set()
        self.names: set[str] = set()
        self.called: set[str] = set()
        self.stored: set[str] = set()
        bound = {p.name for p in node.params}
        for part in walk(*node.body):
            if isinstance(part, ir.Attr):
                self.members.add(part.name)
            elif isinstance(part, ir.Name):
                self.names.add(part.id)
            elif isinstance(part, ir.Call):
                if isinstance(part.func, ir.Name):
                    self.called.add(part.func.id)
                elif isinstance(part.func, ir.Attr):
                    self.stored.update(_members(part.func.base))
            elif isinstance(part, ir.Assign):
                for target in part.targets:
                    if isinstance(target, ir.Name):
                        bound.add(target.id)
                    else:
                        self.stored.update(_members(target))
            elif isinstance(part, ir.Const | ir.Format) and _is_statement(part):
                self.called.add("execute")
        self.names -= bound


def _members(target: ir.Expr) -> set[str]:
    """The attributes and constant keys in the target of an assignment."""
    found = set()
    for part in walk(target):
        if isinstance(part, ir.Attr):
            found.add(part.name)
        elif isinstance(part, ir.Item) and isinstance(part.key, ir.Const) and isinstance(part.key.value, str):
            found.add(part.key.value)
    return found


_VERBS = ("select ", "insert ", "update ", "delete ")


def _is_statement(node: ir.Const | ir.Format) -> bool:
    """Whether a text begins like an SQL statement."""
    text = node.value if isinstance(node, ir.Const) else node.parts[0] if node.parts else None
    return isinstance(text, str) and text.lstrip()[:7].lower() in _VERBS
