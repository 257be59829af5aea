"""Lowers tree-sitter's expressions, parameters and arguments; see `from_tree_sitter` for the invariants."""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from cwelens.ir import nodes as ir
from cwelens.syntax import literals

_EXTRAS = ("comment", "line_continuation")


class Expressions:
    """One run over one tree of `data`; `line` is added to every line. `python2` is set by what only Python 2 has."""

    def __init__(self, data: bytes, line: int = 0) -> None:
        self.data = data
        self.line = line
        self.python2 = False

    # Access to the tree

    def pos(self, node: Node) -> ir.Pos:
        start, end = node.start_point, node.end_point
        line = self.line + 1
        return (start[0] + line, start[1], end[0] + line, end[1])

    def text(self, node: Node) -> str:
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def word(self, node: Node) -> str:
        return literals.identifier(self.text(node))

    def named(self, node: Node) -> list[Node]:
        return [child for child in node.named_children if child.type not in _EXTRAS]

    def field(self, node: Node, name: str) -> Node:
        found = node.child_by_field_name(name)
        assert found is not None, (node.type, name)
        return found

    def is_async(self, node: Node) -> bool:
        return node.children[0].type == "async"

    # Expressions

    def expr(self, node: Node) -> ir.Expr:
        method = EXPRESSIONS.get(node.type)
        return method(self, node) if method else self._unknown(node)

    def maybe(self, node: Node | None) -> ir.Expr | None:
        return None if node is None else self.expr(node)

    def _unknown(self, node: Node) -> ir.Expr:
        parts = [self.expr(child) for child in self.named(node) if child.type in EXPRESSIONS]
        return ir.Unknown(f"unknown expression {node.type}", parts, self.pos(node))

    def tuple_of(self, node: Node) -> ir.Expr:
        """A node whose named children are the items of a tuple."""
        return ir.Seq("tuple", [self.expr(part) for part in self.named(node)], self.pos(node))

    def tuple_between(self, items: list[Node], siblings: list[Node]) -> ir.Expr:
        """A tuple without a node of its own: from its first item to its last, or to the comma after that."""
        start, end = self.pos(items[0]), self.pos(items[-1])
        place = siblings.index(items[-1])
        if place + 1 < len(siblings) and siblings[place + 1].type == ",":
            end = self.pos(siblings[place + 1])
        return ir.Seq("tuple", [self.expr(item) for item in items], (start[0], start[1], end[2], end[3]))

    def _tuple_pattern(self, node: Node) -> ir.Expr:
        """A tuple as a target; without a comma it is only a target in parentheses."""
        parts = self.named(node)
        if len(parts) == 1 and not _has_comma(node):
            return self.expr(parts[0])
        return self.tuple_of(node)

    def _name(self, node: Node) -> ir.Expr:
        return ir.Name(self.word(node), self.pos(node))

    def _ellipsis(self, node: Node) -> ir.Expr:
        return ir.Name("Ellipsis", self.pos(node))

    def _true(self, node: Node) -> ir.Expr:
        return ir.Const(True, self.pos(node))

    def _false(self, node: Node) -> ir.Expr:
        return ir.Const(False, self.pos(node))

    def _none(self, node: Node) -> ir.Expr:
        return ir.Const(None, self.pos(node))

    def _number(self, node: Node) -> ir.Expr:
        text = self.text(node)
        if text[-1] in "lL" or (text[0] == "0" and text.isdecimal() and text.strip("0")):
            self.python2 = True
        try:
            return ir.Const(literals.number(text), self.pos(node))
        except ValueError:
            return ir.Unknown("a number that Python does not read", [], self.pos(node))

    def _attribute(self, node: Node) -> ir.Expr:
        base, pos = self.expr(self.field(node, "object")), self.pos(node)
        name = self.word(self.field(node, "attribute"))
        if isinstance(base, ir.Star):
            return _star_over(ir.Attr(base.value, name, pos), base.value)
        return ir.Attr(base, name, pos)

    def _subscript(self, node: Node) -> ir.Expr:
        keys = node.children_by_field_name("subscript")
        base = self.expr(self.field(node, "value"))
        if len(keys) == 1 and not _has_comma(node):
            key = self.expr(keys[0])
            if isinstance(key, ir.Star):
                key = ir.Seq("tuple", [key], key.pos)
        else:
            key = self.tuple_between(keys, node.children)
        if isinstance(base, ir.Star):
            return _star_over(ir.Item(base.value, key, self.pos(node)), base.value)
        return ir.Item(base, key, self.pos(node))

    def _slice(self, node: Node) -> ir.Expr:
        parts: list[ir.Expr | None] = [None, None, None]
        index = 0
        for child in node.children:
            if child.type == ":":
                index += 1
            elif child.type not in _EXTRAS:
                parts[index] = self.expr(child)
        return ir.Slice(parts[0], parts[1], parts[2], self.pos(node))

    def _call(self, node: Node) -> ir.Expr:
        func = self.expr(self.field(node, "function"))
        given = self.field(node, "arguments")
        if given.type == "generator_expression":
            return ir.Call(func, [self.expr(given)], [], self.pos(node))
        args, keywords = self.arguments(given)
        if isinstance(func, ir.Star):
            return _star_over(ir.Call(func.value, args, keywords, self.pos(node)), func.value)
        return ir.Call(func, args, keywords, self.pos(node))

    def arguments(self, node: Node | None) -> tuple[list[ir.Expr], list[tuple[str | None, ir.Expr]]]:
        args: list[ir.Expr] = []
        keywords: list[tuple[str | None, ir.Expr]] = []
        for part in self.named(node) if node is not None else ():
            if part.type == "keyword_argument":
                keywords.append((self.word(self.field(part, "name")), self.expr(self.field(part, "value"))))
            elif part.type == "dictionary_splat":
                keywords.append((None, self.expr(self.named(part)[0])))
            else:
                args.append(self.expr(part))
        return args, keywords

    def _star(self, node: Node) -> ir.Expr:
        return ir.Star(self.expr(self.named(node)[0]), self.pos(node))

    def _inner(self, node: Node) -> ir.Expr:
        """Parentheses and other wrappers that mean what is in them."""
        parts = self.named(node)
        return self.expr(parts[0]) if parts else self._unknown(node)

    def _binary(self, node: Node) -> ir.Expr:
        op = self.text(self.field(node, "operator"))
        if op in ("&", "^"):
            return self._and_xor(node)
        left, right = self.expr(self.field(node, "left")), self.expr(self.field(node, "right"))
        if isinstance(left, ir.Star):
            return _star_over(ir.Binary(op, left.value, right, self.pos(node)), left.value)
        return ir.Binary(op, left, right, self.pos(node))

    def _and_xor(self, node: Node) -> ir.Expr:
        """A chain of `&` and `^`: the grammar binds `^` tighter, the language `&`."""
        operands: list[tuple[ir.Expr, Node]] = []
        ops: list[str] = []

        def flatten(part: Node) -> None:
            op = self.text(self.field(part, "operator")) if part.type == "binary_operator" else ""
            if op in ("&", "^"):
                flatten(self.field(part, "left"))
                ops.append(op)
                flatten(self.field(part, "right"))
            else:
                operands.append((self.expr(part), part))

        def joined(
            op: str, left: tuple[ir.Expr, Node, Node], right: tuple[ir.Expr, Node, Node]
        ) -> tuple[ir.Expr, Node, Node]:
            pos = (*self.pos(left[1])[:2], *self.pos(right[2])[2:])
            return (ir.Binary(op, left[0], right[0], pos), left[1], right[2])

        flatten(node)
        terms = [(value, part, part) for value, part in operands]
        groups = [terms[0]]
        for op, term in zip(ops, terms[1:], strict=True):
            if op == "&":
                groups[-1] = joined("&", groups[-1], term)
            else:
                groups.append(term)
        value = groups[0]
        for group in groups[1:]:
            value = joined("^", value, group)
        return value[0]

    def _unary(self, node: Node) -> ir.Expr:
        return ir.Unary(
            self.text(self.field(node, "operator")), self.expr(self.field(node, "argument")), self.pos(node)
        )

    def _not(self, node: Node) -> ir.Expr:
        return ir.Unary("not", self.expr(self.field(node, "argument")), self.pos(node))

    def _bool(self, node: Node) -> ir.Expr:
        op = self.text(self.field(node, "operator"))
        values: list[ir.Expr] = []
        left = node
        while left.type == "boolean_operator" and self.text(self.field(left, "operator")) == op:
            values.append(self.expr(self.field(left, "right")))
            left = self.field(left, "left")
        values.append(self.expr(left))
        return ir.BoolOp(op, values[::-1], self.pos(node))

    def _compare(self, node: Node) -> ir.Expr:
        operands = [self.expr(part) for part in self.named(node)]
        ops = []
        for token in node.children_by_field_name("operators"):
            op = " ".join(self.text(token).split())
            if op == "<>":
                self.python2 = True
                op = "!="
            ops.append(op)
        return ir.Compare(operands[0], _joined_operators(ops), operands[1:], self.pos(node))

    def _cond(self, node: Node) -> ir.Expr:
        body, test, orelse = self.named(node)
        return ir.Cond(self.expr(test), self.expr(body), self.expr(orelse), self.pos(node))

    def _lambda(self, node: Node) -> ir.Expr:
        params, _ = self.params(node.child_by_field_name("parameters"))
        return ir.Lambda(params, self.expr(self.field(node, "body")), self.pos(node))

    def _list(self, node: Node) -> ir.Expr:
        return ir.Seq("list", [self.expr(part) for part in self.named(node)], self.pos(node))

    def _set(self, node: Node) -> ir.Expr:
        return ir.Seq("set", [self.expr(part) for part in self.named(node)], self.pos(node))

    def _dict(self, node: Node) -> ir.Expr:
        items: list[tuple[ir.Expr | None, ir.Expr]] = []
        for part in self.named(node):
            if part.type == "pair":
                items.append((self.expr(self.field(part, "key")), self.expr(self.field(part, "value"))))
            else:
                items.append((None, self.expr(self.named(part)[0])))
        return ir.DictDisplay(items, self.pos(node))

    def _comp(self, node: Node) -> ir.Expr:
        kind = node.type.split("_")[0].replace("dictionary", "dict")
        body = self.field(node, "body")
        fors: list[ir.CompFor] = []
        for part in self.named(node):
            if part.type == "for_in_clause":
                fors.append(self._comp_for(part))
            elif part.type == "if_clause":
                fors[-1].conditions.append(self.expr(self.named(part)[0]))
        if body.type == "pair":
            key, value = self.expr(self.field(body, "key")), self.expr(self.field(body, "value"))
            return ir.Comp(kind, key, value, fors, self.pos(node))
        return ir.Comp(kind, self.expr(body), None, fors, self.pos(node))

    def _comp_for(self, node: Node) -> ir.CompFor:
        target = self.expr(self.field(node, "left"))
        rights = node.children_by_field_name("right")
        commas = [child for child in rights if child.type == ","]
        rights = [child for child in rights if child.type != ","]
        # Python 2: `for x in a, b`.
        iterable = (
            self.tuple_between(rights, node.children) if commas or len(rights) > 1 else self.expr(rights[0])
        )
        return ir.CompFor(target, iterable, [], self.is_async(node), target.pos)

    def _await(self, node: Node) -> ir.Expr:
        return ir.Await(self.expr(self.named(node)[0]), self.pos(node))

    def _yield(self, node: Node) -> ir.Expr:
        parts = self.named(node)
        delegate = any(child.type == "from" for child in node.children)
        return ir.Yield(self.expr(parts[0]) if parts else None, delegate, self.pos(node))

    def _walrus(self, node: Node) -> ir.Expr:
        return ir.Walrus(
            self.expr(self.field(node, "name")), self.expr(self.field(node, "value")), self.pos(node)
        )

    # Annotations

    def _generic(self, node: Node) -> ir.Expr:
        base, given = self.named(node)
        keys = self.named(given)
        key = self.tuple_between(keys, given.children) if _has_comma(given) else self.expr(keys[0])
        if isinstance(key, ir.Star):
            key = ir.Seq("tuple", [key], key.pos)
        return ir.Item(self.expr(base), key, self.pos(node))

    def _union(self, node: Node) -> ir.Expr:
        # The grammar nests `a | b | c` to the right, the language to the left.
        first, *rest = self._alternatives(node)
        value = self.expr(first)
        for part in rest:
            end = self.pos(part)
            value = ir.Binary("|", value, self.expr(part), (*self.pos(first)[:2], *end[2:]))
        return value

    def _alternatives(self, node: Node) -> list[Node]:
        """The operands of a union in an annotation, which the grammar wraps in `type` nodes."""
        while node.type == "type" and node.named_child_count == 1:
            node = node.named_children[0]
        if node.type == "union_type" or (
            node.type == "binary_operator" and self.text(self.field(node, "operator")) == "|"
        ):
            return [operand for part in self.named(node) for operand in self._alternatives(part)]
        return [node]

    def _member(self, node: Node) -> ir.Expr:
        base, name = self.named(node)
        return ir.Attr(self.expr(base), self.word(name), self.pos(node))

    # Strings

    def _string(self, node: Node) -> ir.Expr:
        return self._strings([node], self.pos(node))

    def _concatenated(self, node: Node) -> ir.Expr:
        return self._strings([part for part in self.named(node) if part.type == "string"], self.pos(node))

    def _strings(self, nodes: list[Node], pos: ir.Pos) -> ir.Expr:
        parts: list[str | ir.Hole] = []
        plain: list[str | bytes] = []
        formatted = template = False
        for node in nodes:
            start = node.children[0]
            opening = self.text(start)
            prefix = opening.rstrip("\"'`").lower()
            # Not where the closing node begins: in a raw string it takes in the backslashes before it.
            close = node.end_byte - (len(opening) - len(prefix))
            if opening[-1] == "`":
                return self._backticks(node, start, close)
            if "u" in prefix and "r" in prefix:
                self.python2 = True
            if "f" in prefix or "t" in prefix:
                formatted = True
                template = template or "t" in prefix
                parts += self._pieces(node.children[1:-1], start.end_byte, close, "r" in prefix)
            else:
                content = self.data[start.end_byte : close].decode("utf-8", "replace")
                value = literals.string(prefix, content)
                plain.append(value)
                parts.append(value if isinstance(value, str) else value.decode("latin-1"))
        if formatted:
            return ir.Format(_merged(parts), template, pos)
        if all(isinstance(value, bytes) for value in plain):
            return ir.Const(b"".join(plain), pos)  # type: ignore[arg-type]
        return ir.Const("".join(part for part in parts if isinstance(part, str)), pos)

    def _backticks(self, node: Node, start: Node, close: int) -> ir.Expr:
        """Python 2: a repr in backticks, whose content the grammar does not parse."""
        from cwelens.syntax.from_tree_sitter import parse

        self.python2 = True
        row, column = start.end_point
        inner = Expressions(b" " * column + self.data[start.end_byte : close], self.line + row)
        root = parse(inner.data)
        statements = inner.named(root) if root is not None else []
        pos = self.pos(node)
        if len(statements) != 1 or statements[0].named_child_count != 1:
            value: ir.Expr = ir.Unknown("the content of backticks", [], pos)
        else:
            value = inner.expr(statements[0].named_children[0])
        return ir.Call(ir.Name("repr", self.pos(start)), [value], [], pos)

    def _pieces(self, children: list[Node], begin: int, end: int, raw: bool) -> list[str | ir.Hole]:
        """The literal parts and the holes between two byte offsets of a format string or a format specification."""
        parts: list[str | ir.Hole] = []
        at = begin
        for child in children:
            if child.type in ("interpolation", "format_expression"):
                parts.append(self._literal(at, child.start_byte, raw))
                parts += self._hole(child, raw)
                at = child.end_byte
        parts.append(self._literal(at, end, raw))
        return parts

    def _literal(self, begin: int, end: int, raw: bool) -> str:
        text = self.data[begin:end].decode("utf-8", "replace")
        return literals.undouble(text) if raw else literals.unescape(text, braces=True)

    def _hole(self, node: Node, raw: bool) -> list[str | ir.Hole]:
        """`{value!r:spec}`; for `{value=}` also the text that is shown before the value."""
        expression = self.field(node, "expression")
        value = self.expr(expression)
        conversion = node.child_by_field_name("type_conversion")
        specifier = node.child_by_field_name("format_specifier")
        shown: list[str | ir.Hole] = []
        kind = self.text(conversion)[1:].strip() if conversion is not None else ""
        equals = next((child for child in node.children if child.type == "="), None)
        if equals is not None:
            place = node.children.index(equals)
            after = node.children[place + 1]
            begin = node.children[0].end_byte
            shown.append(self.data[begin : after.start_byte].decode("utf-8", "replace"))
            if conversion is None and specifier is None:
                kind = "r"
        spec = None
        if specifier is not None:
            begin = specifier.children[0].end_byte
            spec = ir.Format(
                _merged(self._pieces(specifier.children[1:], begin, specifier.end_byte, raw)),
                False,
                value.pos,
            )
        return [*shown, ir.Hole(value, kind, spec, value.pos)]

    # Parameters

    def params(self, node: Node | None) -> tuple[list[ir.Param], list[ir.Stmt]]:
        """Parameters, and the assignments that unpack Python 2's tuple parameters."""
        params: list[ir.Param] = []
        unpacked: list[ir.Stmt] = []
        kind = "normal"
        for part in self.named(node) if node is not None else ():
            if part.type == "positional_separator":
                for param in params:
                    param.kind = "positional"
            elif part.type == "keyword_separator":
                kind = "keyword"
            elif part.type == "tuple_pattern":
                self.python2 = True
                pos = self.pos(part)
                params.append(ir.Param(f".{len(params)}", kind, None, None, pos))
                unpacked.append(ir.Assign([self.expr(part)], ir.Name(params[-1].name, pos), None, pos))
            else:
                params.append(self._param(part, kind))
                if params[-1].kind == "star":
                    kind = "keyword"
        return params, unpacked

    def _param(self, node: Node, kind: str) -> ir.Param:
        declared = node.child_by_field_name("type")
        annotation = self.maybe(declared)
        default = self.maybe(node.child_by_field_name("value"))
        name = node
        if node.type in ("default_parameter", "typed_default_parameter"):
            name = self.field(node, "name")
        elif node.type == "typed_parameter":
            name = self.named(node)[0]
        if name.type in ("list_splat_pattern", "dictionary_splat_pattern"):
            kind = "star" if name.type == "list_splat_pattern" else "starstar"
            name = self.named(name)[0]
        start = self.pos(name)
        end = self.pos(declared) if declared is not None else start
        return ir.Param(self.word(name), kind, annotation, default, (start[0], start[1], end[2], end[3]))


