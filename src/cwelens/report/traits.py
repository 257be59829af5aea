"""What the code is: test, web handler, command line, settings, migration … each with the lines that show it.

A path alone shows nothing. Invariants: every trait has evidence in an input; labels are in a fixed order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cwelens.base.location import Location, locate
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted
from cwelens.report import testing_traits
from cwelens.report.facts import Facts, Found
from cwelens.report.material import Material
from cwelens.report.model import Trait
from cwelens.report.pieces import pieces
from cwelens.report.words import coded, count, listed, table
from cwelens.resolve.ledger import CallRecord
from cwelens.resolve.symbols import FunctionInfo, ModuleInfo

MOST = 60
FRAMEWORKS = {
    "flask": "Flask",
    "django": "Django",
    "rest_framework": "Django REST framework",
    "fastapi": "FastAPI",
    "aiohttp": "aiohttp",
    "tornado": "Tornado",
    "starlette": "Starlette",
    "bottle": "Bottle",
    "pyramid": "Pyramid",
    "sanic": "Sanic",
    "cherrypy": "CherryPy",
    "falcon": "Falcon",
    "twisted": "Twisted",
    "quart": "Quart",
    "http.server": "http.server",
    "webob": "WebOb",
}
_COMMANDS = ("argparse", "optparse", "getopt", "click", "typer", "docopt", "fire", "cliff")
_DJANGO_SETTINGS = table(
    "SECRET_KEY INSTALLED_APPS DATABASES MIDDLEWARE MIDDLEWARE_CLASSES ALLOWED_HOSTS ROOT_URLCONF TEMPLATES DEBUG "
    "AUTH_PASSWORD_VALIDATORS STATIC_URL WSGI_APPLICATION LANGUAGE_CODE USE_TZ"
)
_CONTROLLERS = ("Controller", "Handler", "Resource", "APIView", "View", "ViewSet", "Endpoint", "Middleware")
_REQUESTS = ("req", "request", "environ")


def traits(material: Material) -> list[Trait]:
    """Every kind that the code shows, the more telling ones first; over several files with the number of these."""
    found: dict[str, list[tuple[ModuleInfo, str, list[ir.Pos]]]] = {}
    for facts in _facts(material):
        for label, why, places in _kinds(facts):
            found.setdefault(label, []).append((facts.module, why, places))
    result = []
    for label in sorted(found, key=_order):
        evidence: list[Location] = []
        for module, _, places in found[label]:
            room = MOST - len(evidence)
            share = places if len(found[label]) == 1 else places[:2]
            evidence += [
                locate(module.source, _line(pos)) for pos in sorted(dict.fromkeys(share))[: max(room, 0)]
            ]
        whys = found[label]
        why = whys[0][1] if len(whys) == 1 else f"{count(len(whys), 'file')}, for instance: {whys[0][1]}"
        result.append(Trait(label, evidence, why))
    return result


def is_test(trait: Trait) -> bool:
    return trait.label.endswith("test") or trait.label == "test code"


def test_modules(material: Material) -> set[ModuleInfo]:
    """The modules that hold test code."""
    return {
        facts.module
        for facts in _facts(material)
        if testing_traits.test_methods(facts.module) and any(testing_traits.tests(facts))
    }


def _facts(material: Material) -> Iterator[Facts]:
    by_module: dict[ModuleInfo, list[CallRecord]] = {}
    for record in material.calls:
        by_module.setdefault(record.module, []).append(record)
    kinds = {unit.source.path: unit.kind for unit in material.units}
    for module in material.modules:
        yield Facts(material, module, by_module.get(module, []), kinds.get(module.source.path, "python"))


def _kinds(facts: Facts) -> list[Found]:
    """All kinds of one module; what it is otherwise, if nothing more telling."""
    if not facts.module.body:
        return []
    found = [kind for recognise in _RECOGNISERS for kind in recognise(facts)]
    return found or list(pieces(facts)) or list(_otherwise(facts))


def _order(label: str) -> tuple[int, str]:
    for number, start in enumerate(_LABELS):
        if label.startswith(start):
            return number, label
    return len(_LABELS), label


_LABELS = (
    "functional test",
    "unit test",
    "test code",
    "web handler",
    "web application",
    "command line",
    "database migration",
    "Django settings",
    "configuration",
    "database models",
    "notebook",
    "script",
    "package interface",
    "library module",
)


# Web.


def _web(facts: Facts) -> Iterator[Found]:
    handlers = facts.material.entries.handlers
    by_framework: dict[str, list[FunctionInfo]] = {}
    for function in facts.module.functions if handlers else ():
        handler = handlers.get(id(function.node))
        if handler is not None:
            name = handler.route.framework
            by_framework.setdefault(FRAMEWORKS.get(name.lower(), name), []).append(function)
    for name, functions in sorted(by_framework.items()):
        names = coded((function.short for function in functions), 3)
        yield (
            f"web handler ({name})",
            f"{count(len(functions), 'function')} that {name} calls: {names}",
            [f.node.pos for f in functions],
        )
    if by_framework:
        return
    controllers = [
        method
        for cls in facts.module.classes
        if any(base.endswith(_CONTROLLERS) for base in cls.bases_text)
        for method in cls.methods.values()
        if any(param.name in _REQUESTS for param in method.node.params[1:3])
    ]
    name = _framework(facts)
    if controllers:
        owners = coded((method.owner.name for method in controllers if method.owner is not None), 2)
        yield (
            f"web handler ({name})" if name else "web handler",
            f"methods of {owners} take a request",
            [method.node.pos for method in controllers],
        )
        return
    if name == "Django":
        views = [
            f
            for f in facts.module.functions
            if f.node.params and f.node.params[0].name == "request" and f.owner is None
        ]
        shown = [
            r
            for r in facts.calls
            if r.target is not None and r.target.startswith(("django.http.", "django.shortcuts."))
        ]
        if views and shown:
            yield (
                "web handler (Django)",
                f"{coded((f.name for f in views), 3)} take a request and answer it",
                [f.node.pos for f in views],
            )
        return
    wsgi = [
        f
        for f in facts.module.functions
        if [p.name for p in f.node.params[-2:]] == ["environ", "start_response"]
    ]
    if wsgi:
        yield (
            "web handler (WSGI)",
            f"{coded(f.name for f in wsgi)} is a WSGI application",
            [f.node.pos for f in wsgi],
        )
    apps = [r for r in facts.calls if r.target is not None and r.target in _APPLICATIONS]
    if apps:
        yield (
            f"web application ({name or 'WSGI'})",
            f"`{apps[0].callee}(…)` makes the application",
            [r.node.pos for r in apps],
        )


_APPLICATIONS = {
    "flask.Flask",
    "fastapi.FastAPI",
    "aiohttp.web.Application",
    "tornado.web.Application",
    "bottle.Bottle",
    "starlette.applications.Starlette",
    "sanic.Sanic",
    "quart.Quart",
    "falcon.App",
}


def _framework(facts: Facts) -> str:
    tops = {target.partition(".")[0] for target in facts.imports}
    return next((name for top, name in FRAMEWORKS.items() if top in tops), "")


# Programs, settings, data.


def _command(facts: Facts) -> Iterator[Found]:
    whys: list[str] = []
    places: list[ir.Pos] = []
    for guard in main_guards(facts.module):
        whys.append("`if __name__ == '__main__'`")
        places.append(guard.pos)
    used = [
        r
        for r in facts.calls
        if r.target is not None and r.target.partition(".")[0] in _COMMANDS and r.member[:1].isupper()
    ]
    decorated = [
        f
        for f in facts.module.functions
        if any(
            d.partition(".")[0] in ("click", "typer", "app", "cli")
            and d.endswith((".command", ".group", ".argument", ".option"))
            for d in f.decorators
        )
    ]
    imported = facts.imported(_COMMANDS)
    if imported and (used or decorated):
        whys.append(f"arguments are read with `{imported[0][0].partition('.')[0]}`")
        places += [r.node.pos for r in used] + [f.node.pos for f in decorated]
    taken = [
        s
        for s in facts.material.sources
        if s.concept == "cli.argument" and s.location.path == facts.module.source.path
    ]
    if taken and not (used or decorated):
        whys.append("command-line arguments are read")
        places += [(s.location.line, 0, s.location.line, 0) for s in taken]
    if whys:
        yield "command line", listed(whys), places


def main_guards(module: ModuleInfo) -> list[ir.If]:
    """`if __name__ == "__main__":` at the top level."""
    return [
        stmt
        for stmt in module.body
        if isinstance(stmt, ir.If)
        and isinstance(stmt.test, ir.Compare)
        and isinstance(stmt.test.left, ir.Name)
        and stmt.test.left.id == "__name__"
    ]


def _settings(facts: Facts) -> Iterator[Found]:
    assigned = _assigned(facts.module)
    known = [name for name in assigned if name in _DJANGO_SETTINGS]
    if len(known) >= 2:
        yield (
            "Django settings",
            f"{coded(known, 4)} are settings of Django",
            [assigned[name] for name in known],
        )
        return
    upper = [name for name in assigned if name.isupper() and len(name) > 2]
    other = [
        s for s in facts.module.body if not isinstance(s, (ir.Assign, ir.Import, ir.ImportFrom, ir.ExprStmt))
    ]
    if len(upper) >= 3 and not other and len(upper) * 2 > len(assigned):
        yield (
            "configuration",
            f"{count(len(upper), 'constant')} and nothing else",
            [assigned[name] for name in upper],
        )
    options = [
        r for r in facts.calls if r.target is None and r.receiver == "cfg" and r.member.endswith("Opt")
    ]
    if len(options) >= 2:
        yield (
            "configuration (oslo.config)",
            f"{count(len(options), 'option')} defined",
            [r.node.pos for r in options],
        )


def _migration(facts: Facts) -> Iterator[Found]:
    module = facts.module
    assigned = _assigned(module)
    moves = [f for f in module.functions if f.name in ("upgrade", "downgrade") and f.owner is None]
    if moves and ("revision" in assigned or "down_revision" in assigned):
        places = [f.node.pos for f in moves] + [
            assigned[n] for n in ("revision", "down_revision") if n in assigned
        ]
        yield "database migration (Alembic)", f"{coded(f.name for f in moves)} and `revision`", places
    for cls in module.classes:
        if (
            cls.name == "Migration"
            and any(b.endswith("Migration") for b in cls.bases_text)
            and ("operations" in cls.bindings or "dependencies" in cls.bindings)
        ):
            yield "database migration (Django)", "a class `Migration` with operations", [cls.node.pos]


def _models(facts: Facts) -> Iterator[Found]:
    tables = [
        cls
        for cls in facts.module.classes
        if any(b in ("models.Model", "db.Model") for b in cls.bases_text) or "__tablename__" in cls.bindings
    ]
    if tables:
        yield (
            "database models",
            f"{coded((cls.name for cls in tables), 3)} are mapped to tables",
            [cls.node.pos for cls in tables],
        )


def _notebook(facts: Facts) -> Iterator[Found]:
    if facts.unit_kind == "notebook":
        yield "notebook", "cells of a notebook", [facts.module.body[0].pos]


_RECOGNISERS: tuple[Callable[[Facts], Iterator[Found]], ...] = (
    testing_traits.tests,
    _web,
    _command,
    _migration,
    _settings,
    _models,
    _notebook,
)


def _otherwise(facts: Facts) -> Iterator[Found]:
    """Script, package interface, library module: what code is that shows nothing more telling."""
    module = facts.module
    acts = [s for s in module.body if _acts(s)]
    defined: list[ir.Class | ir.Function] = [
        *(c.node for c in module.classes),
        *(f.node for f in module.functions if f.parent is None and f.owner is None),
    ]
    if acts and len(acts) >= len(defined):
        yield "script", f"{count(len(acts), 'statement')} run at the top level", [s.pos for s in acts]
    elif defined:
        names = coded((node.name for node in defined), 3)
        yield (
            "library module",
            f"it defines {names} and starts nothing itself",
            [node.pos for node in defined],
        )
    elif any(isinstance(s, (ir.Import, ir.ImportFrom)) for s in module.body):
        yield "package interface", "it only imports and names things", [module.body[0].pos]
    elif acts:
        yield "script", f"{count(len(acts), 'statement')} run at the top level", [s.pos for s in acts]
    else:
        yield "library module", "it only defines values", [module.body[0].pos]


def _acts(stmt: ir.Stmt) -> bool:
    if isinstance(stmt, (ir.Import, ir.ImportFrom, ir.Function, ir.Class, ir.Jump, ir.Scope, ir.TypeDecl)):
        return False
    if isinstance(stmt, ir.ExprStmt):
        return not isinstance(stmt.value, ir.Const)
    return not isinstance(stmt, (ir.Assign, ir.If, ir.Try)) or (
        isinstance(stmt, ir.Assign) and isinstance(stmt.value, ir.Call)
    )


def _assigned(module: ModuleInfo) -> dict[str, ir.Pos]:
    found: dict[str, ir.Pos] = {}
    for stmt in module.body:
        if isinstance(stmt, ir.Assign):
            for target in stmt.targets:
                name = dotted(target)
                if name is not None:
                    found.setdefault(name, stmt.pos)
    return found


def _line(pos: ir.Pos) -> ir.Pos:
    """The first line of a definition stands for it."""
    return pos if pos[0] == pos[2] else (pos[0], pos[1], pos[0], pos[1] + 1)
