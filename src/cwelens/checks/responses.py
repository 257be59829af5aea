"""Responses: which parts of a value are sent as HTML, as which type, and whether they tell details of an error."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cwelens.app.words import is_role
from cwelens.checks import content_type, debugging
from cwelens.checks.bodies import arms, bodies
from cwelens.checks.judgement import Judgement
from cwelens.checks.rules import RULES
from cwelens.flow.run import CallSite, Run
from cwelens.flow.state import Obj, State, deep_taints
from cwelens.flow.values import Const, Method, Opaque, Place, Ref, Taint, Text, Value
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk

# Errors that tell of files, databases and other machines, or whatever there is.
_INSIDE = re.compile(
    r"stack trace|`(?:Base)?Exception`|OSError|IOError|FileNotFound|Database|SQL|Operational|Programming|Integrity|Connection|Socket|Timeout"
    r"|Permission|Subprocess|CalledProcess|Protected|`Error`"
)

if TYPE_CHECKING:
    from cwelens.checks.checker import Checker


def is_html(run: Run, site: CallSite) -> bool:
    """Whether the response whose body is set at a place is sent as HTML, by what the code says of it."""
    return "html" in (content_type.told(run, site) or "")


def returns_html(run: Run) -> bool:
    """Whether a WSGI application or a function of AWS, which give back the body, give HTML as its type."""
    node = run.frame.node
    return isinstance(node, ir.Function) and any("html" in kind for kind in content_type.pairs(node))


def body(run: Run, value: Value, state: State, pieces: bool = False) -> Value:
    """The parts of what a handler returns that a framework sends as an HTML body; `pieces` is whether a list is one in pieces."""
    atoms: list[Any] = []
    for atom in value.atoms:
        obj = state.obj(atom.loc) if isinstance(atom, Ref) else None
        if obj is not None and obj.kind == "tuple" and 0 in obj.items:
            if _other_type(obj.items.get(len(obj.items) - 1), state):
                continue
            atoms += obj.items[0].atoms
        elif obj is not None and obj.kind == "list" and (pieces or _chunks(run)):
            atoms += obj.everything().atoms
        elif obj is not None and obj.kind == "dict" and _chunks(run) and _is_page(obj, state):
            atoms += obj.items["body"].atoms
        elif (
            (isinstance(atom, Method) and atom.type is None)
            or isinstance(atom, Text | Const)
            or (isinstance(atom, Opaque) and atom.type in (None, "builtins.str", "builtins.bytes"))
        ):
            atoms.append(atom)
    # Structures become JSON, response objects were judged where they were made.
    return Value(tuple(a for a in atoms if not isinstance(a, Ref)))


def _chunks(run: Run) -> bool:
    """Whether a handler gives back the pieces of a body, as WSGI wants it, or the parts of an answer."""
    handler = run.frame.handler
    return getattr(getattr(handler, "route", None), "response", None) == "html.declared"


def error_detail(checker: Checker, run: Run, node: ir.Node, value: Value, state: State, code: str) -> None:
    """Records a response that holds what an exception says; to return the response is to send the same once more."""
    for taint in deep_taints(value, state):
        if taint.origin.kind == "exception":
            if code != "return":
                checker.errors_sent.add(taint.origin.key)
            elif taint.origin.key in checker.errors_sent:
                continue
            judgement = Judgement("defect", "", taint)
            if not _INSIDE.search(taint.origin.text):
                why = f"{taint.origin.text} tells more than what was wrong with the request"
            elif _validated(taint):
                why = "its text says more than what is wrong with what was sent"
            elif _for_debugging(run, node, taint):
                why = "debugging is switched on where the program is in service"
            else:
                why = ""
            if why:
                judgement = Judgement("conditional", "", taint.assuming(why))
            checker.record(run, RULES["response.error"], run.place(node), code, judgement)
            return


_VALIDATES = re.compile(r"(?i)^`\w*validat\w*\(\)` gives it back")


def _validated(taint: Taint) -> bool:
    """Whether an error comes back from a function that is called after looking through what was sent: it is about that."""
    return taint.trail is not None and any(_VALIDATES.search(step.text) for step in taint.trail.steps())


def error_on_page(checker: Checker, run: Run, node: ir.Node, value: Value, state: State, code: str) -> None:
    """The same of a page: a form shows what is wrong with what was typed, so only errors of the inside count."""
    for taint in deep_taints(value, state):
        if taint.origin.kind != "exception" or not _INSIDE.search(taint.origin.text):
            continue
        judgement = Judgement("defect", "", taint)
        if _for_a_role(run, taint):
            why = "those who pass the test around it are not to see it"
            judgement = Judgement("conditional", "", taint.assuming(why))
        elif "stack trace" not in taint.origin.text:
            # A page may be for those who run the program, to whom such texts are of use.
            why = "others than those who run the program see this page"
            judgement = Judgement("conditional", "", taint.assuming(why))
        checker.record(run, RULES["response.error"], run.place(node), code, judgement)
        return


def _for_a_role(run: Run, taint: Taint) -> bool:
    """Whether the error is only made into text where somebody's role was asked for."""
    return taint.origin.place is not None and _under(run, taint.origin.place, _asks_role)


