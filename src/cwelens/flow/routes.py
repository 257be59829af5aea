"""What a route says about the requests that reach its handler: their path is the route, with its variable parts filled in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cwelens.base import chars as ch
from cwelens.flow.values import NO_TAINTS, TYPE_CHARS, Opaque, Taints, Value, make
from cwelens.flow.values import text as make_text

if TYPE_CHECKING:
    from cwelens.flow.run import Run
    from cwelens.flow.state import Frame

# `<name>`, `<converter:name>` and `<converter(arguments):name>` in a route of werkzeug.
VARIABLE = re.compile(r"<(?:(?P<converter>[a-zA-Z_]\w*)(?:\([^)]*\))?:)?[a-zA-Z_]\w*>")
SEGMENT = ch.ALL & ~ch.of("/")
CONVERTERS = {
    "": SEGMENT,
    "default": SEGMENT,
    "string": SEGMENT,
    "any": SEGMENT,
    "int": TYPE_CHARS["builtins.int"],
    "float": TYPE_CHARS["builtins.float"],
    "uuid": TYPE_CHARS["uuid.UUID"],
}
# Applications whose `request.path` is the whole of the route; that of a group of routes has a prefix, which the program chooses.
APPLICATIONS = ("Flask", "Quart")
GROUPS = ("Blueprint",)


def handler_of(frame: Frame | None) -> Any:
    """The handler that the entry of a run is, if it is one."""
    while frame is not None and frame.parent is not None:
        frame = frame.parent
    return frame.handler if frame is not None else None


def own_paths(run: Run) -> list[tuple[bool, str]] | None:
    """For each route of the current handler whether a prefix stands before it, and its text; None where a route is not known."""
    handler = handler_of(run.frame)
    found: list[tuple[bool, str]] = []
    for owner, path in getattr(handler, "paths", ()):
        kind = owner.rpartition(".")[2]
        if kind not in APPLICATIONS + GROUPS or not path.startswith("/"):
            return None
        found.append((kind in GROUPS, path))
    return found or None


def path_of_request(routes: list[tuple[bool, str]], taints: Taints) -> Value:
    """The path of a request for one of the routes; what a client chooses of it has the taints."""
    atoms = []
    for prefixed, path in routes:
        parts: list[str | Opaque] = [Opaque("builtins.str", NO_TAINTS)] if prefixed else []
        end = 0
        for match in VARIABLE.finditer(path):
            parts.append(path[end : match.start()])
            mask = CONVERTERS.get(match["converter"] or "", ch.ALL)
            parts.append(Opaque("builtins.str", taints, mask))
            end = match.end()
        parts.append(path[end:])
        atoms.append(make_text(parts))
    return make(atoms)
