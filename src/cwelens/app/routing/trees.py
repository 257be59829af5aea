"""Handlers found by where they hang in a tree of objects (CherryPy), and applications that are bare functions (WSGI)."""

from __future__ import annotations

from collections.abc import Iterator

from cwelens.app.routing.found import VERBS, Found, const, imports, name_of, targets
from cwelens.app.values import Guard
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted, walk
from cwelens.resolve.symbols import ClassInfo, FunctionInfo, ModuleInfo

_DEPTH = 6


def cherrypy(found: Found, modules: list[ModuleInfo]) -> None:
    """Puts the handlers of CherryPy where their classes hang, and adds those that `exposed` marks."""
    using = [m for m in modules if imports(m, "cherrypy")]
    if not using:
        return
    hung: dict[ClassInfo, tuple[ClassInfo | None, str]] = {}
    guards: dict[ClassInfo, tuple[Guard, ...]] = {}
    for module in using:
        _mounted(found, module, hung, guards)
        for cls in module.classes:
            _exposed(found, module, cls)
    for route in found.routes:
        if route.framework == "CherryPy" and route.cls is not None:
            name = (
                ""
                if route.handler.name in ("index", "default", *map(str.upper, VERBS))
                else route.handler.name
            )
            route.path = "/".join(("", *(p for p in (*_place(hung, route.cls), name) if p))) or "/"
            for at in _above(hung, route.cls):
                route.outer += guards.get(at, ())


def _mounted(
    found: Found,
    module: ModuleInfo,
    hung: dict[ClassInfo, tuple[ClassInfo | None, str]],
    guards: dict[ClassInfo, tuple[Guard, ...]],
) -> None:
    """`cherrypy.quickstart(Root(), "/shop", config)`, `root.admin = Admin()`, `admin = Admin()` in a class."""
    know = found.know
    for node in module.nodes:
        if isinstance(node, ir.Call) and name_of(node.func) in ("quickstart", "mount") and node.args:
            for cls, _ in targets(know, module, None, node.args[0]):
                if isinstance(cls, ClassInfo):
                    path = const(node.args[1]) if len(node.args) > 1 else ""
                    hung.setdefault(cls, (None, (path or "").strip("/")))
                    guards[cls] = guards.get(cls, ()) + _configured(module, node)
        elif isinstance(node, ir.Assign) and isinstance(node.value, ir.Call):
            for target in node.targets:
                if isinstance(target, ir.Attr):
                    for cls, _ in targets(know, module, None, node.value):
                        for parent, _ in targets(know, module, None, target.base):
                            if isinstance(cls, ClassInfo) and isinstance(parent, ClassInfo):
                                hung.setdefault(cls, (parent, target.name))
    for owner in module.classes:
        held = [(name, b[-1].value) for name, b in owner.bindings.items()]
        held += [(name, value) for name, values in owner.instance_attrs.items() for value, _ in values]
        for name, value in held:
            if isinstance(value, ir.Call):
                for cls, _ in targets(know, module, None, value):
                    if isinstance(cls, ClassInfo) and cls is not owner:
                        hung.setdefault(cls, (owner, name))


def _configured(module: ModuleInfo, node: ir.Call) -> tuple[Guard, ...]:
    """`{"/": {"tools.auth_basic.on": True}}` for the whole of what is mounted."""
    parts = list(node.args[2:]) + [v for _, v in node.keywords]
    for at in parts:
        value: ir.Expr | None = at
        if isinstance(at, ir.Name) and at.id in module.bindings:
            value = module.bindings[at.id][-1].value
        for display in walk(value) if value is not None else ():
            if isinstance(display, ir.DictDisplay):
                for key, on in display.items:
                    text = const(key) or ""
                    if text.startswith("tools.") and "auth" in text and isinstance(on, ir.Const) and on.value:
                        return (Guard("login", text, (module.source, display.pos), "hook"),)
    return ()


def _exposed(found: Found, module: ModuleInfo, cls: ClassInfo) -> None:
    """`exposed = True` of a class with a method for each verb; `index.exposed = True` after a method."""
    known = {r.handler for r in found.routes}
    whole = any(
        isinstance(b[-1].value, ir.Const) and b[-1].value.value is True
        for name, b in cls.bindings.items()
        if name == "exposed"
    ) or any((dotted(d) or "").endswith("cherrypy.expose") for d in cls.node.decorators)
    if whole:
        for name, function in cls.methods.items():
            if name.isupper() and name.lower() in VERBS and function not in known:
                found.add(module, function.node, function, (name,), "/", "CherryPy", None, cls)
    for node in cls.node.body:
        if isinstance(node, ir.Assign):
            for target in node.targets:
                marked = isinstance(target, ir.Attr) and target.name == "exposed"
                if marked and isinstance(target, ir.Attr) and isinstance(target.base, ir.Name):
                    handler = cls.methods.get(target.base.id)
                    if handler is not None and handler not in known:
                        found.add(module, node, handler, ("GET", "POST"), "/", "CherryPy", None, cls)


def _above(hung: dict[ClassInfo, tuple[ClassInfo | None, str]], cls: ClassInfo) -> Iterator[ClassInfo]:
    """A class, and those in whose objects its object hangs."""
    at: ClassInfo | None = cls
    for _ in range(_DEPTH):
        if at is None:
            return
        yield at
        at = hung.get(at, (None, ""))[0]


def _place(hung: dict[ClassInfo, tuple[ClassInfo | None, str]], cls: ClassInfo) -> list[str]:
    return [hung.get(at, (None, ""))[1] for at in _above(hung, cls)][::-1]


def wsgi(found: Found, module: ModuleInfo) -> None:
    """`def application(environ, start_response)`, also as `__call__`; middleware, which hands on to another one, is no route."""
    if "start_response" not in module.source.text and '"receive"' not in module.source.text:
        return
    registered = {r.handler for r in found.routes}
    called = {
        node.id
        for other in module.functions
        if is_wsgi(other)
        for node in walk(*other.node.body)
        if isinstance(node, ir.Name)
    }
    for function in module.functions:
        if not is_wsgi(function) or function in registered or hands_on(function):
            continue
        # What another application of the file calls, or keeps in its table, is a part of that one.
        table = any(
            function.name in {n.id for n in walk(b[-1].value) if isinstance(n, ir.Name)}
            for name, b in module.bindings.items()
            if name in called and b[-1].value is not None
        )
        if function.name not in called and not table:
            found.add(module, function.node, function, ("GET", "POST"), "?", "WSGI")


def is_wsgi(function: FunctionInfo) -> bool:
    """Whether a function takes what a server of WSGI calls an application with."""
    names = [p.name for p in function.node.params]
    if function.owner is not None:
        names = names[1:] if function.name == "__call__" else []
    return names[:2] in (["environ", "start_response"], ["env", "start_response"])


def hands_on(function: FunctionInfo) -> bool:
    """Whether an application hands the request on to another one that it was made with."""
    names = [p.name for p in function.node.params][-2:]
    for node in walk(*function.node.body):
        if isinstance(node, ir.Call) and [a.id for a in node.args if isinstance(a, ir.Name)][:2] == names:
            func = node.func
            if isinstance(func, ir.Attr) and isinstance(func.base, ir.Name) and func.base.id == "self":
                return function.owner is not None and func.name not in function.owner.methods
            if isinstance(func, ir.Name) and function.parent is not None:
                return any(p.name == func.id for p in function.parent.node.params)
    return False
