"""Routes that an OpenAPI document names (connexion and its like): the operation's function, by its dotted name.

Only the block structure of the document is read: keys by indentation, which is how these documents are written. JSON is read as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cwelens.app.model import Route
from cwelens.app.values import Guard
from cwelens.base.source import Source
from cwelens.ir import nodes as ir
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.program import Program
from cwelens.resolve.symbols import FunctionInfo, ModuleInfo

_VERBS = frozenset(("get", "post", "put", "delete", "patch", "head", "options"))
_LINE = re.compile(r"^( *)(['\"]?)([^'\"#\s][^'\"]*?|/)\2:(?:\s+(.*))?$")
_LIMIT = 2_000_000


class Operation:
    """One operation of a document; `secured`: its own or the document's `security` asks for something."""

    def __init__(self, path: str, verb: str, operation: str, line: int, secured: bool) -> None:
        self.path = path
        self.verb = verb
        self.operation = operation
        self.line = line
        self.secured = secured


def routes(program: Program, modules: list[ModuleInfo]) -> list[Route]:
    """The routes of every document that a module hands to `add_api`."""
    out: list[Route] = []
    for module in modules:
        if "add_api" not in module.source.text:
            continue
        for node in module.nodes:
            if (
                isinstance(node, ir.Call)
                and isinstance(node.func, ir.Attr)
                and node.func.name == "add_api"
                and node.args
            ):
                name = node.args[0]
                if isinstance(name, ir.Const) and isinstance(name.value, str):
                    out += _of_document(program, module, name.value)
    return out


def _of_document(program: Program, module: ModuleInfo, name: str) -> Iterator[Route]:
    path = _find(Path(module.path).parent, name)
    if path is None:
        return
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    source = Source(path.as_posix(), text)
    for found in operations(text[:_LIMIT]):
        symbol = symbol_of(program.resolve_dotted(found.operation, module))
        if isinstance(symbol, FunctionInfo):
            place = (source, (found.line, 0, found.line, len(source.line(found.line))))
            guards = (
                (Guard("login", "security of the specification", place, "spec"),) if found.secured else ()
            )
            how = f"operationId: {found.operation}"
            yield Route(
                (found.verb.upper(),), found.path, symbol, symbol.owner, "connexion", how, place, outer=guards
            )


def _find(directory: Path, name: str) -> Path | None:
    """The document beside the module that names it, or in a directory just below."""
    for candidate in (directory / name, *sorted(directory.glob(f"*/{name}"))):
        if candidate.is_file():
            return candidate
    return None


def operations(text: str) -> list[Operation]:
    """The operations of a document."""
    if text.lstrip().startswith("{"):
        try:
            document = json.loads(text)
        except ValueError:
            return []
        return _of_json(document) if isinstance(document, dict) else []
    return _of_yaml(text)


def _of_json(document: dict[str, Any]) -> list[Operation]:
    out = []
    everywhere = bool(document.get("security"))
    for path, verbs in (document.get("paths") or {}).items():
        for verb, operation in (verbs if isinstance(verbs, dict) else {}).items():
            if verb.lower() in _VERBS and isinstance(operation, dict) and operation.get("operationId"):
                prefix = operation.get(
                    "x-openapi-router-controller", operation.get("x-swagger-router-controller", "")
                )
                name = f"{prefix}.{operation['operationId']}" if prefix else str(operation["operationId"])
                out.append(
                    Operation(path, verb.lower(), name, 1, bool(operation.get("security", everywhere)))
                )
    return out


def _of_yaml(text: str) -> list[Operation]:
    """Keys by indentation: `paths:` / a path / a method / `operationId`."""
    out: list[Operation] = []
    trail: list[tuple[int, str]] = []
    current: Operation | None = None
    everywhere = False
    for number, line in enumerate(text.split("\n"), 1):
        match = _LINE.match(line)
        if match is None:
            continue
        indent, key, given = (
            len(match.group(1)),
            match.group(3).strip(),
            (match.group(4) or "").strip().strip("'\""),
        )
        while trail and trail[-1][0] >= indent:
            trail.pop()
        keys = [name for _, name in trail]
        trail.append((indent, key))
        if not keys and key == "security" and given != "[]":
            everywhere = True
        if len(keys) == 2 and keys[0] == "paths" and key.lower() in _VERBS:
            current = Operation(keys[1], key.lower(), "", number, everywhere)
            out.append(current)
        elif current is not None and len(keys) == 3 and keys[0] == "paths":
            if key == "operationId":
                current.operation = f"{current.operation}{given}"
                current.line = number
            elif key in ("x-openapi-router-controller", "x-swagger-router-controller"):
                current.operation = f"{given}.{current.operation}"
            elif key == "security":
                current.secured = given != "[]"
    return [o for o in out if o.operation]
