"""Calls and declarations that render a template: which page, with which names, and whether it escapes."""

from __future__ import annotations

from cwelens.base.source import Source
from cwelens.flow import calls, pages
from cwelens.flow.run import Args, Run
from cwelens.flow.state import Obj, State
from cwelens.flow.values import Const, Func, Lib, Ref, Value, join, opaque
from cwelens.ir import nodes as ir
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import External, FunctionInfo, ModuleInfo
from cwelens.resolve.templates import Page, page_of
from cwelens.syntax.templates.readers import by_signs, read

# The last component of what renders a page whose name it is given.
RENDERERS = frozenset(
    [
        "render_template",
        "stream_template",
        "render",
        "render_to_string",
        "render_string",
        "render_to_response",
        "render_response",
        "TemplateResponse",
        "render_async",
        "render_template_async",
        "render_unicode",
        "jinja2_template",
        "mako_template",
        "template_response",
        "generate",
        "stream",
    ]
)
FROM_TEXT = frozenset(("render_template_string", "stream_template_string"))
LOADERS = frozenset(("get_template", "select_template", "get_or_select_template", "load", "from_string"))
# Decorators that render what the function gives back, with the keyword that names the page ("" where it is the first argument).
DECORATORS = {
    "template": "",
    "view_config": "renderer",
    "view": "",
    "jinja2_view": "",
    "mako_view": "",
    "render_to": "",
}
WORDS = RENDERERS | FROM_TEXT | LOADERS | {"get_context_data", "TemplateLookup"}
NAMES = ("template_name", "name", "template", "template_name_or_list", "template_path", "filename")
CONTEXTS = ("context", "value", "dictionary", "context_dict", "params")
ENVIRONMENTS = frozenset(
    (
        "jinja2.Environment",
        "jinja2.sandbox.SandboxedEnvironment",
        "jinja2.sandbox.ImmutableSandboxedEnvironment",
    )
)
MAKO = frozenset(("mako.lookup.TemplateLookup", "mako.template.Template"))
LOADED = "jinja2.LoadedTemplate"
_ESCAPED = (".html", ".htm", ".xml", ".xhtml", ".svg")
_ALWAYS = ("django", "tornado", "pyramid", "aiohttp")


def called(run: Run, node: ir.Expr, name: str, args: Args, receiver: Value | None, st: State) -> Value | None:
    """Follows a call that renders a page of the input. The result where the models cannot say it, else None."""
    last = name.rpartition(".")[2]
    if name in ENVIRONMENTS:
        escape = args.get(None, "autoescape") or Value((Const(False),))
        return run.alloc(st, node, Obj("instance", {"autoescape": escape}, cls=name), "env")
    if name in MAKO:
        return _mako(run, node, name, args, st)
    if last in FROM_TEXT:
        given = args.get(0, "source")
        for atom in given.atoms if given is not None else ():
            if isinstance(atom, Const) and isinstance(atom.value, str):
                page = _from_text(run, node, atom, "jinja")
                _render(run, node, page, args, 1, _unless(run, "flask", True), st, name)
        return None
    if last in LOADERS:
        return _loaded(run, node, name, args, receiver, st)
    if last in RENDERERS:
        if receiver is not None and _render_loaded(run, node, args, receiver, st, name):
            return None
        found = _render_named(run, node, name, args, st)
        if not run.models.is_modelled(name) and (found or name.startswith("render")):
            # What is not known but by its name gives back the page, in which values were put by a template.
            return opaque(pages.MARKUP)
    return None


def _items(st: State, atom: Ref) -> list[Value]:
    obj = st.obj(atom.loc)
    return list(obj.items.values()) if obj is not None else []


def _mako(run: Run, node: ir.Expr, name: str, args: Args, st: State) -> Value | None:
    """A collection of Mako's pages, or one of them: they escape where the filters that all outputs go through do."""
    filters = args.get(None, "default_filters")
    names = [
        item.const()
        for atom in (filters.atoms if filters is not None else ())
        if isinstance(atom, Ref)
        for item in _items(st, atom)
    ]
    escape = Value((Const(any(n is not None and n.value in ("h", "html") for n in names)),))
    if name.endswith("TemplateLookup"):
        return run.alloc(st, node, Obj("instance", {"autoescape": escape}, cls=name), "env")
    given = args.get(None, "filename")
    path = given.const() if given is not None else None
    found = (
        run.shared.pages.find(path.value, run.frame.module.path)
        if path is not None and isinstance(path.value, str)
        else None
    )
    if found is None:
        return None
    page = run.shared.pages.read(found, "mako")
    run.shared.loaded[id(page)] = page
    fields = {"%page": Value((Const(id(page)),)), "%escape": escape}
    return run.alloc(st, node, Obj("instance", fields, cls=LOADED), "template")


