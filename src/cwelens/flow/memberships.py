"""What membership tells: `in` and `not in` a container of constants, a string, a container of untrusted things."""

from __future__ import annotations

from cwelens.base import chars as ch
from cwelens.flow import assign, common_paths, comparisons, guards, hosts, narrowing, scopes
from cwelens.flow.run import Run, written
from cwelens.flow.state import State, deep_taints, map_taints
from cwelens.flow.values import Const, Method, Opaque, Text, Value, const_text, make, taints_of
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk


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


def member(run: Run, left: ir.Expr, right: ir.Expr, st: State) -> State | None:
    """The state in which the left operand is in the right one; None where it cannot be."""
    if (
        isinstance(right, ir.Attr)
        and right.name == "parents"
        and not common_paths.suspect(guards.known_value(run, left, st))
    ):
        # `BASE in path.parents`
        why = narrowing.reason(run, right, "a test of `.parents`")
        common_paths.below(run, right.base, why, st)
        return st
    value, container = guards.known_value(run, left, st), guards.known_value(run, right, st)
    constants = constants_of(container, st)
    if constants is not None:
        if not constants:
            return None
        kept = [c for c in constants if comparisons.possible(value, c, st)]
        if not kept:
            return None
        guard_part(run, left, right, st)
        if len(kept) <= 10:
            assign.refine(left, make(list(kept)), st)
        else:
            why = narrowing.reason(run, right, f"membership of {len(kept)} constants")
            mask = 0
            for one in kept:
                mask |= ch.of(const_text(one.value))
            narrowed = map_taints(value, lambda t: t.neutralised(narrowing.EVERY, why))
            assign.refine(left, narrowing.restrict(narrowed, mask), st)
        return st
    if hosts.host_of(left, st, guards.holds) is not None and _tainted_container(container, st):
        guard_part(run, left, right, st)
        return st
    text = container.const()
    if text is not None and isinstance(text.value, str):
        if not any(isinstance(a, Const) for a in value.atoms):
            assign.refine(left, narrowing.restrict(value, ch.of(text.value)), st)
        return st
    if (
        container.atoms
        and taints_of(value)
        and not _tainted_container(container, st)
        and not _stringlike(container)
    ):
        why = narrowing.reason(run, right, f"membership of `{written(right)}`")
        assign.refine(left, map_taints(value, lambda t, w=why: t.neutralised(narrowing.EVERY, w)), st)
        guard_part(run, left, right, st)
    return st


def guard_part(run: Run, left: ir.Expr, right: ir.Expr, st: State) -> None:
    """A part of a value is known to be an allowed one: the host of a URL settles where it leads, a suffix what kind of file it is."""
    why = narrowing.reason(run, left, f"a test of `{written(left)}`")
    host = hosts.host_of(left, st, guards.holds)
    if host is not None:
        contexts = hosts.contexts_of(guards.known_value(run, right, st), st)
        if contexts:
            narrowing.neutralise_origin(run, host, contexts, why, st)
    elif not isinstance(left, ir.Name | ir.Attr | ir.Const):
        for name in guards.names_read(left):
            value = st.env.get(name)
            if value is not None and taints_of(value):
                st.env[name] = map_taints(value, lambda t: t.neutralised(("extension",), why))
        for part in walk(left):
            # `upload.filename` is read anew each time: what is known of it is kept under its path.
            if isinstance(part, ir.Attr) and assign.path_of(part) is not None:
                value = guards.known_value(run, part, st)
                if taints_of(value) and not any(isinstance(a, Method) for a in value.atoms):
                    assign.refine(part, map_taints(value, lambda t: t.neutralised(("extension",), why)), st)


def shared_member(run: Run, node: ir.Binary, st: State) -> None:
    """`{name, "*"} & ALLOWED`: one of those named is allowed, and what is not from outside is so by the program's own choice."""
    for named, allowed in ((node.left, node.right), (node.right, node.left)):
        display = named.args[0] if isinstance(named, ir.Call) and len(named.args) == 1 else named
        callee = named.func if isinstance(named, ir.Call) else None
        if callee is not None and not (isinstance(callee, ir.Name) and callee.id in ("set", "frozenset")):
            continue
        chosen = deep_taints(guards.known_value(run, allowed, st), st)
        if not isinstance(display, ir.Seq) or any(t.origin.kind == "untrusted" for t in chosen):
            continue
        outside = [part for part in display.items if taints_of(guards.known_value(run, part, st))]
        if len(outside) == 1:
            why = narrowing.reason(run, node, f"membership of `{written(allowed)}`")
            value = guards.known_value(run, outside[0], st)
            assign.refine(
                outside[0], map_taints(value, lambda t, w=why: t.neutralised(narrowing.EVERY, w)), st
            )


def _tainted_container(container: Value, st: State) -> bool:
    return bool(deep_taints(container, st))


def _stringlike(container: Value) -> bool:
    return any(
        isinstance(a, Text) or (isinstance(a, Opaque) and a.type == "builtins.str") for a in container.atoms
    )


def no_member(run: Run, left: ir.Expr, right: ir.Expr, st: State) -> State | None:
    """`"x" not in value`: the value holds no x. `value not in (a, b)`: it is neither."""
    needle = guards.known_value(run, left, st).const()
    subject = guards.known_value(run, right, st)
    if needle is not None and isinstance(needle.value, str | bytes) and needle.value and taints_of(subject):
        narrowing.refine(
            right,
            subject,
            narrowing.excluding(subject, const_text(needle.value), narrowing.reason(run, right, "a test")),
            st,
        )
        return st
    if needle is not None and needle.value == "..":
        # `".." not in path.split("/")`, `".." not in Path(name).parts`
        whole = right.func if isinstance(right, ir.Call) else right
        if isinstance(whole, ir.Attr) and whole.name in ("split", "rsplit", "parts"):
            narrowing.neutralise(run, whole.base, ("path.dots",), narrowing.reason(run, right, "a test"), st)
            return st
    constants = constants_of(subject, st)
    if constants is not None:
        held = scopes.frame_object(subject, st)
        keys = {c.key for c in constants if held is None or c.value not in held.maybe}
        value = guards.known_value(run, left, st)
        kept = [a for a in value.atoms if not (isinstance(a, Const) and a.key in keys)]
        if not kept and value.atoms:
            return None
        if len(kept) < len(value.atoms):
            assign.refine(left, make(kept), st)
    return st
