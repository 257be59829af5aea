"""Jinja templates: parsed by Jinja's own parser (nothing is compiled or run), lowered node by node."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

from cwelens.base.source import Source
from cwelens.ir import nodes as ir
from cwelens.syntax.templates.model import Builder, Macro, Template

_UNKNOWN_TAG = re.compile(r"unknown tag '(\w+)'")
_EXTENSIONS = ("jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols", "jinja2.ext.debug")
_MAX_REPAIRS = 12
# Filters that mark their result as markup; what is in front of them is not escaped any more.
MARKING = frozenset(("safe", "tojson"))
# Filters whose result stays marked when their input is.
KEEPING = frozenset(
    ("trim", "upper", "lower", "default", "d", "indent", "capitalize", "title", "first", "last")
)


def parse(source: Source) -> Template:
    """The lowered template; never raises: what cannot be read is a gap."""
    lowering = _Lowering(source)
    try:
        # Loaded only when there is a template to read, and by name: whoever installs without it can do without.
        jinja2 = import_module("jinja2")
    except ImportError:
        lowering.gap("it is a Jinja template, and Jinja is not installed", 1)
        return lowering.template
    environment = jinja2.Environment(extensions=_EXTENSIONS)
    text = source.text
    for _ in range(_MAX_REPAIRS):
        try:
            tree = environment.parse(text)
        except jinja2.TemplateSyntaxError as error:
            unknown = _UNKNOWN_TAG.search(error.message or "")
            repaired = _without(text, unknown.group(1)) if unknown else text
            if repaired == text:
                lowering.gap(f"it does not read as a Jinja template: {error.message}", error.lineno)
                return lowering.template
            # A tag of an extension that is not known: what stands inside of it is read.
            text = repaired
            lowering.template.notes.append(f"the tag `{unknown.group(1) if unknown else ''}` is not known")
            continue
        except RecursionError:
            break
        lowering.run(tree)
        return lowering.template
    lowering.gap("it is nested too deeply, or uses too many unknown tags", 1)
    return lowering.template


def _without(text: str, tag: str) -> str:
    """The text with the tags of that name (and what ends them) blanked out, lines kept."""
    name = tag.removeprefix("end")
    pattern = re.compile(r"\{%[-+]?\s*(?P<end>end)?" + re.escape(name) + r"\b.*?%\}", re.DOTALL)

    def blanked(match: re.Match[str]) -> str:
        bound = "" if match["end"] else _BINDING.get(name, "")
        return bound + re.sub(r"[^\n]", " ", match.group())

    return pattern.sub(blanked, text)


# Tags of extensions that give names to what stands inside of them: addresses of files that the program has packed.
_BINDING = {"assets": '{% set ASSET_URL = "/static/" %}'}


class _Lowering(Builder):
    """One walk over Jinja's tree. Jinja keeps lines only: the n-th output of a line stands at its n-th `{{`."""

    def __init__(self, source: Source) -> None:
        super().__init__(source, "jinja")
        self._escape: bool | None = None
        self._last = 1
        self._tags: dict[int, list[ir.Pos]] = {}
        for match in re.finditer(r"\{\{.*?\}\}", source.text, re.DOTALL):
            pos = span(source, match.start(), match.end())
            inner = source.text[match.start() + 2 : match.end()].lstrip("-+ \t\r\n")
            first = source.text.count("\n", 0, match.end() - len(inner)) + 1
            self._tags.setdefault(first, []).append(pos)

    def run(self, tree: Any) -> None:
        self.template.body = self.block(tree.body)

    def block(self, nodes: list[Any]) -> list[ir.Stmt]:
        out: list[ir.Stmt] = []
        for node in nodes:
            handler = _STATEMENTS.get(type(node).__name__)
            if handler is not None:
                out += handler(self, node)
        return out

    def line(self, node: Any) -> ir.Pos:
        """The position of a node that is not an output: its line."""
        # Jinja leaves the line out of some nodes: they stand where the one before stood.
        self._last = number = node.lineno or self._last
        text = self.template.source.line(number)
        indent = len(text) - len(text.lstrip())
        return (number, indent, number, max(indent, len(text.rstrip().encode())))

    def tag(self, node: Any) -> ir.Pos:
        """The position of the next output on the line."""
        waiting = self._tags.get(node.lineno)
        if waiting:
            return waiting.pop(0)
        return self.line(node)

    # Statements

    def output(self, node: Any) -> list[ir.Stmt]:
        out: list[ir.Stmt] = []
        for part in node.nodes:
            if type(part).__name__ == "TemplateData":
                self.scanner.feed(part.data)
                continue
            pos = self.tag(part)
            code = code_of(self.template.source, pos)
            marking = _marking(part)
            escape = False if marking else self._escape
            out.append(self.out(self.expr(part, pos), pos, escape, marking == "safe", code))
        return out

    def for_(self, node: Any) -> list[ir.Stmt]:
        pos = self.line(node)
        iterable = self.expr(node.iter, pos)
        target = self.target(node.target, pos)
        test = [self.expr(node.test, pos)] if node.test is not None else []
        body: list[ir.Stmt] = [
            ir.Assign([ir.Name("loop", pos)], self.operation("unknown", [], pos), None, pos)
        ]
        body += self.block(node.body)
        if test:
            body = [ir.If(test[0], body, [], pos)]
        orelse = self.block(node.else_)
        # The part behind `else` stands for an empty loop: it does not follow the body.
        loop: list[ir.Stmt] = [ir.For(target, iterable, body, [], False, pos)]
        return [*loop, ir.If(self.operation("unknown", [], pos), orelse, [], pos)] if orelse else loop

    def if_(self, node: Any) -> list[ir.Stmt]:
        pos = self.line(node)
        test = self.expr(node.test, pos)
        body = self.block(node.body)
        orelse: list[ir.Stmt] = []
        arms = [(self.line(arm), arm.test, self.block(arm.body)) for arm in node.elif_]
        orelse = self.block(node.else_)
        for where, condition, inner in reversed(arms):
            orelse = [ir.If(self.expr(condition, where), inner, orelse, where)]
        return [ir.If(test, body, orelse, pos)]

    def assign(self, node: Any) -> list[ir.Stmt]:
        pos = self.line(node)
        return [ir.Assign([self.target(node.target, pos)], self.expr(node.node, pos), None, pos)]

    def assign_block(self, node: Any) -> list[ir.Stmt]:
        pos = self.line(node)
        body = self.block(node.body)
        return [
            *body,
            ir.Assign([self.target(node.target, pos)], self.operation("markup", [], pos), None, pos),
        ]

    def with_(self, node: Any) -> list[ir.Stmt]:
        pos = self.line(node)
        bound: list[ir.Stmt] = [
            ir.Assign([self.target(target, pos)], self.expr(value, pos), None, pos)
            for target, value in zip(node.targets, node.values)
        ]
        return bound + self.block(node.body)

    def block_(self, node: Any) -> list[ir.Stmt]:
        self.template.blocks[node.name] = self.block(node.body)
        pos = self.line(node)
        return [ir.ExprStmt(self.operation("block", [ir.Const(node.name, pos)], pos), pos)]

    def extends(self, node: Any) -> list[ir.Stmt]:
        self.template.parent = self.expr(node.template, self.line(node))
        return []

    def include(self, node: Any) -> list[ir.Stmt]:
        pos = self.line(node)
        return [ir.ExprStmt(self.operation("include", [self.expr(node.template, pos)], pos), pos)]

    def import_(self, node: Any) -> list[ir.Stmt]:
        pos = self.line(node)
        value = self.operation("import", [self.expr(node.template, pos)], pos)
        return [ir.Assign([ir.Name(node.target, pos)], value, None, pos)]

    def from_import(self, node: Any) -> list[ir.Stmt]:
        pos = self.line(node)
        out: list[ir.Stmt] = []
        for name in node.names:
            original, alias = name if isinstance(name, tuple) else (name, name)
            value = self.operation("from", [self.expr(node.template, pos), ir.Const(original, pos)], pos)
            out.append(ir.Assign([ir.Name(alias, pos)], value, None, pos))
        return out

    def macro(self, node: Any) -> list[ir.Stmt]:
        pos = self.line(node)
        names = [arg.name for arg in node.args]
        defaults: list[ir.Expr | None] = [None] * (len(names) - len(node.defaults))
        defaults += [self.expr(d, pos) for d in node.defaults]
        outside, self.scanner = self.scanner, type(self.scanner)()
        body = self.block(node.body)
        self.scanner = outside
        self.template.macros[node.name] = Macro(node.name, list(zip(names, defaults)), body)
        return []

    def call_block(self, node: Any) -> list[ir.Stmt]:
        pos = self.line(node)
        call = ir.ExprStmt(self.expr(node.call, pos), pos)
        return [call, *self.block(node.body)]

    def plain_block(self, node: Any) -> list[ir.Stmt]:
        return self.block(node.body)

    def autoescape(self, node: Any) -> list[ir.Stmt]:
        """`{% autoescape … %}`, which Jinja's parser makes a scope with a first statement that sets it."""
        before = self._escape
        for option in node.options:
            if option.key == "autoescape":
                value = getattr(option.value, "value", None)
                self._escape = value if isinstance(value, bool) else None
        body = self.block(node.body)
        self._escape = before
        return body

    def expr_stmt(self, node: Any) -> list[ir.Stmt]:
        pos = self.line(node)
        return [ir.ExprStmt(self.expr(node.node, pos), pos)]

    def jump(self, node: Any) -> list[ir.Stmt]:
        return [ir.Jump(type(node).__name__.lower(), self.line(node))]

    # Expressions

    def target(self, node: Any, pos: ir.Pos) -> ir.Expr:
        kind = type(node).__name__
        if kind == "Name":
            return ir.Name(node.name, pos)
        if kind == "NSRef":
            return ir.Name(f"{node.name}.{node.attr}", pos)
        return ir.Seq("tuple", [self.target(item, pos) for item in node.items], pos)

    def expr(self, node: Any, pos: ir.Pos) -> ir.Expr:
        kind = type(node).__name__
        if kind in ("Const", "TemplateData"):
            value = node.value if kind == "Const" else node.data
            return ir.Const(value, pos)
        if kind == "Name":
            return self.name(node.name, pos)
        if kind == "Getattr":
            return self.get(self.expr(node.node, pos), node.attr, pos)
        if kind == "Getitem":
            return self._item(node, pos)
        if kind == "Filter":
            inner = self.expr(node.node, pos) if node.node is not None else ir.Const("", pos)
            args = [self.expr(a, pos) for a in (*node.args, *(k.value for k in node.kwargs))]
            return self.operation("filter", [ir.Const(node.name, pos), inner, *args], pos)
        if kind == "Test":
            return self.operation("test", [ir.Const(node.name, pos), self.expr(node.node, pos)], pos)
        if kind == "Call":
            return self._call(node, pos)
        if kind in ("MarkSafe", "MarkSafeIfAutoescape"):
            return self.expr(node.expr, pos)
        return self._composed(node, kind, pos)

    def _item(self, node: Any, pos: ir.Pos) -> ir.Expr:
        base = self.expr(node.node, pos)
        key = node.arg
        if type(key).__name__ == "Const" and isinstance(key.value, str | int):
            return self.get(base, key.value, pos)
        if type(key).__name__ == "Slice":
            bounds = [self.expr(b, pos) if b is not None else None for b in (key.start, key.stop, key.step)]
            return ir.Item(base, ir.Slice(bounds[0], bounds[1], bounds[2], pos), pos)
        return ir.Item(base, self.expr(key, pos), pos)

    def _call(self, node: Any, pos: ir.Pos) -> ir.Expr:
        if type(node.node).__name__ == "Name" and node.node.name == "super" and not node.args:
            return self.operation("super", [], pos)
        owner = node.node
        while type(owner).__name__ in ("Getattr", "Getitem"):
            owner = owner.node
        if type(owner).__name__ == "Name":
            if owner.name == "self" and type(node.node).__name__ == "Getattr":
                return self.operation("block", [ir.Const(node.node.attr, pos)], pos)
            self.template.helpers.add(owner.name)
        args = [self.expr(a, pos) for a in node.args]
        if node.dyn_args is not None:
            args.append(ir.Star(self.expr(node.dyn_args, pos), pos))
        keywords: list[tuple[str | None, ir.Expr]] = [(k.key, self.expr(k.value, pos)) for k in node.kwargs]
        if node.dyn_kwargs is not None:
            keywords.append((None, self.expr(node.dyn_kwargs, pos)))
        return ir.Call(self.expr(node.node, pos), args, keywords, pos)

    def _composed(self, node: Any, kind: str, pos: ir.Pos) -> ir.Expr:
        if kind in ("List", "Tuple"):
            return ir.Seq(kind.lower(), [self.expr(i, pos) for i in node.items], pos)
        if kind == "Dict":
            return ir.DictDisplay([(self.expr(p.key, pos), self.expr(p.value, pos)) for p in node.items], pos)
        if kind == "CondExpr":
            orelse = self.expr(node.expr2, pos) if node.expr2 is not None else ir.Const("", pos)
            return ir.Cond(self.expr(node.test, pos), self.expr(node.expr1, pos), orelse, pos)
        if kind == "Concat":
            parts: list[str | ir.Hole] = [ir.Hole(self.expr(n, pos), "", None, pos) for n in node.nodes]
            return ir.Format(parts, False, pos)
        if kind in ("And", "Or"):
            return ir.BoolOp(kind.lower(), [self.expr(node.left, pos), self.expr(node.right, pos)], pos)
        if kind in _BINARY:
            return ir.Binary(_BINARY[kind], self.expr(node.left, pos), self.expr(node.right, pos), pos)
        if kind in _UNARY:
            return ir.Unary(_UNARY[kind], self.expr(node.node, pos), pos)
        if kind == "Compare":
            ops = [_COMPARE.get(o.op, "==") for o in node.ops]
            return ir.Compare(self.expr(node.expr, pos), ops, [self.expr(o.expr, pos) for o in node.ops], pos)
        children = [self.expr(c, pos) for c in node.iter_child_nodes()]
        return ir.Unknown(f"`{kind}` of a template", children, pos)


