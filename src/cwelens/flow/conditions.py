"""Conditions of model rows, judged on abstract arguments: True, False, or None where the value does not tell."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from cwelens.flow.run import Args, Run
from cwelens.flow.state import State
from cwelens.flow.values import Cls, Const, Lib, Method, Opaque, Ref, Text, Value

if TYPE_CHECKING:
    from cwelens.models.schema import Condition, ConditionalRow


Lookup: TypeAlias = Callable[[str], "Value | None"]


def holds_all(
    row: ConditionalRow, run: Run, args: Args, receiver: Value | None, st: State, lookup: Lookup | None = None
) -> bool | None:
    """Whether the row counts: all of `when`, one group of `any`, no group of `unless`. `lookup` gives attributes of the receiver."""

    def judge(condition: Condition) -> bool | None:
        port = condition.port
        if port.kind == "attr":
            value = lookup(port.keyword or "") if lookup is not None else None
            return holds(condition, run, [] if value is None else [value], st)
        values = args.at(port, receiver)
        if (
            not values
            and port.kind == "arg"
            and (args.starstar is not None or (args.star is not None and port.position is not None))
        ):
            return None
        return holds(condition, run, values, st)

    return _decide(row, judge)


def holds_value(
    row: ConditionalRow, run: Run, value: Value, st: State, lookup: Lookup | None = None
) -> bool | None:
    """The same for a setting: its conditions speak of the value set, or of other attributes of its owner."""

    def judge(condition: Condition) -> bool | None:
        if condition.port.kind == "attr":
            other = lookup(condition.port.keyword or "") if lookup is not None else None
            return holds(condition, run, [] if other is None else [other], st)
        return holds(condition, run, [value], st)

    return _decide(row, judge)


def _decide(row: ConditionalRow, judge: Callable[[Condition], bool | None]) -> bool | None:
    verdict = _all([judge(c) for c in row.when])
    if verdict is False:
        return False
    if row.any_of:
        groups = [_all([judge(c) for c in group]) for group in row.any_of]
        verdict = _all([verdict, True if True in groups else None if None in groups else False])
    if row.unless and verdict is not False:
        # A condition on a value that is not known does not hold, so it does not excuse either.
        if any(_all([judge(c) for c in group]) is True for group in row.unless):
            return False
    return verdict


def _all(verdicts: list[bool | None]) -> bool | None:
    if False in verdicts:
        return False
    return None if None in verdicts else True


def holds(condition: Condition, run: Run, values: list[Value], st: State) -> bool | None:
    """One condition on the values at its port; empty where nothing is given there."""
    operator, operand = condition.operator, condition.operand
    if condition.item is not None:
        values = items_under(values, condition.item, st)
    if operator == "absent":
        return not values
    if operator == "present":
        return bool(values)
    if not values:
        return condition.holds_when_absent
    verdicts = {
        _atom(condition, operator, operand, atom, run, st) for value in values for atom in value.atoms
    }
    if len(verdicts) == 1:
        return verdicts.pop()
    return None


def items_under(values: list[Value], item: str | int, st: State) -> list[Value]:
    """The elements under a key or position of containers whose contents are known."""
    out: list[Value] = []
    for value in values:
        for atom in value.atoms:
            obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
            if obj is not None and item in obj.items:
                out.append(obj.items[item])
            elif obj is None or obj.rest is not None:
                out.append(Value((Opaque(),)))
    return out


def _atom(condition: Condition, operator: str, operand: Any, atom: Any, run: Run, st: State) -> bool | None:
    if operator in ("name", "not_name"):
        found = _named(operand, atom, run)
        return found if operator == "name" or found is None else not found
    if operator == "type":
        return _typed(operand, atom, run, st)
    if operator == "sequence":
        return _sequence(atom, st, bool(operand))
    if operator == "lacks":
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if obj is None or obj.rest is not None:
            return None
        held = [c.value for c in (v.const() for v in obj.items.values()) if c is not None]
        return operand not in held
    if operator == "contains":
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if obj is None:
            return None
        held = [c.value for c in (v.const() for v in obj.items.values()) if c is not None]
        return operand in held
    if operator == "constant":
        return _literal(atom) is bool(operand)
    if operator == "fixed":
        return (isinstance(atom, Const) and bool(atom.value)) is bool(operand)
    if operator == "none":
        if isinstance(atom, Const):
            return (atom.value is None) is bool(operand)
        return None if isinstance(atom, Opaque) else not operand
    if not isinstance(atom, Const):
        if isinstance(atom, Text) and operator in ("matches", "not_matches"):
            literal = "\x00".join(p if isinstance(p, str) else "" for p in atom.parts)
            return bool(condition.pattern.search(literal)) is (operator == "matches") or None
        return None
    value = atom.value
    if operator == "is":
        return _same(value, operand)
    if operator == "is_not":
        return not _same(value, operand)
    if operator == "in":
        return any(_same(value, o) for o in operand)
    if operator == "not_in":
        return not any(_same(value, o) for o in operand)
    if operator == "below":
        return isinstance(value, int | float) and not isinstance(value, bool) and value < operand
    if operator in ("bits", "bits_any"):
        return isinstance(value, int) and bool(value & operand)
    if operator == "clear":
        return isinstance(value, int) and value & operand != operand
    if operator in ("matches", "not_matches"):
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        if not isinstance(text, str):
            return False
        return bool(condition.pattern.search(text)) is (operator == "matches")
    return None


def _same(value: Any, operand: Any) -> bool:
    if isinstance(operand, bool):
        # `debug=1` and `verify=0` say the same as the truth values.
        return isinstance(value, int) and value == operand
    if isinstance(value, bool):
        return False
    return bool(value == operand)


def _named(operand: tuple[str, ...], atom: Any, run: Run) -> bool | None:
    if isinstance(atom, Lib):
        return any(run.models.canonical(o) == atom.name for o in operand)
    if isinstance(atom, Method):
        return f"{atom.type}.{atom.name}" in operand if atom.type else None
    if isinstance(atom, Opaque):
        if atom.type is None:
            return None
        return any(atom.type == run.models.canonical(o) for o in operand)
    return False


def _typed(operand: tuple[str, ...], atom: Any, run: Run, st: State) -> bool | None:
    type_: str | None = None
    if isinstance(atom, Opaque):
        type_ = atom.type
    elif isinstance(atom, Const):
        type_ = f"builtins.{type(atom.value).__name__}"
    elif isinstance(atom, Text):
        type_ = "builtins.bytes" if atom.binary else "builtins.str"
    elif isinstance(atom, Ref):
        obj = st.obj(atom.loc)
        type_ = None if obj is None else obj.cls if isinstance(obj.cls, str) else f"builtins.{obj.kind}"
    elif isinstance(atom, Cls):
        return False
    if type_ is None:
        return None
    return any(run.models.canonical(o) in run.models.bases(type_) for o in operand)


def _sequence(atom: Any, st: State, wanted: bool) -> bool | None:
    if isinstance(atom, Ref):
        obj = st.obj(atom.loc)
        return (obj is not None and obj.kind in ("list", "tuple")) is wanted
    if isinstance(atom, Const | Text):
        return not wanted
    if isinstance(atom, Opaque) and atom.type is not None:
        return (atom.type in ("builtins.list", "builtins.tuple")) is wanted
    return None


PLACEHOLDERS = re.compile(
    r"(?i)^(?:|none|null|todo|fixme|test|xxx+|\*+|\.+|<.*>|\{.*\}|\$\{?\w+\}?|%\(?\w+\)?s?|your[-_ ].*|my[-_ ]?(?:secret|password|key)|"
    r"change[-_ ]?(?:me|this|it)?|guest|anonymous|replace[-_ ]?me.*|example|sample|dummy|placeholder|insert[-_ ].*|enter[-_ ].*|unused|[-\w ]*[-_ ](?:missing|undefined|unset|not[-_ ]set)!*|n/?a|env:.*|x-(?:oauth|token|api)[-\w]*)$"
)


def placeholder(text: str) -> bool:
    """Whether a literal only stands where a real value will go."""
    return bool(PLACEHOLDERS.match(text.strip()))


def _literal(atom: Any) -> bool | None:
    """Whether an atom is a non-empty literal of the code that is no placeholder."""
    if isinstance(atom, Const):
        value = atom.value.decode("latin-1") if isinstance(atom.value, bytes) else atom.value
        return isinstance(value, str) and atom.place is not None and not placeholder(value)
    return False


__all__ = ["Lookup", "holds", "holds_all", "holds_value", "placeholder"]
