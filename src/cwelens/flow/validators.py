"""What the program's own checks tell: functions that answer, raise or return, loops over the characters of a text, sets of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING

from cwelens.base import chars as ch
from cwelens.flow import (
    assign,
    comparisons,
    guards,
    memberships,
    narrowing,
    paths,
    scopes,
    splits,
    strings,
    truth,
)
from cwelens.flow.run import Run, written
from cwelens.flow.state import State, deep_taints, join_objects, map_taints
from cwelens.flow.values import (
    NOTHING,
    Const,
    Lib,
    Opaque,
    Ref,
    Taint,
    Taints,
    Text,
    Value,
    atom_chars,
    const_text,
    join,
    join_taints,
    taints_of,
)
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

if TYPE_CHECKING:
    from cwelens.flow.activations import Outgoing

TESTS = (ir.Attr, ir.Await, ir.BoolOp, ir.Call, ir.Compare, ir.Name, ir.Unary)


def assume_call(run: Run, outgoing: Outgoing, st: State, wanted: bool) -> State | None:
    """A function of the program as a test: its arguments are what its own body made of them where it answered as wanted."""

    def answered(run: Run, node: ir.Expr, state: State) -> State | None:
        return guards.assume(run, node, state, wanted)

    return _where(run, outgoing, st, lambda v, s: truth.truth(v, s) in (None, wanted), answered)


def assume_none(run: Run, outgoing: Outgoing, st: State, is_none: bool) -> State | None:
    """The same where the answer was None, or was not."""

    def possible(value: Value, state: State) -> bool:
        none = [isinstance(a, Const) and a.value is None for a in value.atoms]
        return (any(none) if is_none else not all(none)) or any(isinstance(a, Opaque) for a in value.atoms)

    def answered(run: Run, node: ir.Expr, state: State) -> State | None:
        return comparisons.assume_none(run, node, state, is_none)

    return _where(run, outgoing, st, possible, answered)


def _where(
    run: Run,
    outgoing: Outgoing,
    st: State,
    possible: Callable[[Value, State], bool],
    answered: Callable[[Run, ir.Expr, State], State | None],
) -> State | None:
    """The caller's state given the ways out that are possible; `return test` is itself the test, made in the callee's frame."""
    kept: list[State] = []
    frame = run.frame
    for (value, state), test in zip(outgoing.exits, outgoing.tests, strict=True):
        if not possible(value, state):
            continue
        if isinstance(test, TESTS) and outgoing.passed:
            run.frame = outgoing.frame
            run.quiet += 1
            try:
                after = answered(run, test, state.copy())
            finally:
                run.quiet -= 1
                run.frame = frame
            if after is None:
                continue
            state = after
        kept.append(state)
    if not kept:
        return None
    take_over(run, outgoing, kept, st)
    return st


def answers(run: Run, target: ir.Seq, node: ir.Call, st: State) -> None:
    """`ok, why = check(x)`: where a part of the answer is a constant, it tells what the body knew of `x` on that way out."""
    outgoing = run.last_exits.get(id(node))
    if outgoing is None or len(outgoing.exits) < 2:
        return
    passed = {
        param: expr.id
        for param, expr in outgoing.passed.items()
        if isinstance(expr, ir.Name) and param not in outgoing.rebound and expr.id in st.env
    }
    joined = {name: st.env[name] for name in passed.values()}
    for index, part in enumerate(target.items):
        sides: list[splits.Side] = []
        for value, state in outgoing.exits:
            given = scopes.frame_object(value, state)
            item = given.items.get(index) if given is not None and given.kind == "tuple" else None
            keys = splits.constants(item) if item is not None else None
            if keys:
                env = {name: state.env[param] for param, name in passed.items() if param in state.env}
                sides.append(splits.Side(keys, env, {}))
        if isinstance(part, ir.Name) and joined and len(sides) == len(outgoing.exits):
            st.facts[splits.fact(part.id)] = splits.Split(joined, tuple(sides))


def take_over(run: Run, outgoing: Outgoing, kept: list[State], st: State) -> None:
    """What the body of a function knows of its parameters, the caller knows of what it passed."""
    for param, expr in outgoing.passed.items():
        if not isinstance(expr, ir.Name | ir.Attr | ir.Item) and assign.path_of(expr) is None:
            _of_coded(run, outgoing, param, expr, kept, st)
            if param not in outgoing.rebound:
                known = deep_taints(guards.known_value(run, expr, st), st)
                _of_same_data(param, known, kept, st)
            continue
        if param in outgoing.rebound:
            _of_cleaned(run, outgoing, param, expr, kept, st)
            continue
        merged: Value | None = None
        for state in kept:
            value = state.env.get(param)
            if value is None:
                merged = None
                break
            merged = value if merged is None else join(merged, value)
        entered = outgoing.entered.get(param)
        before = deep_taints(guards.known_value(run, expr, st), st)
        take_over_path(merged, kept, st)
        if merged is not None and merged.atoms and entered is not None and merged.key != entered.key:
            assign.refine(expr, merged, st)
            paths.spread(before, taints_of(merged), st)
        _of_same_data(param, before, kept, st)


def _of_same_data(param: str, before: Taints, kept: list[State], st: State) -> None:
    """What every way out tells of the data in a path object that was handed over: other paths here are made of it too."""
    objects = [state.env.get(param) for state in kept]
    if not kept or not all(v is not None and any(isinstance(a, Ref) for a in v.atoms) for v in objects):
        return
    if not before:
        return
    after: Taints = ()
    for value, state in zip(objects, kept):
        if value is not None and any(_is_path(a, state) for a in value.atoms):
            after = join_taints(after, deep_taints(value, state))
    paths.spread(before, after, st)


def _is_path(atom: object, state: State) -> bool:
    obj = state.obj(atom.loc) if isinstance(atom, Ref) else None
    return obj is not None and obj.cls == "pathlib.Path"


_CODING = frozenset(("encode", "decode", "str", "bytes", "force_bytes", "force_str", "to_bytes", "smart_str"))


def _of_coded(run: Run, outgoing: Outgoing, param: str, expr: ir.Expr, kept: list[State], st: State) -> None:
    """`check(text.encode())`: what is the program's own as bytes is so as text."""
    if not isinstance(expr, ir.Call) or param in outgoing.rebound:
        return
    last = written(expr.func).rpartition(".")[2]
    source = (
        expr.func.base if isinstance(expr.func, ir.Attr) and not expr.args else next(iter(expr.args), None)
    )
    if last not in _CODING or source is None or assign.path_of(source) is None:
        return
    taints = [t for state in kept for t in taints_of(state.env.get(param, NOTHING))]
    if taints and all("*" in t.safe for t in taints):
        narrowing.neutralise(run, source, narrowing.EVERY, taints[0].safe["*"], st)


