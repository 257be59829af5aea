"""Patterns of `match`: whether a value matches, what it is then, and the names that a pattern binds."""

from __future__ import annotations

from dataclasses import dataclass

from cwelens.flow import assign, attributes, expressions, scopes, strings, subscripts, truth, typetests
from cwelens.flow.run import Run
from cwelens.flow.state import Obj, State, join_states
from cwelens.flow.values import Const, Opaque, Value, make, taints_of
from cwelens.ir import nodes as ir


@dataclass(slots=True)
class Matched:
    """The state in which a pattern matched (None: it cannot), whether it must, and what the subject is where it did not."""

    state: State | None
    certain: bool
    rest: Value | None


def match(run: Run, pattern: ir.Pattern, subject: ir.Expr, value: Value, st: State) -> Matched:
    """One case of a `match` statement."""
    if isinstance(pattern, ir.PatternCapture):
        inner = Matched(st, True, None)
        if pattern.pattern is not None:
            inner = match(run, pattern.pattern, subject, value, st)
        if pattern.name is not None and inner.state is not None:
            inner.state.env[pattern.name] = (
                inner.state.env.get(subject.id, value)
                if isinstance(subject, ir.Name) and pattern.pattern
                else value
            )
        return inner
    if isinstance(pattern, ir.PatternValue):
        return _constant(run, pattern, subject, value, st)
    if isinstance(pattern, ir.PatternOr):
        done: State | None = None
        certain = False
        rest: Value | None = value
        for part in pattern.patterns:
            one = match(run, part, subject, value if rest is None else rest, st.copy())
            done = join_states(done, one.state)
            certain = certain or one.certain
            rest = one.rest
        return Matched(done, certain, rest)
    verdict = matches(run, pattern, value, st)
    if verdict is False:
        return Matched(None, False, value)
    _capture(run, pattern, value, st)
    types = _types(run, pattern, st)
    if types is not None:
        narrowed = typetests.narrow(value, types, st)
        if narrowed is not None:
            assign.refine(subject, narrowed, st)
        return Matched(st, verdict is True, typetests.without(value, types, st))
    return Matched(st, verdict is True, value)


def _constant(run: Run, pattern: ir.PatternValue, subject: ir.Expr, value: Value, st: State) -> Matched:
    wanted = expressions.evaluate(run, pattern.value, st)
    verdict = truth.compare("==", value, wanted, st)
    if verdict is False:
        return Matched(None, False, value)
    rest = None
    constant = wanted.const()
    if constant is not None:
        left = [a for a in value.atoms if not (isinstance(a, Const) and a.key == constant.key)]
        rest = make(left) if left else None
        assign.refine(subject, wanted, st)
    return Matched(st, verdict is True, rest if rest is not None else value)


def _types(run: Run, pattern: ir.Pattern, st: State) -> list[str] | None:
    """The builtin type of `case int():`, which tells all that the pattern asks for."""
    if isinstance(pattern, ir.PatternClass) and all(
        isinstance(part, ir.PatternCapture) and part.pattern is None for _, part in pattern.patterns
    ):
        return typetests.types_in(expressions.evaluate(run, pattern.cls, st), st)
    return None


def matches(run: Run, pattern: ir.Pattern, value: Value, st: State) -> bool | None:
    """Whether a value matches a pattern, None where that is not decided."""
    if isinstance(pattern, ir.PatternCapture):
        return True if pattern.pattern is None else matches(run, pattern.pattern, value, st)
    if isinstance(pattern, ir.PatternValue):
        return truth.compare("==", value, expressions.evaluate(run, pattern.value, st), st)
    if isinstance(pattern, ir.PatternOr):
        verdicts = [matches(run, part, value, st) for part in pattern.patterns]
        return True if True in verdicts else None if None in verdicts else False
    if isinstance(pattern, ir.PatternSeq):
        return _sequence(run, pattern, value, st)
    if isinstance(pattern, ir.PatternMap):
        return _mapping(run, pattern, value, st)
    types = _types(run, pattern, st)
    return typetests.verdict(value, types, st) if types is not None else None


