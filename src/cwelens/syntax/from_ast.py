"""Lowers a tree of the standard library's `ast` to the intermediate representation.

Invariant: every node of every Python version in use has an entry in a table below; one that has none becomes an
`Unknown` with its name as the reason (a test makes sure that no such reason occurs for the interpreter that runs it).
Positions are those of `ast`, moved by the line and column offset of the region that was parsed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from cwelens.ir import nodes as ir

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.MatMult: "@",
    ast.Pow: "**",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
}
_UNARY: dict[type[ast.unaryop], str] = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~", ast.Not: "not"}
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}


class Lowering:
    """One run over one parsed region; `line` and `column` are added to every position (`column` in bytes)."""

    def __init__(self, line: int = 0, column: int = 0) -> None:
        self.line = line
        self.column = column

    def module(self, tree: ast.Module) -> list[ir.Stmt]:
        return self.block(tree.body)

    def pos(self, node: Any) -> ir.Pos:
        line, column = self.line, self.column
        if line or column:
            return (
                node.lineno + line,
                node.col_offset + column,
                (node.end_lineno or node.lineno) + line,
                (node.end_col_offset or 0) + column,
            )
        return (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)

    # Statements

    def block(self, body: list[ast.stmt]) -> list[ir.Stmt]:
        table = _STATEMENTS
        unknown = Lowering._unknown_stmt
        return [table.get(type(node), unknown)(self, node) for node in body]

    def _unknown_stmt(self, node: ast.stmt) -> ir.Stmt:
        parts = [self.expr(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        body = [stmt for stmt in ast.iter_child_nodes(node) if isinstance(stmt, ast.stmt)]
        return ir.UnknownStmt(
            f"unknown statement {type(node).__name__}", parts, self.block(body), self.pos(node)
        )

    def _expr_stmt(self, node: ast.Expr) -> ir.Stmt:
        value = node.value
        first, *rest = value.elts if isinstance(value, ast.Tuple) and value.elts else [value]
        if isinstance(first, ast.BinOp) and isinstance(first.op, ast.RShift):
            name = first.left
            if isinstance(name, ast.Name) and name.id == "print":
                # Python 2's `print >>file, …` is valid Python 3 that no one means; it is lowered as the call it was.
                pos, args = self.pos(node), [self.expr(part) for part in rest]
                return ir.ExprStmt(
                    ir.Call(self.expr(name), args, [("file", self.expr(first.right))], pos), pos
                )
        return ir.ExprStmt(self.expr(value), self.pos(node))

    def _assign(self, node: ast.Assign) -> ir.Stmt:
        return ir.Assign([self.expr(t) for t in node.targets], self.expr(node.value), None, self.pos(node))

    def _ann_assign(self, node: ast.AnnAssign) -> ir.Stmt:
        return ir.Assign(
            [self.expr(node.target)], self.maybe(node.value), self.expr(node.annotation), self.pos(node)
        )

    def _aug_assign(self, node: ast.AugAssign) -> ir.Stmt:
        return ir.AugAssign(
            self.expr(node.target), _BINARY[type(node.op)], self.expr(node.value), self.pos(node)
        )

    def _if(self, node: ast.If) -> ir.Stmt:
        return ir.If(self.expr(node.test), self.block(node.body), self.block(node.orelse), self.pos(node))

    def _while(self, node: ast.While) -> ir.Stmt:
        return ir.While(self.expr(node.test), self.block(node.body), self.block(node.orelse), self.pos(node))

    def _for(self, node: ast.For | ast.AsyncFor) -> ir.Stmt:
        return ir.For(
            self.expr(node.target),
            self.expr(node.iter),
            self.block(node.body),
            self.block(node.orelse),
            isinstance(node, ast.AsyncFor),
            self.pos(node),
        )

    def _try(self, node: Any) -> ir.Stmt:
        star = type(node) is not ast.Try
        handlers = [
            ir.Handler(self.maybe(h.type), h.name, self.block(h.body), star, self.pos(h))
            for h in node.handlers
        ]
        return ir.Try(
            self.block(node.body),
            handlers,
            self.block(node.orelse),
            self.block(node.finalbody),
            self.pos(node),
        )

    def _with(self, node: ast.With | ast.AsyncWith) -> ir.Stmt:
        items = [(self.expr(item.context_expr), self.maybe(item.optional_vars)) for item in node.items]
        return ir.With(items, self.block(node.body), isinstance(node, ast.AsyncWith), self.pos(node))

    def _return(self, node: ast.Return) -> ir.Stmt:
        return ir.Return(self.maybe(node.value), self.pos(node))

    def _raise(self, node: ast.Raise) -> ir.Stmt:
        return ir.Raise(self.maybe(node.exc), self.maybe(node.cause), self.pos(node))

    def _assert(self, node: ast.Assert) -> ir.Stmt:
        return ir.Assert(self.expr(node.test), self.maybe(node.msg), self.pos(node))

    def _delete(self, node: ast.Delete) -> ir.Stmt:
        return ir.Delete([self.expr(t) for t in node.targets], self.pos(node))

    def _pass(self, node: ast.Pass) -> ir.Stmt:
        return ir.Jump("pass", self.pos(node))

    def _break(self, node: ast.Break) -> ir.Stmt:
        return ir.Jump("break", self.pos(node))

    def _continue(self, node: ast.Continue) -> ir.Stmt:
        return ir.Jump("continue", self.pos(node))

    def _global(self, node: ast.Global) -> ir.Stmt:
        return ir.Scope("global", list(node.names), self.pos(node))

    def _nonlocal(self, node: ast.Nonlocal) -> ir.Stmt:
        return ir.Scope("nonlocal", list(node.names), self.pos(node))

    def _import(self, node: ast.Import) -> ir.Stmt:
        return ir.Import([(a.name, a.asname) for a in node.names], self.pos(node))

    def _import_from(self, node: ast.ImportFrom) -> ir.Stmt:
        names = [(a.name, a.asname) for a in node.names]
        return ir.ImportFrom(node.module or "", node.level, names, self.pos(node))

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ir.Stmt:
        return ir.Function(
            node.name,
            self.params(node.args),
            self.block(node.body),
            [self.expr(d) for d in node.decorator_list],
            self.maybe(node.returns),
            isinstance(node, ast.AsyncFunctionDef),
            self.pos(node),
        )

    def _class(self, node: ast.ClassDef) -> ir.Stmt:
        return ir.Class(
            node.name,
            [self.expr(b) for b in node.bases],
            [(k.arg, self.expr(k.value)) for k in node.keywords],
            self.block(node.body),
            [self.expr(d) for d in node.decorator_list],
            self.pos(node),
        )

    def _match(self, node: ast.Match) -> ir.Stmt:
        cases = []
        for case in node.cases:
            pattern = self.pattern(case.pattern)
            last = case.body[-1]
            end = (last.end_lineno or last.lineno) + self.line, (last.end_col_offset or 0) + self.column
            pos = (pattern.pos[0], pattern.pos[1], *end)
            cases.append(ir.Case(pattern, self.maybe(case.guard), self.block(case.body), pos))
        return ir.Match(self.expr(node.subject), cases, self.pos(node))

    def _type_alias(self, node: Any) -> ir.Stmt:
        return ir.TypeDecl(node.name.id, self.expr(node.value), self.pos(node))

    # Parts

    def params(self, args: ast.arguments) -> list[ir.Param]:
        plain = [(a, "positional") for a in args.posonlyargs] + [(a, "normal") for a in args.args]
        missing = len(plain) - len(args.defaults)
        out = [
            self._param(arg, kind, args.defaults[i - missing] if i >= missing else None)
            for i, (arg, kind) in enumerate(plain)
        ]
        if args.vararg:
            out.append(self._param(args.vararg, "star", None))
        out += [
            self._param(arg, "keyword", default)
            for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)
        ]
        if args.kwarg:
            out.append(self._param(args.kwarg, "starstar", None))
        return out

    def _param(self, arg: ast.arg, kind: str, default: ast.expr | None) -> ir.Param:
        return ir.Param(arg.arg, kind, self.maybe(arg.annotation), self.maybe(default), self.pos(arg))

    def pattern(self, node: ast.pattern) -> ir.Pattern:
        pos = self.pos(node)
        if isinstance(node, ast.MatchValue):
            return ir.PatternValue(self.expr(node.value), pos)
        if isinstance(node, ast.MatchSingleton):
            return ir.PatternValue(ir.Const(node.value, pos), pos)
        if isinstance(node, ast.MatchAs):
            return ir.PatternCapture(node.name, self.pattern(node.pattern) if node.pattern else None, pos)
        if isinstance(node, ast.MatchOr):
            return ir.PatternOr([self.pattern(p) for p in node.patterns], pos)
        if isinstance(node, ast.MatchSequence):
            return ir.PatternSeq([self.pattern(p) for p in node.patterns], pos)
        if isinstance(node, ast.MatchStar):
            return ir.PatternStar(node.name, pos)
        if isinstance(node, ast.MatchMapping):
            keys = [self.expr(k) for k in node.keys]
            return ir.PatternMap(keys, [self.pattern(p) for p in node.patterns], node.rest, pos)
        if isinstance(node, ast.MatchClass):
            parts: list[tuple[str | None, ir.Pattern]] = [(None, self.pattern(p)) for p in node.patterns]
            parts += [(k, self.pattern(p)) for k, p in zip(node.kwd_attrs, node.kwd_patterns, strict=True)]
            return ir.PatternClass(self.expr(node.cls), parts, pos)
        return ir.PatternCapture(None, None, pos)

    # Expressions

    def expr(self, node: ast.expr) -> ir.Expr:
        lowered: ir.Expr = _EXPRESSIONS.get(type(node), Lowering._unknown)(self, node)
        return lowered

    def maybe(self, node: ast.expr | None) -> ir.Expr | None:
        return None if node is None else self.expr(node)

    def _unknown(self, node: ast.expr) -> ir.Expr:
        parts = [self.expr(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        return ir.Unknown(f"unknown expression {type(node).__name__}", parts, self.pos(node))

    def _constant(self, node: ast.Constant) -> ir.Expr:
        if node.value is Ellipsis:
            return ir.Name("Ellipsis", self.pos(node))
        return ir.Const(node.value, self.pos(node))

    def _name(self, node: ast.Name) -> ir.Expr:
        return ir.Name(node.id, self.pos(node))

    def _attribute(self, node: ast.Attribute) -> ir.Expr:
        return ir.Attr(self.expr(node.value), node.attr, self.pos(node))

    def _subscript(self, node: ast.Subscript) -> ir.Expr:
        return ir.Item(self.expr(node.value), self.expr(node.slice), self.pos(node))

    def _slice(self, node: ast.Slice) -> ir.Expr:
        return ir.Slice(self.maybe(node.lower), self.maybe(node.upper), self.maybe(node.step), self.pos(node))

    def _call(self, node: ast.Call) -> ir.Expr:
        expr = self.expr
        return ir.Call(
            expr(node.func),
            [expr(a) for a in node.args],
            [(k.arg, expr(k.value)) for k in node.keywords],
            self.pos(node),
        )

    def _starred(self, node: ast.Starred) -> ir.Expr:
        return ir.Star(self.expr(node.value), self.pos(node))

    def _joined(self, node: Any) -> ir.Expr:
        return self._format(node, False)

    def _template(self, node: Any) -> ir.Expr:
        return self._format(node, True)

    def _format(self, node: Any, template: bool) -> ir.Format:
        parts: list[str | ir.Hole] = []
        for value in node.values:
            if isinstance(value, ast.Constant):
                text = str(value.value)
                if parts and isinstance(parts[-1], str):
                    parts[-1] += text
                elif text:
                    parts.append(text)
            else:
                parts.append(self._hole(value))
        return ir.Format(parts, template, self.pos(node))

    def _hole(self, node: Any) -> ir.Hole:
        conversion = chr(node.conversion) if node.conversion > 0 else ""
        value = self.expr(node.value)
        spec = self._format(node.format_spec, False) if node.format_spec else None
        if spec:
            # Where a specification stands differs between versions of Python; it has its value's position in all.
            spec.pos = value.pos
        return ir.Hole(value, conversion, spec, value.pos)

    def _binary(self, node: ast.BinOp) -> ir.Expr:
        return ir.Binary(_BINARY[type(node.op)], self.expr(node.left), self.expr(node.right), self.pos(node))

    def _unary(self, node: ast.UnaryOp) -> ir.Expr:
        return ir.Unary(_UNARY[type(node.op)], self.expr(node.operand), self.pos(node))

    def _bool(self, node: ast.BoolOp) -> ir.Expr:
        op = "and" if isinstance(node.op, ast.And) else "or"
        return ir.BoolOp(op, [self.expr(v) for v in node.values], self.pos(node))

    def _compare(self, node: ast.Compare) -> ir.Expr:
        ops = [_COMPARE[type(op)] for op in node.ops]
        return ir.Compare(self.expr(node.left), ops, [self.expr(c) for c in node.comparators], self.pos(node))

    def _cond(self, node: ast.IfExp) -> ir.Expr:
        return ir.Cond(self.expr(node.test), self.expr(node.body), self.expr(node.orelse), self.pos(node))

    def _lambda(self, node: ast.Lambda) -> ir.Expr:
        return ir.Lambda(self.params(node.args), self.expr(node.body), self.pos(node))

    def _seq(self, node: ast.List | ast.Tuple | ast.Set) -> ir.Expr:
        kind = "list" if isinstance(node, ast.List) else "tuple" if isinstance(node, ast.Tuple) else "set"
        return ir.Seq(kind, [self.expr(e) for e in node.elts], self.pos(node))

    def _dict(self, node: ast.Dict) -> ir.Expr:
        items = [(self.maybe(k), self.expr(v)) for k, v in zip(node.keys, node.values, strict=True)]
        return ir.DictDisplay(items, self.pos(node))

    def _comp(self, node: Any) -> ir.Expr:
        fors = [
            ir.CompFor(
                self.expr(g.target),
                self.expr(g.iter),
                [self.expr(c) for c in g.ifs],
                bool(g.is_async),
                self.pos(g.target),
            )
            for g in node.generators
        ]
        if isinstance(node, ast.DictComp):
            # Python 3.15 allows `{**d for d in …}`: the value is then missing.
            value = self.maybe(node.value)
            return ir.Comp("dict", self.expr(node.key), value, fors, self.pos(node))
        kind = {ast.ListComp: "list", ast.SetComp: "set"}.get(type(node), "generator")
        return ir.Comp(kind, self.expr(node.elt), None, fors, self.pos(node))

    def _await(self, node: ast.Await) -> ir.Expr:
        return ir.Await(self.expr(node.value), self.pos(node))

    def _yield(self, node: ast.Yield) -> ir.Expr:
        return ir.Yield(self.maybe(node.value), False, self.pos(node))

    def _yield_from(self, node: ast.YieldFrom) -> ir.Expr:
        return ir.Yield(self.expr(node.value), True, self.pos(node))

    def _walrus(self, node: ast.NamedExpr) -> ir.Expr:
        return ir.Walrus(self.expr(node.target), self.expr(node.value), self.pos(node))


def _table(entries: dict[str, Any]) -> dict[type, Callable[..., Any]]:
    """Node classes that this interpreter's `ast` has, with their lowering."""
    return {getattr(ast, name): method for name, method in entries.items() if hasattr(ast, name)}


