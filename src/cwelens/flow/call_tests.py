"""What calls tell where they are tests, and after they came back: type tests, quantifiers, validators of libraries and of the program."""

from __future__ import annotations

from typing import Any

from cwelens.base import chars as ch
from cwelens.flow import (
    assign,
    expressions,
    fronts,
    guards,
    higher_order,
    memberships,
    narrowing,
    paths,
    regexes,
    signatures,
    string_tests,
    typetests,
    validators,
    vouching,
)
from cwelens.flow.run import Run, written
from cwelens.flow.state import State
from cwelens.flow.values import Const, Func, Lib, Method, Opaque, Value, atom_chars, join_all, taints_of
from cwelens.ir import nodes as ir


def called(run: Run, node: ir.Call, st: State, wanted: bool) -> State | None:
    """The state in which a call gave back something true (or false); None where it cannot."""
    node = higher_order.direct(node)
    func = node.func
    outgoing = run.last_exits.get(id(node))
    if outgoing is not None:
        if _own_guards(run, node, st, raised=False, wanted=wanted):
            return st
        after = validators.assume_call(run, outgoing, st, wanted)
        if after is not None:
            vouching.assume_test(run, node, guards.known_value(run, func, after), after)
        return after
    if isinstance(func, ir.Attr) and not node.keywords:
        done = string_tests.method(run, node, func, st, wanted)
        if done is not None:
            return done
    callee = guards.known_value(run, func, st)
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
        if name in signatures.COMPARING and wanted:
            signatures.right(run, node, st)
            return st
        if name == "builtins.isinstance" and len(node.args) == 2:
            return of_class(run, node, st, wanted)
        if name in ("builtins.all", "builtins.any") and node.args:
            return each(run, node, st, wanted == (name == "builtins.all"), name)
        if name == "os.path.isabs" and node.args:
            if not wanted:
                narrowing.neutralise(
                    run, node.args[0], ("path.absolute",), narrowing.reason(run, node, "`os.path.isabs`"), st
                )
            return st
        if name.startswith("re."):
            return regexes.assume(
                run,
                node,
                name,
                st,
                wanted,
                lambda part: guards.known_value(run, part, st),
                narrowing.restrict,
            )
        if name in ("builtins.callable", "builtins.bool", "builtins.len") and node.args:
            return guards.assume(run, node.args[0], st, wanted) if name != "builtins.callable" else st
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
    for atom in guards.known_value(run, node.func, st).atoms:
        name = run.models.own(atom.info.qualname) if isinstance(atom, Func) and atom.info else None
        for guard in run.models.guards(name) if name is not None else ():
            spoken = True
            if guard.raises if raised else not guard.raises and guard.when_returns is wanted:
                _apply_guard(run, node, guard, st)
    return spoken


def _apply_guard(run: Run, node: ir.Call, guard: Any, st: State) -> None:
    why = narrowing.reason(run, node, f"`{written(node.func)}`")
    for part in _port_nodes(node, guard.port):
        if guard.contexts:
            narrowing.neutralise(run, part, guard.contexts, why, st)
            for whole in fronts.wholes(run, part) if "redirect" in guard.contexts else ():
                narrowing.neutralise(run, whole, guard.contexts, why, st)
        if guard.chars is not None:
            assign.refine(
                part, narrowing.restrict(guards.known_value(run, part, st), run.shared.mask(guard.chars)), st
            )


def of_class(run: Run, node: ir.Call, st: State, wanted: bool) -> State | None:
    """The state in which `isinstance` came out as wanted."""
    subject, classes = node.args
    types = typetests.types_in(guards.known_value(run, classes, st), st)
    if types is None:
        return st
    return of_types(run, subject, types, st) if wanted else st


def of_types(run: Run, subject: ir.Expr, types: list[str], st: State) -> State | None:
    """The state in which a value is of one of some types; None where none of its ways is."""
    value = guards.known_value(run, subject, st)
    narrowed = typetests.narrow(value, types, st)
    if narrowed is None:
        return None if value.atoms else st
    assign.refine(subject, narrowed, st)
    return st


def type_asked(run: Run, node: ir.Expr) -> ir.Expr | None:
    """x in `type(x)`"""
    if isinstance(node, ir.Call) and isinstance(node.func, ir.Name) and node.func.id == "type":
        return node.args[0] if len(node.args) == 1 else None
    return None


