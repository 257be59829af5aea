"""The pipeline: inputs read, the program analysed, the review assembled. The one place that knows all layers below it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar

from cwelens import __version__
from cwelens.base.location import locate
from cwelens.base.source import Source
from cwelens.checks.analysis import Analysis, analyse
from cwelens.ir import nodes as ir
from cwelens.models import index, project
from cwelens.models.project import Own
from cwelens.report.material import Material
from cwelens.report.model import InputFile, Region, Review, SourceUse
from cwelens.report.words import count
from cwelens.resolve import ledger
from cwelens.resolve.program import Program
from cwelens.resolve.symbols import ModuleInfo
from cwelens.resolve.types import Types
from cwelens.syntax import Unit, read_file, read_text
from cwelens.syntax.configs.kinds import kind_of
from cwelens.syntax.configs.reader import Config, read_config
from cwelens.syntax.inputs import read, read_page
from cwelens.syntax.javascript import SUFFIX
from cwelens.syntax.templates.readers import SUFFIXES

Progress = Callable[[str, int, int], None]
RECURSION = 6000
THREAT_MODELS = frozenset(("remote", "local", "stored"))
T = TypeVar("T")
Status: TypeAlias = Literal["read", "partial", "unread"]


class UsageError(Exception):
    """The caller asked for something that cannot be done; the message is for people."""


def review(
    text: str | None = None,
    *,
    paths: Sequence[str | Path] = (),
    context: Sequence[str | Path] = (),
    name: str = "-",
    include_vendored: bool = False,
    progress: Progress | None = None,
    threat_models: Iterable[str] = ("remote",),
    own_models: Own | bool = True,
    jobs: int = 1,
) -> Review:
    """Reviews code and returns the Review.

    Either `text` (a fragment, a file's content; `name` is shown for it) or `paths` (files and directories). `context` names
    files or directories that are consulted where the input refers to them, and not reviewed. `threat_models` says whose data is untrusted:
    `remote` (what is sent from elsewhere), `local` (arguments, environment, files, standard input), `stored` (databases). `own_models`: whether the models that the projects of the paths bring along count (`cwelens.models.project`), or which.
    `jobs`: in how many processes a large program is analysed (0: as many as there are processors, up to four); what comes out is the same.
    Bad input is part of the answer
    (verdict `inconclusive`); `UsageError` is raised only where neither or both of `text` and `paths` are given, a context path
    does not exist, or a project's own models break the schema.
    """
    if (text is None) == (not paths):
        raise UsageError("give either text or paths")
    threats = _threats(threat_models)
    for path in context:
        if not Path(path).exists():
            raise UsageError(f"context {path} does not exist")
    own = own_models if isinstance(own_models, Own) else _own_models(paths) if own_models else Own()
    units: list[Unit] = []
    pages: list[Source] = []
    configs: list[Config] = []
    regions: list[Region] = []
    inputs: list[InputFile] = []
    collecting = gc.isenabled()
    gc.disable()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, RECURSION))
    try:
        if text is not None:
            _take(read_text(name, text), name, units, inputs, regions)
        else:
            _read_paths(paths, include_vendored, units, pages, configs, inputs, regions, progress)
        inputs += [
            InputFile(
                file.name,
                "models",
                0,
                "read",
                [f"{count(len(file.entries), 'row')} of the project's own"],
                "context",
            )
            for file in own.files
        ]
        return _assemble(
            units, inputs, regions, [Path(p) for p in context], progress, threats, own, pages, configs, jobs
        )
    finally:
        sys.setrecursionlimit(limit)
        if collecting:
            gc.enable()


def review_bytes(
    data: bytes,
    name: str = "-",
    context: Sequence[str | Path] = (),
    threat_models: Iterable[str] = ("remote",),
) -> Review:
    """As `review` for undecoded bytes (standard input)."""
    units: list[Unit] = []
    regions: list[Region] = []
    inputs: list[InputFile] = []
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, RECURSION))
    try:
        _take(read(name, data), name, units, inputs, regions)
        return _assemble(units, inputs, regions, [Path(p) for p in context], None, _threats(threat_models))
    finally:
        sys.setrecursionlimit(limit)


def _threats(names: Iterable[str]) -> frozenset[str]:
    wanted = frozenset(names)
    unknown = wanted - THREAT_MODELS
    if unknown:
        raise UsageError(
            f"no threat model {sorted(unknown)[0]!r}; there are {', '.join(sorted(THREAT_MODELS))}"
        )
    return wanted


def _own_models(paths: Iterable[str | Path]) -> Own:
    """The models that the projects of the paths bring along; raises `UsageError` with every error in them."""
    found = project.find(paths)
    own = project.read(found) if found else Own()
    if own.errors:
        raise UsageError("the project's own models cannot be used\n" + "\n".join(own.errors))
    return own


def _read_paths(
    paths: Sequence[str | Path],
    include_vendored: bool,
    units: list[Unit],
    pages: list[Source],
    configs: list[Config],
    inputs: list[InputFile],
    regions: list[Region],
    progress: Progress | None,
) -> None:
    from cwelens.syntax.files import File, Problem, discover

    found = list(discover(paths, include_vendored=include_vendored))
    files = [f for f in found if isinstance(f, File)]
    # What was asked for by its name is told of, whatever it holds.
    named = {str(path) for path in paths}
    done = 0
    for entry in found:
        if isinstance(entry, File):
            if progress is not None:
                progress("reading", done, len(files))
            done += 1
            if entry.path.lower().endswith((*SUFFIXES, SUFFIX)):
                page = read_page(entry.path, entry.shown)
                if page is not None:
                    pages.append(page)
                    kind = "script" if entry.shown.lower().endswith(SUFFIX) else "template"
                    inputs.append(InputFile(entry.shown, kind, len(page.lines), "read"))
                    continue
                if not kind_of(entry.shown):
                    continue
            if kind_of(entry.shown):
                config = read_config(entry.path, entry.shown)
                if config is not None:
                    configs.append(config)
                    kind = "script" if config.kind == "library" else "configuration"
                    inputs.append(InputFile(entry.shown, kind, len(config.source.lines), "read"))
                if config is not None or entry.path not in named:
                    continue
            _take(
                read_file(entry.path, entry.shown), entry.shown, units, inputs, regions, alone=len(files) == 1
            )
        elif isinstance(entry, Problem):
            regions.append(Region(entry.path, entry.reason))
            inputs.append(InputFile(entry.path, "", 0, "unread", [entry.reason]))
        else:
            inputs.append(
                InputFile(entry.path, "skipped", 0, "read", [f"passed over: {entry.reason}"], "context")
            )


def _take(
    read_units: list[Unit],
    shown: str,
    units: list[Unit],
    inputs: list[InputFile],
    regions: list[Region],
    alone: bool = True,
) -> None:
    """The units of one input, and what of it could not be read."""
    notes: list[str] = []
    lines = 0
    lost = 0
    for unit in read_units:
        notes += unit.notes
        if unit.is_empty and shown.endswith("__init__.py") and not alone:
            # An empty file that marks a package has nothing to read, and so nothing that was not read; imports go through it.
            units.append(unit)
            continue
        for gap in unit.module.gaps:
            lost += 1
            regions.append(Region(shown, gap.reason, locate(unit.source, gap.pos)))
        if unit.module.body or unit.is_code:
            units.append(unit)
        lines = max(lines, len(unit.source.lines))
    useful = any(unit.module.body for unit in read_units)
    status: Status = "read" if not lost else "partial" if useful else "unread"
    kind = read_units[0].kind if read_units else "python"
    inputs.append(InputFile(shown, kind, lines, status, list(dict.fromkeys(notes))))


def _reader(path: Path) -> tuple[Source, ir.Module] | None:
    """A context file: its first unit. An empty one is a package's `__init__.py` and a module all the same."""
    units = read_file(path)
    usable = bool(units) and (units[0].is_code or units[0].is_empty)
    return (units[0].source, units[0].module) if usable else None


def _assemble(
    units: list[Unit],
    inputs: list[InputFile],
    regions: list[Region],
    context: list[Path],
    progress: Progress | None,
    threats: frozenset[str],
    own: Own | None = None,
    pages: Sequence[Source] = (),
    configs: Sequence[Config] = (),
    jobs: int = 1,
) -> Review:
    from cwelens.report import advice, areas, closing, conclusion, describe, gaps
    from cwelens.report.observe import observe
    from cwelens.report.practices import PRACTICES
    from cwelens.report.topics import TOPICS

    material = _analysed(
        units, inputs, regions, context, progress, threats, own, pages=pages, configs=configs, jobs=jobs
    )
    verdict, sentence = conclusion.verdict(material.findings, regions, inputs)
    closed = closing.closed(material)
    seen = observe(
        material,
        (
            *(trigger for raiser in (*TOPICS, *PRACTICES) for trigger in raiser.triggers),
            *(topic.besides for topic in TOPICS if topic.besides is not None),
        ),
        (c.name for c in closed),
    )
    found_areas, left_out = areas.areas(material, closed, seen)
    return Review(
        verdict=verdict,
        sentence=sentence,
        inputs=inputs,
        findings=material.findings,
        description=describe.description(material),
        gaps=gaps.gaps(material, closed),
        regions=regions,
        closed=closed,
        areas=found_areas,
        left_out=left_out,
        advice=advice.advice(material, seen),
        conclusion=conclusion.conclusion(material, verdict),
        counts=conclusion.counts(material),
        version=__version__,
    )


def _analysed(
    units: list[Unit],
    inputs: list[InputFile],
    regions: list[Region],
    context: list[Path],
    progress: Progress | None,
    threats: frozenset[str],
    own: Own | None,
    flow: bool = True,
    pages: Sequence[Source] = (),
    configs: Sequence[Config] = (),
    jobs: int = 1,
) -> Material:
    """The program of the units and what the analysis made of it; without `flow` only its names and calls are looked at."""
    models = index.load() if own is None else project.extend(index.load(), own)
    program = Program(context, _reader, models)
    modules = [program.add(unit.source, unit.module, unit.source.path) for unit in units]

    def step(done: int, total: int) -> None:
        if progress is not None:
            progress("analysing", done, total)

    analysis = (
        analyse(program, models, modules, step, threats, pages, configs, jobs)
        if flow
        else Analysis([], [], [])
    )
    for failure in analysis.entries.failures:
        node = failure.function.node if failure.function is not None else None
        where = locate(failure.module.source, node.pos) if node is not None else None
        regions.append(Region(failure.module.path, failure.reason, where))
    return _material(program, models, units, modules, analysis, inputs, regions, bool(context))


def survey(paths: Sequence[str | Path], *, flow: bool = True, progress: Progress | None = None) -> Material:
    """What a review of the paths would rest on, without the review; without `flow` only names and calls. Raises `UsageError`."""
    units: list[Unit] = []
    regions: list[Region] = []
    inputs: list[InputFile] = []
    pages: list[Source] = []
    configs: list[Config] = []
    own = _own_models(paths)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, RECURSION))
    try:
        _read_paths(paths, False, units, pages, configs, inputs, regions, progress)
        return _analysed(
            units, inputs, regions, [], progress, frozenset(("remote",)), own, flow, pages, configs
        )
    finally:
        sys.setrecursionlimit(limit)


def _material(
    program: Program,
    models: index.Models,
    units: list[Unit],
    modules: list[ModuleInfo],
    analysis: Analysis,
    inputs: list[InputFile],
    regions: list[Region],
    context_given: bool,
) -> Material:
    types = Types(program, models.library_type)
    known = _collect(
        ledger.calls(program, m, models.library_type, models.understands, types) for m in modules
    )
    return Material(
        program=program,
        models=models,
        units=units,
        modules=modules,
        calls=known,
        bases=_collect(ledger.base_classes(program, m) for m in modules),
        imports=_collect(ledger.imports(program, m) for m in modules),
        decorators=_collect(ledger.decorators(program, m) for m in modules),
        entries=analysis.entries,
        sources=[SourceUse(s.concept, s.text, s.location) for s in analysis.sources],
        operations=analysis.operations,
        findings=analysis.findings,
        regions=regions,
        inputs=inputs,
        context_given=context_given,
        application=analysis.application,
    )


def _collect(lists: Iterable[list[T]]) -> list[T]:
    return [item for items in lists for item in items]
