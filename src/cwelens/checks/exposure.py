"""Secrets of accounts among what is handed out (CWE-201): in dictionaries that become answers, and in serializers of every field.

Where it shows in which answer a dictionary leaves, it is reported there, and else where it is made.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cwelens.checks.checker import Checker
from cwelens.checks.passwords import exactly
from cwelens.checks.static import add, bodies, last_name
from cwelens.flow.run import written
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.testcode import is_test_module

if TYPE_CHECKING:
    from cwelens.resolve.symbols import ClassInfo, FunctionInfo, ModuleInfo

RULE = "secret-in-response"
# Methods that by their name describe an object for others.
_DESCRIBING = re.compile(
    r"(?i)^(?:_*(?:serial|to_?(?:dict|json)|as_?(?:dict|json)|json|dict|asdict|export|public)\w*)$"
)
_RESPONSE = frozenset(
    ("jsonify", "JsonResponse", "JSONResponse", "json_response", "Response", "make_response", "dumps")
)
_SECRET = frozenset(
    ("password", "passwd", "pwd", "password_hash", "hashed_password", "pwd_hash", "pw_hash", "passwordhash", "ssn", "social_security_number",
     "credit_card", "credit_card_number", "card_number", "cvv", "mfa_secret", "otp_secret", "totp_secret")
)  # fmt: skip


def check(checker: Checker, modules: list[ModuleInfo]) -> None:
    """Looks through the given modules; tests are passed over."""
    modules = [module for module in modules if not is_test_module(module)]
    giving = _Giving([function for module in modules for function in module.functions])
    private = {c.name for m in modules for c in m.classes if any(map(exactly, (*c.class_attrs, *c.bindings)))}
    sent: set[str] = set()
    for module in modules:
        for body in bodies(module):
            for node in body.nodes:
                if isinstance(node, ir.Call) and last_name(node.func) in _RESPONSE:
                    _add_entries(checker, module, node)
                    by = giving.used_in(node)
                    if by:
                        add(checker, module, node, RULE, f"`{by}` holds a secret", written(node.func))
                        sent |= giving.behind(by)
                elif isinstance(node, ir.Call):
                    _whole_model(checker, module, node, private)
        for cls in module.classes:
            _all_fields(checker, module, cls, private)
    for module in modules:
        for function in module.functions:
            if _DESCRIBING.match(function.name) and function.name not in sent:
                for value in _returned(function):
                    _add_entries(checker, module, value)


class _Giving:
    """Functions that give back a dictionary with a secret in it, themselves or through another, by a name that no other has."""

    def __init__(self, functions: list[FunctionInfo]) -> None:
        known = Counter(function.name for function in functions)
        unique = [function for function in functions if known[function.name] == 1]
        self.names = {f.name for f in unique if any(True for v in _returned(f) for _ in _entries(v))}
        self.through: dict[str, str] = {}
        for function in unique:
            by = next((name for name in map(self.used_in, _returned(function)) if name), "")
            if by:
                self.through[function.name] = by
        self.names |= self.through.keys()

    def used_in(self, root: ir.Expr) -> str:
        """The function of these that an expression uses, "" if none."""
        for node in walk(root):
            if isinstance(node, ir.Name | ir.Attr) and last_name(node) in self.names:
                return last_name(node)
        return ""

    def behind(self, name: str) -> set[str]:
        """A function, and the one whose secret it passes on."""
        return {name, self.through.get(name, name)}


def _returned(function: FunctionInfo) -> Iterator[ir.Expr]:
    for node in walk(*function.node.body):
        if isinstance(node, ir.Return) and node.value is not None:
            yield node.value


def _entries(root: ir.Expr) -> Iterator[tuple[ir.Expr, ir.Expr]]:
    """Entries of dictionaries in an expression that hold a secret of an account under its name."""
    for node in walk(root):
        if not isinstance(node, ir.DictDisplay):
            continue
        for key, value in node.items:
            if not isinstance(key, ir.Const) or not isinstance(key.value, str):
                continue
            held = isinstance(value, ir.Attr | ir.Item) and last_name(value).lower() in _SECRET
            if key.value.lower() in _SECRET and held:
                yield key, value


def _add_entries(checker: Checker, module: ModuleInfo, root: ir.Expr) -> None:
    for key, value in _entries(root):
        add(checker, module, key, RULE, f"`{written(value)}` is among what is handed out", written(value))


def _whole_model(checker: Checker, module: ModuleInfo, node: ir.Call, private: set[str]) -> None:
    """`serializers.serialize("json", User.objects.all())`: without `fields`, every field of the model."""
    if (
        last_name(node.func) != "serialize"
        or len(node.args) < 2
        or any(k == "fields" for k, _ in node.keywords)
    ):
        return
    for part in walk(node.args[1]):
        if isinstance(part, ir.Name) and part.id in private:
            reason = f"every field of `{part.id}` is handed out, its password too"
            add(checker, module, node, RULE, reason, written(node.func))
            return


def _all_fields(checker: Checker, module: ModuleInfo, cls: ClassInfo, private: set[str]) -> None:
    """`class Meta: model = User; fields = "__all__"`: a serializer of every field, the password's too."""
    outer = cls.outer
    if outer is None or not any(b.endswith("Serializer") for b in outer.bases_text):
        return
    fields = cls.class_attrs.get("fields", [])
    if any(isinstance(f, ir.Const) and f.value == "__all__" for f in fields):
        for model in cls.class_attrs.get("model", []):
            if last_name(model) in private and "password" not in outer.class_attrs:
                reason = f"every field of `{last_name(model)}` is handed out, its password too"
                add(checker, module, fields[-1], RULE, reason, f"{outer.name}.Meta.fields")
