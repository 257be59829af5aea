"""Pages and searches of the catalogue."""

import json

import pytest

from cwelens.cwe import catalogue
from cwelens.cwe.cli import main
from cwelens.cwe.describe import as_data, describe, search


def test_a_weakness_page() -> None:
    """A page says what the weakness is, its mapping, its kin and its lists."""
    page = describe(catalogue().get(639))
    assert page.startswith("# CWE-639: Authorization Bypass Through User-Controlled Key\n")
    for part in (
        "Base weakness",
        "IDOR",
        "Allowed",
        "- CWE-863 Incorrect Authorization",
        "- CWE-566 ",
        "A01:2021",
    ):
        assert part in page


def test_a_discouraged_page_suggests() -> None:
    """A page on a Discouraged id gives the reasons and MITRE's suggestions."""
    page = describe(catalogue().get(287))
    assert "Discouraged (Frequent Misuse): no finding may carry it" in page
    assert "MITRE suggests instead:\n- CWE-1390 Weak Authentication" in page


def test_every_entry_has_a_page_and_data() -> None:
    """No entry of the catalogue breaks the page or its JSON."""
    for entry in catalogue():
        assert entry.name in describe(entry)
        assert json.dumps(as_data(entry))


@pytest.mark.parametrize(
    "query, first",
    [("path traversal", 22), ("IDOR", 639), ("sqli", 89), ("XML external entity", 611), ("ReDoS", 1333)],
)
def test_search_puts_the_named_weakness_first(query: str, first: int) -> None:
    """A search for a common name starts with the weakness it means."""
    assert search(query)[0].id == first


def test_search_wants_every_word() -> None:
    """Results have all words, once each, and no deprecated entries."""
    found = search("privilege dropping")
    assert 272 in [entry.id for entry in search("privilege violation")]
    assert len(found) == len({entry.id for entry in found})
    assert not any(entry.deprecated for entry in search("injection"))
    assert search("") == search("zzzz") == []


def test_cli(capsys: pytest.CaptureFixture[str]) -> None:
    """Ids in any spelling and words mix; the exit status tells what was not found."""
    assert main(["639", "CWE-89", "cwe_79"]) == 0
    out = capsys.readouterr().out
    assert all(f"# CWE-{number}: " in out for number in (639, 89, 79))
    assert main(["path", "traversal"]) == 0
    assert capsys.readouterr().out.startswith("CWE-22  Allowed-with-Review  ")
    assert main(["--json", "639"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["parents"] == [863]
    assert main(["zzzz"]) == 1
    assert "Nothing in the CWE catalogue is called 'zzzz'" in capsys.readouterr().out
    assert main(["99999"]) == 2
    assert "CWE-99999 is not in the packaged CWE catalogue" in capsys.readouterr().err
