"""Renderers: a review in, one text out. Each format is a module with `render(review) -> str`, imported when asked for.

Invariants
- A renderer only reads the review: it decides nothing, and gives the same text for the same review.
- Whatever a review quotes (code, names, paths) is hostile: no renderer passes it on uninterpreted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cwelens.report.model import Review

FORMATS = ("terminal", "markdown", "json", "sarif")


def render(
    review: Review, format: str = "terminal", *, color: bool | None = None, width: int | None = None
) -> str:
    """The review as text, ending in a newline. `format` is one of FORMATS, else ValueError.

    `color` and `width` (in character cells) only mean something to the terminal; None asks the environment.
    """
    if format == "terminal":
        from cwelens.render import terminal

        return terminal.render(review, color=color, width=width)
    if format == "markdown":
        from cwelens.render import markdown

        return markdown.render(review)
    if format == "json":
        from cwelens.render import json_

        return json_.render(review)
    if format == "sarif":
        from cwelens.render import sarif

        return sarif.render(review)
    raise ValueError(f"unknown format {format!r}; known are {', '.join(FORMATS)}")
