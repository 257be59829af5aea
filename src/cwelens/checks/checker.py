"""Listens to runs and decides: every operation the models or a check call dangerous gets a disposition, the bad ones a finding.

A place may be reached several ways (as an entry, from several callers); the worst judgement counts, with one exception: what only
depends on a parameter is decided by the callers where the input holds them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cwelens.base import chars as ch
from cwelens.checks import content_type, escaping, hashing, names, pages, patterns, regexes, sensitive, timing
from cwelens.checks.bodies import Body
from cwelens.checks.judge import (
    judge,
)
from cwelens.checks.judgement import (
    Judgement,
    clearer,
)
from cwelens.checks.placing import conditions, literal_of
from cwelens.checks.rules import BY_ID, FOR_SERVICE, RULES, Rule
from cwelens.checks.stored import Written
from cwelens.flow import assign
from cwelens.flow.conditions import holds_all, holds_value
from cwelens.flow.contents import CONTENT
from cwelens.flow.run import CallSite, Run, Shared, written
from cwelens.flow.state import State, deep_taints
from cwelens.flow.values import Const, Opaque, Place, Ref, Taint, Text, Value, atom_taints, taints_of
from cwelens.ir import nodes as ir

if TYPE_CHECKING:
    from cwelens.syntax.templates.model import Output

# Programs for which an option in place of a value runs or writes something (their manuals name such options).
OPTION_PROGRAMS = frozenset(
    [
        "git",
        "hg",
        "svn",
        "tar",
        "curl",
        "wget",
        "ssh",
        "scp",
        "sftp",
        "rsync",
        "find",
        "zip",
        "unzip",
        "tcpdump",
        "ffmpeg",
        "sed",
        "awk",
        "gawk",
        "grep",
        "psql",
        "mysql",
        "sqlite3",
        "gcc",
        "make",
        "man",
        "less",
        "vim",
        "vi",
        "ed",
        "xargs",
        "nmap",
        "openssl",
        "docker",
        "kubectl",
        "terraform",
        "ansible",
        "pip",
        "npm",
        "java",
        "php",
        "perl",
        "ruby",
        "convert",
        "magick",
        "identify",
        "mogrify",
        "ping",
        "traceroute",
        "nslookup",
        "dig",
        "whois",
        "host",
        "tcpdump",
        "sendmail",
        "mail",
        "chown",
        "chmod",
        "cp",
        "mv",
        "rm",
        "mkdir",
        "ln",
        "tee",
    ]
)
# Of them, those that run commands named in their options.
COMMANDED = frozenset(("git", "hg", "svn", "ssh", "scp", "sftp", "rsync", "tar", "find"))
ALLOWED_ORIGIN = "access-control-allow-origin"
SHELLS = frozenset(
    ("sh", "bash", "dash", "zsh", "ksh", "csh", "fish", "cmd", "cmd.exe", "powershell", "pwsh")
)
LABELS = {"sql.text": "its parameters are bound by the driver"}


class Record:
    """What is known of one operation so far."""

    __slots__ = (
        "best",
        "code",
        "concept",
        "context",
        "escapes",
        "fields",
        "from_param",
        "function",
        "library",
        "literal",
        "note",
        "place",
        "rule",
    )

    def __init__(
        self, rule: Rule, concept: str, place: Place, code: str, function: str, library: str, note: str
    ) -> None:
        self.rule = rule
        self.concept = concept
        self.place = place
        self.code = code
        self.function = function
        self.library = library
        self.note = note
        # Where the constant is written that makes this a weakness.
        self.literal: Place | None = None
        self.best: Judgement | None = None
        self.from_param: list[tuple[Judgement, str]] = []
        self.context = False
        # For an output of a template: fields of the database that it may show.
        self.fields: list[pages.Field] = []
        # Whether those that render it have it escape: both, where one forgot to.
        self.escapes: set[bool] = set()


class Checker:
    """The `Observer` of a review."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.records: dict[Any, Record] = {}
        self.sources: dict[Any, tuple[str, str, Place]] = {}
        self.fields = Written()
        # Regular expressions by file and position.
        self.patterns: dict[Any, patterns.Known] = {}
        self.bodies: dict[int, Body] = {}

    # Recording

    def add(
        self, rule: Rule, place: Place, code: str, function: str, library: str, judgement: Judgement
    ) -> None:
        """Notes what a check without flow has found at a place."""
        key = (place[0].path, place[1], rule.cwe, rule.concept)
        if key not in self.records:
            record = self.records[key] = Record(rule, rule.concept, place, code, function, library, "")
            record.best = judgement

    def record(
        self,
        run: Run,
        rule: Rule,
        place: Place,
        code: str,
        judgement: Judgement,
        library: str = "",
        note: str = "",
        concept: str = "",
    ) -> Record | None:
        """Notes a judgement of one operation; the record it went to, None where the place is not in the input."""
        if not run.frame.module.is_input:
            return None
        if rule.id in FOR_SERVICE and judgement.kind == "defect" and run.shared.is_test(run.frame.module):
            judgement = Judgement("skipped", "test code: it protects nothing in service")
        key = (place[0].path, place[1], rule.cwe, concept or rule.concept)
        entry = self.records.get(key)
        if entry is None:
            entry = self.records[key] = Record(
                rule,
                concept or rule.concept,
                place,
                code,
                run.frame.func.short if run.frame.func else "",
                library,
                note,
            )
        taint = judgement.taint
        if (
            taint is not None
            and taint.origin.kind in ("param", CONTENT)
            and judgement.kind in ("conditional", "undecided")
        ):
            entry.from_param.append((judgement, taint.origin.owner))
            return entry
        if run.frame.parent is not None:
            entry.context = True
        best = entry.best
        if best is None or judgement.rank > best.rank or clearer(judgement, best):
            entry.best = judgement
            entry.note = note
        return entry

    # What a run tells

    def source(self, run: Run, concept: str, what: str, place: Place) -> None:
        if place[0] is run.frame.module.source and run.frame.module.is_input:
            self.sources.setdefault((place[0].path, place[1], concept), (concept, what, place))

    def call(self, run: Run, site: CallSite) -> None:
        models = run.models
        st = site.state

        def lookup(name: str) -> Value | None:
            return attribute_of(site.node, name, st)

        for row in models.sinks(site.name):
            if row.concept == "sql.text":
                self.fields.statement(run, site)
            rule = RULES.get(row.concept)
            if rule is None:
                continue
            verdict = holds_all(row, run, site.args, site.receiver, st, lookup)
            if verdict is False:
                continue
            values = site.args.at(row.port, site.receiver)
            if not values and row.port.kind != "any":
                continue
            if row.concept == "response.error":
                for value in values:
                    self._error_detail(run, site.node, value, st, site.written)
                continue
            if row.concept == "hash.password":
                self._password_hash(run, site, row)
                continue
            if row.concept in ("process.argv", "process.program"):
                if row.port.kind == "from":
                    self._arguments(run, site, values, row.library)
                else:
                    self._process(run, site, values, row.library)
                continue
            if row.concept == "log.message":
                values = as_formatted(site.args.positional, values)
            judgement = self._judge_sink(run, site, rule, values, st)
            if row.concept == "url.request" and judgement.kind == "neutralised":
                partly = self._judge_sink(run, site, RULES["url.path"], values, st)
                if partly.kind == "conditional":
                    rule, judgement = RULES["url.path"], partly
            if row.concept == "html.body" and judgement.kind in ("defect", "conditional"):
                judgement = _as_sent(run, site, judgement)
            if row.concept == "regex.pattern":
                patterns.note(self, run, site, values, row.library)
            if row.concept == "regex.subject":
                judgement = regexes.subject(site, judgement)
                patterns.applied(self, site, judgement)
            if verdict is None and judgement.kind in ("defect", "conditional"):
                judgement = Judgement("undecided", "an argument that decides is not known", judgement.taint)
            if (
                rule.concept == "sql.text"
                and judgement.kind in ("constant", "not untrusted")
                and len(site.args.positional) > 1
            ):
                judgement = Judgement("parameterised", LABELS["sql.text"])
            self.record(run, rule, site.place, site.written, judgement, row.library, site.note, row.concept)
            self._details(run, site, row.concept, values)
        for misuse in models.misuses(site.name):
            if misuse.concept == "cookie.secure" and site.name.endswith("cookie"):
                self._secret_cookie(run, site)
            self._misuse(run, site, misuse, lookup)

    def _judge_sink(self, run: Run, site: CallSite, rule: Rule, values: list[Value], st: State) -> Judgement:
        judgement = Judgement("constant")
        for value in values:
            if rule.concept == "html.body":
                value = self._body(run, value, st)
            one = judge(rule, value, st)
            if one.rank > judgement.rank:
                judgement = one
        return judgement

    def _details(self, run: Run, site: CallSite, concept: str, values: list[Value]) -> None:
        """Questions beside the row's own: error texts in responses, secrets in logs, predictable values in cookies."""
        st = site.state
        if concept == "html.body":
            for value in values:
                self._error_detail(run, site.node, value, st, site.written)
        if concept == "upload.save":
            self._upload_type(run, site, values)
        if concept in ("cookie.value", "session.value"):
            for value in values:
                self._predictable(run, site.node, value, site.written)
        if concept in ("log.message", "log.sensitive"):
            self._sensitive(run, site)

    def _upload_type(self, run: Run, site: CallSite, values: list[Value]) -> None:
        """A file from outside keeps the ending that its sender gave it."""
        for value in values:
            for hole in last_holes(value, site.state):
                for taint in hole.taints:
                    if taint.origin.kind != "untrusted" or taint.origin.concept != "http.upload":
                        continue
                    if not hole.chars & ch.of(".") or {"extension", "*"} & taint.safe.keys():
                        continue
                    judgement = Judgement("conditional", "", taint.assuming(SERVED))
                    self.record(run, RULES["upload.type"], site.place, site.written, judgement, "", site.note)
                    return

    def _misuse(self, run: Run, site: CallSite, row: Any, lookup: Any) -> None:
        rule = RULES.get(row.concept)
        if rule is None or row.concept == "random.weak":
            return
        verdict = holds_all(row, run, site.args, site.receiver, site.state, lookup)
        if (
            row.concept in ("cookie.httponly", "cookie.samesite")
            and verdict is True
            and not self._about_session(site)
        ):
            verdict = False
        if verdict is True and row.concept == "hash.weak":
            judgement = hashing.purpose(site)
        elif verdict is True and row.concept == "template.autoescape" and site.name.endswith("Environment"):
            judgement = escaping.engine(site)
        elif verdict is True and row.concept == "cookie.secure" and not self._about_session(site):
            judgement = Judgement("conditional", "what the cookie holds is nothing for others to read")
        elif verdict is True and row.assume:
            judgement = Judgement("conditional", "", assumption=row.assume)
        elif verdict is True:
            judgement = Judgement("defect")
        elif verdict is None:
            judgement = Judgement("undecided", "an argument that decides is not known")
        else:
            judgement = Judgement("neutralised", "its arguments are safe ones")
        record = self.record(
            run, rule, site.place, site.written, judgement, row.library, site.note, row.concept
        )
        if verdict is True and record is not None:
            values = [v for c in conditions(row) for v in site.args.at(c.port, site.receiver)]
            record.literal = literal_of(row.concept, values)

    def _about_session(self, site: CallSite) -> bool:
        """Whether a cookie is one that a script has no business with: not a preference, and not the same for everybody."""
        if not site.name.rpartition(".")[2].startswith("set_"):
            return True  # the storage of a session
        value = site.args.get(0, "key") or site.args.get(0, "name")
        atom = value.const() if value is not None else None
        if atom is None or not isinstance(atom.value, str) or names.is_preference(atom.value):
            return False
        content = site.args.get(1, "value")
        return names.for_security(atom.value) or (content is not None and content.const() is None)

    def unresolved_call(self, run: Run, site: CallSite) -> None:
        return

    def setting(
        self, run: Run, node: ir.Node, target: str, key: Any, value: Value, state: State, written_as: str
    ) -> None:
        owner = node.base if isinstance(node, ir.Attr | ir.Item) else None

        def lookup(name: str) -> Value | None:
            path = assign.path_of(owner) if owner is not None else None
            if path is None:
                return state.env.get(name)
            return state.env.get(f"{path}.{name}") or state.env.get(f"{path}[{name!r}]")

        for row in run.models.settings(target):
            if (row.keys and key not in row.keys) or (key is not None and not row.keys):
                continue
            rule = RULES.get(row.concept)
            if rule is None:
                continue
            verdict = holds_value(row, run, value, state, lookup)
            kind = "defect" if verdict else "undecided" if verdict is None else "neutralised"
            reason = {
                "defect": "",
                "undecided": "the value is not known",
                "neutralised": "set to a safe value",
            }[kind]
            judgement = Judgement(kind, reason)
            record = self.record(
                run, rule, run.place(node), written_as, judgement, row.library, "", row.concept
            )
            if verdict is True and record is not None:
                record.literal = literal_of(row.concept, [value])

    def returned(self, run: Run, node: ir.Node, value: Value, state: State) -> None:
        handler = run.frame.handler
        concept = handler.route.response
        if concept or (handler.route.params or "").startswith("http.") or handler.route.first:
            self._error_detail(run, node, value, state, "return")
        rule = RULES.get(concept or "")
        if rule is None:
            return
        if concept == "html.body":
            value = self._body(run, value, state)
        if not value.atoms:
            return
        judgement = judge(rule, value, state)
        if judgement.taint is None and judgement.kind != "neutralised":
            # An answer without outside data is no operation worth a row.
            return
        self.record(
            run, rule, run.place(node), "return", judgement, handler.route.library, handler.note, concept
        )

    def _body(self, run: Run, value: Value, state: State) -> Value:
        """The parts of what a handler returns that a framework sends as an HTML body."""
        atoms: list[Any] = []
        for atom in value.atoms:
            obj = state.obj(atom.loc) if isinstance(atom, Ref) else None
            if obj is not None and obj.kind == "tuple" and 0 in obj.items:
                if _other_type(obj.items.get(len(obj.items) - 1), state):
                    continue
                atoms += obj.items[0].atoms
            elif isinstance(atom, Text | Const) or (
                isinstance(atom, Opaque) and atom.type in (None, "builtins.str", "builtins.bytes")
            ):
                atoms.append(atom)
        # Structures become JSON, response objects were judged where they were made.
        return Value(tuple(a for a in atoms if not isinstance(a, Ref)))

    def _error_detail(self, run: Run, node: ir.Node, value: Value, state: State, code: str) -> None:
        for taint in deep_taints(value, state):
            if taint.origin.kind == "exception":
                self.record(
                    run, RULES["response.error"], run.place(node), code, Judgement("defect", "", taint)
                )
                return

    def stored(self, run: Run, node: ir.Node, name: str, value: Value) -> None:
        if isinstance(node, ir.Attr) and not (
            isinstance(node.base, ir.Name) and node.base.id in ("self", "cls")
        ):
            self.fields.note(run, node, node.name, value, State({}, {}, {}))
        if name.lower().endswith(ALLOWED_ORIGIN):
            self._reflected(run, node, name, value)
        if names.for_security(name):
            self._predictable(run, node, value, name)
        elif names.is_cipher_key(name) and any(_BITS.search(t.origin.text) for t in taints_of(value)):
            # `key = random.choice(keys)` picks one of several; bits and bytes are made for a secret.
            self._predictable(run, node, value, name)

    def _reflected(self, run: Run, node: ir.Node, name: str, value: Value) -> None:
        """The origin of a request is sent back as the one that is allowed: that is every origin."""
        rule = RULES["cors.any"]
        judgement = judge(rule, value, State({}, {}, {}))
        if judgement.kind == "defect":
            said = Judgement("defect", "it sends back the origin that asks", judgement.taint)
            self.record(run, rule, run.place(node), name, said)

    def _predictable(self, run: Run, node: ir.Node, value: Value, name: str) -> None:
        """A predictable value gets to a place that needs an unpredictable one: reported where the value is made."""
        for taint in taints_of(value):
            if taint.origin.kind == "random" and taint.origin.place is not None:
                place = taint.origin.place
                if place[0] is run.frame.module.source:
                    self.record(
                        run,
                        RULES["random.weak"],
                        place,
                        taint.origin.text.strip("`"),
                        Judgement("defect", f"it becomes `{name}`", taint),
                    )

    def emitted(
        self, run: Run, node: ir.Expr, value: Value, output: Output, escape: bool, state: State
    ) -> None:
        judgement = pages.judge(run, node, value, output, escape, state)
        if judgement.kind == "constant":
            return
        if judgement.kind == "conditional" and not pages.is_markup(run):
            return
        rule = RULES["page.output"]
        record = self.record(run, rule, run.place(node), output.code, judgement, "", "", rule.concept)
        if record is not None and output.escape is None:
            record.escapes.add(escape)
        if record is not None and judgement.kind == "undecided" and pages.is_markup(run):
            taint = judgement.taint
            if taint is None or taint.origin.kind != "param":
                stored = taint if taint is not None and taint.origin.concept == "stored" else None
                record.fields.append(pages.Field(pages.field_of(node), stored, output.marked))

    def written(self, run: Run, node: ir.Node, fields: dict[str, Value], state: State) -> None:
        for name, value in fields.items():
            self.fields.note(run, node, name, value, state)

    def finished(self, run: Run, value: Value) -> None:
        """An entry gives a value back: a function named for a token must not give a predictable one."""
        func = run.frame.func
        if func is not None and names.for_security(func.name):
            self._predictable(run, func.node, value, func.name)

    def compared(self, run: Run, node: ir.Compare, left: Value, right: Value, state: State) -> None:
        found = timing.judge(node, left, right)
        if found is not None:
            secret, judgement = found
            self.record(run, RULES["timing.compare"], run.place(node), written(secret), judgement)

    # Special sinks

    def _arguments(self, run: Run, site: CallSite, values: list[Value], library: str) -> None:
        """Arguments that follow the program as positional ones: `create_subprocess_exec("git", "log", ref)`."""
        first = site.args.get(0, "program")
        program = first.const() if first is not None else None
        if program is not None and str(program.value).rpartition("/")[2] in OPTION_PROGRAMS:
            self._options(run, site, str(program.value).rpartition("/")[2], values, None, library)

    def _process(self, run: Run, site: CallSite, values: list[Value], library: str) -> None:
        """An argument list: who chooses the program, what a shell is given, what can be read as an option."""
        st = site.state
        program_rule, shell_rule = RULES["process.program"], RULES["shell.command"]
        for value in values:
            for atom in value.atoms:
                obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
                if obj is None or obj.kind not in ("list", "tuple"):
                    judgement = judge(program_rule, Value((atom,)), st)
                    self.record(
                        run,
                        program_rule,
                        site.place,
                        site.written,
                        judgement,
                        library,
                        site.note,
                        "process.program",
                    )
                    continue
                first = obj.items.get(0)
                if first is None:
                    taint = next(
                        (t for t in deep_taints(Value((atom,)), st) if t.origin.kind == "untrusted"), None
                    )
                    kind = Judgement("undecided", "the program is not known", taint)
                    self.record(
                        run,
                        program_rule,
                        site.place,
                        site.written,
                        kind,
                        library,
                        site.note,
                        "process.program",
                    )
                    continue
                judgement = judge(program_rule, first, st)
                programs = [str(a.value).rpartition("/")[2] for a in first.atoms if isinstance(a, Const)]
                program = programs[0] if programs else ""
                rest = [obj.items[k] for k in sorted(obj.items) if k != 0]
                if any(p in SHELLS for p in programs) and rest and _runs_command(rest[0]):
                    for part in rest[1:2]:
                        judgement = max(judgement, judge(shell_rule, part, st), key=lambda j: j.rank)
                elif program in OPTION_PROGRAMS:
                    self._options(run, site, program, rest, obj.rest, library)
                if judgement.kind in ("constant", "not untrusted") and any(taints_of(p) for p in rest):
                    judgement = Judgement("parameterised", "an argument list without a shell")
                self.record(
                    run,
                    program_rule,
                    site.place,
                    site.written,
                    judgement,
                    library,
                    site.note,
                    "process.program",
                )

    def _options(
        self, run: Run, site: CallSite, program: str, rest: list[Value], more: Value | None, library: str
    ) -> None:
        rule = RULES["process.argv"]
        ended = False
        for part in rest:
            atom = part.const()
            if atom is not None and atom.value == "--":
                ended = True
            if ended or atom is not None:
                continue
            judgement = judge(rule, part, site.state)
            taint = judgement.taint
            if judgement.kind == "undecided" and taint is not None and taint.origin.kind == "param":
                # What arrives whole can begin with a dash; that is worth a word where such an option runs a command.
                judgement = Judgement("conditional" if program in COMMANDED else "undecided", "", taint)
            if judgement.kind in ("defect", "conditional"):
                self.record(run, rule, site.place, site.written, judgement, library, site.note)

    def body_of(self, run: Run) -> Body:
        """What the names of the function are assigned that is being interpreted."""
        frame = run.frame
        key = id(frame.func.node) if frame.func is not None else id(frame.module)
        known = self.bodies.get(key)
        if known is None:
            known = self.bodies[key] = Body(frame.module, frame.func)
        return known

    def _secret_cookie(self, run: Run, site: CallSite) -> None:
        """A password, or private data, as the value of a cookie."""
        node = site.node
        if isinstance(node, ir.Call):
            values = [*node.args[1:2], *(v for k, v in node.keywords if k == "value")]
            for part in values:
                secret = sensitive.found_in(part, self.body_of(run), "kept")
                if secret is not None:
                    judgement = Judgement(
                        "defect", f"`{written(secret)}` is sent to the browser and kept there"
                    )
                    self.record(run, RULES["cookie.cleartext"], site.place, site.written, judgement)

    def _password_hash(self, run: Run, site: CallSite, row: Any) -> None:
        """A fast hash of something that is called a password."""
        node = site.node
        if isinstance(node, ir.Call):
            for part in [*node.args, *(v for _, v in node.keywords)]:
                secret = sensitive.found_in(part, self.body_of(run), "password")
                if secret is not None:
                    judgement = Judgement("defect", f"`{written(secret)}` is hashed with a fast function")
                    self.record(run, RULES["hash.password"], site.place, site.written, judgement, row.library)

    def _sensitive(self, run: Run, site: CallSite) -> None:
        """A secret, by its name, among the arguments of a logging call."""
        node = site.node
        if not isinstance(node, ir.Call):
            return
        for part in [*node.args, *(v for _, v in node.keywords)]:
            secret = sensitive.found_in(part, self.body_of(run))
            if secret is not None and not _harmless_secret(run, secret, site.state):
                judgement = Judgement("defect", f"`{written(secret)}` is written to the log")
                self.record(run, RULES["log.sensitive"], site.place, site.written, judgement)
                return


