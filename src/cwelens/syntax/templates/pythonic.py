"""Templates whose expressions are Python: those of Tornado (`{{ x }}`, `{% raw x %}`, `{% end %}`) and of Mako (`${x | h}`, `% for …:`).

Only what decides over an output is read of them: expressions, loops, conditions, assignments, blocks, what a page extends and includes.
"""

from __future__ import annotations

import re

from cwelens.base.source import Source
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.syntax import ladder
from cwelens.syntax.templates.jinja import code_of, span
from cwelens.syntax.templates.model import Builder, Template

_TORNADO = re.compile(r"\{\{!?(?P<out>.*?)\}\}|\{%(?P<tag>.*?)%\}|\{#.*?#\}", re.DOTALL)
_MAKO = re.compile(
    r"\$\{(?P<out>.*?)\}|^[ \t]*%(?!%)(?P<line>[^\n]*)|<%(?P<named>inherit|include|page|block|def)\b(?P<attrs>[^>]*?)/?>|</%\w+>"
    r"|<%!?(?P<code>\s.*?)%>|^[ \t]*##[^\n]*",
    re.DOTALL | re.MULTILINE,
)
_FILE = re.compile(r"""file\s*=\s*["']([^"']+)["']""")
_FILTERS = re.compile(r"\|(?!\|)\s*((?:\w+(?:\.\w+)*\s*,?\s*)+)$")
_MIDDLE = ("elif", "else", "except", "finally")
_ESCAPING = frozenset(("h", "u", "x", "entity"))


