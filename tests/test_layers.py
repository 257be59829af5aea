"""Each layer imports only those to its right; `cwe` stands beside them and imports only `base`."""

from __future__ import annotations

import ast
from pathlib import Path

import cwelens

ROOT = Path(cwelens.__file__).parent
LAYERS = (
    "cli",
    "cli_models",
    "cli_routes",
    "render",
    "report",
    "checks",
    "app",
    "flow",
    "models",
    "resolve",
    "syntax",
    "ir",
    "base",
)
RANK = {name: number for number, name in enumerate(LAYERS)}
USERS_OF_CWE = {"cli", "render", "report", "checks"}


def _imported(path: Path) -> set[str]:
    """The modules of cwelens that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.startswith("cwelens.")}


def test_no_arrow_points_the_wrong_way() -> None:
    """From left to right only, also in imports inside functions."""
    wrong = []
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        layer = parts[0]
        if layer == "__init__":
            continue
        for name in _imported(path):
            target = name.split(".")[1]
            if target == layer or target == "__version__":
                continue
            if target == "cwe":
                fine = layer in USERS_OF_CWE
            elif layer == "cwe":
                fine = target == "base"
            else:
                fine = RANK[layer] < RANK[target]
            if not fine:
                wrong.append(f"{'/'.join(parts)} imports {name}")
    assert wrong == []
