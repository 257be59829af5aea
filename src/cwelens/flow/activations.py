"""Calls of functions and classes of the program: their parameters bound, their bodies interpreted in the caller's heap.

Invariant: a call of a program function leaves in `run.last_exits` the ways out of its body, for `guards` to learn from; any other
call clears that entry."""

from __future__ import annotations

from typing import Any

from cwelens.flow import (
    databases,
    expressions,
    library_calls,
    recursion,
    scopes,
    statements,
    vouching,
)
from cwelens.flow.run import Args, Exits, Run, activation, written, written_callee
from cwelens.flow.state import Frame, Obj, State, join_states, map_taints, stepped
from cwelens.flow.values import (
    NONE,
    NOTHING,
    Cls,
    Const,
    Func,
    Opaque,
    Value,
    join_all,
    taints_of,
)
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo, External, FunctionInfo


class Outgoing:
    """How a call of a program function came back.

    `exits` pairs what it gave back with the state it left in, `frame` and `tests` are the activation and, for each exit, the expression
    that it gave back (None at the end of the body); `passed` maps parameters to the argument expressions, `entered` to
    their values on entry; `rebound` are the parameters that the body assigns to.
    """

    __slots__ = ("entered", "exits", "frame", "passed", "rebound", "tests")

    def __init__(
        self,
        frame: Frame,
        exits: list[tuple[Value, State]],
        tests: list[ir.Expr | None],
        passed: dict[str, ir.Expr],
        entered: dict[str, Value],
        rebound: frozenset[str],
    ) -> None:
        self.frame = frame
        self.exits = exits
        self.tests = tests
        self.passed = passed
        self.entered = entered
        self.rebound = rebound


def by_own_row(run: Run, name: str, func: Func, args: Args, node: ir.Expr, st: State) -> Value:
    """A function of the program of which the project's own models say what it means: they are believed, not its body.

    Where they only say what is dangerous to hand to it, or that it is a guard, its body is entered as well.
    """
    models = run.models
    if models.source_calls(name) or models.neutralisers(name) or models.returns_all(name):
        return library_calls.library_call(run, node, name, args, func.receiver, st, "")
    if models.sinks(name) or models.misuses(name):
        library_calls.tell(run, node, name, args, func.receiver, st, "")
    for route in models.routes_by_register(name):
        library_calls.register(run, route, args, func.receiver, st)
    return call_function(run, func, args, node, st)


def call_function(run: Run, func: Func, args: Args, node: ir.Expr, st: State) -> Value:
    """Interprets the body with these arguments, in the caller's heap."""
    target = func.node
    closure = func.frame if func.frame is not None else run.shared.closures.get(id(target))
    key = activation(target, closure)
    active = run.stack.count(key)
    if active > 1:
        # What comes out of a recursion comes out of a way through it that does not recur.
        return run.alloc(st, node, Obj("list", {}), "yield") if recursion.is_generator(target) else NOTHING
    if run.frame.depth >= run.reach():
        # The body is there and was not read: that what is given comes back is no more than an assumption.
        if run.frame.module.is_input:
            run.shared.cut.add((run.frame.module.path, node.pos))
        text = written_callee(node)
        assumption = f"`{text}()` gives back what it is given, unneutralised"
        taints = tuple(t.assuming(assumption) for t in library_calls.all_taints(args, st))
        return Value((Opaque(None, taints, label=f"{text}() (calls nested too deeply)"),))
    info = func.info
    if info is not None and _exercised(run, info, func, args, st):
        taken = Value((Opaque(label=f"{written_callee(node)}()"),))
        return scopes.as_promised(run, info, taken)
    if info is not None and not info.module.is_input:
        run.burn(2)
    run.burn(2)
    module = (
        info.module if info is not None else func.frame.module if func.frame is not None else run.frame.module
    )
    if info is not None:
        run.shared.learn(module)
        if run.shared.is_test(module) or not run.shared.is_test(run.frame.module):
            run.shared.called[id(target)] = run.shared.called.get(id(target), 0) + 1
    # What an enclosing activation has bound by now is what a closure called from it sees.
    run.frame.env = st.env if run.frame.handler != "class" else run.frame.env
    frame = Frame(
        module, info if info is not None else run.frame.func, target, run.frame, closure, run.place(node)
    )
    env, passed = bind(run, func, args, node, st, frame)
    if active:
        recursion.widen(run, target, env, node, st)
    saved = run.frame, run.exits, run.trying
    run.frame, run.exits, run.trying = frame, Exits(), 0
    run.stack.append(key)
    inner = State(env, st.heap, st.base)
    frame.env = env
    entered = frame.entered = dict(env)
    tests: list[ir.Expr | None] = []
    try:
        if isinstance(target, ir.Lambda):
            value = expressions.evaluate(run, target.body, inner)
            returns: list[tuple[Value, State]] = [] if value is NOTHING else [(value, inner)]
        else:
            after = statements.block(run, target.body, inner)
            returns = [(v, s) for v, s, _ in run.exits.returns]
            tests = [stmt.value if isinstance(stmt, ir.Return) else None for _, _, stmt in run.exits.returns]
            if after is not None:
                returns.append((NONE, after))
                tests.append(None)
    finally:
        run.stack.pop()
        run.frame, run.exits, run.trying = saved
    if not returns and not frame.yields:
        return NOTHING
    joined: State | None = None
    for _, state in returns:
        joined = join_states(joined, state)
    if joined is not None:
        st.heap = joined.heap
        frame.env = joined.env
    result = join_all([v for v, _ in returns])
    if info is not None and isinstance(target, ir.Function):
        result = scopes.as_promised(run, info, result)
    if frame.yields:
        content = join_all(frame.yields)
        return run.alloc(st, node, Obj("list", {}, content), "yield")
    if not isinstance(target, ir.Lambda):
        rebound = frozenset(_assigned(target) & passed.keys())
        run.last_exits[id(node)] = Outgoing(frame, returns, tests, passed, entered, rebound)
        result = vouching.result(target, result, f"`{written_callee(node)}()` at line {node.pos[0]}")
    if taints_of(result):
        result = stepped(result, run.place(node), f"`{written(node)}` gives it back")
    return result


