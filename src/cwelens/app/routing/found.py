"""What registrations say until the handlers are put together, and the parts of a registration that all frameworks share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cwelens.app.evaluate import text_of
from cwelens.app.frame import Knowledge
from cwelens.app.model import Route
from cwelens.app.values import Guard
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted, walk
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import Binding, ClassInfo, External, FunctionInfo, ModuleInfo, Symbol

VERBS = ("get", "post", "put", "delete", "patch", "head", "options")
FRAMEWORKS = {
    "flask": "Flask",
    "fastapi": "FastAPI",
    "starlette": "Starlette",
    "bottle": "Bottle",
    "aiohttp": "aiohttp",
    "quart": "Quart",
    "sanic": "Sanic",
    "flask_restx": "Flask-RESTX",
    "flask_restplus": "Flask-RESTX",
    "flask_restful": "Flask-RESTful",
    "flask_admin": "Flask-Admin",
    "litestar": "Litestar",
    "falcon": "Falcon",
    "tornado": "Tornado",
    "flask_classful": "Flask-Classful",
    "flask_classy": "Flask-Classful",
    "pyramid": "Pyramid",
    "cherrypy": "CherryPy",
    "django": "Django",
}
_DEPTH = 4


@dataclass(slots=True)
class Found:
    """The routes so far, and what else registrations tell: prefixes and guards of groups, paths of classes, names of routes."""

    know: Knowledge
    routes: list[Route] = field(default_factory=list)
    prefixes: dict[Symbol, str] = field(default_factory=dict)
    # What is asked before each route of a group, with the module that says so, and the groups that it is put into.
    dependencies: dict[Symbol, list[tuple[ModuleInfo, ir.Expr]]] = field(default_factory=dict)
    within: dict[Symbol, list[Symbol]] = field(default_factory=dict)
    paths: dict[ClassInfo, list[tuple[str, str, tuple[ModuleInfo, ir.Node]]]] = field(default_factory=dict)
    modules: dict[ModuleInfo, tuple[ModuleInfo, str]] = field(default_factory=dict)
    # Pyramid: the path of each route's name, and the routes that wait for one.
    named: dict[str, str] = field(default_factory=dict)
    waiting: list[tuple[Route, str]] = field(default_factory=list)

    def groups(self, group: Symbol) -> tuple[Symbol, ...]:
        """A group of routes and those that it is put into, the nearest first."""
        found = [group]
        for inner in found:
            found += [outer for outer in self.within.get(inner, ()) if outer not in found]
        return tuple(found)

    def add(
        self,
        module: ModuleInfo,
        node: ir.Node,
        handler: FunctionInfo,
        methods: tuple[str, ...],
        path: str,
        framework: str,
        registrar: Symbol | None = None,
        cls: ClassInfo | None = None,
        extra: tuple[ir.Expr, ...] = (),
        outer: tuple[Guard, ...] = (),
    ) -> Route:
        how = text_of(module, node)
        place = (module.source, node.pos)
        made = Route(
            methods, path, handler, cls or handler.owner, framework, how, place, registrar, extra, outer
        )
        self.routes.append(made)
        return made

    def add_view(
        self,
        module: ModuleInfo,
        holder: FunctionInfo | None,
        node: ir.Node,
        view: ir.Expr | None,
        methods: tuple[str, ...],
        path: str,
        framework: str,
        registrar: Symbol | None = None,
        extra: tuple[ir.Expr, ...] = (),
        outer: tuple[Guard, ...] = (),
    ) -> list[Route]:
        """The routes of the functions, or of the methods of the classes, that an expression hands over."""
        before = len(self.routes)
        for symbol, wrappers in targets(self.know, module, holder, view):
            more = (*extra, *wrappers)
            if isinstance(symbol, FunctionInfo):
                self.add(module, node, symbol, methods, path, framework, registrar, None, more, outer)
                continue
            for name, function in methods_of(self.know, symbol):
                verb = verb_of(name)
                if verb:
                    self.add(module, node, function, (verb,), path, framework, registrar, symbol, more, outer)
        return self.routes[before:]


def verb_of(name: str) -> str:
    """The method of HTTP that a method of a resource class answers: `get`, `on_post`, `on_get_collection`, `GET`."""
    stem = name.removeprefix("on_").partition("_")[0] if name.startswith("on_") else name
    return stem.upper() if stem.lower() in VERBS else ""


def methods_of(know: Knowledge, cls: ClassInfo) -> Iterator[tuple[str, FunctionInfo]]:
    """The methods of a class and its ancestors in the program, the nearest of each name."""
    seen: set[str] = set()
    for ancestor in know.program.mro(cls)[0]:
        for name, function in ancestor.methods.items():
            if name not in seen:
                seen.add(name)
                yield name, function


def targets(
    know: Knowledge,
    module: ModuleInfo,
    holder: FunctionInfo | None,
    view: ir.Expr | None,
    depth: int = _DEPTH,
) -> Iterator[tuple[FunctionInfo | ClassInfo, tuple[ir.Expr, ...]]]:
    """The functions and classes that a view stands for, with what wraps them: through names, instances, factories and decorators."""
    if depth < 0 or view is None:
        return
    program = know.program
    if isinstance(view, ir.Call):
        yield from _called(know, module, holder, view, depth)
        return
    if not isinstance(view, ir.Name | ir.Attr):
        return
    symbol = symbol_of(program.resolve_expr(module, holder, view))
    if isinstance(symbol, FunctionInfo | ClassInfo):
        yield symbol, ()
    elif isinstance(symbol, Binding) and symbol.value is not None and symbol.kind in ("for", "unpack"):
        yield from _rows(know, symbol, depth)
    elif isinstance(symbol, Binding) and symbol.value is not None and symbol.kind == "variable":
        yield from targets(know, symbol.module, symbol.where, symbol.value, depth - 1)
    elif isinstance(view, ir.Attr):
        # A method of an object: `pages.show`
        for owner, wrappers in targets(know, module, holder, view.base, depth - 1):
            found = symbol_of(program.find_method(owner, view.name)) if isinstance(owner, ClassInfo) else None
            if isinstance(found, FunctionInfo):
                yield found, wrappers


def _rows(
    know: Knowledge, binding: Binding, depth: int
) -> Iterator[tuple[FunctionInfo | ClassInfo, tuple[ir.Expr, ...]]]:
    """What a loop over a table of views hands over: `for rule, view in VIEWS: …`, `for rule, view in VIEWS.items(): …`"""
    module, holder, table = binding.module, binding.where, binding.value
    if (
        isinstance(table, ir.Call)
        and isinstance(table.func, ir.Attr)
        and table.func.name in ("items", "values")
    ):
        table = table.func.base
    if isinstance(table, ir.Name):
        symbol = symbol_of(know.program.resolve_expr(module, holder, table))
        if not isinstance(symbol, Binding):
            return
        module, holder, table = symbol.module, symbol.where, symbol.value
    rows: list[ir.Expr] = []
    if isinstance(table, ir.DictDisplay):
        rows = [value for _, value in table.items]
    elif isinstance(table, ir.Seq):
        rows = [part for row in table.items for part in (row.items if isinstance(row, ir.Seq) else [row])]
    for row in rows:
        yield from targets(know, module, holder, row, depth - 1)


def _called(
    know: Knowledge, module: ModuleInfo, holder: FunctionInfo | None, view: ir.Call, depth: int
) -> Iterator[tuple[FunctionInfo | ClassInfo, tuple[ir.Expr, ...]]]:
    func = view.func
    if isinstance(func, ir.Attr) and func.name in ("as_view", "as_asgi"):
        yield from targets(know, module, holder, func.base, depth - 1)
        return
    symbol = (
        symbol_of(know.program.resolve_expr(module, holder, func))
        if isinstance(func, ir.Name | ir.Attr)
        else None
    )
    if isinstance(symbol, ClassInfo):
        yield symbol, ()
        return
    given = False
    for arg in view.args:
        for target, wrappers in targets(know, module, holder, arg, depth - 1):
            if isinstance(target, FunctionInfo):
                given = True
                yield target, (*wrappers, func)
    if isinstance(symbol, FunctionInfo) and not given:
        for made in returned(symbol):
            if isinstance(made, FunctionInfo):
                know.made.setdefault(made, (module, holder, view))
            yield made, ()


def returned(factory: FunctionInfo) -> list[FunctionInfo | ClassInfo]:
    """The functions and classes defined inside a function that it gives back."""
    names = {
        node.value.id
        for node in walk(*factory.node.body)
        if isinstance(node, ir.Return) and isinstance(node.value, ir.Name)
    }
    module = factory.module
    return [
        *(f for f in module.functions if f.parent is factory and f.owner is None and f.name in names),
        *(c for c in module.classes if c.function is factory and c.name in names),
    ]


def const(node: ir.Expr | None) -> str | None:
    """The text of a literal, None for anything else."""
    return node.value if isinstance(node, ir.Const) and isinstance(node.value, str) else None


def keyword(node: ir.Call, *names: str) -> ir.Expr | None:
    """The argument given under one of these names."""
    return next((v for k, v in node.keywords if k in names), None)


def path_of(know: Knowledge, module: ModuleInfo, holder: FunctionInfo | None, node: ir.Expr | None) -> str:
    """A path as written, with `{…}` where the code computes a part of it; "?" where nothing of it is known."""
    text = const(node)
    if text is not None:
        return text
    if isinstance(node, ir.Name | ir.Attr):
        symbol = symbol_of(know.program.resolve_expr(module, holder, node))
        if isinstance(symbol, Binding):
            text = const(symbol.value)
            if text is not None:
                return text
    if isinstance(node, ir.Format):
        return "".join(part if isinstance(part, str) else "{…}" for part in node.parts)
    if isinstance(node, ir.Binary) and node.op == "+":
        parts = [path_of(know, module, holder, side).replace("?", "{…}") for side in (node.left, node.right)]
        return "".join(parts) if parts != ["{…}", "{…}"] else "?"
    return "?"


def methods_given(node: ir.Call, default: tuple[str, ...]) -> tuple[str, ...]:
    """The methods that `methods=[…]`, `method=…` or `request_method=…` name."""
    return methods_listed(keyword(node, "methods", "method", "request_method", "http_method"), default)


def methods_listed(given: ir.Expr | None, default: tuple[str, ...]) -> tuple[str, ...]:
    """The methods of a literal list or text."""
    if given is None:
        return default
    listed = given.items if isinstance(given, ir.Seq) else [given]
    names = tuple(text.upper() for text in map(const, listed) if text)
    return names or default


def framework_of(
    know: Knowledge,
    module: ModuleInfo,
    registrar: Symbol | None,
    default: str = "web",
) -> str:
    """The library that the registrar comes from, by what it was made with; else by what the file imports."""
    names: list[str] = []
    if isinstance(registrar, Binding) and isinstance(registrar.value, ir.Call):
        made = symbol_of(know.program.resolve_expr(registrar.module, registrar.where, registrar.value.func))
        if isinstance(made, External):
            names.append(made.qualname)
    elif isinstance(registrar, External):
        names.append(registrar.qualname)
    names += [b[0].target or "" for b in module.bindings.values() if b[0].kind == "import"]
    for name in names:
        framework = FRAMEWORKS.get(name.partition(".")[0])
        if framework is not None:
            return framework
    return default


def imports(module: ModuleInfo, package: str) -> bool:
    """Whether a module imports something of a package."""
    return any(
        (b[0].target or "").partition(".")[0] == package
        for b in module.bindings.values()
        if b[0].kind == "import"
    )


def name_of(node: ir.Expr) -> str:
    """The last name of what is called."""
    return node.name if isinstance(node, ir.Attr) else node.id if isinstance(node, ir.Name) else ""


def qualname(know: Knowledge, module: ModuleInfo, holder: FunctionInfo | None, node: ir.Expr) -> str:
    """The dotted name of something of a library, else as written."""
    if not isinstance(node, ir.Name | ir.Attr):
        return ""
    symbol = symbol_of(know.program.resolve_expr(module, holder, node))
    return symbol.qualname if isinstance(symbol, External) else dotted(node) or ""
