"""What stands before a handler: decorators, dependencies, classes, hooks and middleware, understood through their bodies."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cwelens.app import evaluate
from cwelens.app.evaluate import text_of
from cwelens.app.frame import Frame, Knowledge, Walk
from cwelens.app.statements import block, function
from cwelens.app.values import CLIENT, DECLARED, IDENTITY, PROOFS, ROLE, STORED, TOKEN, Guard, Spot, Val
from cwelens.app.words import PRIVILEGED_FIELDS, guard_kind, is_auth_name, is_role, words
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted, walk
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import Binding, ClassInfo, External, FunctionInfo, ModuleInfo

_REQUESTS = frozenset(("request", "req", "info"))
_ANYTHING = re.compile(r"""extra['"]?\s*[=:]\s*(?:['"]|Extra\.)allow""")
_INNER = frozenset(("method_decorator", "csrf_protect", "never_cache", "wraps"))


def by_decorator(
    know: Knowledge, module: ModuleInfo, parent: FunctionInfo | None, node: ir.Expr, scope: str = "decorator"
) -> tuple[Guard, ...]:
    """The guards that a decorator (or what wraps a view in a URL list) makes."""
    call = node if isinstance(node, ir.Call) else None
    target = call.func if call is not None else node
    if not isinstance(target, ir.Name | ir.Attr):
        return by_decorator(know, module, parent, target, scope) if isinstance(target, ir.Call) else ()
    text = text_of(module, node)
    spot = (module.source, node.pos)
    name = dotted(target) or (target.name if isinstance(target, ir.Attr) else "")
    last = name.rpartition(".")[2]
    if last in _INNER and call is not None:
        return tuple(g for arg in call.args for g in by_decorator(know, module, parent, arg, scope))
    if (
        words(last) & {"limit", "ratelimit", "throttle", "throttled", "limiter", "axes"}
        or "ratelimit" in last.lower()
    ):
        return (Guard("rate", text, spot, scope),)
    symbol = symbol_of(know.program.resolve_expr(module, parent, target))
    if isinstance(symbol, FunctionInfo):
        found = _through(know, symbol, call, module, parent, text, spot, scope)
        if found is not None:
            return found
    if last in ("permission_classes", "user_passes_test", "requires", "secured") and call is not None:
        return _by_arguments(know, module, parent, call, text, spot, scope)
    kind = guard_kind(last) or (guard_kind(name) if last in ("required", "login", "check", "verify") else "")
    if (
        kind == "login"
        and call is not None
        and any(_speaks_of_role(part) for part in walk(*call.args, *(v for _, v in call.keywords)))
    ):
        return (Guard("login", text, spot, scope), Guard("role", text, spot, scope))
    if kind == "role":
        return (Guard("login", text, spot, scope), Guard("role", text, spot, scope))
    return (Guard(kind, text, spot, scope),) if kind else ()


def _speaks_of_role(node: ir.Node) -> bool:
    text = (
        node.value
        if isinstance(node, ir.Const)
        else node.name
        if isinstance(node, ir.Attr)
        else node.id
        if isinstance(node, ir.Name)
        else None
    )
    return isinstance(text, str) and is_role(text)


def _by_arguments(
    know: Knowledge,
    module: ModuleInfo,
    parent: FunctionInfo | None,
    call: ir.Call,
    text: str,
    spot: Spot,
    scope: str,
) -> tuple[Guard, ...]:
    parts = [part for part in walk(*call.args) if isinstance(part, ir.Name | ir.Attr)]
    kinds = _permissions(know, module, parts, reads=False)
    if not parts and call.args:
        kinds = {"login": None}
    return tuple(Guard(kind, text, spot, scope) for kind in kinds)


def _permissions(
    know: Knowledge, module: ModuleInfo, parts: Sequence[ir.Expr], reads: bool
) -> dict[str, None]:
    """What permission classes ask for: those of the program by their bodies, others by their names."""
    kinds: dict[str, None] = {}
    for part in parts:
        name = (dotted(part) or "").rpartition(".")[2]
        symbol = (
            symbol_of(know.program.resolve_expr(module, None, part))
            if isinstance(part, ir.Name | ir.Attr)
            else None
        )
        if isinstance(symbol, ClassInfo):
            for method in ("has_permission", "has_object_permission"):
                own = symbol.methods.get(method)
                if own is None:
                    continue
                work = Walk(know)
                env: dict[str, Val] = {p.name: _given(p.name) for p in own.node.params}
                if "obj" in env:
                    env["obj"] = Val(frozenset((STORED,)), name="obj")
                made, held = function(work, own, env)
                kinds.update(dict.fromkeys(kind for tag, kind in PROOFS.items() if tag in made.tags))
                kinds.update(dict.fromkeys(g.kind for g in held or ()))
                if ROLE in made.tags:
                    kinds["role"] = None
        elif "AllowAny" in name or ("ReadOnly" in name and reads) or not name:
            continue
        else:
            kinds["login"] = None
            if is_role(name):
                kinds["role"] = None
    return kinds


