"""Part 4: what the input does not hold, grouped by the receiver it was asked of, with what it could change and who would know.

Invariants: every unresolved call, base class, import and decorator is a member of exactly one group, unless context closed it (an import whose name is called is told with the calls);
groups that could change the verdict come first; beyond `MOST_GROUPS` groups the rest are joined by kind.
"""

from __future__ import annotations

from collections.abc import Sequence

from cwelens.base.location import Location
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted
from cwelens.report.effects import (
    ASSERTION,
    HELPER,
    TEXT_METHODS,
    Effect,
    effect_of,
    helper,
    is_error,
    sentence_of,
)
from cwelens.report.material import Material
from cwelens.report.model import Closed, GapGroup, GapMember
from cwelens.report.origins import VALUE, Origin, inherited, module_of, origin, outer
from cwelens.report.reads import Read, inherited_reads
from cwelens.report.taken import taken
from cwelens.report.words import coded, count, listed, sentence
from cwelens.resolve.ledger import INHERITED, CallRecord, NameRecord
from cwelens.resolve.symbols import FunctionInfo

MOST_GROUPS = 150
_ASKED = 3


class _Group:
    """A group while it is gathered."""

    __slots__ = ("given", "key", "label", "members", "origins")

    def __init__(self, key: tuple[str, str], label: str) -> None:
        self.key = key
        self.label = label
        self.members: dict[tuple[str, str], GapMember] = {}
        self.origins: dict[tuple[str, str, str, str], Origin] = {}
        self.given: dict[str, None] = {}

    def add(self, kind: str, name: str, reason: str, place: Location, where: Origin) -> None:
        member = self.members.get((kind, name))
        if member is None:
            member = self.members[kind, name] = GapMember(name, kind, reason, [])
        member.locations.append(place)
        self.origins.setdefault((where.kind, where.name, where.module, where.function), where)

    def join(self, other: _Group) -> None:
        for (kind, name), member in other.members.items():
            known = self.members.get((kind, name))
            if known is None:
                self.members[kind, name] = member
            else:
                known.locations += member.locations
        self.origins.update(other.origins)
        self.given.update(other.given)


def gaps(material: Material, closed: Sequence[Closed] = ()) -> list[GapGroup]:
    """The groups, those first that could change the verdict; names in `closed` are answered and left out."""
    gathering = _Gathering(material, {answer.name for answer in closed})
    for call in material.calls:
        if call.status == "unresolved":
            gathering.call(call)
    for record in material.bases:
        gathering.base(record)
    for record in material.imports:
        gathering.named(record, "import")
    for record in material.decorators:
        if record.owner is not None and id(record.owner.node) in material.entries.handlers:
            continue  # a route that the models know: it registers the function and nothing else
        gathering.named(record, "decorator")
    for read in inherited_reads(material):
        gathering.read(read)
    return [*_Report(material, gathering.groups).groups(), *taken(material)]


