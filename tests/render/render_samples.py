"""Reviews made by hand, one for each thing a renderer must show; nothing here was analysed."""

from __future__ import annotations

from dataclasses import replace

from cwelens.base.location import Location
from cwelens.checks.finding import Finding, Operation, Step
from cwelens.report.model import (
    NONE_DETECTED,
    Advice,
    Area,
    Closed,
    Counts,
    Description,
    EntryPoint,
    GapGroup,
    GapMember,
    InputFile,
    LeftOut,
    Reason,
    Region,
    Review,
    SourceUse,
    Trait,
)

VERSION = "0.1.0"


class Text:
    """A file of a sample: places in it are found by what stands there."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.lines = text.strip("\n").split("\n")

    def at(self, piece: str) -> Location:
        """The place of the first occurrence of `piece`."""
        for number, line in enumerate(self.lines, 1):
            if piece in line:
                column = line.index(piece) + 1
                return Location(self.path, number, column, number, column + len(piece), line.strip())
        raise LookupError(piece)


SHOP = Text(
    "shop/views.py",
    '''
import subprocess

from flask import Flask, request
from shop.db import find_orders
from shop.pricing import quote

app = Flask(__name__)


@app.get("/orders")
def orders():
    """Orders of one customer."""
    customer = request.args.get("customer", "")
    return {"orders": find_orders(customer)}


@app.post("/invoice")
def invoice():
    name = request.form["name"]
    path = f"/srv/invoices/{name}.pdf"
    subprocess.run(["wkhtmltopdf", "--quiet", "-", path], input=quote(name), check=True)
    return {"path": path}


def preview(template):
    return app.jinja_env.from_string(template).render()


if __name__ == "__main__":
    app.run(debug=True)
''',
)

SHOP_DB = Text(
    "shop/db.py",
    """
import sqlite3

SCHEMA = "CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, customer TEXT)"


def connect():
    connection = sqlite3.connect("shop.db")
    connection.execute(SCHEMA)
    return connection


def find_orders(customer):
    sql = f"SELECT * FROM orders WHERE customer = '{customer}' ORDER BY id"
    return connect().execute(sql).fetchall()


def add_order(customer):
    connect().execute("INSERT INTO orders (customer) VALUES (?)", (customer,))
