"""Settings of Django that the module they stand in does not have the last word about: others replace them, or a middleware decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.checks.judgement import Judgement
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.testcode import rehearses

if TYPE_CHECKING:
    from cwelens.resolve.program import Program
    from cwelens.resolve.symbols import ModuleInfo

_SETTINGS = "django.settings."
# Where the host of a request is read.
_HOST = ("get_host(", "HTTP_HOST", "raw_host")


def judged(program: Program, module: ModuleInfo, target: str, judgement: Judgement) -> Judgement:
    """The judgement on a setting that is weak as it stands, in view of what the rest of the program does about it."""
    if judgement.kind != "defect" or not target.startswith(_SETTINGS):
        return judgement
    name = target.removeprefix(_SETTINGS)
    other = _replaced(program, module, name)
    if other is not None:
        return Judgement(
            "conditional",
            "",
            assumption=f"the program is in service without `{other.path}`, which replaces it",
        )
    if name == "ALLOWED_HOSTS":
        middleware = _own_middleware(program, module)
        if middleware:
            return Judgement(
                "conditional", "", assumption=f"`{middleware}`, which looks at the host, lets any through"
            )
    return judgement


def _replaced(program: Program, module: ModuleInfo, name: str) -> ModuleInfo | None:
    """The settings that take all of these over (`from .common import *`) and set this one to something else."""
    mine = _constant(module, name)
    for other in program.modules.values():
        if name not in other.bindings or rehearses(other.path):
            continue
        if any(f".{star.target}".endswith(f".{module.name}") for star in other.stars):
            theirs = _constant(other, name)
            if theirs is None or mine is None or theirs.value != mine.value:
                return other
    return None


def _constant(module: ModuleInfo, name: str) -> ir.Const | None:
    value = module.bindings[name][-1].value if name in module.bindings else None
    return value if isinstance(value, ir.Const) else None


def _own_middleware(program: Program, module: ModuleInfo) -> str:
    """A middleware of the program itself that reads the host of a request, by its dotted name in the settings."""
    for bound in module.bindings.get("MIDDLEWARE", ()):
        for part in walk(bound.value) if bound.value is not None else ():
            if not isinstance(part, ir.Const) or not isinstance(part.value, str):
                continue
            for other in program.modules.values():
                if any(word in other.source.text for word in _HOST):
                    if any(cls.name == part.value.rpartition(".")[2] for cls in other.classes):
                        return part.value
    return ""
