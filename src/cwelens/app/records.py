"""What calls do to records: object mappers, SQL, documents, and dictionaries that stand for a data base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.app import sql
from cwelens.app.frame import Frame, Walk
from cwelens.app.values import (
    CLIENT,
    CREDENTIAL,
    DIGEST,
    EMPTY,
    IDENTITY,
    NO_TAGS,
    OWNER,
    SET,
    STORED,
    TOKEN,
    Entity,
    Guard,
    Val,
    mixed,
)
from cwelens.app.words import is_code, is_password, is_secret, table
from cwelens.ir import nodes as ir
from cwelens.resolve.symbols import ClassInfo, External

if TYPE_CHECKING:
    from cwelens.app.calls import Arguments

EXECUTE = table(
    "execute executemany executescript fetch fetchrow fetchval fetch_one fetch_all query raw read_sql run sql select one first_row exec"
)
_FILTERS = table("""filter filter_by where get get_or_404 get_or_none first_or_404 get_by_id find find_one exclude find_one_or_none get_object
    all one one_or_none first scalar scalar_one_or_none get_or_create update_or_create aget afirst find_by_id having""")
_RECORD = table("""get get_or_404 get_or_none first_or_404 get_by_id find_one first one one_or_none scalar scalar_one_or_none get_object
    get_or_create update_or_create aget afirst""")
# What only says how records are fetched and shown: the other records it speaks of are not the ones that are chosen.
SHAPING = table("prefetch_related select_related annotate alias only defer order_by distinct using reverse")
_RELATION = table(
    "filter filter_by where get first all create delete add remove append order_by select exclude one count"
)
_RAISING = table("get_or_404 first_or_404 one scalar_one get_object")
_CREATE = table(
    "create insert bulk_create insert_one insert_many get_or_create update_or_create acreate create_user create_superuser"
)
_UPDATE = table("update update_one update_many find_one_and_update replace_one bulk_update aupdate")
_DELETE = table("delete delete_one delete_many remove delete_instance find_one_and_delete adelete")
_DOCUMENT = table("""find_one insert_one insert_many update_one update_many delete_one delete_many find_one_and_update find_one_and_delete
    replace_one count_documents""")


def _keys(args: Arguments, positional_key: bool) -> tuple[tuple[str, Val], ...]:
    keys: list[tuple[str, Val]] = []
    for made in args.positional:
        if made.kind == "predicate" or (made.items is not None and made.kind in ("", "predicate")):
            keys += [(k.removeprefix("_") if k == "_id" else k, v) for k, v in (made.items or {}).items()]
        elif positional_key and not made.entities:
            keys.append(("id", made))
    keys += [
        (k.partition("__")[0], v)
        for k, v in args.named.items()
        if k not in ("defaults", "session", "description", "with_for_update")
    ]
    if args.spread is not None:
        keys.append(("*", args.spread))
    return tuple(keys)


def _proof(frame: Frame, node: ir.Expr, tags: frozenset[str], text: str) -> tuple[Guard, ...]:
    kinds = {OWNER: "owner", TOKEN: "token", IDENTITY: "login"}
    return tuple(
        Guard(kind, text, frame.spot(node), frame.scope) for tag, kind in kinds.items() if tag in tags
    )


def _tags(entity: Entity) -> frozenset[str]:
    from cwelens.app.calls import scope_tags

    return scope_tags(entity.keys) | {STORED}


def created(
    walk: Walk,
    frame: Frame,
    node: ir.Expr,
    entity: Entity,
    fields: dict[str, Val],
    args: Arguments,
    text: str = "",
) -> Val:
    """A new row."""
    if args.spread is not None and args.spread.has(CLIENT) and args.spread.kind != "declared":
        walk.event(frame, node, "mass", entity, fields, text, args.spread)
    event = walk.event(frame, node, "create", entity, fields, text)
    walk.made[entity] = event
    return Val(NO_TAGS, entities=frozenset((entity,)), name=entity.table)


def _related(walk: Walk, base: Val) -> Val:
    """`user.notifications`: the records on the other side of a relation, under the name that it has."""
    found = frozenset(
        Entity(
            e.columns[0],
            walk.know.class_named(e.columns[0].rstrip("s").title()),
            # Whose they are is known by what led here, which is not how one of them is chosen.
            tuple((f"{e.table}.{key}", made) for key, made in (*e.keys, *_made_for(walk, e))),
            e.spot,
        )
        if e.root is not None and e.columns
        else e
        for e in base.entities
    )
    return Val(base.tags, kind="query", entities=found, name=base.name)


def _made_for(walk: Walk, entity: Entity) -> tuple[tuple[str, Val], ...]:
    """Who a record is for that this request has made: `Box.objects.create(user=request.user)`."""
    creation = walk.made.get(entity.root or entity)
    fields = creation.fields if creation is not None else {}
    return tuple((name, made) for name, made in fields.items() if made.kind == "user")


def method(walk: Walk, frame: Frame, node: ir.Call, base: Val, name: str, args: Arguments) -> Val | None:
    """A method of a query or a record."""
    if base.kind == "" and name in _RELATION and any(e.root is not None for e in base.entities):
        base = _related(walk, base)
    if name in _CREATE and base.kind == "query":
        entity = next(iter(base.entities))
        led = tuple((key, made) for key, made in entity.keys if "." in key)
        fresh = Entity(entity.table, entity.model, led, frame.spot(node))
        fields = dict(args.named)
        if args.positional and args.positional[0].items is not None:
            fields.update(args.positional[0].items)
        return created(walk, frame, node, fresh, fields, args)
    if name in _UPDATE and base.has(DIGEST):
        # More data for a hash.
        return None
    if name in _UPDATE and (base.kind == "query" or base.has(STORED)) and base.type != SET:
        return _update(walk, frame, node, base, args)
    if name in _DELETE and base.entities:
        found = (
            base
            if not args.positional or (base.kind == "query" and args.positional[0].items is None)
            else mixed([base], entities=_keyed(frame, node, base, args, True))
        )
        for entity in found.entities:
            walk.event(frame, node, "delete", entity)
        return EMPTY
    if name == "set_password":
        for entity in base.entities:
            walk.event(frame, node, "update", entity.root or entity, {"password": args.first()})
        return EMPTY
    if name in ("save", "asave") and base.kind != "query":
        for entity in base.entities:
            if entity not in walk.made and not any(
                e.kind == "update" and e.entity is entity for e in walk.events
            ):
                walk.event(frame, node, "update", entity)
        return EMPTY
    if name in _FILTERS and base.kind in ("query", "column"):
        entities = _keyed(
            frame, node, base, args, name in ("get", "get_or_404", "get_by_id", "get_or_none", "find_by_id")
        )
        tags = frozenset().union(*(_tags(e) for e in entities)) if entities else NO_TAGS
        for key, made in _keys(args, False):
            if made.has(CLIENT) and is_code(key):
                walk.event(frame, node, "code-check", text=key)
            if is_password(key) and made.has(CLIENT) and made.kind != "query":
                walk.event(
                    frame, node, "password-check", text="plain" if not made.has("digest") else "compare"
                )
                tags |= {CREDENTIAL}
        if name in _RAISING or (name == "get" and base.name == "objects"):
            frame.guards += _proof(frame, node, tags & {OWNER, TOKEN, IDENTITY}, f"{name}(…)")
        return Val(tags, name=base.name, entities=entities, kind="" if name in _RECORD else "query")
    if name in ("is_", "in_", "like", "ilike", "startswith", "contains", "any") and base.kind == "column":
        made = args.first()
        return mixed([made], kind="predicate", items={base.name: made})
    made = mixed(
        [base] if name in SHAPING else [base, *args.all()],
        kind=base.kind if base.kind == "query" and name not in ("count", "exists") else "",
    )
    made.name = base.name if name not in ("count", "exists") else name
    made.tags |= {STORED}
    return made


def _keyed(frame: Frame, node: ir.Expr, base: Val, args: Arguments, positional: bool) -> frozenset[Entity]:
    # Whoever names a record by its secret has been given that: `get(id=…, secret_key=…)`.
    keys = tuple(
        (k, v.tagged(TOKEN) if v.has(CLIENT) and is_secret(k) else v) for k, v in _keys(args, positional)
    )
    return frozenset(e.keyed(keys, frame.spot(node)) for e in base.entities) if keys else base.entities


def _update(walk: Walk, frame: Frame, node: ir.Call, base: Val, args: Arguments) -> Val:
    entities = base.entities
    fields = dict(args.named)
    positional = list(args.positional)
    if len(positional) >= 2:
        # A document data base: which documents, and what changes. Anything else is a method of the program's own.
        if positional[0].items is None:
            return EMPTY
        keys = tuple((k, v) for k, v in (positional[0].items or {}).items())
        entities = frozenset(e.keyed(keys, frame.spot(node)) for e in entities)
        positional = positional[1:2]
    for made in positional:
        inner = (made.items or {}).get("$set", made)
        fields.update(inner.items or {})
        if inner.items is None and inner.has(CLIENT):
            for entity in entities:
                walk.event(frame, node, "mass", entity, value=inner)
    if base.name == "__dict__" and not any(v.has(CLIENT) for v in fields.values()):
        # The attributes of a record, taken as a dictionary for a template.
        return EMPTY
    for entity in entities:
        if args.spread is not None and args.spread.has(CLIENT) and args.spread.kind != "declared":
            walk.event(frame, node, "mass", entity, value=args.spread)
        walk.event(frame, node, "update", entity, fields)
    return EMPTY


def execute(walk: Walk, frame: Frame, node: ir.Call, args: Arguments) -> Val | None:
    """An SQL text that is executed; the cursor then stands for its rows."""
    params = (
        args.positional[1]
        if len(args.positional) > 1
        else args.named.get("params", args.named.get("parameters"))
    )
    if len(args.positional) > 2:
        params = mixed(args.positional[1:], elements=args.positional[1:])
    statement = sql.read(args.positional[0], params)
    if statement is None:
        return None
    entity = Entity(statement.table, None, statement.keys, frame.spot(node), statement.columns)
    tags = _tags(entity)
    for name, made in statement.keys:
        if made.has(CLIENT) and is_code(name):
            walk.event(frame, node, "code-check", entity, text=name)
    if statement.kind == "disclose":
        for name, made in statement.keys:
            if is_password(name) and made.has(CLIENT):
                walk.event(
                    frame,
                    node,
                    "password-check",
                    entity,
                    text="plain" if not made.has("digest") else "compare",
                )
                tags |= {CREDENTIAL}
        made = Val(tags, entities=frozenset((entity,)), name=statement.table)
    else:
        if statement.named is not None:
            walk.event(frame, node, "mass", entity, statement.fields, value=statement.named)
        event = walk.event(frame, node, statement.kind, entity, statement.fields)
        made = EMPTY
        if statement.kind == "create":
            walk.made[entity] = event
    func = node.func
    if isinstance(func, ir.Attr) and isinstance(func.base, ir.Name) and statement.kind == "disclose":
        frame.env[func.base.id] = made
    return made


def of_session(walk: Walk, frame: Frame, node: ir.Call, base: Val, name: str, args: Arguments) -> Val | None:
    """A method of a session of SQLAlchemy and its like."""
    first = args.first()
    if name in ("query", "select") and args.positional:
        return selected(args.positional)
    model = _table_of(first)
    if name == "get" and model is not None:
        key = args.positional[1] if len(args.positional) > 1 else args.named.get("ident", EMPTY)
        entity = Entity(model.table, model.model, (("id", key),), frame.spot(node))
        return Val(_tags(entity), entities=frozenset((entity,)), name=entity.table)
    if name == "delete":
        for entity in first.entities:
            walk.event(frame, node, "delete", entity)
        return EMPTY
    if name in EXECUTE or name in ("scalar", "scalars", "stream"):
        made = execute(walk, frame, node, args) if args.positional else None
        return (
            made
            if made is not None
            else Val(
                first.tags, entities=first.entities, kind="query" if first.entities else "", name=first.name
            )
        )
    if name in ("add", "merge", "commit", "add_all", "flush", "refresh", "rollback", "close"):
        return first
    return None


def _table_of(made: Val) -> Entity | None:
    """The records of a model: a class of the program, or one that is imported from somewhere and called like one."""
    if isinstance(made.ref, ClassInfo):
        return Entity(made.ref.name.lower(), made.ref)
    if isinstance(made.ref, External) and not made.entities:
        last = made.ref.qualname.rpartition(".")[2]
        if last[:1].isupper() and not last.isupper():
            return Entity(last.lower(), None)
    return None


def selected(parts: list[Val]) -> Val:
    """`select(Model, …)`, `session.query(Model)`"""
    entities = frozenset(made for made in map(_table_of, parts) if made is not None)
    entities |= frozenset().union(*(v.entities for v in parts)) if parts else frozenset()
    return Val(frozenset((STORED,)) if entities else NO_TAGS, kind="query", entities=entities, name="query")


def document(walk: Walk, frame: Frame, node: ir.Call, base: Val, name: str, args: Arguments) -> Val | None:
    """A method of a collection of documents, known by the names of its methods."""
    if name == "drop_all" or (
        name in ("drop_database", "drop_collection", "drop_tables") and not base.has(CLIENT)
    ):
        walk.event(frame, node, "destroy", Entity("*", None), text=name)
        return EMPTY
    if name not in _DOCUMENT and not (
        name in ("find",) and args.positional and args.positional[0].items is not None
    ):
        return None
    table = base.name.lower() or "documents"
    here = Val(kind="query", entities=frozenset((Entity(table, None, (), frame.spot(node)),)), name=table)
    if name in ("find", "find_one", "count_documents") and args.positional:
        for key, made in (args.positional[0].items or {}).items():
            if is_password(key) and made.has(CLIENT):
                walk.event(
                    frame, node, "password-check", text="plain" if not made.has("digest") else "compare"
                )
    return method(walk, frame, node, here, name, args)


def in_memory(walk: Walk, frame: Frame, node: ir.Call, base: Val, name: str, args: Arguments) -> Val:
    """A method of a module-level dict or list that stands for a table."""
    from cwelens.app import evaluate

    first = args.first()
    entity = next(iter(base.entities))
    if name in ("get", "pop", "setdefault"):
        made = evaluate.item(walk, frame, node, base, first)
        if name == "pop":
            for one in made.entities:
                walk.event(frame, node, "delete", one)
        return made
    if name in ("append", "add", "insert", "extend"):
        fresh = Entity(entity.table, None, (), frame.spot(node))
        fields = dict(args.positional[-1].items or {}) if args.positional else {}
        walk.event(frame, node, "create", fresh, fields, value=first)
        return EMPTY
    if name in ("remove", "discard", "clear"):
        for one in first.entities or base.entities:
            walk.event(frame, node, "delete" if name != "clear" else "destroy", one)
        return EMPTY
    return Val(frozenset((STORED,)), name=base.name, entities=base.entities)


def looked_up(walk: Walk, frame: Frame, node: ir.Call, args: Arguments, by_key: bool) -> Val | None:
    """`get_object_or_404(Model, …)`; with `by_key` a second argument is the record's key."""
    first = args.first()
    if isinstance(first.ref, ClassInfo):
        base = Val(kind="query", entities=frozenset((Entity(first.ref.name.lower(), first.ref),)))
    elif first.entities:
        base = first
    else:
        return None
    rest = type(args)(args.positional[1:], args.named, args.spread)
    entities = _keyed(frame, node, base, rest, by_key)
    tags = frozenset().union(*(_tags(e) for e in entities)) if entities else NO_TAGS
    frame.guards += _proof(frame, node, tags & {OWNER, TOKEN, IDENTITY}, "get_object_or_404(…)")
    return Val(tags, entities=entities, name=next(iter(entities)).table)
