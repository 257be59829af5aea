"""`markdown.markdown(text, extensions=[…])`: markup of the text is let through, unless an extension of the program takes it out."""

from __future__ import annotations

from cwelens.flow.run import Args, Run
from cwelens.flow.state import State, deep_taints
from cwelens.flow.values import Opaque, Ref, Value
from cwelens.ir import nodes as ir
from cwelens.resolve.symbols import ClassInfo


def render(run: Run, node: ir.Expr, args: Args, st: State) -> Value:
    """The page's part that is made of a text; what an extension does is not followed, so that what it lets through is an assumption."""
    text = args.get(0, "text")
    taints = deep_taints(text, st) if text is not None else ()
    own = _own_extension(args.get(1, "extensions"), st)
    if own:
        taints = tuple(t.assuming(f"`{own}` lets markup of the text through") for t in taints)
    return Value((Opaque("builtins.str", taints),))


def _own_extension(extensions: Value | None, st: State) -> str:
    """The name of an extension that the program has written itself."""
    for atom in extensions.atoms if extensions is not None else ():
        listed = st.obj(atom.loc) if isinstance(atom, Ref) else None
        for part in listed.everything().atoms if listed is not None else ():
            obj = st.obj(part.loc) if isinstance(part, Ref) else None
            if obj is not None and isinstance(obj.cls, ClassInfo):
                return obj.cls.name
    return ""
