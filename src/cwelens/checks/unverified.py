"""Tokens decoded without their signature: what is read of them, and whether the same token is verified as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.checks import names, opted
from cwelens.checks.judgement import Judgement
from cwelens.flow.run import written, written_callee
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

if TYPE_CHECKING:
    from cwelens.flow.run import CallSite

# Claims that say who has to answer for a token and how long it holds: they choose a key, and decide nothing by themselves.
_CHOOSING = frozenset(("alg", "aud", "azp", "exp", "iat", "iss", "jti", "kid", "nbf", "tid", "typ"))
_VERIFYING = frozenset(("verify", "validate", "decode", "introspect", "userinfo", "authenticate"))


def judged(site: CallSite) -> Judgement:
    """A defect, unless only such claims are read; conditional where something else in the function may verify the token."""
    frame = site.frame
    body = frame.node.body if isinstance(frame.node, ir.Function) else frame.module.body
    node = site.node
    if not isinstance(node, ir.Call):
        return Judgement("defect")
    read = _read(node, body)
    if read and read <= _CHOOSING:
        claims = ", ".join(f"`{name}`" for name in sorted(read))
        return Judgement("neutralised", f"only {claims} is read of it")
    other = _verified(node, body)
    if other is not None:
        assumption = f"`{written(other.func)}()` at line {other.pos[0]} does not verify the same token"
        return Judgement("conditional", "", assumption=assumption)
    return opted.judged(frame, node, "jwt.unverified")


def _read(node: ir.Call, body: list[ir.Stmt]) -> set[str]:
    """The claims that are read of what a call gives; empty where something else is done with it."""
    held = {
        target.id
        for part in walk(*body)
        if isinstance(part, ir.Assign) and part.value is node
        for target in part.targets
        if isinstance(target, ir.Name)
    }
    claims: set[str] = set()
    within: set[int] = set()
    for part in walk(*body):
        base, claim = _claim(part)
        if base is not None and (base is node or (isinstance(base, ir.Name) and base.id in held)):
            if claim is None:
                return set()
            claims.add(claim)
            within.add(id(base))
    for part in walk(*body):
        if (
            isinstance(part, ir.Name)
            and part.id in held
            and id(part) not in within
            and not _bound(part, body)
        ):
            return set()
    return claims


def _claim(part: ir.Node) -> tuple[ir.Expr | None, str | None]:
    """What a claim is read from, and which: `claims["iss"]`, `claims.get("iss")`."""
    key: ir.Expr | None = None
    base: ir.Expr | None = None
    if isinstance(part, ir.Item):
        base, key = part.base, part.key
    elif (
        isinstance(part, ir.Call) and isinstance(part.func, ir.Attr) and part.func.name == "get" and part.args
    ):
        base, key = part.func.base, part.args[0]
    known = key.value if isinstance(key, ir.Const) and isinstance(key.value, str) else None
    return base, known


def _bound(name: ir.Name, body: list[ir.Stmt]) -> bool:
    """Whether a name stands where it is given its value."""
    return any(isinstance(part, ir.Assign) and any(t is name for t in part.targets) for part in walk(*body))


def _verified(node: ir.Call, body: list[ir.Stmt]) -> ir.Call | None:
    """Another call in the function that is given the same token, and by its name may verify it."""
    token = written(node.args[0]) if node.args else ""
    if not token:
        return None
    for part in walk(*body):
        if not isinstance(part, ir.Call) or part is node:
            continue
        if not _VERIFYING & set(names.words(written_callee(part).rpartition(".")[2])):
            continue
        given = [*part.args, *(value for _, value in part.keywords)]
        inside = (n for n in walk(*given) if isinstance(n, ir.Name | ir.Attr))
        if any(written(n) == token for n in inside) and not _unverified(part):
            return part
    return None


def _unverified(node: ir.Call) -> bool:
    """Whether a call itself says that it does not look at the signature."""
    return any(
        isinstance(part, ir.Const) and part.value in ("verify_signature", "none") for part in walk(node)
    ) or any(k == "verify" and isinstance(v, ir.Const) and v.value is False for k, v in node.keywords)
