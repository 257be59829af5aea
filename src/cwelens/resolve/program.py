"""What a name in a module means.

Answers are remembered; adding a module forgets them. Nothing is ever imported or executed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cwelens.base.source import Source
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted
from cwelens.resolve.bind import absolute
from cwelens.resolve.builtin_names import BUILTINS, builtin_member, is_standard
from cwelens.resolve.cutoff import NOT_SHOWN, CutOff, Library
from cwelens.resolve.modules import ModuleIndex, Reader
from cwelens.resolve.outcome import Ambiguous, Assumed, Outcome, Resolved, Unresolved, symbol_of
from cwelens.resolve.symbols import Binding, ClassInfo, External, FunctionInfo, ModuleInfo, Symbol

__all__ = ["MAY_COME_FROM", "Program", "Reader", "absolute", "is_self"]

# How a reason says that a base class outside the program may define a name.
MAY_COME_FROM = "it may come from"


class Program(ModuleIndex):
    """Inputs are handed to `add`; below `context` further modules are found by name and read with `reader`."""

    def __init__(
        self,
        context: Iterable[Path] = (),
        reader: Reader | None = None,
        library: Library | None = None,
    ) -> None:
        """`library` knows the names of libraries: what a name stands for whose import was cut off."""
        super().__init__(context, reader)
        self.cutoff = CutOff(library) if library is not None else None
        self._globals: dict[tuple[ModuleInfo, str], Outcome] = {}
        self._active: set[object] = set()
        self._mro: dict[ClassInfo, tuple[list[ClassInfo], list[Outcome]]] = {}
        self._attrs: dict[tuple[ClassInfo, str], Outcome] = {}

    def add(
        self, source: Source, ir_module: ir.Module, path: str | Path, is_input: bool = True
    ) -> ModuleInfo:
        """Registers a module and binds its names; a second module of one name gets a numbered name."""
        # Only an input can change earlier answers: a context module is read before the first answer that needs it.
        self._globals.clear()
        self._mro.clear()
        self._attrs.clear()
        return super().add(source, ir_module, path, is_input)

    # Names

    def resolve_global(self, module: ModuleInfo, name: str) -> Outcome:
        """A name at module level: its bindings, then star imports of known modules, builtins, other star imports."""
        key = (module, name)
        known = self._globals.get(key)
        if known is not None:
            return known
        if key in self._active:
            return Unresolved(f"`{name}` is defined in a circle of imports")
        self._active.add(key)
        try:
            outcome = self._global(module, name)
        finally:
            self._active.discard(key)
        if not self._active:
            # Inside a circle an answer may be cut short, so only complete ones are kept.
            self._globals[key] = outcome
        return outcome

    def _global(self, module: ModuleInfo, name: str) -> Outcome:
        bindings = module.bindings.get(name)
        if bindings:
            return self.resolve_bindings(bindings)
        outside: list[str] = []
        for star in module.stars:
            origin = self.find_module(star.target, module)
            if origin is None:
                outside.append(star.target)
            elif origin is not module and not name.startswith("_"):
                outcome = self.resolve_global(origin, name)
                if not isinstance(outcome, Unresolved) and not _is_builtin(outcome):
                    return outcome
        if name in BUILTINS:
            return Resolved(External(f"builtins.{name}"))
        if len(outside) == 1:
            reason = f"`{name}` is not defined here and may come from `from {outside[0]} import *`"
            if self.has_top(outside[0].partition(".")[0]):
                return Unresolved(f"{reason}, which is not in the input")
            return Assumed(External(f"{outside[0]}.{name}"), reason)
        if outside:
            symbols: list[Symbol] = [External(f"{target}.{name}") for target in outside]
            return Ambiguous(symbols, f"`{name}` may come from any of {len(outside)} star imports")
        meant = self.cutoff.name(module, name) if self.cutoff is not None else None
        if meant is not None:
            return meant
        return Unresolved(f"`{name}` is not defined or imported in the input")

    def resolve_bindings(self, bindings: list[Binding]) -> Outcome:
        """What a name with these bindings means.

        At module and class level, when all have run: from the last unconditional one on. In a function any of them.
        """
        live = bindings
        if len(bindings) > 1:
            if bindings[0].function is None or bindings[0].cls is not None:
                start = max((i for i, b in enumerate(bindings) if not b.conditional), default=0)
                live = bindings[start:]
            # `x = None` beside an import or definition only says that it may be absent.
            live = [b for b in live if not (b.kind == "variable" and _is_none(b.value))] or live[-1:]
        if len(live) == 1:
            return self.resolve_binding(live[0])
        symbols: list[Symbol] = []
        failed: Outcome | None = None
        for binding in live:
            outcome = self.resolve_binding(binding)
            if isinstance(outcome, Unresolved):
                failed = failed or outcome
            for symbol in outcome.symbols if isinstance(outcome, Ambiguous) else [symbol_of(outcome)]:
                if symbol is not None and symbol not in symbols:
                    symbols.append(symbol)
        if len(symbols) > 1:
            return Ambiguous(symbols, f"`{bindings[0].name}` is bound in {len(live)} places")
        if symbols:
            return (
                Resolved(symbols[0])
                if failed is None
                else Assumed(symbols[0], "another binding is not in the input")
            )
        return failed or Unresolved(f"`{bindings[0].name}` has no meaning here")

    def resolve_binding(self, binding: Binding) -> Outcome:
        """One binding: imports and plain aliases (`x = name`) are followed, everything else stands for itself."""
        if binding.symbol is not None:
            return Resolved(binding.symbol)
        if binding.target is not None:
            return self.resolve_dotted(binding.target, binding.module)
        if (
            binding.kind == "variable"
            and isinstance(binding.value, (ir.Name, ir.Attr))
            and _is_alias(binding)
        ):
            if binding in self._active:
                return Unresolved(f"`{binding.name}` is defined by itself")
            self._active.add(binding)
            try:
                outcome = self.resolve_expr(binding.module, binding.where, binding.value, binding.cls)
            finally:
                self._active.discard(binding)
            if not isinstance(outcome, Unresolved):
                return outcome
        return Resolved(binding)

    def resolve_dotted(self, absolute_name: str, importer: ModuleInfo | None = None) -> Outcome:
        """`pkg.mod.Class.method` → a symbol of the program, or an `External` where its package is not in it."""
        key = (absolute_name, importer)
        if key in self._active:
            return Unresolved(f"`{absolute_name}` is imported in a circle")
        self._active.add(key)
        try:
            return self._dotted(absolute_name, importer)
        finally:
            self._active.discard(key)

    def _dotted(self, absolute_name: str, importer: ModuleInfo | None) -> Outcome:
        relative = absolute_name.startswith(".")
        parts = absolute_name.lstrip(".").split(".")
        module: ModuleInfo | None = None
        count = 0
        for count in range(1, len(parts) + 1):
            name = ".".join(parts[:count])
            if not relative:
                module = self.find_module(name, importer)
            elif importer is not None:
                module = self.find_beside(name, importer)
            if module is not None:
                break
        if module is None:
            if relative or (len(parts) > 1 and self.has_top(parts[0])):
                origin = "." * relative + ".".join(parts[:-1])
                return Unresolved(f"`{parts[-1]}` is imported from `{origin}`, which is not in the input")
            return Resolved(External(absolute_name))
        outcome: Outcome = Resolved(module)
        index = count
        while index < len(parts):
            symbol = symbol_of(outcome)
            if symbol is None:
                return outcome
            hidden = self._hidden(symbol, parts[index : index + 2], importer)
            outcome = Resolved(hidden) if hidden is not None else self.member(symbol, parts[index], importer)
            index += 1
            if isinstance(outcome, Unresolved) and isinstance(symbol, ModuleInfo) and symbol.is_package:
                deeper = self._in_plain_directory(parts, index, importer)
                if deeper is not None:
                    outcome, index = Resolved(deeper[0]), deeper[1]
        if isinstance(outcome, Unresolved) and not (
            relative or self.has_top(parts[0]) or parts[count] in module.bindings
        ):
            # A lone file may merely have the name of the library that is meant.
            return Assumed(External(absolute_name), f"the file `{module.path}` does not define it")
        return outcome

    def _in_plain_directory(
        self, parts: list[str], count: int, importer: ModuleInfo | None
    ) -> tuple[ModuleInfo, int] | None:
        """A module in a directory of a package that has no `__init__.py` of its own, and how many of the names are its name."""
        for end in range(count + 1, len(parts) + 1):
            module = self.find_module(".".join(parts[:end]), importer)
            if module is not None:
                return module, end
        return None

    def _hidden(self, symbol: Symbol, names: list[str], importer: ModuleInfo | None) -> ModuleInfo | None:
        """The submodule `admin` of a package that does `from .admin import admin` or `admin = Lazy("pkg.admin")`: what an import names
        behind it is looked up in there, whatever the package has bound to that name."""
        if not isinstance(symbol, ModuleInfo) or not symbol.is_package or len(names) < 2:
            return None
        full = f"{symbol.name}.{names[0]}"
        bindings = symbol.bindings.get(names[0], ())
        if not bindings or not all(
            b.kind == "variable" if b.target is None else f"{b.target}.".startswith(f"{full}.")
            for b in bindings
        ):
            return None
        module = self.find_module(full, importer) or self._beside_package(symbol, names[0])
        if module is None or names[1] in module.bindings:
            return module
        return module if self.find_module(f"{full}.{names[1]}", importer) is not None else None

    def member(self, symbol: Symbol, name: str, importer: ModuleInfo | None = None) -> Outcome:
        """`symbol.name`."""
        if isinstance(symbol, External):
            full = f"{symbol.qualname}.{name}"
            # A directory without an `__init__.py` is no module, but what lies in it may be.
            module = self.find_module(full, importer) if importer is not None else None
            return Resolved(module or External(full))
        if isinstance(symbol, ModuleInfo):
            return self._module_member(symbol, name, importer)
        if isinstance(symbol, ClassInfo):
            return self.find_attr(symbol, name)
        if isinstance(symbol, FunctionInfo):
            if symbol.kind == "property" and name in ("setter", "getter", "deleter"):
                return Resolved(External(f"builtins.property.{name}"))
            return Unresolved(f"`{name}` is an attribute of the function `{symbol.short}`")
        return Unresolved(f"the type of `{symbol.name}` is not shown")

    def _module_member(self, module: ModuleInfo, name: str, importer: ModuleInfo | None) -> Outcome:
        full = f"{module.name}.{name}"
        bindings = module.bindings.get(name)
        if module.is_package and (not bindings or all(b.target == full for b in bindings)):
            submodule = self.find_module(full, importer) or self._beside_package(module, name)
            if submodule is not None:
                return Resolved(submodule)
        if bindings or module.stars:
            outcome = self.resolve_global(module, name)
            if not isinstance(outcome, Unresolved) and not (_is_builtin(outcome) and not bindings):
                return outcome
            if bindings:
                return outcome
        if module.is_package and (module.is_input or self.has_top(module.name.partition(".")[0])):
            return Unresolved(f"`{name}` is imported from `{module.name}`, and `{full}` is not in the input")
        return Unresolved(f"`{module.name}` does not define `{name}`")

    def _beside_package(self, module: ModuleInfo, name: str) -> ModuleInfo | None:
        directory = module.path.removesuffix("__init__.py")
        return self._by_path.get(f"{directory}{name}.py") or self._by_path.get(
            f"{directory}{name}/__init__.py"
        )

    # Expressions

    def resolve_name(
        self,
        module: ModuleInfo,
        function: FunctionInfo | None,
        name: str,
        cls: ClassInfo | None = None,
        pos: ir.Pos | None = None,
    ) -> Outcome:
        """A bare name; `cls` is given for code that stands directly in a class body, `pos` where it is used: a class
        body sees its own name only after the statement that binds it (`fields = fields.make()`)."""
        if cls is not None:
            own = [b for b in cls.bindings.get(name, ()) if pos is None or _end(b) <= pos[:2]]
            if own:
                return self.resolve_bindings(own)
        scope = function
        while scope is not None:
            if name in scope.globals_:
                break
            bindings = scope.locals.get(name)
            if bindings:
                return self.resolve_bindings(bindings)
            scope = scope.parent
        return self.resolve_global(module, name)

    def resolve_expr(
        self, module: ModuleInfo, function: FunctionInfo | None, expr: ir.Expr, cls: ClassInfo | None = None
    ) -> Outcome:
        """A chain of names and attributes; `self.x` and `super().x` go through the class, other calls are not followed."""
        if isinstance(expr, ir.Name):
            return self.resolve_name(module, function, expr.id, cls, expr.pos)
        if not isinstance(expr, ir.Attr):
            return Unresolved("it is the result of an expression")
        base = expr.base
        if isinstance(base, ir.Call) and isinstance(base.func, ir.Name) and base.func.id == "super":
            return self._super_member(function, expr.name)
        own = function.self_class if function is not None else None
        if (
            own is not None
            and function is not None
            and isinstance(base, ir.Name)
            and is_self(function, base.id)
        ):
            return self.find_attr(own, expr.name)
        outcome = self.resolve_expr(module, function, base, cls)
        if isinstance(outcome, Ambiguous):
            symbols: list[Symbol] = []
            for symbol in outcome.symbols:
                found = symbol_of(self.member(symbol, expr.name, module))
                if found is not None and found not in symbols:
                    symbols.append(found)
            if len(symbols) > 1:
                return Ambiguous(symbols, outcome.reason)
            return Assumed(symbols[0], outcome.reason) if symbols else Unresolved(outcome.reason)
        symbol_found = symbol_of(outcome)
        if symbol_found is None:
            return outcome
        found_outcome = self.member(symbol_found, expr.name, module)
        if isinstance(outcome, Assumed) and isinstance(found_outcome, Resolved):
            return Assumed(found_outcome.symbol, outcome.reason)
        return found_outcome

    def _super_member(self, function: FunctionInfo | None, name: str) -> Outcome:
        if function is None or function.self_class is None:
            return Unresolved("the class of `super()` is not in the input")
        known, unknown = self.mro(function.self_class)
        return self._find_in(known, unknown, function.self_class, name, 1)

    # Classes

    def bases(self, cls: ClassInfo) -> list[Outcome]:
        """What each base of the class statement means, in order; subscripts (`Generic[T]`) by what is subscripted."""
        return [self._base(cls, base) for base in cls.node.bases if not isinstance(base, ir.Star)]

    def _base(self, cls: ClassInfo, base: ir.Expr) -> Outcome:
        if isinstance(base, ir.Item):
            base = base.base
        if isinstance(base, (ir.Name, ir.Attr)):
            outcome = self.resolve_expr(cls.module, cls.function, base, cls.outer)
            if isinstance(base, ir.Attr) and isinstance(outcome, Unresolved):
                outcome = self._of_instance(cls, base) or outcome
            return self._without_import(cls, base) or outcome if isinstance(outcome, Unresolved) else outcome
        return Unresolved(f"a base class of `{cls.name}` is computed")

    def _without_import(self, cls: ClassInfo, base: ir.Expr) -> Outcome | None:
        """A base class whose import was cut off, where its name alone says which class of a library it is."""
        root = base
        while isinstance(root, ir.Attr):
            root = root.base
        if (
            self.cutoff is None
            or not isinstance(root, ir.Name)
            or root.id in cls.module.bindings
            or cls.module.stars
        ):
            return None
        written = dotted(base) or ""
        name = self.cutoff.base(written)
        return Assumed(External(name), f"`{written}` is taken for `{name}`: {NOT_SHOWN}") if name else None

    def _of_instance(self, cls: ClassInfo, base: ir.Attr) -> Outcome | None:
        """`db.Model`, where `db = SQLAlchemy(…)` is an object of a library class: that class's `Model`."""
        owner = symbol_of(self.resolve_expr(cls.module, cls.function, base.base, cls.outer))
        if not isinstance(owner, Binding) or not isinstance(owner.value, ir.Call):
            return None
        made = symbol_of(self.resolve_expr(owner.module, owner.where, owner.value.func, owner.cls))
        if isinstance(made, External) and made.qualname.rpartition(".")[2][:1].isupper():
            return Resolved(External(f"{made.qualname}.{base.name}"))
        return None

    def mro(self, cls: ClassInfo) -> tuple[list[ClassInfo], list[Outcome]]:
        """The class and its known ancestors in lookup order, and the outcomes of those that are not in the program.

        Depth first, each class where it last occurs: Python's order for single inheritance and for diamonds.
        """
        known = self._mro.get(cls)
        if known is not None:
            return known
        order: list[ClassInfo] = []
        unknown: list[Outcome] = []
        self._linearise(cls, order, unknown, set())
        last = {ancestor: i for i, ancestor in enumerate(order)}
        result = [ancestor for i, ancestor in enumerate(order) if last[ancestor] == i], unknown
        if not self._active:
            self._mro[cls] = result
        return result

    def _linearise(
        self, cls: ClassInfo, order: list[ClassInfo], unknown: list[Outcome], path: set[ClassInfo]
    ) -> None:
        order.append(cls)
        for outcome in self.bases(cls):
            symbol = symbol_of(outcome)
            if isinstance(outcome, Ambiguous):
                unknown.append(outcome)
                symbol = next((s for s in outcome.symbols if isinstance(s, ClassInfo)), None)
            if isinstance(symbol, ClassInfo):
                if symbol is not cls and symbol not in path:
                    self._linearise(symbol, order, unknown, path | {cls})
            elif not isinstance(outcome, Ambiguous) and not _is_object(outcome):
                unknown.append(outcome)

    def library_bases(self, cls: ClassInfo) -> list[str]:
        """The qualified names of the known library classes that the class descends from, nearest first."""
        return [s.qualname for s in map(symbol_of, self.mro(cls)[1]) if isinstance(s, External)]

    def named_class(self, cls: ClassInfo, attribute: str) -> ClassInfo | None:
        """The class of the program that an attribute of a class or of its ancestors names (`form_class = SignupForm`)."""
        for ancestor in self.mro(cls)[0]:
            for binding in ancestor.bindings.get(attribute, ()):
                if binding.value is None:
                    return None
                named = symbol_of(self.resolve_expr(ancestor.module, ancestor.function, binding.value))
                return named if isinstance(named, ClassInfo) else None
        return None

    def find_method(self, cls: ClassInfo, name: str) -> Outcome:
        """The method that `name` is on instances of the class."""
        outcome = self.find_attr(cls, name)
        symbol = symbol_of(outcome)
        if symbol is None or isinstance(symbol, (FunctionInfo, External)):
            return outcome
        return Unresolved(f"`{name}` of `{cls.name}` is not a method")

    def find_attr(self, cls: ClassInfo, name: str) -> Outcome:
        """An attribute of the class or its instances: a method, a class-level binding or nested class, an `External`
        of a library base, or `Unresolved`; what is only assigned as `self.name = …` is a question for `types`."""
        key = (cls, name)
        found = self._attrs.get(key)
        if found is None:
            known, unknown = self.mro(cls)
            found = self._find_in(known, unknown, cls, name)
            self._attrs[key] = found
        return found

    def _find_in(
        self, known: list[ClassInfo], unknown: list[Outcome], cls: ClassInfo, name: str, skip: int = 0
    ) -> Outcome:
        """`skip` leaves out the first classes in lookup order (for `super()`)."""
        assigned = False
        for ancestor in known[skip:]:
            method = ancestor.methods.get(name)
            if method is not None:
                return Resolved(method)
            bindings = ancestor.bindings.get(name)
            if bindings:
                return self.resolve_bindings(bindings)
            assigned = assigned or name in ancestor.instance_attrs
        if assigned:
            return Unresolved(f"the type of `self.{name}` is not shown")
        if any("__getattr__" in ancestor.methods for ancestor in known):
            return Unresolved(f"`{cls.name}` answers `{name}` in `__getattr__`")
        if not unknown:
            if builtin_member(f"builtins.object.{name}"):
                return Resolved(External(f"builtins.object.{name}"))
            return Unresolved(f"`{cls.name}` does not define `{name}`; a subclass may")
        outside = [
            symbol
            for outcome in unknown
            for symbol in (outcome.symbols if isinstance(outcome, Ambiguous) else [symbol_of(outcome)])
            if isinstance(symbol, External)
        ]
        inherited = list(dict.fromkeys(External(f"{symbol.qualname}.{name}") for symbol in outside))
        reason = f"`{name}` is not defined in `{cls.name}`; {MAY_COME_FROM} {self.unknown_bases(known)}"
        if not inherited or len(outside) < len(unknown):
            return Unresolved(reason)
        if len(inherited) > 1:
            return Ambiguous([*inherited], reason)
        return Resolved(inherited[0]) if is_standard(inherited[0].qualname) else Assumed(inherited[0], reason)

    def unknown_bases(self, known: list[ClassInfo]) -> str:
        """The bases of these classes that are not in the program, as the end of a sentence."""
        texts: dict[str, None] = {}
        for cls in known:
            bases = [base for base in cls.node.bases if not isinstance(base, ir.Star)]
            for base, outcome in zip(bases, self.bases(cls)):
                if not isinstance(symbol_of(outcome), ClassInfo) and not _is_object(outcome):
                    texts[_text(base)] = None
        named = " or ".join(f"`{text}`" for text in texts)
        if len(texts) == 1:
            return f"the base class {named}, which is not in the input"
        return f"a base class, {named}, which are not in the input"


