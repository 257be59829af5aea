"""What the comparison of a path with a directory tells: that the path lies below it."""

from __future__ import annotations

from cwelens.flow import assign, guards, narrowing
from cwelens.flow.run import Run, written
from cwelens.flow.state import State
from cwelens.flow.values import Lib, Value, taints_of
from cwelens.ir import nodes as ir


def suspect(base: Value) -> bool:
    """Whether what a value is tested against is itself untrusted; that a caller chooses the base is what bases are for."""
    return any(t.origin.kind == "untrusted" for t in taints_of(base))


def common_path(run: Run, node: ir.Expr, st: State) -> bool:
    """Whether an expression is a call of `os.path.commonpath` or `commonprefix`."""
    if isinstance(node, ir.Call):
        callee = guards.known_value(run, node.func, st)
        return any(
            isinstance(a, Lib) and a.name in ("os.path.commonpath", "os.path.commonprefix")
            for a in callee.atoms
        )
    return False


def base_part(call: ir.Expr, other: ir.Expr) -> ir.Expr | None:
    """Which of the paths given to `commonpath` is the one that it is compared with."""
    if isinstance(call, ir.Call) and call.args and isinstance(call.args[0], ir.Seq):
        return next((p for p in call.args[0].items if _alike(p, other)), None)
    return None


def _alike(one: ir.Expr, two: ir.Expr) -> bool:
    """Whether two expressions are the same name, access path, or call of such."""
    if isinstance(one, ir.Call) and isinstance(two, ir.Call):
        return (
            not one.keywords
            and not two.keywords
            and len(one.args) == len(two.args)
            and _alike(one.func, two.func)
            and all(map(_alike, one.args, two.args))
        )
    path = assign.path_of(one)
    return path is not None and path == assign.path_of(two)


def common_path_guard(run: Run, node: ir.Expr, base: ir.Expr | None, st: State) -> State:
    """The paths given to `commonpath`, except the base, are known to lie below it."""
    if isinstance(node, ir.Call) and node.args and isinstance(node.args[0], ir.Seq):
        why = narrowing.reason(run, node, f"`{written(node.func)}`")
        for part in node.args[0].items:
            if part is not base:
                below(run, part, why, st)
    return st


NORMALISING = frozenset(("realpath", "abspath", "normpath", "resolve"))


def below(run: Run, node: ir.Expr, why: str, st: State) -> None:
    """A path is known to lie below a base. `str(path)`, `realpath(path)` and `path.resolve()` speak of the path; one that was not resolved is not settled."""
    narrowing.neutralise(run, node, ("path",), why, st, only_normalised=True)
    fact = st.facts.get(node.id) if isinstance(node, ir.Name) else None
    if fact is not None and isinstance(fact[0], ir.Call) and guards.holds(fact, st):
        # `real = path.resolve()` before: the test is of that call.
        node = fact[0]
    if isinstance(node, ir.Call):
        normalising = written(node.func).rpartition(".")[2] in NORMALISING
        receiver = [node.func.base] if isinstance(node.func, ir.Attr) else []
        for part in [*node.args[:1], *receiver]:
            narrowing.neutralise(run, part, ("path",), why, st, only_normalised=not normalising)
