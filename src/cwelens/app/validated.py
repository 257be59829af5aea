"""What a form or serializer has validated: its declared fields and no others, whatever else the request sends (CWE-915)."""

from __future__ import annotations

from cwelens.app.frame import Frame, Walk
from cwelens.app.values import CLIENT, DECLARED, Val
from cwelens.app.words import PRIVILEGED_FIELDS, is_role
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk as nodes_of
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo

_RESULTS = ("cleaned_data", "validated_data")
_CLASSES = ("serializer_class", "form_class")
# Names under which a class lists the fields of a model that it takes over, and those it only shows.
_TAKEN = "fields"
_SHOWN = "read_only_fields"


def read(walk: Walk, frame: Frame, base: Val, name: str, made: Val) -> Val:
    """`base.name`, which is `made`: marked as declared where it is what was validated, and no declared field gives rights."""
    if name not in _RESULTS or base.kind == "request" or not made.has(CLIENT):
        return made
    schema = _schema(walk, frame, base)
    if schema is not None and _gives_rights(walk, schema):
        return made
    marked = made.copy(made.tags | {DECLARED})
    marked.name = made.name
    return marked


def _schema(walk: Walk, frame: Frame, base: Val) -> ClassInfo | None:
    """The form or serializer: the class that was called, or the one its view names; None where it is not known."""
    bound = base.bound.ref if base.kind == "form" and base.bound is not None else base.ref
    if isinstance(bound, ClassInfo):
        return bound
    view = frame.function.owner if frame.function is not None else None
    ancestors = walk.program.mro(view)[0] if view is not None else ()
    for name in _CLASSES:
        for ancestor in ancestors:
            for binding in ancestor.bindings.get(name, ()):
                if binding.value is not None:
                    found = symbol_of(walk.program.resolve_expr(ancestor.module, None, binding.value))
                    if isinstance(found, ClassInfo):
                        return found
    return None


def _gives_rights(walk: Walk, schema: ClassInfo) -> bool:
    taken: set[str] = set()
    shown: set[str] = set()
    for ancestor in walk.program.mro(schema)[0]:
        taken.update(ancestor.bindings)
        for node in nodes_of(*ancestor.node.body):
            if isinstance(node, ir.Assign) and node.value is not None:
                names = {t.id for t in node.targets if isinstance(t, ir.Name)}
                if "exclude" in names:
                    # All fields of a model but these.
                    return True
                for wanted, into in ((_TAKEN, taken), (_SHOWN, shown)):
                    if wanted in names:
                        into.update(
                            n.value
                            for n in nodes_of(node.value)
                            if isinstance(n, ir.Const) and isinstance(n.value, str)
                        )
    taken = {n.lower() for n in taken - shown}
    return "__all__" in taken or any(n in PRIVILEGED_FIELDS and is_role(n) for n in taken)
