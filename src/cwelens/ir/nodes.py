"""The intermediate representation: what a piece of code does, independent of the parser that read it.

Invariants
- Nodes are never changed after lowering; analyses keep side tables keyed by node identity.
- Statements stay nested (if, loop, try); expressions stay nested. Nothing is reordered.
- `pos` is `(line, column, end_line, end_column)`: lines from 1, columns from 0 in UTF-8 bytes, in the text that was handed in
  (not in a dedented or normalised copy of it).
- What is not understood is an `Unknown` / `UnknownStmt` with its reason, and keeps what could be read inside it.

Plain classes with `__slots__`: building them is a third of the cost of frozen dataclasses and this is the hot path.
"""

from __future__ import annotations

from typing import TypeAlias

Pos: TypeAlias = tuple[int, int, int, int]
Constant: TypeAlias = str | bytes | int | float | complex | bool | None


class Node:
    __slots__ = ("pos",)
    pos: Pos


# Expressions


class Expr(Node):
    __slots__ = ()


class Const(Expr):
    """A literal; adjacent string literals are already joined. `...` is `Name("Ellipsis")`."""

    __slots__ = ("value",)

    def __init__(self, value: Constant, pos: Pos) -> None:
        self.value = value
        self.pos = pos


class Name(Expr):
    __slots__ = ("id",)

    def __init__(self, id: str, pos: Pos) -> None:
        self.id = id
        self.pos = pos


class Attr(Expr):
    """`base.name`"""

    __slots__ = ("base", "name")

    def __init__(self, base: Expr, name: str, pos: Pos) -> None:
        self.base = base
        self.name = name
        self.pos = pos


class Item(Expr):
    """`base[key]`; `key` may be a `Slice` or a tuple `Seq`."""

    __slots__ = ("base", "key")

    def __init__(self, base: Expr, key: Expr, pos: Pos) -> None:
        self.base = base
        self.key = key
        self.pos = pos


class Slice(Expr):
    __slots__ = ("lower", "upper", "step")

    def __init__(self, lower: Expr | None, upper: Expr | None, step: Expr | None, pos: Pos) -> None:
        self.lower = lower
        self.upper = upper
        self.step = step
        self.pos = pos


class Call(Expr):
    """`args` may hold `Star`; a keyword with the name None is `**value`."""

    __slots__ = ("func", "args", "keywords")

    def __init__(
        self, func: Expr, args: list[Expr], keywords: list[tuple[str | None, Expr]], pos: Pos
    ) -> None:
        self.func = func
        self.args = args
        self.keywords = keywords
        self.pos = pos


class Star(Expr):
    """`*value` in a call, a display or a target."""

    __slots__ = ("value",)

    def __init__(self, value: Expr, pos: Pos) -> None:
        self.value = value
        self.pos = pos


class Hole(Expr):
    """`{value!conversion:spec}` in a format string; `conversion` is "", "s", "r" or "a"; `spec` a `Format` or None."""

    __slots__ = ("value", "conversion", "spec")

    def __init__(self, value: Expr, conversion: str, spec: Format | None, pos: Pos) -> None:
        self.value = value
        self.conversion = conversion
        self.spec = spec
        self.pos = pos


class Format(Expr):
    """An f-string, or with `template` a PEP 750 t-string: literal parts and holes in order."""

    __slots__ = ("parts", "template")

    def __init__(self, parts: list[str | Hole], template: bool, pos: Pos) -> None:
        self.parts = parts
        self.template = template
        self.pos = pos


class Binary(Expr):
    """`op` is the operator's spelling: + - * / // % @ ** << >> & | ^"""

    __slots__ = ("op", "left", "right")

    def __init__(self, op: str, left: Expr, right: Expr, pos: Pos) -> None:
        self.op = op
        self.left = left
        self.right = right
        self.pos = pos


class Unary(Expr):
    """`op` is - + ~ or not."""

    __slots__ = ("op", "operand")

    def __init__(self, op: str, operand: Expr, pos: Pos) -> None:
        self.op = op
        self.operand = operand
        self.pos = pos


class BoolOp(Expr):
    """`op` is and / or; two or more operands."""

    __slots__ = ("op", "values")

    def __init__(self, op: str, values: list[Expr], pos: Pos) -> None:
        self.op = op
        self.values = values
        self.pos = pos


