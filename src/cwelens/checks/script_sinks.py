"""Where script makes an address of a text: places that the browser goes to, and elements that load or lead to what their address names."""

from __future__ import annotations

import re
from typing import Any

from cwelens.checks.script_tree import arguments, is_jquery, text_of

REDIRECT = "redirect"
LINK = "link"
_LOCATION = re.compile(r"^(?:(?:window|document|self|top|parent)\.)*location(?:\.href)?$")
# What runs a text as script.
RUNS = re.compile(r"^(?:window\.)?(?:eval|setTimeout|setInterval)$|^new Function$")
_GOING = re.compile(
    r"^(?:(?:window|document|self|top|parent)\.)*location\.(?:assign|replace)$|^window\.open$"
)
_LOADING = re.compile(r"^(?:\$|jQuery)\.getScript$|^import$|^importScripts$")
_LEADING = frozenset(("href", "action", "formaction", "formAction", "srcdoc", "xlink:href"))
_LOADERS = frozenset(("script", "iframe", "frame", "embed", "object"))
_LOADER_NAME = re.compile(r"script|i?frame", re.IGNORECASE)
_CONDITIONS = ("if_statement", "ternary_expression", "while_statement")
_TESTING = re.compile(
    r"\.(?:startsWith|test|match|includes|indexOf|origin|host|hostname|protocol|has)\b|[=!]==?\s*[\"'\w]|\bis\w+\("
)


def creates_loader(node: Any) -> bool:
    """Whether an expression makes an element that loads what its address names."""
    if node.type != "call_expression" or not text_of(node.child_by_field_name("function")).endswith(
        ".createElement"
    ):
        return False
    given = arguments(node)
    return bool(given) and text_of(given[0]).strip("\"'`").lower() in _LOADERS


def assigned(left: Any, elements: set[str]) -> str:
    """What an assignment to this target does with an address: `REDIRECT`, `LINK`, or "" where it does nothing of the kind."""
    name = text_of(left)
    if _LOCATION.match(name):
        return REDIRECT
    if left.type != "member_expression":
        return ""
    member = text_of(left.child_by_field_name("property"))
    base = text_of(left.child_by_field_name("object"))
    if member == "src":
        return LINK if base in elements or _LOADER_NAME.search(base) else ""
    return LINK if member in _LEADING and member != "srcdoc" else ""


def called(name: str, callee: Any, args: list[Any], jquery: set[str]) -> tuple[str, Any] | None:
    """What a call does with an address and which argument that is; None where it does nothing of the kind."""
    if _GOING.match(name):
        return REDIRECT, args[0]
    if _LOADING.match(name):
        return LINK, args[0]
    if callee.type != "member_expression":
        return None
    member = text_of(callee.child_by_field_name("property"))
    base = callee.child_by_field_name("object")
    attribute = text_of(args[0]).strip("\"'`").lower()
    if member == "setAttribute" and len(args) == 2 and attribute in _LEADING:
        return LINK, args[1]
    if member in ("attr", "prop") and len(args) == 2 and attribute in _LEADING and is_jquery(base, jquery):
        return LINK, args[1]
    if member == "load" and is_jquery(base, jquery):
        return LINK, args[0]
    return None


def tested(node: Any, given: Any) -> bool:
    """Whether a condition around a place, or one that may leave before it, looks at what the address is."""
    names = {
        n
        for n in re.findall(r"[A-Za-z_$][\w$]*", text_of(given))
        if n not in ("window", "location", "get", "params")
    }
    while node is not None:
        before = [node.parent] if node.parent is not None and node.parent.type in _CONDITIONS else []
        if node.parent is not None and node.parent.type in ("statement_block", "program"):
            before += [
                c
                for c in node.parent.named_children
                if c.type == "if_statement" and c.start_byte < node.start_byte
            ]
        for one in before:
            condition = text_of(one.child_by_field_name("condition"))
            if _TESTING.search(condition) and names & set(re.findall(r"[A-Za-z_$][\w$]*", condition)):
                return True
        node = node.parent
    return False
