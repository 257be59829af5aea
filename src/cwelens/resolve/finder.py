"""Where a dotted module name lies on disk or among the inputs, and which dotted name a path has.

A module's name counts from its *base*: the directory above its topmost package (directories with an `__init__.py`), or one in it that a
program is started from; without a package, from the start of a relative path, or the file's own directory for an absolute one. Paths are text with forward slashes;
only context roots and the presence of `__init__.py` beside inputs are looked up on disk.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath


class Finder:
    """Answers by paths alone; it reads no file."""

    def __init__(self, context: list[Path]) -> None:
        self._packages: dict[str, bool] = {}
        self._run_from: dict[str, bool] = {}
        self._current: list[str] | None = None
        self._prefixes: dict[str, list[str]] = {}
        self.bases: list[tuple[Path, str | None]] = []
        for root in context:
            self._add_root(root)

    def _add_root(self, root: Path) -> None:
        root = root if root.is_dir() else root.parent
        if (root / "__init__.py").is_file():
            top = root.resolve()
            while (top.parent / "__init__.py").is_file():
                top = top.parent
            # Only the package that the root belongs to: what lies beside it was not handed in.
            self.bases.append((top.parent, top.name))
        else:
            self.bases += [(base, None) for base in (root, root / "src", root / "lib") if base.is_dir()]

    def declare_package(self, directory: str) -> None:
        """An `__init__.py` was handed in for this directory (it need not exist on disk)."""
        self._packages[directory] = True

    def is_package(self, directory: str) -> bool:
        known = self._packages.get(directory)
        if known is None:
            known = self._packages[directory] = (Path(directory) / "__init__.py").is_file()
        return known

    def _is_run_from(self, directory: str) -> bool:
        """Whether a program is started in this package, so that names count from it: `manage.py` puts its directory first on the path."""
        known = self._run_from.get(directory)
        if known is None:
            known = self._run_from[directory] = (Path(directory) / "manage.py").is_file()
        return known

    def name(self, path: str) -> tuple[str, str, bool]:
        """(dotted name, base directory, whether it lies in a real package) of a module's path."""
        pure = PurePosixPath(path)
        is_init = pure.name == "__init__.py"
        parts = [] if is_init else [_identifier(pure.stem)]
        directory = pure.parent
        packaged = False
        if pure.name in ("-", "<stdin>", ""):
            return "__main__", ".", False
        while self.is_package(str(directory)) and directory.name not in ("", "..", "."):
            if self._is_run_from(str(directory)) and not (is_init and directory == pure.parent):
                break
            packaged = True
            parts.insert(0, directory.name)
            directory = directory.parent
        around = self._around() if str(directory) == "." else []
        if around:
            packaged = True
            parts = around + parts
        if not packaged and not pure.is_absolute():
            outer = [_identifier(part) for part in directory.parts if part not in ("..", ".")]
            if outer and outer[0] in ("src", "lib"):
                outer = outer[1:]
            parts = outer + parts
        if not parts:
            parts = [_identifier(pure.parent.name or pure.stem)]
        return ".".join(parts), str(directory), packaged

    def _around(self) -> list[str]:
        """The packages that the current directory lies in and is, outermost first: a review of `.` is as good as one of its name."""
        if self._current is None:
            self._current = []
            if self.is_package(".") and not self._is_run_from("."):
                here = Path.cwd()
                while (here / "__init__.py").is_file() and here.name:
                    self._current.insert(0, here.name)
                    here = here.parent
        return self._current

    def prefixes(self, directory: str) -> list[str]:
        """The directory and those above it, nearest first, as prefixes of paths ("" for the current one)."""
        known = self._prefixes.get(directory)
        if known is None:
            pure = PurePosixPath(directory)
            texts = [str(one) for one in (pure, *pure.parents)]
            known = self._prefixes[directory] = [
                "" if t == "." else t if t.endswith("/") else f"{t}/" for t in texts
            ]
        return known

    def candidates(self, dotted: str) -> list[Path]:
        """Files on disk below the context roots that the module name may mean, the likeliest first."""
        relative = dotted.replace(".", "/")
        top = dotted.partition(".")[0]
        found: list[Path] = []
        for base, only in self.bases:
            if only is None or only == top:
                for path in (base / f"{relative}.py", base / relative / "__init__.py"):
                    if path.is_file():
                        found.append(path)
                        break
        return found

    def has_top(self, top: str) -> bool:
        """Whether a context root has a package (with an `__init__.py`) or module of this name."""
        for base, only in self.bases:
            if only == top or (
                only is None and ((base / top / "__init__.py").is_file() or (base / f"{top}.py").is_file())
            ):
                return True
        return False


def _identifier(text: str) -> str:
    return text.replace(".", "_") or "__main__"