SERVED = "what is uploaded is served to browsers, or run, from where it is saved"


def last_holes(value: Value, st: State) -> list[Opaque]:
    """The unknown parts that a text, or a path, can end with."""
    out: list[Opaque] = []
    for atom in value.atoms:
        obj = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if obj is not None and "path" in obj.items:
            out += last_holes(obj.items["path"], st)
        elif isinstance(atom, Opaque):
            out.append(atom)
        elif isinstance(atom, Text) and isinstance(last := atom.parts[-1], Opaque):
            out.append(last)
    return out


_BITS = re.compile(r"\b(?:getrandbits|randbytes)\b")
_CONVERSION = re.compile(r"%(?:\(\w+\))?[-#0 +]*(?:\d+|\*)?(?:\.\d+)?([a-zA-Z%])")


def as_formatted(given: list[Value], values: list[Value]) -> list[Value]:
    """The arguments of a log call without those that its format shows as `%r` or as a number: no line break gets through."""
    for index, value in enumerate(given):
        atom = value.const()
        if atom is not None and isinstance(atom.value, str) and "%" in atom.value:
            kinds = [k for k in _CONVERSION.findall(atom.value) if k != "%"]
            rest = given[index + 1 :]
            if len(kinds) == len(rest):
                shown = {id(v) for v, kind in zip(rest, kinds) if kind != "s"}
                return [v for v in values if id(v) not in shown]
            return values
    return values