def _has_comma(node: Node) -> bool:
    return any(child.type == "," for child in node.children)


def _star_over(node: ir.Expr, inner: ir.Expr) -> ir.Expr:
    """`*` over a whole postfix or binary expression: the grammar binds it to the first operand only."""
    star = ir.Star(node, node.pos)
    node.pos = (*inner.pos[:2], *node.pos[2:])
    return star


def _joined_operators(ops: list[str]) -> list[str]:
    """`not` `in` and `is` `not` as one operator each, where the grammar gives two tokens."""
    out: list[str] = []
    for op in ops:
        if out and (out[-1], op) in (("not", "in"), ("is", "not")):
            out[-1] += " " + op
        else:
            out.append(op)
    return out


def _merged(parts: list[str | ir.Hole]) -> list[str | ir.Hole]:
    """Adjacent literal parts joined, empty ones dropped."""
    out: list[str | ir.Hole] = []
    for part in parts:
        if isinstance(part, str) and out and isinstance(out[-1], str):
            out[-1] += part
        elif part != "":
            out.append(part)
    return out


EXPRESSIONS: dict[str, Callable[[Expressions, Node], ir.Expr]] = {
    "identifier": Expressions._name,
    "keyword_identifier": Expressions._name,
    "ellipsis": Expressions._ellipsis,
    "true": Expressions._true,
    "false": Expressions._false,
    "none": Expressions._none,
    "integer": Expressions._number,
    "float": Expressions._number,
    "string": Expressions._string,
    "concatenated_string": Expressions._concatenated,
    "attribute": Expressions._attribute,
    "subscript": Expressions._subscript,
    "slice": Expressions._slice,
    "call": Expressions._call,
    "list_splat": Expressions._star,
    "list_splat_pattern": Expressions._star,
    "splat_type": Expressions._star,
    "parenthesized_expression": Expressions._inner,
    "parenthesized_list_splat": Expressions._inner,
    "type": Expressions._inner,
    "as_pattern_target": Expressions._inner,
    "binary_operator": Expressions._binary,
    "unary_operator": Expressions._unary,
    "not_operator": Expressions._not,
    "boolean_operator": Expressions._bool,
    "comparison_operator": Expressions._compare,
    "conditional_expression": Expressions._cond,
    "lambda": Expressions._lambda,
    "list": Expressions._list,
    "list_pattern": Expressions._list,
    "tuple": Expressions.tuple_of,
    "tuple_pattern": Expressions._tuple_pattern,
    "pattern_list": Expressions.tuple_of,
    "expression_list": Expressions.tuple_of,
    "set": Expressions._set,
    "dictionary": Expressions._dict,
    "list_comprehension": Expressions._comp,
    "set_comprehension": Expressions._comp,
    "dictionary_comprehension": Expressions._comp,
    "generator_expression": Expressions._comp,
    "await": Expressions._await,
    "yield": Expressions._yield,
    "named_expression": Expressions._walrus,
    "generic_type": Expressions._generic,
    "union_type": Expressions._union,
    "member_type": Expressions._member,
}
