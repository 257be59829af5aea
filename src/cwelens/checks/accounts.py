"""Accounts and passwords that are part of the program: default accounts, passwords handed to its own functions, inside longer texts.

Whoever fills a table with test data repeats one line many times: that is one finding, at the first place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.checks import names
from cwelens.checks.checker import Checker
from cwelens.checks.literals import plausible, rehearsed
from cwelens.checks.static import Body, add, bodies, last_name
from cwelens.flow.conditions import placeholder
from cwelens.flow.run import written
from cwelens.ir import nodes as ir
from cwelens.resolve.testcode import is_test_module

if TYPE_CHECKING:
    from cwelens.resolve.symbols import FunctionInfo, ModuleInfo

_TABLE = frozenset(("users", "accounts", "credentials", "logins", "admins", "members", "passwords", "creds"))
_ELEMENT = re.compile(r"<(password|passwd|pwd|secret)>\s*([^<>\s]{3,})\s*</\1>", re.IGNORECASE)
_ADDRESS = re.compile(
    r"\b(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|redis|amqps?|mssql|oracle|ftps?|https?|smtps?|ldaps?)(?:\+\w+)?://"
    r"([^\s:/@'\"]+):([^\s:/@'\"]{3,})@([\w.-]+)"
)
_PARAMETERS = re.compile(r"(?i)(?:^|[\s;&?])(?:password|passwd|pwd)\s*=\s*([^\s;&'\"{}%$<>]{3,})")
_CONNECTION = re.compile(r"(?i)\b(?:host|server|user|uid|dbname|database|data source|driver)\s*=")
# Users that stand for any user in what explains the form of an address.
_ANYBODY = frozenset(("user", "username", "usr", "login", "name", "me", "foo"))
# Hosts that stand for any host in what explains the form of an address.
_ANY = re.compile(
    r"(?i)^(?:host(?:name)?|server|(?:my|your|some)[\w.-]*|example(?:\.\w+)*|\w+\.example(?:\.\w+)*)$"
)
_LOCAL = re.compile(
    r"^(?:localhost|127\.0\.0\.1|0\.0\.0\.0|db|database|postgres|mysql|redis|example\.(?:com|org))$"
)


def check(checker: Checker, modules: list[ModuleInfo]) -> None:
    """Looks through the given modules; tests are passed over."""
    functions: dict[str, list[FunctionInfo]] = {}
    for module in modules:
        for function in module.functions:
            name = function.owner.name if function.name == "__init__" and function.owner else function.name
            functions.setdefault(name, []).append(function)
    for module in modules:
        if is_test_module(module):
            continue
        for body in bodies(module):
            _tables(checker, body)
            _given(checker, body, functions)
        _databases(checker, module)
        documentation: set[int] = set()
        for node in module.nodes:
            if isinstance(node, ir.ExprStmt):
                documentation.add(id(node.value))
            if isinstance(node, ir.Const) and isinstance(node.value, str) and len(node.value) >= 12:
                if id(node) in documentation:
                    continue
                _inside(checker, module, node, node.value)


def _tables(checker: Checker, body: Body) -> None:
    """`users = [("admin", "letmein1"), …]`, in a function that also speaks of passwords."""
    for name, values in body.assigned.items():
        if not _TABLE & set(names.words(name)):
            continue
        for value in values:
            pairs = _pairs(value)
            if pairs and _about_passwords(body):
                reason = f"`{name}` holds {len(pairs)} account{'s' if len(pairs) > 1 else ''} with passwords"
                add(checker, body.module, value, "hard-coded-credential", reason, name)


def _pairs(value: ir.Expr) -> list[ir.Expr]:
    """The rows of a literal table whose second column can be a password: at least one of them no plain word."""
    rows: list[tuple[ir.Expr, str]] = []
    if isinstance(value, ir.Seq):
        for item in value.items:
            cells = item.items if isinstance(item, ir.Seq) else []
            if not 2 <= len(cells) <= 3:
                return []
            second = _hashed(cells[1])
            if not isinstance(second, ir.Const) or not isinstance(second.value, str):
                return []
            rows.append((item, second.value))
    elif isinstance(value, ir.DictDisplay):
        for key, second in value.items:
            if (
                not isinstance(key, ir.Const)
                or not isinstance(second, ir.Const)
                or not isinstance(second.value, str)
            ):
                return []
            rows.append((second, second.value))
    if not rows or any(" " in text or "@" in text or len(text) < 4 or placeholder(text) for _, text in rows):
        return []
    odd = any(re.search(r"\d|[^\w]|[a-z][A-Z]", text) for _, text in rows)
    return [item for item, _ in rows] if odd else []


def _hashed(cell: ir.Expr) -> ir.Expr:
    """What is hashed, where a cell of a table is the hash of a literal."""
    if (
        isinstance(cell, ir.Call)
        and cell.args
        and re.search(r"(?i)hash|crypt|make_password", written(cell.func))
    ):
        return cell.args[0]
    return cell


def _about_passwords(body: Body) -> bool:
    for node in body.nodes:
        if isinstance(node, ir.Const) and isinstance(node.value, str) and "passw" in node.value.lower():
            return True
        if isinstance(node, ir.Name | ir.Attr) and names.is_password(last_name(node)):
            return True
    return False


def _given(checker: Checker, body: Body, functions: dict[str, list[FunctionInfo]]) -> None:
    """`register("admin", "letmein1")`: the parameter of the program's own function is called a password."""
    first: dict[str, tuple[ir.Expr, int]] = {}
    for node in body.nodes:
        if not isinstance(node, ir.Call) or rehearsed(node):
            continue
        found = [
            p for p in map(_parameters, functions.get(last_name(node.func), [])) if len(p) >= len(node.args)
        ]
        if len(found) != 1:
            continue
        params = found[0]
        for param, given in zip(params, node.args):
            if (
                not names.is_password(param.name)
                or not isinstance(given, ir.Const)
                or not isinstance(given.value, str)
            ):
                continue
            if plausible(given.value, param.name):
                place, count = first.get(param.name, (given, 0))
                first[param.name] = (place, count + 1)
    for name, (place, count) in first.items():
        more = f", and {count - 1} more in this function" if count > 1 else ""
        add(
            checker, body.module, place, "hard-coded-password", f"a literal is passed as `{name}`{more}", name
        )


