"""What tests tell: narrowing the values of names and access paths in the branch where a test came out one way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cwelens.base import chars as ch
from cwelens.flow import (
    assign,
    expressions,
    hosts,
    paths,
    regexes,
    scopes,
    sizes,
    splits,
    strings,
    typetests,
    validators,
    vouching,
)
from cwelens.flow.run import Run, written
from cwelens.flow.state import Obj, State, deep_taints, join_states, map_taints
from cwelens.flow.values import (
    Atom,
    Cls,
    Const,
    Func,
    Lib,
    Method,
    Opaque,
    Ref,
    Taint,
    Text,
    Value,
    atom_chars,
    atom_taints,
    const_text,
    make,
    taints_of,
)
from cwelens.flow.values import text as make_text
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

if TYPE_CHECKING:
    pass

EVERY = ("*",)


def assume(run: Run, node: ir.Expr, st: State, wanted: bool) -> State | None:
    """The state in which a test came out as wanted; None where it cannot. The test has been evaluated before."""
    if isinstance(node, ir.Unary) and node.op == "not":
        return assume(run, node.operand, st, not wanted)
    if isinstance(node, ir.BoolOp):
        return _assume_bool(run, node, st, wanted)
    if isinstance(node, ir.Compare) and len(node.ops) == 1:
        after = _assume_compare(run, node.left, node.ops[0], node.rights[0], st, wanted)
        if after is not None and after.facts and isinstance(node.left, ir.Name):
            splits.settle(node.left.id, after)
        return after
    if isinstance(node, ir.Compare) and wanted:
        # `low < number <= high`: both hold.
        current: State | None = st
        for left, op, right in zip([node.left, *node.rights], node.ops, node.rights):
            if current is not None:
                current = _assume_compare(run, left, op, right, current, True)
        return current
    if isinstance(node, ir.Call):
        return _assume_call(run, node, st, wanted)
    if isinstance(node, ir.Walrus):
        after = assume(run, node.value, st, wanted)
        if after is None:
            return None
        return _narrow_truth(run, node.target, after, wanted)
    if isinstance(node, ir.Name):
        fact = st.facts.get(node.id)
        if fact is not None and _holds(fact, st):
            after = assume(run, fact[0], st, wanted)
            if after is None:
                return None
            st = after
    if isinstance(node, ir.Name | ir.Attr | ir.Item):
        after = _narrow_truth(run, node, st, wanted)
        if after is not None and after.facts and isinstance(node, ir.Name):
            splits.settle(node.id, after)
        return after
    return st


def assume_assertion(run: Run, node: ir.Expr, st: State) -> State | None:
    """After `assert node`: only what types it tells is taken over, since assertions can be switched off."""
    if isinstance(node, ir.Call) and isinstance(node.func, ir.Name) and node.func.id == "isinstance":
        return assume(run, node, st, True) or st
    if isinstance(node, ir.Compare) and any(isinstance(r, ir.Const) and r.value is None for r in node.rights):
        return assume(run, node, st, True) or st
    return st


def remember(stmt: ir.Assign, st: State) -> None:
    """`ok = test`: a later test of `ok` is the test itself, as long as what it speaks of keeps its value."""
    value = stmt.value
    part = isinstance(value, ir.Attr) and value.name in hosts.HOST_PARTS
    if value is None or not (part or isinstance(value, ir.Compare | ir.Call | ir.BoolOp | ir.Unary)):
        return
    for target in stmt.targets:
        if isinstance(target, ir.Name):
            names = _names(value)
            if target.id not in names:
                st.facts[target.id] = (value, {n: st.env.get(n) for n in names})


# By the identity of the expression, which is kept so that its identity stays its own.
_NAMES: dict[int, tuple[ir.Expr, frozenset[str]]] = {}


def _names(node: ir.Expr) -> frozenset[str]:
    """The names used in an expression."""
    known = _NAMES.get(id(node))
    if known is None or known[0] is not node:
        known = _NAMES[id(node)] = (node, frozenset(n.id for n in walk(node) if isinstance(n, ir.Name)))
    return known[1]


def _holds(fact: Any, st: State) -> bool:
    return all(st.env.get(name) is value for name, value in fact[1].items())


def filter_truth(value: Value, wanted: bool, st: State) -> Value:
    """The ways a value may be that are true (or false)."""

    kept: list[Atom] = []
    for atom in value.atoms:
        verdict = expressions.atom_truth(atom, st)
        if verdict is not None and verdict is not wanted:
            continue
        if (
            not wanted
            and verdict is None
            and isinstance(atom, Opaque)
            and atom.type in ("builtins.str", None)
            and atom.taints
        ):
            # A false value holds no text, so nothing of its origin.
            kept.append(Const("") if atom.type == "builtins.str" else Opaque(atom.type, chars=0))
            continue
        kept.append(atom)
    return make(kept) if kept else Value(())


def _narrow_truth(run: Run, node: ir.Expr, st: State, wanted: bool) -> State | None:
    value = _peek(run, node, st)
    if value is None:
        value = expressions.evaluate(run, node, st)
    if isinstance(node, ir.Attr):
        _guard_attribute(run, node, st, wanted)
    kept = filter_truth(value, wanted, st)
    if not kept.atoms:
        return None if value.atoms else st
    if kept.key != value.key:
        assign.refine(node, kept, st)
    _told_by_container(kept, not wanted, st)
    return st


def _told_by_container(value: Value, empty: bool, st: State) -> None:
    if st.facts and len(value.atoms) == 1 and isinstance(value.atoms[0], Ref):
        splits.settle_container(value.atoms[0].loc, empty, st)


def _assume_count(run: Run, node: ir.Expr, op: str, right: ir.Expr, st: State) -> None:
    """`len(errors) == 0`, `len(errors) > 0`"""
    if isinstance(node, ir.Call) and isinstance(node.func, ir.Name) and node.func.id == "len" and node.args:
        if isinstance(right, ir.Const) and right.value == 0 and op in ("==", "<=", "!=", ">"):
            _told_by_container(known_value(run, node.args[0], st), op in ("==", "<="), st)


def _guard_attribute(run: Run, node: ir.Attr, st: State, wanted: bool) -> None:
    """`if not parsed.netloc`, `if address.is_private`: what the truth of an attribute tells of what it was read from."""
    if node.name in hosts.HOST_PARTS:
        if not wanted:
            _neutralise_origin(run, node, (hosts.LOCAL,), _why(run, node, f"a test of `{written(node)}`"), st)
        return
    base = known_value(run, node.base, st)
    if hosts.is_public_test(node, base, wanted):
        hosts.settle_origins(base, _why(run, node, f"a test of `{written(node)}`"), st)


def _peek(run: Run, node: ir.Expr, st: State) -> Value | None:
    path = assign.path_of(node)
    return st.env.get(path) if path is not None else None


def known_value(run: Run, node: ir.Expr, st: State) -> Value:
    """The value of an operand that has been evaluated before: its operations are not reported again."""

    known = _peek(run, node, st)
    if known is not None:
        return known
    run.quiet += 1
    try:
        return expressions.evaluate(run, node, st)
    finally:
        run.quiet -= 1


def _assume_bool(run: Run, node: ir.BoolOp, st: State, wanted: bool) -> State | None:
    if (node.op == "and") is wanted:
        current: State | None = st
        for part in node.values:
            if current is None:
                return None
            current = assume(run, part, current, wanted)
        return current
    # One of the operands decided; those before it came out the other way.
    done: State | None = None
    current = st
    for part in node.values:
        if current is None:
            break
        done = join_states(done, assume(run, part, current.copy(), wanted))
        current = assume(run, part, current, not wanted)
    return done


_NEGATED = {
    "==": "!=",
    "!=": "==",
    "in": "not in",
    "not in": "in",
    "is": "is not",
    "is not": "is",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
}


def _assume_compare(
    run: Run, left: ir.Expr, op: str, right: ir.Expr, st: State, wanted: bool
) -> State | None:
    if not wanted:
        op = _NEGATED[op]
    if op in ("==", "is", "!=", "is not") and isinstance(right, ir.Const) and right.value is None:
        after = assume_none(run, left, st, op in ("==", "is"))
        if after is None:
            return None
        st = after
    if st.facts:
        _assume_count(run, left, op, right, st)
    asked = _type_asked(run, left)
    if op in ("==", "is", "in") and asked is not None:
        types = typetests.types_in(known_value(run, right, st), st)
        return _of_types(run, asked, types, st) if types is not None else st
    if op in ("==", "is"):
        return _assume_equal(run, left, right, st)
    if op in ("<", "<="):
        validators.assume_subset(run, left, known_value(run, right, st), st)
    if op in ("!=", "is not"):
        for one, two in ((left, right), (right, left)):
            other = known_value(run, two, st).const()
            value = known_value(run, one, st)
            if other is not None:
                kept = [a for a in value.atoms if not (isinstance(a, Const) and a.key == other.key)]
                if not kept and value.atoms:
                    return None
                if len(kept) < len(value.atoms):
                    assign.refine(one, make(kept), st)
        return st
    if op in ("<", "<=", ">", ">="):
        sizes.assume(run, left, op, right, st)
        return st
    if op == "in":
        return _assume_in(run, left, right, st)
    if op == "not in":
        return _assume_not_in(run, left, right, st)
    return st


def assume_none(run: Run, node: ir.Expr, st: State, is_none: bool) -> State | None:
    """`call() is None`: what a match that failed, or a function of the program that gave None back, tells."""
    if isinstance(node, ir.Name):
        fact = st.facts.get(node.id)
        if fact is None or not _holds(fact, st):
            return st
        node = fact[0]
    if isinstance(node, ir.Walrus):
        node = node.value
    if not isinstance(node, ir.Call):
        return st
    outgoing = run.last_exits.get(id(node))
    if outgoing is not None:
        return validators.assume_none(run, outgoing, st, is_none)
    if regexes.is_test(run, known_value(run, node.func, st), st):
        return _assume_call(run, node, st, not is_none)
    return st


def _why(run: Run, node: ir.Expr, what: str) -> str:
    return f"{what} at line {node.pos[0]}"


def _assume_equal(run: Run, left: ir.Expr, right: ir.Expr, st: State) -> State | None:
    for one, two in ((left, right), (right, left)):
        value, other = known_value(run, one, st), known_value(run, two, st)
        constant = other.const()
        if _common_path(run, one, st):
            base = _base_part(one, two)
            if base is not None or not _suspect(other):
                return _common_path_guard(run, one, base, st)
        if constant is not None:
            if not _possible(value, constant, st):
                return None
            called = _length_or_method(run, one, constant, st)
            if called is not None:
                return called
            _guard_part(run, one, two, st)
            if constant.value is not None or len(value.atoms) > 1:
                assign.refine(one, other, st)
            return st
        if hosts.host_of(one, st, _holds) is not None and taints_of(other) and hosts.contexts_of(other, st):
            _guard_part(run, one, two, st)
            return st
        if taints_of(value) and other.atoms and not taints_of(other) and not isinstance(one, ir.Call):
            why = _why(run, two, f"equality with `{written(two)}`")
            assign.refine(one, map_taints(value, lambda t, w=why: t.neutralised(EVERY, w)), st)
            if hosts.host_of(one, st, _holds) is not None:
                _guard_part(run, one, two, st)
            return st
    return st


def _possible(value: Value, constant: Const, st: State) -> bool:

    return expressions.compare("==", value, Value((constant,)), st) is not False


def _length_or_method(run: Run, node: ir.Expr, constant: Const, st: State) -> State | None:
    """`x.isdigit() == True`, `validate(x) == True`: the test of the call."""
    if isinstance(node, ir.Call) and isinstance(constant.value, bool):
        return _assume_call(run, node, st, constant.value)
    return None


def _suspect(base: Value) -> bool:
    """Whether what a value is tested against is itself untrusted; that a caller chooses the base is what bases are for."""
    return any(t.origin.kind == "untrusted" for t in taints_of(base))


def _common_path(run: Run, node: ir.Expr, st: State) -> bool:
    if isinstance(node, ir.Call):
        callee = known_value(run, node.func, st)
        return any(
            isinstance(a, Lib) and a.name in ("os.path.commonpath", "os.path.commonprefix")
            for a in callee.atoms
        )
    return False


def _base_part(call: ir.Expr, other: ir.Expr) -> ir.Expr | None:
    """Which of the paths given to `commonpath` is the one that it is compared with."""
    if isinstance(call, ir.Call) and call.args and isinstance(call.args[0], ir.Seq):
        return next((p for p in call.args[0].items if _alike(p, other)), None)
    return None


def _alike(one: ir.Expr, two: ir.Expr) -> bool:
    """Whether two expressions are the same name, access path, or call of such."""
    if isinstance(one, ir.Call) and isinstance(two, ir.Call):
        return (
            not one.keywords
            and not two.keywords
            and len(one.args) == len(two.args)
            and _alike(one.func, two.func)
            and all(map(_alike, one.args, two.args))
        )
    path = assign.path_of(one)
    return path is not None and path == assign.path_of(two)


def _common_path_guard(run: Run, node: ir.Expr, base: ir.Expr | None, st: State) -> State:
    if isinstance(node, ir.Call) and node.args and isinstance(node.args[0], ir.Seq):
        why = _why(run, node, f"`{written(node.func)}`")
        for part in node.args[0].items:
            if part is not base:
                _below(run, part, why, st)
    return st


NORMALISING = frozenset(("realpath", "abspath", "normpath", "resolve"))


def _below(run: Run, node: ir.Expr, why: str, st: State) -> None:
    """A path is known to lie below a base. `str(path)` and `realpath(path)` speak of the path; one that was not resolved is not settled."""
    _neutralise(run, node, ("path",), why, st, only_normalised=True)
    if isinstance(node, ir.Call):
        normalising = written(node.func).rpartition(".")[2] in NORMALISING
        for part in node.args[:1]:
            _neutralise(run, part, ("path",), why, st, only_normalised=not normalising)


def _neutralise(
    run: Run, node: ir.Expr, contexts: tuple[str, ...], why: str, st: State, only_normalised: bool = False
) -> None:
    """The taints of an operand are safe from here on, also where it is wrapped in a call that keeps its content."""
    value = known_value(run, node, st)

    def change(taint: Taint) -> Taint:
        if only_normalised and "path.normalised" not in taint.safe:
            return taint
        return taint.neutralised(contexts, why)

    before = deep_taints(value, st)
    changed = map_taints(value, change)
    assign.refine(node, changed, st)
    for atom in value.atoms:
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if obj is not None and isinstance(atom, Ref) and obj.kind == "instance":
            st.heap[atom.loc] = Obj(
                obj.kind,
                {k: map_taints(v, change) for k, v in obj.items.items()},
                obj.rest,
                obj.keys,
                obj.cls,
            )
    paths.spread(before, deep_taints(changed, st), st)
    if isinstance(node, ir.Call) and not only_normalised:
        for part in (*node.args, *([node.func.base] if isinstance(node.func, ir.Attr) else [])):
            if isinstance(part, ir.Name | ir.Attr | ir.Item | ir.Call):
                _neutralise(run, part, contexts, why, st)


def constants_of(container: Value, st: State) -> list[Const] | None:
    """The constants a container holds, where it holds nothing else and all are known."""
    obj = scopes.frame_object(container, st)
    if obj is None or obj.rest is not None or obj.kind == "instance":
        return None
    if obj.kind == "dict":
        return [Const(key) for key in obj.items]
    out: list[Const] = []
    for value in obj.items.values():
        for atom in value.atoms:
            if not isinstance(atom, Const):
                return None
            out.append(atom)
    return out


def _assume_in(run: Run, left: ir.Expr, right: ir.Expr, st: State) -> State | None:
    if isinstance(right, ir.Attr) and right.name == "parents" and not _suspect(known_value(run, left, st)):
        # `BASE in path.parents`
        why = _why(run, right, "a test of `.parents`")
        _neutralise(run, right.base, ("path",), why, st, only_normalised=True)
        return st
    value, container = known_value(run, left, st), known_value(run, right, st)
    constants = constants_of(container, st)
    if constants is not None:
        if not constants:
            return None
        kept = [c for c in constants if _possible(value, c, st)]
        if not kept:
            return None
        _guard_part(run, left, right, st)
        if len(kept) <= 10:
            assign.refine(left, make(list(kept)), st)
        else:
            why = _why(run, right, f"membership of {len(kept)} constants")
            mask = 0
            for one in kept:
                mask |= ch.of(const_text(one.value))
            narrowed = map_taints(value, lambda t: t.neutralised(EVERY, why))
            assign.refine(left, restrict(narrowed, mask), st)
        return st
    if hosts.host_of(left, st, _holds) is not None and _tainted_container(container, st):
        _guard_part(run, left, right, st)
        return st
    text = container.const()
    if text is not None and isinstance(text.value, str):
        if not any(isinstance(a, Const) for a in value.atoms):
            assign.refine(left, restrict(value, ch.of(text.value)), st)
        return st
    if (
        container.atoms
        and taints_of(value)
        and not _tainted_container(container, st)
        and not _stringlike(container)
    ):
        why = _why(run, right, f"membership of `{written(right)}`")
        assign.refine(left, map_taints(value, lambda t: t.neutralised(EVERY, why)), st)
        _guard_part(run, left, right, st)
    return st


def _guard_part(run: Run, left: ir.Expr, right: ir.Expr, st: State) -> None:
    """A part of a value is known to be an allowed one: the host of a URL settles where it leads, a suffix what kind of file it is."""
    why = _why(run, left, f"a test of `{written(left)}`")
    host = hosts.host_of(left, st, _holds)
    if host is not None:
        contexts = hosts.contexts_of(known_value(run, right, st), st)
        if contexts:
            _neutralise_origin(run, host, contexts, why, st)
    elif not isinstance(left, ir.Name | ir.Attr | ir.Const):
        for name in _names(left):
            value = st.env.get(name)
            if value is not None and taints_of(value):
                st.env[name] = map_taints(value, lambda t: t.neutralised(("extension",), why))
        for part in walk(left):
            # `upload.filename` is read anew each time: what is known of it is kept under its path.
            if isinstance(part, ir.Attr) and assign.path_of(part) is not None:
                value = known_value(run, part, st)
                if taints_of(value) and not any(isinstance(a, Method) for a in value.atoms):
                    assign.refine(part, map_taints(value, lambda t: t.neutralised(("extension",), why)), st)


def _tainted_container(container: Value, st: State) -> bool:
    from cwelens.flow.state import deep_taints

    return bool(deep_taints(container, st))


def _stringlike(container: Value) -> bool:
    return any(
        isinstance(a, Text) or (isinstance(a, Opaque) and a.type == "builtins.str") for a in container.atoms
    )


def _assume_not_in(run: Run, left: ir.Expr, right: ir.Expr, st: State) -> State | None:
    """`"x" not in value`: the value holds no x. `value not in (a, b)`: it is neither."""
    needle = known_value(run, left, st).const()
    subject = known_value(run, right, st)
    if needle is not None and isinstance(needle.value, str | bytes) and needle.value and taints_of(subject):
        _refine(right, subject, excluding(subject, const_text(needle.value), _why(run, right, "a test")), st)
        return st
    if needle is not None and needle.value == "..":
        # `".." not in path.split("/")`, `".." not in Path(name).parts`
        whole = right.func if isinstance(right, ir.Call) else right
        if isinstance(whole, ir.Attr) and whole.name in ("split", "rsplit", "parts"):
            _neutralise(run, whole.base, ("path.dots",), _why(run, right, "a test"), st)
            return st
    constants = constants_of(subject, st)
    if constants is not None:
        held = scopes.frame_object(subject, st)
        keys = {c.key for c in constants if held is None or c.value not in held.maybe}
        value = known_value(run, left, st)
        kept = [a for a in value.atoms if not (isinstance(a, Const) and a.key in keys)]
        if not kept and value.atoms:
            return None
        if len(kept) < len(value.atoms):
            assign.refine(left, make(kept), st)
    return st


def excluding(value: Value, needle: str, why: str) -> Value:
    """The value without a substring: without its character, or with the fact noted for longer ones."""
    if len(needle) == 1:
        return restrict(value, ch.ALL & ~ch.of(needle))
    if ".." in needle:
        return map_taints(
            value, lambda t: t.neutralised(("path.dots" if needle == ".." else "path.dotslash",), why)
        )
    if needle in ("://", "//"):
        return map_taints(value, lambda t: t.neutralised(("url.scheme",), why))
    return value


def restrict(value: Value, mask: int) -> Value:
    """The ways a value may be with only characters of the mask."""
    kept: list[Atom] = []
    for atom in value.atoms:
        if isinstance(atom, Opaque):
            kept.append(Opaque(atom.type, atom.taints, atom.chars & mask, atom.note, atom.label))
        elif isinstance(atom, Text):
            if all(isinstance(p, Opaque) or not ch.of(p) & ~mask for p in atom.parts):
                parts = tuple(
                    Opaque(p.type, p.taints, p.chars & mask, p.note, p.label) if isinstance(p, Opaque) else p
                    for p in atom.parts
                )
                kept.append(Text(parts, atom.binary))
        elif isinstance(atom, Const):
            if not atom_chars(atom) & ~mask:
                kept.append(atom)
        elif isinstance(atom, Method):
            kept.append(Opaque("builtins.str", atom_taints(atom), mask))
        else:
            kept.append(atom)
    return make(kept) if kept else value


# Calls as tests


def _assume_call(run: Run, node: ir.Call, st: State, wanted: bool) -> State | None:
    func = node.func
    outgoing = run.last_exits.get(id(node))
    if outgoing is not None:
        if _own_guards(run, node, st, raised=False, wanted=wanted):
            return st
        after = validators.assume_call(run, outgoing, st, wanted)
        if after is not None:
            vouching.assume_test(run, node, known_value(run, func, after), after)
        return after
    if isinstance(func, ir.Attr) and not node.keywords:
        done = _assume_method(run, node, func, st, wanted)
        if done is not None:
            return done
    callee = known_value(run, func, st)
    vouching.assume_test(run, node, callee, st)
    for atom in callee.atoms:
        name = (
            atom.name
            if isinstance(atom, Lib)
            else f"{atom.type}.{atom.name}"
            if isinstance(atom, Method) and atom.type
            else None
        )
        if name is None:
            continue
        if name == "builtins.isinstance" and len(node.args) == 2:
            return _assume_isinstance(run, node, st, wanted)
        if name in ("builtins.all", "builtins.any") and node.args:
            return _assume_all(run, node, st, wanted == (name == "builtins.all"), name)
        if name == "os.path.isabs" and node.args:
            if not wanted:
                _neutralise(run, node.args[0], ("path.absolute",), _why(run, node, "`os.path.isabs`"), st)
            return st
        if name.startswith("re."):
            return regexes.assume(
                run, node, name, st, wanted, lambda part: known_value(run, part, st), restrict
            )
        if name in ("builtins.callable", "builtins.bool", "builtins.len") and node.args:
            return assume(run, node.args[0], st, wanted) if name == "builtins.bool" else st
        for guard in run.models.guards(name):
            if not guard.raises and guard.when_returns is wanted:
                _apply_guard(run, node, guard, st)
    return st


def _port_nodes(node: ir.Call, port: Any) -> list[ir.Expr]:
    if port.kind == "self":
        return [node.func.base] if isinstance(node.func, ir.Attr) else []
    if port.kind != "arg":
        return list(node.args)
    for name, value in node.keywords:
        if name is not None and name == port.keyword:
            return [value]
    if port.position is not None and port.position < len(node.args):
        return [node.args[port.position]]
    return []


def _own_guards(run: Run, node: ir.Call, st: State, raised: bool, wanted: bool = True) -> bool:
    """Guards among the functions of the program, as the project's own models say; whether they speak of this one."""
    if not run.models.has_own:
        return False
    spoken = False
    for atom in known_value(run, node.func, st).atoms:
        name = run.models.own(atom.info.qualname) if isinstance(atom, Func) and atom.info else None
        for guard in run.models.guards(name) if name is not None else ():
            spoken = True
            if guard.raises if raised else not guard.raises and guard.when_returns is wanted:
                _apply_guard(run, node, guard, st)
    return spoken


