"""Members of values: `value.name`, `value[key]`, slices, and paths joined with `/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cwelens.base import chars as ch
from cwelens.flow import (
    calls,
    caught,
    expressions,
    form_fields,
    parameters,
    path_values,
    request_parsers,
    routes,
    scopes,
    strings,
    view_params,
)
from cwelens.flow.library_constants import library_value
from cwelens.flow.run import Args, Exits, OutOfFuel, Run, written
from cwelens.flow.state import Frame, State
from cwelens.flow.values import (
    NOTHING,
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
    Place,
    Ref,
    Super,
    Taint,
    Taints,
    Text,
    Trail,
    Value,
    atom_taints,
    join,
    join_all,
    make,
)
from cwelens.ir import nodes as ir
from cwelens.resolve.builtin_names import STANDARD_LIBRARY
from cwelens.resolve.outcome import Ambiguous, Outcome, symbol_of
from cwelens.resolve.symbols import Binding, ClassInfo, External, FunctionInfo

if TYPE_CHECKING:
    from cwelens.models.schema import Source as SourceRow

LABEL_LIMIT = 60


def source_taint(run: Run, concept: str, what: str, place: Place, note: str = "") -> Taints:
    """The taint of data read from a modelled source."""
    entry = run.models.concept(concept)
    kind = "untrusted" if entry.threat in run.shared.threats else "local"
    run.observer.source(run, concept, what, place)
    origin = Origin(kind, concept, f"`{what}` ({entry.description})", place, note)
    return (Taint(origin, {}, Trail(None, place, f"`{what}` is {entry.description}")),)


def taint_of(run: Run, row: SourceRow, what: str, place: Place, note: str = "") -> Taints:
    """The taint of data read from the source of a row, which may be safe in some contexts as it comes."""
    taints = source_taint(run, row.concept, what, place, note)
    if not row.contexts:
        return taints
    return tuple(t.neutralised(row.contexts, f"`{what}` has been validated") for t in taints)


def read_source(run: Run, row: SourceRow, node: ir.Node, note: str = "") -> Value:
    place = run.place(node)
    what = written(node) if isinstance(node, ir.Expr) else row.names[0]
    if row.concept == "http.url" and isinstance(node, ir.Attr) and node.name == "path":
        known = routes.own_paths(run)
        if known is not None:
            variable = any("<" in path for _, path in known)
            taints = source_taint(run, row.concept, what, place, note) if variable else ()
            return routes.path_of_request(known, taints)
    # A header ends where its line does: no server hands on one with a line break in it.
    mask = ch.ALL & ~ch.of("\r\n\0") if row.concept == "http.header" else ch.ALL
    return Value((Opaque(row.type, taint_of(run, row, what, place, note), mask, note),))


# How many dimensions a table has (NumPy, pandas): what was sent decides, and cannot name a number.
_DIMENSIONS = frozenset(("ndim", "nlevels"))


def attribute(run: Run, base: Value, name: str, st: State, node: ir.Expr) -> Value:
    """`base.name`"""
    out: list[Atom] = []
    if name in _DIMENSIONS and all(isinstance(atom, Opaque | Method) for atom in base.atoms):
        return Value((Opaque("builtins.int", label=name),))
    for atom in base.atoms:
        own = _own_source(run, atom, name, st, node) if run.models.has_own else None
        value: Value = own if own is not None else _READ[type(atom)](run, atom, name, st, node)
        if len(base.atoms) == 1:
            return value
        out.extend(value.atoms)
    return make(out) if out else NOTHING


def _own_source(run: Run, atom: Atom, name: str, st: State, node: ir.Expr) -> Value | None:
    """Untrusted data among the attributes of the program's own classes, as the project's own models say."""
    obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
    if obj is None or not isinstance(obj.cls, ClassInfo):
        return None
    for cls in run.program.mro(obj.cls)[0]:
        own = run.models.own(f"{cls.qualname}.{name}")
        row = run.models.source_read(own) if own is not None else None
        if row is not None:
            return read_source(run, row, node)
    return None


def _lib(run: Run, atom: Lib, name: str, st: State, node: ir.Expr) -> Value:
    models = run.models
    ours = _in_program(run, f"{atom.name}.{name}")
    if ours is not None:
        return ours
    dotted = models.canonical(f"{atom.name}.{name}")
    row = models.source_read(dotted)
    if row is not None:
        return read_source(run, row, node)
    type_ = models.attr_type(atom.name, name)
    if type_ is not None:
        return Value((Opaque(type_, label=dotted),))
    known = library_value(dotted)
    if known is not None:
        return known
    found = scopes.foreign(run, dotted, name)
    return found if found is not None else Value((Lib(dotted),))


def _in_program(run: Run, dotted: str) -> Value | None:
    """A dotted name that leads into the program through a directory that is no package itself; None where it does not."""
    if dotted.partition(".")[0] in STANDARD_LIBRARY:
        return None
    key = (dotted, run.frame.module.base)
    cache = run.shared.dotted
    if key not in cache:
        symbol = symbol_of(run.program.resolve_dotted(dotted, run.frame.module))
        cache[key] = None if symbol is None or isinstance(symbol, External) else symbol
    found = cache[key]
    return scopes.symbol_value(run, found) if found is not None else None


def _typed(run: Run, atom: Atom, type_: str, name: str, st: State, node: ir.Expr, note: str = "") -> Value:
    """A member of a library object of a known type."""
    models = run.models
    row = models.source_read(f"{type_}.{name}")
    if row is not None:
        return read_source(run, row, node, note)
    if type_ in path_values.PATH_TYPES and name in path_values._PATH_PARTS:
        return path_values.path_part(run, atom, name, st, node)
    found = models.attr_type(type_, name)
    if found is not None:
        return Value((Opaque(found, atom_taints(atom), note=note, label=label(atom, name)),))
    contexts = [
        c for r in models.neutralisers(f"{type_}.{name}") if r.port.kind == "self" for c in r.contexts
    ]
    if contexts and isinstance(atom, Opaque):
        # A property that makes its object safe: read, it is the call.
        why = f"`.{name}` at line {node.pos[0]}"
        safe = tuple(taint.neutralised(tuple(contexts), why) for taint in atom.taints)
        atom = Opaque(atom.type, safe, atom.chars, atom.note, atom.label)
    return Value((Method(atom, type_, name, note),))


def label(atom: Atom, name: str) -> str:
    own = atom.label if isinstance(atom, Opaque) else atom.name if isinstance(atom, Method) else ""
    return f"{own}.{name}"[-LABEL_LIMIT:] if own else name


# What a class says of itself, or of the table that it stands for, is written in the code, whichever class a caller hands over.
_OF_CLASSES = frozenset(
    ("_meta", "__table__", "__tablename__", "__class__", "__name__", "__qualname__", "__module__")
)


def _opaque(run: Run, atom: Opaque, name: str, st: State, node: ir.Expr) -> Value:
    if atom.type == caught.ERROR:
        atom = caught.read(atom, name)
    if name in _OF_CLASSES and any(t.origin.kind == "param" for t in atom.taints):
        taints = tuple(t for t in atom.taints if t.origin.kind != "param")
        atom = Opaque(atom.type, taints, atom.chars, atom.note, atom.label)
    if atom.type is not None:
        return _typed(run, atom, atom.type, name, st, node, atom.note)
    if atom.label in ("self", "cls"):
        method = _cut_out(run, atom, name)
        if method is not None:
            return method
    found = scopes.by_evidence(run, name, scopes.members_used(run, name))
    if found is not None:
        return Value((Opaque(found[0], atom.taints, note=found[1], label=label(atom, name)),))
    return Value((Method(atom, None, name, atom.note),))


def _cut_out(run: Run, receiver: Opaque, name: str) -> Value | None:
    """A method that stands in the fragment without its class, as the one that calls it does: `def name(self, …)` at module level."""
    for binding in run.frame.module.bindings.get(name, ()):
        info = binding.symbol
        if isinstance(info, FunctionInfo) and info.owner is None and info.node.params:
            if info.node.params[0].name == receiver.label:
                return Value((Func(info, info.node, None, Value((receiver,))),))
    return None


def _text(run: Run, atom: Atom, name: str, st: State, node: ir.Expr) -> Value:
    if isinstance(atom, Const) and atom.value is None:
        # What was None so far (`queryset = None` of a base class) has become something where a member of it is asked for.
        return Value((Method(Opaque(), None, name),))
    if isinstance(atom, Const) and not isinstance(atom.value, str | bytes):
        return Value((Method(atom, f"builtins.{type(atom.value).__name__}", name),))
    return Value((Method(atom, "builtins.bytes" if strings.is_binary(atom) else "builtins.str", name),))


def _method(run: Run, atom: Method, name: str, st: State, node: ir.Expr) -> Value:
    # A member of a member of something unknown: data of the same origins.
    found = scopes.by_evidence(run, name, scopes.members_used(run, name))
    text = f"{label(atom.receiver, atom.name)}"
    if found is not None:
        return Value(
            (Opaque(found[0], atom_taints(atom), note=found[1], label=f"{text}.{name}"[-LABEL_LIMIT:]),)
        )
    inner = Opaque(None, atom_taints(atom), note=atom.note, label=text[-LABEL_LIMIT:])
    return Value((Method(inner, None, name, atom.note),))


def _ref(run: Run, atom: Ref, name: str, st: State, node: ir.Expr) -> Value:
    obj = st.obj(atom.loc)
    if obj is None:
        return Value((Opaque(label=name),))
    if obj.kind != "instance":
        if obj.cls == request_parsers.NAMESPACE and name in obj.items:
            return obj.items[name]
        return Value((Method(atom, f"builtins.{obj.kind}", name),))
    value = obj.items.get(name)
    if value is not None:
        return value
    if isinstance(obj.cls, ClassInfo):
        return instance_attribute(run, Value((atom,)), obj.cls, name, st, node)
    if isinstance(obj.cls, str):
        return _typed(run, atom, obj.cls, name, st, node)
    return Value((Method(atom, None, name),))


def instance_attribute(
    run: Run, receiver: Value, cls: ClassInfo, name: str, st: State, node: ir.Expr
) -> Value:
    """A member of an instance that is not among its evaluated fields: from the class, its bases, or another method."""
    outcome = run.program.find_attr(cls, name)
    value = _from_class(run, outcome, receiver, cls, name, st, node)
    if value is not None:
        if name == "kwargs":
            return view_params.narrowed(run, cls, value, st, node)
        return form_fields.narrowed(run, cls, value, st, node) if name in form_fields.RESULTS else value
    value = _lazy_field(run, receiver, cls, name, st)
    if value is not None:
        return value
    found = scopes.by_evidence(run, name, scopes.members_used(run, name))
    if found is not None:
        return Value((Opaque(found[0], note=found[1], label=f"self.{name}"),))
    rest = [
        obj.rest for obj in [scopes.frame_object(receiver, st)] if obj is not None and obj.rest is not None
    ]
    if rest:
        return rest[0]
    return Value((Method(Opaque(label="self"), None, name),))


def same_name(run: Run, outcome: Outcome) -> External | None:
    """Of several names of a library class (`http.server` or `BaseHTTPServer`, as Python goes) the one that the models use for all."""
    if isinstance(outcome, Ambiguous):
        known = {run.models.canonical(s.qualname) for s in outcome.symbols if isinstance(s, External)}
        if len(known) == 1 and all(isinstance(s, External) for s in outcome.symbols):
            return External(known.pop())
    return None


def _from_class(
    run: Run, outcome: Outcome, receiver: Value, cls: ClassInfo, name: str, st: State, node: ir.Expr
) -> Value | None:
    symbol = symbol_of(outcome) or same_name(run, outcome)
    if isinstance(symbol, FunctionInfo):
        run.shared.learn(symbol.module)
        closure = run.shared.closures.get(id(symbol.node))
        if symbol.kind == "staticmethod":
            return Value((Func(symbol, symbol.node, closure),))
        if symbol.kind == "classmethod":
            return Value((Func(symbol, symbol.node, closure, Value((Cls(cls),))),))
        bound = Value((Func(symbol, symbol.node, closure, receiver),))
        if symbol.kind == "property":
            return calls.call_value(run, node, bound, Args([], {}), st)
        return bound
    if isinstance(symbol, External):
        type_, _, member = symbol.qualname.rpartition(".")
        return _typed(run, receiver.atoms[0], run.models.canonical(type_), member, st, node)
    if isinstance(symbol, ClassInfo):
        return Value((Cls(symbol),))
    if isinstance(symbol, Binding):
        for ancestor in run.program.mro(cls)[0]:
            if name in ancestor.bindings:
                scopes.module_env(run, ancestor.module)
                env = run.shared.class_env.get(id(ancestor))
                if env is not None and name in env:
                    return _column(run, ancestor, name, node) or env[name]
    return None


_TEXT_FIELDS = frozenset(("CharField", "TextField", "EmailField", "URLField", "SlugField", "StringField"))
_TEXT_TYPES = frozenset(("String", "Text", "Unicode", "UnicodeText"))


def _column(run: Run, cls: ClassInfo, name: str, node: ir.Expr) -> Value | None:
    """The text of a column of a table's class, read from one of its rows: somebody has stored it."""
    for value in cls.class_attrs.get(name, []):
        if not isinstance(value, ir.Call):
            continue
        field = written(value.func).rpartition(".")[2]
        types = {written(a.func if isinstance(a, ir.Call) else a).rpartition(".")[2] for a in value.args}
        if field in _TEXT_FIELDS or (field in ("Column", "mapped_column") and types & _TEXT_TYPES):
            return Value(
                (Opaque("builtins.str", source_taint(run, "stored", written(node), run.place(node))),)
            )
    return None


