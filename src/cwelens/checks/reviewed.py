"""Lines on which those who keep the code have set a security rule of another tool aside: `# nosec`, `# noqa: S311`.

They have looked at the line and decided, for a reason that the code need not show. What is found there rests on that reason being wrong.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.checks.judgement import Judgement

if TYPE_CHECKING:
    from cwelens.checks.record import Record

# Bandit's own mark, and the rules of Bandit as flake8 and Ruff call them.
_MARK = re.compile(r"#\s*(nosec\b|noqa:[^#]*\bS\d{3}\b)")


def settle(record: Record, judgement: Judgement) -> Judgement:
    """The judgement, weaker where the operation stands on such a line: what rests on something else already is no finding there."""
    if judgement.kind not in ("defect", "conditional"):
        return judgement
    source, (first, _, last, _) = record.around or record.place
    for number in range(first, min(last, first + _LINES) + 1):
        line = source.line(number)
        mark = _MARK.search(line) if "#" in line else None
        if mark is not None:
            if judgement.kind == "conditional":
                return Judgement(
                    "undecided", f"marked `{line[mark.start() :].strip()[:_SHOWN]}`", judgement.taint
                )
            doubt = f"the mark `{line[mark.start() :].strip()[:_SHOWN]}`, which sets a rule aside there, is a mistake"
            taint = judgement.taint.assuming(doubt) if judgement.taint is not None else None
            return Judgement("conditional", judgement.reason, taint, assumption=doubt)
    return judgement


_LINES = 12
_SHOWN = 40
