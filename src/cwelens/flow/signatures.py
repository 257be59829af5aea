"""What a signature that is right tells: who made it had the key, so that what was signed is the program's own.

`hmac.compare_digest(hmac.new(key, text, "sha256").hexdigest(), sent)` came out true: `text` is what the program once signed, whoever sends it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.flow import narrowing
from cwelens.flow.run import Run, written
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

if TYPE_CHECKING:
    from cwelens.flow.state import State

COMPARING = frozenset(
    (
        "hmac.compare_digest",
        "secrets.compare_digest",
        "django.utils.crypto.constant_time_compare",
        "werkzeug.security.safe_str_cmp",
    )
)
# What makes something with a key that only the program has; a plain digest everybody can make.
_MADE_WITH_KEY = re.compile(
    r"(?i)(?:^|[._])(?:new_|make_|get_|compute_|salted_)?(?:hmac|mac|sign(?:ature)?)(?:$|[._])"
)


def right(run: Run, node: ir.Call, st: State) -> None:
    """After a comparison that came out true: what one of its sides was made of with a key is safe for everything."""
    func = run.frame.func
    body = list(walk(*func.node.body)) if func is not None else []
    why = narrowing.reason(run, node, "a signature that is compared")
    for side in node.args[:2]:
        for part in _signed(side, body):
            narrowing.neutralise(run, part, narrowing.EVERY, why, st)


def _signed(side: ir.Expr, body: list[ir.Node]) -> list[ir.Expr]:
    """What a side of the comparison signs: the arguments of what makes a signature, and what is added to it afterwards."""
    made = [side]
    names: set[str] = set()
    for part in walk(side):
        if isinstance(part, ir.Name):
            given = [
                n.value
                for n in body
                if isinstance(n, ir.Assign)
                and any(isinstance(t, ir.Name) and t.id == part.id for t in n.targets)
            ]
            if len(given) == 1 and given[0] is not None:
                made.append(given[0])
                names.add(part.id)
    calls = [n for n in walk(*made) if isinstance(n, ir.Call) and _MADE_WITH_KEY.search(written(n.func))]
    if not calls:
        return []
    for node in body:
        func = node.func if isinstance(node, ir.Call) else None
        if isinstance(func, ir.Attr) and func.name == "update" and isinstance(func.base, ir.Name):
            if func.base.id in names and isinstance(node, ir.Call):
                calls.append(node)
    return [
        arg
        for call in calls
        for arg in (*call.args, *(v for k, v in call.keywords if k in ("msg", "message", "value")))
    ]
