"""One activation of the walk through an application's code, and what all activations share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.app.dispatch import Choices
from cwelens.app.values import EMPTY, Entity, Event, Guard, Spot, Val
from cwelens.app.words import table
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import Binding, ClassInfo, FunctionInfo, ModuleInfo, Symbol

if TYPE_CHECKING:
    from cwelens.resolve.program import Program

MAX_DEPTH = 6
BUDGET = 25_000
_MODEL_BASES = table("""Model Base Document SQLModel AbstractUser AbstractBaseUser DeclarativeBase DynamicDocument BaseModelDB EmbeddedDocument
    TimeStampedModel MPTTModel PolymorphicModel""")

_MUTATORS = frozenset(
    ("append", "pop", "add", "remove", "insert", "extend", "update", "clear", "setdefault", "discard")
)


def _last(node: ir.Expr) -> str:
    return node.id if isinstance(node, ir.Name) else node.name if isinstance(node, ir.Attr) else ""


def _looks_up(node: ir.Call) -> bool:
    """`Model.objects.….first()`, `get_object_or_404(Model, …)`"""
    return any(
        (isinstance(part, ir.Attr) and part.name in ("objects", "query"))
        or (isinstance(part, ir.Name) and part.id == "get_object_or_404")
        for part in walk(node.func)
    )


class Frame:
    """`site` is the place in the handler that led here (None in the handler itself); `exits` are (value, guards) of normal exits."""

    def __init__(
        self,
        module: ModuleInfo,
        function: FunctionInfo | None,
        env: dict[str, Val],
        guards: tuple[Guard, ...] = (),
        outer: Frame | None = None,
        site: Spot | None = None,
        depth: int = 0,
    ) -> None:
        self.module = module
        self.function = function
        self.env = env
        self.guards = guards
        self.outer = outer
        self.site = site
        self.depth = depth
        self.exits: list[tuple[Val, tuple[Guard, ...]]] = []
        self.tested: frozenset[str] = frozenset()
        self.scope: str = outer.scope if outer is not None else "body"

    def spot(self, node: ir.Node) -> Spot:
        return self.module.source, node.pos


class Knowledge:
    """What is known about a whole program: its tables and models, and the values of module-level names."""

    def __init__(self, program: Program, modules: list[ModuleInfo]) -> None:
        self.program = program
        self.modules = modules
        self.columns: dict[str, tuple[str, ...]] = {}
        self.globals: dict[int, Val] = {}
        self._models: dict[ClassInfo, bool] = {}
        # The call of a factory that made a handler, with the module and the function around it.
        self.made: dict[FunctionInfo, tuple[ModuleInfo, FunctionInfo | None, ir.Call]] = {}
        # The guards that the decorators of a function of the program make, by its node.
        self.decorated: dict[int, tuple[Guard, ...]] = {}
        self._classes: dict[str, ClassInfo | None] | None = None
        self._mutated: frozenset[str] | None = None
        self._put: frozenset[str] | None = None

    def is_model(self, cls: ClassInfo) -> bool:
        """Whether instances of a class are rows: a base that mappers give, or a table name."""
        known = self._models.get(cls)
        if known is None:
            ancestors = self.program.mro(cls)[0]
            bases = [base for ancestor in ancestors for base in ancestor.bases_text]
            external = self.program.library_bases(cls)
            known = any("__tablename__" in a.bindings for a in ancestors) or any(
                base.rpartition(".")[2] in _MODEL_BASES and "pydantic" not in base
                for base in [*bases, *external]
            )
            if known and any(e.startswith("pydantic") for e in external):
                known = False
            if known and any(e.endswith("SQLModel") for e in external):
                # Without `table=True` it is a schema.
                known = any(key == "table" for a in ancestors for key, _ in a.node.keywords)
            self._models[cls] = known
        return known

    def class_named(self, name: str) -> ClassInfo | None:
        """The one class of the program with this name, for names whose import could not be followed."""
        if self._classes is None:
            self._classes = {}
            for module in self.modules:
                for cls in module.classes:
                    self._classes[cls.name] = None if cls.name in self._classes else cls
        return self._classes.get(name)

    def is_mutated(self, name: str) -> bool:
        """Whether a container of this name is put into or taken from anywhere: one that is not is a table of constants."""
        if self._mutated is None:
            found: set[str] = set()
            for module in self.modules:
                for node in module.nodes:
                    if isinstance(node, ir.Assign | ir.Delete):
                        found |= {_last(t.base) for t in node.targets if isinstance(t, ir.Item)}
                    elif (
                        isinstance(node, ir.Call)
                        and isinstance(node.func, ir.Attr)
                        and node.func.name in _MUTATORS
                    ):
                        found.add(_last(node.func.base))
            self._mutated = frozenset(found)
        return name in self._mutated

    def is_put_on_request(self, name: str) -> bool:
        """Whether a hook, a guard or a decorator of the program puts an attribute of this name on the request: a record it has looked up."""
        if self._put is None:
            self._put = frozenset(
                target.name
                for module in self.modules
                if "request." in module.source.text
                for node in module.nodes
                if isinstance(node, ir.Assign) and isinstance(node.value, ir.Call)
                for target in node.targets
                if isinstance(target, ir.Attr) and _last(target.base) == "request" and _looks_up(node.value)
            )
        return name in self._put

    def fields(self, cls: ClassInfo) -> tuple[str, ...]:
        """The names declared in a model's body and those of its known ancestors."""
        names: dict[str, None] = {}
        for ancestor in self.program.mro(cls)[0]:
            for name, bindings in ancestor.bindings.items():
                if bindings[-1].kind == "variable" and not name.startswith("__"):
                    names[name] = None
        return tuple(names)

    def columns_of(self, entity: Entity) -> tuple[str, ...]:
        if entity.model is not None:
            return self.fields(entity.model)
        return self.columns.get(entity.table, ())


