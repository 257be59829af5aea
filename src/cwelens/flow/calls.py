"""Calls: into functions and classes of the program, to library callables by their models, and to what is not known.

Invariant: a call of a program function leaves in `run.last_exits` the ways out of its body, for `guards` to learn from; any other
call clears that entry.
"""

from __future__ import annotations

from cwelens.flow import (
    activations,
    containers,
    expressions,
    library_calls,
    natives,
    pages,
    scopes,
    settings_given,
    strings,
    unresolved_calls,
)
from cwelens.flow.run import Args, Run, written_callee
from cwelens.flow.state import Obj, State, deep_taints, join_objects
from cwelens.flow.values import (
    NOTHING,
    UNKNOWN,
    Atom,
    Cls,
    Const,
    Func,
    Lib,
    Method,
    Mod,
    Opaque,
    Partial,
    Ref,
    Super,
    Text,
    Value,
    join,
    join_all,
)
from cwelens.ir import nodes as ir
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo, FunctionInfo


def call(run: Run, node: ir.Call, st: State) -> Value:
    """A call expression: the callee, then the arguments, then the call."""
    run.burn()
    func = node.func
    if isinstance(func, ir.Name) and func.id == "super":
        above = _super(run, node, st)
        if above is not None:
            return above
    callee = (
        scopes.name_value(run, func, st) if isinstance(func, ir.Name) else expressions.evaluate(run, func, st)
    )
    if callee is NOTHING:
        return NOTHING
    args = arguments(run, node, st)
    if args is None:
        return NOTHING
    if isinstance(func, ir.Attr) and func.name in settings_given.MEMBERS:
        settings_given.tell(run, node, args, st)
    return call_value(run, node, callee, args, st)


def _super(run: Run, node: ir.Call, st: State) -> Value | None:
    """`super()` inside a method, and `super(Class, self)`."""
    if len(node.args) == 2:
        classes, receiver = (expressions.evaluate(run, part, st) for part in node.args)
        cls = classes.atoms[0] if len(classes.atoms) == 1 else None
        return Value((Super(cls.info, receiver),)) if isinstance(cls, Cls) else None
    info = run.frame.func
    if node.args or run.frame.receiver is None or info is None or info.self_class is None:
        return None
    return Value((Super(info.self_class, run.frame.receiver),))


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
    names: Value | None = None
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
            extra, keys = obj.rest, obj.keys if obj.rest is not None else None
        else:
            extra, keys = Value((Opaque(None, deep_taints(value, st)),)), containers.client_names(value)
        if extra is not None:
            starstar = extra if starstar is None else join(starstar, extra)
        if keys is not None:
            names = keys if names is None else join(names, keys)
    return Args(positional, keywords, star, starstar, names)


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
            return activations.by_own_row(run, own, atom, args, node, st)
        return activations.call_function(run, atom, args, node, st)
    if isinstance(atom, Cls):
        own = run.models.own(atom.info.qualname)
        if own is not None:
            library_calls.tell(run, node, own, args, None, st, "")
        return activations.instantiate(run, atom, args, node, st)
    if isinstance(atom, Lib):
        if atom.name.startswith("%"):
            return pages.operation(run, node, atom, args, st)
        return library_calls.library_call(run, node, atom.name, args, None, st, "")
    if isinstance(atom, Method):
        return _call_method(run, node, atom, args, st)
    if isinstance(atom, Partial):
        merged = Args(
            [*atom.args, *args.positional],
            {**atom.keywords, **args.keywords},
            args.star,
            args.starstar,
            args.names,
        )
        return call_value(run, node, atom.func, merged, st)
    if isinstance(atom, Ref):
        obj = st.obj(atom.loc)
        if obj is not None and isinstance(obj.cls, ClassInfo):
            symbol = symbol_of(run.program.find_attr(obj.cls, "__call__"))
            if isinstance(symbol, FunctionInfo):
                return activations.call_function(
                    run, Func(symbol, symbol.node, None, Value((atom,))), args, node, st
                )
    if isinstance(atom, Opaque) and atom.type is not None:
        return library_calls.library_call(
            run, node, f"{atom.type}.__call__", args, Value((atom,)), st, atom.note
        )
    if isinstance(atom, Mod | Super | Const | Text):
        return UNKNOWN
    return unresolved_calls.unresolved(run, node, written_callee(node), None, args, st)


def _call_method(run: Run, node: ir.Expr, atom: Method, args: Args, st: State) -> Value:
    receiver = Value((atom.receiver,))
    text = f"builtins.str.{atom.name}"
    if atom.name in strings.STRING_METHODS and run.models.sinks(text) and not isinstance(atom.receiver, Ref):
        # (An object on the heap is no text.)
        library_calls.tell(run, node, text, args, receiver, st, atom.note)
    if isinstance(atom.receiver, Func):
        called = _by_caller(run, node, atom.receiver, atom.name, args, st)
        if called is not None:
            return called
    done = natives.method(run, node, atom, args, st)
    if done is not None:
        return done
    if atom.type is not None:
        return library_calls.library_call(
            run, node, f"{atom.type}.{atom.name}", args, receiver, st, atom.note
        )
    return unresolved_calls.unresolved(run, node, atom.name, receiver, args, st)


def _by_caller(run: Run, node: ir.Expr, func: Func, member: str, args: Args, st: State) -> Value | None:
    """`task.delay(x)`: a member of a decorated function that has it called with these arguments, now or later."""
    from cwelens.flow.handlers import find_handler

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
    activations.call_function(run, target, args, node, st)
    run.last_exits.pop(id(node), None)
    return Value((Opaque(label=written_callee(node)),))


# Functions of the program


# Library callables


# What is not known