# What browsers do to an address before they follow it, a check may do before it looks: what it finds holds for the address as it came.
_ADDRESSES = ("redirect", "url", "redirect.local")


def _of_cleaned(
    run: Run, outgoing: Outgoing, param: str, expr: ir.Expr, kept: list[State], st: State
) -> None:
    """`url = url.strip()` before a check of the address: the name is another value, made of the same data alone."""
    entered = outgoing.entered.get(param)
    before = deep_taints(guards.known_value(run, expr, st), st)
    origins = {t.origin.key for t in before}
    if entered is None or not origins:
        return
    told: dict[str, str] | None = None
    for state in kept:
        value = state.env.get(param)
        taints = [t for t in taints_of(value) if t.origin.key in origins] if value is not None else []
        if not taints:
            return
        for taint in taints:
            safe = {c: taint.safe[c] for c in _ADDRESSES if c in taint.safe}
            told = safe if told is None else {c: why for c, why in told.items() if c in safe}
    if told:
        changed = map_taints(
            guards.known_value(run, expr, st),
            lambda t: Taint(t.origin, {**told, **t.safe}, t.trail, t.assumption),
        )
        assign.refine(expr, changed, st)
        paths.spread(before, taints_of(changed), st)


def take_over_path(value: Value | None, kept: list[State], st: State) -> None:
    """A path object cannot change, so that what every way out tells of its text holds for the caller too."""
    for atom in value.atoms if value is not None else ():
        objs = [state.obj(atom.loc) for state in kept] if isinstance(atom, Ref) else []
        paths_ = [obj for obj in objs if obj is not None and obj.cls == "pathlib.Path"]
        if isinstance(atom, Ref) and paths_ and len(paths_) == len(objs):
            st.heap[atom.loc] = reduce(join_objects, paths_)


# Loops over the characters of a text