def _apply_guard(run: Run, node: ir.Call, guard: Any, st: State) -> None:
    why = _why(run, node, f"`{written(node.func)}`")
    for part in _port_nodes(node, guard.port):
        if guard.contexts:
            _neutralise(run, part, guard.contexts, why, st)
        if guard.chars is not None:
            assign.refine(part, restrict(known_value(run, part, st), run.shared.mask(guard.chars)), st)


def _assume_isinstance(run: Run, node: ir.Call, st: State, wanted: bool) -> State | None:
    subject, classes = node.args
    types = typetests.types_in(known_value(run, classes, st), st)
    if types is None:
        return st
    return _of_types(run, subject, types, st) if wanted else st


def _of_types(run: Run, subject: ir.Expr, types: list[str], st: State) -> State | None:
    value = known_value(run, subject, st)
    narrowed = typetests.narrow(value, types, st)
    if narrowed is None:
        return None if value.atoms else st
    assign.refine(subject, narrowed, st)
    return st


def _type_asked(run: Run, node: ir.Expr) -> ir.Expr | None:
    """x in `type(x)`"""
    if isinstance(node, ir.Call) and isinstance(node.func, ir.Name) and node.func.id == "type":
        return node.args[0] if len(node.args) == 1 else None
    return None


def _assume_all(run: Run, node: ir.Call, st: State, wanted: bool, name: str) -> State | None:
    """`all(c in ALLOWED for c in x)` and `any(c in FORBIDDEN for c in x)`: the characters of x."""
    comp = node.args[0]
    if not isinstance(comp, ir.Comp) or len(comp.fors) != 1:
        return st
    clause = comp.fors[0]
    if not wanted:
        return (
            _equal_to_one(run, comp, clause, st) if name == "builtins.any" and not clause.conditions else st
        )
    if not isinstance(clause.target, ir.Name) or clause.conditions:
        return st
    subject = known_value(run, clause.iterable, st)
    inner = st.copy()
    elements = expressions.iterate(run, subject, inner, clause.iterable)
    one = elements if isinstance(elements, Value) else Value((Opaque("builtins.str", taints_of(subject)),))
    inner.env[clause.target.id] = one
    after = assume(run, comp.element, inner, name == "builtins.all")
    if after is None:
        return st
    st = paths.every_member(st, after, one)
    narrowed = after.env.get(clause.target.id, one)
    mask = 0
    for atom in narrowed.atoms:
        mask |= atom_chars(atom)
    if name == "builtins.any":
        # `any(bad in x for bad in FORBIDDEN)` is false: x holds none of them.
        return _exclude_each(run, comp, clause, st)
    if mask != ch.ALL:
        assign.refine(clause.iterable, restrict(subject, mask), st)
    return st


