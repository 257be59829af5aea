"""Which configuration a file holds: by its name, of a manifest or a file of data also by its first words."""

from __future__ import annotations

import re

from cwelens.base import libraries

_COMPOSE = re.compile(r"^(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$")
_DOCKER = re.compile(r"^(?:dockerfile(?:\.[\w.-]+)?|[\w.-]+\.dockerfile)$")
_SETTINGS = re.compile(
    r"^(?:config|settings|secrets|application|credentials|app|appsettings|production|prod)(?:[._-](?:prod|production|live))?"
    r"\.(ya?ml|json|toml|ini|cfg|conf|properties)$"
)
# Files that show what has to be filled in, and those of a developer's own machine or of tests.
_PATTERN = re.compile(r"(?i)example|sample|template|dist|default|test|dev|local|(?:^|[._-])ci(?:[._-]|$)")
_WORKFLOW = re.compile(r"(?:^|/)\.github/workflows/[^/]+\.ya?ml$|(?:^|/)\.gitlab-ci\.yml$")
_REQUIREMENTS = re.compile(
    r"(?:^|/)(?:[\w.-]*requirements[\w.-]*|constraints[\w.-]*)\.(?:txt|in)$|(?:^|/)requirements/[\w.-]+\.(?:txt|in)$|(?:^|/)pip\.(?:conf|ini)$"
)
# What a tool writes and checks, and what holds nothing but names, forms and texts for people.
_WRITTEN = re.compile(
    r"(?:^|[._-])lock\.(?:json|ya?ml|toml)$|^(?:package|tsconfig|composer|manifest|bower|renovate|mkdocs|openapi|swagger)[\w.-]*\.(?:json|ya?ml)$"
    r"|\.(?:min|schema|spec|po|messages)\.json$"
)
_DATA = {
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".toml": "toml",
    ".ini": "ini",
    ".cfg": "ini",
    ".conf": "ini",
    ".properties": "ini",
    ".sh": "shell",
    ".bash": "shell",
}
_NAMED = {".npmrc": "ini", ".pypirc": "ini", ".netrc": "ini", "credentials": "ini"}


def kind_of(path: str) -> str:
    """What kind of configuration a file is by its name; "" for none. `data` is one that may hold anything."""
    shown = path.replace("\\", "/")
    name = shown.rpartition("/")[2].lower()
    if _WORKFLOW.search(shown.lower()):
        return "workflow"
    if _DOCKER.match(name):
        return "docker"
    if libraries.library_of(name):
        return "library"
    if _REQUIREMENTS.search(shown.lower()):
        return "requirements"
    if _PATTERN.search(name):
        return ""
    if name == ".env" or name.startswith(".env.") or (name.endswith(".env") and len(name) > 4):
        return "env"
    if _COMPOSE.match(name):
        return "compose"
    if _SETTINGS.match(name):
        return "settings"
    return "data" if syntax_of(name) and not _WRITTEN.search(name) else ""


def syntax_of(path: str) -> str:
    """How a file of settings or data is written: yaml, json, toml, ini or shell; "" for another way."""
    name = path.replace("\\", "/").rpartition("/")[2].lower()
    if name in _NAMED:
        return _NAMED[name]
    dot = name.rfind(".")
    return _DATA.get(name[dot:], "") if dot > 0 else ""


_VERSION = re.compile(r"^apiVersion:\s*[\w./-]+", re.MULTILINE)
_OBJECT = re.compile(r"^kind:\s*[A-Z]\w+", re.MULTILINE)


def is_manifest(text: str) -> bool:
    """Whether a text in YAML describes objects of Kubernetes."""
    return _VERSION.search(text) is not None and _OBJECT.search(text) is not None