def after_loop(run: Run, stmt: ir.For, element: Value, end: State | None, done: State | None) -> None:
    """`for c in text: if c not in ALLOWED: return`: after the loop the text holds only characters that got to the end of the body."""
    if end is None or done is None or not isinstance(stmt.target, ir.Name):
        return
    path = assign.path_of(stmt.iterable)
    after = end.env.get(stmt.target.id)
    if path is None or after is None or after.key == element.key or _binds(stmt.body, stmt.target.id, path):
        return
    subject = done.env.get(path)
    if subject is None or not all(isinstance(a, Opaque | Text | Const) for a in subject.atoms):
        return
    mask = 0
    for atom in after.atoms:
        mask |= atom_chars(atom)
    if strings.merge(subject, done).chars & ~mask:
        assign.refine(stmt.iterable, narrowing.restrict(subject, mask), done)


def after_flags(stmt: ir.For, before: State, end: State | None, done: State) -> None:
    """`for c in text: if c not in ALLOWED: ok = False`: where `ok` is still what it was, every character passed."""
    path = assign.path_of(stmt.iterable)
    subject = done.env.get(path) if path is not None else None
    if end is None or subject is None or path is None or not isinstance(stmt.target, ir.Name):
        return
    if not all(isinstance(a, Opaque | Text) for a in subject.atoms) or _binds(
        stmt.body, stmt.target.id, path
    ):
        return
    for key, split in end.facts.items():
        flag = before.env.get(key[1:])
        entered = splits.constants(flag) if flag is not None else None
        now = splits.constants(done.env[key[1:]]) if key[1:] in done.env else None
        if (
            not isinstance(split, splits.Split)
            or not entered
            or not now
            or not _only_leaves(stmt.body, key[1:], entered)
        ):
            continue
        for side in split.sides:
            passed = side.env.get(stmt.target.id)
            if side.keys == entered and passed is not None and now - entered:
                mask = 0
                for atom in passed.atoms:
                    mask |= atom_chars(atom)
                narrowed = narrowing.restrict(subject, mask)
                sides = (
                    splits.Side(entered, {path: narrowed}, {}),
                    splits.Side(now - entered, {path: subject}, {}),
                )
                done.facts[key] = splits.Split({path: subject}, sides)


def _only_leaves(body: list[ir.Stmt], name: str, entered: frozenset[object]) -> bool:
    """Whether statements bind a name only to constants that it did not have before."""
    for part in walk(*body):
        if isinstance(part, ir.AugAssign | ir.For | ir.Walrus | ir.With | ir.Delete):
            targets = [part.target] if isinstance(part, ir.AugAssign | ir.For | ir.Walrus) else []
            if any(isinstance(n, ir.Name) and n.id == name for t in targets for n in walk(t)):
                return False
        if isinstance(part, ir.Assign) and any(
            isinstance(n, ir.Name) and n.id == name for t in part.targets for n in walk(t)
        ):
            if not isinstance(part.value, ir.Const) or Const(part.value.value).key in entered:
                return False
    return True


def _binds(body: list[ir.Stmt], name: str, path: str) -> bool:
    """Whether statements bind the loop's name or what it goes over."""
    root = path.partition(".")[0].partition("[")[0]
    for part in walk(*body):
        targets: list[ir.Expr] = []
        if isinstance(part, ir.Assign | ir.Delete):
            targets = part.targets
        elif isinstance(part, ir.AugAssign | ir.For | ir.Walrus):
            targets = [part.target]
        if any(isinstance(n, ir.Name) and n.id in (name, root) for t in targets for n in walk(t)):
            return True
    return False


# Sets of characters


def assume_subset(run: Run, left: ir.Expr, right: Value, st: State) -> None:
    """`set(text) <= ALLOWED`: the text holds only those characters."""
    if not (isinstance(left, ir.Call) and len(left.args) == 1 and isinstance(left.func, ir.Name)):
        return
    callee = scopes.name_value(run, left.func, st)
    if not any(isinstance(a, Lib) and a.name in ("builtins.set", "builtins.frozenset") for a in callee.atoms):
        return
    mask = _characters(right, st)
    if mask:
        subject = guards.known_value(run, left.args[0], st)
        assign.refine(left.args[0], narrowing.restrict(subject, mask), st)


def _characters(value: Value, st: State) -> int:
    """The characters of a constant string, or of a container of constants; 0 where they are not known."""
    plain = value.const()
    if plain is not None and isinstance(plain.value, str):
        return ch.of(plain.value)
    constants = memberships.constants_of(value, st)
    return ch.of("".join(const_text(c.value) for c in constants)) if constants else 0
