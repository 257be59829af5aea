"""Calls of library callables, by what their models say: told to the observer, then what they give back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cwelens.base import chars as ch
from cwelens.flow import (
    activations,
    assign,
    attributes,
    buffers,
    containers,
    contents,
    databases,
    likeness,
    natives,
    paths,
    rendering,
    request_parsers,
    strings,
    url_params,
)
from cwelens.flow.conditions import holds_all
from cwelens.flow.run import Args, CallSite, Run, written, written_callee
from cwelens.flow.state import Obj, State, deep_taints, map_taints
from cwelens.flow.values import (
    NOTHING,
    TYPE_CHARS,
    Atom,
    Const,
    Func,
    Opaque,
    Origin,
    Taint,
    Taints,
    Text,
    Trail,
    Value,
    join_taints,
    make,
    opaque,
)
from cwelens.ir import nodes as ir
from cwelens.models.reading import READING
from cwelens.resolve.builtin_names import STANDARD_LIBRARY

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


# What puts its argument into a file: told, so that the file can be known again.
WRITING = frozenset(("io.TextIOWrapper.write", "io.TextIOWrapper.writelines", "shutil.copyfileobj"))

CARRYING = READING | strings.STRING_METHODS


def tell(
    run: Run, node: ir.Expr, name: str, args: Args, receiver: Value | None, st: State, note: str
) -> None:
    if not run.quiet:
        site = CallSite(
            node, run.place(node), name, written_callee(node), args, receiver, st, run.frame, note
        )
        run.observer.call(run, site)


# How frameworks, and programs that wrap them, call what makes an address of a route's name.
_OWN_ADDRESSES = frozenset(
    ("url_for", "reverse", "reverse_lazy", "url_path_for", "reverse_url", "route_url", "route_path")
)


def own_address(member: str, text: str, taints: Taints) -> Taints:
    """What comes out of a call that is not seen: by its name, an address of the program itself."""
    if member not in _OWN_ADDRESSES:
        return taints
    why = f"by its name, `{text}()` makes an address of the program"
    return tuple(t.neutralised(("redirect", "html.url"), why) for t in taints)


def all_taints(args: Args, st: State, receiver: Value | None = None) -> Taints:
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
    if models.sinks(name) or models.misuses(name) or name in WRITING:
        tell(run, node, name, args, receiver, st, note)
    for route in models.routes_by_register(name):
        register(run, route, args, receiver, st)
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
        read = Value((Opaque(source.type, taints, note=note),))
        return (
            request_parsers.narrowed(run, node, taints, read, st) if name in request_parsers.PARSES else read
        )
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
    call_back(run, node, args, st, seen=known or top in STANDARD_LIBRARY or top == "builtins")
    taints = all_taints(args, st, receiver)
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
        taints = own_address(name.rpartition(".")[2], written_callee(node), taints)
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


def register(run: Run, route: Route, args: Args, receiver: Value | None, st: State) -> None:
    """A call that hands a function of the program to a framework: remembered for when the function is started."""
    if route.handler is None:
        return
    first = args.positional[0].const() if args.positional else None
    path = first.value if first is not None and isinstance(first.value, str) else ""
    registry = run.shared.registry
    registry.count += 1
    for name, mask in url_params.groups(path).items():
        registry.url_groups[name] = registry.url_groups.get(name, 0) | mask
    for value in args.at(route.handler, receiver):
        for func in _wrapped(value, 3):
            registry.routes.setdefault(id(func.node), (route, path))
            registry.rules.setdefault(id(func.node), set()).add(path)
            if func.frame is not None:
                known = registry.closures.setdefault(id(func.node), func.frame)
                if known is not func.frame:
                    # Made several times: what it closes over is not always the same.
                    registry.closures[id(func.node)] = None


def _wrapped(value: Value, depth: int) -> Iterator[Func]:
    """The functions that a value is, and those that a decorator was given and has closed in them."""
    for atom in value.atoms:
        if isinstance(atom, Func):
            yield atom
            if (
                depth
                and atom.frame is not None
                and atom.frame.func is not None
                and atom.frame.node is not None
            ):
                for param in atom.frame.node.params:
                    inner = atom.frame.env.get(param.name, NOTHING)
                    yield from (f for f in _wrapped(inner, depth - 1) if f.node is not atom.node)


def _predictable(run: Run, node: ir.Expr, name: str, args: Args, receiver: Value | None, st: State) -> Value:
    """The result of a predictable generator: whether that matters is decided by what it is used for."""
    place = run.place(node)
    origin = Origin("random", "random.weak", f"`{written_callee(node)}()`", place)
    taint = Taint(origin, {}, Trail(None, place, f"`{written_callee(node)}()` gives a predictable value"))
    row = run.models.returns(name)
    type_ = row.type if row is not None else None
    taints = join_taints((taint,), all_taints(args, st))
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
    call_back(run, node, args, st)
    if row.type == "builtins.str" and len(values) == 1 and row.chars is None and row.from_ is not None:
        merged = strings.merge(values[0], st) if values[0].atoms else Opaque()
        return Value((Opaque("builtins.str", taints, ch.ALL, note, merged.label),))
    if row.type in ("builtins.list", "builtins.dict", "builtins.tuple") and taints:
        kind, content = row.type.rpartition(".")[2], Value((Opaque(None, taints, mask),))
        return run.alloc(st, node, Obj(kind, {}, content, content if kind == "dict" else None), "returns")
    if row.type in paths.ARCHIVES and receiver is None:
        taints = paths.opened(taints, run.place(node), written_callee(node))
    return opaque(row.type, taints, mask, note)


def call_back(run: Run, node: ir.Expr, args: Args, st: State, seen: bool = True) -> None:
    """Functions of the program handed to a library are called by it, with what the models do not say: the other arguments.

    What is not `seen` may hand on something else: what it is given is an assumption then.
    """
    functions = [(i, a) for i, v in enumerate(args.all()) for a in v.atoms if isinstance(a, Func)]
    if not functions or run.frame.depth > 5:
        return
    taints = all_taints(args, st)
    if not seen:
        doubt = f"`{written_callee(node)}()` hands on what it is given"
        taints = tuple(t.assuming(doubt) for t in taints)
    unknown = Value((Opaque(None, taints),))
    for _, atom in functions[:3]:
        if isinstance(atom.node, ir.Function) and atom.node.decorators:
            continue
        wanted = len([p for p in atom.node.params if p.kind in ("positional", "normal")]) - (
            atom.receiver is not None
        )
        if taints or isinstance(atom.node, ir.Lambda):
            activations.call_function(run, atom, Args([unknown] * max(0, wanted), {}), node, st)
            run.last_exits.pop(id(node), None)
