"""What a broken hash function is used for: whether anybody gains by finding two inputs with one hash.

A signature or an integrity check is broken by a collision; a cache key, an entity tag or a short name is not. Read off the statement
that makes the hash: the names in it, what is hashed, and how much of the digest is kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.checks import names
from cwelens.checks.bodies import last_name
from cwelens.checks.judgement import Judgement
from cwelens.flow.state import deep_taints
from cwelens.flow.values import Value
from cwelens.ir import nodes as ir
from cwelens.ir.walk import children, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cwelens.flow.run import CallSite

_PROTECTS = frozenset(
    ("sign", "signed", "signature", "token", "password", "passwd", "secret", "credential", "hmac", "mac", "auth", "license", "licence",
     "certificate", "cert", "verify", "verified", "integrity", "tamper", "nonce", "salt", "sealed")
)  # fmt: skip
# What is only remembered by whose it is carries these names as well.
_VAGUE = frozenset(("auth",))
_IDENTIFIES = frozenset(
    ("cache", "cached", "key", "etag", "id", "ids", "uid", "guid", "uuid", "name", "filename", "path", "dir", "fingerprint", "version", "bust",
     "color", "colour", "avatar", "gravatar", "shard", "bucket", "slot", "slug", "suffix", "prefix", "unique", "dedupe", "duplicate", "short",
     "index", "icon", "identifier", "tag", "ident", "slugify", "etags")
)  # fmt: skip
# What is hashed to see whether it is the same as before, or to have a short name for it.
_CONTENTS = frozenset(
    ("filename", "filenames", "path", "paths", "url", "urls", "uri", "content", "contents", "config", "configuration", "settings", "snapshot",
     "body", "html", "image", "args", "kwargs", "params", "query", "sql", "options", "schema")
)  # fmt: skip
# Bits of a digest below which nobody can take it for protection.
_SHORT = 16
_FACTS = frozenset(("digest_size", "block_size", "name"))


def purpose(site: CallSite) -> Judgement:
    """The judgement on a call of a broken hash function."""
    statement, above = _around(site)
    words = {w for text in _names(statement) for w in names.words(text)}
    purposes = {w for target in _targets(statement) for text in _names(target) for w in names.words(text)}
    function = site.frame.func
    # A function that verifies much may hash something for another reason.
    called = (
        set(names.words(function.name)) - {"verify", "verified", "auth"} if function is not None else set()
    )
    if function is not None:
        purposes |= set(names.words(function.name))
    if isinstance(statement, ir.Return):
        # The hash is what the function is for.
        words |= called
    if function is not None and replaced(walk(*function.node.body)):
        return Judgement("neutralised", "it is compared with the old hash, which is replaced")
    if any(_makes_random(part) for part in _data(site)):
        return Judgement("neutralised", "what is hashed is random itself")
    if above is not None and isinstance(above, ir.Attr) and above.name in _FACTS:
        return Judgement("neutralised", f"only its `{above.name}` is read")
    protects = sorted((words & _PROTECTS) - _VAGUE)
    if protects:
        return Judgement("defect", f"used for `{protects[0]}`")
    if _shortened(statement, site.node):
        return Judgement("neutralised", "a few characters of the digest make a short name")
    guessed = sorted((called | words & _VAGUE) & _PROTECTS)
    if guessed:
        return Judgement("conditional", f"the hash protects the `{guessed[0]}` that the code around is about")
    identifies = sorted(purposes & _IDENTIFIES)
    if identifies:
        return Judgement("neutralised", f"it identifies something (`{identifies[0]}`)")
    # `hashlib.new` takes the name of the function before the data.
    positional = site.args.positional[1:] if site.name.endswith(".new") else site.args.positional
    given = positional + [v for k, v in site.args.keywords.items() if k in ("data", "string")]
    if any(t.origin.kind == "untrusted" for v in given for t in deep_taints(v, site.state)):
        return Judgement(
            "conditional", "the hash protects something; whoever sends the data chooses what is hashed"
        )
    if given and all(_constant(v) for v in given):
        return Judgement("neutralised", "what is hashed is constant")
    told = sorted({w for part in _data(site) for text in _names(part) for w in names.words(text)} & _CONTENTS)
    if told:
        return Judgement("neutralised", f"it tells contents apart (`{told[0]}`)")
    return Judgement(
        "conditional", "the hash protects something: a signature, a check of integrity, a secret"
    )


_ANEW = re.compile(r"^_?(?:set_password|rehash\w*|upgrade_password|make_password|update_password)$")


def replaced(nodes: Iterable[ir.Node]) -> bool:
    """Whether a function sets a password anew: a fast hash is only the old one, which it compares before it replaces it."""
    listed = list(nodes)
    return any(isinstance(n, ir.Call) and _ANEW.match(last_name(n.func)) for n in listed) and any(
        isinstance(n, ir.If) for n in listed
    )


# So many characters of a digest are sent to ask whether a password is among known ones (Have I Been Pwned, range search).
_ASKED = 5
ASKS = "only its first characters leave, to ask for known passwords"


def looked_up(nodes: Iterable[ir.Node]) -> bool:
    """Whether a function asks a list of known passwords: a digest is divided after its first characters, and kept nowhere."""
    cut = [n.key for n in nodes if isinstance(n, ir.Item) and isinstance(n.key, ir.Slice)]
    return any(_is_five(key.upper) and key.lower is None for key in cut) and any(
        _is_five(k.lower) for k in cut
    )


def _is_five(node: ir.Expr | None) -> bool:
    return isinstance(node, ir.Const) and node.value == _ASKED


_RANDOM = frozenset(
    ("urandom", "token_bytes", "token_hex", "token_urlsafe", "uuid4", "get_random_bytes", "randbytes")
)


def _data(site: CallSite) -> list[ir.Expr]:
    """What is hashed, as written."""
    node = site.node
    return (
        [*node.args, *(v for k, v in node.keywords if k in ("data", "string"))]
        if isinstance(node, ir.Call)
        else []
    )


def _makes_random(node: ir.Expr) -> bool:
    """Whether an expression is fresh random bytes, perhaps as text: nobody can choose them."""
    return any(isinstance(part, ir.Call) and last_name(part.func) in _RANDOM for part in walk(node))


def _constant(value: Value) -> bool:
    return value.const() is not None


def _around(site: CallSite) -> tuple[ir.Node, ir.Node | None]:
    """The innermost statement that holds the call, and the node that the call is directly part of."""
    root = site.frame.node
    body = root.body if isinstance(root, ir.Function) else site.frame.module.body
    statement: ir.Node = site.node
    above: ir.Node | None = None
    nodes = body if isinstance(body, list) else [body]
    for node in walk(*nodes):
        if isinstance(node, ir.Assign | ir.AugAssign | ir.Return | ir.ExprStmt):
            inside = list(walk(node))
            if any(part is site.node for part in inside):
                statement = node
        if any(part is site.node for part in children(node)):
            above = node
    return statement, above


def _names(node: ir.Node) -> Iterator[str]:
    for part in walk(node):
        if isinstance(part, ir.Name):
            yield part.id
        elif isinstance(part, ir.Attr):
            yield part.name
        elif isinstance(part, ir.Item) and isinstance(part.key, ir.Const) and isinstance(part.key.value, str):
            yield part.key.value


def _targets(statement: ir.Node) -> list[ir.Expr]:
    """What a statement gives the hash to."""
    if isinstance(statement, ir.Assign):
        return statement.targets
    return [statement.target] if isinstance(statement, ir.AugAssign) else []


def _shortened(statement: ir.Node, call: ir.Expr) -> bool:
    """`md5(x).hexdigest()[:8]`"""
    for part in walk(statement):
        if (
            isinstance(part, ir.Item)
            and isinstance(part.key, ir.Slice)
            and any(n is call for n in walk(part.base))
        ):
            end = part.key.upper
            if isinstance(end, ir.Const) and isinstance(end.value, int) and 0 < end.value <= _SHORT:
                return True
    return False
