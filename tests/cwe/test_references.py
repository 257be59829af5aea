"""References are found in every spelling, and only names that stand beside them count."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwelens.cwe import catalogue
from cwelens.cwe.references import references
from cwelens.cwe.structured import json_references

KNOWN = catalogue().ids()

SPELLINGS = [
    "CWE-{}",
    "CWE {}",
    "CWE{}",
    "cwe_0{}",
    "Cwe:{}",
    "CWE: {}",
    "CWE-ID: {}",
    "CWE ID {}",
    "CWE\u2011{}",
    "CWE #{}",
    "external/cwe/cwe-0{}",
    "https://cwe.mitre.org/data/definitions/{}.html",
    "cwe.mitre.org/data/definitions/{}",
    'cwe = "{}"',
    "<cwe>{}</cwe>",
    "cwes: [{}]",
]


def numbers(text: str) -> list[int]:
    """The ids found in a text."""
    return [reference.number for reference in references(text, KNOWN)]


def names(text: str) -> list[list[str]]:
    """The names found beside each reference."""
    return [[naming.phrase for naming in reference.namings] for reference in references(text, KNOWN)]


@given(
    number=st.integers(1, 1899),
    spelling=st.sampled_from(SPELLINGS),
    before=st.sampled_from(["", "see ", "(", "\n\n", "| ", "é ", '"']),
    after=st.sampled_from(["", ".", ")", "\n", " |", " is bad"]),
)
def test_any_spelling_is_found_once_where_it_stands(
    number: int, spelling: str, before: str, after: str
) -> None:
    """A reference in any spelling is found exactly once, and its offsets give back what was written."""
    text = before + spelling.format(number) + after
    found = references(text, KNOWN)
    assert [reference.number for reference in found] == [number]
    assert text[found[0].start : found[0].end] == found[0].written
    assert str(number) in found[0].written


@pytest.mark.parametrize(
    "text",
    [
        "CWE 4.19 of 2026",
        "CWE-4.19.1.json",
        "the CWE 2024 Top 25",
        "CWE 25 most dangerous",
        "CWEs: 12",
        "CWE ids: 12",
        "NVD-CWE-noinfo and CWE-XXX",
        "xcwe89 and CWE-89abc",
        "https://cwe.mitre.org/top25/archive/2025/2025_cwe_top25.html",
    ],
)
def test_what_is_no_reference(text: str) -> None:
    """Versions, years, counts and placeholders are no references."""
    assert numbers(text) == []


@pytest.mark.parametrize(
    "text, expected",
    [
        ("CWE-89, 79 and 22.", [89, 79, 22]),
        ("(CWE-89, 79)", [89, 79]),
        ("CWEs 79, 89", [79, 89]),
        ("CWE-89 & 79", [89, 79]),
        ("CWE-89/CWE-79", [89, 79]),
        ("CWE-89, 3 files changed", [89]),
        ("CWE-89 and 22 others", [89]),
        ("app.py,CWE-89,12", [89]),
        ("CWE-89 and 99999.", [89]),
        ("CWE-89, 79", [89]),
    ],
)
def test_lists_of_bare_numbers(text: str, expected: list[int]) -> None:
    """A bare number is a reference only in a list that cannot well mean something else."""
    assert numbers(text) == expected


def test_a_link_on_a_reference_is_one_reference() -> None:
    """A Markdown link from an id to its own page counts once; to another page it counts twice."""
    page = "https://cwe.mitre.org/data/definitions/89.html"
    assert numbers(f"[CWE-89]({page})") == [89]
    assert numbers(f"[CWE-89: SQL Injection]({page})") == [89]
    assert numbers(f"[CWE-79]({page})") == [79, 89]


@pytest.mark.parametrize(
    "text",
    [
        "SQL Injection (CWE-79)",
        "The form allows SQL injection (CWE-79).",
        "**SQL Injection** (CWE-79)",
        "3. SQL injection vulnerability [CWE-79]",
        "SQL Injection (SQLi) (CWE-79)",
        "SQL Injection - CWE-79",
        "SQL Injection: CWE-79",
        "CWE-79: SQL Injection",
        "CWE-79: SQL Injection in `login`",
        "- **CWE-79** – SQL injection vulnerability",
        "CWE-79 (SQL Injection)",
        "[CWE-79] SQL Injection in login",
        "CWE-79 SQL Injection",
        "# SQL Injection CWE-79",
        "| SQL Injection | CWE-79 | high |",
        "| CWE-79 | SQL Injection |",
        "[SQL Injection](https://cwe.mitre.org/data/definitions/79.html)",
        "[CWE-79](https://cwe.mitre.org/data/definitions/79.html): SQL Injection",
        "a SQL\ninjection (CWE-79)",
    ],
)
def test_names_beside(text: str) -> None:
    """The forms that assert what a number means are read as names."""
    assert any("injection" in phrase.lower() or phrase == "SQLi" for phrase in names(text)[-1])


@pytest.mark.parametrize(
    "text",
    [
        "SQL injection and its cousin have CWE-79 in common",
        "XSS and SQL injection (CWE-79)",
        "XSS, SQL injection (CWE-79)",
        "prevention of SQL injection (CWE-79)",
        "anti-CSRF (CWE-79)",
        "RCE via deserialization (CWE-94)",
        "SQL injection filter (CWE-79)",
        "CWE-79: SQL injection filter missing",
        "CWE-79: SQL injection and more",
        "CWE-707 (SQL injection, XSS)",
        "dependency injection (CWE-79)",
        "SQL code injection (CWE-89)",
        "| SQL injection | text CWE-79 |",
        "SQL injection\n\n(CWE-79)",
    ],
)
def test_mentions_are_no_names(text: str) -> None:
    """A weakness that is only mentioned, or part of a longer name, is not a name beside the number."""
    assert [phrase for phrases in names(text) for phrase in phrases] == []


@given(st.text())
def test_no_text_crashes(text: str) -> None:
    """Any text can be searched."""
    references(text, KNOWN)


FRAGMENTS = st.lists(
    st.sampled_from(
        [
            "CWE-89",
            "cwe",
            "79",
            " (",
            ")",
            "[",
            "](",
            "|",
            ":",
            " - ",
            "\n",
            ", ",
            "and ",
            "SQL injection",
            "'",
            '"',
            "XSS",
        ]
    ),
    max_size=30,
).map("".join)


@given(FRAGMENTS)
def test_pieces_of_references_do_not_crash(text: str) -> None:
    """Any mixture of what references are made of is read, in order and without overlap."""
    found = references(text, KNOWN)
    assert all(one.start < two.start for one, two in pairwise(found))
    assert all(text[reference.start : reference.end].startswith(reference.written) for reference in found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | FRAGMENTS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["cwe", "cwes", "id", "name", "taxa", "toolComponent", "text", "x"]), inner
        )
    ),
    max_leaves=20,
)


@given(JSON, st.booleans(), st.sampled_from([None, 1]))
def test_json_positions_are_true(document: object, ascii_only: bool, indent: int | None) -> None:
    """In any JSON document a reference stands where it is said to stand."""
    import json

    text = json.dumps(document, ensure_ascii=ascii_only, indent=indent)
    found = json_references(text, KNOWN)
    assert found is not None
    for reference in found:
        raw = text[reference.start : reference.end]
        assert reference.written in (raw, json.loads(f'"{raw}"') if raw else "")
