"""String operations on abstract values: concatenation, formatting, and the methods of `str` and `bytes`.

Constants are computed; shapes keep their literal parts and holes; everything else keeps taints and characters.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cwelens.base import chars as ch
from cwelens.flow import shapes
from cwelens.flow.state import Obj, deep_taints
from cwelens.flow.values import (
    BOOL,
    INT,
    MAX_STRING,
    NO_TAINTS,
    TYPE_CHARS,
    Atom,
    Const,
    Opaque,
    Place,
    Ref,
    Taints,
    Text,
    Value,
    atom_chars,
    atom_taints,
    const,
    const_text,
    join_all,
    join_taints,
    make,
    placed_taints,
    text,
)

if TYPE_CHECKING:
    from cwelens.flow.state import State

MAX_PRODUCT = 24


def is_binary(atom: Atom) -> bool:
    if isinstance(atom, Const):
        return isinstance(atom.value, bytes)
    if isinstance(atom, Text):
        return atom.binary
    return isinstance(atom, Opaque) and atom.type == "builtins.bytes"


def hole(atom: Atom, st: State) -> Opaque:
    """The atom as a part of a string that is not literal."""
    if isinstance(atom, Opaque):
        return atom
    if isinstance(atom, Ref):
        return Opaque("builtins.str", deep_taints(Value((atom,)), st))
    return Opaque("builtins.str", atom_taints(atom), atom_chars(atom))


def parts(atom: Atom, st: State) -> list[str | Opaque]:
    """The atom's text form as parts."""
    if isinstance(atom, Const):
        return [const_text(atom.value)]
    if isinstance(atom, Text):
        return list(atom.parts)
    return [hole(atom, st)]


def concat(values: list[Value], st: State, binary: bool = False, place: Place | None = None) -> Value:
    """The text forms of the values one after the other; alternatives multiply up to a bound, then merge."""
    rows: list[list[str | Opaque]] = [[]]
    for value in values:
        atoms = value.atoms or (Opaque(),)
        if len(rows) * len(atoms) > MAX_PRODUCT:
            atoms = (merge(value, st),)
        options = [parts(atom, st) for atom in atoms]
        rows = [[*row, *option] for row in rows for option in options]
    return make([text(row, binary, place) for row in rows])


def merge(value: Value, st: State) -> Opaque:
    """All of a value's ways as one hole."""
    taints: Taints = NO_TAINTS
    mask = 0
    label = note = ""
    types = set()
    for atom in value.atoms:
        one = hole(atom, st)
        taints = join_taints(taints, placed_taints(atom) if isinstance(atom, Text) else one.taints)
        mask |= one.chars
        label = label or one.label
        note = note or one.note
        types.add(one.type)
    return Opaque(types.pop() if len(types) == 1 else "builtins.str", taints, mask, note, label)


_CONTAINERS = frozenset(
    f"builtins.{name}" for name in ("bytes", "bytearray", "dict", "list", "tuple", "set", "frozenset")
)


# Addresses as objects: their text form is percent-encoded (yarl and HTTPX, `URL.__str__`).
_ADDRESSES = frozenset(("yarl.URL", "httpx.URL"))


def is_shown(atom: Atom, st: State) -> bool:
    """Whether no line break gets through `str()` of an atom: it is the `repr()` of containers and bytes, and encodes addresses."""
    if isinstance(atom, Ref):
        obj = st.obj(atom.loc)
        return obj is not None and obj.kind in ("dict", "list", "tuple", "set") and obj.cls is None
    if isinstance(atom, Const):
        return isinstance(atom.value, bytes)
    if isinstance(atom, Opaque):
        return atom.type in _CONTAINERS or atom.type in _ADDRESSES
    return isinstance(atom, Text) and atom.binary