def _parameters(function: FunctionInfo) -> list[ir.Param]:
    """The parameters that a caller fills."""
    bound = function.owner is not None and function.kind != "staticmethod"
    return function.node.params[1:] if bound else function.node.params


def _databases(checker: Checker, module: ModuleInfo) -> None:
    """The password of a database in Django's settings: what stands there is used, however simple it is."""
    for node in module.nodes:
        if not isinstance(node, ir.DictDisplay):
            continue
        entries = {k.value: v for k, v in node.items if isinstance(k, ir.Const) and isinstance(k.value, str)}
        if not {"ENGINE", "NAME", "PASSWORD"} <= entries.keys():
            continue
        given = entries["PASSWORD"]
        if (
            isinstance(given, ir.Const)
            and isinstance(given.value, str)
            and given.value
            and not placeholder(given.value)
        ):
            key = next(k for k, _ in node.items if isinstance(k, ir.Const) and k.value == "PASSWORD")
            _once(
                checker,
                module,
                key,
                "hard-coded-password",
                "the database's password is a literal",
                "PASSWORD",
            )


def _once(checker: Checker, module: ModuleInfo, node: ir.Expr, rule: str, reason: str, code: str) -> None:
    """Unless a secret on the same line is known already."""
    for record in checker.records.values():
        if record.place[0] is module.source and record.place[1][0] == node.pos[0]:
            if record.concept.startswith("secret."):
                return
    add(checker, module, node, rule, reason, code)


def _inside(checker: Checker, module: ModuleInfo, node: ir.Const, text: str) -> None:
    """A password inside a text: an element of XML, the address of a server, the parameters of a connection."""
    element = _ELEMENT.search(text)
    if (
        element is not None
        and not placeholder(element.group(2))
        and "%" not in element.group(2)
        and "{" not in element.group(2)
    ):
        _once(
            checker,
            module,
            node,
            "hard-coded-password",
            f"the text holds a `{element.group(1)}`",
            written(node),
        )
        return
    address = _ADDRESS.search(text)
    if address is not None:
        user, secret, host = address.groups()
        simple = secret.lower() in (
            user.lower(),
            "password",
            "passwd",
            "pass",
            "secret",
            "pwd",
            "postgres",
            "root",
            "changeme",
        )
        if (
            not placeholder(secret)
            and not (simple and user.lower() in _ANYBODY)
            and not (simple and _ANY.match(host))
            and not re.search(r"[{}%$<>*]", secret)
            and not (simple and _LOCAL.match(host))
        ):
            _once(
                checker,
                module,
                node,
                "hard-coded-password",
                "the address holds a user and a password",
                written(node),
            )
        return
    given = _PARAMETERS.search(text)
    if given is not None and _CONNECTION.search(text) and len(text) < 400 and "\n" not in text:
        if not placeholder(given.group(1)) and given.group(1).lower() not in ("password", "passwd", "pwd"):
            _once(
                checker,
                module,
                node,
                "hard-coded-password",
                "the connection's text holds a password",
                written(node),
            )