""",
)


def defects() -> Review:
    """A web application of two files with a flow across them, a path, a setting and a conditional finding."""
    sql = Finding(
        rule="sql-injection",
        cwe=89,
        title="SQL injection",
        severity="critical",
        confidence="definite",
        location=SHOP_DB.at("connect().execute(sql)"),
        message="The query parameter `customer` is part of the SQL text that `execute` runs.",
        repair='Pass the value as a parameter: `execute("SELECT * FROM orders WHERE customer = ? ORDER BY id", (customer,))`.',
        trace=[
            Step(SHOP.at('request.args.get("customer", "")'), "source", "a query parameter"),
            Step(SHOP.at("find_orders(customer)"), "step", "passed to `find_orders`"),
            Step(SHOP_DB.at('f"SELECT'), "step", "joined into the text"),
            Step(SHOP_DB.at("connect().execute(sql)"), "sink", "runs as SQL"),
        ],
        function="shop.db.find_orders",
        fingerprint="5f0c9c1f9c4e3a10",
    )
    traversal = Finding(
        rule="path-traversal",
        cwe=22,
        title="Path traversal",
        severity="high",
        confidence="definite",
        location=SHOP.at('subprocess.run(["wkhtmltopdf"'),
        message="The form field `name` is part of a path that a program writes to, and may hold `../`.",
        repair="Reduce the name to a file name with `werkzeug.utils.secure_filename(name)` and refuse an empty result.",
        trace=[
            Step(SHOP.at('request.form["name"]'), "source", "a form field"),
            Step(SHOP.at('f"/srv/invoices'), "step", "joined into a path"),
            Step(SHOP.at('subprocess.run(["wkhtmltopdf"'), "sink", "the program writes there"),
        ],
        evidence=["The last argument of `wkhtmltopdf` is taken for the file that it writes."],
        function="shop.views.invoice",
        fingerprint="0b7d51a8e6f24c77",
    )
    template = Finding(
        rule="template-injection",
        cwe=1336,
        title="Server-side template injection",
        severity="critical",
        confidence="conditional",
        location=SHOP.at("app.jinja_env.from_string(template)"),
        message="The parameter `template` of `preview` is compiled as a Jinja template.",
        repair='Keep templates in files and pass values to them: `render_template("preview.html", text=text)`.',
        trace=[
            Step(SHOP.at("preview(template)"), "source", "a parameter"),
            Step(SHOP.at("app.jinja_env.from_string(template)"), "sink", "compiled as a template"),
        ],
        assumption="`template` comes from an untrusted caller; no call of `preview` is in the input",
        function="shop.views.preview",
        fingerprint="c2b86b7d1d3f9e04",
    )
    debug = Finding(
        rule="flask-debug",
        cwe=489,
        title="Flask debugger enabled",
        severity="medium",
        confidence="definite",
        location=SHOP.at("app.run(debug=True)"),
        message="`debug=True` serves Werkzeug's interactive debugger, which runs code for whoever reaches it.",
        repair="Remove `debug=True`; use `flask --debug run` while developing.",
        looked_for="a condition around the call that only holds while developing: none from line 28 to 29",
        also=[
            replace(SHOP.at("app.run(debug=True)"), path="shop/run.py", line=line, end_line=line)
            for line in (7, 31)
        ],
        fingerprint="91d5c07a2b6e8f13",
    )
    operations = [
        Operation(
            SHOP.at('subprocess.run(["wkhtmltopdf"'), "os.command", "subprocess.run", "safe", "constant", 78
        ),
        Operation(SHOP.at('subprocess.run(["wkhtmltopdf"'), "fs.write", "wkhtmltopdf", "defect", "", 22),
        Operation(
            SHOP.at("app.jinja_env.from_string(template)"),
            "template.text",
            "app.jinja_env.from_string",
            "conditional",
            "`template` comes from the caller",
            1336,
        ),
        Operation(SHOP.at("app.run(debug=True)"), "web.debug", "app.run(debug=True)", "defect", "", 489),
        Operation(
            SHOP_DB.at("connection.execute(SCHEMA)"), "sql.text", "connection.execute", "safe", "constant", 89
        ),
        Operation(SHOP_DB.at("connect().execute(sql)"), "sql.text", "connect().execute", "defect", "", 89),
        Operation(
            SHOP_DB.at('connect().execute("INSERT'),
            "sql.text",
            "connect().execute",
            "safe",
            "parameterised",
            89,
        ),
        Operation(
            SHOP.at("quote(name)"),
            "process.input",
            "subprocess.run(input=…)",
            "undecided",
            "`quote` is not in the input",
            79,
        ),
    ]
    return Review(
        verdict="defects",
        sentence="3 security defects are detected in the code, and 1 more if `template` is untrusted",
        inputs=[
            InputFile("shop/db.py", "python", len(SHOP_DB.lines), "read"),
            InputFile("shop/views.py", "python", len(SHOP.lines), "read"),
        ],
        findings=[sql, traversal, template, debug],
        description=Description(
            summary="A Flask application with two routes that looks up orders in SQLite and writes invoices with an external program.",
            traits=[
                Trait(
                    "web handler (Flask)",
                    [SHOP.at('@app.get("/orders")'), SHOP.at('@app.post("/invoice")')],
                    "it registers routes",
                ),
                Trait("command line", [SHOP.at("if __name__")], "it starts a server when run as a script"),
            ],
            entry_points=[
                EntryPoint(
                    "orders",
                    "GET /orders",
                    SHOP.at("def orders"),
                    ["query parameter `customer`"],
                    "asks nobody who they are",
                    ["CWE-89", "CWE-862?"],
                ),
                EntryPoint(
                    "invoice", "POST /invoice", SHOP.at("def invoice"), ["form field `name`"], "asks for user"
                ),
                EntryPoint("__main__", "script", SHOP.at("if __name__")),
            ],
            sources=[
                SourceUse("http.query", "a query parameter", SHOP.at("request.args")),
                SourceUse("http.form", "a form field", SHOP.at("request.form")),
            ],
            operations=operations,
        ),
        gaps=[
            GapGroup(
                "module shop.pricing",
                [GapMember("quote", "call", "the module is not in the input", [SHOP.at("quote(name)")])],
                "What `quote` returns is fed to `wkhtmltopdf` as HTML; if it does not escape `name`, this is CWE-79.",
                "Add `shop/pricing.py` to the input.",
            )
        ],
        regions=[],
        closed=[],
        areas=[
            Area(
                "Authentication and authorisation",
                [287, 285],
                "Who may read the orders of a customer and write invoices?",
                [
                    Reason(SHOP.at("def orders"), "`orders` returns the data of whichever customer is named"),
                    Reason(SHOP.at("def invoice"), "`invoice` changes state and checks no user"),
                ],
            ),
        ],
        left_out=[LeftOut("Encryption of sensitive data", [311], "no secret and no cipher is in the input")],
        advice=[
            Advice(
                "Validate at the boundary",
                "Declare what a request may hold with `pydantic` or `marshmallow`, and pass on only what was declared.",
                [Reason(SHOP.at("request.args"), "read without a check of its form")],
            ),
            Advice(
                "Run this review in CI",
                "Write SARIF with `cwelens review -f sarif` and keep the findings beside the code.",
                [],
            ),
        ],
        conclusion="3 defects, each with its whole path in the code seen; 1 conditional finding rests on a value that the code does not show.",
        counts=Counts(
            files=2,
            lines=len(SHOP.lines) + len(SHOP_DB.lines),
            functions=6,
            operations={"defect": 3, "conditional": 1, "safe": 3, "undecided": 1},
            safe_by={"constant": 2, "parameterised": 1},
            calls_seen=15,
            calls_resolved=5,
            calls_modelled=9,
            calls_unresolved=1,
        ),
        version=VERSION,
    )


RESIZE = Text(
    "tests/functional/test_resize_rollback.py",
    '''
from tests.functional import base


class ResizeRollbackTest(base.ServersTestCase):
    """A resize that fails must give back what it claimed."""

    def setUp(self):
        super().setUp()
        self.source = self._start_compute("host1")
        self.target = self._start_compute("host2")

    def test_failed_resize_frees_target(self):
        small, large = self.api.get_flavors()[:2]
        server = self._create_server(small)
        self.fail_on(self.target, "finish_resize")
        self.api.post_server_action(server["id"], {"resize": {"flavorRef": large["id"]}})
        self._wait_for_state_change(server, "ERROR")
        usages = self._get_provider_usages(self.target)
        self.assertEqual({"VCPU": 0, "MEMORY_MB": 0}, usages)
''',
)


def none_detected() -> Review:
    """A functional test alone: nothing dangerous in it, most of what it calls out of sight."""
    out = "defined in a base class that is not in the input"
    return Review(
        verdict="none-detected",
        sentence=NONE_DETECTED,
        inputs=[InputFile(RESIZE.path, "python", len(RESIZE.lines), "read")],
        findings=[],
        description=Description(
            summary="A functional test: it resizes a server, makes the resize fail, and checks that what was claimed is given back.",
            traits=[
                Trait(
                    "functional test",
                    [RESIZE.at("class ResizeRollbackTest"), RESIZE.at("def test_failed")],
                    "a test class with one test method",
                )
            ],
            entry_points=[
                EntryPoint(
                    "ResizeRollbackTest.test_failed_resize_frees_target",
                    "test method",
                    RESIZE.at("def test_failed"),
                )
            ],
        ),
        gaps=[
            GapGroup(
                "self.api",
                [
                    GapMember(
                        "get_flavors",
                        "call",
                        "`self.api` is set outside the input",
                        [RESIZE.at("get_flavors")],
                    ),
                    GapMember(
                        "post_server_action",
                        "call",
                        "`self.api` is set outside the input",
                        [RESIZE.at("post_server_action")],
                    ),
                ],
                "If it sends requests, authentication and the checks of the service behind it decide what a caller may do (CWE-287, CWE-285).",
                "Add the class that sets `api`, likely `tests/functional/base.py`.",
            ),
            GapGroup(
                "self (inherited)",
                [
                    GapMember(
                        "_start_compute",
                        "call",
                        out,
                        [RESIZE.at('_start_compute("host1")'), RESIZE.at('_start_compute("host2")')],
                    ),
                    GapMember("_create_server", "call", out, [RESIZE.at("_create_server")]),
                    GapMember("fail_on", "call", out, [RESIZE.at("fail_on")]),
                    GapMember("_wait_for_state_change", "call", out, [RESIZE.at("_wait_for_state_change")]),
                    GapMember("_get_provider_usages", "call", out, [RESIZE.at("_get_provider_usages")]),
                    GapMember("setUp", "call", out, [RESIZE.at("super().setUp")]),
                    GapMember("assertEqual", "call", out, [RESIZE.at("assertEqual")]),
                    GapMember(
                        "base.ServersTestCase",
                        "base class",
                        "module `tests.functional.base` is not in the input",
                        [RESIZE.at("base.ServersTestCase")],
                    ),
                ],
                "They could run commands, open files or send requests; nothing in this file hands them untrusted data.",
                "Add `tests/functional/base.py` to the input.",
            ),
        ],
        regions=[],
        closed=[],
        areas=[
            Area(
                "Input validation",
                [20],
                "Does the service check `flavorRef` and the server's id before it acts on them?",
                [Reason(RESIZE.at("post_server_action"), "an identifier and a body are sent to the service")],
            ),
            Area(
                "Authentication and authorisation",
                [287, 285],
                "Who may resize a server, and is the owner checked (CWE-639)?",
                [Reason(RESIZE.at("post_server_action"), "an action that changes state, addressed by id")],
            ),
            Area(
                "Error handling and logging",
                [778, 223],
                "Is a failed resize recorded with who asked for it and what was given back?",
                [Reason(RESIZE.at('"ERROR"'), "the test waits for a failure")],
            ),
            Area(
                "Encryption of sensitive data",
                [311],
                "Is the service reached over TLS, and are its credentials kept encrypted?",
                [
                    Reason(
                        RESIZE.at("get_flavors"),
                        "`self.api` speaks to a service with credentials set elsewhere",
                    )
                ],
            ),
        ],
        left_out=[LeftOut("Injection", [74], "no query, command or document is built in the code")],
        advice=[
            Advice(
                "Add tests for refused requests",
                "Beside the failing resize, test that a resize by somebody else is refused.",
                [Reason(RESIZE.at("post_server_action"), "only the owner's request is tested")],
            ),
        ],
        conclusion="No security defects are detected in the code. It takes no untrusted data and holds no security-relevant operation; 10 of its 11 calls lead out of the input.",
        counts=Counts(
            files=1,
            lines=len(RESIZE.lines),
            functions=2,
            calls_seen=11,
            calls_resolved=0,
            calls_modelled=1,
            calls_unresolved=10,
        ),
        version=VERSION,
    )


def with_context() -> Review:
    """The same test with its repository as context: gaps closed, areas answered."""
    review = none_detected()
    home = Text(
        "tests/functional/base.py",
        "import requests\n\n\nclass Api:\n    def post_server_action(self, id, body):\n        return requests.post(self.url + id, json=body)",
    )
    review.inputs.append(InputFile(home.path, "python", len(home.lines), "read", role="context"))
    review.gaps = []
    review.closed = [
        Closed("self.api.post_server_action", "sends an HTTP request", home.at("requests.post")),
        Closed("base.ServersTestCase", "is in the context and adds no operation", None),
    ]
    review.areas[
        1
    ].answer = "The fixture signs in as an administrator: authorisation is not exercised by this test."
    review.counts.calls_resolved, review.counts.calls_unresolved = 10, 0
    review.conclusion = (
        "No security defects are detected in the code. Every call of it is behind a definition or a model."
    )
    return review


FRAGMENT = Text(
    "-",
    """
