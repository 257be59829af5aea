"""The areas that a review considers, as data: each with its CWE topics, its question, and what in the code raises it.

A trigger's `kind` says what it looks at, `words` which ones of these raise it, `text` how; `{code}` in it is the code seen.
- receiver: a call that leads out of the input on something with one of the words in its name
- call, unseen: a call with one of the words in its name (unseen: only if it leads out of the input)
- client: as unseen, on a receiver whose name says that it speaks to a service; "*" is any name
- sent: what is handed to a client or another unseen callee: identifier, body
- library: a call or an import whose qualified name begins with a word
- text: a word in a key, or in a text that is compared or handed to an assertion or an unseen callee
- secret: a literal given to a name with one of the words; name: a key, parameter or assigned name with one of the words
- statement: silent, broad, endless, raised (see `observe`); source, operation: a concept that begins with a word
- handler: a handler of a web framework; "change" for one that changes state
- reached: a parameter that comes to a dangerous operation; param: a parameter that callers outside the input fill
Topics may be Discouraged ids: they name what to look for, never a finding.
"""

from __future__ import annotations

from cwelens.report.words import table

__all__ = ["TOPICS", "Topic", "Trigger"]


class Trigger:
    """One thing that raises a topic; `cwes` are added to the topic's when it does, and what is seen is a `subject` of its question.
    Identity is equality."""

    __slots__ = ("cwes", "kind", "subject", "text", "words")

    def __init__(self, kind: str, words: str, text: str, *cwes: int, subject: bool = True) -> None:
        self.kind = kind
        self.subject = subject
        self.words = table(words)
        self.text = text
        self.cwes = cwes


class Topic:
    """`question` may hold `{subjects}`; `general` is asked where there are too many. A `core` topic that is not raised is
    listed as left out, for the reason that nothing in the code is what `absent` names, to which `besides` adds what it must not hide: its trigger
    raises no topic. `answers` are words of the names in context that speak to the question.
    """

    __slots__ = ("absent", "answers", "besides", "core", "cwes", "general", "question", "title", "triggers")

    def __init__(
        self,
        title: str,
        cwes: tuple[int, ...],
        question: str,
        general: str,
        triggers: tuple[Trigger, ...],
        absent: str,
        answers: str = "",
        core: bool = False,
        besides: Trigger | None = None,
    ) -> None:
        self.title = title
        self.cwes = cwes
        self.question = question
        self.general = general
        self.triggers = triggers
        self.absent = absent
        self.answers = table(answers)
        self.core = core
        self.besides = besides


_CHANGES = (
    "post put patch delete create update resize boot start stop reboot remove add set attach detach migrate "
    "grant revoke reset evict evacuate rebuild restore assign publish approve submit send transfer pay"
)

