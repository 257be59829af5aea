"""The rows of a model file as typed objects.

Invariants
- A row object exists only if every field was known, well formed and in the vocabulary; anything else raises `ModelError`, which
  names file or library, table, row and field.
- Rows are not changed after parsing. Regular expressions are kept as text and compiled when first used.
- Plain classes with `__slots__`: rows are made on the product's start-up path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, cast

from cwelens.models.ports import VALUE, Condition, ModelError, Port, compile_pattern, is_dotted

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from cwelens.models.reader import Table

__all__ = [
    "EXAMPLE_FIELDS",
    "ROWS",
    "Becomes",
    "Condition",
    "ConditionalRow",
    "Evidence",
    "Example",
    "Guard",
    "Likeness",
    "Misuse",
    "ModelError",
    "Neutraliser",
    "Port",
    "Returns",
    "Route",
    "Row",
    "Setting",
    "Sink",
    "Source",
    "TypeRow",
]

EXAMPLE_FIELDS = ("bad", "good", "expect", "note")


class Row:
    """What every row has: the library whose file says it, and the dotted names it is about."""

    TABLE: ClassVar[str]
    NAME_FIELDS: ClassVar[tuple[str, ...]] = ("call",)
    __slots__ = ("library", "names")

    def __init__(self, table: Table) -> None:
        self.library = table.library
        self.names = self._names(table)
        self._read(table)
        table.finish()

    def _names(self, table: Table) -> tuple[str, ...]:
        """The names the row is about, at least one."""
        return table.one_of(self.NAME_FIELDS)[1]

    def _read(self, table: Table) -> None:
        """Read the fields of this kind of row; raises `ModelError`."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self.names)})"


class ConditionalRow(Row):
    """A row that counts only where all of `when`, one group of `any_of` (if there are any) and no group of `unless` hold."""

    __slots__ = ("any_of", "unless", "when")
    _DEFAULT_PORT: ClassVar[Port | None] = None

    def __init__(self, table: Table) -> None:
        self.when = table.when(self._DEFAULT_PORT)
        self.any_of = table.groups("any", self._DEFAULT_PORT)
        self.unless = table.groups("unless", self._DEFAULT_PORT)
        super().__init__(table)

    @property
    def conditional(self) -> bool:
        return bool(self.when or self.any_of or self.unless)

    @property
    def groups(self) -> tuple[tuple[Condition, ...], ...]:
        """Every group of conditions, whatever its part in the row."""
        return (self.when, *self.any_of, *self.unless)


class Source(ConditionalRow):
    """Untrusted data of `concept`: read from the names (`how` is `read`), their result (`call`), or the handler's parameter that they
    mark (`param`). `type` is the type of the value, `contexts` what it is safe for as it comes."""

    TABLE = "source"
    NAME_FIELDS = ("read", "call", "param")
    __slots__ = ("concept", "contexts", "how", "type")
    how: Literal["read", "call", "param"]

    def _names(self, table: Table) -> tuple[str, ...]:
        how, names = table.one_of(self.NAME_FIELDS)
        self.how = cast('Literal["read", "call", "param"]', how)
        return names

    def _read(self, table: Table) -> None:
        self.concept = table.concept("is", "untrusted")
        self.contexts = table.contexts("for")
        self.type = table.name("type")


class Sink(ConditionalRow):
    """An untrusted value at `port` is dangerous in the way of `concept`; where there is an `assume`, only if that is true.

    `handles` are the contexts that the callee makes the value safe for by itself (it quotes backslashes in an address).
    """

    TABLE = "sink"
    __slots__ = ("assume", "concept", "handles", "port")

    def _read(self, table: Table) -> None:
        self.port = table.port("port")
        self.assume = table.text("assume")
        self.concept = table.concept("is", "dangerous", "weak")
        self.handles = table.contexts("handles")


class Misuse(ConditionalRow):
    """The call itself is the weakness `concept`; where there is an `assume`, only if that is true."""

    TABLE = "misuse"
    __slots__ = ("assume", "concept")

    def _read(self, table: Table) -> None:
        self.assume = table.text("assume")
        self.concept = table.concept("is", "weak")


class Setting(ConditionalRow):
    """An assignment to an attribute (`Type.attr`), or with `keys` to one of these items of it, is the weakness `concept`."""

    TABLE = "setting"
    NAME_FIELDS = ("set",)
    __slots__ = ("concept", "keys")
    _DEFAULT_PORT = VALUE

    def _read(self, table: Table) -> None:
        self.keys = table.texts("key")
        self.concept = table.concept("is", "weak")


