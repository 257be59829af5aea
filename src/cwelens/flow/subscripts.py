"""Items and slices of values: `base[key]` and `base[lower:upper]`."""

from __future__ import annotations

from typing import Any

from cwelens.flow import (
    attributes,
    calls,
    configs,
    records,
    regexes,
    strings,
)
from cwelens.flow.run import Args, Run, written
from cwelens.flow.state import Obj, State, deep_taints, map_taints
from cwelens.flow.values import (
    NOTHING,
    Atom,
    Cls,
    Const,
    Func,
    Lib,
    Method,
    Opaque,
    Ref,
    Text,
    Value,
    atom_chars,
    atom_taints,
    const,
    join_all,
    make,
)
from cwelens.flow.values import text as make_text
from cwelens.ir import nodes as ir
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo, FunctionInfo


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
            (
                Opaque(
                    type_,
                    atom.taints,
                    atom.chars,
                    atom.note,
                    attributes.label(atom, "[…]") if atom.label else "",
                ),
            )
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
                        attributes.taint_of(run, row, written(node), run.place(node)),
                    ),
                )
            )
        item = run.models.item_type(atom.name)
        if item is not None:
            return Value((Opaque(item, label=f"{atom.name}[…]"),))
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
                    label=f"{attributes.label(atom.receiver, atom.name)}[…]"[-attributes.LABEL_LIMIT :],
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
