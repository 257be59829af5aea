"""cwelens reviews code for security through the lens of CWE: `from cwelens import review`.

Names are loaded when they are first used, so that a command that needs little starts fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cwelens.checks.finding import Finding, Operation, Step
    from cwelens.report.build import UsageError, review, review_bytes
    from cwelens.report.model import Review

__version__ = "0.1.0"
__all__ = ["Finding", "Operation", "Review", "Step", "UsageError", "__version__", "review", "review_bytes"]

_HOMES = {
    "Finding": "cwelens.checks.finding",
    "Operation": "cwelens.checks.finding",
    "Step": "cwelens.checks.finding",
    "Review": "cwelens.report.model",
    "UsageError": "cwelens.report.build",
    "review": "cwelens.report.build",
    "review_bytes": "cwelens.report.build",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(home), name)
