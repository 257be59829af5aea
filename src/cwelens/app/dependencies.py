"""What a framework calls a handler with: path parameters, bodies, and dependencies with the guards that they make."""

from __future__ import annotations

import re

from cwelens.app import evaluate, schemas
from cwelens.app.evaluate import text_of
from cwelens.app.frame import Frame, Knowledge, Walk
from cwelens.app.routing.found import returned
from cwelens.app.statements import function
from cwelens.app.values import CLIENT, DECLARED, IDENTITY, ROLE, STORED, TOKEN, Guard, Spot, Val
from cwelens.app.words import PRIVILEGED_FIELDS, guard_kind, is_auth_name, is_role, table, words
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted, walk
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import Binding, ClassInfo, FunctionInfo, ModuleInfo

REQUESTS = frozenset(("request", "req", "info", "_info"))
_ANYTHING = re.compile(r"""extra['"]?\s*[=:]\s*(?:['"]|Extra\.)allow""")


def by_dependency(
    know: Knowledge, walk_: Walk, frame: Frame, node: ir.Expr, scope: str = "dependency"
) -> tuple[Val, tuple[Guard, ...]] | None:
    """`Depends(f)`, `Security(f)`: what it gives the handler, and the guards it makes; None for anything else."""
    if not (
        isinstance(node, ir.Call) and (dotted(node.func) or "").rpartition(".")[2] in ("Depends", "Security")
    ):
        return None
    if not node.args:
        return Val(), ()
    target = node.args[0]
    text = text_of(frame.module, node)
    spot = frame.spot(node)
    name = dotted(target if not isinstance(target, ir.Call) else target.func) or ""
    last = name.rpartition(".")[2]
    symbol = (
        symbol_of(know.program.resolve_expr(frame.module, None, target))
        if isinstance(target, ir.Name | ir.Attr)
        else None
    )
    if isinstance(symbol, FunctionInfo):
        return _called(know, walk_, symbol, text, spot, scope)
    if isinstance(symbol, Binding) and isinstance(symbol.value, ir.Call):
        made = dotted(symbol.value.func) or ""
        if any(part in made for part in ("OAuth2", "HTTPBearer", "HTTPBasic", "APIKey", "Bearer")):
            return Val(frozenset((IDENTITY,)), name=last), (Guard("token", text, spot, scope),)
        given = _made(
            know, walk_, Frame(symbol.module, symbol.where, {}, depth=1), symbol.value, text, spot, scope
        )
        if given is not None:
            return (given[0], ()) if words(last) & _OPEN else given
    if isinstance(target, ir.Call):
        given = _made(know, walk_, frame, target, text, spot, scope)
        if given is not None:
            return given
    if isinstance(symbol, ClassInfo):
        if "__call__" in symbol.methods:
            return _called(know, walk_, symbol.methods["__call__"], text, spot, scope)
        return Val(frozenset(("client",)), kind="body"), ()
    named = words(last)
    kind = guard_kind(last) or ("login" if "user" in named or named & _AUTHENTICATING else "")
    if words(last) & {"db", "session", "database"} and not kind:
        return Val(kind="db", name=last), ()
    if not kind:
        return Val(name=last), ()
    tags = frozenset((IDENTITY, ROLE)) if kind == "role" else frozenset((IDENTITY,))
    guards = (
        Guard("login", text, spot, scope),
        *((Guard("role", text, spot, scope),) if kind == "role" else ()),
    )
    return Val(tags, kind="user", name=last), guards


_AUTHENTICATING = table("authenticator authenticate authentication authorizer")


def _made(
    know: Knowledge, walk_: Walk, frame: Frame, made: ir.Call, text: str, spot: Spot, scope: str
) -> tuple[Val, tuple[Guard, ...]] | None:
    """A dependency that a call makes: `Depends(Authenticator({"read"}))`, an object that is called or a function out of a factory."""
    symbol = symbol_of(know.program.resolve_expr(frame.module, frame.function, made.func))
    inner: list[FunctionInfo | ClassInfo] = []
    if isinstance(symbol, ClassInfo):
        inner = [symbol]
    elif isinstance(symbol, FunctionInfo):
        inner = returned(symbol)
    for one in inner:
        asked = one.methods.get("__call__") if isinstance(one, ClassInfo) else one
        given = _called(know, walk_, asked, text, spot, scope) if asked is not None else None
        if given is not None and given[1]:
            return given
    name = (dotted(made.func) or "").rpartition(".")[2]
    kind = guard_kind(name) or ("login" if words(name) & _AUTHENTICATING else "")
    if not kind:
        return None
    tags = frozenset((IDENTITY, ROLE)) if kind == "role" else frozenset((IDENTITY,))
    guards = tuple(Guard(k, text, spot, scope) for k in dict.fromkeys(("login", kind)))
    return Val(tags, kind="user", name=name), guards


