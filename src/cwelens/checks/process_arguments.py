"""Argument lists of processes: who chooses the program, what a shell is given, what can be read as an option."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.checks.judge import judge
from cwelens.checks.judgement import Judgement
from cwelens.checks.rules import RULES
from cwelens.flow.run import CallSite, Run
from cwelens.flow.state import deep_taints
from cwelens.flow.values import Const, Ref, Value, taints_of

if TYPE_CHECKING:
    from cwelens.checks.checker import Checker
    from cwelens.checks.rule import Rule


# Programs for which an option in place of a value runs or writes something (their manuals name such options).
OPTION_PROGRAMS = frozenset(
    [
        "git",
        "hg",
        "svn",
        "tar",
        "curl",
        "wget",
        "ssh",
        "scp",
        "sftp",
        "rsync",
        "find",
        "zip",
        "unzip",
        "tcpdump",
        "ffmpeg",
        "sed",
        "awk",
        "gawk",
        "grep",
        "psql",
        "mysql",
        "sqlite3",
        "gcc",
        "make",
        "man",
        "less",
        "vim",
        "vi",
        "ed",
        "xargs",
        "nmap",
        "openssl",
        "docker",
        "kubectl",
        "terraform",
        "ansible",
        "pip",
        "npm",
        "java",
        "php",
        "perl",
        "ruby",
        "convert",
        "magick",
        "identify",
        "mogrify",
        "ping",
        "traceroute",
        "nslookup",
        "dig",
        "whois",
        "host",
        "tcpdump",
        "sendmail",
        "mail",
        "chown",
        "chmod",
        "cp",
        "mv",
        "rm",
        "mkdir",
        "ln",
        "tee",
    ]
)
# Of them, those that run commands named in their options.
COMMANDED = frozenset(("git", "hg", "svn", "ssh", "scp", "sftp", "rsync", "tar", "find"))
# Programs that run what follows their own options.
WRAPPERS = frozenset(
    ("sudo", "doas", "su", "env", "nice", "nohup", "timeout", "time", "setsid", "stdbuf", "chroot", "unshare", "nsenter", "xargs",
     "docker", "podman", "kubectl", "lxc-attach", "flatpak", "runuser", "busybox", "ionice", "script", "unbuffer", "strace")
)  # fmt: skip
# Interpreters, and the option after which they take code.
CODE_OPTIONS = {
    "python": "-c", "python2": "-c", "python3": "-c", "pypy3": "-c", "perl": "-e", "ruby": "-e", "node": "-e", "php": "-r", "lua": "-e",
}  # fmt: skip
# They take a user's name before or after the command for the user's shell.
_USERS = frozenset(("su", "runuser"))
_SHELL_OPTION = re.compile(r"-[a-zA-Z]*c")
_SSH_WITH_VALUE = frozenset(("-b", "-c", "-D", "-E", "-e", "-F", "-I", "-i", "-J", "-L", "-l", "-m", "-O", "-o", "-p", "-Q", "-R", "-S", "-W", "-w"))  # fmt: skip
SHELLS = frozenset(
    ("sh", "bash", "dash", "zsh", "ksh", "csh", "fish", "cmd", "cmd.exe", "powershell", "pwsh")
)


def positional(
    checker: Checker, run: Run, site: CallSite, values: list[Value], first: int, library: str
) -> None:
    """Arguments that follow the program as positional ones: `create_subprocess_exec("git", "log", ref)`.

    Where they are all of them, the type or the function is the program: `git.Git.log(ref)`, `sh.git("log", ref)`.
    """
    named = site.args.get(first - 1, "program") if first else None
    program = named.const() if named is not None else None
    name = str(program.value).rpartition("/")[2] if program is not None else ""
    if not first:
        owner, _, member = site.name.rpartition(".")
        name = (owner.rpartition(".")[2] if run.models.type(owner) is not None else member).lower()
    command = _command(checker, run, site, name, values)
    if command is not None:
        rule, judgement = command
        checker.record(run, rule, site.place, site.written, judgement, library, site.note)
    elif name in OPTION_PROGRAMS:
        _options(checker, run, site, name, values, None, library)


def listed(checker: Checker, run: Run, site: CallSite, values: list[Value], library: str) -> None:
    """An argument list: who chooses the program, what a shell is given, what can be read as an option."""
    st = site.state
    program_rule, shell_rule = RULES["process.program"], RULES["shell.command"]

    def chosen(judgement: Judgement) -> None:
        """Who chooses the program, as judged."""
        checker.record(
            run, program_rule, site.place, site.written, judgement, library, site.note, "process.program"
        )

    for value in values:
        for atom in value.atoms:
            obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
            if obj is None or obj.kind not in ("list", "tuple"):
                judgement = judge(program_rule, Value((atom,)), st)
                chosen(judgement)
                continue
            first = obj.items.get(0)
            if first is None:
                taint = next(
                    (t for t in deep_taints(Value((atom,)), st) if t.origin.kind == "untrusted"), None
                )
                kind = Judgement("undecided", "the program is not known", taint)
                chosen(kind)
                continue
            judgement = judge(program_rule, first, st)
            programs = [str(a.value).rpartition("/")[2] for a in first.atoms if isinstance(a, Const)]
            program = programs[0] if programs else ""
            rest = [obj.items[k] for k in sorted(obj.items) if k != 0]
            commands = [c for p in programs for c in [_command(checker, run, site, p, rest)] if c is not None]
            if commands:
                for rule, one in commands:
                    if rule is shell_rule:
                        judgement = max(judgement, one, key=lambda j: j.rank)
                    else:
                        checker.record(run, rule, site.place, site.written, one, library, site.note)
            elif program in OPTION_PROGRAMS:
                _options(checker, run, site, program, rest, obj.rest, library)
            if judgement.kind in ("constant", "not untrusted") and any(taints_of(p) for p in rest):
                judgement = Judgement("parameterised", "an argument list without a shell")
            chosen(judgement)


def _options(
    checker: Checker,
    run: Run,
    site: CallSite,
    program: str,
    rest: list[Value],
    more: Value | None,
    library: str,
) -> None:
    rule = RULES["process.argv"]
    ended = False
    for part in rest:
        atom = part.const()
        if atom is not None and atom.value == "--":
            ended = True
        if ended or atom is not None:
            continue
        judgement = judge(rule, part, site.state)
        taint = judgement.taint
        if judgement.kind == "undecided" and taint is not None and taint.origin.kind == "param":
            # What arrives whole can begin with a dash; that is worth a word where such an option runs a command.
            judgement = Judgement("conditional" if program in COMMANDED else "undecided", "", taint)
        if judgement.kind in ("defect", "conditional"):
            checker.record(run, rule, site.place, site.written, judgement, library, site.note)


def _command(
    checker: Checker, run: Run, site: CallSite, program: str, rest: list[Value]
) -> tuple[Rule, Judgement] | None:
    """The part of an argument list that is a command or code by itself, as judged: what a shell, an interpreter or another machine
    is given. None where there is none."""
    if program in WRAPPERS:
        for at, part in enumerate(rest):
            named = part.const()
            inner = str(named.value).rpartition("/")[2] if named is not None else ""
            if inner in SHELLS or inner in CODE_OPTIONS:
                return _command(checker, run, site, inner, rest[at + 1 :])
    if program == "ssh":
        return _remote(rest, site)
    option = CODE_OPTIONS.get(program, "")
    for at, part in enumerate(rest[:-1]):
        given = part.const()
        text = given.value if given is not None else None
        if not isinstance(text, str) or not text.startswith(("-", "/")):
            if program in _USERS:
                continue
            return None
        if (program in SHELLS or program in _USERS) and (
            _SHELL_OPTION.fullmatch(text) or text in ("/c", "/C", "-Command")
        ):
            return RULES["shell.command"], judge(RULES["shell.command"], rest[at + 1], site.state)
        if option and text == option:
            return RULES["code.python"], judge(RULES["code.python"], rest[at + 1], site.state)
    return None


def _remote(rest: list[Value], site: CallSite) -> tuple[Rule, Judgement] | None:
    """What follows the host in the arguments of `ssh`: a shell on the other machine reads it."""
    rule = RULES["shell.remote"]
    at = 0
    while at < len(rest):
        given = rest[at].const()
        text = given.value if given is not None else None
        if not isinstance(text, str) or not text.startswith("-"):
            break
        at += 2 if text in _SSH_WITH_VALUE else 1
    parts = [judge(rule, part, site.state) for part in rest[at + 1 :]]
    worst = max(parts, key=lambda j: j.rank, default=None)
    return (rule, worst) if worst is not None and worst.kind in ("defect", "conditional") else None
