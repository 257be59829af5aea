"""Settings of a program that decide for all its pages whether they escape: switches off, and names of pages that escape besides the usual ones."""

from __future__ import annotations

from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.program import Program
from cwelens.resolve.symbols import External, ModuleInfo

_OPTIONS = "jinja_options"
_SELECTING = "select_jinja_autoescape"


def unescaped(program: Program, modules: list[ModuleInfo]) -> set[str]:
    """The frameworks whose pages a setting of the program keeps from escaping."""
    out: set[str] = set()
    for module in modules:
        if "autoescape" not in module.source.text:
            continue
        for part in module.nodes:
            if isinstance(part, ir.Call) and isinstance(part.func, ir.Name | ir.Attr):
                off = any(
                    k == "autoescape" and isinstance(v, ir.Const) and not v.value for k, v in part.keywords
                )
                symbol = symbol_of(program.resolve_expr(module, None, part.func)) if off else None
                if isinstance(symbol, External):
                    out.add(_family(symbol.qualname))
            elif (
                isinstance(part, ir.Assign) and isinstance(part.value, ir.Const) and part.value.value is False
            ):
                for target in part.targets:
                    if isinstance(target, ir.Attr) and target.name == "autoescape":
                        out.add("flask")
    return out


def escaped(modules: list[ModuleInfo]) -> tuple[str, ...]:
    """The endings of names of pages that escape in Flask by a setting of the program; an empty one for all pages.

    `jinja_options = {"autoescape": True}` of the application or its class, `jinja_env.autoescape = True`, and a method of its own that
    selects by name.
    """
    found: set[str] = set()
    for module in modules:
        if "autoescape" not in module.source.text:
            continue
        for part in module.nodes:
            if isinstance(part, ir.Assign) and part.value is not None:
                for target in part.targets:
                    found |= _assigned(target, part.value)
            elif isinstance(part, ir.Call) and isinstance(part.func, ir.Attr) and part.func.name == "update":
                if _named(part.func.base) == _OPTIONS:
                    found |= _switch(part)
                    for given in part.args:
                        found |= _switch(given)
            elif isinstance(part, ir.Function) and part.name == _SELECTING:
                found |= _selected(part)
    return tuple(sorted(found))


def _assigned(target: ir.Expr, value: ir.Expr) -> set[str]:
    if _named(target) == _OPTIONS:
        return _switch(value)
    on = isinstance(value, ir.Const) and value.value is True
    if isinstance(target, ir.Attr) and target.name == "autoescape" and _named(target.base) == "jinja_env":
        return {""} if on else set()
    if isinstance(target, ir.Item) and _named(target.base) == _OPTIONS and isinstance(target.key, ir.Const):
        return _value(value) if target.key.value == "autoescape" else set()
    return set()


def _named(node: ir.Expr) -> str:
    return node.name if isinstance(node, ir.Attr) else node.id if isinstance(node, ir.Name) else ""


def _switch(node: ir.Expr) -> set[str]:
    """What `{"autoescape": True}` or `dict(autoescape=True)` switches on."""
    found: set[str] = set()
    for part in walk(node):
        if isinstance(part, ir.DictDisplay):
            for key, value in part.items:
                if isinstance(key, ir.Const) and key.value == "autoescape":
                    found |= _value(value)
        elif isinstance(part, ir.Call):
            for name, value in part.keywords:
                if name == "autoescape":
                    found |= _value(value)
    return found


def _value(node: ir.Expr) -> set[str]:
    """True is for all pages; `select_autoescape(…)` for what it names."""
    if isinstance(node, ir.Const):
        return {""} if node.value is True else set()
    if not isinstance(node, ir.Call) or _named(node.func) != "select_autoescape":
        return set()
    if any(name == "default" and _is_true(value) for name, value in node.keywords):
        return {""}
    return {
        f".{p.value.lstrip('.')}" for p in walk(node) if isinstance(p, ir.Const) and isinstance(p.value, str)
    }


def _is_true(node: ir.Expr) -> bool:
    return isinstance(node, ir.Const) and node.value is True


def _selected(function: ir.Function) -> set[str]:
    """The endings that an own `select_jinja_autoescape` asks for; all where it only ever says yes."""
    nodes = list(walk(*function.body))
    given = [n.value for n in nodes if isinstance(n, ir.Return) and n.value is not None]
    if given and all(_is_true(value) for value in given):
        return {""}
    return {
        n.value
        for n in nodes
        if isinstance(n, ir.Const)
        and isinstance(n.value, str)
        and n.value.startswith(".")
        and len(n.value) < 12
    }


def _family(name: str) -> str:
    top = name.partition(".")[0]
    if top.startswith("aiohttp"):
        return "aiohttp"
    # An environment of its own is known where it is used.
    return "" if top == "jinja2" else top
