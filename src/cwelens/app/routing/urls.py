"""URL lists of Django, with the lists that they include, and the views that classes are made into."""

from __future__ import annotations

from cwelens.app.routing.found import VERBS, Found, const
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import ClassInfo, FunctionInfo, ModuleInfo

_ACTIONS = {
    "list": ("GET",),
    "retrieve": ("GET",),
    "create": ("POST",),
    "update": ("PUT",),
    "partial_update": ("PATCH",),
    "destroy": ("DELETE",),
    "form_valid": ("POST",),
    "perform_create": ("POST",),
    "perform_update": ("PUT",),
    "perform_destroy": ("DELETE",),
    "get_queryset": ("GET",),
    "get_object": ("GET",),
}


def django(
    found: Found, module: ModuleInfo, holder: FunctionInfo | None, node: ir.Call, pattern: str, view: ir.Expr
) -> None:
    """`path("x", view)`, `path("x", View.as_view())`, `path("x", include("shop.urls"))`"""
    program = found.know.program
    path = pattern.lstrip("^").rstrip("$")
    if not isinstance(view, ir.Call):
        found.add_view(module, holder, node, view, ("GET", "POST"), path, "Django")
        return
    name = (dotted(view.func) or "").rpartition(".")[2]
    if name == "include" and view.args:
        target = (
            view.args[0].items[0] if isinstance(view.args[0], ir.Seq) and view.args[0].items else view.args[0]
        )
        text = const(target)
        symbol = (
            symbol_of(
                program.resolve_dotted(text, module) if text else program.resolve_expr(module, holder, target)
            )
            if text or isinstance(target, ir.Name | ir.Attr)
            else None
        )
        if isinstance(symbol, ModuleInfo):
            found.modules[symbol] = (module, path.strip("/"))
        return
    if name == "as_view" and isinstance(view.func, ir.Attr):
        cls = symbol_of(program.resolve_expr(module, holder, view.func.base))
        if isinstance(cls, ClassInfo):
            view_class(found, module, node, cls, path, "Django")
        return
    # `login_required(view)`, `csrf_exempt(view)`
    if len(view.args) == 1:
        before = len(found.routes)
        django(found, module, holder, node, pattern, view.args[0])
        for route in found.routes[before:]:
            route.extra += (view.func,)


def view_class(
    found: Found, module: ModuleInfo, node: ir.Node, cls: ClassInfo, path: str, framework: str
) -> None:
    """The methods of a view class that answer requests, or that its ancestors call while they do."""
    for ancestor in found.know.program.mro(cls)[0]:
        for name, function in ancestor.methods.items():
            verb = _ACTIONS.get(name) or ((name.upper(),) if name in VERBS else None)
            action = any("action" in d or "detail_route" in d for d in function.decorators)
            if verb is not None or action:
                found.add(module, node, function, verb or ("POST",), path, framework, None, cls)


def prefix(found: Found, module: ModuleInfo) -> str:
    """What the URL lists that include a URL list put before its paths."""
    out, seen = "", set()
    while module in found.modules and module not in seen:
        seen.add(module)
        module, path = found.modules[module]
        out = f"/{path}{out}" if path else out
    return out
