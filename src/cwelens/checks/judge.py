"""Whether a value is dangerous where it arrives: every way it may be, every hole in its shape, against what the place can be hurt by.

The characters that do harm depend on where a hole stands: inside quotes only the quote can end the string; at the start of a URL the
host is chosen, behind a fixed host it is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from cwelens.base import chars as ch
from cwelens.checks import documents
from cwelens.flow import buffers
from cwelens.flow.attributes import JOIN
from cwelens.flow.contents import CONTENT
from cwelens.flow.declared import DECLARED
from cwelens.flow.state import Obj, State, deep_taints
from cwelens.flow.strings import DOUBLED
from cwelens.flow.values import Const, Method, Opaque, Ref, Taint, Text, Value, atom_chars, atom_taints

if TYPE_CHECKING:
    from cwelens.checks.rules import Rule

# How bad a judgement is; the worst of several counts.
RANK = {
    "defect": 9,
    "conditional": 8,
    "undecided": 6,
    "skipped": 6,
    "guarded": 5,
    "neutralised": 4,
    "parameterised": 3,
    "not untrusted": 2,
    "constant": 1,
}

SHELL = ch.of(";&|`$()<>\n\r\"'\\*?[]{}~!#\t ")
SQL_QUOTES = ch.of("'\"\\`")
SQL_BARE = ch.of("'\"\\;()=<>*/ \t\r\n,`#|&%@[]")
# Readers of headers and logs end a line at the line feed; a carriage return alone ends none.
LINE_BREAKS = ch.of("\n")
URL_HOST = ch.of(":/@.\\?#")
LDAP_FILTER = ch.of("*()\\\0")
LDAP_DN = ch.of(',+"\\<>;=')
FORMULA = ch.of("=+-@\t\r")
# A quoted attribute that is a link, at its start.
LINK = re.compile(r"""(?i)\b(?:href|src|action|formaction)\s*=\s*["']$""")
REGEX = ch.of("\\.^$*+?{}[]|()")
CODE = ch.ALL & ~ch.IDENTIFIER


class Judgement:
    """`kind` is a key of `RANK`; `reason` completes it; `taint` is what decides a defect or conditional one.

    `assumption` is what a conditional one rests on where no taint says it.
    """

    __slots__ = ("assumption", "kind", "reason", "taint")

    def __init__(self, kind: str, reason: str = "", taint: Taint | None = None, assumption: str = "") -> None:
        self.kind = kind
        self.reason = reason
        self.taint = taint
        self.assumption = assumption

    @property
    def rank(self) -> int:
        return RANK[self.kind]


def clearer(one: Judgement, two: Judgement) -> bool:
    """Whether, of two judgements that weigh the same, the first has the better evidence: the shorter way, else the one that is read first.

    Which one is met first depends on the order of files, and must not decide.
    """
    if one.rank != two.rank or one.taint is None or two.taint is None:
        return False
    first, second = one.taint.trail, two.taint.trail
    if first is None or second is None or first is second:
        return False
    if first.depth != second.depth:
        return first.depth < second.depth
    return _way(one.taint) < _way(two.taint)


def _way(taint: Taint) -> tuple[object, ...]:
    steps = taint.trail.steps() if taint.trail is not None else []
    ways = tuple((s.place[0].path, s.place[1], s.text) for s in steps)
    return ways, taint.origin.text, taint.origin.evidence, taint.assumption


def worst(judgements: list[Judgement]) -> Judgement:
    return max(judgements, key=lambda j: j.rank, default=Judgement("constant"))


def judge(rule: Rule, value: Value, st: State, depth: int = 0) -> Judgement:
    """The worst of all ways the value may be; `depth` is how far inside containers it was found."""
    return worst([_atom(rule, atom, st, depth) for atom in value.atoms])


