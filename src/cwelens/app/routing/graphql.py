"""Fields of GraphQL schemas (graphene, strawberry, ariadne): each resolver of a query or a mutation is a way in of its own."""

from __future__ import annotations

import re

from cwelens.app.evaluate import text_of
from cwelens.app.routing.found import Found, const, imports, keyword, name_of, qualname, targets
from cwelens.app.values import Guard
from cwelens.app.words import guard_kind
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted, walk
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo, FunctionInfo, ModuleInfo

PACKAGES = ("graphene", "graphene_django", "strawberry", "strawberry_django", "ariadne")
_ROOTS = {"query": "QUERY", "mutation": "MUTATION", "subscription": "SUBSCRIPTION"}
_MUTATIONS = frozenset(("Mutation", "ClientIDMutation", "relay.ClientIDMutation", "SerializerMutation"))
_TYPES = {
    "QueryType": "QUERY",
    "MutationType": "MUTATION",
    "SubscriptionType": "SUBSCRIPTION",
    "ObjectType": "FIELD",
}
_CAMEL = re.compile(r"_([a-z0-9])")


def fields(found: Found, modules: list[ModuleInfo]) -> None:
    """Adds a route for each field that a resolver answers."""
    using = [m for m in modules if any(imports(m, package) for package in PACKAGES)]
    if not using:
        return
    before = len(found.routes)
    names = _mutations(found, using)
    roots = _roots(found, using)
    for module in using:
        for cls in module.classes:
            _graphene(found, module, cls, roots, names)
            _strawberry(found, module, cls, roots)
        for function in module.functions:
            _ariadne(found, module, function)
        _set_fields(found, module)
    for guard in _endpoint(found, modules):
        for route in found.routes[before:]:
            route.outer += (guard,)


def _camel(name: str) -> str:
    return _CAMEL.sub(lambda m: m.group(1).upper(), name)


def _roots(found: Found, modules: list[ModuleInfo]) -> dict[ClassInfo, str]:
    """What each class is in `Schema(query=Query, mutation=Mutation)`, and the classes it takes its fields from."""
    out: dict[ClassInfo, str] = {}
    for module in modules:
        for node in module.nodes:
            if not (isinstance(node, ir.Call) and name_of(node.func) in ("Schema", "AsyncSchema")):
                continue
            given = dict(zip(_ROOTS, node.args)) | {k: v for k, v in node.keywords if k in _ROOTS}
            for kind, expr in given.items():
                for cls, _ in targets(found.know, module, None, expr):
                    if isinstance(cls, ClassInfo):
                        for ancestor in found.know.program.mro(cls)[0]:
                            out[ancestor] = _ROOTS[kind]
    return out


def _mutations(found: Found, modules: list[ModuleInfo]) -> dict[ClassInfo, str]:
    """The field under which each mutation class stands: `drop_user = DropUser.Field()`."""
    out: dict[ClassInfo, str] = {}
    for module in modules:
        for cls in module.classes:
            for name, bindings in cls.bindings.items():
                value = bindings[-1].value
                if (
                    isinstance(value, ir.Call)
                    and isinstance(value.func, ir.Attr)
                    and value.func.name == "Field"
                ):
                    for made, _ in targets(found.know, module, None, value.func.base):
                        if isinstance(made, ClassInfo):
                            out[made] = name
    return out


def _kind(cls: ClassInfo, roots: dict[ClassInfo, str]) -> str:
    if cls in roots:
        return roots[cls]
    lower = cls.name.lower()
    return next((kind for word, kind in _ROOTS.items() if lower.endswith((word, f"{word}s"))), "FIELD")


def _path(cls: ClassInfo, kind: str, name: str) -> str:
    return _camel(name) if kind != "FIELD" else f"{cls.name}.{_camel(name)}"


def _bases(found: Found, cls: ClassInfo) -> set[str]:
    known = found.know.program.mro(cls)[0]
    names = {b.rpartition(".")[2] for a in known for b in a.bases_text}
    return names | {base.rpartition(".")[2] for base in found.know.program.library_bases(cls)}


def _graphene(
    found: Found,
    module: ModuleInfo,
    cls: ClassInfo,
    roots: dict[ClassInfo, str],
    names: dict[ClassInfo, str],
) -> None:
    bases = _bases(found, cls)
    if bases & _MUTATIONS and cls not in roots:
        for name in ("mutate", "mutate_and_get_payload", "perform_mutate"):
            function = cls.methods.get(name)
            if function is not None:
                path = _camel(names.get(cls, cls.name[:1].lower() + cls.name[1:]))
                found.add(module, function.node, function, ("MUTATION",), path, "GraphQL", None, cls)
    resolvers = [(n.removeprefix("resolve_"), f) for n, f in cls.methods.items() if n.startswith("resolve_")]
    if resolvers and (
        bases & {"ObjectType", "DjangoObjectType", "SQLAlchemyObjectType", "Interface"} or cls in roots
    ):
        kind = _kind(cls, roots)
        for name, function in resolvers:
            found.add(module, function.node, function, (kind,), _path(cls, kind, name), "GraphQL", None, cls)


