"""A template: statements of the intermediate representation, and what each output of it needs to be judged.

A template is lowered like the body of a function whose parameters are its context. What has no counterpart in Python is a call of
an operation, whose name begins with `%` so that no name of a program is one:

- `%out(value)`: the value is written into the page; `Template.outputs` says where in the page, by the node's identity.
- `%get(base, "name")`: the dotted lookup of templates (attribute, item or call).
- `%filter("name", value, …)`, `%test("name", value, …)`: a filter or test of the template language.
- `%block("name")`, `%super()`, `%include(name)`, `%import(name)`, `%from(name, "macro")`: other pieces of template.

Invariant: a template out of which anything was lost has a gap that says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cwelens.base.html import Place, Scanner
from cwelens.base.source import Source
from cwelens.ir import nodes as ir

_TAG = re.compile(
    r"<(?:!doctype|/?(?:html|head|title|meta|link|style|script|body|main|header|footer|nav|section|article|aside|div|span|p|a|b|i|u|em|br|hr|"
    r"strong|small|code|pre|blockquote|ul|ol|li|dl|dt|dd|table|thead|tbody|tr|td|th|form|input|select|option|textarea|button|label|img|svg|"
    r"iframe|video|audio|h[1-6]))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Output:
    """`escape`: whether the template escapes here (None: what the configuration says); `marked`: somebody wrote that it must not."""

    place: Place
    escape: bool | None
    marked: bool
    code: str


@dataclass(slots=True)
class Macro:
    """A piece of template with parameters; the default of a parameter is None where there is none."""

    name: str
    params: list[tuple[str, ir.Expr | None]]
    body: list[ir.Stmt]


@dataclass(slots=True)
class Template:
    """`parent` is what it extends; `names` are the names it reads, `helpers` those of them that it calls or calls methods of."""

    source: Source
    dialect: str
    body: list[ir.Stmt] = field(default_factory=list)
    parent: ir.Expr | None = None
    blocks: dict[str, list[ir.Stmt]] = field(default_factory=dict)
    macros: dict[str, Macro] = field(default_factory=dict)
    outputs: dict[int, Output] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    helpers: set[str] = field(default_factory=set)
    gaps: list[ir.Gap] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_markup(self) -> bool:
        """Whether there is a tag in it: without, it may be the subject of a mail or a message as well as a piece of a page."""
        return _TAG.search(self.source.text) is not None


class Builder:
    """What the readers of all template languages share: nodes at positions, outputs at places of the page."""

    def __init__(self, source: Source, dialect: str) -> None:
        self.template = Template(source, dialect)
        self.scanner = Scanner()

    def name(self, id: str, pos: ir.Pos) -> ir.Expr:
        """A name that the template reads."""
        self.template.names.add(id)
        return ir.Name(id, pos)

    def operation(self, name: str, args: list[ir.Expr], pos: ir.Pos) -> ir.Call:
        """A call of one of the operations above."""
        return ir.Call(ir.Name(f"%{name}", pos), args, [], pos)

    def get(self, base: ir.Expr, name: str | int, pos: ir.Pos) -> ir.Expr:
        """A dotted lookup."""
        return self.operation("get", [base, ir.Const(name, pos)], pos)

    def out(self, value: ir.Expr, pos: ir.Pos, escape: bool | None, marked: bool, code: str) -> ir.Stmt:
        """An output at the place of the page where the scanner stands."""
        node = self.operation("out", [value], pos)
        self.template.outputs[id(node)] = Output(self.scanner.hole(), escape, marked, code)
        return ir.ExprStmt(node, pos)

    def gap(self, reason: str, line: int) -> None:
        """Something that could not be read."""
        width = len(self.template.source.line(line).encode())
        self.template.gaps.append(ir.Gap(reason, (line, 0, line, width)))
