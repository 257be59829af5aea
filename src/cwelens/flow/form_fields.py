"""What the fields of a form or serializer let through: `cleaned_data["when"]` is a date where the form says `when = DateField()`.

A field whose choices the program gives, or which looks a record up, hands on nothing that its sender has made up. Fields that a
form takes over from a model (`Meta.model`) are those of the model.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cwelens.base import chars as ch
from cwelens.flow import scopes
from cwelens.flow.run import written
from cwelens.flow.state import Obj
from cwelens.flow.values import TYPE_CHARS, UNKNOWN, Opaque, Taints, Value
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo, FunctionInfo

if TYPE_CHECKING:
    from cwelens.flow.run import Run
    from cwelens.flow.state import State

# What was validated, by the attribute that holds it.
RESULTS = frozenset(("cleaned_data", "validated_data"))

_TYPES = {
    "IntegerField": "builtins.int",
    "SmallIntegerField": "builtins.int",
    "BigIntegerField": "builtins.int",
    "PositiveIntegerField": "builtins.int",
    "PositiveSmallIntegerField": "builtins.int",
    "PositiveBigIntegerField": "builtins.int",
    "FloatField": "builtins.float",
    "DecimalField": "decimal.Decimal",
    "BooleanField": "builtins.bool",
    "NullBooleanField": "builtins.bool",
    "DateField": "datetime.date",
    "DateTimeField": "datetime.datetime",
    "TimeField": "datetime.time",
    "DurationField": "datetime.timedelta",
    "UUIDField": "uuid.UUID",
}
# What a field without a type of its own lets through.
_SPACE = ch.of(" \t\n\v\f\r")
_CHARS = {
    "EmailField": ch.ALL & ~ch.of("\n\r"),
    "URLField": ch.ALL & ~_SPACE,
    "SlugField": ch.IDENTIFIER | ch.of("-"),
    "IPAddressField": ch.HEX | ch.of(":."),
    "GenericIPAddressField": ch.HEX | ch.of(":."),
}
# Fields that hand on a record, or one of the choices that the program gives.
_CHOSEN = frozenset(
    ("ModelChoiceField", "ModelMultipleChoiceField", "ChoiceField", "MultipleChoiceField", "TypedChoiceField", "TypedMultipleChoiceField",
     "ForeignKey", "OneToOneField", "ManyToManyField", "PrimaryKeyRelatedField", "SlugRelatedField", "HyperlinkedRelatedField",
     "CountryField", "TimeZoneField", "FilePathField")
)  # fmt: skip
_FILES = frozenset(("FileField", "ImageField"))
_UPLOAD = "django.core.files.uploadedfile.UploadedFile"
_LIBRARIES = ("django.", "rest_framework.", "builtins.")
# Code that makes more fields than a class declares.
_ADDS = re.compile(r"\bfields\[[^\]=]*\]\s*=(?!=)|\bfields\.update\b|base_fields|\bextra_fields\b")


def narrowed(run: Run, cls: ClassInfo, value: Value, st: State, node: ir.Node) -> Value:
    """The validated data of an object of a form's class: a dictionary in which each known field holds what it lets through."""
    atom = value.atoms[0] if len(value.atoms) == 1 else None
    if not isinstance(atom, Opaque):
        return value
    here = f"{run.frame.func.name}()" if run.frame.func is not None else ""
    # In the method that checks a field, it is not checked yet.
    items = {
        name: _held(Field(field.kind) if field.check == here else field, atom.taints)
        for name, field in fields(run, cls).items()
    }
    if not items:
        return value
    # What is no field of a form whose fields are all known, its own code has put there.
    rest = Value((Opaque(None, () if _is_closed(run, cls) else atom.taints),))
    return run.alloc(st, node, Obj("dict", items, rest, UNKNOWN), "validated")


# What a view is handed for what was sent, with the attribute under which it names the class.
_NAMED_BY = {
    "django.forms.Form": "form_class",
    "rest_framework.serializers.BaseSerializer": "serializer_class",
}


def of_view(run: Run, view: ClassInfo | None, kind: str, st: State, node: ir.Node) -> Value | None:
    """The form or serializer that a view makes of a request: an object of the class that it names; None where it names none."""
    attribute = _NAMED_BY.get(kind, "")
    cls = run.program.named_class(view, attribute) if view is not None else None
    return run.alloc(st, node, Obj("instance", {}, cls=cls), "made") if cls is not None else None


def serializer(run: Run, node: ir.Expr, receiver: Value | None, st: State) -> Value | None:
    """`self.get_serializer(data=…)` of a view of Django REST framework."""
    obj = scopes.frame_object(receiver, st) if receiver is not None else None
    view = obj.cls if obj is not None and isinstance(obj.cls, ClassInfo) else None
    return of_view(run, view, "rest_framework.serializers.BaseSerializer", st, node)


