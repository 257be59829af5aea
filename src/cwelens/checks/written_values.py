"""Which literal stands behind an expression: as it is, converted on the way, or in a list."""

from __future__ import annotations

from dataclasses import dataclass

from cwelens.flow.run import written
from cwelens.ir import nodes as ir

# What a literal goes through on its way into a variable, and stays the secret it was.
_CONVERTING = frozenset(
    (
        "bytes",
        "str",
        "bytearray",
        "SecretStr",
        "SecretBytes",
        "force_bytes",
        "to_bytes",
        "ensure_bytes",
        "Secret",
    )
)
# What decodes it, with the characters that it takes for each byte.
_DECODING = {
    "fromhex": 2,
    "unhexlify": 2,
    "a2b_hex": 2,
    "b64decode": 4 / 3,
    "urlsafe_b64decode": 4 / 3,
    "standard_b64decode": 4 / 3,
    "b32decode": 8 / 5,
}
_METHODS = frozenset(("encode", "strip", "decode"))


@dataclass(frozen=True, slots=True)
class Written:
    """A literal: its text, how many bytes it is (0 for a text), and where it stands."""

    text: str
    size: int
    node: ir.Expr


def literal(value: ir.Expr) -> Written | None:
    """The one literal that an expression is."""
    if isinstance(value, ir.Const):
        if isinstance(value.value, bytes):
            return Written(value.value.decode("latin-1"), len(value.value), value)
        return Written(value.value, 0, value) if isinstance(value.value, str) else None
    if isinstance(value, ir.Format):
        parts = [part for part in value.parts if isinstance(part, str)]
        return Written("".join(parts), 0, value) if len(parts) == len(value.parts) else None
    if isinstance(value, ir.Binary) and value.op == "+":
        left, right = literal(value.left), literal(value.right)
        if left is None or right is None:
            return None
        return Written(left.text + right.text, left.size + right.size, value)
    if isinstance(value, ir.Call):
        return _converted(value)
    return None


def _converted(call: ir.Call) -> Written | None:
    name = call.func.name if isinstance(call.func, ir.Attr) else written(call.func)
    if isinstance(call.func, ir.Attr) and name in _METHODS and isinstance(call.func.base, ir.Const):
        return literal(call.func.base)
    if name in _CONVERTING and call.args and isinstance(call.args[0], ir.Const):
        return literal(call.args[0])
    if name in _DECODING and call.args and isinstance(call.args[0], ir.Const):
        found = literal(call.args[0])
        if found is not None:
            return Written(found.text, int(len(found.text.rstrip("=")) / _DECODING[name]), found.node)
    return None


def several(value: ir.Expr) -> list[Written]:
    """The literals of a list, tuple or set of nothing else, or those that a dictionary holds; none where it holds anything else."""
    if isinstance(value, ir.DictDisplay):
        found = [literal(item) for _, item in value.items]
    elif isinstance(value, ir.Seq):
        found = [literal(item) for item in value.items]
    else:
        return []
    return [one for one in found if one is not None] if all(found) else []
