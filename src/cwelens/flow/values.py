"""Abstract values: what an expression may evaluate to.

A `Value` is a small set of atoms, each one way the value may be. Strings keep their literal parts and holes, so that a check can
ask where untrusted text stands; mutable things are `Ref`s into the heap of a `State`, so that aliases share contents.

Invariants
- Atoms and values are never changed. Equality of values ignores how data got there (trails), so that fixpoints end.
- Losing precision goes one way: atoms merge into an `Opaque` that holds the taints of all of them.
- `chars` is a mask of `cwelens.base.chars`: an over-approximation of the characters a string may contain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from cwelens.base import chars as ch
from cwelens.base.source import Source
from cwelens.ir import nodes as ir

if TYPE_CHECKING:
    from cwelens.flow.state import Frame
    from cwelens.resolve.symbols import ClassInfo, FunctionInfo, ModuleInfo

MAX_ATOMS = 12
MAX_PARTS = 48
MAX_STRING = 20_000

Place: TypeAlias = tuple[Source, ir.Pos]


class Origin:
    """Where data comes from.

    `kind` is untrusted (a modelled source), param (of a function whose callers are not followed), unresolved (the result of
    something that is not visible), exception (the text of an error), or secret (a password or key). `concept` names the source
    in the models' vocabulary. `text` describes it for a reader. `key` is what makes two origins the same.
    """

    __slots__ = ("concept", "evidence", "key", "kind", "owner", "place", "text")

    def __init__(
        self, kind: str, concept: str, text: str, place: Place | None, evidence: str = "", owner: str = ""
    ) -> None:
        self.kind = kind
        self.concept = concept
        self.text = text
        self.place = place
        self.evidence = evidence
        self.owner = owner
        where = (place[0].path, place[1]) if place else ("", (0, 0, 0, 0))
        self.key = (kind, concept, text, where)


class Trail:
    """One step of the way data took; `parent` is the step before."""

    __slots__ = ("depth", "parent", "place", "text")

    def __init__(self, parent: Trail | None, place: Place, text: str) -> None:
        self.parent = parent
        self.place = place
        self.text = text
        self.depth: int = parent.depth + 1 if parent else 0

    def steps(self) -> list[Trail]:
        out: list[Trail] = []
        step: Trail | None = self
        while step is not None:
            out.append(step)
            step = step.parent
        return out[::-1]


MAX_TRAIL = 24


class Taint:
    """Data of one origin, with the contexts it has been made safe for (context → why).

    `assumption` is what has to be true for the origin to be in the value at all ("`load()` gives back what it is given").
    """

    __slots__ = ("assumption", "key", "origin", "safe", "trail")

    def __init__(
        self, origin: Origin, safe: dict[str, str], trail: Trail | None, assumption: str = ""
    ) -> None:
        self.origin = origin
        self.safe = safe
        self.trail = trail
        self.assumption = assumption
        self.key = (origin.key, frozenset(safe), bool(assumption))

    def step(self, place: Place, text: str) -> Taint:
        trail = self.trail
        if trail is not None and (
            trail.depth >= MAX_TRAIL or (trail.place[1] == place[1] and trail.text == text)
        ):
            return self
        return Taint(self.origin, self.safe, Trail(trail, place, text), self.assumption)

    def neutralised(self, contexts: tuple[str, ...], why: str) -> Taint:
        return Taint(self.origin, {**self.safe, **dict.fromkeys(contexts, why)}, self.trail, self.assumption)

    def without(self, contexts: tuple[str, ...]) -> Taint:
        """The taint after an operation that undoes neutralisation (decoding what was encoded): `path` is also `path.dots`."""
        below = tuple(f"{c}." for c in contexts)
        safe = {c: w for c, w in self.safe.items() if c not in contexts and not c.startswith(below)}
        if len(safe) == len(self.safe):
            return self
        return Taint(self.origin, safe, self.trail, self.assumption)

    def assuming(self, text: str) -> Taint:
        return self if self.assumption else Taint(self.origin, self.safe, self.trail, text)


Taints: TypeAlias = tuple[Taint, ...]
NO_TAINTS: Taints = ()


def join_taints(one: Taints, two: Taints) -> Taints:
    """Both; of two taints of one origin only what makes both safe counts."""
    if not two or one is two:
        return one
    if not one:
        return two
    out: dict[Any, Taint] = {t.origin.key: t for t in one}
    for taint in two:
        other = out.get(taint.origin.key)
        if other is None:
            out[taint.origin.key] = taint
        elif other.key != taint.key:
            # What is safe everywhere (`*`) is as safe as the other.
            both = {c: w for c, w in other.safe.items() if c in taint.safe or "*" in taint.safe}
            if "*" in other.safe:
                both = {**taint.safe, **both}
            keep = other if not other.assumption else taint
            out[taint.origin.key] = Taint(keep.origin, both, keep.trail, keep.assumption)
    return tuple(out.values())


class Atom:
    __slots__ = ("key",)
    key: Any


class Const(Atom):
    """A known constant; `place` is where it is written, for checks on literals (None where computed)."""

    __slots__ = ("place", "value")

    def __init__(self, value: Any, place: Place | None = None) -> None:
        self.value = value
        self.place = place
        self.key = ("c", type(value).__name__, repr(value) if isinstance(value, float) else value)


class Opaque(Atom):
    """Something of which only the type (a dotted name, or None), the taints and the characters are known.

    `note` tells that the type rests on evidence rather than on a definition. `label` names the unresolved thing it is.
    """

    __slots__ = ("chars", "label", "note", "taints", "type")

    def __init__(
        self,
        type: str | None = None,
        taints: Taints = NO_TAINTS,
        chars: int = ch.ALL,
        note: str = "",
        label: str = "",
    ) -> None:
        self.type = type
        self.taints = taints
        self.chars = chars
        self.note = note
        self.label = label
        self.key = ("o", type, chars, frozenset(t.key for t in taints) if taints else None)


class Text(Atom):
    """A string of literal parts and holes; bytes where `binary`. Neither adjacent literals nor empty ones."""

    __slots__ = ("binary", "parts")

    def __init__(self, parts: tuple[str | Opaque, ...], binary: bool = False) -> None:
        self.parts = parts
        self.binary = binary
        self.key = ("t", binary, tuple(p if isinstance(p, str) else p.key for p in parts))


class Ref(Atom):
    """A heap object."""

    __slots__ = ("loc",)

    def __init__(self, loc: Any) -> None:
        self.loc = loc
        self.key = ("r", loc)


class Func(Atom):
    """A function of the program or a lambda, with the frame it closes over and the bound receiver."""

    __slots__ = ("frame", "info", "node", "receiver")

    def __init__(
        self,
        info: FunctionInfo | None,
        node: ir.Function | ir.Lambda,
        frame: Frame | None,
        receiver: Value | None = None,
    ) -> None:
        self.info = info
        self.node = node
        self.frame = frame
        self.receiver = receiver
        self.key = ("f", id(node), receiver.key if receiver else None)


class Cls(Atom):
    """A class of the program."""

    __slots__ = ("frame", "info")

    def __init__(self, info: ClassInfo, frame: Frame | None = None) -> None:
        self.info = info
        self.frame = frame
        self.key = ("k", info.qualname, id(info))


class Mod(Atom):
    """A module of the program."""

    __slots__ = ("info",)

    def __init__(self, info: ModuleInfo) -> None:
        self.info = info
        self.key = ("m", info.name)


class Lib(Atom):
    """A library object by its absolute dotted name: a module, callable, class or instance outside the program."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name
        self.key = ("l", name)


