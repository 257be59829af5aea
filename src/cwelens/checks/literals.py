"""Checks that need no flow: secrets written under telling names, files tested before they are used, expressions that run away."""

from __future__ import annotations

import base64
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from cwelens.base import token_forms
from cwelens.base.randomness import drawn, is_hex, stands_for_another
from cwelens.checks import fallbacks, names, samples
from cwelens.checks.checker import Checker
from cwelens.checks.judgement import Judgement
from cwelens.checks.record import Record
from cwelens.checks.rules import BY_ID, Rule
from cwelens.checks.static import enclosing
from cwelens.checks.written_values import Written, literal, several
from cwelens.flow.conditions import placeholder
from cwelens.flow.run import written
from cwelens.ir import nodes as ir
from cwelens.resolve.testcode import is_test_module

if TYPE_CHECKING:
    from cwelens.resolve.symbols import ModuleInfo

_PLAUSIBLE = re.compile(r"^[\x21-\x7e]{3,}$")
_WORDY = re.compile(r"^[a-z]+(?:[_.:/ -][a-z]+)+$|^[A-Z_]+$|^(?:https?|ftp)://|^[/~.]|^\W+$|%s|\{\w*\}")

# A word that ends a sentence: a message about a password.
_SENTENCE = re.compile(r"^[A-Z][a-z]+[.!?]$")


def check(checker: Checker, module: ModuleInfo) -> None:
    tests = is_test_module(module)
    # A table of entries or calls of one form, each with its own secret, is one defect: function and name of those found.
    seen: set[tuple[str, str]] = set()
    # The number of a key that stands beside the key itself is the same credential.
    beside: set[int] = set()
    shown = samples.inside(module)
    # What a text at the head of a module, class or function says is documentation.
    shown |= {
        id(node.value)
        for node in module.nodes
        if isinstance(node, ir.ExprStmt) and isinstance(node.value, ir.Const)
    }
    for node in module.nodes:
        if id(node) in shown:
            continue
        if isinstance(node, ir.Assign) and node.value is not None:
            for target in node.targets:
                _assigned(checker, module, target, node.value, tests)
        elif isinstance(node, ir.Call):
            if not tests:
                _handed_over(checker, module, node)
                _falls_back(checker, module, fallbacks.asked(node), node, node)
                _put(checker, module, node)
            for name, value in node.keywords:
                if rehearsed(node):
                    break
                if name is not None and _telling(name) and (enclosing(module, node), name) not in seen:
                    if _named(checker, module, name, value, value, tests):
                        seen.add((enclosing(module, node), name))
                        beside.update(id(other) for _, other in node.keywords)
        elif isinstance(node, ir.DictDisplay):
            for key, value in node.items:
                if not isinstance(key, ir.Const) or not isinstance(key.value, str) or not _telling(key.value):
                    continue
                if (enclosing(module, node), key.value) not in seen:
                    if _named(checker, module, key.value, value, value, tests):
                        seen.add((enclosing(module, node), key.value))
                        beside.update(id(other) for _, other in node.items)
        elif isinstance(node, ir.Compare):
            _compared(checker, module, node, tests)
        elif isinstance(node, ir.Function):
            for param in node.params:
                if param.default is not None:
                    _named(checker, module, param.name, param.default, param.default, tests)
        elif isinstance(node, ir.Const | ir.Format) and not tests and id(node) not in beside:
            _by_form(checker, module, node)


# What is called so is told who is asking, or starts what asks.
_TOLD_WHO = frozenset(
    ("login", "auth", "authenticate", "authorize", "token", "bearer", "credentials", "sign")
)
_STARTS = frozenset(("run", "init", "connect", "configure"))


def _put(checker: Checker, module: ModuleInfo, node: ir.Call) -> None:
    """`setattr(x, "api_key", "…")` sets what it names; a random text handed to a client or a login may be its key."""
    callee = written(node.func).rpartition(".")[2]
    if callee == "setattr" and len(node.args) == 3 and isinstance(node.args[1], ir.Const):
        if isinstance(node.args[1].value, str):
            _named(checker, module, node.args[1].value, node.args[2], node.args[2], False)
    elif 0 < len(node.args) <= 2 and (
        callee in _STARTS or callee[:1].isupper() or _TOLD_WHO & set(names.words(callee))
    ):
        given = node.args[-1]
        found = literal(given) if isinstance(given, ir.Const) else None
        if (
            found is not None
            and not found.size
            and drawn(found.text)
            and not (is_hex(found.text) or by_form(found.text))
        ):
            doubt = f"what is handed to `{written(node.func)}` lets whoever knows it in"
            _add(checker, module, given, "hard-coded-credential", doubt, written(node.func), "conditional")


