"""Functions and methods that join, split and normalise file paths."""

from __future__ import annotations

from collections.abc import Callable

from cwelens.base import chars as ch
from cwelens.flow import path_values, strings
from cwelens.flow.run import Args, Run
from cwelens.flow.state import Obj, State, map_taints
from cwelens.flow.values import BOOL, UNKNOWN, Const, Opaque, Ref, Value, const
from cwelens.ir import nodes as ir


def path_method(
    run: Run, node: ir.Expr, ref: Ref, obj: Obj, name: str, args: Args, st: State
) -> Value | None:
    """A method of a `pathlib.Path`."""
    path = obj.items.get("path", UNKNOWN)
    if name == "joinpath":
        return path_values.path_value(run, [Value((ref,)), *args.positional], st, node)
    if name in ("resolve", "absolute"):
        done = map_taints(path, lambda t: t.neutralised(("path.normalised",), f"`.{name}()`"))
        return run.alloc(st, node, Obj("instance", {"path": done}, cls="pathlib.Path"), name)
    if name in ("expanduser", "with_suffix", "relative_to"):
        return run.alloc(st, node, Obj("instance", {"path": path}, cls="pathlib.Path"), name)
    if name in ("as_posix", "__str__", "__fspath__"):
        return path
    if name in ("is_absolute", "is_relative_to", "match"):
        return BOOL
    return None


def join_paths(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`os.path.join`: an absolute part takes the place of all before it."""
    pieces: list[Value] = []
    for index, part in enumerate(args.positional):
        if index:
            previous = pieces[-1].const()
            absolute = part.const()
            if absolute is not None and isinstance(absolute.value, str) and absolute.value.startswith("/"):
                pieces = []
            elif not (
                previous is not None
                and isinstance(previous.value, str)
                and (previous.value.endswith("/") or previous.value == "")
            ):
                pieces.append(const(path_values.JOIN if _has_hole(part) else "/"))
            elif _has_hole(part):
                pieces.append(const("\0"))
        pieces.append(path_values.path_text(part, st))
    if args.star is not None:
        pieces += [const(path_values.JOIN), args.star]
    return strings.concat(pieces, st, False, run.place(node)) if pieces else UNKNOWN


def _has_hole(value: Value) -> bool:
    return any(not isinstance(a, Const) for a in value.atoms)


def normalised(name: str) -> Callable[[Run, ir.Expr, Args, State], Value]:
    """A function that normalises a path, which is noted in its taints."""

    def normalise(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
        if not args.positional:
            return UNKNOWN
        why = f"`{name}()` at line {node.pos[0]}"
        value = path_values.path_text(args.positional[0], st)
        return map_taints(value, lambda t: t.neutralised(("path.normalised",), why))

    return normalise


def basename(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`os.path.basename`: no separator is left."""
    if not args.positional:
        return UNKNOWN
    atom = args.positional[0].const()
    if atom is not None and isinstance(atom.value, str):
        return const(atom.value.rpartition("/")[2])
    one = strings.merge(path_values.path_text(args.positional[0], st), st)
    return Value((Opaque("builtins.str", one.taints, one.chars & ~ch.of("/"), one.note, one.label),))


def head(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`os.path.dirname`."""
    if not args.positional:
        return UNKNOWN
    one = strings.merge(path_values.path_text(args.positional[0], st), st)
    return Value((Opaque("builtins.str", one.taints, one.chars, one.note, one.label),))


def splitext(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """Functions that split a path into a tuple of two."""
    one = head(run, node, args, st)
    return run.alloc(st, node, Obj("tuple", {0: one, 1: one}))


def new_path(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """`pathlib.Path(…)`: its parts joined."""
    return path_values.path_value(run, args.positional, st, node)