class _Gathering:
    """Puts each record into its group."""

    def __init__(self, material: Material, closed: set[str]) -> None:
        self.program = material.program
        self.packages = material.models.packages()
        self.closed = closed
        self.groups: dict[tuple[str, str], _Group] = {}
        self._origins: dict[tuple[object, str], Origin] = {}
        self.files = _files(material.calls)

    def group(self, kind: str, name: str, label: str) -> _Group:
        key = (kind, name)
        found = self.groups.get(key)
        if found is None:
            found = self.groups[key] = _Group(key, label)
        return found

    def call(self, record: CallRecord) -> None:
        name = f"{record.receiver}.{record.member}" if record.receiver else record.member
        if name in self.closed or (record.receiver == INHERITED and f"self.{record.member}" in self.closed):
            return
        where = self._origin(record, name)
        group = self._group(record.receiver, record.member, where)
        # A library's name is what it is known by; of everything else, the name it is called by.
        group.add("call", record.member or record.callee, record.reason, record.location, where)
        for arg in record.node.args[:3]:
            text = dotted(arg.base if isinstance(arg, ir.Item) else arg)
            if text is not None and self._is_parameter(record.function, text):
                group.given.setdefault(text)

    def _origin(self, record: CallRecord, name: str) -> Origin:
        scope = record.function or record.module
        key = (scope, record.receiver if record.receiver else name)
        found = self._origins.get(key)
        if found is None:
            found = self._origins[key] = self._find(record)
        return found

    def _find(self, record: CallRecord) -> Origin:
        function = record.function
        if record.receiver == INHERITED and function is not None and function.self_class is not None:
            return inherited(self.program, function.self_class) or VALUE
        func = record.node.func
        if isinstance(func, ir.Attr):
            return origin(self.program, record.module, function, func.base)
        return origin(self.program, record.module, function, func, called=True)

    def _group(self, receiver: str, member: str, where: Origin) -> _Group:
        if receiver == INHERITED:
            return self.group("inherited", where.name, INHERITED)
        if where.kind == "import":
            top = where.module.lstrip(".").partition(".")[0]
            if where.module.startswith(".") or self.program.has_top(top):
                return self.group("module", where.module, f"module {where.module}")
            return self.group("package", top, f"package {top}")
        if receiver.startswith(("self.", "cls.")):
            return self.group("self", receiver, receiver)
        if where.kind == "parameter" and where.name in ("self", "cls") and where.name == receiver:
            return self.group("self", receiver, receiver)
        if where.kind == "parameter":
            return self.group("parameter", where.name, f"parameter {where.name}")
        if where.kind == "undefined":
            if receiver:
                return self.group("undefined", where.name, where.name)
            return self.group("names", "", "names that nothing in the input defines")
        if where.kind == "inherited":
            return self.group("self", receiver, receiver)
        if where.kind == "result":
            return self.group("result", where.name, f"results of {where.name}()")
        return self.group("values", "", "values whose type is not shown")

    @staticmethod
    def _is_parameter(function: FunctionInfo | None, text: str) -> bool:
        if function is None:
            return False
        head = text.partition(".")[0]
        bindings = function.locals.get(head, ())
        if head in ("self", "cls") and function.node.params and function.node.params[0].name == head:
            return False  # of a method cut out of its class too
        return head != function.self_name and any(binding.kind == "param" for binding in bindings)

    def base(self, record: NameRecord) -> None:
        if record.status == "resolved" or record.text in self.closed:
            return
        module = module_of(record.module, record.text)
        where = Origin("inherited", record.text, module)
        known = self.groups.get(("inherited", record.text))
        group = known or self._of_module(module, record.text)
        if record.status == "external" and known is None and self._is_known(record.target or module):
            return
        group.add("base class", record.text, record.reason, record.location, where)

    def named(self, record: NameRecord, kind: str) -> None:
        """An import or decorator that leads out of the input; a library that models describe is no gap."""
        if record.status == "resolved" or record.text in self.closed:
            return
        name = record.target or record.text
        if (
            record.status == "external"
            and (kind == "decorator" or self._is_known(name))
            and self._is_known(name)
        ):
            return
        module = outer(record.text) if kind == "import" else module_of(record.module, record.text)
        if kind == "import" and module.rpartition(".")[0] in self.files:
            # One of its names is called: what lies there is a file with functions, and no folder with modules.
            module, _, name = module.rpartition(".")
            if name in self.files[module]:
                return
        where = Origin("import", module, module)
        self._of_module(module, record.text).add(kind, record.text, record.reason, record.location, where)

    def read(self, read: Read) -> None:
        if f"self.{read.name}" in self.closed:
            return
        group = self.group("inherited", read.origin.name, INHERITED)
        group.add("attribute", read.name, read.reason, read.location, read.origin)

    def _is_known(self, name: str) -> bool:
        return name.lstrip(".").partition(".")[0] in self.packages

    def _of_module(self, module: str, text: str) -> _Group:
        if not module:
            return self.group("names", "", "names that nothing in the input defines")
        top = module.lstrip(".").partition(".")[0]
        if module.startswith(".") or self.program.has_top(top):
            if ("module", module) in self.groups:
                return self.groups["module", module]
            parts = module.split(".")
            name = module if module.startswith(".") else ".".join(parts[:3])
            return self.group("module", name, f"module {name}")
        return self.group("package", top, f"package {top}")


