"""The review as JSON: every field of the review under its own name, and the catalogue's facts about each finding's CWE.

Invariants
- The text is ASCII, so it drives no terminal; lone surrogates (from file names that are not UTF-8) are written as visible escapes.
- `schema/review-1.json` beside this module describes it exactly: a field that it does not know is an error. What the number in
  SCHEMA says is kept: fields may be added under it, none is removed or changes its meaning.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any

from cwelens.cwe import catalogue
from cwelens.render.escape import encodable
from cwelens.report.model import Review

SCHEMA = "cwelens-review-1"


def render(review: Review) -> str:
    """The JSON text, indented, ending in a newline."""
    return json.dumps(document(review), indent=2) + "\n"


def document(review: Review) -> dict[str, Any]:
    """The review as what `json` writes: dicts, lists, strings, numbers and None."""
    body: dict[str, Any] = plain(review)
    version = body.pop("version")
    for finding in body["findings"]:
        finding["weakness"] = _weakness(finding["cwe"])
    tool = {"name": "cwelens", "version": version, "cwe": catalogue().version}
    return {"schema": SCHEMA, "tool": tool, **body}


def schema() -> str:
    """The published JSON Schema (draft 2020-12) of the document."""
    from importlib.resources import files

    return files("cwelens.render").joinpath("schema", "review-1.json").read_text("utf-8")


def _weakness(cwe: int) -> dict[str, Any]:
    facts = catalogue()
    return {
        "name": facts.get(cwe).name,
        "top_25_2025": facts.top_25_rank(cwe, 2025),
        "owasp_2021": list(facts.owasp_top_10(cwe, 2021)),
        "owasp_2025": list(facts.owasp_top_10(cwe, 2025)),
    }


def plain(value: Any) -> Any:
    """Dataclasses as dicts by field name, in their order; text made encodable."""
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {encodable(key): plain(item) for key, item in value.items()}
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return value
