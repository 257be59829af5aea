"""One abstract run: what is being interpreted, with what it may consult and what it reports to.

A `Run` starts at an entry (module level, or a function whose callers are not followed) and follows calls into the program. It is
bounded by `fuel`: statements and calls it may still interpret. What it meets on the way is told to an `Observer`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from cwelens.base import chars as ch
from cwelens.flow.page_helpers import Helpers
from cwelens.flow.state import Frame, Loc, Obj, State
from cwelens.flow.values import NOTHING, Place, Value
from cwelens.ir import nodes as ir
from cwelens.resolve.templates import Page, Pages
from cwelens.resolve.testcode import is_test_module

if TYPE_CHECKING:
    from cwelens.flow.pages import Activation
    from cwelens.models.index import Models
    from cwelens.models.schema import Port, Route
    from cwelens.resolve.program import Program
    from cwelens.resolve.symbols import ClassInfo, FunctionInfo, ModuleInfo
    from cwelens.syntax.templates.model import Output

MAX_DEPTH = 8
# The threat model in force unless another is asked for: data that somebody elsewhere sends.
REMOTE = frozenset(("remote",))
ENTRY_FUEL = 40_000
# Tests are no part of what is in service: from these, calls are entered only so deep.
TEST_DEPTH = 1
# (what an entry may have cost, how deep calls are entered up to then)
REACH = ((150, MAX_DEPTH), (300, 4), (600, 3), (1_200, 2))
# The same where the entry is called by a framework: there untrusted data begins its way.
REACH_OF_HANDLERS = ((600, MAX_DEPTH), (1_200, 4), (2_500, 3), (5_000, 2))


class OutOfFuel(Exception):
    """The entry was too large to interpret within its budget."""


class Args:
    """The arguments of a call. `star` joins what an unpacked `*args` of unknown length may hold, `starstar` what `**kwargs` may,
    and `names` the names that `**kwargs` brings and that the code does not write itself."""

    __slots__ = ("keywords", "names", "positional", "star", "starstar")

    def __init__(
        self,
        positional: list[Value],
        keywords: dict[str, Value],
        star: Value | None = None,
        starstar: Value | None = None,
        names: Value | None = None,
    ) -> None:
        self.positional = positional
        self.keywords = keywords
        self.star = star
        self.starstar = starstar
        self.names = names

    def all(self) -> list[Value]:
        out = [*self.positional, *self.keywords.values()]
        if self.star is not None:
            out.append(self.star)
        if self.starstar is not None:
            out.append(self.starstar)
        return out

    def get(self, position: int | None, keyword: str | None) -> Value | None:
        """The value of one parameter, None where it is not given."""
        if keyword is not None and keyword in self.keywords:
            return self.keywords[keyword]
        if position is not None and position < len(self.positional):
            return self.positional[position]
        return None

    def at(self, port: Port, receiver: Value | None) -> list[Value]:
        """The values at a port of a model row; empty where nothing is given there."""
        kind = port.kind
        if kind == "arg":
            value = next((self.keywords[k] for k in port.keywords if k in self.keywords), None)
            if value is None:
                value = self.get(port.position, None)
            if value is None and port.position is not None and self.star is not None:
                value = self.star
            return [] if value is None else [value]
        if kind == "self":
            return [] if receiver is None else [receiver]
        if kind == "star":
            return self.positional + ([self.star] if self.star is not None else [])
        if kind == "from":
            return self.positional[port.position or 0 :] + ([self.star] if self.star is not None else [])
        if kind == "keys":
            return [] if self.names is None else [self.names]
        if kind == "starstar":
            return list(self.keywords.values()) + ([self.starstar] if self.starstar is not None else [])
        return self.all()


class CallSite:
    """A call of a library callable as the run met it; `name` is its canonical dotted name, `written` the callee as written."""

    __slots__ = ("args", "frame", "name", "node", "note", "place", "receiver", "state", "written")

    def __init__(
        self,
        node: ir.Expr,
        place: Place,
        name: str,
        written: str,
        args: Args,
        receiver: Value | None,
        state: State,
        frame: Frame,
        note: str,
    ) -> None:
        self.node = node
        self.place = place
        self.name = name
        self.written = written
        self.args = args
        self.receiver = receiver
        self.state = state
        self.frame = frame
        self.note = note


class Observer(Protocol):
    """What the checks hear of a run. Every method may be called several times for one place, once per way of getting there."""

    def call(self, run: Run, site: CallSite) -> None:
        """A library call about which the models have a sink or misuse row."""

    def unresolved_call(self, run: Run, site: CallSite) -> None:
        """A call whose callee is not known; `name` is the member's name."""

    def setting(
        self, run: Run, node: ir.Node, target: str, key: Any, value: Value, state: State, written: str
    ) -> None:
        """An assignment to an attribute of a library object (`target` is `Type.attr`) or to an item of it under `key`."""

    def returned(self, run: Run, node: ir.Node, value: Value, state: State) -> None:
        """A handler gives back a response."""

    def source(self, run: Run, concept: str, what: str, place: Place) -> None:
        """Data is read from a modelled source."""

    def stored(self, run: Run, node: ir.Node, name: str, value: Value) -> None:
        """Something under a name, attribute or key receives a value with origins."""

    def finished(self, run: Run, value: Value) -> None:
        """An entry gives back a value."""

    def emitted(
        self, run: Run, node: ir.Expr, value: Value, output: Output, escape: bool, state: State
    ) -> None:
        """A template writes a value into a page; `escape` is what its configuration says."""

    def written(self, run: Run, node: ir.Node, fields: dict[str, Value], state: State) -> None:
        """Values go into fields of a database."""

    def compared(self, run: Run, node: ir.Compare, left: Value, right: Value, state: State) -> None:
        """Two values are tested for equality."""


