"""Which characters the variable parts of a route can hold: of regular expressions (`(?P<number>[0-9]+)`) and of a program's own converters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.base import chars as ch
from cwelens.base.regex.admits import admits
from cwelens.ir import nodes as ir
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo

if TYPE_CHECKING:
    from cwelens.flow.run import Shared
    from cwelens.resolve.symbols import ModuleInfo

# What a converter lets through that does not say otherwise: one part of the path.
SEGMENT = ch.ALL & ~ch.of("/")
# Converters whose arguments are no text any more.
TYPES = {"int": "builtins.int", "float": "builtins.float", "uuid": "uuid.UUID"}
# What the other converters let through that a framework brings along.
_BUILT_IN = {"slug": ch.ASCII_ALNUM | ch.of("-_")}


def groups(path: str) -> dict[str, int]:
    """The named groups of a route that is a regular expression, with the characters each can hold."""
    if "(?P<" not in path:
        return {}
    found = admits(path, 0, "match")
    if found is None:
        return {}
    return {name: mask for name, mask in found.groups.items() if isinstance(name, str)}


def of_converter(shared: Shared, name: str) -> int:
    """The characters that a converter of the program's own lets through: `url_map.converters["slug"] = SlugConverter`."""
    if shared.converters is None:
        shared.converters = {}
        for module in dict.fromkeys(f.module for f in shared.functions.values()):
            if "converters" in module.source.text:
                shared.converters.update(_registered(shared, module))
    return shared.converters.get(name, _BUILT_IN.get(name, ch.ALL))


def _registered(shared: Shared, module: ModuleInfo) -> dict[str, int]:
    found: dict[str, int] = {}
    for node in module.nodes:
        if not isinstance(node, ir.Assign):
            continue
        for target in node.targets:
            if not (isinstance(target, ir.Item) and isinstance(target.key, ir.Const)):
                continue
            named = isinstance(target.base, ir.Attr) and target.base.name == "converters"
            if named and isinstance(target.key.value, str) and isinstance(node.value, ir.Name | ir.Attr):
                symbol = symbol_of(shared.program.resolve_expr(module, None, node.value))
                if isinstance(symbol, ClassInfo):
                    found[target.key.value] = _of_class(shared, symbol)
    return found


def _of_class(shared: Shared, cls: ClassInfo) -> int:
    for ancestor in shared.program.mro(cls)[0]:
        for binding in ancestor.bindings.get("regex", ()):
            if not (isinstance(binding.value, ir.Const) and isinstance(binding.value.value, str)):
                return ch.ALL
            admitted = groups(f"(?P<part>{binding.value.value})\\Z")
            return admitted.get("part", ch.ALL)
    return SEGMENT
