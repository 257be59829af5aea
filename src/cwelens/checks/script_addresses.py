"""The address of a page as script reads it: what of it a link decides, and what browsers encode in it."""

from __future__ import annotations

import re
from typing import Any

from cwelens.checks.script_tree import arguments, text_of

# Where the address of the page is read, and what else another site decides.
ADDRESS = re.compile(
    r"^(?:(?:window|document|self|top|parent|this)\.)*(?:location(?:\.(?:hash|search|href|pathname))?|document\.(?:URL|documentURI|baseURI|referrer)|"
    r"URL|documentURI|referrer|window\.name)$"
)
# Browsers give these with `<`, `>` and quotes encoded: only a page that decodes them gets markup out of them.
_ENCODED = re.compile(
    r"(?:^|\.)location(?:\.(?:hash|search|href|pathname))?$|(?:^|\.)(?:URL|documentURI|baseURI|referrer)$"
)
# What begins with the origin of the page itself.
_WHOLE = re.compile(r"(?:^|\.)(?:location(?:\.href)?|URL|documentURI|baseURI)$")


def encoded(text: str) -> bool:
    """Whether browsers encode markup in what is read under this name."""
    return _ENCODED.search(text) is not None


def keeps_beginning(node: Any) -> bool:
    """Whether an expression is the beginning of the page's own address: `location.href.split("#")[0]` leads to no other host."""
    if node.type == "parenthesized_expression" and node.named_child_count:
        return keeps_beginning(node.named_children[0])
    if node.type == "subscript_expression":
        index = node.child_by_field_name("index")
        split = node.child_by_field_name("object")
        return (
            text_of(index) == "0"
            and split.type == "call_expression"
            and _called_on_address(split, ("split",))
            and text_of(arguments(split)[0])[1:-1] in ("#", "?", "#!", "&")
        )
    if node.type == "call_expression" and _called_on_address(
        node, ("replace", "substring", "slice", "substr")
    ):
        first = text_of(arguments(node)[0])
        # A cut from the beginning, or a fragment or query that is taken out.
        return (
            first == "0"
            or re.match(r"^(?:location|window\.location)\.(?:hash|search)$|^/\\?[#?]", first) is not None
        )
    return False


def _called_on_address(call: Any, members: tuple[str, ...]) -> bool:
    callee = call.child_by_field_name("function")
    if callee is None or callee.type != "member_expression" or not arguments(call):
        return False
    base = callee.child_by_field_name("object")
    known = _WHOLE.search(text_of(base)) is not None or keeps_beginning(base)
    return text_of(callee.child_by_field_name("property")) in members and known
