"""What a header of a request can do: it holds no line break, and the one that names the page before leads back to that page."""

from __future__ import annotations

import re

from cwelens.flow.values import Taint

# What may bring a line break out of a text that has none.
_DECODES = re.compile(
    r"unquote|b64decode|urlsafe_b64|unhexlify|fromhex|loads|unescape|decode_header|decompress|decrypt"
)
_BEFORE = re.compile(r"(?i)referr?er")
_ACCESS = 40


def one_line(taint: Taint) -> str:
    """Why a value holds no line break: servers refuse them in headers, and nothing has decoded it since."""
    if taint.origin.concept != "http.header" or taint.trail is None:
        return ""
    for step in taint.trail.steps():
        source, (line, *_) = step.place
        if _DECODES.search(source.line(line)):
            return ""
    return "no server lets a line break through in a header"


# What of `META` a server or Django puts there; most of the rest a client writes.
_META_KEY = re.compile(r"\bMETA(?:\.get\(|\[)\s*(['\"])(?P<key>\w+)\1")
_OF_SERVER = frozenset(
    ("CSRF_COOKIE", "GATEWAY_INTERFACE", "REMOTE_ADDR", "REMOTE_PORT", "REMOTE_USER", "SERVER_PORT", "SERVER_PROTOCOL", "SERVER_SOFTWARE")
)  # fmt: skip


def of_server(taint: Taint) -> str:
    """Why a value is not the client's though it stands among the headers: under this key a server puts it."""
    if taint.origin.concept != "http.header" or taint.origin.place is None:
        return ""
    source, (line, *_) = taint.origin.place
    keys = [found["key"] for found in _META_KEY.finditer(source.line(line))]
    ours = bool(keys) and all(key in _OF_SERVER for key in keys)
    return f"the server puts `{keys[0]}` there" if ours else ""


def leads_back(taint: Taint) -> str:
    """Why a target of a redirect is harmless: it is the page that the user comes from."""
    if taint.origin.concept != "http.header" or taint.origin.place is None:
        return ""
    source, (line, column, *_) = taint.origin.place
    written = source.line(line).encode("utf-8", "surrogatepass")[column:].decode("utf-8", "replace")
    end = written.find(")") if ")" in written[:_ACCESS] else _ACCESS
    return "it leads back to the page that the user comes from" if _BEFORE.search(written[: end + 1]) else ""