def _atom(rule: Rule, atom: object, st: State, depth: int = 0) -> Judgement:
    if isinstance(atom, Const):
        return Judgement("constant")
    if isinstance(atom, Text):
        return _text(rule, atom)
    if isinstance(atom, Opaque):
        return _hole(rule, atom, (), 0, composed=False)
    if isinstance(atom, Method):
        hole = Opaque(None, atom_taints(atom), atom_chars(atom), atom.note, atom.name)
        return _hole(rule, hole, (), 0, composed=False)
    if isinstance(atom, Ref):
        obj = st.obj(atom.loc)
        if obj is not None and "path" in obj.items and obj.cls == "pathlib.Path":
            return judge(rule, obj.items["path"], st)
        if rule.concept in ("html.body",) and obj is not None and obj.kind in ("dict", "list"):
            return Judgement("neutralised", "sent as JSON")
        if rule.concept in ("header.name", "header.value") and obj is not None and obj.kind != "instance":
            return _headers(rule, obj, st)
        if rule.concept == "nosql.query" and obj is not None and obj.kind != "instance":
            return documents.query(rule, obj, st, _atom)
        if rule.concept == "prompt.instruction" and obj is not None and obj.kind != "instance":
            return _instructions(rule, obj, st)
        if obj is not None and obj.kind != "instance" and depth < 3:
            # Each thing it holds, so that what stands around a hole still counts.
            held = judge(rule, obj.everything(), st, depth + 1)
            return held if obj.keys is None else worst([held, judge(rule, obj.keys, st, depth + 1)])
        if obj is not None and rule.concept in _NAMED and buffers.content(obj) is not None:
            return Judgement("not untrusted", "a file in memory has no name")
        taints = deep_taints(Value((atom,)), st)
        return _hole(rule, Opaque(None, taints), (), 0, composed=False)
    return Judgement("not untrusted")


# Places that take the name of something, and some of them a file as well.
_NAMED = frozenset(("path.file", "path.probe", "url.request"))


def _instructions(rule: Rule, obj: Obj, st: State) -> Judgement:
    """Of the messages for a language model, those that are not the user's own words."""
    if obj.kind == "dict":
        role = obj.items.get("role")
        known = role.const() if role is not None else None
        if known is None or known.value not in ("system", "developer"):
            return Judgement("not untrusted", "it is a message of the user")
        content = obj.items.get("content")
        return judge(rule, content, st) if content is not None else Judgement("constant")
    refs = [part for part in obj.everything().atoms if isinstance(part, Ref)]
    return worst([_atom(rule, part, st) for part in refs])


def _headers(rule: Rule, headers: Obj, st: State) -> Judgement:
    """The names or the values of several headers: a dictionary, or a list of pairs."""
    names = rule.concept == "header.name"
    if headers.kind == "dict":
        if names:
            return judge(rule, headers.keys, st) if headers.keys is not None else Judgement("constant")
        return judge(rule, headers.everything(), st)
    found = []
    for atom in headers.everything().atoms:
        pair = st.obj(atom.loc) if isinstance(atom, Ref) else None
        if pair is not None and pair.kind in ("tuple", "list"):
            part = pair.items.get(0 if names else 1)
            found.append(judge(rule, part if part is not None else pair.everything(), st))
    return worst(found)


def _text(rule: Rule, atom: Text) -> Judgement:
    out = []
    for index, part in enumerate(atom.parts):
        if isinstance(part, Opaque):
            out.append(_hole(rule, part, atom.parts, index, composed=True))
    return worst(out)


def _hole(rule: Rule, hole: Opaque, parts: tuple[str | Opaque, ...], index: int, composed: bool) -> Judgement:
    danger = _DANGER.get(rule.concept)
    harmless = danger(hole, parts, index) if danger is not None else ""
    if harmless and hole.taints:
        return Judgement("neutralised", harmless)
    found: list[Judgement] = []
    for taint in hole.taints:
        found.append(_taint(rule, taint, hole, parts, index, composed))
    if not found:
        if hole.label:
            return Judgement("undecided", f"`{hole.label}` is not visible")
        return Judgement("not untrusted")
    return worst(found)


