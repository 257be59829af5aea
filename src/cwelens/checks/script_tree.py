"""What the checks of scripts ask of a syntax tree: texts, positions, functions and what they declare."""

from __future__ import annotations

from typing import Any

Pos = tuple[int, int, int, int]


def walk(root: Any) -> list[Any]:
    out, stack = [], [root]
    while stack:
        node = stack.pop()
        out.append(node)
        stack.extend(reversed(node.named_children))
    return out


def text_of(node: Any) -> str:
    if node is None:
        return ""
    text: str = node.text.decode("utf-8", "replace")
    return text


def pos_of(node: Any) -> Pos:
    start, end = node.start_point, node.end_point
    return start[0] + 1, start[1], end[0] + 1, end[1]


def arguments(node: Any) -> list[Any]:
    given = node.child_by_field_name("arguments")
    return list(given.named_children) if given is not None and given.type == "arguments" else []


FUNCTIONS = ("function_declaration", "function_expression", "arrow_function", "method_definition")


def function_of(node: Any) -> Any:
    """The function around a node, None at the top."""
    node = node.parent
    while node is not None and node.type not in FUNCTIONS:
        node = node.parent
    return node


def scope_of(node: Any) -> int:
    function = function_of(node)
    return function.id if function is not None else 0


def owner_of(node: Any, declared: Any, cache: dict[int, frozenset[str]]) -> int:
    """The function whose name an assignment binds: the nearest one that declares it, else the top."""
    name = text_of(node)
    if node.parent is not None and node.parent.type in ("variable_declarator", "for_in_statement"):
        return scope_of(node)
    function = function_of(node)
    while function is not None:
        if declared(function.id, name) or name in locals_of(function, cache):
            return int(function.id)
        function = function_of(function)
    return 0


def locals_of(function: Any, cache: dict[int, frozenset[str]]) -> frozenset[str]:
    """The parameters of a function and the names that it declares."""
    known = cache.get(function.id)
    if known is not None:
        return known
    names: set[str] = set()
    parameters = function.child_by_field_name("parameters") or function.child_by_field_name("parameter")
    if parameters is not None:
        names |= {text_of(n) for n in walk(parameters) if n.type == "identifier"}
    for node in walk(function):
        if node.type == "variable_declarator" and scope_of(node) == function.id:
            names.add(text_of(node.child_by_field_name("name")))
    out = frozenset(names)
    cache[function.id] = out
    return out


def is_jquery(node: Any, known: set[str]) -> bool:
    """Whether an expression is an object of jQuery: a call of it, a chain on one, or a name for one."""
    while node is not None:
        if node.type == "identifier":
            name = text_of(node)
            return name.startswith("$") or name in known
        if node.type == "call_expression":
            node = node.child_by_field_name("function")
            if text_of(node) in ("$", "jQuery"):
                return True
        elif node.type == "member_expression":
            node = node.child_by_field_name("object")
        else:
            return False
    return False


def class_of(node: Any) -> int:
    """The class around a node, -1 where there is none: what `this` shares its fields with."""
    while node is not None and node.type != "class_body":
        node = node.parent
    return int(node.id) if node is not None else -1


def asks_origin(function: Any) -> bool:
    """Whether a handler of messages looks at where they come from."""
    return any(
        node.type == "member_expression"
        and text_of(node.child_by_field_name("property")) in ("origin", "source")
        for node in walk(function)
    ) or any(
        n.type == "shorthand_property_identifier_pattern" and text_of(n) == "origin" for n in walk(function)
    )
