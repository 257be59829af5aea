"""What a test proves: who is asking, what they may do, that a record is theirs, that a password is right."""

from __future__ import annotations

from dataclasses import dataclass

from cwelens.app import dispatch, evaluate
from cwelens.app.frame import Frame, Walk
from cwelens.app.values import (
    CLIENT,
    COOKIE,
    CREDENTIAL,
    DIGEST,
    FOUND,
    FRESH,
    HEADER,
    IDENTITY,
    KEPT,
    OWNER,
    PROOFS,
    ROLE,
    STORED,
    TOKEN,
    Guard,
    Val,
    mixed,
)
from cwelens.app.words import is_code, is_identity_key, is_password, is_role, table, words
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo, FunctionInfo

_ADMIN = table("admin isadmin superuser issuperuser superadmin")
_PERMITS = table("permission permissions permitted authorized authorised")
_NO_ANSWER = table("get list create add grant set delete remove load make all")
_FAILURE = table("error errors err message msg fail failed failure exception detail")


@dataclass(slots=True)
class Test:
    """`positive`: whoever passes it is the one it is about; `constant`: its outcome where the code decides it."""

    value: Val
    positive: bool
    constant: bool | None = None


def judge(walk: Walk, frame: Frame, node: ir.Expr) -> Test:
    if isinstance(node, ir.Unary) and node.op == "not":
        inner = judge(walk, frame, node.operand)
        return Test(inner.value, not inner.positive, None if inner.constant is None else not inner.constant)
    if isinstance(node, ir.BoolOp):
        return _bool_op(walk, frame, node)
    if isinstance(node, ir.Compare) and len(node.ops) == 1:
        return _compare(walk, frame, node)
    made = evaluate.value(walk, frame, node)
    if isinstance(node, ir.Call) and not made.has(ROLE) and _asks_permission(walk, frame, node):
        return Test(Val(frozenset((IDENTITY, ROLE)), name=made.name), True)
    if made.kind == "matched":
        return Test(made, True, True)
    if isinstance(node, ir.Walrus) and not made.known:
        return Test(made, True)
    if isinstance(node, ir.Call) and _leaves_out(node):
        return Test(made, False)
    if made.known and isinstance(made.const, bool | type(None)):
        return Test(made, True, bool(made.const))
    if made.has(CLIENT) and not made.has(IDENTITY, STORED) and _is_word(made):
        walk.event(frame, node, "client-word", text=made.name, value=made)
    name = made.name.lower()
    return Test(made, not words(name) & _FAILURE or not made.has(*PROOFS))


def _leaves_out(node: ir.Call) -> bool:
    """`chosen.exclude(pk__in=permitted).exists()`: whether some are left that are not theirs."""
    func = node.func
    inner = func.base if isinstance(func, ir.Attr) and func.name in ("exists", "count", "first") else None
    return isinstance(inner, ir.Call) and isinstance(inner.func, ir.Attr) and inner.func.name == "exclude"


def _asks_permission(walk: Walk, frame: Frame, node: ir.Call) -> bool:
    """Whether a call that the input does not hold asks, by its name, what somebody may do: `Permission(CanEdit()).allow()`."""
    func = node.func
    if not isinstance(func, ir.Name | ir.Attr):
        return False
    name = func.id if isinstance(func, ir.Name) else func.name
    base = func.base if isinstance(func, ir.Attr) else None
    if isinstance(base, ir.Call) and isinstance(base.func, ir.Name | ir.Attr):
        # `Permission(…).allow()`: the object says what is asked.
        name = f"{name}_{base.func.id if isinstance(base.func, ir.Name) else base.func.name}"
    elif name in ("can", "allows") and isinstance(base, ir.Attr):
        # `Permissions.STEER.can()`
        name = f"{name}_{dotted(base)}"
    if not words(name) & _PERMITS or words(name) & _NO_ANSWER:
        return False
    symbol = symbol_of(walk.program.resolve_expr(frame.module, frame.function, func))
    return not isinstance(symbol, FunctionInfo | ClassInfo)


def _bool_op(walk: Walk, frame: Frame, node: ir.BoolOp) -> Test:
    parts = [judge(walk, frame, part) for part in node.values]
    decided = [p.constant for p in parts if p.constant is not None]
    if decided and len(decided) == len(parts):
        return Test(mixed([]), True, all(decided) if node.op == "and" else any(decided))
    if node.op == "and" and False in decided:
        return Test(mixed([]), True, False)
    if node.op == "or" and True in decided:
        return Test(mixed([]), True, True)
    speaking = [p for p in parts if p.value.has(*PROOFS, ROLE)]
    made = mixed([p.value for p in (speaking or parts)])
    if not speaking:
        return Test(made, True)
    return Test(made, all(p.positive for p in speaking))


