"""The Markdown document, read back with a Markdown parser."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from render_samples import HOSTILE, SAMPLES, big, hostile

from cwelens.render import markdown

PARTS = [
    "1 Verdict",
    "2 Findings",
    "3 What the code does",
    "4 What could not be seen",
    "5 What to review next",
    "6 What to improve",
    "7 Conclusion",
]


def read(text: str) -> list[Token]:
    """The tokens of a document, inline ones after their block."""
    tokens = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        tokens += [token, *(token.children or ())]
    return tokens


@pytest.mark.parametrize("name", SAMPLES)
def test_seven_parts(name: str) -> None:
    """Every review has the seven parts as its second-level headings, in order, and nothing more."""
    tokens = MarkdownIt("commonmark").parse(markdown.render(SAMPLES[name]()))
    found = [
        tokens[index + 1].content
        for index, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag == "h2"
    ]
    assert found == PARTS


def test_hostile_text_is_text() -> None:
    """No quoted text becomes HTML, a link, an image, a fence or emphasis."""
    kinds = {token.type for token in read(markdown.render(hostile()))}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "fence", "code_block", "em_open"}


@pytest.mark.parametrize(
    "content", ["a`b", "``", "`x`", " `", "a ``` b", "\\", "|", "a\\`b", "  two  ", "日本語", "a``b`c"]
)
def test_code_spans_hold_anything(content: str) -> None:
    """A code span reads back as what was put in."""
    spans = [token for token in read(f"before {markdown.code(content)} after") if token.type == "code_inline"]
    assert [span.content for span in spans] == [content]


@pytest.mark.parametrize(
    "content",
    [
        "# head",
        "- item",
        "1. item",
        "1) item",
        "+ x",
        "= y",
        "> q",
        "a_b_ *c* <d>",
        "~~s~~",
        "&amp;",
        "a|b",
        "[x](y)",
        "![i](j)",
        "`",
        "\\n",
    ],
)
def test_text_is_kept(content: str) -> None:
    """Escaped text reads back as a paragraph that says what was put in."""
    tokens = read(markdown.text(content))
    assert tokens[0].type == "paragraph_open"
    assert "".join(t.content for t in tokens if t.type == "text") == content


def test_bars_do_not_split_a_table_row() -> None:
    """Every row of the operations' table has its six cells, whatever the cells hold."""
    review = hostile()
    review.description.operations[0].code = "a | b \\| c"
    review.description.operations[0].reason = f"`x|y` | {HOSTILE}"
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown.render(review))
    cells = [token.type for token in tokens].count("td_open")
    files = len(review.inputs) * 6
    assert cells == len(review.description.operations) * 6 + files


def test_only_operations_are_cut() -> None:
    """A big review has all its findings and gaps; its table of operations says that it is cut."""
    document = markdown.render(big())
    assert document.count("#### ") == 300
    assert "The first 500 of 600 operations; the JSON review has all of them." in document
    assert document.count("### `module part") == 40
