"""What a review says of operations and calls that it could not follow to their end is true."""

from __future__ import annotations

import re

from cwelens import review


def test_a_path_that_an_unseen_check_gave_back_is_not_called_safe() -> None:
    """Dividing by a text makes a path, and who gave its beginning is still the question."""
    result = review('import os\n\ndef show(p):\n    return os.listdir(_checked(p) / "x")\n')
    (operation,) = result.description.operations
    assert operation.disposition == "undecided"
    assert "_checked" in operation.reason


def test_calls_that_were_not_entered_are_counted() -> None:
    """A chain that is deeper than the analysis follows shows in part 7, and its finding is conditional."""
    steps = "".join(f"def step{n}(x):\n    return step{n + 1}(x)\n\n" for n in range(12))
    last = "def step12(x):\n    return x + ''\n\ndef run():\n    os.system(step0(request.args['x']))\n"
    result = review(f"import os\nfrom flask import request\n\n{steps}{last}")
    assert [f.confidence for f in result.findings] == ["conditional"]
    assert result.counts.calls_cut > 0
    assert re.search(r"went no deeper", result.conclusion)


def test_a_chain_that_is_followed_counts_no_cut() -> None:
    """Three steps are entered, so that the finding is definite and nothing is said of depth."""
    steps = "".join(f"def step{n}(x):\n    return step{n + 1}(x)\n\n" for n in range(3))
    last = "def step3(x):\n    return x + ''\n\ndef run():\n    os.system(step0(request.args['x']))\n"
    result = review(f"import os\nfrom flask import request\n\n{steps}{last}")
    assert [f.confidence for f in result.findings] == ["definite"]
    assert result.counts.calls_cut == 0
    assert "no deeper" not in result.conclusion


def test_what_an_object_is_made_by_is_followed() -> None:
    """The object that a method is called on is made by its `__init__`, whose own calls are entered as well."""
    code = (
        "class Base:\n    def __init__(self, path):\n        self.path = path\n\n\n"
        "class Log(Base):\n    def __init__(self, path):\n        super().__init__(path)\n\n"
        "    def read(self):\n        return open(self.path).read()\n"
    )
    assert "no deeper" not in review(code).conclusion


def test_what_decides_is_shown_where_it_is_written() -> None:
    """The address that a function is given is part of the evidence; of two callers, the one that comes first."""
    serve = "import socketserver\n\ndef serve(host, handler):\n    socketserver.TCPServer((host, 80), handler)\n\n"
    calls = [
        "def one(handler):\n    serve('', handler)\n\n",
        "def two(handler):\n    serve('0.0.0.0', handler)\n\n",
    ]
    result = review(serve + "".join(calls))
    (finding,) = result.findings
    assert [step.location.line for step in finding.trace] == [7, 4]
    assert finding.location.line == 4


def test_what_would_answer_is_asked_once_and_in_good_english() -> None:
    """`super()` is answered by the base class, undefined names in one sentence, and errors do nothing by being made."""
    result = review(
        "from base import Base\n\n\nclass Part(Base):\n    def go(self, x):\n        super().go(x)\n"
        "        first(x)\n        second(x)\n        raise HTTPError(x)\n"
    )
    texts = [f"{group.effect} {group.ask}" for group in result.gaps]
    assert not any("definition of `super`" in text for text in texts)
    assert not any("request to another machine" in text for text in texts)
    assert any("defines or imports `first`, `second` and `HTTPError`" in text for text in texts)
    assert any("do with what they are given, and return," in text for text in texts)


def test_what_is_told_with_another_finding_stays_in_the_accounting() -> None:
    """A secret that is used twice is one finding; both uses are operations, and the second says where it is told."""
    text = "import jwt\nQUAY = 'tern-and-plover-77'\ndef issue(c):\n    return jwt.encode(c, QUAY, algorithm='HS256')\n"
    used = "def read(t):\n    return jwt.decode(t, QUAY, algorithms=['HS256'])\n"
    result = review(text + used)
    assert [f.location.line for f in result.findings if f.cwe == 321] == [4]
    keys = [o for o in result.description.operations if o.cwe == 321]
    assert [(o.location.line, o.disposition) for o in keys] == [(4, "defect"), (6, "defect")]
    assert keys[1].reason == "told with the finding on line 4"


def test_what_a_subscript_gives_back_is_not_written_as_a_call() -> None:
    """`headers["to"]` of a dictionary of the program's own runs its `__getitem__`: the reader sees no call there."""
    result = review("""
from flask import Flask, redirect, request

app = Flask(__name__)

class Folded(dict):
    def __getitem__(self, key):
        return super().__getitem__(key.lower())

@app.get("/away")
def away():
    given = Folded(request.args)
    return redirect(given["To"])
""")
    steps = [
        step.text for finding in result.findings if finding.rule == "open-redirect" for step in finding.trace
    ]
    assert "`given['To']` gives it back" in steps


def test_what_a_doubt_rests_on_is_said_as_a_condition() -> None:
    """The message begins its second sentence with it, and does not state it as a fact before."""
    result = review("""
from flask import Flask, make_response

app = Flask(__name__)

@app.get("/")
def shelf():
    answer = make_response("")
    answer.set_cookie("shelf", "teal", httponly=True)
    return answer
""")
    (finding,) = [f for f in result.findings if f.rule == "cookie-not-secure"]
    assert finding.assumption == "the cookie holds what others must not read"
    assert ". If the cookie holds what others must not read, an attacker can" in finding.message