def each(run: Run, node: ir.Call, st: State, wanted: bool, name: str) -> State | None:
    """`all(c in ALLOWED for c in x)` and `any(c in FORBIDDEN for c in x)`: the characters of x."""
    comp = node.args[0]
    if not isinstance(comp, ir.Comp) or len(comp.fors) != 1:
        return st
    clause = comp.fors[0]
    if not wanted:
        if name == "builtins.any" and not clause.conditions:
            known = _equal_to_one(run, comp, clause, st)
            if known is not None:
                return known
        return _for_one(run, comp, clause, st, name)
    if not isinstance(clause.target, ir.Name) or clause.conditions:
        return st
    subject = guards.known_value(run, clause.iterable, st)
    inner = st.copy()
    elements = expressions.iterate(run, subject, inner, clause.iterable)
    one = elements if isinstance(elements, Value) else Value((Opaque("builtins.str", taints_of(subject)),))
    inner.env[clause.target.id] = one
    after = guards.assume(run, comp.element, inner, name == "builtins.all")
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
        assign.refine(clause.iterable, narrowing.restrict(subject, mask), st)
    return st


def _equal_to_one(run: Run, comp: ir.Comp, clause: ir.CompFor, st: State) -> State | None:
    """`any(x == allowed for allowed in ALLOWED)`: membership."""
    test = comp.element
    if isinstance(test, ir.Compare) and test.ops == ["=="] and isinstance(clause.target, ir.Name):
        for one, two in ((test.left, test.rights[0]), (test.rights[0], test.left)):
            if (
                isinstance(two, ir.Name)
                and two.id == clause.target.id
                and clause.target.id not in guards.names_read(one)
            ):
                return memberships.member(run, one, clause.iterable, st)
    return None


def _for_one(run: Run, comp: ir.Comp, clause: ir.CompFor, st: State, name: str) -> State | None:
    """`any(is_below(path, root) for root in ROOTS)`: what the test tells of `path` for one of them, it tells."""
    inner = st.copy()
    elements = expressions.iterate(run, guards.known_value(run, clause.iterable, st), inner, clause.iterable)
    assign.store(
        run,
        clause.target,
        elements if isinstance(elements, Value) else join_all(elements),
        inner,
        clause.iterable,
    )
    after: State | None = inner
    for test in clause.conditions:
        after = guards.assume(run, test, after, True) if after is not None else None
    after = guards.assume(run, comp.element, after, name == "builtins.any") if after is not None else None
    if after is None:
        return st
    bound = guards.names_read(clause.target)
    for path, value in after.env.items():
        if path in st.env and path not in bound:
            st.env[path] = value
            validators.take_over_path(value, [after], st)
    return st


def _exclude_each(run: Run, comp: ir.Comp, clause: ir.CompFor, st: State) -> State:
    test = comp.element
    if not (
        isinstance(test, ir.Compare)
        and test.ops == ["in"]
        and isinstance(test.left, ir.Name)
        and isinstance(clause.target, ir.Name)
        and test.left.id == clause.target.id
    ):
        return st
    iterable = guards.known_value(run, clause.iterable, st)
    words = memberships.constants_of(iterable, st)
    text = iterable.const()
    if words is None and text is not None and isinstance(text.value, str):
        words = [Const(c) for c in text.value]
    for word in words or []:
        if isinstance(word.value, str) and word.value:
            subject = guards.known_value(run, test.rights[0], st)
            assign.refine(
                test.rights[0],
                narrowing.excluding(subject, word.value, narrowing.reason(run, test, "a test")),
                st,
            )
    return st


def after_call(run: Run, node: ir.Call, st: State) -> State | None:
    """After a call whose result is not tested: what every way out of its body tells of the arguments, and guards that raise."""
    node = higher_order.direct(node)
    outgoing = run.last_exits.get(id(node))
    if outgoing is not None:
        if _own_guards(run, node, st, raised=True):
            return st
        if outgoing.exits:
            validators.take_over(run, outgoing, [state for _, state in outgoing.exits], st)
        vouching.assume_statement(run, node, guards.known_value(run, node.func, st), st)
        return st
    callee = guards.known_value(run, node.func, st) if isinstance(node.func, ir.Name | ir.Attr) else None
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
            narrowing.neutralise(
                run,
                node.func.base,
                ("path",),
                narrowing.reason(run, node, "`relative_to`"),
                st,
                only_normalised=True,
            )
    return st