def restore(self, stream):
    state = pickle.load(stream)
    self.apply(state)
""",
)


def conditional() -> Review:
    """A method cut out of a class, read from standard input."""
    spot = FRAGMENT.at("pickle.load(stream)")
    return Review(
        verdict="conditional",
        sentence="1 security defect is in the code if `stream` is untrusted, which the code does not show",
        inputs=[InputFile("-", "python", 3, "read", ["an indented method"])],
        findings=[
            Finding(
                rule="unsafe-deserialization",
                cwe=502,
                title="Deserialization of untrusted data",
                severity="high",
                confidence="conditional",
                location=spot,
                message="`pickle.load` runs whatever the bytes of `stream` say.",
                repair="Read a format without code in it, such as `json.load(stream)`, or check a signature with `hmac.compare_digest` first.",
                trace=[
                    Step(FRAGMENT.at("stream"), "source", "a parameter"),
                    Step(spot, "sink", "deserialised"),
                ],
                assumption="`stream` comes from the caller and its bytes from outside",
                evidence=["`pickle` is taken for the standard library's: the import is not in the fragment."],
                function="restore",
                fingerprint="7a1f64b2c09d3e58",
            )
        ],
        description=Description(
            summary="A method that restores an object's state from a stream.",
            traits=[Trait("fragment", [FRAGMENT.at("def restore")], "a method without its class")],
            entry_points=[EntryPoint("restore", "method", FRAGMENT.at("def restore"))],
            operations=[
                Operation(
                    spot,
                    "deserialise.pickle",
                    "pickle.load",
                    "conditional",
                    "`stream` comes from the caller",
                    502,
                )
            ],
        ),
        gaps=[
            GapGroup(
                "self",
                [GapMember("apply", "call", "the class is not in the input", [FRAGMENT.at("self.apply")])],
                "`apply` sees the restored state.",
                "Give the whole class.",
            )
        ],
        regions=[],
        closed=[],
        areas=[],
        left_out=[],
        advice=[],
        conclusion="1 conditional finding: it is withdrawn, or becomes definite, once the callers of `restore` are in the input.",
        counts=Counts(
            files=1,
            lines=3,
            functions=1,
            operations={"conditional": 1},
            calls_seen=2,
            calls_modelled=1,
            calls_unresolved=1,
        ),
        version=VERSION,
    )


def inconclusive() -> Review:
    """Files that could not be read, in whole and in part."""
    broken = Location("legacy/report.py", 40, 1, 57, 1, "print >>sys.stderr, 'no report'")
    return Review(
        verdict="inconclusive",
        sentence="Part of the input was not analysed, so no statement on the absence of defects is made",
        inputs=[
            InputFile("legacy/report.py", "python", 120, "partial", ["Python 2 syntax"]),
            InputFile(
                "legacy/scan.py",
                "python",
                0,
                "unread",
                ["not UTF-8: byte 0xff at offset 12, and no encoding is declared"],
            ),
            InputFile("legacy/util.py", "python", 33, "read"),
        ],
        findings=[],
        description=Description(summary="A library of report helpers."),
        gaps=[],
        regions=[Region("legacy/report.py", "no parser accepts these lines", broken)],
        closed=[],
        areas=[],
        left_out=[],
        advice=[],
        conclusion="2 of 3 files were not read in full; what was read holds no security-relevant operation.",
        counts=Counts(files=3, lines=153, functions=4),
        version=VERSION,
    )


def empty() -> Review:
    """No input at all."""
    return Review(
        verdict="inconclusive",
        sentence="The input is empty, so there is nothing to review",
        inputs=[],
        findings=[],
        description=Description(summary="There is no code."),
        gaps=[],
        regions=[],
        closed=[],
        areas=[],
        left_out=[],
        advice=[],
        conclusion="Nothing was reviewed.",
        counts=Counts(),
        version=VERSION,
    )


HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202e\u2066`*_[x](y)<b>|# \\ [bold red]no[/] {0} \x9b31m\r\n\u2028end"


def hostile() -> Review:
    """Code, names and paths that try to drive a terminal, a Markdown reader and a markup language."""
    path = "evil \x1b[31m\u202egnp.py"
    spot = Location(path, 1, 1, 1, 9, f"os.system({HOSTILE!s})")
    review = conditional()
    finding = review.findings[0]
    finding.title = f"OS command injection {HOSTILE}"
    finding.rule, finding.cwe = "command-injection", 78
    finding.message = finding.assumption = finding.repair = finding.looked_for = (
        f"It runs `{HOSTILE}` as [bold]text[/bold]."
    )
    finding.evidence = [HOSTILE, "```\nfence\n```"]
    finding.location = spot
    finding.trace = [
        Step(spot, "source", HOSTILE),
        Step(Location("naïve/日本語 #1%.py", 2, 3, 2, 5, "x = '日本語 ```'"), "sink", "名前"),
    ]
    finding.function = HOSTILE
    review.inputs = [
        InputFile(path, "python", 1, "partial", [HOSTILE]),
        InputFile("/abs/naïve?.py", "python", 2, "read"),
    ]
    review.sentence = review.conclusion = f"1 defect in {HOSTILE}"
    review.description = Description(
        summary=HOSTILE,
        traits=[Trait(HOSTILE, [spot], HOSTILE)],
        entry_points=[EntryPoint(HOSTILE, HOSTILE, spot, [HOSTILE], HOSTILE, [HOSTILE])],
        sources=[SourceUse(HOSTILE, HOSTILE, spot)],
        operations=[
            Operation(spot, HOSTILE, HOSTILE, "conditional", HOSTILE, 78),
            Operation(spot, HOSTILE, HOSTILE, "safe", HOSTILE, 78),
        ],
    )
    review.gaps = [GapGroup(HOSTILE, [GapMember(HOSTILE, HOSTILE, HOSTILE, [spot])], HOSTILE, HOSTILE)]
    review.regions = [Region(path, HOSTILE, spot), Region(path, HOSTILE)]
    review.closed = [Closed(HOSTILE, HOSTILE, spot)]
    review.areas = [Area(HOSTILE, [20], HOSTILE, [Reason(spot, HOSTILE)], HOSTILE)]
    review.left_out = [LeftOut(HOSTILE, [311], HOSTILE)]
    review.advice = [Advice(HOSTILE, HOSTILE, [Reason(spot, HOSTILE)])]
    return review


def big() -> Review:
    """Hundreds of files: lists too long to read in a terminal."""
    review = defects()
    files = [f"app/part{number:03}.py" for number in range(300)]
    review.inputs = [InputFile(path, "python", 100, "read") for path in files]
    spots = [Location(path, 10, 5, 10, 20, "cursor.execute(sql)") for path in files]
    review.description.operations = [
        Operation(
            spot, "sql.text", "cursor.execute", "undecided", f"`load{number % 3}` is not in the input", 89
        )
        for number, spot in enumerate(spots)
    ] + [
        Operation(spot, "sql.text", "cursor.execute", "safe", f"neutralised by `escape` at line {number}", 89)
        for number, spot in enumerate(spots)
    ]
    review.description.entry_points = [
        EntryPoint(f"view{number}", "GET /", spot) for number, spot in enumerate(spots)
    ]
    review.description.sources = [SourceUse("http.query", "a query parameter", spot) for spot in spots]
    review.gaps = [
        GapGroup(
            f"module part{number}",
            [GapMember(f"load{n}", "call", "the module is not in the input", spots) for n in range(30)],
            "It may read files.",
            "Add it.",
        )
        for number in range(40)
    ]
    first = review.findings[0]
    review.findings = [
        Finding(
            first.rule,
            89,
            first.title,
            "critical",
            "definite",
            spot,
            first.message,
            first.repair,
            fingerprint=str(number),
        )
        for number, spot in enumerate(spots)
    ]
    review.counts.operations = {"undecided": 300, "safe": 300}
    return review


SAMPLES = {
    "conditional": conditional,
    "defects": defects,
    "empty": empty,
    "hostile": hostile,
    "inconclusive": inconclusive,
    "none-detected": none_detected,
    "with-context": with_context,
}
