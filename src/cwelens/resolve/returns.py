"""What a function gives back: the values of its `return`s and `yield`s."""

from __future__ import annotations

from cwelens.ir import nodes as ir


def results(body: list[ir.Stmt]) -> tuple[list[ir.Expr | None], list[ir.Expr | None]]:
    """The values of the `return`s and of the `yield`s that stand as statements or assigned values of a function's body."""
    returns: list[ir.Expr | None] = []
    yields: list[ir.Expr | None] = []
    stack: list[ir.Stmt] = list(reversed(body))
    while stack:
        stmt = stack.pop()
        if isinstance(stmt, ir.Return):
            returns.append(stmt.value)
        elif isinstance(stmt, (ir.ExprStmt, ir.Assign)):
            if isinstance(stmt.value, ir.Yield):
                yields.append(None if stmt.value.delegate else stmt.value.value)
        else:
            stack += reversed(_blocks(stmt))
    return returns, yields


def _blocks(stmt: ir.Stmt) -> list[ir.Stmt]:
    if isinstance(stmt, (ir.If, ir.While, ir.For)):
        return stmt.body + stmt.orelse
    if isinstance(stmt, ir.Try):
        handled = [inner for handler in stmt.handlers for inner in handler.body]
        return stmt.body + handled + stmt.orelse + stmt.final
    if isinstance(stmt, (ir.With, ir.UnknownStmt)):
        return stmt.body
    if isinstance(stmt, ir.Match):
        return [inner for case in stmt.cases for inner in case.body]
    return []
