"""Lookups by name, through aliases and bases, from the files and from the compiled copy of them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cwelens.models import index, store
from cwelens.models.schema import ModelError

EXAMPLE = 'bad = "x"\ngood = "y"\n'
FILES = {
    "trait.toml": """
library = "DB"
packages = []
[[type]]
name = "db.Cursor"
enter = "db.Cursor"
item = "db.Row"
EX
[[type]]
name = "db.Connection"
attrs = { cursor_class = "db.Cursor" }
EX
[[sink]]
call = ["db.Cursor.execute", "db.Connection.execute"]
port = [0, "sql"]
is = "sql.text"
EX
[[returns]]
call = "db.Connection.cursor"
type = "db.Cursor"
from = []
EX
""",
    "shop.toml": """
library = "Shop"
packages = ["shop", "shop_tools"]
[alias]
"shop.api.cart.Cart" = "shop.Cart"
"shop.old" = "shop.api"
[[type]]
name = "shop.Cart"
bases = ["shop.Base", "db.Cursor"]
EX
[[type]]
name = "shop.Base"
bases = ["db.Connection"]
EX
[[sink]]
call = "shop.Cart.execute"
port = "note"
is = "log.message"
EX
[[misuse]]
call = "shop.weak"
is = "hash.weak"
EX
[[setting]]
set = "shop.App.config"
key = ["DEBUG", "TEST"]
is = "debug.on"
when = [{ is = true }]
EX
[[source]]
read = "shop.request.args"
is = "http.query"
EX
[[source]]
call = "shop.read"
is = "file"
EX
[[source]]
param = "shop.Header"
is = "http.header"
EX
[[neutraliser]]
call = "shop.quote"
for = ["sql"]
EX
[[guard]]
call = "shop.check"
for = ["path"]
raises = true
EX
[[returns]]
call = "shop.load"
type = "shop.Cart"
when = [{ port = "cart", is = true }]
EX
[[returns]]
call = "shop.load"
type = "shop.Base"
EX
[[route]]
decorator = "shop.App.route"
params = "http.path"
response = "html.body"
EX
[[route]]
register = "shop.App.add"
handler = [1, "view"]
EX
[[route]]
base = "db.Connection"
methods = ["get"]
EX
[[evidence]]
name = "^cart$"
members = ["execute"]
type = "shop.Cart"
EX
""",
}


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of model files whose compiled copy is in a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    directory = tmp_path / "library"
    directory.mkdir()
    for name, text in FILES.items():
        (directory / name).write_text(text.replace("EX\n", EXAMPLE))
    return directory


def load(directory: Path) -> index.Models:
    return index.load.__wrapped__(directory)


@pytest.fixture(params=["files", "compiled copy"])
def models(request: pytest.FixtureRequest, library: Path) -> index.Models:
    """The models made from the files, and once more from their compiled copy."""
    models = load(library)
    if request.param == "compiled copy":
        models = load(library)
        assert models._cached
    return models


def cache_file(directory: Path) -> Path:
    return store.cache_paths(directory)[-1]


def test_every_kind_of_row_is_found_by_name(models: index.Models) -> None:
    """Each lookup finds the rows of its kind and nothing else."""
    assert [row.concept for row in models.misuses("shop.weak")] == ["hash.weak"]
    assert [row.keys for row in models.settings("shop.App.config")] == [("DEBUG", "TEST")]
    read, call, param = (
        models.source_read("shop.request.args"),
        models.source_calls("shop.read")[0],
        models.source_param("shop.Header"),
    )
    assert read and call and param
    assert [read.concept, call.concept, param.concept] == ["http.query", "file", "http.header"]
    assert models.source_read("shop.read") is None
    assert models.neutralisers("shop.quote")[0].contexts == ("sql",)
    assert models.guards("shop.check")[0].raises
    assert models.routes_by_decorator("shop.App.route")[0].response == "html.body"
    handler = models.routes_by_register("shop.App.add")[0].handler
    assert handler and handler.position == 1
    assert models.evidence()[0].pattern.search("cart")
    assert models.sinks("shop.unknown") == ()
    assert models.concept("file").description == "the content of a file"
    assert models.characters("digits") == frozenset("0123456789")


def test_a_method_has_the_rows_of_its_types_bases(models: index.Models) -> None:
    """Rows of `Type.method` come with those of every base, the type's own first, each once."""
    assert models.bases("shop.Cart") == ("shop.Cart", "shop.Base", "db.Cursor", "db.Connection")
    assert [row.concept for row in models.sinks("shop.Cart.execute")] == ["log.message", "sql.text"]
    assert [row.concept for row in models.sinks("shop.Base.execute")] == ["sql.text"]
    assert models.library_type("shop.Base.cursor") == "db.Cursor"
    assert [row.methods for row in models.routes_by_base("shop.Base")] == [("get",)]


