"""Statements: each takes the state before it and gives the state after it, or None where control never gets past it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cwelens.flow import (
    assign,
    call_tests,
    caught,
    expressions,
    flask_config,
    guards,
    operators,
    paths,
    patterns,
    scopes,
    truth,
    validators,
)
from cwelens.flow.run import Run
from cwelens.flow.state import Frame, State, join_states, same_state
from cwelens.flow.values import (
    INT,
    NONE,
    NOTHING,
    UNKNOWN,
    Cls,
    Const,
    Func,
    Lib,
    Mod,
    Value,
    make,
)
from cwelens.ir import nodes as ir
from cwelens.resolve.program import absolute

MAX_ROUNDS = 4
UNROLL = 12
UNROLL_BODY = 24


def block(run: Run, body: list[ir.Stmt], st: State | None) -> State | None:
    for stmt in body:
        if st is None:
            return None
        run.burn()
        st = _STATEMENTS[type(stmt)](run, stmt, st)
    return st


def _expr(run: Run, stmt: ir.ExprStmt, st: State) -> State | None:
    value = expressions.evaluate(run, stmt.value, st)
    if value is NOTHING:
        return None
    node = expressions.awaited(stmt.value)
    if isinstance(node, ir.Call):
        return call_tests.after_call(run, node, st)
    return st


def _assign(run: Run, stmt: ir.Assign, st: State) -> State | None:
    if stmt.value is None:
        return st
    value = expressions.evaluate(run, stmt.value, st)
    if value is NOTHING:
        return None
    node = expressions.awaited(stmt.value)
    if isinstance(node, ir.Call):
        after = call_tests.after_call(run, node, st)
        if after is None:
            return None
        st = after
    for target in stmt.targets:
        assign.store(run, target, value, st, stmt.value)
        if isinstance(target, ir.Seq) and isinstance(node, ir.Call):
            validators.answers(run, target, node, st)
    guards.remember(stmt, st)
    return st


def _aug_assign(run: Run, stmt: ir.AugAssign, st: State) -> State | None:
    old = expressions.evaluate(run, stmt.target, st)
    new = expressions.evaluate(run, stmt.value, st)
    if new is NOTHING:
        return None
    if stmt.op == "+" and assign.extend(run, old, new, st):
        return st
    assign.store(run, stmt.target, operators.binary(run, stmt.op, old, new, stmt, st), st, stmt.value)
    return st


def _if(run: Run, stmt: ir.If, st: State) -> State | None:
    test = expressions.evaluate(run, stmt.test, st)
    if test is NOTHING:
        return None
    verdict = truth.truth(test, st)
    yes = (
        guards.assume(run, stmt.test, st.copy() if verdict is None else st, True)
        if verdict is not False
        else None
    )
    no = guards.assume(run, stmt.test, st, False) if verdict is not True else None
    after_yes = block(run, stmt.body, yes)
    after_no = block(run, stmt.orelse, no)
    return join_states(after_yes, after_no)


def _while(run: Run, stmt: ir.While, st: State) -> State | None:
    breaks, continues = run.exits.breaks, run.exits.continues
    run.exits.breaks, run.exits.continues = [], []
    try:
        current = st
        done: State | None = None
        counted = _counted(run, stmt, st)
        if counted is None:
            # Every way out of the body leaves the loop.
            return _after_breaks(run)
        current = counted
        for _ in range(MAX_ROUNDS):
            verdict = truth.truth(expressions.evaluate(run, stmt.test, current), current)
            if verdict is not True:
                done = join_states(done, guards.assume(run, stmt.test, current.copy(), False))
            if verdict is False:
                break
            run.exits.continues = []
            after = block(run, stmt.body, guards.assume(run, stmt.test, current.copy(), True))
            for state in run.exits.continues:
                after = join_states(after, state)
            merged = join_states(current, after)
            if merged is None or same_state(merged, current):
                break
            current = widen(current, merged)
        else:
            if truth.truth(expressions.evaluate(run, stmt.test, current), current) is not True:
                done = join_states(done, guards.assume(run, stmt.test, current.copy(), False))
        done = block(run, stmt.orelse, done)
        return join_states(done, _after_breaks(run))
    finally:
        run.exits.breaks, run.exits.continues = breaks, continues


def _after_breaks(run: Run) -> State | None:
    done: State | None = None
    for state in run.exits.breaks:
        done = join_states(done, state)
    return done


def _counted(run: Run, stmt: ir.While, st: State) -> State | None:
    """The state after the first rounds of a loop that surely happen: each replaces the one before instead of joining it."""
    current = st
    if isinstance(stmt.test, ir.Const) or len(stmt.body) > UNROLL_BODY:
        return current
    for _ in range(UNROLL):
        if truth.truth(expressions.evaluate(run, stmt.test, current), current) is not True:
            break
        run.exits.continues = []
        after = block(run, stmt.body, guards.assume(run, stmt.test, current.copy(), True))
        for state in run.exits.continues:
            after = join_states(after, state)
        if after is None:
            return None
        if same_state(after, current):
            break
        current = after
    return current


def widen(before: State, after: State) -> State:
    """Numbers that change from round to round are given up: their constants become an unknown of their type."""
    for name, value in list(after.env.items()):
        old = before.env.get(name)
        if old is None or old is value or old.key == value.key or len(value.atoms) < 2:
            continue
        kept = [a for a in value.atoms if not (isinstance(a, Const) and _counts(a.value))]
        if len(kept) < len(value.atoms):
            after.env[name] = make([*kept, *INT.atoms])
    return after


def _counts(value: object) -> bool:
    """Whether a constant is a number, of which a loop makes ever new ones."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _for(run: Run, stmt: ir.For, st: State) -> State | None:
    iterable = expressions.evaluate(run, stmt.iterable, st)
    if iterable is NOTHING:
        return None
    elements = expressions.iterate(run, iterable, st, stmt.iterable)
    breaks, continues = run.exits.breaks, run.exits.continues
    run.exits.breaks, run.exits.continues = [], []
    try:
        if isinstance(elements, list) and len(elements) <= UNROLL and len(stmt.body) <= UNROLL_BODY:
            done = _unrolled(run, stmt, st, elements)
        else:
            element = (
                elements if isinstance(elements, Value) else make([a for v in elements for a in v.atoms])
            )
            done = _looped(run, stmt, st, element)
        done = block(run, stmt.orelse, done)
        return join_states(done, _after_breaks(run))
    finally:
        run.exits.breaks, run.exits.continues = breaks, continues