def _by_form(checker: Checker, module: ModuleInfo, node: ir.Const | ir.Format) -> None:
    """A literal that says by its own form that it is a key, or that what it holds is one: whatever it is called."""
    parts = node.parts if isinstance(node, ir.Format) else [node.value]
    for text in parts:
        if isinstance(text, bytes):
            text = text.decode("latin-1")
        if not isinstance(text, str):
            continue
        reason = by_form(text)
        if reason:
            _add(checker, module, node, "hard-coded-credential", reason, written(node))
            return


# A key that goes along with an address or in a header.
_CARRIED = re.compile(
    r"(?i)[?&](api[_-]?key|access[_-]?key|(?:access|auth|api|private)?[_-]?token|secret|client_secret|auth|subscription-key|appid)=([\w.~+/=%-]{16,})"
    r"|\b(?:authorization|x-[a-z-]*(?:key|token)|apikey)[\"']?\s*:\s*[\"']?(?:(?:bearer|token|basic|apikey)\s+)?([\w.~+/=-]{16,})"
)


def by_form(text: str) -> str:
    """What a text is or holds: a key in the form of its service, or a random one in an address or a header. "" for neither."""
    if not token_forms.has_long_run(text):
        return ""
    form = token_forms.form_of(text)
    if form is not None:
        return (
            "the literal holds a private key"
            if not form.pattern and "key" in form.owner
            else f"the literal has the form of a key of {form.owner}"
        )
    for found in _CARRIED.finditer(text):
        value = found[2] or found[3]
        if drawn(value) and not is_hex(value):
            return (
                f"the text carries a key as `{found[1]}`"
                if found[1]
                else "the text carries a key in a header"
            )
    return ""


_VERIFYING = frozenset(("verify", "check", "compare", "validate", "matches", "authenticate"))


def rehearsed(node: ir.Call) -> bool:
    """Whether a password of the code is checked against another of the code: that only takes as long as a true check does."""
    callee = node.func.name if isinstance(node.func, ir.Attr) else written(node.func)
    if _VERIFYING.isdisjoint(names.words(callee)):
        return False
    given = [*node.args, *(value for _, value in node.keywords)]
    return len(given) > 1 and all(isinstance(value, ir.Const) for value in given)


# Passwords that a program knows so that it can refuse them.
_REFUSED = frozenset(
    ("legacy", "weak", "insecure", "forbidden", "banned", "disallowed", "rejected", "compromised", "leaked")
)


def _telling(name: str) -> bool:
    """Whether a literal under this name can be a secret at all."""
    return names.is_secret(name) or names.hints_at_secret(name) or name.lower() in _LOGIN_HEADERS


def _assigned(checker: Checker, module: ModuleInfo, target: ir.Expr, value: ir.Expr, tests: bool) -> None:
    if isinstance(target, ir.Name):
        _named(checker, module, target.id, value, target, tests)
    elif isinstance(target, ir.Attr):
        _named(checker, module, target.name, value, target, tests)
    elif (
        isinstance(target, ir.Item) and isinstance(target.key, ir.Const) and isinstance(target.key.value, str)
    ):
        _named(checker, module, target.key.value, value, target, tests)
    elif isinstance(target, ir.Seq) and isinstance(value, ir.Seq) and len(target.items) == len(value.items):
        for one, given in zip(target.items, value.items):
            _assigned(checker, module, one, given, tests)


def _named(
    checker: Checker, module: ModuleInfo, name: str, value: ir.Expr, node: ir.Expr, tests: bool
) -> bool:
    """A literal under the name of a secret: whether it is one that is worth a finding."""
    if tests:
        return False
    if isinstance(value, ir.Name) and name.isupper() and not names.is_secret(value.id):
        # A setting that is given a constant of the module: the literal stands under another name.
        value = fallbacks.constant(module, value) or value
    found = literal(value)
    if found is not None:
        return _judged(checker, module, name, found, node)
    if _falls_back(checker, module, name, value, node):
        return True
    random = [one for one in several(value) if drawn(one.text)]
    if random and names.hints_at_secret(name):
        many = f"one of {len(random)} keys in" if len(random) > 1 else "the key in"
        _add(checker, module, random[0].node, rule_for(name), f"{many} `{name}` is a literal", name)
        return True
    return False


