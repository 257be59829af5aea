"""Files that lie in a project more than once."""

from __future__ import annotations

from pathlib import Path

from cwelens import review

CODE = """import os

from flask import request


def run():
    os.system(request.args["command"])
"""


def test_a_copy_is_told_with_the_first(tmp_path: Path) -> None:
    """What a build has collected is one finding with the file that it is a copy of; a copy in a program beside is another."""
    for name in ("pier.dist/run.py", "pier/run.py", "quay/run.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(CODE, encoding="utf-8")
    found = [f for f in review(paths=[tmp_path]).findings if f.cwe == 78]
    assert [Path(f.location.path).relative_to(tmp_path).as_posix() for f in found] == [
        "pier/run.py",
        "quay/run.py",
    ]
    assert len(found[0].also) == 1
