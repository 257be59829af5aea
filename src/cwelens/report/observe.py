"""One pass over the inputs that gathers what raises a topic or a practice: calls, what they are given, names, texts, statements.

Invariants
- Every sight stands in an input. At most `MOST` sights are kept for a trigger, at most `MOST_OF_FILE` of one file; `total` counts all.
- Names are judged once: what a call, key or name raises is remembered by its words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from cwelens.base.location import Location, locate
from cwelens.ir import nodes as ir
from cwelens.ir.walk import children, dotted
from cwelens.report.material import Material
from cwelens.report.pieces import is_cut_out
from cwelens.report.topics import Trigger
from cwelens.report.words import table, words_of
from cwelens.resolve.ledger import CallRecord, text_of
from cwelens.resolve.symbols import FunctionInfo, ModuleInfo

if TYPE_CHECKING:
    from cwelens.checks.finding import Operation

MOST = 40
_LONGEST = 48
MOST_OF_FILE = 4

CLIENT = table(
    "api client conn connection rpc rpcapi proxy stub service http rest gateway broker sdk compute_api"
)
_NOT_CLIENT = table("mock mox fixture")
IDENTIFIER = table("id uuid guid pk slug key ref")
_BODY = table("body req request payload data params form json kwargs values spec")
_ASSERTIONS = ("assert", "fail", "expect")
# Where only outside data does harm, an operation that is shown to be safe leaves nothing to ask.
_SETTLED = (
    "regex.", "sql.", "nosql.", "format.", "template.", "html.", "xml.", "path.", "shell.", "process.", "code.", "ldap.", "xpath.", "xslt.",
    "url.", "header.", "email.", "deserialise", "resource.", "memory.", "data.",
)  # fmt: skip
_PARAMETER = re.compile(r"`(\w+)` of (?:`[^`]+`|the code around)")

_FIELDS: dict[type, tuple[str, ...]] = {
    ir.Call: ("func", "args", "keywords"),
    ir.Attr: ("base",),
    ir.Assign: ("targets", "value"),
    ir.Function: (),
    ir.Class: (),
    ir.Import: (),
    ir.ImportFrom: (),
    ir.Jump: (),
}
_LEAVES = frozenset(
    [ir.Name, ir.Jump, ir.Import, ir.ImportFrom, ir.Scope, ir.Function, ir.Class, str, type(None)]
)


class Sight:
    """One place that raises something: `code` is the part of it that a reason names; `call` the callee as written, if any."""

    __slots__ = ("call", "code", "module", "place", "pos")

    def __init__(
        self,
        module: ModuleInfo | None,
        pos: ir.Pos | None,
        code: str,
        call: str = "",
        place: Location | None = None,
    ) -> None:
        self.module = module
        self.pos = pos
        self.code = code
        self.call = call
        self.place = place

    @property
    def location(self) -> Location:
        if self.place is not None:
            return self.place
        assert self.module is not None and self.pos is not None
        return locate(self.module.source, self.pos)


class Sights:
    """The sights of one trigger, and how many there were."""

    __slots__ = ("_last", "_of_file", "kept", "total")

    def __init__(self) -> None:
        self.kept: list[Sight] = []
        self.total = 0
        self._last: object = None
        self._of_file = 0

    def add(self, where: object, make: Callable[[], Sight]) -> None:
        self.total += 1
        if where is not self._last:
            self._last, self._of_file = where, 0
        if len(self.kept) < MOST and self._of_file < MOST_OF_FILE:
            self._of_file += 1
            self.kept.append(make())


class Observed:
    """What was seen, by trigger."""

    def __init__(self) -> None:
        self._by_trigger: dict[Trigger, Sights] = {}

    def of(self, trigger: Trigger) -> Sights:
        found = self._by_trigger.get(trigger)
        if found is None:
            found = self._by_trigger[trigger] = Sights()
        return found


def observe(material: Material, triggers: Iterable[Trigger], closed: Iterable[str] = ()) -> Observed:
    """What in the inputs raises each of the triggers; `closed` names what leads out of the input and context answered."""
    return _Observer(material, triggers, frozenset(closed)).run()


def is_client(receiver: str) -> bool:
    """Whether a receiver's name says that it speaks to a service (`self.api`, `compute_client`)."""
    words = words_of(receiver.rpartition(".")[2])
    return bool(words & CLIENT) and not words & _NOT_CLIENT


