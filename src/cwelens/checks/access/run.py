"""Builds the application model and runs every check on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.app.build import build
from cwelens.app.frame import Knowledge
from cwelens.app.routing.find import find
from cwelens.checks.access import generic, grants, login, passwords, records, sessions
from cwelens.checks.access.report import Report
from cwelens.resolve.testcode import is_test_module

if TYPE_CHECKING:
    from cwelens.app.model import Route
    from cwelens.resolve.program import Program
    from cwelens.resolve.symbols import ModuleInfo


def routes(program: Program, modules: list[ModuleInfo]) -> tuple[Knowledge, list[Route]]:
    """The routes that the code registers, in whichever way."""
    know = Knowledge(program, [m for m in modules if not is_test_module(m)])
    return know, find(know, know.modules)


def check(know: Knowledge, found: list[Route]) -> Report:
    """Findings about routes, the operations they concern, and the model they rest on."""
    app = build(know, know.modules, found)
    report = Report(app)
    if app.routes:
        login.check(report)
        records.check(report)
        sessions.check(report)
        passwords.check(report)
    generic.check(report)
    grants.check(report)
    return report
