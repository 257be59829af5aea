"""Functions that call what they are given: maps, filters, partial application, threads and pools."""

from __future__ import annotations

from collections.abc import Callable

from cwelens.base import chars as ch
from cwelens.flow import calls, containers, expressions, narrowing, scopes
from cwelens.flow.run import Args, Run
from cwelens.flow.state import Obj, State
from cwelens.flow.values import NOTHING, UNKNOWN, Func, Lib, Partial, Value, opaque
from cwelens.ir import nodes as ir


def map_over(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`map`: the function is called with an element of each iterable."""
    if len(args.positional) < 2:
        return UNKNOWN
    function = args.positional[0]
    elements = expressions.iterate(run, args.positional[1], st, node)
    if isinstance(elements, list) and len(elements) <= 16 and len(args.positional) == 2:
        values = [calls.call_value(run, node, function, Args([e], {}), st) for e in elements]
        return run.alloc(st, node, Obj("list", dict(enumerate(v for v in values if v is not NOTHING))))
    each = [containers.elements(run, a, st, node) for a in args.positional[1:]]
    return run.alloc(st, node, Obj("list", {}, calls.call_value(run, node, function, Args(each, {}), st)))


def filtered(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`filter`: the elements, narrowed where the function is a test of characters."""
    if len(args.positional) < 2:
        return UNKNOWN

    content = containers.elements(run, args.positional[1], st, node)
    function = args.positional[0]
    named = function.atoms[0] if len(function.atoms) == 1 else None
    if isinstance(named, Lib) and named.name.startswith("builtins.str."):
        # `filter(str.isalnum, text)`
        mask = ch.STR_PREDICATES.get(named.name.rpartition(".")[2])
        content = narrowing.restrict(content, mask) if mask is not None else content
    if any(isinstance(a, Func) for a in function.atoms):
        calls.call_value(run, node, function, Args([content], {}), st)
        run.last_exits.pop(id(node), None)
    return run.alloc(st, node, Obj("list", {}, content if content.atoms else None))


def partial(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`functools.partial`: a callable with some of its arguments."""
    if not args.positional:
        return UNKNOWN
    return Value((Partial(args.positional[0], tuple(args.positional[1:]), dict(args.keywords)),))


def proxy(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`LocalProxy(lambda: flask.request)`: stands for the thing of a library that the function gives back."""
    if len(args.positional) != 1 or not any(isinstance(a, Func) for a in args.positional[0].atoms):
        return UNKNOWN
    value = calls.call_value(run, node, args.positional[0], Args([], {}), st)
    run.last_exits.pop(id(node), None)
    # What it is when it is made says nothing about the times it is used, but for things of a library, which stand for themselves.
    return value if value.atoms and all(isinstance(atom, Lib) for atom in value.atoms) else UNKNOWN


def wrapper(name: str) -> Callable[[Run, ir.Expr, Args, State], Value]:
    """What runs a function elsewhere and is called like it: `sync_to_async(f)(x)`; without the function, it waits for it."""

    def wrapped(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
        return args.positional[0] if args.positional else Value((Lib(name),))

    return wrapped


def thread(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`Thread(target=f, args=(x,))`: f is called with x."""

    target = args.keywords.get("target")
    if target is None and len(args.positional) > 1:
        target = args.positional[1]
    if target is not None:
        _call_with(run, node, target, args.get(3, "args"), args.get(4, "kwargs"), st)
    return opaque("threading.Thread")


def _call_with(
    run: Run, node: ir.Expr, target: Value, given: Value | None, named: Value | None, st: State
) -> Value:
    """`target(*given, **named)`"""
    elements = expressions.iterate(run, given, st, node) if given is not None else []
    known, star = (elements, None) if isinstance(elements, list) else ([], elements)
    obj = scopes.frame_object(named, st) if named is not None else None
    keywords = {k: v for k, v in obj.items.items() if isinstance(k, str)} if obj is not None else {}
    starstar = obj.rest if obj is not None else named
    value = calls.call_value(run, node, target, Args(known, keywords, star, starstar), st)
    run.last_exits.pop(id(node), None)
    return value if value is not NOTHING else UNKNOWN


def apply(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`pool.apply_async(f, args, kwds)`"""
    target = args.get(0, "func")
    return (
        UNKNOWN
        if target is None
        else _call_with(run, node, target, args.get(1, "args"), args.get(2, "kwds"), st)
    )


def gather(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`asyncio.gather(a, b)`: what each gives back, in order."""
    return run.alloc(st, node, Obj("list", dict(enumerate(args.positional)), args.star))


def given(kind: str) -> Callable[[Run, ir.Expr, Args, State], Value]:
    """A callable handed over with its arguments after it, which gets an object of the library's type `kind` before them."""

    def run_it(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
        if not args.positional:
            return UNKNOWN
        handed = Args([opaque(kind), *args.positional[1:]], dict(args.keywords), args.star, args.starstar)
        value = calls.call_value(run, node, args.positional[0], handed, st)
        run.last_exits.pop(id(node), None)
        return value if value is not NOTHING else UNKNOWN

    return run_it


# By the identity of the call that hands over; that call is kept so that its identity stays its own.
_DIRECT: dict[int, tuple[ir.Call, ir.Call]] = {}
# What such calls take for themselves.
_OWN = frozenset(("cancellable", "abandon_on_cancel", "limiter", "thread_sensitive"))


def direct(node: ir.Call) -> ir.Call:
    """The call that is made where a function is handed over with its arguments, once that has been met: `check(x)` of `to_thread(check, x)`."""
    known = _DIRECT.get(id(node))
    return known[1] if known is not None and known[0] is node else node


def _direct(node: ir.Expr, offset: int) -> ir.Expr:
    if not isinstance(node, ir.Call) or any(isinstance(a, ir.Star) for a in node.args[: offset + 1]):
        return node
    if direct(node) is node and len(node.args) > offset:
        keywords = [(name, value) for name, value in node.keywords if name not in _OWN]
        call = ir.Call(node.args[offset], node.args[offset + 1 :], keywords, node.pos)
        _DIRECT[id(node)] = (node, call)
    return direct(node)


def submit(offset: int) -> Callable[[Run, ir.Expr, Args, State], Value]:
    """A callable handed over with its arguments after it, from position `offset`."""

    def run_it(run: Run, node: ir.Expr, args: Args, st: State) -> Value:

        if len(args.positional) <= offset:
            return UNKNOWN
        keywords = {name: value for name, value in args.keywords.items() if name not in _OWN}
        given = Args(args.positional[offset + 1 :], keywords)
        value = calls.call_value(run, _direct(node, offset), args.positional[offset], given, st)
        return value if value is not NOTHING else UNKNOWN

    return run_it