def shown(value: Value, st: State) -> Value:
    """The value as a part of text: containers and bytes as their `repr()`."""
    if not any(is_shown(atom, st) for atom in value.atoms):
        return value
    return join_all(
        [represented(one, st) if is_shown(one.atoms[0], st) else one for one in map(_single, value.atoms)]
    )


def _single(atom: Atom) -> Value:
    return Value((atom,))


def represented(value: Value, st: State) -> Value:
    """`repr(value)`: constants exactly; strings lose line breaks and control characters."""
    atoms: list[Atom] = []
    for atom in value.atoms:
        if isinstance(atom, Const):
            atoms.append(Const(repr(atom.value)))
        else:
            one = hole(atom, st)
            how = "percent-encoding" if one.type in _ADDRESSES else "repr()"
            taints = tuple(t.neutralised(("log", "header"), how) for t in one.taints)
            atoms.append(
                Opaque(
                    "builtins.str", taints, one.chars & ~ch.of("\r\n\0") | ch.of("\\'"), one.note, one.label
                )
            )
    return make(atoms)


def format_method(
    atom: Atom, args: list[Value], keywords: dict[str, Value], rest: Value | None, st: State
) -> Value:
    """`atom.format(*args, **keywords)`; attributes and items inside a field carry the argument's taints."""
    pieces: list[Value] = []
    automatic = 0
    for part in parts(atom, st):
        if not isinstance(part, str):
            pieces.append(Value((part,)))
            if part is atom:
                # A template that is not visible: what is filled in stands somewhere inside it.
                filled = [merge(v, st) for v in [*args, *keywords.values(), *([rest] if rest else [])]]
                pieces += [Value((one,)) for one in filled if one.taints]
            continue
        try:
            fields = list(string.Formatter().parse(part))
        except ValueError:
            everything = Value((Opaque("builtins.str", _all_taints(args, keywords, rest, st)),))
            pieces.append(everything)
            continue
        for literal, name, spec, conversion in fields:
            pieces.append(const(literal))
            if name is None:
                continue
            head = re.split(r"[.\[]", name, maxsplit=1)[0]
            if head == "":
                value = args[automatic] if automatic < len(args) else rest
                automatic += 1
            elif head.isdigit():
                value = args[int(head)] if int(head) < len(args) else rest
            else:
                value = keywords.get(head, rest)
            if value is None:
                value = const("{" + name + "}")
            elif head != name:
                value = Value((Opaque("builtins.str", deep_taints(value, st)),))
            if spec and re.fullmatch(r"[-+ 0-9,._<>^=#]*[bcdoxXeEfFgGn%]", spec) and value.const() is None:
                value = Value(
                    (Opaque("builtins.float", deep_taints(value, st), ch.FLOAT | ch.of("abcdefABCDEF%,_")),)
                )
            pieces.append(represented(value, st) if conversion in ("r", "a") else shown(value, st))
    return concat(pieces, st, is_binary(atom))


def _all_taints(args: list[Value], keywords: dict[str, Value], rest: Value | None, st: State) -> Taints:
    out: Taints = NO_TAINTS
    for value in [*args, *keywords.values(), *([rest] if rest else [])]:
        out = join_taints(out, deep_taints(value, st))
    return out


_PURE = {
    "capitalize casefold center count endswith expandtabs find format_map index isalnum isalpha isascii isdecimal isdigit "
    "isidentifier islower isnumeric isprintable isspace istitle isupper ljust lower lstrip partition removeprefix "
    "removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title "
    "upper zfill encode decode hex"
}
PURE = frozenset(" ".join(_PURE).split())
_KEEPS = frozenset(
    [
        "strip",
        "lstrip",
        "rstrip",
        "removeprefix",
        "removesuffix",
        "expandtabs",
        "ljust",
        "rjust",
        "center",
        "zfill",
    ]
)
_CASES = frozenset(["lower", "upper", "title", "capitalize", "casefold", "swapcase"])
_NUMBERS = frozenset(["find", "rfind", "index", "rindex", "count"])
STRING_METHODS = PURE | {"format", "join", "translate", "format_map"}


