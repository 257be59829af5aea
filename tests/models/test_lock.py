"""Every row fits what its library said when it was last asked, without the libraries; and facts survive being written down."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import pytest

from cwelens.models import index, lock, store, table, verify
from cwelens.models.facts import Fact
from cwelens.models.installed import Installed

ROOT = Path(__file__).parents[2]
LOCK = lock.Lock.read(ROOT / lock.LOCK)
FILES = store.read_files()
TYPES = verify.types_of(FILES)
AGAIN = (
    "write the lock again: python -m cwelens.models.verify --write-lock, where the libraries are installed"
)


def test_the_lock_is_current() -> None:
    """Every name of a row is in the lock."""
    models = index.load()
    answers = [a for file in FILES for a in verify.verify(file, models, TYPES, LOCK)]
    unlocked = sorted({a.name for a in answers if a.status == "unlocked"})
    assert unlocked == [], f"{AGAIN}: {unlocked}"


@pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])
def test_rows_fit_the_lock(file: store.File) -> None:
    """Each name is there with each port, is gone from the library for a known reason, or could not be asked for."""
    answers = list(verify.verify(file, index.load(), TYPES, LOCK))
    wrong = [
        f"{a.where}: {a.name}: {a.status}: {a.reason}" for a in answers if a.wrong and a.status != "unlocked"
    ]
    assert wrong == [], AGAIN


def test_page_of_signatures() -> None:
    """docs/model-library.md shows what the lock says."""
    page = (ROOT / table.PAGE).read_text(encoding="utf-8")
    versions = table.versions(FILES, index.load(), LOCK)
    assert versions in page, "write the page again: python -m cwelens.models.table"


def test_page_of_words() -> None:
    """docs/concepts.md shows every concept, context and character set, each once."""
    vocabulary = store.read_vocabulary()
    page = (ROOT / table.WORDS_PAGE).read_text(encoding="utf-8")
    assert table.words(vocabulary) == page, "write the page again: python -m cwelens.models.table"
    for name in [*vocabulary.concepts, *vocabulary.contexts, *vocabulary.chars]:
        assert f"| `{name}` |" in page


def plain(a, /, b, c=1, *, d, e=2):  # type: ignore[no-untyped-def]
    """All kinds of parameters but those that take the rest."""


def rest(*args, a, **more):  # type: ignore[no-untyped-def]
    """The kinds that take the rest."""


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (plain, "(a, /, b, c=, *, d, e=)"),
        (rest, "(*args, a, **more)"),
        (lambda: None, "()"),
        (lambda a, /: None, "(a, /)"),
    ],
)
def test_signatures_survive(function: Callable[..., object], text: str) -> None:
    """What is written is read back with the same names and kinds."""
    parameters = tuple(inspect.signature(function).parameters.values())
    assert str(Fact("callable", parameters)) == text
    read = Fact.parse(text).parameters
    assert read is not None
    assert [(p.name, p.kind) for p in read] == [(p.name, p.kind) for p in parameters]
    assert str(Fact.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["(?)", "property", "value", "missing: module a has no b", "not installed: x"]
)
def test_other_facts_survive(text: str) -> None:
    """Everything else a library can say."""
    assert str(Fact.parse(text)) == text


def test_malformed_fact() -> None:
    """What nothing wrote is refused."""
    with pytest.raises(ValueError, match="is no fact"):
        Fact.parse("callable")


def test_writing_and_reading(tmp_path: Path) -> None:
    """A lock says what the libraries said, and that it knows nothing of other names."""
    installed = Installed()
    asked = ["shlex.split", "shlex.nothing", "no_such_package.run", "pathlib.PurePath.name", "sys.maxsize"]
    facts = [str(installed.of(name)) for name in asked]
    lock.write(installed, {"pytest", "no_such_package"}, tmp_path / "lock.json")
    read = lock.Lock.read(tmp_path / "lock.json")
    assert [str(read.of(name)) for name in asked] == facts
    assert facts[0] == "(s, comments=, posix=)"
    assert read.of("shlex.quote").kind == "unlocked"
    assert list(read.versions) == ["pytest"]
    assert read.versions["pytest"].startswith("pytest ")


def test_the_command_asks_the_lock(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--lock` needs no library; options are checked."""
    monkeypatch.chdir(ROOT)
    assert verify.main(["--lock", "flask"]) == 0
    assert "ok: " in capsys.readouterr().out
    assert verify.main(["--write-lock", "flask"]) == 2
    assert verify.main(["--unlock"]) == 2
