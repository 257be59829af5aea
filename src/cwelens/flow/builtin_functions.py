"""The builtin functions of Python, and a few of its library that are as common: conversions, sequences, attributes by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cwelens.base import chars as ch
from cwelens.flow import (
    assign,
    attributes,
    buffers,
    containers,
    expressions,
    path_values,
    protocols,
    scopes,
    sizes,
    strings,
    truth,
    typetests,
)
from cwelens.flow.run import Args, Run
from cwelens.flow.state import Obj, State, deep_taints
from cwelens.flow.values import (
    BOOL,
    INT,
    NONE,
    UNKNOWN,
    Atom,
    Const,
    Lib,
    Opaque,
    Origin,
    Ref,
    Taint,
    Trail,
    Value,
    const,
    join,
    join_all,
    make,
    opaque,
)
from cwelens.ir import nodes as ir


def to_text(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`str`: the text of a value."""
    if not args.positional:
        return const("")
    value = path_values.path_text(args.positional[0], st)
    if len(args.positional) == 1 and not args.keywords:
        # With an encoding, it decodes.
        value = protocols.as_text(run, value, st, node)
    return strings.concat([value], st, False, run.place(node))


def length(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`len`: exact where all elements are known."""
    if args.positional:
        obj = scopes.frame_object(args.positional[0], st)
        if obj is not None and obj.rest is None and obj.kind != "instance":
            return const(len(obj.items))
        atom = args.positional[0].const()
        if atom is not None and isinstance(atom.value, str | bytes):
            return const(len(atom.value))
    return INT


def number(type_: Callable[[Any], Any], name: str) -> Callable[[Run, ir.Expr, Args, State], Value]:
    """A conversion to a number."""

    def convert(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
        if not args.positional:
            return const(type_(0))
        atom = args.positional[0].const()
        if atom is not None and len(args.positional) == 1 and isinstance(atom.value, str | int | float):
            try:
                return const(type_(atom.value))
            except (ValueError, OverflowError):
                return opaque(name)
        return strings.typed(name, deep_taints(args.positional[0], st))

    return convert


def to_bool(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`bool`: the truth of a value."""
    verdict = truth.truth(args.positional[0], st) if args.positional else False
    return BOOL if verdict is None else const(verdict)


def sequence(kind: str) -> Callable[[Run, ir.Expr, Args, State], Value]:
    """A constructor of a list, a tuple or a set."""

    def build(run: Run, node: ir.Expr, args: Args, st: State) -> Value:

        if not args.positional:
            return run.alloc(st, node, Obj(kind, {}))
        elements = expressions.iterate(run, args.positional[0], st, node)
        if isinstance(elements, list) and len(elements) <= 128:
            return run.alloc(st, node, Obj(kind, dict(enumerate(elements))))
        content = elements if isinstance(elements, Value) else join_all(elements)
        return run.alloc(st, node, Obj(kind, {}, content))

    return build


def new_dict(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`dict`: from pairs, another dictionary and keyword arguments."""
    base = Obj("dict", {})
    value = run.alloc(st, node, base)
    atom = value.atoms[0]
    if isinstance(atom, Ref):
        st.heap[atom.loc] = base
        containers.update(atom, base, args, st)
    return value


def same(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """A function that gives back what it is given."""
    return args.positional[0] if args.positional else UNKNOWN


def ordered(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`sorted` and `reversed`: the same elements."""
    if not args.positional:
        return UNKNOWN
    content = containers.elements(run, args.positional[0], st, node)
    obj = scopes.frame_object(args.positional[0], st)
    if (
        obj is not None
        and obj.rest is None
        and isinstance(node, ir.Call)
        and written_name(node) == "reversed"
        and obj.kind != "dict"
    ):
        values = [obj.items[k] for k in sorted(obj.items)][::-1]
        return run.alloc(st, node, Obj("list", dict(enumerate(values))))
    return run.alloc(st, node, Obj("list", {}, content if content.atoms else None))


def written_name(node: ir.Call) -> str:
    """The last part of a callee's name as it is written."""
    return (
        node.func.id
        if isinstance(node.func, ir.Name)
        else node.func.name
        if isinstance(node.func, ir.Attr)
        else ""
    )


def one_of(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`min`, `max`, `next`, `random.choice`: one of the elements or arguments."""
    if written_name_of(node) == "next" and len(args.positional) == 1:
        atom = args.positional[0].atoms[0] if len(args.positional[0].atoms) == 1 else None
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if (
            isinstance(atom, Ref)
            and obj is not None
            and obj.kind == "list"
            and obj.rest is None
            and 0 in obj.items
        ):
            st.heap[atom.loc] = assign.delete_key(obj, 0)
            return obj.items[0]
    if len(args.positional) == 1 or (args.positional and written_name_of(node) in ("next", "choice")):
        content = containers.elements(run, args.positional[0], st, node)
        out = content if content.atoms else UNKNOWN
        if len(args.positional) > 1:
            out = join(out, args.positional[1])
    elif args.positional:
        out = join_all(args.positional)
    else:
        out = UNKNOWN
    return join(out, args.keywords["default"]) if "default" in args.keywords else out


def minimum(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`min(number, 100)`: not more than what the code says."""
    value = one_of(run, node, args, st)
    if len(args.positional) > 1 and any(not deep_taints(a, st) for a in args.positional):
        value = sizes.cut(value, f"`min()` at line {node.pos[0]}")
    return value


def written_name_of(node: ir.Expr) -> str:
    """As `written_name`, empty for what is no call."""
    return written_name(node) if isinstance(node, ir.Call) else ""


def enumerated(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`enumerate`: pairs of numbers and elements."""
    if not args.positional:
        return UNKNOWN
    elements = expressions.iterate(run, args.positional[0], st, node)
    if isinstance(elements, list) and len(elements) <= 16 and len(args.positional) == 1:
        pairs = {i: run.alloc(st, node, Obj("tuple", {0: const(i), 1: e}), i) for i, e in enumerate(elements)}
        return run.alloc(st, node, Obj("list", dict(pairs)))
    content = elements if isinstance(elements, Value) else join_all(elements)
    pair = run.alloc(st, node, Obj("tuple", {0: INT, 1: content}), "pair")
    return run.alloc(st, node, Obj("list", {}, pair))


def zipped(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`zip`: tuples with an element of each iterable."""
    rows = [expressions.iterate(run, a, st, node) for a in args.positional]
    exact = [row for row in rows if isinstance(row, list)]
    if exact and len(exact) == len(rows) and min(map(len, exact)) <= 16:
        pairs = {
            i: run.alloc(st, node, Obj("tuple", dict(enumerate(row))), i) for i, row in enumerate(zip(*exact))
        }
        return run.alloc(st, node, Obj("list", dict(pairs)))
    contents = {i: containers.elements(run, a, st, node) for i, a in enumerate(args.positional)}
    pair = run.alloc(st, node, Obj("tuple", dict(contents)), "pair")
    return run.alloc(st, node, Obj("list", {}, pair))


def numbers(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`range`: the numbers themselves where they are few and known."""
    plain = strings.python_values(args.positional)
    if (
        plain is not None
        and all(isinstance(p, int) for p in plain)
        and 1 <= len(plain) <= 3
        and (len(plain) < 3 or plain[2])
    ):
        numbers = range(*plain)
        if len(numbers) <= 8:
            return run.alloc(st, node, Obj("list", {i: const(n) for i, n in enumerate(numbers)}))
    return run.alloc(st, node, Obj("list", {}, INT))


def get_attribute(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`getattr`: the attribute where its name is known, else any."""
    if len(args.positional) < 2:
        return UNKNOWN
    out: list[Value] = []
    for atom in args.positional[1].atoms:
        if isinstance(atom, Const) and isinstance(atom.value, str):
            out.append(attributes.attribute(run, args.positional[0], atom.value, st, node))
        else:
            out.append(Value((Opaque(None, deep_taints(args.positional[0], st), label="getattr()"),)))
    if len(args.positional) > 2:
        out.append(args.positional[2])
    return join_all(out) if out else UNKNOWN


def set_attribute(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`setattr`: the attribute where its name is known."""
    name = assign.as_key(args.positional[1]) if len(args.positional) > 2 else None
    if isinstance(name, str):
        for atom in args.positional[0].atoms:
            obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
            if obj is not None and isinstance(atom, Ref):
                st.heap[atom.loc] = obj.with_item(name, args.positional[2])
    return NONE


def representation(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`repr`: quoted, and without line breaks."""
    return strings.represented(args.positional[0], st) if args.positional else UNKNOWN


def character(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`chr`."""
    atom = args.positional[0].const() if args.positional else None
    if atom is not None and isinstance(atom.value, int) and 0 <= atom.value < 0x110000:
        return const(chr(atom.value))
    return opaque("builtins.str", deep_taints(args.positional[0], st) if args.positional else ())


def code_point(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`ord`."""
    atom = args.positional[0].const() if args.positional else None
    if atom is not None and isinstance(atom.value, str) and len(atom.value) == 1:
        return const(ord(atom.value))
    return INT


def digits(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`hex`, `oct` and `bin`: digits only."""
    atom = args.positional[0].const() if args.positional else None
    if atom is not None and isinstance(atom.value, int):
        return const(hex(atom.value))
    return opaque("builtins.str", (), ch.of("-0123456789abcdefx"))


def deepcopy(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`copy.copy` and `copy.deepcopy`: an object of its own with the same contents."""
    out: list[Atom] = []
    for atom in args.positional[0].atoms if args.positional else ():
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if obj is not None:
            out.extend(
                run.alloc(st, node, Obj(obj.kind, dict(obj.items), obj.rest, obj.keys, obj.cls), "copy").atoms
            )
        else:
            out.append(atom)
    return make(out) if out else UNKNOWN


def type_of(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`type`: the class of an object."""
    out: list[Atom] = []
    for atom in args.positional[0].atoms if args.positional else ():
        type_ = assign.type_of_atom(atom, st)
        if isinstance(atom, Const):
            out.append(Lib(f"builtins.{type(atom.value).__name__}"))
        elif type_ is not None:
            out.append(Lib(type_))
        else:
            out.append(Opaque())
    return make(out) if out else UNKNOWN


def printed(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`print(…, file=buffer)` writes into the buffer."""
    target = args.keywords.get("file")
    for atom in target.atoms if target is not None else ():
        if isinstance(atom, Ref) and buffers.content(st.obj(atom.loc)) is not None:
            for index, value in enumerate(args.positional):
                if index:
                    buffers.append(run, node, atom, args.keywords.get("sep", const(" ")), st)
                buffers.append(run, node, atom, value, st)
            buffers.append(run, node, atom, args.keywords.get("end", const("\n")), st)
    return NONE


def of_class(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`isinstance`: decided where the types are known."""
    types = typetests.types_in(args.positional[1], st) if len(args.positional) == 2 else None
    verdict = typetests.verdict(args.positional[0], types, st) if types is not None else None
    return BOOL if verdict is None else const(verdict)


def ternary_bool(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """A test whose outcome is not known."""
    return BOOL


def normal_form(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`unicodedata.normalize`: look-alikes become the characters themselves, so that what was escaped before may need it again."""
    value = args.get(1, "unistr")
    if value is None:
        return UNKNOWN
    plain = value.const()
    if plain is not None:
        return value
    one = strings.merge(value, st)
    undone = (
        "html",
        "html.script",
        "html.url",
        "shell",
        "path",
        "path.dots",
        "path.dotslash",
        "path.absolute",
        "sql",
        "xpath",
    )
    taints = tuple(t.without(undone) for t in one.taints)
    return Value(
        (
            Opaque(
                "builtins.str", taints, ch.ALL if one.chars & ch.NON_ASCII else one.chars, one.note, one.label
            ),
        )
    )


def stack_trace(type_: str) -> Callable[[Run, ir.Expr, Args, State], Value]:
    """What `traceback` tells of the error that is being handled, or of the calls that are running."""

    def trace(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
        place = run.place(node)
        origin = Origin("exception", "exception", "the stack trace", place)
        taint = Taint(origin, {}, Trail(None, place, "the stack trace is made into text"))
        return opaque(type_, (taint,))

    return trace
