"""What the application model knows of a value, a guard and an effect.

A `Val` is coarse on purpose: which kinds of data it was made of (`tags`), the records of a data base it stands for or was read from
(`entities`), what it refers to (`ref`), and its parts where the code spells them out. Values are never changed, except that `items` of a dict
grow as the code puts keys in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from cwelens.base.source import Source
from cwelens.ir import nodes as ir
from cwelens.resolve.symbols import ClassInfo, Symbol

# Chosen by whoever sends the request.
CLIENT = "client"
# A cookie: chosen by the client, though it looks like the server's.
COOKIE = "cookie"
# A header, a form field or a parameter: the client's word, and nothing else.
HEADER = "header"
# Who is asking, as the server knows it: session, verified token, the framework's user.
IDENTITY = "identity"
# A proof handed in with the request: an API key, a signed link, a code.
TOKEN = "token"
# What somebody may do: an admin flag, a role, a permission.
ROLE = "role"
# The outcome of a comparison of a record's owner with who is asking.
OWNER = "owner"
# Given back by code that is not seen, which the client's data was handed to: chosen by it, and not its word.
FOUND = "found"
# What a hook of the program has looked up and put on the request: the part of the data that the request is about.
PART = "part"
# The outcome of checking a password.
CREDENTIAL = "credential"
# Kept in the session, but not about who is asking: a nonce, a setting.
KEPT = "kept"
# Read from the data base.
STORED = "stored"
# The digest of something.
DIGEST = "digest"
# Whether something is there: the outcome of a lookup that is tested.
SECRET_OUT = "secret-out"
# Read by a schema that names its fields, none of which gives rights.
DECLARED = "declared"
# The type of a set: what is taken into it changes no record.
SET = "builtins.set"
# Made fresh: a time, a random value, a signing key is in it.
FRESH = "fresh"

# Tags that make a test a guard, and the kind of guard each makes.
# Besides these, COOKIE says that a browser sends the proof by itself.
PROOFS = {
    IDENTITY: "login",
    TOKEN: "token",
    CREDENTIAL: "password",
    OWNER: "owner",
}

Spot: TypeAlias = tuple[Source, ir.Pos]
NO_TAGS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Guard:
    """What stands before an effect.

    `kind` is login (who is asking is known), role (what they may do), owner (the record is theirs), token (a proof was handed in),
    password (checked in this request), csrf or rate. `text` quotes it; `scope` is body, decorator, class, dependency, hook or spec.
    """

    kind: str
    text: str
    spot: Spot | None
    scope: str = "body"


@dataclass(frozen=True, slots=True, eq=False)
class Entity:
    """Records of one table or model, chosen by `keys`: (field, value) pairs that must match. `many`: more than one is meant."""

    table: str
    model: ClassInfo | None
    keys: tuple[tuple[str, Val], ...] = ()
    spot: Spot | None = None
    columns: tuple[str, ...] = ()
    # The records of which this is one field.
    root: Entity | None = None

    def keyed(self, more: tuple[tuple[str, Val], ...], spot: Spot | None) -> Entity:
        return Entity(self.table, self.model, self.keys + more, spot or self.spot, self.columns)


class Val:
    """See the module; `kind` marks what the framework gives: request, session, cookies, headers, g, self, wrapped, query, db, store.

    `items` are all that a dictionary holds; `put` is what the program itself has put into one of which the rest comes from elsewhere."""

    __slots__ = (
        "bound",
        "const",
        "elements",
        "entities",
        "items",
        "kind",
        "known",
        "name",
        "parts",
        "put",
        "ref",
        "tags",
        "type",
    )

    def __init__(
        self,
        tags: frozenset[str] = NO_TAGS,
        *,
        name: str = "",
        kind: str = "",
        ref: Symbol | None = None,
        type: str = "",
        entities: frozenset[Entity] = frozenset(),
        items: dict[str, Val] | None = None,
        elements: list[Val] | None = None,
        parts: list[str | Val] | None = None,
        bound: Val | None = None,
        put: dict[str, Val] | None = None,
    ) -> None:
        self.tags = tags
        self.name = name
        self.kind = kind
        self.ref = ref
        self.type = type
        self.entities = entities
        self.items = items
        self.elements = elements
        self.parts = parts
        self.bound = bound
        self.put = put
        self.const: ir.Constant = None
        self.known = False

    def has(self, *tags: str) -> bool:
        return any(tag in self.tags for tag in tags)

    def tagged(self, *tags: str) -> Val:
        """A copy with more tags."""
        new = frozenset(tags)
        return self if new <= self.tags else self.copy(self.tags | new)

    def copy(self, tags: frozenset[str]) -> Val:
        made = Val(
            tags,
            name=self.name,
            kind=self.kind,
            ref=self.ref,
            type=self.type,
            entities=self.entities,
            items=self.items,
            elements=self.elements,
            parts=self.parts,
            bound=self.bound,
            put=self.put,
        )
        made.const, made.known = self.const, self.known
        return made


EMPTY = Val()


def constant(value: ir.Constant) -> Val:
    made = Val(parts=[value] if isinstance(value, str) else None)
    made.const, made.known = value, True
    return made


def text_of(made: Val) -> str:
    """The constant text a value is, else empty."""
    return made.const if isinstance(made.const, str) else ""


def mixed(values: list[Val], **more: object) -> Val:
    """A value made of others: all their tags and records."""
    tags = frozenset().union(*(v.tags for v in values)) if values else NO_TAGS
    entities = frozenset().union(*(v.entities for v in values)) if values else frozenset()
    made = Val(tags, entities=entities)
    for key, value in more.items():
        setattr(made, key, value)
    return made


def join(one: Val, two: Val) -> Val:
    """What is one or the other."""
    if one is two:
        return one
    if one is EMPTY and not two.items:
        return two
    made = Val(
        one.tags | two.tags,
        name=one.name or two.name,
        kind=one.kind if one.kind == two.kind else one.kind or two.kind,
        ref=one.ref or two.ref,
        type=one.type or two.type,
        entities=one.entities | two.entities,
        items={**two.items, **one.items}
        if one.items is not None and two.items is not None
        else one.items
        if one.items is not None
        else two.items,
        elements=one.elements
        if two.elements is None and two.known
        else two.elements
        if one.elements is None and one.known
        else None
        if one.elements is None or two.elements is None
        else [join(a, b) for a, b in zip(one.elements, two.elements)],
        parts=one.parts or two.parts,
        bound=one.bound or two.bound,
        put={k: join(v, two.put[k]) for k, v in one.put.items() if k in two.put}
        if one.put and two.put
        else None,
    )
    if one.known and two.known and one.const == two.const:
        made.const, made.known = one.const, True
    return made


@dataclass(slots=True)
class Event:
    """Something a route does.

    `kind`: create, update, delete, destroy (a whole table or more), disclose (records are sent back), file-read, file-write, file-delete, login
    (who is asking is stored or a token issued), password-check, password-set, mass (fields named by the client), client-word (a decision on
    the client's word), text (a message), secret-out, digest-check, token-issued, identity-lost, cookie-login. `site` is where
    it is in the handler's own body, `spot` where it stands; `guards` held there.
    """

    kind: str
    site: Spot
    spot: Spot
    guards: tuple[Guard, ...]
    entity: Entity | None = None
    fields: dict[str, Val] = field(default_factory=dict)
    text: str = ""
    value: Val = EMPTY
    # A call before it, as written, that was given who is asking and could not be entered: it may have turned them away.
    asked_by: str = ""

    @property
    def table(self) -> str:
        return self.entity.table if self.entity is not None else ""
