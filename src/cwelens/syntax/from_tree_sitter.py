"""Lowers a tree of tree-sitter's Python grammar to the intermediate representation: statements.

It reads what the interpreter's own `ast` refuses: newer syntax, Python 2. Expressions are in `ts_expressions`, patterns of `match` in
`ts_patterns`.

Invariants
- Where `ast` reads a text too, the result is the same, positions included (a test compares the dumps). In particular a compound
  statement ends where its last statement ends, and parentheses belong to no node but a tuple, a generator and a call.
- A node kind without an entry becomes an `Unknown` / `UnknownStmt` with its name as the reason.
- Only a tree without errors is lowered as a module; of one with errors, `salvage` gives the readable expressions.
"""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Language, Node, Parser
from tree_sitter_python import language

from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.syntax import ts_patterns
from cwelens.syntax.ts_expressions import EXPRESSIONS, Expressions

_CHUNK = 65_536
_parser = Parser(Language(language()))


def parse(data: bytes) -> Node | None:
    """The root of the tree of some UTF-8 text, or None where the grammar does not understand all of it.

    The parse stops at the first error: recovering from errors costs up to a hundred times what parsing does.
    """
    try:
        tree = _parser.parse(
            lambda at, _: data[at : at + _CHUNK], progress_callback=lambda _, has_error: has_error
        )
    except ValueError:
        _parser.reset()
        return None
    return None if tree.root_node.has_error else tree.root_node


def parse_broken(data: bytes) -> Node:
    """The root of the tree of any text, errors and all."""
    return _parser.parse(data).root_node


