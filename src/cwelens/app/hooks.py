"""What holds for every route: hooks before requests, middleware, protections against forged requests and against guessing."""

from __future__ import annotations

import re

from cwelens.app.dependencies import by_dependency
from cwelens.app.evaluate import text_of
from cwelens.app.frame import Frame, Knowledge, Walk
from cwelens.app.guards import by_decorator
from cwelens.app.statements import block
from cwelens.app.values import IDENTITY, KEPT, Guard, Val
from cwelens.app.words import is_role, table, words
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted, walk
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import Binding, FunctionInfo, ModuleInfo, Symbol

_BEFORE = frozenset(
    ("on_request", "before_request", "before_app_request", "middleware", "url_value_preprocessor", "hook")
)
_RATE = re.compile(
    r"failures?$|attempts?$|^tries$|too_?many|limiter|throttl|rate_?limit|lockout|failed_(?:login|attempt)|login_attempt|\baxes\b|captcha|slowapi",
    re.IGNORECASE,
)
_EVERYWHERE = re.compile(
    r"default_limits|application_limits|default_throttle|throttle_classes|(?:rate_?limit|slowapi|throttl)\w*middleware|lockout|failed_(?:login|attempt)|login_attempt"
    r"|\baxes\b|axes\.|defender|captcha|fail2ban",
    re.IGNORECASE,
)
_CSRF = re.compile(
    r"csrf_?protect|seasurf|csrfviewmiddleware|csrf_middleware|starlette_csrf|check_xsrf_cookie|xsrf_cookies|csrf_check|validate_csrf|check_csrf|verify_csrf",
    re.IGNORECASE,
)


_AGAINST_FORGERY = table("csrf xsrf token nonce state secret salt key form")


def before_requests(know: Knowledge, modules: list[ModuleInfo]) -> dict[Symbol | None, tuple[Guard, ...]]:
    """The guards that hooks make, by the blueprint they are for (None: for all); a protection against forged requests is one."""
    out: dict[Symbol | None, tuple[Guard, ...]] = {}
    listed = _listed(modules)
    for module in modules:
        for function in module.functions:
            for decorator in function.node.decorators:
                target = decorator.func if isinstance(decorator, ir.Call) else decorator
                name = (
                    target.name
                    if isinstance(target, ir.Attr)
                    else target.id
                    if isinstance(target, ir.Name)
                    else ""
                )
                if name not in _BEFORE:
                    continue
                symbol = None
                if isinstance(target, ir.Attr) and name == "before_request":
                    symbol = symbol_of(know.program.resolve_expr(module, function.parent, target.base))
                    if isinstance(symbol, Binding) and isinstance(symbol.value, ir.Call):
                        made = dotted(symbol.value.func) or ""
                        symbol = symbol if "Blueprint" in made else None
                    else:
                        symbol = None
                if name == "middleware" and not (isinstance(decorator, ir.Call) or function.name in listed):
                    continue
                guards = _of_hook(know, function)
                if guards:
                    out[symbol] = out.get(symbol, ()) + guards
        for cls in module.classes:
            hook = next(
                (
                    cls.methods[n]
                    for n in ("dispatch", "__call__", "process_request", "process_view")
                    if n in cls.methods
                ),
                None,
            )
            if hook is not None and cls.name in listed:
                guards = _of_hook(know, hook)
                if guards:
                    out[None] = out.get(None, ()) + guards
        _plugins(know, module, out)
        _dependencies(know, module, out)
    return out