def _taint(
    rule: Rule, taint: Taint, hole: Opaque, parts: tuple[str | Opaque, ...], index: int, composed: bool
) -> Judgement:
    origin = taint.origin
    marked = rule.concept == "html.markup" and origin.concept == "stored"
    if origin.kind == "local" and rule.concept != "path.archive" and not marked:
        return Judgement("not untrusted", f"{origin.text}: not remote")
    if origin.kind in ("exception", "random", "secret"):
        return Judgement("not untrusted")
    safe_for = rule.safe_for
    if rule.concept in ("html.body", "html.markup"):
        text = before(parts, index)
        safe_for = _html_safe(html_context(text), text)
    for context in ("*", *safe_for):
        why = taint.safe.get(context)
        if why is not None:
            word = (
                "guarded"
                if " by " not in why and ("test" in why or "membership" in why or "equality" in why)
                else "neutralised"
            )
            return Judgement(word, why, taint)
    special = _SPECIAL.get(rule.concept)
    if special is not None:
        why = special(taint, hole, parts, index)
        if why:
            return Judgement("neutralised", why, taint)
    if rule.concept == "url.path":
        return _path_of_request(taint, hole, before(parts, index))
    if rule.concept == "url.redirect" and "redirect.local" in taint.safe and origin.kind == "untrusted":
        doubt = f"{taint.safe['redirect.local']} does not see a host where browsers do (`/\\host`)"
        return Judgement("conditional", "", taint.assuming(doubt))
    if origin.kind == "untrusted":
        return Judgement("conditional" if taint.assumption else "defect", "", taint)
    if origin.kind == "local" and marked:
        # To mark a text as safe says that it was escaped before it was stored, which nothing shows.
        return Judgement(
            "conditional", "", taint.assuming(f"{origin.text} was written by somebody untrusted")
        )
    if origin.kind == "local":
        # Who names an archive need not have made it.
        return Judgement("conditional", "", taint.assuming("the archive was made by somebody else"))
    if origin.kind == CONTENT and rule.concept == "deserialise":
        return Judgement("conditional", "", taint)
    if origin.kind == "param":
        if rule.concept in _OF_CALLERS and origin.concept != DECLARED:
            return Judgement("undecided", f"it is {origin.text}: its caller decides", taint)
        if rule.whole_parameter or origin.concept == DECLARED or (composed and not _is_base(rule, index)):
            return Judgement("conditional", "", taint)
        return Judgement("undecided", f"it is {origin.text}, whole: its caller decides", taint)
    return Judgement("undecided", origin.text, taint)


# Nearly every function logs what it is given: that somebody could pass a line break is no question worth asking of each.
_OF_CALLERS = frozenset(("log.message", "resource.amount", "memory.size", "data.compressed"))
# What begins with a parameter leads where the caller wants: a directory to join to, an address to extend.
_BASED = frozenset(("path.file", "path.probe", "upload.save", "url.request", "url.redirect"))


def _is_base(rule: Rule, index: int) -> bool:
    return index == 0 and rule.concept in _BASED


# Characters: each gives the reason why a hole is harmless by what it can hold, or "".


def _only(hole: Opaque, mask: int, what: str) -> str:
    return "" if hole.chars & mask else f"it can hold {ch.describe(hole.chars)}, {what}"


def before(parts: tuple[str | Opaque, ...], index: int) -> str:
    """The literal text in front of a hole, holes in between shown as \\x01."""
    return "".join(p if isinstance(p, str) else "\x01" for p in parts[:index])


def quote_at(text: str, quotes: str = "'\"") -> str:
    """The quote that is open at the end of a text, or ""."""
    open_quote = ""
    skip = False
    for char in text:
        if skip:
            skip = False
        elif char == "\\" and open_quote:
            skip = True
        elif open_quote:
            if char == open_quote:
                open_quote = ""
        elif char in quotes:
            open_quote = char
    return open_quote


def _quoted(hole: Opaque, parts: tuple[str | Opaque, ...], index: int, quote: str) -> str:
    """Between quotes a backslash could only take the closing one away: that matters where another hole follows."""
    more = any(isinstance(p, Opaque) for p in parts[index + 1 :])
    return _only(hole, ch.of(quote + ("\\" if more else "")), "and cannot end the quoted string")