def _render_named(run: Run, node: ir.Expr, name: str, args: Args, st: State) -> bool:
    found = False
    given = list(enumerate(args.positional[:3])) + [
        (-1, args.keywords[k]) for k in NAMES if k in args.keywords
    ]
    for index, value in given:
        for atom in value.atoms:
            if isinstance(atom, Const) and isinstance(atom.value, str):
                source = run.shared.pages.find(atom.value, run.frame.module.path)
                if source is not None:
                    dialect = dialect_of(run, name, source)
                    page = run.shared.pages.read(source, dialect)
                    _render(run, node, page, args, index + 1, escapes(run, name, source.path), st, name)
                    found = True
        if found:
            break
    return found


def _render(
    run: Run, node: ir.Expr, page: Page, args: Args, first: int, escape: bool, st: State, name: str
) -> None:
    """Renders with the dictionaries among the arguments and the keywords."""
    names: dict[str, Value] = {}
    rest: Value | None = args.starstar
    values = list(args.positional[first:]) + [args.keywords[k] for k in CONTEXTS if k in args.keywords]
    for value in values:
        more, other = pages.context_of(value, st)
        names.update(more)
        if other is not None:
            rest = other if rest is None else join(rest, other)
    # Where the page is named by position, or not at all, any other keyword is a name of the page.
    taken = CONTEXTS + NAMES if first == 0 and not args.positional and not name.startswith("jinja2.") else ()
    names.update({k: v for k, v in args.keywords.items() if k not in taken})
    _globals(name, args, names)
    _processed(run, node, name, names, st)
    pages.render(run, node, page, names, rest, escape, st)


def _processed(run: Run, node: ir.Expr, name: str, names: dict[str, Value], st: State) -> None:
    """The names that the program's own processors give every page of Flask."""
    if name.partition(".")[0] not in ("flask", "quart"):
        return
    for processor in run.shared.helpers.processors:
        function = Value((Func(processor, processor.node, run.shared.closures.get(id(processor.node))),))
        given, _ = pages.context_of(calls.call_value(run, node, function, Args([], {}), st), st)
        for key, value in given.items():
            names.setdefault(key, value)


def _globals(name: str, args: Args, names: dict[str, Value]) -> None:
    """The names that a framework gives every page."""
    top = name.partition(".")[0]
    if top in ("flask", "quart"):
        names.setdefault("request", Value((Lib("flask.request"),)))
        names.setdefault("session", Value((Lib("flask.session"),)))
        names.setdefault("url_for", Value((Lib("flask.url_for"),)))
    elif top == "tornado":
        for helper in ("escape", "xhtml_escape"):
            names.setdefault(helper, Value((Lib("tornado.escape.xhtml_escape"),)))
        for helper in ("url_escape", "json_encode", "linkify", "squeeze"):
            names.setdefault(helper, Value((Lib(f"tornado.escape.{helper}"),)))
    elif top == "django":
        if name.endswith((".render", "TemplateResponse")) and args.positional:
            names.setdefault("request", args.positional[0])


def _loaded(
    run: Run, node: ir.Expr, name: str, args: Args, receiver: Value | None, st: State
) -> Value | None:
    """A template object: an object that knows its page."""
    value = args.get(0, "name") or args.get(0, "template_name") or args.get(0, "source")
    atom = value.const() if value is not None else None
    if atom is None or not isinstance(atom.value, str):
        return None
    if name.endswith("from_string"):
        page = _from_text(run, node, atom, "jinja")
        path = ".html"
    else:
        source = run.shared.pages.find(atom.value, run.frame.module.path)
        if source is None:
            return None
        page = run.shared.pages.read(source, dialect_of(run, name, source))
        path = source.path
    escape = escapes(run, name, path)
    for one in receiver.atoms if receiver is not None else ():
        obj = st.obj(one.loc) if isinstance(one, Ref) else None
        setting = obj.items.get("autoescape") if obj is not None else None
        if setting is not None:
            plain = setting.const()
            escape = bool(plain.value) if plain is not None else path.lower().endswith(_ESCAPED)
    run.shared.loaded[id(page)] = page
    fields = {"%page": Value((Const(id(page)),)), "%escape": Value((Const(escape),))}
    return run.alloc(st, node, Obj("instance", fields, cls=LOADED), "template")


def _render_loaded(run: Run, node: ir.Expr, args: Args, receiver: Value, st: State, name: str) -> bool:
    found = False
    for atom in receiver.atoms:
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if obj is None or "%page" not in obj.items:
            continue
        key, escape = obj.items["%page"].const(), obj.items["%escape"].const()
        page = run.shared.loaded.get(key.value) if key is not None else None
        if page is not None:
            _render(run, node, page, args, 0, escape is None or bool(escape.value), st, f"{LOADED}.render")
            found = True
    return found


