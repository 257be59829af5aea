"""What the pipeline hands to the writers of a review: the program as read, and what the analysis made of it.

Only inputs are in these lists; what was consulted as context is reached through `program`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cwelens.app.model import Application
    from cwelens.checks.finding import Finding, Operation
    from cwelens.flow.entries import Entries
    from cwelens.models.index import Models
    from cwelens.report.model import InputFile, Region, SourceUse
    from cwelens.resolve.ledger import CallRecord, NameRecord
    from cwelens.resolve.program import Program
    from cwelens.resolve.symbols import ModuleInfo
    from cwelens.syntax.unit import Unit


@dataclass(slots=True)
class Material:
    """`units` and `modules` in path order; `entries.handlers` by `id(function.node)`; `regions` is what was not analysed."""

    program: Program
    models: Models
    units: list[Unit]
    modules: list[ModuleInfo]
    calls: list[CallRecord]
    bases: list[NameRecord]
    imports: list[NameRecord]
    decorators: list[NameRecord]
    entries: Entries
    sources: list[SourceUse] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)
    inputs: list[InputFile] = field(default_factory=list)
    context_given: bool = False
    application: Application | None = None
