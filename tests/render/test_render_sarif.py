"""The SARIF log: valid against the standard's schema, and saying what the review says.

tests/data/sarif-2.1.0.json is the schema that OASIS publishes with SARIF 2.1.0, unchanged.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from render_samples import SAMPLES, conditional, defects, hostile

from cwelens.render import sarif

SCHEMA = Path(__file__).parents[1] / "data" / "sarif-2.1.0.json"


@pytest.fixture(scope="module")
def validator() -> Draft7Validator:
    return Draft7Validator(json.loads(SCHEMA.read_text("utf-8")))


def run_of(name: str) -> dict[str, Any]:
    run: dict[str, Any] = json.loads(sarif.render(SAMPLES[name]()))["runs"][0]
    return run


@pytest.mark.parametrize("name", SAMPLES)
def test_valid(name: str, validator: Draft7Validator) -> None:
    """Every sample is valid SARIF 2.1.0."""
    validator.validate(json.loads(sarif.render(SAMPLES[name]())))


@pytest.mark.parametrize("name", SAMPLES)
def test_references_hold(name: str) -> None:
    """Every index points to the rule, taxon, artifact and notification that it names."""
    run = run_of(name)
    driver, taxa, artifacts = run["tool"]["driver"], run["taxonomies"][0]["taxa"], run["artifacts"]
    for result in run["results"]:
        rule = driver["rules"][result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        [taxon] = result["taxa"]
        assert taxa[taxon["index"]]["id"] == taxon["id"]
        assert taxon["toolComponent"] == {"name": "CWE", "index": 0}
        assert [relation["target"] for relation in rule["relationships"]] == [taxon]
        assert f"external/cwe/cwe-{int(taxon['id']):03}" in rule["properties"]["tags"]

    def visit(node: Any) -> None:
        if isinstance(node, dict):
            if {"uri", "index"} <= node.keys():
                assert artifacts[node["index"]]["location"]["uri"] == node["uri"]
            if "descriptor" in node:
                assert driver["notifications"][node["descriptor"]["index"]]["id"] == node["descriptor"]["id"]
        for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            visit(child)

    visit(run)


def test_levels() -> None:
    """Definite findings are errors or warnings by severity, conditional ones notes with their assumption; all of kind fail."""
    results = run_of("defects")["results"]
    levels = [(result["kind"], result["level"], result["properties"]["confidence"]) for result in results]
    assert levels == [
        ("fail", "error", "definite"),
        ("fail", "error", "definite"),
        ("fail", "note", "conditional"),
        ("fail", "warning", "definite"),
    ]
    assert results[2]["message"]["text"].endswith(
        "Only if: `template` comes from an untrusted caller; no call of `preview` is in the input"
    )


def test_taxonomy() -> None:
    """The CWEs in use are taxa of the packaged catalogue's version, with guids that do not change."""
    [taxonomy] = run_of("defects")["taxonomies"]
    assert (taxonomy["name"], taxonomy["version"]) == ("CWE", "4.19.1")
    assert [(taxon["id"], taxon["name"]) for taxon in taxonomy["taxa"]][:2] == [
        ("22", "Path Traversal"),
        ("89", "SQL Injection"),
    ]
    assert taxonomy["guid"] == "627a375e-70f6-5d04-9203-c0c22c57ed67"


def test_code_flow() -> None:
    """A trace is a thread flow, in order, with what happens at each place."""
    [flow] = run_of("defects")["results"][0]["codeFlows"]
    locations = flow["threadFlows"][0]["locations"]
    assert [location["kinds"][0] for location in locations] == ["source", "step", "step", "sink"]
    assert [location["importance"] for location in locations] == [
        "essential",
        "important",
        "important",
        "essential",
    ]
    assert locations[0]["location"]["message"]["text"] == "a query parameter"
    assert locations[0]["location"]["physicalLocation"]["region"]["startLine"] == 13


def test_evidence_without_a_flow() -> None:
    """Evidence that is no flow is given as related locations."""
    review = conditional()
    from dataclasses import replace

    review.findings[0].trace = [replace(step, role="evidence") for step in review.findings[0].trace]
    [result] = sarif.log(review)["runs"][0]["results"]
    assert "codeFlows" not in result
    assert [location["id"] for location in result["relatedLocations"]] == [1, 2]


@pytest.mark.parametrize(
    ("name", "successful", "notified"),
    [
        ("defects", True, 0),
        ("none-detected", True, 0),
        ("conditional", True, 0),
        ("inconclusive", False, 2),
        ("empty", False, 1),
        ("hostile", False, 2),
    ],
)
def test_execution(name: str, successful: bool, notified: int) -> None:
    """An execution is successful only when all of the input was analysed; each part that was not is an error notification."""
    [invocation] = run_of(name)["invocations"]
    assert invocation["executionSuccessful"] is successful
    assert [n["level"] for n in invocation["toolExecutionNotifications"]] == ["error"] * notified


def test_properties() -> None:
    """The run carries the verdict, its sentence and the counts."""
    run = run_of("none-detected")
    assert run["properties"]["review"]["sentence"] == "No security defects are detected in the code"
    assert run["invocations"][0]["properties"]["verdict"] == "none-detected"
    assert run["invocations"][0]["properties"]["counts"]["calls_seen"] == 11


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a/b.py", "a/b.py"),
        ("a b/c#d?.py", "a%20b/c%23d%3F.py"),
        ("x:y.py", "x%3Ay.py"),
        ("/abs/é.py", "file:///abs/%C3%A9.py"),
        ("C:\\code\\a b.py", "file:///C:/code/a%20b.py"),
        ("C:/code/a.py", "file:///C:/code/a.py"),
        ("caf\udce9.py", "caf%E9.py"),
        ("100%.py", "100%25.py"),
        ("-", "-"),
    ],
)
def test_uri(path: str, expected: str) -> None:
    """Paths become URI references: percent-encoded, relative where they were."""
    assert sarif.uri(path) == expected


def test_quoted_code_is_no_link() -> None:
    """Brackets before parentheses in a message, which SARIF reads as a link, are escaped."""
    review = hostile()
    review.findings[0].message = "It calls `handlers[name](value)`."
    review.findings[0].assumption = ""
    [result] = sarif.log(review)["runs"][0]["results"]
    assert result["message"]["text"] == "It calls `handlers\\[name](value)`."


def test_deterministic() -> None:
    """The same review gives the same log."""
    assert sarif.render(defects()) == sarif.render(defects())
