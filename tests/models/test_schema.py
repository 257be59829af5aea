"""Rows are made from well-formed tables only, and say what they hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwelens.models import store
from cwelens.models.ports import Condition, Port
from cwelens.models.schema import ModelError, Setting, Sink

VOCABULARY = store.read_vocabulary()
EXAMPLES = {"bad": "x = 1", "good": "y = 2"}


def file(**tables: Any) -> store.File:
    """A model file of the library `Shop` with these tables."""
    return store.File("shop.toml", {"library": "Shop", "packages": ["shop"], **tables}, VOCABULARY)


def sink(**fields: Any) -> dict[str, Any]:
    return {"call": "shop.find", "port": 0, "is": "sql.text", **EXAMPLES, **fields}


@pytest.mark.parametrize(
    ("raw", "kind", "position", "keywords"),
    [
        (0, "arg", 0, ()),
        ("sql", "arg", None, ("sql",)),
        ([1, "sql"], "arg", 1, ("sql",)),
        ([0, "source", "code"], "arg", 0, ("source", "code")),
        (["any"], "arg", None, ("any",)),
        ("self", "self", None, ()),
        ("*", "star", None, ()),
        ("2*", "from", 2, ()),
        ("**", "starstar", None, ()),
        ("any", "any", None, ()),
    ],
)
def test_ports(raw: object, kind: str, position: int | None, keywords: tuple[str, ...]) -> None:
    """Every spelling of a port that the documentation lists is read."""
    port = Port.parse(raw)
    assert (port.kind, port.position, port.keywords) == (kind, position, keywords)
    assert port.keyword == (keywords[0] if keywords else None)


@pytest.mark.parametrize(
    "raw", [-1, True, 1.5, None, "", "a b", "x*", [], [0, 1], [0, True], ["a", "a"], [[0]], {}]
)
def test_malformed_ports(raw: object) -> None:
    """Anything else is refused with a reason."""
    with pytest.raises(ValueError, match=r"."):
        Port.parse(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(JSON)
def test_any_port_or_condition_is_read_or_refused(raw: object) -> None:
    """No value whatever makes the parsers of ports and conditions fail otherwise than with ValueError."""
    for parse in (Port.parse, lambda value: Condition.parse(value, None)):
        try:
            parse(raw)
        except ValueError as error:
            assert str(error)


@given(
    st.dictionaries(
        st.sampled_from(
            ["call", "port", "is", "when", "any", "type", "from", "chars", "for", "name", "bases", "attrs"]
        ),
        JSON,
    ),
    st.sampled_from(
        [
            "source",
            "sink",
            "misuse",
            "setting",
            "returns",
            "type",
            "neutraliser",
            "guard",
            "becomes",
            "route",
            "evidence",
            "likeness",
        ]
    ),
)
def test_any_row_is_read_or_refused(row: dict[str, Any], table: str) -> None:
    """No row whatever makes the reader fail otherwise than with ModelError."""
    try:
        file(**{table: [{**row, **EXAMPLES}]})
    except ModelError as error:
        assert f"shop.toml: {table}[0]" in str(error)


@pytest.mark.parametrize(
    ("raw", "operator", "operand"),
    [
        ({"port": "shell", "is": True}, "is", True),
        ({"port": 0, "in": ["a", 2]}, "in", ("a", 2)),
        ({"port": 0, "below": 2048}, "below", 2048),
        ({"port": 0, "bits": 0o002}, "bits", 2),
        ({"port": 0, "none": True}, "none", True),
        ({"port": 0, "name": "ssl.CERT_NONE"}, "name", ("ssl.CERT_NONE",)),
        ({"port": 0, "type": ["a.B", "a.C"]}, "type", ("a.B", "a.C")),
        ({"port": 0, "lacks": "x"}, "lacks", "x"),
        ({"port": 0, "fixed": True}, "fixed", True),
    ],
)
def test_conditions(raw: dict[str, object], operator: str, operand: object) -> None:
    """A condition holds its operator and a checked operand."""
    condition = Condition.parse(raw, None)
    assert (condition.operator, condition.operand, condition.item) == (operator, operand, None)


def test_condition_on_an_item_of_an_attribute_of_the_receiver() -> None:
    """`self.NAME` and `item` are read where conditions allow them."""
    condition = Condition.parse({"port": "self.options", "item": "verify", "is": False}, None)
    assert (condition.port.kind, condition.port.keyword, condition.item) == ("attr", "options", "verify")
    assert str(condition) == "self.options['verify'] is False"


def test_absent_arguments() -> None:
    """What an absent argument is not, it is not: only the negative operators and `absent` hold."""
    operands = {
        "absent": True,
        "is_not": 1,
        "not_name": "a.b",
        "not_matches": "x",
        "is": 1,
        "not_in": [1],
        "lacks": "x",
    }
    holding = {
        op
        for op, value in operands.items()
        if Condition.parse({"port": 0, op: value}, None).holds_when_absent
    }
    assert holding == {"absent", "is_not", "not_name", "not_matches"}


@pytest.mark.parametrize(
    "raw",
    [
        {"port": 0},
        {"is": 1},
        {"port": 0, "is": 1, "in": [1]},
        {"port": 0, "is": 1, "extra": 2},
        {"port": 0, "is": [1]},
        {"port": 0, "in": []},
        {"port": 0, "in": [[1]]},
        {"port": 0, "absent": False},
        {"port": 0, "below": True},
        {"port": 0, "below": "2"},
        {"port": 0, "bits": 0},
        {"port": 0, "matches": 1},
        {"port": 0, "name": "a b"},
        {"port": 0, "item": 1.5, "is": 1},
        {"port": "self.a.b", "is": 1},
        [],
    ],
)
def test_malformed_conditions(raw: object) -> None:
    """A condition with a missing port, no or two operators, or an operand of the wrong kind is refused."""
    with pytest.raises(ValueError, match=r"."):
        Condition.parse(raw, None)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"is": "sql.texts"}, "is: unknown concept 'sql.texts'"),
        ({"is": "http.query"}, "is: 'http.query' is untrusted; dangerous or weak is wanted"),
        ({"is": None}, "is: missing"),
        ({"port": None}, "port: missing"),
        ({"port": [0, 1]}, "port: [0, 1] is not one parameter"),
        ({"bad": None}, "bad: missing"),
        ({"good": "  "}, "good: missing"),
        ({"expect": "sql"}, "expect: unknown concept 'sql'"),
        ({"colour": "red"}, "colour: unknown field"),
        ({"call": "shop find"}, "call: 'shop find' is not a dotted name"),
        ({"call": []}, "call: names nothing"),
        ({"call": None}, "call: missing"),
        ({"when": [{"port": 0, "matches": "("}]}, "malformed regular expression '('"),
        ({"any": [[{"port": 0, "not_matches": "["}]]}, "malformed regular expression '['"),
        ({"when": [{"is": 1}]}, "when: a condition names its port"),
    ],
)
def test_errors_name_file_row_and_field(fields: dict[str, Any], message: str) -> None:
    """A row that breaks the schema is refused with its file, table, number, first name and field."""
    row = {key: value for key, value in sink(**fields).items() if value is not None}
    with pytest.raises(ModelError) as caught:
        file(sink=[sink(), row])
    name = row["call"] if isinstance(row.get("call"), str) else ""
    assert str(caught.value).startswith(f"shop.toml: sink[1] {name}".rstrip() + ": ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("table", "row", "message"),
    [
        ("source", {"read": "shop.a", "call": "shop.b", "is": "file"}, "exactly one is wanted"),
        ("source", {"read": "shop.a", "is": "sql.text"}, "'sql.text' is dangerous"),
        ("returns", {"call": "shop.a"}, "type, from or chars: missing"),
        ("returns", {"call": "shop.a", "chars": "letters"}, "unknown character set 'letters'"),
        ("neutraliser", {"call": "shop.a"}, "for or chars: missing"),
        ("neutraliser", {"call": "shop.a", "for": ["sqlite"]}, "unknown context 'sqlite'"),
        ("guard", {"call": "shop.a", "for": ["sql"], "raises": "yes"}, "raises: true or false is wanted"),
        ("route", {"register": "shop.a"}, "handler: missing"),
        ("route", {"base": "shop.A"}, "methods: missing"),
        ("type", {"name": "shop.A", "attrs": {"a b": "c"}}, "attrs: a table"),
        ("evidence", {"name": "(", "type": "shop.A"}, "malformed regular expression"),
        ("likeness", {"call": "shop.a", "members": ["a"]}, "a member alone tells nothing"),
        ("likeness", {"call": "shop.a", "on": "b"}, "members: missing"),
        ("likeness", {"call": "shop.a", "members": ["a"], "on": "("}, "malformed regular expression"),
        ("setting", {"set": "shop.A.x", "is": "debug.on", "when": [{"port": 0, "is": 1}]}, 'is "value"'),
    ],
)
def test_each_kind_of_row_is_checked(table: str, row: dict[str, Any], message: str) -> None:
    """What is particular to a kind of row is checked too."""
    with pytest.raises(ModelError) as caught:
        file(**{table: [{**row, **EXAMPLES}]})
    assert message in str(caught.value)


def test_a_file_needs_its_header_and_known_tables() -> None:
    """A file without a library, or with a table that is none, is refused by name."""
    with pytest.raises(ModelError, match=r"shop\.toml: library: missing"):
        store.File("shop.toml", {"packages": ["shop"]}, VOCABULARY)
    with pytest.raises(ModelError, match=r"shop\.toml: unknown table sinks"):
        file(sinks=[sink()])
    with pytest.raises(ModelError, match=r"write rows under \[\[sink\]\]"):
        file(sink=sink())


def test_a_sink_holds_its_fields() -> None:
    """A parsed row has its names, port, concept and conditions, and expects its own concept of its example."""
    (entry,) = file(sink=[sink(call=["shop.a", "shop.b"], when=[{"port": "raw", "is": True}])]).entries
    row = entry.row
    assert isinstance(row, Sink)
    assert (row.names, row.concept, str(row.port), row.library) == (
        ("shop.a", "shop.b"),
        "sql.text",
        "0",
        "Shop",
    )
    assert [str(condition) for condition in row.when] == ["raw is True"]
    assert (entry.example.expect, entry.where) == ("sql.text", "shop.toml: sink[0] shop.a")


def test_a_condition_of_a_setting_is_about_its_value() -> None:
    """In a setting the port of a condition is the value, written or not."""
    rows = [
        {"set": "shop.A.config", "key": "DEBUG", "is": "debug.on", "when": [condition], **EXAMPLES}
        for condition in ({"is": True}, {"port": "value", "is": True})
    ]
    for entry in file(setting=rows).entries:
        assert isinstance(entry.row, Setting)
        assert (entry.row.keys, entry.row.when[0].port.kind) == (("DEBUG",), "value")


def test_vocabulary() -> None:
    """Each concept has one kind, a threat model if it is untrusted, and a description that fits into a sentence."""
    assert VOCABULARY.concepts["environment"].threat == "local"
    for concept in VOCABULARY.concepts.values():
        assert (concept.kind == "untrusted") == bool(concept.threat)
        assert not concept.description.endswith(".")


def test_documentation_lists_the_vocabulary() -> None:
    """docs/models.md names every concept, context and character set."""
    page = (store.HERE.parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    words = [*VOCABULARY.concepts, *VOCABULARY.contexts, *VOCABULARY.chars]
    assert [word for word in words if f"`{word}`" not in page] == []
