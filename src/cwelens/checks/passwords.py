"""How a program keeps passwords: compared and stored as they are (CWE-256), accepted whatever they are (CWE-521).

No flow is asked: a password goes under its name from the form to the table. It is taken for hashed as soon as a call that looks like
hashing stands on the way, in the function, or at one of its callers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.checks import names
from cwelens.checks.checker import Checker
from cwelens.checks.static import Body, add, bodies, last_name, root_name, texts
from cwelens.flow.run import written
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.testcode import is_test_module

if TYPE_CHECKING:
    from cwelens.resolve.symbols import ClassInfo, FunctionInfo, ModuleInfo

_HASHING = re.compile(
    r"(?i)hash|crypt|digest|derive|kdf|argon|scrypt|sha\d|md5|hmac|make_password|encode_password|protect|cipher|encod|verify|context"
)
# Methods that give back what is stored under a name.
_READING = frozenset(
    ("get", "pop", "findtext", "getvalue", "getlist", "getfirst", "get_argument", "get_body_argument", "strip", "lower", "str", "decode")
)  # fmt: skip
# What holds the data of a request rather than an account.
_INCOMING = re.compile(
    r"(?i)req|form|data|payload|body|args|params|input|credential|json|post|schema|field|kwargs|config|settings|environ|options|opts"
    r"|login|signup|dto|serializer|validated|cleaned|values|incoming|self"
)
_ACCOUNT = frozenset(
    ("user", "users", "account", "accounts", "member", "members", "customer", "customers", "profile", "employee", "admin", "person", "login",
     "logins", "credentials", "passwords", "owner", "student", "teacher", "client", "u", "usr", "row", "record", "result", "found", "db")
)  # fmt: skip
_AGAIN = frozenset(
    (
        "confirm",
        "confirmation",
        "confirmed",
        "repeat",
        "repeated",
        "again",
        "retype",
        "verify",
        "check",
        "second",
        "old",
        "new",
    )
)
_LOOKUP = frozenset(
    ("filter_by", "filter", "get", "find_one", "find", "first", "get_or_404", "exclude", "where")
)
_STORING = frozenset(
    (
        "update",
        "create",
        "insert",
        "insert_one",
        "insert_many",
        "update_one",
        "values",
        "update_or_create",
        "get_or_create",
    )
)
_SQL = re.compile(
    r"(?i)^(?:execute|executemany|query|raw|fetch\w*|run_query|select|mogrify|db_query|execute_\w+|\w*query)$"
)
_SQL_STORED = re.compile(
    r"(?is)\binsert\s+into\b[^;]*?\(\s*[^)]*\b(?:password|passwd|pwd)\b|\bset\b[^;]*\b(?:password|passwd|pwd)\s*=\s*(?:['\"]?[%?:{$\x00]|['\"]*$)"
)
_SQL_COMPARED = re.compile(
    r"(?is)\b(?:where|and)\b[^;]*\b(?:password|passwd|pwd)\s*=\s*(?:['\"]?[%?:{$\x00]|['\"]*$)"
)
_COLUMN = re.compile(
    r"(?:^|\.)(?:Column|mapped_column|CharField|TextField|StringField|Field|AutoField|Mapped)$"
)
_CHECKER = re.compile(
    r"(?i)^(?:is_|check_|validate_|verify_)?(?:strong_|valid_)?password_(?:complexity|strength|policy|quality|ok|is_(?:strong|valid))$|"
    r"^(?:is_strong|validate|check|verify|is_valid|is_secure)_?password(?:_(?:strength|complexity|policy))?$"
)


def check(checker: Checker, modules: list[ModuleInfo]) -> None:
    """Looks through the given modules; tests are passed over."""
    program = _Program(modules)
    for module in modules:
        if is_test_module(module):
            continue
        for cls in module.classes:
            _kept_by_class(checker, module, cls, program)
        for body in bodies(module):
            _in_body(checker, body, program)
        for function in module.functions:
            _accepts_anything(checker, module, function)


class _Program:
    """Who calls what, by the last name of the callee, and which classes hold a password."""

    def __init__(self, modules: list[ModuleInfo]) -> None:
        self.calls: dict[str, list[ir.Call]] = {}
        self.with_password: set[str] = set()
        # Those of them that are rows or are called after accounts; others may only carry a password from one call to the next.
        self.keeping: set[str] = set()
        # Those that decide themselves what becomes of a password they are given.
        self.deciding: set[str] = set()
        # Whether such a class hashes by itself, when it is saved.
        self.hashing = False
        # Whether the password of some class is an object that says itself what storing and comparing it means.
        self.described = False
        # Whether a password is hashed somewhere by a call that says so.
        self.makes_hashes = False
        for module in modules:
            for node in module.nodes:
                if isinstance(node, ir.Call):
                    self.makes_hashes = self.makes_hashes or _hashes_password(node)
                    self.calls.setdefault(last_name(node.func), []).append(node)
            for cls in module.classes:
                if any(exactly(name) for name in (*cls.class_attrs, *cls.bindings)):
                    self.with_password.add(cls.name)
                if _ACCOUNT & set(names.words(cls.name)) or any(
                    _is_column(v) for vs in cls.class_attrs.values() for v in vs
                ):
                    self.keeping.add(cls.name)
                if "__init__" in cls.methods or any(exactly(name) for name in cls.methods):
                    self.deciding.add(cls.name)
                if any(_is_descriptor(v) for n, vs in cls.class_attrs.items() if exactly(n) for v in vs):
                    self.deciding.add(cls.name)
                    self.described = True
                if cls.name in self.with_password and any(
                    _HASHING.search(m) or m.strip("_") == "set_password" or _replaces(cls.methods[m])
                    for m in cls.methods
                ):
                    self.hashing = True

    def hashed_by_caller(self, function: FunctionInfo, param: str) -> bool:
        """Whether a caller hands over something hashed, or something that its name does not call a password."""
        return any(map(_looks_hashed, self.handed(function, param)))

    def handed(self, function: FunctionInfo, param: str) -> list[ir.Expr]:
        """What the callers that are seen hand over for a parameter."""
        out = []
        positions = [p.name for p in function.node.params]
        if function.owner is not None and function.kind != "staticmethod":
            positions = positions[1:]
        name = function.owner.name if function.name == "__init__" and function.owner else function.name
        for call in self.calls.get(name, ()):
            given = next((v for k, v in call.keywords if k == param), None)
            if given is None and param in positions and positions.index(param) < len(call.args):
                given = call.args[positions.index(param)]
            if given is not None:
                out.append(given)
        return out


def _hashes_password(node: ir.Call) -> bool:
    name = last_name(node.func)
    if _HASHES_PASSWORD.search(name):
        return True
    return name in ("hash", "encrypt") and any(names.is_password(last_name(part)) for part in node.args)


_HASHES_PASSWORD = re.compile(r"(?i)hash_?(?:password|pw)|password_?hash|make_password|encrypt_?password")


def _replaces(method: FunctionInfo) -> bool:
    """`@validates("password")`: what is assigned to the column is what the method makes of it, and it hashes."""
    told = [d for d in method.node.decorators if isinstance(d, ir.Call) and last_name(d.func) == "validates"]
    return any(isinstance(p, ir.Const) and exactly(str(p.value)) for d in told for p in d.args) and any(
        isinstance(n, ir.Call) and _HASHING.search(last_name(n.func)) for n in walk(*method.node.body)
    )


def exactly(name: str) -> bool:
    return name.lower() in ("password", "passwd", "pwd", "passphrase")


def _looks_hashed(node: ir.Expr) -> bool:
    """Whether a call that may hash stands in an expression, or a name that says it holds a hash."""
    return any(
        (isinstance(part, ir.Call) and last_name(part.func) not in _READING)
        or (isinstance(part, ir.Name | ir.Attr) and _HASHING.search(last_name(part)) is not None)
        for part in walk(node)
    )


def _plain(node: ir.Expr, body: Body, program: _Program) -> str | None:
    """The name of the password that an expression is, as somebody typed it; None where it is none, or hashed."""
    if isinstance(node, ir.Call):
        name = last_name(node.func)
        if name not in _READING:
            return None
        given = node.args[0] if node.args else None
        if isinstance(given, ir.Const) and isinstance(given.value, str) and names.is_password(given.value):
            return given.value
        if name in ("strip", "lower", "str", "decode"):
            inner = node.func.base if isinstance(node.func, ir.Attr) else given
            return _plain(inner, body, program) if inner is not None else None
        return None
    name = last_name(node)
    if not names.is_password(name) or _HASHING.search(name):
        return None
    if isinstance(node, ir.Attr | ir.Item):
        return name if _incoming(node.base) else None
    if name in body.assigned:
        if any(_looks_hashed(value) for value in body.assigned[name]):
            return None
        return name
    if name in body.params and body.function is not None and program.hashed_by_caller(body.function, name):
        return None
    return name


def _incoming(node: ir.Expr) -> bool:
    text = f"{root_name(node)} {last_name(node)}"
    return _INCOMING.search(text.replace("self", "")) is not None


def _stored(node: ir.Expr) -> bool:
    """Whether an expression is the password of an account: `user.password`, `row["password"]`, `users[name]`."""
    if isinstance(node, ir.Attr) or (isinstance(node, ir.Item) and isinstance(node.key, ir.Const)):
        return names.is_password(last_name(node)) and not _incoming(node.base)
    if isinstance(node, ir.Item):
        return bool(_ACCOUNT & set(names.words(last_name(node.base))))
    if isinstance(node, ir.Call) and isinstance(node.func, ir.Attr) and node.func.name == "get":
        return bool(
            {"users", "accounts", "credentials", "passwords", "logins"}
            & set(names.words(last_name(node.func.base)))
        )
    return False


def _in_body(checker: Checker, body: Body, program: _Program) -> None:
    for node in body.nodes:
        if isinstance(node, ir.Compare) and node.ops in (["=="], ["!="]):
            _compared(checker, body, node, program)
        elif isinstance(node, ir.Assign) and node.value is not None:
            for target in node.targets:
                _assigned(checker, body, target, node.value, program)
        elif isinstance(node, ir.Call):
            _called(checker, body, node, program)


def _compared(checker: Checker, body: Body, node: ir.Compare, program: _Program) -> None:
    for stored, given in ((node.left, node.rights[0]), (node.rights[0], node.left)):
        name = _plain(given, body, program)
        if (
            name is None
            or not _stored(stored)
            or last_name(given).isupper()
            or (program.described and isinstance(stored, ir.Attr))
            or _AGAIN & set(names.words(last_name(stored)))
        ):
            continue
        reason = f"`{written(stored)}` is compared with `{name}` as it was typed"
        # What an object that is no record holds may be what the program was configured with.
        kind = "conditional" if _of_service(stored, body) else "defect"
        if kind == "conditional":
            reason = f"`{written(stored)}` is what an account keeps, and no setting of the program"
        add(checker, body.module, node, "plain-password-compared", reason, written(stored), kind)
        return


def _of_service(stored: ir.Expr, body: Body) -> bool:
    """Whether it is an attribute of the object itself, whose class is neither a record's nor called after accounts."""
    owner = body.function.owner if body.function is not None else None
    if owner is None or not isinstance(stored, ir.Attr) or last_name(stored.base) != "self":
        return False
    columns = any(_is_column(value) for values in owner.class_attrs.values() for value in values)
    return not columns and not _ACCOUNT & set(names.words(owner.name))


