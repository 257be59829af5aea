"""Which files of the paths that people name are read, and which are passed over, why.

Rules
- A file that is named is read, whatever its name. Of a named directory: `*.py`, `*.pyw`, `*.ipynb`, files without an extension
  that begin with a Python shebang, and what may be a page template or a configuration, by its name. Type stubs (`*.pyi`) hold nothing that runs and are passed over.
- Passed over in directories: what `.gitignore` files say (also those above the directory, up to the root of its repository),
  version control, virtual environments, installed packages and, unless asked for, vendored code.
- A symbolic link is not followed: its target is read where it stands, or lies outside of what was asked for.

Paths are strings: a `Path` for each entry would cost more than the walk.

Invariants: the order is that of names, the same on every run; everything passed over that could hold code is a `Skipped`
(byte code caches cannot); a path that cannot be walked is a `Problem`, never an exception.
"""

# ruff: noqa: PTH110, PTH112, PTH113, PTH116, PTH118, PTH120, PTH123, PTH206

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cwelens.syntax.configs.kinds import kind_of
from cwelens.syntax.javascript import SUFFIX
from cwelens.syntax.templates.readers import SUFFIXES

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_SUFFIXES = (".py", ".pyw", ".ipynb")
# What belongs to the pages of an application.
_PAGES = (*SUFFIXES, SUFFIX)
_SHEBANG = b"#!"
_CACHES = {"__pycache__"}
_NO_SOURCE = {
    ".git": "version control",
    ".hg": "version control",
    ".svn": "version control",
    ".bzr": "version control",
    "node_modules": "installed packages",
    "site-packages": "installed packages",
    "dist-packages": "installed packages",
    ".eggs": "installed packages",
    ".tox": "virtual environments",
    ".nox": "virtual environments",
    ".mypy_cache": "a cache",
    ".pytest_cache": "a cache",
    ".ruff_cache": "a cache",
    ".hypothesis": "a cache",
    ".ipynb_checkpoints": "a cache",
}
_VENDORED = {
    "vendor",
    "vendored",
    "_vendor",
    "_vendored",
    "third_party",
    "third-party",
    "thirdparty",
    "3rdparty",
}


class File:
    """A file to read: `path` for the operating system, `shown` for people (forward slashes, as named)."""

    __slots__ = ("path", "shown")

    def __init__(self, path: str, shown: str) -> None:
        self.path = path
        self.shown = shown


class Skipped:
    """A file or directory that was passed over; a directory's `path` ends with a slash."""

    __slots__ = ("path", "reason")

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason


class Problem:
    """A path that was asked for and cannot be read: missing, not permitted, no file, without Python files."""

    __slots__ = ("path", "reason")

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason


Found = File | Skipped | Problem


def discover(paths: Iterable[str | os.PathLike[str]], *, include_vendored: bool = False) -> Iterator[Found]:
    """The files of some paths in order, each once, and what was passed over or could not be reached."""
    seen: set[str] = set()
    for path in paths:
        root = os.fspath(path)
        for found in _of_path(root, include_vendored):
            if isinstance(found, File):
                real = os.path.realpath(found.path)
                if real in seen:
                    continue
                seen.add(real)
            yield found


def _of_path(root: str, include_vendored: bool) -> Iterator[Found]:
    try:
        mode = os.stat(root).st_mode
    except (OSError, ValueError) as error:
        yield Problem(_shown(root), _reason(error))
        return
    if stat.S_ISREG(mode):
        yield File(root, _shown(root))
    elif stat.S_ISDIR(mode):
        yield from _Walk(root, include_vendored).run()
    else:
        yield Problem(_shown(root), "neither a file nor a directory")