def _lazy_field(run: Run, receiver: Value, cls: ClassInfo, name: str, st: State) -> Value | None:
    """`self.name` as another method of the class assigns it, its parameters unknown; None where none does."""

    found: list[tuple[ir.Expr, FunctionInfo]] = []
    for ancestor in run.program.mro(cls)[0]:
        found += ancestor.instance_attrs.get(name, [])
    if not found or run.frame.depth > 6:
        return None
    values: list[Value] = []
    for expr, method in found[:4]:
        key = id(expr)
        if key in run.stack:
            continue
        run.shared.learn(method.module)
        frame = Frame(
            method.module, method, method.node, run.frame, run.shared.closures.get(id(method.node)), None
        )
        saved = run.frame, run.exits, run.trying
        run.frame, run.exits, run.trying = frame, Exits(), 0
        run.stack.append(key)
        inner = State(parameters.parameters(run, method, receiver, st), st.heap, st.base)
        frame.env = inner.env
        try:
            value = expressions.evaluate(run, expr, inner)
        except OutOfFuel:
            raise
        finally:
            run.stack.pop()
            run.frame, run.exits, run.trying = saved
        st.heap.update(inner.heap)
        if value is not NOTHING:
            values.append(value)
    if not values:
        return None
    value = join_all(values)
    if len(value.atoms) > 1:
        # `self.conn = None` before the real value only says that it may not be set yet.
        kept = [a for a in value.atoms if not (isinstance(a, Const) and a.value is None)]
        value = make(kept) if kept else value
    atom = receiver.atoms[0] if receiver.atoms else None
    if isinstance(atom, Ref) and (obj := st.obj(atom.loc)) is not None:
        st.heap[atom.loc] = obj.with_item(name, value)
    return value


