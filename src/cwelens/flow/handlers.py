"""Functions that a framework calls, and the routes by which it does: decorators, base classes, registrations, conventions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cwelens.flow import (
    attributes,
    expressions,
    scopes,
)
from cwelens.flow.run import Run, written, written_callee
from cwelens.flow.state import Frame, State
from cwelens.flow.values import (
    Func,
    Lib,
    Method,
)
from cwelens.ir import nodes as ir
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import External, FunctionInfo

if TYPE_CHECKING:
    from cwelens.models.schema import Route


@dataclass(slots=True)
class Handler:
    """A function that a framework calls: by which route, and the path written in it ("" where none is).

    `paths` are all its routes, each with the type of the object it was registered on; `page` is whether its decorator says that what it
    gives back is sent as HTML.
    """

    route: Route
    path: str
    note: str = ""
    paths: tuple[tuple[str, str], ...] = ()
    page: bool = False

    @property
    def response(self) -> str | None:
        """The concept of what it gives back."""
        return "html.body" if self.page else self.route.response


def find_handler(run: Run, function: FunctionInfo) -> Handler | None:
    """The route by which a framework calls a function: a decorator, or the class it stands in."""
    models = run.models
    registered = run.shared.settled.routes.get(id(function.node))
    found: Handler | None = None
    paths: list[tuple[str, str]] = []
    for decorator in function.node.decorators:
        target = decorator.func if isinstance(decorator, ir.Call) else decorator
        for name, note in _callable_names(run, function, target) or _by_path(function, decorator):
            rows = models.routes_by_decorator(name)
            if rows:
                path = _written_path(decorator)
                paths.append((name.rpartition(".")[0], path))
                found = found or Handler(rows[0], path, note, page=_sends_page(decorator))
                break
    if registered is not None:
        # The list of addresses knows the path; a decorator may know better what is handed in (`@api_view`).
        listed = Handler(*registered)
        if found is not None and not found.path:
            listed.route, listed.note = found.route, found.note or listed.note
        return listed
    if found is not None:
        found.paths = tuple(paths)
        return found
    if function.owner is not None:
        known, unknown = run.program.mro(function.owner)
        for base in known if models.has_own else ():
            own = models.own(base.qualname)
            for row in models.routes_by_base(own) if own is not None else ():
                if row.handles(function.name):
                    return Handler(row, "")
        for outcome in unknown:
            symbol = symbol_of(outcome) or attributes.same_name(run, outcome)
            if isinstance(symbol, External):
                for row in models.routes_by_base(models.canonical(symbol.qualname)):
                    if row.handles(function.name):
                        return Handler(row, "")
    hinted = run.shared.hinted.get(id(function.node))
    return _by_convention(run, function) or (Handler(*hinted) if hinted is not None else None)


def _sends_page(decorator: ir.Expr) -> bool:
    """`@router.get("/", response_class=HTMLResponse)`, `@get("/", media_type=MediaType.HTML)`"""
    return isinstance(decorator, ir.Call) and any(
        (key == "response_class" and written(value).rpartition(".")[2] == "HTMLResponse")
        or (key == "media_type" and written(value) in ("MediaType.HTML", "litestar.MediaType.HTML"))
        for key, value in decorator.keywords
    )


_VERBS = frozenset(("get", "post", "put", "patch", "delete"))


def _by_path(function: FunctionInfo, decorator: ir.Expr) -> list[tuple[str, str]]:
    """`@app.get("/path")` on what is not in the input: a route, of FastAPI where the function is asynchronous or has annotations."""
    if not isinstance(decorator, ir.Call) or not isinstance(decorator.func, ir.Attr):
        return []
    if decorator.func.name not in _VERBS or not _written_path(decorator).startswith("/"):
        return []
    node = function.node
    of = "fastapi.FastAPI" if node.is_async or any(p.annotation for p in node.params) else "flask.Flask"
    note = f"`{written(decorator.func)}` is taken for a route of `{of}`: a method of HTTP and a path"
    return [(f"{of}.{decorator.func.name}", note)]


def _by_convention(run: Run, function: FunctionInfo) -> Handler | None:
    """A handler that is known by its name, its parameters and the name of its class's base alone; it says so."""
    if function.owner is None and function.parent is not None:
        return None
    if function.owner is not None and function.self_name is None:
        return None
    bases = [written(base) for base in function.owner.node.bases] if function.owner is not None else None
    parameters = [param.name for param in function.node.params][function.owner is not None :]
    row = run.models.route_by_convention(function.name, parameters, bases)
    if row is None:
        return None
    return Handler(
        row, "", f"`{function.short}` is taken for a handler of {row.framework}: its name and parameters"
    )


def _written_path(decorator: ir.Expr) -> str:
    """The path in `@app.route("/path")`, "" where it is not literal."""
    if isinstance(decorator, ir.Call):
        given = [*decorator.args[:1], *(v for k, v in decorator.keywords if k in ("rule", "path"))]
        for part in given:
            if isinstance(part, ir.Const) and isinstance(part.value, str):
                return part.value
    return ""


def _callable_names(run: Run, function: FunctionInfo, node: ir.Expr) -> list[tuple[str, str]]:
    """The dotted names that a decorator may be, with the note on evidence."""
    if not isinstance(node, ir.Name | ir.Attr):
        return []
    frame = run.shared.closures.get(id(function.node))
    holder = Frame(function.module, function.parent, None, None, frame, None)
    saved = run.frame
    run.frame = holder
    try:
        env = frame.env if frame is not None else scopes.module_env(run, function.module)
        value = expressions.evaluate(run, node, State(dict(env), {}, run.shared.base))
    finally:
        run.frame = saved
    out = []
    for atom in value.atoms:
        if isinstance(atom, Lib):
            out.append((atom.name, ""))
        elif isinstance(atom, Func) and atom.info is not None:
            own = run.models.own(atom.info.qualname)
            if own is not None:
                out.append((own, ""))
        elif isinstance(atom, Method) and isinstance(atom.receiver, Func):
            # `@group.command()`, where a decorator made `group` of a function.
            made = find_handler(run, atom.receiver.info) if atom.receiver.info is not None else None
            if made is not None and made.route.becomes:
                out.append((f"{made.route.becomes}.{atom.name}", made.note))
        elif isinstance(atom, Method) and atom.type is not None:
            out.append((f"{atom.type}.{atom.name}", atom.note))
        elif isinstance(atom, Method) and isinstance(node, ir.Attr):
            name = written(node.base).rpartition(".")[2]
            found = _made_by(run, function, node) or scopes.by_evidence(run, name, frozenset((atom.name,)))
            if found is not None:
                out.append((f"{found[0]}.{atom.name}", found[1]))
    return out


def _made_by(run: Run, function: FunctionInfo, decorator: ir.Attr) -> tuple[str, str] | None:
    """The class of a framework that an application is made by, by its name alone, with the note: `app = Bottle()` from a module that is not seen."""
    bindings = (
        function.module.bindings.get(decorator.base.id, ()) if isinstance(decorator.base, ir.Name) else ()
    )
    made = bindings[-1].value if bindings else None
    if not isinstance(made, ir.Call):
        return None
    called = written_callee(made)
    cls = run.models.by_last_name(called.rpartition(".")[2])
    if cls is None or not run.models.routes_by_decorator(f"{cls}.{decorator.name}"):
        return None
    return cls, f"`{written(decorator.base)}` is taken for a `{cls}`: the name of what makes it"
