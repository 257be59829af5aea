"""Names that tell of secrets: what a variable, key or function is for, read off the words of its name."""

from __future__ import annotations

import re
from itertools import pairwise

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
PASSWORD = frozenset(("password", "passwd", "pwd", "pw", "passcode", "passphrase", "passwort"))
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
}
_PAIRS = frozenset(
    (("api", "key"), ("secret", "key"), ("private", "key"), ("access", "key"), ("encryption", "key"), ("session", "key"), ("signing", "key"), ("auth", "key"), ("reset", "code"), ("verification", "code"), ("auth", "token"),
     ("session", "cookie"), ("remember", "me"), ("one", "time"), ("token", "salt"), ("password", "salt"), ("secret", "salt"))
)  # fmt: skip
# `db_pass` is a password; `first_pass` is none.
_WHOSE = frozenset(
    ("db", "database", "user", "admin", "smtp", "mail", "email", "ftp", "root", "mysql", "postgres", "pg", "redis", "auth", "ssh", "ldap", "login")
)  # fmt: skip
# Before `token`: places in a listing or a stream, parts of a language, counts of what a model reads.
_NO_SECRET_TOKEN = frozenset(
    ("page", "next", "prev", "previous", "sync", "continuation", "cursor", "resume", "stop", "start", "end", "begin", "eos", "bos", "pad",
     "unk", "mask", "last", "first", "current", "max", "min", "word", "keyword", "operator", "lookahead", "special", "cancellation", "change", "version", "revision",
     "etag", "concurrency", "precondition")
)  # fmt: skip
# What may follow the word that says what a name holds: `password2`, `token_str`, `new_password_again`.
_TAILS = frozenset(
    ("value", "val", "str", "string", "b64", "base64", "hex", "bytes", "raw", "plain", "plaintext", "cleartext", "clear", "new", "old",
     "confirm", "confirmation", "again", "repeat", "tmp", "temp", "default", "current", "generated", "decrypted", "decoded")
)  # fmt: skip
# What follows one of these says whose or what for: `password_for_user`.
_OF = frozenset(("for", "of", "by", "from", "to", "in", "on", "with", "at"))


def words(name: str) -> list[str]:
    """The words of an identifier, lower case: `apiKey`, `API_KEY` and `api-key` are `api`, `key`."""
    return [w.lower() for w in _WORD.findall(name)]


def is_secret(name: str) -> bool:
    """Whether a name is that of a secret itself: `db_password`, `API_KEY`, `reset_token`."""
    return _speaks_of(name, SECRET)


def is_password(name: str) -> bool:
    return _speaks_of(name, PASSWORD)


def _speaks_of(name: str, wanted: frozenset[str]) -> bool:
    """Whether the word that says what a name holds, its last one, is wanted: a `password_field` is a field."""
    parts = words(name)
    cut = next((i for i, w in enumerate(parts) if w in _OF and i), len(parts))
    parts = parts[:cut]
    while len(parts) > 1 and (parts[-1] in _TAILS or parts[-1].isdigit()):
        parts.pop()
    if not parts or parts[0] in _ASKING:
        return False
    last = parts[-1]
    if len(parts) > 1:
        if wanted is SECRET and (parts[-2], last) in _PAIRS:
            return True
        if last == "pass":
            return parts[-2] in _WHOSE
        if last == "token" and parts[-2] in _NO_SECRET_TOKEN:
            return False
    return last in wanted or (last.endswith("s") and last[:-1] in wanted and last != "tokens")


# A name that begins so holds an answer or does something.
_ASKING = frozenset(
    (
        "is",
        "has",
        "no",
        "use",
        "check",
        "validate",
        "verify",
        "require",
        "requires",
        "update",
        "enable",
        "enabled",
        "disable",
        "allow",
        "show",
        "hide",
        "force",
        "forgot",
        "missing",
        "invalid",
        "valid",
    )
)


def for_security(name: str) -> bool:
    """Whether something under this name has to be unpredictable: a token, a session, a cookie, a key, a password."""
    parts = words(name)
    if parts and parts[-1] in _ABOUT - _AS_GOOD and parts[-1] not in SECRET:
        return False
    if "keygen" in parts or any(
        w in SECRET or w in ("salt", "session", "sessions", "cookie", "cookies", "sessionid") for w in parts
    ):
        return True
    return any(p in _PAIRS for p in pairwise(parts))


_PICKED = re.compile(r"\bchoice\(\s*(?:\w+\.)*(?P<name>\w+)\s*\)")


def picks_one(line: str) -> bool:
    """Whether a line picks one of several secrets that there are already (`random.choice(api_keys)`): that makes none."""
    found = _PICKED.search(line)
    return (
        found is not None and found["name"].lower().endswith("s") and for_security(found["name"].rstrip("sS"))
    )


# What a page's own script may read: how the page looks, and the token that it sends back in a header.
_PREFERENCES = frozenset(
    ("theme", "lang", "language", "locale", "consent", "banner", "tz", "timezone", "currency", "csrf", "csrftoken", "xsrf", "pref", "prefs",
     "preference", "preferences", "font", "color", "colour", "mode", "layout", "sidebar", "view", "tab", "sort", "order", "flash", "message",
     "messages", "size", "zoom", "region", "country", "style", "skin", "dark", "seen", "dismissed", "notice", "page", "last")
)  # fmt: skip


_LOOK = frozenset(
    ("theme", "lang", "language", "locale", "tz", "timezone", "currency", "font", "color", "colour", "skin", "dark", "layout", "zoom")
)  # fmt: skip