def _assigned(checker: Checker, body: Body, target: ir.Expr, value: ir.Expr, program: _Program) -> None:
    """`user.password = request.form["password"]`"""
    if not isinstance(target, ir.Attr) or not exactly(target.name):
        return
    owner = last_name(target.base)
    if program.hashing or owner == "self" or not _ACCOUNT & set(names.words(owner)):
        return
    name = _plain(value, body, program)
    if name is not None:
        if program.with_password:
            reason = f"`{name}` is kept as it was typed"
            add(checker, body.module, target, "plain-password", reason, written(target))
        else:
            reason = f"the class of `{owner}` keeps `{name}` as it was typed"
            add(checker, body.module, target, "plain-password", reason, written(target), "conditional")


def _called(checker: Checker, body: Body, node: ir.Call, program: _Program) -> None:
    method = last_name(node.func)
    if _SQL.match(method) and node.args:
        _statement(checker, body, node, program)
        return
    entries = [(k, v) for k, v in node.keywords if k is not None]
    for part in node.args[:2]:
        if isinstance(part, ir.DictDisplay):
            entries += [
                (k.value, v) for k, v in part.items if isinstance(k, ir.Const) and isinstance(k.value, str)
            ]
    for key, value in entries:
        if not exactly(key):
            continue
        name = _plain(value, body, program)
        if name is None:
            continue
        if method in _LOOKUP and isinstance(node.func, ir.Attr) and _about_accounts(node.func):
            reason = f"the table is searched for `{name}` as it was typed"
            add(checker, body.module, node, "plain-password-compared", reason, written(node.func))
        elif program.hashing:
            continue
        elif (
            method in _STORING
            and isinstance(node.func, ir.Attr)
            and _about_accounts(node.func)
            and not _is_plain_dict(node.func.base, body)
        ):
            # What a command takes over from another system may be hashed already.
            given = "/management/commands/" in body.module.path
            add(
                checker,
                body.module,
                value,
                "plain-password",
                f"what the command is given as `{name}` is no hash"
                if given
                else f"`{name}` is kept as it was typed",
                written(node.func),
                "conditional" if given else "defect",
            )
        elif method in program.with_password - program.deciding:
            sure = method in program.keeping
            reason = f"`{name}` is kept as it was typed" if sure else f"what a `{method}` holds is stored"
            kind = "defect" if sure else "conditional"
            add(checker, body.module, value, "plain-password", reason, method, kind)


