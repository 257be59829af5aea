"""What the installed libraries say about names. It imports them, so it is for whoever writes models; nothing in the product uses it."""

from __future__ import annotations

import importlib
import inspect
import sys
import warnings
from functools import cached_property
from importlib import metadata

from cwelens.models.facts import Fact


class Installed:
    """Facts from the libraries of this environment, each name looked up once; `asked` keeps them."""

    def __init__(self) -> None:
        self.python = sys.version_info[:2]
        self.asked: dict[str, Fact] = {}

    def of(self, name: str) -> Fact:
        known = self.asked.get(name)
        if known is None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                known = self.asked[name] = _fact(name)
        return known

    def versions(self, packages: set[str]) -> dict[str, str]:
        """Import name → distribution and version, for those that are installed."""
        owners = metadata.packages_distributions()
        found = {}
        for package in sorted(packages):
            names = sorted(
                set(owners.get(package, ())), key=lambda name: (name.lower() != package.lower(), name)
            )
            if names:
                found[package] = f"{names[0]} {metadata.version(names[0])}"
        return found


def _fact(name: str) -> Fact:
    try:
        found, is_method = locate(name)
    except ModuleNotFoundError as error:
        return Fact("not installed", reason=str(error))
    except LookupError as error:
        return Fact("missing", reason=str(error))
    except (
        BaseException
    ) as error:  # a library may raise anything while it is imported or asked for an attribute
        if isinstance(error, KeyboardInterrupt):
            raise
        return Fact("not installed", reason=f"{type(error).__name__} when it is imported")
    if not callable(found):
        is_property = isinstance(found, cached_property) or hasattr(type(found), "__get__")
        return Fact("property" if is_property else "value")
    try:
        parameters = tuple(inspect.signature(found).parameters.values())
    except Exception:  # it has none, or the object stands for another one that is not there now
        return Fact("callable")
    if is_method or (parameters and parameters[0].name == "self"):
        # Also where a method stands in a module, bound to an object that its wrapper hides.
        parameters = parameters[1:]
    return Fact("callable", parameters)


def locate(name: str) -> tuple[object, bool]:
    """The object of this name, and whether calling it through an instance fills its first parameter.

    Imports the longest prefix that is a module. `ModuleNotFoundError` if there is none, `LookupError` for a missing attribute.
    """
    parts = name.split(".")
    found, used = _import(parts)
    is_method = False
    for part in parts[used:]:
        try:
            member = inspect.getattr_static(found, part) if inspect.isclass(found) else None
            inner = getattr(found, part)
        except AttributeError:
            raise LookupError(f"{type(found).__name__} {'.'.join(parts[:used])} has no {part}") from None
        is_method = inspect.isfunction(member) or inspect.ismethoddescriptor(member)
        # A method of the metaclass comes bound.
        is_method = (
            is_method and not isinstance(member, staticmethod | classmethod) and not inspect.ismethod(inner)
        )
        found = inner
        used += 1
    return found, is_method


def _import(parts: list[str]) -> tuple[object, int]:
    """The module of the longest importable prefix, and the prefix's length."""
    module: object = None
    used = 0
    for end in range(1, len(parts) + 1):
        try:
            module = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            if used == 0:
                raise
            break
        above, last = sys.modules.get(".".join(parts[: end - 1])), parts[end - 1]
        if end > 1 and not inspect.ismodule(getattr(above, last, module)):
            # `pexpect.run` is a function although there is a module of that name too.
            return above, end - 1
        used = end
    return module, used


def prepare() -> None:
    """Settings without which some libraries refuse to be imported."""
    try:
        import django  # type: ignore[import-not-found,unused-ignore]
        from django.conf import settings  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return
    if not settings.configured:
        apps = [
            f"django.contrib.{name}" for name in ("contenttypes", "auth", "sessions", "messages", "admin")
        ]
        settings.configure(SECRET_KEY="x", RQ_SHOW_ADMIN_LINK=False, INSTALLED_APPS=apps)
        django.setup()
