"""The practices that a review may recommend, as data: each with the triggers (see `topics`) in the code that call for it.

A practice has several texts where it depends on the library in use: the first whose `when` names a library or framework that the code
imports is given, the last has none.
"""

from __future__ import annotations

from cwelens.report.topics import Trigger
from cwelens.report.words import table


class Practice:
    """`texts` are pairs (top-level packages, text); `tests` says whether it also fits test code."""

    __slots__ = ("tests", "texts", "title", "triggers")

    def __init__(
        self,
        title: str,
        texts: tuple[tuple[str, str], ...],
        triggers: tuple[Trigger, ...],
        tests: bool = False,
    ) -> None:
        self.title = title
        self.texts = tuple((table(packages), text) for packages, text in texts)
        self.triggers = triggers
        self.tests = tests


PRACTICES = (
    Practice(
        "Validate at the boundary",
        (
            (
                "fastapi starlette litestar",
                "Declare what a request may hold as a `pydantic` model with types, lengths and patterns, and take that as the parameter of the route.",
            ),
            (
                "rest_framework",
                "Take request data through a serializer (`is_valid(raise_exception=True)`) and use its `validated_data` only.",
            ),
            ("django", "Take request data through a `django.forms.Form` and use its `cleaned_data` only."),
            (
                "flask quart",
                "Load request data through one schema per route (`marshmallow`, `pydantic` or `WTForms`) and use only what it returns.",
            ),
            (
                "argparse click typer",
                "Give every argument a type, choices or a callback that checks it, so that the parser refuses what does not fit.",
            ),
            (
                "",
                "Check type, length, range and form once where data enters (with `pydantic` or `marshmallow`), and pass on only the checked object.",
            ),
        ),
        (
            Trigger(
                "source", "http websocket queue graphql rpc email network cli stdin", "untrusted data enters"
            ),
        ),
    ),
    Practice(
        "Keep statements and data apart",
        (
            (
                "django",
                "Use the query methods of the ORM, and `params=` where raw SQL is needed; let review refuse formatted SQL.",
            ),
            (
                "sqlalchemy flask_sqlalchemy",
                "Use expressions or `text()` with bound parameters; let review refuse formatted SQL.",
            ),
            (
                "",
                "Pass values as parameters of the driver in every query; let review refuse SQL that is built by formatting.",
            ),
        ),
        (Trigger("operation", "sql. nosql.", "{code} sends a statement to a database"),),
    ),
    Practice(
        "Run programs without a shell",
        (
            (
                "",
                "Start programs with a list of arguments and without a shell, put `--` before values from outside, and set a timeout.",
            ),
        ),
        (Trigger("operation", "shell. process.", "{code} starts a process"),),
    ),
    Practice(
        "Keep secrets out of the code",
        (
            (
                "django flask",
                "Read secrets from the environment or a secret store when the application starts, fail if one is missing, and let a secret scanner run before each commit.",
            ),
            (
                "",
                "Read secrets from the environment or a secret store, and let a secret scanner run before each commit.",
            ),
        ),
        (
            Trigger("operation", "secret.", "{code} is a secret in the code"),
            Trigger(
                "secret",
                "password passwd pwd secret token credential credentials apikey api_key private_key",
                "a secret stands in the code",
            ),
        ),
    ),
    Practice(
        "Give outgoing requests a bound",
        (
            (
                "",
                "Give every request to another machine a timeout and a limit for the size of the answer, and choose its host from configuration.",
            ),
        ),
        (Trigger("library", "requests. httpx. urllib.request.urlopen", "{code} waits for another machine"),),
    ),
    Practice(
        "Record failures where they are caught",
        (
            (
                "",
                "Catch the narrowest exception, log it with the identity and the object concerned, and answer with a fixed text.",
            ),
        ),
        (
            Trigger("statement", "silent", "the exception is dropped without a trace"),
            Trigger("operation", "response.error", "{code} tells the client of an error"),
        ),
        tests=True,
    ),
    Practice(
        "Choose cryptography from one place",
        (
            (
                "",
                "Let one module of the project choose algorithms, modes and key sizes (`cryptography`, `secrets`, `argon2-cffi`), so that a change is made once.",
            ),
        ),
        (
            Trigger(
                "operation", "hash. cipher. key. random.", "{code} chooses an algorithm or a random value"
            ),
        ),
    ),
    Practice(
        "Read data formats that hold only data",
        (
            (
                "",
                "Use JSON or another format without objects at trust boundaries; where objects have to be read, check a signature first.",
            ),
        ),
        (Trigger("operation", "deserialise", "{code} turns data into objects"),),
    ),
    Practice(
        "Keep file names and file paths apart",
        (
            (
                "",
                "Store under names of your own making, keep the name given by a user as data, and resolve every path against one base directory.",
            ),
        ),
        (Trigger("operation", "path. upload.", "{code} opens or changes a file"),),
    ),
    Practice(
        "Test what must be refused",
        (
            (
                "",
                "Beside the expected failure, assert that a caller without the right, or with another project's object, is refused, and that nothing is left behind.",
            ),
        ),
        (
            Trigger(
                "client",
                "post put patch delete create update resize reboot remove add set attach migrate",
                "{code} changes state in the test",
            ),
            Trigger("text", "error fault fail failed failure denied refused", "the test expects {code}"),
        ),
        tests=True,
    ),
)
