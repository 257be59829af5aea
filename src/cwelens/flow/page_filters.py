"""What the filters of Jinja and Django make of a value, as far as a browser is concerned."""

from __future__ import annotations

from cwelens.base import chars as ch
from cwelens.flow import strings
from cwelens.flow.state import State, deep_taints
from cwelens.flow.values import INT, Opaque, Taint, Taints, Value, atom_chars, join, make, opaque, taints_of

# The contexts that page filters make a value safe for, beside those of the models.
ESCAPED, JSON, JS_STRING = "html", "html.script", "page.string"
CLEANING = ("sanit", "clean", "bleach", "strip_tags", "purify", "slug", "escape")
_NUMBERS = frozenset(
    [
        "length",
        "count",
        "wordcount",
        "int",
        "float",
        "round",
        "abs",
        "sum",
        "filesizeformat",
        "length_is",
        "floatformat",
        "intcomma",
        "divisibleby",
    ]
)
_PLAIN = frozenset(
    ["date", "time", "timesince", "timeuntil", "naturaltime", "naturalday", "yesno", "pluralize", "strftime"]
)
_SAME = frozenset(
    [
        "safe",
        "safeseq",
        "list",
        "sort",
        "reverse",
        "unique",
        "select",
        "reject",
        "selectattr",
        "rejectattr",
        "batch",
        "slice",
        "dictsort",
    ]
)
_CARRYING = frozenset(
    [
        "upper",
        "lower",
        "title",
        "capitalize",
        "capfirst",
        "trim",
        "truncate",
        "truncatechars",
        "truncatewords",
        "replace",
        "center",
        "indent",
        "wordwrap",
        "string",
        "format",
        "striptags",
        "join",
        "map",
        "attr",
        "items",
        "groupby",
        "first",
        "last",
        "random",
        "linebreaks",
        "linebreaksbr",
        "urlize",
        "urlizetrunc",
        "nl2br",
        "cut",
        "ljust",
        "rjust",
        "addslashes",
        "stringformat",
        "wordbreak",
        "xmlattr",
        "iriencode",
        "pprint",
        "unordered_list",
        "truncatechars_html",
        "truncatewords_html",
    ]
)
_ELEMENT = frozenset(("first", "last", "random"))
_JSON_CHARS = ch.ALL & ~ch.of("<>&'")
_STRING_CHARS = ch.ALL & ~ch.of("<>&'\"\\`=;\n\r")
_QUOTED = ch.URL_QUOTED | ch.of("/")


def apply(name: str, value: Value, args: list[Value], st: State, custom: str) -> Value:
    """The value behind `|name`; `custom` is what to assume of a filter that is not the template language's own."""
    if name in _NUMBERS:
        return INT
    if name in _PLAIN:
        return opaque("builtins.str")
    if name in _SAME:
        return value
    if name in ("default", "d", "default_if_none", "add"):
        return join(value, args[0]) if args else value
    if name in ("e", "escape", "forceescape", "force_escape"):
        return _neutral(value, st, (ESCAPED,), name)
    if name == "tojson":
        return _neutral(value, st, (JSON,), name, _JSON_CHARS)
    if name == "json_script":
        return opaque("markupsafe.Markup")
    if name == "escapejs":
        return _neutral(value, st, (JS_STRING,), name, _STRING_CHARS)
    if name == "urlencode":
        return _neutral(value, st, (), name, _QUOTED)
    if name == "slugify":
        return _neutral(value, st, (), name, ch.IDENTIFIER | ch.of("-"))
    if name in _ELEMENT or name == "join":
        return Value((Opaque(None, deep_taints(value, st), label=_label(value)),))
    taints = deep_taints(value, st)
    for arg in args:
        taints = (*taints, *taints_of(arg))
    if name in _CARRYING:
        return Value((Opaque("builtins.str", taints, label=_label(value)),))
    if any(word in name.lower() for word in CLEANING):
        return opaque("builtins.str")
    return Value((Opaque(None, tuple(t.assuming(custom) for t in taints)),))


def _neutral(value: Value, st: State, contexts: tuple[str, ...], name: str, mask: int = ch.ALL) -> Value:
    atoms = []
    for atom in value.atoms:
        hole = strings.hole(atom, st)
        taints: Taints = tuple(_safe(t, contexts, name) for t in deep_taints(Value((atom,)), st))
        atoms.append(Opaque("builtins.str", taints, atom_chars(hole) & mask, hole.note, hole.label))
    return make(list(atoms))


def _safe(taint: Taint, contexts: tuple[str, ...], name: str) -> Taint:
    return taint.neutralised(contexts, f"the filter `{name}`") if contexts else taint


def _label(value: Value) -> str:
    return next((a.label for a in value.atoms if isinstance(a, Opaque) and a.label), "")
