"""What an unseen name could change, by the words of its name: data, and the sentence made of it.

A kind of effect is guessed from names and says so ("looks like"); it never leads to a finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cwelens.report.words import coded, listed, most_frequent, table, words_of


class Effect:
    """`receiver` and `member` are words of names; `text` continues "behind them it is decided …"; a lower `rank` comes first."""

    __slots__ = ("member", "noun", "rank", "receiver", "text")

    def __init__(self, rank: int, noun: str, receiver: str, member: str, text: str) -> None:
        self.rank = rank
        self.noun = noun
        self.receiver = table(receiver)
        self.member = table(member)
        self.text = text


EFFECTS = (
    Effect(
        1,
        "running commands or code",
        "subprocess shell processutils ssh executor",
        "shell popen cmd command subprocess trycmd exec eval spawn system",
        "whether text becomes a command or code (CWE-78, CWE-94)",
    ),
    Effect(
        2,
        "a database",
        "db database sql cursor session engine orm query repository collection conn dbapi",
        "sql query execute executemany fetchone fetchall commit rollback filter_by scalar",
        "how statements are built (CWE-89) and whose rows are returned or changed (CWE-639)",
    ),
    Effect(
        3,
        "authentication or authorisation",
        "auth policy policies acl permission permissions authz identity keystone login",
        "authenticate authorize authorise login logout permission policy enforce allowed acl role require_admin can "
        "is_admin current_user token admin",
        "who the caller is taken for and what is allowed (CWE-287, CWE-285)",
    ),
    Effect(
        4,
        "validation",
        "validator validators schema sanitizer validation forms serializer",
        "validate validator sanitize sanitise clean escape quote normalize check verify is_valid is_safe",
        "which values are let through, and so whether what follows is safe (CWE-20)",
    ),
    Effect(
        5,
        "an API client",
        "api client rpc rpcapi proxy stub service http rest gateway broker sdk",
        "",
        "{client}",
    ),
    Effect(
        6,
        "a request to another machine",
        "url requests session socket connection transport",
        "urlopen download fetch_url webhook connect send_request http",
        "which host is reached and whether its certificate is checked (CWE-918, CWE-295)",
    ),
    Effect(
        7,
        "deserialisation",
        "serializer pickle marshaller",
        "loads unpickle deserialize deserialise unmarshal",
        "whether data can become arbitrary objects (CWE-502)",
    ),
    Effect(
        8,
        "files",
        "fs storage filesystem path fileutils file",
        "upload file filename path read_file write_file extract unlink rmtree mkdir save_file tempdir",
        "which paths are opened or removed (CWE-22)",
    ),
    Effect(
        9,
        "cryptography or secrets",
        "crypto cipher secrets vault signer keyring",
        "encrypt decrypt hash sign hmac cipher password secret",
        "how secrets are kept and which algorithms are used (CWE-327, CWE-522)",
    ),
    Effect(
        10,
        "producing a document",
        "template templates jinja renderer html",
        "render template markup html to_html",
        "whether values are escaped in what is sent to a browser (CWE-79)",
    ),
    Effect(
        11,
        "logging or notification",
        "log logger logging audit notifier notifications",
        "log audit notify warn debug info exception",
        "what is recorded, and whether secrets are in it (CWE-778, CWE-532)",
    ),
    Effect(
        12,
        "configuration",
        "conf config settings cfg options",
        "config setting getenv option",
        "which values are in force when this code is deployed (CWE-1188)",
    ),
)

_REQUEST = "a request to another machine"
# What stands beside `http` in the name of something that sends a request.
_SENDING = table(
    "http https get post put patch delete head request requests send fetch call client do make json open read download urlopen async"
)
ASSERTION = Effect(20, "an assertion", "", "", "only what is checked, not what is done")
HELPER = Effect(
    15,
    "a test helper",
    "",
    "",
    "which services are started, what requests they are sent, and with whose rights (CWE-285)",
)
_ERRORS = (
    "Error", "Exception", "Warning", "Exit", "Interrupt", "Fault", "Failure", "Failed", "NotFound", "Denied", "Forbidden", "Unauthorized",
    "BadRequest", "Abort", "DoesNotExist", "Expired", "Mismatch", "NotAllowed",
)  # fmt: skip
# What is called on texts: on a name that the input does not show it tells that the name is a text.
TEXT_METHODS = table(
    "format format_map join split rsplit splitlines strip lstrip rstrip lower upper title capitalize casefold replace startswith endswith "
    "encode decode partition rpartition removeprefix removesuffix zfill ljust rjust center isdigit isalpha isalnum"
)
_HELPER = table(
    "wait start stop boot create setup set up fake mock stub build make get run restart delete cleanup add use"
)
_VERBS = table(
    "get post put patch delete create update list show find fetch set add remove do make run wait for by with all action "
    "and to from in of is has call send info detail details"
)


def effect_of(receiver: str, member: str) -> Effect | None:
    """The kind of effect that a name suggests; None for none."""
    if member.lstrip("_").startswith("assert"):
        return ASSERTION
    if is_error(member) or member in TEXT_METHODS:
        # Making an error does nothing yet, whatever it is about; nor does what every text can do.
        return None
    owner = words_of(receiver.rpartition(".")[2])
    own = words_of(member)
    best: Effect | None = None
    for effect in EFFECTS:
        if effect.noun == _REQUEST and "http" in own and own - _SENDING:
            # `http_date`, `http_status`: something of the protocol is written or read, and nothing is sent.
            continue
        if own & effect.member or member.lstrip("_") in effect.member:
            return effect
        if best is None and owner & effect.receiver:
            best = effect
    return best


def is_error(name: str) -> bool:
    """Whether a name is that of an exception."""
    return name[:1].isupper() and (name.endswith(_ERRORS) or name.startswith("Invalid"))


def helper(member: str) -> bool:
    """Whether a method of a test's base class looks like one that prepares or drives what is tested."""
    return bool(words_of(member) & _HELPER)


def nouns(members: Iterable[str]) -> list[str]:
    """What names are about: `get_flavors`, `post_server_action` → flavors, server; the frequent ones first."""
    found: list[str] = []
    for member in members:
        parts = [part for part in member.strip("_").lower().split("_") if part.isalpha()]
        left = [part for part in parts if part not in _VERBS and part.rstrip("s") not in _VERBS]
        if left and len(left) < len(parts):
            found.append(left[-1] if len(left) == 1 else " ".join(left[:2]))
    return most_frequent(found)


def sentence_of(effect: Effect, members: Sequence[str]) -> str:
    """What a group of names of one kind of effect decides."""
    names = coded(members, 3)
    text = effect.text
    if effect.text == "{client}":
        about = nouns(members)[:3]
        checked = (
            f", validates what it is given about {listed(about)}" if about else ", validates what it is given"
        )
        text = (
            f"whether it authenticates (CWE-287){checked} (CWE-20), who may do this (CWE-285) and how the request is sent "
            "(CWE-319)"
        )
    looks = "looks" if len(dict.fromkeys(members)) == 1 else "look"
    return f"{names} {looks} like {effect.noun}: there it is decided {text}"
