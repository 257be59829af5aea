"""Parameters that a framework fills by calling something first: `db = Depends(get_db)`, `Annotated[Page, Depends(page)]`.

What is called takes data of the same request, so its own parameters are filled like those of the handler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.flow import calls, expressions, handlers, parameters, scopes
from cwelens.flow.run import Args, Run, written
from cwelens.flow.state import State
from cwelens.flow.values import NOTHING, Cls, Func, Opaque, Value
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo, External, FunctionInfo

if TYPE_CHECKING:
    from cwelens.flow.handlers import Handler

MAX_DEPTH = 4


def filled(run: Run, function: FunctionInfo, param: ir.Param, handler: Handler, st: State) -> Value | None:
    """What the dependency of a parameter gives; None where it has none, or one that the program does not hold."""
    marker = _marker(run, function, param, handler.route.depends)
    if marker is None or run.frame.depth > MAX_DEPTH:
        return None
    named = marker.args[0] if marker.args else _annotated_type(param.annotation)
    if isinstance(named, ir.Call):
        return _of_library(run, function, named, marker, st)
    if not isinstance(named, ir.Name | ir.Attr):
        return None
    symbol = symbol_of(run.program.resolve_expr(function.module, function.parent, named))
    inner = handlers.Handler(handler.route, handler.path, handler.note)
    if isinstance(symbol, FunctionInfo):
        run.shared.learn(symbol.module)
        closure = run.shared.closures.get(id(symbol.node))
        callee = Value((Func(symbol, symbol.node, closure),))
        keywords = _keywords(run, symbol, inner, 0, st)
    elif isinstance(symbol, ClassInfo):
        run.shared.learn(symbol.module)
        callee = Value((Cls(symbol),))
        init = symbol_of(run.program.find_attr(symbol, "__init__"))
        keywords = _keywords(run, init, inner, 1, st) if isinstance(init, FunctionInfo) else {}
    else:
        return _of_library(run, function, named, marker, st)
    value = calls.call_value(run, marker, callee, Args([], keywords), st)
    run.last_exits.pop(id(marker), None)
    given = scopes.frame_object(value, st)
    if given is not None and isinstance(symbol, FunctionInfo) and _yields(symbol):
        value = given.everything()
    return value if value is not NOTHING and value.atoms else None


def _of_library(run: Run, function: FunctionInfo, named: ir.Expr, marker: ir.Call, st: State) -> Value | None:
    """What an object of a library gives that is called to fill the parameter: `token: str = Depends(OAuth2PasswordBearer("token"))`."""
    env = scopes.module_env(run, function.module)
    held = expressions.evaluate(run, named, State(dict(env), {}, run.shared.base))
    types = [atom.type for atom in held.atoms if isinstance(atom, Opaque)]
    if not types or not all(kind and run.models.source_calls(f"{kind}.__call__") for kind in types):
        return None
    value = calls.call_value(run, marker, held, Args([], {}), st)
    run.last_exits.pop(id(marker), None)
    return value


def _keywords(run: Run, function: FunctionInfo, handler: Handler, skip: int, st: State) -> dict[str, Value]:
    return {
        param.name: parameters.parameter(run, function, param, index, handler, st)
        for index, param in enumerate(function.node.params[skip:])
        if param.kind in ("positional", "normal", "keyword")
    }


def _marker(run: Run, function: FunctionInfo, param: ir.Param, names: tuple[str, ...]) -> ir.Call | None:
    """The call in the default or the annotation that says what is called first."""
    if not names:
        return None
    places: list[ir.Expr] = [param.default] if param.default is not None else []
    if isinstance(param.annotation, ir.Item) and isinstance(param.annotation.key, ir.Seq):
        places += param.annotation.key.items[1:]
    for part in places:
        if isinstance(part, ir.Call) and isinstance(part.func, ir.Name | ir.Attr):
            symbol = symbol_of(run.program.resolve_expr(function.module, function.parent, part.func))
            if isinstance(symbol, External) and run.models.canonical(symbol.qualname) in names:
                return part
    return None


def _annotated_type(annotation: ir.Expr | None) -> ir.Expr | None:
    """Page in `page: Page = Depends()` and in `Annotated[Page, Depends()]`."""
    if isinstance(annotation, ir.Item) and written(annotation.base).rpartition(".")[2] == "Annotated":
        key = annotation.key
        return key.items[0] if isinstance(key, ir.Seq) and key.items else key
    return annotation


def _yields(function: FunctionInfo) -> bool:
    return any(isinstance(part, ir.Yield) for part in walk(*function.node.body))