def _through(
    know: Knowledge,
    info: FunctionInfo,
    call: ir.Call | None,
    module: ModuleInfo,
    parent: FunctionInfo | None,
    text: str,
    spot: Spot,
    scope: str,
) -> tuple[Guard, ...] | None:
    """Through the body of an own decorator: what holds wherever it calls what it wraps. None where it does not call it itself."""
    work = Walk(know)
    here = Frame(module, parent, {}, depth=1)
    env: dict[str, Val] = {}
    args = list(call.args) if call is not None else []
    named = dict(call.keywords) if call is not None else {}
    for index, param in enumerate(info.node.params):
        if call is None and index == 0:
            env[param.name] = Val(kind="wrapped")
        elif param.kind in ("star", "starstar"):
            env[param.name] = Val(name=param.name)
        elif args:
            env[param.name] = evaluate.value(work, here, args.pop(0))
        elif param.name in named:
            env[param.name] = evaluate.value(work, here, named[param.name])
        elif param.default is not None:
            env[param.name] = evaluate.value(
                work, Frame(info.module, info.parent, {}, depth=1), param.default
            )
            if env[param.name].known and env[param.name].const is None:
                # `def decorator(func=None, …)` is used both ways.
                env[param.name] = Val(kind="wrapped")
        else:
            env[param.name] = Val(kind="wrapped")
    _explore(work, info, env, None, call is not None)
    if not work.wrapped:
        return None
    held = [g for g in work.wrapped[0] if all(g in other for other in work.wrapped[1:])]
    kinds = dict.fromkeys(g.kind for g in held)
    return tuple(Guard(kind, text, spot, scope) for kind in kinds)


def _explore(work: Walk, info: FunctionInfo, env: dict[str, Val], outer: Frame | None, factory: bool) -> None:
    """Walks a decorator and the functions inside it, each in the frame of the one around."""
    frame = Frame(info.module, info, env, (), outer, depth=1)
    work.inside.append(id(info))
    block(work, frame, info.node.body)
    work.inside.pop()
    for child in info.module.functions:
        if child.parent is not info:
            continue
        inner = {p.name: _given(p.name) for p in child.node.params}
        if factory and child.node.params and not any(v.kind == "wrapped" for v in env.values()):
            inner[child.node.params[0].name] = Val(kind="wrapped")
        _explore(work, child, inner, frame, False)


def _given(name: str) -> Val:
    if name in _REQUESTS:
        return Val(kind="request", name=name)
    if name == "self":
        return Val(kind="self", name=name)
    return Val(name=name)


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
    if isinstance(symbol, ClassInfo):
        if "__call__" in symbol.methods:
            return _called(know, walk_, symbol.methods["__call__"], text, spot, scope)
        return Val(frozenset(("client",)), kind="body"), ()
    kind = guard_kind(last) or (
        "login" if words(last) & {"user", "current", "identity"} and "user" in words(last) else ""
    )
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


def _called(
    know: Knowledge, walk_: Walk, info: FunctionInfo, text: str, spot: Spot, scope: str
) -> tuple[Val, tuple[Guard, ...]]:
    """A dependency that is a function of the program: its own dependencies first, then its body."""
    env: dict[str, Val] = {}
    guards: tuple[Guard, ...] = ()
    own = Frame(info.module, info.parent, {}, depth=2)
    for param in info.node.params:
        inner = _dependency_of(know, walk_, own, param)
        if inner is not None:
            env[param.name] = inner[0]
            guards += inner[1]
        else:
            env[param.name] = _by_annotation(param) or _by_name(param)
    made, held = function(walk_, info, env, (), None, own, info.node)
    guards += held or ()
    kinds = dict.fromkeys(g.kind for g in guards)
    if made.has(IDENTITY) and not kinds:
        kinds = (
            {"login": None}
            if words(info.name) & {"required", "require", "current", "get"} and guard_kind(info.name)
            else {}
        )
    return made, tuple(Guard(kind, text, spot, scope) for kind in kinds)


_DATABASES = ("Session", "AsyncSession", "Connection", "Database", "AsyncConnection")


