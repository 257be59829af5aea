"""Classes, inheritance, and the types of expressions."""

from __future__ import annotations

import pytest

from cwelens.resolve.outcome import Ambiguous, Assumed, Resolved, Unresolved

FAMILY = {
    "zoo/__init__.py": "",
    "zoo/base.py": """
    from lib import Remote
    class Animal:
        sound = "…"
        def speak(self): return self.sound
        def feed(self): pass
    class Pet(Remote):
        pass
    """,
    "zoo/cats.py": """
    from zoo import base
    class Left(base.Animal):
        def feed(self): return super().feed()
    class Right(base.Animal):
        def feed(self): pass
        def only(self): pass
    class Cat(Left, Right):
        def feed(self):
            super().feed()
            self.only()
            self.speak()
            self.missing()
    class Lazy:
        def __getattr__(self, name): pass
        def f(self): self.anything()
    class Tame(base.Pet):
        def f(self): self.stroke()
    """,
}


def test_lookup_order_of_a_diamond(world):
    """The shared base comes last, as in Python."""
    w = world(FAMILY)
    known, unknown = w.program.mro(w.module("zoo/cats.py").classes[2])
    assert [cls.name for cls in known] == ["Cat", "Left", "Right", "Animal"]
    assert unknown == []


@pytest.mark.parametrize(
    ("within", "text", "expected"),
    [
        ("Cat.feed", "super().feed", "zoo.cats.Left.feed"),
        ("Left.feed", "super().feed", "zoo.base.Animal.feed"),
        ("Cat.feed", "self.only", "zoo.cats.Right.only"),
        ("Cat.feed", "self.speak", "zoo.base.Animal.speak"),
        ("Cat.feed", "self.sound", "zoo.base.Animal.sound"),
        ("Cat.feed", "self.missing", "? `Cat` does not define `missing`; a subclass may"),
        ("Lazy.f", "self.anything", "? `Lazy` answers `anything` in `__getattr__`"),
        ("Tame.f", "self.stroke", "lib.Remote.stroke"),
        ("Tame.f", "self.__class__", "lib.Remote.__class__"),
        ("Cat.feed", "self.__class__", "builtins.object.__class__"),
    ],
)
def test_members_through_inheritance(world, within, text, expected):
    """Methods are found in bases across modules; what no known class has keeps its reason."""
    assert world(FAMILY).name(text, "zoo/cats.py", within) == expected


def test_a_member_of_a_foreign_base_is_assumed(world):
    """A method that only a third-party base can have is an assumption that names the base."""
    outcome = world(FAMILY).resolve("self.stroke", "zoo/cats.py", "Tame.f")
    assert isinstance(outcome, Assumed)
    assert (
        outcome.reason
        == "`stroke` is not defined in `Tame`; it may come from the base class `Remote`, which is not in the input"
    )


def test_a_class_that_is_its_own_ancestor_ends(world):
    """Circular bases have a finite order."""
    w = world({"m.py": "class A(B): pass\nclass B(A): pass\nclass C(C): pass\n"})
    for cls in w.module().classes:
        assert len(w.program.mro(cls)[0]) <= 2
    assert isinstance(w.program.find_method(w.module().classes[0], "x"), Unresolved)