class Compare(Expr):
    """`left ops[0] rights[0] ops[1] rights[1] …`; ops are == != < <= > >= in, not in, is, is not."""

    __slots__ = ("left", "ops", "rights")

    def __init__(self, left: Expr, ops: list[str], rights: list[Expr], pos: Pos) -> None:
        self.left = left
        self.ops = ops
        self.rights = rights
        self.pos = pos


class Cond(Expr):
    """`body if test else orelse`"""

    __slots__ = ("test", "body", "orelse")

    def __init__(self, test: Expr, body: Expr, orelse: Expr, pos: Pos) -> None:
        self.test = test
        self.body = body
        self.orelse = orelse
        self.pos = pos


class Lambda(Expr):
    __slots__ = ("params", "body")

    def __init__(self, params: list[Param], body: Expr, pos: Pos) -> None:
        self.params = params
        self.body = body
        self.pos = pos


class Seq(Expr):
    """A display; `kind` is list, tuple or set."""

    __slots__ = ("kind", "items")

    def __init__(self, kind: str, items: list[Expr], pos: Pos) -> None:
        self.kind = kind
        self.items = items
        self.pos = pos


class DictDisplay(Expr):
    """A key of None is `**value`."""

    __slots__ = ("items",)

    def __init__(self, items: list[tuple[Expr | None, Expr]], pos: Pos) -> None:
        self.items = items
        self.pos = pos


class Comp(Expr):
    """A comprehension; `kind` is list, set, dict or generator; `value` only for dict. `fors` in order."""

    __slots__ = ("kind", "element", "value", "fors")

    def __init__(self, kind: str, element: Expr, value: Expr | None, fors: list[CompFor], pos: Pos) -> None:
        self.kind = kind
        self.element = element
        self.value = value
        self.fors = fors
        self.pos = pos


class CompFor(Node):
    __slots__ = ("target", "iterable", "conditions", "is_async")

    def __init__(
        self, target: Expr, iterable: Expr, conditions: list[Expr], is_async: bool, pos: Pos
    ) -> None:
        self.target = target
        self.iterable = iterable
        self.conditions = conditions
        self.is_async = is_async
        self.pos = pos


class Await(Expr):
    __slots__ = ("value",)

    def __init__(self, value: Expr, pos: Pos) -> None:
        self.value = value
        self.pos = pos


class Yield(Expr):
    """`yield value`, or with `delegate` `yield from value`."""

    __slots__ = ("value", "delegate")

    def __init__(self, value: Expr | None, delegate: bool, pos: Pos) -> None:
        self.value = value
        self.delegate = delegate
        self.pos = pos


class Walrus(Expr):
    """`target := value`"""

    __slots__ = ("target", "value")

    def __init__(self, target: Expr, value: Expr, pos: Pos) -> None:
        self.target = target
        self.value = value
        self.pos = pos


class Unknown(Expr):
    """An expression that could not be read; `parts` are the readable expressions inside it."""

    __slots__ = ("reason", "parts")

    def __init__(self, reason: str, parts: list[Expr], pos: Pos) -> None:
        self.reason = reason
        self.parts = parts
        self.pos = pos


# Statements


class Stmt(Node):
    __slots__ = ()


class ExprStmt(Stmt):
    __slots__ = ("value",)

    def __init__(self, value: Expr, pos: Pos) -> None:
        self.value = value
        self.pos = pos


class Assign(Stmt):
    """`targets[0] = targets[1] = … = value`, or `target: annotation = value`; `value` None declares only."""

    __slots__ = ("targets", "value", "annotation")

    def __init__(self, targets: list[Expr], value: Expr | None, annotation: Expr | None, pos: Pos) -> None:
        self.targets = targets
        self.value = value
        self.annotation = annotation
        self.pos = pos


class AugAssign(Stmt):
    """`target op= value`; `op` as in `Binary`."""

    __slots__ = ("target", "op", "value")

    def __init__(self, target: Expr, op: str, value: Expr, pos: Pos) -> None:
        self.target = target
        self.op = op
        self.value = value
        self.pos = pos


class If(Stmt):
    __slots__ = ("test", "body", "orelse")

    def __init__(self, test: Expr, body: list[Stmt], orelse: list[Stmt], pos: Pos) -> None:
        self.test = test
        self.body = body
        self.orelse = orelse
        self.pos = pos