_STATEMENTS = _table(
    {
        "Expr": Lowering._expr_stmt,
        "Assign": Lowering._assign,
        "AnnAssign": Lowering._ann_assign,
        "AugAssign": Lowering._aug_assign,
        "If": Lowering._if,
        "While": Lowering._while,
        "For": Lowering._for,
        "AsyncFor": Lowering._for,
        "Try": Lowering._try,
        "TryStar": Lowering._try,
        "With": Lowering._with,
        "AsyncWith": Lowering._with,
        "Return": Lowering._return,
        "Raise": Lowering._raise,
        "Assert": Lowering._assert,
        "Delete": Lowering._delete,
        "Pass": Lowering._pass,
        "Break": Lowering._break,
        "Continue": Lowering._continue,
        "Global": Lowering._global,
        "Nonlocal": Lowering._nonlocal,
        "Import": Lowering._import,
        "ImportFrom": Lowering._import_from,
        "FunctionDef": Lowering._function,
        "AsyncFunctionDef": Lowering._function,
        "ClassDef": Lowering._class,
        "Match": Lowering._match,
        "TypeAlias": Lowering._type_alias,
    }
)
_EXPRESSIONS = _table(
    {
        "Constant": Lowering._constant,
        "Name": Lowering._name,
        "Attribute": Lowering._attribute,
        "Subscript": Lowering._subscript,
        "Slice": Lowering._slice,
        "Call": Lowering._call,
        "Starred": Lowering._starred,
        "JoinedStr": Lowering._joined,
        "TemplateStr": Lowering._template,
        "BinOp": Lowering._binary,
        "UnaryOp": Lowering._unary,
        "BoolOp": Lowering._bool,
        "Compare": Lowering._compare,
        "IfExp": Lowering._cond,
        "Lambda": Lowering._lambda,
        "List": Lowering._seq,
        "Tuple": Lowering._seq,
        "Set": Lowering._seq,
        "Dict": Lowering._dict,
        "ListComp": Lowering._comp,
        "SetComp": Lowering._comp,
        "DictComp": Lowering._comp,
        "GeneratorExp": Lowering._comp,
        "Await": Lowering._await,
        "Yield": Lowering._yield,
        "YieldFrom": Lowering._yield_from,
        "NamedExpr": Lowering._walrus,
    }
)