class Lowering(Expressions):
    """One run over one tree of `data`; `line` is added to every line.

    `python2` is set by what only Python 2 has, `incomplete` by what the grammar lets pass: a block without statements, a `try`
    without handler.
    """

    def __init__(self, data: bytes, line: int = 0) -> None:
        super().__init__(data, line)
        self.incomplete = False

    def module(self, root: Node) -> list[ir.Stmt]:
        """The statements of a tree without errors."""
        return self.block(root)

    def salvage(self, root: Node) -> list[ir.Expr]:
        """The largest readable expressions of a tree with errors, in source order."""
        found: list[ir.Expr] = []
        stack = [root]
        while stack:
            node = stack.pop()
            if node.is_named and not node.has_error and node.type in EXPRESSIONS:
                found.append(self.expr(node))
            else:
                stack.extend(reversed(node.children))
        return found

    def block(self, node: Node | None) -> list[ir.Stmt]:
        if node is None:
            return []
        out: list[ir.Stmt] = []
        for child in self.named(node):
            method = _STATEMENTS.get(child.type)
            out.append(method(self, child) if method else self._unknown_stmt(child))
        return out

    def _suite(self, node: Node | None) -> list[ir.Stmt]:
        """The body of a compound statement, which must not be empty."""
        body = self.block(node)
        self.incomplete = self.incomplete or not body
        return body

    def _unknown_stmt(self, node: Node) -> ir.Stmt:
        return ir.UnknownStmt(f"unknown statement {node.type}", self.salvage(node), [], self.pos(node))

    def _closed(self, node: Node, *blocks: list[ir.Stmt]) -> ir.Pos:
        """The position of a compound statement: to the end of the last statement in the blocks, or the semicolon after it."""
        pos = self.pos(node)
        last = next((block[-1] for block in reversed(blocks) if block), None)
        if last is None:
            return pos
        line, column = last.pos[2:]
        if line == pos[2]:
            begin = node.end_byte - pos[3] + column
            after = self.data[begin : begin + 80]
            if after.lstrip(b" \t")[:1] == b";":
                column += after.index(b";") + 1
        return (pos[0], pos[1], line, column)

    # Simple statements

    def _expression_statement(self, node: Node) -> ir.Stmt:
        parts = self.named(node)
        if len(parts) == 1 and node.child_count == 1:
            only = parts[0]
            if only.type == "assignment":
                return self._assignment(only)
            if only.type == "augmented_assignment":
                return self._augmented(only)
            return ir.ExprStmt(self.expr(only), self.pos(node))
        return ir.ExprStmt(self.tuple_of(node), self.pos(node))

    def _assignment(self, node: Node) -> ir.Stmt:
        targets: list[ir.Expr] = []
        pos = self.pos(node)
        annotation: ir.Expr | None = None
        right: Node | None = node
        while right is not None and right.type == "assignment":
            left = right.child_by_field_name("left")
            assert left is not None
            targets.append(self.expr(left))
            declared = right.child_by_field_name("type")
            if declared is not None:
                annotation = self.expr(declared)
            right = right.child_by_field_name("right")
        return ir.Assign(targets, self.maybe(right), annotation, pos)

    def _augmented(self, node: Node) -> ir.Stmt:
        op = self.text(self.field(node, "operator"))[:-1]
        return ir.AugAssign(
            self.expr(self.field(node, "left")), op, self.expr(self.field(node, "right")), self.pos(node)
        )

    def _return(self, node: Node) -> ir.Stmt:
        parts = self.named(node)
        return ir.Return(self.expr(parts[0]) if parts else None, self.pos(node))

    def _raise(self, node: Node) -> ir.Stmt:
        cause = node.child_by_field_name("cause")
        parts = [part for part in self.named(node) if part != cause]
        pos = self.pos(node)
        if not parts:
            return ir.Raise(None, self.maybe(cause), pos)
        if parts[0].type == "expression_list":
            # Python 2: `raise E, argument, traceback`.
            self.python2 = True
            values = [self.expr(part) for part in self.named(parts[0])]
            end = values[min(1, len(values) - 1)].pos
            call = ir.Call(values[0], values[1:2], [], (*values[0].pos[:2], *end[2:]))
            return ir.Raise(call, None, pos)
        return ir.Raise(self.expr(parts[0]), self.maybe(cause), pos)

    def _assert(self, node: Node) -> ir.Stmt:
        parts = self.named(node)
        message = self.expr(parts[1]) if len(parts) > 1 else None
        return ir.Assert(self.expr(parts[0]), message, self.pos(node))

    def _delete(self, node: Node) -> ir.Stmt:
        parts = self.named(node)
        if len(parts) == 1 and parts[0].type == "expression_list":
            parts = self.named(parts[0])
        return ir.Delete([self.expr(part) for part in parts], self.pos(node))

    def _pass(self, node: Node) -> ir.Stmt:
        return ir.Jump("pass", self.pos(node))

    def _break(self, node: Node) -> ir.Stmt:
        return ir.Jump("break", self.pos(node))

    def _continue(self, node: Node) -> ir.Stmt:
        return ir.Jump("continue", self.pos(node))

    def _global(self, node: Node) -> ir.Stmt:
        return ir.Scope("global", [self.word(part) for part in self.named(node)], self.pos(node))

    def _nonlocal(self, node: Node) -> ir.Stmt:
        return ir.Scope("nonlocal", [self.word(part) for part in self.named(node)], self.pos(node))

    def _import(self, node: Node) -> ir.Stmt:
        return ir.Import(self._imported(node.children_by_field_name("name")), self.pos(node))

    def _import_from(self, node: Node) -> ir.Stmt:
        origin = node.child_by_field_name("module_name")
        module, level = "__future__", 0
        if origin is not None:
            spelling = self._dotted(origin)
            module = spelling.lstrip(".")
            level = len(spelling) - len(module)
        if any(part.type == "wildcard_import" for part in node.children):
            names: list[tuple[str, str | None]] = [("*", None)]
        else:
            names = self._imported(node.children_by_field_name("name"))
        return ir.ImportFrom(module, level, names, self.pos(node))

    def _imported(self, nodes: list[Node]) -> list[tuple[str, str | None]]:
        out: list[tuple[str, str | None]] = []
        for node in nodes:
            if node.type == "aliased_import":
                out.append((self._dotted(self.field(node, "name")), self.word(self.field(node, "alias"))))
            else:
                out.append((self._dotted(node), None))
        return out

    def _dotted(self, node: Node) -> str:
        """A dotted name without the spaces, line breaks and comments that may stand in it."""
        if node.child_count == 0:
            return self.word(node)
        return "".join(
            self._dotted(child)
            for child in node.children
            if child.type not in ("comment", "line_continuation")
        )

    def _print(self, node: Node) -> ir.Stmt:
        """Python 2: `print >>file, a, b` as the call `print(a, b, file=file)`."""
        self.python2 = True
        keywords: list[tuple[str | None, ir.Expr]] = []
        args: list[ir.Expr] = []
        for part in self.named(node):
            if part.type == "chevron":
                keywords.append(("file", self.expr(self.named(part)[0])))
            else:
                args.append(self.expr(part))
        pos = self.pos(node)
        name = ir.Name("print", self.pos(node.children[0]))
        return ir.ExprStmt(ir.Call(name, args, keywords, pos), pos)

    def _exec(self, node: Node) -> ir.Stmt:
        """Python 2: `exec code in globals, locals` as the call `exec(code, globals, locals)`."""
        self.python2 = True
        pos = self.pos(node)
        args = [self.expr(part) for part in self.named(node)]
        if len(args) == 1 and isinstance(args[0], ir.Compare) and args[0].ops == ["in"]:
            args = [args[0].left, *args[0].rights]
        name = ir.Name("exec", self.pos(node.children[0]))
        return ir.ExprStmt(ir.Call(name, args, [], pos), pos)

    def _type_alias(self, node: Node) -> ir.Stmt:
        name = self.field(node, "left")
        while name.type in ("type", "generic_type") and name.child_count:
            name = name.children[0]
        if name.type != "identifier":
            return self._type_call(node)
        return ir.TypeDecl(self.word(name), self.expr(self.field(node, "right")), self.pos(node))

    def _type_call(self, node: Node) -> ir.Stmt:
        """`type(x).y = z`, which the grammar takes for an alias: read again under another name of the same length."""
        row, column = node.start_point
        stand_in = b"_" * len(b"type")
        source = b" " * column + stand_in + self.data[node.start_byte + len(stand_in) : node.end_byte]
        root = parse(source)
        if root is None:
            return self._unknown_stmt(node)
        again = Lowering(source, self.line + row)
        statement = again.block(root)[0]
        for inner in walk(statement):
            if isinstance(inner, ir.Name) and inner.id == stand_in.decode():
                inner.id = "type"
        return statement

    # Compound statements

    def _if(self, node: Node) -> ir.Stmt:
        return self._branch(node, node.children_by_field_name("alternative"))

    def _branch(self, node: Node, rest: list[Node]) -> ir.Stmt:
        test = self.expr(self.field(node, "condition"))
        body = self._suite(node.child_by_field_name("consequence"))
        orelse: list[ir.Stmt] = []
        if rest:
            first = rest[0]
            orelse = [self._branch(first, rest[1:])] if first.type == "elif_clause" else self._body(first)
        return ir.If(test, body, orelse, self._closed(node, body, orelse))

    def _body(self, clause: Node | None) -> list[ir.Stmt]:
        return (
            []
            if clause is None
            else self._suite(clause.child_by_field_name("body") or self._last_block(clause))
        )

    def _last_block(self, clause: Node) -> Node | None:
        return next((child for child in reversed(clause.children) if child.type == "block"), None)

    def _while(self, node: Node) -> ir.Stmt:
        test = self.expr(self.field(node, "condition"))
        body, orelse = self._body(node), self._body(node.child_by_field_name("alternative"))
        return ir.While(test, body, orelse, self._closed(node, body, orelse))

    def _for(self, node: Node) -> ir.Stmt:
        target, iterable = self.expr(self.field(node, "left")), self.expr(self.field(node, "right"))
        body, orelse = self._body(node), self._body(node.child_by_field_name("alternative"))
        return ir.For(target, iterable, body, orelse, self.is_async(node), self._closed(node, body, orelse))

    def _try(self, node: Node) -> ir.Stmt:
        body = self._body(node)
        handlers: list[ir.Handler] = []
        orelse: list[ir.Stmt] = []
        final: list[ir.Stmt] = []
        for clause in self.named(node):
            if clause.type in ("except_clause", "except_group_clause"):
                handlers.append(self._handler(clause))
            elif clause.type == "else_clause":
                orelse = self._body(clause)
            elif clause.type == "finally_clause":
                final = self._body(clause)
        self.incomplete = self.incomplete or not (handlers or final)
        caught: list[ir.Stmt] = handlers[-1].body if handlers else []
        return ir.Try(body, handlers, orelse, final, self._closed(node, body, caught, orelse, final))

    def _handler(self, node: Node) -> ir.Handler:
        star = any(child.type in ("*", "except*") for child in node.children)
        body = self._body(node)
        parts = [part for part in self.named(node) if part.type != "block"]
        name: str | None = None
        types: ir.Expr | None = None
        if len(parts) == 1 and parts[0].type == "as_pattern":
            inner = self.named(parts[0])
            types, name = self.expr(inner[0]), self.text(inner[-1])
        elif len(parts) == 2 and any(child.type == "as" for child in node.children):
            types, name = self.expr(parts[0]), self.text(parts[1])
        elif len(parts) == 2 and self._binds(parts[1]):
            self.python2 = True
            types, name = self.expr(parts[0]), self.word(parts[1])
        elif len(parts) > 1:
            # PEP 758: `except A, B:`.
            each = [self.expr(part) for part in parts]
            types = ir.Seq("tuple", each, (*each[0].pos[:2], *each[-1].pos[2:]))
        elif parts:
            types = self.expr(parts[0])
        return ir.Handler(types, name, body, star, self._closed(node, body))

    def _binds(self, node: Node) -> bool:
        """Whether the second part of `except A, b:` is Python 2's name: exception classes begin with a capital."""
        return node.type == "identifier" and not self.text(node).lstrip("_")[:1].isupper()

    def _with(self, node: Node) -> ir.Stmt:
        clause = next(child for child in node.children if child.type == "with_clause")
        items: list[tuple[ir.Expr, ir.Expr | None]] = []
        parts = [self.field(item, "value") for item in self.named(clause)]
        if len(parts) == 1 and parts[0].type == "tuple" and parts[0].named_child_count:
            parts = self.named(parts[0])
        elif len(parts) == 1 and parts[0].type == "parenthesized_expression":
            inner = self.named(parts[0])
            parts = inner if inner[0].type == "as_pattern" else parts
        for part in parts:
            if part.type == "as_pattern":
                value, target = self.named(part)
                items.append((self.expr(value), self.expr(self.named(target)[0])))
            else:
                items.append((self.expr(part), None))
        body = self._body(node)
        return ir.With(items, body, self.is_async(node), self._closed(node, body))

    def _decorated(self, node: Node) -> ir.Stmt:
        decorators = [self.expr(self.named(part)[0]) for part in self.named(node) if part.type == "decorator"]
        definition = self.field(node, "definition")
        if definition.type == "class_definition":
            return self._class(definition, decorators)
        return self._function(definition, decorators)

    def _function(self, node: Node, decorators: list[ir.Expr] | None = None) -> ir.Stmt:
        params, unpacked = self.params(node.child_by_field_name("parameters"))
        body = [*unpacked, *self._body(node)]
        return ir.Function(
            self.word(self.field(node, "name")),
            params,
            body,
            decorators or [],
            self.maybe(node.child_by_field_name("return_type")),
            self.is_async(node),
            self._closed(node, body),
        )

    def _class(self, node: Node, decorators: list[ir.Expr] | None = None) -> ir.Stmt:
        bases, keywords = self.arguments(node.child_by_field_name("superclasses"))
        body = self._body(node)
        name = self.word(self.field(node, "name"))
        return ir.Class(name, bases, keywords, body, decorators or [], self._closed(node, body))

    def _match(self, node: Node) -> ir.Stmt:
        subjects = node.children_by_field_name("subject")
        comma = any(child.type == "," for child in node.children)
        if comma:
            subject = self.tuple_between(subjects, node.children)
        else:
            subject = self.expr(subjects[0])
        cases = [
            self._case(part) for part in self.named(self.field(node, "body")) if part.type == "case_clause"
        ]
        return ir.Match(subject, cases, self._closed(node, cases[-1].body if cases else []))

    def _case(self, node: Node) -> ir.Case:
        pattern = ts_patterns.case(self, node)
        guard = node.child_by_field_name("guard")
        body = self._suite(node.child_by_field_name("consequence"))
        end = body[-1].pos if body else pattern.pos
        test = self.expr(self.named(guard)[0]) if guard is not None else None
        return ir.Case(pattern, test, body, (*pattern.pos[:2], *end[2:]))


_STATEMENTS: dict[str, Callable[[Lowering, Node], ir.Stmt]] = {
    "expression_statement": Lowering._expression_statement,
    "return_statement": Lowering._return,
    "raise_statement": Lowering._raise,
    "assert_statement": Lowering._assert,
    "delete_statement": Lowering._delete,
    "pass_statement": Lowering._pass,
    "break_statement": Lowering._break,
    "continue_statement": Lowering._continue,
    "global_statement": Lowering._global,
    "nonlocal_statement": Lowering._nonlocal,
    "import_statement": Lowering._import,
    "import_from_statement": Lowering._import_from,
    "future_import_statement": Lowering._import_from,
    "print_statement": Lowering._print,
    "exec_statement": Lowering._exec,
    "type_alias_statement": Lowering._type_alias,
    "if_statement": Lowering._if,
    "while_statement": Lowering._while,
    "for_statement": Lowering._for,
    "try_statement": Lowering._try,
    "with_statement": Lowering._with,
    "function_definition": Lowering._function,
    "class_definition": Lowering._class,
    "decorated_definition": Lowering._decorated,
    "match_statement": Lowering._match,
}
