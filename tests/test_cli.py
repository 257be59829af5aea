"""The command line: exit statuses, formats, inputs that cannot be read, and `cwelens cwe`."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import jsonschema
import pytest

from cwelens.cli import main

DEFECT = "import os\nfrom flask import request\n\ndef run():\n    os.system(request.args['x'])\n"
CONDITIONAL = "import os\n\ndef run(command):\n    os.system(command)\n"
CLEAN = "def add(a, b):\n    return a + b\n"
SCHEMA = Path(__file__).parent / "data" / "sarif-2.1.0.json"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "piece.py"


@pytest.mark.parametrize(
    ("code", "options", "status"),
    [
        (DEFECT, [], 1),
        (DEFECT, ["--fail-on", "never"], 0),
        (CONDITIONAL, [], 0),
        (CONDITIONAL, ["--fail-on", "conditional"], 1),
        (CLEAN, ["--fail-on", "conditional"], 0),
        ("", [], 3),
        ("def broken(:\n    !!!\n", [], 3),
    ],
)
def test_exit_status(file: Path, code: str, options: list[str], status: int) -> None:
    """The verdict is the exit status."""
    file.write_text(code)
    assert main(["review", str(file), *options]) == status


def test_a_missing_path_is_inconclusive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was not read is never free of defects."""
    assert main(["review", str(tmp_path / "nowhere.py")]) == 3
    assert "No security defects" not in capsys.readouterr().out


def test_none_detected_says_the_sentence(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The sentence of the contract."""
    file.write_text(CLEAN)
    assert main(["review", str(file)]) == 0
    assert "No security defects are detected in the code" in capsys.readouterr().out


def test_usage_errors(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2, and one line that says why."""
    file.write_text(CLEAN)
    assert main(["review", str(file), "-"]) == 2
    assert main(["review", str(file), "--context", str(tmp_path / "nowhere")]) == 2
    assert main(["review", str(file), "-o", str(tmp_path)]) == 2
    assert main(["review", str(file), "--explain", "999"]) == 2
    assert main(["frobnicate"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`-` reads bytes as they come."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(DEFECT.encode())))
    assert main(["review", "-"]) == 1
    assert "CWE-78" in capsys.readouterr().out


@pytest.mark.parametrize("code", [DEFECT, CONDITIONAL, CLEAN, ""])
def test_sarif_is_valid_and_truthful(file: Path, tmp_path: Path, code: str) -> None:
    """Against the published schema; it claims success only where everything was read."""
    file.write_text(code)
    out = tmp_path / "log.sarif"
    main(["review", str(file), "-f", "sarif", "-o", str(out)])
    log = json.loads(out.read_text())
    jsonschema.validate(log, json.loads(SCHEMA.read_text()))
    assert log["runs"][0]["invocations"][0]["executionSuccessful"] is bool(code)


def test_an_empty_package_file_hides_nothing(tmp_path: Path) -> None:
    """A package's empty `__init__.py` is no part that was not analysed."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/__init__.py").write_text("")
    (tmp_path / "shop/sums.py").write_text(CLEAN)
    out = tmp_path / "log.sarif"
    assert main(["review", str(tmp_path / "shop"), "-f", "sarif", "-o", str(out)]) == 0
    assert json.loads(out.read_text())["runs"][0]["invocations"][0]["executionSuccessful"] is True


def test_explain(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One finding in full, by its line."""
    file.write_text(DEFECT)
    assert main(["review", str(file), "--explain", "5"]) == 0
    shown = capsys.readouterr().out
    assert "CWE-78" in shown and "source" in shown and "Fingerprint" in shown


def test_cwe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A category is refused, and the weakness that the text names is proposed."""
    assert main(["cwe", "639"]) == 0
    report = tmp_path / "report.md"
    report.write_text("The endpoint has Insecure Direct Object References (CWE-932).\n")
    assert main(["cwe", "check", str(report)]) == 1
    shown = capsys.readouterr().out.lower()
    assert "prohibited" in shown and "category" in shown and "cwe-639" in shown
    report.write_text("SQL injection (CWE-89).\n")
    assert main(["cwe", "check", str(report)]) == 0
