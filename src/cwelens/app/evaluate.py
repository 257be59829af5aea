"""The walk through expressions: which data they are made of, and which records they stand for."""

from __future__ import annotations

from cwelens.app import calls, dispatch, members, tests, validated
from cwelens.app.frame import Frame, Walk, is_module_variable, lookup
from cwelens.app.values import (
    CLIENT,
    EMPTY,
    IDENTITY,
    KEPT,
    NO_TAGS,
    PROOFS,
    ROLE,
    SECRET_OUT,
    SET,
    STORED,
    TOKEN,
    Entity,
    Val,
    constant,
    join,
    mixed,
)
from cwelens.app.words import (
    is_auth_name,
    is_identity_key,
    is_password,
    is_role,
    is_token,
    keeps_records,
    words,
)
from cwelens.ir import nodes as ir
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import Binding, ClassInfo, External, FunctionInfo, ModuleInfo, Symbol


def text_of(module: ModuleInfo, node: ir.Node) -> str:
    """The first line of a node as written."""
    line, column, end_line, end_column = node.pos
    raw = module.source.line(line).encode("utf-8", "surrogatepass")
    cut = raw[column:end_column] if line == end_line else raw[column:]
    text = cut.decode("utf-8", "replace").strip()
    return text if len(text) <= 70 else text[:69] + "…"


def nested(frame: Frame, node: ir.Function) -> FunctionInfo | None:
    return next((f for f in frame.module.functions if f.node is node), None)


def value(walk: Walk, frame: Frame, node: ir.Expr) -> Val:
    """The value of an expression."""
    walk.budget -= 1
    if walk.budget < 0:
        return EMPTY
    if isinstance(node, ir.Const):
        if isinstance(node.value, str) and 8 < len(node.value) < 160 and " " in node.value:
            walk.texts.append((node.value, frame.site or frame.spot(node)))
        return constant(node.value)
    if isinstance(node, ir.Name):
        return _name(walk, frame, node)
    if isinstance(node, ir.Attr):
        base = value(walk, frame, node.base)
        made = members.attribute(walk, frame, node, base, node.name)
        return validated.read(walk, frame, base, node.name, made)
    if isinstance(node, ir.Call):
        return calls.call(walk, frame, node)
    if isinstance(node, ir.Item):
        base = value(walk, frame, node.base)
        return item(walk, frame, node, base, value(walk, frame, node.key))
    if isinstance(node, ir.Await | ir.Star):
        return value(walk, frame, node.value)
    if isinstance(node, ir.Yield):
        return value(walk, frame, node.value) if node.value is not None else EMPTY
    if isinstance(node, ir.Format):
        return _format(walk, frame, node)
    if isinstance(node, ir.Binary):
        return _binary(walk, frame, node)
    if isinstance(node, ir.Compare):
        return _compare(walk, frame, node)
    if isinstance(node, ir.BoolOp):
        return _bool(walk, frame, node)
    if isinstance(node, ir.Unary):
        return mixed([value(walk, frame, node.operand)])
    if isinstance(node, ir.Cond):
        found = tests.judge(walk, frame, node.test)
        made = join(value(walk, frame, node.body), value(walk, frame, node.orelse))
        # Which of the two it is tells how the test went.
        return made.tagged(*(tag for tag in PROOFS if tag in found.value.tags))
    if isinstance(node, ir.DictDisplay):
        return _dict(walk, frame, node)
    if isinstance(node, ir.Seq):
        parts = [value(walk, frame, part) for part in node.items]
        # With `*values` in it, which stands where is not known.
        exact = not any(isinstance(part, ir.Star) for part in node.items)
        return mixed(parts, elements=parts if exact else None)
    if isinstance(node, ir.Comp):
        return _comprehension(walk, frame, node)
    if isinstance(node, ir.Walrus):
        made = value(walk, frame, node.value)
        if isinstance(node.target, ir.Name):
            frame.env[node.target.id] = made
        return made
    if isinstance(node, ir.Slice):
        return EMPTY
    return EMPTY


def _name(walk: Walk, frame: Frame, node: ir.Name) -> Val:
    found = lookup(frame, node.id)
    if found is not None:
        return found
    symbol = walk.symbol(frame, node.id, node.pos)
    if symbol is None:
        if node.id in ("request", "session", "current_user", "g"):
            return of_symbol(walk, External(f"flask.{node.id}"), node.id)
        cls = walk.know.class_named(node.id) if node.id[:1].isupper() else None
        return Val(ref=cls, name=node.id)
    return of_symbol(walk, symbol, node.id)


