"""`cwelens models`: what each command prints and its exit status."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from cwelens.cli import main
from cwelens.cli_models import main as models

CODE = """
import os
import acme.store
import flask
from acme.text import Words

def page():
    name = flask.request.args.get("name")
    os.system(acme.store.run_query(name))
    acme.store.run_query(name)
    Words(acme.text.sanitize(name))
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "page.py").write_text(CODE)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = main(["models", *arguments])
    return status, capsys.readouterr().out


def test_show(capsys: pytest.CaptureFixture[str]) -> None:
    """A library, a package and a name are all found; what is not modelled is status 1."""
    status, out = run(capsys, "show", "subprocess")
    assert status == 0 and "subprocess.run" in out
    assert "sink shell.command" in run(capsys, "show", "os.system")[1]
    assert "tls.unverified" in run(capsys, "show", "requests.get")[1]
    assert run(capsys, "show", "no_such_library") == (1, "nothing is modelled of 'no_such_library'\n")


def test_coverage(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Libraries without models come first, with the number of calls that concerns."""
    status, out = run(capsys, "coverage", str(tree))
    lines = [line.split() for line in out.splitlines()]
    assert status == 0
    named = "store.run_query (2), text.Words (1), text.sanitize (1)"
    assert lines[1] == ["acme", "no", "models", "1", "4", "0", "4", *named.split()]
    assert ["flask", "Flask", "1", "1", "1", "0"] in lines
    assert ["os", "os", "1", "1", "1", "0"] in lines
    assert (
        "1 of 5 calls (20 %) are into libraries with models, and a model describes 1 of them (20 %)." in out
    )
    assert out.endswith("1 library of 3 have no models, which concerns 4 calls.\n")
    status, out = run(capsys, "coverage", str(tree), "--library", "acme")
    assert status == 0 and out.splitlines()[1].split() == ["2", "acme.store.run_query"]
    assert run(capsys, "coverage", str(tree), "--library", "shop")[0] == 2
    found = json.loads(run(capsys, "coverage", str(tree), "-f", "json")[1])
    assert found[0]["library"] is None and found[0]["without"]["acme.text.Words"] == 1


def test_suggest(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What an answer depended on comes first; the file is valid as it is, and its rows once they are uncommented."""
    status, out = run(capsys, "suggest", str(tree))
    assert status == 0 and tomllib.loads(out) == {}
    assert out.index("# acme.store.run_query: an answer of the review depends on it") < out.index("sanitize")
    rows = tomllib.loads(
        "\n".join(line[2:] for line in out.splitlines() if line.startswith(("# [[", "# call =", "# name =")))
    )
    assert rows["neutraliser"] == [{"call": "acme.text.sanitize"}]
    assert rows["sink"] == [{"call": "acme.store.run_query"}]
    assert rows["type"] == [{"name": "acme.text.Words"}]
    assert "1 of them are shown" in run(capsys, "suggest", str(tree), "--most", "1")[1]


def test_check(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No models, good ones, and each kind of error."""
    assert run(capsys, "check", str(tree))[0] == 0
    own = tree / ".cwelens" / "models" / "own.toml"
    own.parent.mkdir(parents=True)
    row = '[[sink]]\ncall = "acme.store.run_query"\nport = 0\nis = "sql.text"\n'
    bad = 'bad = "import acme.store, flask\\nacme.store.run_query(flask.request.args[0])"\n'
    own.write_text(row + bad + 'good = "import acme.store\\nacme.store.run_query(1)"\n')
    assert run(capsys, "check", str(tree)) == (0, f"{own}: 1 row\nno errors\n")
    assert run(capsys, "check", str(own))[0] == 0
    own.write_text(row + 'bad = "x = 1"\n')
    assert run(capsys, "check", str(tree))[0] == 1
    own.write_text(row + bad.replace("bad", "good"))
    assert "good: CWE-89 is found in it" in run(capsys, "check", str(tree))[1]
    own.write_text(row + row)
    assert "says the same as" in run(capsys, "check", str(tree))[1]
    own.write_text("[[sink]]\n")
    assert run(capsys, "check", str(tree))[1].startswith(f"{own}:1:1: sink[0]: ")
    assert run(capsys, "suggest", str(tree))[0] == 2


def test_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Help is status 0; no command, an unknown one and a missing path are status 2."""
    assert models(["--help"]) == 0
    assert "coverage" in capsys.readouterr().out
    assert models([]) == 2
    assert models(["list"]) == 2
    for command in ("check", "suggest", "coverage"):
        assert models([command, str(tmp_path / "nowhere")]) == 2
    assert "does not exist" in capsys.readouterr().err
