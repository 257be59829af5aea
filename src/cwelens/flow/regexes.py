"""Regular expressions: what a match gives back, and what a test by one tells about its subject."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cwelens.base import chars as ch
from cwelens.base.regex.admits import Admission, absent_unless_found, admits, removes
from cwelens.flow import assign, expressions, scopes, strings
from cwelens.flow.run import Args, Run
from cwelens.flow.state import Obj, State, deep_taints
from cwelens.flow.values import (
    NONE,
    UNKNOWN,
    Atom,
    Const,
    Opaque,
    Taints,
    Value,
    const,
    join_all,
    join_taints,
    make,
)
from cwelens.flow.values import text as make_text
from cwelens.ir import nodes as ir

MATCH = "re.Match"
MATCHING = ("match", "fullmatch", "search")


# Calls


def function(
    run: Run, node: ir.Expr, name: str, args: Args, receiver: Value | None, st: State
) -> Value | None:
    """A function of `re`, or a method of a compiled expression; None for any other."""
    if name == "re.compile":
        return _compiled(run, node, args, st)
    pattern, flags, rest = _parts(name, args, receiver, st)
    method = name.rpartition(".")[2]
    if method in ("sub", "subn") and not args.keywords.keys() & {"count"}:
        result = _sub(run, pattern, rest.get(0, "repl"), rest.get(1, "string"), flags, st)
        return result if method == "sub" else None
    subject = rest.get(0, "string")
    if subject is None or method not in (*MATCHING, "findall", "finditer"):
        return None
    said = _admission(pattern, flags, method if method in MATCHING else "search")
    one = strings.merge(subject, st)
    if method == "findall":
        return _found(run, node, said, one, st)
    match = _match(run, node, said, one, st)
    if method == "finditer":
        return run.alloc(st, node, Obj("list", {}, match), "matches")
    return make([*NONE.atoms, *match.atoms])


def _parts(
    name: str, args: Args, receiver: Value | None, st: State
) -> tuple[Value | None, Value | None, Args]:
    """The pattern, the flags, and the other arguments, whether the expression was compiled before or not."""
    if name.startswith("re.Pattern."):
        obj = scopes.frame_object(receiver, st) if receiver is not None else None
        items = obj.items if obj is not None else {}
        return items.get("pattern"), items.get("flags"), args
    position = {"sub": 4, "subn": 4, "split": 3}.get(name.rpartition(".")[2], 2)
    rest = Args(args.positional[1:], args.keywords)
    return args.get(0, "pattern"), args.get(position, "flags"), rest


def _admission(pattern: Value | None, flags: Value | None, method: str) -> Admission | None:
    constant = pattern.const() if pattern is not None else None
    if constant is None or not isinstance(constant.value, str | bytes):
        return None
    return admits(constant.value, flags_of(flags), method)


def flags_of(flags: Value | None) -> int:
    number = assign.as_key(flags) if flags is not None else 0
    return number if isinstance(number, int) else 0


def _piece(one: Opaque, mask: int | None) -> Value:
    """A part of the subject that holds only these characters."""
    chars = one.chars if mask is None else one.chars & mask
    return Value((Opaque("builtins.str", one.taints, chars, one.note, one.label),))


def _match(run: Run, node: ir.Expr, said: Admission | None, one: Opaque, st: State) -> Value:
    """A match object: what each group may hold; group 0 is all that matched, `...` any other."""
    items: dict[Any, Value] = {0: _piece(one, said.matched if said is not None else None)}
    if said is None:
        items[...] = _piece(one, None)
    else:
        items.update({key: _piece(one, mask) for key, mask in said.groups.items()})
    return run.alloc(st, node, Obj("instance", items, cls=MATCH), "match")


def _found(run: Run, node: ir.Expr, said: Admission | None, one: Opaque, st: State) -> Value:
    """`findall`: the matched texts, the groups where there is one, tuples of them where there are several."""
    element = _piece(one, said.matched if said is not None else None)
    groups = {k: m for k, m in said.groups.items() if isinstance(k, int)} if said is not None else {}
    if said is None:
        element = Value((Opaque(None, one.taints, one.chars, one.note, one.label),))
    elif len(groups) == 1:
        element = _piece(one, next(iter(groups.values())))
    elif groups:
        fields = {i: _piece(one, mask) for i, mask in enumerate(groups.values())}
        element = run.alloc(st, node, Obj("tuple", dict(fields)), "groups")
    return run.alloc(st, node, Obj("list", {}, element), "found")


def group(obj: Obj, key: Value) -> Value:
    """`match[key]`"""
    name = assign.as_key(key)
    known = obj.items.get(name) if isinstance(name, int | str) else None
    if known is not None:
        return known
    return join_all([v for k, v in obj.items.items() if k != 0] or list(obj.items.values()))


def method(run: Run, node: ir.Expr, obj: Obj, name: str, args: Args, st: State) -> Value | None:
    """A method of a match object; None where its model says what it gives."""
    if name == "group":
        if len(args.positional) < 2:
            return group(obj, args.positional[0] if args.positional else const(0))
        parts = {i: group(obj, key) for i, key in enumerate(args.positional)}
        return run.alloc(st, node, Obj("tuple", dict(parts)), "groups")
    if name == "groups":
        if ... in obj.items:
            return run.alloc(st, node, Obj("tuple", {}, obj.items[...]), "groups")
        numbers = sorted(k for k in obj.items if isinstance(k, int) and k)
        return run.alloc(st, node, Obj("tuple", {i: obj.items[k] for i, k in enumerate(numbers)}), "groups")
    if name == "groupdict":
        named = {k: v for k, v in obj.items.items() if isinstance(k, str)}
        return run.alloc(st, node, Obj("dict", dict(named), obj.items.get(...)), "groups")
    return None


def _compiled(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    pattern = args.get(0, "pattern") or UNKNOWN
    flags = args.get(1, "flags")
    items: dict[Any, Value] = {"pattern": pattern}
    if flags is not None:
        items["flags"] = flags
    return run.alloc(st, node, Obj("instance", items, cls="re.Pattern"))


def _sub(
    run: Run, pattern: Value | None, repl: Value | None, subject: Value | None, flags: Value | None, st: State
) -> Value:
    """`re.sub(pattern, repl, string)`: the string without the characters that the pattern takes out."""
    if subject is None:
        return UNKNOWN
    one = strings.merge(subject, st)
    mask = one.chars
    taints: Taints = one.taints
    plain = strings.python_values([v for v in (pattern, repl) if v is not None])
    if repl is not None:
        taints = join_taints(taints, deep_taints(repl, st))
    if plain is not None and len(plain) == 2 and all(isinstance(p, str) for p in plain):
        gone = removes(plain[0], flags_of(flags), plain[1])
        mask |= ch.of(plain[1])
        if gone:
            mask &= ~gone
    else:
        mask = ch.ALL
    return Value((Opaque("builtins.str", taints, mask, one.note, one.label),))


# Tests


def pattern_of(run: Run, node: ir.Call, name: str, st: State) -> tuple[str, int, ir.Expr] | None:
    """The pattern, flags and subject expression of a call of `re.match` and the like, or of a compiled pattern's method."""
    if name.startswith("re.Pattern."):
        base = expressions.evaluate(run, node.func.base, st) if isinstance(node.func, ir.Attr) else UNKNOWN
        obj = scopes.frame_object(base, st)
        if obj is None or "pattern" not in obj.items or not node.args:
            return None
        pattern, flags = obj.items["pattern"].const(), obj.items.get("flags")
        subject = node.args[0]
    else:
        if len(node.args) < 2:
            return None
        pattern = expressions.evaluate(run, node.args[0], st).const()
        given = (
            node.args[2] if len(node.args) > 2 else next((v for k, v in node.keywords if k == "flags"), None)
        )
        flags = expressions.evaluate(run, given, st) if given is not None else None
        subject = node.args[1]
    if pattern is None or not isinstance(pattern.value, str):
        return None
    return pattern.value, flags_of(flags), subject


