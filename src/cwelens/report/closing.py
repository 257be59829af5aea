"""What context answered: for each name that leads out of the input and that context defines, where and what is behind it.

"Behind" is read off the definition: its docstring, what it calls, and the modelled operations that are reached within a few calls.

Invariant: an answer is given only for a name that the input itself does not define; nothing of the context is reviewed.
"""

from __future__ import annotations

from cwelens.base.location import Location, locate
from cwelens.ir import nodes as ir
from cwelens.report.describe import docstring
from cwelens.report.material import Material
from cwelens.report.model import Closed
from cwelens.report.words import coded, first_sentence, listed
from cwelens.resolve import ledger
from cwelens.resolve.ledger import CallRecord
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import Binding, ClassInfo, FunctionInfo, ModuleInfo, Symbol
from cwelens.resolve.types import Types

_DEPTH = 5
_MOST_FUNCTIONS = 60
_CALLS = 3
_EFFECTS = 3
_MOST_CLOSED = 2000


def closed(material: Material) -> list[Closed]:
    """One answer for each name, in the order of the code."""
    if not material.context_given:
        return []
    behind = _Behind(material)
    found: dict[str, Closed] = {}
    for call in material.calls:
        if call.status != "unresolved" and call.target is not None:
            _add(found, _name(call), call.target, call.module, behind)
    for record in (*material.bases, *material.decorators, *material.imports):
        if record.status == "resolved" and record.target is not None:
            _add(found, record.text, record.target, record.module, behind)
        if len(found) >= _MOST_CLOSED:
            break
    return list(found.values())


def _name(call: CallRecord) -> str:
    return f"{call.receiver}.{call.member}" if call.receiver else call.member or call.callee


def _add(found: dict[str, Closed], name: str, target: str, module: ModuleInfo, behind: _Behind) -> None:
    if name in found or len(found) >= _MOST_CLOSED:
        return
    symbol = behind.symbol(target, module)
    if symbol is None:
        return
    owner = symbol if isinstance(symbol, ModuleInfo) else symbol.module
    if owner.is_input:
        return
    found[name] = Closed(name, behind.answer(symbol), _place(symbol))


def _place(symbol: ModuleInfo | ClassInfo | FunctionInfo) -> Location:
    if isinstance(symbol, ModuleInfo):
        return locate(symbol.source, (1, 0, 1, 1))
    line, column = symbol.node.pos[:2]
    return locate(symbol.module.source, (line, column, line, column + 1))


# Sinks of what every program does, which say nothing about a callee.
_EVERYWHERE = frozenset(("resource.amount", "memory.size"))


class _Behind:
    """Follows definitions in the context; what a function calls is found once."""

    def __init__(self, material: Material) -> None:
        self.material = material
        self.types = Types(material.program, material.models.library_type)
        self._calls: dict[int, dict[object, list[CallRecord]]] = {}
        self._answers: dict[object, str] = {}

    def symbol(self, target: str, module: ModuleInfo) -> ModuleInfo | ClassInfo | FunctionInfo | None:
        symbol: Symbol | None = symbol_of(self.material.program.resolve_dotted(target, module))
        if isinstance(symbol, Binding):
            return None
        return symbol if isinstance(symbol, ModuleInfo | ClassInfo | FunctionInfo) else None

    def answer(self, symbol: ModuleInfo | ClassInfo | FunctionInfo) -> str:
        known = self._answers.get(symbol)
        if known is None:
            known = self._answers[symbol] = self._answer(symbol)
        return known

    def _answer(self, symbol: ModuleInfo | ClassInfo | FunctionInfo) -> str:
        if isinstance(symbol, ModuleInfo):
            names = [f.name for f in symbol.functions if f.parent is None and f.owner is None] + [
                c.name for c in symbol.classes
            ]
            text = f"a module with {coded(names, 4)}" if names else "a module"
            return f"{text}{_claim(symbol.body)}"
        claim = _claim(symbol.node.body)
        if isinstance(symbol, ClassInfo):
            bases = coded(symbol.bases_text, 3) if symbol.bases_text else ""
            methods = (
                coded((m for m in symbol.methods if not m.startswith("__")), 4) if symbol.methods else ""
            )
            text = "a class" + (f" on {bases}" if bases else "") + (f" with {methods}" if methods else "")
            init = symbol_of(self.material.program.find_attr(symbol, "__init__"))
            return text + claim + (self._effects(init) if isinstance(init, FunctionInfo) else "")
        kind = f"a method of `{symbol.owner.name}`" if symbol.owner is not None else "a function"
        calls = list(
            dict.fromkeys(r.callee for r in self.calls(symbol) if r.callee and not r.callee.startswith("("))
        )
        does = f", calls {coded(calls, _CALLS)}" if calls else ", calls nothing" + _returns(symbol)
        return f"{kind}{does}{claim}{self._effects(symbol)}"

    def calls(self, function: FunctionInfo) -> list[CallRecord]:
        """The calls that stand in a function's body."""
        module = function.module
        by_function = self._calls.get(id(module))
        if by_function is None:
            by_function = {}
            models = self.material.models
            for record in ledger.calls(
                self.material.program, module, models.library_type, models.understands, self.types
            ):
                by_function.setdefault(record.function, []).append(record)
            self._calls[id(module)] = by_function
        return by_function.get(function, [])

    def _effects(self, function: FunctionInfo) -> str:
        """The dangerous library calls that are reached, by what they do, and what is not visible even here."""
        said: dict[str, str] = {}
        seen = {function}
        wave = [function]
        unseen: dict[str, None] = {}
        for depth in range(_DEPTH):
            following: list[FunctionInfo] = []
            for current in wave:
                for record in self.calls(current):
                    if record.status == "unresolved":
                        if depth == 0 and record.member:
                            unseen.setdefault(_name(record))
                        continue
                    target = record.target or ""
                    for row in self.material.models.sinks(target):
                        if row.concept in _EVERYWHERE:
                            continue
                        try:
                            text = self.material.models.concept(row.concept).description
                        except KeyError:
                            continue
                        said.setdefault(text, f"`{target}` in {current.module.path}:{record.node.pos[0]}")
                    symbol = self.symbol(target, current.module)
                    if (
                        isinstance(symbol, FunctionInfo)
                        and symbol not in seen
                        and len(seen) < _MOST_FUNCTIONS
                    ):
                        seen.add(symbol)
                        following.append(symbol)
            wave = following
        text = ""
        if said:
            text += "; behind it: " + listed((f"{what} ({where})" for what, where in said.items()), _EFFECTS)
        if unseen:
            text += f"; still not visible there: {coded(unseen, 3)}"
        return text


def _claim(body: list[ir.Stmt]) -> str:
    text = first_sentence(docstring(body), 100)
    return f" (“{text}”)" if text else ""


def _returns(function: FunctionInfo) -> str:
    body = [
        stmt
        for stmt in function.node.body
        if not (isinstance(stmt, ir.ExprStmt) and isinstance(stmt.value, ir.Const))
    ]
    if len(body) == 1 and isinstance(body[0], ir.Raise):
        return " and raises"
    if not body or (len(body) == 1 and isinstance(body[0], ir.Jump)):
        return ": its body is empty"
    return ""