def _cls(run: Run, atom: Cls, name: str, st: State, node: ir.Expr) -> Value:
    scopes.module_env(run, atom.info.module)
    env = run.shared.class_env.get(id(atom.info))
    if env is not None and name in env and not any(isinstance(a, Func) for a in env[name].atoms):
        return env[name]
    symbol = symbol_of(run.program.find_attr(atom.info, name))
    if isinstance(symbol, FunctionInfo):
        receiver = Value((atom,)) if symbol.kind == "classmethod" else None
        return Value((Func(symbol, symbol.node, run.shared.closures.get(id(symbol.node)), receiver),))
    value = _from_class(
        run, run.program.find_attr(atom.info, name), Value((atom,)), atom.info, name, st, node
    )
    return value if value is not None else Value((Opaque(label=f"{atom.info.name}.{name}"),))


def _mod(run: Run, atom: Mod, name: str, st: State, node: ir.Expr) -> Value:
    value = (
        scopes.global_value(run, atom.info, name) if name in atom.info.bindings or atom.info.stars else None
    )
    if value is not None:
        return value
    module = run.program.find_module(f"{atom.info.name}.{name}", run.frame.module)
    if module is not None:
        return Value((Mod(module),))
    return scopes.outcome_value(run, run.program.member(atom.info, name, run.frame.module), name)