def _files(calls: Sequence[CallRecord]) -> dict[str, set[str]]:
    """The modules that functions are imported from, by what is called: their names, with those of the functions."""
    found: dict[str, set[str]] = {}
    for record in calls:
        func = record.node.func
        if record.status != "unresolved" or not isinstance(func, ir.Name):
            continue
        inner = record.function.locals.get(func.id, []) if record.function is not None else []
        for binding in [*inner, *record.module.bindings.get(func.id, ())]:
            if isinstance(binding.node, ir.ImportFrom) and binding.target:
                module, _, name = binding.target.rpartition(".")
                found.setdefault(module, set()).add(name)
    return found


class _Report:
    """Orders the groups and says what each could change and who would know."""

    def __init__(self, material: Material, groups: dict[tuple[str, str], _Group]) -> None:
        self.material = material
        self.gathered = groups
        self.is_test = any(
            record.member.startswith("assert") and record.status == "resolved" for record in material.calls
        )
        texts = [
            operation.reason
            for operation in material.operations
            if operation.disposition in ("undecided", "conditional")
        ]
        # The functions that the input calls itself.
        self.called = {record.target for record in material.calls if record.status == "resolved"}
        self.depended = " ".join(texts + [finding.assumption for finding in material.findings])

    def groups(self) -> list[GapGroup]:
        labels: dict[str, int] = {}
        for group in self.gathered.values():
            labels[group.label] = labels.get(group.label, 0) + 1
        for group in self.gathered.values():
            if labels[group.label] > 1:
                group.label = f"{group.label} from {group.key[1]}"
        ranked = sorted(self.gathered.values(), key=self._rank)
        kept = ranked[:MOST_GROUPS]
        rest: dict[str, _Group] = {}
        for group in ranked[MOST_GROUPS:]:
            kind = group.key[0]
            joined = rest.get(kind)
            if joined is None:
                joined = rest[kind] = _Group((kind, ""), f"other {_KINDS[kind]}")
            joined.join(group)
        return [self._finished(group) for group in [*kept, *rest.values()]]

    def _rank(self, group: _Group) -> tuple[bool, int, int, str]:
        decides = any(
            f"`{member.name}" in self.depended or f".{member.name}`" in self.depended
            for member in group.members.values()
        )
        ranks = [effect.rank for effect in self._effects(group)] or [30]
        places = sum(len(member.locations) for member in group.members.values())
        return (not decides, min(ranks) if group.key[0] != "values" else 31, -places, group.label)

    def _effects(self, group: _Group) -> dict[Effect, list[str]]:
        """The kinds of effect that the names of a group suggest, with these names."""
        found: dict[Effect, list[str]] = {}
        receiver = group.key[1]
        for kind, name in group.members:
            if kind in ("import", "attribute"):
                continue
            effect = effect_of(receiver if group.key[0] in ("self", "parameter", "undefined") else "", name)
            if (
                effect is None
                and self.is_test
                and group.key[0] == "inherited"
                and kind == "call"
                and helper(name)
            ):
                effect = HELPER
            if effect is None and group.key[0] in ("module", "package"):
                effect = effect_of(receiver, "")
            if effect is not None:
                found.setdefault(effect, []).append(name)
        return found

    def _finished(self, group: _Group) -> GapGroup:
        members = sorted(
            group.members.values(),
            key=lambda member: (_ORDER.index(member.kind), min(member.locations), member.name),
        )
        for member in members:
            member.locations.sort()
        return GapGroup(group.label, members, self._effect(group), self._ask(group))

    def _effect(self, group: _Group) -> str:
        effects = self._effects(group)
        ordered = sorted(effects, key=lambda effect: effect.rank)
        texts = [sentence_of(effect, effects[effect]) for effect in ordered if effect is not ASSERTION][:3]
        if ASSERTION in effects and not texts:
            texts.append(sentence_of(ASSERTION, effects[ASSERTION]))
        names = [member.name for member in group.members.values() if member.kind == "call"]
        decided = [name for name in names if f"`{name}" in self.depended or f".{name}`" in self.depended]
        if decided:
            texts.insert(0, f"the disposition of an operation depends on {coded(decided, 3)}")
        if not texts:
            texts.append(self._plain(group, names))
        if group.given and names:
            texts.append(
                f"{coded(group.given, 3)}, which the caller chooses, {_is(len(group.given))} handed to it"
            )
        return " ".join(sentence(text) for text in texts)

    @staticmethod
    def _plain(group: _Group, names: list[str]) -> str:
        """What a group could change of which no name says anything."""
        kinds = {member.kind for member in group.members.values()}
        total = sum(len(member.locations) for member in group.members.values() if member.kind == "call")
        if group.key[0] == "inherited" and kinds == {"base class"}:
            return "a base class can add methods, override what is called here and decide who may call it"
        if names and all(name in TEXT_METHODS for name in names):
            return f"{listed(_labels(group), 3)} {'is' if len(_labels(group)) == 1 else 'are'} taken for text; what stands in it is not shown"
        if names and all(map(is_error, names)):
            return "an error is only made here: what it shows, and to whom, is decided where it is caught (CWE-209)"
        if names:
            where = count(total, "place")
            if len(names) == 1:
                does = f"what {coded(names, 3)} does with what it is given, and returns,"
            else:
                does = f"what {coded(names, 3)} do with what they are given, and return,"
            return f"{does} is taken for unknown in {where}"
        if "base class" in kinds:
            return "a base class can add methods, override what is called here and decide who may call it"
        if "decorator" in kinds:
            return "a decorator can register, wrap or guard the function: who calls it, with what, may be decided there"
        if kinds == {"attribute"}:
            return "the values are set elsewhere; whether they are untrusted is not shown"
        return "what the import provides or does when it is loaded is unknown; nothing of it is called here"

    def _ask(self, group: _Group) -> str:
        """Which files, packages or callers would answer."""
        asked: dict[str, None] = {}
        origins = list(group.origins.values())[:50]
        undefined = dict.fromkeys(where.name for where in origins if where.kind == "undefined")
        if undefined:
            asked.setdefault(f"the rest of the file, which defines or imports {coded(undefined, _ASKED)}")
        for where in origins:
            text = self._answerer(where)
            if text:
                asked.setdefault(text)
        if not asked:
            return "The code around this input: add it with `--context`."
        return sentence(listed(asked, _ASKED))

    def _answerer(self, where: Origin) -> str:
        if where.kind in ("import", "inherited") and where.module:
            return answering_module(self.material, where.module)
        if where.kind == "inherited":
            return f"the file that defines `{where.name}`"
        if where.kind == "parameter" and where.name in ("self", "cls"):
            return f"the class around `{where.owner}`"
        if where.kind == "parameter" and where.function in self.called:
            return f"an annotation of `{where.name}` (what the input itself hands to `{where.owner}` does not say its type)"
        if where.kind == "parameter":
            return f"the callers of `{where.owner}`"
        if where.kind == "result":
            module = f" in {answering_module(self.material, where.module)}" if where.module else ""
            return f"the definition of `{where.name}`{module} and the type it returns"
        return ""


def answering_module(material: Material, module: str) -> str:
    """Where a module would be found: a file of the project, or a package's source."""
    top = module.lstrip(".").partition(".")[0]
    if module.startswith("."):
        return f"the module `{module}` beside the input"
    own = {name.partition(".")[0] for one in material.modules for name in [one.name] if "." in name}
    if top in own or material.program.has_top(top):
        return f"{module.replace('.', '/')}.py (module `{module}`)"
    return f"the source or documentation of package `{top}` (module `{module}`)"


def _labels(group: _Group) -> list[str]:
    """What the calls of a group are made on, by name."""
    names = dict.fromkeys(
        f"what `{where.name}()` gives back" if where.kind == "result" else f"`{where.name}`"
        for where in group.origins.values()
        if where.name
    )
    return list(names) or [f"`{group.label}`"]


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


_ORDER = ("call", "base class", "attribute", "decorator", "import")
_KINDS = {
    "inherited": "inherited methods",
    "module": "modules of the project",
    "package": "packages",
    "self": "attributes of objects",
    "parameter": "parameters",
    "undefined": "undefined names",
    "names": "undefined names",
    "result": "results of calls",
    "values": "values whose type is not shown",
}
