"""Names, imports and modules."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwelens.resolve.ledger import base_classes, decorators, imports
from cwelens.resolve.outcome import Ambiguous, Assumed, Resolved, Unresolved
from cwelens.resolve.symbols import Binding, FunctionInfo

PACKAGE = {
    "shop/__init__.py": "from .orders import place as place_order\nfrom . import orders\n",
    "shop/orders.py": "import os as system\nfrom .stock import *\ndef place(): pass\nclass Order:\n    def pay(self): pass\n",
    "shop/stock.py": "from . import orders\n_hidden = 1\ndef count(): pass\n",
    "shop/sub/__init__.py": "",
    "shop/sub/deep.py": "from ..orders import Order as O\nfrom .. import stock\nfrom ...up import x\n",
}


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("shop/sub/deep.py", "O.pay", "shop.orders.Order.pay"),
        ("shop/sub/deep.py", "stock.count", "shop.stock.count"),
        ("shop/__init__.py", "place_order", "shop.orders.place"),
        ("shop/__init__.py", "orders.Order", "shop.orders.Order"),
        ("shop/orders.py", "system.path.join", "os.path.join"),
        ("shop/orders.py", "count", "shop.stock.count"),
        ("shop/stock.py", "orders.place", "shop.orders.place"),
        ("shop/stock.py", "open", "builtins.open"),
        ("shop/stock.py", "raw_input", "builtins.raw_input"),
        ("shop/stock.py", "__file__", "builtins.__file__"),
    ],
)
def test_names_of_a_package(world, path, text, expected):
    """Relative, aliased, star and re-exported imports lead to the definition."""
    assert world(PACKAGE).name(text, path) == expected


def test_star_leaves_private_names_out(world):
    """`from m import *` does not bind names with a leading underscore."""
    assert world(PACKAGE).name("_hidden", "shop/orders.py").startswith("? `_hidden` is not defined")


def test_dotted_names_follow_reexports(world):
    """An absolute name goes through a package's `__init__` to the definition."""
    program = world(PACKAGE).program
    assert program.resolve_dotted("shop.place_order").symbol.qualname == "shop.orders.place"
    assert program.resolve_dotted("shop.orders.Order.pay").symbol.kind == "method"
    assert program.resolve_dotted("shop.orders").symbol is program.modules["shop.orders"]


def test_a_missing_part_of_a_package_is_not_external(world):
    """What belongs to a package of the input but is not there is unresolved, with the module's name."""
    files = {
        **PACKAGE,
        "shop/web.py": "from shop.billing import invoice\nfrom .tax import rate\nimport requests\n",
    }
    w = world(files)
    assert w.name(
        "invoice", "shop/web.py"
    ) == "? `invoice` is imported from `shop.billing`, and `shop.billing` is not in the input".replace(
        "`invoice` is imported from `shop.billing`, and", "`billing` is imported from `shop`, and"
    )
    assert "`shop.tax` is not in the input" in w.name("rate", "shop/web.py")
    assert w.name("requests.get", "shop/web.py") == "requests.get"


def test_relative_import_of_a_lone_file_is_never_a_library(world):
    """A relative import in a file whose package is unknown stays unresolved, also under a library's name."""
    w = world({"main.py": "from .models import User\nfrom . import json\nfrom .. import far\n"})
    assert w.name("User") == "? `User` is imported from `.models`, which is not in the input"
    assert isinstance(w.resolve("json.loads"), Unresolved)
    assert isinstance(w.resolve("far"), Unresolved)


def test_relative_import_of_lone_neighbours(world):
    """Files beside each other find each other by a relative import even without a package."""
    w = world({"a.py": "from .b import f\n", "b.py": "def f(): pass\n"})
    assert w.name("f") == "b.f"


