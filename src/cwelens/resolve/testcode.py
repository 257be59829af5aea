"""Which modules are test code: what they call does not show how a function is used in service, and secrets in them are fixtures."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cwelens.resolve.symbols import ModuleInfo

_FRAMEWORKS = ("pytest", "unittest", "nose", "django.test", "hypothesis", "testtools")

# Settings by the name of their file, and what a program is set up for that is not its service.
_SETTINGS = frozenset(("settings", "config", "configs", "configuration", "conf"))
_REHEARSED = frozenset(
    ("test", "tests", "testing", "ci", "demo", "example", "sample", "docs", "cypress", "e2e", "dev", "devel", "development")
)  # fmt: skip
_FOLDER = re.compile(
    r"(?:tests?|docs?|demos?|examples?|samples?|e2e|dev(?:el|elopment)?)|demo[a-z]+|dev[-_]?project|tests?[-_].*|.*[-_]tests?|\.(?:ci|circleci|github|devcontainer)"
)
# Folders of nothing but tests.
_TESTS = frozenset(("test", "tests", "testing"))
_TEST_FOLDER = re.compile(
    r"(?:e2e|end[-_]to[-_]end)(?:[-_]tests?)?|(?:unit|integration|functional|acceptance|smoke)[-_]tests?"
)
# Programs that only start the tests, or a server for them.
_STARTERS = frozenset(("testserver", "testrunner", "runtests", "quicktest"))


# What stands in for the real thing: a simulated device, a fake service.
_STAND_IN = re.compile(r"(?:virtual|mock|fake|dummy|simulated)_\w+$")
_MAKES_DATA = frozenset(("create", "make", "load", "data", "fixtures", "users", "setup", "init"))


def rehearsals(paths: Iterable[str], configs: Iterable[str] = ()) -> set[str]:
    """The files that set a program up for its tests, its documentation or a demonstration, by their names and folders.

    A folder in which all files lie says nothing: then it is the program itself that is an example. `configs` are
    files that hold nothing but settings, whatever they are called.
    """
    all_settings = set(configs)
    split = {path: path.lower().split("/") for path in (*paths, *all_settings)}
    folders = [set(parts[:-1]) for parts in split.values()]
    common = set.intersection(*folders) if folders else set()
    found = set()
    named = set()
    for path, parts in split.items():
        name = parts[-1].removesuffix(".py")
        words = set(re.split(r"[_\W]+", name))
        apart = any(_FOLDER.fullmatch(part) for part in parts[:-1] if part not in common)
        settings = bool(words & _SETTINGS) or not _SETTINGS.isdisjoint(parts[-2:-1])
        settings = settings or not parts[-1].endswith(".py")
        if any(_holds_no_service(part) for part in parts[:-1] if part not in common):
            found.add(path)
        # What makes data for tests, and the command that does: its name says only that.
        if words <= _MAKES_DATA | _REHEARSED and words & _TESTS:
            named.add(path)
        if name.replace("_", "") in _STARTERS or (settings and (apart or words & _REHEARSED)):
            found.add(path)
    # Where all files are called so, that is what the program is called.
    return found if len(named) == len(split) else found | named


def _holds_no_service(folder: str) -> bool:
    """Whether a folder is for tests and what stands in for the real thing."""
    return folder in _TESTS or bool(_TEST_FOLDER.fullmatch(folder) or _STAND_IN.match(folder))


def rehearses(path: str) -> bool:
    """Whether a file is called after what is no service: tests, development, a demonstration."""
    return bool(_REHEARSED & set(re.split(r"[_\W]+", path.rpartition("/")[2].removesuffix(".py").lower())))


# Folders of data that is made up: besides those of tests and documentation, what is recorded or shown.
_MADE_UP = frozenset(
    ("testdata", "test_data", "test-data", "cassettes", "snapshots", "mocks", "api_samples", "locale", "locales", "i18n", "translations")
)  # fmt: skip


def stand_apart(paths: Iterable[str]) -> set[str]:
    """The files in folders of tests, documentation, examples and texts; what all paths have in common says nothing."""
    split = {path: path.lower().split("/") for path in paths}
    folders = [set(parts[:-1]) for parts in split.values()]
    common = set.intersection(*folders) if folders else set()
    return {
        path
        for path, parts in split.items()
        if any(
            _FOLDER.fullmatch(part) or part in _MADE_UP or part in _TESTS
            for part in parts[:-1]
            if part not in common
        )
    }


def is_test_module(module: ModuleInfo) -> bool:
    """Whether a module is test code, by its folder, or by the name of its file together with what it holds."""
    folders, _, name = module.path.rpartition("/")
    # Where the project itself lies says nothing: only folders of its own count, from the one its imports start in.
    above = len(module.base.rstrip("/").split("/")) - 1 if module.base not in ("", ".") else 0
    if name in ("conftest.py", "tests.py") or any(
        part in ("tests", "test", "testing") for part in folders.split("/")[above:]
    ):
        return True
    if any(b.rpartition(".")[2].endswith("TestCase") for c in module.classes for b in c.bases_text):
        return True
    # A file may be called after what it tries out; one of tests holds a test, or what tests are made with.
    return (name.startswith("test_") or name.endswith(("_test.py", "_tests.py"))) and (
        any(f.name.startswith("test") for f in module.functions)
        or any((b.target or "").startswith(_FRAMEWORKS) for bs in module.bindings.values() for b in bs)
    )
