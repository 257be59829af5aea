"""`cwelens routes`: the table of an application, and the same as data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cwelens.cli import main

SHOP = Path(__file__).parents[1] / "examples" / "shop"


def _json(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    assert main(["routes", str(SHOP), "-f", "json"]) == 0
    return {
        entry["handler"].rpartition(".")[2]: entry for entry in json.loads(capsys.readouterr().out)["routes"]
    }


def test_a_guard_in_a_hook_and_in_the_body(capsys: pytest.CaptureFixture[str]) -> None:
    """A hook of the blueprint asks for an administrator; a lookup by owner is a proof."""
    routes = _json(capsys)
    assert routes["backup"]["identity"] == ["user", "role"]
    assert routes["order"]["identity"] == ["user", "owner"]
    assert routes["index"]["path"] == "/"


def test_effects_and_findings(capsys: pytest.CaptureFixture[str]) -> None:
    """What is read by which key, and what was found in the handler."""
    label = _json(capsys)["label"]
    assert label["touches"] == ["reads orders by id"]
    assert [f["cwe"] for f in label["findings"]] == [639]  # type: ignore[attr-defined,index]


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    """A heading and a line for each route."""
    assert main(["routes", str(SHOP)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Route") and "login_required" in out and "CWE-639" in out


def test_no_routes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A library has none, which is no failure."""
    (tmp_path / "maths.py").write_text("def double(x):\n    return 2 * x\n", encoding="utf-8")
    assert main(["routes", str(tmp_path)]) == 0
    assert "No routes" in capsys.readouterr().out


def test_a_document_names_the_handlers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """connexion: operations by their dotted names, secured where the document says so."""
    (tmp_path / "web.py").write_text(
        "import connexion\n\napp = connexion.App(__name__)\napp.add_api('api.yml')\n", encoding="utf-8"
    )
    (tmp_path / "pets.py").write_text(
        "def find():\n    return []\n\n\ndef drop(number):\n    return number\n", encoding="utf-8"
    )
    (tmp_path / "api.yml").write_text(
        "openapi: 3.0.0\npaths:\n  /pets:\n    get:\n      operationId: pets.find\n  /pets/{number}:\n    delete:\n"
        "      security:\n        - key: []\n      operationId: pets.drop\n",
        encoding="utf-8",
    )
    assert main(["routes", str(tmp_path), "-f", "json"]) == 0
    found = {r["path"]: r for r in json.loads(capsys.readouterr().out)["routes"]}
    assert found["/pets"]["methods"] == ["GET"] and found["/pets"]["identity"] == []
    assert found["/pets/{number}"]["identity"] == ["user"]


def test_a_document_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same as JSON."""
    (tmp_path / "web.py").write_text(
        "import connexion\n\napp = connexion.App(__name__)\napp.add_api('api.json')\n", encoding="utf-8"
    )
    (tmp_path / "pets.py").write_text("def find():\n    return []\n", encoding="utf-8")
    (tmp_path / "api.json").write_text(
        json.dumps({"paths": {"/pets": {"get": {"operationId": "pets.find"}}}}), encoding="utf-8"
    )
    assert main(["routes", str(tmp_path), "-f", "json"]) == 0
    assert [r["path"] for r in json.loads(capsys.readouterr().out)["routes"]] == ["/pets"]


def test_bad_usage(tmp_path: Path) -> None:
    """A path is needed."""
    with pytest.raises(SystemExit):
        main(["routes"])


def test_part_three_names_the_routes(tmp_path: Path) -> None:
    """The summary counts routes; an entry says what it asks and what was found on its way, addresses of one handler each for itself."""
    from cwelens import review

    (tmp_path / "yard.py").write_text(
        "import sqlite3\n"
        "from http.server import BaseHTTPRequestHandler\n\n\n"
        "class Yard(BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        if self.path == '/open':\n"
        "            self.send_response(204)\n"
        "        elif self.path.startswith('/find'):\n"
        "            look(self.path)\n\n\n"
        "def look(text):\n"
        "    sqlite3.connect('x').execute('SELECT * FROM t WHERE a = ' + text)\n",
        encoding="utf-8",
    )
    made = review(paths=[tmp_path])
    assert "It has 2 routes, of which none asks who is calling" in made.description.summary
    assert "findings belong to `GET /find…` (CWE-89)" in made.description.summary
    entries = {e.kind: e for e in made.description.entry_points}
    assert entries["route GET /find… (http.server)"].findings == ["CWE-89"]
    assert entries["route GET /open (http.server)"].guard == "asks nobody who they are"
    assert entries["route GET /open (http.server)"].findings == []
