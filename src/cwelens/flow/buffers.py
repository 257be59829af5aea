"""Files in memory: `io.StringIO` and `io.BytesIO` keep what is written into them, and give it back.

A buffer is an object whose one field is all text written so far; where it is read from is not followed, so reading gives any of it.
"""

from __future__ import annotations

from cwelens.flow import strings
from cwelens.flow.run import Args, Run
from cwelens.flow.state import Obj, State, deep_taints
from cwelens.flow.values import NONE, Const, Opaque, Ref, Taints, Value, const, join_taints
from cwelens.ir import nodes as ir

BUFFERS = {
    "io.StringIO": False,
    "io.BytesIO": True,
    "StringIO.StringIO": False,
    "cStringIO.StringIO": False,
}
# No attribute can be called so.
CONTENT = "(content)"


def new(run: Run, node: ir.Expr, name: str, args: Args, st: State) -> Value:
    """`io.StringIO(initial)`"""
    binary = BUFFERS[name]
    initial = args.get(0, "initial_bytes" if binary else "initial_value")
    if initial is None or (initial.const() is not None and initial.atoms[0].key == NONE.atoms[0].key):
        initial = const(b"" if binary else "")
    kind = "io.BytesIO" if binary else "io.StringIO"
    return run.alloc(st, node, Obj("instance", {CONTENT: initial}, cls=kind), "buffer")


def content(obj: Obj | None) -> Value | None:
    """All that was written into a buffer; None for any other object."""
    return obj.items.get(CONTENT) if obj is not None else None


def method(run: Run, node: ir.Expr, ref: Ref, obj: Obj, name: str, args: Args, st: State) -> Value | None:
    """A method of a buffer; None where nothing is known of it."""
    held = obj.items.get(CONTENT, NONE)
    first = args.positional[0] if args.positional else None
    if name == "write" and first is not None:
        append(run, node, ref, first, st)
        return Value((Opaque("builtins.int"),))
    if name == "writelines" and first is not None:
        from cwelens.flow.expressions import iterate

        elements = iterate(run, first, st, node)
        if isinstance(elements, list) and len(elements) <= 24:
            for element in elements:
                append(run, node, ref, element, st)
        else:
            append(run, node, ref, Value((_any_of(first, obj, st),)), st)
        return NONE
    if name in ("getvalue", "getbuffer"):
        return held
    if name == "read" and first is None:
        return held
    if name in ("read", "readline", "read1"):
        return Value((_any_of(held, obj, st),))
    if name == "readlines":
        return run.alloc(st, node, Obj("list", {}, Value((_any_of(held, obj, st),))), "lines")
    if name == "truncate" and first is not None and first.const() is not None:
        atom = first.atoms[0]
        if isinstance(atom, Const) and atom.value == 0:
            st.heap[ref.loc] = obj.with_item(CONTENT, const(b"" if obj.cls == "io.BytesIO" else ""))
        return first
    return None


def append(run: Run, node: ir.Node, ref: Ref, value: Value, st: State) -> None:
    """Text written at the end of a buffer."""
    obj = st.obj(ref.loc)
    if obj is not None and CONTENT in obj.items:
        binary = obj.cls == "io.BytesIO"
        whole = strings.concat([obj.items[CONTENT], value], st, binary, run.place(node))
        st.heap[ref.loc] = obj.with_item(CONTENT, whole)


def lines(obj: Obj, st: State) -> Value:
    """An element of iterating over a buffer."""
    return Value((_any_of(obj.items[CONTENT], obj, st),))


def _any_of(value: Value, obj: Obj, st: State) -> Opaque:
    one = strings.merge(value, st)
    kind = "builtins.bytes" if obj.cls == "io.BytesIO" else "builtins.str"
    return Opaque(kind, one.taints, one.chars, one.note, one.label)


def handed_over(run: Run, node: ir.Expr, args: Args, receiver: Value | None, st: State) -> None:
    """A callee that is not interpreted was given a buffer: it may have written what else it was given, or anything."""
    values = args.all()
    for value in values:
        for atom in value.atoms:
            if isinstance(atom, Ref) and content(st.obj(atom.loc)) is not None:
                taints: Taints = ()
                for other in [*values, *([receiver] if receiver is not None else [])]:
                    if other is not value:
                        taints = join_taints(taints, deep_taints(other, st))
                kind = (
                    "builtins.bytes"
                    if (st.obj(atom.loc) or Obj("", {})).cls == "io.BytesIO"
                    else "builtins.str"
                )
                append(run, node, atom, Value((Opaque(kind, taints),)), st)
