"""The JSON review: valid against its published schema, and complete."""

from __future__ import annotations

import json
import typing
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from render_samples import SAMPLES, defects

from cwelens.render import json_
from cwelens.report.model import Review


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json.loads(json_.schema())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def rebuild(kind: Any, value: Any) -> Any:
    """An object of a type of the model from what JSON holds of it."""
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return typing.cast("Any", kind)(
            **{f.name: rebuild(hints[f.name], value[f.name]) for f in fields(kind)}
        )
    origin = typing.get_origin(kind)
    if origin is list:
        return [rebuild(typing.get_args(kind)[0], item) for item in value]
    if origin in (typing.Union, UnionType):
        return None if value is None else rebuild(typing.get_args(kind)[0], value)
    return value


@pytest.mark.parametrize("name", SAMPLES)
def test_valid(name: str, validator: Draft202012Validator) -> None:
    """Every sample is valid."""
    validator.validate(json.loads(json_.render(SAMPLES[name]())))


@pytest.mark.parametrize("name", SAMPLES)
def test_complete(name: str) -> None:
    """The review can be built again from its JSON, equal in every field."""
    document = json.loads(json_.render(SAMPLES[name]()))
    document["version"] = document["tool"]["version"]
    assert rebuild(Review, document) == SAMPLES[name]()


def test_schema_refuses_unknown_fields(validator: Draft202012Validator) -> None:
    """A field that the schema does not know is an error at every level."""
    good = json.loads(json_.render(defects()))

    def spoiled(node: Any) -> typing.Iterator[dict[str, Any]]:
        if isinstance(node, dict):
            yield node
        for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            yield from spoiled(child)

    nodes = [node for node in spoiled(good) if node is not good["counts"]["safe_by"]]
    assert len(nodes) > 50
    for node in nodes:
        node["surprise"] = "?"
        assert not validator.is_valid(good)
        del node["surprise"]
    validator.validate(good)


def test_catalogue_facts() -> None:
    """A finding carries the name of its CWE and the lists that it is on."""
    finding = json.loads(json_.render(defects()))["findings"][0]
    assert finding["weakness"] == {
        "name": "Improper Neutralization of Special Elements used in an SQL Command ('SQL Injection')",
        "top_25_2025": 2,
        "owasp_2021": ["A03:2021 Injection"],
        "owasp_2025": ["A05:2025 Injection"],
    }
