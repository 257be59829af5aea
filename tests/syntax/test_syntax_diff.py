"""Unified diffs: each hunk is read as it is after the change, and its places are those of the diff."""

from __future__ import annotations

import textwrap

from cwelens import review
from cwelens.syntax import read_text
from cwelens.syntax.diff import hunks, is_diff

CHANGE = textwrap.dedent("""\
    diff --git a/shop/store.py b/shop/store.py
    index 83db48f..bf269f4 100644
    --- a/shop/store.py
    +++ b/shop/store.py
    @@ -1,4 +1,5 @@
     import logging
    +import os
     import pickle

     LOG = logging.getLogger(__name__)
    @@ -40,7 +41,8 @@ def load(path, name):
         LOG.debug("loading")
    -    full = path + name
    +    full = os.path.join(path, name)
         with open(full, "rb") as handle:
    -        return pickle.load(handle)
    +        return pickle.loads(
    +            handle.read())


    diff --git a/README.md b/README.md
    --- a/README.md
    +++ b/README.md
    @@ -1,2 +1,2 @@
    -# shop
    +# The shop

    """)


def test_hunks_are_read_as_after_the_change() -> None:
    """Lines that go are blank, the header names the function around, other files are left out."""
    assert is_diff(CHANGE)
    found = [hunk for hunk in hunks(CHANGE) if hunk.is_python]
    assert [hunk.path for hunk in found] == ["shop/store.py", "shop/store.py"]
    code, first, margins = found[1].text()
    assert first == 11
    assert code.split("\n")[:4] == [
        "def load(path, name):",
        '    LOG.debug("loading")',
        "",
        "    full = os.path.join(path, name)",
    ]
    assert margins[1:4] == [1, 0, 1]


def test_findings_stand_on_the_lines_of_the_diff() -> None:
    """The place is that of the diff, and the function is the one of the header."""
    result = review(CHANGE, name="change.diff")
    (finding,) = [f for f in result.findings if f.cwe == 502] or [None]
    assert finding is not None
    assert finding.location.line == 17
    assert finding.location.code.strip() == "+        return pickle.loads("
    assert result.inputs[0].kind == "diff"
    assert result.verdict == "conditional"


def test_a_hunk_may_begin_inside_a_docstring() -> None:
    """The header's function is left out then; what the names hold, the code around decides."""
    text = textwrap.dedent('''\
        @@ -10,6 +10,7 @@ class Store:
             Reads a file, e.g. a report.

             :returns: bytes
             """
        +    LOG.debug("reading")
             with open(os.path.join(self.root, name), "rb") as handle:
                 return handle.read()
        ''')
    result = review(text)
    assert [(f.cwe, f.confidence, f.location.line) for f in result.findings] == [(22, "conditional", 7)]
    assert not result.regions
    assert "`name` of the code around" in result.findings[0].assumption


def test_a_fence_of_a_diff_is_read_as_one() -> None:
    """In a chat a change stands in a fence, often without any header."""
    text = "Try this:\n\n```diff\n-    yaml.load(text)\n+    yaml.unsafe_load(request.data)\n```\n"
    (finding,) = review(text, name="answer.md").findings
    assert (finding.cwe, finding.location.line) == (502, 5)


def test_a_diff_without_python_says_so() -> None:
    """Nothing is claimed of what was not read."""
    assert review(CHANGE[CHANGE.index("diff --git a/README") :]).verdict == "inconclusive"


def test_a_text_with_a_hunk_like_line_is_no_diff() -> None:
    """Python that begins otherwise stays Python."""
    assert not is_diff("x = 1\n# @@ -1 +1 @@\n")
    (unit,) = read_text("a.py", "x = '''\n@@ -1 +1 @@\n'''\n")
    assert unit.kind == "python"
