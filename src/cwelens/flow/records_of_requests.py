"""Objects that a framework makes of a request's body: of a class whose fields are declared, each converted to its type before it is seen.

A field that is a number, a time or one of some constants is harmless; a text can hold what its pattern admits.
"""

from __future__ import annotations

from cwelens.flow import annotated, handled, scopes
from cwelens.flow.run import Run, written
from cwelens.flow.state import Obj, State
from cwelens.flow.values import Opaque, Taints, Value, opaque
from cwelens.ir import nodes as ir
from cwelens.resolve.symbols import ClassInfo

# Base classes whose fields are converted to their declared types.
_VALIDATING = frozenset(("BaseModel", "SQLModel", "Struct", "RootModel", "Schema", "ModelSchema"))
# Decorators that make such a class.
_INPUTS = frozenset(("strawberry.input", "strawberry_django.input", "strawberry.experimental.pydantic.input"))
_VALIDATORS = frozenset(("field_validator", "validator"))
_MAX_DEPTH = 2


def validated(
    run: Run, cls: ClassInfo, taints: Taints, place: object, st: State, depth: int = 0
) -> Value | None:
    """An object of a class with declared fields, made of untrusted data; None for classes that convert nothing."""
    known = run.program.mro(cls)[0]
    bases = {text.rpartition(".")[2].partition("[")[0] for c in known for text in c.bases_text}
    if not bases & _VALIDATING and not any(
        written(decorator.func if isinstance(decorator, ir.Call) else decorator) in _INPUTS
        for decorator in cls.node.decorators
    ):
        return None
    rest = Value((Opaque(None, taints),))
    items: dict[object, Value] = {}
    for owner in known:
        for name, annotation in owner.attr_annotations.items():
            if name not in items:
                items[name] = _field(run, owner, name, annotation, taints, (place, name), st, depth)
    return st.alloc(("validated", place), Obj("instance", items, rest, cls=cls))


def _field(
    run: Run,
    owner: ClassInfo,
    name: str,
    annotation: ir.Expr,
    taints: Taints,
    place: object,
    st: State,
    depth: int,
) -> Value:
    several = elements(annotation)
    if several is not None and depth < _MAX_DEPTH:
        each = _field(run, owner, name, several, taints, (place, "[]"), st, depth + 1)
        return st.alloc(("validated", place, "[]"), Obj("list", {}, each))
    found = scopes.type_in(run, owner.module, owner.function, annotation)
    if not handled.several(annotation):
        if handled.harmless(run, found):
            return opaque(found if isinstance(found, str) else None)
        if isinstance(found, ClassInfo) and depth < _MAX_DEPTH:
            inner = validated(run, found, taints, place, st, depth + 1)
            if inner is not None:
                return inner
    mask = handled.pattern_of(run, annotation, owner.class_attrs.get(name, []), st)
    checked = _validator(owner, name)
    if checked:
        taints = tuple(t.assuming(f"`{owner.name}.{checked}` lets dangerous values through") for t in taints)
    passed = annotated.validator(run, annotated.Annotation(owner.module, owner.function, annotation))
    if passed:
        taints = tuple(t.assuming(f"`{passed}` lets dangerous values through") for t in taints)
    return Value((Opaque("builtins.str" if found == "builtins.str" else None, taints, mask),))


_LISTS = frozenset(("list", "List", "set", "Set", "frozenset", "Sequence", "Iterable"))


def elements(annotation: ir.Expr | None) -> ir.Expr | None:
    """The type of the elements of `list[str]`; None for what is no list of one type, and for one that its field checks itself."""
    if not isinstance(annotation, ir.Item) or isinstance(annotation.key, ir.Seq):
        return None
    return annotation.key if written(annotation.base).rpartition(".")[2] in _LISTS else None


def _validator(owner: ClassInfo, name: str) -> str:
    """The method of a class by which it checks or changes a field itself, "" if none."""
    for method in owner.methods.values():
        for decorator in method.node.decorators:
            if isinstance(decorator, ir.Call) and written(decorator.func).rpartition(".")[2] in _VALIDATORS:
                fields = [part.value for part in decorator.args if isinstance(part, ir.Const)]
                if name in fields or "*" in fields:
                    return method.name
    return ""
