"""A project's own models: where they are found, what is wrong in them and where, and what they change in a review."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwelens import review
from cwelens.models import project
from cwelens.models.places import place
from cwelens.report.build import UsageError

OWN = """
[[sink]]
call = "shop.db.run_query"
port = [0, "sql"]
is = "sql.text"

[[source]]
call = "shop.web.parameter"
is = "http.query"

[[source]]
read = "shop.web.Visit.words"
is = "http.query"

[[guard]]
call = "shop.text.plain"
for = ["sql"]

[[guard]]
call = "shop.text.refuse"
for = ["sql"]
raises = true

[[route]]
decorator = "shop.web.page"
params = "http.path"
response = "html.body"

[[route]]
base = "shop.web.Service"
methods = ["answer"]
params = "rpc.argument"
"""
FILES = {
    "shop/__init__.py": "",
    "shop/db.py": "def run_query(sql):\n    return driver(sql)\n",
    "shop/text.py": "def clean(x):\n    return x\ndef plain(x):\n    return check(x)\ndef refuse(x):\n    check(x)\n",
    "shop/web.py": (
        "def parameter(name):\n    return table[name]\n"
        "class Visit:\n    words = None\n"
        "class Service:\n    pass\n"
        "def page(function):\n    return function\n"
    ),
    "pyproject.toml": '[[tool.cwelens.models.sanitizer]]\ncall = "shop.text.clean"\nfor = ["sql"]\n',
    ".cwelens/models/shop.toml": OWN,
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project with models of its own."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("db.run_query('x' + web.parameter('a'))", [89]),
        ("db.run_query('x' + text.clean(web.parameter('a')))", []),
        ("a = web.parameter('a')\nif text.plain(a):\n    db.run_query('x' + a)", []),
        ("a = web.parameter('a')\nif not text.plain(a):\n    db.run_query('x' + a)", [89]),
        ("a = web.parameter('a')\ntext.refuse(a)\ndb.run_query('x' + a)", []),
        ("db.run_query('x' + web.Visit().words)", [89]),
        ("db.run_query('x')", []),
        ("@web.page\ndef show(name):\n    return '<p>' + name", [79]),
        ("def show(name):\n    return '<p>' + name", []),
        ("class Own(web.Service):\n    def answer(self, q):\n        db.run_query('x' + q)", [89]),
    ],
)
def test_own_rows_count_in_a_review(shop: Path, code: str, found: list[int]) -> None:
    """Each kind of row is believed about functions and classes of the project itself."""
    (shop / "shop" / "app.py").write_text(f"from shop import db, text, web\n{code}\n")
    made = review(paths=[shop / "shop"])
    assert [f.cwe for f in made.findings if f.confidence == "definite"] == found
    assert {Path(file.path).name for file in made.inputs if file.kind == "models"} == {
        "shop.toml",
        "pyproject.toml",
    }


def test_own_models_can_be_left_out(shop: Path) -> None:
    """Whoever does not trust the project reviews it without its models."""
    (shop / "shop" / "app.py").write_text(
        "from shop import db, web\ndb.run_query('x' + web.parameter('a'))\n"
    )
    made = review(paths=[shop], own_models=False)
    assert made.findings == []
    assert all(file.kind != "models" for file in made.inputs)


def test_found_above_and_not_beyond_the_project(shop: Path) -> None:
    """A file finds the models at the top of its project; those of a project around it are not its own."""
    inner = shop / "vendor" / "other"
    inner.mkdir(parents=True)
    assert [path.name for path in project.find([shop / "shop" / "db.py"])] == ["shop.toml", "pyproject.toml"]
    (inner / "pyproject.toml").write_text("[project]\n")
    assert project.find([inner]) == []


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        (
            '[[sink]]\ncall = "a.b"\nport = 0\n  is = "sql.texts"\n',
            "4:3",
            "sink[0]: is: unknown concept 'sql.texts'",
        ),
        ('[[sink]]\ncall = "a.b"\nport = 0\n', "1:1", "sink[0]: is: missing"),
        (
            '[[guard]]\ncall = "a.b"\nfor = ["sql"]\n\n [[guard]]\ncall = "a b"\nfor = ["sql"]\n',
            "6:1",
            "guard[1]: call: 'a b' is not a dotted name",
        ),
        ('[[source]]\ncall = "a.b"\nis = "file"\ncolour = 1\n', "4:1", "source[0]: colour: unknown field"),
        ('[[sanitizer]]\ncall = "a.b"\nfor = ["sqll"]\n', "3:1", "sanitizer[0]: for: unknown context 'sqll'"),
        ('[[sink]]\nnote = """\n[[sink]]\n"""\n[[sink]]\nport = 0\n', "5:1", "sink[1]: call: missing"),
        ("[[sink]\n", "1:7", "Expected"),
        ('sink = "x"\n', "1:1", "write rows under [[sink]]"),
        ("\nsinks = []\n", "2:1", "unknown table sinks"),
        ('doc = 1\n[[sinks]]\ncall = "a"\n', "1:1", "doc: a text is wanted, not 1"),
        ("\n[[sinks]]\n", "2:1", "unknown table sinks"),
    ],
)
def test_errors_name_file_line_and_column(tmp_path: Path, text: str, where: str, message: str) -> None:
    """Whatever is wrong is said with its place, and a review with such models is refused."""
    path = tmp_path / ".cwelens" / "models" / "own.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    (tmp_path / "a.py").write_text("x = 1\n")
    errors = project.read([path]).errors
    assert any(error.startswith(f"{path}:{where}: ") and message in error for error in errors), errors
    with pytest.raises(UsageError, match="own models cannot be used"):
        review(paths=[tmp_path / "a.py"])


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """A missing file and one that is no text are errors too."""
    (tmp_path / "bytes.toml").write_bytes(b"\xff")
    errors = project.read([tmp_path / "bytes.toml", tmp_path / "none.toml"]).errors
    assert [error.partition(":1:1: ")[2][:12] for error in errors] == ["is not UTF-8", "cannot be re"]


def test_places_in_pyproject() -> None:
    """Rows under `tool.cwelens.models` are counted by themselves."""
    text = '[[tool.cwelens.models.sink]]\na = 1\n[tool.x]\nb = 1\n[[ tool.cwelens.models."sink" ]]\nb = 2\n'
    assert place(text, "tool.cwelens.models.sink", 1, "b") == (6, 1)
    assert place(text, "tool.cwelens.models.sink", 0, "b") == (1, 1)