class Returns(ConditionalRow):
    """What a call gives back: its `type`, the ports its content comes `from_` (None: not said, so every one), the named set of
    characters it can hold. It decodes what was made safe for the contexts `undo`, so that they no longer hold."""

    TABLE = "returns"
    __slots__ = ("chars", "from_", "type", "undo")

    def _read(self, table: Table) -> None:
        self.type = table.name("type")
        self.from_ = table.ports("from")
        self.undo = table.contexts("undo")
        self.chars = table.chars()
        if self.type is None and self.from_ is None and self.chars is None:
            raise table.error("type, from or chars", "missing")


class TypeRow(Row):
    """A type: `bases` whose rows it takes over, types of its `attrs`, of every other attribute that no row names (`other`), of
    `with … as` (`enter`) and of its elements (`item`)."""

    TABLE = "type"
    NAME_FIELDS = ("name",)
    __slots__ = ("attrs", "bases", "enter", "item", "other")

    @property
    def name(self) -> str:
        return self.names[0]

    def _read(self, table: Table) -> None:
        self.bases = table.names("bases")
        self.enter = table.name("enter")
        self.item = table.name("item")
        self.other = table.name("other")
        attrs = table.take("attrs")
        if attrs is None:
            attrs = {}
        if not isinstance(attrs, dict) or not all(
            k.isidentifier() and is_dotted(v) for k, v in attrs.items()
        ):
            raise table.error("attrs", "a table of attribute = type is wanted")
        self.attrs: dict[str, str] = attrs


class Neutraliser(ConditionalRow):
    """The result of the call is the argument at `port` made safe for `contexts`, or made of the named set `chars` only."""

    TABLE = "neutraliser"
    __slots__ = ("chars", "contexts", "port")

    def _read(self, table: Table) -> None:
        self.port = table.port("port", Port("arg", 0))
        self.contexts = table.contexts("for")
        self.chars = table.chars()
        if not self.contexts and self.chars is None:
            raise table.error("for or chars", "missing")


class Guard(ConditionalRow):
    """After the call returned `when_returns` (or, with `raises`, did not raise) the argument at `port` is safe for `contexts`, or made
    of the named set `chars` only."""

    TABLE = "guard"
    __slots__ = ("chars", "contexts", "port", "raises", "when_returns")

    def _read(self, table: Table) -> None:
        self.port = table.port("port", Port("arg", 0))
        self.contexts = table.contexts("for")
        self.chars = table.chars()
        if not self.contexts and self.chars is None:
            raise table.error("for or chars", "missing")
        self.raises = table.flag("raises", False)
        self.when_returns = table.flag("when_returns", True)


class Becomes(ConditionalRow):
    """After the call its receiver is of `type`: a setting that changes what the object does."""

    TABLE = "becomes"
    __slots__ = ("type",)

    def _read(self, table: Table) -> None:
        self.type = table.name("type") or ""
        if not self.type:
            raise table.error("type", "missing")


