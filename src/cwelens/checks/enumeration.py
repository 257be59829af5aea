"""Answers from which a visitor learns who has an account (CWE-204): one text for an unknown name, another one for a wrong password."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.checks.checker import Checker
from cwelens.checks.static import Body, add, bodies
from cwelens.ir import nodes as ir
from cwelens.resolve.testcode import is_test_module

if TYPE_CHECKING:
    from cwelens.resolve.symbols import ModuleInfo

_WHO = r"(?:user(?:\s?name)?|e-?mail(?: address)?|account|login|member|customer)"
_NOT_THERE = (
    r"(?:(?:was |is |could )?(?:not|n't) (?:be )?(?:found|exist|known|registered|correct|valid)|(?:does|do|did) ?(?:not|n't) exist"
    r"|(?:is )?(?:unknown|incorrect|invalid|wrong)|doesn't exist)"
)
_UNKNOWN = re.compile(
    rf"(?i)\b(?:no (?:such )?{_WHO}\b(?! provided| given| input)|(?:unknown|incorrect|invalid|wrong) {_WHO}\b|{_WHO}\b[^.]{{0,24}}?\b{_NOT_THERE}"
    rf"|(?:do(?:es)? not|don't) have (?:the|this|that|your) {_WHO})"
)
_WRONG = re.compile(
    r"(?i)\b(?:(?:wrong|incorrect|invalid|bad) password|password\b[^.]{0,24}?\b(?:(?:is |was )?(?:not|n't) (?:correct|valid|match)|(?:is )?(?:incorrect|wrong|invalid)))"
)
_SENT = re.compile(
    r"(?i)\b(?:e-?mail|link|code|instructions?|message)\b.{0,30}\b(?:was|has been|have been|is) sent\b|\bsent\b.{0,40}\b(?:e-?mail|link|code)\b"
)


def check(checker: Checker, modules: list[ModuleInfo]) -> None:
    """Looks through the given modules; tests are passed over."""
    for module in modules:
        if not is_test_module(module):
            for body in bodies(module):
                if body.function is not None:
                    _in_body(checker, body)


def _in_body(checker: Checker, body: Body) -> None:
    unknown: ir.Expr | None = None
    other = ""
    for node in body.nodes:
        if (
            not isinstance(node, ir.Const)
            or not isinstance(node.value, str)
            or not 8 <= len(node.value) <= 160
        ):
            continue
        text = node.value
        # A text that names both leaves open which of them it was.
        both = _UNKNOWN.search(text) is not None and re.search(r"(?i)password", text) is not None
        if both and not re.search(r"(?i)for (?:the|this|that|your) (?:given |specified )?\w+", text):
            continue
        if _WRONG.search(text) or _SENT.search(text):
            other = other or text
        elif _UNKNOWN.search(text) and unknown is None:
            unknown = node
    if unknown is not None and other and body.function is not None:
        reason = f"another answer is “{other[:60]}”"
        add(checker, body.module, unknown, "account-enumeration", reason, body.function.short)
