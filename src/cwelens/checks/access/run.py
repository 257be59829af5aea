"""Builds the application model and runs every check on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.app.build import build
from cwelens.checks.access import login, passwords, records, sessions
from cwelens.checks.access.report import Report
from cwelens.resolve.testcode import is_test_module

if TYPE_CHECKING:
    from cwelens.resolve.program import Program
    from cwelens.resolve.symbols import ModuleInfo


def check(program: Program, modules: list[ModuleInfo]) -> Report:
    """Findings about routes, the operations they concern, and the model they rest on."""
    app = build(program, [m for m in modules if not is_test_module(m)])
    report = Report(app)
    if app.routes:
        login.check(report)
        records.check(report)
        sessions.check(report)
        passwords.check(report)
    return report