def _listed(modules: list[ModuleInfo]) -> set[str]:
    """The names that stand in lists of middleware."""
    found: set[str] = set()
    for module in modules:
        if "iddleware" not in module.source.text:
            continue
        for node in module.nodes:
            if isinstance(node, ir.Call):
                for key, part in node.keywords:
                    if key in ("middlewares", "middleware"):
                        found |= {dotted(p) or "" for p in walk(part) if isinstance(p, ir.Name | ir.Attr)}
                if (
                    isinstance(node.func, ir.Attr)
                    and node.func.name in ("add_middleware", "append")
                    and node.args
                ):
                    found |= (
                        {dotted(node.args[0]) or ""} if isinstance(node.args[0], ir.Name | ir.Attr) else set()
                    )
            elif (
                isinstance(node, ir.Assign)
                and node.value is not None
                and isinstance(node.targets[0], ir.Name)
                and "MIDDLEWARE" in node.targets[0].id
            ):
                found |= {
                    str(p.value).rpartition(".")[2] for p in walk(node.value) if isinstance(p, ir.Const)
                }
    return {name.rpartition(".")[2] for name in found}


def _of_hook(know: Knowledge, info: FunctionInfo) -> tuple[Guard, ...]:
    """The guards that hold where a hook lets the request through."""
    work = Walk(know)
    env: dict[str, Val] = {}
    passes = False
    for param in info.node.params:
        if param.name in ("request", "req"):
            env[param.name] = Val(kind="request", name="request")
        elif param.name == "self":
            env[param.name] = Val(kind="self", ref=info.owner, items={"get_response": Val(kind="wrapped")})
            passes = info.name in ("dispatch", "__call__")
        elif param.name in ("handler", "call_next", "get_response"):
            env[param.name] = Val(kind="wrapped")
            passes = True
        else:
            env[param.name] = Val(name=param.name)
    frame = Frame(info.module, info, env, depth=1)
    frame.scope = "hook"
    work.inside.append(id(info))
    alive = block(work, frame, info.node.body)
    # What a session remembers of a browser may be compared for another reason.
    forged = [e for e in work.events if e.kind == "forgery-check" and words(e.text) & _AGAINST_FORGERY]
    csrf: tuple[Guard, ...] = ()
    if forged or "csrf" in info.name.lower():
        spot = forged[0].spot if forged else (info.module.source, info.node.pos)
        csrf = (Guard("csrf", info.name, spot, "hook"),)
    if passes:
        held = work.wrapped
    else:
        held = [
            guards
            for made, guards in frame.exits
            if (made.known and made.const is None) or (made.kind == "" and not made.tags and not made.name)
        ]
        if alive:
            held.append(frame.guards)
    if work.budget < 0:
        # Too large to be walked to the end: what turned somebody away before that counts.
        held.append(tuple(work.refused))
    if not held:
        return csrf
    kept = [g for g in held[0] if all(g in other for other in held[1:])]
    if not kept and len(held) > 1:
        # Some requests pass without: those to the login page. What holds for the rest counts.
        kept = [g for other in held for g in other if g.kind in ("login", "token", "role")]
    turns_away = any(isinstance(n, ir.Raise) for n in walk(*info.node.body))
    if not kept and not csrf and turns_away and frame.tested & {IDENTITY, KEPT}:
        # Who is asking, or what the session keeps, is one of several ways in: `if mine or invited: … else: raise`.
        kept = [Guard("login", "who is asking", (info.module.source, info.node.pos), "hook")]
    asked = dict.fromkeys(Guard(g.kind, f"{info.name}: {g.text}", g.spot, "hook") for g in kept)
    return (*csrf, *asked)


def _plugins(know: Knowledge, module: ModuleInfo, out: dict[Symbol | None, tuple[Guard, ...]]) -> None:
    """`app.install(plugin)` of Bottle: a decorator for every route of the application."""
    if ".install(" not in module.source.text or "bottle" not in module.source.text:
        return
    for node in module.nodes:
        if not (isinstance(node, ir.Call) and isinstance(node.func, ir.Attr) and node.func.name == "install"):
            continue
        symbol = symbol_of(know.program.resolve_expr(module, None, node.func.base))
        if symbol is not None and node.args:
            out[symbol] = out.get(symbol, ()) + by_decorator(know, module, None, node.args[0], "hook")