class _Observer:
    def __init__(self, material: Material, triggers: Iterable[Trigger], closed: frozenset[str]) -> None:
        self.material = material
        self.closed = closed
        self.seen = Observed()
        self.by_kind: dict[str, list[Trigger]] = {}
        for trigger in triggers:
            self.by_kind.setdefault(trigger.kind, []).append(trigger)
        self._words: dict[tuple[str, str], list[Trigger]] = {}
        self._prefixes: dict[tuple[str, str], list[Trigger]] = {}
        self._calls: dict[tuple[str, str, str, str | None], list[Trigger]] = {}
        self._clients: dict[str, bool] = {}

    def run(self) -> Observed:
        for use in self.material.sources:
            self._placed("source", use.concept, use.location, use.description)
        for operation in self.material.operations:
            if operation.disposition == "skipped" or (
                operation.disposition == "safe" and operation.concept.startswith(_SETTLED)
            ):
                continue
            self._placed("operation", operation.concept, operation.location, operation.code)
            self._reached(operation)
        self._imports()
        for record in self.material.calls:
            self._call(record)
        for module in self.material.modules:
            self._handlers(module)
            self._walk(module, None, module.body)
            for cls in module.classes:
                self._walk(module, None, cls.node.body)
            for function in module.functions:
                self._params(module, function)
                self._walk(module, function, function.node.body)
        return self.seen

    # What a name raises.

    def by_words(self, kind: str, name: str) -> list[Trigger]:
        """The triggers of a kind that share a word with a name, or list the name itself."""
        key = (kind, name)
        found = self._words.get(key)
        if found is None:
            words = words_of(name) | {name.lower()}
            found = self._words[key] = [
                t for t in self.by_kind.get(kind, ()) if t.words & words or _holds(t, name)
            ]
        return found

    def by_prefix(self, kind: str, name: str) -> list[Trigger]:
        """The triggers of a kind that list a prefix of a dotted name (or, ending in a dot or whole, of a concept)."""
        key = (kind, name)
        found = self._prefixes.get(key)
        if found is None:
            found = self._prefixes[key] = [
                trigger
                for trigger in self.by_kind.get(kind, ())
                if any(
                    name == word or name.startswith(word if word.endswith(".") else f"{word}.")
                    for word in trigger.words
                )
            ]
        return found

    def _placed(self, kind: str, name: str, place: Location, code: str) -> None:
        for trigger in self.by_prefix(kind, name):
            self.seen.of(trigger).add(place.path, lambda: Sight(None, None, code, place=place))

    # Calls.

    def _reached(self, operation: Operation) -> None:
        """The parameter that decides of an operation that is no finding without its caller."""
        if operation.disposition not in ("undecided", "conditional"):
            return
        match = _PARAMETER.search(operation.reason)
        for trigger in self.by_kind.get("reached", ()) if match is not None else ():
            name = match.group(1) if match is not None else ""
            place = operation.location
            self.seen.of(trigger).add(place.path, lambda: Sight(None, None, name, place=place))

    def _imports(self) -> None:
        for record in self.material.imports:
            name = record.target or record.text
            for trigger in self.by_prefix("library", name):
                self.seen.of(trigger).add(
                    record.module, lambda: Sight(record.module, record.node.pos, record.text)
                )

    def _call(self, record: CallRecord) -> None:
        key = (record.status, record.receiver, record.member, record.target)
        found = self._calls.get(key)
        if found is None:
            found = self._calls[key] = self._raised(record)
        for trigger in found:
            self.seen.of(trigger).add(
                record.module, lambda: Sight(record.module, record.node.pos, record.callee, _name(record))
            )
        if self._outside(record):
            self._sent(record)
        elif record.member.startswith(_ASSERTIONS):
            self._texts(record.module, record.node.args)

    def _raised(self, record: CallRecord) -> list[Trigger]:
        found = list(self.by_words("call", record.member))
        if record.target is not None and "()" not in record.target:
            found += self.by_prefix("library", record.target)
        if self._outside(record):
            found += self.by_words("unseen", record.member)
            found += self.by_words("receiver", record.receiver.rpartition(".")[2]) if record.receiver else []
            if self._speaks(record.receiver):
                words = words_of(record.member)
                found += [
                    t
                    for t in self.by_kind.get("client", ())
                    if "*" in t.words or _first_word(words, record.member) in t.words
                ]
        return found

    def _outside(self, record: CallRecord) -> bool:
        """Whether the callee is not in the input, be it that context holds it."""
        return record.status == "unresolved" or _name(record) in self.closed

    def _speaks(self, receiver: str) -> bool:
        known = self._clients.get(receiver)
        if known is None:
            known = self._clients[receiver] = is_client(receiver)
        return known

    def _sent(self, record: CallRecord) -> None:
        """What an unseen callee is given: identifiers and data if it is a client, texts in any case."""
        args = record.node.args
        self._texts(record.module, args)
        if not self._speaks(record.receiver):
            return
        for value in [*args, *(value for _, value in record.node.keywords)]:
            kind = _sent_kind(value)
            for trigger in self.by_words("sent", kind) if kind else ():
                self.seen.of(trigger).add(record.module, lambda: self._given(record, value))

    def _given(self, record: CallRecord, value: ir.Expr) -> Sight:
        return Sight(record.module, record.node.pos, text_of(record.module.source, value), _name(record))

    def _texts(self, module: ModuleInfo, args: list[ir.Expr]) -> None:
        for arg in args:
            parts = arg.items if isinstance(arg, ir.Seq) else [arg]
            for part in parts:
                if isinstance(part, ir.Const) and isinstance(part.value, str) and len(part.value) < 200:
                    self._text("text", module, part, part.value)

    def _text(self, kind: str, module: ModuleInfo, node: ir.Const, text: str) -> None:
        for trigger in self.by_words(kind, text):
            self.seen.of(trigger).add(module, lambda: Sight(module, node.pos, _quoted(text)))

    # Everything else.

    def _handlers(self, module: ModuleInfo) -> None:
        handlers = self.material.entries.handlers
        if not handlers:
            return
        for function in module.functions:
            handler = handlers.get(id(function.node))
            if handler is not None:
                for trigger in self.by_kind.get("handler", ()):
                    if "*" in trigger.words or _changes_state(function):
                        self.seen.of(trigger).add(
                            module, lambda: Sight(module, _head(function.node), function.short)
                        )

    def _params(self, module: ModuleInfo, function: FunctionInfo) -> None:
        given = function.node.params
        if function.self_name is not None or is_cut_out(function):
            given = given[1:]
        for param in function.node.params:
            self._named("name", module, param, param.name)
            if function.parent is None and param in given:
                for trigger in self.by_kind.get("param", ()):
                    self.seen.of(trigger).add(module, lambda: Sight(module, param.pos, param.name))

    def _named(self, kind: str, module: ModuleInfo, node: ir.Node, name: str) -> None:
        for trigger in self.by_words(kind, name):
            self.seen.of(trigger).add(module, lambda: Sight(module, node.pos, name))

    def _walk(self, module: ModuleInfo, function: FunctionInfo | None, body: list[ir.Stmt]) -> None:
        """The statements and expressions of one scope; functions and classes inside are scopes of their own."""
        stack: list[Any] = list(reversed(body))
        pop, push, leaves, visit = stack.pop, stack.append, _LEAVES, _VISIT
        while stack:
            node = pop()
            kind = type(node)
            seen = visit.get(kind)
            if seen is not None:
                seen(self, module, node)
            fields = _FIELDS.get(kind)
            for part in children(node) if fields is None else _parts(node, fields):
                if type(part) not in leaves:
                    push(part)

    def _assign(self, module: ModuleInfo, node: ir.Assign) -> None:
        for target in node.targets:
            name = target.id if type(target) is ir.Name else target.name if type(target) is ir.Attr else ""
            if name:
                self._given_name(module, node, name, node.value)

    def _given_name(self, module: ModuleInfo, node: ir.Node, name: str, value: ir.Expr | None) -> None:
        self._named("name", module, node, name)
        if isinstance(value, ir.Const) and isinstance(value.value, str) and len(value.value) > 3:
            self._named("secret", module, node, name)

    def _call_node(self, module: ModuleInfo, node: ir.Call) -> None:
        for name, value in node.keywords:
            if name is not None and type(value) is ir.Const:
                self._given_name(module, value, name, value)

    def _item(self, module: ModuleInfo, node: ir.Item) -> None:
        key = node.key
        if type(key) is ir.Const and isinstance(key.value, str):
            self._named("name", module, node, key.value)
            self._text("text", module, key, key.value)

    def _const(self, module: ModuleInfo, node: ir.Const) -> None:
        value = node.value
        if isinstance(value, str) and "://" in value[:12]:
            self._text("plain", module, node, value)

    def _while(self, module: ModuleInfo, node: ir.While) -> None:
        if isinstance(node.test, ir.Const) and node.test.value:
            self._statement(module, node, "endless", "while")

    def _handler(self, module: ModuleInfo, node: ir.Handler) -> None:
        if _is_silent(node.body):
            self._statement(module, node, "silent", "except")
        elif node.types is None or (
            isinstance(node.types, ir.Name) and node.types.id in ("Exception", "BaseException")
        ):
            self._statement(module, node, "broad", "except")

    def _raise(self, module: ModuleInfo, node: ir.Raise) -> None:
        value = node.value.func if isinstance(node.value, ir.Call) else node.value
        name = dotted(value) if value is not None else None
        if name is not None:
            for trigger in self.by_words("statement", "raised"):
                self.seen.of(trigger).add(module, lambda: Sight(module, _head(node), name))

    def _statement(self, module: ModuleInfo, node: ir.Node, what: str, code: str) -> None:
        for trigger in self.by_words("statement", what):
            self.seen.of(trigger).add(module, lambda: Sight(module, _head(node), code))