def _exercised(run: Run, info: FunctionInfo, func: Func, args: Args, st: State) -> bool:
    """Whether a test calls what it tests, with nothing of an origin: then there is nothing to follow.

    What is dangerous in there by itself is found where the function is an entry.
    """
    shared = run.shared
    if not shared.is_test(run.frame.module) or shared.is_test(info.module):
        return False
    return not library_calls.all_taints(args, st, func.receiver)


_ASSIGNED: dict[int, tuple[ir.Function, frozenset[str]]] = {}


def _assigned(node: ir.Function) -> frozenset[str]:
    """The names that a function's own statements bind."""
    known = _ASSIGNED.get(id(node))
    if known is None or known[0] is not node:
        names: set[str] = set()
        for part in walk(*node.body):
            targets: list[ir.Expr] = []
            if isinstance(part, ir.Assign):
                targets = part.targets
            elif isinstance(part, ir.AugAssign | ir.For | ir.Walrus):
                targets = [part.target]
            for target in targets:
                names |= {n.id for n in walk(target) if isinstance(n, ir.Name)}
        known = _ASSIGNED[id(node)] = (node, frozenset(names))
    return known[1]


def bind(
    run: Run, func: Func, args: Args, node: ir.Expr, st: State, frame: Frame
) -> tuple[dict[str, Value], dict[str, ir.Expr]]:
    """Parameters to values, and to the expressions that were passed (for what a test in the body tells about them)."""
    env: dict[str, Value] = {}
    passed: dict[str, ir.Expr] = {}
    positional = list(args.positional)
    exprs: list[ir.Expr | None] = []
    keyword_exprs: dict[str, ir.Expr] = {}
    if isinstance(node, ir.Call) and not any(isinstance(a, ir.Star) for a in node.args):
        exprs = list(node.args)
        keyword_exprs = {k: v for k, v in node.keywords if k is not None}
    if len(exprs) != len(positional):
        exprs = [None] * len(positional)
    if func.receiver is not None:
        positional.insert(0, func.receiver)
        exprs.insert(0, None)
        frame.receiver = func.receiver
    name = func.info.name if func.info is not None else "lambda"
    place = run.place(node)
    index = 0
    used: set[str] = set()
    for param in func.node.params:
        value: Value | None = None
        expr: ir.Expr | None = None
        if param.kind in ("positional", "normal"):
            if index < len(positional):
                value, expr = positional[index], exprs[index]
                index += 1
            elif param.name in args.keywords:
                value, expr = args.keywords[param.name], keyword_exprs.get(param.name)
                used.add(param.name)
            elif args.star is not None:
                value = args.star
        elif param.kind == "keyword":
            value, expr = args.keywords.get(param.name), keyword_exprs.get(param.name)
            used.add(param.name)
        elif param.kind == "star":
            rest = positional[index:]
            index = len(positional)
            value = st.alloc(
                run.loc(node, ("*", id(func.node))), Obj("tuple", dict(enumerate(rest)), args.star)
            )
            env[param.name] = value
            continue
        else:
            left = {k: v for k, v in args.keywords.items() if k not in used}
            value = st.alloc(
                run.loc(node, ("**", id(func.node))), Obj("dict", dict(left), args.starstar, args.names)
            )
            env[param.name] = value
            continue
        if value is None and args.starstar is not None:
            value = args.starstar if param.default is None else _unpacked(args.starstar, param.name)
        if value is None:
            value = default(run, func, param, st)
        elif expr is not None:
            passed[param.name] = expr
        if param.annotation is not None and func.info is not None:
            value = scopes.as_asked(run, func.info, param, value)
        if taints_of(value):
            value = stepped(value, place, f"passed to `{name}` as `{param.name}`")
        env[param.name] = value
    return env, passed