def of_symbol(walk: Walk, symbol: Symbol, name: str) -> Val:
    """The value of a name outside functions."""
    if isinstance(symbol, External):
        return external(symbol.qualname, name)
    if isinstance(symbol, Binding):
        if is_module_variable(symbol) and symbol.kind == "variable" and symbol.value is not None:
            return _global(walk, symbol)
        return Val(name=symbol.name)
    return Val(ref=symbol, name=name)


# Names under which programs keep the session of their data base; what a web framework calls so is another thing.
_DATABASES = ("db", "session", "db_session", "DBSession", "Session", "dbsession")
_WEB = ("flask", "quart", "cherrypy", "bottle", "requests", "aiohttp", "starlette", "django", "web", "tornado", "sqlalchemy", "httpx", "boto3", "sqlmodel")  # fmt: skip


def external(qualname: str, name: str = "") -> Val:
    """A library object: the request, the session, who is asking, or only its name."""
    last = qualname.rpartition(".")[2]
    if last == "request" and not qualname.startswith(("urllib", "http.", "requests")):
        return Val(kind="request", name="request", ref=External(qualname))
    if qualname in (
        "cherrypy.session",
        "flask.session",
        "quart.session",
        "sanic_session.session",
        "flask.globals.session",
    ):
        return Val(kind="session", name="session")
    if qualname in ("flask.g", "quart.g", "flask.globals.g"):
        return Val(kind="g", name="g")
    if last in _DATABASES and qualname.partition(".")[0] not in _WEB:
        return Val(kind="db", name=last, ref=External(qualname))
    if last in ("current_user", "current_identity", "current_token", "current_principal"):
        return Val(frozenset((IDENTITY,)), kind="user", name=last)
    return Val(ref=External(qualname), name=name or last)


def _global(walk: Walk, binding: Binding) -> Val:
    """A module-level variable, evaluated once."""
    key = id(binding)
    known = walk.know.globals.get(key)
    if known is not None:
        return known
    walk.know.globals[key] = Val(name=binding.name)
    node = binding.value
    made = Val(name=binding.name)
    if node is not None and dispatch.is_table(node) and not walk.know.is_mutated(binding.name):
        made = value(walk, Frame(binding.module, None, {}, depth=1), node)
        if _of_handlers(made):
            walk.know.globals[key] = made
            return made
        made = Val(name=binding.name)
    mutated = (
        isinstance(node, ir.DictDisplay | ir.Seq | ir.Call)
        and keeps_records(binding.name)
        and walk.know.is_mutated(binding.name)
    )
    if mutated and (isinstance(node, ir.DictDisplay) or (isinstance(node, ir.Seq) and node.kind != "tuple")):
        made = Val(kind="store", name=binding.name, entities=frozenset((Entity(binding.name.lower(), None),)))
    elif isinstance(node, ir.Const | ir.Format | ir.Binary | ir.Name | ir.Attr):
        made = value(walk, Frame(binding.module, None, {}, depth=1), node)
    elif isinstance(node, ir.Call):
        symbol = symbol_of(walk.program.resolve_expr(binding.module, None, node.func))
        if isinstance(symbol, External):
            made = Val(name=binding.name, type=symbol.qualname)
            if mutated and symbol.qualname in (
                "builtins.dict",
                "builtins.list",
                "collections.defaultdict",
                "collections.OrderedDict",
            ):
                made = Val(
                    kind="store", name=binding.name, entities=frozenset((Entity(binding.name.lower(), None),))
                )
            elif symbol.qualname == "web.session.Session":
                made = Val(kind="session", name=binding.name)
            elif symbol.qualname.rpartition(".")[2] in ("LocalProxy",):
                made = Val(frozenset((IDENTITY,)), name=binding.name)
        elif isinstance(symbol, ClassInfo):
            made = Val(kind="instance", ref=symbol, name=binding.name)
    if made.kind not in ("request", "session"):
        made = made.copy(made.tags)
        made.name = binding.name
    walk.know.globals[key] = made
    return made


def _of_handlers(made: Val) -> bool:
    """Whether what a table holds are functions and classes of the program."""
    parts = list((made.items or {}).values()) + [v for row in made.elements or [] for v in row.elements or []]
    return any(isinstance(v.ref, FunctionInfo | ClassInfo) for v in parts)