class Registry:
    """Functions that calls have handed to a framework.

    `routes` has for each, by its node, the route's row and the path written there; `closures` what it closes over, of the object that
    was handed on (another call of a factory makes another one; None where these differ); `url_groups` the named parts of the regular
    expressions of routes with the characters that match, since a route's prefix may stand elsewhere. `count` tells whether a run added to it.
    """

    def __init__(self) -> None:
        self.routes: dict[int, tuple[Route, str]] = {}
        self.closures: dict[int, Frame | None] = {}
        self.url_groups: dict[str, int] = {}
        # The addresses under which each was handed over.
        self.rules: dict[int, set[str]] = {}
        self.count = 0

    def copy(self) -> Registry:
        out = Registry()
        out.routes, out.closures, out.url_groups = (
            dict(self.routes),
            dict(self.closures),
            dict(self.url_groups),
        )
        out.rules = {key: set(paths) for key, paths in self.rules.items()}
        return out


class Closures:
    """The frame that each nested function was made in last, by its node: at module level, or while the functions of one module are looked at.

    What another module's functions made is forgotten by `restart`, so that their order changes nothing.
    """

    __slots__ = ("_lasting", "_passing")

    def __init__(self) -> None:
        self._lasting: dict[int, Frame] = {}
        self._passing: dict[int, Frame] | None = None

    def restart(self) -> None:
        self._passing = {}

    def get(self, node: int) -> Frame | None:
        found = self._passing.get(node) if self._passing is not None else None
        return found or self._lasting.get(node)

    def made(self, node: int, frame: Frame) -> None:
        (self._lasting if self._passing is None else self._passing)[node] = frame


class Shared:
    """What all runs over one program share: results for modules and classes that do not depend on the entry."""

    def __init__(self, program: Program, models: Models, threats: frozenset[str] = REMOTE) -> None:
        self.program = program
        self.threats = threats
        # Template files, those that were rendered, template objects and literals by identity, and what is said of all of them.
        self.pages = Pages()
        self.rendered: set[str] = set()
        self.loaded: dict[int, Page] = {}
        self.text_pages: dict[Any, Page] = {}
        self.unescaped: set[str] = set()
        # The endings of the names of pages that escape besides the usual ones.
        self.escaped: tuple[str, ...] = ()
        self.page_language = "jinja"
        self.helpers = Helpers()
        self.models = models
        self.functions: dict[int, FunctionInfo] = {}
        self.classes: dict[int, ClassInfo] = {}
        self._known: set[int] = set()
        # Of a piece of a function, the names that the code around it sets.
        self.around: dict[int, dict[str, ir.Pos]] = {}
        self.modules: dict[str, State | None] = {}
        self.module_frames: dict[str, Frame] = {}
        # For each class an object of it whose `__init__` ran with arguments that nobody knows, and the heap it lies in.
        self.instances: dict[int, tuple[Value, dict[Loc, Obj]]] = {}
        self.class_env: dict[int, dict[str, Value]] = {}
        self.base: dict[Loc, Obj] = {}
        # How often each function is called, by its node; what tests call is not counted, since they do not show its use.
        self.called: dict[int, int] = {}
        self.tests: dict[int, bool] = {}
        # Where a call of the program was not entered on some way, since calls are nested too deeply there.
        self.cut: set[tuple[str, ir.Pos]] = set()
        # What calls have handed to a framework. Functions see what was known when `settle` was called last, so that neither the order
        # in which they are looked at nor the number of workers changes anything.
        self.registry = Registry()
        self.settled = Registry()
        # Those that the code registers in a way that their own code does not show, with the row of their framework.
        self.hinted: dict[int, tuple[Route, str]] = {}
        self.view_paths: dict[ClassInfo | FunctionInfo, list[str]] = {}
        # The variable parts of prefixes of blueprints, once asked for.
        self.prefix_parts: set[str] | None = None
        # What the program's own URL converters let through, once asked for.
        self.converters: dict[str, tuple[int, ClassInfo]] | None = None
        self.closures = Closures()
        self._setters: dict[int, dict[str, FunctionInfo]] = {}
        self.masks: dict[str, int] = {}
        self.dotted: dict[tuple[str, str], Any] = {}

    def learn(self, module: ModuleInfo) -> None:
        """Make the functions and classes of a module known by their nodes."""
        if id(module) in self._known:
            return
        self._known.add(id(module))
        for function in module.functions:
            self.functions[id(function.node)] = function
        for cls in module.classes:
            self.classes[id(cls.node)] = cls

    def settle(self) -> None:
        """Makes known to the functions that are looked at from now on what has been registered so far."""
        self.settled = self.registry.copy()

    def is_test(self, module: ModuleInfo) -> bool:
        """Whether a module is test code."""
        known = self.tests.get(id(module))
        if known is None:
            known = self.tests[id(module)] = is_test_module(module)
        return known

    def setter(self, cls: ClassInfo, name: str) -> FunctionInfo | None:
        """The function that is called where the property `name` of a class of the program is assigned to."""
        found = self._setters.get(id(cls))
        if found is None:
            found = self._setters[id(cls)] = {
                f.name: f
                for f in cls.module.functions
                if f.owner is cls and f"{f.name}.setter" in f.decorators
            }
        return found.get(name)

    def mask(self, name: str) -> int:
        """The character mask of a named set of the models."""
        mask = self.masks.get(name)
        if mask is None:
            mask = ch.of("".join(self.models.characters(name)))
            self.masks[name] = mask
        return mask