def _unrolled(run: Run, stmt: ir.For, st: State, elements: list[Value]) -> State | None:
    current: State | None = st
    for element in elements:
        if current is None:
            break
        run.exits.continues = []
        assign.store(run, stmt.target, element, current, stmt.iterable)
        current = block(run, stmt.body, current)
        for state in run.exits.continues:
            current = join_states(current, state)
    return current


def _looped(run: Run, stmt: ir.For, st: State, element: Value) -> State | None:
    current = st
    after: State | None = None
    ends: list[State | None] = []
    for _ in range(MAX_ROUNDS):
        inner = current.copy()
        assign.store(run, stmt.target, element, inner, stmt.iterable)
        run.exits.continues = []
        after = block(run, stmt.body, inner)
        for state in run.exits.continues:
            after = join_states(after, state)
        ends.append(after)
        before = paths.every_member(current, after, element) if after is not None else current
        merged = join_states(before, after)
        if merged is None or same_state(merged, current):
            break
        current = widen(current, merged)
    done = current.copy()
    validators.after_loop(run, stmt, element, after, done)
    validators.after_flags(stmt, st, ends[0], done)
    return done


def _try(run: Run, stmt: ir.Try, st: State) -> State | None:
    raises = run.exits.raises
    run.exits.raises = []
    returns_before = len(run.exits.returns)
    before: State | None = st.copy() if stmt.handlers or stmt.final else None
    run.trying += 1
    current: State | None = st
    thrown = before
    for part in stmt.body:
        if current is None:
            break
        run.burn()
        current = _STATEMENTS[type(part)](run, part, current)
        if current is not None and stmt.handlers:
            thrown = join_states(thrown, current.copy())
    for state in run.exits.raises:
        thrown = join_states(thrown, state)
    run.trying -= 1
    run.exits.raises = raises
    done = block(run, stmt.orelse, current)
    for handler in stmt.handlers:
        if thrown is None:
            break
        inner = thrown.copy()
        taken = expressions.evaluate(run, handler.types, inner) if handler.types is not None else UNKNOWN
        if handler.name:
            inner.env[handler.name] = caught.caught(run, stmt, handler, taken, inner)
        done = join_states(done, block(run, handler.body, inner))
    if not stmt.final:
        return done
    if done is None:
        # Left by return or raise: what the final part does is still seen, with the state that leaves.
        leaving: State | None = before if len(run.exits.returns) == returns_before else None
        for _, state, _ in run.exits.returns[returns_before:]:
            leaving = join_states(leaving, state)
        block(run, stmt.final, leaving.copy() if leaving else None)
        return None
    return block(run, stmt.final, done)


