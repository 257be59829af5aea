"""The examples of every model row, reviewed: `bad` reports what the row says, `good` reports nothing.

`-k flask.toml` runs one library, `-k "flask.toml and sink"` one kind of its rows. A row with several names whose snippets hold `$CALL` or
`$NAME` is tested once for each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from cwelens.models import store
from cwelens.models.schema import ModelError, TypeRow

VOCABULARY = store.read_vocabulary()


def _files() -> list[store.File]:
    """The files that can be read; `test_library.py` fails for the others."""
    files = []
    for path in sorted(store.LIBRARY.glob("*.toml")):
        try:
            files.append(store.File(path.name, store.read_toml(path), VOCABULARY))
        except ModelError:
            continue
    return files


FILES = _files()
KNOWN_GAPS = frozenset(
    line
    for line in (Path(__file__).parent / "known_gaps.txt").read_text().splitlines()
    if not line.startswith("#")
)
TYPES = {
    name
    for file in FILES
    for entry in file.entries
    if isinstance(entry.row, TypeRow)
    for name in entry.row.names
}


def module_of(name: str) -> str:
    """The module to import for a name: what is left without members and types."""
    module = name.rpartition(".")[0]
    while "." in module and (module in TYPES or module.rpartition(".")[2][:1].isupper()):
        module = module.rpartition(".")[0]
    return module


def fill(snippet: str, name: str) -> str:
    """The snippet about this name: `$CALL` is the name, with its module imported, `$NAME` its last component."""
    text = snippet.replace("$NAME", name.rpartition(".")[2])
    if "$CALL" not in text:
        return text
    module = module_of(name)
    if module in ("builtins", "__builtin__", ""):
        return text.replace("$CALL", name.rpartition(".")[2])
    text = text.replace("$CALL", name).lstrip("\n")
    head, future, rest = text.rpartition("from __future__ import annotations\n")
    return f"{head}{future}import {module}\n{rest}"


def _cases() -> Iterator[object]:
    rows: Counter[str] = Counter()
    for file in FILES:
        for entry in file.entries:
            shown = entry.example.bad + entry.example.good
            names = entry.row.names if "$CALL" in shown or "$NAME" in shown else entry.row.names[:1]
            for name in names:
                at = f"{file.name}:{entry.row.TABLE}:{name}"
                rows[at] += 1
                at += f"#{rows[at]}" if rows[at] > 1 else ""
                for side in ("bad", "good"):
                    # A known gap fails the test as soon as it is closed, so that its line is taken out of the list.
                    marks = pytest.mark.xfail(strict=True) if f"{at}:{side}" in KNOWN_GAPS else ()
                    yield pytest.param(entry.example, name, side, id=f"{at}:{side}", marks=marks)


@pytest.mark.parametrize(("example", "name", "side"), list(_cases()))
def test_row(example: object, name: str, side: str) -> None:
    """`bad` has an operation of the expected concept that is a defect or conditional; `good` has no finding."""
    from cwelens import review
    from cwelens.models.schema import Example

    assert isinstance(example, Example)
    text = fill(example.bad if side == "bad" else example.good, name)
    # The example of a source is judged where its kind of data counts; a good example has to be good everywhere.
    result = review(text, threat_models=("remote", "local", "stored"))
    if side == "good":
        shown = [f"{f.rule} (CWE-{f.cwe}) line {f.location}: {f.message}" for f in result.findings]
        assert shown == [], text
    else:
        operations = [(o.concept, o.disposition, o.reason) for o in result.description.operations]
        reported = {
            concept for concept, disposition, _ in operations if disposition in ("defect", "conditional")
        }
        assert reported and example.expect in ("", *reported), (
            f"{example.expect} is not in {operations}\n{text}"
        )


@pytest.mark.parametrize(
    ("snippet", "name", "filled"),
    [
        ("$CALL(x)\n", "subprocess.run", "import subprocess\nsubprocess.run(x)\n"),
        ("$CALL(x)\n", "shop.Cart.Item.find", "import shop\nshop.Cart.Item.find(x)\n"),
        ("$CALL(x)\n", "builtins.eval", "eval(x)\n"),
        (
            "\nfrom __future__ import annotations\n$CALL\n",
            "a.b",
            "from __future__ import annotations\nimport a\na.b\n",
        ),
        ("import a\na.cursor().$NAME(x)\n", "a.Cursor.execute", "import a\na.cursor().execute(x)\n"),
    ],
)
def test_filling_in_names(snippet: str, name: str, filled: str) -> None:
    """Snippets are filled in as docs/models.md says."""
    assert fill(snippet, name) == filled