class Walk:
    """One walk: the events met, and what is left of its budget. `inside` are the functions being walked."""

    def __init__(self, know: Knowledge) -> None:
        self.know = know
        self.program = know.program
        self.events: list[Event] = []
        self.budget = BUDGET
        self.inside: list[int] = []
        self.wrapped: list[tuple[Guard, ...]] = []
        # What was asked where the wrong answer ends the function, though another way may go around the question.
        self.refused: list[Guard] = []
        self.made: dict[Entity, Event] = {}
        self.secret_spots: list[Spot] = []
        # Calls that never come back, by node; frames that functions close over, by their node.
        self.dead: set[int] = set()
        # Functions that were walked, by node.
        self.entered: dict[int, FunctionInfo] = {}
        # Whether anything is written back: what is assigned to a record's attribute counts only then.
        self.saves = False
        # Fields that the code reads from the request by name, and the texts it may answer with, each with the place.
        self.asked: dict[str, Spot] = {}
        self.texts: list[tuple[str, Spot]] = []
        # What the code itself compares the address with.
        self.choices = Choices()
        # The last call that was given who is asking and could not be entered.
        self.handed = ""
        self._parts: dict[tuple[Entity, str], Entity] = {}
        self.closures: dict[int, Frame] = {}

    def event(
        self,
        frame: Frame,
        node: ir.Node,
        kind: str,
        entity: Entity | None = None,
        fields: dict[str, Val] | None = None,
        text: str = "",
        value: Val = EMPTY,
    ) -> Event:
        spot = frame.spot(node)
        site = frame.site or spot
        made = Event(kind, site, spot, frame.guards, entity, fields or {}, text, value, self.handed)
        self.events.append(made)
        return made

    def part(self, entity: Entity, name: str) -> Entity:
        """One field of records."""
        key = (entity, name)
        found = self._parts.get(key)
        if found is None:
            found = Entity(
                entity.table, entity.model, entity.keys, entity.spot, (name.lower(),), entity.root or entity
            )
            self._parts[key] = found
        return found

    def symbol(self, frame: Frame, name: str, pos: ir.Pos) -> Symbol | None:
        return symbol_of(self.program.resolve_name(frame.module, frame.function, name, None, pos))


def lookup(frame: Frame, name: str) -> Val | None:
    """A local name, here or in a function around."""
    at: Frame | None = frame
    while at is not None:
        found = at.env.get(name)
        if found is not None:
            return found
        at = at.outer
    return None


def is_module_variable(symbol: Symbol | None) -> bool:
    return isinstance(symbol, Binding) and symbol.function is None and symbol.cls is None
