"""What a file holds, from where a function writes it to where the same function opens it again under the same path.

An upload that is saved and then unpacked or deserialised is what its sender made it, though the path of the file is the program's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.checks.judgement import Judgement
from cwelens.flow import assign
from cwelens.flow.run import CallSite, Run, written
from cwelens.flow.state import deep_taints
from cwelens.flow.values import Taint, Value
from cwelens.ir import nodes as ir

if TYPE_CHECKING:
    from cwelens.checks.bodies import Body
    from cwelens.checks.checker import Checker
    from cwelens.models.schema import Sink

_WRITES = frozenset(("write", "writelines"))
_WRITES_PATH = frozenset(("write_bytes", "write_text"))
_NOTED = _WRITES | _WRITES_PATH | {"copyfileobj", "save"}
_OPENS = frozenset(("open", "gzopen", "bz2open", "xzopen", "taropen", "TarFile"))
# What must not have been written by somebody else, and at which port of a call it is.
_CONCEPTS = frozenset(("path.archive", "deserialise"))
_DECIDED = frozenset(("defect", "conditional", "neutralised", "guarded"))
_DEPTH = 4


class Contents:
    """Untrusted content by function and path, as the paths are written there."""

    def __init__(self) -> None:
        self._held: dict[tuple[int, str], Taint] = {}

    def note(self, checker: Checker, run: Run, site: CallSite) -> None:
        """A call that may write to a file."""
        node = site.node
        if not isinstance(node, ir.Call) or not isinstance(node.func, ir.Attr):
            return
        name, base = node.func.name, node.func.base
        if name not in _NOTED:
            return
        body, given = checker.body_of(run), list(site.args.positional[:1])
        if name in _WRITES:
            path = _path_of(base, body, 0)
        elif name in _WRITES_PATH:
            path = base
        elif name == "copyfileobj" and len(node.args) > 1:
            path = _path_of(node.args[1], body, 0)
        elif name == "save" and node.args and site.receiver is not None:
            path, given = node.args[0], [site.receiver]
        else:
            return
        taint = _outside(given, site)
        if taint is None:
            return
        keys = _keys(path, body) if path is not None else []
        into = node.args[1] if name == "copyfileobj" else base
        if isinstance(into, ir.Name) and name != "save":
            # A temporary file is handed on itself, or by the name that it has.
            keys += [into.id, f"{into.id}.name"]
        for key in keys:
            self._held.setdefault((id(body), key), taint)

    def settle(
        self, checker: Checker, run: Run, site: CallSite, row: Sink, judgement: Judgement
    ) -> Judgement:
        """The judgement of a call that trusts a file, with what the function has written there itself."""
        if row.concept not in _CONCEPTS or judgement.kind in _DECIDED or not self._held:
            return judgement
        if (
            row.concept == "path.archive"
            and row.port.kind == "arg"
            and not site.name.endswith("unpack_archive")
        ):
            # Members that were chosen one by one.
            return judgement
        node = site.node
        if not isinstance(node, ir.Call):
            return judgement
        body = checker.body_of(run)
        opened = [node.args[0]] if node.args else []
        if isinstance(node.func, ir.Attr) and node.func.name == "extractall":
            opened = [node.func.base]
        for part in opened:
            path = _path_of(part, body, 0) or part
            for key in _keys(path, body):
                taint = self._held.get((id(body), key))
                if taint is not None:
                    return Judgement("defect", "the file was written here, from what came", taint)
        return judgement


def _outside(values: list[Value], site: CallSite) -> Taint | None:
    for value in values:
        for taint in deep_taints(value, site.state):
            if taint.origin.kind == "untrusted" and not taint.assumption:
                return taint
    return None


def _path_of(node: ir.Expr, body: Body, depth: int) -> ir.Expr | None:
    """The path of the file that an expression is: of a call that opens one, or of a name bound to such a call."""
    if depth > _DEPTH:
        return None
    if isinstance(node, ir.Call):
        called = node.func.name if isinstance(node.func, ir.Attr) else written(node.func)
        if called not in _OPENS:
            return None
        if isinstance(node.func, ir.Attr) and called == "open" and not node.args and not node.keywords:
            return node.func.base
        if isinstance(node.func, ir.Attr) and called == "open" and _is_mode(node):
            return node.func.base
        named = [value for key, value in node.keywords if key in ("name", "file")]
        held = [value for key, value in node.keywords if key == "fileobj"]
        if held:
            return _path_of(held[0], body, depth + 1) or held[0]
        return next(iter([*node.args, *named]), None)
    if not isinstance(node, ir.Name):
        return None
    for part in body.nodes:
        if isinstance(part, ir.With):
            for opened, target in part.items:
                if isinstance(target, ir.Name) and target.id == node.id:
                    return _path_of(opened, body, depth + 1)
    given = body.assigned.get(node.id, [])
    return _path_of(given[0], body, depth + 1) if len(given) == 1 else None


def _is_mode(node: ir.Call) -> bool:
    """Whether the first argument of `.open` says how: then what it is called on is the path."""
    first = node.args[0] if node.args else None
    mode = first.value if isinstance(first, ir.Const) else None
    return isinstance(mode, str) and 0 < len(mode) <= 3 and set(mode) <= set("rwabxt+")


def _keys(path: ir.Expr, body: Body) -> list[str]:
    """What tells a path within a function: a name that is bound once, an attribute, a literal."""
    if isinstance(path, ir.Call) and path.args and written(path.func) in ("str", "Path", "os.fspath"):
        return _keys(path.args[0], body)
    if isinstance(path, ir.Const):
        return [repr(path.value)] if isinstance(path.value, str) else []
    if isinstance(path, ir.Attr) and path.name == "name":
        # The name of a temporary file that is open under another name.
        return [f"{key}.name" for key in _keys(path.base, body)]
    if not isinstance(path, ir.Name):
        place = assign.path_of(path)
        return [place] if place is not None else []
    given = body.assigned.get(path.id, [])
    if len(given) > 1:
        # Which path it is depends on the place.
        return []
    return [path.id, *(_keys(given[0], body) if given and isinstance(given[0], ir.Const | ir.Name) else [])]


__all__ = ["Contents"]
