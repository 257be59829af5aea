"""Whatever text stands anywhere in a review, documents stay valid and terminals are not driven."""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator
from markdown_it import MarkdownIt
from render_samples import HOSTILE, hostile
from rich.cells import cell_len

from cwelens.render import FORMATS, json_, markdown, render, sarif, terminal
from cwelens.report.model import Review

NASTY = st.sampled_from(
    [
        HOSTILE,
        "",
        " ",
        "\n",
        "\x1b[2J",
        "\x9b31m",
        "\u202e",
        "\ud800",
        "\udcff",
        "`",
        "``` ",
        "<!--",
        "|",
        "\\",
        "[/]",
        "日本語",
        "\u0301",
    ]
)
TEXT = st.one_of(
    st.text(st.characters(exclude_categories=())), NASTY, st.text(st.sampled_from("`\\|[]()<>*_#-. \n"))
)
URI = re.compile(r"(?:file:///)?(?:[A-Za-z0-9._~!$&'()*+,;=@/:-]|%[0-9A-F]{2})*")


@cache
def validators() -> tuple[Draft202012Validator, Draft7Validator]:
    standard = Path(__file__).parents[1] / "data" / "sarif-2.1.0.json"
    return Draft202012Validator(json.loads(json_.schema())), Draft7Validator(
        json.loads(standard.read_text("utf-8"))
    )


def filled(kind: Any, value: Any, texts: Iterator[str]) -> Any:
    """A copy of a part of a review with its texts replaced, those of a closed list apart."""
    if is_dataclass(value):
        hints = typing.get_type_hints(type(value))
        return typing.cast("Any", type(value))(
            **{f.name: filled(hints[f.name], getattr(value, f.name), texts) for f in fields(value)}
        )
    if isinstance(value, list):
        [item] = typing.get_args(kind)
        return [filled(item, element, texts) for element in value]
    return next(texts) if kind is str else value


@st.composite
def reviews(draw: st.DrawFn) -> Review:
    """The hostile sample with arbitrary text in the place of all of its texts."""
    texts = draw(st.lists(TEXT, min_size=1, max_size=40))
    review: Review = filled(Review, hostile(), cycle(texts))
    return review


def strings(node: Any, key: str) -> Iterator[str]:
    """Every string under a key."""
    if isinstance(node, dict):
        for name, child in node.items():
            if name == key and isinstance(child, str):
                yield child
            yield from strings(child, key)
    elif isinstance(node, list):
        for child in node:
            yield from strings(child, key)


@settings(max_examples=60, deadline=None)
@given(reviews(), st.integers(40, 120))
def test_terminal_is_printable(review: Review, width: int) -> None:
    """Lines are printable and fit; with colour, all else are colour codes."""
    plain = terminal.render(review, color=False, width=width)
    for line in plain.split("\n"):
        assert line.isprintable()
        assert cell_len(line) <= width
    colored = terminal.render(review, color=True, width=width)
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


@settings(max_examples=60, deadline=None)
@given(reviews())
def test_json_is_valid(review: Review) -> None:
    """JSON is ASCII without control characters, can be encoded, and is valid."""
    text = json_.render(review)
    assert text.isascii() and all(line.isprintable() for line in text.split("\n"))
    document = json.loads(text)
    json.dumps(document, ensure_ascii=False).encode("utf-8")
    validators()[0].validate(document)


@settings(max_examples=60, deadline=None)
@given(reviews())
def test_sarif_is_valid(review: Review) -> None:
    """SARIF is ASCII without control characters, valid, and its URIs are URIs."""
    text = sarif.render(review)
    assert text.isascii() and all(line.isprintable() for line in text.split("\n"))
    log = json.loads(text)
    json.dumps(log, ensure_ascii=False).encode("utf-8")
    validators()[1].validate(log)
    assert all(URI.fullmatch(uri) for uri in strings(log["runs"], "uri"))


@settings(max_examples=60, deadline=None)
@given(reviews())
def test_markdown_is_inert(review: Review) -> None:
    """Markdown keeps its seven parts, and no quoted text becomes markup that is not the document's own."""
    text = markdown.render(review)
    assert all(line.isprintable() for line in text.split("\n"))
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    kinds = [token.type for token in tokens]
    kinds += [child.type for token in tokens for child in token.children or ()]
    assert not set(kinds) & {"html_block", "html_inline", "link_open", "image", "fence", "code_block", "hr"}
    assert [token.tag for token in tokens if token.type == "heading_open"].count("h2") == 7
    assert kinds.count("tr_open") == 2 + len(review.description.operations) + len(review.inputs)
    assert kinds.count("td_open") == 6 * (kinds.count("tr_open") - 2)


@given(reviews())
@settings(max_examples=20, deadline=None)
def test_rendering_changes_nothing(review: Review) -> None:
    """A renderer leaves the review as it was, and gives the same text again."""
    first = [render(review, format, color=False, width=100) for format in FORMATS]
    assert [render(review, format, color=False, width=100) for format in FORMATS] == first
