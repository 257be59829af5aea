"""Sensitive data where others can read it: in logs, in cookies, behind a fast hash."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cwelens.checks import hashing, sensitive, tokens
from cwelens.checks.bodies import Body, arms, last_name
from cwelens.checks.judgement import Judgement
from cwelens.checks.rules import RULES
from cwelens.flow.run import CallSite, Run, written
from cwelens.flow.state import State
from cwelens.flow.values import Const, Opaque
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

if TYPE_CHECKING:
    from cwelens.checks.checker import Checker


def in_cookie(checker: Checker, run: Run, site: CallSite) -> None:
    """A password, or private data, as the value of a cookie."""
    node = site.node
    if isinstance(node, ir.Call):
        values = [*node.args[1:2], *(v for k, v in node.keywords if k == "value")]
        for part in values:
            secret = sensitive.found_in(part, checker.body_of(run), "kept")
            if secret is not None:
                judgement = Judgement("defect", f"`{written(secret)}` is sent to the browser and kept there")
                checker.record(run, RULES["cookie.cleartext"], site.place, site.written, judgement)


def hashed(checker: Checker, run: Run, site: CallSite, row: Any) -> None:
    """A fast hash of something that is called a password."""
    node = site.node
    if isinstance(node, ir.Call):
        for part in [*node.args, *(v for _, v in node.keywords)]:
            secret = sensitive.found_in(part, checker.body_of(run), "password")
            if secret is None:
                continue
            if _keyed(part, checker.body_of(run)):
                judgement = Judgement("neutralised", "a key of the program's own goes into it as well")
                checker.record(run, RULES["hash.password"], site.place, site.written, judgement, row.library)
                continue
            nodes = checker.body_of(run).nodes
            if hashing.looked_up(nodes):
                judgement = Judgement("neutralised", hashing.ASKS)
                checker.record(run, RULES["hash.password"], site.place, site.written, judgement, row.library)
            elif not hashing.replaced(nodes):
                judgement = Judgement("defect", f"`{written(secret)}` is hashed with a fast function")
                checker.record(run, RULES["hash.password"], site.place, site.written, judgement, row.library)


def _keyed(node: ir.Expr, body: Body) -> bool:
    """Whether the program's own key is part of what is hashed: nobody can try passwords without it."""
    parts = list(walk(node))
    parts += [
        n for p in parts if isinstance(p, ir.Name) for v in body.assigned.get(p.id, ()) for n in walk(v)
    ]
    return any(
        isinstance(p, ir.Attr | ir.Item | ir.Name) and last_name(p).upper() == "SECRET_KEY" for p in parts
    )


def salted(checker: Checker, run: Run, site: CallSite) -> Judgement:
    """A salt that stands in the code: definite where what is called a password is hashed with it, since a random key needs none."""
    node = site.node
    if isinstance(node, ir.Call):
        for part in [*node.args, *(v for _, v in node.keywords)]:
            if sensitive.found_in(part, checker.body_of(run), "password") is not None:
                return Judgement("defect")
    return Judgement("conditional", "what it is made from is a password, or another text that can be guessed")


def logged(checker: Checker, run: Run, site: CallSite) -> None:
    """A secret, by its name, among the arguments of a logging call."""
    node = site.node
    if not isinstance(node, ir.Call):
        return
    body = checker.body_of(run)
    for part in [*node.args, *(v for _, v in node.keywords)]:
        secret = sensitive.found_in(part, body)
        if secret is not None and not _harmless_secret(run, secret, site.state):
            opens = tokens.lets_in(sensitive.itself(secret, body), node, body)
            if opens is False:
                continue
            if _refused(body, site.node):
                return
            reason = f"`{written(secret)}` is written to the log"
            judgement = Judgement("defect", reason)
            switch = _asked_for(body, site.node)
            if switch:
                judgement = Judgement(
                    "conditional", reason, assumption=f"`{switch}` is on where the program is in service"
                )
            elif opens is None:
                doubt = f"`{written(secret)}` lets whoever knows it in"
                judgement = Judgement("conditional", reason, assumption=doubt)
            checker.record(run, RULES["log.sensitive"], site.place, site.written, judgement)
            return


_SWITCH = re.compile(
    r"(?i)(?:log|show|print|debug|dump|reveal)_?\w*(?:credential|password|secret|token|sensitive|key)"
)


def _asked_for(body: Body, node: ir.Expr) -> str:
    """The option that asks for secrets in the log, by its name, where a call stands under one."""
    for test, held in arms(body.nodes, node.pos):
        if held and isinstance(test, ir.Name | ir.Attr | ir.Item) and _SWITCH.search(written(test)):
            return written(test)
    return ""


# Errors that say that what was handed in opens nothing.
_REFUSED = re.compile(
    r"(?i)expired|bad_?(?:signature|data|token|header|credential)|invalid_?(?:token|signature|credential)|decode_?error"
)


def _refused(body: Body, node: ir.Expr) -> bool:
    """Whether a call stands where a token turned out to be of no use."""
    for part in body.nodes:
        named = (
            [n for n in walk(part.types) if isinstance(n, ir.Name | ir.Attr)]
            if isinstance(part, ir.Handler) and part.types
            else []
        )
        if isinstance(part, ir.Handler) and any(_REFUSED.search(last_name(n)) for n in named):
            if any(inner is node for inner in walk(*part.body)):
                return True
    return False


def _harmless_secret(run: Run, node: ir.Expr, st: State) -> bool:
    """A "secret" that is a number, a flag or nothing is none."""
    from cwelens.flow.expressions import evaluate

    run.quiet += 1
    try:
        value = evaluate(run, node, st)
    finally:
        run.quiet -= 1
    return bool(value.atoms) and all(
        (isinstance(a, Const) and (a.value is None or isinstance(a.value, bool | int) or a.value == ""))
        or (isinstance(a, Opaque) and a.type in ("builtins.int", "builtins.bool", "builtins.float"))
        for a in value.atoms
    )
