"""Part 3 in words: a summary of what the code is, takes and does, and its entry points.

Invariants: the summary says only what traits, sources, operations and calls show; a docstring is quoted as the code's own claim.
"""

from __future__ import annotations

from cwelens.base.location import locate
from cwelens.flow import surroundings
from cwelens.ir import nodes as ir
from cwelens.report import routes
from cwelens.report.material import Material
from cwelens.report.model import Description, EntryPoint, SourceUse, Trait
from cwelens.report.pieces import LONE, is_cut_out
from cwelens.report.testing_traits import test_methods
from cwelens.report.traits import FRAMEWORKS, is_test, main_guards, test_modules, traits
from cwelens.report.words import coded, count, first_sentence, listed, most_frequent, sentence
from cwelens.resolve.ledger import INHERITED
from cwelens.resolve.symbols import FunctionInfo, ModuleInfo

_RECEIVERS = 3
_PUBLIC = 40
_PARAMETERS = 4


def description(material: Material) -> Description:
    """All of part 3."""
    kinds = traits(material)
    return Description(
        summary(material, kinds),
        kinds,
        entry_points(material),
        list(material.sources),
        list(material.operations),
    )


def summary(material: Material, kinds: list[Trait] | None = None) -> str:
    """What the code is, what it takes from outside, what it does, in a few sentences."""
    kinds = traits(material) if kinds is None else kinds
    if not any(module.body for module in material.modules):
        return "There is no code that could be read."
    texts = [
        _is(material, kinds),
        _claim(material),
        _takes(material, bool(kinds) and all(map(is_test, kinds))),
        _does(material),
        routes.summary(material),
        _calls(material),
    ]
    return " ".join(text for text in map(sentence, texts) if text)


def docstring(body: list[ir.Stmt]) -> str:
    """The docstring of a module, class or function; empty for none."""
    first = body[0] if body else None
    if (
        isinstance(first, ir.ExprStmt)
        and isinstance(first.value, ir.Const)
        and isinstance(first.value.value, str)
    ):
        return first.value.value
    return ""


def _is(material: Material, kinds: list[Trait]) -> str:
    modules = [module for module in material.modules if module.body]
    functions = sum(len(module.functions) for module in modules)
    classes = sum(len(module.classes) for module in modules)
    holds = listed(
        [
            text
            for number, text in (
                (classes, count(classes, "class", "classes")),
                (functions, count(functions, "function")),
            )
            if number
        ]
    )
    size = f" with {holds}" if holds else ""
    if len(kinds) == 1 and kinds[0].label.startswith(LONE) and classes + functions == 1:
        size = ""
    if len(modules) > 1:
        labels = listed((trait.label for trait in kinds), 5)
        return f"{count(len(modules), 'file')}{size}: {labels}"
    if not kinds:
        return f"code{size}"
    label = " and ".join(dict.fromkeys(trait.label for trait in kinds[:3]))
    article = (
        ""
        if label[0].isdigit()
        or label.startswith(("test code", "Django settings", "configuration", "database models"))
        else "an "
        if label[0] in "aeiou"
        else "a "
    )
    return f"{article}{label}{size}"


def _claim(material: Material) -> str:
    """What the only module, or its only class or function, says of itself."""
    if len(material.modules) != 1:
        return ""
    module = material.modules[0]
    bodies = [module.body]
    if len(module.classes) == 1:
        bodies.append(module.classes[0].node.body)
    outer = [f for f in module.functions if f.parent is None]
    if len(outer) == 1:
        bodies.append(outer[0].node.body)
    for body in bodies:
        text = first_sentence(docstring(body))
        if text:
            return f"It says of itself: “{text}”"
    return ""


def _takes(material: Material, tests: bool = False) -> str:
    if not material.sources:
        held, who = ("", "") if tests else _held(material)
        return (
            f"It takes no untrusted data of its own; what {held}, {who}"
            if held
            else "It takes no untrusted data"
        )
    grouped: dict[str, int] = {}
    for use in material.sources:
        grouped[_noun(use)] = grouped.get(_noun(use), 0) + 1
    taken = [name if number == 1 else f"{name} ({number:,} places)" for name, number in grouped.items()]
    return f"It takes {listed(taken, 4)}"


def _held(material: Material) -> tuple[str, str]:
    """What holds something that the code does not show, with its verb, and who decides it; empty for nothing."""
    outer = _outer(material)
    given, around = _given(material), _around(material)
    own = "its" if len(outer) == 1 else "their"
    callers = f"{own} caller" if len(outer) == 1 else f"{own} callers"
    if not given and not around:
        lone = [f for f in outer if is_cut_out(f)]
        return (f"`{lone[0].node.params[0].name}` holds", "the class around decides") if lone else ("", "")
    names = [*around, *given]
    held = f"{own} parameters" if len(names) > _PARAMETERS and not around else coded(names, 3)
    verb = "holds" if len(names) == 1 else "hold"
    if around and given:
        return f"{held} {verb}", f"the code around and {callers} decide"
    return (
        f"{held} {verb}",
        "the code around decides" if around else f"{callers} decide{'s' if len(outer) == 1 else ''}",
    )


def _outer(material: Material) -> list[FunctionInfo]:
    """The functions that something outside the input may call."""
    return [f for m in material.modules for f in m.functions if f.parent is None]


def _around(material: Material) -> list[str]:
    """The names of pieces of functions that the code around them sets."""
    cutoff = material.program.cutoff
    return [
        name
        for module in material.modules
        for name in surroundings.given(module)
        if cutoff is None or cutoff.name(module, name) is None
    ]