def _as_sent(run: Run, site: CallSite, judgement: Judgement) -> Judgement:
    """The judgement on a text in a response, given what the response is sent as."""
    kind = content_type.told(run, site)
    if kind is None or "html" in kind or "xml" in kind or "svg" in kind:
        return judgement
    if not kind:
        return Judgement("undecided", "the content type of the response is not known", judgement.taint)
    return Judgement("neutralised", f"sent as `{kind}`", judgement.taint)


def _runs_command(option: Value) -> bool:
    """Whether a shell's first argument says that the next one is a command."""
    return any(isinstance(a, Const) and a.value in ("-c", "/c", "/C", "-Command") for a in option.atoms)


def attribute_of(node: ir.Expr, name: str, st: State) -> Value | None:
    """The attribute or item `name` of the receiver of a call, as last set."""
    if isinstance(node, ir.Call) and isinstance(node.func, ir.Attr):
        path = assign.path_of(node.func.base)
        if path is not None:
            return st.env.get(f"{path}.{name}") or st.env.get(f"{path}[{name!r}]")
    return None


def _harmless_secret(run: Run, node: ir.Expr, st: State) -> bool:
    """A "secret" that is a number, a flag or nothing is none."""
    from cwelens.flow.expressions import evaluate

    run.quiet += 1
    try:
        value = evaluate(run, node, st)
    finally:
        run.quiet -= 1
    return bool(value.atoms) and all(
        (isinstance(a, Const) and (a.value is None or isinstance(a.value, bool | int) or a.value == ""))
        or (isinstance(a, Opaque) and a.type in ("builtins.int", "builtins.bool", "builtins.float"))
        for a in value.atoms
    )


def _other_type(headers: Value | None, state: State) -> bool:
    """Whether response headers name a content type that is not HTML."""
    for atom in headers.atoms if headers is not None else ():
        obj = state.obj(atom.loc) if isinstance(atom, Ref) else None
        for key, value in (obj.items if obj is not None and obj.kind == "dict" else {}).items():
            kind = value.const()
            if str(key).lower() == "content-type" and kind is not None and "html" not in str(kind.value):
                return True
    return False


def untrusted(value: Value) -> Taint | None:
    return next((t for a in value.atoms for t in atom_taints(a) if t.origin.kind == "untrusted"), None)


__all__ = ["BY_ID", "Checker", "Record", "attribute_of", "untrusted"]
