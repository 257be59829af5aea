"""Sensitive data that leaves the program in clear text: printed (CWE-532), written to files (CWE-312)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.checks import sensitive
from cwelens.checks.bodies import Body, bodies, last_name, root_name
from cwelens.checks.checker import Checker
from cwelens.checks.judgement import Judgement
from cwelens.checks.rules import BY_ID
from cwelens.checks.static import enclosing
from cwelens.flow.run import written
from cwelens.ir import nodes as ir
from cwelens.resolve.testcode import is_test_module

if TYPE_CHECKING:
    from cwelens.resolve.symbols import ModuleInfo

_STREAM = re.compile(r"^(?:sys\.)?(?:stdout|stderr|__stdout__|__stderr__)$")
_SHOWING = frozenset(("print", "pprint"))
_WRITING = frozenset(("write", "writelines"))
_WHOLE_FILE = frozenset(("write_text", "write_bytes"))
_DUMPING = frozenset(("dump", "safe_dump"))
_FORMATS = frozenset(("json", "yaml", "toml", "pickle", "simplejson", "ujson", "tomli_w"))


# What makes a module a program that somebody runs in a terminal: what it prints is for that person.
_COMMAND_LINE = (
    "argparse",
    "click",
    "optparse",
    "docopt",
    "typer",
    "fire",
    "cmd",
    "getopt",
    "flask_script",
    "sys.argv",
    "django.core.management",
)


def check(checker: Checker, modules: list[ModuleInfo]) -> None:
    """Looks through the given modules; tests are passed over."""
    for module in modules:
        if is_test_module(module):
            continue
        terminal = _for_terminal(module)
        for body in bodies(module):
            files = _files(body)
            for node in body.nodes:
                if isinstance(node, ir.Call):
                    # At the top level of a module prints what is run as a script.
                    if not _shows(node) or not (terminal or body.function is None):
                        _call(checker, body, node, files)


def _for_terminal(module: ModuleInfo) -> bool:
    """Whether a module is a program of the command line, by how it begins, what it imports and reads."""
    if module.source.text.startswith("#!"):
        return True
    targets = {b.target or "" for bindings in module.bindings.values() for b in bindings}
    if any(t == name or t.startswith(f"{name}.") for t in targets for name in _COMMAND_LINE):
        return True
    return any(isinstance(n, ir.Attr) and n.name == "argv" for n in module.nodes)


def _shows(node: ir.Call) -> bool:
    """Whether a call writes to the terminal."""
    base = node.func.base if isinstance(node.func, ir.Attr) else None
    name = last_name(node.func)
    return name in _SHOWING or (
        name in _WRITING and base is not None and _STREAM.match(written(base)) is not None
    )


def _files(body: Body) -> set[str]:
    """The names that hold an open file."""
    names = {name for name, values in body.assigned.items() if any(map(_opens, values))}
    for node in body.nodes:
        if isinstance(node, ir.With):
            names |= {t.id for value, t in node.items if isinstance(t, ir.Name) and _opens(value)}
    return names


def _opens(node: ir.Expr) -> bool:
    """A file that stays: a temporary one is gone as soon as it is closed, unless it is told otherwise."""
    if not isinstance(node, ir.Call):
        return False
    kept = any(k == "delete" and isinstance(v, ir.Const) and v.value is False for k, v in node.keywords)
    return last_name(node.func) in ("open", "fdopen") or (
        last_name(node.func) == "NamedTemporaryFile" and kept
    )


def _call(checker: Checker, body: Body, node: ir.Call, files: set[str]) -> None:
    name = last_name(node.func)
    base = node.func.base if isinstance(node.func, ir.Attr) else None
    if _shows(node):
        if any(k == "file" and not _STREAM.match(written(v)) for k, v in node.keywords):
            return
        secret = _among(node.args, body, "any" if name in _WRITING else "printed")
        if secret is not None:
            kept = Judgement(
                "conditional",
                f"`{written(secret)}` is printed",
                assumption="what is printed is kept in a log",
            )
            _add(checker, body, node, "sensitive-log", kept)
    elif base is not None and (
        name in _WHOLE_FILE
        or (name in _WRITING and (_opens(base) or (isinstance(base, ir.Name) and base.id in files)))
        or (name in _DUMPING and root_name(base) in _FORMATS)
    ):
        secret = _among(node.args[:1], body, "kept")
        if secret is not None:
            _add(
                checker,
                body,
                node,
                "cleartext-storage",
                Judgement("defect", f"`{written(secret)}` is written to a file"),
            )


def _among(args: list[ir.Expr], body: Body, wanted: str) -> ir.Expr | None:
    for part in args:
        found = sensitive.found_in(part, body, wanted)
        if found is not None:
            return found
    return None


def _add(checker: Checker, body: Body, node: ir.Call, rule_id: str, judgement: Judgement) -> None:
    module = body.module
    checker.add(
        BY_ID[rule_id], (module.source, node.pos), written(node.func), enclosing(module, node), "", judgement
    )