def _dependency_of(
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
    if last in ("Request", "HttpRequest", "HTTPConnection", "WebSocket") or param.name in _REQUESTS:
        return Val(kind="request", name=param.name)
    if last in _DATABASES or param.name in (
        "db",
        "session",
    ):
        return Val(kind="db", name=param.name)
    if last in ("Response", "BackgroundTasks", "HttpResponse") or param.name in (
        "response",
        "resp",
        "background_tasks",
    ):
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
    takes_request = framework in (
        "Django",
        "aiohttp",
        "Starlette",
        "Falcon",
        "Sanic",
        "Django REST framework",
    )
    for index, param in enumerate(params):
        found = _dependency_of(know, work, frame, param)
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


def _from_client(know: Knowledge, info: FunctionInfo, param: ir.Param) -> Val:
    if param.kind == "starstar":
        # What a framework passes by name was declared somewhere: a schema, a path.
        return Val(frozenset(("client",)), kind="declared")
    if isinstance(param.annotation, ir.Name | ir.Attr):
        symbol = symbol_of(know.program.resolve_expr(info.module, info.parent, param.annotation))
        if isinstance(symbol, ClassInfo):
            tags = {CLIENT} if gives_rights(know, symbol) else {CLIENT, DECLARED}
            return Val(frozenset(tags), kind="body", bound=Val(ref=symbol))
    return _by_name(param)


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


def of_class(
    know: Knowledge, cls: ClassInfo, method: str, default: tuple[Guard, ...]
) -> tuple[tuple[Guard, ...], bool]:
    """The guards that a class puts before its handlers, and whether it is exempt from the protection against forged requests."""
    guards: list[Guard] = []
    exempt = False
    opened = False
    known, unknown = know.program.mro(cls)
    for outcome in unknown:
        symbol = symbol_of(outcome)
        if isinstance(symbol, External):
            kind = guard_kind(symbol.qualname.rpartition(".")[2])
            if kind or "UserPassesTest" in symbol.qualname:
                spot = (cls.module.source, cls.node.pos)
                guards.append(
                    Guard("login", f"class {cls.name}({symbol.qualname.rpartition('.')[2]})", spot, "class")
                )
                if kind == "role" or "UserPassesTest" in symbol.qualname:
                    guards.append(Guard("role", guards[-1].text, spot, "class"))
    work = Walk(know)
    for ancestor in known:
        for bindings in ancestor.bindings.values():
            # `user: User = Depends(current_user)` in the class of a controller
            if bindings[-1].value is not None:
                found = by_dependency(
                    know, work, Frame(ancestor.module, None, {}, depth=1), bindings[-1].value, "class"
                )
                guards += found[1] if found is not None else ()
        for name, annotation in ancestor.attr_annotations.items():
            param = ir.Param(name, "normal", annotation, None, annotation.pos)
            given = _dependency_of(know, work, Frame(ancestor.module, None, {}, depth=1), param)
            guards += given[1] if given is not None else ()
        for decorator in ancestor.node.decorators:
            guards += by_decorator(know, ancestor.module, ancestor.function, decorator, "class")
            exempt = exempt or "csrf_exempt" in text_of(ancestor.module, decorator)
        for name in (
            "permission_classes",
            "decorators",
            "method_decorators",
            "login_required",
            "permission_required",
            "permissions",
        ):
            for bound in ancestor.bindings.get(name, ())[-1:]:
                if bound.value is None:
                    continue
                text = f"{name} = {text_of(ancestor.module, bound.value)}"
                parts = [dotted(p) or "" for p in walk(bound.value) if isinstance(p, ir.Name | ir.Attr)]
                if name == "permission_classes":
                    opened = opened or not parts or any("AllowAny" in p for p in parts)
                reads = method in ("get", "list", "retrieve", "head", "options")
                if any("AllowAny" in p or ("ReadOnly" in p and reads) for p in parts):
                    continue
                if name == "permission_classes":
                    exprs = [p for p in walk(bound.value) if isinstance(p, ir.Name | ir.Attr)]
                    spot = (ancestor.module.source, bound.value.pos)
                    asked = _permissions(know, ancestor.module, exprs, reads)
                    guards += [Guard(kind, text, spot, "class") for kind in asked]
                    continue
                if parts and name in ("decorators", "method_decorators"):
                    for part in walk(bound.value):
                        if isinstance(part, ir.Name | ir.Attr):
                            guards += by_decorator(know, ancestor.module, None, part, "class")
                elif parts or isinstance(bound.value, ir.Const):
                    spot = (ancestor.module.source, bound.value.pos)
                    guards.append(Guard("login", text, spot, "class"))
                    if any(is_role(p) for p in parts) or name == "permission_required":
                        guards.append(Guard("role", text, spot, "class"))
        for name in (
            "prepare",
            "dispatch",
            "is_accessible",
            "check_permissions",
            "initial",
            "before_request",
            "test_func",
        ):
            hook = ancestor.methods.get(name)
            if hook is None or name == method:
                continue
            work = Walk(know)
            env, _ = parameters(know, work, hook, cls, "Django", False)
            made, held = function(work, hook, env)
            kinds = {g.kind for g in held or ()}
            if name in ("is_accessible", "test_func"):
                kinds |= {kind for tag, kind in PROOFS.items() if tag in made.tags} | (
                    {"role"} if ROLE in made.tags else set()
                )
            spot = (ancestor.module.source, hook.node.pos)
            guards += [Guard(kind, f"{cls.name}.{name}", spot, "class") for kind in sorted(kinds)]
    if default and not opened and not any(g.kind in ("login", "role") for g in guards):
        guards += default
    return tuple(dict.fromkeys(guards)), exempt
