"""The call ledger."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cwelens
from cwelens.base.source import Source
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.ledger import INHERITED, calls
from cwelens.resolve.program import Program
from cwelens.syntax.from_ast import Lowering

FUNCTIONAL = {
    "test_resize.py": """
    from shop.tests import integrated
    class ResizeTest(integrated.ProviderTestCase):
        def setUp(self):
            super().setUp()
            self.api = self.make_api()
        def test_resize(self):
            server = self._boot(1)
            self.api.post_action(server["id"])
            self.admin.delete()
            self.assertEqual(1, server.size)
            self._wait(server)
    """
}


def test_a_test_case_whose_base_is_missing(world):
    """Inherited helpers are grouped and name the base; assertions are assumed to be unittest's; `self.api` has its own reason."""
    w = world(FUNCTIONAL)
    wait = w.call("self._wait")
    assert (wait.status, wait.receiver, wait.member, wait.target) == ("unresolved", INHERITED, "_wait", None)
    assert wait.reason == (
        "`_wait` is not defined in `ResizeTest`; it may come from the base class `integrated.ProviderTestCase`, "
        "which is not in the input"
    )
    assertion = w.call("self.assertEqual")
    assert (assertion.status, assertion.target) == ("resolved", "unittest.TestCase.assertEqual")
    assert "taken for a test case" in assertion.reason
    assert w.call("super().setUp").status == "resolved"
    post = w.call("self.api.post_action")
    assert (post.status, post.receiver, post.member) == ("unresolved", "self.api", "post_action")
    assert (
        post.reason
        == "`self.api` is assigned the result of `self.make_api` in `setUp`; its type is not shown"
    )
    assert w.call("self.admin.delete").reason == (
        "`self.admin` is never assigned in this class; it may come from the base class `integrated.ProviderTestCase`, "
        "which is not in the input"
    )


def test_assertions_of_other_classes_are_not_unittest(world):
    """A class without evidence of being a test case keeps `assertEqual` unresolved."""
    w = world({"m.py": "from lib import Thing\nclass A(Thing):\n    def f(self): self.assertEqual(1, 2)\n"})
    assert w.call("self.assertEqual").status == "unresolved"
    assert w.call("self.assertEqual").receiver == INHERITED


@pytest.mark.parametrize(
    ("callee", "status", "target"),
    [
        ("os.path.join", "resolved", "os.path.join"),
        ("open", "resolved", "builtins.open"),
        ("cur.execute", "modelled", "sqlite3.Cursor.execute"),
        ("yaml.load", "modelled", "yaml.load"),
        ("helper", "resolved", "m.helper"),
        ("Thing", "resolved", "m.Thing"),
        ("Thing().go", "resolved", "m.Thing.go"),
        ("name.upper", "resolved", "builtins.str.upper"),
        ("square", "resolved", "m.f.<locals>.square"),
        ("app.route", "modelled", "flask.Flask.route"),
        ("items.append", "resolved", "builtins.list.append"),
        ("t.go", "resolved", "m.Thing.go"),
        ("Thing.go", "resolved", "m.Thing.go"),
        ("cls", "resolved", "m.Thing"),
        ("requests.get", "unresolved", None),
        ("p.close", "unresolved", None),
        ("q", "unresolved", None),
        ("name.nothing", "unresolved", None),
        ("nowhere", "unresolved", None),
        ("p[0]", "unresolved", None),
    ],
)
def test_status_of_calls(world, callee, status, target):
    """Project, builtin and standard callables are resolved, modelled ones modelled, all others unresolved with a reason."""
    w = world(
        {
            "m.py": """
            import os, sqlite3, yaml, requests, flask
            app = flask.Flask(__name__)
            class Thing:
                def go(self): pass
                @classmethod
                def make(cls): return cls()
            @app.route("/x")
            def helper(): pass
            def f(p, q, name: str):
                os.path.join("a", "b"); open(p); yaml.load(p); helper(); Thing(); Thing().go(); name.upper()
                cur = sqlite3.connect("x").cursor()
                cur.execute("select 1")
                square = lambda n: n
                square(2)
                items = []
                items.append([t.go() for t in [Thing()]])
                Thing.go(p)
                requests.get(p); p.close(); q(); name.nothing(); nowhere(); p[0]()
            """
        }
    )
    record = w.call(callee)
    assert (record.status, record.target) == (status, target)
    assert record.reason or record.status != "unresolved"


