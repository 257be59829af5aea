"""What a whole review costs against only parsing the same files with `ast`, over growing parts of one tree, in one run.

Usage: python bench/engine.py [-j N] DIRECTORY [LINES …]     (default: 10,000 60,000 and all lines; files in order of their names)

`-j N` reviews in N processes (0: as the command does); parsing is always done in one.
"""

from __future__ import annotations

import ast
import gc
import sys
import time
import warnings
from pathlib import Path

from cwelens import review
from cwelens.syntax.decode import decode


def part(files: list[tuple[Path, str]], lines: int) -> list[tuple[Path, str]]:
    """The first files that together have at least so many lines."""
    out, total = [], 0
    for path, text in files:
        if total >= lines:
            break
        out.append((path, text))
        total += text.count("\n")
    return out


def parse(text: str) -> None:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return


def main() -> None:
    arguments = sys.argv[1:]
    jobs = 1
    if arguments[:1] == ["-j"] and len(arguments) > 1:
        jobs = int(arguments[1])
        arguments = arguments[2:]
    if not arguments:
        sys.exit(__doc__)
    warnings.simplefilter("ignore")
    directory = Path(arguments[0])
    files = [(p, decode(p.read_bytes()).text or "") for p in sorted(directory.rglob("*.py"))]
    wanted = [int(n.replace(",", "")) for n in arguments[1:]] or [10_000, 60_000, sys.maxsize]
    gc.disable()
    print(f"{'lines':>10} {'ast.parse':>10} {'review':>10} {'ratio':>7} {'lines/s':>9}")
    for lines in wanted:
        chosen = part(files, lines)
        count = sum(text.count("\n") for _, text in chosen)
        begin = time.perf_counter()
        for _, text in chosen:
            parse(text)
        parsing = time.perf_counter() - begin
        begin = time.perf_counter()
        review(paths=[path for path, _ in chosen], jobs=jobs)
        whole = time.perf_counter() - begin
        print(f"{count:>10,} {parsing:>9.2f}s {whole:>9.2f}s {whole / parsing:>7.1f} {count / whole:>9,.0f}")


if __name__ == "__main__":
    main()
