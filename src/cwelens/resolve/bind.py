"""Fills a `ModuleInfo` from its statements: who defines which name, in one walk over the statements.

Expressions are not entered, except for `:=` in files that have one. Names bound by comprehensions and lambdas belong to
these expressions and are not recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cwelens.ir import nodes as ir
from cwelens.ir.walk import children, dotted, walk
from cwelens.resolve.symbols import Binding, ClassInfo, FunctionInfo, ModuleInfo, StarImport

_PROPERTIES = {
    "property",
    "cached_property",
    "functools.cached_property",
    "abstractproperty",
    "abc.abstractproperty",
}
_CLASS_FUNCTIONS = {"__new__", "__init_subclass__", "__class_getitem__"}


def bind(module: ModuleInfo) -> None:
    """Fills the bindings, functions, classes and stars of a module."""
    binder = _Binder(module, ":=" in module.source.text)
    binder.block(module.body, _Scope(module.bindings, None, None), False)


def absolute(module: ModuleInfo, name: str, level: int) -> str:
    """The absolute name of the module in `from <level dots><name> import …`; it keeps one leading dot where the package
    that the dots stand for is not known."""
    if not level:
        return name
    package = module.package.split(".") if module.package else []
    if len(package) < level:
        return f".{name}"
    kept = package[: len(package) - level + 1]
    return ".".join([*kept, name] if name else kept)


class _Scope:
    """Where names go: `function` and `cls` are the scope's owner; in a class body `cls` is set and `is_class` true."""

    __slots__ = ("bindings", "cls", "function", "is_class")

    def __init__(
        self, bindings: dict[str, list[Binding]], function: FunctionInfo | None, cls: ClassInfo | None
    ) -> None:
        self.bindings = bindings
        self.function = function
        self.cls = cls
        self.is_class = cls is not None


