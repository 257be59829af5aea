"""Parameters of a handler that its framework fills with data of the request: from which part of it, and what they can hold.

A type, a pattern or an enumeration that the parameter declares is enforced before the handler is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.base import chars as ch
from cwelens.base.regex.admits import admits
from cwelens.flow import (
    annotated,
    attributes,
    expressions,
    form_fields,
    graphene_arguments,
    records_of_requests,
    schemas,
    scopes,
    url_params,
    view_params,
)
from cwelens.flow.run import Run, written
from cwelens.flow.state import Obj, State
from cwelens.flow.values import Opaque, Value, opaque
from cwelens.ir import nodes as ir
from cwelens.resolve.symbols import ClassInfo, FunctionInfo

if TYPE_CHECKING:
    from cwelens.flow.handlers import Handler

# The last names of types whose values are harmless everywhere: numbers, times, identifiers, one of some constants.
HARMLESS = frozenset(
    (
        "int", "float", "bool", "UUID", "date", "datetime", "time", "timedelta", "Decimal", "Literal", "IPv4Address", "IPv6Address",
        "UUID1", "UUID3", "UUID4", "UUID5", "UUID6", "UUID7", "UUID8", "PositiveInt", "NonNegativeInt", "NegativeInt", "NonPositiveInt",
        "PositiveFloat", "NonNegativeFloat", "NegativeFloat", "NonPositiveFloat", "StrictInt", "StrictFloat", "StrictBool", "conint", "confloat",
        "condecimal", "ByteSize", "AwareDatetime", "NaiveDatetime", "PastDatetime", "FutureDatetime", "PastDate", "FutureDate", "IPvAnyAddress",
    )
)  # fmt: skip
# Frameworks whose blueprints have values for parameters of their views that the address does not name.
_WITH_DEFAULTS = frozenset(("flask", "quart"))
_ENUMERATIONS = frozenset(("Enum", "StrEnum", "IntEnum", "Flag", "IntFlag"))


def value_of(
    run: Run,
    function: FunctionInfo,
    param: ir.Param,
    index: int,
    handler: Handler,
    found: str | ClassInfo | None,
    st: State,
) -> Value | None:
    """A parameter that the framework fills: the request, or data of the request."""
    route = handler.route
    given = (route.first, route.second, "")[min(index, 2)]
    if given:
        made = form_fields.of_view(run, function.owner, given, st, param)
        return made or Value((Opaque(given, note=handler.note, label=param.name),))
    handed = schemas.parsed(run, function, param, st)
    if handed is not None:
        return handed
    if param.name in route.besides:
        return None if found is not None else Value((Opaque(label=param.name),))
    concept = route.params
    marked = False
    known = annotated.written_out(run, function, param)
    if isinstance(param.default, ir.Call):
        # `name: str = Query(...)`; what a dependency gives is not read from the request directly.
        here = annotated.Annotation(function.module, function.parent, None)
        name = annotated.called(run, here, param.default)
        if not name and isinstance(param.default.func, ir.Name):
            # `Body(…)`, where the import was cut off.
            name = f"fastapi.{param.default.func.id}"
        row = run.models.source_param(name)
        if row is None:
            # `form: OAuth2PasswordRequestForm = Depends()`: what is read from it is judged by its type.
            given = found if isinstance(found, str) and run.models.type(found) is not None else None
            return Value((Opaque(given, label=param.name),))
        concept, marked = row.concept, True
    for part in known.marks():
        row = run.models.source_param(annotated.called(run, known, part))
        if row is not None and not marked:
            concept, marked = row.concept, True
    if not concept:
        return None
    if not several(known.node) and harmless(run, found):
        return opaque(found if isinstance(found, str) else None)
    if route.framework == "graphene":
        declared = graphene_arguments.harmless(function, param.name)
        if declared is not None:
            return declared
    each = records_of_requests.elements(known.node)
    if each is not None and harmless(run, scopes.type_in(run, function.module, function, each)):
        numbers = opaque(scopes.type_in(run, function.module, function, each))  # type: ignore[arg-type]
        return run.alloc(st, param, Obj("list", {}, numbers), "numbers")
    place = (function.module.source, param.pos)
    mask, type_ = _in_path(run, param.name, handler, st)
    if len(run.shared.view_paths.get(function, ())) > 1:
        mask, type_ = view_params.masks(run.shared, function).get(param.name, ch.ALL), None
    elif function.owner is not None:
        mask &= view_params.masks(run.shared, function.owner).get(param.name, ch.ALL)
    if type_ is not None:
        return opaque(type_)
    if concept == "http.query" and not marked:
        if "{" + param.name in handler.path:
            concept = "http.path"
        elif isinstance(found, ClassInfo):
            concept = "http.body"
    paths = [
        handler.path,
        *(path for _, path in handler.paths),
        *run.shared.settled.rules.get(id(function.node), ()),
    ]
    if concept == "http.path" and route.framework.lower() in _WITH_DEFAULTS:
        if all(url_params.from_elsewhere(run.shared, path, param.name) for path in paths):
            return Value((Opaque(label=param.name),))
    mask &= pattern_of(run, known.node, [param.default] if param.default is not None else [], st)
    taints = attributes.source_taint(run, concept, param.name, place, handler.note)
    checked = annotated.validator(
        run, annotated.Annotation(function.module, function.parent, param.annotation)
    )
    if checked:
        taints = tuple(t.assuming(f"`{checked}` lets dangerous values through") for t in taints)
    if isinstance(found, ClassInfo):
        value = records_of_requests.validated(run, found, taints, (function.module.path, param.pos), st)
        if value is not None:
            return value
    if isinstance(found, str) and found.startswith(("builtins.", "pathlib.")):
        type_ = found
    elif concept == "http.path":
        # What stands in an address is text.
        type_ = "builtins.str"
    data = Value((Opaque(type_, taints, mask),))
    if concept == "http.body" and function.owner is not None:
        return form_fields.given(run, function, param, data, st)
    return data


def harmless(run: Run, found: str | ClassInfo | None) -> bool:
    """Whether values of a declared type are harmless in every place, once they have been converted to it."""
    if isinstance(found, ClassInfo):
        bases = {text.rpartition(".")[2] for cls in run.program.mro(found)[0] for text in cls.bases_text}
        return bool(bases & _ENUMERATIONS)
    return found is not None and (
        found.rpartition(".")[2] in HARMLESS
        or (run.models.type(found) is not None and found.partition(".")[0] not in ("builtins", "pathlib"))
    )


def several(annotation: ir.Expr | None) -> bool:
    """Whether an annotation leaves a choice of types, besides None."""
    if isinstance(annotation, ir.Item):
        name = written(annotation.base).rpartition(".")[2]
        parts = annotation.key.items if isinstance(annotation.key, ir.Seq) else [annotation.key]
        if name in ("Optional", "Annotated"):
            return several(parts[0]) if parts else False
        return name == "Union" and sum(not _none(p) for p in parts) > 1
    if isinstance(annotation, ir.Binary) and annotation.op == "|":
        return not _none(annotation.left) and not _none(annotation.right)
    return False


def _none(node: ir.Expr) -> bool:
    return isinstance(node, ir.Const) and node.value is None


def _in_path(run: Run, name: str, handler: Handler, st: State) -> tuple[int, str | None]:
    """The characters that a variable part of the route's path can hold, and its type where a converter gives one."""
    mask = ch.ALL
    kind = "str"
    for part in handler.path.split("<")[1:]:
        converter, _, variable = part.partition(">")[0].rpartition(":")
        if variable == name:
            kind = converter.partition("(")[0] or "string"
            mask = url_params.SEGMENT if kind == "string" else url_params.converted(run, kind, st)
            if kind == "any":
                # `<any(css, js):folder>`: one of these words (Werkzeug, `AnyConverter`).
                mask = ch.of("".join(converter.partition("(")[2].rstrip(")").split(",")))
    if kind in url_params.TYPES:
        return mask, url_params.TYPES[kind]
    for part in handler.path.split("{")[1:]:
        variable, _, converter = part.partition("}")[0].partition(":")
        if variable == name:
            if converter in url_params.TYPES:
                return mask, url_params.TYPES[converter]
            mask = ch.ALL & ~ch.of("/") if converter != "path" else ch.ALL
    own = url_params.groups(handler.path)
    if name in own:
        mask = own[name]
    elif f"<{name}>" not in handler.path:
        mask &= run.shared.settled.url_groups.get(name, ch.ALL)
    return mask, None


def pattern_of(run: Run, annotation: ir.Expr | None, values: list[ir.Expr], st: State) -> int:
    """The characters that the pattern of a declaration admits: `= Query(pattern="^[a-z]+$")`, `Annotated[str, Query(pattern=…)]`."""
    places = list(values)
    if isinstance(annotation, ir.Item) and isinstance(annotation.key, ir.Seq):
        places += annotation.key.items[1:]
    mask = ch.ALL
    for part in places:
        for keyword, given in part.keywords if isinstance(part, ir.Call) else ():
            if keyword in ("pattern", "regex"):
                mask &= _admitted(run, given, st)
    return mask


def _admitted(run: Run, pattern: ir.Expr, st: State) -> int:
    """The characters of a text in which a pattern was found; all where the pattern is not known or not of the whole text."""
    known = expressions.evaluate(run, pattern, st).const()
    said = admits(known.value, 0, "search") if known is not None and isinstance(known.value, str) else None
    if said is None or not said.whole:
        return ch.ALL
    # The line break that `$` lets through at the end is refused by the validators that take such patterns.
    return (
        said.chars & ~ch.of("\n") if said.trailing_newline and not said.matched & ch.of("\n") else said.chars
    )
