"""Special methods of the program's own classes: what a loop, `str()` and an operator get."""

from __future__ import annotations

from cwelens.flow import attributes, calls, expressions, strings
from cwelens.flow.run import Args, Run
from cwelens.flow.state import Obj, State
from cwelens.flow.values import Atom, Func, Ref, Value, make
from cwelens.ir import nodes as ir
from cwelens.resolve.symbols import ClassInfo


def elements(run: Run, ref: Ref, obj: Obj, st: State, node: ir.Node) -> list[Value] | Value | None:
    """What iterating over an object of the program gives; None where its class does not say."""
    if not isinstance(obj.cls, ClassInfo):
        return None
    given = _called(run, ref, "__iter__", st, node)
    if given is None:
        return None
    if any(isinstance(a, Ref) and a.loc == ref.loc for a in given.atoms):
        return _called(run, ref, "__next__", st, node)
    return expressions.iterate(run, given, st, node)


def _called(run: Run, ref: Ref, name: str, st: State, node: ir.Node, *arguments: Value) -> Value | None:
    """What a method of the object gives back; None where the program has no such method."""
    expr = node if isinstance(node, ir.Expr) else ir.Const(None, node.pos)
    method = attributes.attribute(run, Value((ref,)), name, st, expr)
    if not any(isinstance(a, Func) for a in method.atoms):
        return None
    value = calls.call_value(run, expr, method, Args(list(arguments), {}), st)
    run.last_exits.pop(id(expr), None)
    return value if value.atoms else None


OPERATORS = {
    "+": "__add__",
    "-": "__sub__",
    "*": "__mul__",
    "/": "__truediv__",
    "//": "__floordiv__",
    "%": "__mod__",
    "|": "__or__",
    "&": "__and__",
}


def _own(atom: Atom, st: State) -> bool:
    obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
    return obj is not None and isinstance(obj.cls, ClassInfo)


def as_text(run: Run, value: Value, st: State, node: ir.Expr) -> Value:
    """The text form of a value: objects with a `__str__` of their own give what that gives, containers and bytes their `repr()`."""
    if not any(_own(atom, st) or strings.is_shown(atom, st) for atom in value.atoms):
        return value
    out: list[Atom] = []
    for atom in value.atoms:
        if strings.is_shown(atom, st):
            out += strings.represented(Value((atom,)), st).atoms
            continue
        text = _called(run, atom, "__str__", st, node) if isinstance(atom, Ref) and _own(atom, st) else None
        out += [atom] if text is None else text.atoms
    return make(out)


def operate(run: Run, op: str, left: Value, right: Value, st: State, node: ir.Node) -> Value | None:
    """`left op right` by a method of the left operand's class; None where it has none."""
    name = OPERATORS.get(op)
    atom = left.atoms[0] if len(left.atoms) == 1 else None
    if name is None or not isinstance(atom, Ref) or not _own(atom, st):
        return None
    return _called(run, atom, name, st, node, right)