class _Binder:
    def __init__(self, module: ModuleInfo, walrus: bool) -> None:
        self.module = module
        self.walrus = walrus

    def block(self, body: list[ir.Stmt], scope: _Scope, conditional: bool) -> None:
        for stmt in body:
            handler = _HANDLERS.get(type(stmt))
            if handler is not None:
                handler(self, stmt, scope, conditional)
            if self.walrus:
                self.walruses(stmt, scope)

    def add(
        self, name: str, kind: str, scope: _Scope, node: ir.Node, conditional: bool, **facts: Any
    ) -> None:
        bindings, function = scope.bindings, scope.function
        if function is not None and not scope.is_class:
            if name in function.globals_:
                bindings, function, conditional = self.module.bindings, None, True
            elif name in function.nonlocals:
                outer = function.parent
                while outer is not None and name not in outer.locals:
                    outer = outer.parent
                if outer is not None:
                    bindings, function, conditional = outer.locals, outer, True
        cls = scope.cls if scope.is_class else None
        facts |= {"conditional": conditional, "cls": cls, "where": scope.function}
        binding = Binding(name, kind, self.module, function, node, **facts)
        known = bindings.get(name)
        if known is None:
            bindings[name] = [binding]
        else:
            known.append(binding)

    def target(
        self,
        target: ir.Expr,
        kind: str,
        value: ir.Expr | None,
        scope: _Scope,
        conditional: bool,
        annotation: ir.Expr | None = None,
    ) -> None:
        if type(target) is ir.Name:
            self.add(target.id, kind, scope, target, conditional, value=value, annotation=annotation)
            if scope.is_class and scope.cls is not None:
                self.class_attribute(scope.cls, target.id, value, annotation)
        elif type(target) is ir.Attr:
            self.instance_attribute(target, kind, value, scope, annotation)
        elif type(target) is ir.Seq:
            pairs = value.items if kind == "variable" and type(value) is ir.Seq else []
            starred = any(type(part) is ir.Star for part in [*target.items, *pairs])
            if len(pairs) == len(target.items) and not starred:
                for part, item in zip(target.items, pairs):
                    self.target(part, "variable", item, scope, conditional)
            else:
                for part in target.items:
                    self.target(part, "unpack", value, scope, conditional)
        elif type(target) is ir.Star:
            self.target(target.value, "unpack", value, scope, conditional)

    def class_attribute(
        self, cls: ClassInfo, name: str, value: ir.Expr | None, annotation: ir.Expr | None
    ) -> None:
        if value is not None:
            cls.class_attrs.setdefault(name, []).append(value)
        if annotation is not None:
            cls.attr_annotations.setdefault(name, annotation)

    def instance_attribute(
        self, target: ir.Attr, kind: str, value: ir.Expr | None, scope: _Scope, annotation: ir.Expr | None
    ) -> None:
        function = scope.function
        if function is None or function.self_class is None or type(target.base) is not ir.Name:
            return
        if target.base.id != function.self_name:
            return
        cls = function.self_class
        if annotation is not None:
            cls.attr_annotations.setdefault(target.name, annotation)
        if value is not None:
            # What is unpacked or iterated is not itself the value: an `Unknown` with it as a part says so.
            held = (
                value
                if kind in ("variable", "with")
                else ir.Unknown(f"one of several values ({kind})", [value], value.pos)
            )
            cls.instance_attrs.setdefault(target.name, []).append((held, function))

    def walruses(self, stmt: ir.Stmt, scope: _Scope) -> None:
        """Records `name := value` in the statement's own expressions, not in its nested statements."""
        for node in _expressions(stmt):
            if type(node) is ir.Walrus and type(node.target) is ir.Name:
                self.add(node.target.id, "variable", scope, node, True, value=node.value)

    # Statements

    def assign(self, stmt: ir.Assign, scope: _Scope, conditional: bool) -> None:
        for target in stmt.targets:
            self.target(target, "variable", stmt.value, scope, conditional, stmt.annotation)

    def if_(self, stmt: ir.If | ir.While, scope: _Scope, conditional: bool) -> None:
        self.block(stmt.body, scope, True)
        orelse = stmt.orelse
        # A chain of `elif` may be longer than the stack is deep.
        while len(orelse) == 1 and isinstance(orelse[0], ir.If):
            link = orelse[0]
            if self.walrus:
                self.walruses(link, scope)
            self.block(link.body, scope, True)
            orelse = link.orelse
        self.block(orelse, scope, True)

    def for_(self, stmt: ir.For, scope: _Scope, conditional: bool) -> None:
        self.target(stmt.target, "for", stmt.iterable, scope, conditional)
        self.block(stmt.body, scope, True)
        self.block(stmt.orelse, scope, True)

    def try_(self, stmt: ir.Try, scope: _Scope, conditional: bool) -> None:
        self.block(stmt.body, scope, conditional or bool(stmt.handlers))
        for handler in stmt.handlers:
            if handler.name:
                self.add(handler.name, "except", scope, handler, True, value=handler.types)
            self.block(handler.body, scope, True)
        self.block(stmt.orelse, scope, True)
        self.block(stmt.final, scope, conditional)

    def with_(self, stmt: ir.With, scope: _Scope, conditional: bool) -> None:
        for value, target in stmt.items:
            if target is not None:
                self.target(target, "with", value, scope, conditional)
        self.block(stmt.body, scope, conditional)

    def match(self, stmt: ir.Match, scope: _Scope, conditional: bool) -> None:
        for case in stmt.cases:
            for node in walk(case.pattern):
                name = (
                    node.name
                    if isinstance(node, (ir.PatternCapture, ir.PatternStar))
                    else node.rest
                    if isinstance(node, ir.PatternMap)
                    else None
                )
                if name:
                    self.add(name, "match", scope, node, True, value=stmt.subject)
            self.block(case.body, scope, True)

    def scope_(self, stmt: ir.Scope, scope: _Scope, conditional: bool) -> None:
        if scope.function is not None and not scope.is_class:
            names = scope.function.globals_ if stmt.kind == "global" else scope.function.nonlocals
            names.update(stmt.names)

    def import_(self, stmt: ir.Import, scope: _Scope, conditional: bool) -> None:
        for name, alias in stmt.names:
            top = name.partition(".")[0]
            self.add(alias or top, "import", scope, stmt, conditional, target=name if alias else top)

    def import_from(self, stmt: ir.ImportFrom, scope: _Scope, conditional: bool) -> None:
        origin = absolute(self.module, stmt.module, stmt.level)
        for name, alias in stmt.names:
            if name == "*":
                self.module.stars.append(StarImport(origin, stmt, conditional))
            else:
                target = f"{origin}{name}" if origin == "." else f"{origin}.{name}"
                self.add(alias or name, "import", scope, stmt, conditional, target=target)

    def type_(self, stmt: ir.TypeDecl, scope: _Scope, conditional: bool) -> None:
        self.add(stmt.name, "type", scope, stmt, conditional, value=stmt.value)

    def unknown(self, stmt: ir.UnknownStmt, scope: _Scope, conditional: bool) -> None:
        self.block(stmt.body, scope, True)

    def function(self, stmt: ir.Function, scope: _Scope, conditional: bool) -> None:
        owner = scope.cls if scope.is_class else None
        decorators = [_decorator(d) for d in stmt.decorators]
        info = FunctionInfo(
            stmt,
            _short(scope, stmt.name),
            self.module,
            owner,
            scope.function,
            decorators,
            _kind(stmt, owner, decorators),
        )
        self.module.functions.append(info)
        self.add(stmt.name, "function", scope, stmt, conditional, symbol=info)
        # The setter of a property is a second function of that name; what the name means is the getter.
        accessor = any(d in (f"{stmt.name}.setter", f"{stmt.name}.deleter") for d in decorators)
        if owner is not None and not (accessor and stmt.name in owner.methods):
            owner.methods[stmt.name] = info
        params = {p.name for p in stmt.params}
        if owner is not None and info.kind != "staticmethod":
            if stmt.params and stmt.params[0].kind in ("positional", "normal"):
                info.self_name, info.self_class = stmt.params[0].name, owner
        elif owner is None and scope.function is not None and scope.function.self_name not in params:
            info.self_name, info.self_class = scope.function.self_name, scope.function.self_class
        inner = _Scope(info.locals, info, None)
        for param in stmt.params:
            info.locals[param.name] = [
                Binding(
                    param.name,
                    "param",
                    self.module,
                    info,
                    param,
                    value=param.default,
                    annotation=param.annotation,
                    where=scope.function,
                )
            ]
        self.block(stmt.body, inner, False)

    def class_(self, stmt: ir.Class, scope: _Scope, conditional: bool) -> None:
        outer = scope.cls if scope.is_class else None
        bases = [dotted(base) or "" for base in stmt.bases]
        info = ClassInfo(stmt, _short(scope, stmt.name), self.module, scope.function, outer, bases)
        self.module.classes.append(info)
        self.add(stmt.name, "class", scope, stmt, conditional, symbol=info)
        self.block(stmt.body, _Scope(info.bindings, scope.function, info), False)