def _compare(walk: Walk, frame: Frame, node: ir.Compare) -> Test:
    left = evaluate.value(walk, frame, node.left)
    right = evaluate.value(walk, frame, node.rights[0])
    op = node.ops[0]
    if op in ("in", "not in", "==", "!="):
        known = dispatch.compared(walk, frame, node, left, right, op)
        if known is None and left.kind == "path" and op in ("in", "not in"):
            known = dispatch.listed(walk, frame, node, right)
        if known is not None:
            return Test(mixed([]), True, known == (op in ("in", "==")))
    if op in ("is", "is not") and left.kind == "matched":
        return Test(left, True, op == "is not")
    if op in ("in", "not in"):
        return _membership(walk, frame, node, left, right)
    made = relation(walk, frame, node, left, right, op in ("==", "!=", "is", "is not"))
    same = op in ("==", "is", ">", ">=")
    empty = next((v for v in (left, right) if v.known and not v.const and not isinstance(v.const, str)), None)
    if (
        left.known
        and right.known
        and op in ("==", "!=")
        and left.const is not None
        and right.const is not None
    ):
        return Test(made, True, (left.const == right.const) == (op == "=="))
    if empty is not None and op in ("==", "is", "!=", "is not"):
        if empty.const == 0 and isinstance(node.left, ir.Call) and made.name == "count":
            return Test(made, op == "!=")
        return Test(made, op in ("!=", "is not"))
    if op in ("<", "<="):
        return Test(made, False)
    status = next((v.const for v in (left, right) if v.known and isinstance(v.const, int)), None)
    if isinstance(status, int) and 400 <= status < 600:
        same = not same
    return Test(made, same)


def listed(walk: Walk, frame: Frame, node: ir.Expr) -> tuple[str, bool] | None:
    """The name that `name in allowed` tests against a list that is not the client's, and whether it passes where the test holds."""
    if not (
        isinstance(node, ir.Compare) and node.ops[0] in ("in", "not in") and isinstance(node.left, ir.Name)
    ):
        return None
    allowed = evaluate.value(walk, frame, node.rights[0])
    if (
        allowed.has(CLIENT, IDENTITY)
        or allowed.kind in ("session", "body", "headers", "cookies")
        or allowed.known
    ):
        return None
    return node.left.id, node.ops[0] == "in"


def _membership(walk: Walk, frame: Frame, node: ir.Compare, left: Val, right: Val) -> Test:
    positive = node.ops[0] == "in"
    name = left.const if isinstance(left.const, str) else ""
    if name:
        made = evaluate.item(walk, frame, node, right, left)
        if words(name) & _FAILURE:
            return Test(mixed([right, made]), not positive)
        if right.kind == "session":
            return Test(made if is_identity_key(name) else mixed([]), positive)
        if right.items is not None or right.kind in ("cookies", "headers", "body"):
            return Test(made if right.kind != "body" else mixed([]), positive)
        return Test(mixed([right]), positive)
    made = mixed([left, right])
    if left.has(IDENTITY) and (right.has(STORED) or is_role(left.name)):
        made = made.tagged(ROLE if is_role(left.name) else OWNER)
    return Test(made, positive)


def _is_word(made: Val) -> bool:
    """Whether the client says by it what it may do: a cookie or header about roles, a field that says who is an administrator."""
    if made.has(FOUND):
        return False
    return is_role(made.name) if made.has(COOKIE, HEADER) else bool(words(made.name) & _ADMIN)


def relation(walk: Walk, frame: Frame, node: ir.Node, left: Val, right: Val, equality: bool) -> Val:
    """What the comparison of two values proves."""
    made = mixed([left, right], name=left.name or right.name)
    if not equality:
        return made
    for one, two in ((left, right), (right, left)):
        if one.has(CLIENT) and two.has(STORED) and (is_code(two.name) or is_code(one.name)):
            walk.event(frame, node, "code-check", text=two.name)
    for one, two in ((left, right), (right, left)):
        if one.has(CLIENT) and is_password(one.name) and not one.has(IDENTITY):
            written = two.known and isinstance(two.const, str) and len(two.const) > 3
            if (
                two.has(STORED)
                or written
                or (not two.has(CLIENT) and (is_password(two.name) or two.has(DIGEST)))
            ):
                plain = not (one.has(DIGEST) or two.has(DIGEST)) and is_password(two.name)
                walk.event(frame, node, "password-check", text="plain" if plain else "compare", value=two)
                return made.tagged(CREDENTIAL)
    for one, two in ((left, right), (right, left)):
        if one.has(KEPT) and two.has(CLIENT):
            # A value of the session handed back by the page: a token against forged requests.
            walk.event(frame, node, "forgery-check", text=one.name)
        if one.has(CLIENT) and two.has(DIGEST) and not two.has(FRESH) and not is_password(one.name):
            walk.event(frame, node, "digest-check", value=two)
        if one.has(IDENTITY) and not two.has(IDENTITY) and two.has(CLIENT, STORED):
            return made.tagged(OWNER)
        if one.has(IDENTITY) and two.known and isinstance(two.const, str) and is_role(two.const):
            return made.tagged(ROLE)
        if one.has(IDENTITY, STORED) and two.has(IDENTITY) and one.has(STORED) and one is not two:
            return made.tagged(OWNER)
        if one.has(CLIENT) and two.known and not one.has(IDENTITY, STORED) and _is_word(one):
            walk.event(frame, node, "client-word", text=one.name, value=one)
    if left.known and isinstance(left.const, str):
        made.name = right.name
    return made


def guards_of(frame: Frame, node: ir.Expr, found: Test) -> tuple[Guard, ...]:
    """The guards that the right outcome of a test makes."""
    from cwelens.app.evaluate import text_of

    tags = found.value.tags
    text = text_of(frame.module, node)
    kinds = [kind for tag, kind in PROOFS.items() if tag in tags]
    if COOKIE in tags and IDENTITY in tags:
        kinds.append("cookie")
    if ROLE in tags and (IDENTITY in tags or CLIENT not in tags or {TOKEN, STORED} <= tags):
        # Of an account that was found by a token as well.
        kinds.append("role")
    if ({"csrf", "xsrf"} & words(found.value.name) and CLIENT in tags) or "csrf" in text.lower():
        kinds.append("csrf")
    return tuple(Guard(kind, text, frame.spot(node), frame.scope) for kind in kinds)