class _Reader(Builder):
    """Statements are collected in a stack of bodies that are still open."""

    def __init__(self, source: Source, dialect: str) -> None:
        super().__init__(source, dialect)
        self._open: list[tuple[str, list[ir.Stmt], ir.Expr | None, ir.Expr | None, ir.Pos]] = []
        self._body: list[ir.Stmt] = []
        self._escape: bool | None = None

    def tornado(self) -> Template:
        end = 0
        text = self.template.source.text
        for match in _TORNADO.finditer(text):
            self.scanner.feed(text[end : match.start()])
            end = match.end()
            pos = span(self.template.source, match.start(), match.end())
            if match["out"] is not None:
                self.write(match["out"], pos, match.start("out"), self._escape, False)
            elif match["tag"] is not None:
                self.tag(match["tag"].strip(), pos, match.start("tag"))
        self.scanner.feed(text[end:])
        return self.finish()

    def mako(self) -> Template:
        end = 0
        text = self.template.source.text
        for match in _MAKO.finditer(text):
            self.scanner.feed(text[end : match.start()])
            end = match.end()
            pos = span(self.template.source, match.start(), match.end())
            if match["out"] is not None:
                self.mako_output(match["out"], pos, match.start("out"))
            elif match["line"] is not None:
                line = match["line"].strip().rstrip(":")
                self.tag("end" if line.startswith("end") else line, pos, match.start("line"))
            elif match["named"] is not None:
                self.mako_tag(match["named"], match["attrs"], pos)
        self.scanner.feed(text[end:])
        return self.finish()

    def mako_output(self, text: str, pos: ir.Pos, start: int) -> None:
        filters = _FILTERS.search(text)
        names = {n.strip() for n in filters.group(1).split(",")} if filters is not None else set()
        escape = True if names & _ESCAPING else False if "n" in names else self._escape
        self.write(text[: filters.start()] if filters else text, pos, start, escape, False)

    def mako_tag(self, name: str, attributes: str, pos: ir.Pos) -> None:
        file = _FILE.search(attributes)
        if name == "page" and re.search(r"""expression_filter\s*=\s*["'][^"']*\bh\b""", attributes):
            self._escape = True
        elif file is not None and name == "inherit":
            self.template.parent = ir.Const(file.group(1), pos)
        elif file is not None and name == "include":
            operation = self.operation("include", [ir.Const(file.group(1), pos)], pos)
            self._body.append(ir.ExprStmt(operation, pos))

    def finish(self) -> Template:
        while self._open:
            self.close()
        self.template.body = self._body
        return self.template

    # Pieces

    def write(self, text: str, pos: ir.Pos, start: int, escape: bool | None, marked: bool) -> None:
        value = self.expression(text, start, pos)
        self._body.append(self.out(value, pos, escape, marked, code_of(self.template.source, pos)))

    def expression(self, text: str, start: int, pos: ir.Pos) -> ir.Expr:
        """A Python expression at an offset of the file; something unknown where it does not read as one."""
        stripped = text.strip()
        line, column, *_ = span(self.template.source, start + len(text) - len(text.lstrip()), start)
        padded = "\n" * (line - 1) + " " * (column - 1) + f"({stripped})"
        body = ladder.parse(padded, self.template.source.path).module.body if stripped else []
        if len(body) != 1 or not isinstance(body[0], ir.ExprStmt):
            return self.operation("unknown", [], pos)
        value = body[0].value
        for node in walk(value):
            if isinstance(node, ir.Name):
                self.template.names.add(node.id)
            if isinstance(node, ir.Call):
                callee = node.func
                while isinstance(callee, ir.Attr):
                    callee = callee.base
                if isinstance(callee, ir.Name):
                    self.template.helpers.add(callee.id)
        return value

    def tag(self, text: str, pos: ir.Pos, start: int) -> None:
        word, _, rest = text.partition(" ")
        offset = start + self.template.source.text[start:].find(rest) if rest else start
        if word == "raw":
            self.write(rest, pos, offset, False, True)
        elif word == "autoescape":
            self._escape = False if rest.strip() == "None" else None
        elif word == "set":
            name, equals, value = rest.partition("=")
            if equals and name.strip().isidentifier():
                given = self.expression(value, offset + len(name) + 1, pos)
                self._body.append(ir.Assign([ir.Name(name.strip(), pos)], given, None, pos))
        elif word in ("extends", "include"):
            page = ir.Const(rest.strip().strip("\"'"), pos)
            if word == "extends":
                self.template.parent = page
            else:
                self._body.append(ir.ExprStmt(self.operation("include", [page], pos), pos))
        elif word in ("if", "while"):
            self.open("if", pos, self.expression(rest, offset, pos), None)
        elif word == "for":
            names, _, iterable = rest.partition(" in ")
            targets: list[ir.Expr] = [ir.Name(n.strip(" ()"), pos) for n in names.split(",")]
            target: ir.Expr = targets[0] if len(targets) == 1 else ir.Seq("tuple", targets, pos)
            self.open("for", pos, self.expression(iterable, offset + len(names) + 4, pos), target)
        elif word in ("block", "apply", "try"):
            self.open(word, pos, ir.Const(rest.strip(), pos), None)
        elif word == "end":
            self.close()
        elif word in _MIDDLE and self._open:
            # The other arm is taken as one more condition.
            self.close()
            self.open("if", pos, self.operation("unknown", [], pos), None)

    def open(self, kind: str, pos: ir.Pos, head: ir.Expr | None, target: ir.Expr | None) -> None:
        self._open.append((kind, self._body, head, target, pos))
        self._body = []

    def close(self) -> None:
        if not self._open:
            return
        kind, outer, head, target, pos = self._open.pop()
        body, self._body = self._body, outer
        if kind == "if" and head is not None:
            self._body.append(ir.If(head, body, [], pos))
        elif kind == "for" and head is not None and target is not None:
            self._body.append(ir.For(target, head, body, [], False, pos))
        elif kind == "block" and isinstance(head, ir.Const):
            name = str(head.value)
            self.template.blocks[name] = body
            self._body.append(ir.ExprStmt(self.operation("block", [ir.Const(name, pos)], pos), pos))
        else:
            self._body += body


def tornado(source: Source) -> Template:
    """The lowered template of Tornado; never raises."""
    return _Reader(source, "tornado").tornado()


def mako(source: Source) -> Template:
    """The lowered template of Mako; never raises."""
    return _Reader(source, "mako").mako()
