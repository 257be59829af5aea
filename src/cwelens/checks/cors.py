"""Whether an answer to other origins is a matter of a setting: whoever runs the program has switched it on, or not."""

from __future__ import annotations

from cwelens.checks import names
from cwelens.checks.bodies import Body, arms, last_name
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

_ABOUT = frozenset(("cors", "cross", "crossorigin", "crossdomain"))


def by_setting(body: Body, node: ir.Node) -> bool:
    """Whether a place is reached only where something that is called after this sharing is true."""
    for test, held in arms(body.nodes, node.pos):
        asked = [n for n in walk(test) if isinstance(n, ir.Name | ir.Attr)]
        if held and any(_ABOUT & set(names.words(last_name(n))) for n in asked):
            return True
    return False