def _equal_to_one(run: Run, comp: ir.Comp, clause: ir.CompFor, st: State) -> State | None:
    """`any(x == allowed for allowed in ALLOWED)`: membership."""
    test = comp.element
    if isinstance(test, ir.Compare) and test.ops == ["=="] and isinstance(clause.target, ir.Name):
        for one, two in ((test.left, test.rights[0]), (test.rights[0], test.left)):
            if (
                isinstance(two, ir.Name)
                and two.id == clause.target.id
                and clause.target.id not in _names(one)
            ):
                return _assume_in(run, one, clause.iterable, st)
    return st


def _exclude_each(run: Run, comp: ir.Comp, clause: ir.CompFor, st: State) -> State:
    test = comp.element
    if not (
        isinstance(test, ir.Compare)
        and test.ops == ["in"]
        and isinstance(test.left, ir.Name)
        and isinstance(clause.target, ir.Name)
    ):
        if isinstance(test, ir.Compare) and test.ops == ["in"]:
            return st
        return st
    if test.left.id != clause.target.id:
        return st
    iterable = known_value(run, clause.iterable, st)
    words = constants_of(iterable, st)
    text = iterable.const()
    if words is None and text is not None and isinstance(text.value, str):
        words = [Const(c) for c in text.value]
    for word in words or []:
        if isinstance(word.value, str) and word.value:
            subject = known_value(run, test.rights[0], st)
            assign.refine(test.rights[0], excluding(subject, word.value, _why(run, test, "a test")), st)
    return st


