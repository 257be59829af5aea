"""Whether an expression that untrusted text meets can run away (CWE-1333): decided by its structure, for patterns that are known."""

from __future__ import annotations

from functools import lru_cache

from cwelens.base.regex.redos import Blowup, Undecided, analyse
from cwelens.checks.judgement import Judgement
from cwelens.flow import assign, scopes
from cwelens.flow.run import CallSite
from cwelens.flow.sizes import BOUNDED
from cwelens.flow.values import Const, Place, Value

AMBIGUOUS = "a part of the expression can read the same text in exponentially many ways"
GROWS = (
    "the expression comes to need what follows: nothing stands behind its ambiguous part yet that could fail"
)
_METHODS = frozenset(("match", "fullmatch"))


def subject(site: CallSite, judgement: Judgement) -> Judgement:
    """The judgement on the text that an expression is applied to, given whether it is untrusted."""
    if judgement.kind not in ("defect", "conditional", "undecided"):
        return judgement
    pattern, flags = _pattern(site)
    if pattern is None:
        return Judgement("undecided", "the expression is not known", judgement.taint)
    last = site.name.rpartition(".")[2]
    method = last if last in _METHODS else "search"
    slow, why = growth(pattern, flags, method, judgement.kind == "defect")
    if slow:
        kind = judgement.kind
        taint = judgement.taint
        if taint is not None and BOUNDED in taint.safe and not exponential(pattern, flags, method):
            return Judgement("guarded", f"{taint.safe[BOUNDED]}: the text is not long enough", taint)
        if taint is not None and taint.origin.concept in _SHORT and _is_quadratic(pattern, flags, method):
            return Judgement("neutralised", "servers take headers of some kilobytes at most", taint)
        if kind == "defect" and taint is not None and taint.origin.concept in _ADDRESS:
            if _is_quadratic(pattern, flags, method):
                return Judgement("conditional", why, taint.assuming(LONG))
        if kind == "undecided" and taint is not None and taint.origin.kind == "param":
            # A text that arrives whole is what an expression is written for: an exponential one waits for the wrong text.
            kind = "conditional" if exponential(pattern, flags, method) else kind
        return Judgement(kind, why, taint)
    if slow is False and judgement.taint is not None and exponential(pattern, flags, "fullmatch"):
        if judgement.kind in ("defect", "conditional"):
            return Judgement("conditional", AMBIGUOUS, judgement.taint.assuming(GROWS))
    return Judgement("undecided" if slow is None else "neutralised", why, judgement.taint)


# What servers limit to a few kilobytes: a square of that is soon done.
_SHORT = frozenset(("http.header", "http.cookie"))
# What stands in an address, which many servers cut off as well.
_ADDRESS = frozenset(("http.query", "http.path", "http.url"))
LONG = "the server takes addresses of many kilobytes"


def _is_quadratic(pattern: str | bytes, flags: int, method: str) -> bool:
    found = _analysed(pattern, flags, method)
    return isinstance(found, Blowup) and found.kind == "polynomial" and (found.degree or 3) <= 2


# Where the flags stand among the positional arguments.
_FLAGS_AT = {
    "compile": 1,
    "match": 2,
    "fullmatch": 2,
    "search": 2,
    "findall": 2,
    "finditer": 2,
    "split": 3,
    "sub": 4,
    "subn": 4,
}


def _given(site: CallSite) -> tuple[Value | None, Value | None]:
    """The expression and the flags of a call, those of the compiled one for its methods."""
    if site.name.startswith(("re.Pattern.", "regex.Pattern.")):
        obj = scopes.frame_object(site.receiver, site.state) if site.receiver is not None else None
        if obj is None:
            return None, None
        return obj.items.get("pattern"), obj.items.get("flags")
    return site.args.get(0, "pattern"), site.args.get(_FLAGS_AT.get(site.name.rpartition(".")[2]), "flags")


def _pattern(site: CallSite) -> tuple[str | bytes | None, int]:
    given, flags = _given(site)
    constant = given.const() if given is not None else None
    if constant is None or not isinstance(constant.value, str | bytes):
        return None, 0
    number = assign.as_key(flags) if flags is not None else 0
    return constant.value, number if isinstance(number, int) else 0


def flags_of(site: CallSite) -> int | None:
    """The flags of a call, 0 where it has none, None where they are not known."""
    flags = _given(site)[1]
    number = assign.as_key(flags) if flags is not None else 0
    return number if isinstance(number, int) else None


def places_of(site: CallSite) -> list[Place]:
    """Where the literals stand that the expression of a call may be."""
    given = _given(site)[0]
    atoms = given.atoms if given is not None else ()
    return [a.place for a in atoms if isinstance(a, Const) and a.place is not None]


def exponential(pattern: str | bytes, flags: int, method: str) -> bool:
    """Whether time was seen to double with the length of the text."""
    found = _analysed(pattern, flags, method)
    return isinstance(found, Blowup) and found.confirmed and found.kind == "exponential"


def culprit(pattern: str | bytes, flags: int) -> tuple[str, int, int]:
    """Why an expression runs away, and where in it the part that does begins and ends; "" where it does not."""
    found = _analysed(pattern, flags, "search")
    if not isinstance(found, Blowup):
        return "", 0, 0
    return found.explanation, found.offset, found.offset + found.length


@lru_cache(maxsize=2048)
def _analysed(pattern: str | bytes, flags: int, method: str) -> Blowup | Undecided | None:
    try:
        return analyse(pattern, flags, method)
    except Undecided as error:
        return error


def growth(pattern: str | bytes, flags: int, method: str, sure: bool) -> tuple[bool | None, str]:
    """Whether time can grow out of proportion to the text (None: not decided), and the reason in words.

    `sure`: the text is untrusted for certain. Only then does it count that a search tries again at every offset, which is common
    and needs a long text to hurt.
    """
    found = _analysed(pattern, flags, method)
    if isinstance(found, Undecided):
        return None, str(found)
    if found is None:
        return False, "the expression takes time in proportion to the text"
    if not found.confirmed:
        return None, "whether the expression can run away could not be confirmed"
    if found.retry and not sure:
        return False, "the expression is at most retried at each offset of the text"
    return True, found.explanation
