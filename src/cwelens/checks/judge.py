"""Whether a value is dangerous where it arrives: every way it may be, every hole in its shape, against what the place can be hurt by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cwelens.base import chars as ch
from cwelens.checks import characters, documents, request_headers
from cwelens.checks.judgement import Judgement, worst
from cwelens.flow import buffers
from cwelens.flow.contents import CONTENT
from cwelens.flow.declared import DECLARED
from cwelens.flow.state import Obj, State, deep_taints
from cwelens.flow.values import Const, Method, Opaque, Ref, Taint, Text, Value, atom_chars, atom_taints

if TYPE_CHECKING:
    from cwelens.checks.rules import Rule


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
        if obj is not None and obj.cls == "string.templatelib.Template" and "sql" in rule.safe_for:
            return Judgement(
                "neutralised", "a template string keeps its values apart, and the driver binds them"
            )
        if (
            rule.concept in ("html.body", "html.declared")
            and obj is not None
            and obj.kind in ("dict", "list")
        ):
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
        if obj is not None and rule.concept == "url.redirect" and obj.kind == "instance":
            return Judgement("not untrusted", "an object says itself where it is shown")
        if obj is not None and rule.concept in _NAMED and buffers.content(obj) is not None:
            return Judgement("not untrusted", "a file in memory has no name")
        taints = deep_taints(Value((atom,)), st)
        return _hole(rule, Opaque(None, taints), (), 0, composed=False)
    return Judgement("not untrusted")


# By PEP 8, what is written in capitals is set once by the program.
_CONSTANT = re.compile(r"^_?[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)*$")
# Places that take the name of something, and some of them a file as well.
_NAMED = frozenset(("path.file", "path.probe", "url.request"))
# Files that are open: what takes a path or a file reads them. `open` would refuse them.
_FILES = frozenset(
    (
        "werkzeug.datastructures.FileStorage",
        "django.core.files.uploadedfile.UploadedFile",
        "starlette.datastructures.UploadFile",
        "io.BytesIO",
        "io.TextIOWrapper",
        "io.BufferedReader",
        "tempfile.SpooledTemporaryFile",
    )
)


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
    if hole.type in _FILES and rule.concept in _NAMED and not composed:
        return Judgement("not untrusted", "it is a file, not the name of one")
    danger = characters.BY_CHARACTERS.get(rule.concept)
    harmless = danger(hole, parts, index) if danger is not None else ""
    if harmless and hole.taints:
        return Judgement("neutralised", harmless)
    found: list[Judgement] = []
    for taint in hole.taints:
        found.append(_taint(rule, taint, hole, parts, index, composed))
    if not found:
        if _CONSTANT.match(hole.label.rpartition(".")[2]):
            return Judgement("constant", f"`{hole.label}` is a constant by its name")
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
    given = request_headers.of_server(taint)
    if given:
        return Judgement("not untrusted", given)
    safe_for = rule.safe_for
    if rule.concept in ("html.body", "html.declared", "html.markup"):
        text = characters.before(parts, index)
        safe_for = characters.html_safe(characters.html_context(text), text)
    for context in ("*", *safe_for):
        why = taint.safe.get(context)
        if why is not None:
            word = (
                "guarded"
                if " by " not in why and ("test" in why or "membership" in why or "equality" in why)
                else "neutralised"
            )
            return Judgement(word, why, taint)
    special = characters.BY_TAINT.get(rule.concept)
    if special is not None:
        why = special(taint, hole, parts, index)
        if why:
            return Judgement("neutralised", why, taint)
    if rule.concept in _OF_FILES and origin.kind == "untrusted" and not hole.chars & ch.of("/"):
        return Judgement("conditional", "", taint.assuming(ONE_NAME))
    if rule.concept == "url.path":
        return _path_of_request(taint, hole, characters.before(parts, index))
    if rule.concept == "url.redirect":
        why = request_headers.leads_back(taint)
        if why:
            return Judgement("neutralised", why, taint)
    if (
        rule.concept == "url.redirect"
        and origin.kind == "untrusted"
        and _OWN_PART.match(characters.before(parts, index))
    ):
        return Judgement(
            "conditional", "", taint.assuming("what stands between the first two slashes is empty")
        )
    if rule.concept == "url.redirect" and "redirect.local" in taint.safe and origin.kind == "untrusted":
        doubt = f"{taint.safe['redirect.local']} does not see a host where browsers do (`/\\host`)"
        return Judgement("conditional", "", taint.assuming(doubt))
    if origin.concept == "model.answer" and not (
        rule.concept in _RUN or (rule.concept == "sql.text" and not composed)
    ):
        return Judgement("not untrusted", f"{origin.text}: it is text to be shown")
    if origin.kind == "untrusted" and taint.assumption and rule.concept == "log.message":
        # That unknown code might let a line break through is no question worth asking of a log.
        return Judgement("undecided", taint.assumption, taint)
    if (
        rule.concept == "html.body"
        and not composed
        and hole.type is None
        and _GIVEN_BACK.search(taint.assumption)
    ):
        # What something unseen makes of its arguments is a response as often as a text: it sends what it wants to be sent.
        return Judgement("undecided", taint.assumption, taint)
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
    if origin.kind == CONTENT and rule.concept in ("deserialise", "code.python", "path.archive"):
        return Judgement("conditional", "", taint)
    if origin.kind == "param":
        if rule.concept in _OF_CALLERS and origin.concept != DECLARED:
            return Judgement("undecided", f"it is {origin.text}: its caller decides", taint)
        if (
            rule.whole_parameter
            or origin.concept == DECLARED
            or (composed and not _is_base(rule, taint, parts, index) and not _behind_base(rule, parts, index))
        ):
            return Judgement("conditional", "", taint)
        return Judgement("undecided", f"it is {origin.text}, whole: its caller decides", taint)
    return Judgement("undecided", origin.text, taint)


# `/` and a part of the program's own before the next slash (see `characters.before`).
_OWN_PART = re.compile("/\x01+/")
_GIVEN_BACK = re.compile(r"gives back what it is given|does not neutralise what it is given")
_OF_FILES = frozenset(("path.file", "path.probe", "upload.save"))
# A part of an address holds no slash: it names an entry of the directory, or with `..` the directory above.
ONE_NAME = "the program runs on Windows, where `\\` separates directories too"

# Where an answer of a language model does what a stranger's text in its input asks for; a statement that it writes whole is another.
_RUN = frozenset(
    ("code.python", "shell.command", "process.program", "template.text", "deserialise", "nosql.code")
)
# Nearly every function logs what it is given, and helpers take the name of a field: that somebody could pass a line break or another name
# is no question worth asking of each.
_OF_CALLERS = frozenset(("log.message", "resource.amount", "memory.size", "data.compressed", "query.field"))
# What begins with a parameter leads where the caller wants: a directory to join to, an address to extend.
_BASED = frozenset(("path.file", "path.probe", "upload.save", "url.request", "url.redirect"))


def _is_base(rule: Rule, taint: Taint, parts: tuple[str | Opaque, ...], index: int) -> bool:
    """Whether a parameter is where a path or address begins: then what else comes of it (the files in a directory) adds no choice."""
    if rule.concept not in _BASED:
        return False
    first = parts[0] if parts else None
    return index == 0 or (
        isinstance(first, Opaque) and any(t.origin.key == taint.origin.key for t in first.taints)
    )


def _behind_base(rule: Rule, parts: tuple[str | Opaque, ...], index: int) -> bool:
    """Whether a parameter is put behind an address of the program's own (`self.base_url + path`), which nearly always ends its host."""
    first = parts[0] if parts else None
    return rule.concept == "url.request" and index > 0 and isinstance(first, Opaque) and not first.taints


def _path_of_request(taint: Taint, hole: Opaque, text: str) -> Judgement:
    """The host is fixed and the path is not: what else that host answers can be asked for, if it answers this server at all.

    Behind `?` or `&` stand not the value but the names of parameters: all that is asked for is chosen.
    """
    known = taint.origin.kind == "untrusted" or taint.origin.concept == DECLARED
    if text.endswith(("?", "&")) and "#" not in text and not ch.of("=&") & ~hole.chars:
        if not known:
            return Judgement("not untrusted")
        return Judgement(
            "conditional", "", taint.assuming("the host answers to parameters that are not meant for clients")
        )
    if "?" in text or "#" in text or ch.of("/?#") & ~hole.chars:
        return Judgement("neutralised", "it cannot leave its place in the path", taint)
    if not known or "path.dots" in taint.safe:
        return Judgement("not untrusted")
    return Judgement(
        "conditional", "", taint.assuming("the host answers more than what this path is meant for")
    )
