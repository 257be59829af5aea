"""Cross-site scripting inside the browser (CWE-79): script that writes what it did not make into its page as markup or code.

Names are followed inside one script, through its functions and callbacks. Who makes a link chooses what stands in the address of the
page, so that is untrusted; what a server answers or a visitor types is so only if somebody else can have written it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from cwelens.checks.judgement import Judgement
from cwelens.checks.rules import RULES
from cwelens.flow.values import Origin, Taint, Trail
from cwelens.syntax import javascript

if TYPE_CHECKING:
    from cwelens.base.source import Source
    from cwelens.checks.checker import Checker

# Where the address of the page is read, and what else another site decides.
_ADDRESS = re.compile(
    r"^(?:(?:window|document|self|top|parent|this)\.)*(?:location(?:\.(?:hash|search|href|pathname))?|document\.(?:URL|documentURI|baseURI|referrer)|"
    r"URL|documentURI|referrer|window\.name)$"
)
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
_ROUNDS = 4
Pos = tuple[int, int, int, int]


class Data(NamedTuple):
    """What a value holds: where that was read, what it is, whether it is untrusted for certain, and whether markup was put around it."""

    pos: Pos
    text: str
    certain: bool
    composed: bool = False


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
        self._jquery: set[str] = set()
        self._locals: dict[int, frozenset[str]] = {}

    def run(self) -> None:
        nodes = list(_walk(self._root))
        for node in nodes:
            if node.type == "function_declaration":
                self._functions[_text(node.child_by_field_name("name"))] = node
            elif node.type == "variable_declarator":
                value = node.child_by_field_name("value")
                name = _text(node.child_by_field_name("name"))
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

    # What names hold

    def _learn(self, node: Any) -> None:
        kind = node.type
        if kind in ("variable_declarator", "assignment_expression", "augmented_assignment_expression"):
            left = node.child_by_field_name("name" if kind == "variable_declarator" else "left")
            right = node.child_by_field_name("value" if kind == "variable_declarator" else "right")
            if right is None or left is None:
                return
            if right.type == "call_expression" and _text(right.child_by_field_name("function")) in (
                "$",
                "jQuery",
            ):
                self._jquery.add(_text(left))
            self._bind(left, self._value(right))
        elif kind == "for_in_statement":
            self._bind(node.child_by_field_name("left"), self._value(node.child_by_field_name("right")))
        elif kind == "call_expression":
            self._called(node)
        elif kind == "return_statement" and node.named_child_count:
            value = self._value(node.named_children[0])
            owner = _function(node)
            if value is not None and owner is not None:
                self._returns.setdefault(owner.id, value)

    def _bind(self, left: Any, value: Data | None) -> None:
        if value is None or left is None:
            return
        if left.type == "identifier":
            self._names.setdefault((_owner(left, self._declared, self._locals), _text(left)), value)
        elif left.type in ("object_pattern", "array_pattern"):
            for part in left.named_children:
                name = part.child_by_field_name("value") or part
                if name.type in ("identifier", "shorthand_property_identifier_pattern"):
                    self._names.setdefault((_scope(left), _text(name)), value)

    def _declared(self, scope: int, name: str) -> bool:
        return (scope, name) in self._names

    def _called(self, node: Any) -> None:
        """Callbacks receive what a request gave; functions of the script receive their arguments."""
        callee = node.child_by_field_name("function")
        name = _text(callee)
        args = _arguments(node)
        if _REQUESTS.match(name):
            answer = Data(_pos(node), f"the answer to `{name}`", False)
            for arg in args:
                self._pass(arg, [answer])
                if arg.type == "object":
                    for pair in arg.named_children:
                        key = _text(pair.child_by_field_name("key") or pair.child_by_field_name("name"))
                        if key in ("success", "complete"):
                            self._pass(pair.child_by_field_name("value") or pair, [answer])
        elif callee.type == "member_expression":
            member = _text(callee.child_by_field_name("property"))
            if member in ("then", "done", "forEach", "map", "each", "always"):
                base = self._value(callee.child_by_field_name("object"))
                if base is not None and args:
                    self._pass(args[0], [base, base] if member == "each" else [base])
            elif member == "each" or name in ("$.each", "jQuery.each"):
                self._each(args)
            if name in ("$.each", "jQuery.each"):
                self._each(args)
            if member == "addEventListener" and len(args) > 1 and _text(args[0]).strip("\"'") == "message":
                event = Data(_pos(node), "a message of another window", True)
                self._pass(args[1], [event])
        elif callee.type == "identifier" and name in self._functions:
            self._pass(self._functions[name], [self._value(arg) for arg in args])

    def _each(self, args: list[Any]) -> None:
        if len(args) > 1:
            value = self._value(args[0])
            self._pass(args[1], [value, value])

    def _pass(self, function: Any, values: list[Data | None]) -> None:
        if function is not None and function.type == "identifier":
            function = self._functions.get(_text(function))
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
                self._names.setdefault((function.id, _text(name)), value)
            elif name.type == "object_pattern":
                for part in name.named_children:
                    self._names.setdefault((function.id, _text(part)), value)
        body = function.child_by_field_name("body")
        if function.type == "arrow_function" and body is not None and body.type != "statement_block":
            value = self._value(body)
            if value is not None:
                self._returns.setdefault(function.id, value)

    # What expressions hold

    def _value(self, node: Any) -> Data | None:
        kind = node.type
        if kind == "identifier":
            return self._name(node)
        if kind == "member_expression":
            return self._member(node)
        if kind == "subscript_expression":
            return self._value(node.child_by_field_name("object"))
        if kind == "call_expression":
            return self._call(node)
        if kind == "new_expression":
            name = _text(node.child_by_field_name("constructor"))
            return self._first(_arguments(node)) if name in ("URLSearchParams", "URL", "String") else None
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
            return found._replace(composed=True) if found is not None and "<" in _text(node) else found
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
        name = _text(node)
        scope: Any = _function(node)
        while True:
            found = self._names.get((scope.id if scope is not None else 0, name))
            if found is not None:
                return found
            if scope is None:
                break
            if name in _locals(scope, self._locals):
                return None
            scope = _function(scope)
        return Data(_pos(node), f"`{name}`", True) if name == "location" else None

    def _member(self, node: Any) -> Data | None:
        text = _text(node)
        if _ADDRESS.match(text) and "." in text:
            return Data(_pos(node), f"`{text}`", True)
        name = _text(node.child_by_field_name("property"))
        if name in ("length", "size", "checked", "disabled", "id", "status"):
            return None
        if name in ("responseText", "responseXML", "response"):
            return Data(_pos(node), f"the answer `{text}`", False)
        base = node.child_by_field_name("object")
        return self._value(base)

    def _call(self, node: Any) -> Data | None:
        callee = node.child_by_field_name("function")
        name = _text(callee)
        args = _arguments(node)
        if name in _DECODING:
            return self._first(args)
        if _CLEANING.search(name.rpartition(".")[2]):
            return None
        if name in self._functions:
            return self._returns.get(self._functions[name].id)
        if _REQUESTS.match(name):
            return Data(_pos(node), f"the answer to `{name}`", False)
        if callee.type != "member_expression":
            return None
        member = _text(callee.child_by_field_name("property"))
        base = callee.child_by_field_name("object")
        if member == "val" and not args and _is_jquery(base, self._jquery):
            return Data(_pos(node), f"what is typed into `{_text(base)}`", False)
        if member in ("then", "done") and args:
            for arg in args[:1]:
                if arg.type in ("arrow_function", "function_expression") and arg.id in self._returns:
                    return self._returns[arg.id]
            return self._value(base)
        if member in ("replace", "replaceAll") and args and "<" in _text(args[0]):
            return None
        if member == "map" and args and args[0].id in self._returns:
            return self._returns[args[0].id]
        if member == "concat":
            return self._first([base, *args])
        return self._value(base) if member in _KEEPING else None

    def _binary(self, node: Any) -> Data | None:
        operator = _text(node.child_by_field_name("operator"))
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if operator in ("||", "??", "&&"):
            return self._first([left, right])
        if operator != "+":
            return None
        found = self._first([left, right])
        if found is None:
            return None
        markup = "<" in _text(left) or "<" in _text(right)
        return found._replace(composed=found.composed or markup)

    # Sinks

    def _sink(self, node: Any) -> None:
        if node.type in ("assignment_expression", "augmented_assignment_expression"):
            left = node.child_by_field_name("left")
            if left.type == "member_expression":
                member = _text(left.child_by_field_name("property"))
                if member in ("innerHTML", "outerHTML"):
                    self._report(node, _text(left), self._value(node.child_by_field_name("right")))
        elif node.type == "call_expression":
            self._call_sink(node)
        elif node.type == "new_expression" and _text(node.child_by_field_name("constructor")) == "Function":
            self._report(node, "new Function", self._first(_arguments(node)))

    def _call_sink(self, node: Any) -> None:
        callee = node.child_by_field_name("function")
        name = _text(callee)
        args = _arguments(node)
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
        elif name in ("document.write", "document.writeln"):
            self._report(node, name, self._first(args))
        elif callee.type == "member_expression":
            member = _text(callee.child_by_field_name("property"))
            base = callee.child_by_field_name("object")
            if member == "insertAdjacentHTML" and len(args) > 1:
                self._report(node, f"{_text(base)}.{member}"[-60:], self._value(args[1]))
            elif member in _JQUERY:
                value = self._first(args)
                # Elements have methods of the same names that take text for text.
                if value is not None and (_is_jquery(base, self._jquery) or member == "html"):
                    if member == "html" or value.composed:
                        self._report(node, f"{_text(base)}.{member}"[-60:], value)

    def _report(self, node: Any, code: str, value: Data | None) -> None:
        if value is None:
            return
        if not value.certain and not value.composed and code not in ("eval", "window.eval", "new Function"):
            # A whole answer that becomes a part of the page is the usual way to load a piece that the server has rendered.
            return
        place = (self._source, value.pos)
        origin = Origin("untrusted", "page.script", value.text, place)
        assumption = "" if value.certain else f"{value.text} can hold markup that somebody else wrote"
        taint = Taint(origin, {}, Trail(None, place, f"{value.text} is read"), assumption)
        judgement = Judgement("defect" if value.certain else "conditional", "", taint)
        owner = _function(node)
        name = owner.child_by_field_name("name") if owner is not None else None
        rule = RULES["page.script"]
        self._checker.add(
            rule, (self._source, _pos(node)), code, _text(name) if name is not None else "", "", judgement
        )


# The tree


def _walk(root: Any) -> list[Any]:
    out, stack = [], [root]
    while stack:
        node = stack.pop()
        out.append(node)
        stack.extend(reversed(node.named_children))
    return out


def _text(node: Any) -> str:
    if node is None:
        return ""
    text: str = node.text.decode("utf-8", "replace")
    return text


def _pos(node: Any) -> Pos:
    start, end = node.start_point, node.end_point
    return start[0] + 1, start[1], end[0] + 1, end[1]


def _arguments(node: Any) -> list[Any]:
    given = node.child_by_field_name("arguments")
    return list(given.named_children) if given is not None and given.type == "arguments" else []


_FUNCTIONS = ("function_declaration", "function_expression", "arrow_function", "method_definition")


def _function(node: Any) -> Any:
    """The function around a node, None at the top."""
    node = node.parent
    while node is not None and node.type not in _FUNCTIONS:
        node = node.parent
    return node


def _scope(node: Any) -> int:
    function = _function(node)
    return function.id if function is not None else 0


def _owner(node: Any, declared: Any, cache: dict[int, frozenset[str]]) -> int:
    """The function whose name an assignment binds: the nearest one that declares it, else the top."""
    name = _text(node)
    if node.parent is not None and node.parent.type in ("variable_declarator", "for_in_statement"):
        return _scope(node)
    function = _function(node)
    while function is not None:
        if declared(function.id, name) or name in _locals(function, cache):
            return int(function.id)
        function = _function(function)
    return 0


def _locals(function: Any, cache: dict[int, frozenset[str]]) -> frozenset[str]:
    """The parameters of a function and the names that it declares."""
    known = cache.get(function.id)
    if known is not None:
        return known
    names: set[str] = set()
    parameters = function.child_by_field_name("parameters") or function.child_by_field_name("parameter")
    if parameters is not None:
        names |= {_text(n) for n in _walk(parameters) if n.type == "identifier"}
    for node in _walk(function):
        if node.type == "variable_declarator" and _scope(node) == function.id:
            names.add(_text(node.child_by_field_name("name")))
    out = frozenset(names)
    cache[function.id] = out
    return out


def _is_jquery(node: Any, known: set[str]) -> bool:
    """Whether an expression is an object of jQuery: a call of it, a chain on one, or a name for one."""
    while node is not None:
        if node.type == "identifier":
            name = _text(node)
            return name.startswith("$") or name in known
        if node.type == "call_expression":
            node = node.child_by_field_name("function")
            if _text(node) in ("$", "jQuery"):
                return True
        elif node.type == "member_expression":
            node = node.child_by_field_name("object")
        else:
            return False
    return False