def _assume_method(run: Run, node: ir.Call, func: ir.Attr, st: State, wanted: bool) -> State | None:
    """Tests that are methods of a string; None where the method is not one."""
    name = func.name
    subject = func.base
    if name in ch.STR_PREDICATES and not node.args:
        if wanted:
            assign.refine(
                subject, _nonempty(restrict(known_value(run, subject, st), ch.STR_PREDICATES[name])), st
            )
        return st
    if name in ("startswith", "endswith") and node.args:
        return _assume_affix(run, node, name, subject, st, wanted)
    if name in ("match", "fullmatch", "search"):
        return None
    if name == "is_absolute" and not wanted:
        why = _why(run, node, "`is_absolute`")
        _neutralise(run, subject, ("path.absolute",), why, st)
        _neutralise_origin(run, subject, (hosts.LOCAL,), why, st)
        return st
    if name == "issubset" and wanted and node.args:
        validators.assume_subset(run, subject, known_value(run, node.args[0], st), st)
        return st
    if name == "is_relative_to" and wanted:
        _neutralise(run, subject, ("path",), _why(run, node, "`is_relative_to`"), st, only_normalised=True)
        return st
    return None


def _nonempty(value: Value) -> Value:
    return value


def _assume_affix(
    run: Run, node: ir.Call, name: str, subject: ir.Expr, st: State, wanted: bool
) -> State | None:
    value = known_value(run, subject, st)
    argument = known_value(run, node.args[0], st)
    constants = [argument.const()] if argument.const() is not None else constants_of(argument, st)
    texts = [c.value for c in constants or [] if c is not None and isinstance(c.value, str)]
    why = _why(run, node, f"`.{name}()`")
    if not wanted:
        if name == "startswith" and any(text in ("/", "\\") for text in texts):
            _neutralise(run, subject, ("path.absolute",), why, st)
        if name == "startswith" and "-" in texts:
            _neutralise(run, subject, ("argument",), why, st)
        if name == "startswith" and "//" in texts:
            _neutralise(run, subject, ("redirect.slashes",), why, st)
        return st
    if name == "endswith":
        return _assume_suffix(run, subject, value, texts, constants, st, why)
    atoms: list[Atom] = []
    normal = False
    for atom in value.atoms:
        if isinstance(atom, Const) and isinstance(atom.value, str) and texts:
            if atom.value.startswith(tuple(texts)):
                atoms.append(atom)
            continue
        if isinstance(atom, Opaque | Method) and texts and len(texts) == len(constants or []):
            one = strings.hole(atom, st) if isinstance(atom, Method) else atom
            normal = normal or all("path.normalised" in t.safe for t in one.taints)
            taints = one.taints
            if taints and all("path.normalised" in t.safe for t in taints):
                taints = tuple(t.neutralised(("path",), why) for t in taints)
            taints = tuple(t.neutralised(("url.prefix",), why) for t in taints)
            for text in texts:
                atoms.append(make_text([text, Opaque(one.type, taints, one.chars, one.note, one.label)]))
            continue
        if isinstance(atom, Text) and texts and len(texts) == len(constants or []):
            atoms.extend(_with_prefix(atom, texts, why))
            continue
        if atom_taints(atom) and argument.atoms and not _suspect(argument):
            changed = map_taints(Value((atom,)), lambda t: _prefixed(t, why))
            atoms.extend(changed.atoms)
            continue
        atoms.append(atom)
    if not atoms:
        return None if value.atoms else st
    assign.refine(subject, make(atoms), st)
    paths.spread(taints_of(value), taints_of(make(atoms)), st)
    obj = scopes.frame_object(value, st)
    if obj is not None and obj.cls == "pathlib.Path":
        _neutralise(run, subject, ("path",), why, st, only_normalised=True)
    if isinstance(subject, ir.Call):
        _below(run, subject, why, st)
    return st


