"""Uploaded files that keep the ending their sender gave them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.base import chars as ch
from cwelens.checks.judgement import Judgement
from cwelens.checks.rules import RULES
from cwelens.flow.run import CallSite, Run
from cwelens.flow.state import State
from cwelens.flow.values import Opaque, Ref, Text, Value

if TYPE_CHECKING:
    from cwelens.checks.checker import Checker


SERVED = "what is uploaded is served to browsers, or run, from where it is saved"


def decide(checker: Checker, run: Run, site: CallSite, values: list[Value]) -> None:
    """A file from outside keeps the ending that its sender gave it."""
    for value in values:
        for hole in last_holes(value, site.state):
            for taint in hole.taints:
                if taint.origin.kind != "untrusted" or taint.origin.concept != "http.upload":
                    continue
                if not hole.chars & ch.of(".") or {"extension", "*"} & taint.safe.keys():
                    continue
                judgement = Judgement("conditional", "", taint.assuming(SERVED))
                checker.record(run, RULES["upload.type"], site.place, site.written, judgement, "", site.note)
                return


def last_holes(value: Value, st: State) -> list[Opaque]:
    """The unknown parts that a text, or a path, can end with."""
    out: list[Opaque] = []
    for atom in value.atoms:
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if obj is not None and "path" in obj.items:
            out += last_holes(obj.items["path"], st)
        elif isinstance(atom, Opaque):
            out.append(atom)
        elif isinstance(atom, Text) and isinstance(last := atom.parts[-1], Opaque):
            out.append(last)
    return out
