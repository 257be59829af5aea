"""The check of a report: verdicts, proposals, positions and exit statuses."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwelens.cwe import catalogue
from cwelens.cwe.check import Judgement, UnreadableReport, check_file, check_text
from cwelens.cwe.cli import main
from cwelens.cwe.common_names import COMMON_NAMES
from cwelens.cwe.terms import normal, terms


def only(text: str) -> Judgement:
    """The judgement of the one reference in a text."""
    (judgement,) = check_text(text)
    return judgement


@pytest.mark.parametrize(
    "text", ["Insecure Direct Object References (CWE-932)", "CWE-932: Insecure Direct Object References"]
)
def test_a_category_that_sounds_like_a_weakness(text: str) -> None:
    """CWE-932 is a category of OWASP's 2013 list; the weakness is CWE-639."""
    judgement = only(text)
    assert judgement.verdicts == ("prohibited",)
    assert judgement.proposals == (639,)
    assert (
        "category (OWASP Top Ten 2013 Category A4 - Insecure Direct Object References)" in judgement.message
    )


def test_a_category_proposes_by_its_own_name() -> None:
    """Without a name beside it, a category's own title tells what was meant."""
    assert only("see CWE-932 for this").proposals == (639,)


@pytest.mark.parametrize(
    "text, verdicts, proposal",
    [
        ("SQL Injection (CWE-79)", ("mismatch",), 89),
        ("| Path traversal | CWE-89 |", ("mismatch",), 22),
        ("CWE-22 - Cross-Site Request Forgery", ("mismatch",), 352),
        ("Server-side request forgery (CWE-601)", ("mismatch",), 918),
        ("IDOR (CWE-79)", ("mismatch",), 639),
        ("Insufficient Logging (CWE-89)", ("mismatch",), 778),
        ("CWE-79: Improper Restriction of XML External Entity Reference", ("mismatch",), 611),
        ("SQL injection (CWE-200)", ("discouraged", "mismatch"), 89),
        ("see CWE-287", ("discouraged",), 1390),
        ("CWE-99999: SSRF", ("unknown",), 918),
        ("HTTP response splitting (CWE-443)", ("deprecated",), 113),
        ("view CWE-1000", ("prohibited",), None),
    ],
)
def test_wrong_references(text: str, verdicts: tuple[str, ...], proposal: int | None) -> None:
    """Each kind of wrong reference gets its verdict and the right proposal first."""
    judgement = only(text)
    assert judgement.verdicts == verdicts
    assert judgement.proposals[:1] == ((proposal,) if proposal else ())


@pytest.mark.parametrize(
    "text",
    [
        "SQL Injection (CWE-564)",
        "SQL Injection (CWE-943)",
        "Path Traversal (CWE-22)",
        "Path Traversal (CWE-23)",
        "Path Traversal (CWE-73)",
        "Zip Slip (CWE-22)",
        "Command injection (CWE-77)",
        "Command injection (CWE-78)",
        "Code injection (CWE-95)",
        "Hard-coded password (CWE-798)",
        "Hardcoded credentials (CWE-259)",
        "XSS (CWE-116)",
        "IDOR (CWE-862)",
        "Race condition (CWE-367)",
        "XSS (CWE-79, CWE-116)",
        "XSS (CWE-116/CWE-79)",
        "CWE-22 - Path Traversal - CWE-79 - XSS",
        "Broken access control (CWE-862)",
        "Something nobody has named (CWE-89)",
        "Prompt injection (CWE-77)",
        "ReDoS (CWE-1333)",
        "Information disclosure (CWE-209)",
    ],
)
def test_right_references(text: str) -> None:
    """Kin, usual companions and unknown names are no mismatch."""
    assert all(judgement.ok for judgement in check_text(text))


