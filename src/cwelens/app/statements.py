"""The walk through statements: which guards hold where, and how a body can be left."""

from __future__ import annotations

from collections.abc import Sequence

from cwelens.app import calls, dispatch, evaluate, tests
from cwelens.app.frame import MAX_DEPTH, Frame, Walk
from cwelens.app.tests import Test, guards_of, judge
from cwelens.app.values import CLIENT, EMPTY, IDENTITY, STORED, Entity, Guard, Val, constant, join, mixed
from cwelens.app.words import is_auth_name, is_identity_key, is_password, words
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted
from cwelens.ir.walk import walk as nodes_of
from cwelens.resolve.symbols import ClassInfo, FunctionInfo

_ROWS = 60
# Attributes of a response that hold what is sent.
_SENT = ("media", "text", "body", "data", "content", "json", "stream")


def block(walk: Walk, frame: Frame, body: Sequence[ir.Stmt]) -> bool:
    """Walks statements; False where the end is never reached."""
    for statement in body:
        walk.budget -= 1
        if walk.budget < 0:
            return True
        if not _statement(walk, frame, statement):
            return False
    return True


def _statement(walk: Walk, frame: Frame, node: ir.Stmt) -> bool:
    if isinstance(node, ir.ExprStmt):
        made = evaluate.value(walk, frame, node.value)
        if isinstance(node.value, ir.Yield):
            frame.exits.append((made, frame.guards))
        return not calls.never_returns(walk, frame, node.value)
    if isinstance(node, ir.Assign):
        if node.value is None:
            return True
        made = evaluate.value(walk, frame, node.value)
        for target in node.targets:
            assign(walk, frame, target, made)
        return not calls.never_returns(walk, frame, node.value)
    if isinstance(node, ir.AugAssign):
        made = evaluate.value(walk, frame, node.value)
        old = evaluate.value(walk, frame, node.target)
        parts = old.parts + made.parts if old.parts is not None and made.parts is not None else None
        assign(walk, frame, node.target, mixed([old, made], parts=parts))
        return True
    if isinstance(node, ir.Return):
        made = evaluate.value(walk, frame, node.value) if node.value is not None else EMPTY
        if node.value is not None and calls.never_returns(walk, frame, node.value):
            return False
        frame.exits.append((made, frame.guards))
        if frame.depth == 0:
            disclosed(walk, frame, node, made)
        return False
    if isinstance(node, ir.Raise):
        if node.value is not None:
            evaluate.value(walk, frame, node.value)
        return False
    if isinstance(node, ir.If):
        return _if(walk, frame, node)
    if isinstance(node, ir.For | ir.While):
        return _loop(walk, frame, node)
    if isinstance(node, ir.With):
        for item, name in node.items:
            made = evaluate.value(walk, frame, item)
            if name is not None:
                assign(walk, frame, name, made)
        return block(walk, frame, node.body)
    if isinstance(node, ir.Try):
        return _try(walk, frame, node)
    if isinstance(node, ir.Assert):
        found = judge(walk, frame, node.test)
        if found.positive:
            frame.guards += guards_of(frame, node.test, found)
        return True
    if isinstance(node, ir.Delete):
        for target in node.targets:
            made = evaluate.value(walk, frame, target)
            if isinstance(target, ir.Item):
                calls.removed(walk, frame, target, made)
        return True
    if isinstance(node, ir.Match):
        return _match(walk, frame, node)
    if isinstance(node, ir.Function):
        info = evaluate.nested(frame, node)
        if info is not None:
            walk.closures[id(node)] = frame
            frame.env[node.name] = Val(ref=info, name=node.name)
        return True
    return not (isinstance(node, ir.Jump) and node.kind in ("break", "continue"))


