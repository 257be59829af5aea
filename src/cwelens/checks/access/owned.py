"""Whose a record is: the columns that name its owner, and how sure it is that they do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cwelens.app.model import Application
from cwelens.app.values import IDENTITY, Entity
from cwelens.app.words import OWNER_WORDS, USER_TABLES, is_owner, is_user_table, words
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted, walk

_RELATIONS = (
    "ForeignKey",
    "OneToOneField",
    "ManyToManyField",
    "relationship",
    "ForeignKeyField",
    "ReferenceField",
)
_TEXTS = ("String", "Text", "Unicode", "CharField", "TextField", "EmailField", "StringField")
_LAST_WORD = re.compile(r"[A-Z]?[a-z]+")


def owners(app: Application, entity: Entity) -> list[str]:
    """The columns that say whose a record is."""
    return [c for c in app.know.columns_of(entity) if is_owner(c) and _names_account(app, entity, c)]


def is_owned(app: Application, entity: Entity) -> bool:
    return is_user_table(entity.table) or bool(owners(app, entity))


def doubt(app: Application, entity: Entity) -> str:
    """What is taken for granted where all owners are texts, and no route ever puts who is asking there."""
    columns = owners(app, entity)
    if is_user_table(entity.table) or not columns or not all(_is_text(app, entity, c) for c in columns):
        return ""
    for route in app.routes:
        for event in route.of("create"):
            if event.table == entity.table and any(
                event.fields[c].has(IDENTITY) for c in columns if c in event.fields
            ):
                return ""
    return f"`{columns[0]}` of `{entity.table}` says who may reach it"


def _names_account(app: Application, entity: Entity, column: str) -> bool:
    """Whether a column that is called after an owner refers to an account, not to another kind of record."""
    target = None
    for made in _declarations(app, entity, column):
        target = _target(made)
        if target:
            # A `relationship` may lead to many that belong to somebody; a key leads to the one that this hangs on.
            return _is_person(target) or (_last(made) != "relationship" and _has_person(app, target))
    return target is not None or _refers(column)


def _refers(column: str) -> bool:
    """Whether a column's name alone says that it refers to an account: an author may be a text, an `author_id` is not."""
    found = words(column)
    return bool(
        found & {"user", "owner", "userid", "username", "member", "account", "id", "by"}
    ) or column.lower().endswith("id")


def _declarations(app: Application, entity: Entity, column: str) -> Iterator[ir.Call]:
    if entity.model is None:
        return
    for ancestor in app.know.program.mro(entity.model)[0]:
        for binding in ancestor.bindings.get(column, ()):
            if isinstance(binding.value, ir.Call):
                yield binding.value


def _target(made: ir.Call) -> str | None:
    """What a relation leads to, empty where it is not said; None for a column that is no relation."""
    for part in walk(made):
        if not (isinstance(part, ir.Call) and _last(part.func) in _RELATIONS):
            continue
        first = part.args[0] if part.args else None
        if isinstance(first, ir.Const) and isinstance(first.value, str):
            pieces = first.value.split(".")
            # `Column(Integer, ForeignKey("user.id"))` names a column, `ForeignKey("auth.User")` a class.
            return pieces[-2] if part is not made and len(pieces) > 1 else pieces[-1]
        return (dotted(first) or "").rpartition(".")[2] if isinstance(first, ir.Name | ir.Attr) else ""
    return None


def _is_person(target: str) -> bool:
    if is_user_table(target) or {"auth", "user"} <= words(target):
        # `settings.AUTH_USER_MODEL` as well
        return True
    last = (_LAST_WORD.findall(target) or [""])[-1].lower()
    return bool({last, last.rstrip("s")} & (OWNER_WORDS | USER_TABLES))


def _has_person(app: Application, target: str) -> bool:
    """Whether the records that a column refers to belong to accounts themselves: what hangs on them is theirs too."""
    model = app.know.class_named(target)
    if model is None:
        return False
    entity = Entity(model.name.lower(), model)
    return any(
        _is_person(_target(made) or "")
        for column in app.know.columns_of(entity)
        if is_owner(column)
        for made in _declarations(app, entity, column)
    )


def _is_text(app: Application, entity: Entity, column: str) -> bool:
    """Whether a column holds a text and refers to nothing."""
    made = list(_declarations(app, entity, column))
    return bool(made) and all(
        _target(call) is None and any(_last(part) in _TEXTS for part in (call.func, *call.args))
        for call in made
    )


def _last(node: ir.Expr) -> str:
    """The last name of what is named or called."""
    named = node.func if isinstance(node, ir.Call) else node
    return (dotted(named) or "").rpartition(".")[2] if isinstance(named, ir.Name | ir.Attr) else ""
