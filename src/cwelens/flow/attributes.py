"""Members of values: `value.name`, `value[key]`, slices, and paths joined with `/`."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from cwelens.base import chars as ch
from cwelens.flow import (
    calls,
    configs,
    entries,
    expressions,
    records,
    regexes,
    routes,
    scopes,
    strings,
    view_params,
)
from cwelens.flow.library_constants import library_value
from cwelens.flow.run import Args, Exits, OutOfFuel, Run, written
from cwelens.flow.state import Frame, Obj, State, deep_taints, map_taints
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
    atom_chars,
    atom_taints,
    const,
    join,
    join_all,
    make,
)
from cwelens.flow.values import text as make_text
from cwelens.ir import nodes as ir
from cwelens.resolve.builtin_names import STANDARD_LIBRARY
from cwelens.resolve.outcome import Ambiguous, Outcome, symbol_of
from cwelens.resolve.symbols import Binding, ClassInfo, External, FunctionInfo

if TYPE_CHECKING:
    from cwelens.models.schema import Source as SourceRow

# Between the components of a joined path: an absolute path after it would replace what stands before.
JOIN = "\0/"
PATH_TYPES = ("pathlib.Path", "pathlib.PurePath")
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


def attribute(run: Run, base: Value, name: str, st: State, node: ir.Expr) -> Value:
    """`base.name`"""
    out: list[Atom] = []
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
    if type_ in PATH_TYPES and name in _PATH_PARTS:
        return _path_part(run, atom, name, st, node)
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


_PATH_PARTS = frozenset(("name", "stem", "suffix", "parent"))


def _path_part(run: Run, atom: Atom, name: str, st: State, node: ir.Expr) -> Value:
    """The last component of a path or a part of it, which holds no separator; or the path before it."""
    whole = path_text(Value((atom,)), st)
    if name == "parent":
        return path_value(run, [whole], st, node)
    plain = whole.const()
    if plain is not None and isinstance(plain.value, str):
        return const(getattr(PurePosixPath(plain.value), name))
    one = strings.merge(whole, st)
    taints = tuple(t.neutralised(("path",), f"`.{name}`") for t in one.taints)
    return Value((Opaque("builtins.str", taints, one.chars & ~ch.of("/"), one.note, one.label),))


def label(atom: Atom, name: str) -> str:
    own = atom.label if isinstance(atom, Opaque) else atom.name if isinstance(atom, Method) else ""
    return f"{own}.{name}"[-LABEL_LIMIT:] if own else name


def _opaque(run: Run, atom: Opaque, name: str, st: State, node: ir.Expr) -> Value:
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
        return view_params.narrowed(run, cls, value, st, node) if name == "kwargs" else value
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
        inner = State(entries.parameters(run, method, receiver, st), st.heap, st.base)
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


# Items


def item(run: Run, base: Value, key: Value, st: State, node: ir.Expr) -> Value:
    """`base[key]`"""
    out: list[Value] = []
    for atom in base.atoms:
        out.append(_item_of(run, atom, key, st, node))
    values = [v for v in out if v.atoms]
    return join_all(values) if values else NOTHING


def _item_of(run: Run, atom: Atom, key: Value, st: State, node: ir.Expr) -> Value:
    if isinstance(atom, Ref):
        obj = st.obj(atom.loc)
        if obj is None:
            return Value((Opaque(),))
        if obj.cls == regexes.MATCH:
            return regexes.group(obj, key)
        if obj.cls == configs.CONFIG:
            return configs.section(obj, key, st)
        named = records.fields(run, obj) if obj.kind == "instance" else None
        if named is not None:
            return from_object(Obj("tuple", dict(enumerate(named))), key, st)
        if obj.kind == "instance":
            if isinstance(obj.cls, ClassInfo):
                method = run.program.find_attr(obj.cls, "__getitem__")
                symbol = symbol_of(method)
                if isinstance(symbol, FunctionInfo):
                    func = Value((Func(symbol, symbol.node, None, Value((atom,))),))
                    return calls.call_value(run, node, func, Args([key], {}), st)
            return obj.rest or Value((Opaque(None, deep_taints(Value((atom,)), st)),))
        return from_object(obj, key, st)
    if isinstance(atom, Const):
        plain = key.const()
        if isinstance(atom.value, str | bytes) and plain is not None and isinstance(plain.value, int):
            try:
                return const(atom.value[plain.value])
            except IndexError:
                return NOTHING
        return Value((Opaque("builtins.str", chars=atom_chars(atom)),))
    if isinstance(atom, Opaque):
        if atom.type and run.models.is_modelled(f"{atom.type}.__getitem__"):
            from cwelens.flow.library_calls import library_call

            name = f"{atom.type}.__getitem__"
            return library_call(run, node, name, Args([key], {}), Value((atom,)), st, atom.note)
        type_ = run.models.item_type(atom.type) if atom.type else None
        if type_ is None and atom.type in ("builtins.str", "builtins.bytes"):
            type_ = atom.type
        return Value(
            (Opaque(type_, atom.taints, atom.chars, atom.note, label(atom, "[…]") if atom.label else ""),)
        )
    if isinstance(atom, Lib):
        if run.models.is_modelled(f"{atom.name}.__getitem__"):
            from cwelens.flow.library_calls import library_call

            return library_call(
                run, node, f"{atom.name}.__getitem__", Args([key], {}), Value((atom,)), st, ""
            )
        row = run.models.source_read(atom.name)
        if row is not None:
            return Value(
                (
                    Opaque(
                        run.models.item_type(row.type) if row.type else None,
                        taint_of(run, row, written(node), run.place(node)),
                    ),
                )
            )
        return (
            Value((Lib(atom.name),))
            if atom.name.rpartition(".")[2][:1].isupper()
            else Value((Opaque(label=f"{atom.name}[…]"),))
        )
    if isinstance(atom, Cls):
        return Value((atom,))
    if isinstance(atom, Method):
        return Value(
            (
                Opaque(
                    None,
                    atom_taints(atom),
                    note=atom.note,
                    label=f"{label(atom.receiver, atom.name)}[…]"[-LABEL_LIMIT:],
                ),
            )
        )
    return Value((Opaque(None, atom_taints(atom), atom_chars(atom)),))


def from_object(obj: Obj, key: Value, st: State) -> Value:
    """The item of a container under a key that may be one of several constants or unknown."""
    out: list[Value] = []
    for atom in key.atoms:
        if not isinstance(atom, Const):
            everything = obj.everything()
            return everything if everything.atoms else Value((Opaque(),))
        index: Any = atom.value
        if obj.kind in ("list", "tuple"):
            if not isinstance(index, int):
                continue
            if index < 0 and obj.rest is None:
                index += len(obj.items)
            if index in obj.items:
                out.append(obj.items[index])
            elif obj.rest is not None:
                out.append(obj.rest if index >= 0 else obj.everything())
            continue
        try:
            found = obj.items.get(index)
        except TypeError:
            found = None
        if found is not None:
            out.append(found)
        elif obj.rest is not None:
            out.append(obj.rest)
        else:
            out.append(Value((Opaque(),)))
    return join_all(out) if out else Value((Opaque(),))


def sliced(run: Run, base: Value, bounds: list[Value], st: State, node: ir.Expr) -> Value:
    """`base[lower:upper:step]`"""
    plain = strings.python_values(bounds)
    out: list[Atom] = []
    for atom in base.atoms:
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if obj is not None and obj.kind in ("list", "tuple"):
            if plain is not None and obj.rest is None:
                values = [obj.items[k] for k in sorted(obj.items)]
                try:
                    part = values[slice(*plain)]
                except (TypeError, ValueError):
                    part = values
                out.extend(run.alloc(st, node, Obj(obj.kind, dict(enumerate(part)))).atoms)
            else:
                content = obj.everything()
                out.extend(run.alloc(st, node, Obj(obj.kind, {}, content if content.atoms else None)).atoms)
        elif isinstance(atom, Const) and isinstance(atom.value, str | bytes) and plain is not None:
            try:
                out.append(Const(atom.value[slice(*plain)]))
            except (TypeError, ValueError):
                out.append(atom)
        elif isinstance(atom, Text):
            out.append(_sliced_text(atom, plain, st))
        elif isinstance(atom, Opaque):
            out.append(Opaque(atom.type, atom.taints, atom.chars, atom.note, atom.label))
        else:
            out.append(strings.hole(atom, st))
    if not out:
        return NOTHING
    upper = bounds[1].const() if len(bounds) > 1 else None
    if upper is not None and isinstance(upper.value, int) and upper.value >= 0:
        return map_taints(make(out), lambda t: t.neutralised(("size",), f"a slice at line {node.pos[0]}"))
    return make(out)


def _sliced_text(atom: Text, plain: list[Any] | None, st: State) -> Atom:
    first = atom.parts[0]
    last = atom.parts[-1]
    if (
        plain is not None
        and plain[2] is None
        and isinstance(first, str)
        and isinstance(last, str)
        and len(atom.parts) > 1
    ):
        low, high = plain[0] or 0, plain[1]
        if (
            isinstance(low, int)
            and isinstance(high, int)
            and 0 <= low <= len(first)
            and -len(last) <= high < 0
        ):
            return make_text([first[low:], *atom.parts[1:-1], last[:high]], atom.binary)
    if plain is not None and plain[2] is None and isinstance(first, str):
        lower, upper = plain[0] or 0, plain[1]
        if isinstance(upper, int) and 0 <= lower <= upper <= len(first):
            return Const(first[lower:upper])
        if upper is None and isinstance(lower, int) and 0 <= lower <= len(first):
            return make_text([first[lower:], *atom.parts[1:]], atom.binary)
    merged = strings.hole(atom, st)
    return Opaque("builtins.str", merged.taints, merged.chars)


# Paths


def path_value(run: Run, parts: list[Value], st: State, node: ir.Node) -> Value:
    """A `pathlib` path: an object that keeps the text of the path."""
    pieces: list[Value] = []
    for index, part in enumerate(parts):
        if index:
            pieces.append(const(JOIN))
        pieces.append(path_text(part, st))
    whole = strings.concat(pieces, st) if pieces else const(".")
    return run.alloc(st, node, Obj("instance", {"path": whole}, cls="pathlib.Path"), "path")


def path_text(value: Value, st: State) -> Value:
    """The text of a path value: what it was made of for a path object, the value itself for a string."""
    out: list[Value] = []
    for atom in value.atoms:
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if obj is not None and obj.cls == "pathlib.Path" and "path" in obj.items:
            out.append(obj.items["path"])
        else:
            out.append(Value((atom,)))
    return join_all(out) if out else value


def path_join(run: Run, left: Value, right: Value, st: State, node: ir.Node) -> Value | None:
    """`left / right` where one of them is a path; None otherwise."""
    for atom in (*left.atoms, *right.atoms):
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if (obj is not None and obj.cls == "pathlib.Path") or (
            isinstance(atom, Opaque) and atom.type in PATH_TYPES
        ):
            return path_value(run, [left, right], st, node)
    return None


__all__ = [
    "JOIN",
    "attribute",
    "from_object",
    "item",
    "join",
    "path_join",
    "path_text",
    "path_value",
    "read_source",
    "sliced",
    "source_taint",
]