class _Walk:
    """One walk below one directory."""

    def __init__(self, root: str, include_vendored: bool) -> None:
        self._root = root.rstrip("/" + os.sep) or root
        self._real_root = os.path.realpath(root)
        self._include_vendored = include_vendored

    def run(self) -> Iterator[Found]:
        files = 0
        stack: list[tuple[str, list[_Ignore]] | Found] = [(self._root, _ignores_above(self._real_root))]
        while stack:
            item = stack.pop()
            if not isinstance(item, tuple):
                files += isinstance(item, File) and not _beside(item.path)
                yield item
                continue
            directory, ignores = item
            stack.extend(reversed(list(self._entries(directory, ignores))))
        if not files:
            yield Problem(_shown(self._root), "no Python files in the directory")

    def _entries(self, directory: str, ignores: list[_Ignore]) -> Iterator[tuple[str, list[_Ignore]] | Found]:
        """What one directory holds: files and skips, and its directories still to be walked."""
        try:
            with os.scandir(directory) as entries:
                ordered = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield Problem(_shown(directory) + "/", _reason(error))
            return
        if any(entry.name == ".gitignore" for entry in ordered):
            ignores = [*ignores, *_ignore_in(directory, self._real_root + directory[len(self._root) :])]
        for entry in ordered:
            try:
                is_directory = entry.is_dir(follow_symlinks=False)
                is_link = entry.is_symlink()
                is_file = entry.is_file(follow_symlinks=False)
            except OSError as error:
                yield Problem(_shown(entry.path), _reason(error))
                continue
            if is_link:
                yield from self._link(entry)
            elif is_directory:
                if entry.name in _CACHES:
                    continue
                reason = self._passed_over(entry) or self._ignored(entry.path + "/", ignores)
                yield Skipped(_shown(entry.path) + "/", reason) if reason else (entry.path, ignores)
            elif is_file:
                yield from self._file(entry, ignores)

    def _file(self, entry: os.DirEntry[str], ignores: list[_Ignore]) -> Iterator[Found]:
        name = entry.name.lower()
        if name.endswith(".pyi"):
            yield Skipped(_shown(entry.path), "a type stub: nothing in it runs")
        elif (
            name.endswith(_SUFFIXES + _PAGES)
            or kind_of(entry.path)
            or ("." not in name and _has_shebang(entry.path))
        ):
            reason = self._ignored(entry.path, ignores)
            yield Skipped(_shown(entry.path), reason) if reason else File(entry.path, _shown(entry.path))

    def _ignored(self, path: str, ignores: list[_Ignore]) -> str | None:
        return _ignored(self._real_root + path[len(self._root) :], ignores) if ignores else None

    def _link(self, entry: os.DirEntry[str]) -> Iterator[Found]:
        target = os.path.realpath(entry.path)
        directory = os.path.isdir(target)
        if not directory and not entry.name.lower().endswith(_SUFFIXES + _PAGES):
            return
        if not os.path.exists(target):
            reason = "a symbolic link to nothing"
        elif os.path.commonpath([target, self._real_root]) == self._real_root:
            reason = "a symbolic link to another place in the tree"
        else:
            reason = "a symbolic link out of the tree"
        yield Skipped(_shown(entry.path) + "/" * directory, reason)

    def _passed_over(self, entry: os.DirEntry[str]) -> str | None:
        reason = _NO_SOURCE.get(entry.name)
        if reason is None and entry.name.endswith(".egg-info"):
            reason = "package metadata"
        if reason is None and entry.name in _VENDORED and not self._include_vendored:
            reason = "vendored code"
        if reason is None and os.path.isfile(os.path.join(entry.path, "pyvenv.cfg")):
            reason = "a virtual environment"
        return reason


class _Ignore:
    """One `.gitignore` file: its patterns, and the length of its directory's real path with the slash."""

    __slots__ = ("base", "spec")

    def __init__(self, base: int, spec: GitIgnoreSpec) -> None:
        self.base = base
        self.spec = spec


def _ignore_in(directory: str, real: str) -> list[_Ignore]:
    from pathspec import GitIgnoreSpec

    try:
        with open(os.path.join(directory, ".gitignore"), encoding="utf-8", errors="replace") as lines:
            return [_Ignore(len(real) + 1, GitIgnoreSpec.from_lines(lines))]
    except (OSError, ValueError):
        return []


def _ignores_above(directory: str) -> list[_Ignore]:
    """The `.gitignore` files between a directory and the root of its repository, outermost first."""
    found: list[_Ignore] = []
    above = directory
    while not os.path.exists(os.path.join(above, ".git")):
        parent = os.path.dirname(above)
        if parent == above:
            # Not in a repository: files above have no say.
            return []
        above = parent
        found = _ignore_in(above, above) + found
    # Who names a directory that is ignored wants it read.
    parts = directory[len(above) :].split(os.sep)[1:]
    named = [os.path.join(above, *parts[: count + 1], "") for count in range(len(parts))]
    return [] if any(_ignored(path, found) for path in named) else found


def _ignored(path: str, ignores: list[_Ignore]) -> str | None:
    """Why a real path (a directory's ends with a slash) is ignored: the innermost file that decides has the last word."""
    for ignore in reversed(ignores):
        relative = path[ignore.base :]
        decided = ignore.spec.check_file(relative).include if relative else None
        if decided is not None:
            return "ignored by .gitignore" if decided else None
    return None


def _beside(path: str) -> bool:
    """Whether a file is read for what it adds to code: alone it is no program."""
    return path.lower().endswith(_PAGES) or bool(kind_of(path))


def _has_shebang(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            line = file.readline(200)
    except OSError:
        return False
    return line.startswith(_SHEBANG) and b"python" in line


def _shown(path: str) -> str:
    """A path for people: forward slashes, no leading `./`, nothing that cannot be printed."""
    text = os.fsencode(path).decode("utf-8", "replace").replace(os.sep, "/")
    while text.startswith("./") and len(text) > 2:
        text = text[2:]
    return text.rstrip("/") or "/"


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file or directory"
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else "not a path"
