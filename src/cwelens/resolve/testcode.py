"""Which modules are test code: what they call does not show how a function is used in service, and secrets in them are fixtures."""

from __future__ import annotations

from cwelens.resolve.symbols import ModuleInfo

_FRAMEWORKS = ("pytest", "unittest", "nose", "django.test", "hypothesis", "testtools")


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
