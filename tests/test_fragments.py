"""What a review says of a fragment is true: a lone function or method, without the imports and the class around it."""

from __future__ import annotations

from pathlib import Path

from cwelens import Review, review

METHOD = '''
def fetch_report(self, name, user_id):
    """Fetch a report, e.g. the monthly one, for a user.

    More about it.
    """
    rows = self.db.execute(sa.text(f"SELECT * FROM reports WHERE owner = {user_id}"))
    logger.info("a report of %d rows", len(rows))
    if not rows:
        raise ReportError(TEMPLATE.format(name=name))
    data = json.loads(Path(name).read_text())
    return np.asarray(data), re.sub(r"\\s+", " ", data["title"]), datetime.now().isoformat()
'''


def groups(result: Review) -> dict[str, set[str]]:
    """The names of the members of each group of part 4."""
    return {group.receiver: {member.name for member in group.members} for group in result.gaps}


def test_names_that_the_analysis_understands_are_not_called_undefined() -> None:
    """Modules without their import are one group, objects told by their names another; only the rest is unseen."""
    found = groups(review(METHOD))
    assert found["imports not shown"] == {"Path", "datetime", "json", "np", "re", "sa"}
    assert found["objects told by their names"] == {"db", "logger"}
    unseen = set().union(
        *(
            names
            for label, names in found.items()
            if label not in ("imports not shown", "objects told by their names")
        )
    )
    assert unseen == {"ReportError", "format", "asarray"}


def test_a_constant_of_the_object_is_not_the_callers_choice() -> None:
    """`self.x` of a method cut out of its class is not a parameter."""
    result = review("def save(self, rows):\n    self.sink.write_all(self.table, rows)\n")
    (group,) = result.gaps
    assert "`rows`, which the caller chooses" in group.effect
    assert "self.table" not in group.effect


def test_a_fragment_is_called_what_it_is() -> None:
    """A method without its class, functions without their imports, a piece that returns; a whole module stays one."""
    for code, label in (
        ("def save(self, x):\n    self.x = x\n", "lone method"),
        ("def load(x):\n    return json.loads(x)\n", "lone function"),
        (
            "def load(x):\n    return json.loads(x)\n\ndef dump(x):\n    return json.dumps(x)\n",
            "2 functions without their surroundings",
        ),
        ("class Box(Base):\n    def get(self):\n        return os.getpid()\n", "lone class"),
        ("    x = read()\n    return x\n", "piece of a function"),
        ("import json\ndef load(x):\n    return json.loads(x)\n", "library module"),
        ("def double(x):\n    return 2 * x\n", "library module"),
    ):
        assert [kind.label for kind in review(code).description.traits] == [label], code


def test_a_docstring_is_quoted_to_the_end_of_its_sentence() -> None:
    """Short forms with a full stop end no sentence, and parameters are what the caller decides."""
    summary = review(METHOD).description.summary
    assert "“Fetch a report, e.g. the monthly one, for a user”" in summary
    assert "what `name` and `user_id` hold, its caller decides" in summary


def test_what_is_left_out_is_left_out_for_a_true_reason() -> None:
    """What a function raises and is handed is told where the topic is not raised."""
    result = review(
        "def ratio(whole, part):\n    if not whole:\n        raise ValueError('nothing')\n    return part / whole\n"
    )
    reasons = {left.topic: left.reason for left in result.left_out}
    assert "it raises `ValueError`" in reasons["Error handling and logging"]
    assert "what `whole` and `part` may hold is for the callers to check" in reasons["Input validation"]


def test_names_tell_no_more_than_they_do() -> None:
    """The text of a constant is no document, and a constant no code; an error is only made."""
    result = review("def tell(self, x):\n    raise StoreException(DB_QUERY.format(x))\n")
    effects = {group.receiver: group.effect for group in result.gaps}
    assert effects["DB_QUERY"].startswith("`DB_QUERY` is taken for text; what stands in it is not shown.")
    assert "an error is only made here" in effects["names that nothing in the input defines"].lower()
    assert not any("interprets" in reason.text for area in result.areas for reason in area.reasons)


def test_advice_does_not_repeat_what_could_not_be_seen() -> None:
    """Only calls that a disposition depends on are asked for again."""
    assert not any(a.title == "Review again with what this code calls" for a in review(METHOD).advice)
    (again,) = [
        a
        for a in review("def show(p):\n    return open(checked(p)).read()\n").advice
        if a.title == "Review again with what this code calls"
    ]
    assert "`checked`" in again.text


def test_a_variable_of_another_file_leads_to_the_library_behind_it(tmp_path: Path) -> None:
    """What it is assigned answers, not a module of its name that there is none of."""
    (tmp_path / "ferry").mkdir()
    (tmp_path / "ferry" / "__init__.py").write_text("", encoding="utf-8")
    made = "from harbourmaster import Horn\n\nhorn = Horn.of('north')\n"
    (tmp_path / "ferry" / "horns.py").write_text(made, encoding="utf-8")
    used = "from .horns import horn\n\n\ndef leave(boat):\n    horn.sound(boat)\n"
    (tmp_path / "ferry" / "boats.py").write_text(used, encoding="utf-8")
    assert list(groups(review(paths=[tmp_path]))) == ["package harbourmaster"]


def test_an_application_is_of_the_framework_whose_class_makes_it() -> None:
    """`app = Bottle()` names its framework also where the import leads to a module that is not in the input."""
    source = """
from .wrapper import Bottle

app = Bottle()

@app.route("/shelves/:name")
def shelf(name):
    return name.upper()
"""
    assert [t.label for t in review(source).description.traits] == ["web handler (Bottle)"]
    assert [t.label for t in review(source.replace("Bottle", "Carafe")).description.traits] == [
        "web handler (Flask)"
    ]