def _marking(node: Any) -> str:
    """The filter that keeps an output from being escaped, "" where none does: at the end, or in front of what keeps the mark."""
    while type(node).__name__ == "Filter":
        if node.name in MARKING:
            return str(node.name)
        if node.name not in KEEPING:
            return ""
        node = node.node
    return ""


def span(source: Source, start: int, end: int) -> ir.Pos:
    """The position of a piece of the text by its offsets."""
    text = source.text

    def place(offset: int) -> tuple[int, int]:
        line = text.count("\n", 0, offset) + 1
        begin = text.rfind("\n", 0, offset) + 1
        return line, len(text[begin:offset].encode())

    return (*place(start), *place(end))


def code_of(source: Source, pos: ir.Pos) -> str:
    """What stands at a position, for people: one line, shortened."""
    line, column, end_line, end_column = pos
    first = source.line(line).encode()
    text = first[column : end_column if end_line == line else None].decode("utf-8", "ignore").strip()
    return text if len(text) <= 80 else f"{text[:77]}…"


_BINARY = {"Add": "+", "Sub": "-", "Mul": "*", "Div": "/", "FloorDiv": "//", "Mod": "%", "Pow": "**"}
_UNARY = {"Not": "not", "Neg": "-", "Pos": "+"}
_COMPARE = {
    "eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">=", "in": "in", "notin": "not in",
}  # fmt: skip
_STATEMENTS: dict[str, Callable[[_Lowering, Any], list[ir.Stmt]]] = {
    "Output": _Lowering.output,
    "For": _Lowering.for_,
    "If": _Lowering.if_,
    "Assign": _Lowering.assign,
    "AssignBlock": _Lowering.assign_block,
    "With": _Lowering.with_,
    "Block": _Lowering.block_,
    "Extends": _Lowering.extends,
    "Include": _Lowering.include,
    "Import": _Lowering.import_,
    "FromImport": _Lowering.from_import,
    "Macro": _Lowering.macro,
    "CallBlock": _Lowering.call_block,
    "FilterBlock": _Lowering.plain_block,
    "Scope": _Lowering.plain_block,
    "ScopedEvalContextModifier": _Lowering.autoescape,
    "ExprStmt": _Lowering.expr_stmt,
    "Continue": _Lowering.jump,
    "Break": _Lowering.jump,
}
