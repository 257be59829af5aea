"""Judges what templates write into pages: by the place in the page, what is escaped there, and where the value comes from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cwelens.base import chars as ch
from cwelens.base.html import Place, Scanner
from cwelens.checks.judgement import Judgement, worst
from cwelens.checks.stored import Written
from cwelens.flow.page_filters import ESCAPED, JS_STRING, JSON
from cwelens.flow.state import State, deep_taints
from cwelens.flow.values import (
    Const,
    Method,
    Opaque,
    Origin,
    Ref,
    Taint,
    Text,
    Trail,
    Value,
    atom_chars,
    atom_taints,
)
from cwelens.ir import nodes as ir

if TYPE_CHECKING:
    from cwelens.checks.record import Record
    from cwelens.flow.run import Run
    from cwelens.syntax.templates.model import Output

# What escaping takes away, and what ends an unquoted attribute even so.
_MARKUP = ch.of("<>\"'")
_BLANK = ch.of(" \t\n\r\f")
_CODE = ch.ALL & ~(ch.IDENTIFIER & ~ch.NON_ASCII) & ~ch.of(".-+ ,")
_PLAIN = frozenset(("builtins.int", "builtins.float", "builtins.bool", "markupsafe.Markup"))


_CALLED = re.compile(r"^\{\{-?\s*[\w.]+\([^|]*\)\s*\|\s*safe\s*-?\}\}$")


@dataclass(slots=True)
class Field:
    """A field of the database that a page shows: decided when everything that is written is known."""

    name: str
    taint: Taint | None
    marked: bool


def is_markup(run: Run) -> bool:
    """Whether what is being rendered is markup for certain: some template of it holds a tag."""
    return any(page.template.is_markup for active in run.rendering for page in active.chain)


def judge(run: Run, node: ir.Expr, value: Value, output: Output, escape: bool, st: State) -> Judgement:
    """The worst of all ways the value may be."""
    escaped = escape if output.escape is None else output.escape
    return worst([_atom(atom, output, escaped, st) for atom in value.atoms] or [Judgement("constant")])


def _atom(atom: object, output: Output, escaped: bool, st: State) -> Judgement:
    if isinstance(atom, Const):
        return Judgement("constant")
    if isinstance(atom, Text):
        return _text(atom, output, escaped)
    if isinstance(atom, Opaque):
        return _hole(atom, output.place, output, escaped)
    if isinstance(atom, Method):
        return _hole(Opaque(None, atom_taints(atom), atom_chars(atom)), output.place, output, escaped)
    if isinstance(atom, Ref):
        return _hole(Opaque(None, deep_taints(Value((atom,)), st)), output.place, output, escaped)
    return Judgement("not untrusted")


def _text(atom: Text, output: Output, escaped: bool) -> Judgement:
    """A composed value: its own literal parts go on from the place in the page where they bring markup."""
    found = []
    scanner = Scanner()
    first = True
    for part in atom.parts:
        if isinstance(part, str):
            if output.place.kind == "text" and not escaped:
                scanner.feed(part)
            first = first and not part.strip()
            continue
        place = output.place
        if place.kind == "text" and not escaped:
            place = scanner.hole()
        elif place.kind == "url" and not first:
            place = Place("attribute", place.quote, "", place.element, place.attribute)
        found.append(_hole(part, place, output, escaped))
        first = False
    return worst(found)


def _hole(hole: Opaque, place: Place, output: Output, escaped: bool) -> Judgement:
    if hole.type in _PLAIN:
        return Judgement("not untrusted")
    judgements = [_taint(t, hole, place, output, escaped) for t in hole.taints]
    if judgements:
        return worst(judgements)
    if hole.type is None and not _harmless(hole, place, escaped, {}):
        return Judgement("undecided", f"where `{output.code}` comes from is not visible")
    return Judgement("not untrusted")


def _taint(taint: Taint, hole: Opaque, place: Place, output: Output, escaped: bool) -> Judgement:
    origin = taint.origin
    if origin.kind in ("exception", "random", "secret"):
        return Judgement("not untrusted")
    why = _harmless(hole, place, escaped, taint.safe)
    if why:
        return Judgement("neutralised", why, taint)
    if origin.kind == "untrusted":
        if taint.assumption and escaped and not output.marked:
            # Two things would have to come together: what a call that is not visible gives back, and a place of a certain kind.
            return Judgement("undecided", taint.assumption, taint)
        if taint.assumption and _CALLED.search(output.code):
            # `{{ field(class="wide") | safe }}`: what something unseen has made renders itself, as the fields of forms do.
            return Judgement("undecided", taint.assumption, taint)
        return Judgement("conditional" if taint.assumption else "defect", "", taint)
    if origin.kind == "local":
        if origin.concept == "stored":
            return Judgement("undecided", "it is read from the database", taint)
        return Judgement("not untrusted", f"{origin.text}: not remote")
    if origin.kind == "param" and output.marked:
        return Judgement("conditional", "", taint)
    return Judgement("undecided", f"it is {origin.text}: its caller decides", taint)


# Causes that hold for a whole page, so that the fields of one record which suffer from them are one defect.
NOT_ESCAPED = "the template engine does not escape here: automatic escaping is off"
UNQUOTED = "escaping does not help: the attribute stands without quotes, where a blank ends it"
_SCRIPTED = "escaping for HTML does not help: it stands inside script"
_ADDRESS = "escaping does not help: it begins an address, whose scheme may be `javascript:`"
_MARKED = "the template marks it as safe, so that it is not escaped"


def cause(output: Output, escape: bool) -> str:
    """Why what a template does about a value at its place does not make it harmless."""
    if output.marked:
        return _MARKED
    if not (escape if output.escape is None else output.escape):
        return NOT_ESCAPED
    kind = output.place.kind
    if kind in ("unquoted", "tag"):
        return UNQUOTED
    if kind in ("script", "handler"):
        return _SCRIPTED
    return _ADDRESS if kind == "url" else ""


def _harmless(hole: Opaque, place: Place, escaped: bool, safe: dict[str, str]) -> str:
    """Why what a value can hold does no harm at a place; "" where it does."""
    escaped = escaped or ESCAPED in safe or "*" in safe
    mask, what = danger(place, escaped, safe)
    if not mask:
        return what
    if not hole.chars & mask:
        return f"it can hold {ch.describe(hole.chars)}"
    return ""


def danger(place: Place, escaped: bool, safe: dict[str, str]) -> tuple[int, str]:
    """The characters that do harm at a place, and where there are none, why."""
    kind = place.kind
    if kind in ("script", "handler"):
        return _script(place, escaped, safe)
    if kind == "url" and escaped and "html.url" in safe:
        return 0, safe["html.url"]
    if kind == "url":
        # A scheme needs a colon; what loads a page or a script need not be of this host.
        return ch.of(":"), ""
    if kind == "refresh":
        return ch.of("/"), ""
    if kind in ("unquoted", "tag"):
        return (_BLANK if escaped else _BLANK | ch.of(">")), ""
    if escaped:
        return 0, "the template escapes it"
    if kind == "attribute":
        return ch.of(place.quote or "\"'"), ""
    if kind == "comment":
        return ch.of(">"), ""
    return ch.of("<"), ""


def _script(place: Place, escaped: bool, safe: dict[str, str]) -> tuple[int, str]:
    # In an event handler the browser undoes the escaping before it runs the script.
    undone = place.kind == "handler"
    if JSON in safe and not (undone and place.quote == '"' and not escaped):
        return 0, safe[JSON]
    if place.script in ("'", '"'):
        if JS_STRING in safe:
            return 0, safe[JS_STRING]
        if escaped and not undone:
            return 0, "the template escapes it, and the string goes on"
        return ch.of(place.script + "<") if not undone else ch.of(place.script), ""
    if place.script == "`":
        return ch.of("`$") & ~(0 if JS_STRING not in safe else ch.of("`")), ""
    if place.script in ("//", "/*"):
        return ch.of("\n*"), ""
    return _CODE & ~(_MARKUP if escaped and not undone else 0), ""


def field_of(node: ir.Expr) -> str:
    """The name under which a template shows a value: the last name of a lookup, through filters."""
    operation = _operation(node)
    while operation in ("%filter", "%out"):
        assert isinstance(node, ir.Call)
        node = node.args[1 if operation == "%filter" else 0]
        operation = _operation(node)
    if operation == "%get" and isinstance(node, ir.Call):
        key = node.args[1]
        return key.value if isinstance(key, ir.Const) and isinstance(key.value, str) else ""
    return node.id if isinstance(node, ir.Name) else ""


def _operation(node: ir.Expr) -> str:
    """The operation of a lowered template that a node is, "" where it is something else."""
    return node.func.id if isinstance(node, ir.Call) and isinstance(node.func, ir.Name) else ""


# What is written where a form is declared, and may hold markup (Django, `Field.help_text`).
_WITH_THE_FORM = frozenset(("help_text",))


def settle(record: Record, written: Written) -> None:
    """Decides a record whose value is not known or is stored: by whether requests write such a field."""
    best = record.best
    if len(record.escapes) > 1 and best is not None and best.kind in ("defect", "conditional"):
        record.best = Judgement("neutralised", "the page escapes; who renders it without that is at fault")
        return
    if best is None or best.kind != "undecided" or not record.fields:
        return
    if all(field.name in written.plain for field in record.fields):
        record.best = Judgement("not untrusted", "its declared type holds no markup")
        return
    for field in record.fields:
        how = written.get(field.name) if field.name else None
        if how is not None:
            source = f"`{field.name}` is shown from the database"
            taint = how.step(record.place, source)
            kind = "defect" if field.taint is not None and not how.assumption else "conditional"
            if field.taint is None and not taint.assumption:
                taint = taint.assuming(f"`{record.code}` shows the field `{field.name}` that is stored there")
            record.best = Judgement(kind, "", taint)
            return
    field = record.fields[0]
    if field.marked and field.name and field.taint is None and field.name not in _WITH_THE_FORM:
        record.best = Judgement("conditional", "", _of_unknown(record, field))


def _of_unknown(record: Record, field: Field) -> Taint:
    text = f"`{field.name}`, which the template marks as safe"
    origin = Origin("unresolved", "unknown", text, record.place)
    assumption = (
        f"`{field.name}` can hold what somebody else wrote: the input does not show where it comes from"
    )
    return Taint(origin, {}, Trail(None, record.place, f"`{field.name}` is marked as safe"), assumption)
