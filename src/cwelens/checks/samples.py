"""What is written down as an example: in the documentation of an interface, or as part of an address that is only shown."""

from __future__ import annotations

from cwelens.checks.bodies import last_name
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.symbols import ModuleInfo

_NAMED = frozenset(
    ("example", "examples", "openapi_examples", "sample", "samples", "json_schema_extra", "schema_extra")
)
_MAKERS = frozenset(("OpenApiExample", "Example"))


def inside(module: ModuleInfo) -> frozenset[int]:
    """The nodes that belong to an example, by their ids."""
    found: list[ir.Expr] = []
    for node in module.nodes:
        if isinstance(node, ir.Call):
            called = last_name(node.func)
            found += [value for key, value in node.keywords if key in _NAMED]
            if called in _MAKERS or called == "url_for" or "reverse" in called.lower():
                found += [*node.args, *(value for _, value in node.keywords)]
        elif isinstance(node, ir.DictDisplay):
            found += [value for key, value in node.items if isinstance(key, ir.Const) and key.value in _NAMED]
    return frozenset(id(part) for part in walk(*found)) if found else frozenset()