def _sequence(run: Run, pattern: ir.PatternSeq, value: Value, st: State) -> bool | None:
    kinds = {typetests.kind_of(atom, st) for atom in value.atoms}
    if kinds and None not in kinds and not kinds & {"builtins.list", "builtins.tuple"}:
        return False
    obj = scopes.frame_object(value, st)
    if obj is None or obj.kind not in ("list", "tuple") or obj.rest is not None:
        return None
    star = next((i for i, p in enumerate(pattern.patterns) if isinstance(p, ir.PatternStar)), None)
    count = len(pattern.patterns)
    if len(obj.items) != count if star is None else len(obj.items) < count - 1:
        return False
    values = [obj.items[k] for k in sorted(obj.items)]
    front = count if star is None else star
    pairs = list(zip(pattern.patterns[:front], values))
    if star is not None and star + 1 < count:
        pairs += list(zip(pattern.patterns[star + 1 :], values[star + 1 - count :]))
    return _all([matches(run, part, one, st) for part, one in pairs])


def _mapping(run: Run, pattern: ir.PatternMap, value: Value, st: State) -> bool | None:
    kinds = {typetests.kind_of(atom, st) for atom in value.atoms}
    if kinds and None not in kinds and "builtins.dict" not in kinds:
        return False
    obj = scopes.frame_object(value, st)
    if obj is None or obj.kind != "dict" or obj.rest is not None:
        return None
    verdicts: list[bool | None] = []
    for key_node, part in zip(pattern.keys, pattern.patterns, strict=True):
        key = assign.as_key(expressions.evaluate(run, key_node, st))
        held = obj.items.get(key) if isinstance(key, str | int) else None
        verdicts.append(matches(run, part, held, st) if held is not None else False)
    return _all(verdicts)


def _all(verdicts: list[bool | None]) -> bool | None:
    return False if False in verdicts else None if None in verdicts else True


def _capture(run: Run, pattern: ir.Pattern, value: Value, st: State) -> None:
    """The names that a structural pattern binds, each to the part of the subject it stands for."""
    dummy = ir.Const(None, pattern.pos)
    parts: list[tuple[ir.Pattern, Value]] = []
    if isinstance(pattern, ir.PatternSeq):
        behind = False
        for index, part in enumerate(pattern.patterns):
            if isinstance(part, ir.PatternStar):
                behind = True
                if part.name:
                    st.env[part.name] = _starred(run, pattern, part, index, value, st)
                continue
            place = index - len(pattern.patterns) if behind else index
            parts.append((part, subscripts.item(run, value, Value((Const(place),)), st, dummy)))
    elif isinstance(pattern, ir.PatternMap):
        for key, part in zip(pattern.keys, pattern.patterns, strict=True):
            parts.append((part, subscripts.item(run, value, expressions.evaluate(run, key, st), st, dummy)))
        if pattern.rest:
            st.env[pattern.rest] = value
    elif isinstance(pattern, ir.PatternClass):
        types = typetests.types_in(expressions.evaluate(run, pattern.cls, st), st)
        for name, part in pattern.patterns:
            sub = attributes.attribute(run, value, name, st, dummy) if name else value
            if name is None and types is not None and types[0] in NUMBERS:
                sub = strings.typed(types[0], taints_of(value))
            parts.append((part, sub))
    elif isinstance(pattern, ir.PatternOr):
        parts += [(part, value) for part in pattern.patterns]
    for part, sub in parts:
        if isinstance(part, ir.PatternCapture):
            if part.name:
                st.env[part.name] = sub
            if part.pattern is not None:
                _capture(run, part.pattern, sub, st)
        else:
            _capture(run, part, sub, st)


NUMBERS = ("builtins.int", "builtins.float", "builtins.bool")


def _starred(
    run: Run, pattern: ir.PatternSeq, part: ir.PatternStar, index: int, value: Value, st: State
) -> Value:
    """What `*name` takes: the elements between those that the other parts take."""
    dummy = ir.Const(None, pattern.pos)
    elements = expressions.iterate(run, value, st, dummy)
    if isinstance(elements, list):
        taken = elements[index : len(elements) - (len(pattern.patterns) - index - 1)]
        return run.alloc(st, part, Obj("list", dict(enumerate(taken))))
    content = elements if elements.atoms else Value((Opaque(),))
    return run.alloc(st, part, Obj("list", {}, content))
