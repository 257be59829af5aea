"""Argument lists of processes: who chooses the program, what a shell is given, what can be read as an option."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.checks.judge import judge
from cwelens.checks.judgement import Judgement
from cwelens.checks.rules import RULES
from cwelens.flow.run import CallSite, Run
from cwelens.flow.state import deep_taints
from cwelens.flow.values import Const, Ref, Value, taints_of

if TYPE_CHECKING:
    from cwelens.checks.checker import Checker


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
SHELLS = frozenset(
    ("sh", "bash", "dash", "zsh", "ksh", "csh", "fish", "cmd", "cmd.exe", "powershell", "pwsh")
)


def positional(
    checker: Checker, run: Run, site: CallSite, values: list[Value], first: int, library: str
) -> None:
    """Arguments that follow the program as positional ones: `create_subprocess_exec("git", "log", ref)`.

    Where they are all of them, the type is the program: `git.Git.log(ref)`.
    """
    named = site.args.get(0, "program") if first else None
    program = named.const() if named is not None else None
    name = str(program.value).rpartition("/")[2] if program is not None else ""
    if not first:
        name = site.name.rpartition(".")[0].rpartition(".")[2].lower()
    if name in OPTION_PROGRAMS:
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
            if any(p in SHELLS for p in programs) and rest and _runs_command(rest[0]):
                for part in rest[1:2]:
                    judgement = max(judgement, judge(shell_rule, part, st), key=lambda j: j.rank)
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


def _runs_command(option: Value) -> bool:
    """Whether a shell's first argument says that the next one is a command."""
    return any(isinstance(a, Const) and a.value in ("-c", "/c", "/C", "-Command") for a in option.atoms)
