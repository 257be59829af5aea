"""What a file holds whose name comes from a caller, and what an address answers: whoever chooses it chooses what is in it.

That matters where content alone does harm (a deserialiser); anywhere else a file is what the program's own data comes from.
"""

from __future__ import annotations

from cwelens.flow.values import Origin, Place, Taint, Taints

# The kind of the origin.
CONTENT = "content"
OPENERS = frozenset(
    ("builtins.open", "pathlib.Path.open", "pathlib.Path.read_bytes", "gzip.open", "bz2.open", "lzma.open")
)
# What answers at an address that a client names is the client's own server, which no path to a file of this machine is.
FETCHERS = frozenset(
    ("urllib.request.urlopen", "requests.get", "requests.post", "requests.Session.get", "httpx.get", "httpx.Client.get")
)  # fmt: skip


def of_address(address: Taints, place: Place, written: str) -> Taints:
    """The taints of what is fetched from an address with these taints."""
    out = []
    for taint in address:
        own = taint.origin
        if own.kind in ("param", "untrusted"):
            text = f"what answers at the address that {own.text} names"
            origin = Origin(CONTENT, own.concept, text, own.place, own.evidence, own.owner)
            assumed = taint.assumption or "whoever names the address may also choose its host"
            out.append(Taint(origin, {}, taint.trail, assumed).step(place, f"`{written}` fetches it"))
    return tuple(out)


def of_named(path: Taints, place: Place, written: str) -> Taints:
    """The taints of what is read from a file of a path with these taints."""
    out = []
    for taint in path:
        own = taint.origin
        if own.kind == "param":
            text = f"the content of the file that {own.text} names"
            origin = Origin(CONTENT, own.concept, text, own.place, own.evidence, own.owner)
            out.append(Taint(origin, {}, taint.trail, taint.assumption).step(place, f"`{written}` opens it"))
    return tuple(out)