def _with(run: Run, stmt: ir.With, st: State) -> State | None:
    for context, target in stmt.items:
        value = expressions.evaluate(run, context, st)
        if value is NOTHING:
            return None
        if target is not None:
            assign.store(run, target, scopes.entered(run, value, st, context), st, context)
    return block(run, stmt.body, st)


def _return(run: Run, stmt: ir.Return, st: State) -> None:
    value = expressions.evaluate(run, stmt.value, st) if stmt.value is not None else NONE
    if value is not NOTHING:
        run.exits.returns.append((value, st, stmt))


def _raise(run: Run, stmt: ir.Raise, st: State) -> None:
    if stmt.value is not None:
        expressions.evaluate(run, stmt.value, st)
    if stmt.cause is not None:
        expressions.evaluate(run, stmt.cause, st)
    if run.trying:
        run.exits.raises.append(st)


def _assert(run: Run, stmt: ir.Assert, st: State) -> State | None:
    verdict = truth.truth(expressions.evaluate(run, stmt.test, st), st)
    if stmt.message is not None:
        expressions.evaluate(run, stmt.message, st.copy())
    # Assertions vanish under -O, so they narrow types (what people use them for) but a failed one does not end the path.
    return st if verdict is False else guards.assume_assertion(run, stmt.test, st)


def _delete(run: Run, stmt: ir.Delete, st: State) -> State:
    for target in stmt.targets:
        if isinstance(target, ir.Name):
            st.env.pop(target.id, None)
        else:
            assign.remove(run, target, st)
    return st


def _jump(run: Run, stmt: ir.Jump, st: State) -> State | None:
    if stmt.kind == "pass":
        return st
    (run.exits.breaks if stmt.kind == "break" else run.exits.continues).append(st)
    return None


def _scope(run: Run, stmt: ir.Scope, st: State) -> State:
    return st


def _import(run: Run, stmt: ir.Import, st: State) -> State:
    for name, alias in stmt.names:
        bound = alias or name.partition(".")[0]
        wanted = name if alias else bound
        module = run.program.find_module(wanted, run.frame.module)
        st.env[bound] = Value((Mod(module),)) if module else Value((Lib(run.models.canonical(wanted)),))
    return st


def _import_from(run: Run, stmt: ir.ImportFrom, st: State) -> State:
    base = absolute(run.frame.module, stmt.module, stmt.level)
    for name, alias in stmt.names:
        if name == "*":
            continue
        dotted = f"{base}.{name}" if base else name
        outcome = run.program.resolve_dotted(dotted, run.frame.module)
        st.env[alias or name] = scopes.outcome_value(run, outcome, dotted)
    return st