def _sql(hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    quote = quote_at(before(parts, index), "'\"`")
    if quote:
        if hole.taints and all(DOUBLED[quote] in t.safe for t in hole.taints):
            return "its quotes are doubled inside a quoted string"
        return _quoted(hole, parts, index, quote)
    return _only(hole, SQL_BARE, "which cannot change the statement")


def _shell(hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    return _only(hole, SHELL, "which a shell takes literally")


def _program(hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    """A program's path with a space in it is no path that anybody means: the words after it are arguments, read by no shell."""
    return (
        "the program is fixed by what stands before it" if " " in before(parts, index).strip("\x01") else ""
    )


def _path(hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    if not hole.chars & ch.of("/\\"):
        return "it can hold no path separator"
    text = before(parts, index)
    if not hole.chars & ch.of(".") and text and not text.endswith(("\0", JOIN)):
        return "it can hold no `..`"
    return ""


def _path_special(taint: Taint, hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    text = before(parts, index)
    dots = taint.safe.get("path.dots") or taint.safe.get("path.dotslash")
    if dots:
        joined = text.endswith(("\0", JOIN)) or not text
        if not joined or "path.absolute" in taint.safe or not hole.chars & ch.of("/"):
            return f"`..` is refused by {dots}"
    return ""


def _archive_special(taint: Taint, hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    """The names of all members were tested: none is absolute and none has `..`."""
    dots = taint.safe.get("path.dots") or taint.safe.get("path.dotslash")
    return f"the members' names were tested: {dots}" if dots and "path.absolute" in taint.safe else ""


def _url(hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    """Behind a scheme and a host that ends (with `/`, `?` or `#`) a hole cannot choose the host any more."""
    text = before(parts, index)
    rest = text.partition("://")[2] if "://" in text else text
    if any(c in rest.lstrip("/") for c in "/?#") and text.strip("\x01"):
        return "the host is fixed by what stands before it"
    if text.startswith("\x01") and ("/" in text or "?" in text):
        return "the host is fixed by what stands before it"
    if not hole.chars & URL_HOST:
        return "it cannot hold a host"
    return ""


def _path_of_request(taint: Taint, hole: Opaque, text: str) -> Judgement:
    """The host is fixed and the path is not: what else that host answers can be asked for, if it answers this server at all."""
    if "?" in text or "#" in text or ch.of("/?#") & ~hole.chars:
        return Judgement("neutralised", "it cannot leave its place in the path", taint)
    if taint.origin.kind != "untrusted" or "path.dots" in taint.safe:
        return Judgement("not untrusted")
    return Judgement(
        "conditional", "", taint.assuming("the host answers more than what this path is meant for")
    )


def _redirect(hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    text = before(parts, index)
    if text.startswith("/") and len(text) > 1 and text[1] not in "/\\\x01":
        return "the target is local: fixed text stands before it"
    if text == "/" and not hole.chars & ch.of("/\\"):
        return "the target is local: fixed text stands before it"
    if text and not text.startswith("/"):
        if ("://" not in text and text[0] in "?#") or (text.startswith("\x01") and len(text) > 1):
            return "the target is local: fixed text stands before it"
        return _url(hole, parts, index)
    if not hole.chars & ch.of(":/\\"):
        return "it can hold no scheme and no host"
    return ""


def html_context(text: str) -> str:
    """Where in HTML the end of a text stands: text, attribute (with its quote), tag, script or comment."""
    lowered = text.lower()
    if lowered.rfind("<script") > lowered.rfind("</script"):
        tag_end = lowered.find(">", lowered.rfind("<script"))
        if tag_end >= 0:
            return "script"
    opened = text.rfind("<")
    if opened < 0 or text.rfind(">") > opened:
        return "text"
    quote = quote_at(text[opened:])
    return f"attribute {quote}" if quote else "tag"


def _html(hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    context = html_context(before(parts, index))
    if context == "text":
        return _only(hole, ch.of("<"), "so no tag")
    if context.startswith("attribute"):
        return _only(hole, ch.of(context[-1]), "and cannot end the attribute")
    return _only(hole, ch.ALL & ~ch.IDENTIFIER, "which cannot leave its place")


def _html_safe(context: str, text: str) -> tuple[str, ...]:
    """The contexts that make a value harmless where the end of an HTML text stands.

    Escaping is good for text and quoted attributes; it closes neither an attribute without quotes nor stops `javascript:` at the
    start of a link.
    """
    if context == "tag":
        return ("html.attribute",)
    if context == "script":
        return (
            ("html", "html.script") if quote_at(text[text.lower().rfind("<script") :]) else ("html.script",)
        )
    if context.startswith("attribute") and LINK.search(text):
        return ("html.url", "url", "redirect", "html.script")
    return ("html",)


def _lines(hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    return _only(hole, LINE_BREAKS, "so no line break")


def _xpath(hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    quote = quote_at(before(parts, index))
    if quote:
        return _only(hole, ch.of(quote), "and cannot end the quoted string")
    return _only(hole, ch.ALL & ~ch.ALNUM, "which cannot change the expression")


def _ldap(hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    escaped = hole.taints and all("ldap.backslash" in t.safe for t in hole.taints)
    mask = LDAP_FILTER & ~ch.of("\\") if escaped else LDAP_FILTER
    return _only(hole, mask, "which has no meaning in a filter")


def _dn(hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    return _only(hole, LDAP_DN, "which has no meaning in a name")


def _regex(hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    return _only(hole, REGEX, "which a pattern takes literally")


def _code(hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    quote = quote_at(before(parts, index))
    if quote:
        return _quoted(hole, parts, index, quote)
    return _only(hole, CODE & ~ch.of(".-+ "), "so only a name or a number")


def _template(hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    return _only(hole, ch.of("{"), "so no expression")


def _argv(hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    if index > 0:
        return "it does not begin the argument"
    if not hole.chars & ~ch.FLOAT:
        return "a number is no option"
    return _only(hole, ch.of("-"), "so no option")


def _tested(hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    return _only(hole, ch.ALL & ~ch.IDENTIFIER & ~ch.FLOAT, "so it was converted or tested")


def _words(hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    """Every format that makes objects needs a mark for them: `!`, a line break, a bracket, a byte that is no letter."""
    return _only(hole, ch.ALL & ~ch.ALNUM & ~ch.of("_-"), "which names no object")


def _xml(hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    return _only(hole, ch.of("<"), "so no entity declaration")


def _cell(hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    if before(parts, index).strip("\x01"):
        return "it does not begin the cell"
    if hole.type in _NUMBERS:
        return "it is a number"
    return _only(hole, FORMULA, "so no formula")


_DANGER: dict[str, Callable[[Opaque, tuple[str | Opaque, ...], int], str]] = {
    "sql.text": _sql,
    "query.text": _sql,
    "shell.command": _shell,
    "shell.remote": _shell,
    "html.mail": _html,
    "process.program": _program,
    "path.file": _path,
    "path.probe": _path,
    "upload.save": _path,
    "url.request": _url,
    "url.redirect": _redirect,
    "html.body": _html,
    "html.markup": _html,
    "log.message": _lines,
    "header.value": _lines,
    "header.name": _lines,
    "cookie.value": _lines,
    "email.header": _lines,
    "csv.cell": _cell,
    "xpath.expression": _xpath,
    "ldap.filter": _ldap,
    "ldap.dn": _dn,
    "regex.pattern": _regex,
    "code.python": _code,
    "nosql.code": _code,
    "template.text": _template,
    "format.string": _template,
    "process.argv": _argv,
    "session.value": _tested,
    "deserialise": _words,
    "xml.document": _xml,
    "xml.bomb": _xml,
}


def _nosql_special(taint: Taint, hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    """An operator needs a dictionary; a string is compared as it is."""
    return "a text holds no operators" if hole.type in _PLAIN or parts else ""


_NUMBERS = frozenset(("builtins.int", "builtins.float", "decimal.Decimal"))
_PLAIN = frozenset(f"builtins.{name}" for name in ("str", "bytes", "int", "float", "bool"))


def _redirect_special(taint: Taint, hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    """What leads back to this site: the address that was asked for, and one without a host that a browser cannot read otherwise."""
    if taint.origin.concept == "http.url":
        # Only its host could be forged, and not by a link.
        return "it is the address of the request itself"
    if before(parts, index) == "/" and "redirect.slashes" in taint.safe:
        return f"`/…` does not go on with another slash: {taint.safe['redirect.slashes']}"
    why = taint.safe.get("redirect.local")
    return f"it names no host: {why}" if why and not hole.chars & ch.of("\\") else ""


_SPECIAL: dict[str, Callable[[Taint, Opaque, tuple[str | Opaque, ...], int], str]] = {
    "path.file": _path_special,
    "path.probe": _path_special,
    "path.archive": _archive_special,
    "upload.save": _path_special,
    "url.redirect": _redirect_special,
    "nosql.query": _nosql_special,
}
