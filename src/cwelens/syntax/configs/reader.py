"""Reads configuration files line by line: names with their values, and the commands of builds and workflows; of a script library its version.

What is asked of these files are single lines and what they stand below, so no parser of YAML is needed: a name, a value that stands on its
line, and the text of a block. So a template of a manifest, a broken file and one that refers to itself a million times are read like any other. What is not
understood is no entry. Invariant: never raises for any content; positions are those of the value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from cwelens.base import libraries
from cwelens.base.randomness import drawn
from cwelens.base.source import Source
from cwelens.base.token_forms import form_of
from cwelens.ir.nodes import Pos
from cwelens.syntax.configs import pairs
from cwelens.syntax.configs.kinds import is_manifest, kind_of, syntax_of
from cwelens.syntax.decode import decode

_ASSIGNED = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][\w.]*)\s*=\s*(.*?)\s*$")
_MEMBER = re.compile(r"^(\s*)(?:-\s+)?[\"']?([A-Za-z_][\w.-]*)[\"']?\s*:(?:\s+(.*?))?\s*$")
_ITEM = re.compile(r"^\s*-\s+[\"']?([A-Za-z_]\w*)=(.*?)[\"']?\s*$")
_ELEMENT = re.compile(r"^\s*-\s+(.*?)\s*$")
_BLOCK = re.compile(r"^[|>][+-]?\d*\s*(?:#.*)?$")
_DOCKER_PAIR = re.compile(r"([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|\S*)")
_DOCKER_WORD = re.compile(r"^\s*([A-Za-z]+)\s+(.*)$", re.DOTALL)


@dataclass(slots=True)
class Entry:
    """A name with its value, as text without quotes; `below` are the names it stands under, the outermost first."""

    name: str
    value: str
    pos: Pos
    below: tuple[str, ...] = ()


@dataclass(slots=True)
class Config:
    """`kind` is env, docker, compose, workflow, settings, kubernetes, requirements, data or library (of script for pages).

    `commands` are what a shell runs (of requirements: their lines), `elements` the items of lists.
    """

    source: Source
    kind: str
    entries: list[Entry] = field(default_factory=list)
    commands: list[Entry] = field(default_factory=list)
    elements: list[Entry] = field(default_factory=list)


def read_config(file: str | Path, shown: str) -> Config | None:
    """A configuration file on disk; None where it cannot be read, or is one of data without anything to look at."""
    kind = kind_of(shown)
    try:
        data = Path(file).read_bytes() if kind != "data" or Path(file).stat().st_size <= _LARGEST else b""
    except (OSError, ValueError):
        return None
    text = decode(data).text
    if text is None:
        return None
    config = parse(Source(shown, text), kind)
    return config if config.kind != "data" or config.entries or config.commands else None


# A larger file of data was not written by a person.
_LARGEST = 400_000


def parse(source: Source, kind: str) -> Config:
    """The entries of a text of a known kind. One of data has only those that can be a secret."""
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
    elif kind == "requirements":
        _requirements(config)
    elif kind in ("data", "settings"):
        _data(config, syntax_of(source.path) or "yaml")
    else:
        _yaml(config)
    return config


def _data(config: Config, syntax: str) -> None:
    source = config.source
    if syntax == "yaml":
        if config.kind == "data" and is_manifest(source.text):
            config.kind = "kubernetes"
        _yaml(config)
    else:
        read = {"ini": pairs.line_pairs, "toml": pairs.line_pairs, "shell": pairs.shell_pairs}.get(syntax)
        found = pairs.json_pairs(source.text) if read is None else read(source.lines)
        for name, value, number, start in found:
            config.entries.append(_entry(name, value, number, source.line(number), start))
    if config.kind == "data":
        config.entries = [entry for entry in config.entries if _may_be_key(entry)]
        config.elements, config.commands = [], []
    if syntax == "toml" and config.kind == "data":
        for _, value, number, _ in pairs.indexes(source.lines):
            config.commands.append(Entry("pip", f"--index-url {_unquoted(value)}", _whole(source, number)))
    if syntax == "shell":
        for number, line in enumerate(source.lines, 1):
            if line.strip() and not line.lstrip().startswith("#"):
                config.commands.append(Entry("shell", line.strip(), _whole(source, number)))


def _may_be_key(entry: Entry) -> bool:
    """Whether an entry of data, by its value, may be a secret: the names of files are listed under names of files."""
    return "/" not in entry.name and (drawn(entry.value) or form_of(entry.value) is not None)


def _requirements(config: Config) -> None:
    """Each line that asks for a package or says where packages come from; of pip's own settings each option."""
    is_settings = syntax_of(config.source.path) == "ini"
    for number, line in enumerate(config.source.lines, 1):
        text = re.sub(r"(?:^|\s)#.*$", "", line).strip()
        if text and not text.startswith("["):
            option = re.sub(r"^([a-z-]+)\s*=\s*", r"--\1 ", text) if is_settings else text
            config.commands.append(Entry("pip", option, _whole(config.source, number)))


