"""Cross-site scripting inside the browser (CWE-79): script that writes what it did not make into its page as markup or code.

Names are followed inside one script, through its functions and callbacks. Who makes a link chooses what stands in the address of the
page, so that is untrusted; what a server answers or a visitor types is so only if somebody else can have written it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from cwelens.checks import script_addresses, script_carried, script_secrets
from cwelens.checks import script_sinks as sinks
from cwelens.checks.judgement import Judgement
from cwelens.checks.rules import RULES
from cwelens.checks.script_tree import (
    FUNCTIONS,
    Pos,
    arguments,
    asks_origin,
    class_of,
    function_of,
    is_jquery,
    locals_of,
    owner_of,
    pos_of,
    scope_of,
    text_of,
    walk,
)
from cwelens.flow.values import Origin, Taint, Trail
from cwelens.syntax import javascript

if TYPE_CHECKING:
    from cwelens.base.source import Source
    from cwelens.checks.checker import Checker

_KEEPING = frozenset(
    [
        "split",
        "slice",
        "substring",
        "substr",
        "replace",
        "replaceAll",
        "trim",
        "toLowerCase",
        "toUpperCase",
        "concat",
        "match",
        "pop",
        "shift",
        "join",
        "get",
        "getAll",
        "toString",
        "at",
        "map",
        "filter",
        "reverse",
        "find",
        "entries",
        "values",
        "text",
        "json",
        "data",
        "val",
        "padEnd",
        "padStart",
        "trimStart",
        "trimEnd",
    ]
)
_DECODING = frozenset(
    [
        "decodeURIComponent",
        "decodeURI",
        "unescape",
        "String",
        "JSON.parse",
        "JSON.stringify",
        "atob",
        "$.trim",
        "jQuery.trim",
        "$.parseJSON",
    ]
)
_CLEANING = re.compile(
    r"escape(?!d)|sanit|purif|encode|parseInt|parseFloat|^Number$|stripTags|clean", re.IGNORECASE
)
_JQUERY = frozenset(["html", "append", "prepend", "before", "after", "replaceWith", "wrap", "wrapInner"])
_REQUESTS = re.compile(
    r"^(?:\$|jQuery)\.(?:get|post|getJSON|ajax|put|delete)$|^axios(?:\.\w+)?$|^fetch$|^window\.fetch$"
)
# What gives a piece of a text: that may begin with anything.
_CUTTING = frozenset(
    (
        "split", "slice", "substring", "substr", "replace", "replaceAll", "match", "get", "getAll", "pop", "shift", "values", "entries",
    )
)  # fmt: skip
# The beginning of an address that leaves its host open.
_OPEN_HOST = re.compile(r"^[\"'`](?:https?:)?//[^/]*[\"'`]?$")
_ROUNDS = 4


class Data(NamedTuple):
    """What a value holds: where that was read, what it is, whether it is untrusted for certain, and whether markup was put around it.

    `free`: it may begin with anything (a piece of the address, not the address itself); `led`: other text stands before it;
    `encoded`: browsers have encoded the markup in it.
    """

    pos: Pos
    text: str
    certain: bool
    composed: bool = False
    free: bool = False
    led: bool = False
    encoded: bool = False


def check(checker: Checker, source: Source, data: bytes) -> None:
    """Looks through one script, or all scripts of one page, whose bytes stand at their places in the file."""
    root = javascript.parse(data)
    if root is not None:
        _Script(checker, source, root).run()


class _Script:
    """One script: what its names hold, by function, and the functions that are called by name."""

    def __init__(self, checker: Checker, source: Source, root: Any) -> None:
        self._checker = checker
        self._source = source
        self._root = root
        self._names: dict[tuple[int, str], Data] = {}
        self._functions: dict[str, Any] = {}
        self._returns: dict[int, Data] = {}
        self._filled = script_carried.filled(checker, source)
        self._carried = script_carried.carried(checker, source)
        self._jquery: set[str] = set()
        # Elements that load what their address names: names of script and frame elements that were created.
        self._elements: set[str] = set()
        self._locals: dict[int, frozenset[str]] = {}

    def run(self) -> None:
        nodes = list(walk(self._root))
        for node in nodes:
            if node.type == "function_declaration":
                self._functions[text_of(node.child_by_field_name("name"))] = node
            elif node.type == "variable_declarator":
                value = node.child_by_field_name("value")
                name = text_of(node.child_by_field_name("name"))
                if value is not None and value.type in ("function_expression", "arrow_function"):
                    self._functions[name] = value
        for _ in range(_ROUNDS):
            before = len(self._names) + len(self._returns)
            for node in nodes:
                self._learn(node)
            if len(self._names) + len(self._returns) == before:
                break
        for node in nodes:
            self._sink(node)
        script_secrets.check(self._checker, self._source, nodes)

    # What names hold

    def _learn(self, node: Any) -> None:
        kind = node.type
        if kind in ("variable_declarator", "assignment_expression", "augmented_assignment_expression"):
            left = node.child_by_field_name("name" if kind == "variable_declarator" else "left")
            right = node.child_by_field_name("value" if kind == "variable_declarator" else "right")
            if right is None or left is None:
                return
            if right.type == "call_expression" and text_of(right.child_by_field_name("function")) in (
                "$",
                "jQuery",
            ):
                self._jquery.add(text_of(left))
            if sinks.creates_loader(right):
                self._elements.add(text_of(left))
            self._bind(left, self._value(right))
            if text_of(left) in ("onmessage", "window.onmessage", "self.onmessage"):
                self._message(node, right)
        elif kind == "for_in_statement":
            self._bind(node.child_by_field_name("left"), self._value(node.child_by_field_name("right")))
        elif kind == "call_expression":
            self._called(node)
        elif kind == "return_statement" and node.named_child_count:
            value = self._value(node.named_children[0])
            owner = function_of(node)
            if value is not None and owner is not None:
                self._returns.setdefault(owner.id, value)

    def _bind(self, left: Any, value: Data | None) -> None:
        if value is None or left is None:
            return
        if left.type == "member_expression":
            if left.child_by_field_name("object").type == "this":
                self._names.setdefault((class_of(left), text_of(left)), value)
        elif left.type == "identifier":
            self._names.setdefault((owner_of(left, self._declared, self._locals), text_of(left)), value)
        elif left.type in ("object_pattern", "array_pattern"):
            for part in left.named_children:
                name = part.child_by_field_name("value") or part
                if name.type in ("identifier", "shorthand_property_identifier_pattern"):
                    self._names.setdefault((scope_of(left), text_of(name)), value)

    def _declared(self, scope: int, name: str) -> bool:
        return (scope, name) in self._names

    def _called(self, node: Any) -> None:
        """Callbacks receive what a request gave; functions of the script receive their arguments."""
        callee = node.child_by_field_name("function")
        name = text_of(callee)
        args = arguments(node)
        if _REQUESTS.match(name):
            answer = Data(pos_of(node), f"the answer to `{name}`", False)
            for arg in args:
                self._pass(arg, [answer])
                if arg.type == "object":
                    for pair in arg.named_children:
                        key = text_of(pair.child_by_field_name("key") or pair.child_by_field_name("name"))
                        if key in ("success", "complete"):
                            self._pass(pair.child_by_field_name("value") or pair, [answer])
        elif callee.type == "member_expression":
            member = text_of(callee.child_by_field_name("property"))
            if member in ("then", "done", "forEach", "map", "each", "always"):
                base = self._value(callee.child_by_field_name("object"))
                if base is not None and args:
                    self._pass(args[0], [base, base] if member == "each" else [base])
            elif member == "each" or name in ("$.each", "jQuery.each"):
                self._each(args)
            if name in ("$.each", "jQuery.each"):
                self._each(args)
            if (
                name in ("window.addEventListener", "self.addEventListener")
                and len(args) > 1
                and text_of(args[0]).strip("\"'") == "message"
            ):
                self._message(node, args[1])
        elif callee.type == "identifier" and name in self._functions:
            self._pass(self._functions[name], [self._value(arg) for arg in args])

    def _message(self, node: Any, handler: Any) -> None:
        """What receives the messages of other windows, unless it asks where they come from."""
        if handler.type == "identifier":
            handler = self._functions.get(text_of(handler), handler)
        if not asks_origin(handler):
            self._pass(handler, [Data(pos_of(node), "a message of another window", True, free=True)])

    def _each(self, args: list[Any]) -> None:
        if len(args) > 1:
            value = self._value(args[0])
            self._pass(args[1], [value, value])

    def _pass(self, function: Any, values: list[Data | None]) -> None:
        if function is not None and function.type == "identifier":
            function = self._functions.get(text_of(function))
        if function is None or function.type not in (
            "function_expression",
            "arrow_function",
            "function_declaration",
            "method_definition",
        ):
            return
        parameters = function.child_by_field_name("parameters")
        single = function.child_by_field_name("parameter")
        names = [single] if single is not None else list(parameters.named_children) if parameters else []
        for name, value in zip(names, values):
            if value is None:
                continue
            if name.type == "identifier":
                self._names.setdefault((function.id, text_of(name)), value)
            elif name.type == "object_pattern":
                for part in name.named_children:
                    self._names.setdefault((function.id, text_of(part)), value)
        body = function.child_by_field_name("body")
        if function.type == "arrow_function" and body is not None and body.type != "statement_block":
            value = self._value(body)
            if value is not None:
                self._returns.setdefault(function.id, value)

    # What expressions hold

    def _value(self, node: Any) -> Data | None:
        kind = node.type
        if self._filled and kind in ("identifier", "string", "template_string"):
            (line, first, last_line, last) = pos_of(node)
            for place, what in self._filled.items():
                if place[0] == line == last_line and first <= place[1] < last:
                    return Data(pos_of(node), what, True)
        if kind == "identifier":
            return self._name(node)
        if kind == "member_expression":
            return self._member(node)
        if kind in ("subscript_expression", "call_expression"):
            found = (
                self._call(node)
                if kind == "call_expression"
                else self._value(node.child_by_field_name("object"))
            )
            kept = found is not None and found.free and script_addresses.keeps_beginning(node)
            return found._replace(free=False) if found is not None and kept else found
        if kind == "new_expression":
            name = text_of(node.child_by_field_name("constructor"))
            found = self._first(arguments(node)) if name in ("URLSearchParams", "URL", "String") else None
            # The parameters of an address are given decoded.
            return found._replace(encoded=False) if found is not None and name != "String" else found
        if kind in ("parenthesized_expression", "await_expression", "spread_element"):
            return self._value(node.named_children[0]) if node.named_child_count else None
        if kind == "binary_expression":
            return self._binary(node)
        if kind == "template_string":
            inner = [
                c.named_children[0]
                for c in node.named_children
                if c.type == "template_substitution" and c.named_child_count
            ]
            found = self._first(inner)
            if found is None:
                return None
            whole = text_of(node)
            led = not whole.startswith("`${") or self._value(inner[0]) is None
            return found._replace(
                composed=found.composed or "<" in whole,
                led=found.led or (led and not _OPEN_HOST.match(whole.partition("${")[0])),
            )
        if kind == "ternary_expression":
            return self._first(
                [node.child_by_field_name("consequence"), node.child_by_field_name("alternative")]
            )
        if kind in ("assignment_expression",):
            return self._value(node.child_by_field_name("right"))
        return None

    def _first(self, nodes: list[Any]) -> Data | None:
        found = [v for v in (self._value(n) for n in nodes if n is not None) if v is not None]
        return min(found, key=lambda v: not v.certain, default=None)

    def _name(self, node: Any) -> Data | None:
        name = text_of(node)
        scope: Any = function_of(node)
        while True:
            found = self._names.get((scope.id if scope is not None else 0, name))
            if found is not None:
                return found
            if scope is None:
                break
            if name in locals_of(scope, self._locals):
                return None
            scope = function_of(scope)
        return Data(pos_of(node), f"`{name}`", True, encoded=True) if name == "location" else None

    def _member(self, node: Any) -> Data | None:
        text = text_of(node)
        if script_addresses.ADDRESS.match(text) and "." in text:
            return Data(pos_of(node), f"`{text}`", True, encoded=script_addresses.encoded(text))
        name = text_of(node.child_by_field_name("property"))
        if name in ("length", "size", "checked", "disabled", "id", "status"):
            return None
        if name in ("responseText", "responseXML", "response"):
            return Data(pos_of(node), f"the answer `{text}`", False)
        known = self._of_page(node, text)
        if known is not None:
            return known
        base = node.child_by_field_name("object")
        if base.type == "this":
            return self._names.get((class_of(node), text))
        return self._value(base)

    def _of_page(self, node: Any, text: str) -> Data | None:
        """What an attribute of the page holds that the view has filled in."""
        what = self._carried.get(script_carried.read(text)) if self._carried else None
        return Data(pos_of(node), what, True, free=True) if what is not None else None

    def _call(self, node: Any) -> Data | None:
        callee = node.child_by_field_name("function")
        name = text_of(callee)
        args = arguments(node)
        if name in _DECODING:
            found = self._first(args)
            decodes = "decode" in name.lower() or name in ("unescape", "atob")
            return found._replace(encoded=False) if found is not None and decodes else found
        if _CLEANING.search(name.rpartition(".")[2]):
            return None
        if name in self._functions:
            return self._returns.get(self._functions[name].id)
        if _REQUESTS.match(name):
            return Data(pos_of(node), f"the answer to `{name}`", False)
        if callee.type != "member_expression":
            return None
        known = self._of_page(node, text_of(node))
        if known is not None:
            return known
        member = text_of(callee.child_by_field_name("property"))
        base = callee.child_by_field_name("object")
        if member == "val" and not args and is_jquery(base, self._jquery):
            return Data(pos_of(node), f"what is typed into `{text_of(base)}`", False)
        if member in ("then", "done") and args:
            for arg in args[:1]:
                if arg.type in ("arrow_function", "function_expression") and arg.id in self._returns:
                    return self._returns[arg.id]
            return self._value(base)
        if member in ("replace", "replaceAll") and args and "<" in text_of(args[0]):
            return None
        if member == "map" and args:
            callback = self._functions.get(text_of(args[0]), args[0])
            if callback.type in FUNCTIONS:
                return self._returns.get(callback.id)
        if member == "concat":
            return self._first([base, *args])
        kept = self._value(base) if member in _KEEPING else None
        return kept._replace(free=True) if kept is not None and member in _CUTTING else kept

    def _binary(self, node: Any) -> Data | None:
        operator = text_of(node.child_by_field_name("operator"))
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if operator in ("||", "??", "&&"):
            return self._first([left, right])
        if operator != "+":
            return None
        found = self._first([left, right])
        if found is None:
            return None
        markup = "<" in text_of(left) or "<" in text_of(right)
        led = self._value(left) is None and not _OPEN_HOST.match(text_of(left))
        return found._replace(composed=found.composed or markup, led=found.led or led)

    # Sinks

    def _sink(self, node: Any) -> None:
        if node.type in ("assignment_expression", "augmented_assignment_expression"):
            left = node.child_by_field_name("left")
            if left.type == "member_expression":
                member = text_of(left.child_by_field_name("property"))
                if member in ("innerHTML", "outerHTML", "srcdoc"):
                    self._report(node, text_of(left), self._value(node.child_by_field_name("right")))
            self._address(
                node, text_of(left), sinks.assigned(left, self._elements), node.child_by_field_name("right")
            )
        elif node.type == "call_expression":
            self._call_sink(node)
        elif node.type == "new_expression" and text_of(node.child_by_field_name("constructor")) == "Function":
            self._report(node, "new Function", self._first(arguments(node)))

    def _call_sink(self, node: Any) -> None:
        callee = node.child_by_field_name("function")
        name = text_of(callee)
        args = arguments(node)
        if not args:
            return
        if name in ("eval", "window.eval"):
            self._report(node, name, self._value(args[0]))
        elif name in ("setTimeout", "setInterval", "window.setTimeout", "window.setInterval"):
            value = (
                self._value(args[0])
                if args[0].type not in ("arrow_function", "function_expression")
                else None
            )
            self._report(node, name, value if value is not None and value.certain else None)
        elif sinks.called(name, callee, args, self._jquery) is not None:
            kind, given = sinks.called(name, callee, args, self._jquery) or ("", args[0])
            self._address(node, name[-60:], kind, given)
        elif name in ("$", "jQuery"):
            value = self._value(args[0])
            if value is not None and value.composed and text_of(args[0])[1:2] == "<":
                self._report(node, name, value)
        elif name in ("document.write", "document.writeln"):
            self._report(node, name, self._first(args))
        elif callee.type == "member_expression":
            member = text_of(callee.child_by_field_name("property"))
            base = callee.child_by_field_name("object")
            if member == "createContextualFragment":
                self._report(node, name[-60:], self._value(args[0]))
            elif member == "insertAdjacentHTML" and len(args) > 1:
                self._report(node, f"{text_of(base)}.{member}"[-60:], self._value(args[1]))
            elif member in _JQUERY:
                value = self._first(args)
                # Elements have methods of the same names that take text for text.
                if value is not None and (is_jquery(base, self._jquery) or member == "html"):
                    if member == "html" or value.composed:
                        self._report(node, f"{text_of(base)}.{member}"[-60:], value)

    def _address(self, node: Any, code: str, kind: str, given: Any) -> None:
        """An address that the browser follows, at once or on a click: who chooses its beginning chooses where it leads."""
        value = self._value(given) if kind else None
        if value is None or not value.certain or not value.free or value.led:
            return
        if kind == sinks.REDIRECT and sinks.tested(node, given):
            return
        self._report(node, code, value, "page.redirect" if kind == sinks.REDIRECT else "page.script")

    def _report(self, node: Any, code: str, value: Data | None, concept: str = "page.script") -> None:
        if value is None:
            return
        if not value.certain and not value.composed and not sinks.RUNS.match(code):
            # A whole answer that becomes a part of the page is the usual way to load a piece that the server has rendered.
            return
        place = (self._source, value.pos)
        origin = Origin("untrusted", "page.script", value.text, place)
        assumption = "" if value.certain else f"{value.text} can hold markup that somebody else wrote"
        if value.encoded and concept == "page.script" and not sinks.RUNS.match(code):
            assumption = f"{value.text} is decoded before, or read in a browser that does not encode markup in addresses"
        taint = Taint(origin, {}, Trail(None, place, f"{value.text} is read"), assumption)
        judgement = Judgement("conditional" if assumption else "defect", "", taint)
        owner = function_of(node)
        name = owner.child_by_field_name("name") if owner is not None else None
        rule = RULES[concept]
        self._checker.add(
            rule, (self._source, pos_of(node)), code, text_of(name) if name is not None else "", "", judgement
        )
