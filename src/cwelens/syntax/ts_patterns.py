"""Lowers tree-sitter's patterns of `match`; see `from_tree_sitter` for the invariants."""

from __future__ import annotations

from tree_sitter import Node

from cwelens.ir import nodes as ir
from cwelens.syntax.ts_expressions import Expressions

_LITERALS = ("string", "concatenated_string", "integer", "float", "complex_pattern")
_SINGLETONS = ("true", "false", "none")


def case(low: Expressions, node: Node) -> ir.Pattern:
    """The pattern of a case clause; several without brackets are one sequence."""
    parts = [part for part in low.named(node) if part.type == "case_pattern"]
    comma = any(child.type == "," for child in node.children)
    if len(parts) == 1 and not comma:
        return pattern(low, parts[0])
    patterns = [pattern(low, part) for part in parts]
    last = node.children.index(parts[-1])
    end = low.pos(node.children[last + 1] if node.children[last + 1].type == "," else parts[-1])
    return ir.PatternSeq(patterns, (*patterns[0].pos[:2], *end[2:]))


def pattern(low: Expressions, node: Node) -> ir.Pattern:
    """The pattern of one node."""
    pos = low.pos(node)
    kind = node.type
    if kind == "case_pattern":
        return _of_parts(low, node.children, pos)
    if kind == "as_pattern":
        inner, name = low.named(node)
        return ir.PatternCapture(low.word(name), pattern(low, inner), pos)
    if kind == "union_pattern":
        return ir.PatternOr(_alternatives(low, node), pos)
    if kind == "list_pattern":
        return ir.PatternSeq([pattern(low, part) for part in low.named(node)], pos)
    if kind == "tuple_pattern":
        parts = low.named(node)
        comma = any(child.type == "," for child in node.children)
        if len(parts) == 1 and not comma:
            return pattern(low, parts[0])
        return ir.PatternSeq([pattern(low, part) for part in parts], pos)
    if kind == "dict_pattern":
        return _mapping(low, node, pos)
    if kind == "class_pattern":
        return _class(low, node, pos)
    if kind == "splat_pattern":
        names = low.named(node)
        rest = low.word(names[0]) if names else "_"
        return ir.PatternStar(None if rest == "_" else rest, pos)
    if kind == "dotted_name":
        return _dotted(low, node, pos)
    if kind == "keyword_pattern":
        given = [
            child for child in node.children[1:] if child.type not in ("=", "comment", "line_continuation")
        ]
        return _of_parts(low, given, (*low.pos(given[0])[:2], *pos[2:]))
    if kind in _LITERALS or kind in _SINGLETONS:
        return ir.PatternValue(_value(low, node), pos)
    return ir.PatternCapture(None, None, pos)


def _of_parts(low: Expressions, children: list[Node], pos: ir.Pos) -> ir.Pattern:
    """What stands in one case pattern or one alternative: a node, `_`, or a sign and a number."""
    parts = [child for child in children if child.type not in ("comment", "line_continuation")]
    if parts[0].type == "-":
        return ir.PatternValue(ir.Unary("-", low.expr(parts[1]), pos), pos)
    if parts[0].type == "_":
        return ir.PatternCapture(None, None, pos)
    return pattern(low, parts[0])


def _alternatives(low: Expressions, node: Node) -> list[ir.Pattern]:
    groups: list[list[Node]] = [[]]
    for child in node.children:
        if child.type == "|":
            groups.append([])
        elif child.type not in ("comment", "line_continuation"):
            groups[-1].append(child)
    out = []
    for group in groups:
        first, last = low.pos(group[0]), low.pos(group[-1])
        out.append(_of_parts(low, group, (first[0], first[1], last[2], last[3])))
    return out


def _dotted(low: Expressions, node: Node, pos: ir.Pos) -> ir.Pattern:
    names = low.named(node)
    if len(names) == 1:
        name = low.word(names[0])
        return ir.PatternCapture(None if name == "_" else name, None, pos)
    return ir.PatternValue(_attribute(low, names), pos)


def _attribute(low: Expressions, names: list[Node]) -> ir.Expr:
    start = low.pos(names[0])
    value: ir.Expr = ir.Name(low.word(names[0]), start)
    for name in names[1:]:
        end = low.pos(name)
        value = ir.Attr(value, low.word(name), (start[0], start[1], end[2], end[3]))
    return value


def _value(low: Expressions, node: Node) -> ir.Expr:
    if node.type != "complex_pattern":
        return low.expr(node)
    # `[-] real (+|-) imaginary`
    parts = [child for child in node.children if child.type not in ("comment", "line_continuation")]
    pos = low.pos(node)
    if parts[0].type == "-":
        number = low.expr(parts[1])
        real: ir.Expr = ir.Unary("-", number, (pos[0], pos[1], *number.pos[2:]))
        parts = parts[1:]
    else:
        real = low.expr(parts[0])
    return ir.Binary(parts[1].type, real, low.expr(parts[2]), pos)


def _mapping(low: Expressions, node: Node, pos: ir.Pos) -> ir.Pattern:
    keys: list[ir.Expr] = []
    patterns: list[ir.Pattern] = []
    rest: str | None = None
    pending: list[Node] = []
    for child in node.children:
        if child.type == "splat_pattern":
            rest = low.word(low.named(child)[0])
        elif child.type == ":":
            keys.append(_key(low, pending))
            pending = []
        elif child.type == "case_pattern" and len(patterns) < len(keys):
            patterns.append(pattern(low, child))
        elif child.type not in ("{", "}", ",", "comment", "line_continuation"):
            pending.append(child)
    return ir.PatternMap(keys, patterns, rest, pos)


def _key(low: Expressions, parts: list[Node]) -> ir.Expr:
    if parts[0].type == "-":
        number = low.expr(parts[1])
        return ir.Unary("-", number, (*low.pos(parts[0])[:2], *number.pos[2:]))
    if parts[0].type == "case_pattern":
        inner = pattern(low, parts[0])
        return (
            inner.value if isinstance(inner, ir.PatternValue) else ir.Unknown("a mapping key", [], inner.pos)
        )
    if parts[0].type == "dotted_name":
        return _attribute(low, low.named(parts[0]))
    return _value(low, parts[0])


def _class(low: Expressions, node: Node, pos: ir.Pos) -> ir.Pattern:
    name, *parts = low.named(node)
    patterns: list[tuple[str | None, ir.Pattern]] = []
    for part in parts:
        found = pattern(low, part)
        keyword = _keyword(part)
        if keyword is None:
            patterns.append((None, found))
        else:
            _begin_with_value(found)
            patterns.append((low.word(low.named(keyword)[0]), found))
    return ir.PatternClass(_attribute(low, low.named(name)), patterns, pos)


def _keyword(node: Node) -> Node | None:
    """The `name=value` at the start of an argument: the grammar binds it tighter than `|` and `as`."""
    while node.type in ("case_pattern", "as_pattern", "union_pattern") and node.named_child_count:
        node = node.named_children[0]
    return node if node.type == "keyword_pattern" else None


def _begin_with_value(pattern: ir.Pattern) -> None:
    """Moves the start of alternatives and captures from the argument's name to its value."""
    chain = [pattern]
    while True:
        last = chain[-1]
        if isinstance(last, ir.PatternCapture) and last.pattern is not None:
            chain.append(last.pattern)
        elif isinstance(last, ir.PatternOr):
            chain.append(last.patterns[0])
        else:
            break
    for outer in chain[:-1]:
        outer.pos = (*last.pos[:2], *outer.pos[2:])
