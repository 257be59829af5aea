"""What methods of strings tell: prefixes, suffixes and character classes."""

from __future__ import annotations

from typing import Any

from cwelens.base import chars as ch
from cwelens.flow import (
    assign,
    common_paths,
    guards,
    hosts,
    memberships,
    narrowing,
    paths,
    scopes,
    strings,
    validators,
)
from cwelens.flow.run import Run
from cwelens.flow.state import State, map_taints
from cwelens.flow.values import Atom, Const, Method, Opaque, Text, Value, atom_taints, make, taints_of
from cwelens.flow.values import text as make_text
from cwelens.ir import nodes as ir


def method(run: Run, node: ir.Call, func: ir.Attr, st: State, wanted: bool) -> State | None:
    """Tests that are methods of a string; None where the method is not one."""
    name = func.name
    subject = func.base
    if name in ch.STR_PREDICATES and not node.args:
        if wanted:
            assign.refine(
                subject,
                _nonempty(narrowing.restrict(guards.known_value(run, subject, st), ch.STR_PREDICATES[name])),
                st,
            )
        return st
    if name in ("startswith", "endswith") and node.args:
        return affix(run, node, name, subject, st, wanted)
    if name in ("match", "fullmatch", "search"):
        return None
    if name == "is_absolute" and not wanted:
        why = narrowing.reason(run, node, "`is_absolute`")
        narrowing.neutralise(run, subject, ("path.absolute",), why, st)
        narrowing.neutralise_origin(run, subject, (hosts.LOCAL,), why, st)
        return st
    if name == "issubset" and wanted and node.args:
        validators.assume_subset(run, subject, guards.known_value(run, node.args[0], st), st)
        return st
    if name == "is_relative_to" and wanted:
        common_paths.below(run, subject, narrowing.reason(run, node, "`is_relative_to`"), st)
        return st
    return None


def _nonempty(value: Value) -> Value:
    return value


def affix(run: Run, node: ir.Call, name: str, subject: ir.Expr, st: State, wanted: bool) -> State | None:
    """The state in which `startswith` or `endswith` came out as wanted."""
    value = guards.known_value(run, subject, st)
    argument = guards.known_value(run, node.args[0], st)
    constants = [argument.const()] if argument.const() is not None else memberships.constants_of(argument, st)
    texts = [c.value for c in constants or [] if c is not None and isinstance(c.value, str)]
    why = narrowing.reason(run, node, f"`.{name}()`")
    if not wanted:
        if name == "startswith" and any(text in ("/", "\\") for text in texts):
            narrowing.neutralise(run, subject, ("path.absolute",), why, st)
        if name == "startswith" and "-" in texts:
            narrowing.neutralise(run, subject, ("argument",), why, st)
        if name == "startswith" and "//" in texts:
            narrowing.neutralise(run, subject, ("redirect.slashes",), why, st)
        return st
    if name == "endswith":
        return _assume_suffix(run, subject, value, texts, constants, st, why)
    atoms: list[Atom] = []
    normal = False
    for atom in value.atoms:
        if isinstance(atom, Const) and isinstance(atom.value, str) and texts:
            if atom.value.startswith(tuple(texts)):
                atoms.append(atom)
            continue
        if isinstance(atom, Opaque | Method) and texts and len(texts) == len(constants or []):
            one = strings.hole(atom, st) if isinstance(atom, Method) else atom
            normal = normal or all("path.normalised" in t.safe for t in one.taints)
            taints = one.taints
            if taints and all("path.normalised" in t.safe for t in taints):
                taints = tuple(t.neutralised(("path",), why) for t in taints)
            taints = tuple(t.neutralised(("url.prefix",), why) for t in taints)
            for text in texts:
                atoms.append(make_text([text, Opaque(one.type, taints, one.chars, one.note, one.label)]))
            continue
        if isinstance(atom, Text) and texts and len(texts) == len(constants or []):
            atoms.extend(_with_prefix(atom, texts, why))
            continue
        if atom_taints(atom) and argument.atoms and not common_paths.suspect(argument):
            changed = map_taints(Value((atom,)), lambda t: narrowing.prefixed(t, why))
            atoms.extend(changed.atoms)
            continue
        atoms.append(atom)
    if not atoms:
        return None if value.atoms else st
    assign.refine(subject, make(atoms), st)
    paths.spread(taints_of(value), taints_of(make(atoms)), st)
    obj = scopes.frame_object(value, st)
    if obj is not None and obj.cls == "pathlib.Path":
        narrowing.neutralise(run, subject, ("path",), why, st, only_normalised=True)
    if isinstance(subject, ir.Call):
        common_paths.below(run, subject, why, st)
    return st


def _with_prefix(atom: Text, texts: list[str], why: str) -> list[Atom]:
    """A text of known shape that begins with one of the prefixes."""
    taints = atom_taints(atom)
    if taints and all("path.normalised" in t.safe for t in taints):
        # What was normalised need not begin as its parts do: here the test is what keeps the path below the base.
        return list(map_taints(Value((atom,)), lambda t: t.neutralised(("path",), why)).atoms)
    tested = map_taints(Value((atom,)), lambda t: t.neutralised(("url.prefix",), why)).atoms[0]
    parts = tested.parts if isinstance(tested, Text) else atom.parts
    first = parts[0]
    if not isinstance(first, str):
        return [make_text([text, *parts], atom.binary) for text in texts]
    if any(first.startswith(text) for text in texts):
        return [atom]
    return [make_text([t, *parts[1:]], atom.binary) for t in texts if t.startswith(first)]


def _assume_suffix(
    run: Run,
    subject: ir.Expr,
    value: Value,
    texts: list[str],
    constants: list[Any] | None,
    st: State,
    why: str,
) -> State | None:
    """`x.endswith(suffix)`: the last part of x is known; of a host name that settles whose it is."""
    atoms: list[Atom] = []
    if not texts or len(texts) != len(constants or []):
        return st
    if (
        any(t.startswith(".") and len(t) > 2 for t in texts)
        and (host := hosts.host_of(subject, st, guards.holds)) is not None
    ):
        narrowing.neutralise_origin(run, host, ("url", "redirect"), why, st)
    for atom in value.atoms:
        if isinstance(atom, Const) and isinstance(atom.value, str):
            if atom.value.endswith(tuple(texts)):
                atoms.append(atom)
        elif isinstance(atom, Opaque) and len(texts) == 1:
            atoms.append(make_text([atom, texts[0]]))
        elif isinstance(atom, Text) and isinstance(last := atom.parts[-1], str):
            if any(last.endswith(text) or text.endswith(last) for text in texts):
                atoms.append(atom)
        elif isinstance(atom, Text) and len(texts) == 1:
            atoms.append(make_text([*atom.parts, texts[0]], atom.binary))
        else:
            atoms.append(atom)
    if not atoms:
        return None if value.atoms else st
    narrowing.refine(subject, value, make(atoms), st)
    return st
