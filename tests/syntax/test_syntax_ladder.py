"""Fragments and broken text: everything readable is read, everything lost is a gap, positions stay true."""

import pytest

from cwelens.ir import nodes as ir
from cwelens.ir.dump import dump
from cwelens.ir.walk import walk
from cwelens.syntax import Unit, read_text
from cwelens.syntax.regions import BEGINS, DEEP, ENDS, OPEN


def one(text: str, path: str = "x.py") -> Unit:
    (unit,) = read_text(path, text)
    return unit


def reasons(unit: Unit) -> list[str]:
    return [gap.reason for gap in unit.module.gaps]


def functions(unit: Unit) -> list[tuple[str, int, int]]:
    return [(n.name, n.pos[0], n.pos[1]) for n in walk(*unit.module.body) if isinstance(n, ir.Function)]


def calls(unit: Unit) -> list[str]:
    return [
        n.func.id for n in walk(*unit.module.body) if isinstance(n, ir.Call) and isinstance(n.func, ir.Name)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("    def f(self):\n        return 1\n", [("f", 1, 4)]),
        ("\tdef f(self):\n\t\treturn 1\n", [("f", 1, 1)]),
        (
            "def f(self):\n        return 1\n\n    def g(self):\n        return 2\n",
            [("f", 1, 0), ("g", 4, 4)],
        ),
        ("        x = 1\n    def f(self):\n        pass\ndef g(): pass\n", [("f", 2, 4), ("g", 4, 0)]),
        ("    @d\n    def f(self):\n        pass\n", [("f", 2, 4)]),
        ("if a:\n\tx = 1\n        y = 2\ndef f(): pass\n", [("f", 4, 0)]),
    ],
)
def test_indentation_needs_no_gap(text: str, expected: list[tuple[str, int, int]]) -> None:
    """A method with its margin, or pasted without that of its first line, is read in full where it stands."""
    unit = one(text)
    assert reasons(unit) == []
    assert functions(unit) == expected


def test_a_sibling_is_not_read_as_nested() -> None:
    """When the first line lost its margin, the method after it stays a sibling."""
    unit = one("def f(self):\n        a()\n\n    def g(self):\n        b()\n")
    assert [type(stmt).__name__ for stmt in unit.module.body] == ["Function", "Function"]


@pytest.mark.parametrize(
    ("text", "reason", "read"),
    [
        ("    timeout=f())\n    g()\n", BEGINS, ["f", "g"]),
        ("    f(),\n    b=1,\n)\ng()\n", BEGINS, ["f", "g"]),
        ("        f()]\n    g()\n", BEGINS, ["f", "g"]),
        ("else:\n    f()\ng()\n", BEGINS, ["f", "g"]),
        ("    e()\nelse:\n    f()\ng()\n", BEGINS, ["e", "f", "g"]),
        ("except E:\n    f()\nfinally:\n    g()\n", BEGINS, ["f", "g"]),
        ("f()\ng(a,\n", ENDS, ["f", "g"]),
        ("f()\ng(a, b=\n", ENDS, ["f", "g"]),
        ("f()\nx = g(a) +\n", ENDS, ["f", "g"]),
        ("f()\nx = g('abc\n", ENDS, ["f", "g"]),
        ("f()\nif g():\n", ENDS, ["f", "g"]),
        ("f()\nwith g() as\n", ENDS, ["f", "g"]),
        ("def h():\n    f()\n    for x in g(\n", ENDS, ["f", "g"]),
        ("try:\n    f()\n    g()\n", ENDS, ["f", "g"]),
        ("f()\n@g()\n", ENDS, ["f", "g"]),
        ("f()\nx = g().\n", ENDS, ["f", "g"]),
        ("x = f(a\ny = g()\n", OPEN, ["f", "g"]),
        ("x = f('a)\ny = g()\n", OPEN, ["f", "g"]),
        ("for x in f()\n    g()\n", "a colon is missing", ["f", "g"]),
        ("def h():\n    # nothing\n\nf(g())\n", "a block is empty", ["f", "g"]),
    ],
)
def test_what_is_cut_off_is_one_gap_and_the_rest_is_read(text: str, reason: str, read: list[str]) -> None:
    """Text that begins or stops anywhere loses only its cut piece, says why, and keeps the calls."""
    unit = one(text)
    assert reasons(unit) == [reason]
    assert sorted(calls(unit)) == read
    assert unit.is_code


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ('its text ends here """\nf()\ng()\n', "it begins inside a docstring"),
        ('        url: str\n        """\n    f()\n    g()\n', "it begins inside a docstring"),
        (
            '    a name, and more\n    """\n    f()\n\ndef h():\n    """Its text\n    goes on, """\n    g()\n',
            "it begins inside a docstring",
        ),
        ('f()\ng()\ndef h():\n    """Its text\n    goes on\n', "it ends inside a docstring"),
    ],
)
def test_nothing_is_lost_of_a_docstring_that_is_cut(text: str, note: str) -> None:
    """A hunk that begins or ends inside a docstring is read in full."""
    unit = one(text)
    assert not unit.module.gaps
    assert note in unit.notes
    assert sorted(calls(unit)) == ["f", "g"]