def given(run: Run, function: FunctionInfo, param: ir.Param, value: Value, st: State) -> Value:
    """A parameter of a serializer's own method: all that was validated (`create(validated_data)`), or one field (`validate_when(value)`)."""
    cls = function.owner
    if cls is None:
        return value
    if param.name in _WHOLE:
        return narrowed(run, cls, value, st, param)
    name = function.name.removeprefix(_VALIDATES) if function.name.startswith(_VALIDATES) else ""
    field = fields(run, cls).get(name)
    atom = value.atoms[0] if len(value.atoms) == 1 else None
    if field is None or not isinstance(atom, Opaque):
        return value
    # It is this method that checks it.
    return _held(Field(field.kind), atom.taints)


_WHOLE = frozenset(("validated_data", "attrs", "data"))
_VALIDATES = "validate_"


def _is_closed(run: Run, cls: ClassInfo) -> bool:
    """Whether all fields of a form are those that it, its bases and its model declare."""
    known, unknown = run.program.mro(cls)
    libraries = run.program.library_bases(cls)
    if len(libraries) < len(unknown) or not all(base.startswith(_LIBRARIES) for base in libraries):
        return False
    for ancestor in known:
        first, _, last, _ = ancestor.node.pos
        if _ADDS.search("\n".join(ancestor.module.source.lines[first - 1 : last])):
            return False
        if "Meta" in ancestor.bindings and not _models(run, ancestor):
            return False
    return True


def _models(run: Run, cls: ClassInfo) -> list[ClassInfo]:
    """The models of the program that a form names in its `Meta`."""
    inner = cls.bindings["Meta"][-1].symbol if "Meta" in cls.bindings else None
    if not isinstance(inner, ClassInfo):
        return []
    found = [
        symbol_of(run.program.resolve_expr(inner.module, None, binding.value))
        for binding in inner.bindings.get("model", ())
        if binding.value is not None
    ]
    return [model for model in found if isinstance(model, ClassInfo)]


class Field(NamedTuple):
    """A field: its kind (`DateField`), and what of the program checks it, as written ("" where nothing does)."""

    kind: str
    check: str = ""


def fields(run: Run, cls: ClassInfo) -> dict[object, Field]:
    """The fields of a form, and of those it takes over from a model."""
    found = _declared(run, cls)
    known = run.program.mro(cls)[0]
    for ancestor in known:
        for model in _models(run, ancestor):
            found = {**_declared(run, model), **found}
    for ancestor in known:
        for name, method in ancestor.methods.items():
            field = found.get(name.removeprefix("clean_").removeprefix(_VALIDATES))
            if (
                field is None
                or name in found
                or not any(isinstance(n, ir.Raise) for n in walk(*method.node.body))
            ):
                continue
            found[name.removeprefix("clean_").removeprefix(_VALIDATES)] = Field(field.kind, f"{name}()")
    return found


def _declared(run: Run, cls: ClassInfo) -> dict[object, Field]:
    found: dict[object, Field] = {}
    for ancestor in run.program.mro(cls)[0]:
        for name, bindings in ancestor.bindings.items():
            value = bindings[-1].value
            if name not in found and isinstance(value, ir.Call):
                kind = _kind(run, ancestor, value)
                if kind:
                    found[name] = Field(kind, _validator(value))
    return found


def _validator(node: ir.Call) -> str:
    """The first of a field's own validators, as written."""
    given = next((value for key, value in node.keywords if key == "validators"), None)
    return written(given.items[0]) if isinstance(given, ir.Seq) and given.items else ""


def _kind(run: Run, cls: ClassInfo, node: ir.Call) -> str:
    """The kind of field that a call makes; of a class of the program, that of the library's class it is made from."""
    if any(key == "choices" for key, _ in node.keywords):
        return "ChoiceField"
    name = written(node.func).rpartition(".")[2]
    symbol = symbol_of(run.program.resolve_expr(cls.module, None, node.func))
    if isinstance(symbol, ClassInfo):
        if (
            "to_python" in symbol.methods
            or "clean" in symbol.methods
            or "to_internal_value" in symbol.methods
        ):
            return "Field"
        return next(iter(run.program.library_bases(symbol)), "Field").rpartition(".")[2]
    return name if name.endswith("Field") or name in _CHOSEN else ""


def _held(field: Field, taints: Taints) -> Value:
    kind = field.kind
    if field.check:
        taints = tuple(t.assuming(f"`{field.check}` lets dangerous values through") for t in taints)
    if kind in _CHOSEN:
        return Value((Opaque(),))
    if kind in _FILES:
        return Value((Opaque(_UPLOAD, taints),))
    type_ = _TYPES.get(kind)
    if type_ is not None:
        return Value((Opaque(type_, taints, TYPE_CHARS[type_]),))
    mask = _CHARS.get(kind)
    return (
        Value((Opaque("builtins.str", taints, mask),)) if mask is not None else Value((Opaque(None, taints),))
    )
