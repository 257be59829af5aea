"""`cwelens cwe ID…`, `cwelens cwe WORDS` and `cwelens cwe check FILE…`.

Exit status: 0 fine; 1 a reference is wrong, or a search found nothing; 2 bad usage, an unknown id or an
unreadable file.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cwelens.cwe.ids import BadId, CweError, parse_id


def main(argv: list[str]) -> int:
    """Run `cwelens cwe` with the arguments after `cwe`; the result is the exit status."""
    return _check(argv[1:]) if argv[:1] == ["check"] else _describe(argv)


def _describe(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="cwelens cwe",
        description="Describe CWE entries, or search them by name. `cwelens cwe check FILE...` checks a report.",
    )
    parser.add_argument("query", nargs="+", help="ids (639, CWE-639, cwe_639) or words of a name")
    parser.add_argument("--json", action="store_true", help="print a JSON document")
    options = parser.parse_args(argv)

    from cwelens.cwe.catalogue import catalogue
    from cwelens.cwe.describe import as_data, describe, describe_matches, search

    numbers, words = _sorted_out(options.query)
    try:
        entries = [catalogue().get(number) for number in numbers]
    except CweError as error:
        return _fail(str(error))
    matches = search(words) if words else []
    if options.json:
        import json

        _print(
            json.dumps([as_data(entry) for entry in [*entries, *matches]], indent=2, ensure_ascii=False)
            + "\n"
        )
    else:
        pages = [describe(entry) for entry in entries]
        if words:
            pages.append(describe_matches(words, matches))
        _print("\n".join(pages))
    return 1 if words and not matches else 0


def _sorted_out(query: list[str]) -> tuple[list[int], str]:
    """The ids among the arguments, and the other arguments as one search."""
    numbers, words = [], []
    for argument in query:
        try:
            numbers.append(parse_id(argument))
        except BadId:
            words.append(argument)
    return numbers, " ".join(words)


def _check(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="cwelens cwe check",
        description="Check every CWE reference in text, Markdown, JSON or SARIF files.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
    parser.add_argument("--json", action="store_true", help="print a JSON document")
    parser.add_argument("--verbose", action="store_true", help="also print the references that are right")
    parser.add_argument(
        "--allow-discouraged", action="store_true", help="accept ids whose mapping is Discouraged"
    )
    options = parser.parse_args(argv)

    from cwelens.cwe.check import Judgement, UnreadableReport, check_file, render_json, render_text

    judgements: list[Judgement] = []
    read = 0
    for path in options.files:
        try:
            judgements += check_file(path, allow_discouraged=options.allow_discouraged)
            read += 1
        except UnreadableReport as error:
            _fail(str(error))
    if options.json:
        _print(render_json(judgements, read))
    else:
        _print(render_text(judgements, read, verbose=options.verbose))
    if read < len(options.files):
        return 2
    return 0 if all(judgement.ok for judgement in judgements) else 1


def _fail(message: str) -> int:
    print(f"cwelens cwe: {message}", file=sys.stderr)
    return 2


def _print(text: str) -> None:
    """Write to standard output, escaping what its encoding lacks."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