@pytest.mark.parametrize(
    ("text", "callee", "reason"),
    [
        (
            "import requests\nrequests.get('u')",
            "requests.get",
            "imported from `requests`; its code is not in the input and no model describes it",
        ),
        (
            "def f(server): server.stop()",
            "server.stop",
            "`server` is a parameter of `f`; its type is not shown",
        ),
        ("def f(): conn.close()", "conn.close", "`conn` is not defined or imported in the input"),
        ("def f(self): self.db.close()", "self.db.close", "the class of `self` is not in the input"),
        ("def f(self): self.go()", "self.go", "the class of `self` is not in the input"),
        ("def f(cls): cls()", "cls", "the class of `cls` is not in the input"),
        ("[].nope()", "[].nope", "`list` has no attribute `nope`"),
        ("from .m import g\ng()", "g", "`g` is imported from `.m`, which is not in the input"),
        (
            "sorted([1], key=lambda r: r.get('x'))",
            "r.get",
            "`r` is a parameter of a lambda; its type is not shown",
        ),
    ],
)
def test_reasons(world, text, callee, reason):
    """The reason of an unresolved call says what is missing."""
    assert world({"fragment.py": text}).call(callee).reason == reason


def test_assumptions_are_told(world):
    """A resolved record that rests on an assumption says which."""
    w = world(
        {"m.py": "import threading\ndef f(n=''):\n    n.upper()\n    threading.Thread(target=f).start()\n"}
    )
    assert w.call("n.upper").reason == "the default of `n` has this type"
    assert w.call("threading.Thread(target=f).start").reason == "`Thread` is taken for a class by its name"


def test_comprehension_names_shadow(world):
    """A comprehension's own name is not the module's, outside it is."""
    w = world({"m.py": "import os as x\ndef f(p):\n    [x.listdir() for x in p]\n    x.listdir('/')\n"})
    assert [record.status for record in w.calls()] == ["unresolved", "resolved"]


def test_records_know_their_place(world):
    """Location, function and texts of a record are those of the call."""
    w = world({"m.py": "def f(é):\n    é.a(); g(é).b(\n      1)\n"})
    records = {record.callee: record for record in w.calls()}
    assert records["g(é).b"].location.column == 12
    assert records["g(é).b"].receiver == "g(é)"
    assert records["é.a"].function is w.function("f")
    assert records["é.a"].location.line == 2


EVERYWHERE = """
@d1(c1())
@d2.x(1)
class A(b1(), metaclass=m1(), key=k1()):
    attr: ann1() = v1()
    @d3()
    def f(self, a: ann2() = v2(), *args: ann3(), k=v3(), **kw: ann4()) -> ret1():
        with w1() as t1().x, w2():
            for t2()[0] in i1():
                while x1(): y1()
                else: e1()
        try: t3()
        except h1() as e: h2()
        else: h3()
        finally: h4()
        async def g():
            await aw1(); yield y2(); z = yield from y3()
            async with w3(): pass
            async for q in i2(): pass
        del d4().x
        assert a1(), a2()
        raise r1() from r2()
        return (lambda z=l1(): l2())(l3())
        match m2():
            case P(x=1) if g1(): b2()
            case {"a": y}: b3()
        global zz
if (n1 := w4()): pass
elif e2(): pass
x += a3()
f"{f1():{f2()}} {f3()!r}"
[c2(i) for i in c3() if c4()]; {c5(): c6() for j in c7()}; (c8() for k in c9()); {c10() for k in c11()}
s1()[s2():s3():s4()]; u = -u1() if u2() else not u3(); b4() and b5() or b6()
{**k2(), k3(): k4()}; call(*k5(), **k6()); a4() < a5() < a6(); (a7(), [a8()], {a9()}); a10()()()
print(p1(), sep=p2())
"""


def test_every_call_has_one_record(world):
    """Whatever construct a call stands in, it is in the ledger exactly once."""
    w = world({"m.py": EVERYWHERE})
    recorded = Counter(id(record.node) for record in w.calls())
    assert recorded == Counter(id(node) for node in w.call_nodes())
    assert len(recorded) >= 90


