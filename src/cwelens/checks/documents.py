"""Query documents of MongoDB and search engines: what harms in them depends on the operator it stands under.

Below an operator that compares, a dictionary is a document and no operator; the text of a script is code, though it is only text; and who
names a field may name an operator.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from cwelens.checks.rules import RULES
from cwelens.flow.values import Atom, Const, Opaque, Ref, Text, Value

if TYPE_CHECKING:
    from cwelens.checks.judgement import (
        Judgement,
    )
    from cwelens.checks.rules import Rule
    from cwelens.flow.state import Obj, State

JudgeAtom: TypeAlias = "Callable[[Rule, Atom, State], Judgement]"

COMPARING = frozenset(("$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin"))
# Operators whose argument holds script, with the fields that hold it; `$where` is script itself.
SCRIPTS = {
    "$function": frozenset(("body",)),
    "$accumulator": frozenset(("init", "accumulate", "merge", "finalize")),
    "script": frozenset(("source", "inline")),  # of Elasticsearch and OpenSearch
}
# Below these the values are expressions, which are evaluated wherever they stand.
EVALUATING = frozenset(
    ("$expr", "$project", "$addFields", "$set", "$group", "$replaceRoot", "$function", "$accumulator")
)
MAX_NESTING = 12


def query(rule: Rule, document: Obj, st: State, judge: JudgeAtom) -> Judgement:
    """The worst of all that a filter or a pipeline holds; `judge` is asked about each value that is no container."""
    found = _document(rule, document, "", False, st, judge, 0)
    return max(found, key=lambda one: one.rank) if found else judge(rule, Const(None), st)


def _document(
    rule: Rule, document: Obj, under: str, evaluated: bool, st: State, judge: JudgeAtom, depth: int
) -> list[Judgement]:
    out: list[Judgement] = []
    script = RULES["nosql.code"]
    for atom in document.keys.atoms if document.keys is not None else ():
        if isinstance(atom, Opaque) or (isinstance(atom, Text) and isinstance(atom.parts[0], Opaque)):
            out.append(judge(script, atom, st))
    for key, value in _entries(document):
        if key in COMPARING and not evaluated:
            continue
        code = key == "$where" or key in SCRIPTS.get(under, ())
        inside = key if key in SCRIPTS else under if not key else ""
        for atom in value.atoms:
            held = st.obj(atom.loc) if isinstance(atom, Ref) else None
            if held is not None and held.kind != "instance" and depth < MAX_NESTING:
                out += _document(rule, held, inside, evaluated or key in EVALUATING, st, judge, depth + 1)
            else:
                out.append(judge(script if code else rule, atom, st))
    return out


def _entries(document: Obj) -> list[tuple[str, Value]]:
    named = document.kind == "dict"
    entries = [(str(key) if named else "", value) for key, value in document.items.items()]
    if document.rest is not None:
        entries.append(("", document.rest))
    return entries