def _called(
    know: Knowledge, walk_: Walk, info: FunctionInfo, text: str, spot: Spot, scope: str
) -> tuple[Val, tuple[Guard, ...]]:
    """A dependency that is a function of the program: its own dependencies first, then its body."""
    env: dict[str, Val] = {}
    guards: tuple[Guard, ...] = ()
    own = Frame(info.module, info.parent, {}, depth=2)
    for param in info.node.params:
        inner = dependency_of(know, walk_, own, param)
        if inner is not None:
            env[param.name] = inner[0]
            guards += inner[1]
        else:
            env[param.name] = _by_annotation(param) or _by_name(param)
    made, held = function(walk_, info, env, (), None, own, info.node)
    guards += held or ()
    kinds = dict.fromkeys(g.kind for g in guards)
    if {"token", "login"} <= kinds.keys() and not made.has(IDENTITY, STORED) and not made.entities:
        # A key was asked for, and whose it is told to nobody.
        del kinds["login"]
    if kinds and guard_kind(info.name) == "role" and _reads_role(info):
        # It is called what it does, and refuses by what it reads of the account, however that was found.
        kinds["role"] = None
    if made.has(IDENTITY) and not kinds:
        kinds = (
            {"login": None}
            if words(info.name) & {"required", "require", "current", "get"} and guard_kind(info.name)
            else {}
        )
    if not kinds and _turns_away(info):
        kinds = {"login": None}
    return made, tuple(Guard(kind, text, spot, scope) for kind in kinds)


# What a dependency speaks of whose body shows only in part how it asks who is calling.
_ASKING = table(
    "auth authenticate authenticated authentication authorize authorized authorization security permission permissions token login credentials"
)
_OPEN = table("optional public anonymous maybe try guest")


def _turns_away(info: FunctionInfo) -> bool:
    """Whether a dependency is called after asking who is there, and raises for some."""
    named = words(info.name)
    return (
        bool(named & _ASKING)
        and not named & _OPEN
        and any(isinstance(node, ir.Raise) for node in walk(*info.node.body))
    )


def _reads_role(info: FunctionInfo) -> bool:
    """Whether a test in front of a `raise` reads a flag or a role."""
    return any(
        isinstance(node, ir.If)
        and any(isinstance(part, ir.Raise) for part in walk(*node.body, *node.orelse))
        and any(isinstance(part, ir.Attr) and is_role(part.name) for part in walk(node.test))
        for node in walk(*info.node.body)
    )


_DATABASES = ("Session", "AsyncSession", "Connection", "Database", "AsyncConnection")


def dependency_of(
    know: Knowledge, walk_: Walk, frame: Frame, param: ir.Param
) -> tuple[Val, tuple[Guard, ...]] | None:
    """What a parameter is given by `Depends`, as its default, in its annotation, or behind a name for that annotation."""
    annotation = param.annotation
    if isinstance(annotation, ir.Name | ir.Attr):
        # An alias: `CurrentUser = Annotated[User, Depends(current_user)]`
        symbol = symbol_of(know.program.resolve_expr(frame.module, None, annotation))
        if isinstance(symbol, Binding) and isinstance(symbol.value, ir.Item):
            frame = Frame(symbol.module, None, {}, depth=2)
            annotation = symbol.value
    parts: list[ir.Expr] = [param.default] if param.default is not None else []
    typed = annotation
    if isinstance(annotation, ir.Item) and isinstance(annotation.key, ir.Seq) and annotation.key.items:
        typed = annotation.key.items[0]
        parts += annotation.key.items[1:]
    for part in parts:
        found = by_dependency(know, walk_, frame, part)
        if found is not None:
            if typed is not None and (dotted(typed) or "").rpartition(".")[2] in _DATABASES:
                return Val(kind="db", name=param.name), found[1]
            return found
    return None


def _by_annotation(param: ir.Param) -> Val | None:
    annotation = param.annotation
    if isinstance(annotation, ir.Item) and isinstance(annotation.key, ir.Seq) and annotation.key.items:
        annotation = annotation.key.items[0]
    if isinstance(annotation, ir.Item):
        annotation = annotation.base
    last = (dotted(annotation) or "").rpartition(".")[2] if annotation is not None else ""
    if last in ("Request", "HttpRequest", "HTTPConnection", "WebSocket") or param.name in REQUESTS:
        return Val(kind="request", name=param.name)
    if last in _DATABASES or param.name in (
        "db",
        "session",
    ):
        return Val(kind="db", name=param.name)
    if last in ("Info", "GraphQLResolveInfo", "ResolveInfo"):
        return Val(kind="request", name=param.name)
    if last in ("Response", "HttpResponse") or param.name in ("response", "resp"):
        return Val(kind="response", name=param.name)
    if last == "BackgroundTasks" or param.name == "background_tasks":
        return Val(name=param.name)
    if last in ("OAuth2PasswordRequestForm",):
        return Val(frozenset(("client",)), kind="body")
    return None