class Exits:
    """How a body can be left other than at its end."""

    __slots__ = ("breaks", "continues", "raises", "returns")

    def __init__(self) -> None:
        self.returns: list[tuple[Value, State, ir.Node | None]] = []
        self.breaks: list[State] = []
        self.continues: list[State] = []
        self.raises: list[State] = []


class Run:
    """The interpreter's context; `frame` is the activation being interpreted, `exits` where its jumps are collected."""

    def __init__(self, shared: Shared, observer: Observer, frame: Frame) -> None:
        self.shared = shared
        self.program = shared.program
        self.models = shared.models
        self.observer = observer
        self.frame = frame
        self.deepest = TEST_DEPTH if shared.is_test(frame.module) else MAX_DEPTH
        self.budgets = REACH
        self.exits = Exits()
        # What may still be spent, and what was granted at first.
        self.fuel = self.granted = ENTRY_FUEL
        # What is being interpreted: functions with what they close over (so that two uses of one wrapper differ), and fields.
        self.stack: list[object] = []
        self.trying = 0
        self.last_exits: dict[int, Any] = {}
        self.quiet = 0
        # The pages that are being rendered, outermost first.
        self.rendering: list[Activation] = []

    def place(self, node: ir.Node) -> Place:
        return self.frame.module.source, node.pos

    def reach(self) -> int:
        """How deep calls are still entered: the more an entry has cost, the less deep, so that its cost stays bounded.

        A call that is not entered gives a value with the origins of its arguments, labelled with the reason.
        """
        spent = self.granted - self.fuel
        for limit, depth in self.budgets:
            if spent < limit:
                return min(depth, self.deepest)
        return 1

    def burn(self, amount: int = 1) -> None:
        self.fuel -= amount
        if self.fuel < 0:
            raise OutOfFuel

    def loc(self, node: ir.Node, extra: Any = None) -> Loc:
        """A heap location for what is made at a node in the current activation."""
        call = self.frame.call
        return (self.frame.module.path, node.pos, call[1] if call else None, extra)

    def alloc(self, st: State, node: ir.Node, obj: Obj, extra: Any = None) -> Value:
        return st.alloc(self.loc(node, extra), obj)


def activation(node: ir.Node, closure: Frame | None) -> object:
    """What makes two activations of a function a recursion: its code and what it closes over."""
    return id(node), id(closure)


def written(node: ir.Expr, limit: int = 60) -> str:
    """A callee or receiver as text, shortened."""
    if isinstance(node, ir.Name):
        return node.id
    if isinstance(node, ir.Attr):
        return f"{written(node.base, limit)}.{node.name}"[-limit:]
    if isinstance(node, ir.Call):
        return f"{written(node.func, limit)}()"
    if isinstance(node, ir.Item):
        key = node.key
        inner = repr(key.value) if isinstance(key, ir.Const) and isinstance(key.value, str | int) else "…"
        return f"{written(node.base, limit)}[{inner}]"
    if isinstance(node, ir.Const):
        return repr(node.value) if len(repr(node.value)) < 20 else "'…'"
    if isinstance(node, ir.Await):
        return written(node.value, limit)
    return "(…)"


def written_callee(node: ir.Expr) -> str:
    """The callee of a call as text; any other expression as it is."""
    return written(node.func if isinstance(node, ir.Call) else node)


__all__ = [
    "ENTRY_FUEL",
    "MAX_DEPTH",
    "NOTHING",
    "Args",
    "CallSite",
    "Closures",
    "Exits",
    "Observer",
    "OutOfFuel",
    "Registry",
    "Run",
    "Shared",
    "activation",
    "written",
    "written_callee",
]
