"""What must not matter does not: the order of files, the names of local variables, the order of independent functions.

The programs are the cases under tests/cases; changes are drawn from seeded generators, so that every run makes the same ones.
"""

from __future__ import annotations

import ast
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cwelens import Review, review
from cwelens.checks import names
from cwelens.models.index import load
from cwelens.render.json_ import plain
from cwelens.report import build
from tests.test_cases import Case, _cases

CASES = list(_cases())
PROGRAMS = [case for case in CASES if len(case.files) > 1]
LONE = [case for case in CASES if len(case.files) == 1]
EVIDENCE = load().evidence()
# A sample, different in each property: the whole of the cases several times over would double the time of the suite.
SAMPLE = 120


def findings(result: Review) -> list[dict[str, Any]]:
    """The findings as they are written, without the fingerprint, which is a digest of the line's text."""
    out: list[dict[str, Any]] = [plain(f) for f in result.findings]
    for finding in out:
        del finding["fingerprint"]
    return out


def as_bytes(found: list[dict[str, Any]]) -> bytes:
    return json.dumps(found, indent=1).encode()


def readable(case: Case) -> bool:
    try:
        ast.parse(case.files[0][1])
    except SyntaxError:
        return False
    return True


def sample(seed: int, fits: Callable[[ast.Module], bool]) -> list[Case]:
    """Some of the cases that a change can be made to."""
    cases = [
        case
        for case in LONE
        # Cases of single weaknesses are often about names.
        if case.name.startswith(("flow/", "advisories/"))
        and readable(case)
        and fits(ast.parse(case.files[0][1]))
    ]
    return random.Random(seed).sample(cases, min(SAMPLE, len(cases)))


# The order of files


@pytest.mark.parametrize("case", PROGRAMS, ids=lambda case: case.name)
def test_order_of_paths(case: Case, tmp_path: Path) -> None:
    """A review of the same files named in another order finds the same, byte for byte."""
    case.review(tmp_path)
    paths = [tmp_path / name for name, _ in case.files]
    first = findings(review(paths=paths))
    for seed in range(3):
        random.Random(seed).shuffle(paths)
        assert as_bytes(findings(review(paths=paths))) == as_bytes(first)


