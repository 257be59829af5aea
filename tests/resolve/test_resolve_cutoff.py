"""Names whose imports a fragment does not show."""

from __future__ import annotations

import pytest

from cwelens.models import index
from cwelens.resolve.outcome import Assumed, Unresolved


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        ("def f(x):\n    return json.loads(x)", "json.loads", "json.loads"),
        ("def f(x):\n    return np.asarray(x)", "np.asarray", "numpy.asarray"),
        ("def f(x):\n    return sa.text(x)", "sa.text", "sqlalchemy.text"),
        ("def f():\n    return datetime.now()", "datetime.now", "datetime.datetime.now"),
        ("def f():\n    return datetime.timedelta(1)", "datetime.timedelta", "datetime.timedelta"),
        ("def f(x):\n    return html.escape(x)", "html.escape", "html.escape"),
        ("def f(x):\n    return urlparse(x)", "urlparse", "urllib.parse.urlparse"),
        ("def f():\n    redirect(url_for('x'))", "redirect", "flask.redirect"),
        ("def f(r):\n    HttpResponse(); redirect('/')", "redirect", "django.shortcuts.redirect"),
    ],
)
def test_a_name_without_its_import_is_what_it_is_by_custom(
    world, code: str, text: str, expected: str
) -> None:
    """Modules of Python, aliases, functions by their name, and words in the company of their framework."""
    assert world({"-": code}, library=index.load()).name(text) == expected


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("def f(x):\n    return html.title(x)", "html"),
        ("def f():\n    return queue", "queue"),
        ("def f():\n    redirect('/')", "redirect"),
        ("def f():\n    return helper.run()", "helper"),
    ],
)
def test_a_plain_word_needs_a_member_or_company_that_tells(world, code: str, text: str) -> None:
    """`html` with a member that the module has not, `redirect` alone."""
    assert world({"-": code}, library=index.load()).name(text).startswith("? ")


def test_what_the_input_binds_is_never_taken_for_a_library(world) -> None:
    """A definition or a parameter outranks custom."""
    code = "json = make()\ndef f(os):\n    return os.path.join(json.loads('1'))"
    here = world({"-": code}, library=index.load())
    assert not isinstance(here.resolve("json"), Assumed | Unresolved)
    assert here.name("os", within="f") != "os"


def test_the_answer_says_that_it_is_an_assumption(world) -> None:
    """The reason names what is taken for what."""
    outcome = world({"-": "def f(x):\n    return json.loads(x)"}, library=index.load()).resolve("json")
    assert isinstance(outcome, Assumed)
    assert outcome.reason == "`json` is taken for `json`: its import is not shown"