def test_every_call_of_this_package_has_one_record():
    """The same on the code of this project, with all records sound."""
    program = Program()
    modules = []
    root = Path(cwelens.__file__).parent
    for path in sorted((root / "resolve").rglob("*.py")):
        text = path.read_text("utf-8")
        modules.append(
            program.add(Source(str(path), text), ir.Module(Lowering().module(ast.parse(text)), []), path)
        )
    for module in modules:
        records = calls(program, module, lambda name: None, lambda name: False)
        nodes = [node for node in walk(*module.body) if isinstance(node, ir.Call)]
        assert Counter(id(r.node) for r in records) == Counter(map(id, nodes))
        for record in records:
            assert record.status in ("resolved", "modelled", "unresolved")
            assert record.reason if record.status == "unresolved" else record.target


_NAMES = st.sampled_from(["a", "b", "self", "open", "os"])
_EXPRESSIONS = st.recursive(
    _NAMES,
    lambda inner: st.one_of(
        st.tuples(inner, _NAMES).map(lambda p: f"{p[0]}.{p[1]}"),
        st.tuples(inner, inner).map(lambda p: f"{p[0]}({p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]} or {p[1]})"),
        st.tuples(_NAMES, inner, inner).map(lambda p: f"[{p[1]} for {p[0]} in {p[2]}]"),
        st.tuples(_NAMES, inner).map(lambda p: f"(lambda {p[0]}: {p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"{p[0]}[{p[1]}]"),
    ),
    max_leaves=8,
)
_STATEMENTS = st.one_of(
    _EXPRESSIONS,
    st.tuples(_NAMES, _EXPRESSIONS).map(lambda p: f"{p[0]} = {p[1]}"),
    st.tuples(_NAMES, _EXPRESSIONS).map(lambda p: f"self.{p[0]} = {p[1]}"),
    st.tuples(_NAMES, _EXPRESSIONS).map(lambda p: f"for {p[0]} in {p[1]}: pass"),
    st.tuples(_NAMES, _EXPRESSIONS).map(lambda p: f"with {p[1]} as {p[0]}: pass"),
    _EXPRESSIONS.map(lambda e: f"return {e}"),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_STATEMENTS, min_size=1, max_size=5), st.lists(_STATEMENTS, min_size=1, max_size=5), _NAMES)
def test_any_code_has_a_complete_ledger(first, second, base):
    """Code of any shape, with names that depend on each other in circles, ends with one sound record for each call."""
    text = "import os\nclass K(%s):\n    def a(self, b):\n        %s\n    def b(self):\n        %s\n" % (
        base,
        "\n        ".join(first),
        "\n        ".join(second),
    )
    program = Program()
    module = program.add(Source("m.py", text), ir.Module(Lowering().module(ast.parse(text)), []), "m.py")
    records = calls(program, module, lambda name: None, lambda name: False)
    nodes = [node for node in walk(*module.body) if isinstance(node, ir.Call)]
    assert Counter(id(r.node) for r in records) == Counter(map(id, nodes))
    assert all(record.reason or record.target for record in records)


def test_deep_code_ends(world):
    """Chains longer than the stack give a reason, and `elif` chains of any length are read."""
    chain = ir.Call(ir.Name("f", (1, 0, 1, 1)), [], [], (1, 0, 1, 3))
    for _ in range(3000):
        chain = ir.Call(ir.Attr(chain, "g", (1, 0, 1, 3)), [], [], (1, 0, 1, 3))
    branch = ir.If(chain, [], [], (1, 0, 1, 3))
    for number in range(3000):
        body = [ir.Assign([ir.Name(f"n{number}", (1, 0, 1, 3))], chain, None, (1, 0, 1, 3))]
        branch = ir.If(ir.Name("x", (1, 0, 1, 3)), body, [branch], (1, 0, 1, 3))
    program = Program()
    module = program.add(
        Source("m.py", "f()"), ir.Module([ir.If(chain, [], [branch], (1, 0, 1, 3))], []), "m.py"
    )
    assert len(module.bindings) == 3000
    shallow = ir.Module([ir.ExprStmt(chain, (1, 0, 1, 3))], [])
    records = calls(
        program, program.add(Source("n.py", "f()"), shallow, "n.py"), lambda name: None, lambda name: False
    )
    assert len(records) == 3001
    assert {record.status for record in records} == {"unresolved"}