def assign(walk: Walk, frame: Frame, target: ir.Expr, made: Val) -> None:
    """Binds a target; keys of sessions and attributes of records are effects."""
    if isinstance(target, ir.Name):
        frame.env[target.id] = made
    elif isinstance(target, ir.Seq):
        for index, part in enumerate(target.items):
            if made.type == "keys-chosen" and index == 0 and len(target.items) == 2:
                assign(walk, frame, part, EMPTY)
                continue
            if made.elements is not None and index < len(made.elements):
                assign(walk, frame, part, made.elements[index])
            elif made.kind == "path" and index == 0:
                # The address before its query.
                assign(walk, frame, part, dispatch.address())
            else:
                assign(walk, frame, part, mixed([made], name=made.name, bound=made.bound))
    elif isinstance(target, ir.Star):
        assign(walk, frame, target.value, made)
    elif isinstance(target, ir.Item):
        base = evaluate.value(walk, frame, target.base)
        key = evaluate.value(walk, frame, target.key)
        name = key.const if isinstance(key.const, str) else ""
        if base.kind == "session":
            if is_identity_key(name) and not (made.known and not made.const):
                walk.event(frame, target, "login", text=f"session[{name!r}]", value=made)
        elif base.kind == "cookies" or (base.kind == "cookie-jar" and is_auth_name(name)):
            walk.event(frame, target, "login", text=name, value=made)
        elif base.kind == "store":
            for entity in base.entities:
                # A whole new entry is put in; anything else changes the one that is there.
                kind = "create" if made.items is not None else "update"
                chosen = entity.keyed(((name or "key", key),), None)
                walk.event(frame, target, kind, chosen, value=made, fields=made.items)
        elif base.items is not None and name:
            base.items[name] = made
        elif base.entities and name and base.kind != "response":
            # (A header of a response that shows a record changes nothing in it.)
            _changed(walk, frame, target, base, name, made)
        elif isinstance(target.base, ir.Name) and target.base.id in frame.env:
            put = {**(base.put or {}), name: made} if name else base.put
            frame.env[target.base.id] = mixed([base, made], name=base.name, kind=base.kind, put=put)
    elif isinstance(target, ir.Attr):
        base = evaluate.value(walk, frame, target.base)
        if base.kind == "response" and target.name in _SENT:
            disclosed(walk, frame, target, made)
        if base.kind in ("instance", "self"):
            if base.items is not None:
                base.items[target.name] = made
        if (
            base.has(CLIENT)
            and not base.entities
            and base.kind == ""
            and is_password(target.name)
            and made.has(CLIENT)
        ):
            # An object that the client sent, or chose, is given the client's password.
            found = Entity(base.name.lower() or "account", None, (("object", base),), frame.spot(target))
            walk.event(frame, target, "update", found, {target.name: made})
        if base.entities and base.kind not in ("query", "store") and not target.name.startswith("_"):
            # A name with an underscore in front is no column: something is kept beside the record for a while.
            _changed(walk, frame, target, base, target.name, made)


def _changed(walk: Walk, frame: Frame, node: ir.Expr, base: Val, name: str, made: Val) -> None:
    for entity in base.entities:
        creation = walk.made.get(entity.root or entity)
        if creation is not None:
            creation.fields[name] = made
        elif entity.model is not None or STORED not in base.tags:
            walk.event(frame, node, "update", entity, {name: made}, "assigned")


def disclosed(walk: Walk, frame: Frame, node: ir.Node, made: Val) -> None:
    """What is sent back: the records in a response. An address to go to shows no more than where a record is found."""
    if isinstance(node, ir.Return) and isinstance(node.value, ir.Call):
        if "redirect" in words((dotted(node.value.func) or "").rpartition(".")[2]):
            return
    for entity in sorted(made.entities, key=lambda e: (e.table, e.spot[1] if e.spot else (0, 0, 0, 0))):
        if (entity.root or entity) not in walk.made:
            walk.event(frame, node, "disclose", entity, text=_sent_as(node), value=made)
    if made.has("secret-out"):
        event = walk.event(frame, node, "secret-out")
        event.spot = walk.secret_spots[-1]


def _sent_as(node: ir.Node) -> str:
    """`page` where a template decides what of the records is shown."""
    made = node.value if isinstance(node, ir.Return) else None
    name = (dotted(made.func) or "").rpartition(".")[2] if isinstance(made, ir.Call) else ""
    return "page" if name.startswith("render") and "json" not in name else ""