def is_look(name: str) -> bool:
    """Whether a cookie of this name says only how the page looks, and in which language."""
    return any(w in _LOOK for w in words(name))


def is_preference(name: str) -> bool:
    """Whether a cookie of this name holds a preference of the page or what its script has to read."""
    return any(w in _PREFERENCES for w in words(name))


# A key in these senses finds something and protects nothing.
_NO_CIPHER = frozenset(
    ("cache", "primary", "foreign", "sort", "public", "partition", "lookup", "group", "dict", "index", "order", "hot", "keyboard", "arrow",
     "session", "config", "redis", "storage", "object", "bucket", "s3", "translation", "i18n", "json", "data", "unique", "row", "column")
)  # fmt: skip


def is_cipher_key(name: str) -> bool:
    """Whether a name can be that of a cryptographic key: `KEY`, `aes_key`, `signing_key`."""
    parts = words(name)
    return bool(parts) and parts[-1] == "key" and not _NO_CIPHER & set(parts)


# Words beside which a random text may be a secret, wherever in the name they stand: `TOKEN_PROD`, `stripe_key_live`.
_HINTS = frozenset(
    ("password", "passwd", "pwd", "passphrase", "secret", "secrets", "token", "tokens", "apikey", "apikeys", "credential", "credentials",
     "secretkey", "accesskey", "privatekey", "authtoken", "accesstoken", "apitoken", "clientsecret", "appsecret", "appkey", "appid", "masterkey",
     "cred", "creds", "auth", "bearer", "jwt", "hmac", "fernet", "oauth", "passwords")
)  # fmt: skip
_KEYS = frozenset(("key", "keys"))
# What is random too, and for everybody to see: digests, identifiers, places, public halves, names of things.
_SEEN_BY_ALL = frozenset(
    ("hash", "hashes", "hashed", "digest", "checksum", "sha", "md5", "fingerprint", "etag", "id", "ids", "uuid", "guid", "url", "uri", "path",
     "file", "filename", "name", "version", "commit", "revision", "rev", "ref", "regex", "pattern", "alphabet", "chars", "charset", "css",
     "class", "test", "tests", "example", "sample", "mock", "fake", "dummy", "expected", "prefix", "suffix", "field", "label", "msg", "message",
     "template", "cursor", "page", "integrity", "site", "sitekey", "publishable", "verify", "verifying", "known", "ssh", "host", "client",
     "tracking", "measurement", "analytics", "salt", "nonce", "csrf", "csrftoken", "vector", "iv", "redacted", "encrypted", "error", "type")
)  # fmt: skip


def hints_at_secret(name: str) -> bool:
    """Whether a random text under a name can be nothing but a secret: `SECRET_PROD`, `api_keys`, `signing_key`."""
    parts = set(words(name))
    if parts & _SEEN_BY_ALL and not is_secret(name):
        return False
    return bool(parts & _HINTS) or (bool(parts & _KEYS) and not parts & _NO_CIPHER)


def names_secret(name: str) -> bool:
    """Whether a name has a word for a secret in it that is more than `key`."""
    return is_secret(name) or not _HINTS.isdisjoint(words(name))


# Words that say a name holds something about such data and not the data.
_ABOUT = frozenset(
    ("path", "file", "filename", "name", "url", "uri", "field", "label", "hash", "hashed", "digest", "length", "len", "type", "form", "policy",
     "prompt", "error", "message", "msg", "count", "validator", "regex", "pattern", "header", "param", "column", "help", "hint", "template",
     "required", "enabled", "is", "has", "max", "min", "size", "endpoint", "view", "class", "status", "format", "prefix", "suffix", "key",
     "index", "title", "text", "placeholder", "example", "invalid", "valid", "missing")
)  # fmt: skip
# A key or a digest is as good as what it was made of.
_AS_GOOD = frozenset(("key", "hash", "hashed", "digest"))
# What identifies or locates a person, or pays in their name. A number or place that many things have needs a person before it.
_PRIVATE = frozenset(("ssn", "creditcard", "ccn", "cvv", "cvc", "iban", "dob", "birthdate"))
_PRIVATE_PAIRS = frozenset(
    (("social", "security"), ("credit", "card"), ("debit", "card"), ("card", "number"), ("bank", "number"), ("bank", "account"),
     ("routing", "number"), ("passport", "no"), ("passport", "number"), ("passport", "id"), ("home", "address"), ("street", "address"),
     ("date", "birth"), ("birth", "date"), ("mobile", "number"), ("mobile", "no"), ("phone", "number"), ("phone", "no"), ("telephone", "number"),
     ("medical", "record"), ("national", "id"), ("tax", "id"))
)  # fmt: skip
_PERSON = frozenset(
    ("user", "customer", "patient", "client", "person", "employee", "home", "member", "student", "my")
)
_PLACE = frozenset(("latitude", "longitude", "lat", "lng", "lon", "salary", "phone", "birthday"))


def is_private(name: str) -> bool:
    """Whether a name is that of private data of a person: `ssn`, `credit_card`, `user_latitude`, `phoneNo`."""
    parts = [w for w in words(name) if w != "of"]
    if (
        not parts
        or (parts[-1] in _ABOUT and parts[-1] != "id")
        or parts[0] in ("is", "has", "check", "validate")
    ):
        return False
    if any(w in _PRIVATE for w in parts) or any(p in _PRIVATE_PAIRS for p in pairwise(parts)):
        return True
    return any(a in _PERSON and b in _PLACE for a, b in pairwise(parts))