def _about_accounts(func: ir.Expr) -> bool:
    """Whether a chain of calls speaks of accounts: `User.query.filter_by`, `db.users.find_one`."""
    parts = [part for part in walk(func) if isinstance(part, ir.Name | ir.Attr)]
    return any(_ACCOUNT & set(names.words(last_name(part))) for part in parts)


def _is_plain_dict(node: ir.Expr, body: Body) -> bool:
    """Whether a name holds a dictionary that the function puts together for its caller: `result = super().options()`."""
    given = body.assigned.get(node.id, []) if isinstance(node, ir.Name) else []
    return bool(given) and all(
        isinstance(v, ir.DictDisplay)
        or (
            isinstance(v, ir.Call)
            and any(isinstance(n, ir.Name) and n.id in ("super", "dict") for n in walk(v.func))
        )
        for v in given
    )


def _statement(checker: Checker, body: Body, node: ir.Call, program: _Program) -> None:
    """A password put into an SQL statement, or bound to it, for the column of that name."""
    parts: list[ir.Expr] = list(node.args) + [v for _, v in node.keywords]
    for part in list(parts):
        if isinstance(part, ir.Name):
            parts += body.assigned.get(part.id, [])
    text = "\0".join(t for part in parts for t in texts(part))
    stored = _SQL_STORED.search(text) is not None
    if not stored and not _SQL_COMPARED.search(text):
        return
    for part in parts:
        for inner in walk(part):
            if not isinstance(inner, ir.Name | ir.Attr | ir.Item | ir.Call):
                continue
            name = _plain(inner, body, program)
            if name is None or _within_call(part, inner):
                continue
            rule = "plain-password" if stored else "plain-password-compared"
            verb = "is kept" if stored else "is compared"
            add(checker, body.module, node, rule, f"`{name}` {verb} as it was typed", written(node.func))
            return


