"""Reads configuration files line by line: names with their values, and the commands of builds and workflows; of a script library its version.

What is asked of these files are single lines, so no parser of YAML is needed: a name, a value that stands on its line, and the text of a
block. What is not understood is no entry. Invariant: never raises for any content; positions are those of the value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from cwelens.base import libraries
from cwelens.base.source import Source
from cwelens.ir.nodes import Pos
from cwelens.syntax.decode import decode

_COMPOSE = re.compile(r"^(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$")
_DOCKER = re.compile(r"^(?:dockerfile(?:\.[\w.-]+)?|[\w.-]+\.dockerfile)$")
_SETTINGS = re.compile(
    r"^(?:config|settings|secrets|application|credentials|app|production|prod)(?:[._-](?:prod|production|live))?\.ya?ml$"
)
# Files that show what has to be filled in, and those of a developer's own machine or of tests.
_PATTERN = re.compile(r"(?i)example|sample|template|dist|default|test|dev|local|(?:^|[._-])ci(?:[._-]|$)")
_WORKFLOW = re.compile(r"(?:^|/)\.github/workflows/[^/]+\.ya?ml$|(?:^|/)\.gitlab-ci\.yml$")

_ASSIGNED = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][\w.]*)\s*=\s*(.*?)\s*$")
_MEMBER = re.compile(r"^(\s*)(?:-\s+)?[\"']?([A-Za-z_][\w.-]*)[\"']?\s*:(?:\s+(.*?))?\s*$")
_ITEM = re.compile(r"^\s*-\s+[\"']?([A-Za-z_]\w*)=(.*?)[\"']?\s*$")
_ELEMENT = re.compile(r"^\s*-\s+(.*?)\s*$")
_BLOCK = re.compile(r"^[|>][+-]?\d*\s*(?:#.*)?$")
_DOCKER_PAIR = re.compile(r"([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|\S*)")
_DOCKER_WORD = re.compile(r"^\s*([A-Za-z]+)\s+(.*)$", re.DOTALL)


@dataclass(slots=True)
class Entry:
    """A name with its value, as text without quotes."""

    name: str
    value: str
    pos: Pos


@dataclass(slots=True)
class Config:
    """`kind` is env, docker, compose, workflow, settings or library (of script for pages). `commands` are what a shell runs, `elements` the items of lists."""

    source: Source
    kind: str
    entries: list[Entry] = field(default_factory=list)
    commands: list[Entry] = field(default_factory=list)
    elements: list[Entry] = field(default_factory=list)


def kind_of(path: str) -> str:
    """What kind of configuration a file is by its name; "" for none."""
    shown = path.replace("\\", "/")
    name = shown.rpartition("/")[2].lower()
    if _WORKFLOW.search(shown.lower()):
        return "workflow"
    if _DOCKER.match(name):
        return "docker"
    if libraries.library_of(name):
        return "library"
    if _PATTERN.search(name):
        return ""
    if name == ".env" or name.startswith(".env.") or (name.endswith(".env") and len(name) > 4):
        return "env"
    if _COMPOSE.match(name):
        return "compose"
    return "settings" if _SETTINGS.match(name) else ""


def read_config(file: str | Path, shown: str) -> Config | None:
    """A configuration file on disk; None where it cannot be read."""
    try:
        data = Path(file).read_bytes()
    except (OSError, ValueError):
        return None
    text = decode(data).text
    return parse(Source(shown, text), kind_of(shown)) if text is not None else None


def parse(source: Source, kind: str) -> Config:
    """The entries of a text of a known kind."""
    config = Config(source, kind)
    if kind == "env":
        for number, line in enumerate(source.lines, 1):
            found = _ASSIGNED.match(line)
            if found and not line.lstrip().startswith("#"):
                config.entries.append(_entry(found.group(1), found.group(2), number, line, found.start(2)))
    elif kind == "docker":
        _dockerfile(config)
    elif kind == "library":
        _library(config)
    else:
        _yaml(config)
    return config


def _library(config: Config) -> None:
    """The library that the file holds, and its version."""
    name = config.source.path.replace("\\", "/").rpartition("/")[2].lower()
    version = libraries.version_of(name, config.source.text[: libraries.HEAD])
    if version:
        pos = (1, 0, 1, min(80, len(config.source.line(1).encode("utf-8", "surrogatepass"))))
        config.entries.append(Entry(libraries.library_of(name), version, pos))


def _entry(name: str, value: str, number: int, line: str, start: int) -> Entry:
    begin = len(line[:start].encode("utf-8", "surrogatepass"))
    pos = (number, begin, number, begin + len(value.encode("utf-8", "surrogatepass")))
    return Entry(name, _unquoted(value), pos)


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return re.sub(r"\s+#.*$", "", value)


def _dockerfile(config: Config) -> None:
    number = 0
    lines = config.source.lines
    while number < len(lines):
        first = number
        text = lines[number]
        while text.rstrip().endswith("\\") and number + 1 < len(lines):
            number += 1
            text = text.rstrip()[:-1] + "\n" + lines[number]
        number += 1
        found = _DOCKER_WORD.match(text)
        if found is None or text.lstrip().startswith("#"):
            continue
        word, rest = found.group(1).upper(), found.group(2)
        if word in ("ENV", "ARG"):
            pairs = _DOCKER_PAIR.findall(rest) or [tuple([*rest.split(None, 1), ""][:2])]
            for name, value in pairs:
                config.entries.append(_entry(name, value, first + 1, lines[first], 0))
        else:
            config.commands.append(Entry(word, rest, _whole(config.source, first + 1)))


def _whole(source: Source, number: int) -> Pos:
    line = source.line(number)
    start = len(line) - len(line.lstrip())
    return number, start, number, len(line.encode("utf-8", "surrogatepass"))


def _yaml(config: Config) -> None:
    lines = config.source.lines
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if line.lstrip().startswith("#"):
            continue
        item = _ITEM.match(line)
        if item is not None:
            config.entries.append(_entry(item.group(1), item.group(2), number, line, item.start(2)))
        element = _ELEMENT.match(line)
        if element is not None:
            config.elements.append(Entry("", _unquoted(element.group(1)), _whole(config.source, number)))
        member = _MEMBER.match(line)
        if member is None or not member.group(3):
            continue
        name, value = member.group(2), member.group(3)
        if not _BLOCK.match(value):
            entry = _entry(name, value, number, line, member.start(3))
            config.entries.append(entry)
            if name in ("run", "script"):
                config.commands.append(Entry(name, entry.value, entry.pos))
            continue
        margin, first, block = len(member.group(1)), number + 1, []
        while number < len(lines) and (not lines[number].strip() or _indent(lines[number]) > margin):
            block.append(lines[number])
            number += 1
        for offset, text in enumerate(block):
            config.commands.append(Entry(name, text.strip(), _whole(config.source, first + offset)))
        config.commands.append(Entry(name, "\n".join(block), _whole(config.source, first)))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
