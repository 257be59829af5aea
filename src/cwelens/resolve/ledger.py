"""The call ledger: every call of a module, whether its callee is known, and if not, why.

Invariants
- Every `Call` node of the module has exactly one record.
- status "resolved": the callee is in the program, a builtin or in the standard library; "modelled": its qualified name is
  one that a model describes; "unresolved": anything else, never without a reason.
- A reason on a resolved or modelled record is the assumption it rests on.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile

from cwelens.base.location import Location, locate
from cwelens.base.source import Source
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted
from cwelens.resolve.builtin_names import builtin_member, is_standard
from cwelens.resolve.outcome import Ambiguous, Assumed, Outcome, Resolved, Unresolved, symbol_of
from cwelens.resolve.program import MAY_COME_FROM, Program
from cwelens.resolve.scope import Scope
from cwelens.resolve.sites import call_sites
from cwelens.resolve.symbols import ClassInfo, External, FunctionInfo, ModuleInfo, Symbol
from cwelens.resolve.testcase import assertion
from cwelens.resolve.types import TOO_DEEP, LibraryType, Types

INHERITED = "self (inherited)"
_TEXT_LIMIT = 80


class CallRecord:
    """One call. `receiver` is the text before the last dot ("" for a bare name, `self (inherited)` where only a base class
    outside the input can define it); `member` the name called ("" where an expression is called). `library` is the dotted name of
    an unresolved callee that is known to belong to a library ("" elsewhere)."""

    __slots__ = ("function", "library", "member", "module", "node", "reason", "receiver", "status", "target")

    def __init__(
        self,
        node: ir.Call,
        module: ModuleInfo,
        function: FunctionInfo | None,
        receiver: str,
        member: str,
        status: str,
        target: str | None,
        reason: str,
    ) -> None:
        self.node = node
        self.module = module
        # What is unresolved has no target; its name is kept apart for whoever writes models.
        self.library = target or "" if status == "unresolved" else ""
        self.function = function
        self.receiver = receiver
        self.member = member
        self.status = status
        self.target = target if status != "unresolved" else None
        self.reason = reason

    @property
    def location(self) -> Location:
        return locate(self.module.source, self.node.pos)

    @property
    def callee(self) -> str:
        """The called expression as written, shortened."""
        return text_of(self.module.source, self.node.func)

    def __repr__(self) -> str:
        return f"<{self.status} {self.callee} → {self.target or self.reason}>"


class NameRecord:
    """A base class, import or decorator. `kind` says which; `status` is resolved (in the program, a builtin, the standard
    library), external (another library) or unresolved (belongs to the input's own packages, or is nowhere defined)."""

    __slots__ = ("kind", "module", "node", "owner", "reason", "status", "target", "text")

    def __init__(
        self,
        kind: str,
        text: str,
        module: ModuleInfo,
        node: ir.Node,
        owner: ClassInfo | FunctionInfo | None,
        outcome: Outcome,
    ) -> None:
        self.kind = kind
        self.text = text
        self.module = module
        self.node = node
        self.owner = owner
        symbol = outcome.symbols[0] if isinstance(outcome, Ambiguous) else symbol_of(outcome)
        self.target = symbol.qualname if symbol is not None else None
        self.reason = "" if isinstance(outcome, Resolved) else outcome.reason
        if symbol is None:
            self.status = "unresolved"
        elif isinstance(symbol, External) and not is_standard(symbol.qualname):
            self.status = "external"
            self.reason = self.reason or f"`{symbol.qualname}` is not in the input"
        else:
            self.status = "resolved"

    @property
    def location(self) -> Location:
        return locate(self.module.source, self.node.pos)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.text} {self.status} {self.target or self.reason}>"


def calls(
    program: Program,
    module: ModuleInfo,
    library_type: LibraryType,
    is_modelled: Callable[[str], bool],
    types: Types | None = None,
) -> list[CallRecord]:
    """The record of every call in a module. Hand in one `types` for all modules of a program to share what it remembers."""
    judge = _Judge(types or Types(program, library_type), is_modelled)
    return [judge.record(call, scope) for call, scope in call_sites(module)]


def base_classes(program: Program, module: ModuleInfo) -> list[NameRecord]:
    """A record for every base in the module's class statements."""
    records: list[NameRecord] = []
    for cls in module.classes:
        bases = [base for base in cls.node.bases if not isinstance(base, ir.Star)]
        for base, outcome in zip(bases, program.bases(cls)):
            records.append(NameRecord("base", text_of(module.source, base), module, base, cls, outcome))
    return records


def imports(program: Program, module: ModuleInfo) -> list[NameRecord]:
    """A record for every name imported in the module's own scope, in functions and in class bodies, and every star import."""
    records: list[NameRecord] = []
    scopes = [module.bindings, *(f.locals for f in module.functions), *(c.bindings for c in module.classes)]
    for scope in scopes:
        for bindings in scope.values():
            for binding in bindings:
                if binding.target is not None:
                    outcome = program.resolve_dotted(_imported(binding.node, binding.target), module)
                    records.append(
                        NameRecord("import", binding.target, module, binding.node, binding.function, outcome)
                    )
    for star in module.stars:
        outcome = program.resolve_dotted(star.target, module)
        records.append(NameRecord("import", f"{star.target}.*", module, star.node, None, outcome))
    records.sort(key=lambda record: record.node.pos)
    return records