class Method(Atom):
    """A method bound to a receiver whose code is not in the program; `type` is the receiver's type if known."""

    __slots__ = ("name", "note", "receiver", "type")

    def __init__(self, receiver: Atom, type: str | None, name: str, note: str = "") -> None:
        self.receiver = receiver
        self.type = type
        self.name = name
        self.note = note
        self.key = ("b", receiver.key, name)


class Partial(Atom):
    """`functools.partial(func, *args, **keywords)`"""

    __slots__ = ("args", "func", "keywords")

    def __init__(self, func: Value, args: tuple[Value, ...], keywords: dict[str, Value]) -> None:
        self.func = func
        self.args = args
        self.keywords = keywords
        self.key = (
            "p",
            func.key,
            tuple(a.key for a in args),
            tuple(sorted((k, v.key) for k, v in keywords.items())),
        )


class Super(Atom):
    """`super()` inside a method: attributes are looked up behind `cls` in the order of resolution of the receiver's class."""

    __slots__ = ("cls", "receiver")

    def __init__(self, cls: ClassInfo, receiver: Value) -> None:
        self.cls = cls
        self.receiver = receiver
        self.key = ("s", cls.qualname, receiver.key)


class Value:
    __slots__ = ("_key", "atoms")

    def __init__(self, atoms: tuple[Atom, ...]) -> None:
        self.atoms = atoms
        self._key: Any = None

    @property
    def key(self) -> Any:
        if self._key is None:
            self._key = frozenset(a.key for a in self.atoms) if len(self.atoms) != 1 else self.atoms[0].key
        return self._key

    def const(self) -> Const | None:
        """The one constant it is, if it is one."""
        atom = self.atoms[0] if len(self.atoms) == 1 else None
        return atom if isinstance(atom, Const) else None

    def __repr__(self) -> str:
        return f"Value{[a.key for a in self.atoms]}"