def test_modules_are_found_from_any_directory_above(world):
    """`import helpers.x` means the nearest `helpers/x.py` above the importing file; no `__init__.py` is needed."""
    files = {
        "one/app/main.py": "import helpers.x\nfrom helpers import x as hx\n",
        "one/helpers/x.py": "def one(): pass\n",
        "two/main.py": "import helpers.x\n",
        "two/helpers/x.py": "def two(): pass\n",
    }
    w = world(files)
    assert w.name("helpers.x.one") == "one.helpers.x.one"
    assert w.name("hx.one") == "one.helpers.x.one"
    assert w.name("helpers.x.two", "two/main.py") == "two.helpers.x.two"


def test_standard_library_is_not_shadowed_by_a_neighbour(world):
    """A file that happens to be called like a standard module does not hide it."""
    w = world({"app/main.py": "import logging\n", "app/logging.py": "def getLogger(): pass\n"})
    assert w.name("logging.getLogger") == "logging.getLogger"
    assert w.name("logging.getLogger") not in w.program.modules


def test_a_file_called_like_its_library_does_not_import_itself(world):
    """`flask.py` that imports flask means the library."""
    w = world({"flask.py": "from flask import Flask\n"})
    assert w.name("Flask") == "flask.Flask"


def test_a_lone_neighbour_without_the_name_leaves_the_library(world):
    """Where a neighbour has the library's name but not the attribute, the library is assumed."""
    w = world({"app.py": "import jwt\n", "jwt.py": "x = 1\n"})
    assert isinstance(w.resolve("jwt.decode"), Unresolved | Assumed)
    w = world({"app.py": "from jwt import decode\n", "jwt.py": "x = 1\n"})
    outcome = w.resolve("decode")
    assert isinstance(outcome, Assumed) and outcome.symbol.qualname == "jwt.decode"


def test_import_cycles_end(world):
    """A name that is imported in a circle is unresolved; a circle of modules around a real definition is not."""
    w = world({"a.py": "from b import x\n", "b.py": "from a import x\n"})
    assert isinstance(w.resolve("x"), Unresolved)
    w = world({"a.py": "from b import *\n", "b.py": "from a import *\ndef y(): pass\n"})
    assert w.name("y") == "b.y"
    assert isinstance(w.resolve("nowhere"), Unresolved)


def test_a_name_defined_by_itself_ends(world):
    """`x = x` and aliases in a circle have an answer."""
    w = world({"a.py": "x = x\np = q\nq = p\n"})
    assert isinstance(w.resolve("x"), Resolved)
    assert isinstance(w.resolve("p"), Resolved)


def test_conditional_imports_are_ambiguous(world):
    """`try: import a as x / except: import b as x` means either; a None beside an import does not count."""
    w = world(
        {
            "m.py": """
            try:
                import cPickle as pickle
            except ImportError:
                import pickle
            try:
                import ujson
            except ImportError:
                ujson = None
            if x:
                def f(): pass
            else:
                def f(): return 1
            def g(): pass
            def g(): return 2
            """
        }
    )
    assert w.name("pickle.loads") == "cPickle.loads | pickle.loads"
    assert w.name("ujson.loads") == "ujson.loads"
    outcome = w.resolve("f")
    assert isinstance(outcome, Ambiguous) and len(outcome.symbols) == 2
    assert w.resolve("g").symbol.node.pos[0] == 15


def test_aliases_are_followed(world):
    """`run = os.system` means the function, at module level and in a function."""
    w = world(
        {"m.py": "import os\nrun = os.system\nclass A: pass\nB = A\ndef f():\n    go = run\n    go('x')\n"}
    )
    assert w.name("run") == "os.system"
    assert w.name("B") == "m.A"
    assert w.name("go", within="f") == "os.system"


def test_variables_stand_for_themselves(world):
    """A name bound to a call is its binding, with the value."""
    symbol = world({"m.py": "import flask\napp = flask.Flask(__name__)\n"}).resolve("app").symbol
    assert isinstance(symbol, Binding) and symbol.kind == "variable" and symbol.value is not None