def _strawberry(found: Found, module: ModuleInfo, cls: ClassInfo, roots: dict[ClassInfo, str]) -> None:
    if not any(
        (dotted(d.func if isinstance(d, ir.Call) else d) or "").startswith("strawberry")
        for d in cls.node.decorators
    ):
        return
    kind = _kind(cls, roots)
    for name, function in cls.methods.items():
        for decorator in function.node.decorators:
            call = decorator if isinstance(decorator, ir.Call) else None
            made = qualname(found.know, module, None, call.func if call is not None else decorator)
            if not made.startswith("strawberry") or made.rpartition(".")[2] not in (
                "field",
                "mutation",
                "subscription",
            ):
                continue
            own = {"mutation": "MUTATION", "subscription": "SUBSCRIPTION"}.get(made.rpartition(".")[2], kind)
            asked = keyword(call, "permission_classes") if call is not None else None
            found.add(
                module, decorator, function, (own,), _path(cls, own, name), "GraphQL", None, cls,
                extra=(asked,) if asked is not None else (),
            )  # fmt: skip
    for name, bindings in cls.bindings.items():
        # `users: list[User] = strawberry.field(resolver=all_users)`
        value = bindings[-1].value
        if isinstance(value, ir.Call) and qualname(found.know, module, None, value.func).startswith(
            "strawberry"
        ):
            resolver = keyword(value, "resolver") or (value.args[0] if value.args else None)
            asked = keyword(value, "permission_classes")
            found.add_view(
                module, None, value, resolver, (kind,), _path(cls, kind, name), "GraphQL",
                extra=(asked,) if asked is not None else (),
            )  # fmt: skip


def _ariadne_type(
    found: Found, module: ModuleInfo, holder: FunctionInfo | None, node: ir.Expr
) -> tuple[str, str] | None:
    """What the object is on which a field is set, and the name of its type."""
    symbol = (
        symbol_of(found.know.program.resolve_expr(module, holder, node))
        if isinstance(node, ir.Name | ir.Attr)
        else None
    )
    made = getattr(symbol, "value", None)
    kind = _TYPES.get(name_of(made.func)) if isinstance(made, ir.Call) else None
    if kind is None or not isinstance(made, ir.Call):
        return None
    name = const(made.args[0]) if made.args else None
    return (_ROOTS.get((name or "").lower(), kind), name or "")


def _ariadne(found: Found, module: ModuleInfo, function: FunctionInfo) -> None:
    """`@query.field("user")`"""
    for decorator in function.node.decorators:
        if (
            isinstance(decorator, ir.Call)
            and isinstance(decorator.func, ir.Attr)
            and decorator.func.name in ("field", "source")
            and decorator.args
        ):
            owner = _ariadne_type(found, module, function.parent, decorator.func.base)
            name = const(decorator.args[0])
            if owner is not None and name is not None:
                path = name if owner[0] != "FIELD" else f"{owner[1]}.{name}"
                found.add(module, decorator, function, (owner[0],), path, "GraphQL")


def _set_fields(found: Found, module: ModuleInfo) -> None:
    """`query.set_field("user", resolve_user)`"""
    if "set_field" not in module.source.text:
        return
    for node in module.nodes:
        if (
            isinstance(node, ir.Call)
            and isinstance(node.func, ir.Attr)
            and node.func.name == "set_field"
            and len(node.args) > 1
        ):
            owner = _ariadne_type(found, module, None, node.func.base)
            name = const(node.args[0])
            if owner is not None and name is not None:
                path = name if owner[0] != "FIELD" else f"{owner[1]}.{name}"
                found.add_view(module, None, node, node.args[1], (owner[0],), path, "GraphQL")


def _endpoint(found: Found, modules: list[ModuleInfo]) -> list[Guard]:
    """What guards the address of the whole schema: `login_required(GraphQLView.as_view())`, a view class with a mixin."""
    out: list[Guard] = []
    for module in modules:
        if "GraphQL" not in module.source.text:
            continue
        for node in module.nodes:
            if not isinstance(node, ir.Call) or name_of(node.func) in (
                "csrf_exempt",
                "as_view",
                "path",
                "url",
            ):
                continue
            kind = guard_kind(name_of(node.func))
            inner = [p for a in node.args for p in walk(a) if isinstance(p, ir.Name | ir.Attr)]
            if kind and any("GraphQL" in name_of(p) for p in inner):
                out.append(Guard("login", text_of(module, node.func), (module.source, node.pos), "hook"))
        for cls in module.classes:
            names = _bases(found, cls)
            if any("GraphQL" in name and name.endswith(("View", "App", "Router")) for name in names):
                held = next((name for name in sorted(names) if guard_kind(name)), None)
                if held is not None:
                    spot = (module.source, cls.node.pos)
                    out.append(Guard("login", f"class {cls.name}({held})", spot, "hook"))
    return out
