"""Judges where packages come from: requirements files, pip's own settings, and commands that install.

A package is a program that runs with all rights of the one that asks for it. Over a connection that nobody checks, or from an index where anybody can
register the name, it is somebody else's. Hashes in the file settle both.
"""

from __future__ import annotations

import re

from cwelens.base import token_forms
from cwelens.base.randomness import drawn
from cwelens.checks.checker import Checker
from cwelens.checks.config_records import add
from cwelens.flow.conditions import placeholder
from cwelens.syntax.configs.reader import Config, Entry

_HASHED = re.compile(r"--(?:require-hashes|hash)\b")
_HERE = r"(?:localhost|127\.|\[?::1|0\.0\.0\.0|host\.docker\.internal)"
_INDEX = re.compile(rf"(?:--index-url|--extra-index-url|--find-links|-i|-f)[\s=]+[\"']?http://(?!{_HERE})\S+")
_PACKAGE = re.compile(
    rf"(?:^|[\s@\"'])(?:(?:git|hg|svn|bzr)\+http://(?!{_HERE})|git\+git://|git://|http://(?!{_HERE})\S+\.(?:whl|tar\.gz|tgz|zip)\b)"
)
_TRUSTED = re.compile(rf"--trusted-host[\s=]+[\"']?(?!{_HERE})[\w.-]")
_EXTRA = re.compile(r"--extra-index-url[\s=]+[\"']?(?:https?://|\$)\S+")
_ACCOUNT = re.compile(r"https?://([^\s/:@\"']*):?([^\s/@\"']*)@[\w.-]+")
_ELSEWHERE = re.compile(r"[${}<>%]|\*\*")


def check(checker: Checker, config: Config, command: Entry) -> None:
    """What is wrong with one line that asks for packages."""
    text = command.value
    account = _ACCOUNT.search(text)
    if account is not None:
        secret = account[2] or account[1]
        drawn_one = drawn(secret) or token_forms.form_of(secret) is not None
        known = drawn_one or (account[2] and len(secret) >= 4 and any(map(str.isdigit, secret)))
        if known and not placeholder(secret) and not _ELSEWHERE.search(account[0]):
            add(
                checker,
                config,
                command,
                "hard-coded-credential",
                "the address holds an account and its secret",
            )
            return
    if _HASHED.search(config.source.text):
        return
    if _TRUSTED.search(text):
        add(checker, config, command, "certificate-unchecked", "the index may be anybody who answers for it")
    elif _INDEX.search(text) or _PACKAGE.search(text):
        reason = "whoever stands in between decides what is installed"
        add(checker, config, command, "unchecked-download", reason)
    elif _EXTRA.search(text):
        reason = "a name is taken from whichever index has the higher version"
        doubt = "a package that only the extra index has can be registered on the other one"
        add(checker, config, command, "package-confusion", reason, doubt)
