"""Interprets templates: a page is run with the values its view passes, and what it writes is told to the observer.

A page and what it extends share their blocks; what it includes sees its names. Operations of the lowered template (`%out`, `%get`, …)
come in as calls of names that begin with `%`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cwelens.flow import attributes, calls, page_filters, statements, subscripts
from cwelens.flow.run import Args, Exits, Run
from cwelens.flow.state import Frame, Obj, State, deep_taints
from cwelens.flow.values import (
    BOOL,
    NOTHING,
    UNKNOWN,
    Atom,
    Const,
    Func,
    Lib,
    Opaque,
    Ref,
    Value,
    const,
    join,
    make,
    opaque,
)
from cwelens.ir import nodes as ir
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo, External

if TYPE_CHECKING:
    from cwelens.resolve.templates import Page

MAX_NESTED = 10
OPERATIONS = (
    "out",
    "get",
    "filter",
    "test",
    "block",
    "super",
    "include",
    "import",
    "from",
    "unknown",
    "markup",
)
MARKUP = "markupsafe.Markup"
# Names that frameworks and their extensions give to pages, whatever the view passes.
_GIVEN = frozenset(
    [
        "g",
        "h",
        "c",
        "config",
        "request",
        "session",
        "user",
        "current_user",
        "perms",
        "messages",
        "csrf_token",
        "settings",
        "static",
    ]
)
_PLAIN_BASES = frozenset(("builtins.object", "typing.NamedTuple", "abc.ABC", "typing.Generic"))
_CONTAINER_METHODS = frozenset(("items", "keys", "values", "get", "append", "count", "index"))


@dataclass(slots=True)
class Activation:
    """One page being rendered: its chain of parents from the page up, and for each block its versions in that order."""

    chain: list[Page]
    dialect: str
    escape: bool
    near: str
    blocks: dict[str, list[tuple[Page, list[ir.Stmt]]]] = field(default_factory=dict)
    inside: tuple[str, int] | None = None


def render(
    run: Run,
    node: ir.Node,
    page: Page,
    context: dict[str, Value],
    rest: Value | None,
    escape: bool,
    st: State,
) -> None:
    """Runs a page with the names of `context`; `rest` is what any other name may hold."""
    shared = run.shared
    if len(run.rendering) >= MAX_NESTED or any(page in active.chain for active in run.rendering):
        return
    active = Activation([page], page.template.dialect, escape, page.module.path)
    env = dict(context)
    _bind(page, env, rest)
    shared.rendered.add(page.module.path)
    inner = State(env, st.heap, st.base)
    run.rendering.append(active)
    try:
        _parents(run, node, active, env, rest, inner)
        for piece in active.chain:
            for name, body in piece.template.blocks.items():
                active.blocks.setdefault(name, []).append((piece, body))
        for piece in active.chain[:-1]:
            bindings: list[ir.Stmt] = [s for s in piece.template.body if isinstance(s, ir.Assign)]
            _run(run, node, piece, bindings, inner)
        base = active.chain[-1]
        if base.template.parent is None:
            _run(run, node, base, base.template.body, inner)
        else:
            # What it extends is not in the input: its blocks are all that is known of the page.
            for name in list(active.blocks):
                _block(run, node, active, name, 0, inner)
    finally:
        run.rendering.pop()
    st.heap = inner.heap


def _bind(page: Page, env: dict[str, Value], rest: Value | None) -> None:
    """Every name that the page reads has a value: what nobody passes is not known."""
    for operation in OPERATIONS:
        env.setdefault(f"%{operation}", Value((Lib(f"%{operation}"),)))
    for name in page.template.names:
        if name not in env:
            passed = rest is not None and name not in page.template.helpers and name not in _GIVEN
            env[name] = rest if passed and rest is not None else Value((Opaque(label=name),))
    for name in page.template.macros:
        env[name] = Value((_Macro(page, name),))


class _Macro(Lib):
    """A macro of a page (all of its macros with an empty name)."""

    __slots__ = ("macro", "page")

    def __init__(self, page: Page, macro: str) -> None:
        super().__init__(f"%macro:{page.module.path}:{macro}")
        self.page = page
        self.macro = macro


def _parents(
    run: Run, node: ir.Node, active: Activation, env: dict[str, Value], rest: Value | None, st: State
) -> None:
    """Follows what the page extends, as far as that is in the input."""
    while len(active.chain) < MAX_NESTED:
        page = active.chain[-1]
        if page.template.parent is None:
            return
        found = _find(run, _evaluated(run, node, page, page.template.parent, st), active)
        if found is None or found in active.chain:
            return
        _bind(found, env, rest)
        run.shared.rendered.add(found.module.path)
        active.chain.append(found)


def _evaluated(run: Run, node: ir.Node, page: Page, expr: ir.Expr, st: State) -> Value:
    from cwelens.flow import expressions

    if isinstance(expr, ir.Const):
        return const(expr.value)
    outer, run.frame = run.frame, _frame(run, node, page)
    try:
        return expressions.evaluate(run, expr, st)
    finally:
        run.frame = outer


def _find(run: Run, name: Value, active: Activation) -> Page | None:
    for atom in name.atoms:
        if isinstance(atom, Const) and isinstance(atom.value, str):
            source = run.shared.pages.find(atom.value, active.near)
            if source is not None:
                return run.shared.pages.read(source, active.dialect)
    return None


def _frame(run: Run, node: ir.Node, page: Page) -> Frame:
    frame = Frame(page.module, None, None, run.frame, None, run.place(node))
    # A page is as deep as the view that renders it: what it calls is entered as from there.
    frame.depth = run.frame.depth
    return frame


def _run(run: Run, node: ir.Node, page: Page, body: list[ir.Stmt], st: State) -> None:
    """Runs statements of a page in the names of a state."""
    frame = _frame(run, node, page)
    saved = run.frame, run.exits, run.trying
    run.frame, run.exits, run.trying = frame, Exits(), 0
    frame.env = st.env
    try:
        after = statements.block(run, body, st)
    finally:
        run.frame, run.exits, run.trying = saved
    if after is not None:
        st.env, st.heap = after.env, after.heap


def _block(run: Run, node: ir.Node, active: Activation, name: str, index: int, st: State) -> None:
    versions = active.blocks.get(name, [])
    if index >= len(versions):
        return
    outer, active.inside = active.inside, (name, index)
    page, body = versions[index]
    _run(run, node, page, body, st)
    active.inside = outer


# Operations


def operation(run: Run, node: ir.Expr, atom: Lib, args: Args, st: State) -> Value:
    """A call of one of the operations of a lowered template, or of a macro."""
    if isinstance(atom, _Macro):
        return _call_macro(run, node, atom, args, st)
    if not run.rendering:
        return UNKNOWN
    active = run.rendering[-1]
    given = args.positional
    kind = atom.name[1:]
    if kind == "out":
        return _out(run, node, active, given[0] if given else UNKNOWN, st)
    if kind == "get":
        return lookup(run, node, given[0], given[1], active.dialect, st)
    if kind == "filter":
        name = _text(given[0])
        own = run.shared.helpers.filters.get(name)
        if own is not None:
            function = Value((Func(own, own.node, run.shared.closures.get(id(own.node))),))
            return calls.call_value(run, node, function, Args(given[1:], {}), st)
        custom = f"the filter `{name}` gives back what it is given, unneutralised"
        return page_filters.apply(name, given[1], given[2:], st, custom)
    if kind == "test":
        return BOOL
    if kind == "block":
        _block(run, node, active, _text(given[0]), 0, st)
    elif kind == "super" and active.inside is not None:
        name, index = active.inside
        _block(run, node, active, name, index + 1, st)
    elif kind == "include":
        found = _find(run, given[0], active)
        if found is not None:
            render(run, node, found, dict(st.env), None, active.escape, st)
    elif kind in ("import", "from"):
        found = _find(run, given[0], active)
        if found is None:
            return UNKNOWN
        run.shared.rendered.add(found.module.path)
        return Value((_Macro(found, _text(given[1]) if kind == "from" else ""),))
    elif kind == "unknown":
        return UNKNOWN
    return opaque(MARKUP)


def _text(value: Value) -> str:
    atom = value.const()
    return str(atom.value) if atom is not None else ""


def _out(run: Run, node: ir.Expr, active: Activation, value: Value, st: State) -> Value:
    outputs = (page.template.outputs.get(id(node)) for page in active.chain)
    output = next((o for o in outputs if o is not None), None)
    if output is not None and not run.quiet:
        run.observer.emitted(run, node, value, output, active.escape, st)
    return opaque(MARKUP)


def _call_macro(run: Run, node: ir.Expr, atom: _Macro, args: Args, st: State) -> Value:
    """The body of a macro with its arguments; nothing of its page but the other macros is seen by it."""
    macro = atom.page.template.macros.get(atom.macro)
    if macro is None or len(run.rendering) >= MAX_NESTED or run.stack.count(id(macro)) or not run.rendering:
        return opaque(MARKUP)
    env: dict[str, Value] = {}
    positional = list(args.positional)
    for index, (name, default) in enumerate(macro.params):
        if index < len(positional):
            env[name] = positional[index]
        elif name in args.keywords:
            env[name] = args.keywords[name]
        elif isinstance(default, ir.Const):
            env[name] = const(default.value)
        else:
            env[name] = args.starstar or Value((Opaque(label=name),))
    _bind(atom.page, env, None)
    outer = run.rendering[-1]
    active = Activation([atom.page], outer.dialect, outer.escape, atom.page.module.path)
    run.rendering.append(active)
    run.stack.append(id(macro))
    inner = State(env, st.heap, st.base)
    try:
        _run(run, node, atom.page, macro.body, inner)
    finally:
        run.stack.pop()
        run.rendering.pop()
    st.heap = inner.heap
    return opaque(MARKUP)


def lookup(run: Run, node: ir.Expr, base: Value, key: Value, dialect: str, st: State) -> Value:
    """`base.name` of a template: an attribute or an item, and in Django the result of calling it where it can be called."""
    name = key.const()
    if name is None:
        return subscripts.item(run, base, key, st, node)
    out: list[Atom] = []
    for atom in base.atoms:
        value = _lookup(run, node, atom, name.value, key, st)
        if dialect == "django" and any(isinstance(a, Func) for a in value.atoms):
            value = calls.call_value(run, node, value, Args([], {}), st)
        out += value.atoms
    return make(out) if out else UNKNOWN


def _lookup(run: Run, node: ir.Expr, atom: Atom, name: object, key: Value, st: State) -> Value:
    one = Value((atom,))
    if isinstance(atom, _Macro):
        return Value((_Macro(atom.page, str(name)),))
    if not isinstance(name, str):
        return subscripts.item(run, one, key, st, node)
    obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
    if obj is not None and obj.kind != "instance":
        if name in _CONTAINER_METHODS and name not in obj.items:
            return attributes.attribute(run, one, name, st, node)
        if obj.kind == "dict":
            return subscripts.from_object(obj, key, st)
        return subscripts.item(run, one, const(int(name)), st, node) if name.isdigit() else UNKNOWN
    if obj is not None and isinstance(obj.cls, ClassInfo) and not _has(run, obj.cls, obj, name):
        return const("")
    if isinstance(atom, Opaque) and atom.type is not None and run.models.item_type(atom.type):
        if run.models.source_read(f"{atom.type}.{name}") is None:
            return subscripts.item(run, one, key, st, node)
    value = attributes.attribute(run, one, name, st, node)
    return value if value is not NOTHING else UNKNOWN


def _has(run: Run, cls: ClassInfo, obj: Obj, name: str) -> bool:
    """Whether an instance may have an attribute: no, where all of its classes are known and none has it (a page shows nothing then)."""
    known, unknown = run.program.mro(cls)
    if name in obj.items or (obj.rest is not None):
        return True
    for outcome in unknown:
        symbol = symbol_of(outcome)
        if not isinstance(symbol, External) or symbol.qualname not in _PLAIN_BASES:
            return True
    return any(name in c.bindings or name in c.instance_attrs or name in c.attr_annotations for c in known)


def context_of(value: Value | None, st: State) -> tuple[dict[str, Value], Value | None]:
    """The names that a context object holds, and what any other name may hold (None where nothing is known to be passed)."""
    names: dict[str, Value] = {}
    rest: Value | None = None
    for atom in value.atoms if value is not None else ():
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if obj is not None and obj.kind == "dict":
            for key, item in obj.items.items():
                names[str(key)] = item if str(key) not in names else join(names[str(key)], item)
            more = obj.rest
        else:
            why = "what is passed to the page holds it under this name"
            taints = tuple(t.assuming(why) for t in deep_taints(Value((atom,)), st))
            more = Value((Opaque(None, taints),)) if taints else None
        if more is not None:
            rest = more if rest is None else join(rest, more)
    return names, rest
