"""The cases under tests/cases: what is found in each fence of code is what its comments expect, no more and no less."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cwelens import Review, review

CASES = Path(__file__).parent / "cases"
FENCE = re.compile(
    r"^```(?:python|html|jinja|mako|javascript)[ \t]*(\S*)[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL
)
HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)
MISSING = re.compile(r"# MISSING:.*$")
EXPECTED = re.compile(r"\bCWE-(\d+)(\??)")
Mark = tuple[str, int, int, str]


class Case:
    """One or several fences reviewed together; `files` are (name, code), the name "-" for a lone fence."""

    def __init__(self, name: str, files: list[tuple[str, str]]) -> None:
        self.name = name
        self.files = files

    def review(self, folder: Path) -> Review:
        if self.files[0][0] == "-":
            return review(self.files[0][1])
        for name, code in self.files:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(code, encoding="utf-8")
        return review(paths=[folder])

    def marks(self, missing: bool) -> set[Mark]:
        """(file, line, CWE, confidence) of the expected findings, or of the known gaps."""
        found = set()
        for name, code in self.files:
            for number, line in enumerate(code.split("\n"), 1):
                gap = MISSING.search(line)
                comment = (
                    gap.group()
                    if missing and gap
                    else MISSING.sub("", line).partition("#")[2]
                    if not missing
                    else ""
                )
                for cwe, conditional in EXPECTED.findall(comment):
                    found.add((name, number, int(cwe), "conditional" if conditional else "definite"))
        return found


def _cases() -> Iterator[Case]:
    for path in sorted(CASES.rglob("*.md")):
        if path.name == "README.md":
            continue
        text = path.read_text(encoding="utf-8")
        headings = [(m.start(), m.group(1)) for m in HEADING.finditer(text)]
        programs: dict[str, list[tuple[str, str]]] = {}
        for fence in FENCE.finditer(text):
            heading = next((title for start, title in reversed(headings) if start < fence.start()), "")
            line = text.count("\n", 0, fence.start()) + 1
            where = f"{path.relative_to(CASES).with_suffix('').as_posix()}:{line}"
            if fence.group(1):
                programs.setdefault(heading, []).append((fence.group(1), fence.group(2)))
            else:
                yield Case(where, [("-", fence.group(2))])
        for heading, files in programs.items():
            yield Case(f"{path.relative_to(CASES).with_suffix('').as_posix()}:{heading}", files)


@pytest.mark.parametrize("case", list(_cases()), ids=lambda case: case.name)
def test_case(case: Case, tmp_path: Path) -> None:
    """The findings of a case are the marked ones."""
    if case.name.startswith("templates/"):
        pytest.importorskip("jinja2")
        pytest.importorskip("tree_sitter_javascript")
    result = case.review(tmp_path)
    root = f"{tmp_path.as_posix()}/"
    found = {
        (f.location.path.removeprefix(root), f.location.line, f.cwe, f.confidence): f.message
        for f in result.findings
    }
    assert found.keys() == case.marks(missing=False), "\n".join(
        [*found.values(), *(code for _, code in case.files)]
    )
    closed = {(m[0], m[1], m[2]) for m in case.marks(missing=True)} & {k[:3] for k in found}
    assert not closed, f"no longer missing: {closed}"


def test_there_are_cases() -> None:
    """An empty folder must not look like success."""
    assert len(list(_cases())) > 40
