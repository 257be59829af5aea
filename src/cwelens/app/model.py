"""The application model: what the checks, the table of routes and the review read."""

from __future__ import annotations

from dataclasses import dataclass, field

from cwelens.app.frame import Knowledge
from cwelens.app.values import Event, Guard, Spot
from cwelens.app.words import ADMIN_WORDS, PUBLIC, SAFE_METHODS, words
from cwelens.ir import nodes as ir
from cwelens.resolve.symbols import ClassInfo, FunctionInfo, ModuleInfo, Symbol


@dataclass(slots=True, eq=False)
class Route:
    """One way in from the network. `how` quotes the registration, which stands at `registered`; `registrar` is the application or
    blueprint it is registered on, `groups` that one and those it is put into; `outer` are the guards before the handler is
    called, `inner` those that some path of its body sets up."""

    methods: tuple[str, ...]
    path: str
    handler: FunctionInfo
    cls: ClassInfo | None
    framework: str
    how: str
    registered: Spot
    registrar: Symbol | None = None
    extra: tuple[ir.Expr, ...] = ()
    outer: tuple[Guard, ...] = ()
    inner: tuple[Guard, ...] = ()
    groups: tuple[Symbol, ...] = ()
    # What its groups ask before each of their routes, with the module that says so.
    grouped: tuple[tuple[ModuleInfo, ir.Expr], ...] = ()
    events: list[Event] = field(default_factory=list)
    csrf_exempt: bool = False
    # Whether its code was walked to the end; of what was not, nothing can be said to be absent.
    complete: bool = True
    entered: list[FunctionInfo] = field(default_factory=list)
    # Where the handler tells this address apart from others, and the lines of what it does for it.
    branch: Spot | None = None
    lines: tuple[int, int] = (0, 0)
    # The other registrations of the same handler: the class each is made of, and its path.
    others: list[tuple[ClassInfo | None, str]] = field(default_factory=list)
    asked: dict[str, Spot] = field(default_factory=dict)
    texts: list[tuple[str, Spot]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.handler.module.name}.{self.handler.short}"

    @property
    def changes(self) -> bool:
        """Whether it takes a method that may change something."""
        return any(m not in SAFE_METHODS for m in self.methods)

    def words(self) -> frozenset[str]:
        """The words of its path and of its handler's name."""
        found = words(self.path) | words(self.handler.name)
        return found | (words(self.cls.name) if self.cls is not None else frozenset())

    def guarded(self, *kinds: str) -> bool:
        return any(g.kind in kinds for g in (*self.outer, *self.inner))

    @property
    def is_public(self) -> bool:
        """Whether it is open by its nature: a login, a registration, a static file."""
        return bool(self.words() & PUBLIC) or self.path.strip("^/$") in ("", "index", "index.html", "home")

    @property
    def is_admin(self) -> bool:
        return bool((words(self.path) | words(self.handler.name)) & ADMIN_WORDS)

    def holds(self, path: str, line: int) -> bool:
        """Whether a line of a file belongs to the handler, or to its part for this address."""
        first, last = (
            self.lines if self.branch is not None else (self.handler.node.pos[0], self.handler.node.pos[2])
        )
        return path == self.handler.module.path and first <= line <= last

    def of(self, *kinds: str) -> list[Event]:
        return [e for e in self.events if e.kind in kinds]

    def guards_at(self, event: Event) -> tuple[Guard, ...]:
        return (*self.outer, *event.guards)


@dataclass(slots=True)
class Application:
    """All routes of a program, with what holds for all of them."""

    routes: list[Route]
    know: Knowledge
    modules: list[ModuleInfo]
    csrf: list[Guard] = field(default_factory=list)
    rate: list[str] = field(default_factory=list)
    roles: bool = False

    @property
    def has_identity(self) -> bool:
        """Whether the application knows users at all."""
        return any(
            r.guarded("login", "role", "token", "owner") or r.of("login", "cookie-login") for r in self.routes
        )