def _from_text(run: Run, node: ir.Expr, atom: Const, dialect: str) -> Page:
    """The page that a literal in the code is; its lines are those of the literal."""
    source, pos = atom.place if atom.place is not None else (run.frame.module.source, node.pos)
    key = (source.path, pos, dialect)
    page = run.shared.text_pages.get(key)
    if page is None:
        text = str(atom.value)
        if text.count("\n") > pos[2] - pos[0]:
            text = text.replace("\n", " ")
        quotes = 3 if pos[2] > pos[0] else 1
        padded = Source(source.path, "\n" * (pos[0] - 1) + " " * (pos[1] + quotes) + text)
        page = page_of(read(padded, dialect), f"{source.path}:{pos[0]}:{pos[1]}")
        page.module.source = source
        run.shared.text_pages[key] = page
    return page


def dialect_of(run: Run, name: str, source: Source) -> str:
    """The template language of a page: by what renders it, by its own signs, by what the program imports."""
    top = name.partition(".")[0]
    if top in ("django", "tornado", "mako"):
        return top
    if top in (
        "flask",
        "quart",
        "jinja2",
        "aiohttp_jinja2",
        "starlette",
        "fastapi",
        "flask_admin",
        "litestar",
    ):
        return "jinja"
    return by_signs(source) or run.shared.page_language


def escapes(run: Run, name: str, path: str) -> bool:
    """Whether what renders a page escapes in it, as far as the name of the page decides."""
    top = name.partition(".")[0]
    if top == "mako":
        return False
    for family in _ALWAYS:
        if top.startswith(family):
            return _unless(run, family, True)
    named = path.lower().endswith(_ESCAPED) or (top != "jinja2" and path.lower().endswith(run.shared.escaped))
    return _unless(run, "flask", named or top not in ("flask", "quart", "jinja2"))


def _unless(run: Run, family: str, escape: bool) -> bool:
    return escape and family not in run.shared.unescaped


def given_back(run: Run, function: FunctionInfo, returns: list[tuple[Value, State, ir.Node | None]]) -> None:
    """A function whose decorator or class says which page what it gives back is rendered with."""
    if not run.shared.pages.sources:
        return
    names = [*_decorated(run, function), *_class_template(run, function)]
    for name, page_name in names:
        source = run.shared.pages.find(page_name, function.module.path)
        if source is None:
            continue
        page = run.shared.pages.read(source, dialect_of(run, name, source))
        for value, state, stmt in returns:
            context, rest = pages.context_of(value, state)
            if isinstance(stmt, ir.Return) and isinstance(stmt.value, ir.Name):
                context.update(_items_set(stmt.value.id, state))
            node = stmt if stmt is not None else function.node
            pages.render(run, node, page, context, rest, escapes(run, name, source.path), state)


def _items_set(name: str, st: State) -> dict[str, Value]:
    """What was stored under constant keys of something that is not known otherwise: `context["key"] = value`."""
    prefix = f"{name}['"
    return {k[len(prefix) : -2]: v for k, v in st.env.items() if k.startswith(prefix) and k.endswith("']")}


def _decorated(run: Run, function: FunctionInfo) -> list[tuple[str, str]]:
    out = []
    for decorator in function.node.decorators:
        if not isinstance(decorator, ir.Call) or not isinstance(decorator.func, ir.Name | ir.Attr):
            continue
        symbol = symbol_of(run.program.resolve_expr(function.module, function.parent, decorator.func))
        if not isinstance(symbol, External):
            continue
        keyword = DECORATORS.get(symbol.qualname.rpartition(".")[2])
        if keyword is None:
            continue
        given = [v for k, v in decorator.keywords if k == keyword] if keyword else decorator.args[:1]
        out += [
            (symbol.qualname, v.value) for v in given if isinstance(v, ir.Const) and isinstance(v.value, str)
        ]
    return out


def _class_template(run: Run, function: FunctionInfo) -> list[tuple[str, str]]:
    """`get_context_data` of a Django view, whose class names the page."""
    if function.name != "get_context_data" or function.owner is None:
        return []
    for cls in run.program.mro(function.owner)[0]:
        for value in cls.class_attrs.get("template_name", []):
            if isinstance(value, ir.Const) and isinstance(value.value, str):
                return [("django.views", value.value)]
    return []


def language(modules: list[ModuleInfo]) -> str:
    """The template language of pages of which nothing else says it: that of the web framework the program imports."""
    counts = {"django": 0, "tornado": 0, "jinja": 0}
    for module in modules:
        for bindings in module.bindings.values():
            top = (bindings[0].target or "").partition(".")[0] if bindings[0].kind == "import" else ""
            if top in ("django", "tornado"):
                counts[top] += 1
            elif top in ("flask", "quart", "jinja2", "starlette", "fastapi", "aiohttp_jinja2"):
                counts["jinja"] += 1
    return max(counts, key=lambda name: (counts[name], name == "jinja"))
