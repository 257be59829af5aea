"""What Django Ninja asks before an operation: `auth=` of the operation, else of its router, else of the API."""

from __future__ import annotations

from cwelens.app.evaluate import text_of
from cwelens.app.routing.found import Found, keyword
from cwelens.app.values import Guard
from cwelens.ir import nodes as ir
from cwelens.ir.walk import dotted, walk
from cwelens.resolve.outcome import symbol_of
from cwelens.resolve.symbols import Binding, External, ModuleInfo, Symbol

_MADE = ("ninja.Router", "ninja.NinjaAPI", "ninja.router.Router", "ninja.main.NinjaAPI")
# The ways that rest on the session a browser keeps; the others take a key that a client has to send.
_BY_SESSION = ("django_auth", "django_auth_superuser", "django_auth_is_staff")


def asked(found: Found, module: ModuleInfo, call: ir.Call, registrar: Symbol | None) -> tuple[Guard, ...]:
    """The guards of an operation that a decorator of a router or an API registers; none where it is of another library."""
    made = registrar.value if isinstance(registrar, Binding) else None
    if not isinstance(made, ir.Call) or not isinstance(registrar, Binding) or not _is_ninja(found, registrar):
        return ()
    own = keyword(call, "auth")
    if own is not None:
        return _guards(module, own)
    given = keyword(made, "auth")
    if given is not None:
        return _guards(registrar.module, given)
    for other in found.know.modules:
        if "NinjaAPI(" not in other.source.text:
            continue
        for node in other.nodes:
            if isinstance(node, ir.Call) and (dotted(node.func) or "").rpartition(".")[2] == "NinjaAPI":
                given = keyword(node, "auth")
                if given is not None:
                    return _guards(other, given)
    return ()


def _is_ninja(found: Found, registrar: Binding) -> bool:
    assert isinstance(registrar.value, ir.Call)
    made = symbol_of(found.know.program.resolve_expr(registrar.module, registrar.where, registrar.value.func))
    return isinstance(made, External) and made.qualname in _MADE


def _guards(module: ModuleInfo, node: ir.Expr) -> tuple[Guard, ...]:
    if isinstance(node, ir.Const) and not node.value:
        return ()
    spot = (module.source, node.pos)
    text = f"auth={text_of(module, node)}"
    named = {
        (dotted(part) or "").rpartition(".")[2] for part in walk(node) if isinstance(part, ir.Name | ir.Attr)
    }
    # Where a cookie is what tells who is asking, Ninja asks for the token against forged requests by itself.
    kinds = ["login", "csrf"] if named & set(_BY_SESSION) else ["login", "token"]
    if named & {"django_auth_superuser", "django_auth_is_staff"}:
        kinds.append("role")
    return tuple(Guard(kind, text, spot, "decorator") for kind in kinds)