def _given(material: Material) -> list[str]:
    """The parameters that callers outside the input fill."""
    names: dict[str, None] = {}
    for function in _outer(material):
        own = function.owner is not None and function.kind != "staticmethod"
        params = function.node.params[1:] if own or is_cut_out(function) else function.node.params
        names.update(dict.fromkeys(param.name for param in params))
    return list(names)


def _noun(use: SourceUse) -> str:
    return use.description or use.concept


def _does(material: Material) -> str:
    operations = [operation for operation in material.operations if operation.disposition != "skipped"]
    if not operations:
        return "No operation in it is security-relevant by itself" if material.calls else ""
    totals: dict[str, int] = {}
    for operation in operations:
        totals[operation.concept] = totals.get(operation.concept, 0) + 1
    concepts = sorted(totals, key=lambda name: (-totals[name], name))
    one = len(operations) == 1
    said = []
    for name in concepts:
        try:
            text = material.models.concept(name).description
        except KeyError:
            text = name
        said.append(text if one else f"{text} ({totals[name]:,})")
    if one:
        return f"Its security-relevant operation concerns {said[0]}"
    return f"Its {count(len(operations), 'security-relevant operation')} concern{'s' if len(operations) == 1 else ''} {listed(said, 4)}"


def _calls(material: Material) -> str:
    """The receivers outside the input that most is asked of, with what is called on them."""
    unseen: dict[str, list[str]] = {}
    for record in material.calls:
        if record.status == "unresolved" and record.member and len(record.receiver) <= 40:
            unseen.setdefault(record.receiver, []).append(record.member)
    if not unseen:
        return ""
    order = sorted(unseen, key=lambda name: (-len(unseen[name]), name))
    texts = []
    for receiver in order[:_RECEIVERS]:
        names = coded(most_frequent(unseen[receiver]), 3)
        if receiver == INHERITED:
            texts.append(f"inherited methods ({names})")
        elif receiver:
            texts.append(f"`{receiver}` ({names})")
        else:
            texts.append(names)
    more = len(order) - _RECEIVERS
    if more > 0:
        texts.append(f"{count(more, 'other receiver')}")
    return f"Outside the input it calls {listed(texts, 5)}"


def entry_points(material: Material) -> list[EntryPoint]:
    """Where control enters, in the order of the code; public functions only where one module has nothing else."""
    taken: dict[str, list[SourceUse]] = {}
    for use in material.sources:
        taken.setdefault(use.location.path, []).append(use)
    found: list[EntryPoint] = []
    tested = test_modules(material)
    for module in material.modules:
        found += _entries(material, module, taken.get(module.source.path, []), module in tested)
    routes.describe(material, found)
    if not found and len(material.modules) == 1:
        module = material.modules[0]
        outer = [f for f in module.functions if f.parent is None]
        public = [f for f in outer if not f.name.startswith("_")][:_PUBLIC]
        public = public or (outer if len(outer) == 1 else [])
        found = [_entry(f, _public(f), taken.get(module.source.path, [])) for f in public]
    return found


def _public(function: FunctionInfo) -> str:
    """What kind of entry a function is that callers outside the input may call, in words."""
    if function.kind == "property":
        part = next(
            (d.rpartition(".")[2] for d in function.decorators if d.endswith((".setter", ".deleter"))), ""
        )
        return f"{part} of a property" if part else "property"
    kind = "method" if function.owner or is_cut_out(function) else "function"
    return kind if function.name.startswith("_") else f"public {kind}"


def _entries(material: Material, module: ModuleInfo, uses: list[SourceUse], tested: bool) -> list[EntryPoint]:
    found: list[EntryPoint] = []
    tests = {id(f) for f in test_methods(module)} if tested else set()
    for function in module.functions:
        handler = material.entries.handlers.get(id(function.node))
        if handler is not None:
            name = FRAMEWORKS.get(handler.route.framework.lower(), handler.route.framework)
            kind = f"route {handler.path} ({name})" if handler.path else f"handler ({name})"
            entry = _entry(function, kind, uses)
            if handler.route.params and not entry.untrusted:
                entry.untrusted = _parameters(material, function, handler.route.params)
            found.append(entry)
        elif id(function) in tests:
            found.append(_entry(function, "test method" if function.owner else "test function", uses))
        elif any(d.endswith((".command", ".group")) or d == "command" for d in function.decorators):
            found.append(_entry(function, "command", uses))
    for guard in main_guards(module):
        inside = [use for use in uses if guard.pos[0] <= use.location.line <= guard.pos[2]]
        place = locate(module.source, (*guard.pos[:2], guard.pos[0], guard.pos[1] + 1))
        found.append(EntryPoint("__main__", "program", place, _untrusted(inside)))
    found.sort(key=lambda entry: entry.location)
    return found


def _entry(function: FunctionInfo, kind: str, uses: list[SourceUse]) -> EntryPoint:
    pos = function.node.pos
    inside = [use for use in uses if pos[0] <= use.location.line <= pos[2]]
    place = locate(function.module.source, (pos[0], pos[1], pos[0], pos[1] + len(f"def {function.name}")))
    return EntryPoint(function.short, kind, place, _untrusted(inside))


def _untrusted(uses: list[SourceUse]) -> list[str]:
    return list(dict.fromkeys(map(_noun, uses)))


def _parameters(material: Material, function: FunctionInfo, concept: str) -> list[str]:
    """A handler's parameters that the framework fills from the request."""
    names = [p.name for p in function.node.params if p.name not in ("self", "cls", "request")]
    try:
        text = material.models.concept(concept).description
    except KeyError:
        text = concept
    return [f"{coded(names, 3)} ({text})"] if names else []