TYPES = {
    "t.py": """
    import sqlite3, driver
    from contextlib import contextmanager
    from functools import partial
    from typing import Optional, List, Dict, Union, Self, Any
    from dataclasses import dataclass

    class Conn:
        def cursor(self) -> "Cursor": ...
        def clone(self) -> Self: ...
        def __enter__(self): return self
    class Cursor:
        def __enter__(self) -> Conn: ...
    class Holder:
        shared = Conn()
        noted: Optional[Cursor]
        many: list[Conn]
        def __init__(self, conn: Conn, other, timeout=5):
            self.conn = conn
            self.other = other
            self.db = sqlite3.connect("x")
            self.late: Dict[str, Cursor] = {}
            self.maybe = None
            self.run = make
            self.either = conn if other else Cursor()
        def open(self):
            self.maybe = Cursor()
        @property
        def prop(self): return Cursor()
        @classmethod
        def build(cls): return cls(Conn(), 1)
    class Child(Holder):
        def use(self):
            pass
    def make(): return Conn()
    async def later() -> Conn: ...
    def rec(n): return rec(n - 1)
    def two(n):
        if n: return Conn()
        return Cursor()
    def opt(n):
        if n: return None
        return Conn()
    def gen():
        yield 1
    @contextmanager
    def managed():
        yield Conn()
    def f(p, q: "Optional[Conn]", r: Conn | None, s: Union[Conn, Cursor], t: List[Cursor], u: Any, *args, n=1, **kw):
        a = Conn()
        b = a
        c = a.cursor()
        with a as d: pass
        with c as e, managed() as g: pass
        for h in t: pass
        for i in [Conn(), Conn()]: pass
        try: pass
        except (ValueError, KeyError) as j: pass
        k = Conn()
        k = Cursor()
        l = sqlite3.connect("x").cursor()
        m = partial(make, 1)
        x = None
        x = Conn()
        y, z = Conn(), 1
        v = "a" + p
        w = lambda: Conn()
        aa = unknown()
        bb = {"k": Conn()}
        cc = driver.Thing()
        with driver.open("x") as dd: pass
        ee: Cursor = p
        ff = [Cursor() for _ in p]
        return a
    """
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "t.Conn"),
        ("b", "t.Conn"),
        ("c", "t.Cursor"),
        ("a.clone()", "t.Conn"),
        ("d", "t.Conn"),
        ("e", "t.Conn"),
        ("g", "t.Conn"),
        ("h", "t.Cursor"),
        ("t[0]", "t.Cursor"),
        ("i", "t.Conn"),
        ("j", "builtins.ValueError | builtins.KeyError"),
        ("k", "t.Conn | t.Cursor"),
        ("l", "sqlite3.Cursor"),
        ("m()", "t.Conn"),
        ("x", "t.Conn"),
        ("y", "t.Conn"),
        ("v", "builtins.str"),
        ("w()", "t.Conn"),
        ("q", "t.Conn"),
        ("r", "t.Conn"),
        ("s", "t.Conn | t.Cursor"),
        ("t", "builtins.list"),
        ("args", "builtins.tuple"),
        ("kw", "builtins.dict"),
        ("n", "builtins.int"),
        ("bb['k']", "t.Conn"),
        ("cc", "driver.Thing"),
        ("dd", "driver.Handle"),
        ("ee", "t.Cursor"),
        ("ff[0]", "t.Cursor"),
        ("make()", "t.Conn"),
        ("await later()", "t.Conn"),
        ("two(1)", "t.Conn | t.Cursor"),
        ("opt(1)", "t.Conn"),
        ("gen()", "builtins.generator"),
        ("Holder(a, 1).conn", "t.Conn"),
        ("Holder(a, 1).db", "sqlite3.Connection"),
        ("Holder(a, 1).db.cursor()", "sqlite3.Cursor"),
        ("Holder(a, 1).shared", "t.Conn"),
        ("Holder(a, 1).noted", "t.Cursor"),
        ("Holder(a, 1).late['x']", "t.Cursor"),
        ("Holder(a, 1).many[0]", "t.Conn"),
        ("Holder(a, 1).maybe", "t.Cursor"),
        ("Holder(a, 1).either", "t.Conn | t.Cursor"),
        ("Holder(a, 1).run()", "t.Conn"),
        ("Holder(a, 1).prop", "t.Cursor"),
        ("Holder.build()", "t.Holder"),
        ("Child(a, 1).conn", "t.Conn"),
        ("'x'", "builtins.str"),
        ("f'{p}'", "builtins.str"),
        ("b'x'.decode()", "builtins.str"),
        ("'a b'.split()", "builtins.list"),
        ("'a b'.split()[0]", "builtins.str"),
        ("{}", "builtins.dict"),
        ("[c for c in p]", "builtins.list"),
        ("1 < 2", "builtins.bool"),
        ("not p", "builtins.bool"),
        ("1 + 2", "builtins.int"),
        ("'%s' % p", "builtins.str"),
        ("a or None", "t.Conn"),
        ("int(p)", "builtins.int"),
        ("ValueError('x')", "builtins.ValueError"),
        ("p", "? `p` is a parameter of `f`; its type is not shown"),
        ("u", "? it is annotated as `Any` only"),
        ("aa", "? `aa` is assigned the result of `unknown`; its type is not shown"),
        (
            "Holder(a, 1).other",
            "? `self.other` is assigned from `other` in `__init__`; its type is not shown",
        ),
        ("Holder(a, 1).never", "? `self.never` is never assigned in `Holder`"),
    ],
)
def test_types_of_expressions(world, text, expected):
    """Types follow constructors, annotations, assignments, context managers, loops, attributes, returns and literals."""
    assert world(TYPES).type(text, within="f") == expected


def test_recursive_functions_end(world):
    """A function that returns its own result has no shown type."""
    assert isinstance(world(TYPES).types.returned(world(TYPES).function("rec")), Unresolved)


def test_type_of_is_the_one_shot_form(world):
    """`type_of` answers like a `Types` kept for many questions."""
    from cwelens.resolve.types import type_of

    w = world(TYPES)
    function = w.function("f")
    value = function.locals["a"][0].value
    outcome = type_of(w.program, w.module(), function, value, lambda name: None)
    assert isinstance(outcome, Resolved) and outcome.symbol.qualname == "t.Conn"


def test_partly_known_union_is_an_assumption(world):
    """One known and one unknown value make the known type an assumption with the other's reason."""
    w = world({"m.py": "class A: pass\ndef f(p):\n    x = A()\n    x = p\n"})
    outcome = w.types.type_of(w.module(), w.function("f"), w.function("f").locals["x"][0].node)
    assert isinstance(outcome, Assumed | Ambiguous) and "`p` is a parameter" in outcome.reason


def test_bad_quoted_annotations_do_not_raise(world):
    """An annotation that is not Python has a reason."""
    assert (
        world({"m.py": "def f(p: 'no type ('): pass\n"}).type("p", within="f").startswith("? its annotation")
    )
