"""Views of Django REST framework whose serializer lets whoever sends a record set what gives rights (CWE-915): `fields = "__all__"` of accounts.

The methods are the library's, so that nothing in the code stores the field; the list of the serializer's fields does.
"""

from __future__ import annotations

from cwelens.app.build import default_permissions
from cwelens.app.guards import of_class
from cwelens.app.model import Application
from cwelens.app.words import PRIVILEGED_FIELDS, is_role
from cwelens.base.location import locate
from cwelens.checks.access.report import Report
from cwelens.checks.finding import Step
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import Binding, ClassInfo, External

_WRITING = frozenset(
    ("ModelViewSet", "CreateModelMixin", "UpdateModelMixin", "CreateAPIView", "UpdateAPIView", "ListCreateAPIView", "RetrieveUpdateAPIView",
     "RetrieveUpdateDestroyAPIView")
)  # fmt: skip
# Methods in which a view may choose the serializer, or look at what is sent, itself.
_OWN_WAYS = frozenset(
    ("get_serializer_class", "get_serializer", "get_permissions", "check_permissions", "initial", "dispatch", "create", "update",
     "perform_create", "perform_update", "post", "put", "patch")
)  # fmt: skip
# What accounts of Django have that gives rights, by the class that they come from.
_OF_DJANGO = {
    "AbstractUser": ("is_superuser", "is_staff", "groups", "user_permissions"),
    "PermissionsMixin": ("is_superuser", "groups", "user_permissions"),
}
_MODEL = "django.contrib.auth.models.User"


def check(report: Report) -> None:
    """Reports into `report`."""
    app = report.app
    default = default_permissions(app.know, app.modules)
    for module in app.modules:
        for cls in module.classes:
            serializer = _serializer(app, cls)
            rights = _rights(app, serializer) if serializer is not None else frozenset()
            if not rights or serializer is None:
                continue
            guards, _ = of_class(app.know, cls, "create", default)
            if any(g.kind in ("role", "owner") for g in guards):
                continue
            line, column, _, _ = cls.node.pos
            spot = (module.source, (line, column, line, len(module.source.line(line).encode())))
            names = " and ".join(f"`{name}`" for name in sorted(rights)[:3])
            report.add(
                "mass-assignment",
                spot,
                None,
                f"`{cls.name}` lets whoever sends a record set {names}, through the fields of `{serializer.name}`",
                "these names in `read_only_fields`, a list of fields without them, or a permission that asks for a role",
                [
                    Step(
                        locate(serializer.module.source, serializer.node.pos),
                        "step",
                        "the fields of the serializer",
                    )
                ],
            )


def _serializer(app: Application, cls: ClassInfo) -> ClassInfo | None:
    """The serializer of a view that takes records in the library's own way; None for any other class."""
    known, unknown = app.know.program.mro(cls)
    bases = app.know.program.library_bases(cls)
    if not any(b.startswith("rest_framework.") and b.rpartition(".")[2] in _WRITING for b in bases):
        return None
    if len(bases) < len(unknown) or any(_OWN_WAYS & a.methods.keys() for a in known):
        return None
    return app.know.program.named_class(cls, "serializer_class")


def _symbol(app: Application, cls: ClassInfo, binding: Binding) -> object:
    if binding.value is None:
        return None
    return symbol_of(app.know.program.resolve_expr(cls.module, cls.function, binding.value))


def _rights(app: Application, serializer: ClassInfo) -> frozenset[str]:
    """The fields that a serializer takes over from its model and that give rights."""
    known = app.know.program.mro(serializer)[0]
    meta = next((a.bindings["Meta"][-1].symbol for a in known if "Meta" in a.bindings), None)
    if not isinstance(meta, ClassInfo):
        return frozenset()
    listed = _texts(meta, "fields")
    declared = {name for a in known for name in a.bindings}
    shown = _texts(meta, "read_only_fields") | {name for name in declared if name != "Meta"}
    wanted = _rights_of_model(app, meta) if "__all__" in listed else listed & _rights_of_model(app, meta)
    return frozenset(wanted - shown)


def _texts(meta: ClassInfo, name: str) -> set[str]:
    value = meta.bindings[name][-1].value if name in meta.bindings else None
    return {
        n.value
        for n in (walk(value) if value is not None else ())
        if isinstance(n, ir.Const) and isinstance(n.value, str)
    }


def _rights_of_model(app: Application, meta: ClassInfo) -> set[str]:
    for binding in meta.bindings.get("model", ()):
        model = _symbol(app, meta, binding)
        if isinstance(model, External) and model.qualname == _MODEL:
            return set(_OF_DJANGO["AbstractUser"])
        if isinstance(model, ClassInfo):
            libraries = app.know.program.library_bases(model)
            found = {f for q in libraries for f in _OF_DJANGO.get(q.rpartition(".")[2], ())}
            if not found:
                # A role in another table than that of the accounts may be a word of its own.
                return set()
            return found | {c for c in app.know.fields(model) if c in PRIVILEGED_FIELDS and is_role(c)}
    return set()