def _function(run: Run, stmt: ir.Function, st: State) -> State:
    info = run.shared.functions.get(id(stmt))
    closure = scopes.defining_frame(run.frame)
    if closure.func is not None or closure.closure is not None:
        run.shared.closures.made(id(stmt), closure)
    for param in stmt.params:
        if param.default is not None:
            value = expressions.evaluate(run, param.default, st)
            st.env[f"{stmt.name}.default.{param.name}"] = value
    func = Value((Func(info, stmt, closure),))
    st.env[stmt.name] = scopes.decorated(run, stmt, func, st)
    return st


def _class(run: Run, stmt: ir.Class, st: State) -> State:
    info = run.shared.classes.get(id(stmt))
    if info is None:
        st.env[stmt.name] = UNKNOWN
        return st
    for base in stmt.bases:
        expressions.evaluate(run, base, st)
    outer = run.frame
    frame = Frame(outer.module, outer.func, None, outer.parent, scopes.defining_frame(outer), outer.call)
    frame.depth = outer.depth
    frame.handler = "class"
    frame.env = st.env
    run.frame = frame
    inner = State({}, st.heap, st.base)
    frame.closure = outer
    outer.env = st.env
    frame.env = inner.env
    try:
        after = block(run, stmt.body, inner)
    finally:
        run.frame = outer
    if after is not None:
        st.heap = after.heap
        run.shared.class_env[id(info)] = after.env
        scopes.class_settings(run, info, after)
        flask_config.class_config(run, info, after)
    for decorator in stmt.decorators:
        expressions.evaluate(run, decorator, st)
    st.env[stmt.name] = Value((Cls(info, scopes.defining_frame(outer)),))
    return st


def _match(run: Run, stmt: ir.Match, st: State) -> State | None:
    subject = expressions.evaluate(run, stmt.subject, st)
    done: State | None = None
    current: State | None = st
    for case in stmt.cases:
        if current is None:
            break
        matched = patterns.match(run, case.pattern, stmt.subject, subject, current.copy())
        if matched.state is not None:
            inner: State | None = matched.state
            certain = matched.certain
            if case.guard is not None and inner is not None:
                verdict = truth.truth(expressions.evaluate(run, case.guard, inner), inner)
                certain = certain and verdict is True
                inner = None if verdict is False else guards.assume(run, case.guard, inner, True)
            done = join_states(done, block(run, case.body, inner))
            if certain:
                current = None
            elif matched.rest is not None and case.guard is None:
                subject = matched.rest
                assign.refine(stmt.subject, subject, current)
    return join_states(done, current)


def _type_decl(run: Run, stmt: ir.TypeDecl, st: State) -> State:
    st.env[stmt.name] = UNKNOWN
    return st


def _unknown(run: Run, stmt: ir.UnknownStmt, st: State) -> State | None:
    for part in stmt.parts:
        expressions.evaluate(run, part, st)
    return block(run, stmt.body, st)


_STATEMENTS: dict[type, Callable[[Run, Any, State], State | None]] = {
    ir.ExprStmt: _expr,
    ir.Assign: _assign,
    ir.AugAssign: _aug_assign,
    ir.If: _if,
    ir.While: _while,
    ir.For: _for,
    ir.Try: _try,
    ir.With: _with,
    ir.Return: _return,
    ir.Raise: _raise,
    ir.Assert: _assert,
    ir.Delete: _delete,
    ir.Jump: _jump,
    ir.Scope: _scope,
    ir.Import: _import,
    ir.ImportFrom: _import_from,
    ir.Function: _function,
    ir.Class: _class,
    ir.Match: _match,
    ir.TypeDecl: _type_decl,
    ir.UnknownStmt: _unknown,
}
