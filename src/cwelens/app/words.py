"""Names that tell what request data, session keys, columns and functions are about."""

from __future__ import annotations

import re


def table(text: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(text.split())


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def words(name: str) -> frozenset[str]:
    """The words of an identifier or path, lower case."""
    return frozenset(w.lower() for w in _WORD.findall(name))


IDENTITY_KEYS = table("""user username userid uid email account login logged loggedin auth authenticated admin role member customer identity
    uname usr principal sub profile owner employee person""")
_AUTH_NAMES = table(
    "session sessionid sid auth authorization authentication token jwt apikey access bearer user username userid login logged"
)
TOKEN_WORDS = table("token apikey signature hmac otp code secret jwt sig hash nonce pin")
_NOT_TOKENS = table("csrf csrfmiddlewaretoken xsrf postal zip country language status currency product item")
ROLE_WORDS = table("""admin isadmin admins administrator role roles staff isstaff superuser permission permissions perm perms privilege privileges
    moderator superadmin scopes groups rights is_staff""")
ADMIN_WORDS = table("admin administrator superuser superadmin staff backoffice moderator internal management")
OWNER_WORDS = table("""user owner author creator username userid customer member employee patient student account uid sender recipient receiver
    seller buyer client poster person tenant""")
USER_TABLES = table("""user users account accounts member members customer customers employee employees person people patient patients profile
    profiles userprofile userprofiles customuser appuser auth_user""")
PASSWORD_WORDS = table("password passwd pwd pass passphrase pw passcode")
PRIVILEGED_FIELDS = table("""is_admin isadmin admin role roles is_staff isstaff is_superuser superuser permissions permission privileges user_role
    user_type usertype account_type is_active verified is_verified email_verified balance credit credits salary""")
SENSITIVE_COLUMNS = table("""password passwd pwd ssn salary income email phone address token secret api_key apikey credit_card card_number iban dob
    birthdate balance role permissions account_number""")
HANDLE_KEYS = table("username name slug handle login nickname screen_name")
# The fields of a query and of types count as well: what changes something is a mutation.
SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "QUERY", "SUBSCRIPTION", "FIELD"))

# Routes that are open by their nature.
PUBLIC = table("""login signin logon logout signout logoff register registration signup signon join forgot forgotten reset recover recovery activate
    activation confirm confirmation verify verification health healthz healthcheck status ping ready live liveness readiness static assets
    favicon robots about contact contacts subscribe unsubscribe newsletter search webhook webhooks hook callback oauth oauth2 sso saml
    captcha docs swagger openapi redoc csrf refresh authenticate authentication auth token tokens version home landing index welcome
    setlang language locale theme consent cookie cookies track tracking beacon vote poll share checkout cart setup install installation onboarding wizard public guest""")


_TO_ASK = table("ensure require check verify assert enforce authorize authorise must guard")
_ASKED = table(
    "permission permissions access owner ownership authorize authorise authorized rights allowed administer admin role roles can may"
)


def speaks_of_asking(name: str) -> bool:
    """Whether a function is called after asking whether somebody may: `ensure_share_permission`, `check_access`."""
    found = words(name)
    return bool(found & _TO_ASK and found & _ASKED)


def is_identity_key(name: str) -> bool:
    """Whether a session key tells who is asking."""
    found = words(name)
    return bool(found & IDENTITY_KEYS) or name.lower() in ("id", "name", "loggedin")


def is_auth_name(name: str) -> bool:
    """Whether a cookie or header carries a session or a token."""
    found = words(name)
    if found & {"csrf", "xsrf", "csrftoken", "accept", "agent", "content"}:
        return False
    return (
        bool(found & _AUTH_NAMES)
        or {"api", "key"} <= found
        or "apikey" in name.lower()
        or "session" in name.lower()
    )


def is_token(name: str) -> bool:
    found = words(name)
    return (bool(found & TOKEN_WORDS) or {"api", "key"} <= found) and not found & _NOT_TOKENS


def is_secret(name: str) -> bool:
    """Whether a column keeps what only those know who were given it."""
    return bool(words(name) & {"token", "secret", "apikey", "signature"}) and is_token(name)