def _if(walk: Walk, frame: Frame, node: ir.If) -> bool:
    noted = len(walk.choices.seen)
    found = judge(walk, frame, node.test)
    for place in list(walk.choices.seen.values())[noted:]:
        place.last = node.body[-1].pos[2] if node.body else 0
    frame.tested |= found.value.tags
    if found.constant is not None:
        return block(walk, frame, node.body if found.constant else node.orelse)
    guards = guards_of(frame, node.test, found)
    before_env, before = dict(frame.env), frame.guards
    frame.guards = before + (guards if found.positive else ())
    narrowed = tests.listed(walk, frame, node.test)
    if narrowed is not None and narrowed[1]:
        frame.env[narrowed[0]] = EMPTY
    alive_body = block(walk, frame, node.body)
    body_env, body_guards = frame.env, frame.guards
    frame.env, frame.guards = before_env, before + (() if found.positive else guards)
    if narrowed is not None and not narrowed[1]:
        frame.env[narrowed[0]] = EMPTY
    alive_else = block(walk, frame, node.orelse)
    if alive_body != alive_else and alive_body == found.positive:
        walk.refused += guards
    if alive_body and not alive_else:
        frame.env, frame.guards = body_env, body_guards
    elif alive_body and alive_else:
        _merge(frame, body_env, body_guards)
    return alive_body or alive_else


_STRONG = ("role", "owner", "token")


def _merge(frame: Frame, env: dict[str, Val], guards: tuple[Guard, ...]) -> None:
    """What holds however the present state was reached: here, or by the other way."""
    both = tuple(g for g in frame.guards if g in guards)
    one, two = ([g for g in way if g.kind in _STRONG and g not in both] for way in (frame.guards, guards))
    # Each way has proved that the record or the right is theirs, be it in another way.
    frame.guards = (*both, *dict.fromkeys((*one, *two))) if one and two else both
    for name, made in env.items():
        other = frame.env.get(name)
        frame.env[name] = made if other is None else join(made, other)


def _loop(walk: Walk, frame: Frame, node: ir.For | ir.While) -> bool:
    before, guards = dict(frame.env), frame.guards
    if isinstance(node, ir.For) and _each(walk, frame, node):
        return True
    if isinstance(node, ir.For):
        assign(walk, frame, node.target, evaluate.element(evaluate.value(walk, frame, node.iterable)))
    else:
        judge(walk, frame, node.test)
    block(walk, frame, node.body)
    _merge(frame, before, guards)
    frame.guards = guards
    block(walk, frame, node.orelse)
    return True


def _each(walk: Walk, frame: Frame, node: ir.For) -> bool:
    """Walks a loop over a table of handlers, or over fields that are set by name, once for each of its rows; False where it is no such loop."""
    iterable = evaluate.value(walk, frame, node.iterable)
    rows = iterable.elements
    func = node.iterable.func if isinstance(node.iterable, ir.Call) else None
    held = iterable.items
    named = isinstance(func, ir.Attr) and func.name == "items" and _sets(node)
    if named and isinstance(func, ir.Attr):
        held = evaluate.value(walk, frame, func.base).items
    if held is not None and func is not None:
        rows = [mixed([v], elements=[constant(k), v]) for k, v in held.items()]
    if not rows or len(rows) > _ROWS:
        return False
    if not named and not all(row.elements and _handles(row.elements) for row in rows):
        return False
    for row in rows:
        assign(walk, frame, node.target, row)
        if not block(walk, frame, node.body):
            break
    return True


def _sets(node: ir.For) -> bool:
    """Whether a loop sets attributes by their names: `setattr(record, key, value)`."""
    return any(
        isinstance(part, ir.Call) and isinstance(part.func, ir.Name) and part.func.id == "setattr"
        for part in nodes_of(*node.body)
    )


def _handles(row: list[Val]) -> bool:
    return any(isinstance(v.ref, FunctionInfo | ClassInfo) for v in row)


