"""Answers from which a visitor learns who has an account (CWE-204): one text for an unknown name, another one for a wrong password."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.checks import names
from cwelens.checks.checker import Checker
from cwelens.checks.static import Body, add, bodies, last_name, root_name
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
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
    rf"|(?:do(?:es)? not|don't) have (?:the|this|that|your) {_WHO}|(?:enter|provide|give) (?:an? )?(?:valid|existing) (?:user(?:\s?name)?|account|login)\b)"
)
# Answers that leave open what was wrong: `server not reachable, or user not known`.
_OPEN = re.compile(r"(?i),? or (?!(?:is |was )?(?:inactive|disabled|deleted|deactivated|blocked))")
_WRONG = re.compile(
    r"(?i)\b(?:(?:wrong|incorrect|invalid|bad) password|password\b[^.]{0,24}?\b(?:(?:is |was )?(?:not|n't) (?:correct|valid|match)|(?:is )?(?:incorrect|wrong|invalid)))"
)
# What was typed twice is compared with itself.
_TWICE = re.compile(r"(?i)confirm|\bagain\b|re-?type|repeat|\bboth\b")
_SENT = re.compile(
    r"(?i)\b(?:e-?mail|link|code|instructions?|message)\b.{0,30}\b(?:was|has been|have been|is) sent\b|\bsent\b.{0,40}\b(?:e-?mail|link|code)\b"
)


# What nobody outside reads.
_LOGGING = re.compile(r"(?i)^_?(?:log|logs|logger|logging|_?audit\w*|print)$")
# Where somebody who is logged in looks after an account: who has one is no secret from them.
_LOOKING_AFTER = frozenset(("edit", "update", "change", "delete", "remove", "profile", "settings", "save"))


def check(checker: Checker, modules: list[ModuleInfo]) -> None:
    """Looks through the given modules; tests are passed over."""
    for module in modules:
        if not is_test_module(module):
            for body in bodies(module):
                if body.function is not None and not _LOOKING_AFTER & set(names.words(body.function.short)):
                    _in_body(checker, body)


def _in_body(checker: Checker, body: Body) -> None:
    unknown: list[ir.Const] = []
    others: list[ir.Const] = []
    logged = _logged(body)
    for node in body.nodes:
        if (
            not isinstance(node, ir.Const)
            or not isinstance(node.value, str)
            or not 8 <= len(node.value) <= 160
            or id(node) in logged
        ):
            continue
        text = node.value
        # A text that names both leaves open which of them it was.
        both = _UNKNOWN.search(text) is not None and re.search(r"(?i)password", text) is not None
        if both and not re.search(r"(?i)for (?:the|this|that|your) (?:given |specified )?\w+", text):
            continue
        if (_WRONG.search(text) and not _TWICE.search(text)) or _SENT.search(text):
            others.append(node)
        elif _UNKNOWN.search(text) and not _OPEN.search(text):
            unknown.append(node)
    if not unknown or not others or body.function is None:
        return
    answers = _answers(body)
    for node in unknown:
        for other in others:
            # Both texts in one answer leave open which of them it was.
            if id(node) in answers and answers[id(node)] == answers.get(id(other)):
                continue
            reason = f"another answer is “{str(other.value)[:60]}”"
            add(checker, body.module, node, "account-enumeration", reason, body.function.short)
            return


def _answers(body: Body) -> dict[int, int]:
    """For each text that is returned or raised, the statement that does so."""
    return {
        id(part): id(node)
        for node in body.nodes
        if isinstance(node, ir.Return | ir.Raise)
        for part in walk(node)
        if isinstance(part, ir.Const)
    }


def _logged(body: Body) -> set[int]:
    """The texts that go to a log."""
    found: set[int] = set()
    for node in body.nodes:
        if isinstance(node, ir.Call) and (
            _LOGGING.match(last_name(node.func)) or _LOGGING.match(root_name(node.func))
        ):
            given = [*node.args, *(value for _, value in node.keywords)]
            found |= {id(part) for part in walk(*given) if isinstance(part, ir.Const)}
    return found
