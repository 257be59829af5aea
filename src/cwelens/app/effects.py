"""What calls of libraries mean for who may do what: logins, tokens, password checks, files, answers; known by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.app import records
from cwelens.app.frame import Frame, Walk
from cwelens.app.values import (
    CLIENT,
    COOKIE,
    CREDENTIAL,
    DIGEST,
    EMPTY,
    FRESH,
    IDENTITY,
    OWNER,
    ROLE,
    STORED,
    TOKEN,
    Entity,
    Guard,
    Val,
    mixed,
    text_of,
)
from cwelens.app.words import guard_kind, is_auth_name, is_password, is_role, table, words
from cwelens.ir import nodes as ir
from cwelens.ir.walk import walk as nodes_of
from cwelens.resolve.symbols import ClassInfo, External

if TYPE_CHECKING:
    from cwelens.app.calls import Arguments

_ABORT = table("abort exit _exit halt")
CHECKS = table("""check_password_hash checkpw verify verify_password check_password authenticate authenticate_user compare_digest verify_hash
    validate_password check_hash verify_and_update pbkdf2_verify""")
_DIGESTS = table("""md5 sha1 sha224 sha256 sha384 sha512 sha sha3_256 blake2b blake2s pbkdf2_hmac scrypt hashpw generate_password_hash make_password
    hexdigest digest hash hash_password get_password_hash encrypt""")
_FRESH = table("""now utcnow time today uuid4 uuid1 urandom token_hex token_urlsafe token_bytes randint choice choices getrandbits random
    monotonic timestamp dumps sign""")
_VERIFIED = table("""get_jwt_identity get_jwt get_raw_jwt get_jwt_claims verify_id_token decode_token authorized_userid verify_jwt get_current_user
    current_user get_user jwt_identity introspect_token verify_token decode_jwt""")
_RAISING = table(
    "verify_jwt_in_request check_authorized check_permission login_required verify_csrf_token jwt_required"
)
_LOGIN = table(
    "login_user login auth_login remember create_access_token create_refresh_token create_token generate_token encode_token create_session"
)
_DROPS = table("os.remove os.unlink os.rmdir shutil.rmtree os.removedirs")
_SENDS = table("send_from_directory send_file FileResponse static_file serve file_response")


def library(
    walk: Walk, frame: Frame, node: ir.Call, base: Val | None, callee: Val, name: str, args: Arguments
) -> Val | None:
    """The value of a library call that means something here, else None."""
    qualname = callee.ref.qualname if isinstance(callee.ref, External) else name
    first = args.first()
    if name in _ABORT and (base is None or isinstance(callee.ref, External)):
        walk.dead.add(id(node))
        return EMPTY
    if (
        name == "setattr"
        and len(args.positional) >= 3
        and args.positional[1].has(CLIENT)
        and not args.positional[1].known
    ):
        own = (
            frozenset((Entity("user", None, (("session", first),), frame.spot(node)),))
            if first.kind == "user"
            else first.entities
        )
        for entity in own:
            walk.event(frame, node, "mass", entity, value=args.positional[1])
        return EMPTY
    if name == "getattr" and len(args.positional) >= 2 and isinstance(args.positional[1].const, str):
        from cwelens.app.members import attribute

        return attribute(walk, frame, node, first, args.positional[1].const)
    if name in ("get_object_or_404", "get_list_or_404", "aget_object_or_404"):
        return records.looked_up(walk, frame, node, args, by_key=False)
    if name in ("get_or_404", "one_or_404", "first_or_404") and args.positional:
        # Flask-SQLAlchemy's `db.get_or_404(Model, key)` and `db.one_or_404(select(Model)…)`.
        return records.looked_up(walk, frame, node, args, by_key=name == "get_or_404")
    if name == "select" and args.positional:
        return records.selected(args.positional)
    if name in ("and_", "or_", "Q"):
        items: dict[str, Val] = {k.partition("__")[0]: v for k, v in args.named.items()}
        for part in args.positional:
            items.update(part.items or {})
        return mixed(args.all(), kind="predicate", items=items)
    if qualname in ("web.input", "web.data"):
        return Val(frozenset((CLIENT,)), kind="body")
    if qualname == "web.cookies":
        return Val(frozenset((CLIENT, COOKIE)), kind="cookies", name="cookies")
    if name == "get_session" and first.kind == "request":
        return Val(kind="session", name="session")
    if name == "new_session":
        walk.event(frame, node, "rotate", text=name)
        return Val(kind="session", name="session")
    made = _credentials(walk, frame, node, base, qualname, name, args)
    if made is not None:
        return made
    return _files(walk, frame, node, base, qualname, name, args) or _digests(
        walk, frame, node, base, qualname, name, args
    )


def _credentials(
    walk: Walk, frame: Frame, node: ir.Call, base: Val | None, qualname: str, name: str, args: Arguments
) -> Val | None:
    values = args.all()
    # Of a password alone `validate_password` asks whether it is a good one.
    if name in CHECKS and not (name == "validate_password" and base is None and len(values) == 1):
        sent = any(v.has(CLIENT) for v in values)
        for made in values:
            if sent and made.has(CLIENT, STORED) and is_password(made.name):
                walk.event(frame, node, "password-check", text="verify")
                return mixed([*values, *([base] if base is not None else [])]).tagged(CREDENTIAL)
    if name == "decode" and ("jwt" in qualname.lower() or "jose" in qualname.lower()):
        # What it says is who is asking: more than that a proof was handed in.
        kinds = ("login", "token", "cookie") if args.first().has(COOKIE) else ("login", "token")
        frame.guards += tuple(Guard(kind, f"{name}(…)", frame.spot(node), frame.scope) for kind in kinds)
        frame.tested |= {TOKEN, IDENTITY}
        return Val(frozenset((IDENTITY,)), name="token")
    if (
        name in ("loads", "unsign")
        and base is not None
        and ("serializer" in (base.name + base.type).lower() or "signer" in (base.name + base.type).lower())
    ):
        frame.guards += (Guard("token", f"{name}(…)", frame.spot(node), frame.scope),)
        return Val(frozenset((TOKEN, FRESH, IDENTITY)), name="token")
    if name == "encode" and ("jwt" in qualname.lower() or "jose" in qualname.lower()):
        payload = args.first()
        walk.event(frame, node, "token-issued", fields=payload.items, value=payload)
        return mixed(values).tagged(FRESH)
    if name == "check_token" and any(v.entities for v in values):
        # A token that was made for this account, handed in with the request.
        return mixed(values).tagged(TOKEN, OWNER)
    if name in _RAISING:
        role = "role" if name == "check_permission" else "login"
        frame.guards += (Guard(role, f"{name}()", frame.spot(node), frame.scope),)
        return Val(frozenset((IDENTITY,)))
    if name in _VERIFIED:
        return Val(frozenset((IDENTITY,)), name=name, kind="user")
    if name in _LOGIN and (base is None or name in ("login_user", "remember", "create_access_token")):
        if qualname.startswith("django.contrib.auth."):
            # Django gives the session a new key.
            walk.event(frame, node, "rotate", text=name)
        walk.event(frame, node, "login", text=f"{name}()", value=args.first())
        return mixed(values).tagged(FRESH)
    if name in ("set_cookie", "set_secure_cookie", "set_signed_cookie"):
        key = text_of(args.first())
        if key and is_auth_name(key):
            given = args.positional[1] if len(args.positional) > 1 else args.named.get("value", EMPTY)
            walk.event(frame, node, "cookie-login", text=key, value=given)
        return EMPTY
    if name in ("logout_user", "logout", "unset_jwt_cookies", "delete_cookie"):
        walk.event(frame, node, "logout", text=name)
        return EMPTY
    kind = guard_kind(name)
    if kind and words(name) & {
        "require",
        "ensure",
        "check",
        "verify",
        "assert",
        "validate",
        "must",
        "has",
        "is",
        "enforce",
        "authorize",
        "can",
    }:
        tag = ROLE if kind == "role" or is_role(name) else IDENTITY
        if not words(name) & {"has", "is", "can"}:
            frame.guards += (Guard(kind, f"{name}()", frame.spot(node), frame.scope),)
        return mixed(values + ([base] if base is not None else [])).tagged(IDENTITY, tag)
    if base is not None and base.has(IDENTITY):
        made = mixed([base, *values])
        roles = (
            is_role(name)
            or any(isinstance(v.const, str) and is_role(v.const) for v in values)
            or words(name) & {"can", "allowed"}
        )
        made.name, made.kind = base.name, base.kind if base.kind == "user" else ""
        return made.tagged(ROLE) if roles else made
    return None


def _files(
    walk: Walk, frame: Frame, node: ir.Call, base: Val | None, qualname: str, name: str, args: Arguments
) -> Val | None:
    chosen = [v for v in args.all() if v.has(CLIENT)]
    if name in _SENDS and chosen:
        walk.event(frame, node, "file-read", value=chosen[0], text=name)
        return EMPTY
    if (qualname in _DROPS or (name == "unlink" and base is not None and base.has(CLIENT))) and (
        chosen or base is not None
    ):
        walk.event(frame, node, "file-delete", text=name, value=chosen[0] if chosen else base or EMPTY)
        return EMPTY
    if name == "save" and base is not None and base.has(CLIENT) and args.positional and base.kind != "form":
        walk.event(frame, node, "file-write", text=name, value=base)
        return EMPTY
    return None


def _digests(
    walk: Walk, frame: Frame, node: ir.Call, base: Val | None, qualname: str, name: str, args: Arguments
) -> Val | None:
    values = args.all() + ([base] if base is not None else [])
    hashing = (
        qualname in ("hashlib.new", "hmac.new")
        or name in _DIGESTS
        or any(f".{h}." in f".{qualname.lower()}." for h in ("md5", "sha", "sha1", "sha256", "sha512"))
    )
    if base is not None and base.has(DIGEST) and name == "update":
        if isinstance(node.func, ir.Attr) and isinstance(node.func.base, ir.Name):
            frame.env[node.func.base.id] = mixed(values).tagged(DIGEST)
        return EMPTY
    if hashing:
        made = mixed(values).tagged(DIGEST)
        made.name = next((v.name for v in values if is_password(v.name)), args.first().name)
        return made
    if (name in _FRESH and not qualname.startswith("json.")) or qualname.startswith(
        ("secrets.", "hmac.", "uuid.")
    ):
        return mixed(values).tagged(FRESH)
    return None


def of_handler(walk: Walk, frame: Frame, node: ir.Call, base: Val, name: str, args: Arguments) -> Val | None:
    """A method that a framework's handler class inherits: what it was sent, and what it sends back."""
    from cwelens.app import evaluate
    from cwelens.app.statements import disclosed

    key = text_of(args.first())
    if base.kind == "self-member" and base.name not in ("super", "wfile", "request"):
        name = base.name if name in ("get", "__call__") else name
    if name in (
        "get_argument",
        "get_arguments",
        "get_body_argument",
        "get_query_argument",
        "get_body_arguments",
    ):
        return evaluate.client(key)
    if name in ("get_secure_cookie", "get_signed_cookie", "get_current_user"):
        return Val(frozenset((IDENTITY,)), name=key)
    if name == "get_cookie":
        return Val(frozenset((CLIENT, COOKIE, *((IDENTITY, TOKEN) if is_auth_name(key) else ()))), name=key)
    if name in ("set_secure_cookie", "set_cookie", "set_signed_cookie") and is_auth_name(key):
        walk.event(
            frame,
            node,
            "cookie-login",
            text=key,
            value=args.positional[1] if len(args.positional) > 1 else EMPTY,
        )
        return EMPTY
    if name in ("write", "finish", "render", "render_to_response"):
        disclosed(walk, frame, node, mixed(args.all()))
        return mixed(args.all())
    if name == "permission_denied":
        # Django REST framework: it raises.
        walk.dead.add(id(node))
        return EMPTY
    if name in ("get_object", "get_queryset"):
        owner = base if base.kind == "self" else base.bound
        cls = owner.ref if owner is not None and isinstance(owner.ref, ClassInfo) else None
        if cls is not None:
            return view_records(walk, frame, node, cls, name == "get_object")
    return None