def python_values(args: list[Value]) -> list[Any] | None:
    """The arguments as Python constants, or None where one is not."""
    out = []
    for value in args:
        atom = value.const()
        if atom is None:
            return None
        out.append(atom.value)
    return out


def method(
    atom: Atom,
    name: str,
    args: list[Value],
    keywords: dict[str, Value],
    rest: Value | None,
    st: State,
    place: Place,
    alloc: Callable[[Obj], Value],
) -> Value | None:
    """The result of `atom.name(…)` for a string atom; None where `name` is no string method."""
    if name not in STRING_METHODS:
        return None
    if name == "format":
        return format_method(atom, args, keywords, rest, st)
    if name == "format_map":
        return Value(
            (Opaque("builtins.str", join_taints(atom_taints(atom), _all_taints(args, {}, rest, st))),)
        )
    if name == "join":
        return _join(atom, args[0] if args else Value((Opaque(),)), st, place)
    if isinstance(atom, Const) and isinstance(atom.value, str | bytes) and not keywords and rest is None:
        plain = python_values(args)
        if plain is not None and name in PURE:
            done = compute(atom.value, name, plain, alloc, place)
            if done is not None:
                return done
    if name.startswith("is") or name in ("startswith", "endswith"):
        return BOOL
    if name in _NUMBERS:
        return INT
    if name == "replace":
        return _replace(atom, args, st)
    binary = is_binary(atom)
    if name == "encode":
        return Value((text(parts(atom, st), True),))
    if name == "decode":
        return Value((text(parts(atom, st), False),))
    if name == "translate":
        return Value(
            (Opaque("builtins.str", join_taints(atom_taints(atom), _all_taints(args, {}, rest, st))),)
        )
    if name in _CASES:
        return _cased(atom, name, st, binary)
    if name in _KEEPS:
        kept = [
            p.strip() if name == "strip" and isinstance(p, str) and len(parts(atom, st)) == 1 else p
            for p in parts(atom, st)
        ]
        if name in ("lstrip", "strip") and isinstance(kept[0], Opaque) and args:
            kept[0] = _without_slashes(kept[0], args[0])
        return Value((text(list(kept), binary),))
    if isinstance(atom, Text) and name in ("split", "rsplit", "partition", "rpartition"):
        cut = _cut(atom, name, args, alloc)
        if cut is not None:
            return cut
    one = hole(atom, st)
    if name == "hex" and not args:
        return Value((Opaque("builtins.str", one.taints, ch.HEX, one.note, one.label),))
    piece = Opaque("builtins.bytes" if binary else "builtins.str", one.taints, one.chars, one.note, one.label)
    if name in ("split", "rsplit", "splitlines", "partition", "rpartition"):
        return _split(piece, name, args, alloc)
    return Value((piece,))


def compute(
    value: str | bytes, name: str, args: list[Any], alloc: Callable[[Obj], Value], place: Place
) -> Value | None:
    """A string method on constants, by Python itself; None where it fails or grows too large."""
    if name in ("ljust", "rjust", "center", "zfill", "expandtabs") and any(
        isinstance(a, int) and a > MAX_STRING for a in args
    ):
        return None
    if (
        name == "replace"
        and len(args) >= 2
        and len(value) * max(1, len(args[1]) if hasattr(args[1], "__len__") else 1) > MAX_STRING
    ):
        return None
    try:
        result = getattr(value, name)(*args)
    except Exception:
        return None
    if isinstance(result, list | tuple):
        kind = "list" if isinstance(result, list) else "tuple"
        if len(result) > 256:
            return alloc(Obj(kind, {}, Value((Opaque("builtins.str"),))))
        return alloc(Obj(kind, {i: const(v, place) for i, v in enumerate(result)}))
    return const(result)