def is_code(name: str) -> bool:
    """A short code that somebody types in: it can be guessed by trying."""
    found = words(name)
    return bool(found & {"pin", "otp", "passcode", "totp"}) or (
        "code" in found
        and bool(
            found
            & {
                "reset",
                "verification",
                "verify",
                "confirm",
                "confirmation",
                "login",
                "security",
                "sms",
                "mfa",
            }
        )
    )


def is_role(name: str) -> bool:
    return bool(words(name) & ROLE_WORDS)


# What an account is by itself, whatever it may do.
_STATES = table(
    "authenticated anonymous active inactive verified confirmed enabled disabled logged valid online new deleted banned locked none"
)


def is_right(name: str) -> bool:
    """Whether a member of who is asking tells what they may do: `is_owner`, `can_edit`, `has_access_to`."""
    return name.startswith(("is_", "can_", "may_", "has_")) and not words(name) & _STATES


def is_password(name: str) -> bool:
    return bool(words(name) & PASSWORD_WORDS) and not words(name) & {
        "reset",
        "forgot",
        "hint",
        "policy",
        "length",
    }


# Who did something to a record, or took part in it, does not own it: `last_post_user_id`, `edited_by_user`.
_PASSING = table(
    "last latest first previous updated modified edited changed deleted hidden closed locked approved reviewed assigned reported banned"
)


def is_owner(name: str) -> bool:
    """Whether a column names the one a record belongs to."""
    found = words(name)
    if found & _PASSING:
        return False
    return bool(found & OWNER_WORDS) or {"created", "by"} <= found or {"from", "user"} <= found


def is_user_table(name: str) -> bool:
    lower = name.lower().rpartition(".")[2]
    return lower in USER_TABLES or (lower.endswith(("user", "users")) and len(lower) < 16)


# Decorators, dependencies and base classes by name, for those whose body is not in the input.
_GUARD_WORDS = table("""login logged auth authenticated authentication authorize authorized authorization authorise authorised jwt token require
    requires required permission permissions role roles admin staff protected secured restricted private session apikey acl rbac scope
    scopes user identity verified signin superuser access""")


_MACHINERY = table(
    """logger loggers cache caches cached lock locks registry registered handler handlers hooks metric metrics counter counters pool pools
    thread threads task tasks plugin plugins callback callbacks warned seen imported module modules loaded"""
)


def keeps_records(name: str) -> bool:
    """Whether a module-level container of this name may stand for a table of an application, not for machinery of the program."""
    return not name.startswith("_") and not words(name) & _MACHINERY


# `protect()` and `has_access` ask for the permission of the view that they stand before.
_BY_PERMISSION = table("protect has_access has_access_api")


def guard_kind(name: str) -> str:
    """login or role where the name of a decorator, dependency or base class says that it guards, else empty."""
    found = words(name)
    if name in _BY_PERMISSION:
        return "role"
    if found & {"anonymous", "optional", "exempt", "public", "unauthenticated", "allowany", "skip", "guest"}:
        return ""
    if name.rpartition(".")[2] in ("AllowAny", "login_not_required", "csrf_exempt", "login_exempt"):
        return ""
    strong = found & {
        "login",
        "auth",
        "authenticated",
        "authorize",
        "authorized",
        "authorise",
        "jwt",
        "permission",
        "permissions",
        "admin",
        "staff",
        "role",
        "roles",
        "superuser",
        "protected",
        "protect",
        "secured",
        "authentication",
        "authorization",
        "acl",
        "rbac",
        "apikey",
        "token",
    }
    required = found & {
        "require",
        "requires",
        "required",
        "need",
        "needs",
        "needed",
        "restricted",
        "must",
        "only",
        "check",
        "is",
        "has",
        "verify",
        "ensure",
    }
    if not (
        strong or (required and found & _GUARD_WORDS - {"require", "requires", "required", "need", "needs"})
    ):
        return ""
    if found & {
        "role",
        "roles",
        "admin",
        "staff",
        "superuser",
        "permission",
        "permissions",
        "acl",
        "rbac",
        "scope",
        "scopes",
    }:
        return "role"
    return "login"
