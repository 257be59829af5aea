"""`cwelens models`: what is modelled, whether a project's own models are right, and which models a tree lacks.

Exit status: 0 fine; 1 `check` found errors, or `show` nothing; 2 bad usage.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cwelens.models import index, store
    from cwelens.models.project import Own
    from cwelens.models.schema import Row
    from cwelens.report.coverage import LibraryUse, Suggestion
    from cwelens.report.material import Material

FAILED = 1
USAGE = 2
_MOST_PLACES = 3
_HELP = """usage: cwelens models COMMAND …

commands:
  show LIBRARY…       the rows about a library, a package or a name
  check PATH…         read a project's own models (.cwelens/models/*.toml, pyproject.toml, or a file) and run their examples
  suggest PATH…       a TOML file to fill in: library calls without a model that matter most
  coverage PATH…      which imported libraries have models, which have none, and how many calls that concerns

docs/models.md is the manual."""


def main(argv: list[str]) -> int:
    """Run `cwelens models` with the arguments after `models`; the result is the exit status."""
    commands: dict[str, Callable[[list[str]], int]] = {
        "show": _show,
        "check": _check,
        "suggest": _suggest,
        "coverage": _coverage,
    }
    if argv[:1] and argv[0] in commands:
        return commands[argv[0]](argv[1:])
    if argv[:1] and argv[0] not in ("--help", "-h"):
        print(f"cwelens models: no command {argv[0]!r}; there are {', '.join(commands)}", file=sys.stderr)
        return USAGE
    print(_HELP)
    return 0 if argv else USAGE


def _parser(command: str, description: str, argument: str, help: str) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog=f"cwelens models {command}", description=description)
    made.add_argument("names", nargs="+", metavar=argument, help=help)
    return made


# show


def _show(argv: list[str]) -> int:
    parser = _parser(
        "show", "The model rows about a library.", "LIBRARY", "flask, redis.Redis, os.path.join …"
    )
    options = parser.parse_args(argv)
    from cwelens.models import store

    status = 0
    files = store.read_files()
    for wanted in options.names:
        blocks = list(_about(files, wanted))
        print("\n".join(blocks) if blocks else f"nothing is modelled of {wanted!r}")
        if not blocks:
            status = FAILED
    return status


def _about(files: list[store.File], wanted: str) -> Iterator[str]:
    """The rows of the libraries of this name, or else those about a dotted name and what is below it."""
    low = wanted.lower()
    named = [f for f in files if low in (f.library.lower(), f.name.removesuffix(".toml").lower())]
    for file in files:
        whole = file in named or wanted in file.packages
        lines = [
            f"  {line}"
            for entry in file.entries
            for line in [_line(entry.row)]
            if whole or any(f"{name}.".startswith(f"{wanted}.") for name in entry.row.names)
        ]
        if lines:
            yield f"{file.library} ({', '.join(file.packages) or 'several'}) {file.doc}"
            yield from lines


def _line(row: Row) -> str:
    """A row on one line: its table, what it says, its names and its conditions."""
    from cwelens.models.schema import ConditionalRow, Setting

    facts = [
        str(getattr(row, name))
        for name in ("concept", "params", "response", "type", "chars")
        if isinstance(getattr(row, name, None), str) and getattr(row, name)
    ]
    facts += [", ".join(getattr(row, "contexts", ()))] if getattr(row, "contexts", ()) else []
    facts += [f"port {row.port}"] if hasattr(row, "port") else []
    facts += [f"keys {', '.join(row.keys)}"] if isinstance(row, Setting) and row.keys else []
    text = f"{row.TABLE} {'; '.join(facts) or '-'}: {', '.join(row.names)}"
    if isinstance(row, ConditionalRow):
        groups = [" and ".join(map(str, group)) for group in ((row.when,) if row.when else ()) + row.any_of]
        text += f" — when {' or '.join(groups)}" if groups else ""
        refused = [" and ".join(map(str, group)) for group in row.unless]
        text += f" — unless {' or '.join(refused)}" if refused else ""
    return text


# check


def _check(argv: list[str]) -> int:
    options = _parser(
        "check", "Check a project's own models.", "PATH", "a project, a file of it, or a TOML file"
    ).parse_args(argv)
    from cwelens.models import index, project
    from cwelens.report.words import count

    if missing := [name for name in options.names if not Path(name).exists()]:
        return _usage("check", f"{missing[0]} does not exist")
    paths = project.find(options.names)
    if not paths:
        print("there are no models of the project's own: no .cwelens/models/*.toml, no tool.cwelens.models")
        return 0
    own = project.read(paths)
    errors = [*own.errors, *_contradictions(own, index.load()), *_examples(own)]
    for error in errors:
        print(error)
    for file in own.files:
        print(f"{file.name}: {count(len(file.entries), 'row')}")
    print(count(len(errors), "error") if errors else "no errors")
    return FAILED if errors else 0


def _contradictions(own: Own, models: index.Models) -> list[str]:
    """What the shipped models already say, and names that they write otherwise."""
    from cwelens.models import consistency

    return consistency.problems(own.files, models.extended(own.files))


def _examples(own: Own) -> Iterator[str]:
    """What the examples of the rows that have some do not show."""
    from cwelens.report.build import review

    for file in own.files:
        for entry in file.entries:
            for side, code in (("bad", entry.example.bad), ("good", entry.example.good)):
                if not code:
                    continue
                made = review(code, threat_models=("remote", "local", "stored"), own_models=own)
                if side == "bad" and not made.findings:
                    yield f"{entry.where}: bad: nothing is found in it"
                if side == "good" and made.findings:
                    found = made.findings[0]
                    yield f"{entry.where}: good: CWE-{found.cwe} is found in it: {found.message}"


# suggest and coverage


def _survey(command: str, paths: list[str], flow: bool) -> Material | int:
    from cwelens.report.build import UsageError, survey

    if missing := [path for path in paths if not Path(path).exists()]:
        return _usage(command, f"{missing[0]} does not exist")
    try:
        return survey(paths, flow=flow)
    except UsageError as error:
        return _usage(command, str(error))


def _suggest(argv: list[str]) -> int:
    parser = _parser(
        "suggest", "Library calls without a model, as a TOML file to fill in.", "PATH", "a file or directory"
    )
    parser.add_argument("--most", type=int, default=30, metavar="N", help="at most so many (default: 30)")
    options = parser.parse_args(argv)
    material = _survey("suggest", options.names, flow=True)
    if isinstance(material, int):
        return material
    from cwelens.report.coverage import suggestions

    found = suggestions(material)
    print("# Library calls without a model, those that matter most first. Save as .cwelens/models/NAME.toml,")
    print(
        "# uncomment and fill in what you know; `cwelens models check .` checks it. docs/models.md is the manual."
    )
    print(f"# {len(found)} callables have no model; {min(len(found), options.most)} of them are shown.")
    for one in found[: options.most]:
        print()
        print("\n".join(_suggested(one)))
    return 0


def _suggested(one: Suggestion) -> list[str]:
    """The comment and the row to fill in, all of it commented out so that the file is valid as it is."""
    shown = ", ".join(f"{place.path}:{place.line}" for place in one.places[:_MOST_PLACES])
    more = len(one.places) - _MOST_PLACES
    reasons = [
        *(["an answer of the review depends on it"] if one.decides else []),
        *([one.why] if one.why else []),
        f"called at {shown}" + (f" and {more} more" if more > 0 else ""),
    ]
    lines = [f"# {one.name}: {'; '.join(reasons)}", f"# [[{one.kind}]]"]
    if one.kind == "type":
        return [
            *lines,
            f'# name = "{one.name}"',
            '# bases = []  # types whose rows it takes over: "dbapi2.Connection" …',
        ]
    lines.append(f'# call = "{one.name}"')
    if one.kind == "neutraliser":
        return [
            *lines,
            '# for = [""]  # what its result is safe for: "sql", "html", "shell", "path", "url" …',
        ]
    return [
        *lines,
        "# port = 0",
        '# is = ""  # what is dangerous to hand to it: "sql.text", "shell.command", "path.file" …',
    ]


def _coverage(argv: list[str]) -> int:
    parser = _parser("coverage", "Which imported libraries have models.", "PATH", "a file or directory")
    parser.add_argument(
        "-l",
        "--library",
        metavar="NAME",
        help="only this package, with every callable that no model describes",
    )
    parser.add_argument(
        "-f", "--format", choices=["text", "json"], default="text", help="how it is written (default: text)"
    )
    options = parser.parse_args(argv)
    material = _survey("coverage", options.names, flow=False)
    if isinstance(material, int):
        return material
    from cwelens.report.coverage import coverage
    from cwelens.report.words import count

    uses = coverage(material)
    if options.library:
        uses = [use for use in uses if options.library in (use.package, use.library)]
        if not uses:
            return _usage("coverage", f"nothing imports {options.library}")
    if options.format == "json":
        print(json.dumps([_as_json(use) for use in uses], indent=1))
    elif options.library:
        for use in uses:
            print(f"{use.package}: {count(use.calls, 'call')}, of which models describe {use.described}")
            for name, calls in use.most_called:
                print(f"{calls:6}  {name}")
    else:
        _table(uses)
    return 0


def _table(uses: list[LibraryUse]) -> None:
    """Each library on a line, those without models first; then what share of the calls they come to."""
    from cwelens.report.coverage import shares
    from cwelens.report.words import count

    width = max([len(use.package) for use in uses] + [7])
    named = max([len(use.library) for use in uses] + [9])
    print(f"{'package':{width}}  {'library':{named}}  files  calls  described  without  most called of these")
    for use in uses:
        most = ", ".join(
            f"{name.partition('.')[2]} ({calls})" for name, calls in use.most_called[:_MOST_PLACES]
        )
        print(
            f"{use.package:{width}}  {use.library or 'no models':{named}}  {use.files:5}  {use.calls:5}  {use.described:9}  "
            f"{use.unmodelled:7}  {most}".rstrip()
        )
    lacking = [use for use in uses if not use.library]
    calls, known, described = shares(uses)
    part = f"{known} of {calls} calls ({_percent(known, calls)}) are into libraries with models"
    print(
        f"Without the standard library {part}, and a model describes {described} of them ({_percent(described, calls)})."
    )
    print(
        f"{count(len(lacking), 'library', 'libraries')} of {len(uses)} have no models, which concerns {count(calls - known, 'call')}."
    )


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "none"


def _as_json(use: LibraryUse) -> dict[str, object]:
    return {
        "package": use.package,
        "library": use.library or None,
        "files": use.files,
        "calls": use.calls,
        "described": use.described,
        "without": dict(use.most_called),
    }


def _usage(command: str, message: str) -> int:
    print(f"cwelens models {command}: {message}", file=sys.stderr)
    return USAGE
