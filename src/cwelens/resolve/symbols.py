"""What names can mean: modules, functions, classes, bindings, and things outside the program.

Plain classes with `__slots__`, filled once by `resolve.bind` and not changed afterwards. Identity is equality, except for
`External`, which is a value.
"""

from __future__ import annotations

from typing import TypeAlias

from cwelens.base.source import Source
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk


class Binding:
    """One place that gives a name a meaning.

    `kind` is import, function, class, variable (`x = value`), unpack (one of several targets of `value`), for (`value` is
    the iterable), with (`value` is the context expression), except (`value` is the types), match, type or param.
    `target` is set for imports only: the absolute dotted name bound (`import a.b` binds `a`, so its target is `a`).
    `symbol` is the function or class bound, for these two kinds. `conditional`: the place may be passed over.
    `function` is the function whose scope it is in; `cls` is set where it stands directly in a class body.
    `where` is the function whose code it is: another one than `function` for `global` and `nonlocal` names.
    """

    __slots__ = (
        "annotation",
        "cls",
        "conditional",
        "function",
        "kind",
        "module",
        "name",
        "node",
        "pos",
        "symbol",
        "target",
        "value",
        "where",
    )

    def __init__(
        self,
        name: str,
        kind: str,
        module: ModuleInfo,
        function: FunctionInfo | None,
        node: ir.Node,
        *,
        target: str | None = None,
        value: ir.Expr | None = None,
        annotation: ir.Expr | None = None,
        symbol: FunctionInfo | ClassInfo | None = None,
        cls: ClassInfo | None = None,
        where: FunctionInfo | None = None,
        conditional: bool = False,
    ) -> None:
        self.name = name
        self.kind = kind
        self.module = module
        self.function = function
        self.node = node
        self.pos = node.pos
        self.target = target
        self.value = value
        self.annotation = annotation
        self.symbol = symbol
        self.cls = cls
        self.where = where
        self.conditional = conditional

    @property
    def qualname(self) -> str:
        if self.cls is not None:
            return f"{self.cls.qualname}.{self.name}"
        if self.function is not None:
            return f"{self.function.qualname}.<locals>.{self.name}"
        return f"{self.module.name}.{self.name}"

    def __repr__(self) -> str:
        return f"<{self.kind} {self.qualname}>"


class FunctionInfo:
    """A `def`. `kind` is function, method, classmethod, staticmethod or property; `owner` is set for the last four.

    `short` is the qualified name without the module (`Class.method`, `outer.<locals>.inner`). `decorators` are the dotted
    texts of the decorators, calls without their arguments ("" where one is neither). `locals` holds the bindings of the
    function's own scope, parameters first; names in `globals_` belong to the module instead, those in `nonlocals` to an
    enclosing function. `self_name` is the name of the instance or class that is bound on call, also where it is inherited
    by a closure inside a method, and `self_class` its class.
    """

    __slots__ = (
        "decorators",
        "globals_",
        "kind",
        "locals",
        "module",
        "name",
        "node",
        "nonlocals",
        "owner",
        "parent",
        "qualname",
        "self_class",
        "self_name",
        "short",
    )

    def __init__(
        self,
        node: ir.Function,
        short: str,
        module: ModuleInfo,
        owner: ClassInfo | None,
        parent: FunctionInfo | None,
        decorators: list[str],
        kind: str,
    ) -> None:
        self.name = node.name
        self.short = short
        self.qualname = f"{module.name}.{short}"
        self.node = node
        self.module = module
        self.owner = owner
        self.parent = parent
        self.decorators = decorators
        self.kind = kind
        self.locals: dict[str, list[Binding]] = {}
        self.globals_: set[str] = set()
        self.nonlocals: set[str] = set()
        self.self_name: str | None = None
        self.self_class: ClassInfo | None = None

    def __repr__(self) -> str:
        return f"<{self.kind} {self.qualname}>"


class ClassInfo:
    """A `class`. `bases_text` are the dotted texts of the bases ("" where one is not a dotted name).

    `bindings` is the scope of its body. `instance_attrs` holds every `self.x = expr` in any method with the method;
    `attr_annotations` the annotations given to class or instance attributes (the first one counts).
    `function` is the function the class is defined in, if any.
    """

    __slots__ = (
        "attr_annotations",
        "bases_text",
        "bindings",
        "class_attrs",
        "function",
        "instance_attrs",
        "methods",
        "module",
        "name",
        "node",
        "outer",
        "qualname",
        "short",
    )

    def __init__(
        self,
        node: ir.Class,
        short: str,
        module: ModuleInfo,
        function: FunctionInfo | None,
        outer: ClassInfo | None,
        bases_text: list[str],
    ) -> None:
        self.name = node.name
        self.short = short
        self.qualname = f"{module.name}.{short}"
        self.node = node
        self.module = module
        self.function = function
        self.outer = outer
        self.bases_text = bases_text
        self.bindings: dict[str, list[Binding]] = {}
        self.methods: dict[str, FunctionInfo] = {}
        self.class_attrs: dict[str, list[ir.Expr]] = {}
        self.instance_attrs: dict[str, list[tuple[ir.Expr, FunctionInfo]]] = {}
        self.attr_annotations: dict[str, ir.Expr] = {}

    def __repr__(self) -> str:
        return f"<class {self.qualname}>"


class StarImport:
    """`from module import *`, the module absolute."""

    __slots__ = ("conditional", "node", "pos", "target")

    def __init__(self, target: str, node: ir.Node, conditional: bool) -> None:
        self.target = target
        self.node = node
        self.pos = node.pos
        self.conditional = conditional


class ModuleInfo:
    """One file of the program. `is_input`: handed in for review; otherwise it is context only.

    `functions` holds every function, nested ones and methods included, and `classes` every class, in source order.
    `base` is the directory that absolute imports of this module's own top package start from.
    """

    __slots__ = (
        "_nodes",
        "base",
        "bindings",
        "body",
        "classes",
        "functions",
        "is_input",
        "is_package",
        "name",
        "path",
        "source",
        "stars",
    )

    def __init__(
        self,
        name: str,
        path: str,
        source: Source,
        body: list[ir.Stmt],
        is_input: bool,
        is_package: bool,
        base: str,
    ) -> None:
        self.name = name
        self.path = path
        self.source = source
        self.body = body
        self.is_input = is_input
        self.is_package = is_package
        self.base = base
        self.bindings: dict[str, list[Binding]] = {}
        self.functions: list[FunctionInfo] = []
        self.classes: list[ClassInfo] = []
        self.stars: list[StarImport] = []
        self._nodes: list[ir.Node] | None = None

    @property
    def nodes(self) -> list[ir.Node]:
        """Every node of the module, parents first: walked once, since many ask for them."""
        if self._nodes is None:
            self._nodes = list(walk(*self.body))
        return self._nodes

    @property
    def qualname(self) -> str:
        return self.name

    @property
    def package(self) -> str:
        """The dotted name that one leading dot of a relative import stands for; empty for a top-level module."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    def __repr__(self) -> str:
        return f"<module {self.name}>"


class External:
    """Something outside the program, by its absolute dotted name: `flask.request`, `builtins.open`."""

    __slots__ = ("qualname",)

    def __init__(self, qualname: str) -> None:
        self.qualname = qualname

    def __eq__(self, other: object) -> bool:
        return isinstance(other, External) and other.qualname == self.qualname

    def __hash__(self) -> int:
        return hash(self.qualname)

    def __repr__(self) -> str:
        return f"<external {self.qualname}>"


Symbol: TypeAlias = ModuleInfo | FunctionInfo | ClassInfo | Binding | External