def _with_prefix(atom: Text, texts: list[str], why: str) -> list[Atom]:
    """A text of known shape that begins with one of the prefixes."""
    taints = atom_taints(atom)
    if taints and all("path.normalised" in t.safe for t in taints):
        # What was normalised need not begin as its parts do: here the test is what keeps the path below the base.
        return list(map_taints(Value((atom,)), lambda t: t.neutralised(("path",), why)).atoms)
    tested = map_taints(Value((atom,)), lambda t: t.neutralised(("url.prefix",), why)).atoms[0]
    parts = tested.parts if isinstance(tested, Text) else atom.parts
    first = parts[0]
    if not isinstance(first, str):
        return [make_text([text, *parts], atom.binary) for text in texts]
    if any(first.startswith(text) for text in texts):
        return [atom]
    return [make_text([t, *parts[1:]], atom.binary) for t in texts if t.startswith(first)]


def _assume_suffix(
    run: Run,
    subject: ir.Expr,
    value: Value,
    texts: list[str],
    constants: list[Any] | None,
    st: State,
    why: str,
) -> State | None:
    """`x.endswith(suffix)`: the last part of x is known; of a host name that settles whose it is."""
    atoms: list[Atom] = []
    if not texts or len(texts) != len(constants or []):
        return st
    if (
        any(t.startswith(".") and len(t) > 2 for t in texts)
        and (host := hosts.host_of(subject, st, _holds)) is not None
    ):
        _neutralise_origin(run, host, ("url", "redirect"), why, st)
    for atom in value.atoms:
        if isinstance(atom, Const) and isinstance(atom.value, str):
            if atom.value.endswith(tuple(texts)):
                atoms.append(atom)
        elif isinstance(atom, Opaque) and len(texts) == 1:
            atoms.append(make_text([atom, texts[0]]))
        elif isinstance(atom, Text) and isinstance(last := atom.parts[-1], str):
            if any(last.endswith(text) or text.endswith(last) for text in texts):
                atoms.append(atom)
        elif isinstance(atom, Text) and len(texts) == 1:
            atoms.append(make_text([*atom.parts, texts[0]], atom.binary))
        else:
            atoms.append(atom)
    if not atoms:
        return None if value.atoms else st
    _refine(subject, value, make(atoms), st)
    return st


