"""Calls: into functions and classes of the program, to library callables by their models, and to what is not known.

Invariant: a call of a program function leaves in `run.last_exits` the ways out of its body, for `guards` to learn from; any other
call clears that entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cwelens.base import chars as ch
from cwelens.flow import (
    assign,
    attributes,
    buffers,
    containers,
    contents,
    databases,
    expressions,
    likeness,
    natives,
    pages,
    paths,
    recursion,
    rendering,
    scopes,
    statements,
    strings,
    url_params,
    vouching,
)
from cwelens.flow.conditions import holds_all
from cwelens.flow.run import Args, CallSite, Exits, Run, activation, written
from cwelens.flow.state import Frame, Obj, State, deep_taints, join_objects, join_states, map_taints, stepped
from cwelens.flow.values import (
    NONE,
    NOTHING,
    TYPE_CHARS,
    UNKNOWN,
    Atom,
    Cls,
    Const,
    Func,
    Lib,
    Method,
    Mod,
    Opaque,
    Origin,
    Partial,
    Ref,
    Super,
    Taint,
    Taints,
    Text,
    Trail,
    Value,
    join,
    join_all,
    join_taints,
    make,
    opaque,
    taints_of,
)
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.builtin_names import STANDARD_LIBRARY
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo, External, FunctionInfo

if TYPE_CHECKING:
    from cwelens.models.schema import Route

NO_RETURN = "typing.NoReturn"
NEVER = frozenset(
    (
        "sys.exit",
        "os._exit",
        "os.abort",
        "builtins.exit",
        "builtins.quit",
        "flask.abort",
        "pytest.fail",
        "pytest.skip",
    )
)
SQL_START = (
    "select ", "insert ", "update ", "delete ", "replace into ", "create table", "drop table", "alter table", "with ", "call ", "exec ",
)  # fmt: skip
SQL_METHODS = frozenset(
    (
        "execute",
        "executemany",
        "executescript",
        "query",
        "raw",
        "fetch",
        "fetchrow",
        "fetchval",
        "fetch_all",
        "fetch_one",
    )
)
# Words in the names of methods that hand a statement to a database: `run_query`, `_fetch_all`.
SQL_WORDS = frozenset(
    ("query", "execute", "exec", "sql", "fetch", "fetchall", "fetchone", "select", "cursor")
)
CARRYING = (
    frozenset(
        [
            "get",
            "pop",
            "setdefault",
            "items",
            "values",
            "keys",
            "copy",
            "read",
            "readline",
            "readlines",
            "recv",
            "decode",
            "encode",
            "getlist",
            "get_all",
            "get_list",
            "getall",
            "getone",
            "getfirst",
            "lists",
            "multi_items",
            "to_dict",
            "dict",
            "model_dump",
            "getvalue",
            "group",
            "groups",
            "strip",
            "lower",
            "upper",
            "split",
            "replace",
            "format",
            "join",
            "lstrip",
            "rstrip",
            "title",
            "text",
            "json",
            "data",
            "body",
            "content",
        ]
    )
    | strings.STRING_METHODS
)
CLEANING = (
    "sanit",
    "escape",
    "clean",
    "quote",
    "valid",
    "safe",
    "filter",
    "encode",
    "strip_tags",
    "normalize",
    "check",
)


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


def call(run: Run, node: ir.Call, st: State) -> Value:
    """A call expression: the callee, then the arguments, then the call."""
    run.burn()
    func = node.func
    if isinstance(func, ir.Name) and func.id == "super":
        above = _super(run, node, st)
        if above is not None:
            return above
    callee = scopes.name_value(run, func, st) if isinstance(func, ir.Name) else _evaluate(run, func, st)
    if callee is NOTHING:
        return NOTHING
    args = arguments(run, node, st)
    if args is None:
        return NOTHING
    return call_value(run, node, callee, args, st)


def _super(run: Run, node: ir.Call, st: State) -> Value | None:
    """`super()` inside a method, and `super(Class, self)`."""
    if len(node.args) == 2:
        classes, receiver = (_evaluate(run, part, st) for part in node.args)
        cls = classes.atoms[0] if len(classes.atoms) == 1 else None
        return Value((Super(cls.info, receiver),)) if isinstance(cls, Cls) else None
    info = run.frame.func
    if node.args or run.frame.receiver is None or info is None or info.self_class is None:
        return None
    return Value((Super(info.self_class, run.frame.receiver),))


def _evaluate(run: Run, node: ir.Expr, st: State) -> Value:

    return expressions.evaluate(run, node, st)


def arguments(run: Run, node: ir.Call, st: State) -> Args | None:
    """The evaluated arguments; None where evaluating one never comes back."""

    positional: list[Value] = []
    star: Value | None = None
    for part in node.args:
        value = expressions.evaluate(run, part, st)
        if value is NOTHING:
            return None
        if isinstance(part, ir.Star):
            elements = expressions.iterate(run, value, st, part)
            if isinstance(elements, list) and star is None:
                positional += elements
                continue
            start = _beginning(value, st) if star is None else None
            if start is not None:
                positional += [start.items[i] for i in sorted(start.items)]
                star = start.rest
                continue
            more = elements if isinstance(elements, Value) else join_all(elements)
            star = more if star is None else join(star, more)
        elif star is None:
            positional.append(value)
        else:
            star = join(star, value)
    keywords: dict[str, Value] = {}
    starstar: Value | None = None
    for name, part in node.keywords:
        value = expressions.evaluate(run, part, st)
        if value is NOTHING:
            return None
        if name is not None:
            keywords[name] = value
            continue
        obj = scopes.frame_object(value, st)
        if obj is not None and obj.kind == "dict":
            keywords.update({k: v for k, v in obj.items.items() if isinstance(k, str)})
            extra = obj.rest
        else:
            extra = Value((Opaque(None, deep_taints(value, st)),))
        if extra is not None:
            starstar = extra if starstar is None else join(starstar, extra)
    return Args(positional, keywords, star, starstar)


def _beginning(value: Value, st: State) -> Obj | None:
    """The one sequence that stands for all those a value may be: what they begin with in its place, what follows as the rest."""
    found: Obj | None = None
    for atom in value.atoms:
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if obj is None or obj.kind not in ("list", "tuple"):
            return None
        found = obj if found is None else join_objects(found, obj)
    return found


def call_value(run: Run, node: ir.Expr, callee: Value, args: Args, st: State) -> Value:
    """The call of a value: each callable it may be, the results joined."""
    run.last_exits.pop(id(node), None)
    out: list[Value] = []
    for atom in callee.atoms:
        result = _call_atom(run, node, atom, args, st)
        if result is not NOTHING:
            out.append(result)
    if len(callee.atoms) > 1:
        run.last_exits.pop(id(node), None)
    return join_all(out) if out else NOTHING


def _call_atom(run: Run, node: ir.Expr, atom: Atom, args: Args, st: State) -> Value:
    if isinstance(atom, Func):
        own = run.models.own(atom.info.qualname) if atom.info is not None else None
        if own is not None:
            return _by_own_row(run, own, atom, args, node, st)
        return call_function(run, atom, args, node, st)
    if isinstance(atom, Cls):
        own = run.models.own(atom.info.qualname)
        if own is not None:
            _tell(run, node, own, args, None, st, "")
        return instantiate(run, atom, args, node, st)
    if isinstance(atom, Lib):
        if atom.name.startswith("%"):
            return pages.operation(run, node, atom, args, st)
        return library_call(run, node, atom.name, args, None, st, "")
    if isinstance(atom, Method):
        return _call_method(run, node, atom, args, st)
    if isinstance(atom, Partial):
        merged = Args(
            [*atom.args, *args.positional], {**atom.keywords, **args.keywords}, args.star, args.starstar
        )
        return call_value(run, node, atom.func, merged, st)
    if isinstance(atom, Ref):
        obj = st.obj(atom.loc)
        if obj is not None and isinstance(obj.cls, ClassInfo):
            symbol = symbol_of(run.program.find_attr(obj.cls, "__call__"))
            if isinstance(symbol, FunctionInfo):
                return call_function(run, Func(symbol, symbol.node, None, Value((atom,))), args, node, st)
    if isinstance(atom, Opaque) and atom.type is not None:
        return library_call(run, node, f"{atom.type}.__call__", args, Value((atom,)), st, atom.note)
    if isinstance(atom, Mod | Super | Const | Text):
        return UNKNOWN
    return unresolved(run, node, written_callee(node), None, args, st)


def written_callee(node: ir.Expr) -> str:
    return written(node.func if isinstance(node, ir.Call) else node)


def _call_method(run: Run, node: ir.Expr, atom: Method, args: Args, st: State) -> Value:
    receiver = Value((atom.receiver,))
    text = f"builtins.str.{atom.name}"
    if atom.name in strings.STRING_METHODS and run.models.sinks(text):
        _tell(run, node, text, args, receiver, st, atom.note)
    if isinstance(atom.receiver, Func):
        called = _by_caller(run, node, atom.receiver, atom.name, args, st)
        if called is not None:
            return called
    done = natives.method(run, node, atom, args, st)
    if done is not None:
        return done
    if atom.type is not None:
        return library_call(run, node, f"{atom.type}.{atom.name}", args, receiver, st, atom.note)
    return unresolved(run, node, atom.name, receiver, args, st)


def _by_caller(run: Run, node: ir.Expr, func: Func, member: str, args: Args, st: State) -> Value | None:
    """`task.delay(x)`: a member of a decorated function that has it called with these arguments, now or later."""
    from cwelens.flow.entries import find_handler

    if func.info is None or not func.info.node.decorators:
        return None
    handler = find_handler(run, func.info)
    if handler is None or member not in handler.route.callers:
        return None
    if member.startswith("apply"):
        # The arguments come in a list and a dict.
        listed = args.get(0, "args")
        given = args.get(1, "kwargs")
        star = Value((Opaque(None, deep_taints(listed, st)),)) if listed is not None else None
        named = Value((Opaque(None, deep_taints(given, st)),)) if given is not None else None
        args = Args([], {}, star, named)
    first = func.info.node.params[:1]
    bound = bool(first) and first[0].name in handler.route.besides and func.receiver is None
    target = Func(func.info, func.node, func.frame, Value((Opaque(label=first[0].name),))) if bound else func
    call_function(run, target, args, node, st)
    run.last_exits.pop(id(node), None)
    return Value((Opaque(label=written_callee(node)),))


# Functions of the program


def _by_own_row(run: Run, name: str, func: Func, args: Args, node: ir.Expr, st: State) -> Value:
    """A function of the program of which the project's own models say what it means: they are believed, not its body.

    Where they only say what is dangerous to hand to it, or that it is a guard, its body is entered as well.
    """
    models = run.models
    if models.source_calls(name) or models.neutralisers(name) or models.returns_all(name):
        return library_call(run, node, name, args, func.receiver, st, "")
    if models.sinks(name) or models.misuses(name):
        _tell(run, node, name, args, func.receiver, st, "")
    for route in models.routes_by_register(name):
        _register(run, route, args, func.receiver, st)
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
        text = written_callee(node)
        assumption = f"`{text}()` gives back what it is given, unneutralised"
        taints = tuple(t.assuming(assumption) for t in _all_taints(args, st))
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
            value = _evaluate(run, target.body, inner)
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
        result = stepped(result, run.place(node), f"`{written_callee(node)}()` gives it back")
    return result


def _exercised(run: Run, info: FunctionInfo, func: Func, args: Args, st: State) -> bool:
    """Whether a test calls what it tests, with nothing of an origin: then there is nothing to follow.

    What is dangerous in there by itself is found where the function is an entry.
    """
    shared = run.shared
    if not shared.is_test(run.frame.module) or shared.is_test(info.module):
        return False
    return not _all_taints(args, st, func.receiver)


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
            value = st.alloc(run.loc(node, ("**", id(func.node))), Obj("dict", dict(left), args.starstar))
            env[param.name] = value
            continue
        if value is None and args.starstar is not None:
            value = args.starstar
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
        if names and (
            not unknown or any("dataclass" in (written(d)) for c in known for d in c.node.decorators) or True
        ):
            for index, value in enumerate(args.positional):
                if index < len(names):
                    fields[names[index]] = value
            if args.star is not None:
                fields.update(dict.fromkeys(names[len(args.positional) :], args.star))
            fields.update(args.keywords)
        elif args.all():
            taints = _all_taints(args, st)
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
                _tell(run, node, name, args, None, st, "")
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


# Library callables


def _tell(
    run: Run, node: ir.Expr, name: str, args: Args, receiver: Value | None, st: State, note: str
) -> None:
    if not run.quiet:
        site = CallSite(
            node, run.place(node), name, written_callee(node), args, receiver, st, run.frame, note
        )
        run.observer.call(run, site)


def _all_taints(args: Args, st: State, receiver: Value | None = None) -> Taints:
    out: Taints = ()
    for value in args.all():
        if not databases.is_statement(value):
            out = join_taints(out, deep_taints(value, st))
    if receiver is not None:
        out = join_taints(out, deep_taints(receiver, st))
    return out


def library_call(
    run: Run, node: ir.Expr, name: str, args: Args, receiver: Value | None, st: State, note: str
) -> Value:
    """A call of something outside the program, by its dotted name: told to the observer, then what the models say it gives back."""
    models = run.models
    name = models.canonical(name)
    if models.sinks(name) or models.misuses(name):
        _tell(run, node, name, args, receiver, st, note)
    for route in models.routes_by_register(name):
        _register(run, route, args, receiver, st)
    for change in models.becomes(name) if receiver is not None else ():
        if holds_all(change, run, args, receiver, st) is True:
            _retype(node, change.type, st)
    if name in NEVER:
        return NOTHING
    databases.called(run, node, name, args, st)
    loaded = rendering.called(run, node, name, args, receiver, st)
    if loaded is not None:
        return loaded
    place = run.place(node)
    weak = next((m for m in models.misuses(name) if m.concept == "random.weak"), None)
    if weak is not None and holds_all(weak, run, args, receiver, st) is True:
        return _predictable(run, node, name, args, receiver, st)
    sources = models.source_calls(name)
    source = next((row for row in sources if holds_all(row, run, args, receiver, st) is not False), None)
    if source is not None:
        taints = attributes.taint_of(run, source, written(node), place, note)
        return Value((Opaque(source.type, taints, note=note),))
    native = natives.function(run, node, name, args, receiver, st)
    neutralised = _neutralised(run, node, name, args, receiver, st, native)
    if neutralised is not None:
        return neutralised
    if native is not None:
        return native
    buffers.handed_over(run, node, args, receiver, st)
    for row in models.returns_all(name):
        if row.conditional and holds_all(row, run, args, receiver, st) is not True:
            continue
        if row.type == NO_RETURN:
            return NOTHING
        return _by_row(run, node, name, row, args, receiver, st, note)
    top = name.partition(".")[0]
    known = models.is_modelled(name)
    if not known and top not in STANDARD_LIBRARY and top not in models.packages() and top != "builtins":
        alike = likeness.taken_for(run, node, name.rpartition(".")[2], args, receiver, st)
        if alike is not None:
            return library_call(run, node, alike[0], args, receiver, st, alike[1])
    _call_back(run, node, args, st)
    taints = _all_taints(args, st, receiver)
    type_ = models.type(name)
    label = "" if known or top in STANDARD_LIBRARY or top == "builtins" else f"{written_callee(node)}()"
    # `form.getlist("x")`, `upload.read()`: reading what a thing of a known type holds needs no row of its own.
    reads = (
        receiver is not None
        and name.rpartition(".")[2] in CARRYING
        and models.type(name.rpartition(".")[0]) is not None
    )
    if taints and not known and not reads and top not in STANDARD_LIBRARY and top != "builtins":
        assumption = f"`{written_callee(node)}()` gives back what it is given, unneutralised"
        taints = tuple(
            t.assuming(assumption) for t in taints if t.origin.kind not in ("param", contents.CONTENT)
        )
    if type_ is None and name.rpartition(".")[2][:1].isupper():
        return Value((Opaque(name, taints, TYPE_CHARS.get(name, ch.ALL), note, label),))
    return Value((Opaque(type_.name if type_ else None, taints, note=note, label=label),))


def _retype(node: ir.Expr, type_: str, st: State) -> None:
    """A call has changed what its receiver does: the name or access path it was called on holds an object of another type."""

    path = (
        assign.path_of(node.func.base)
        if isinstance(node, ir.Call) and isinstance(node.func, ir.Attr)
        else None
    )
    value = st.env.get(path) if path is not None else None
    if path is not None and value is not None:
        st.env[path] = make(
            [
                Opaque(type_, a.taints, a.chars, a.note, a.label) if isinstance(a, Opaque) else a
                for a in value.atoms
            ]
        )


def _register(run: Run, route: Route, args: Args, receiver: Value | None, st: State) -> None:
    """A call that hands a function of the program to a framework: remembered for when the function is started."""
    if route.handler is None:
        return
    first = args.positional[0].const() if args.positional else None
    path = first.value if first is not None and isinstance(first.value, str) else ""
    for name, mask in url_params.groups(path).items():
        run.shared.url_groups[name] = run.shared.url_groups.get(name, 0) | mask
    for value in args.at(route.handler, receiver):
        for func in _wrapped(value, 3):
            run.shared.registered.setdefault(id(func.node), (route, path))
            if func.frame is not None:
                known = run.shared.handed.setdefault(id(func.node), func.frame)
                if known is not func.frame:
                    # Made several times: what it closes over is not always the same.
                    run.shared.handed[id(func.node)] = None


def _wrapped(value: Value, depth: int) -> Iterator[Func]:
    """The functions that a value is, and those that a decorator has closed in them."""
    for atom in value.atoms:
        if isinstance(atom, Func):
            yield atom
            if (
                depth
                and atom.frame is not None
                and atom.frame.func is not None
                and atom.frame.node is not None
            ):
                for inner in list(atom.frame.env.values()):
                    yield from (f for f in _wrapped(inner, depth - 1) if f.node is not atom.node)


def _predictable(run: Run, node: ir.Expr, name: str, args: Args, receiver: Value | None, st: State) -> Value:
    """The result of a predictable generator: whether that matters is decided by what it is used for."""
    place = run.place(node)
    origin = Origin("random", "random.weak", f"`{written_callee(node)}()`", place)
    taint = Taint(origin, {}, Trail(None, place, f"`{written_callee(node)}()` gives a predictable value"))
    row = run.models.returns(name)
    type_ = row.type if row is not None else None
    taints = join_taints((taint,), _all_taints(args, st))
    if name.endswith((".choice", ".choices", ".sample")) and args.positional:
        content = containers.elements(run, args.positional[0], st, node)
        mask = strings.merge(content, st).chars if content.atoms else ch.ALL
        return Value((Opaque(type_, taints, mask),))
    return opaque(type_, taints)


def _neutralised(
    run: Run, node: ir.Expr, name: str, args: Args, receiver: Value | None, st: State, native: Value | None
) -> Value | None:
    """The result of a neutraliser: its argument's taints made safe for its contexts."""
    rows = [r for r in run.models.neutralisers(name) if holds_all(r, run, args, receiver, st) is not False]
    if not rows:
        return None
    why = f"`{written_callee(node)}()` at line {node.pos[0]}"
    row = rows[0]
    values = args.at(row.port, receiver)
    returns = run.models.returns(name)
    out: list[Atom] = []
    for value in [native] if native is not None else values or args.all():
        for atom in value.atoms:
            if isinstance(atom, Const):
                out.append(Const(atom.value))
                continue
            # Where the result is made of a set of characters only, the shape of the argument is gone.
            shaped = isinstance(atom, Text) and all(r.chars is None for r in rows)
            one = None if shaped else strings.hole(atom, st)
            contexts = tuple(c for r in rows for c in r.contexts)

            def change(taint: Taint, contexts: tuple[str, ...] = contexts) -> Taint:
                return taint.neutralised(contexts, why)

            if one is None:
                out.extend(map_taints(Value((atom,)), change).atoms)
                continue
            mask = ch.ALL
            for each in rows:
                if each.chars is not None:
                    mask = run.shared.mask(each.chars)
            type_ = returns.type if returns is not None and returns.type else "builtins.str"
            out.append(Opaque(type_, tuple(change(t) for t in one.taints), mask, one.note, one.label))
    return make(out) if out else opaque("builtins.str")