NOTHING = Value(())
UNKNOWN = Value((Opaque(),))
NONE = Value((Const(None),))
TRUE = Value((Const(True),))
FALSE = Value((Const(False),))
BOOL = Value((Opaque("builtins.bool", chars=0),))
INT = Value((Opaque("builtins.int", chars=ch.INTEGER),))

# Types whose values can hold only these characters when they are made into text.
TYPE_CHARS: dict[str, int] = {
    "builtins.int": ch.INTEGER,
    "builtins.float": ch.FLOAT,
    "builtins.bool": ch.of("TrueFalse"),
    "builtins.complex": ch.FLOAT | ch.of("()j"),
    "builtins.NoneType": ch.of("None"),
    "uuid.UUID": ch.UUID,
    "decimal.Decimal": ch.FLOAT,
    "fractions.Fraction": ch.INTEGER | ch.of("/"),
    "datetime.datetime": ch.INTEGER | ch.of(" :.+T"),
    "datetime.date": ch.INTEGER,
    "datetime.time": ch.INTEGER | ch.of(":.+"),
    "datetime.timedelta": ch.INTEGER | ch.of(":., days"),
    "ipaddress.IPv4Address": ch.of("0123456789."),
    "ipaddress.IPv6Address": ch.HEX | ch.of(":"),
    # What `ip_address()` gives: one of the two.
    "ipaddress.IPAddress": ch.HEX | ch.of(":."),
}


def const(value: Any, place: Place | None = None) -> Value:
    return Value((Const(value, place),))


def opaque(type: str | None = None, taints: Taints = NO_TAINTS, chars: int = ch.ALL, note: str = "") -> Value:
    if type is not None and chars == ch.ALL:
        chars = TYPE_CHARS.get(type, ch.ALL)
    return Value((Opaque(type, taints, chars, note),))


def make(atoms: list[Atom]) -> Value:
    """A value of these atoms: duplicates merged, opaque ones of one type and characters joined, size bounded."""
    if len(atoms) == 1:
        return Value((atoms[0],))
    seen: dict[Any, Atom] = {}
    for atom in atoms:
        # What an untainted part can hold says nothing of a tainted one.
        key = ("o", atom.type, atom.label, not atom.taints) if type(atom) is Opaque else atom.key
        other = seen.get(key)
        if other is None:
            seen[key] = atom
        elif type(atom) is Opaque and type(other) is Opaque and other is not atom:
            seen[key] = Opaque(
                other.type,
                join_taints(other.taints, atom.taints),
                other.chars | atom.chars,
                other.note or atom.note,
                other.label,
            )
    if len(seen) > MAX_ATOMS:
        return _collapse(list(seen.values()))
    return Value(tuple(seen.values()))


