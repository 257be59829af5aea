"""Configuration of Flask kept as a class or a module: `class Config: SESSION_COOKIE_SECURE = False`, loaded by `from_object`.

Which class is loaded is often decided by a name in the environment, so the class itself has to tell: by its name, and by settings
that Flask or an extension of it documents.
"""

from __future__ import annotations

import re
from collections.abc import Set
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cwelens.flow.run import Run
    from cwelens.flow.state import State
    from cwelens.ir import nodes as ir
    from cwelens.resolve.symbols import Binding, ClassInfo, ModuleInfo

TARGET = "flask.Flask.config"
_NAME = re.compile(r"(?i)config|settings")
_TESTING = re.compile(r"(?i)test|^ci|mock|fake")
_DEVELOPMENT = re.compile(r"(?i)dev|local|debug")
# Settings that only Flask and its extensions have, and those that other frameworks have too.
_OWN = re.compile(
    r"^(?:SESSION_COOKIE_\w+|REMEMBER_COOKIE_\w+|PERMANENT_SESSION_LIFETIME|SQLALCHEMY_\w+|WTF_\w+|JWT_\w+|MAX_CONTENT_LENGTH|"
    r"TEMPLATES_AUTO_RELOAD|SEND_FILE_MAX_AGE_DEFAULT|APPLICATION_ROOT|PREFERRED_URL_SCHEME|FLASK_\w+|SECURITY_PASSWORD_SALT)$"
)
_SHARED = frozenset(("SECRET_KEY", "DEBUG", "TESTING", "SERVER_NAME"))
# What is as it should be on the machine of a developer.
_FOR_DEVELOPMENT = re.compile(r"^(?:DEBUG|ENV|\w+_COOKIE_SECURE)$")


def class_config(run: Run, info: ClassInfo, st: State) -> None:
    """The attributes of a class that is a configuration of Flask are its settings."""
    line = run.program.mro(info)[0]
    called = [*(c.name for c in line), info.module.name.rpartition(".")[2]]
    if not any(map(_NAME.search, called)) or _TESTING.search(info.name):
        return
    if _recognised({name for c in line for name in c.bindings}):
        _tell(run, info.name, info.bindings, st)


def module_config(run: Run, module: ModuleInfo) -> None:
    """The names of a module that is a configuration of Flask are its settings."""
    name = module.name.rpartition(".")[2]
    state = run.shared.modules.get(module.name)
    if state is None or not _NAME.search(name) or _TESTING.search(name):
        return
    if "ROOT_URLCONF" in module.bindings or not _recognised(module.bindings.keys()):
        return
    saved = run.frame
    run.frame = run.shared.module_frames[module.name]
    _tell(run, name, module.bindings, state)
    run.frame = saved


def _recognised(names: Set[str]) -> bool:
    own = sum(_OWN.match(n) is not None for n in names)
    return own >= 1 and own + len(_SHARED & names) >= 2


def _tell(run: Run, owner: str, bindings: dict[str, list[Binding]], st: State) -> None:
    for name, value in list(st.env.items()):
        places = bindings.get(name)
        if not places or not name.isupper():
            continue
        if _DEVELOPMENT.search(owner) and _FOR_DEVELOPMENT.match(name):
            continue
        node: ir.Node = places[-1].node
        run.observer.setting(run, node, TARGET, name, value, st, f"{owner}.{name}")
