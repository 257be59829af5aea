"""What is kept in a session (CWE-501), by the key it is kept under: of who somebody is, and what they may do, later code is sure.

Under any other key of the program's own a visitor's data lies in the visitor's own session: that somebody takes it for more is an assumption.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.app.words import is_identity_key, is_role, table, words
from cwelens.checks.judgement import Judgement
from cwelens.ir import nodes as ir

if TYPE_CHECKING:
    from cwelens.checks.record import Record
    from cwelens.resolve.symbols import ModuleInfo

_SETTLED = table("verified paid price total amount balance discount quota tier plan level tenant")
# Words of what is done, beside which a name of an account is none: `payment_token`, `login_hint`.
_PASSING = table(
    "payment hint origin popup nonce hashes hash state next verification code cart csrf unlock provider consent card bank"
)


class Kept:
    """The keys under which the modules of a program put things into sessions."""

    def __init__(self, modules: list[ModuleInfo]) -> None:
        self._modules = {module.path: module for module in modules}

    def settle(self, record: Record, judgement: Judgement) -> Judgement:
        """The judgement, conditional where the key is the program's own and says nothing of somebody's rights."""
        if judgement.kind != "defect" or record.rule.concept != "session.value" or judgement.taint is None:
            return judgement
        module = self._modules.get(record.place[0].path)
        name = _key_at(module, record.place[1]) if module is not None else ""
        found = words(name)
        if not name or is_role(name) or found & _SETTLED or (is_identity_key(name) and not found & _PASSING):
            return judgement
        doubt = f"later code takes what is kept under `{name}` for the program's own"
        return Judgement("conditional", "", judgement.taint.assuming(doubt))


def _key_at(module: ModuleInfo, pos: ir.Pos) -> str:
    """The text that the key of `session[key]` at a place begins with; "" where that is not fixed."""
    nodes = list(module.nodes)
    item = next((n for n in nodes if isinstance(n, ir.Item) and n.pos == pos), None)
    if item is None:
        return ""
    if isinstance(item.key, ir.Name):
        if item.key.id.isupper():
            return item.key.id.lower()
        given = [
            node.value
            for node in nodes
            if isinstance(node, ir.Assign)
            and node.value is not None
            and any(isinstance(t, ir.Name) and t.id == item.key.id for t in node.targets)
        ]
        begun = [_begins(value) for value in given]
        return begun[0] if begun and all(begun) else ""
    return _begins(item.key)


def _begins(node: ir.Expr) -> str:
    if isinstance(node, ir.Const):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ir.Format):
        return node.parts[0] if node.parts and isinstance(node.parts[0], str) else ""
    if isinstance(node, ir.Binary) and node.op in ("+", "%"):
        return _begins(node.left)
    if isinstance(node, ir.Call) and isinstance(node.func, ir.Attr) and node.func.name == "format":
        base = node.func.base
        text = base.value if isinstance(base, ir.Const) and isinstance(base.value, str) else ""
        return text.partition("{")[0]
    return ""