def _super(run: Run, atom: Super, name: str, st: State, node: ir.Expr) -> Value:
    receiver_cls = atom.cls
    for one in atom.receiver.atoms:
        obj = st.obj(one.loc) if isinstance(one, Ref) else None
        if obj is not None and isinstance(obj.cls, ClassInfo):
            receiver_cls = obj.cls
    known, unknown = run.program.mro(receiver_cls)
    after = known[known.index(atom.cls) + 1 :] if atom.cls in known else known[1:]
    for ancestor in after:
        method = ancestor.methods.get(name)
        if method is not None:
            run.shared.learn(method.module)
            return Value(
                (Func(method, method.node, run.shared.closures.get(id(method.node)), atom.receiver),)
            )
    for outcome in unknown:
        symbol = symbol_of(outcome)
        if isinstance(symbol, External) and atom.receiver.atoms:
            return _typed(run, atom.receiver.atoms[0], run.models.canonical(symbol.qualname), name, st, node)
    return Value((Method(Opaque(label="super()"), None, name),))


def _func(run: Run, atom: Func, name: str, st: State, node: ir.Expr) -> Value:
    return Value((Method(atom, "builtins.function", name),))


def _partial(run: Run, atom: Partial, name: str, st: State, node: ir.Expr) -> Value:
    return atom.func if name == "func" else Value((Opaque(),))


_READ: dict[type, Any] = {
    Lib: _lib,
    Opaque: _opaque,
    Const: _text,
    Text: _text,
    Method: _method,
    Ref: _ref,
    Cls: _cls,
    Mod: _mod,
    Super: _super,
    Func: _func,
    Partial: _partial,
}


# Paths


__all__ = [
    "attribute",
    "join",
    "read_source",
    "source_taint",
]