def parameters(
    know: Knowledge, work: Walk, info: FunctionInfo, cls: ClassInfo | None, framework: str, logged_in: bool
) -> tuple[dict[str, Val], tuple[Guard, ...]]:
    """What a framework calls a handler with, and the guards of its dependencies."""
    env: dict[str, Val] = {}
    guards: tuple[Guard, ...] = ()
    frame = Frame(info.module, info.parent, {}, depth=1)
    params = list(info.node.params)
    if info.owner is not None and params and info.kind != "staticmethod":
        env[params[0].name] = Val(kind="self", ref=cls or info.owner, name="self")
        params = params[1:]
    if framework == "WSGI":
        return _of_wsgi(env, params), ()
    if framework == "GraphQL" and params and (params[0].name in _PARENTS or _is_info(params[1:2])):
        env[params[0].name] = Val(name="parent")
        params = params[1:]
    takes_request = framework in (
        "Django",
        "aiohttp",
        "Starlette",
        "Falcon",
        "Sanic",
        "Pyramid",
        "Django REST framework",
    )
    for index, param in enumerate(params):
        found = dependency_of(know, work, frame, param)
        if found is not None:
            env[param.name] = found[0]
            guards += found[1]
            continue
        given = _by_annotation(param)
        if given is None and index == 0 and takes_request:
            given = Val(kind="request", name=param.name)
        if (
            given is None
            and logged_in
            and param.name
            in ("current_user", "user", "identity", "auth_user", "current_identity", "token_data")
        ):
            given = Val(frozenset((IDENTITY,)), name=param.name, kind="user")
        if given is None:
            given = _from_client(know, info, param)
        env[param.name] = given
    return env, guards


# Names of the first parameter of a resolver, which is the object whose field it fills.
_PARENTS = frozenset(("root", "parent", "obj", "source", "_", "_root", "_parent", "_obj", "__"))


def _is_info(params: list[ir.Param]) -> bool:
    return bool(params) and params[0].name.lstrip("_") == "info"


def _of_wsgi(env: dict[str, Val], params: list[ir.Param]) -> dict[str, Val]:
    for index, param in enumerate(params):
        if index == 0 and param.name in ("environ", "env"):
            env[param.name] = Val(kind="environ", name=param.name)
        elif index == 0:
            env[param.name] = Val(kind="request", name=param.name, type="wsgi")
        elif param.name == "start_response":
            env[param.name] = Val(name=param.name)
        else:
            env[param.name] = evaluate.client(param.name)
    return env


def _from_client(know: Knowledge, info: FunctionInfo, param: ir.Param) -> Val:
    if param.kind == "starstar":
        # What a framework passes by name was declared somewhere: a schema, a path.
        return Val(frozenset(("client",)), kind="declared")
    named = _schemas(know, info.module, info.parent, param.annotation)
    if named:
        risky = next((cls for cls in named if gives_rights(know, cls)), None)
        tags = {CLIENT} if risky is not None else {CLIENT, DECLARED}
        return Val(frozenset(tags), kind="body", bound=Val(ref=risky or named[0]))
    made = _by_name(param)
    if schemas.fills(know, info, param.name):
        made.tags |= {DECLARED}
    return made


_AROUND = frozenset(("Annotated", "Optional", "list", "List", "Sequence", "set", "Set", "Iterable"))


def _schemas(
    know: Knowledge,
    module: ModuleInfo,
    holder: FunctionInfo | None,
    annotation: ir.Expr | None,
    depth: int = 4,
) -> list[ClassInfo]:
    """The classes that the request is read by: `Item` in `Item`, `list[Item]`, `Item | None`, `Annotated[Item, Body()]` and a name for any of them."""
    if annotation is None or depth < 0:
        return []
    parts: list[ir.Expr] = []
    if isinstance(annotation, ir.Item):
        around = (dotted(annotation.base) or "").rpartition(".")[2]
        key = annotation.key
        if around == "Union" and isinstance(key, ir.Seq):
            parts = key.items
        elif around in _AROUND:
            parts = key.items[:1] if isinstance(key, ir.Seq) else [key]
    elif isinstance(annotation, ir.Binary) and annotation.op == "|":
        parts = [annotation.left, annotation.right]
    elif isinstance(annotation, ir.Name | ir.Attr):
        symbol = symbol_of(know.program.resolve_expr(module, holder, annotation))
        if isinstance(symbol, ClassInfo):
            return [symbol]
        if isinstance(symbol, Binding) and symbol.kind == "variable":
            return _schemas(know, symbol.module, symbol.where, symbol.value, depth - 1)
    return [cls for part in parts for cls in _schemas(know, module, holder, part, depth - 1)]


def gives_rights(know: Knowledge, schema: ClassInfo) -> bool:
    """Whether a schema has a field that gives rights, or lets fields pass that it does not name."""
    names = {n.lower() for a in know.program.mro(schema)[0] for n in (*a.attr_annotations, *a.bindings)}
    if names & PRIVILEGED_FIELDS & {n for n in names if is_role(n)}:
        return True
    return bool(names & {"config", "model_config"}) and bool(_ANYTHING.search(schema.module.source.text))


def _by_name(param: ir.Param) -> Val:
    """What the client sends under a name; a header or cookie that carries a session or a token says who is asking."""
    made = dotted(param.default.func) or "" if isinstance(param.default, ir.Call) else ""
    if made.rpartition(".")[2] in ("Header", "Cookie") and is_auth_name(param.name):
        return Val(frozenset((CLIENT, IDENTITY, TOKEN)), name=param.name)
    return evaluate.client(param.name)
