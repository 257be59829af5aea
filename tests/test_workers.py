"""Several processes: the review is the same for any number of them, also where one fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cwelens import review
from cwelens.checks import workers
from cwelens.render import render

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")

SHOP = Path(__file__).parent.parent / "examples" / "shop"
# Handlers that another file registers, a nested one too; a record that one file writes and a page shows; expressions at module level.
PROGRAM = {
    "quay/factory.py": """
from flask import Flask
from quay import boats, crews


def create_app():
    app = Flask(__name__)
    app.add_url_rule("/boats", view_func=boats.boats)
    app.add_url_rule("/call/<name>", view_func=crews.made("x"))
    return app
""",
    "quay/boats.py": """
import re, sqlite3
from flask import render_template, request
from quay.tools import run

SLOW = re.compile("(a+)+$")


def boats():
    SLOW.match(request.args["hull"])
    db = sqlite3.connect("b.db")
    db.execute("INSERT INTO boats (hull) VALUES (?)", (request.form["hull"],))
    run(request.args["command"])
    return render_template("boats.jinja2", boat=db.execute("SELECT hull FROM boats").fetchone())
""",
    "quay/crews.py": """
from quay.tools import run


def made(prefix):
    def call(name):
        run(prefix + name)
        return name
    return call
""",
    "quay/tools.py": """
import os, subprocess


def run(command):
    subprocess.run(command, shell=True)


def unused(path, flag=None):
    rows = []
    rows["key"] = path
    if flag:
        rows.append(flag)
    return open(path)
""",
    "quay/templates/boats.jinja2": "<p>{{ boat.hull }}</p>\n",
}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "WORTH_IT", 0)
    monkeypatch.setattr(workers, "LEAST", 1)


def _program(root: Path) -> Path:
    for name, text in PROGRAM.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize("jobs", [2, 3, 7])
def test_any_number_of_processes_says_the_same(tmp_path: Path, jobs: int) -> None:
    """Byte for byte, for a program of several files and for the example."""
    for root in (_program(tmp_path), SHOP):
        alone = review(paths=[root])
        assert alone.findings
        assert render(review(paths=[root], jobs=jobs), "json") == render(alone, "json")


def test_processes_are_used_and_send_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No stretch falls back to this process, where nobody would notice that sending fails."""
    here: list[str] = []
    run_module = workers.run_module

    def noted(*args: object) -> None:
        here.append("module")
        run_module(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(workers, "run_module", noted)
    review(paths=[_program(tmp_path)], jobs=2)
    assert here == []


def test_a_process_that_fails_is_no_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it should have done is done here."""
    root = _program(tmp_path)
    alone = render(review(paths=[root]), "json")

    def fail(*_: object) -> None:
        os._exit(9)

    monkeypatch.setattr(workers, "_interpret", fail)
    assert render(review(paths=[root], jobs=2), "json") == alone