def test_scopes(world):
    """Function locals, enclosing functions, then the module; class bodies are not enclosing scopes."""
    w = world(
        {
            "m.py": """
            x = 1
            class C:
                x = 2
                def m(self):
                    return x
            def outer(a):
                y = 3
                def inner(b):
                    nonlocal y
                    y = 4
                    return a, y, x
                return inner
            def setter():
                global z
                z = helper
                helper = 1
            """
        }
    )
    assert w.name("x", within="C.m") == "m.x"
    assert w.name("a", within="outer.<locals>.inner") == "m.outer.<locals>.a"
    assert len(w.function("outer").locals["y"]) == 2
    assert "y" not in w.function("outer.<locals>.inner").locals
    assert [b.kind for b in w.module().bindings["z"]] == ["variable"]
    assert w.name("z") == "m.setter.<locals>.helper"


def test_class_body_sees_its_own_names_only_after_they_are_bound(world):
    """`fields = fields.make()` in a class body calls the module's `fields`."""
    w = world(
        {
            "m.py": "import lib.fields as fields\nclass A:\n    fields = {'a': fields.make()}\n    b = fields.get('a')\n"
        }
    )
    assert "lib.fields" in w.call("fields.make").reason
    assert w.call("fields.get").target == "builtins.dict.get"


def test_what_binds_a_name(world):
    """Every kind of statement that binds a name is recorded with its kind."""
    text = """
    import a.b, c as d
    from e import f
    for g, (h, *i) in x: pass
    with x as j, y as (k, l): pass
    try: pass
    except E as m: pass
    n: int = 1
    o = p = 2
    q, r = 1, 2
    s, t = x
    if (u := 1): pass
    match x:
        case {"k": v, **w}: pass
        case [y, *z] | C(aa) as bb: pass
    def ff(cc, *dd, ee=1, **gg): pass
    class hh: pass
    """
    bindings = world({"m.py": text}).module().bindings
    kinds = {name: found[0].kind for name, found in bindings.items()}
    assert kinds == {
        "a": "import",
        "d": "import",
        "f": "import",
        "g": "unpack",
        "h": "unpack",
        "i": "unpack",
        "j": "with",
        "k": "unpack",
        "l": "unpack",
        "m": "except",
        "n": "variable",
        "o": "variable",
        "p": "variable",
        "q": "variable",
        "r": "variable",
        "s": "unpack",
        "t": "unpack",
        "u": "variable",
        "v": "match",
        "w": "match",
        "y": "match",
        "z": "match",
        "aa": "match",
        "bb": "match",
        "ff": "function",
        "hh": "class",
    }
    assert bindings["a"][0].target == "a" and bindings["d"][0].target == "c"


def test_functions_and_their_kinds(world):
    """Methods, properties and nested functions have their qualified names and kinds; the getter is the property."""
    w = world(
        {
            "m.py": """
            class C:
                def a(self):
                    def b(): pass
                @classmethod
                def c(cls): pass
                @staticmethod
                def d(): pass
                @property
                def e(self): return 1
                @e.setter
                def e(self, value): pass
                class D:
                    def f(self): pass
            """
        }
    )
    assert {f.short: f.kind for f in w.module().functions} == {
        "C.a": "method",
        "C.a.<locals>.b": "function",
        "C.c": "classmethod",
        "C.d": "staticmethod",
        "C.e": "property",
        "C.D.f": "method",
    }
    assert w.module().classes[0].methods["e"].decorators == ["property"]
    # A setter is a member of every property, and no name that somebody would have to show.
    found = {r.text: (r.status, r.target) for r in decorators(w.program, w.module())}
    assert found["e.setter"] == ("resolved", "builtins.property.setter")