def _judged(checker: Checker, module: ModuleInfo, name: str, found: Written, node: ir.Expr) -> bool:
    """Whether a literal under a name is a secret; it is recorded then."""
    text = found.text
    if names.is_cipher_key(name) and found.size in (16, 24, 32, 64):
        reason = f"`{name}` is set to a literal of {found.size} bytes"
        _add(checker, module, node, "hard-coded-key", reason, name)
        return True
    if name.lower() in _LOGIN_HEADERS and _logs_in(text):
        _add(checker, module, node, "hard-coded-credential", f"`{name}` is set to a literal", name)
        return True
    if not tells_secret(name, text) or _REFUSED & set(names.words(name)):
        return False
    _add(checker, module, node, rule_for(name), f"`{name}` is set to a literal", name)
    return True


def _falls_back(checker: Checker, module: ModuleInfo, name: str, value: ir.Expr, node: ir.Expr) -> bool:
    """A setting that is a secret, from the environment or else a literal: the program runs with the literal where nobody has set it."""
    if not names.is_secret(name):
        return False
    found = fallbacks.of(module, value)
    if found is None or not isinstance(found[0].value, str):
        return False
    text = found[0].value
    # The password of a service beside the program in development is a word that everybody knows, and opens nothing else.
    if not plausible(text, name) or (names.is_password(name) and text.isalpha()):
        return False
    doubt = f"`{found[1]}` is not set where the program runs"
    _add(checker, module, node, rule_for(name), doubt, name, "conditional")
    return True


def tells_secret(name: str, text: str) -> bool:
    """Whether a name and its text together are a secret: it is called one and can be one, or may be called one and is random."""
    if names.is_secret(name) and plausible(text, name):
        return True
    # Digests and identifiers are written in hex too: there the name has to say that it is secret.
    return names.hints_at_secret(name) and drawn(text) and (not is_hex(text) or names.names_secret(name))


def rule_for(name: str) -> str:
    """Which weakness a literal under a name is."""
    if names.is_password(name):
        return "hard-coded-password"
    words = names.words(name)
    is_key = ("key" in words or "keys" in words) and "api" not in words and "access" not in words
    return "hard-coded-key" if is_key else "hard-coded-credential"


_LOGIN_HEADERS = frozenset(("authorization", "proxy-authorization"))
_SCHEME = re.compile(r"(?i:(basic)|bearer|token|apikey|digest) +(\S{12,})$")


def _logs_in(text: str) -> bool:
    """Whether the value of a header holds a credential: a token, or an account and its password in base64."""
    found = _SCHEME.match(text)
    if found is None or not plausible(found[2], "token"):
        return False
    if not found[1]:
        return True
    try:
        return b":" in base64.b64decode(found[2], validate=True)
    except ValueError:
        return False


_ACCOUNT = frozenset(("user", "username", "login", "account", "host", "hostname", "server", "uid"))


def _handed_over(checker: Checker, module: ModuleInfo, node: ir.Call) -> None:
    """A constant of the module that a call is given as the password of an account: then it is one, however wordy."""
    if not any(name in _ACCOUNT for name, _ in node.keywords):
        return
    for name, value in node.keywords:
        if name is None or not names.is_password(name) or not isinstance(value, ir.Name):
            continue
        for stmt in module.body:
            if not isinstance(stmt, ir.Assign) or not isinstance(stmt.value, ir.Const):
                continue
            target, text = stmt.targets[0], stmt.value.value
            if not isinstance(target, ir.Name) or target.id != value.id or not isinstance(text, str):
                continue
            if (
                len(text) >= 4
                and _PLAUSIBLE.match(text)
                and not placeholder(text)
                and not _says_only(text, name)
            ):
                reason = f"`{target.id}` is given to `{written(node.func)}` as `{name}`"
                _add(checker, module, target, "hard-coded-password", reason, target.id)


def _says_only(text: str, name: str) -> bool:
    """Whether a text is the name of a password field itself."""
    return names.words(text)[-1:] == names.words(name)[-1:]


