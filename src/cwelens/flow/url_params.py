"""Which characters the variable parts of a route can hold: of regular expressions (`(?P<number>[0-9]+)`) and of a program's own converters."""

from __future__ import annotations

import re
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from cwelens.base import chars as ch
from cwelens.base.regex.admits import admits
from cwelens.flow import calls
from cwelens.flow.run import Args
from cwelens.flow.state import Obj, State
from cwelens.flow.values import UNKNOWN, Const, Func, Opaque, Text, Value, atom_chars
from cwelens.ir import nodes as ir
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo

if TYPE_CHECKING:
    from cwelens.flow.run import Run, Shared
    from cwelens.resolve.symbols import ModuleInfo

# What a converter lets through that does not say otherwise: one part of the path.
SEGMENT: int = ch.ALL & ~ch.of("/")
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


_PREFIX = re.compile(r"prefix\b[^\n]*")
_VARIABLE = re.compile(r"<(?:[^<>:]+:)?(\w+)>")


def from_elsewhere(shared: Shared, path: str, name: str) -> bool:
    """Whether a parameter of a view is no part of its address: neither of its rule nor of a prefix; defaults of its blueprint fill it."""
    if not path.startswith("/") or f"{name}>" in path:
        return False
    if shared.prefix_parts is None:
        shared.prefix_parts = set()
        for module in shared.program.modules.values():
            if "prefix" in module.source.text:
                for line in _PREFIX.findall(module.source.text):
                    shared.prefix_parts.update(_VARIABLE.findall(line))
    return name not in shared.prefix_parts


def of_converter(shared: Shared, name: str) -> int:
    """The characters that a converter of the program's own lets through: `url_map.converters["slug"] = SlugConverter`."""
    if shared.converters is None:
        shared.converters = {}
        for module in dict.fromkeys(f.module for f in shared.functions.values()):
            if "converters" in module.source.text:
                shared.converters.update(_registered(shared, module))
    own = shared.converters.get(name)
    return own[0] if own is not None else _BUILT_IN.get(name, ch.ALL)


def converted(run: Run, name: str, st: State) -> int:
    """The same, of what its `to_python` makes of the text: what it refuses by raising never gets to the view."""
    mask = of_converter(run.shared, name)
    own = (run.shared.converters or {}).get(name)
    method = (
        next((a.methods["to_python"] for a in run.program.mro(own[1])[0] if "to_python" in a.methods), None)
        if own
        else None
    )
    if method is None or len(method.node.params) != 2:
        return mask
    text = Value((Opaque("builtins.str", chars=mask, label=name),))
    held, at = st.copy(), ir.Const(name, method.node.pos)
    receiver = run.alloc(held, method.node, Obj("instance", {}, cls=own[1]), "converter") if own else UNKNOWN
    run.quiet += 1
    try:
        called = Value((Func(method, method.node, None, receiver),))
        made = calls.call_value(run, at, called, Args([text], {}), held)
    finally:
        run.quiet -= 1
    run.last_exits.pop(id(at), None)
    if not made.atoms or not all(isinstance(a, Const | Opaque | Text) for a in made.atoms):
        return mask
    return reduce(or_, (atom_chars(a) for a in made.atoms), 0)


def _registered(shared: Shared, module: ModuleInfo) -> dict[str, tuple[int, ClassInfo]]:
    found: dict[str, tuple[int, ClassInfo]] = {}
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
                    found[target.key.value] = _of_class(shared, symbol), symbol
    return found


def _of_class(shared: Shared, cls: ClassInfo) -> int:
    for ancestor in shared.program.mro(cls)[0]:
        for binding in ancestor.bindings.get("regex", ()):
            if not (isinstance(binding.value, ir.Const) and isinstance(binding.value.value, str)):
                return ch.ALL
            admitted = groups(f"(?P<part>{binding.value.value})\\Z")
            return admitted.get("part", ch.ALL)
    return SEGMENT