def _is_alias(binding: Binding) -> bool:
    """An annotation other than `TypeAlias` says more than the value it is given."""
    return binding.annotation is None or (dotted(binding.annotation) or "").endswith("TypeAlias")


def is_self(function: FunctionInfo, name: str) -> bool:
    """Whether a name in a method, or in a closure inside one, is its first parameter and nothing else."""
    bindings = function.locals.get(name)
    return name == function.self_name and (
        not bindings or (len(bindings) == 1 and bindings[0].kind == "param")
    )


def _end(binding: Binding) -> tuple[int, int]:
    """Where the statement that binds a name is through."""
    node = binding.value if binding.value is not None else binding.node
    return max(node.pos[2:], binding.pos[2:])


def _text(base: ir.Expr) -> str:
    return dotted(base.base if isinstance(base, ir.Item) else base) or "a computed class"


def _is_none(value: ir.Expr | None) -> bool:
    return value is None or (isinstance(value, ir.Const) and value.value is None)


def _is_builtin(outcome: Outcome) -> bool:
    symbol = symbol_of(outcome)
    return isinstance(symbol, External) and symbol.qualname.startswith("builtins.")


def _is_object(outcome: Outcome) -> bool:
    symbol = symbol_of(outcome)
    return isinstance(symbol, External) and symbol.qualname == "builtins.object"