def _try(walk: Walk, frame: Frame, node: ir.Try) -> bool:
    before_env, before = dict(frame.env), frame.guards
    alive = block(walk, frame, node.body)
    if alive:
        alive = block(walk, frame, node.orelse)
    env, guards = frame.env, frame.guards
    for handler in node.handlers:
        frame.env, frame.guards = (
            {**env, **{k: join(v, env.get(k, v)) for k, v in before_env.items()}},
            before,
        )
        if block(walk, frame, handler.body):
            if alive:
                _merge(frame, env, guards)
            alive, env, guards = True, frame.env, frame.guards
    frame.env, frame.guards = env, guards
    return block(walk, frame, node.final) and alive


def _match(walk: Walk, frame: Frame, node: ir.Match) -> bool:
    subject = evaluate.value(walk, frame, node.subject)
    env, guards = dict(frame.env), frame.guards
    ends: list[dict[str, Val]] = [env]
    for case in node.cases:
        frame.env, frame.guards = dict(env), guards
        known = _fits(walk, frame, case, subject)
        if known is False:
            continue
        if block(walk, frame, case.body):
            ends.append(frame.env)
        elif known:
            return False
        if known:
            ends = [frame.env]
            break
    frame.env, frame.guards = dict(env), guards
    for end in ends:
        _merge(frame, end, guards)
    return True


def _fits(walk: Walk, frame: Frame, case: ir.Case, subject: Val) -> bool | None:
    """Whether the address fits the texts of a case, where that is decided."""
    if subject.kind not in ("path", "verb"):
        return None
    patterns = case.pattern.patterns if isinstance(case.pattern, ir.PatternOr) else [case.pattern]
    values = [evaluate.value(walk, frame, p.value) for p in patterns if isinstance(p, ir.PatternValue)]
    if not values or len(values) < len(patterns):
        return None
    noted = len(walk.choices.seen)
    known = dispatch.compared(walk, frame, case.pattern, subject, mixed(values, elements=values), "in")
    for place in list(walk.choices.seen.values())[noted:]:
        place.last = case.body[-1].pos[2] if case.body else 0
    return known


def function(
    walk: Walk,
    info: FunctionInfo,
    env: dict[str, Val],
    guards: tuple[Guard, ...] = (),
    outer: Frame | None = None,
    caller: Frame | None = None,
    site: ir.Node | None = None,
) -> tuple[Val, tuple[Guard, ...] | None]:
    """Walks a function: what it gives back, and the guards that hold after it (None where it never returns)."""
    depth = caller.depth + 1 if caller is not None else 0
    if depth > MAX_DEPTH or id(info) in walk.inside or walk.budget < 0:
        return mixed(list(env.values())), guards
    where = None
    if caller is not None and site is not None:
        where = caller.site or caller.spot(site)
    frame = Frame(info.module, info, env, guards, outer, where, depth)
    walk.inside.append(id(info))
    walk.entered[id(info.node)] = info
    try:
        alive = block(walk, frame, info.node.body)
    finally:
        walk.inside.pop()
    if alive:
        frame.exits.append((EMPTY, frame.guards))
    if not frame.exits:
        return EMPTY, None
    result = frame.exits[0][0]
    kept = list(frame.exits[0][1])
    for made, held in frame.exits[1:]:
        result = join(result, made)
        kept = [g for g in kept if g in held]
    strong = [{g for g in held if g.kind in ("role", "owner")} for _, held in frame.exits]
    if all(strong):
        # Each way out has proved that the record or the right is theirs, be it in another way.
        kept += sorted(set().union(*strong) - set(kept), key=lambda g: (g.kind, g.text))
    if caller is not None:
        caller.tested |= frame.tested
    proofs = {
        t for t in frame.tested if t in (IDENTITY, "token", "role", "owner", "password-proof", "credential")
    }
    different = len(frame.exits) > 1 or any(e.has(IDENTITY) for e, _ in frame.exits)
    if proofs and different:
        result = result.tagged(*proofs)
        if result.known:
            result.known = False
    return result, tuple(kept)


__all__ = ["Test", "assign", "block", "disclosed", "function"]
