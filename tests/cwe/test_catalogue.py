"""The catalogue says what MITRE's data says, and its index is derived from that data."""

import json

import pytest

from cwelens.cwe import BadId, Category, UnknownCwe, View, Weakness, catalogue, data, parse_id
from cwelens.cwe.build import index_of

FACTS = catalogue()
SOURCE = json.loads(data.read(data.SOURCE))


def test_index_is_fresh() -> None:
    """The packaged index is what the build script makes of the packaged JSON."""
    assert data.read(data.INDEX) == index_of(data.read(data.SOURCE))


@pytest.mark.parametrize(
    "section, kind", [("weaknesses", Weakness), ("categories", Category), ("views", View)]
)
def test_every_entry_survives_the_index(section: str, kind: type) -> None:
    """Each record of the JSON comes back from the index with the same facts."""
    for number, record in SOURCE[section].items():
        entry = FACTS.get(int(number))
        assert isinstance(entry, kind)
        assert (entry.name, entry.status, entry.usage) == (
            record["name"],
            record["status"],
            record["mapping"]["usage"],
        )
        assert list(entry.reasons) == record["mapping"]["reasons"]
        assert list(entry.suggestions) == record["mapping"]["suggest"]
        if isinstance(entry, Weakness):
            assert entry.abstraction == record["abstraction"]
            assert list(entry.parents) == record["parents"]
            assert list(entry.precedes) == record["precedes"]
            assert list(entry.alternate_terms) == record["alternate_terms"]
        else:
            assert list(FACTS.members(entry.id)) == record["members"]


def test_holds_every_entry_once() -> None:
    """The catalogue iterates over as many entries as the JSON has."""
    expected = sum(len(SOURCE[section]) for section in ("weaknesses", "categories", "views"))
    assert len(FACTS) == len(list(FACTS)) == len(FACTS.ids()) == expected


def test_an_unknown_id_is_a_key_error_with_a_sentence() -> None:
    """Asking for an id that does not exist says so, and can be caught as KeyError."""
    with pytest.raises(KeyError) as caught:
        FACTS.get(99999)
    assert str(caught.value) == "CWE-99999 is not in the packaged CWE catalogue"
    for ask in (FACTS.mappable, FACTS.parents, FACTS.children, FACTS.members, FACTS.lists, FACTS.details):
        with pytest.raises(UnknownCwe):
            ask(99999)


@pytest.mark.parametrize(
    "text", ["89", "CWE-89", "cwe_089", "CWE:89", "CWE 89", "cwe89", "external/cwe/cwe-089"]
)
def test_spellings_of_an_id(text: str) -> None:
    """One id has many spellings."""
    assert parse_id(text) == 89
    assert FACTS.get(text).id == 89


@pytest.mark.parametrize("text", ["", "CWE-", "SQL", "89a", "-89", "8 9", "CWE-89-1"])
def test_not_an_id(text: str) -> None:
    """What is not an id is refused."""
    with pytest.raises(BadId):
        parse_id(text)


def test_kinship() -> None:
    """Parents, children and their closures follow view 1000."""
    assert FACTS.parents(89) == (943,)
    assert 564 in FACTS.children(89)
    assert FACTS.ancestors(89) == (943, 74, 707)
    assert FACTS.covers(74, 89) and FACTS.covers(89, 89) and not FACTS.covers(89, 74)
    assert FACTS.kin(89, 74) and not FACTS.kin(89, 79)
    assert 564 in FACTS.descendants(74)
    assert FACTS.children(932) == FACTS.parents(932) == FACTS.ancestors(284) == ()


def test_children_and_parents_are_inverse() -> None:
    """A weakness is a child of each of its parents, and ancestors never include the weakness."""
    for entry in FACTS:
        if isinstance(entry, Weakness):
            assert all(entry.id in FACTS.children(parent) for parent in entry.parents)
            assert entry.id not in FACTS.ancestors(entry.id)


def test_groups_hold_weaknesses_at_any_depth() -> None:
    """A view's categories are opened; a category that is a member is not itself a weakness of the view."""
    assert set(FACTS.members(932)) == {22, 99, 639, 706}
    assert FACTS.members(89) == ()
    held = FACTS.weaknesses_in(1344)
    assert {89, 79, 918, 639} <= set(held)
    assert all(isinstance(FACTS.get(number), Weakness) for number in held)


def test_top_25_is_ranked() -> None:
    """The 2025 list starts with cross-site scripting and has 25 ranks."""
    ranks = [FACTS.top_25_rank(number) for number in FACTS.members(1435)]
    assert ranks == list(range(1, 26))
    assert FACTS.top_25_rank(79) == 1 and FACTS.top_25_rank(639) == 24 and FACTS.top_25_rank(611) is None
    assert FACTS.top_25_rank(79, 2024) == 1 and FACTS.top_25_rank(787, 2023) == 1


def test_owasp_categories() -> None:
    """A weakness knows its OWASP categories of both years by their titles."""
    assert FACTS.owasp_top_10(89, 2021) == ("A03:2021 Injection",)
    assert FACTS.owasp_top_10(89, 2025) == ("A05:2025 Injection",)
    assert FACTS.owasp_top_10(1333, 2021) == ()
    assert FACTS.lists(89) == ("CWE Top 25 2025 #2", "A03:2021 Injection", "A05:2025 Injection")


def test_mappable_is_allowed_or_allowed_with_review() -> None:
    """Discouraged and Prohibited ids may not be the CWE of a finding."""
    assert FACTS.get(89).usage == "Allowed" and FACTS.mappable(89)
    assert FACTS.get(22).usage == "Allowed-with-Review" and FACTS.mappable(22)
    assert FACTS.get(20).usage == "Discouraged" and not FACTS.mappable(20)
    assert FACTS.get(932).usage == "Prohibited" and not FACTS.mappable(932)


def test_short_names() -> None:
    """The name MITRE quotes is the short one; without a quote the whole name is."""
    assert FACTS.get(89).short_name == "SQL Injection"
    assert FACTS.get(798).short_name == "Use of Hard-coded Credentials"


def test_catalogue_is_loaded_once() -> None:
    """Two calls give the same object."""
    assert catalogue() is FACTS