def _decorator(node: ir.Expr) -> str:
    return dotted(node.func if isinstance(node, ir.Call) else node) or ""


def _short(scope: _Scope, name: str) -> str:
    if scope.is_class and scope.cls is not None:
        return f"{scope.cls.short}.{name}"
    if scope.function is not None:
        return f"{scope.function.short}.<locals>.{name}"
    return name


def _kind(node: ir.Function, owner: ClassInfo | None, decorators: list[str]) -> str:
    if owner is None:
        return "function"
    for decorator in decorators:
        if decorator in ("classmethod", "staticmethod"):
            return decorator
        if decorator in _PROPERTIES or decorator in (f"{node.name}.setter", f"{node.name}.deleter"):
            return "property"
    return "classmethod" if node.name in _CLASS_FUNCTIONS else "method"


def _expressions(stmt: ir.Stmt) -> Iterator[ir.Node]:
    """The expressions of a statement that are in its own scope: nested blocks, definitions and lambdas are not entered."""
    if isinstance(stmt, (ir.Function, ir.Class)):
        return
    stack: list[ir.Node] = [stmt]
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, ir.Lambda):
            stack += [child for child in children(node) if not isinstance(child, (ir.Stmt, ir.Handler))]


_HANDLERS: dict[type, Callable[..., None]] = {
    ir.Assign: _Binder.assign,
    ir.If: _Binder.if_,
    ir.While: _Binder.if_,
    ir.For: _Binder.for_,
    ir.Try: _Binder.try_,
    ir.With: _Binder.with_,
    ir.Match: _Binder.match,
    ir.Scope: _Binder.scope_,
    ir.Import: _Binder.import_,
    ir.ImportFrom: _Binder.import_from,
    ir.TypeDecl: _Binder.type_,
    ir.UnknownStmt: _Binder.unknown,
    ir.Function: _Binder.function,
    ir.Class: _Binder.class_,
}
