"""What a fragment is: a method without its class, a function or class without its module, a piece of a function.

Only what shows that something around it is missing is called a piece: a `self` that no class gives, names that nothing binds, `return`
outside a function. Everything else may be a whole module.
"""

from __future__ import annotations

from collections.abc import Iterator

from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.report.facts import Facts, Found
from cwelens.report.words import coded, count
from cwelens.resolve.cutoff import NOT_SHOWN
from cwelens.resolve.symbols import FunctionInfo

LONE = "lone"
_UNDEFINED = "is not defined or imported in the input"


def pieces(facts: Facts) -> Iterator[Found]:
    """The kind of a module of which something is missing; nothing for one that may be whole."""
    module = facts.module
    if facts.imports or module.stars:
        return
    functions = [f for f in module.functions if f.parent is None and f.owner is None]
    methods = [f for f in functions if is_cut_out(f)]
    own = [s for s in module.body if not isinstance(s, ir.Function | ir.Class) and not _is_text(s)]
    if any(isinstance(s, ir.Return) for s in walk_top(own)):
        yield "piece of a function", "it returns, and no function is around it", [own[0].pos]
        return
    missing = _missing(facts)
    if not missing and not methods:
        return
    why = f"it uses {coded(missing, 3)}, which nothing in it defines or imports"
    if methods and len(methods) == len(functions) and not module.classes and not own:
        self_name = methods[0].node.params[0].name
        why = f"{'it takes' if len(methods) == 1 else 'they take'} `{self_name}`, and no class is around {'it' if len(methods) == 1 else 'them'}"
        yield _label("method", "methods", len(methods)), why, [f.node.pos for f in methods]
    elif functions and not module.classes and not own:
        yield _label("function", "functions", len(functions)), why, [f.node.pos for f in functions]
    elif module.classes and not functions and not own:
        outer = [c for c in module.classes if c.outer is None]
        yield _label("class", "classes", len(outer)), why, [c.node.pos for c in outer]
    else:
        yield "piece of a module", why, [module.body[0].pos]


def is_cut_out(function: FunctionInfo) -> bool:
    """Whether a function is a method whose class is not in the input."""
    params = function.node.params
    return (
        function.owner is None
        and function.parent is None
        and bool(params)
        and params[0].name in ("self", "cls")
    )


def walk_top(body: list[ir.Stmt]) -> Iterator[ir.Node]:
    """The nodes of statements that stand in no function or class."""
    for statement in body:
        if not isinstance(statement, ir.Function | ir.Class):
            yield from walk(statement)


def _is_text(statement: ir.Stmt) -> bool:
    return isinstance(statement, ir.ExprStmt) and isinstance(statement.value, ir.Const)


def _missing(facts: Facts) -> list[str]:
    """The names that the calls of the module use and nothing binds, in the order of the code."""
    names: dict[str, None] = {}
    for record in facts.calls:
        if NOT_SHOWN in record.reason or _UNDEFINED in record.reason:
            names.setdefault(record.reason.split("`")[1])
    return list(names)


def _label(one: str, many: str, number: int) -> str:
    return f"{LONE} {one}" if number == 1 else f"{count(number, one, many)} without their surroundings"