def test_a_broken_statement_costs_only_itself() -> None:
    """In the middle of a class, a line that is no Python is given up and its neighbours are read."""
    text = (
        "class A:\n    def f(self):\n        return a()\n    def g(self):\n        if b():\n            what was this\n"
        "            c()\n        return d()\n    def h(self):\n        print 'old'\n"
    )
    unit = one(text)
    assert [(gap.reason, gap.pos) for gap in unit.module.gaps] == [("not readable as Python", (6, 12, 6, 25))]
    assert [name for name, _, _ in functions(unit)] == ["f", "g", "h"]
    assert calls(unit) == ["a", "b", "c", "d", "print"]
    assert unit.dialect == "python2"


def test_a_header_without_its_bracket_keeps_its_body() -> None:
    """A definition whose parenthesis is missing is still that definition."""
    unit = one("def f(a, b:\n    return g(a)\n\ndef h():\n    pass\n")
    assert [name for name, _, _ in functions(unit)] == ["f", "h"]
    assert calls(unit) == ["g"]
    assert reasons(unit) == [OPEN]


def test_a_broken_case_costs_only_itself() -> None:
    """The cases of a match are taken apart like any block."""
    unit = one("match x:\n    case 1:\n        f(\n    case 2:\n        g()\n")
    match = unit.module.body[0]
    assert isinstance(match, ir.Match)
    assert [case.pos[0] for case in match.cases] == [2, 4]
    assert calls(unit) == ["f", "g"]


def test_no_trace_of_a_completion_is_left() -> None:
    """What was added to read a cut statement is unknown in the result, and stands within the text."""
    unit = one("from a import b,\nx = f(a, b=")
    text = dump(unit.module.body, positions=True)
    assert "cwelens" not in text
    assert "(Unknown@2:11-2:11 " in text


@pytest.mark.parametrize(
    "text",
    [
        "hello world this is text\nand more of it. It's prose!\n",
        "hello\n",
        "Hello, World\n",
        "<html><body>hi</body></html>\n",
        '#include <stdio.h>\nint main(void) {\n  puts("hi")\n',
        "SELECT name FROM users WHERE id = 1;\n",
    ],
)
def test_what_is_not_python_is_not_read_silently(text: str) -> None:
    """Prose, markup and other languages end with a gap."""
    assert one(text, "-").module.gaps


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the input is empty"),
        (" \n\t\n", "the input is empty"),
        ('{"a": [1, true]}', "the input is data (JSON), not code"),
        ("one two three\nfour five six\n", "the input does not read as Python (2 of 2 lines)"),
    ],
)
def test_input_without_code_says_so(text: str, reason: str) -> None:
    """Nothing, data and prose are told apart."""
    unit = one(text, "-")
    assert reasons(unit) == [reason]
    assert not unit.is_code
    assert unit.module.body == []


def test_comments_are_code_with_nothing_in_it() -> None:
    """A file of comments is read in full."""
    unit = one("# one\n\n# two\n")
    assert (unit.module.body, unit.module.gaps, unit.is_code) == ([], [], True)


@pytest.mark.parametrize(
    "deep",
    [
        "(" * 10_000 + ")" * 10_000,
        "x = " + "+".join(["a"] * 6_000),
        "x = " + "[" * 150 + "]" * 150 + " + " + "-" * 5_000 + "1",
        "x = " + "a." * 5_000 + "b",
    ],
)
def test_deep_nesting_is_given_up_alone(deep: str) -> None:
    """What is nested too deeply is one gap; the statements around it are read."""
    unit = one(f"f()\n{deep}\ng()\n")
    assert reasons(unit) == [DEEP]
    assert calls(unit) == ["f", "g"]


def test_deep_blocks_do_not_raise() -> None:
    """Two hundred blocks in each other are more than Python allows."""
    text = "".join("    " * depth + "if a:\n" for depth in range(200)) + "    " * 200 + "f()\n"
    assert one(text).module.gaps


def test_warnings_of_the_parser_are_not_shown(recwarn: pytest.WarningsRecorder) -> None:
    """Invalid escapes and the like are the reviewed code's affair."""
    one("x = '\\d' is 'y'\n")
    assert list(recwarn) == []
