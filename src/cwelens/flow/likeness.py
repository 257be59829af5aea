"""Calls of what is not visible, taken for a library's by their last name and by what they are given: `run(command, shell=True)`.

In a fragment, or behind a wrapper that is not in the input, that is all there is to tell a dangerous call by; the finding says what it rests on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.flow.conditions import holds_all
from cwelens.flow.run import Args, Run, written
from cwelens.ir import nodes as ir

if TYPE_CHECKING:
    from cwelens.flow.state import State
    from cwelens.flow.values import Value


def taken_for(
    run: Run, node: ir.Expr, member: str, args: Args, receiver: Value | None, st: State
) -> tuple[str, str] | None:
    """The dotted name of the callable that a call is taken for, with the note that says so; None where there is none."""
    for row in run.models.likenesses(member):
        if row.on and not row.pattern.search(_base(node)):
            continue
        if holds_all(row, run, args, receiver, st) is True:
            why = "what it is given" if row.conditional else "its name and what it is called on"
            return row.call, f"`{member}()` is taken for `{row.call}`: {why}"
    return None


def _base(node: ir.Expr) -> str:
    """What a member is called on, as written; "" for a call of a name."""
    if isinstance(node, ir.Call) and isinstance(node.func, ir.Attr):
        return written(node.func.base)
    return ""
