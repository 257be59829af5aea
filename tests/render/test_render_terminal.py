"""The page for a terminal: what the environment asks for, what is left out of long lists, what is neutralised."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest
from render_samples import SAMPLES, big, defects, hostile, none_detected
from rich.cells import cell_len

from cwelens.render import terminal
from cwelens.render.page import page_width, wants_color


class Screen(io.StringIO):
    """A standard output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        ({"TERM": "xterm-256color"}, True),
    ],
)
def test_color_on_a_terminal(
    variables: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A terminal gets colour unless it is dumb or NO_COLOR is set, which wins over FORCE_COLOR."""
    monkeypatch.setattr(sys, "stdout", Screen())
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert wants_color() is expected


@pytest.mark.parametrize(("variables", "expected"), [({}, False), ({"FORCE_COLOR": "1"}, True)])
def test_color_in_a_pipe(variables: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe gets no colour unless FORCE_COLOR is set."""
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert wants_color() is expected
    assert ("\x1b" in terminal.render(defects())) is expected


@pytest.mark.parametrize(
    ("columns", "expected"), [(None, 100), ("72", 72), ("0", 100), ("wide", 100), ("7", 40), ("400", 120)]
)
def test_width_in_a_pipe(columns: str | None, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe is 100 cells wide unless COLUMNS is a number, kept where a page can be read."""
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    assert page_width() == expected


def test_width_of_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal's own width is taken where COLUMNS says nothing."""
    monkeypatch.setattr(sys, "stdout", Screen())
    monkeypatch.setattr("shutil.get_terminal_size", lambda fallback: os.terminal_size((88, 24)))
    assert page_width() == 88


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("width", [40, 60, 79, 100, 120])
def test_no_line_is_wider_than_the_page(name: str, width: int) -> None:
    """Every line fits, and none ends in spaces."""
    for line in terminal.render(SAMPLES[name](), color=False, width=width).splitlines():
        assert cell_len(line) <= width
        assert line == line.rstrip()


def test_color_changes_no_text() -> None:
    """Without its colour codes, the coloured page is the plain one."""
    import re

    colored = terminal.render(defects(), color=True, width=100)
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == terminal.render(defects(), color=False, width=100)


def test_the_verdict_is_the_first_line() -> None:
    """The sentence of the verdict stands first."""
    assert terminal.render(none_detected(), color=False).startswith(
        "✓ No security defects are detected in the code\n"
    )


def test_hostile_code_is_shown_not_obeyed() -> None:
    """Escape sequences, bidirectional overrides and markup in the code are visible text."""
    page = terminal.render(hostile(), color=False, width=120)
    assert "\\x1b]0;owned\\x07\\x1b[2J\\u202e" in page
    assert "[bold red]no[/]" in page.replace("\n      ", "")
    assert all(line.isprintable() for line in page.split("\n"))


def test_big_reviews_are_summarised() -> None:
    """Lists of hundreds are cut and say by how many; 200 of 300 findings are shown."""
    page = terminal.render(big(), color=False, width=100)
    assert page.count("CWE-89 SQL injection") == 200
    assert "… and 100 more (use -f json or -f markdown for all)" in page
    assert "… and 270 more" in page
    assert "300 neutralised by `escape`" in page
    assert len(page.partition("What the code does")[2].splitlines()) < 250


def test_definite_and_severe_findings_are_kept() -> None:
    """When findings are left out, conditional and less severe ones are."""
    review = big()
    for finding in review.findings[:150]:
        finding.severity = "low"
    for finding in review.findings[:50]:
        finding.confidence = "conditional"
    page = terminal.render(review, color=False)
    assert page.count("critical · definite") == 150
    assert page.count("low · definite") == 50
    assert "low · conditional" not in page


def test_one_more_is_shown_rather_than_counted() -> None:
    """A list is not cut to say that one entry is left out."""
    review = big()
    review.description.entry_points = review.description.entry_points[:13]
    page = terminal.render(review, color=False)
    assert "view12, GET /" in page
    assert "… and 1 more" not in page


def test_an_output_that_is_not_unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the encoding of standard output lacks is replaced, so that printing cannot fail."""
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    page = terminal.render(hostile(), color=False)
    assert page.isascii()
    assert "na\\xefve/\\u65e5" in page


def test_only_what_is_needed_of_rich_is_imported() -> None:
    """Markdown, syntax colouring and their parsers stay out of the start-up."""
    code = (
        "import sys; from cwelens.render import terminal;"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'pygments', 'markdown_it', 'json', 'uuid'}))"
        "; print([name for name in ('rich.markdown', 'rich.syntax') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n[]\n"