def _dependencies(know: Knowledge, module: ModuleInfo, out: dict[Symbol | None, tuple[Guard, ...]]) -> None:
    """`FastAPI(dependencies=[…])`, `APIRouter(dependencies=[…])`"""
    if "dependencies" not in module.source.text:
        return
    alone = sum(_applications(m) for m in know.modules) < 2
    for name, bindings in module.bindings.items():
        value = bindings[-1].value
        if not isinstance(value, ir.Call):
            continue
        made = (dotted(value.func) or "").rpartition(".")[2]
        given = next((v for k, v in value.keywords if k == "dependencies"), None)
        if given is None or made not in ("FastAPI", "APIRouter"):
            continue
        everywhere = made == "FastAPI" and alone
        symbol = None if everywhere else symbol_of(know.program.resolve_global(module, name))
        guards = of_list(know, module, given)
        out[symbol] = out.get(symbol, ()) + guards


def _applications(module: ModuleInfo) -> int:
    """How many applications of FastAPI a module makes."""
    if "FastAPI(" not in module.source.text:
        return 0
    return sum(
        isinstance(node, ir.Call) and (dotted(node.func) or "").rpartition(".")[2] == "FastAPI"
        for node in module.nodes
    )


def of_list(know: Knowledge, module: ModuleInfo, node: ir.Expr) -> tuple[Guard, ...]:
    """The guards of a list of dependencies."""
    guards: tuple[Guard, ...] = ()
    for part in node.items if isinstance(node, ir.Seq) else [node]:
        found = by_dependency(know, Walk(know), Frame(module, None, {}, depth=1), part)
        if found is not None:
            guards += found[1]
    return guards


def identifiers(modules: list[ModuleInfo], pattern: re.Pattern[str]) -> list[tuple[ModuleInfo, ir.Node, str]]:
    """Names, imports and dotted texts of the code (not comments) that match."""
    out: list[tuple[ModuleInfo, ir.Node, str]] = []
    for module in modules:
        if not pattern.search(module.source.text):
            continue
        for node in module.nodes:
            text = ""
            if isinstance(node, ir.Name):
                text = node.id
            elif isinstance(node, ir.Attr):
                text = node.name
            elif (
                isinstance(node, ir.Const)
                and isinstance(node.value, str)
                and len(node.value) < 90
                and " " not in node.value
            ):
                text = node.value
            elif isinstance(node, ir.Import):
                text = " ".join(name for name, _ in node.names)
            elif isinstance(node, ir.ImportFrom):
                text = node.module + " " + " ".join(name for name, _ in node.names)
            elif isinstance(node, ir.Call):
                text = " ".join(key for key, _ in node.keywords if key)
            if text and pattern.search(text):
                out.append((module, node, text))
    return out


def limiters(modules: list[ModuleInfo]) -> list[str]:
    """What limits attempts for every route: middleware, defaults, counts of failures kept with the accounts."""
    return list(dict.fromkeys(text for _, _, text in identifiers(modules, _EVERYWHERE)))


def limits(function: FunctionInfo) -> bool:
    """Whether a function, or what decorates it, limits attempts."""
    for node in walk(function.node):
        text = node.id if isinstance(node, ir.Name) else node.name if isinstance(node, ir.Attr) else ""
        if text and _RATE.search(text):
            return True
    return bool(_RATE.search(function.name))


def csrf(modules: list[ModuleInfo]) -> list[Guard]:
    """What protects against forged requests in the whole program."""
    out = []
    for module, node, text in identifiers(modules, _CSRF):
        if "exempt" not in text and not isinstance(node, ir.Import | ir.ImportFrom):
            out.append(Guard("csrf", text_of(module, node), (module.source, node.pos), "hook"))
    return out


def knows_roles(modules: list[ModuleInfo]) -> bool:
    """Whether the program has a notion of administrators or roles on its users."""
    for module in modules:
        for cls in module.classes:
            if any(is_role(name) for name in (*cls.bindings, *cls.instance_attrs, *cls.methods)):
                return True
        for node in module.nodes:
            if (
                isinstance(node, ir.Attr)
                and is_role(node.name)
                and node.name.lower() not in ("admin", "group", "groups", "scopes", "role")
            ):
                return True
    return False