def test_context_modules_are_read_on_demand(world, tmp_path: Path):
    """A context root gives modules only when a name leads to them; they are no inputs."""
    package = tmp_path / "shop"
    (package / "db").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "db" / "__init__.py").write_text("from .core import connect\n")
    (package / "db" / "core.py").write_text("def connect(): pass\n")
    (package / "unused.py").write_text("x = 1\n")
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "tools.py").write_text("def tool(): pass\n")
    text = "from shop.db import connect\nfrom shop.gone import x\nimport plain.tools\nimport third\n"
    w = world({"snippet.py": text}, [tmp_path])
    assert "shop.db" not in w.program.modules
    assert w.name("connect") == "shop.db.core.connect"
    assert w.name("plain.tools.tool") == "plain.tools.tool"
    assert isinstance(w.resolve("x"), Unresolved)
    assert w.name("third.x") == "third.x"
    assert not w.program.modules["shop.db.core"].is_input
    assert "shop.unused" not in w.program.modules
    inside = world({"snippet.py": text}, [package / "db"])
    assert inside.name("connect") == "shop.db.core.connect"


def test_names_count_from_where_a_program_is_started(world, tmp_path: Path):
    """`manage.py` puts its directory on the path, also where that is a package; the names from above it stay good."""
    site = tmp_path / "harbour"
    texts = {
        "__init__.py": "",
        "manage.py": "import orders.views\n",
        "stock/__init__.py": "",
        "stock/models.py": "def reserve(): pass\n",
        "orders/__init__.py": "",
        "orders/views.py": "from stock.models import reserve\nfrom harbour.stock import models\nreserve()\nmodels.reserve()\n",
    }
    for name, text in texts.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)
    w = world({str(site / name): text for name, text in texts.items()})
    assert "orders.views" in w.program.modules
    assert [record.status for record in w.calls(str(site / "orders/views.py"))] == ["resolved", "resolved"]


def test_an_input_below_the_context_is_not_read_twice(world, tmp_path: Path):
    """A context file that is also an input stays the input."""
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("")
    path = tmp_path / "pkg" / "a.py"
    path.write_text("def f(): pass\n")
    w = world({path.as_posix(): "def f(): pass\n", "main.py": "from pkg.a import f\n"}, [tmp_path])
    outcome = w.resolve("f", "main.py")
    assert isinstance(outcome.symbol, FunctionInfo) and outcome.symbol.module.is_input
    assert w.module().name == "pkg.a"


def test_names_of_modules(world):
    """Relative paths give dotted names, `src` is left out, equal names are numbered, standard input is `__main__`."""
    w = world({"src/a/b.py": "", "-": "", "a/b.py": "", "tools/my.script.py": ""})
    assert [m.name for m in w.modules.values()] == ["a.b", "__main__", "a.b~2", "tools.my_script"]


def test_star_import_of_a_library(world):
    """A name that only a library's star import can give is assumed to come from it; builtins stay builtins."""
    w = world({"m.py": "from tkinter import *\n"})
    outcome = w.resolve("Button")
    assert isinstance(outcome, Assumed) and outcome.symbol.qualname == "tkinter.Button"
    assert w.name("print") == "builtins.print"
    assert isinstance(world({"m.py": "from a import *\nfrom b import *\n"}).resolve("f"), Ambiguous)


def test_records_of_imports_bases_and_decorators(world):
    """Imports, bases and decorators are told apart: in the program, in a library, missing."""
    w = world(
        {
            "pkg/__init__.py": "",
            "pkg/a.py": """
            import os.path, requests
            from .gone import thing
            from .b import Base
            from vendor import *
            class A(Base, requests.Session, thing.X, Generic[T]):
                @requests.hook("x")
                def f(self):
                    import json
                @property
                def g(self): pass
            """,
            "pkg/b.py": "class Base: pass\n",
        }
    )
    module = w.module("pkg/a.py")
    status = {record.text: record.status for record in imports(w.program, module)}
    assert status == {
        "os": "resolved",
        "requests": "external",
        "pkg.gone.thing": "unresolved",
        "pkg.b.Base": "resolved",
        "vendor.*": "external",
        "json": "resolved",
    }
    bases = [record.status for record in base_classes(w.program, module)]
    assert bases[:3] == ["resolved", "external", "unresolved"]
    assert [(r.text, r.status) for r in decorators(w.program, module)] == [
        ("requests.hook", "external"),
        ("property", "resolved"),
    ]
    assert all(record.reason for record in imports(w.program, module) if record.status != "resolved")
