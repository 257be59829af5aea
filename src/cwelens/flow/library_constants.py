"""Constants of libraries whose values matter: file modes of `stat`, flags of `re`, options of TLS. Any other name stays a name."""

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

# As OpenSSL numbers them, and `ssl` and `OpenSSL.SSL` after it.
NO_SSL3, NO_TLS1, NO_TLS1_1 = 0x02000000, 0x04000000, 0x10000000
OLD_VERSIONS = NO_SSL3 | NO_TLS1 | NO_TLS1_1
_TLS = {
    "OP_ALL": 0x80000050,
    "OP_NO_SSLv2": 0,
    "OP_NO_SSLv3": NO_SSL3,
    "OP_NO_TLSv1": NO_TLS1,
    "OP_NO_TLSv1_1": NO_TLS1_1,
    "OP_NO_TLSv1_2": 0x08000000,
    "OP_NO_TLSv1_3": 0x20000000,
    "OP_NO_COMPRESSION": 0x20000,
    "OP_NO_TICKET": 0x4000,
    "OP_SINGLE_DH_USE": 0,
    "OP_SINGLE_ECDH_USE": 0,
    "OP_CIPHER_SERVER_PREFERENCE": 0x400000,
}


def library_value(dotted: str) -> Value | None:
    """The value of a constant outside the program, by its canonical dotted name; None for any other name."""
    module, _, name = dotted.rpartition(".")
    if module == "stat" and name.startswith("S_I"):
        mode = getattr(stat, name, None)
        if isinstance(mode, int):
            return Value((Const(mode),))
    if module in ("re", "regex") and name in _FLAGS:
        return Value((Const(_FLAGS[name]),))
    if module in ("ssl", "ssl.Options", "OpenSSL.SSL") and name in _TLS:
        return Value((Const(_TLS[name]),))
    return None