def item(walk: Walk, frame: Frame, node: ir.Node, base: Val, key: Val) -> Val:
    """`base[key]`, `base.get(key)`, and what `key in base` asks about."""
    name = key.const if isinstance(key.const, str) else ""
    if base.put is not None and name in base.put:
        return base.put[name]
    if base.kind == "session":
        if not name and is_role("".join(part for part in key.parts or () if isinstance(part, str))):
            # `session[prefix + "_admin"]`
            return Val(frozenset((IDENTITY, ROLE)))
        if not name or is_identity_key(name):
            return Val(frozenset((IDENTITY, ROLE) if is_role(name) else (IDENTITY,)), name=name)
        return Val(frozenset((KEPT,)), name=name)
    if base.kind == "db" and is_identity_key(name):
        # No data base after all: a session that somebody's module made.
        return Val(frozenset((IDENTITY,)), name=name)
    if base.kind == "environ":
        return dispatch.environ(name)
    if base.kind == "request" and words(name) & members.G_WORDS:
        # `request["user"]` of aiohttp: put there by whatever found out who is asking.
        return Val(frozenset((IDENTITY,)), kind="user", name=name)
    if base.kind == "g" and name:
        return members.attribute(walk, frame, ir.Name(name, node.pos), base, name)
    if base.kind == "path" and key.const == 0:
        return base
    if base.items is not None and dispatch.asks(key):
        standing = dispatch.entry(walk, frame, node, base, None)
        if standing is not None:
            return standing
    if base.kind in ("cookies", "headers"):
        # A cookie or header that carries a session or a token says who is asking; whether it is verified is another question.
        if name and is_auth_name(name) and not is_role(name):
            return Val(base.tags | {IDENTITY, TOKEN}, name=name)
        return Val(base.tags | ({TOKEN} if name and is_token(name) else NO_TAGS), name=name)
    if base.kind == "body":
        if name:
            walk.asked.setdefault(name.lower(), frame.spot(node))
        return client(name)
    if base.kind == "store":
        keys = ((name or "key", key),)
        found = frozenset(e.keyed(keys, frame.spot(node)) for e in base.entities)
        return Val(frozenset((STORED,)) | calls.scope_tags(keys), name=name, entities=found)
    if base.items is not None and name in base.items:
        held = base.items[name]
        if held.known and base.has(IDENTITY):
            # One of the values that what is known about who is asking may have.
            return Val(frozenset((IDENTITY, ROLE) if is_role(name) else (IDENTITY,)), name=name)
        return held
    if (
        base.elements is not None
        and isinstance(key.const, int)
        and -len(base.elements) <= key.const < len(base.elements)
    ):
        return base.elements[key.const]
    tags = base.tags | (key.tags & {CLIENT} if not base.entities else NO_TAGS)
    if base.entities:
        tags |= {STORED}
    if name and is_role(name) and (base.entities or base.has(IDENTITY)):
        tags |= {ROLE}
    if name and base.has(CLIENT) and is_token(name):
        tags |= {TOKEN}
    entities = base.entities
    if name and base.kind != "query":
        entities = frozenset(walk.part(e, name) for e in entities)
    return Val(
        tags, name=name or base.name, entities=entities, kind=base.kind if base.kind == "query" else ""
    )


def client(name: str) -> Val:
    """Data that the client sent under a name."""
    tags = {CLIENT}
    if name and is_token(name):
        tags.add(TOKEN)
    return Val(frozenset(tags), name=name)


def element(base: Val) -> Val:
    """One of the elements of an iterable."""
    if base.elements:
        made = base.elements[0]
        for other in base.elements[1:]:
            made = join(made, other)
        return made
    tags = base.tags | ({STORED} if base.entities else NO_TAGS)
    kind = "body" if base.kind == "body" else ""
    return Val(
        tags,
        name=base.name,
        entities=base.entities,
        kind=kind,
        bound=base.bound,
        type=base.type if base.type == "keys-chosen" else "",
    )


def _format(walk: Walk, frame: Frame, node: ir.Format) -> Val:
    parts: list[str | Val] = []
    held: list[Val] = []
    for part in node.parts:
        if isinstance(part, str):
            parts.append(part)
        else:
            made = value(walk, frame, part.value)
            held.append(made)
            parts.append(made)
    return mixed(held, parts=parts)


def _binary(walk: Walk, frame: Frame, node: ir.Binary) -> Val:
    left, right = value(walk, frame, node.left), value(walk, frame, node.right)
    if left.kind == "predicate" and right.kind == "predicate":
        return mixed([left, right], kind="predicate", items={**(left.items or {}), **(right.items or {})})
    if node.op == "+":
        if left.parts is not None or right.parts is not None:
            return mixed([left, right], parts=(left.parts or [left]) + (right.parts or [right]))
        if left.elements is not None and right.elements is not None:
            return mixed([left, right], elements=left.elements + right.elements)
    if node.op == "%" and left.parts is not None and len(left.parts) == 1 and isinstance(left.parts[0], str):
        return mixed([left, right], parts=calls.percent(left.parts[0], right))
    return mixed([left, right], name=left.name or right.name)


