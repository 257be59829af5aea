"""Listens to runs and decides: every operation the models or a check call dangerous gets a disposition, the bad ones a finding.

A place may be reached several ways (as an entry, from several callers); the worst judgement counts, with one exception: what only
depends on a parameter is decided by the callers where the input holds them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cwelens.checks import (
    clients,
    cors,
    debugging,
    directories,
    django_settings,
    formatters,
    handed,
    inside,
    log_formats,
    misuses,
    names,
    opted,
    pages,
    patterns,
    process_arguments,
    regexes,
    responses,
    secret_sinks,
    session_keys,
    timing,
    uploads,
)
from cwelens.checks.bodies import Body
from cwelens.checks.dropped import Dropped
from cwelens.checks.judge import judge
from cwelens.checks.judgement import Judgement
from cwelens.checks.placing import literal_of
from cwelens.checks.record import Record, earliest
from cwelens.checks.rules import FOR_SERVICE, RULES, Rule
from cwelens.checks.saved import Contents
from cwelens.checks.stored import Written
from cwelens.flow import assign
from cwelens.flow.conditions import holds_all, holds_value
from cwelens.flow.contents import CONTENT
from cwelens.flow.run import CallSite, Run, Shared, written
from cwelens.flow.state import Frame, State, map_taints
from cwelens.flow.values import Place, Value, taints_of
from cwelens.ir import nodes as ir

if TYPE_CHECKING:
    from cwelens.models.schema import Sink
    from cwelens.syntax.templates.model import Output

HTML = ("html.body", "html.declared")
ALLOWED_ORIGIN = "access-control-allow-origin"
LABELS = {"sql.text": "its parameters are bound by the driver"}


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
        self.dropped = Dropped()
        self.contents = Contents()
        # The origins of error texts that a response has been made of.
        self.errors_sent: set[Any] = set()

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
        frame: Frame | None = None,
    ) -> Record | None:
        """Notes a judgement of one operation; the record it went to, None where the place is not in the input."""
        frame = frame or run.frame
        if not frame.module.is_input:
            return None
        if (
            rule.id in FOR_SERVICE
            and judgement.kind in ("defect", "conditional")
            and run.shared.is_test(run.frame.module)
        ):
            judgement = Judgement("skipped", "test code: it protects nothing in service")
        key = (place[0].path, place[1], rule.cwe, concept or rule.concept)
        entry = self.records.get(key)
        if entry is None:
            entry = self.records[key] = Record(
                rule,
                concept or rule.concept,
                place,
                code,
                frame.func.short if frame.func else "",
                library,
                note,
            )
        taint = judgement.taint
        if judgement.kind in ("defect", "conditional"):
            way = _active(run.frame)
            entry.ways[way] = max(judgement.rank, entry.ways.get(way, 0))
        if (
            taint is not None
            and taint.origin.kind in ("param", CONTENT)
            and judgement.kind in ("conditional", "undecided")
        ):
            entry.from_param.append((judgement, taint.origin.owner))
            return entry
        entry.take(judgement, note)
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

        self.contents.note(self, run, site)
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
                    responses.error_detail(self, run, site.node, value, st, site.written)
                continue
            if row.concept == "hash.password":
                secret_sinks.hashed(self, run, site, row)
                continue
            if row.concept == "log.sensitive":
                # What is secret says its name, not where it comes from.
                secret_sinks.logged(self, run, site)
                continue
            if row.concept in ("process.argv", "process.program"):
                if row.port.kind == "from":
                    process_arguments.positional(self, run, site, values, row.port.position or 0, row.library)
                else:
                    process_arguments.listed(self, run, site, values, row.library)
                continue
            if row.concept == "format.string" and formatters.looks_up_itself(run, site):
                continue
            if row.handles:
                values = [_handled(row, value) for value in values]
            if row.concept == "log.message":
                values = log_formats.as_formatted(site.args.positional, values, st)
            judgement = self._judge_sink(run, site, rule, values, st)
            judgement = self.contents.settle(self, run, site, row, judgement)
            if row.concept == "url.request" and judgement.kind == "neutralised":
                partly = self._judge_sink(run, site, RULES["url.path"], values, st)
                if partly.kind == "conditional":
                    rule, judgement = RULES["url.path"], partly
            if row.concept == "url.request" and judgement.kind == "defect" and judgement.taint is not None:
                careful = clients.careful(site)
                if careful:
                    doubt = f"`{careful}` lets requests to internal hosts pass"
                    judgement = Judgement("conditional", "", judgement.taint.assuming(doubt))
            if row.concept in ("path.file", "path.probe"):
                judgement = directories.settle(site, judgement)
            if row.concept == "html.markup" and self.dropped.taken_apart(site):
                judgement = Judgement("neutralised", "it is made plain text again at once", judgement.taint)
            if row.concept == "session.value" and site.name.endswith("__setitem__"):
                judgement = session_keys.settle(site, judgement)
            if row.concept == "html.declared" and not responses.is_html(run, site):
                continue
            if row.concept == "html.body" and judgement.kind in ("defect", "conditional"):
                judgement = responses.as_sent(run, site, judgement)
            if row.concept == "regex.pattern":
                patterns.note(self, run, site, values, row.library)
            if row.concept == "regex.subject":
                judgement = regexes.subject(site, judgement)
                patterns.applied(self, site, judgement)
            if judgement.kind in ("defect", "conditional") and self.dropped.only_compiled(site):
                judgement = Judgement(
                    "skipped", "only whether it compiles is asked, and no text is matched with it"
                )
            if (
                judgement.kind == "defect"
                and judgement.taint is not None
                and (self.dropped.handed_on(site) or self.dropped.only_tried(site))
            ):
                doubt = "what is compiled here is matched with a text"
                judgement = Judgement("conditional", "", judgement.taint.assuming(doubt))
            if verdict is None and judgement.kind in ("defect", "conditional"):
                judgement = Judgement("undecided", "an argument that decides is not known", judgement.taint)
            if (
                rule.concept == "sql.text"
                and judgement.kind in ("constant", "not untrusted")
                and len(site.args.positional) > 1
            ):
                judgement = Judgement("parameterised", LABELS["sql.text"])
            if row.assume and judgement.kind == "defect":
                judgement = Judgement("conditional", judgement.reason, judgement.taint, row.assume)
            place, frame = handed.over(site)
            if place is site.place:
                place = handed.at(site, row.port)
            noted = self.record(
                run, rule, place, site.written, judgement, row.library, site.note, row.concept, frame
            )
            if noted is not None and place is not site.place:
                noted.around = site.place
            self._details(run, site, row.concept, values)
        for misuse in models.misuses(site.name):
            if misuse.concept == "cookie.secure" and site.name.endswith("cookie"):
                secret_sinks.in_cookie(self, run, site)
            misuses.decide(self, run, site, misuse, lookup)

    def _judge_sink(self, run: Run, site: CallSite, rule: Rule, values: list[Value], st: State) -> Judgement:
        judgement = Judgement("constant")
        for value in values:
            if rule.concept in HTML:
                # A response object takes a list for the pieces of its body; `make_response` makes JSON of it.
                pieces = not site.name.endswith("make_response")
                value = responses.body(run, value, st, pieces)
            one = judge(rule, value, st)
            if one.rank > judgement.rank:
                judgement = one
        return judgement

    def _details(self, run: Run, site: CallSite, concept: str, values: list[Value]) -> None:
        """Questions beside the row's own: error texts in responses, secrets in logs, predictable values in cookies."""
        st = site.state
        if concept in HTML:
            for value in values:
                responses.error_detail(self, run, site.node, value, st, site.written)
        if concept == "upload.save":
            uploads.decide(self, run, site, values)
        if concept == "header.value":
            for value in values:
                for inner, held in inside.named(value):
                    if names.for_security(inner):
                        self._predictable(run, site.node, held, inner)
        if concept in ("cookie.value", "session.value"):
            for value in values:
                self._predictable(run, site.node, value, site.written)
        if concept == "log.message":
            secret_sinks.logged(self, run, site)

    def unresolved_call(self, run: Run, site: CallSite) -> None:
        self.contents.note(self, run, site)

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
            if verdict:
                judgement = opted.judged(run.frame, node, row.concept)
                if row.concept == "debug.on" and debugging.asked_for(node, self.body_of(run)):
                    judgement = Judgement("guarded", debugging.ASKED)
                judgement = django_settings.judged(self.shared.program, run.frame.module, target, judgement)
            record = self.record(
                run, rule, run.place(node), written_as, judgement, row.library, "", row.concept
            )
            if verdict is True and record is not None:
                record.literal = earliest(record.literal, literal_of(row.concept, [value]))

    def returned(self, run: Run, node: ir.Node, value: Value, state: State) -> None:
        handler = run.frame.handler
        concept = handler.response
        if concept or (handler.route.params or "").startswith("http.") or handler.route.first:
            responses.error_detail(self, run, node, value, state, "return")
        rule = RULES.get(concept or "")
        if rule is None:
            return
        if concept == "html.declared" and not responses.returns_html(run):
            return
        if concept in HTML:
            value = responses.body(run, value, state)
        if not value.atoms:
            return
        judgement = judge(rule, value, state)
        if judgement.taint is None and judgement.kind != "neutralised":
            # An answer without outside data is no operation worth a row.
            return
        self.record(
            run, rule, run.place(node), "return", judgement, handler.route.library, handler.note, concept
        )

    def stored(self, run: Run, node: ir.Node, name: str, value: Value) -> None:
        if isinstance(node, ir.Attr) and not (
            isinstance(node.base, ir.Name) and node.base.id in ("self", "cls")
        ):
            self.fields.note(run, node, node.name, value, State({}, {}, {}))
        if name.lower().endswith(ALLOWED_ORIGIN):
            self._reflected(run, node, name, value)
        for inner, held in inside.named(value):
            if names.for_security(inner):
                self._predictable(run, node, held, inner)
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
            if cors.by_setting(self.body_of(run), node):
                doubt = "the setting that this is asked of is on"
                said = Judgement(
                    "conditional", said.reason, judgement.taint and judgement.taint.assuming(doubt)
                )
            self.record(run, rule, run.place(node), name, said)

    def _predictable(self, run: Run, node: ir.Node, value: Value, name: str) -> None:
        """A predictable value gets to a place that needs an unpredictable one: reported where the value is made."""
        for taint in taints_of(value):
            if taint.origin.kind == "random" and taint.origin.place is not None:
                place = taint.origin.place
                if place[0] is run.frame.module.source and not names.picks_one(place[0].line(place[1][0])):
                    self.record(
                        run,
                        RULES["random.weak"],
                        place,
                        taint.origin.text.strip("`"),
                        Judgement(
                            "conditional" if taint.assumption else "defect", f"it becomes `{name}`", taint
                        ),
                    )

    def emitted(
        self, run: Run, node: ir.Expr, value: Value, output: Output, escape: bool, state: State
    ) -> None:
        responses.error_on_page(self, run, node, value, state, output.code)
        judgement = pages.judge(run, node, value, output, escape, state)
        if judgement.kind == "constant":
            return
        if judgement.kind == "conditional" and not pages.is_markup(run):
            return
        rule = RULES["page.redirect" if output.place.kind == "refresh" else "page.output"]
        why = pages.cause(output, escape)
        record = self.record(run, rule, run.place(node), output.code, judgement, "", why, rule.concept)
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

    def body_of(self, run: Run) -> Body:
        """What the names of the function are assigned that is being interpreted."""
        frame = run.frame
        key = id(frame.func.node) if frame.func is not None else id(frame.module)
        known = self.bodies.get(key)
        if known is None:
            known = self.bodies[key] = Body(frame.module, frame.func)
        return known


def _active(frame: Frame | None) -> frozenset[int]:
    """The functions that are being interpreted, by their nodes."""
    out: list[int] = []
    while frame is not None:
        out.append(id(frame.node))
        frame = frame.parent
    return frozenset(out)


_BITS = re.compile(r"\b(?:getrandbits|randbytes)\b")


def attribute_of(node: ir.Expr, name: str, st: State) -> Value | None:
    """The attribute or item `name` of the receiver of a call, as last set."""
    if isinstance(node, ir.Call) and isinstance(node.func, ir.Attr):
        path = assign.path_of(node.func.base)
        if path is not None:
            return st.env.get(f"{path}.{name}") or st.env.get(f"{path}[{name!r}]")
    return None


def _handled(row: Sink, value: Value) -> Value:
    """What is handed over, safe for what the callee takes care of by itself."""
    why = f"`{row.names[0].rpartition('.')[2]}` quotes it"
    return map_taints(value, lambda taint: taint.neutralised(row.handles, why))