def _unpacked(content: Value, name: str) -> Value:
    """What `**values` of unknown keys may bring for a parameter that can be left out: only if there is such a key."""
    return map_taints(content, lambda t: t.assuming(f"what is unpacked has a key `{name}`"))


def default(run: Run, func: Func, param: ir.Param, st: State) -> Value:
    """The default value of a parameter: constants and what the definition's scope gives."""
    if param.default is None:
        return Value((Opaque(label=param.name),))
    if isinstance(param.default, ir.Const):
        module = func.info.module if func.info is not None else run.frame.module
        return Value((Const(param.default.value, (module.source, param.default.pos)),))
    if isinstance(param.default, ir.Name | ir.Attr) and func.info is not None:
        outcome = run.program.resolve_expr(func.info.module, func.info.parent, param.default)
        if symbol_of(outcome) is not None:
            return scopes.outcome_value(run, outcome, param.name)
    if isinstance(param.default, ir.Seq | ir.DictDisplay):
        kind = param.default.kind if isinstance(param.default, ir.Seq) else "dict"
        items = param.default.items
        return (
            st.alloc((id(param), "default"), Obj(kind, {}))
            if not items
            else Value((Opaque(f"builtins.{kind}"),))
        )
    return Value((Opaque(label=param.name),))


def instantiate(run: Run, atom: Cls, args: Args, node: ir.Expr, st: State) -> Value:
    """A new object of a class of the program, its `__init__` interpreted."""
    info = atom.info
    loc = run.loc(node, ("new", info.qualname))
    rest: Value | None = None
    known, unknown = run.program.mro(info)
    fields: dict[Any, Value] = {}
    symbol = symbol_of(run.program.find_attr(info, "__init__"))
    if not isinstance(symbol, FunctionInfo):
        names = [n for c in reversed(known) for n, e in declared_fields(c)]
        if names:
            for index, value in enumerate(args.positional):
                if index < len(names):
                    fields[names[index]] = value
            if args.star is not None:
                fields.update(dict.fromkeys(names[len(args.positional) :], args.star))
            fields.update(args.keywords)
        elif args.all():
            taints = library_calls.all_taints(args, st)
            rest = Value((Opaque(None, taints),)) if taints else None
            fields.update(args.keywords)
    elif unknown:
        rest = Value((Opaque(),))
    databases.made(run, node, info, args, st)
    value = st.alloc(loc, Obj("instance", fields, rest, cls=info))
    if isinstance(symbol, FunctionInfo):
        run.shared.learn(symbol.module)
        func = Func(symbol, symbol.node, run.shared.closures.get(id(symbol.node)), value)
        if call_function(run, func, args, node, st) is NOTHING:
            return NOTHING
        run.last_exits.pop(id(node), None)
    elif isinstance(after := symbol_of(run.program.find_attr(info, "__post_init__")), FunctionInfo):
        # Data classes set their fields and then call it.
        func = Func(after, after.node, run.shared.closures.get(id(after.node)), value)
        if call_function(run, func, Args([], {}), node, st) is NOTHING:
            return NOTHING
        run.last_exits.pop(id(node), None)
    for outcome in unknown:
        base = symbol_of(outcome)
        if isinstance(base, External):
            name = run.models.canonical(base.qualname)
            if run.models.sinks(name) or run.models.misuses(name):
                library_calls.tell(run, node, name, args, None, st, "")
    return value


def declared_fields(info: ClassInfo) -> list[tuple[str, ir.Expr]]:
    """The fields that a class body declares with annotations, in order."""
    out = []
    for stmt in info.node.body:
        if (
            isinstance(stmt, ir.Assign)
            and stmt.annotation is not None
            and isinstance(stmt.targets[0], ir.Name)
        ):
            out.append((stmt.targets[0].id, stmt.annotation))
    return out
