"""What the addresses of a Django view let its arguments be: `<int:pk>` of its URL pattern for `self.kwargs["pk"]` and for `pk`.

A view that several patterns lead to is asked for all of them, and so is a class for the views that inherit from it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.base import chars as ch
from cwelens.flow import url_params
from cwelens.flow.state import Obj
from cwelens.flow.values import TYPE_CHARS, UNKNOWN, Opaque, Value, atom_taints
from cwelens.resolve.symbols import ClassInfo

if TYPE_CHECKING:
    from cwelens.flow.run import Run, Shared
    from cwelens.flow.state import State
    from cwelens.ir import nodes as ir
    from cwelens.resolve.symbols import FunctionInfo

_PART = re.compile(r"<(?:(?P<converter>[a-zA-Z_]\w*):)?(?P<name>[a-zA-Z_]\w*)>")
_CONVERTERS = {"": url_params.SEGMENT, "str": url_params.SEGMENT, "path": ch.ALL}


def learn(shared: Shared, view: ClassInfo | FunctionInfo, path: str) -> None:
    """A pattern leads to a view; one of a class is an object of its bases as well."""
    for known in shared.program.mro(view)[0] if isinstance(view, ClassInfo) else (view,):
        shared.view_paths.setdefault(known, []).append(path)


def masks(shared: Shared, view: ClassInfo | FunctionInfo | None) -> dict[str, int]:
    """The arguments that every pattern of a view names, with the characters each can hold."""
    paths = shared.view_paths.get(view, []) if view is not None else []
    found: dict[str, int] = {}
    for index, path in enumerate(paths):
        own = _of_path(shared, path)
        if index == 0:
            found = own
        else:
            found = {name: mask | own[name] for name, mask in found.items() if name in own}
    return found


def _of_path(shared: Shared, path: str) -> dict[str, int]:
    if "(?P<" in path:
        return url_params.groups(path)
    return {m["name"]: _of_converter(shared, m["converter"] or "") for m in _PART.finditer(path)}


def _of_converter(shared: Shared, converter: str) -> int:
    if converter in _CONVERTERS:
        return _CONVERTERS[converter]
    type_ = url_params.TYPES.get(converter)
    return TYPE_CHARS[type_] if type_ is not None else url_params.of_converter(shared, converter)


def narrowed(run: Run, cls: ClassInfo, value: Value, st: State, node: ir.Expr) -> Value:
    """`self.kwargs` of a view: a dictionary whose values hold what the patterns let through."""
    items = arguments(run.shared, cls, value)
    if not items:
        return value
    rest = Value((Opaque("builtins.str", atom_taints(value.atoms[0])),))
    return run.alloc(st, node, Obj("dict", items, rest, UNKNOWN))


def arguments(shared: Shared, cls: ClassInfo | None, content: Value) -> dict[object, Value]:
    """The arguments of a view by their names, where `content` is what any of them may be."""
    atom = content.atoms[0] if len(content.atoms) == 1 else None
    if not isinstance(atom, Opaque):
        return {}
    return {
        name: Value((Opaque("builtins.str", atom.taints, mask),)) for name, mask in masks(shared, cls).items()
    }
