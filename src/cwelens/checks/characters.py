"""Characters: why a hole is harmless by what it can hold, in the context where it stands in a text.

The characters that do harm depend on where a hole stands: inside quotes only the quote can end the string; at the start of a URL the
host is chosen, behind a fixed host it is not.

Each function gives the reason, or an empty text where the hole is not harmless.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from cwelens.base import chars as ch
from cwelens.checks import request_headers
from cwelens.flow.path_values import JOIN
from cwelens.flow.strings import DOUBLED
from cwelens.flow.values import Opaque, Taint

SHELL = ch.of(";&|`$()<>\n\r\"'\\*?[]{}~!#\t ")
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


def _sql_special(taint: Taint, hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    """What is escaped for the inside of quotes is safe there, and nowhere else: a number needs no quote to go on."""
    why = taint.safe.get("sql.string", "")
    return why if why and quote_at(before(parts, index), "'\"`") in ("'", '"') else ""


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


def html_safe(context: str, text: str) -> tuple[str, ...]:
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
    after = parts[index + 1] if index + 1 < len(parts) else ""
    if isinstance(after, str) and after.startswith("@") and "=" not in before(parts, index):
        return "with `@` behind it, it is the name of an account at a domain, which has no parts"
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
    if not hole.chars & ~(ch.FLOAT | ch.of(" ")):
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


BY_CHARACTERS: dict[str, Callable[[Opaque, tuple[str | Opaque, ...], int], str]] = {
    "sql.text": _sql,
    "query.text": _sql,
    "shell.command": _shell,
    "shell.remote": _shell,
    "html.mail": _html,
    "html.document": _html,
    "process.program": _program,
    "path.file": _path,
    "path.probe": _path,
    "upload.save": _path,
    "url.request": _url,
    "url.redirect": _redirect,
    "html.body": _html,
    "html.declared": _html,
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
    plain = "redirect.backslash" in taint.safe or not hole.chars & ch.of("\\")
    if before(parts, index) == "/" and "redirect.slashes" in taint.safe and plain:
        return f"`/…` does not go on with another slash: {taint.safe['redirect.slashes']}"
    why = taint.safe.get("redirect.local")
    return f"it names no host: {why}" if why and not hole.chars & ch.of("\\") else ""


def _header_special(taint: Taint, hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    return request_headers.one_line(taint)


def _attribute_special(taint: Taint, hole: Opaque, parts: tuple[str | Opaque, ...], index: int) -> str:
    """Whoever sends a form names its fields; a body may have been read by a model that declares them."""
    return "" if taint.origin.concept in ("http.form", "http.query") else "its names may be declared"


BY_TAINT: dict[str, Callable[[Taint, Opaque, tuple[str | Opaque, ...], int], str]] = {
    "sql.text": _sql_special,
    "query.text": _sql_special,
    "log.message": _header_special,
    "attribute.name": _attribute_special,
    "header.value": _header_special,
    "header.name": _header_special,
    "path.file": _path_special,
    "path.probe": _path_special,
    "path.archive": _archive_special,
    "upload.save": _path_special,
    "url.redirect": _redirect_special,
    "nosql.query": _nosql_special,
}