@pytest.mark.parametrize("case", PROGRAMS, ids=lambda case: case.name)
def test_order_of_modules(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order in which modules are interpreted does not matter either."""
    first = findings(case.review(tmp_path))
    inner = build.analyse
    for seed in range(3):

        def shuffled(program: Any, models: Any, modules: Any, *rest: Any, seed: int = seed) -> Any:
            modules = list(modules)
            random.Random(seed).shuffle(modules)
            return inner(program, models, modules, *rest)

        monkeypatch.setattr(build, "analyse", shuffled)
        assert as_bytes(findings(review(paths=[tmp_path]))) == as_bytes(first)


# The names of local variables


def locals_of(tree: ast.Module) -> set[str]:
    """Names that only functions bind, and only as variables, and whose words tell nothing."""
    bound: set[str] = set()
    other: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                    bound.add(inner.id)
        elif isinstance(node, ast.arg):
            other.add(node.arg)
        elif isinstance(node, ast.Attribute):
            other.add(node.attr)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            texts = [getattr(node, "module", None) or "", *(f"{a.name} {a.asname}" for a in node.names)]
            other.update(re.findall(r"\w+", " ".join(texts)))
        elif isinstance(node, ast.keyword) and node.arg:
            other.add(node.arg)
        elif isinstance(node, ast.Constant):
            other.update(re.findall(r"\w+", str(node.value)))
        elif isinstance(node, ast.Global | ast.Nonlocal):
            other.update(node.names)
        elif (isinstance(node, ast.MatchAs | ast.MatchStar) and node.name) or (
            isinstance(node, ast.ExceptHandler) and node.name
        ):
            other.add(node.name)
    for stmt in tree.body:
        other.update(n.id for n in ast.walk(stmt) if isinstance(n, ast.Name) and not _inside(stmt))
        if isinstance(stmt, ast.ClassDef):
            other.update(
                n.id for s in stmt.body if not _inside(s) for n in ast.walk(s) if isinstance(n, ast.Name)
            )
    members = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    return {n for n in bound - other if len(n) > 2 and not _telling(n, members)}


def _inside(stmt: ast.stmt) -> bool:
    return isinstance(stmt, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def _telling(name: str, members: set[str]) -> bool:
    """Whether a name itself is evidence: of a secret, or of a type in a fragment where these attributes are used."""
    parts = set(names.words(name))
    return (
        names.is_secret(name)
        or names.for_security(name)
        or any(row.pattern.search(name) and (not row.members or row.members & members) for row in EVIDENCE)
        or bool(
            parts
            & {
                "signature",
                "hmac",
                "mac",
                "digest",
                "expected",
                "user",
                "users",
                "account",
                "accounts",
                "untrusted",
                "input",
            }
        )
    )


def renamed(code: str, table: dict[str, str]) -> str:
    """The code with the names replaced by ones of the same length, so that positions stay."""
    if not table:
        return code
    return re.sub(rf"\b(?:{'|'.join(table)})\b", lambda m: table[m.group()], code)


@pytest.mark.parametrize("case", sample(1, lambda tree: bool(locals_of(tree))), ids=lambda case: case.name)
def test_names_of_local_variables(case: Case) -> None:
    """With its local variables renamed a program has the same findings, but for the names in their texts."""
    code = case.files[0][1]
    tree = ast.parse(code)
    table = {
        name: f"q{number:x}".ljust(len(name), "z") for number, name in enumerate(sorted(locals_of(tree)))
    }
    again = as_bytes(findings(review(renamed(code, table)))).decode()
    assert len(set(table.values())) == len(table)
    for name, new in table.items():
        again = re.sub(rf"\b{new}\b", name, again)
    assert json.loads(again) == findings(review(code))


# The order of independent functions


def movable(tree: ast.Module) -> list[ast.stmt]:
    """Top-level functions whose place does not matter: nothing at module level is run with them."""
    used = {
        n.id
        for stmt in tree.body
        if not isinstance(stmt, ast.FunctionDef | ast.AsyncFunctionDef)
        for n in ast.walk(stmt)
        if isinstance(n, ast.Name)
    }
    return [
        stmt
        for stmt in tree.body
        if isinstance(stmt, ast.FunctionDef | ast.AsyncFunctionDef)
        and not stmt.decorator_list
        and stmt.name not in used
    ]


@pytest.mark.parametrize("case", sample(2, lambda tree: len(movable(tree)) > 1), ids=lambda case: case.name)
def test_order_of_functions(case: Case) -> None:
    """Independent functions in another order have the same findings, each at its function's new place."""
    code = case.files[0][1]
    functions = movable(ast.parse(code))
    lines = code.split("\n")
    order = functions[1:] + functions[:1]
    moved = list(lines)
    origin: dict[int, int] = {}
    position = 0
    out: list[str] = []
    # The slots stay where they are; each takes another function.
    for slot, function in zip(functions, order, strict=True):
        out += moved[position : slot.lineno - 1]
        origin.update((len(out) - k, slot.lineno - 1 - k) for k in range(slot.lineno - 1 - position))
        body = lines[function.lineno - 1 : function.end_lineno]
        origin.update((len(out) + 1 + k, function.lineno + k) for k in range(len(body)))
        out += body
        position = slot.end_lineno or 0
    origin.update((len(out) + 1 + k, position + 1 + k) for k in range(len(lines) - position))
    out += moved[position:]
    first, again = findings(review(code)), findings(review("\n".join(out)))
    if any(finding["also"] for finding in first):
        pytest.skip("what is repeated is reported at its first place")
    for finding in again:
        _put_back(finding, origin)
    assert as_bytes(sorted(again, key=_place)) == as_bytes(sorted(first, key=_place))


def _place(finding: dict[str, Any]) -> tuple[Any, ...]:
    where = finding["location"]
    return where["line"], where["column"], finding["cwe"], finding["rule"]


def _put_back(value: Any, origin: dict[int, int]) -> None:
    """Lines of the changed program as lines of the first, in places and in texts that name a line."""
    if isinstance(value, list):
        for part in value:
            _put_back(part, origin)
    elif isinstance(value, dict):
        for key, part in value.items():
            if key in ("line", "end_line") and isinstance(part, int):
                value[key] = origin[part]
            elif isinstance(part, str):
                value[key] = re.sub(
                    r"\bline (\d+)", lambda m: f"line {origin.get(int(m[1]), int(m[1]))}", part
                )
            else:
                _put_back(part, origin)


def test_there_is_something_to_change() -> None:
    """An empty sample must not look like success."""
    assert len(PROGRAMS) > 8
    programs = [ast.parse(case.files[0][1]) for case in LONE if readable(case)]
    assert sum(bool(locals_of(tree)) for tree in programs) > 100
    assert len(sample(2, lambda tree: len(movable(tree)) > 1)) > 30
