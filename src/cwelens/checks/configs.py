"""Judges configuration files: secrets written in them, programs fetched and run unchecked, what strangers write run in workflows."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence

from cwelens.base import token_forms
from cwelens.base.randomness import drawn, is_hex
from cwelens.checks import manifests, names, requirements
from cwelens.checks.checker import Checker
from cwelens.checks.config_records import add
from cwelens.checks.literals import by_form, rule_for, tells_secret
from cwelens.resolve.testcode import stand_apart
from cwelens.syntax.configs.reader import Config, Entry

# What stands for a value that comes from elsewhere.
_ELSEWHERE = re.compile(
    r"\$\{|\$\(|\$[A-Za-z_]|\{\{|<[^>]*>|%\(|^!|^os\.environ\b|^(?:vault|secret|ref|file|env|arn|op|ssm):|^[*&]|^/(?:run|etc|var)/"
)
_FLAGS = frozenset(("yes", "no", "true", "false", "on", "off", "none", "null"))
_TO_SHELL = re.compile(
    r"\b(?:curl|wget)\b[^|\n;&]*\|\s*(?:sudo\s+(?:-\w+\s+)*)?(?:ba|z|da)?sh\b|\b(?:ba|z)?sh\s+(?:-c\s+[\"']?\$\(|<\()\s*(?:curl|wget)\b"
)
_FETCHED = re.compile(r"\b(?:curl|wget)\b[^\n;&|]*https?://\S+")
_MADE_PROGRAM = re.compile(
    r"\bchmod\s+(?:a|u|ug|ugo)?\+x\b|\bchmod\s+[0-7]*[157][0-7]*\b|\binstall\s+-m\b|\bdpkg\s+-i\b"
)
_CHECKED = re.compile(
    r"(?i)\bsha(?:256|512)sum\b|\bshasum\b|\bgpg2?\b|\bcosign\b|\bminisign\b|--checksum|\bopenssl dgst\b|\bslsa-verifier\b|\battestation verify\b"
)
_STRANGER = re.compile(
    r"\$\{\{[^}]*github\.(?:event\.(?:issue|pull_request|comment|review|discussion)\.(?:title|body|head\.ref|head\.label)"
    r"|event\.(?:comment|review)\.body|event\.head_commit\.message|event\.commits|head_ref)[^}]*\}\}"
)
_MOVING = re.compile(r"^([\w.-]+)/[\w./-]+@(?:main|master|develop|dev|HEAD)$")
_OWN = frozenset(("actions", "github", "docker"))


def check(checker: Checker, configs: Sequence[Config]) -> None:
    """What is wrong in the given files becomes records like those of code."""
    program = [m.path for m in checker.shared.program.modules.values() if m.is_input]
    apart = stand_apart([*program, *(config.source.path for config in configs)])
    for config in configs:
        if config.kind == "data" and config.source.path in apart:
            # What tests and documentation bring along is made up, or of no use to anybody.
            continue
        for entry in config.entries:
            _secret(checker, config, entry)
            _switch(checker, config, entry)
        for command in config.commands:
            _command(checker, config, command)
        for element in config.elements:
            if config.kind == "compose" and "/var/run/docker.sock" in element.value:
                add(
                    checker, config, element, "needless-privileges", "the container can command Docker itself"
                )
        if config.kind == "kubernetes":
            manifests.check(checker, config)


def _secret(checker: Checker, config: Config, entry: Entry) -> None:
    """A password or a key under its name, where it is the value and not where to find it."""
    name, value = entry.name, entry.value
    if config.kind == "kubernetes" and "data" in entry.below and "Secret" in _kinds(config):
        value = _decoded(value)
    if config.kind == "workflow" or not value or _ELSEWHERE.search(value) or value.lower() in _FLAGS:
        return
    form = token_forms.form_of(value)
    if form is not None and form.public and config.kind == "data":
        # What an app or a page brings along for whoever runs it.
        return
    if form is not None:
        what = "is" if not form.pattern else "has the form of a key of"
        add(checker, config, entry, "hard-coded-credential", f"the value {what} {form.owner}")
    elif config.kind == "data":
        # A file may hold anything: name and chance have to agree.
        if names.hints_at_secret(name) and drawn(value) and (not is_hex(value) or names.is_secret(name)):
            loaded = "a program in service loads these records" if _FIXTURE.search(config.source.path) else ""
            add(checker, config, entry, rule_for(name), f"`{name}` is written in the file", loaded)
    elif tells_secret(name, value):
        add(checker, config, entry, rule_for(name), f"`{name}` is written in the file")


def _kinds(config: Config) -> set[str]:
    """The kinds of the objects that a manifest describes."""
    return {entry.value for entry in config.entries if entry.name == "kind" and not entry.below}


def _decoded(value: str) -> str:
    """The value of a Secret, which is written in base64."""
    try:
        return base64.b64decode(value, validate=True).decode("utf-8")
    except ValueError:
        return value


def _switch(checker: Checker, config: Config, entry: Entry) -> None:
    """Switches of the image that is deployed, and what a container may do."""
    name, value = entry.name, entry.value.lower()
    if config.kind == "docker" and (name, value) in (
        ("FLASK_DEBUG", "1"),
        ("FLASK_DEBUG", "true"),
        ("FLASK_ENV", "development"),
    ):
        add(checker, config, entry, "debug-mode", f"`{name}` is set in the image")
    elif config.kind == "compose" and name == "privileged" and value == "true":
        add(checker, config, entry, "needless-privileges", "a privileged container is root on the machine")
    elif config.kind == "compose" and name in (
        "MYSQL_ALLOW_EMPTY_PASSWORD",
        "ALLOW_EMPTY_PASSWORD",
        "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD",
    ):
        if value in ("yes", "true", "1"):
            add(checker, config, entry, "empty-password", f"`{name}` leaves the account without a password")
    elif config.kind == "workflow" and name == "uses":
        moving = _MOVING.match(entry.value)
        if moving is not None and moving.group(1) not in _OWN:
            add(
                checker,
                config,
                entry,
                "unpinned-code",
                f"`{entry.value}` is whatever its branch holds at that time",
            )


_FIXTURE = re.compile(r"(?:^|/)fixtures?/")
_INSTALLS = re.compile(r"\bpip3?\s+(?:install|download|wheel|sync|compile)\b|\bpip-sync\b")


def _known_line(checker: Checker, config: Config, entry: Entry) -> bool:
    """Whether a secret on the line was found by its name."""
    return any(
        record.place[0] is config.source and record.place[1][0] == entry.pos[0]
        for record in checker.records.values()
    )


def _command(checker: Checker, config: Config, command: Entry) -> None:
    """A line of a shell, or of a Dockerfile: programs from the network, keys handed along, and texts of strangers."""
    text = command.value
    if command.name == "pip" or (_INSTALLS.search(text) and "\n" not in text):
        requirements.check(checker, config, command)
    if command.name == "shell":
        reason = by_form(text)
        if reason and not _known_line(checker, config, command):
            add(checker, config, command, "hard-coded-credential", reason)
        return
    if command.name == "ADD" and re.match(r"(?i)https?://", text) and "--checksum" not in text:
        add(checker, config, command, "unchecked-download", "what is fetched is not compared with a checksum")
        return
    if command.name not in ("RUN", "run", "script"):
        return
    several = "\n" in text
    if config.kind == "workflow" and not several and _STRANGER.search(text):
        add(checker, config, command, "workflow-injection", "the shell gets what a stranger has written")
    if _TO_SHELL.search(text) and (config.kind == "docker" or not several):
        add(checker, config, command, "unchecked-download", "a shell runs what is fetched")
    elif (config.kind == "docker" or several) and _FETCHED.search(text) and _MADE_PROGRAM.search(text):
        if not _CHECKED.search(text) and not _TO_SHELL.search(text):
            add(
                checker,
                config,
                command,
                "unchecked-download",
                "a program is fetched and not compared with a checksum",
            )