def _by_row(
    run: Run, node: ir.Expr, name: str, row: Any, args: Args, receiver: Value | None, st: State, note: str
) -> Value:
    """What a returns row says: the type, and the taints of the ports its content comes from."""
    taints: Taints = ()
    values = args.all() + ([receiver] if receiver is not None else []) if row.from_ is None else []
    for port in row.from_ or ():
        values += args.at(port, receiver)
    for value in values:
        taints = join_taints(taints, deep_taints(value, st))
    if name in contents.OPENERS:
        named = [receiver] if receiver is not None else args.positional[:1]
        opened = [t for value in named for t in deep_taints(value, st)]
        taints = join_taints(taints, contents.of_named(tuple(opened), run.place(node), written_callee(node)))
    if name in contents.FETCHERS:
        asked = [t for value in args.positional[:1] for t in deep_taints(value, st)]
        taints = join_taints(taints, contents.of_address(tuple(asked), run.place(node), written_callee(node)))
    if row.undo:
        taints = tuple(t.without(row.undo) for t in taints)
    if name.startswith(("hashlib.", "_hashlib.", "hmac.")):
        # A digest hides what went in, and is as predictable as that.
        given = args.all() + ([receiver] if receiver is not None else [])
        random = [t for v in given for t in deep_taints(v, st) if t.origin.kind == "random"]
        taints = join_taints(taints, tuple(random))
    mask = run.shared.mask(row.chars) if row.chars is not None else ch.ALL
    _call_back(run, node, args, st)
    if row.type == "builtins.str" and len(values) == 1 and row.chars is None and row.from_ is not None:
        merged = strings.merge(values[0], st) if values[0].atoms else Opaque()
        return Value((Opaque("builtins.str", taints, ch.ALL, note, merged.label),))
    if row.type in ("builtins.list", "builtins.dict", "builtins.tuple") and taints:
        return run.alloc(
            st, node, Obj(row.type.rpartition(".")[2], {}, Value((Opaque(None, taints, mask),))), "returns"
        )
    if row.type in paths.ARCHIVES and receiver is None:
        taints = paths.opened(taints, run.place(node), written_callee(node))
    return opaque(row.type, taints, mask, note)


