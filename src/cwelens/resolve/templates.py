"""Which template a name means: template files of the input by the end of their path, each parsed once and only when asked for."""

from __future__ import annotations

from collections.abc import Iterable

from cwelens.base.source import Source
from cwelens.ir import nodes as ir
from cwelens.resolve.symbols import ModuleInfo
from cwelens.syntax.templates.model import Template
from cwelens.syntax.templates.readers import read


class Page:
    """A template of the input in one dialect; `module` stands for its file where the analysis speaks of modules."""

    __slots__ = ("module", "template")

    def __init__(self, template: Template, module: ModuleInfo) -> None:
        self.template = template
        self.module = module


class Pages:
    """The template files of a program."""

    def __init__(self, sources: Iterable[Source] = ()) -> None:
        self.sources = list(sources)
        self._by_base: dict[str, list[Source]] = {}
        self._read: dict[tuple[int, str], Page] = {}
        for source in self.sources:
            self._by_base.setdefault(source.path.rpartition("/")[2], []).append(source)

    def find(self, name: str, near: str) -> Source | None:
        """The file that a template name means for code in the file `near`: the one with most directories in common."""
        name = name.removeprefix("./").lstrip("/")
        if ":" in name:
            # An asset of a package: `package:templates/page.mako`.
            name = name.rpartition(":")[2]
        fitting = [
            s
            for s in self._by_base.get(name.rpartition("/")[2], ())
            if s.path == name or s.path.endswith(f"/{name}")
        ]
        return max(fitting, key=lambda s: (_common(s.path, near), -len(s.path)), default=None)

    def read(self, source: Source, dialect: str) -> Page:
        """The template of a file, read as one of a template language."""
        key = (id(source), dialect)
        page = self._read.get(key)
        if page is None:
            page = self._read[key] = page_of(read(source, dialect))
        return page

    def all_read(self) -> list[Page]:
        """Everything that was parsed so far."""
        return list(self._read.values())


def page_of(template: Template, path: str = "") -> Page:
    """A template with a module that stands for its file."""
    source = template.source
    body: list[ir.Stmt] = []
    return Page(template, ModuleInfo(f"%{path or source.path}", source.path, source, body, True, False, ""))


def _common(one: str, two: str) -> int:
    count = 0
    for a, b in zip(one.split("/")[:-1], two.split("/")[:-1]):
        if a != b:
            break
        count += 1
    return count
