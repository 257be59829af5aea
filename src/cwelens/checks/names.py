"""Names that tell of secrets: what a variable, key or function is for, read off the words of its name."""

from __future__ import annotations

import re
from itertools import pairwise

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
PASSWORD = frozenset(("password", "passwd", "pwd", "passphrase", "passwort"))
SECRET = PASSWORD | {
    "secret",
    "token",
    "apikey",
    "credential",
    "credentials",
    "otp",
    "pin",
    "nonce",
    "csrf",
    "salt",
}
_PAIRS = frozenset(
    (("api", "key"), ("secret", "key"), ("private", "key"), ("access", "key"), ("encryption", "key"), ("session", "id"),
     ("session", "key"), ("signing", "key"), ("auth", "key"), ("reset", "code"), ("verification", "code"), ("auth", "token"),
     ("session", "cookie"), ("remember", "me"), ("one", "time"))
)  # fmt: skip
# Words that say the name holds something about a secret and not the secret.
_ABOUT = frozenset(
    ("path", "file", "filename", "name", "url", "uri", "field", "label", "hash", "hashed", "digest", "length", "len", "type", "id", "form",
     "policy", "prompt", "error", "message", "msg", "count", "expiry", "expires", "lifetime", "ttl", "validator", "regex", "pattern",
     "header", "param", "column", "help", "hint", "template", "env", "var", "required", "enabled", "is", "has", "max", "min", "size",
     "endpoint", "view", "class", "status", "reset", "change", "format", "prefix", "suffix", "key", "algorithm", "method", "index",
     "tokens", "tokenizer", "tokenize", "input", "title", "text", "placeholder", "example", "backend", "invalid", "valid", "missing")
)  # fmt: skip


def words(name: str) -> list[str]:
    """The words of an identifier, lower case: `apiKey`, `API_KEY` and `api-key` are `api`, `key`."""
    return [w.lower() for w in _WORD.findall(name)]


def is_secret(name: str) -> bool:
    """Whether a name is that of a secret itself: `db_password`, `API_KEY`, `reset_token`."""
    return _speaks_of(name, SECRET)


def is_password(name: str) -> bool:
    return _speaks_of(name, PASSWORD)


def _speaks_of(name: str, wanted: frozenset[str]) -> bool:
    parts = words(name)
    hit = any(w in wanted for w in parts)
    pair = wanted is SECRET and any(p in _PAIRS for p in pairwise(parts))
    if not hit and not pair:
        return False
    if parts and parts[-1] in _ABOUT and not pair:
        return False
    return not (
        parts and parts[0] in ("is", "has", "no", "use", "check", "validate", "verify", "require", "requires")
    )


def for_security(name: str) -> bool:
    """Whether something under this name has to be unpredictable: a token, a session, a cookie, a key, a password."""
    parts = words(name)
    if any(w in SECRET or w in ("session", "sessions", "cookie", "cookies", "sessionid") for w in parts):
        return True
    return any(p in _PAIRS for p in pairwise(parts))