class Route(Row):
    """Who calls a handler and with what.

    `how` is `decorator`, `register` (a call that takes the handler at the port `handler`), `base` (a class whose `methods` are
    handlers; `name_*` is every name that starts so) or `convention` (a function that nothing registers in code: `function` finds its
    name, its parameters are `parameters`, and `within` finds the name of a base of its class). `params` is the concept of the
    handler's parameters but for those called as in `besides`, `becomes` the type of what a decorated function turns into, `first` and `second` the types of its first ones, `response` the concept of what it
    returns; "" and None where the row does not say. `callers` are members of the decorated function that call it (`task.delay`).
    `depends` are callables that, in a parameter's default or annotation, name what is called to fill it.
    """

    TABLE = "route"
    NAME_FIELDS = ("decorator", "register", "base", "convention")
    __slots__ = (
        "_function", "_within", "becomes", "besides", "callers", "depends", "first", "framework", "handler", "how", "methods", "parameters", "params",
        "response", "second",
    )  # fmt: skip
    how: Literal["decorator", "register", "base", "convention"]

    def _names(self, table: Table) -> tuple[str, ...]:
        how, names = table.one_of(self.NAME_FIELDS)
        self.how = cast('Literal["decorator", "register", "base", "convention"]', how)
        return names

    def handles(self, method: str) -> bool:
        """Whether a method of this name is among the handlers of a class."""
        return method in self.methods or any(
            known.endswith("*") and method.startswith(known[:-1]) for known in self.methods
        )

    def agreed(self, function: str, parameters: Sequence[str], bases: Sequence[str] | None) -> bool:
        """Whether a function with these parameters is one by convention; `bases` are those of its class, None without a class."""
        if tuple(parameters[: len(self.parameters)]) != self.parameters or self._function is None:
            return False
        if self._function.search(function) is None:
            return False
        if bases is None or self._within is None:
            return bases is None and self._within is None
        return any(self._within.search(base) is not None for base in bases or ("",))

    def _read(self, table: Table) -> None:
        self.handler = table.port("handler") if self.how == "register" else None
        self.methods = table.texts("methods") if self.how == "base" else ()
        if self.how == "base" and not self.methods:
            raise table.error("methods", "missing")
        self.framework = table.text("framework") or table.library
        self.parameters = table.texts("parameters") if self.how == "convention" else ()
        self._function = self._regex(table, "function") if self.how == "convention" else None
        self._within = self._regex(table, "within") if self.how == "convention" else None
        if self.how == "convention" and (self._function is None or not self.parameters):
            raise table.error("function and parameters", "missing")
        self.besides = table.texts("besides")
        self.depends = table.names("depends")
        self.becomes = table.name("becomes")
        self.callers = table.texts("callers") if self.how == "decorator" else ()
        self.params = table.concept("params", "untrusted", optional=True)
        self.first = table.name("first")
        self.second = table.name("second")
        self.response = table.concept("response", "dangerous", optional=True)

    @staticmethod
    def _regex(table: Table, field: str) -> re.Pattern[str] | None:
        text = table.text(field)
        if not text:
            return None
        try:
            return compile_pattern(text)
        except ModelError as error:
            raise table.error(field, error) from None


class Evidence(Row):
    """What stands in for a type in a fragment: a name that `pattern` finds (`re.search`), whose definition is not in the input,
    and on which one of `members` is used (if any are listed), is taken for a `type`."""

    TABLE = "evidence"
    NAME_FIELDS = ("type",)
    __slots__ = ("_pattern", "members", "name")

    @property
    def type(self) -> str:
        return self.names[0]

    def _read(self, table: Table) -> None:
        self.name = table.required("name")
        self.members = frozenset(table.texts("members"))
        self._pattern: re.Pattern[str] | None = None
        if len(self.names) > 1:
            raise table.error("type", "one name is wanted")

    @property
    def pattern(self) -> re.Pattern[str]:
        if self._pattern is None:
            self._pattern = compile_pattern(self.name)
        return self._pattern

    def named(self, name: str) -> bool:
        """Whether this is a name that the row speaks of."""
        return self.pattern.search(name) is not None


class Likeness(ConditionalRow):
    """A call of what is not visible, whose last name is one of `members` and whose conditions hold, is taken for a call of the name.

    `on`, if given, is a regular expression for what the member is called on, as written.
    """

    TABLE = "likeness"
    __slots__ = ("_pattern", "members", "on")

    @property
    def call(self) -> str:
        return self.names[0]

    def _read(self, table: Table) -> None:
        self.members = frozenset(table.texts("members"))
        self.on = table.text("on")
        self._pattern: re.Pattern[str] | None = None
        if len(self.names) > 1:
            raise table.error("call", "one name is wanted")
        if not self.members:
            raise table.error("members", "missing")
        if not (self.conditional or self.on):
            raise table.error("when", "a member alone tells nothing: conditions or `on` are wanted")

    @property
    def pattern(self) -> re.Pattern[str]:
        if self._pattern is None:
            self._pattern = compile_pattern(self.on)
        return self._pattern


ROWS: tuple[type[Row], ...] = (
    Source, Sink, Misuse, Setting, Returns, TypeRow, Neutraliser, Guard, Becomes, Route, Evidence, Likeness,
)  # fmt: skip


class Example:
    """The tests of a row: reviewing `bad` reports `expect` ("": any concept), reviewing `good` reports nothing.

    Rows that are not `shipped` (a project's own) may do without them: then they are "".
    """

    __slots__ = ("bad", "expect", "good", "note")

    def __init__(self, table: Table, row: Row, shipped: bool = True) -> None:
        self.bad = table.required("bad") if shipped else table.text("bad")
        self.good = table.required("good") if shipped else table.text("good")
        self.note = table.text("note")
        self.expect = table.concept("expect", "dangerous", "weak", optional=True)
        if isinstance(row, Sink | Misuse | Setting):
            self.expect = self.expect or row.concept