def _for_debugging(run: Run, node: ir.Node, taint: Taint) -> bool:
    """Whether an error is only made into text, passed on or sent where a switch for debugging is on."""
    places = [run.place(node), *(step.place for step in (taint.trail.steps() if taint.trail else ()))]
    if taint.origin.place is not None:
        places.append(taint.origin.place)
    return any(_under(run, place, debugging.speaks_of) for place in places)


def _asks_role(test: ir.Expr) -> bool:
    return any(isinstance(n, ir.Attr) and is_role(n.name) for n in walk(test))


def _under(run: Run, place: Place, asks: Callable[[ir.Expr], bool]) -> bool:
    """Whether a place is only reached where such a test holds."""
    source, pos = place
    return any(
        held and asks(test)
        for module in run.shared.program.modules.values()
        if module.source is source
        for body in bodies(module)
        if body.function is not None and body.function.node.pos[0] <= pos[0] <= body.function.node.pos[2]
        for test, held in arms(body.nodes, pos)
    )


def as_sent(run: Run, site: CallSite, judgement: Judgement) -> Judgement:
    """The judgement on a text in a response, given what the response is sent as."""
    kind = content_type.told(run, site)
    if kind is None or "html" in kind or "xml" in kind or "svg" in kind:
        return judgement
    if not kind:
        return Judgement("undecided", "the content type of the response is not known", judgement.taint)
    return Judgement("neutralised", f"sent as `{kind}`", judgement.taint)


def _is_page(answer: Obj, state: State) -> bool:
    """Whether the dictionary that a function of AWS answers with is an HTML page: `{"headers": {"Content-Type": "text/html"}, "body": page}`."""
    headers = answer.items.get("headers") if "body" in answer.items else None
    for atom in headers.atoms if headers is not None else ():
        obj = state.obj(atom.loc) if isinstance(atom, Ref) else None
        for key, value in (obj.items if obj is not None and obj.kind == "dict" else {}).items():
            kind = value.const()
            if str(key).lower() == "content-type" and kind is not None and "html" in str(kind.value):
                return True
    return False


def _other_type(headers: Value | None, state: State) -> bool:
    """Whether response headers name a content type that is not HTML."""
    for atom in headers.atoms if headers is not None else ():
        obj = state.obj(atom.loc) if isinstance(atom, Ref) else None
        for key, value in (obj.items if obj is not None and obj.kind == "dict" else {}).items():
            kind = value.const()
            if str(key).lower() == "content-type" and kind is not None and "html" not in str(kind.value):
                return True
    return False
