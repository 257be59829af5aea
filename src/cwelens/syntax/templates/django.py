"""Django templates: tags, variables and filters, lowered as Django would run them.

Django's own parser needs a configured project (its tag libraries are modules of it), so this reads the language itself. Tags that are
not known are passed over; what stands between a tag and its end is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from cwelens.base.source import Source
from cwelens.ir import nodes as ir
from cwelens.syntax.templates.jinja import code_of, span
from cwelens.syntax.templates.model import Builder, Template

_TOKEN = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}")
_BITS = re.compile(r"""(?:[^\s'"]*(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')[^\s'"]*)+|\S+""")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?$")
_WORD = re.compile(r"[\w.\-]+")
# Filters that mark their result as markup, having escaped what they were given where escaping is on.
_MARKING = frozenset(("safe", "safeseq", "json_script"))
_ESCAPING = frozenset(("escape", "force_escape", "linebreaks", "linebreaksbr", "urlize", "linenumbers"))
_BOOLEAN = frozenset(("and", "or", "not", "in", "is", "==", "!=", "<", ">", "<=", ">="))
Stop = tuple[str, list[str], ir.Pos]


def parse(source: Source) -> Template:
    """The lowered template; never raises."""
    reader = _Reader(source)
    reader.run()
    return reader.template


class _Reader(Builder):
    """One pass over the tokens of a template."""

    def __init__(self, source: Source) -> None:
        super().__init__(source, "django")
        self._tokens: list[tuple[str, ir.Pos | None]] = []
        end = 0
        for match in _TOKEN.finditer(source.text):
            self._tokens.append((source.text[end : match.start()], None))
            self._tokens.append((match.group(), span(source, match.start(), match.end())))
            end = match.end()
        self._tokens.append((source.text[end:], None))
        self._at = 0
        self._escape = True

    def run(self) -> None:
        body: list[ir.Stmt] = []
        while self._at < len(self._tokens):
            statements, _ = self.until(frozenset())
            body += statements
        self.template.body = body

    def until(self, ends: frozenset[str]) -> tuple[list[ir.Stmt], Stop]:
        """Statements up to a tag of one of these names, and that tag."""
        out: list[ir.Stmt] = []
        while self._at < len(self._tokens):
            text, pos = self._tokens[self._at]
            self._at += 1
            if pos is None:
                self.scanner.feed(text)
            elif text.startswith("{{"):
                out.append(self.variable(text[2:-2].strip(), pos))
            elif text.startswith("{%"):
                bits = _BITS.findall(text[2:-2].strip())
                name = bits[0] if bits else ""
                if name in ends:
                    return out, (name, bits, pos)
                handler = _TAGS.get(name)
                if handler is not None:
                    out += handler(self, bits, pos)
                out += self.bound_by_tag(name, bits, pos)
        return out, ("", [], (1, 0, 1, 0))

    # Outputs

    def variable(self, text: str, pos: ir.Pos) -> ir.Stmt:
        if text == "block.super":
            return ir.ExprStmt(self.operation("super", [], pos), pos)
        value, escape, marked = self.filtered(text, pos)
        return self.out(value, pos, self._escape and escape, marked, code_of(self.template.source, pos))

    def filtered(self, text: str, pos: ir.Pos) -> tuple[ir.Expr, bool, bool]:
        """`variable|filter:argument|…`: its value, whether its text is still to be escaped, whether it is marked safe by hand."""
        parts = split(text, "|")
        value = self.atom(parts[0], pos)
        escape, marked = True, False
        for part in parts[1:]:
            name, _, argument = part.strip().partition(":")
            args = [self.atom(argument, pos)] if argument else []
            value = self.operation("filter", [ir.Const(name, pos), value, *args], pos)
            if name in _MARKING:
                escape, marked = False, name in ("safe", "safeseq")
            elif name in _ESCAPING and self._escape:
                escape, marked = True, False
        return value, escape, marked

    def atom(self, text: str, pos: ir.Pos) -> ir.Expr:
        """A literal or a dotted name."""
        text = text.strip()
        if text.startswith("_(") and text.endswith(")"):
            text = text[2:-1]
        if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
            return ir.Const(text[1:-1], pos)
        if _NUMBER.match(text):
            return ir.Const(float(text) if "." in text else int(text), pos)
        if text in ("True", "False", "None"):
            return ir.Const({"True": True, "False": False, "None": None}[text], pos)
        if not _WORD.fullmatch(text):
            return ir.Const("", pos)
        names = text.split(".")
        value = self.name(names[0], pos)
        for name in names[1:]:
            value = self.get(value, int(name) if name.isdigit() else name, pos)
        return value

    def expression(self, text: str, pos: ir.Pos) -> ir.Expr:
        return self.filtered(text, pos)[0]

    def condition(self, bits: list[str], pos: ir.Pos) -> ir.Expr:
        """The test of `{% if %}`, by the precedence that Django gives its operators."""
        for operator in ("or", "and"):
            if operator in bits:
                parts: list[list[str]] = [[]]
                for bit in bits:
                    if bit == operator:
                        parts.append([])
                    else:
                        parts[-1].append(bit)
                return ir.BoolOp(operator, [self.condition(p, pos) for p in parts], pos)
        if bits and bits[0] == "not":
            return ir.Unary("not", self.condition(bits[1:], pos), pos)
        for index, bit in enumerate(bits):
            if bit in _BOOLEAN:
                right = bits[index + 1 :]
                name = bit
                if bit == "not" and right[:1] == ["in"]:
                    name, right = "not in", right[1:]
                elif bit == "is" and right[:1] == ["not"]:
                    name, right = "is not", right[1:]
                left = self.expression(" ".join(bits[:index]), pos)
                return ir.Compare(left, [name], [self.expression(" ".join(right), pos)], pos)
        return self.expression(" ".join(bits), pos)

    # Tags

    def if_(self, bits: list[str], pos: ir.Pos) -> list[ir.Stmt]:
        arms: list[tuple[ir.Expr | None, list[ir.Stmt], ir.Pos]] = []
        test: ir.Expr | None = self.condition(bits[1:], pos)
        while True:
            body, (name, more, where) = self.until(frozenset(("elif", "else", "endif")))
            arms.append((test, body, pos))
            if name not in ("elif", "else"):
                break
            test, pos = (self.condition(more[1:], where) if name == "elif" else None), where
        orelse: list[ir.Stmt] = []
        for condition, inner, where in reversed(arms):
            orelse = inner if condition is None else [ir.If(condition, inner, orelse, where)]
        return orelse

    def for_(self, bits: list[str], pos: ir.Pos) -> list[ir.Stmt]:
        if "in" not in bits:
            return []
        middle = bits.index("in")
        names = [n for n in "".join(f"{b} " for b in bits[1:middle]).replace(",", " ").split() if n]
        rest = [b for b in bits[middle + 1 :] if b != "reversed"]
        iterable = self.expression(" ".join(rest), pos)
        targets: list[ir.Expr] = [ir.Name(name, pos) for name in names]
        target = targets[0] if len(targets) == 1 else ir.Seq("tuple", targets, pos)
        body, (name, _, _) = self.until(frozenset(("empty", "endfor")))
        loop_name = ir.Assign([ir.Name("forloop", pos)], self.operation("unknown", [], pos), None, pos)
        loop: list[ir.Stmt] = [ir.For(target, iterable, [loop_name, *body], [], False, pos)]
        if name == "empty":
            empty, _ = self.until(frozenset(("endfor",)))
            loop.append(ir.If(self.operation("unknown", [], pos), empty, [], pos))
        return loop

    def with_(self, bits: list[str], pos: ir.Pos) -> list[ir.Stmt]:
        bound = self._bound(bits[1:], pos)
        body, _ = self.until(frozenset(("endwith",)))
        return [*bound, *body]

    def _bound(self, bits: list[str], pos: ir.Pos) -> list[ir.Stmt]:
        """`name=value …` or `value as name`, as assignments."""
        out: list[ir.Stmt] = []
        for bit in bits:
            name, equals, value = bit.partition("=")
            if equals and name.isidentifier():
                out.append(ir.Assign([ir.Name(name, pos)], self.expression(value, pos), None, pos))
        if not out and len(bits) >= 3 and bits[-2] == "as":
            out.append(ir.Assign([ir.Name(bits[-1], pos)], self.expression(bits[0], pos), None, pos))
        return out

    def block_(self, bits: list[str], pos: ir.Pos) -> list[ir.Stmt]:
        name = bits[1] if len(bits) > 1 else ""
        body, _ = self.until(frozenset(("endblock",)))
        self.template.blocks[name] = body
        return [ir.ExprStmt(self.operation("block", [ir.Const(name, pos)], pos), pos)]

    def extends(self, bits: list[str], pos: ir.Pos) -> list[ir.Stmt]:
        self.template.parent = self.expression(bits[1], pos) if len(bits) > 1 else None
        return []

    def include(self, bits: list[str], pos: ir.Pos) -> list[ir.Stmt]:
        if len(bits) < 2:
            return []
        given = self._bound(bits[bits.index("with") + 1 :], pos) if "with" in bits else []
        return [*given, ir.ExprStmt(self.operation("include", [self.expression(bits[1], pos)], pos), pos)]

    def autoescape(self, bits: list[str], pos: ir.Pos) -> list[ir.Stmt]:
        before, self._escape = self._escape, bits[1:2] != ["off"]
        body, _ = self.until(frozenset(("endautoescape",)))
        self._escape = before
        return body

    def filter_(self, bits: list[str], pos: ir.Pos) -> list[ir.Stmt]:
        body, _ = self.until(frozenset(("endfilter",)))
        return body

    def verbatim(self, bits: list[str], pos: ir.Pos) -> list[ir.Stmt]:
        """Text up to the end tag, whatever it looks like."""
        end = f"end{bits[0]}"
        while self._at < len(self._tokens):
            text, where = self._tokens[self._at]
            self._at += 1
            if where is not None and text.startswith("{%") and _BITS.findall(text[2:-2].strip())[:1] == [end]:
                break
            if bits[0] == "verbatim":
                self.scanner.feed(text)
        return []

    def firstof(self, bits: list[str], pos: ir.Pos) -> list[ir.Stmt]:
        if "as" in bits:
            return []
        values = [self.expression(bit, pos) for bit in bits[1:]]
        code = code_of(self.template.source, pos)
        return [self.out(value, pos, self._escape, False, code) for value in values]

    def bound_by_tag(self, name: str, bits: list[str], pos: ir.Pos) -> list[ir.Stmt]:
        """`{% tag … as name %}`: what a tag that is not known here makes is not data of the view."""
        if name == "with" or "as" not in bits[:-1]:
            return []
        target = bits[bits.index("as") + 1]
        return [ir.Assign([ir.Name(target, pos)], self.operation("markup", [], pos), None, pos)]

    def address(self, bits: list[str], pos: ir.Pos) -> list[ir.Stmt]:
        """A tag that writes an address of the application."""
        if "as" not in bits:
            self.scanner.feed("/")
        return []


def split(text: str, separator: str) -> list[str]:
    """The parts of a text between a separator that does not stand in quotes."""
    parts, quote = [""], ""
    for char in text:
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == separator:
            parts.append("")
            continue
        parts[-1] += char
    return parts


_TAGS: dict[str, Callable[[_Reader, list[str], ir.Pos], list[ir.Stmt]]] = {
    "if": _Reader.if_,
    "for": _Reader.for_,
    "with": _Reader.with_,
    "block": _Reader.block_,
    "extends": _Reader.extends,
    "include": _Reader.include,
    "autoescape": _Reader.autoescape,
    "filter": _Reader.filter_,
    "verbatim": _Reader.verbatim,
    "comment": _Reader.verbatim,
    "firstof": _Reader.firstof,
    "cycle": _Reader.firstof,
    "url": _Reader.address,
    "static": _Reader.address,
}
