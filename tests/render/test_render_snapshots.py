"""Golden files: each format of each hand-made review, to be read as a stranger reads it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from render_samples import SAMPLES

from cwelens.render import render

Golden = Callable[[str, str], None]
ENDINGS = {"markdown": "md", "json": "json", "sarif": "sarif"}


@pytest.mark.parametrize("name", SAMPLES)
def test_terminal(name: str, golden: Golden) -> None:
    """A review on a page of 100 cells without colour is the golden one."""
    golden(f"{name}.txt", render(SAMPLES[name](), "terminal", color=False, width=100))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_terminal_width(width: int, golden: Golden) -> None:
    """Narrow and wide pages are laid out as in the golden ones."""
    golden(f"defects.{width}.txt", render(SAMPLES["defects"](), "terminal", color=False, width=width))


def test_terminal_color(golden: Golden) -> None:
    """Colours are the golden ones; escape characters are spelled in the golden file."""
    page = render(SAMPLES["defects"](), "terminal", color=True, width=100)
    golden("defects.color.txt", page.replace("\x1b", "␛"))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("format", ENDINGS)
def test_documents(name: str, format: str, golden: Golden) -> None:
    """Markdown, JSON and SARIF are the golden ones."""
    golden(f"{name}.{ENDINGS[format]}", render(SAMPLES[name](), format))