def is_test(run: Run, callee: Value, st: State) -> bool:
    """Whether a callee gives a match object or None."""
    for atom in callee.atoms:
        name = getattr(atom, "name", "")
        owner = assign.type_of_atom(atom.receiver, st) if hasattr(atom, "receiver") else ""
        full = f"{owner}.{name}" if owner else name
        if full.startswith("re.") and full.rpartition(".")[2] in MATCHING:
            return True
    return False


def assume(
    run: Run,
    node: ir.Call,
    name: str,
    st: State,
    wanted: bool,
    value_of: Callable[[ir.Expr], Value],
    restrict: Callable[[Value, int], Value],
) -> State:
    """`re.fullmatch(pattern, x)` and the like, also on a compiled pattern: x is what the pattern admits."""
    how = name.rpartition(".")[2]
    found = pattern_of(run, node, name, st) if how in MATCHING else None
    if found is None:
        return st
    pattern, flags, subject = found
    value = value_of(subject)
    if not wanted:
        absent = absent_unless_found(pattern, flags) if how == "search" else 0
        if absent:
            assign.refine(subject, restrict(value, ch.ALL & ~absent), st)
        return st
    said = admits(pattern, flags, how)
    if said is None or not said.whole:
        return st
    if said.literals is not None:
        kept = [Const(text) for text in sorted(said.literals) if isinstance(text, str)]
        if kept and len(kept) <= 10:
            assign.refine(subject, make(list(kept)), st)
            return st
    mask = said.chars
    if said.trailing_newline and not said.matched & ch.of("\n"):
        # One newline at the very end, where `$` lets it pass, starts nothing.
        mask &= ~ch.of("\n")
    narrowed = restrict(value, mask)
    if said.prefix and isinstance(said.prefix, str):
        atoms: list[Atom] = []
        for atom in narrowed.atoms:
            if isinstance(atom, Opaque) and atom.taints:
                atoms.append(make_text([said.prefix, atom]))
            else:
                atoms.append(atom)
        narrowed = make(atoms)
    assign.refine(subject, narrowed, st)
    return st
