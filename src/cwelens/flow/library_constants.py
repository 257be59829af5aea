"""Constants of the standard library whose values matter: file modes of `stat`, flags of `re`. Any other name stays a name."""

from __future__ import annotations

import stat

from cwelens.base.regex import tree
from cwelens.flow.values import Const, Value

_FLAGS = {
    "IGNORECASE": tree.IGNORECASE,
    "LOCALE": tree.LOCALE,
    "MULTILINE": tree.MULTILINE,
    "DOTALL": tree.DOTALL,
    "UNICODE": tree.UNICODE,
    "VERBOSE": tree.VERBOSE,
    "ASCII": tree.ASCII_ONLY,
}
_FLAGS.update({"I": 2, "L": 4, "M": 8, "S": 16, "U": 32, "X": 64, "A": 256})


def library_value(dotted: str) -> Value | None:
    """The value of a constant outside the program, by its canonical dotted name; None for any other name."""
    module, _, name = dotted.rpartition(".")
    if module == "stat" and name.startswith("S_I"):
        mode = getattr(stat, name, None)
        if isinstance(mode, int):
            return Value((Const(mode),))
    if module in ("re", "regex") and name in _FLAGS:
        return Value((Const(_FLAGS[name]),))
    return None
