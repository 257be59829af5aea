"""Names of a function of which only a piece is in the input: what they hold is set in the code around, which nobody can see.

They are to a piece what parameters are to a function cut out whole: of unknown trust.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.flow.values import Opaque, Origin, Taint, Trail, Value
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.builtin_names import BUILTINS
from cwelens.resolve.symbols import ModuleInfo

if TYPE_CHECKING:
    from cwelens.flow.run import Run

AROUND = "around"


def name_of_around(run: Run, name: str) -> Value | None:
    """The value of a name that the code around a piece sets; None outside a piece, and for what is called or spelt like something else."""
    if run.frame.func is not None or run.frame.closure is not None:
        return None
    known = run.shared.around.get(id(run.frame.module))
    if known is None:
        known = run.shared.around[id(run.frame.module)] = given(run.frame.module)
    place = known.get(name)
    if place is None:
        return None
    where = (run.frame.module.source, place)
    origin = Origin("param", AROUND, f"`{name}` of the code around", where)
    return Value(
        (Opaque(None, (Taint(origin, {}, Trail(None, where, f"`{name}` is set before this piece")),)),)
    )


def is_data(name: str) -> bool:
    """Whether a name is spelt like that of a variable."""
    return name.islower() and name not in ("self", "cls") and name not in BUILTINS


def is_piece(module: ModuleInfo) -> bool:
    """Whether the top level is a piece of a function: indented, or with a `return`."""
    own = [s for s in module.body if not isinstance(s, ir.Function | ir.Class | ir.Import | ir.ImportFrom)]
    return any(s.pos[1] > 0 for s in own) or any(isinstance(n, ir.Return) for s in own for n in walk(s))


def given(module: ModuleInfo) -> dict[str, ir.Pos]:
    """The names of a piece of a function that are used as data and nothing in it sets, with where they stand first."""
    if not is_piece(module):
        return {}
    nodes = [n for s in module.body if not isinstance(s, ir.Function | ir.Class) for n in walk(s)]
    called = {n.func.id for n in nodes if isinstance(n, ir.Call) and isinstance(n.func, ir.Name)}
    found: dict[str, ir.Pos] = {}
    for node in nodes:
        if (
            isinstance(node, ir.Name)
            and node.id not in called
            and is_data(node.id)
            and node.id not in module.bindings
        ):
            found[node.id] = min(node.pos, found.get(node.id, node.pos))
    return found