_VISIT: dict[type, Callable[[_Observer, ModuleInfo, Any], None]] = {
    ir.Assign: _Observer._assign,
    ir.Call: _Observer._call_node,
    ir.Item: _Observer._item,
    ir.Const: _Observer._const,
    ir.While: _Observer._while,
    ir.Handler: _Observer._handler,
    ir.Raise: _Observer._raise,
}


def _parts(node: ir.Node, fields: tuple[str, ...]) -> Iterator[Any]:
    for field in fields:
        value = getattr(node, field)
        if type(value) is list:
            for part in value:
                if type(part) is tuple:
                    yield from part
                else:
                    yield part
        else:
            yield value


def _quoted(text: str) -> str:
    """A text as code, shortened."""
    return repr(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")


def _name(record: CallRecord) -> str:
    return f"{record.receiver}.{record.member}" if record.receiver else record.member


def _holds(trigger: Trigger, text: str) -> bool:
    """Whether a text begins with an address that a trigger lists."""
    return trigger.kind == "plain" and text.lower().startswith(tuple(trigger.words)) and not _is_local(text)


def _is_local(address: str) -> bool:
    host = address.partition("://")[2]
    return host.startswith(("localhost", "127.", "[::1]", "0.0.0.0", "www.w3.org", "schemas.")) or not host


def _first_word(words: frozenset[str], name: str) -> str:
    """The verb of a name: its first word."""
    head = name.lstrip("_").partition("_")[0].lower()
    return head if head in words else next(iter(sorted(words, key=name.lower().find)), "")


def _sent_kind(value: ir.Expr) -> str:
    """identifier, body or "": what an argument is by its form or its name."""
    if isinstance(value, ir.DictDisplay):
        return "body" if value.items else ""
    if isinstance(value, ir.Item) and isinstance(value.key, ir.Const):
        name = str(value.key.value)
    elif isinstance(value, ir.Name):
        name = value.id
    elif isinstance(value, ir.Attr):
        name = value.name
    else:
        return ""
    words = words_of(name)
    return "identifier" if words & IDENTIFIER else "body" if words & _BODY else ""


def _changes_state(function: FunctionInfo) -> bool:
    """Whether a handler takes requests that change state: by its own name or its decorator's, or the methods that names."""
    if function.name.lower() in (
        "post",
        "put",
        "patch",
        "delete",
        "do_post",
        "do_put",
        "create",
        "update",
        "destroy",
    ):
        return True
    for node, text in zip(function.node.decorators, function.decorators):
        if text.rpartition(".")[2] in ("post", "put", "patch", "delete"):
            return True
        for name, value in node.keywords if isinstance(node, ir.Call) else ():
            if name == "methods" and isinstance(value, ir.Seq):
                methods = {item.value for item in value.items if isinstance(item, ir.Const)}
                return bool(methods & {"POST", "PUT", "PATCH", "DELETE"})
    return False


def _is_silent(body: list[ir.Stmt]) -> bool:
    if len(body) != 1:
        return False
    only = body[0]
    return (isinstance(only, ir.Jump) and only.kind in ("pass", "continue")) or (
        isinstance(only, ir.ExprStmt) and isinstance(only.value, ir.Name) and only.value.id == "Ellipsis"
    )


def _head(node: ir.Node) -> ir.Pos:
    """The first line of a compound statement stands for it."""
    line, column = node.pos[:2]
    return (line, column, line, column + 1)