def _neutralise_origin(run: Run, node: ir.Expr, contexts: tuple[str, ...], why: str, st: State) -> None:
    """A test on a part of a parsed URL guards the URL that was parsed: `urlparse(x).netloc`, or `u = urlparse(x)` before."""
    for part in _parsed(node, st):
        _neutralise(run, part, contexts, why, st)


def _parsed(node: ir.Expr, st: State) -> list[ir.Expr]:
    """What was parsed to get at a part of a URL."""
    base = node.base if isinstance(node, ir.Attr) else node
    if isinstance(base, ir.Name):
        fact = st.facts.get(base.id)
        if fact is None or not _holds(fact, st):
            return []
        base = fact[0]
    return list(base.args[:1]) if isinstance(base, ir.Call) else []


def _refine(node: ir.Expr, old: Value, new: Value, st: State) -> None:
    """Narrows an expression; where it is a slice or the like, the holes it shares with the names it is made of are narrowed there."""
    paths.spread(taints_of(old), taints_of(new), st)
    if assign.path_of(node) is not None or isinstance(node, ir.Walrus):
        assign.refine(node, new, st)
        return
    swap: dict[int, Opaque] = {}
    for one, two in zip(_holes(old), _holes(new)):
        if one is not two and one.type == two.type:
            swap[id(one)] = two
    if not swap or len(_holes(old)) != len(_holes(new)):
        return
    for name in _names(node):
        value = st.env.get(name)
        if value is not None and any(id(h) in swap for h in _holes(value)):
            st.env[name] = make([_swapped(a, swap) for a in value.atoms])


