"""What each way of reading costs: `ast` or tree-sitter, alone and with lowering, and the ladder, over one directory in one run.

Usage: python bench/parsing.py [DIRECTORY]     (default: the standard library; the best of three rounds, trees dropped, gc off)
"""

from __future__ import annotations

import ast
import gc
import sys
import sysconfig
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from cwelens.syntax import from_ast, from_tree_sitter, ladder
from cwelens.syntax.decode import decode

ROUNDS = 3


def readable(directory: Path) -> list[str]:
    """The texts below a directory that both parsers read in full, so that all are timed on the same work."""
    texts = []
    for path in sorted(directory.rglob("*.py")):
        if "site-packages" in path.parts:
            continue
        text = decode(path.read_bytes()).text
        if text is None or from_tree_sitter.parse(text.encode()) is None:
            continue
        try:
            from_ast.Lowering().module(ast.parse(text))
        except (SyntaxError, ValueError, RecursionError):
            continue
        texts.append(text)
    return texts


def tree_sitter_and_lowering(text: str) -> None:
    data = text.encode()
    root = from_tree_sitter.parse(data)
    assert root is not None
    from_tree_sitter.Lowering(data).module(root)


STEPS: dict[str, Callable[[str], object]] = {
    "ast.parse": ast.parse,
    "ast.parse + lowering": lambda text: from_ast.Lowering().module(ast.parse(text)),
    "tree-sitter": lambda text: from_tree_sitter.parse(text.encode()),
    "tree-sitter + lowering": tree_sitter_and_lowering,
    "the ladder": ladder.parse,
}


def seconds(step: Callable[[str], object], texts: list[str]) -> float:
    begin = time.perf_counter()
    for text in texts:
        step(text)
    return time.perf_counter() - begin


def main() -> None:
    directory = Path(sys.argv[1] if len(sys.argv) > 1 else sysconfig.get_path("stdlib"))
    warnings.simplefilter("ignore")
    texts = readable(directory)
    lines = sum(text.count("\n") for text in texts)
    print(f"{len(texts)} files, {lines} lines, Python {sys.version.split()[0]}")
    gc.disable()
    best = dict.fromkeys(STEPS, float("inf"))
    for _ in range(ROUNDS):
        for name, step in STEPS.items():
            best[name] = min(best[name], seconds(step, texts))
            gc.collect()
    base = best["ast.parse"]
    for name, spent in best.items():
        print(f"{name:24} {spent:7.2f} s {lines / spent / 1000:6.0f} kl/s {spent / base:6.2f}")


if __name__ == "__main__":
    main()
