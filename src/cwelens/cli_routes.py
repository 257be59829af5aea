"""`cwelens routes`: every way into an application, what guards it, who is asking there, what it touches, and what was found about it.

Exit status: 0 a table (also an empty one); 2 bad usage.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cwelens.app.model import Route
    from cwelens.checks.finding import Finding

USAGE = 2
_HEAD = ("Route", "Guard", "Identity", "Touches", "Findings")
_VERBS = {
    "disclose": "reads",
    "create": "adds",
    "update": "changes",
    "mass": "sets any field of",
    "delete": "deletes",
    "destroy": "wipes",
    "file-read": "sends files",
    "file-write": "stores files",
    "file-delete": "deletes files",
    "login": "logs in",
    "cookie-login": "logs in",
    "token-issued": "issues a token",
    "password-check": "checks a password",
    "logout": "logs out",
}
Row = dict[str, object]


def main(argv: list[str]) -> int:
    """Run `cwelens routes` with the arguments after `routes`; the result is the exit status."""
    made = argparse.ArgumentParser(
        prog="cwelens routes",
        description="List the routes of an application: guard, identity, what each touches, and findings.",
    )
    made.add_argument("paths", nargs="+", metavar="PATH", help="files and directories of the application")
    made.add_argument(
        "-f",
        "--format",
        choices=("table", "json"),
        default="table",
        help="how to write the list (default: table)",
    )
    options = made.parse_args(argv)
    from cwelens.report.build import UsageError, survey

    try:
        material = survey(options.paths)
    except UsageError as error:
        print(f"cwelens routes: {error}", file=sys.stderr)
        return USAGE
    routes = material.application.routes if material.application is not None else []
    rows = [row(route, material.findings) for route in routes]
    if options.format == "json":
        print(json.dumps({"routes": rows}, indent=2))
    elif not rows:
        print("No routes were found.")
    else:
        print(_table(rows, shutil.get_terminal_size((120, 24)).columns))
    return 0


def row(route: Route, findings: list[Finding]) -> Row:
    """One route as plain data."""
    from cwelens.report.routes import about, identity

    path, first = route.handler.module.path, (route.branch or (None, route.handler.node.pos))[1][0]
    guards = list(dict.fromkeys((*route.outer, *route.inner)))
    return {
        "methods": list(route.methods),
        "path": route.path,
        "handler": route.name,
        "framework": route.framework,
        "registered": {"file": route.registered[0].path, "line": route.registered[1][0], "code": route.how},
        "file": path,
        "line": first,
        "guards": [{"kind": g.kind, "code": g.text, "scope": g.scope} for g in guards],
        "identity": identity(route),
        "touches": touches(route),
        "findings": [
            {
                "cwe": f.cwe,
                "rule": f.rule,
                "line": f.location.line,
                "confidence": f.confidence,
                "title": f.title,
            }
            for f in about(route, findings)
        ],
    }


def touches(route: Route) -> list[str]:
    """What a route reads and changes, and by which keys."""
    out: dict[str, None] = {}
    for event in route.events:
        verb = _VERBS.get(event.kind)
        if verb is None:
            continue
        text = verb
        if event.entity is not None and event.table not in ("", "*") and not event.kind.startswith("file"):
            keys = ", ".join(dict.fromkeys(k for k, _ in event.entity.keys))
            text = f"{verb} {event.table}" + (f" by {keys}" if keys else "")
        out[text] = None
    return list(out)


def _cells(entry: Row) -> tuple[str, ...]:
    methods, guards, found = entry["methods"], entry["guards"], entry["findings"]
    assert isinstance(methods, list) and isinstance(guards, list) and isinstance(found, list)
    known, touched = entry["identity"], entry["touches"]
    assert isinstance(known, list) and isinstance(touched, list)
    texts = list(dict.fromkeys(g["code"] for g in guards if g["kind"] not in ("csrf",)))
    shown = "; ".join(texts[:3]) + ("; …" if len(texts) > 3 else "")
    return (
        f"{'/'.join(methods) or 'ANY'} {entry['path']}\n{entry['handler']}",
        shown or "none",
        ", ".join(known) or "nobody",
        "; ".join(touched) or "nothing",
        ", ".join(
            dict.fromkeys(f"CWE-{f['cwe']}{'?' if f['confidence'] == 'conditional' else ''}" for f in found)
        )
        or "-",
    )


def _table(rows: list[Row], width: int) -> str:
    """The rows under a heading, each cell wrapped into its column."""
    from textwrap import wrap

    shares = (0.34, 0.2, 0.1, 0.24, 0.12)
    usable = max(width, 80) - 2 * (len(_HEAD) - 1)
    widths = [max(8, int(usable * share)) for share in shares]
    lines = [
        "  ".join(h.ljust(w) for h, w in zip(_HEAD, widths)).rstrip(),
        "  ".join("-" * w for w in widths),
    ]
    for entry in rows:
        columns = [
            [part for line in cell.split("\n") for part in wrap(line, w, break_on_hyphens=False) or [""]]
            for cell, w in zip(_cells(entry), widths)
        ]
        for number in range(max(map(len, columns))):
            parts = [c[number] if number < len(c) else "" for c in columns]
            lines.append("  ".join(p.ljust(w) for p, w in zip(parts, widths)).rstrip())
    return "\n".join(lines)