def _call_back(run: Run, node: ir.Expr, args: Args, st: State) -> None:
    """Functions of the program handed to a library are called by it, with what the models do not say: the other arguments."""
    functions = [(i, a) for i, v in enumerate(args.all()) for a in v.atoms if isinstance(a, Func)]
    if not functions or run.frame.depth > 5:
        return
    taints = _all_taints(args, st)
    unknown = Value((Opaque(None, taints),))
    for _, atom in functions[:3]:
        if isinstance(atom.node, ir.Function) and atom.node.decorators:
            continue
        wanted = len([p for p in atom.node.params if p.kind in ("positional", "normal")]) - (
            atom.receiver is not None
        )
        if taints or isinstance(atom.node, ir.Lambda):
            call_function(run, atom, Args([unknown] * max(0, wanted), {}), node, st)
            run.last_exits.pop(id(node), None)


# What is not known


def unresolved(run: Run, node: ir.Expr, name: str, receiver: Value | None, args: Args, st: State) -> Value:
    """A call whose callee is not visible. What it is given may come back out of it: then that is an assumption."""
    member = name.rpartition(".")[2]
    text = written_callee(node)
    if member == "abort" and receiver is None:
        return NOTHING
    if (
        receiver is not None
        and args.positional
        and (member in SQL_METHODS or set(member.lower().split("_")) & SQL_WORDS)
        and _looks_like_sql(args.positional[0])
    ):
        note = f"`{text}()` is taken for a database call: its argument is an SQL statement"
        result = library_call(
            run,
            node,
            f"dbapi2.Cursor.{member if member.startswith('exec') else 'execute'}",
            args,
            receiver,
            st,
            note,
        )
        return Value((Opaque(label=f"{text}()"),)) if result is NOTHING else result
    if receiver is None and len(args.positional) == 1 and not args.keywords:
        given_text = args.positional[0]
        if _looks_like_sql(given_text) and given_text.const() is None:
            # `text("select …")`: a wrapper of a statement is taken for the statement.
            return given_text
    alike = likeness.taken_for(run, node, member, args, receiver, st)
    if alike is not None:
        result = library_call(run, node, alike[0], args, receiver, st, alike[1])
        return Value((Opaque(label=f"{text}()"),)) if result is NOTHING else result
    run.observer.unresolved_call(
        run, CallSite(node, run.place(node), member, text, args, receiver, st, run.frame, "")
    )
    databases.called(run, node, member, args, st)
    loaded = rendering.called(run, node, member, args, receiver, st)
    if loaded is not None:
        return loaded
    _call_back(run, node, args, st)
    buffers.handed_over(run, node, args, receiver, st)
    own = deep_taints(receiver, st) if receiver is not None else ()
    given = _all_taints(args, st)
    assumption = f"`{text}()` gives back what it is given, unneutralised"
    if member in CARRYING:
        taints = join_taints(own, given if member in ("format", "join", "replace") else ())
    else:
        kept = tuple(
            t
            for t in join_taints(own, given)
            if t.origin.kind not in ("param", "exception", contents.CONTENT)
        )
        if any(word in member.lower() for word in CLEANING):
            assumption = f"`{text}()` does not neutralise what it is given"
        taints = tuple(t.assuming(assumption) for t in kept)
    if (
        receiver is not None
        and member in ("append", "add", "extend", "update", "insert", "setdefault", "put", "appendleft")
        and given
    ):
        _absorb(node, receiver, given, st)
    return Value((Opaque(None, taints, label=f"{text}()"[-attributes.LABEL_LIMIT :]),))


def _absorb(node: ir.Expr, receiver: Value, given: Taints, st: State) -> None:
    """An unknown collection takes up what is put into it."""

    if isinstance(node, ir.Call) and isinstance(node.func, ir.Attr):
        path = assign.path_of(node.func.base)
        if path is not None:
            atoms: list[Atom] = []
            for atom in receiver.atoms:
                if isinstance(atom, Opaque):
                    atoms.append(
                        Opaque(atom.type, join_taints(atom.taints, given), ch.ALL, atom.note, atom.label)
                    )
                else:
                    atoms.append(atom)
            st.env[path] = make(atoms)


def _looks_like_sql(value: Value) -> bool:
    for atom in value.atoms:
        text = atom.value if isinstance(atom, Const) else atom.parts[0] if isinstance(atom, Text) else None
        if isinstance(text, str) and text.lstrip(" \t\r\n(").lower().startswith(SQL_START):
            return True
    return False