def _is_column(made: Val) -> bool:
    """Whether a value is an attribute of a class that is not in the input: `Order.owner_id`."""
    if not isinstance(made.ref, External):
        return False
    parts = made.ref.qualname.split(".")
    return len(parts) > 2 and parts[-2][:1].isupper() and not parts[-2].isupper() and parts[-1].islower()


def _compare(walk: Walk, frame: Frame, node: ir.Compare) -> Val:
    left = value(walk, frame, node.left)
    rights = [value(walk, frame, right) for right in node.rights]
    if len(rights) == 1 and node.ops[0] in ("==", "in"):
        for one, two in ((left, rights[0]), (rights[0], left)):
            if _is_column(one):
                return mixed([two], kind="predicate", items={one.name: two}, entities=one.entities)
            if one.kind == "column":
                return mixed([two], kind="predicate", items={one.name: two}, entities=one.entities)
    if len(rights) == 1:
        made = tests.judge(walk, frame, node).value
        if made.kind == "":
            made = made.copy(made.tags)
            made.kind = "compared"
        return made
    return mixed([left, *rights])


def _bool(walk: Walk, frame: Frame, node: ir.BoolOp) -> Val:
    parts = [value(walk, frame, part) for part in node.values]
    made = parts[0]
    for part in parts[1:]:
        made = join(made, part)
    made = made.copy(made.tags)
    made.known = False
    return made


def _dict(walk: Walk, frame: Frame, node: ir.DictDisplay) -> Val:
    items: dict[str, Val] = {}
    held: list[Val] = []
    tags: set[str] = set()
    for key, part in node.items:
        made = value(walk, frame, part)
        held.append(made)
        if key is None:
            items.update(made.items or {})
            continue
        name = value(walk, frame, key)
        if name.elements is not None and dispatch.both(name.elements):
            items[dispatch.both(name.elements)] = made
        if isinstance(name.const, str):
            items[name.const] = made
            if (
                is_password(name.const)
                and made.has(STORED)
                and is_password(made.name)
                and "hash" not in words(made.name)
            ):
                tags.add(SECRET_OUT)
                walk.secret_spots.append(frame.spot(key))
    made = mixed(held, items=items)
    return made.tagged(*tags) if tags else made


def _renewed(walk: Walk, frame: Frame, node: ir.Comp) -> dict[str, Val] | None:
    """The entries of `{k: v for k, v in data.items() if …}`, whose keys are those of `data`; None for any other comprehension."""
    if node.value is None or len(node.fors) != 1:
        return None
    source, target = node.fors[0].iterable, node.fors[0].target
    func = source.func if isinstance(source, ir.Call) else None
    names = (
        [part.id for part in target.items if isinstance(part, ir.Name)] if isinstance(target, ir.Seq) else []
    )
    if not (isinstance(func, ir.Attr) and func.name == "items" and len(names) == 2):
        return None
    if not (isinstance(node.element, ir.Name) and node.element.id == names[0]):
        return None
    items = value(walk, frame, func.base).items
    return dict(items) if items else None


def _comprehension(walk: Walk, frame: Frame, node: ir.Comp) -> Val:
    saved = dict(frame.env)
    sources: list[Val] = []
    keys: list[tuple[str, Val]] = []
    for part in node.fors:
        found = element(value(walk, frame, part.iterable))
        sources.append(found)
        if isinstance(part.target, ir.Name):
            frame.env[part.target.id] = found
        elif isinstance(part.target, ir.Seq):
            for target in part.target.items:
                if isinstance(target, ir.Name):
                    frame.env[target.id] = found
        for condition in part.conditions:
            if isinstance(condition, ir.Compare) and condition.ops == ["=="]:
                left, right = value(walk, frame, condition.left), value(walk, frame, condition.rights[0])
                for one, two in ((left, right), (right, left)):
                    if one.entities & found.entities and not two.entities & found.entities:
                        keys.append((one.name or "key", two))
            else:
                value(walk, frame, condition)
            narrowed = tests.listed(walk, frame, condition)
            if narrowed is not None and narrowed[1]:
                frame.env[narrowed[0]] = EMPTY
    parts = [value(walk, frame, node.element)]
    if node.value is not None:
        parts.append(value(walk, frame, node.value))
    frame.env = saved
    made = mixed(parts, name=parts[-1].name, type=SET if node.kind == "set" else "")
    held = _renewed(walk, frame, node)
    if held is not None:
        made.items = held
    if node.value is not None and not parts[0].has(CLIENT):
        # A dict whose keys the code has chosen, whatever its values are.
        made.type = "keys-chosen"
    if keys:
        chosen = frozenset(e.keyed(tuple(keys), frame.spot(node)) for e in made.entities)
        made = Val(made.tags | calls.scope_tags(tuple(keys)), name=made.name, entities=chosen)
    return made
