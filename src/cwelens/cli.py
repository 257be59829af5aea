"""The command `cwelens`: arguments in, a review out, its verdict as the exit status.

Exit status of `review`: 0 none-detected or conditional, 1 defects (or conditional with `--fail-on conditional`), 2 bad usage,
3 inconclusive; `cwelens cwe` has its own (see `cwelens.cwe.cli`). Everything heavy is imported when it is needed.
"""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import argparse

    from cwelens.report.model import Review

STATUS = {"none-detected": 0, "conditional": 0, "defects": 1, "inconclusive": 3}
# What `--fail-on` may name, each with the verdicts that then fail.
FAIL_ON = {
    "defects": ("defects", "inconclusive"),
    "conditional": ("defects", "inconclusive", "conditional"),
    "never": (),
}
USAGE = 2
_ROOT_HELP = """usage: cwelens COMMAND …

commands:
  review PATH…        review files, directories or - (standard input)
  cwe ID | WORDS      what a weakness is
  cwe check FILE…     judge every CWE reference in a text, JSON or SARIF file
  routes PATH…        the routes of an application: guards, identity, what each touches
  models COMMAND      show, check, suggest and cover the models of libraries

`cwelens COMMAND --help` says more; `cwelens --version` prints the version."""


def main(argv: list[str] | None = None) -> int:
    """Runs the command and returns its exit status."""
    arguments = sys.argv[1:] if argv is None else argv
    command, rest = (arguments[0], arguments[1:]) if arguments else ("--help", [])
    try:
        if command == "review":
            return _review(rest)
        if command == "cwe":
            from cwelens.cwe.cli import main as cwe

            return cwe(rest)
        if command == "routes":
            from cwelens.cli_routes import main as routes

            return routes(rest)
        if command == "models":
            from cwelens.cli_models import main as models

            return models(rest)
        if command in ("--version", "-V"):
            from cwelens import __version__

            print(f"cwelens {__version__}")
            return 0
        if command in ("--help", "-h", "help"):
            print(_ROOT_HELP)
            return 0 if arguments else USAGE
        print(f"cwelens: no command {command!r}; there are review, routes, cwe and models", file=sys.stderr)
        return USAGE
    except BrokenPipeError:
        # The reader has gone (`| head`): there is nobody left to tell.
        sys.stderr.close()
        return 141
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """The arguments of `cwelens review`."""
    import argparse

    from cwelens.render import FORMATS

    made = argparse.ArgumentParser(
        prog="cwelens review",
        description="Review code for security: a fragment, files, or whole trees.",
        epilog="Exit status: 0 nothing detected or only conditional findings, 1 defects, 2 bad usage, 3 inconclusive.",
    )
    made.add_argument("paths", nargs="+", metavar="PATH", help="a file, a directory, or - for standard input")
    made.add_argument(
        "-f",
        "--format",
        choices=FORMATS,
        default="terminal",
        help="how to write the review (default: terminal)",
    )
    made.add_argument("-o", "--output", metavar="FILE", help="write the review to a file")
    made.add_argument(
        "--context",
        action="append",
        default=[],
        metavar="PATH",
        help="code to consult but not to review; may be repeated",
    )
    made.add_argument(
        "--fail-on",
        choices=tuple(FAIL_ON),
        default="defects",
        help="the mildest verdict that gives an exit status other than 0",
    )
    made.add_argument(
        "--threat-model",
        action="append",
        default=[],
        choices=("remote", "local", "stored"),
        help="whose data is untrusted beside remote data: local (arguments, environment, files), stored (databases)",
    )
    made.add_argument(
        "--include-vendored", action="store_true", help="also review vendored code in directories"
    )
    made.add_argument(
        "--no-own-models",
        action="store_true",
        help="leave out the models that the reviewed project itself brings along (.cwelens/models, pyproject.toml)",
    )
    made.add_argument(
        "-j",
        "--jobs",
        type=int,
        default=0,
        metavar="N",
        help="analyse a large program in N processes (default: one for each processor, up to four); the answer is the same",
    )
    made.add_argument(
        "--explain",
        metavar="ID",
        help="print one finding in full: its fingerprint, a prefix of it, or its place (line or file:line)",
    )
    return made


def _review(argv: list[str]) -> int:
    options = parser().parse_args(argv)
    # The process ends with the review: looking for cycles in all that it holds takes seconds on a large tree, and frees nothing.
    gc.disable()
    from cwelens.report.build import UsageError, review, review_bytes

    if "-" in options.paths and len(options.paths) > 1:
        return _usage("- (standard input) cannot be combined with other paths")
    threats = ("remote", *options.threat_model)
    progress = Progress(sys.stderr) if sys.stderr.isatty() else None
    try:
        if options.paths == ["-"]:
            made = review_bytes(sys.stdin.buffer.read(), context=options.context, threat_models=threats)
        else:
            made = review(
                paths=options.paths,
                context=options.context,
                include_vendored=options.include_vendored,
                progress=progress,
                threat_models=threats,
                own_models=not options.no_own_models,
                jobs=max(0, options.jobs),
            )
    except UsageError as error:
        return _usage(str(error))
    finally:
        if progress is not None:
            progress.clear()
    if options.explain:
        return _explain(made, options.explain)
    return _deliver(made, options)


def _explain(made: Review, wanted: str) -> int:
    from cwelens.render.explain import chosen, render

    found = chosen(made, wanted)
    if not found:
        return _usage(f"no finding is called or stands at {wanted!r}")
    _write(sys.stdout, "\n".join(render(finding) for finding in found))
    return 0


def _deliver(made: Review, options: argparse.Namespace) -> int:
    from cwelens.render import render

    if options.output:
        # Colour and width are a terminal's, which a file is not.
        text = (
            render(made, options.format, color=False)
            if options.format == "terminal"
            else render(made, options.format)
        )
        try:
            with open(options.output, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as out:  # noqa: PTH123
                out.write(text)
        except OSError as error:
            return _usage(f"{options.output} cannot be written: {error.strerror}")
    else:
        _write(sys.stdout, render(made, options.format))
    return STATUS[made.verdict] or 1 if made.verdict in FAIL_ON[options.fail_on] else 0


def _write(stream: TextIO, text: str) -> None:
    """Writes, with escapes for what the stream's encoding lacks."""
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def _usage(message: str) -> int:
    print(f"cwelens review: {message}", file=sys.stderr)
    return USAGE


class Progress:
    """One line on a terminal that says how far a long run is; silent for the first half second."""

    def __init__(self, stream: TextIO) -> None:
        from time import monotonic

        self._stream = stream
        self._clock = monotonic
        self._next = monotonic() + 0.5
        self._shown = False

    def __call__(self, what: str, done: int, total: int) -> None:
        now = self._clock()
        if now < self._next:
            return
        self._next = now + 0.1
        self._shown = True
        self._stream.write(f"\r\x1b[K{what} {done:,} of {total:,} files")
        self._stream.flush()

    def clear(self) -> None:
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


if __name__ == "__main__":
    sys.exit(main())
