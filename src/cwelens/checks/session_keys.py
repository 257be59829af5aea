"""What is kept in a session (CWE-501), by its key: of who somebody is and what they may do later code is sure.

What a page looks like it only shows. Under any other key of the program's own a visitor's data lies in the visitor's own session: that somebody
takes it for more is an assumption.
"""

from __future__ import annotations

from cwelens.app.words import is_identity_key, is_role, table, words
from cwelens.checks.judgement import Judgement
from cwelens.checks.names import is_preference
from cwelens.flow.run import CallSite
from cwelens.flow.values import Const, Opaque, Text, Value

# Where a visitor comes from and goes to, what they look for.
_OF_VISITOR = table(
    """next url uri redirect return back referer referrer origin from goto target query search filter filters order sort page per limit offset view
    columns selected tab step wizard form draft input state nonce csrf"""
)
# What later code takes as settled.
_SETTLED = table("verified paid price total amount balance discount quota tier plan level tenant")
# Words of what is done, beside which a name of an account is none: `payment_token`, `login_hint`.
_PASSING = table(
    "payment hint origin popup nonce hashes hash state next verification code cart csrf unlock provider consent card bank"
)


def settle(site: CallSite, judgement: Judgement) -> Judgement:
    """The judgement of `session[key] = value` where the key, or the text that it begins with, is the program's own."""
    if judgement.kind != "defect" or judgement.taint is None or not site.args.positional:
        return judgement
    name = _begins(site.args.positional[0])
    found = words(name)
    if not name or is_role(name) or found & _SETTLED:
        return judgement
    if found & _OF_VISITOR or is_preference(name):
        return Judgement("not untrusted", f"`{name}` is the visitor's own choice")
    if is_identity_key(name) and not found & _PASSING:
        return judgement
    doubt = f"later code takes what is kept under `{name}` for the program's own"
    return Judgement("conditional", "", judgement.taint.assuming(doubt))


def _begins(key: Value) -> str:
    """The text that a key begins with, by each way that it may be; the name of a constant that is not seen; "" where it is not known."""
    begun = []
    for atom in key.atoms:
        if isinstance(atom, Text) and isinstance(atom.parts[0], str):
            begun.append(atom.parts[0])
        elif isinstance(atom, Const) and isinstance(atom.value, str):
            begun.append(atom.value)
        elif isinstance(atom, Opaque) and (label := atom.label.rpartition(".")[2]).isupper():
            begun.append(label.lower())
        else:
            return ""
    return begun[0] if begun else ""
