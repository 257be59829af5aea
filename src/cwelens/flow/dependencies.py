"""Parameters that a framework fills by calling something first: `db = Depends(get_db)`, `Annotated[Page, Depends(page)]`.

What is called takes data of the same request, so its own parameters are filled like those of the handler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.flow import annotated, calls, expressions, handlers, parameters, scopes
from cwelens.flow.annotated import Annotation
from cwelens.flow.run import Args, Run
from cwelens.flow.state import State
from cwelens.flow.values import NOTHING, Cls, Func, Opaque, Value
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo, FunctionInfo

if TYPE_CHECKING:
    from cwelens.flow.handlers import Handler

MAX_DEPTH = 4


def filled(run: Run, function: FunctionInfo, param: ir.Param, handler: Handler, st: State) -> Value | None:
    """What the dependency of a parameter gives, as far as the program holds it; None where it has none."""
    if not handler.route.depends:
        return None
    known = annotated.written_out(run, function, param)
    marker, known = _marker(run, function, param, known, handler.route.depends)
    if marker is None:
        return None
    value = _given(run, marker, known, handler, st) if run.frame.depth <= MAX_DEPTH else None
    # What is not seen gives something of the type that is declared, and not what the request says.
    return value if value is not None else _of_type(run, param, known)


def _of_type(run: Run, param: ir.Param, known: Annotation) -> Value:
    found = scopes.type_in(run, known.module, known.function, known.typed())
    return Value((Opaque(found if isinstance(found, str) else None, label=param.name),))


def _given(run: Run, marker: ir.Call, known: Annotation, handler: Handler, st: State) -> Value | None:
    named = marker.args[0] if marker.args else known.typed()
    if isinstance(named, ir.Call):
        return _of_library(run, known, named, marker, st)
    if not isinstance(named, ir.Name | ir.Attr):
        return None
    symbol = symbol_of(run.program.resolve_expr(known.module, known.function, named))
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
        return _of_library(run, known, named, marker, st)
    value = calls.call_value(run, marker, callee, Args([], keywords), st)
    run.last_exits.pop(id(marker), None)
    given = scopes.frame_object(value, st)
    if given is not None and isinstance(symbol, FunctionInfo) and _yields(symbol):
        value = given.everything()
    return value if value is not NOTHING and value.atoms else None


def _of_library(run: Run, known: Annotation, named: ir.Expr, marker: ir.Call, st: State) -> Value | None:
    """What an object of a library gives that is called to fill the parameter: `token: str = Depends(OAuth2PasswordBearer("token"))`."""
    env = scopes.module_env(run, known.module)
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


def _marker(
    run: Run, function: FunctionInfo, param: ir.Param, known: Annotation, names: tuple[str, ...]
) -> tuple[ir.Call | None, Annotation]:
    """The call in the default or the annotation that says what is called first, and where its names have their meaning."""
    here = Annotation(function.module, function.parent, known.node)
    if param.default is not None and annotated.called(run, here, param.default) in names:
        named = Annotation(function.module, function.parent, param.annotation)
        return (param.default, named) if isinstance(param.default, ir.Call) else (None, known)
    for part in known.marks():
        if isinstance(part, ir.Call) and annotated.called(run, known, part) in names:
            return part, known
    return None, known


def _yields(function: FunctionInfo) -> bool:
    return any(isinstance(part, ir.Yield) for part in walk(*function.node.body))
