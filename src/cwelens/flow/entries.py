"""Where analysis starts: every module's top level, and every function that is not only called from within the input.

A parameter of an entry is of unknown trust, unless a route, its annotation or its name says what it is.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from cwelens.flow import (
    flask_config,
    handlers,
    pages,
    parameters,
    rendering,
    scopes,
    statements,
    wrappers,
)
from cwelens.flow.run import MAX_DEPTH, REACH_OF_HANDLERS, Exits, Observer, OutOfFuel, Run, Shared, activation
from cwelens.flow.state import Frame, Obj, State, join_states
from cwelens.flow.values import (
    Cls,
    Value,
)
from cwelens.ir import nodes as ir
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo, FunctionInfo, ModuleInfo
from cwelens.syntax.templates.readers import by_signs


@dataclass(slots=True)
class Failure:
    """An entry that could not be interpreted to its end."""

    module: ModuleInfo
    function: FunctionInfo | None
    reason: str


@dataclass(slots=True)
class Entries:
    """What was found on the way: handlers, entries that failed, those that handed functions to a framework, and at how many calls the analysis went no deeper."""

    handlers: dict[int, handlers.Handler] = field(default_factory=dict)
    cut: int = 0
    failures: list[Failure] = field(default_factory=list)
    registering: list[FunctionInfo] = field(default_factory=list)


_WHOLE = ir.Jump("pass", (1, 0, 1, 0))


def run_top_level(shared: Shared, observer: Observer, module: ModuleInfo, entries: Entries) -> None:
    """Interprets a module's top level; all of these come before the functions, since another file may register routes."""
    shared.learn(module)
    run = Run(shared, observer, Frame(module, None, None, None, None, None))
    try:
        scopes.module_env(run, module)
        scopes.django_settings(run, module)
        flask_config.module_config(run, module)
    except (OutOfFuel, RecursionError):
        entries.failures.append(Failure(module, None, "the analysis of its top level went over its budget"))
    except Exception as error:
        entries.failures.append(Failure(module, None, crash(error)))


def run_module(
    shared: Shared, observer: Observer, module: ModuleInfo, entries: Entries, wanted: dict[int, int]
) -> None:
    """Interprets those functions of a module whose node ids are in `wanted` (with how deep calls are entered from there), and its handlers."""
    run = Run(shared, observer, Frame(module, None, None, None, None, None))
    shared.closures.restart()
    for function in module.functions:
        handler = handlers.find_handler(run, function)
        if handler is not None:
            entries.handlers[id(function.node)] = handler
        if id(function.node) in wanted or handler is not None:
            depth = wanted.get(id(function.node), MAX_DEPTH) if handler is None else MAX_DEPTH
            run_function(shared, observer, function, handler, entries, depth)


def run_registered(shared: Shared, observer: Observer, modules: list[ModuleInfo], entries: Entries) -> None:
    """Interprets the functions that were handed to a framework only after they had been looked at (in a `create_app`), now as handlers."""
    shared.closures.restart()
    for module in modules:
        for function in module.functions:
            key = id(function.node)
            if key in shared.settled.routes and key not in entries.handlers:
                run = Run(shared, observer, Frame(module, None, None, None, None, None))
                handler = handlers.find_handler(run, function)
                if handler is not None:
                    entries.handlers[key] = handler
                    run_function(shared, observer, function, handler, entries)


def run_pages(shared: Shared, observer: Observer, entries: Entries) -> None:
    """Interprets the pages that nothing in the input renders, with nothing known of what is passed to them."""
    for source in shared.pages.sources:
        if source.path in shared.rendered:
            continue
        page = shared.pages.read(source, by_signs(source) or shared.page_language)
        if not page.template.is_markup:
            continue
        run = Run(shared, observer, Frame(page.module, None, None, None, None, None))
        try:
            pages.render(run, _WHOLE, page, {}, None, True, State({}, {}, shared.base))
        except (OutOfFuel, RecursionError):
            entries.failures.append(
                Failure(page.module, None, "the analysis of the page went over its budget")
            )
        except Exception as error:
            entries.failures.append(Failure(page.module, None, crash(error)))