def _holes(value: Value) -> list[Opaque]:
    out: list[Opaque] = []
    for atom in value.atoms:
        if isinstance(atom, Opaque):
            out.append(atom)
        elif isinstance(atom, Text):
            out += [p for p in atom.parts if isinstance(p, Opaque)]
    return out


def _swapped(atom: Atom, swap: dict[int, Opaque]) -> Atom:
    if isinstance(atom, Opaque):
        return swap.get(id(atom), atom)
    if isinstance(atom, Text):
        return Text(
            tuple(swap.get(id(p), p) if isinstance(p, Opaque) else p for p in atom.parts), atom.binary
        )
    return atom


def _prefixed(taint: Taint, why: str) -> Taint:
    contexts: tuple[str, ...] = ("url", "redirect")
    if "path.normalised" in taint.safe:
        contexts += ("path",)
    return taint.neutralised(contexts, why)


def after_call(run: Run, node: ir.Call, st: State) -> State | None:
    """After a call whose result is not tested: what every way out of its body tells of the arguments, and guards that raise."""
    outgoing = run.last_exits.get(id(node))
    if outgoing is not None:
        if _own_guards(run, node, st, raised=True):
            return st
        if outgoing.exits:
            validators.take_over(run, outgoing, [state for _, state in outgoing.exits], st)
        vouching.assume_statement(run, node, known_value(run, node.func, st), st)
        return st
    callee = known_value(run, node.func, st) if isinstance(node.func, ir.Name | ir.Attr) else None
    if callee is not None:
        vouching.assume_statement(run, node, callee, st)
    for atom in callee.atoms if callee is not None else ():
        name = (
            atom.name
            if isinstance(atom, Lib)
            else f"{atom.type}.{atom.name}"
            if isinstance(atom, Method) and atom.type
            else None
        )
        if name is not None:
            for guard in run.models.guards(name):
                if guard.raises:
                    _apply_guard(run, node, guard, st)
        if isinstance(atom, Method) and atom.name == "relative_to" and isinstance(node.func, ir.Attr):
            # pathlib: raises ValueError where the path is not below the argument.
            _neutralise(
                run, node.func.base, ("path",), _why(run, node, "`relative_to`"), st, only_normalised=True
            )
    return st


__all__ = [
    "Cls",
    "Func",
    "after_call",
    "assume",
    "assume_assertion",
    "excluding",
    "filter_truth",
    "remember",
    "restrict",
]
