"""Secrets of scripts: passwords and vendors' keys that everybody who opens the page can read, and tokens that can be predicted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cwelens.base import token_forms
from cwelens.checks import names
from cwelens.checks.judgement import Judgement
from cwelens.checks.literals import plausible
from cwelens.checks.rules import RULES
from cwelens.checks.script_tree import FUNCTIONS, function_of, pos_of, text_of, walk

if TYPE_CHECKING:
    from cwelens.base.source import Source
    from cwelens.checks.checker import Checker

# What selects elements or formats texts.
_SELECTOR = re.compile(r"^[#.$%&:{<]|[\[(=/{<]|\s")
_NAMING = re.compile(r"^[a-z_\-]*(?:pass(?:word|wd)?|pwd)[a-z_\-]*\d?$", re.IGNORECASE)


def check(checker: Checker, source: Source, nodes: list[Any]) -> None:
    """Looks through the nodes of one script."""
    for node in nodes:
        if node.type == "string":
            _literal(checker, source, node)
        elif node.type == "call_expression":
            if text_of(node.child_by_field_name("function")) == "Math.random":
                _random(checker, source, node)


def _literal(checker: Checker, source: Source, node: Any) -> None:
    text = text_of(node)[1:-1]
    if len(text) < 4:
        return
    form = token_forms.form_of(text)
    if form is not None and not form.public:
        reason = f"the literal has the form of a key of {form.owner}"
        _add(checker, source, node, "secret.credential", reason, text[:8])
        return
    name = _name_of(node)
    if not names.is_password(name) or _SELECTOR.search(text) or _NAMING.match(text):
        return
    if re.search(r"\d", text) and re.search(r"[A-Za-z]", text) and plausible(text, name):
        _add(checker, source, node, "secret.password", f"`{name}` is set to a literal", name)


def _name_of(node: Any) -> str:
    """The name that a value is given: by a declaration, an assignment, a key, or a comparison with it."""
    parent = node.parent
    if parent is None:
        return ""
    field = {
        "variable_declarator": "name",
        "assignment_expression": "left",
        "pair": "key",
        "binary_expression": "left",
    }.get(parent.type)
    if field is None or (parent.type == "binary_expression" and "==" not in text_of(parent)):
        return ""
    target = parent.child_by_field_name(field)
    if target is None or target.id == node.id:
        return ""
    return re.split(r"[.\[\]\"']+", text_of(target).strip("\"']"))[-1]


def _random(checker: Checker, source: Source, node: Any) -> None:
    """`Math.random()` where what is made of it has to be unpredictable: by the name it gets, or that of the function that gives it back."""
    at = node
    while at.parent is not None and at.parent.type not in FUNCTIONS:
        parent = at.parent
        if parent.type in ("variable_declarator", "assignment_expression", "pair"):
            name = _name_of(at)
            if names.is_secret(name):
                if not _only_compared(parent, name):
                    _add(checker, source, node, "random.weak", f"it becomes `{name}`", "Math.random")
                return
            if parent.type != "variable_declarator":
                return
        if parent.type in ("statement_block", "program"):
            break
        at = parent
    owner = function_of(node)
    name = text_of(owner.child_by_field_name("name")) if owner is not None else ""
    if owner is not None and not name and owner.parent is not None:
        name = _name_of(owner)
    if names.is_secret(name):
        _add(checker, source, node, "random.weak", f"`{name}` makes it", "Math.random")


def _only_compared(declared: Any, name: str) -> bool:
    """Whether a name is only kept and compared: it tells one request of the page from the next, and nobody has to guess it."""
    around = declared
    while around.parent is not None and around.type not in ("statement_block", "program"):
        around = around.parent
    uses = [
        n.parent
        for n in walk(around)
        if n.type == "identifier"
        and text_of(n) == name
        and n.parent is not None
        and n.parent.id != declared.id
    ]
    compared = [u for u in uses if u.type == "binary_expression" and "==" in text_of(u)]
    kept = [
        u
        for u in uses
        if u.type == "assignment_expression" and text_of(u.child_by_field_name("right")) == name
    ]
    return bool(compared) and len(compared) + len(kept) == len(uses)


def _add(checker: Checker, source: Source, node: Any, concept: str, reason: str, code: str) -> None:
    checker.add(RULES[concept], (source, pos_of(node)), code, "", "", Judgement("defect", reason))