def run_function(
    shared: Shared,
    observer: Observer,
    function: FunctionInfo,
    handler: handlers.Handler | None,
    entries: Entries,
    depth: int = MAX_DEPTH,
) -> None:
    """Interprets one function as an entry, calls entered so deep at most, and tells the observer what it gives back where a framework sends that on."""
    node = function.node
    closure = shared.settled.closures.get(id(node)) or shared.closures.get(id(node))
    frame = Frame(function.module, function, node, None, closure, None)
    run = Run(shared, observer, frame)
    run.deepest = min(run.deepest, depth)
    if handler is not None:
        run.budgets = REACH_OF_HANDLERS
    frame.handler = handler
    st = State({}, {}, shared.base)
    registered = shared.registry.count
    try:
        receiver = _receiver(run, function, st)
        frame.receiver = receiver
        st.env = parameters.parameters(run, function, receiver, st, handler)
        frame.env = st.env

        run.stack.append(activation(node, closure))
        after = statements.block(run, node.body, st)
        for value, state, stmt in run.exits.returns:
            if handler is not None and stmt is not None and not wrappers.of_wrapped(function, stmt):
                observer.returned(run, stmt, value, state)
        for value, _, _ in run.exits.returns:
            observer.finished(run, value)
        rendering.given_back(run, function, run.exits.returns)
        final = after
        for _, state, _ in run.exits.returns:
            final = join_states(final, state)
        if final is not None:
            frame.env = final.env
    except OutOfFuel:
        entries.failures.append(Failure(function.module, function, "the analysis went over its budget"))
    except RecursionError:
        entries.failures.append(
            Failure(function.module, function, "the code is nested too deeply to analyse")
        )
    except Exception as error:
        entries.failures.append(Failure(function.module, function, crash(error)))
    if shared.registry.count != registered:
        entries.registering.append(function)


def crash(error: Exception) -> str:
    """The reason for a fault of cwelens itself: what it happened in counts as not analysed, and the rest goes on.

    With `CWELENS_DEBUG` set it is raised instead, for whoever mends it.
    """
    if os.environ.get("CWELENS_DEBUG"):
        raise error
    return f"a fault in cwelens: {type(error).__name__}: {error}"


def _receiver(run: Run, function: FunctionInfo, st: State) -> Value | None:
    """`self` (an object whose `__init__` ran with unknown arguments) or `cls`."""
    cls = function.owner
    if cls is None:
        return None
    if function.kind == "classmethod":
        return Value((Cls(cls),))
    if function.kind == "staticmethod":
        return None
    if function.name == "__init__":
        return new_instance(run, cls, st, skip=True)
    made = run.shared.instances.get(id(cls))
    if made is None:
        value = new_instance(run, cls, st)
        run.shared.instances[id(cls)] = value, dict(st.heap)
        return value
    value, heap = made
    st.heap = dict(heap)
    return value


def new_instance(run: Run, cls: ClassInfo, st: State, skip: bool = False) -> Value:
    loc = ("self", cls.module.path, cls.node.pos)
    value = st.alloc(loc, Obj("instance", {}, None, cls=cls))
    symbol = symbol_of(run.program.find_attr(cls, "__init__"))
    if skip or not isinstance(symbol, FunctionInfo) or run.frame.depth > 3:
        return value
    run.shared.learn(symbol.module)
    frame = Frame(
        symbol.module, symbol, symbol.node, run.frame, run.shared.closures.get(id(symbol.node)), None
    )
    frame.receiver = value
    saved = run.frame, run.exits, run.trying, run.fuel, run.granted
    run.frame, run.exits, run.trying = frame, Exits(), 0
    run.fuel = run.granted = min(run.fuel, 4000)
    run.stack.append(activation(symbol.node, frame.closure))
    inner = State({}, st.heap, st.base)
    try:
        inner.env = parameters.parameters(run, symbol, value, inner)
        frame.env = inner.env
        after: State | None = statements.block(run, symbol.node.body, inner)
        for _, state, _ in run.exits.returns:
            after = join_states(after, state)
        if after is not None:
            st.heap = after.heap
    except OutOfFuel:
        # The fields found so far count; the method itself still has its own budget.
        st.heap = inner.heap
    finally:
        run.stack.pop()
        run.frame, run.exits, run.trying, run.fuel, run.granted = saved
    return value
