"""`configparser`: sections that are dictionaries, whether they are written by `set`, by item or from a dictionary.

What is read from files is not known; what is set in the program is kept under its section and option.
"""

from __future__ import annotations

from cwelens.flow import assign, scopes
from cwelens.flow.run import Args, Run
from cwelens.flow.state import Obj, State, deep_taints
from cwelens.flow.values import BOOL, INT, NONE, Const, Opaque, Ref, Value, const, join, join_all, opaque
from cwelens.ir import nodes as ir

CONFIG = "configparser.ConfigParser"
_DEFAULT = "DEFAULT"
_TYPED = {"getint": INT, "getfloat": opaque("builtins.float"), "getboolean": BOOL}


def new(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    return run.alloc(st, node, Obj("instance", {}, cls=CONFIG), "config")


def method(run: Run, node: ir.Expr, ref: Ref, obj: Obj, name: str, args: Args, st: State) -> Value | None:
    """A method of a parser; None where its model says what it gives."""
    section, option = (
        assign.as_key(args.positional[i]) if len(args.positional) > i else None for i in (0, 1)
    )
    key = option.lower() if isinstance(option, str) else None
    if name == "add_section" and isinstance(section, str):
        _held(run, node, ref, section, st)
        return NONE
    if name == "set" and len(args.positional) > 2:
        if isinstance(section, str) and key is not None:
            target = _held(run, node, ref, section, st)
            held = scopes.frame_object(target, st)
            if held is not None:
                st.heap[target.atoms[0].loc] = held.with_item(key, args.positional[2])  # type: ignore[attr-defined]
        else:
            st.heap[ref.loc] = obj.with_rest(args.positional[2])
        return NONE
    if name in _TYPED:
        return _TYPED[name]
    if name == "get":
        return _get(obj, section, key, args, st)
    if name == "read_string" and args.positional:
        text = Value((Opaque("builtins.str", deep_taints(args.positional[0], st)),))
        st.heap[ref.loc] = obj.with_rest(text)
        return NONE
    if name == "read_dict" and args.positional:
        _read_dict(run, node, ref, args.positional[0], st)
        return NONE
    if name in ("remove_option", "remove_section") and isinstance(section, str):
        _remove(obj, ref, section, key if name == "remove_option" else None, st)
        return BOOL
    if name == "sections" and obj.rest is None:
        names = [k for k in obj.items if isinstance(k, str) and k != _DEFAULT]
        return run.alloc(st, node, Obj("list", {i: const(n) for i, n in enumerate(names)}), "sections")
    return BOOL if name in ("has_section", "has_option") else None


def _held(run: Run, node: ir.Expr, ref: Ref, section: str, st: State) -> Value:
    """The dictionary of a section, made where it is not there yet."""
    obj = st.obj(ref.loc)
    known = obj.items.get(section) if obj is not None else None
    if known is not None and scopes.frame_object(known, st) is not None:
        return known
    made = run.alloc(st, node, Obj("dict", {}), ("section", section))
    if obj is not None:
        st.heap[ref.loc] = obj.with_item(section, made)
    return made


def _get(obj: Obj, section: object, key: str | None, args: Args, st: State) -> Value | None:
    """The value of an option; what was read from a file is what the models say of such files (None)."""
    fallback = args.keywords.get("fallback")
    if not isinstance(section, str) or key is None:
        found = [v for value in obj.items.values() for v in _values(value, st)]
        if obj.rest is not None:
            found.append(obj.rest)
        return join_all(found) if found else _unknown(fallback)
    for name in (section, _DEFAULT):
        held = scopes.frame_object(obj.items[name], st) if name in obj.items else None
        value = held.items.get(key) if held is not None else None
        if value is not None:
            return value
        if held is not None and held.rest is not None:
            return held.rest if fallback is None else join(held.rest, fallback)
    if obj.rest is not None:
        return obj.rest if fallback is None else join(obj.rest, fallback)
    return _unknown(fallback)


def _unknown(fallback: Value | None) -> Value | None:
    if fallback is None:
        return None
    return join(Value((Opaque("builtins.str", label="the configuration"),)), fallback)


def _values(section: Value, st: State) -> list[Value]:
    held = scopes.frame_object(section, st)
    return [held.everything()] if held is not None and held.everything().atoms else []


def _read_dict(run: Run, node: ir.Expr, ref: Ref, given: Value, st: State) -> None:
    source = scopes.frame_object(given, st)
    obj = st.obj(ref.loc)
    if obj is None:
        return
    if source is None or source.kind != "dict" or source.rest is not None:
        st.heap[ref.loc] = obj.with_rest(Value((Opaque("builtins.str", deep_taints(given, st)),)))
        return
    for name, value in source.items.items():
        held = scopes.frame_object(value, st)
        if held is not None and held.kind == "dict":
            lowered = {k.lower() if isinstance(k, str) else k: v for k, v in held.items.items()}
            made = run.alloc(st, node, Obj("dict", lowered, held.rest, held.keys), ("section", name))
            obj = obj.with_item(name, made)
    st.heap[ref.loc] = obj


def _remove(obj: Obj, ref: Ref, section: str, key: str | None, st: State) -> None:
    if key is None:
        st.heap[ref.loc] = assign.delete_key(obj, section)
        return
    target = obj.items.get(section)
    held = scopes.frame_object(target, st) if target is not None else None
    if target is not None and held is not None and isinstance(target.atoms[0], Ref):
        st.heap[target.atoms[0].loc] = assign.delete_key(held, key)


def section(obj: Obj, key: Value, st: State) -> Value:
    """`config["section"]`"""
    name = key.const()
    if isinstance(name, Const) and isinstance(name.value, str) and name.value in obj.items:
        return obj.items[name.value]
    return obj.rest or Value((Opaque("builtins.dict", label="the configuration"),))