class While(Stmt):
    __slots__ = ("test", "body", "orelse")

    def __init__(self, test: Expr, body: list[Stmt], orelse: list[Stmt], pos: Pos) -> None:
        self.test = test
        self.body = body
        self.orelse = orelse
        self.pos = pos


class For(Stmt):
    __slots__ = ("target", "iterable", "body", "orelse", "is_async")

    def __init__(
        self, target: Expr, iterable: Expr, body: list[Stmt], orelse: list[Stmt], is_async: bool, pos: Pos
    ) -> None:
        self.target = target
        self.iterable = iterable
        self.body = body
        self.orelse = orelse
        self.is_async = is_async
        self.pos = pos


class Handler(Node):
    """`except types as name:`; `types` None catches everything; `star` for `except*`."""

    __slots__ = ("types", "name", "body", "star")

    def __init__(self, types: Expr | None, name: str | None, body: list[Stmt], star: bool, pos: Pos) -> None:
        self.types = types
        self.name = name
        self.body = body
        self.star = star
        self.pos = pos


class Try(Stmt):
    __slots__ = ("body", "handlers", "orelse", "final")

    def __init__(
        self, body: list[Stmt], handlers: list[Handler], orelse: list[Stmt], final: list[Stmt], pos: Pos
    ) -> None:
        self.body = body
        self.handlers = handlers
        self.orelse = orelse
        self.final = final
        self.pos = pos


class With(Stmt):
    """`items` are (context expression, target or None)."""

    __slots__ = ("items", "body", "is_async")

    def __init__(
        self, items: list[tuple[Expr, Expr | None]], body: list[Stmt], is_async: bool, pos: Pos
    ) -> None:
        self.items = items
        self.body = body
        self.is_async = is_async
        self.pos = pos


class Return(Stmt):
    __slots__ = ("value",)

    def __init__(self, value: Expr | None, pos: Pos) -> None:
        self.value = value
        self.pos = pos


class Raise(Stmt):
    __slots__ = ("value", "cause")

    def __init__(self, value: Expr | None, cause: Expr | None, pos: Pos) -> None:
        self.value = value
        self.cause = cause
        self.pos = pos


class Assert(Stmt):
    __slots__ = ("test", "message")

    def __init__(self, test: Expr, message: Expr | None, pos: Pos) -> None:
        self.test = test
        self.message = message
        self.pos = pos


class Delete(Stmt):
    __slots__ = ("targets",)

    def __init__(self, targets: list[Expr], pos: Pos) -> None:
        self.targets = targets
        self.pos = pos


class Jump(Stmt):
    """`kind` is pass, break or continue."""

    __slots__ = ("kind",)

    def __init__(self, kind: str, pos: Pos) -> None:
        self.kind = kind
        self.pos = pos


class Scope(Stmt):
    """`global names` or `nonlocal names`; `kind` says which."""

    __slots__ = ("kind", "names")

    def __init__(self, kind: str, names: list[str], pos: Pos) -> None:
        self.kind = kind
        self.names = names
        self.pos = pos


class Import(Stmt):
    """`import name as alias, …`: pairs of dotted name and alias or None."""

    __slots__ = ("names",)

    def __init__(self, names: list[tuple[str, str | None]], pos: Pos) -> None:
        self.names = names
        self.pos = pos


class ImportFrom(Stmt):
    """`from ..module import name as alias`: `level` counts the dots, `module` may be empty, name "*" is a star import."""

    __slots__ = ("module", "level", "names")

    def __init__(self, module: str, level: int, names: list[tuple[str, str | None]], pos: Pos) -> None:
        self.module = module
        self.level = level
        self.names = names
        self.pos = pos


class Param(Node):
    """`kind` is positional (before `/`), normal, star (`*args`), keyword (after `*`) or starstar (`**kwargs`)."""

    __slots__ = ("name", "kind", "annotation", "default")

    def __init__(self, name: str, kind: str, annotation: Expr | None, default: Expr | None, pos: Pos) -> None:
        self.name = name
        self.kind = kind
        self.annotation = annotation
        self.default = default
        self.pos = pos


