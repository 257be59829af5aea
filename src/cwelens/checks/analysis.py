"""Runs every check over a program: the interpreter with the checker listening, then the checks that need no flow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from cwelens.base.location import Location, locate
from cwelens.base.source import Source as Text
from cwelens.checks import (
    accounts,
    bodies,
    configs,
    enumeration,
    exposed,
    exposure,
    forms,
    forwarded,
    headers,
    host_tests,
    in_application,
    inline_pages,
    literals,
    markup,
    outcome,
    pam,
    passwords,
    patterns,
    policies,
    pollution,
    querystrings,
    races,
    scripts,
    websockets,
    workers,
)
from cwelens.checks.access import run
from cwelens.checks.checker import Checker
from cwelens.checks.finding import Finding, Operation
from cwelens.flow import escape_settings, rendering, view_params
from cwelens.flow.entries import Entries, Failure, crash, run_pages, run_registered, run_top_level
from cwelens.flow.page_helpers import Helpers
from cwelens.flow.relevance import relevant
from cwelens.flow.run import REMOTE, Shared
from cwelens.resolve.templates import Pages
from cwelens.syntax import javascript
from cwelens.syntax.configs.reader import Config

if TYPE_CHECKING:
    from cwelens.app.frame import Knowledge
    from cwelens.app.model import Application, Route
    from cwelens.checks.access.report import Report
    from cwelens.models.index import Models
    from cwelens.resolve.program import Program
    from cwelens.resolve.symbols import ModuleInfo

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Source:
    """One place where untrusted data is read."""

    concept: str
    text: str
    location: Location


@dataclass(slots=True)
class Analysis:
    findings: list[Finding]
    operations: list[Operation]
    sources: list[Source]
    entries: Entries = field(default_factory=Entries)
    application: Application | None = None


# The checks without flow that look at all modules together.
_OF_MODULES = (
    accounts.check,
    passwords.check,
    exposure.check,
    enumeration.check,
    exposed.check,
    forwarded.check,
    headers.check,
    host_tests.check,
    inline_pages.check,
    pam.check,
    races.check,
    policies.check,
    pollution.check,
    querystrings.check,
    websockets.check,
)


def analyse(
    program: Program,
    models: Models,
    modules: list[ModuleInfo],
    progress: Progress | None = None,
    threats: frozenset[str] = REMOTE,
    pages: Sequence[Text] = (),
    settings: Sequence[Config] = (),
    jobs: int = 1,
) -> Analysis:
    """Findings, operations and sources of the given modules of a program, in a fixed order, whatever the number of processes (`jobs`).

    `threats` are the threat models whose sources count as untrusted: remote, local, stored.
    """
    shared = Shared(program, models, threats)
    shared.pages = Pages(p for p in pages if not p.path.endswith(javascript.SUFFIX))
    shared.unescaped = escape_settings.unescaped(program, modules)
    shared.escaped = escape_settings.escaped(modules)
    shared.helpers = Helpers(modules)
    shared.page_language = rendering.language(modules)
    checker = Checker(shared)
    entries = Entries()
    for module in modules:
        shared.learn(module)
    wanted = relevant(modules, models)
    found = _routes(shared, modules, entries)
    for module in modules:
        run_top_level(shared, checker, module, entries)
    shared.settle()
    workers.run_modules(shared, checker, modules, entries, wanted, jobs, progress)
    shared.settle()
    run_registered(shared, checker, modules, entries)
    checker.fields.declare(modules)
    run_pages(shared, checker, entries)
    entries.cut = len(shared.cut)
    for source in pages:
        data = (
            source.text.encode()
            if source.path.endswith(javascript.SUFFIX)
            else javascript.inline(source.text)
        )
        if data is not None:
            scripts.check(checker, source, data)
    forms.check(checker, pages)
    markup.check(checker, shared.pages.sources, modules, settings)
    for page in shared.pages.all_read():
        for gap in page.template.gaps:
            entries.failures.append(Failure(page.module, None, gap.reason))
    whole: list[Callable[[], None]] = [
        *(partial(literals.check, checker, module) for module in modules),
        *(partial(check, checker, modules) for check in _OF_MODULES),
        partial(patterns.check, checker),
        partial(configs.check, checker, settings),
    ]
    for check in whole:
        try:
            check()
        except Exception as error:
            # What the check would have found is not known for any module.
            entries.failures += [Failure(module, None, crash(error)) for module in modules]
    bodies.forget()
    findings, operations = outcome.results(checker)
    application = _application(found, modules, entries)
    if application is not None:
        findings = in_application.settle(checker, application.app, findings, operations)
        outcome.merge(findings, operations, application.findings, application.operations)
    sources = [Source(concept, text, locate(*place)) for concept, text, place in checker.sources.values()]
    sources.sort(key=lambda s: (s.location, s.concept))
    return Analysis(
        findings, operations, sources, entries, application.app if application is not None else None
    )


def _routes(
    shared: Shared, modules: list[ModuleInfo], entries: Entries
) -> tuple[Knowledge, list[Route]] | None:
    """The routes of the program; of handlers whose own code shows nothing of it, the interpreter learns what calls them."""
    try:
        know, routes = run.routes(shared.program, modules)
    except Exception as error:
        entries.failures += [Failure(module, None, crash(error)) for module in modules]
        return None
    for route in routes:
        method = route.handler.name if route.handler.owner is not None else ""
        row = shared.models.route_of(route.framework, method)
        if row is not None and route.registered[1] != route.handler.node.pos:
            shared.hinted[id(route.handler.node)] = (row, route.path)
        if route.framework.startswith("Django"):
            for cls, path in ((route.cls, route.path), *route.others):
                view_params.learn(shared, cls or route.handler, path)
    return know, routes


def _application(
    found: tuple[Knowledge, list[Route]] | None, modules: list[ModuleInfo], entries: Entries
) -> Report | None:
    """The checks of routes; a fault in them is told like any other part that was not analysed."""
    if found is None:
        return None
    try:
        return run.check(*found)
    except Exception as error:
        entries.failures += [Failure(module, None, crash(error)) for module in modules]
        return None
