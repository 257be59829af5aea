"""Judges configuration files: secrets written in them, programs fetched and run unchecked, what strangers write run in workflows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cwelens.checks import names
from cwelens.checks.checker import Checker
from cwelens.checks.judgement import Judgement
from cwelens.checks.literals import KNOWN_KEY, plausible
from cwelens.checks.record import Record
from cwelens.checks.rules import BY_ID
from cwelens.syntax.configs.reader import Config, Entry

# What stands for a value that comes from elsewhere.
_ELSEWHERE = re.compile(
    r"\$\{|\$\(|\$[A-Za-z_]|\{\{|<[^>]*>|%\(|^!|^(?:vault|secret|ref|file|env|arn|op|ssm):|^[*&]|^/(?:run|etc|var)/"
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
    for config in configs:
        for entry in config.entries:
            _secret(checker, config, entry)
            _switch(checker, config, entry)
        for command in config.commands:
            _command(checker, config, command)
        for element in config.elements:
            if config.kind == "compose" and "/var/run/docker.sock" in element.value:
                _add(
                    checker, config, element, "needless-privileges", "the container can command Docker itself"
                )


def _add(checker: Checker, config: Config, entry: Entry, rule_id: str, reason: str) -> None:
    rule = BY_ID[rule_id]
    record = Record(rule, rule.concept, (config.source, entry.pos), entry.name or config.kind, "", "", "")
    record.best = Judgement("defect", reason)
    checker.records.setdefault((config.source.path, entry.pos, rule.cwe, rule.concept), record)


def _secret(checker: Checker, config: Config, entry: Entry) -> None:
    """A password or a key under its name, where it is the value and not where to find it."""
    name, value = entry.name, entry.value
    if config.kind == "workflow" or not value or _ELSEWHERE.search(value) or value.lower() in _FLAGS:
        return
    if KNOWN_KEY.match(value):
        _add(checker, config, entry, "hard-coded-credential", "the value has the form of a vendor's key")
    elif names.is_password(name) and plausible(value, name):
        _add(checker, config, entry, "hard-coded-password", f"`{name}` is written in the file")
    elif names.is_secret(name) and plausible(value, name):
        key = "key" in names.words(name) and not {"api", "access"} & set(names.words(name))
        rule = "hard-coded-key" if key else "hard-coded-credential"
        _add(checker, config, entry, rule, f"`{name}` is written in the file")


def _switch(checker: Checker, config: Config, entry: Entry) -> None:
    """Switches of the image that is deployed, and what a container may do."""
    name, value = entry.name, entry.value.lower()
    if config.kind == "docker" and (name, value) in (
        ("FLASK_DEBUG", "1"),
        ("FLASK_DEBUG", "true"),
        ("FLASK_ENV", "development"),
    ):
        _add(checker, config, entry, "debug-mode", f"`{name}` is set in the image")
    elif config.kind == "compose" and name == "privileged" and value == "true":
        _add(checker, config, entry, "needless-privileges", "a privileged container is root on the machine")
    elif config.kind == "compose" and name in (
        "MYSQL_ALLOW_EMPTY_PASSWORD",
        "ALLOW_EMPTY_PASSWORD",
        "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD",
    ):
        if value in ("yes", "true", "1"):
            _add(checker, config, entry, "empty-password", f"`{name}` leaves the account without a password")
    elif config.kind == "workflow" and name == "uses":
        moving = _MOVING.match(entry.value)
        if moving is not None and moving.group(1) not in _OWN:
            _add(
                checker,
                config,
                entry,
                "unpinned-code",
                f"`{entry.value}` is whatever its branch holds at that time",
            )


def _command(checker: Checker, config: Config, command: Entry) -> None:
    """A line of a shell, or of a Dockerfile: programs from the network, and texts of strangers."""
    text = command.value
    if command.name == "ADD" and re.match(r"(?i)https?://", text) and "--checksum" not in text:
        _add(
            checker, config, command, "unchecked-download", "what is fetched is not compared with a checksum"
        )
        return
    if command.name not in ("RUN", "run", "script"):
        return
    several = "\n" in text
    if config.kind == "workflow" and not several and _STRANGER.search(text):
        _add(checker, config, command, "workflow-injection", "the shell gets what a stranger has written")
    if _TO_SHELL.search(text) and (config.kind == "docker" or not several):
        _add(checker, config, command, "unchecked-download", "a shell runs what is fetched")
    elif (config.kind == "docker" or several) and _FETCHED.search(text) and _MADE_PROGRAM.search(text):
        if not _CHECKED.search(text) and not _TO_SHELL.search(text):
            _add(
                checker,
                config,
                command,
                "unchecked-download",
                "a program is fetched and not compared with a checksum",
            )
