"""The verifier tells rows that fit the installed library from rows that don't, and the standard library's rows fit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cwelens.models import index, store, verify
from cwelens.models.schema import ModelError
from cwelens.models.versions import elsewhere, standard

VOCABULARY = store.read_vocabulary()
EXAMPLES = {"bad": "x = 1", "good": "y = 2"}


def files() -> Iterator[store.File]:
    """The model files that can be read (tests of the library say which cannot)."""
    for path in sorted(store.LIBRARY.glob("*.toml")):
        try:
            yield store.File(path.name, store.read_toml(path), VOCABULARY)
        except ModelError:
            continue


def answer(table: str, packages: tuple[str, ...] = ("shlex",), **row: Any) -> verify.Answer:
    """What the verifier says of one row."""
    raw = {"library": "Example", "packages": list(packages), table: [{**row, **EXAMPLES}]}
    models = index.Models(store.Data({}, {}, {}, {}), Path(), cached=False)
    (found,) = verify.verify(store.File("example.toml", raw, VOCABULARY), models)
    return found


def sink(call: str, port: object, **more: Any) -> verify.Answer:
    return answer("sink", **{"call": call, "port": port, "is": "shell.command", **more})


@pytest.mark.parametrize(
    ("call", "port", "status"),
    [
        ("shlex.split", [0, "s"], "ok"),
        ("shlex.split", "comments", "ok"),
        ("shlex.split", [0, "text"], "mismatch"),
        ("shlex.split", "text", "mismatch"),
        ("shlex.split", 3, "mismatch"),
        ("shlex.split", "3*", "mismatch"),
        ("shlex.split", "*", "ok"),
        ("shlex.split", "**", "ok"),
        ("shlex.splitter", 0, "absent"),
        ("pathlib.Path.write_text", [0, "data"], "ok"),
        ("pathlib.Path.write_text", [1, "data"], "mismatch"),
        ("pathlib.Path.write_text", "self", "ok"),
        ("pathlib.Path.cwd", 0, "mismatch"),
        ("zipfile.ZipFile", [0, "file"], "ok"),
        ("no_such_package.run", 0, "not installed"),
        ("os.popen2", 0, "elsewhere"),
        ("sys.maxsize", 0, "mismatch"),
        ("pathlib.PurePath.name", "self", "ok"),
    ],
)
def test_ports_are_held_against_the_signature(call: str, port: object, status: str) -> None:
    """Position and keyword of a port must be of one parameter, which callers may use."""
    assert sink(call, port).status == status


def test_ports_of_conditions_are_held_too() -> None:
    """A condition on a parameter that the callable does not have is a mismatch."""
    assert sink("shlex.split", 0, when=[{"port": "posix", "is": True}]).status == "ok"
    wrong = sink("shlex.split", 0, any=[[{"port": "posixly", "is": True}]])
    assert (wrong.status, wrong.wrong) == ("mismatch", True)
    assert "posixly" in wrong.reason


def test_attributes_need_their_owner() -> None:
    """An attribute that instances set can't be seen; the type it is of must exist."""
    assert answer("source", read="argparse.ArgumentParser.args", **{"is": "cli.argument"}).status == "ok"
    assert answer("source", read="argparse.Parser.args", **{"is": "cli.argument"}).status == "absent"


def test_versions() -> None:
    """A name is elsewhere with all that is below it."""
    assert elsewhere("urllib2.urlopen") == "gone in Python 3.0"
    assert elsewhere("os.startfile") == "on Windows only"
    assert elsewhere("subprocess.run") == ""
    assert standard("telnetlib") and standard("subprocess") and not standard("flask")


def test_no_model_file_of_that_name(capsys: pytest.CaptureFixture[str]) -> None:
    """A file that does not exist is a usage error."""
    if not list(files()):
        pytest.skip("there are no model files")
    assert verify.main(["no-such-library"]) in (1, 2)
    assert capsys.readouterr()


TYPES = verify.types_of(files())
STANDARD = [file for file in files() if file.packages and all(map(standard, file.packages))]


@pytest.mark.parametrize("file", STANDARD, ids=[file.name for file in STANDARD])
def test_standard_library(file: store.File) -> None:
    """Every row of the standard library fits this Python, or belongs to another version or platform that is known."""
    models = index.load()
    answers = list(verify.verify(file, models, TYPES))
    wrong = [f"{a.where}: {a.name}: {a.status}: {a.reason}" for a in answers if a.wrong]
    missing = [
        f"{a.where}: {a.name}: {a.reason}"
        for a in answers
        if a.status == "not installed" and not elsewhere(a.name)
    ]
    assert wrong + missing == []
