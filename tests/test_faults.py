"""A fault of cwelens itself in one check is told and costs the verdict, and neither the run nor what else was found."""

from __future__ import annotations

import pytest

from cwelens import review
from cwelens.checks import analysis

CODE = "import os\nfrom flask import request\n\n\ndef run():\n    os.system(request.args['x'])\n"


def _broken(*_: object) -> None:
    raise KeyError("seeded")


@pytest.mark.parametrize("where", ["_OF_MODULES", "patterns", "run"])
def test_a_fault_is_told(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    if where == "_OF_MODULES":
        monkeypatch.setattr(analysis, "_OF_MODULES", (_broken,))
    elif where == "patterns":
        monkeypatch.setattr(analysis.patterns, "check", _broken)
    else:
        monkeypatch.setattr(analysis.run, "check", _broken)
    made = review("x = 1\n")
    assert made.verdict == "inconclusive"
    assert any("a fault in cwelens" in region.reason for region in made.regions)
    assert [f.cwe for f in review(CODE).findings] == [78]
