"""Runs the functions of a large program in several processes, each started as a copy of this one (`fork`).

Every process interprets a stretch of the modules and sends back what its checker has noted; the parent adds that in the order of the
modules. Invariant: what comes out is the same, byte for byte, for any number of processes. It holds because functions do not see what
others did (`Shared.settle`), and because noting is a fold: of several judgements the best counts, of equal ones the first.

What is sent refers to the objects that both sides have (sources, modules, rules, rows) by their identity. A process that fails in any way is no loss:
its modules are interpreted here.
"""

from __future__ import annotations

import gc
import io
import os
import pickle
import select
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cwelens.base.source import Source
from cwelens.checks.checker import Checker
from cwelens.checks.patterns import Known
from cwelens.checks.record import Record
from cwelens.checks.rules import BY_ID, RULES
from cwelens.checks.stored import Written
from cwelens.flow.entries import Entries, run_function, run_module
from cwelens.flow.run import Shared
from cwelens.resolve.symbols import FunctionInfo, ModuleInfo

# Below so many functions to interpret the copies cost more than they gain, and in one stretch there are not fewer.
WORTH_IT = 1_500
LEAST = 150
# Stretches for each process, so that one which takes long does not keep the others waiting.
_STRETCHES = 6
MOST = 4

_Progress = Callable[[int, int], None]


