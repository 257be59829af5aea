"""What stands before a handler: decorators and classes, understood through their bodies."""

from __future__ import annotations

from collections.abc import Sequence

from cwelens.app import evaluate, handed_in, view_factories
from cwelens.app.dependencies import REQUESTS, by_dependency, dependency_of, parameters
from cwelens.app.evaluate import text_of
from cwelens.app.frame import Frame, Knowledge, Walk
from cwelens.app.routing.permissions import of_object
from cwelens.app.statements import block, function
from cwelens.app.values import PROOFS, ROLE, STORED, Guard, Spot, Val
from cwelens.app.words import guard_kind, is_role, table, words
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted, walk
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo, External, FunctionInfo, ModuleInfo

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
    if last == "before" and call is not None and call.args:
        # A hook of Falcon: it raises where somebody may not pass.
        return required(know, module, call.args[0])
    if (
        words(last) & {"limit", "ratelimit", "throttle", "throttled", "limiter", "axes"}
        or "ratelimit" in last.lower()
    ):
        return (Guard("rate", text, spot, scope),)
    symbol = symbol_of(know.program.resolve_expr(module, parent, target))
    refuses = False
    if isinstance(symbol, FunctionInfo):
        found = _through(know, symbol, call, module, parent, text, spot, scope)
        refuses = not found and _refuses(symbol)
        if found is not None and not refuses:
            return handed_in.with_token(symbol, found)
    if last in ("permission_classes", "user_passes_test", "requires", "secured") and call is not None:
        return _by_arguments(know, module, parent, call, text, spot, scope)
    kind = guard_kind(last) or (
        guard_kind(name) if last in ("required", "require", "login", "check", "verify") else ""
    )
    if not kind and last == "require" and isinstance(target, ir.Attr):
        kind = of_object(know, module, parent, target.base)
    if refuses and not kind:
        # It turns somebody away, in a way that its body does not show in full.
        kind = "login"
    if refuses and kind == "login" and isinstance(symbol, FunctionInfo) and handed_in.only(symbol):
        kind = "token"
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
    if parts and any((dotted(part) or "").rpartition(".")[2] == "AllowAny" for part in parts):
        return ()
    kinds = _permissions(know, module, parts, reads=False)
    scopes = [part.value for part in walk(*call.args) if isinstance(part, ir.Const)]
    if any(isinstance(text, str) and is_role(text) for text in scopes):
        kinds = {"login": None, "role": None}
    if not kinds and call.args:
        # It asks for something that is not understood.
        kinds = {"login": None, "role": None} if parts else {"login": None}
    return tuple(Guard(kind, text, spot, scope) for kind in kinds)


# A requirement called so asks whether somebody may do it to this record: `CanEditPost`, `IsAuthor`.
_PERMITS = table("can may owner owns own author same has")


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
            kinds.update(_of_permission(know, symbol))
        elif "AllowAny" in name or ("ReadOnly" in name and reads) or not name:
            continue
        else:
            kinds["login"] = None
            if is_role(name) or words(name) & _PERMITS:
                kinds["role"] = None
    return kinds


def _of_permission(know: Knowledge, cls: ClassInfo) -> dict[str, None]:
    """What a permission class of the program asks for in its own methods."""
    kinds: dict[str, None] = {}
    for method in ("has_permission", "has_object_permission"):
        own = cls.methods.get(method)
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
    return kinds


def of_permissions(know: Knowledge, names: Sequence[str]) -> dict[str, None]:
    """What the program's own permission classes, which settings name by their dotted path, ask for."""
    kinds: dict[str, None] = {}
    for name in names:
        cls = know.class_named(name.rpartition(".")[2])
        if cls is not None and cls.qualname.endswith(name):
            kinds.update(_of_permission(know, cls))
    return kinds


def required(know: Knowledge, module: ModuleInfo, node: ir.Expr) -> tuple[Guard, ...]:
    """The guards of a list of permission classes (strawberry), or of functions that raise where somebody may not pass (Litestar)."""
    out: list[Guard] = []
    for part in node.items if isinstance(node, ir.Seq) else [node]:
        target = part.func if isinstance(part, ir.Call) else part
        if not isinstance(target, ir.Name | ir.Attr):
            continue
        text, spot = text_of(module, part), (module.source, part.pos)
        symbol = symbol_of(know.program.resolve_expr(module, None, target))
        if isinstance(symbol, FunctionInfo):
            kinds = _asked(know, symbol)
        elif isinstance(symbol, ClassInfo) and "__call__" in symbol.methods:
            kinds = _asked(know, symbol.methods["__call__"])
        else:
            kinds = _permissions(know, module, [target], reads=False)
        out += [Guard(kind, text, spot, "decorator") for kind in kinds]
    return tuple(dict.fromkeys(out))


def _asked(know: Knowledge, info: FunctionInfo) -> dict[str, None]:
    """What holds after a function that is called with the connection before each request."""
    params = [p.name for p in info.node.params if p.name != "self"]
    env = {name: Val(name=name) for name in params} | {
        name: Val(kind="request", name=name) for name in params[:1]
    }
    _, held = function(Walk(know), info, env)
    kinds = dict.fromkeys(g.kind for g in held or ())
    if not kinds and _refuses(info):
        kinds = {"login": None}
    if is_role(info.name):
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
    inside = _of_wrapper(know, info, scope, ())
    if not work.wrapped:
        return tuple(Guard(kind, text, spot, scope) for kind in inside) if inside else None
    held = [g for g in work.wrapped[0] if all(g in other for other in work.wrapped[1:])]
    kinds = dict.fromkeys([*inside, *(g.kind for g in held)])
    if not kinds and guard_kind(info.name):
        # It is called what it does, and asks on some way: the other is open by a setting (visitors are let in, a proxy has asked).
        asked = [*work.refused, *(g for way in work.wrapped for g in way)]
        kinds = dict.fromkeys(g.kind for g in asked if g.kind in ("login", "token"))
    return tuple(Guard(kind, text, spot, scope) for kind in kinds)