def test_every_official_name_agrees_with_its_number() -> None:
    """`CWE-n: name` and `name (CWE-n)` never disagree for a weakness, nor does its short name."""
    for entry in catalogue():
        if entry.kind == "weakness" and not entry.deprecated:
            for name in (entry.name, entry.short_name):
                for text in (
                    f"{entry.label}: {name}",
                    f"{name} ({entry.label})",
                    f"| {entry.label} | {name} |",
                ):
                    assert "mismatch" not in check_text(text)[0].verdicts, text


def test_common_names_refer_to_the_catalogue() -> None:
    """Each row's ids exist, its first meanings can be proposed, and no name is in two rows."""
    seen: set[str] = set()
    for meanings, companions, names in COMMON_NAMES:
        assert all(number in catalogue() for number in meanings + companions)
        for name in map(normal, names.split(";")):
            assert name not in seen
            seen.add(name)
            term = terms().whole(name)
            assert term is not None and term.meanings == meanings


def test_a_name_broken_over_lines_is_reported_on_one() -> None:
    """The words beside a reference are quoted without the line break in them."""
    judgement = only("a SQL\ninjection (CWE-79)")
    assert judgement.named == "SQL injection" and "\n" not in judgement.message


def test_allow_discouraged() -> None:
    """Discouraged ids can be let through; Prohibited ones cannot."""
    assert [j.verdicts for j in check_text("CWE-20 CWE-16", allow_discouraged=True)] == [(), ("prohibited",)]


def test_positions_in_text() -> None:
    """Line and column count from 1, in characters."""
    judgements = check_text("é CWE-89\r\n\n  CWE-79\n")
    assert [(j.line, j.column) for j in judgements] == [(1, 3), (3, 3)]


SARIF = {
    "version": "2.1.0",
    "runs": [
        {
            "taxonomies": [
                {
                    "name": "CWE",
                    "taxa": [
                        {"id": "22", "shortDescription": {"text": "SQL Injection"}},
                        {"id": "89", "name": "SqlInjection"},
                    ],
                }
            ],
            "tool": {
                "driver": {
                    "name": "t",
                    "rules": [
                        {
                            "id": "r1",
                            "name": "web/open-redirect",
                            "properties": {"tags": ["external/cwe/cwe-079"]},
                        },
                        {
                            "id": "r2",
                            "name": "CommandInjection",
                            "relationships": [{"target": {"id": "78", "toolComponent": {"name": "CWE"}}}],
                        },
                    ],
                }
            },
            "results": [
                {
                    "message": {"text": 'A "quoted" \u2014 thing: IDOR (CWE-932)'},
                    "taxa": [{"id": "99999", "toolComponent": {"name": "CWE"}}, {"id": "7"}],
                }
            ],
        }
    ],
}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_sarif(indent: int | None, ascii_only: bool) -> None:
    """Taxa, rules, results and messages are judged once each, at their true place in the file."""
    text = json.dumps(SARIF, indent=indent, ensure_ascii=ascii_only)
    judgements = check_text(text, "log.sarif")
    assert [(j.id, j.verdicts, j.proposals) for j in judgements] == [
        (22, ("mismatch",), (89,)),
        (89, (), ()),
        (79, ("mismatch",), (601,)),
        (78, (), ()),
        (932, ("prohibited",), (639,)),
        (99999, ("unknown",), ()),
    ]
    for judgement in judgements:
        assert text.splitlines()[judgement.line - 1][judgement.column - 1 :].startswith(judgement.text)


def test_json_keys() -> None:
    """Bare numbers count under keys that say CWE, and counts do not."""
    document = {
        "cwe": 89,
        "cweid": "79",
        "cwe_id": "CWE-22",
        "cwes": [78, "CWE-77"],
        "issue_cwe": {"id": 94, "link": "https://cwe.mitre.org/data/definitions/94.html"},
        "cwe_count": 3,
        "line": 352,
    }
    assert [j.id for j in check_text(json.dumps(document))] == [89, 79, 22, 78, 77, 94, 94]
    assert [j.id for j in check_text('{"cwes": 12, "ids": [7]}')] == []


