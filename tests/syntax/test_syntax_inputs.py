"""Bytes to text to units: encodings, Markdown, notebooks."""

import codecs
import json

import pytest

from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.syntax import Unit, read, read_file, read_text
from cwelens.syntax.decode import decode, normalise

CODE = "x = 'é'\nf(x)\n"


def reasons(unit: Unit) -> list[str]:
    return [gap.reason for gap in unit.module.gaps]


def called(unit: Unit) -> list[tuple[str, int, int]]:
    return [
        (n.func.id, n.pos[0], n.pos[1])
        for n in walk(*unit.module.body)
        if isinstance(n, ir.Call) and isinstance(n.func, ir.Name)
    ]


@pytest.mark.parametrize(
    "data",
    [
        CODE.encode(),
        codecs.BOM_UTF8 + CODE.encode(),
        codecs.BOM_UTF16_LE + CODE.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + CODE.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + CODE.encode("utf-32-le"),
        codecs.BOM_UTF32_BE + CODE.encode("utf-32-be"),
        CODE.encode("utf-16-le"),
        CODE.encode("utf-16-be"),
        CODE.replace("\n", "\r\n").encode(),
        CODE.replace("\n", "\r").encode(),
    ],
)
def test_text_is_the_same_in_every_encoding(data: bytes) -> None:
    """Byte order marks, wide encodings and line ends make no difference to the text."""
    decoded = decode(data)
    assert (decoded.text, decoded.notices) == (CODE, [])


@pytest.mark.parametrize(
    "comment", ["# -*- coding: latin-1 -*-", "#!/usr/bin/python\n# vim: set fileencoding=iso-8859-15 :"]
)
def test_a_declared_encoding_is_used(comment: str) -> None:
    """PEP 263, on the first or the second line."""
    decoded = decode(comment.encode() + b"\nx = '\xe9'\n")
    assert decoded.text is not None
    assert "'é'" in decoded.text
    assert decoded.notices == []


def test_a_declaration_after_code_is_none() -> None:
    """On the second line it counts only after a comment."""
    assert decode("x = 1\n# coding: latin-1\ny = 'é'\n".encode()).encoding == "utf-8"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"a = 1\nx = '\xe9'\n", "not valid UTF-8: read as Latin-1"),
        (b"# coding: ascii\nx = '\xe9'\n", "not valid in its declared encoding ascii: read as Latin-1"),
        (b"# coding: nonsense\nx = 1\n", "unknown encoding declared: nonsense"),
        (b"# coding: rot13\nx = 1\n", "unknown encoding declared: rot13"),
        (b"x = 1\ny = '\0'\n", "a NUL character (read as a space)"),
    ],
)
def test_a_guess_is_a_gap(data: bytes, reason: str) -> None:
    """What could not be decoded as declared is read on, and said."""
    (unit,) = read("x.py", data)
    assert reasons(unit) == [reason]
    assert unit.module.body


@pytest.mark.parametrize(
    "data", [b"\x7fELF\x02\x01\x01" + bytes(50), b"\x89PNG\r\n\x1a\n123", bytes(range(256)) * 4]
)
def test_binary_data_is_refused_with_a_reason(data: bytes) -> None:
    """Something that is no text is one gap."""
    (unit,) = read("x.py", data)
    assert reasons(unit)[0].startswith("the input is not text")
    assert not unit.is_code


def test_lone_surrogates_are_replaced() -> None:
    """Text that cannot be encoded is made so, with a notice."""
    assert normalise("a\n\ud800")[1] == [("a lone surrogate (replaced)", 2)]


def test_an_unreadable_file_is_a_gap(tmp_path: "object") -> None:
    """A missing file is reported in the unit, not raised."""
    (unit,) = read_file(f"{tmp_path}/none.py")
    assert reasons(unit) == ["the file cannot be read: No such file or directory"]


MARKDOWN = """# Title

```python
f(1)
```

1. item

   ```py
   if a:
       g(2)
   ```

```bash
rm -rf x
```

```
h(3)
```

> ~~~python
> k(4)
> ~~~

```
just some words
```
"""


def test_fences_are_units_with_the_positions_of_the_document() -> None:
    """Each fence of Python is a unit; lines and columns are those of the Markdown."""
    units = read_text("notes.md", MARKDOWN)
    assert [called(unit) for unit in units] == [[("f", 4, 0)], [("g", 11, 7)], [("h", 19, 0)], [("k", 23, 2)]]
    assert [reasons(unit) for unit in units] == [[], [], [], []]
    assert [(unit.first_line, unit.last_line) for unit in units] == [(4, 4), (10, 11), (19, 19), (23, 23)]
    assert all(unit.source.text == MARKDOWN and unit.kind == "markdown" for unit in units)


def test_standard_input_may_be_markdown() -> None:
    """Fences are found without a file name, and an unclosed one runs to the end."""
    (unit,) = read_text("-", "Please review:\n\n```python\nf(1)\n")
    assert called(unit) == [("f", 4, 0)]


def test_fences_in_a_docstring_are_not_markdown() -> None:
    """A Python file is a Python file, whatever its strings hold."""
    text = 'def f():\n    """\n    ```python\n    g()\n    ```\n    """\n'
    assert read_text("x.py", text)[0].kind == "python"


def test_markdown_without_python_says_so() -> None:
    """No fence of Python is a gap."""
    (unit,) = read_text("x.md", "```bash\nls\n```\n")
    assert reasons(unit) == ["no fenced block of the document reads as Python"]


def notebook(*cells: tuple[str, object], **metadata: object) -> str:
    return json.dumps(
        {"cells": [{"cell_type": kind, "source": source} for kind, source in cells], "metadata": metadata}
    )


def test_a_notebook_is_one_unit_of_its_code_cells() -> None:
    """Cells are joined in order; a line knows its cell; IPython's lines are kept as notes."""
    text = notebook(
        ("code", ["import os\n", "%matplotlib inline\n", "!pip install x\n", "f(1)"]),
        ("markdown", "words"),
        ("code", "files = !ls\nos.path?\nif files:\n    %time g(2)\n    h(3)"),
        ("code", "%%bash\nrm -rf x"),
    )
    (unit,) = read_text("a.ipynb", text)
    assert reasons(unit) == []
    assert [name for name, _, _ in called(unit)] == ["f", "get_ipython", "h"]
    assert [unit.cell(line) for line in (1, 4, 6, 10)] == [1, 1, 3, 3]
    assert unit.source.line(2) == "%matplotlib inline"
    assert unit.notes[0] == "cell 1: %matplotlib inline"
    assert "cell 4 is not Python: %%bash" in unit.notes


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "the notebook is not valid JSON"),
        ("[]", "the notebook has no list of cells"),
        ('{"cells": 1}', "the notebook has no list of cells"),
        (notebook(("code", "1"), kernelspec={"language": "R"}), "the notebook's language is r, not Python"),
        ("[" * 100_000, "the notebook is not valid JSON"),
    ],
)
def test_a_malformed_notebook_is_a_gap(text: str, reason: str) -> None:
    """Whatever is wrong with a notebook is said."""
    (unit,) = read_text("a.ipynb", text)
    assert reasons(unit)[0].startswith(reason)


def test_odd_cells_are_passed_over() -> None:
    """Cells of the wrong shape hold no code."""
    text = json.dumps(
        {"cells": [1, None, {"cell_type": "code", "source": 5}, {"cell_type": "code", "source": ["f()", 3]}]}
    )
    assert called(read_text("a.ipynb", text)[0]) == [("f", 1, 0)]