def plausible(text: str, name: str) -> bool:
    """Whether a literal can be a real secret: no placeholder, no name of something, no sentence, path or format."""
    text = _NAMESPACE.sub("", text)
    if placeholder(text) or not _PLAUSIBLE.match(text) or len(text) > 200:
        return False
    if _ADDRESS.match(text) or _OBJECT.match(text) or _EXPRESSION.search(text) or _alphabet(text):
        return False
    if _SENTINEL.match(text) or _VARIABLE.match(text) or stands_for_another(text):
        return False
    if names.words(text) == names.words(name) or text.lower().replace("_", "") in name.lower().replace(
        "_", ""
    ):
        return False
    if names.is_password(name):
        return not _SENTENCE.search(text) and (not _WORDY.search(text) or any(c.isdigit() for c in text))
    if _WORDY.search(text) and not any(c.isdigit() for c in text):
        return False
    if name.isupper() and "secret" in names.words(name) and len(text) >= 6 and not _WORDY.search(text):
        # The setting of an application: what stands there is used, however simple it is.
        return True
    # A token or key has some length and mixes characters; a word is the name of something.
    return len(text) >= 8 and (any(c.isdigit() for c in text) or len(set(text)) >= 10 or not text.isalpha())


# The name of an element of XML with its namespace before it: `{urn:lease}renew-token`.
_NAMESPACE = re.compile(r"^\{[\w:/.#-]+\}(?=[A-Za-z])")
# An address without a user and password in it.
_ADDRESS = re.compile(r"^[a-z][a-z0-9+.-]*://[^/@\s]+(?:/|$)")
# A regular expression: tied to both ends, or with a class that is repeated.
_EXPRESSION = re.compile(r"^\^.*\$$|\[[^\]]+\][+*{]|\\[dws][+*{]|\(\?")
# Where an object of the program is: `shop.tests.factories:Token`.
_OBJECT = re.compile(r"^[a-z_]+(?:\.[A-Za-z_]+)+(?::[A-Za-z_.]+)?$")
# What a program compares with, and the name of a variable of the environment.
_SENTINEL = re.compile(r"^__\w+|\w+__$|^[a-z_]+=[a-z_-]+$")
_VARIABLE = re.compile(r"^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:KEY|TOKEN|SECRET|PASSWORD|PASS|PWD)$")
_RUN = 8


def _alphabet(text: str) -> bool:
    """Whether a text is a set of characters: each once, a long run of them in order."""
    if len(set(text)) < len(text):
        return False
    run = longest = 1
    for one, two in pairwise(text):
        run = run + 1 if ord(two) == ord(one) + 1 else 1
        longest = max(longest, run)
    return longest >= _RUN


def _compared(checker: Checker, module: ModuleInfo, node: ir.Compare, tests: bool) -> None:
    """`if password == "letmein"`: a password that the code knows."""
    if tests or node.ops != ["=="]:
        return
    for one, two in ((node.left, node.rights[0]), (node.rights[0], node.left)):
        name = one.id if isinstance(one, ir.Name) else one.name if isinstance(one, ir.Attr) else None
        if isinstance(one, ir.Item) and isinstance(one.key, ir.Const) and isinstance(one.key.value, str):
            name = one.key.value
        if name and isinstance(two, ir.Const) and isinstance(two.value, str) and names.is_password(name):
            if len(two.value) >= 4 and plausible(two.value, name):
                _add(
                    checker,
                    module,
                    node,
                    "hard-coded-password",
                    f"`{name}` is compared with a literal",
                    written(one),
                )


def _add(
    checker: Checker,
    module: ModuleInfo,
    node: ir.Expr,
    rule_id: str,
    reason: str,
    code: str,
    kind: str = "defect",
) -> None:
    rule: Rule = BY_ID[rule_id]
    place = (module.source, node.pos)
    for other in ("hard-coded-password", "hard-coded-key", "hard-coded-credential"):
        # What a model row has said about this line already is the same defect.
        cwe = BY_ID[other].cwe
        for key, known in checker.records.items():
            if key[0] == module.path and key[2] == cwe and key[1][0] == node.pos[0]:
                if kind == "conditional":
                    known.take(Judgement(kind, "", assumption=reason), known.note)
                elif known.best is not None and known.best.kind not in ("defect", "conditional"):
                    continue
                return
    record = Record(rule, rule.concept, place, code, enclosing(module, node), "", "")
    record.best = Judgement(kind, reason) if kind == "defect" else Judgement(kind, "", assumption=reason)
    checker.records.setdefault((module.path, node.pos, rule.cwe, rule.concept), record)
