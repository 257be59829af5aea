"""Tells tokens that let somebody in from tokens that do not: of locks, pages, forms and grammars.

A name alone says it where a word before it does (`access_token`, `lock_token`). A bare `token` is what is around it: the text that is logged, what the
token is taken from, the function and its class, and what else the function handles. Where nothing says anything, whether it lets somebody in is a doubt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from cwelens.checks import names
from cwelens.checks.bodies import Body, last_name, texts
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted, walk

# What lets somebody in, and whose it is.
_LETS_IN = frozenset(
    ("access", "auth", "authenticate", "authenticated", "authentication", "authorization", "authorize", "authorise", "oauth", "oauth2", "oidc", "sso", "saml", "session",
     "sessions", "reset", "recover", "recovery", "forgot", "api", "apikey", "refresh", "bearer", "jwt", "login", "logout", "signin", "sign", "signer", "signed", "signature", "signup", "register",
     "registration", "user", "users", "account", "admin", "member", "invite", "invitation", "activate", "activation", "verification", "confirm", "confirmation",
     "remember", "secret", "secrets", "credential", "credentials", "password", "passwd", "security", "device", "bot", "personal", "private", "identity",
     "mail", "email", "sms", "otp", "totp", "webhook", "github", "gitlab", "slack", "vault", "tenant", "magic", "unsubscribe",
     "urlsafe", "hex", "uuid4")
)  # fmt: skip
# What holds, counts, separates or finds.
_OPENS_NOTHING = frozenset(
    ("lock", "locks", "unlock", "locked", "locking", "webdav", "lease", "fencing", "parse", "parser", "parsed", "parsing", "lexer", "lex", "tokenize", "tokenizer", "tokens", "grammar",
     "syntax", "expr", "expression", "ast", "compiler", "html", "csrf", "xsrf", "page", "pages", "paging", "pagination", "cursor", "next", "previous", "continuation",
     "resume", "cancel", "cancellation", "sync", "etag", "change", "challenge", "nonce", "realm", "keyword", "operator", "word", "words", "stream", "position", "offset",
     "line", "template", "query", "search", "sql", "filter", "model", "vocab", "vocabulary", "prompt", "completion", "embedding")
)  # fmt: skip
# Parts of a program that are named after such things.
_PLACES = frozenset(
    ("lock", "locks", "unlock", "locking", "webdav", "lease", "parse", "parser", "lexer", "lex", "tokenize", "tokenizer", "grammar", "csrf",
     "xsrf", "page", "pages", "pagination", "challenge", "etag")
)  # fmt: skip
# Secrets only of the one answer that they came in: sent along in the clear, and used once.
_SENT_ALONG = frozenset(("nonce", "csrf", "xsrf", "csrftoken"))


def lets_in(secret: ir.Expr, call: ir.Call, body: Body) -> bool | None:
    """Whether what is called a secret lets somebody in: None where nothing around it says so."""
    named = secret.func if isinstance(secret, ir.Call) else secret
    parts = names.words(last_name(named))
    if _SENT_ALONG & set(parts):
        return False
    if "token" not in parts:
        return True
    for said in _beside(named, parts, call, body):
        if said & _LETS_IN:
            return True
        if said & _OPENS_NOTHING:
            return False
    for said, is_name in _around(body):
        if said & _LETS_IN:
            return True
        if is_name and said & _PLACES:
            return False
    return None


def _beside(named: ir.Expr, parts: list[str], call: ir.Call, body: Body) -> Iterator[set[str]]:
    """Sets of words that speak of the token itself, the nearest first."""
    yield _words(parts)
    if isinstance(named, ir.Attr | ir.Item):
        yield _words(names.words((dotted(named.base) or last_name(named.base)).rpartition(".")[2]))
    told = [names.words(text) for arg in [*call.args, *(v for _, v in call.keywords)] for text in texts(arg)]
    yield {one for words in told for one, two in pairwise(words) if two == "token"}
    yield _words(word for words in told for word in words) & _LETS_IN
    for value in body.assigned.get(dotted(named) or "", []):
        yield _words(
            word for n in walk(value) if isinstance(n, ir.Expr) for word in names.words(last_name(n))
        )


def _around(body: Body) -> Iterator[tuple[set[str], bool]]:
    """Sets of words that speak of what the token is handled in; whether they are the name of it."""
    function = body.function
    if function is not None:
        yield _words(names.words(function.name)), True
        if function.owner is not None:
            yield _words(names.words(function.owner.name)), True
        yield _words(word for name in body.params for word in names.words(name)), False
    called = (dotted(n.func) or last_name(n.func) for n in body.nodes if isinstance(n, ir.Call))
    yield _words(word for name in called for word in names.words(name)), False
    yield _words(names.words(body.module.path.rpartition("/")[2].removesuffix(".py"))), True


def _words(found: Iterable[str]) -> set[str]:
    return set(found) - {"token"}