def _join(atom: Atom, iterable: Value, st: State, place: Place) -> Value:
    separator = Value((atom,))
    out: list[Value] = []
    for one in iterable.atoms:
        obj = st.obj(one.loc) if isinstance(one, Ref) else None
        if obj is not None and obj.kind in ("list", "tuple") and obj.rest is None and len(obj.items) <= 24:
            pieces: list[Value] = []
            for key in sorted(obj.items):
                if pieces:
                    pieces.append(separator)
                pieces.append(obj.items[key])
            out.append(concat(pieces, st, is_binary(atom), place) if pieces else const(""))
            continue
        if obj is not None:
            element = (
                obj.everything()
                if obj.kind != "dict"
                else join_all([const(k) for k in obj.items] + ([obj.keys] if obj.keys else []))
            )
        elif isinstance(one, Const) and isinstance(one.value, str):
            element = Value((one,))
        else:
            element = Value(
                (Opaque("builtins.str", atom_taints(one), atom_chars(one), label=getattr(one, "label", "")),)
            )
        if not element.atoms:
            out.append(const(""))
            continue
        if len(element.atoms) > 3:
            element = _few(element, st)
        # One element, or several: two stand for them, with the separator between, so that each hole keeps what stands around it.
        if isinstance(one, Ref) or not atom_taints(atom):
            out.append(concat([element], st, is_binary(atom)))
        out.append(concat([element, separator, element], st, is_binary(atom), place))
    return join_all(out) if out else Value((Opaque("builtins.str"),))


def _few(value: Value, st: State) -> Value:
    """A value of many ways as one hole; a few of them keep their shape where nobody outside has a part in the others."""
    told = [a for a in value.atoms if isinstance(a, Text) and atom_taints(a)]
    rest = [a for a in value.atoms if a not in told]
    if not told or len(told) > 3 or any(atom_taints(a) for a in rest):
        return Value((merge(value, st),))
    return Value((*told, merge(Value(tuple(rest)), st))) if rest else Value(tuple(told))


# Quotes of SQL, and what a text is safe for whose quotes of that kind have been doubled.
DOUBLED = {"'": "sql.quote", '"': "sql.quote.double", "`": "sql.quote.back"}


def _without_slashes(hole: Opaque, stripped: Value) -> Opaque:
    """`target.lstrip("/")`: no path from the root, and behind a slash one of this site where no backslash can stand for the second one."""
    plain = stripped.const()
    gone = plain.value if plain is not None and isinstance(plain.value, str) else ""
    if "/" not in gone:
        return hole
    contexts: tuple[str, ...] = ("path.absolute", "redirect.slashes")
    if "\\" in gone:
        contexts += ("redirect.backslash",)
    taints = tuple(t.neutralised(contexts, "leading slashes are taken off") for t in hole.taints)
    return Opaque(hole.type, taints, hole.chars, hole.note, hole.label)


