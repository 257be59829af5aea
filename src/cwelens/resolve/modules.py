"""The modules of a program: their names, and which module an import means.

Context modules are read when an import first leads to them. A module is found beside its importer (in any directory above
it that was handed in) before it is found by its name; names of the standard library are never looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from cwelens.base.source import Source
from cwelens.ir import nodes as ir
from cwelens.resolve.bind import bind
from cwelens.resolve.builtin_names import STANDARD_LIBRARY
from cwelens.resolve.finder import Finder
from cwelens.resolve.symbols import ModuleInfo

Reader = Callable[[Path], "tuple[Source, ir.Module] | None"]


class ModuleIndex:
    """Inputs are handed to `add`; below `context` further modules are found by name and read with `reader`."""

    def __init__(self, context: Iterable[Path] = (), reader: Reader | None = None) -> None:
        self.modules: dict[str, ModuleInfo] = {}
        self._reader = reader
        self._finder = Finder(list(context) if reader is not None else [])
        self._by_path: dict[str, ModuleInfo] = {}
        self.packages: set[str] = set()
        self._missing: set[str] = set()
        self._not_beside: set[tuple[str, str]] = set()
        self._tops: dict[str, bool] = {}

    def add(
        self, source: Source, ir_module: ir.Module, path: str | Path, is_input: bool = True
    ) -> ModuleInfo:
        """Registers a module and binds its names; a second module of one name gets a longer or numbered name."""
        text = PurePosixPath(Path(path).as_posix()).as_posix()
        is_package = PurePosixPath(text).name == "__init__.py"
        if is_package:
            self._finder.declare_package(str(PurePosixPath(text).parent))
        name, base, packaged = self._finder.name(text)
        return self._register(source, ir_module, text, name, base, packaged, is_input)

    def _register(
        self,
        source: Source,
        ir_module: ir.Module,
        path: str,
        name: str,
        base: str,
        packaged: bool,
        is_input: bool,
    ) -> ModuleInfo:
        previous = self._by_path.get(path)
        if previous is not None:
            name = previous.name
        elif name in self.modules:
            name = self._free_name(name)
        is_package = PurePosixPath(path).name == "__init__.py"
        self._not_beside.clear()
        module = ModuleInfo(name, path, source, ir_module.body, is_input, is_package, base)
        bind(module)
        self.modules[name] = module
        self._by_path[path] = module
        if packaged or (module.package and _imports_relatively(module)):
            top = name.partition(".")[0]
            self.packages.add(top)
            self._tops[top] = True
        return module

    def _free_name(self, name: str) -> str:
        number = 2
        while f"{name}~{number}" in self.modules:
            number += 1
        return f"{name}~{number}"

    def find_module(self, dotted: str, importer: ModuleInfo | None = None) -> ModuleInfo | None:
        """The module of an absolute name as `importer` would import it; None where it is not in the program."""
        top = dotted.partition(".")[0]
        if top in STANDARD_LIBRARY and (importer is None or importer.name.partition(".")[0] != top):
            return None
        if importer is not None:
            # Nearest first: two trees in one input may each have their own `helpers`.
            near = self.find_beside(dotted, importer)
            if near is not None:
                return near
        found = self.modules.get(dotted)
        if found is not None and (found is not importer or found.is_package):
            return found
        return self._load(dotted)

    def find_beside(self, dotted: str, importer: ModuleInfo) -> ModuleInfo | None:
        """The module of a name that counts from a directory at or above the importer's base, the nearest one."""
        key = (importer.base, dotted)
        if key in self._not_beside:
            return None
        relative = dotted.replace(".", "/")
        by_path = self._by_path
        for prefix in self._finder.prefixes(importer.base):
            found = by_path.get(f"{prefix}{relative}.py") or by_path.get(f"{prefix}{relative}/__init__.py")
            if found is not None:
                if found is not importer:
                    return found
                break
        else:
            self._not_beside.add(key)
        return None

    def _load(self, dotted: str) -> ModuleInfo | None:
        if self._reader is None or dotted in self._missing:
            return None
        for path in self._finder.candidates(dotted):
            text = path.as_posix()
            known = self._by_path.get(text) or self._same_file(path)
            if known is not None:
                return known
            unit = self._reader(path)
            if unit is not None:
                base = path.parents[dotted.count(".") + (path.name == "__init__.py")].as_posix()
                return self._register(*unit, text, dotted, base, True, False)
        self._missing.add(dotted)
        return None

    def _same_file(self, path: Path) -> ModuleInfo | None:
        """An input that is this file under another spelling of its path."""
        for module in self._by_path.values():
            if module.path.endswith(path.name) and Path(module.path).resolve() == path.resolve():
                return module
        return None

    def has_top(self, top: str) -> bool:
        """Whether a top-level package is (partly) in the program, so that what it lacks is missing, not external."""
        known = self._tops.get(top)
        if known is None:
            known = self._tops[top] = top in self.packages or self._finder.has_top(top)
        return known


def _imports_relatively(module: ModuleInfo) -> bool:
    nodes = [bindings[0].node for bindings in module.bindings.values()] + [star.node for star in module.stars]
    return any(isinstance(node, ir.ImportFrom) and node.level for node in nodes)