TOPICS = (
    Topic(
        "Input validation",
        (20,),
        "Are type, format, length and range of {subjects} checked where they are received, before anything acts on them?",
        "Are type, format, length and range of every value from outside checked where it is received, before anything acts on it?",
        (
            Trigger(
                "source", "http websocket queue graphql rpc email network cli stdin", "untrusted data enters"
            ),
            Trigger("source", "environment file", "data that a user of the machine can write enters"),
            Trigger(
                "sent", "identifier", "the identifier {code} is handed on, and its check is not in the input"
            ),
            Trigger("sent", "body", "the data {code} is handed on, and its check is not in the input"),
            Trigger("handler", "*", "a handler takes data of a request", subject=False),
            Trigger(
                "reached",
                "*",
                "the parameter {code} comes to this operation, and its check is not in the input",
            ),
            Trigger(
                "unseen",
                "validate validator validation sanitize sanitise clean escape schema normalize normalise",
                "{code} looks like a check, and what it accepts is not in the input",
                subject=False,
            ),
        ),
        "is known to take data from outside, or hands identifiers or data to a client of a service",
        "validate validator validation schema sanitize check clean normalize is_uuid",
        core=True,
        besides=Trigger("param", "*", "what {code} may hold is for the callers to check"),
    ),
    Topic(
        "Authentication and authorisation",
        (287, 285),
        "Who may do what {subjects} asks for, and is that checked for each object rather than once for the session?",
        "Is the caller of every action known, and is it checked for each object what this caller may do?",
        (
            Trigger("client", _CHANGES, "{code} changes state through a service, which decides who may", 862),
            Trigger(
                "handler", "*", "a route that anyone who reaches it can call unless something forbids it", 862
            ),
            Trigger(
                "client",
                "get list show find fetch query read search",
                "{code} reads through a service, which decides who may",
            ),
            Trigger(
                "call",
                "authenticate authenticated authorize authorise authorization authentication login logout permission "
                "permissions policy acl rbac enforce principal credential can_access has_perm require_role impersonate admin",
                "{code} decides or changes who the caller is or what is allowed",
            ),
            Trigger(
                "receiver",
                "auth identity principal policy acl keystone permission credential",
                "{code} is about who the caller is or what is allowed",
            ),
            Trigger(
                "library",
                "django.contrib.auth flask_login flask_jwt_extended jwt jose authlib oauthlib keystoneauth1 keystonemiddleware "
                "oslo_policy passlib ldap ldap3 fastapi.security rest_framework.permissions rest_framework.authentication",
                "{code} is part of telling who the caller is",
            ),
            Trigger(
                "name",
                "is_admin is_superuser is_staff user_id owner_id project_id tenant_id",
                "{code} says who or whose something is",
                639,
            ),
        ),
        "acts for a user, checks who the caller is, or calls a service that would",
        "auth authenticate authenticated authorize token login policy enforce permission admin role user can",
        core=True,
    ),
    Topic(
        "Error handling and logging",
        (778, 223),
        "Does what is recorded at {subjects} say who asked, for what and when, and does what the caller sees of a failure hold no secrets or internals?",
        "Is every failure and refusal recorded with who asked, for what and when, and without secrets or internals in what the caller sees?",
        (
            Trigger("statement", "silent", "the exception is dropped without a trace", 390),
            Trigger(
                "statement",
                "broad",
                "every exception is caught here: what becomes of it decides what is recorded",
            ),
            Trigger(
                "text",
                "error fault fail failed failure exception denied refused traceback",
                "{code} is about a failure: what is recorded of it, and shown to whom, is decided elsewhere",
                209,
            ),
            Trigger("library", "logging loguru structlog oslo_log syslog", "{code} writes the log"),
            Trigger(
                "call",
                "log audit notify notification traceback print_exc format_exc emit_notification",
                "{code} records or reports something",
            ),
            Trigger(
                "operation",
                "log. response.error",
                "{code} writes to a log or tells the client of an error",
                532,
            ),
        ),
        "handles, expects or records an error",
        "log error exception audit notify warn fault record",
        core=True,
        besides=Trigger(
            "statement",
            "raised",
            "it raises {code}, and what is recorded of that is decided where it is caught",
        ),
    ),
    Topic(
        "Encryption of sensitive data",
        (311,),
        "Is what {subjects} carries protected on the way and where it is kept, and does any of it have to be secret?",
        "Is sensitive data encrypted on the way and where it is kept?",
        (
            Trigger(
                "secret",
                "password passwd pwd secret token credential credentials apikey api_key private_key",
                "a secret stands in the code",
                312,
            ),
            Trigger(
                "name",
                "password passwd secret credential credentials private_key api_key access_token ssn card_number cvv iban",
                "{code} names data that has to stay secret",
                312,
            ),
            Trigger(
                "sent",
                "body",
                "{code} is sent on: whether the connection is encrypted is decided where the client is made",
                319,
            ),
            Trigger("operation", "cleartext tls cipher", "{code} decides how data is protected"),
            Trigger(
                "library",
                "cryptography Crypto Cryptodome nacl ssl smtplib ftplib telnetlib",
                "{code} protects data, or carries it unprotected",
                319,
            ),
            Trigger(
                "library",
                "requests httpx aiohttp.Client urllib.request urllib2 urllib3 http.client",
                "{code} sends data to another machine",
                319,
            ),
            Trigger(
                "unseen", "encrypt decrypt cipher", "{code} protects data in a way that is not in the input"
            ),
            Trigger(
                "plain",
                "http:// ftp:// telnet:// ldap:// amqp://",
                "{code} is an address without encryption",
                319,
            ),
        ),
        "names secret data, sends data out, or encrypts",
        "ssl tls https encrypt decrypt cipher cert verify",
        core=True,
    ),
    Topic(
        "Injection",
        (74,),
        "Do {subjects}, and the places like these, put values into a query, a command, a template or code as parameters, never as text?",
        "Does every place of this kind put values into a query, a command, a template or code as parameters, never as text?",
        (
            Trigger("operation", "sql. nosql.", "{code} sends a statement to a database", 89),
            Trigger("operation", "shell. process.", "{code} starts a process", 78),
            Trigger("operation", "code. template.", "{code} interprets a text as code", 94),
            Trigger(
                "operation", "format.", "{code} fills a text, whose placeholders can read attributes", 134
            ),
            Trigger("operation", "html.", "{code} writes HTML", 79),
            Trigger(
                "operation", "ldap. xpath. xml. xslt. header. email.", "{code} builds a document or message"
            ),
            Trigger(
                "unseen",
                "sql query raw_query execute executemany cursor exec_driver_sql",
                "{code} looks like a database query",
                89,
            ),
            Trigger(
                "unseen",
                "shell popen cmd command subprocess ssh_execute trycmd run_command",
                "{code} looks like a command",
                78,
            ),
            Trigger("unseen", "eval exec compile_expression", "{code} looks like running code", 94),
            Trigger(
                "unseen",
                "template markup render_template render_to_string html",
                "{code} looks like producing a document",
                79,
            ),
        ),
        "builds or runs a query, a command, a template or code",
        "execute query sql shell popen command render eval",
    ),
    Topic(
        "Deserialisation",
        (502,),
        "Can anyone but this program write what {subjects} reads back into objects?",
        "Can anyone but this program write what is read back into objects?",
        (
            Trigger("operation", "deserialise", "{code} turns data into objects"),
            Trigger(
                "library",
                "pickle cPickle marshal shelve yaml dill jsonpickle joblib torch.load cloudpickle",
                "{code} turns data into objects or back",
            ),
            Trigger(
                "unseen",
                "unpickle deserialize deserialise unmarshal loads",
                "{code} looks like turning data into objects",
            ),
        ),
        "turns data into objects",
        "load loads unpickle deserialize yaml",
    ),
    Topic(
        "File access",
        (22,),
        "Which directory do the paths of {subjects} stay below, and who can name or replace the files?",
        "Which directory do the paths stay below, and who can name or replace the files?",
        (
            Trigger("operation", "path. upload.", "{code} opens or changes a file"),
            Trigger("library", "tarfile zipfile shutil", "{code} unpacks, copies or removes files"),
            Trigger(
                "unseen",
                "upload filename filepath save_file read_file write_file extractall unlink rmtree",
                "{code} looks like file access",
                434,
            ),
        ),
        "opens, names or changes a file",
        "open path file save upload",
    ),
    Topic(
        "Network access",
        (918,),
        "Who chooses the host that {subjects} connects to, and is its certificate checked?",
        "Who chooses the hosts that are connected to, and are their certificates checked?",
        (
            Trigger("operation", "url.request tls. ssh.", "{code} connects to another machine", 295),
            Trigger(
                "library",
                "requests httpx aiohttp.Client urllib.request urllib2 urllib3 socket paramiko http.client websocket websockets grpc",
                "{code} connects to another machine",
                295,
            ),
            Trigger("operation", "bind. cors. host.", "{code} decides who can connect"),
            Trigger(
                "unseen",
                "urlopen download fetch_url webhook",
                "{code} looks like a request to another machine",
            ),
        ),
        "connects to another machine",
        "request connect verify ssl cert url",
    ),
    Topic(
        "Secrets and configuration",
        (798, 522),
        "Where does the value of {subjects} come from when the code is deployed, who can read it, and is it changed when it leaks?",
        "Where do secrets and settings come from when the code is deployed, and who can read them?",
        (
            Trigger(
                "secret",
                "password passwd pwd secret token credential credentials apikey api_key private_key access_key",
                "a secret is given as a literal",
            ),
            Trigger(
                "operation", "secret. key. jwt. debug.", "{code} is a secret or a setting that others rely on"
            ),
            Trigger(
                "library",
                "os.environ os.getenv dotenv decouple environ hvac keyring oslo_config",
                "{code} reads or defines configuration",
            ),
        ),
        "holds or reads a secret or a setting",
        "config secret environ vault key password",
    ),
    Topic(
        "Sessions and cross-site requests",
        (352, 384),
        "Are requests that change state bound to the user's session by a token, and is the session renewed at login?",
        "Are requests that change state bound to the user's session by a token, and is the session renewed at login?",
        (
            Trigger("operation", "cookie. csrf. session.", "{code} is about cookies or the session", 614),
            Trigger("handler", "change", "a route that changes state"),
            Trigger(
                "call",
                "set_cookie csrf_exempt csrf_protect set_signed_cookie cycle_key",
                "{code} is about cookies or the session",
                614,
            ),
        ),
        "keeps a session or changes state on a web request",
        "csrf session cookie token",
    ),
    Topic(
        "Resource use",
        (400, 770),
        "What bounds the time, memory and number of what {subjects} does when somebody else chooses the input?",
        "What bounds time and memory where somebody else chooses the input?",
        (
            Trigger("statement", "endless", "the loop ends only from inside"),
            Trigger(
                "operation",
                "regex. xml.bomb path.archive",
                "{code} may take long or grow large on chosen input",
                1333,
            ),
            Trigger(
                "unseen",
                "retry poll decompress thumbnail resize_image bulk_create",
                "{code} may take long, and what bounds it is not in the input",
            ),
        ),
        "loops without a bound or does work whose size others choose",
        "limit timeout max retry quota",
    ),
    Topic(
        "Concurrency",
        (362, 367),
        "What happens when two of {subjects} run at once on the same object or file?",
        "What happens when two of these run at once on the same object or file?",
        (
            Trigger("operation", "toctou tempfile.", "{code} uses a file that can change under it"),
            Trigger(
                "library",
                "threading multiprocessing concurrent.futures eventlet greenlet gevent asyncio.create_task asyncio.gather fcntl",
                "{code} lets code run at once",
            ),
            Trigger(
                "unseen",
                "lock synchronized spawn_n acquire_lock with_lock",
                "{code} looks like locking or running at once",
            ),
        ),
        "runs code at once or locks",
        "lock synchronized thread spawn",
    ),
    Topic(
        "Cryptography and randomness",
        (327, 330),
        "Does anything that has to be unguessable or unforgeable rest on {subjects}?",
        "Does anything that has to be unguessable or unforgeable rest on these?",
        (
            Trigger(
                "operation",
                "hash. cipher. random. key. timing.",
                "{code} chooses an algorithm or a random value",
            ),
            Trigger(
                "library", "hashlib hmac random secrets Crypto.Hash", "{code} hashes or draws random values"
            ),
        ),
        "hashes, encrypts or draws random values",
        "hash random secret sign",
    ),
)