def _within_call(root: ir.Expr, node: ir.Expr) -> bool:
    """Whether a node stands in an argument of a call inside an expression: what the call makes of it is not known."""
    for part in walk(root):
        if (
            isinstance(part, ir.Call)
            and part is not node
            and last_name(part.func) not in ("format", "str", *_READING)
        ):
            if any(inner is node for given in part.args for inner in walk(given)):
                return True
    return False


def _kept_by_class(checker: Checker, module: ModuleInfo, cls: ClassInfo, program: _Program) -> None:
    """`password = db.Column(…)` and `self.password = password`, with nothing that hashes it."""
    columns = [n for n, values in cls.class_attrs.items() if exactly(n) and any(map(_is_column, values))]
    for name in columns:
        for target, method in _stores(cls, name):
            body = Body(module, method)
            if any(isinstance(n, ir.Call) and _HASHING.search(last_name(n.func)) for n in body.nodes):
                continue
            plain = _plain(target.value, body, program) if target.value is not None else None
            if plain is not None:
                # A record that only the library makes may be given a hash, where the program makes some.
                hashed = any(
                    other.value is not None and _looks_hashed(other.value) for other, _ in _stores(cls, name)
                )
                unseen = hashed or (
                    program.makes_hashes and plain in body.params and not program.handed(method, plain)
                )
                add(
                    checker,
                    module,
                    target,
                    "plain-password",
                    f"`{plain}` is kept as it was given",
                    f"{cls.name}.{name}",
                    "conditional" if unseen else "defect",
                )
                return


def _stores(cls: ClassInfo, name: str) -> list[tuple[ir.Assign, FunctionInfo]]:
    out = []
    for method in cls.methods.values():
        for node in walk(*method.node.body):
            if isinstance(node, ir.Assign) and any(
                isinstance(t, ir.Attr) and t.name == name and last_name(t.base) == "self"
                for t in node.targets
            ):
                out.append((node, method))
    return out


def _is_descriptor(node: ir.Expr) -> bool:
    """`password = PasswordProperty("password_hash")`, which hashes: no column, and called after what it keeps."""
    return (
        isinstance(node, ir.Call)
        and not _is_column(node)
        and bool(set(names.words(last_name(node.func))) & {"password", "hash", "hashed"})
    )


def _is_column(node: ir.Expr) -> bool:
    return isinstance(node, ir.Call) and _COLUMN.search(written(node.func)) is not None


def _accepts_anything(checker: Checker, module: ModuleInfo, function: FunctionInfo) -> None:
    """`def password_strength(password): return True`"""
    body = [
        s for s in function.node.body if not (isinstance(s, ir.ExprStmt) and isinstance(s.value, ir.Const))
    ]
    if not _CHECKER.match(function.name) or len(body) != 1 or function.owner is not None:
        return
    stmt = body[0]
    if isinstance(stmt, ir.Return) and isinstance(stmt.value, ir.Const) and stmt.value.value is True:
        add(
            checker,
            module,
            stmt,
            "weak-passwords",
            f"`{function.name}` accepts every password",
            function.name,
        )
