"""Formatters of a program's own: one that says itself how a field is looked up lets a text read no attributes."""

from __future__ import annotations

from cwelens.flow import scopes
from cwelens.flow.run import CallSite, Run
from cwelens.resolve.symbols import ClassInfo


def looks_up_itself(run: Run, site: CallSite) -> bool:
    """Whether what fills the text in is an object of a class with a `get_field` of its own."""
    obj = scopes.frame_object(site.receiver, site.state) if site.receiver is not None else None
    if obj is None or not isinstance(obj.cls, ClassInfo):
        return False
    return any("get_field" in ancestor.methods for ancestor in run.program.mro(obj.cls)[0])