def _collapse(atoms: list[Atom]) -> Value:
    """Too many ways to be: scalars become one unknown with all their taints, the first few objects stay."""
    kept = [a for a in atoms if not isinstance(a, Const | Opaque | Text)][: MAX_ATOMS - 1]
    scalars = [a for a in atoms if isinstance(a, Const | Opaque | Text)]
    taints: Taints = ()
    mask = 0
    text = all(isinstance(a, Text) or (isinstance(a, Const) and isinstance(a.value, str)) for a in scalars)
    for atom in scalars:
        taints = join_taints(taints, placed_taints(atom))
        mask |= atom_chars(atom)
    return Value((*kept, Opaque("builtins.str" if text else None, taints, mask)))


def join(one: Value, two: Value) -> Value:
    if one is two or one.key == two.key:
        return one
    if not one.atoms:
        return two
    if not two.atoms:
        return one
    return make([*one.atoms, *two.atoms])


def join_all(values: list[Value]) -> Value:
    atoms = [a for v in values for a in v.atoms]
    return make(atoms) if atoms else NOTHING


def atom_taints(atom: Atom) -> Taints:
    """The taints an atom itself carries (contents of heap objects are not looked into)."""
    if isinstance(atom, Opaque):
        return atom.taints
    if isinstance(atom, Text):
        taints: Taints = ()
        for part in atom.parts:
            if isinstance(part, Opaque):
                taints = join_taints(taints, part.taints)
        return taints
    if isinstance(atom, Method):
        return atom_taints(atom.receiver)
    return ()


# What matters at the beginning of an address only.
_OF_BEGINNINGS = ("redirect", "url", "html.url")


def placed_taints(atom: Atom) -> Taints:
    """The taints of an atom, those behind the `?` of a text with what that is good for: the place is forgotten where texts merge."""
    if not isinstance(atom, Text):
        return atom_taints(atom)
    taints: Taints = ()
    behind = False
    for part in atom.parts:
        if isinstance(part, str):
            behind = behind or "?" in part
        elif behind:
            safe = tuple(t.neutralised(_OF_BEGINNINGS, "it stands behind a `?`") for t in part.taints)
            taints = join_taints(taints, safe)
        else:
            taints = join_taints(taints, part.taints)
    return taints


def taints_of(value: Value) -> Taints:
    out: Taints = ()
    for atom in value.atoms:
        out = join_taints(out, atom_taints(atom))
    return out


def atom_chars(atom: Atom) -> int:
    """The characters that an atom's text form may contain."""
    if isinstance(atom, Const):
        return ch.of(const_text(atom.value))
    if isinstance(atom, Opaque):
        return atom.chars
    if isinstance(atom, Text):
        mask = 0
        for part in atom.parts:
            mask |= ch.of(part) if isinstance(part, str) else part.chars
        return mask
    return ch.ALL


def const_text(value: Any) -> str:
    """The text form of a constant; bytes are read as Latin-1."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    try:
        return str(value)
    except ValueError:
        return "0"


def text(parts: list[str | Opaque], binary: bool = False, place: Place | None = None) -> Atom:
    """The atom for a concatenation: a constant where all parts are literal, one hole where that is all, else a `Text`."""
    out: list[str | Opaque] = []
    for part in parts:
        if isinstance(part, str):
            if not part:
                continue
            if out and isinstance(out[-1], str):
                out[-1] += part
                continue
        out.append(part)
    if not out or (len(out) == 1 and isinstance(out[0], str)):
        literal = str(out[0]) if out else ""
        if len(literal) <= MAX_STRING:
            return Const(literal.encode("latin-1", "replace") if binary else literal, place)
        return Opaque("builtins.bytes" if binary else "builtins.str", chars=ch.of(literal))
    if len(out) > MAX_PARTS:
        middle = out[8:-8]
        taints: Taints = ()
        mask = 0
        for part in middle:
            if isinstance(part, Opaque):
                taints = join_taints(taints, part.taints)
                mask |= part.chars
            else:
                mask |= ch.of(part)
        out = [*out[:8], Opaque("builtins.str", taints, mask), *out[-8:]]
    return Text(tuple(out), binary)