def test_types(models: index.Models) -> None:
    """Attributes, `with` and elements of a type are its bases' unless it has its own; a type's call gives the type."""
    assert models.attr_type("shop.Cart", "cursor_class") == "db.Cursor"
    assert models.attr_type("shop.Cart", "other") is None
    assert models.enter_type("shop.Cart") == "db.Cursor"
    assert models.item_type("shop.Cart") == "db.Row"
    assert models.enter_type("shop.Base") is None
    assert models.library_type("shop.Cart") == "shop.Cart"
    assert models.bases("unknown.Type") == ("unknown.Type",)


def test_of_several_returns_the_unconditional_one_is_the_answer(models: index.Models) -> None:
    """`returns` is the row without conditions; `returns_all` keeps the order of the file."""
    returns = models.returns("shop.load")
    assert returns is not None and returns.type == "shop.Base"
    assert [row.type for row in models.returns_all("shop.load")] == ["shop.Cart", "shop.Base"]


def test_aliases_hold_for_everything_below_them(models: index.Models) -> None:
    """The longest aliased prefix is replaced, again and again."""
    assert models.canonical("shop.old.cart.Cart.execute") == "shop.Cart.execute"
    assert len(models.sinks("shop.old.cart.Cart.execute")) == 2
    assert models.canonical("shopping.old") == "shopping.old"


def test_is_modelled(models: index.Models) -> None:
    """A callable is modelled if any row speaks of it, or it is a type with a row."""
    names = [
        "shop.weak",
        "shop.read",
        "shop.Cart.execute",
        "shop.Cart",
        "shop.App.add",
        "shop.nothing",
        "shop.Cart.nothing",
    ]
    assert [models.is_modelled(name) for name in names] == [True] * 5 + [False] * 2


def test_words_and_packages(models: index.Models) -> None:
    """Words are the last components of what can matter, and of settings with their keys; packages lead to their library."""
    assert models.words() == {"execute", "weak"}
    assert models.setting_words() == {"config", "DEBUG", "TEST"}
    assert models.packages() == {"shop": "Shop", "shop_tools": "Shop"}


def test_words_hold_the_other_names_of_a_callable(library: Path) -> None:
    """An alias of a sink is a word too."""
    (library / "other.toml").write_text(
        'library = "O"\npackages = ["o"]\n[alias]\n"o.feeble" = "o.weak"\n[[misuse]]\ncall = "o.weak"\nis = "hash.weak"\n'
        + EXAMPLE
    )
    assert {"feeble", "weak"} <= load(library).words()