def _of_wrapper(know: Knowledge, info: FunctionInfo, scope: str, seen: tuple[int, ...]) -> dict[str, None]:
    """What is asked by decorators of the function that a decorator gives back (`@login_required` before `def wrapper`)."""
    kinds: dict[str, None] = {}
    given = {
        n.value.id for n in walk(*info.node.body) if isinstance(n, ir.Return) and isinstance(n.value, ir.Name)
    }
    for child in info.module.functions:
        if child.parent is not info or child.name not in given or id(child) in seen:
            continue
        for decorator in child.node.decorators:
            if symbol_of(know.program.resolve_expr(info.module, info, decorator)) is not info:
                found = by_decorator(know, info.module, info, decorator, scope)
                kinds.update(dict.fromkeys(g.kind for g in found if g.kind in ("login", "role", "token")))
        kinds.update(_of_wrapper(know, child, scope, (*seen, id(child))))
    return kinds


# What a decorator that turns somebody away speaks of: who is asking, and the statuses for "who are you" and "not you".
_ASKING = table(
    "user auth session identity scope scopes permission permissions token login logged role roles admin account"
)
_REFUSALS = (401, 403)


def _refuses(info: FunctionInfo) -> bool:
    """Whether an own decorator, or the check it hands over to, turns somebody away for who they are: it raises or answers with a refusal."""
    nodes = list(walk(*info.node.body))
    refusal = any(isinstance(n, ir.Const) and n.value in _REFUSALS and type(n.value) is int for n in nodes)
    raises = any(isinstance(n, ir.Raise) for n in nodes)
    asks = bool(words(info.name) & _ASKING) or any(
        words(n.id if isinstance(n, ir.Name) else n.name) & _ASKING
        for n in nodes
        if isinstance(n, ir.Name | ir.Attr)
    )
    return asks and (refusal or raises)


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
    if name in REQUESTS:
        return Val(kind="request", name=name)
    if name == "self":
        return Val(kind="self", name=name)
    return Val(name=name)


def _configured(cls: ClassInfo) -> list[Guard]:
    """`_cp_config = {"tools.auth_basic.on": True}` of CherryPy: what is asked before each method of the class."""
    value = cls.bindings["_cp_config"][-1].value if "_cp_config" in cls.bindings else None
    out = []
    for key, on in value.items if isinstance(value, ir.DictDisplay) else ():
        text = key.value if isinstance(key, ir.Const) else None
        if isinstance(text, str) and "auth" in text and not (isinstance(on, ir.Const) and not on.value):
            out.append(Guard("login", text, (cls.module.source, on.pos), "class"))
    return out


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
            given = dependency_of(know, work, Frame(ancestor.module, None, {}, depth=1), param)
            guards += given[1] if given is not None else ()
        for decorator in ancestor.node.decorators:
            guards += by_decorator(know, ancestor.module, ancestor.function, decorator, "class")
            exempt = exempt or "csrf_exempt" in text_of(ancestor.module, decorator)
        guards += _configured(ancestor)
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
                    # Of `permissions.IsAuthenticated`, not `permissions`.
                    modules = {id(p.base) for p in walk(bound.value) if isinstance(p, ir.Attr)}
                    exprs = [
                        p
                        for p in walk(bound.value)
                        if isinstance(p, ir.Name | ir.Attr) and id(p) not in modules
                    ]
                    spot = (ancestor.module.source, bound.value.pos)
                    asked = _permissions(know, ancestor.module, exprs, reads)
                    guards += [Guard(kind, text, spot, "class") for kind in asked]
                    continue
                if parts and name in ("decorators", "method_decorators"):
                    listed = bound.value.items if isinstance(bound.value, ir.Seq) else [bound.value]
                    for part in listed:
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
            for decorator in hook.node.decorators:
                guards += by_decorator(know, ancestor.module, ancestor.function, decorator, "class")
            work = Walk(know)
            env, _ = parameters(know, work, hook, cls, "Django", False)
            made, held = function(work, hook, env)
            kinds = {g.kind for g in held or ()}
            if name == "dispatch":
                # What it gives back before it hands the request on is an answer to those who may not.
                kinds |= {g.kind for g in work.refused if g.kind in ("login", "role", "token")}
            if name in ("is_accessible", "test_func"):
                kinds |= {kind for tag, kind in PROOFS.items() if tag in made.tags} | (
                    {"role"} if ROLE in made.tags else set()
                )
            spot = (ancestor.module.source, hook.node.pos)
            guards += [Guard(kind, f"{cls.name}.{name}", spot, "class") for kind in sorted(kinds)]
    for maker, wrapper in view_factories.wrappers(known):
        guards += by_decorator(know, maker.module, maker, wrapper, "class")
        exempt = exempt or "csrf_exempt" in text_of(maker.module, wrapper)
    if default and not opened and not any(g.kind in ("login", "role") for g in guards):
        guards += default
    return tuple(dict.fromkeys(guards)), exempt