def _library(config: Config) -> None:
    """The library that the file holds, and its version."""
    name = config.source.path.replace("\\", "/").rpartition("/")[2].lower()
    version = libraries.version_of(name, config.source.text[: libraries.HEAD])
    if version:
        pos = (1, 0, 1, min(80, len(config.source.line(1).encode("utf-8", "surrogatepass"))))
        config.entries.append(Entry(libraries.library_of(name), version, pos))


def _entry(name: str, value: str, number: int, line: str, start: int, below: tuple[str, ...] = ()) -> Entry:
    begin = len(line[:start].encode("utf-8", "surrogatepass"))
    pos = (number, begin, number, begin + len(value.encode("utf-8", "surrogatepass")))
    return Entry(name, _unquoted(value), pos, below)


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
    # The names that are open, with the columns where they stand.
    open_names: list[tuple[int, str]] = []
    # What `name:` has said in the mapping at a column, for the `value:` beside it.
    named: tuple[int, str] = (-1, "")
    while number < len(lines):
        line = lines[number]
        number += 1
        if line.lstrip().startswith("#") or len(line) > _LONGEST:
            continue
        item = _ITEM.match(line)
        if item is not None:
            config.entries.append(_entry(item.group(1), item.group(2), number, line, item.start(2)))
        element = _ELEMENT.match(line)
        if element is not None:
            config.elements.append(
                Entry("", _unquoted(element.group(1)), _whole(config.source, number), _names(open_names))
            )
        member = _MEMBER.match(line)
        if member is None:
            config.entries += _flow(line, number, _names(open_names))
            continue
        column = member.start(2)
        while open_names and open_names[-1][0] >= column:
            open_names.pop()
        below = _names(open_names)
        name, value = member.group(2), member.group(3)
        open_names.append((column, name))
        if element is not None or column != named[0]:
            named = (-1, "")
        if not value or value.startswith("#"):
            continue
        if not _BLOCK.match(value):
            entry = _entry(name, value, number, line, member.start(3), below)
            config.entries.append(entry)
            if value.startswith(("{", "[")):
                config.entries += _flow(line, number, (*below, name))
            if name in ("name", "key"):
                named = (column, entry.value)
            elif name == "value" and named[0] == column:
                config.entries.append(Entry(named[1], entry.value, entry.pos, below))
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


def _names(open_names: list[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(name for _, name in open_names)


def _flow(line: str, number: int, below: tuple[str, ...]) -> list[Entry]:
    """The members of a mapping that stands on one line: `{name: DB, value: x}`."""
    found: list[Entry] = []
    name = ""
    for member in _FLOW_MEMBER.finditer(line):
        entry = _entry(member[1], member[2], number, line, member.start(2), below)
        found.append(entry)
        if member[1] == "value" and name:
            found.append(Entry(name, entry.value, entry.pos, below))
        name = entry.value if member[1] in ("name", "key") else ""
    return found


_FLOW_MEMBER = re.compile(
    r"[{,]\s{0,9}[\"']?([A-Za-z_][\w.-]{0,80})[\"']?\s{0,9}:\s{1,9}(\"[^\"]*\"|'[^']*'|[^,{}\s\[\]]+)"
)
# A longer line was written by a program.
_LONGEST = 2000


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
