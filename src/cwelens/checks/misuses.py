"""Misuse: calls that are wrong by how they are configured, whatever data they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cwelens.checks import debugging, escaping, hashing, names, opted, secret_sinks, unverified
from cwelens.checks.bodies import Body, last_name
from cwelens.checks.judgement import Judgement
from cwelens.checks.placing import conditions, deciding, literal_of
from cwelens.checks.record import earliest
from cwelens.checks.rules import RULES
from cwelens.flow.conditions import holds_all
from cwelens.flow.run import CallSite, Run
from cwelens.ir import nodes as ir

if TYPE_CHECKING:
    from cwelens.checks.checker import Checker


def decide(checker: Checker, run: Run, site: CallSite, row: Any, lookup: Any) -> None:
    """Records what the conditions of a misuse come to at a call."""
    rule = RULES.get(row.concept)
    if rule is None or row.concept == "random.weak":
        return
    verdict = holds_all(row, run, site.args, site.receiver, site.state, lookup)
    if row.concept in ("cookie.httponly", "cookie.samesite") and verdict is True and not _about_session(site):
        verdict = False
    if verdict is True and row.concept == "hash.weak":
        judgement = hashing.purpose(site)
        if judgement.kind != "neutralised" and hashing.looked_up(checker.body_of(run).nodes):
            judgement = Judgement("neutralised", hashing.ASKS)
    elif verdict is True and row.concept == "salt.static":
        judgement = secret_sinks.salted(checker, run, site)
    elif verdict is True and row.concept == "template.autoescape" and site.name.endswith("Environment"):
        judgement = escaping.engine(site)
    elif verdict is True and row.concept == "cookie.secure" and _of_preference(site):
        judgement = Judgement("neutralised", "by its name it holds how the page looks, which is no secret")
    elif verdict is True and row.concept == "cookie.secure" and not _about_session(site):
        judgement = Judgement("conditional", "", assumption="the cookie holds what others must not read")
    elif verdict is True and row.concept == "debug.on":
        judgement = debugging.mode(site, checker.body_of(run))
    elif verdict is True and row.concept == "bind.all" and _for_a_group(checker.body_of(run)):
        judgement = Judgement("neutralised", "what is sent to a group arrives at every interface")
    elif verdict is True and row.assume:
        judgement = Judgement("conditional", "", assumption=row.assume)
    elif verdict is True and row.concept == "jwt.unverified":
        judgement = unverified.judged(site)
    elif verdict is True:
        judgement = opted.judged(site.frame, site.node, row.concept)
    elif verdict is None:
        judgement = Judgement("undecided", "an argument that decides is not known")
    elif row.concept.startswith("secret.") and not any(
        site.args.at(c.port, site.receiver) for c in conditions(row)
    ):
        return  # no secret is handed over at all
    else:
        judgement = Judgement("neutralised", "its arguments are safe ones")
    record = checker.record(
        run, rule, site.place, site.written, judgement, row.library, site.note, row.concept
    )
    if verdict is True and record is not None:
        values = [v for c in conditions(row) for v in site.args.at(c.port, site.receiver)]
        record.literal = earliest(record.literal, literal_of(row.concept, values))
        decided = deciding(row, site.args, site.receiver, site.state)
        record.decided_by = earliest(record.decided_by, decided)


_GROUPS = frozenset(("IP_ADD_MEMBERSHIP", "IP_MULTICAST_TTL", "IP_MULTICAST_LOOP", "IPV6_JOIN_GROUP"))


def _for_a_group(body: Body) -> bool:
    """Whether a function joins a multicast group: discovery in the local network."""
    return any(isinstance(n, ir.Attr) and n.name in _GROUPS for n in body.nodes)


def _of_preference(site: CallSite) -> bool:
    """Whether a cookie is called after what a visitor likes: by a literal, or by a constant (`settings.LANGUAGE_COOKIE_NAME`)."""
    value = site.args.get(0, "key") or site.args.get(0, "name")
    known = value.const() if value is not None else None
    node = site.node.args[0] if isinstance(site.node, ir.Call) and site.node.args else None
    name = known.value if known is not None else last_name(node) if node is not None else ""
    if not isinstance(name, str) or names.for_security(name.lower().replace("cookie", "")):
        return False
    return site.name.rpartition(".")[2].startswith("set_") and names.is_look(name)


def _about_session(site: CallSite) -> bool:
    """Whether a cookie is one that a script has no business with: not a preference, and not the same for everybody."""
    if not site.name.rpartition(".")[2].startswith("set_"):
        return True  # the storage of a session
    value = site.args.get(0, "key") or site.args.get(0, "name")
    atom = value.const() if value is not None else None
    if atom is None or not isinstance(atom.value, str) or names.is_preference(atom.value):
        return False
    content = site.args.get(1, "value")
    return names.for_security(atom.value) or (content is not None and content.const() is None)
