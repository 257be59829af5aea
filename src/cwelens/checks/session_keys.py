"""What is kept in a session, by its key: of who somebody is and what they may do later code is sure; what a page looks like it only shows."""

from __future__ import annotations

from cwelens.app.words import is_identity_key, is_role, table, words
from cwelens.checks.judgement import Judgement
from cwelens.checks.names import is_preference
from cwelens.flow.run import CallSite
from cwelens.flow.values import NOTHING

# Where a visitor comes from and goes to, what they look for.
_OF_VISITOR = table(
    """next url uri redirect return back referer referrer origin from goto target query search filter filters order sort page per limit offset view
    columns selected tab step wizard form draft input state nonce csrf"""
)
# What later code takes as settled.
_SETTLED = table(
    "verified paid price total amount balance discount tenant organisation organization org quota tier plan level"
)


def settle(site: CallSite, judgement: Judgement) -> Judgement:
    """The judgement of `session[key] = value` where the key is a constant."""
    key = site.args.positional[0].const() if site.args.positional else None
    name = key.value if key is not None else NOTHING
    if not isinstance(name, str) or judgement.kind != "defect" or judgement.taint is None:
        return judgement
    found = words(name)
    if is_role(name) or found & _SETTLED:
        return judgement
    if found & _OF_VISITOR or is_preference(name):
        return Judgement("not untrusted", f"`{name}` is the visitor's own choice")
    if is_identity_key(name):
        return judgement
    doubt = f"later code takes what is kept under `{name}` for the program's own"
    return Judgement("conditional", "", judgement.taint.assuming(doubt))