def default_jobs() -> int:
    """As many processes as there are processors that may be used, up to four."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(MOST, usable))


@dataclass(slots=True)
class _Noted:
    """What the interpretation of some modules has brought: what the checker noted, the entries, and the marks left in `Shared`."""

    records: dict[Any, Record]
    sources: dict[Any, Any]
    fields: Written
    patterns: dict[Any, Known]
    entries: Entries
    called: dict[int, int]
    cut: set[Any]
    rendered: set[str]
    pages: list[tuple[Source, str]]


def run_modules(
    shared: Shared,
    checker: Checker,
    modules: list[ModuleInfo],
    entries: Entries,
    wanted: dict[int, int],
    jobs: int,
    progress: _Progress | None = None,
) -> None:
    """Interprets the functions of all modules, as `run_module` does for one, in `jobs` processes (0: `default_jobs`); little is done in this one."""
    jobs = jobs or default_jobs()
    weights = [sum(1 for f in m.functions if id(f.node) in wanted) for m in modules]
    if jobs < 2 or sum(weights) < WORTH_IT or not hasattr(os, "fork"):
        for number, module in enumerate(modules):
            if progress is not None:
                progress(number, len(modules))
            run_module(shared, checker, module, entries, wanted)
        return
    stretches = list(_stretches(modules, weights, max(LEAST, sum(weights) // (jobs * _STRETCHES))))
    known = _known(shared, modules)
    registering: list[FunctionInfo] = []
    done = 0
    for stretch, noted in _Pool(shared, checker, wanted, known, jobs).run(stretches):
        if progress is not None:
            progress(done, len(modules))
        done += len(stretch)
        if noted is None:
            for module in stretch:
                run_module(shared, checker, module, entries, wanted)
        else:
            _add(shared, checker, entries, noted)
            registering += noted.entries.registering
    for function in registering:
        # What they hand to a framework closes over objects that cannot be sent.
        run_function(shared, Checker(shared), function, entries.handlers.get(id(function.node)), Entries())


def _stretches(modules: list[ModuleInfo], weights: list[int], size: int) -> Iterator[list[ModuleInfo]]:
    stretch: list[ModuleInfo] = []
    weight = 0
    for module, one in zip(modules, weights):
        stretch.append(module)
        weight += one
        if weight >= size:
            yield stretch
            stretch, weight = [], 0
    if stretch:
        yield stretch


class _Pool:
    """At most so many processes at a time; what they send comes out in the order of the stretches."""

    def __init__(
        self, shared: Shared, checker: Checker, wanted: dict[int, int], known: dict[int, object], jobs: int
    ) -> None:
        self._shared = shared
        self._checker = checker
        self._wanted = wanted
        self._known = known
        self._jobs = jobs
        self._running: dict[int, tuple[int, int]] = {}
        self._buffers: dict[int, bytearray] = {}
        self._answers: dict[int, bytes] = {}

    def run(self, stretches: list[list[ModuleInfo]]) -> Iterator[tuple[list[ModuleInfo], _Noted | None]]:
        gc.freeze()
        try:
            waiting = list(enumerate(stretches))[::-1]
            for number, stretch in enumerate(stretches):
                while number not in self._answers:
                    while waiting and len(self._running) < self._jobs:
                        self._start(*waiting.pop())
                    self._receive()
                yield stretch, _read(self._answers.pop(number), self._known)
        finally:
            for reader, (_, pid) in self._running.items():
                os.kill(pid, signal.SIGKILL)
                os.close(reader)
                os.waitpid(pid, 0)
            gc.unfreeze()

    def _start(self, number: int, stretch: list[ModuleInfo]) -> None:
        reader, writer = os.pipe()
        pid = os.fork()
        if pid:
            os.close(writer)
            self._running[reader] = (number, pid)
            self._buffers[reader] = bytearray()
            return
        status = 1
        try:
            os.close(reader)
            data = _send(_interpret(self._shared, self._checker, stretch, self._wanted), self._known)
            with os.fdopen(writer, "wb") as out:
                out.write(data)
            status = 0
        finally:
            # Nothing of the parent's may run here again: no handlers, no buffers that are written twice.
            os._exit(status)

    def _receive(self) -> None:
        """Reads what there is; a process that has ended has its answer, empty where it failed."""
        ready, _, _ = select.select(list(self._running), [], [])
        for reader in ready:
            part = os.read(reader, 1 << 20)
            if part:
                self._buffers[reader] += part
                continue
            os.close(reader)
            number, pid = self._running.pop(reader)
            _, status = os.waitpid(pid, 0)
            self._answers[number] = bytes(self._buffers.pop(reader)) if status == 0 else b""


def _interpret(shared: Shared, checker: Checker, modules: list[ModuleInfo], wanted: dict[int, int]) -> _Noted:
    """In a process of its own: what the modules bring, and nothing of what was known before."""
    entries = Entries()
    checker.records, checker.sources, checker.fields = {}, {}, Written()
    shared.called, shared.cut, shared.rendered = {}, set(), set()
    for module in modules:
        run_module(shared, checker, module, entries, wanted)
    pages = [(page.template.source, page.template.dialect) for page in shared.pages.all_read()]
    return _Noted(
        checker.records,
        checker.sources,
        checker.fields,
        checker.patterns,
        entries,
        shared.called,
        shared.cut,
        shared.rendered,
        pages,
    )


def _add(shared: Shared, checker: Checker, entries: Entries, noted: _Noted) -> None:
    for key, record in noted.records.items():
        known = checker.records.setdefault(key, record)
        if known is not record:
            known.add(record)
    for key, source in noted.sources.items():
        checker.sources.setdefault(key, source)
    checker.fields.add(noted.fields)
    for key, pattern in noted.patterns.items():
        checker.patterns.setdefault(key, pattern).add(pattern)
    entries.handlers.update(noted.entries.handlers)
    entries.failures += noted.entries.failures
    for node, count in noted.called.items():
        shared.called[node] = shared.called.get(node, 0) + count
    shared.cut |= noted.cut
    shared.rendered |= noted.rendered
    for source, dialect in noted.pages:
        shared.pages.read(source, dialect)


def _known(shared: Shared, modules: list[ModuleInfo]) -> dict[int, object]:
    """The objects that are sent by their identity: both processes have them at the same address."""
    found: list[object] = [*RULES.values(), *BY_ID.values(), *shared.pages.sources]
    for module in (*shared.program.modules.values(), *modules):
        found += (module, module.source, *module.functions, *module.classes)
    return {id(one): one for one in found}


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, known: dict[int, object]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._known = known

    def persistent_id(self, obj: object) -> int | None:
        return id(obj) if id(obj) in self._known else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, known: dict[int, object]) -> None:
        super().__init__(file)
        self._known = known

    def persistent_load(self, pid: int) -> object:
        return self._known[pid]


def _send(noted: _Noted, known: dict[int, object]) -> bytes:
    out = io.BytesIO()
    _Pickler(out, known).dump(noted)
    return out.getvalue()


def _read(data: bytes, known: dict[int, object]) -> _Noted | None:
    """What a process has sent; None where it failed."""
    if not data:
        return None
    noted = _Unpickler(io.BytesIO(data), known).load()
    assert isinstance(noted, _Noted)
    return noted
