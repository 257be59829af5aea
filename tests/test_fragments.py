"""What a review says of a fragment is true: a lone function or method, without the imports and the class around it."""

from __future__ import annotations

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