def test_json_object_that_names_its_cwe() -> None:
    """An object's title stands beside the CWE it holds."""
    assert only('{"title": "SQL Injection", "cwe": 79}').verdicts == ("mismatch",)
    assert only('{"title": "SQL Injection", "cwe": 89}').ok
    assert only('{"title": "SQL Injection in login", "cwe": 79}').ok


def test_broken_or_deep_json_is_read_as_text() -> None:
    """What only looks like JSON is still checked."""
    assert only('{"cwe": 99999').verdicts == ("unknown",)
    assert only("[" * 100_000 + '"CWE-99999"' + "]" * 100_000).verdicts == ("unknown",)


@given(st.text() | st.text(alphabet="cweCWE-89 ():|[]{}\",'\n"))
def test_no_text_crashes_the_check(text: str) -> None:
    """Any text can be checked, and every position exists."""
    for judgement in check_text(text):
        assert judgement.line >= 1 and judgement.column >= 1


def test_large_files_take_seconds(tmp_path: Path) -> None:
    """A log of some megabytes, on one line or not JSON at all, is checked in seconds."""
    result = {"message": {"text": "A query is built from input: SQL Injection (CWE-89)"}, "x": ["y"] * 150}
    text = json.dumps({"runs": [{"results": [result] * 2000}]})
    for content in (text, text + "!"):
        started = time.perf_counter()
        assert len(check_text(content)) == 2000
        assert time.perf_counter() - started < 15


@pytest.mark.parametrize("content", [b"CWE-89\0", b"\xff\xfe\xfa", b"CWE-89 \xe9t\xe9"])
def test_binary_files_are_refused(tmp_path: Path, content: bytes) -> None:
    """What is not text is an error, not an empty result."""
    path = tmp_path / "report"
    path.write_bytes(content)
    with pytest.raises(UnreadableReport, match="report: "):
        check_file(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    """UTF-8 with or without a byte order mark and UTF-16 with one are read, columns counted without it."""
    path = tmp_path / "report"
    path.write_text("CWE-89", encoding=encoding)
    assert [(j.id, j.column) for j in check_file(path)] == [(89, 1)]


def test_exit_statuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 when all is right, 1 when something is wrong, 2 when a file cannot be read, even beside others."""
    right, wrong = tmp_path / "right.md", tmp_path / "wrong.md"
    right.write_text("SQL Injection (CWE-89)\n")
    wrong.write_text("x\nInsecure Direct Object References (CWE-932)\n")
    assert main(["check", str(right)]) == 0
    assert "1 CWE reference in 1 file: 1 ok, 0 wrong" in capsys.readouterr().out
    assert main(["check", str(right), str(wrong)]) == 1
    assert f"{wrong}:2:36: CWE-932: prohibited: " in capsys.readouterr().out
    assert main(["check", str(wrong), str(tmp_path / "none.md"), str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert "CWE-932" in captured.out
    assert "none.md: No such file" in captured.err and "Is a directory" in captured.err


def test_verbose_notes_what_needs_review(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """References that are right are shown on demand only, with a note where MITRE asks for review."""
    report = tmp_path / "report.md"
    report.write_text("Path Traversal (CWE-22)\n")
    assert main(["check", str(report)]) == 0
    assert "Allowed-with-Review" not in capsys.readouterr().out
    assert main(["check", "--verbose", str(report)]) == 0
    assert (
        "CWE-22 (Path Traversal) is Allowed-with-Review: Abstraction; consider CWE-23, CWE-36"
        in capsys.readouterr().out
    )


def test_json_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON document holds every reference with its judgement."""
    report = tmp_path / "report.md"
    report.write_text("SQL Injection (CWE-79)\n")
    assert main(["check", "--json", str(report)]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["wrong"] == 1 and document["files"] == 1
    (reference,) = document["references"]
    assert (
        reference["verdicts"] == ["mismatch"] and reference["proposals"] == [89] and reference["ok"] is False
    )
    assert reference["named"] == "SQL Injection" and (reference["line"], reference["column"]) == (1, 16)
