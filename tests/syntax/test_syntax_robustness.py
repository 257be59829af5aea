"""Reading never raises, never loses a line without a gap, and never points outside the text."""

import sysconfig
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.syntax import Unit, read, read_text

LIB = Path(sysconfig.get_path("stdlib"))
REAL = [
    (LIB / name).read_text(encoding="utf-8")
    for name in ("bisect.py", "queue.py", "shlex.py", "contextlib.py", "colorsys.py")
]
PIECES = (
    [
        '"""',
        "'",
        "(",
        ")",
        "]",
        "{",
        ":",
        "\n",
        "\\",
        "if x:\n",
        "else:\n",
        "    ",
        "\t",
        "def f(",
        "é",
        "\0",
        "@",
        "#",
        "try:\n",
    ],
    [
        "print x\n",
        "= ",
        "match x:\n",
        " case 1:\n",
        "f'{",
        "class A\n",
        "except A, b:\n",
        ";",
        "lambda ",
        "*",
        "```python\n",
    ],
)
SHARP = st.sampled_from([piece for pieces in PIECES for piece in pieces])


def check(unit: Unit) -> None:
    """Every position lies in the text; every line of code is covered by a statement or there is a gap."""
    lines = unit.source.lines
    covered: set[int] = set()
    for node in walk(*unit.module.body):
        line, column, end_line, end_column = node.pos
        assert 1 <= line <= end_line <= len(lines), (type(node), node.pos)
        assert (line, column) <= (end_line, end_column), (type(node), node.pos)
        assert end_column <= len(lines[end_line - 1].encode()), (type(node), node.pos)
        if isinstance(node, (ir.Function, ir.Class)):
            covered.update(n for decorator in node.decorators for n in range(decorator.pos[0], line))
        if isinstance(node, ir.Stmt):
            covered.update(range(line, end_line + 1))
    for gap in unit.module.gaps:
        assert gap.reason
        assert 1 <= gap.pos[0] <= gap.pos[2] <= len(lines), gap.pos
        covered.update(range(gap.pos[0], gap.pos[2] + 1))
    code = [
        n
        for n in range(unit.first_line, unit.last_line + 1)
        if lines[n - 1].strip().strip(";\\") and lines[n - 1].lstrip()[0] != "#"
    ]
    assert unit.module.gaps or unit.kind == "markdown" or set(code) <= covered


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(REAL))
    start = draw(st.integers(0, len(text)))
    text = text[start : start + draw(st.sampled_from([40, 400, 3000]))]
    for _ in range(draw(st.integers(0, 3))):
        begin = draw(st.integers(0, len(text)))
        end = min(len(text), begin + draw(st.integers(0, 60)))
        change = draw(st.one_of(st.just(""), SHARP, st.just(text[begin:end] * 2), st.none()))
        text = text[:begin] if change is None else text[:begin] + change + text[end:]
    return text


@settings(max_examples=150, deadline=None)
@given(mutated())
def test_mutated_code_is_read_or_said_to_be_lost(text: str) -> None:
    """Spans of real code deleted, inserted, doubled and cut off."""
    for unit in read_text("x.py", text):
        check(unit)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(SHARP, st.text(max_size=8)), max_size=25).map("".join),
    st.sampled_from(["x.py", "-", "x.md"]),
)
def test_any_text_is_read_or_said_to_be_lost(text: str, path: str) -> None:
    """Arbitrary text under any name."""
    for unit in read_text(path, text):
        check(unit)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["x.py", "x.ipynb", "-"]))
def test_any_bytes_are_read_or_said_to_be_lost(data: bytes, path: str) -> None:
    """Arbitrary bytes under any name."""
    for unit in read(path, data):
        check(unit)