def test_a_changed_file_is_seen(library: Path) -> None:
    """A compiled copy does not hold once a file changed, came or went."""
    load(library)
    path = library / "shop.toml"
    path.write_text(path.read_text().replace("shop.weak", "shop.poor"))
    assert load(library).misuses("shop.poor")
    status = path.stat()
    path.write_text(path.read_text().replace("shop.poor", "shop.dire"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert load(library).misuses("shop.dire")
    path.unlink()
    assert load(library).misuses("shop.dire") == ()


def test_examples_are_not_in_the_compiled_copy(library: Path) -> None:
    """What only tests need is left out."""
    load(library)
    rows = json.loads(cache_file(library).read_text())["rows"]
    assert all(
        not raw.keys() & {"bad", "good", "note", "expect"} for listed in rows.values() for _, raw in listed
    )


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\xff", '{"format": 1}', "[" * 100_000])
def test_a_corrupt_copy_is_ignored(library: Path, text: str) -> None:
    """A compiled copy that is no such thing is made again."""
    load(library)
    cache_file(library).write_bytes(text.encode("latin-1"))
    assert load(library).misuses("shop.weak")
    assert load(library)._cached


def _forge(content: dict[str, Any], forgery: str) -> None:
    rows = content["rows"]
    match forgery:
        case "row of the wrong shape":
            rows["misuse"] = [7]
        case "rows of the wrong shape":
            rows["misuse"] = {"shop.weak": 1}
        case "name that is none":
            rows["misuse"][0][1]["call"] = {"shop.weak": 1}
        case "unknown concept":
            rows["misuse"][0][1]["is"] = "no.such"
        case "unknown field":
            rows["misuse"][0][1]["run"] = "os.system"
        case "row without a concept":
            del rows["misuse"][0][1]["is"]
        case "vocabulary of the wrong shape":
            content["vocabulary"] = {"weak": ["hash.weak"]}
        case "alias of the wrong shape":
            content["alias"] = [1]
        case "stamp of other files":
            content["stamp"] = []
            rows["misuse"] = []


@pytest.mark.parametrize(
    "forgery",
    [
        "row of the wrong shape",
        "rows of the wrong shape",
        "name that is none",
        "unknown concept",
        "unknown field",
        "row without a concept",
        "vocabulary of the wrong shape",
        "alias of the wrong shape",
        "stamp of other files",
    ],
)
def test_a_forged_copy_is_replaced(library: Path, forgery: str) -> None:
    """A compiled copy that breaks the schema anywhere is replaced by the files, at the latest when its row is asked for."""
    load(library)
    content = json.loads(cache_file(library).read_text())
    _forge(content, forgery)
    cache_file(library).write_text(json.dumps(content))
    models = load(library)
    assert [row.concept for row in models.misuses("shop.weak")] == ["hash.weak"]
    assert "weak" in models.words()
    assert "execute" in load(library).words()


def test_a_circle_of_aliases_in_a_forged_copy_ends(library: Path) -> None:
    """Names are followed only while they are new."""
    load(library)
    content = json.loads(cache_file(library).read_text())
    content["alias"] = {"a": "b", "b": "a"}
    cache_file(library).write_text(json.dumps(content))
    assert load(library).canonical("a.x") in ("a.x", "b.x")


def test_no_cache_can_be_written(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a place for the compiled copy the files are read each time."""
    blocked = library / "blocked"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    monkeypatch.setenv("LOCALAPPDATA", str(blocked))
    assert load(library).misuses("shop.weak")
    assert not load(library)._cached


def test_a_user_without_a_home(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no home directory nothing is written, and nothing fails."""

    def homeless(self: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("LOCALAPPDATA")
    monkeypatch.setattr(Path, "expanduser", homeless)
    assert store.cache_paths(library) == []
    assert load(library).misuses("shop.weak")


def test_a_broken_file_is_named(library: Path) -> None:
    """A malformed file is an error that says which one."""
    (library / "broken.toml").write_text("library = ")
    with pytest.raises(ModelError, match=r"^broken\.toml: "):
        load(library)
    (library / "broken.toml").write_bytes(b'library = "\xff"')
    with pytest.raises(ModelError, match=r"^broken\.toml: "):
        load(library)


def test_nothing_is_left_beside_the_copy(library: Path) -> None:
    """The compiled copy is written whole: no draft stays behind."""
    load(library)
    assert [path.name for path in cache_file(library).parent.iterdir()] == [cache_file(library).name]