def _is_restricted(walk: Walk, cls: ClassInfo) -> bool:
    """Whether a method of a view narrows its records to those of who is asking: `self.queryset = self.queryset.restrict(request.user)`."""
    for ancestor in walk.program.mro(cls)[0]:
        for given, _ in ancestor.instance_attrs.get("queryset", ()):
            parts = list(nodes_of(given))
            if any(isinstance(p, ir.Attr) and p.name == "queryset" for p in parts) and any(
                isinstance(p, ir.Attr) and p.name == "user" for p in parts
            ):
                return True
    return False


def view_records(walk: Walk, frame: Frame, node: ir.Node, cls: ClassInfo, one: bool) -> Val:
    """The records of a class-based view: its `get_queryset`, `queryset` or `model`; one of them by the key in the address."""
    from cwelens.app import calls, evaluate
    from cwelens.resolve.outcome import symbol_of
    from cwelens.resolve.symbols import Binding, FunctionInfo

    found = symbol_of(walk.program.find_attr(cls, "get_queryset"))
    made = EMPTY
    if isinstance(found, FunctionInfo) and id(found) not in walk.inside:
        made = calls.enter(
            walk, frame, ir.Name("get_queryset", node.pos), found, [Val(kind="self", ref=cls)], {}
        )
    else:
        for name in ("queryset", "model"):
            bound = symbol_of(walk.program.find_attr(cls, name))
            if isinstance(bound, Binding) and bound.value is not None:
                made = evaluate.value(walk, Frame(bound.module, None, {}, depth=2), bound.value)
                if isinstance(made.ref, ClassInfo):
                    made = Val(kind="query", entities=frozenset((Entity(made.ref.name.lower(), made.ref),)))
                if name == "queryset" and _is_restricted(walk, cls):
                    own = (("restricted", Val(frozenset((IDENTITY,)), name="user")),)
                    entities = frozenset(e.keyed(own, e.spot) for e in made.entities)
                    made = Val(made.tags | {IDENTITY}, kind=made.kind, name=made.name, entities=entities)
                break
    if not one:
        return made
    from cwelens.app.calls import scope_tags

    keys = (("pk", evaluate.client("pk")),)
    entities = frozenset(e.keyed(keys, frame.spot(node)) for e in made.entities)
    tags = frozenset().union(*(scope_tags(e.keys) for e in entities)) if entities else frozenset()
    return Val(tags | {STORED}, entities=entities, name="object")