class Function(Stmt):
    """`def`; `pos` begins at `def` (not at the decorators); the docstring stays the first statement of `body`."""

    __slots__ = ("name", "params", "body", "decorators", "returns", "is_async")

    def __init__(
        self,
        name: str,
        params: list[Param],
        body: list[Stmt],
        decorators: list[Expr],
        returns: Expr | None,
        is_async: bool,
        pos: Pos,
    ) -> None:
        self.name = name
        self.params = params
        self.body = body
        self.decorators = decorators
        self.returns = returns
        self.is_async = is_async
        self.pos = pos


class Class(Stmt):
    __slots__ = ("name", "bases", "keywords", "body", "decorators")

    def __init__(
        self,
        name: str,
        bases: list[Expr],
        keywords: list[tuple[str | None, Expr]],
        body: list[Stmt],
        decorators: list[Expr],
        pos: Pos,
    ) -> None:
        self.name = name
        self.bases = bases
        self.keywords = keywords
        self.body = body
        self.decorators = decorators
        self.pos = pos


class Case(Node):
    __slots__ = ("pattern", "guard", "body")

    def __init__(self, pattern: Pattern, guard: Expr | None, body: list[Stmt], pos: Pos) -> None:
        self.pattern = pattern
        self.guard = guard
        self.body = body
        self.pos = pos


class Match(Stmt):
    __slots__ = ("subject", "cases")

    def __init__(self, subject: Expr, cases: list[Case], pos: Pos) -> None:
        self.subject = subject
        self.cases = cases
        self.pos = pos


class TypeDecl(Stmt):
    """`type name = value` (PEP 695)."""

    __slots__ = ("name", "value")

    def __init__(self, name: str, value: Expr, pos: Pos) -> None:
        self.name = name
        self.value = value
        self.pos = pos


class UnknownStmt(Stmt):
    """A statement that could not be read; `parts` and `body` are what could be read inside it."""

    __slots__ = ("reason", "parts", "body")

    def __init__(self, reason: str, parts: list[Expr], body: list[Stmt], pos: Pos) -> None:
        self.reason = reason
        self.parts = parts
        self.body = body
        self.pos = pos


# Patterns of match


class Pattern(Node):
    __slots__ = ()


class PatternValue(Pattern):
    """A literal or dotted name compared with ==; also None, True, False."""

    __slots__ = ("value",)

    def __init__(self, value: Expr, pos: Pos) -> None:
        self.value = value
        self.pos = pos


class PatternCapture(Pattern):
    """`name`, `_` (name None), or `pattern as name`."""

    __slots__ = ("name", "pattern")

    def __init__(self, name: str | None, pattern: Pattern | None, pos: Pos) -> None:
        self.name = name
        self.pattern = pattern
        self.pos = pos


class PatternOr(Pattern):
    __slots__ = ("patterns",)

    def __init__(self, patterns: list[Pattern], pos: Pos) -> None:
        self.patterns = patterns
        self.pos = pos


class PatternSeq(Pattern):
    """`[a, *rest, b]`: a starred part is a `PatternStar`."""

    __slots__ = ("patterns",)

    def __init__(self, patterns: list[Pattern], pos: Pos) -> None:
        self.patterns = patterns
        self.pos = pos


class PatternStar(Pattern):
    __slots__ = ("name",)

    def __init__(self, name: str | None, pos: Pos) -> None:
        self.name = name
        self.pos = pos


class PatternMap(Pattern):
    __slots__ = ("keys", "patterns", "rest")

    def __init__(self, keys: list[Expr], patterns: list[Pattern], rest: str | None, pos: Pos) -> None:
        self.keys = keys
        self.patterns = patterns
        self.rest = rest
        self.pos = pos


class PatternClass(Pattern):
    """`Cls(p, name=q)`: positional patterns have the name None."""

    __slots__ = ("cls", "patterns")

    def __init__(self, cls: Expr, patterns: list[tuple[str | None, Pattern]], pos: Pos) -> None:
        self.cls = cls
        self.patterns = patterns
        self.pos = pos


class Gap:
    """A region of the input that was given up: why, and where. Never empty of reason."""

    __slots__ = ("reason", "pos")

    def __init__(self, reason: str, pos: Pos) -> None:
        self.reason = reason
        self.pos = pos


class Module:
    """One unit of code: its statements, and the regions that could not be read."""

    __slots__ = ("body", "gaps")

    def __init__(self, body: list[Stmt], gaps: list[Gap]) -> None:
        self.body = body
        self.gaps = gaps