def _replace(atom: Atom, args: list[Value], st: State) -> Value:
    plain = python_values(args[:2])
    new_taints: Taints = NO_TAINTS
    for value in args[1:2]:
        new_taints = deep_taints(value, st)
    out: list[str | Opaque] = []
    for part in parts(atom, st):
        if plain is None or len(plain) < 2 or not all(isinstance(p, str | bytes) for p in plain):
            one = part if isinstance(part, Opaque) else Opaque("builtins.str", chars=ch.of(part))
            if plain is None and isinstance(part, str):
                # A placeholder of a literal template is filled with the new text.
                old = args[0].const() if args else None
                if (
                    old is not None
                    and isinstance(old.value, str)
                    and old.value
                    and old.value in part
                    and len(args) > 1
                ):
                    pieces = part.split(old.value)
                    for i, piece in enumerate(pieces):
                        if i:
                            out.append(merge(args[1], st))
                        out.append(piece)
                    continue
                out.append(part)
                continue
            mask = one.chars
            for value in args[1:2]:
                mask |= merge(value, st).chars
            out.append(Opaque(one.type, join_taints(one.taints, new_taints), mask, one.note, one.label))
            continue
        old_text, new_text = const_text(plain[0]), const_text(plain[1])
        if isinstance(part, str):
            out.append(part.replace(old_text, new_text) if old_text else part)
            continue
        mask, taints = part.chars, part.taints
        if len(old_text) == 1 and old_text not in new_text:
            mask = mask & ~ch.of(old_text) | (ch.of(new_text) if mask & ch.of(old_text) else 0)
        else:
            mask |= ch.of(new_text)
            if old_text == "\\" and new_text.lower() == "\\5c":
                taints = tuple(t.neutralised(("ldap.backslash",), "an escaped backslash") for t in taints)
            if old_text in DOUBLED and new_text in (old_text * 2, "\\" + old_text):
                taints = tuple(t.neutralised((DOUBLED[old_text],), "doubled quotes") for t in taints)
        out.append(Opaque(part.type, taints, mask, part.note, part.label))
    return Value((text(out, is_binary(atom)),))


def _cased(atom: Atom, name: str, st: State, binary: bool) -> Value:
    lower = name in ("lower", "casefold")
    out: list[str | Opaque] = []
    for part in parts(atom, st):
        if isinstance(part, str):
            out.append(getattr(part, name)())
            continue
        mask = part.chars
        if lower:
            mask = mask & ~ch.UPPER | ((mask & ch.UPPER) << 32)
        elif name == "upper":
            mask = mask & ~ch.LOWER | ((mask & ch.LOWER) >> 32)
        else:
            mask |= ch.ASCII_LETTERS if mask & ch.ASCII_LETTERS else 0
        out.append(Opaque(part.type, part.taints, mask, part.note, part.label))
    return Value((text(out, binary),))


def _cut(atom: Text, name: str, args: list[Value], alloc: Callable[[Obj], Value]) -> Value | None:
    """A text of known shape at a constant separator; None where the places of the fields are not known."""
    plain = python_values(args)
    if not plain or not isinstance(plain[0], str | bytes) or not plain[0]:
        return None
    separator = const_text(plain[0])
    limit = plain[1] if len(plain) > 1 else -1
    if name in ("partition", "rpartition") or (name == "rsplit" and limit == 1):
        pair = shapes.partition(atom, separator, name.startswith("r"))
        if pair is None:
            return None
        if name == "rsplit":
            return alloc(Obj("list", dict(enumerate(pair))))
        return alloc(Obj("tuple", {0: pair[0], 1: const(plain[0]), 2: pair[1]}))
    if name == "rsplit" or not isinstance(limit, int):
        return None
    fields, rest = shapes.split(atom, separator, limit)
    return alloc(Obj("list", dict(enumerate(fields)), rest))


def _split(piece: Opaque, name: str, args: list[Value], alloc: Callable[[Obj], Value]) -> Value:
    separator = args[0].const() if args else None
    mask = piece.chars
    limited = len(args) > 1
    if name in ("partition", "rpartition"):
        middle = Value((separator,)) if separator else Value((piece,))
        return alloc(Obj("tuple", {0: Value((piece,)), 1: middle, 2: Value((piece,))}))
    if name == "splitlines":
        mask &= ~ch.of("\r\n")
    elif (
        separator is not None
        and isinstance(separator.value, str)
        and len(separator.value) == 1
        and not limited
    ):
        mask &= ~ch.of(separator.value)
    elif not args:
        mask &= ~ch.SPACE | ch.NON_ASCII
    return alloc(Obj("list", {}, Value((Opaque(piece.type, piece.taints, mask, piece.note, piece.label),))))


def typed(type: str, taints: Taints) -> Value:
    """A value of a harmless or opaque type that came from data with these taints."""
    return Value((Opaque(type, taints, TYPE_CHARS.get(type, ch.ALL)),))
