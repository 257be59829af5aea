"""View sets of Django REST framework, and Django's own views that edit and delete, that let every account change every record (CWE-639).

Their methods are the library's, not in the code. What such a class hands to the library is its `queryset` or `model`: where that is all there
is, and no permission looks at the record, a key is enough.
"""

from __future__ import annotations

from cwelens.app.build import default_permissions
from cwelens.app.guards import of_class
from cwelens.app.model import Application
from cwelens.app.values import Entity, Guard
from cwelens.checks.access.owned import owners
from cwelens.checks.access.report import Report
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted, walk
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo, External

_CHANGING = frozenset(
    (
        "ModelViewSet",
        "UpdateModelMixin",
        "DestroyModelMixin",
        "UpdateAPIView",
        "DestroyAPIView",
        "RetrieveUpdateAPIView",
        "RetrieveDestroyAPIView",
        "RetrieveUpdateDestroyAPIView",
    )
)
_EDITING = frozenset(("UpdateView", "DeleteView"))
# Methods with which a class may choose its records, or look at one, itself.
_OWN_WAYS = frozenset(
    (
        "get_queryset",
        "get_object",
        "filter_queryset",
        "check_object_permissions",
        "check_permissions",
        "get_permissions",
        "initial",
        "dispatch",
        "update",
        "partial_update",
        "destroy",
        "perform_update",
        "perform_destroy",
        "put",
        "patch",
        "delete",
        "get",
        "post",
        "setup",
        "test_func",
        "has_permission",
        "form_valid",
        "get_form_kwargs",
    )
)
# Steps of a query that leave all records in it.
_ALL = frozenset(("all", "select_related", "prefetch_related", "order_by", "defer", "only", "distinct"))
_LIBRARIES = ("rest_framework", "django_filters", "drf_", "django.")


def check(report: Report) -> None:
    """Reports into `report`."""
    app = report.app
    default = default_permissions(app.know, app.modules)
    for module in app.modules:
        for cls in module.classes:
            entity = _all_records(app, cls)
            if entity is None or not _for_any_account(app, cls, default):
                continue
            found = owners(app, entity)
            if not found:
                continue
            own = _given_an_owner(cls, found)
            line, column, _, _ = cls.node.pos
            spot = (module.source, (line, column, line, len(module.source.line(line).encode())))
            report.add(
                "record-of-others",
                spot,
                None,
                f"`{cls.name}` changes and deletes the record of `{entity.table}` that the request names, whoever it belongs to",
                f"a `get_queryset` that chooses by {' or '.join(f'`{c}`' for c in found[:3])}, or a permission that looks at the record",
                assumption=""
                if own
                else f"records of `{entity.table}` are not meant for every user to change",
            )


def _all_records(app: Application, cls: ClassInfo) -> Entity | None:
    """The table whose records a class of the library's changes by key, all of them; None where it does something of its own."""
    known, unknown = app.know.program.mro(cls)
    bases = app.know.program.library_bases(cls)
    if len(bases) < len(unknown) or not any(
        (b.startswith("rest_framework.") and b.rpartition(".")[2] in _CHANGING)
        or (b.startswith("django.views.generic.") and b.rpartition(".")[2] in _EDITING)
        for b in bases
    ):
        return None
    if any(not b.startswith(_LIBRARIES) for b in bases) or any(_OWN_WAYS & a.methods.keys() for a in known):
        return None
    bound = {name: b[-1].value for a in reversed(known) for name, b in a.bindings.items()}
    if _only_reads(bound.get("http_method_names")) or _filters(app, cls, bound.get("filter_backends")):
        return None
    query = bound.get("queryset")
    if query is None and isinstance(bound.get("model"), ir.Name | ir.Attr):
        query = ir.Attr(bound["model"], "objects", cls.node.pos)  # type: ignore[arg-type]
    while isinstance(query, ir.Call) and isinstance(query.func, ir.Attr) and query.func.name in _ALL:
        query = query.func.base
    if (
        not isinstance(query, ir.Attr)
        or query.name != "objects"
        or not isinstance(query.base, ir.Name | ir.Attr)
    ):
        return None
    model = symbol_of(app.know.program.resolve_expr(cls.module, cls.function, query.base))
    return Entity(model.name.lower(), model) if isinstance(model, ClassInfo) else None


def _only_reads(listed: ir.Expr | None) -> bool:
    """`http_method_names = ["get", "post"]`: nothing is changed by key."""
    if not isinstance(listed, ir.Seq):
        return False
    names = {str(p.value).lower() for p in listed.items if isinstance(p, ir.Const)}
    return not names & {"put", "patch", "delete"}


def _filters(app: Application, cls: ClassInfo, listed: ir.Expr | None) -> bool:
    """Whether filters of the program's own may choose the records."""
    parts = [p for p in walk(listed) if isinstance(p, ir.Name | ir.Attr)] if listed is not None else []
    for part in parts:
        symbol = symbol_of(app.know.program.resolve_expr(cls.module, cls.function, part))
        if not isinstance(symbol, External) or not symbol.qualname.startswith(_LIBRARIES):
            return True
    return False


def _for_any_account(app: Application, cls: ClassInfo, default: tuple[Guard, ...]) -> bool:
    """Whether a login is asked for, and neither a role nor whose the record is."""
    guards, _ = of_class(app.know, cls, "update", default)
    kinds = {guard.kind for guard in guards}
    return bool(kinds & {"login", "token"}) and not kinds & {"role", "owner"}


def _given_an_owner(cls: ClassInfo, columns: list[str]) -> bool:
    """Whether a new record is given to who is asking: `serializer.save(owner=self.request.user)`."""
    method = cls.methods.get("perform_create") or cls.methods.get("create")
    for node in walk(*method.node.body) if method is not None else ():
        if isinstance(node, ir.Call):
            for name, value in node.keywords:
                if name in columns and (dotted(value) or "").endswith("request.user"):
                    return True
    return False