def decorators(program: Program, module: ModuleInfo) -> list[NameRecord]:
    """A record for every decorator of the module's functions and classes."""
    records: list[NameRecord] = []
    owners: list[FunctionInfo | ClassInfo] = [*module.functions, *module.classes]
    for owner in owners:
        outer = owner.parent if isinstance(owner, FunctionInfo) else owner.function
        cls = owner.owner if isinstance(owner, FunctionInfo) else owner.outer
        for node in owner.node.decorators:
            func = node.func if isinstance(node, ir.Call) else node
            outcome = program.resolve_expr(module, outer, func, cls)
            records.append(
                NameRecord("decorator", text_of(module.source, func), module, node, owner, outcome)
            )
    return records


def text_of(source: Source, expr: ir.Expr) -> str:
    """An expression as written, on one line and shortened."""
    text = dotted(expr)
    if text is None:
        line, column, end_line, end_column = expr.pos
        lines = [source.line(number).encode("utf-8", "surrogatepass") for number in range(line, end_line + 1)]
        lines[-1] = lines[-1][:end_column]
        lines[0] = lines[0][column:]
        text = " ".join(part.decode("utf-8", "replace").strip() for part in lines)
    return text if len(text) <= _TEXT_LIMIT else text[: _TEXT_LIMIT - 1] + "…"


def _imported(node: ir.Node, target: str) -> str:
    """`import a.b` binds `a`, but it is `a.b` that must be there."""
    if isinstance(node, ir.Import):
        for name, alias in node.names:
            if alias is None and name.partition(".")[0] == target:
                return name
    return target


class _Judge:
    """Decides each call; equal texts in one scope are decided once."""

    def __init__(self, types: Types, is_modelled: Callable[[str], bool]) -> None:
        self._types = types
        self._is_modelled = is_modelled
        self._known: dict[tuple[object, object, str], tuple[str, str, str | None, str]] = {}

    def record(self, call: ir.Call, scope: Scope) -> CallRecord:
        func = call.func
        text = dotted(func)
        if text is None or scope.inner is not None:
            verdict = self._verdict(call, scope, text)
        else:
            key = (scope.function, scope.cls, text)
            known = self._known.get(key)
            verdict = known or self._verdict(call, scope, text)
            self._known[key] = verdict
        receiver, status, target, reason = verdict
        member = func.name if type(func) is ir.Attr else func.id if type(func) is ir.Name else ""
        return CallRecord(call, scope.module, scope.function, receiver, member, status, target, reason)

    def _verdict(self, call: ir.Call, scope: Scope, text: str | None) -> tuple[str, str, str | None, str]:
        func = call.func
        if text is not None:
            receiver = text.rpartition(".")[0]
        else:
            receiver = text_of(scope.module.source, func.base) if isinstance(func, ir.Attr) else ""
        try:
            outcome = self._types.called(scope, self._types.refer(scope, func), func)
        except RecursionError:
            outcome = Unresolved(TOO_DEEP)
        status, target, reason = self._judge(outcome, func)
        if status == "unresolved" and isinstance(func, ir.Attr) and self._on_self(scope, func):
            function = scope.function
            assert function is not None and function.self_class is not None
            known = assertion(self._types.program, function.self_class, func.name)
            if known is not None:
                return INHERITED, "resolved", known.symbol.qualname, known.reason
            if self._types.program.mro(function.self_class)[1] and not self._assigned(
                function.self_class, func.name
            ):
                receiver = INHERITED
        return receiver, status, target, reason

    def _on_self(self, scope: Scope, func: ir.Attr) -> bool:
        function = scope.function
        if function is None or function.self_class is None:
            return False
        base = func.base
        if isinstance(base, ir.Call):
            return isinstance(base.func, ir.Name) and base.func.id == "super"
        return isinstance(base, ir.Name) and base.id == function.self_name

    def _assigned(self, cls: ClassInfo, name: str) -> bool:
        return any(
            name in ancestor.instance_attrs or name in ancestor.bindings
            for ancestor in self._types.program.mro(cls)[0]
        )

    def _judge(self, outcome: Outcome, func: ir.Expr) -> tuple[str, str | None, str]:
        if isinstance(outcome, Unresolved):
            return "unresolved", None, outcome.reason
        if isinstance(outcome, Ambiguous):
            judged = [self._symbol(symbol, func) for symbol in outcome.symbols]
            for status in ("modelled", "unresolved", "resolved"):
                for candidate in judged:
                    if candidate[0] == status:
                        return status, candidate[1], candidate[2] or outcome.reason
        assert isinstance(outcome, (Resolved, Assumed))
        status, target, reason = self._symbol(outcome.symbol, func)
        if isinstance(outcome, Assumed):
            if status == "unresolved" and not _inherited(outcome.reason):
                known = target is not None and outcome.reason.startswith("`")
                reason = f"{outcome.reason}; no model describes `{target}`" if known else reason
            else:
                reason = outcome.reason
        return status, target, reason

    def _symbol(self, symbol: Symbol, func: ir.Expr) -> tuple[str, str | None, str]:
        name = symbol.qualname
        if not isinstance(symbol, External):
            return "resolved", name, ""
        if self._is_modelled(name):
            return "modelled", name, ""
        exists = builtin_member(name)
        if exists is False:
            _, owner, member = name.split(".")
            if owner == "object":
                return "unresolved", None, "its type is given as `object`, which may be anything"
            return "unresolved", None, f"`{owner}` has no attribute `{member}`"
        if is_standard(name):
            return "resolved", name, ""
        origin = _library(name)
        return (
            "unresolved",
            name,
            f"imported from `{origin}`; its code is not in the input and no model describes it",
        )


def _library(qualname: str) -> str:
    """The module part of a library name: up to its first class, without the last name."""
    parts = qualname.split(".")
    kept = [*takewhile(lambda part: not part[:1].isupper(), parts[:-1])]
    return ".".join(kept or parts[:1])


def _inherited(reason: str) -> bool:
    return MAY_COME_FROM in reason
