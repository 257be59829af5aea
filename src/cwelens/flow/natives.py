"""What the interpreter knows of Python itself: which methods and functions it carries out, by type of receiver and by name.

Everything here is about values and containers; what is dangerous or untrusted stands in the models.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from cwelens.flow import (
    addresses,
    buffers,
    builtin_functions,
    configs,
    containers,
    form_fields,
    higher_order,
    markdown_text,
    path_functions,
    path_values,
    records,
    regexes,
    schemas,
    strings,
    tls,
)
from cwelens.flow.run import Args, Run
from cwelens.flow.state import Obj, State
from cwelens.flow.values import (
    UNKNOWN,
    Cls,
    Const,
    Method,
    Opaque,
    Ref,
    Text,
    Value,
    atom_taints,
    make,
)
from cwelens.ir import nodes as ir


def method(run: Run, node: ir.Expr, atom: Method, args: Args, st: State) -> Value | None:
    """A method of a string, a container or a path; None where it is none of these."""
    receiver = atom.receiver
    if isinstance(receiver, Ref):
        obj = st.obj(receiver.loc)
        if obj is not None and obj.kind != "instance":
            return containers.of_container(run, node, receiver, obj, atom.name, args, st)
        if obj is not None and obj.cls == "pathlib.Path":
            return path_functions.path_method(run, node, receiver, obj, atom.name, args, st)
        if obj is not None and obj.cls == configs.CONFIG:
            return configs.method(run, node, receiver, obj, atom.name, args, st)
        if obj is not None and obj.cls == containers.QUEUE:
            return containers.queue_method(receiver, obj, atom.name, args, st)
        if obj is not None and obj.cls == records.NAMED_TUPLE:
            return records.named_method(run, node, obj, atom.name, args, st)
        if obj is not None and obj.cls == records.TEMPLATE:
            return records.substitute(run, node, obj, atom.name, args, st)
        if obj is not None and obj.cls == regexes.MATCH:
            return regexes.method(run, node, obj, atom.name, args, st)
        if obj is not None and buffers.content(obj) is not None:
            return buffers.method(run, node, receiver, obj, atom.name, args, st)
        return None
    if (
        isinstance(receiver, Opaque)
        and atom.name == "joinpath"
        and receiver.type in (None, *path_values.PATH_TYPES)
    ):
        # Nothing but a path has such a method.
        return path_values.path_value(run, [Value((receiver,)), *args.positional], st, node)
    if isinstance(receiver, Const | Text) or (
        isinstance(receiver, Opaque) and receiver.type in ("builtins.str", "builtins.bytes", None)
    ):
        if isinstance(receiver, Const) and not isinstance(receiver.value, str | bytes):
            return None
        if atom.name in ("get", "items", "keys", "values", "pop", "copy", "read"):
            return None
        if (
            isinstance(receiver, Opaque)
            and receiver.type is None
            and atom.name in ("format", "join", "index", "count", "find", "translate")
        ):
            if not atom_taints(receiver) and atom.name != "format":
                return None
        if isinstance(receiver, Opaque) and receiver.type is None and atom.name in ("hex",):
            return None

        def alloc(obj: Obj) -> Value:
            return run.alloc(st, node, obj, atom.name)

        rest = args.star or args.starstar
        return strings.method(
            receiver, atom.name, args.positional, args.keywords, rest, st, run.place(node), alloc
        )
    if isinstance(receiver, Opaque) and receiver.type in containers.CONTAINERS:
        return containers.opaque_container(receiver, atom.name, args, st)
    return None


@cache
def _functions() -> dict[str, Callable[[Run, ir.Expr, Args, State], Value]]:
    """The functions by qualified name; made when first asked for, since the modules they stand in import each other."""
    return {
        "builtins.str": builtin_functions.to_text,
        "builtins.len": builtin_functions.length,
        "builtins.int": builtin_functions.number(int, "builtins.int"),
        "builtins.float": builtin_functions.number(float, "builtins.float"),
        "builtins.bool": builtin_functions.to_bool,
        "builtins.list": builtin_functions.sequence("list"),
        "builtins.tuple": builtin_functions.sequence("tuple"),
        "builtins.set": builtin_functions.sequence("set"),
        "builtins.frozenset": builtin_functions.sequence("set"),
        "builtins.dict": builtin_functions.new_dict,
        "collections.OrderedDict": builtin_functions.new_dict,
        "collections.deque": builtin_functions.sequence("list"),
        "builtins.map": higher_order.map_over,
        "builtins.filter": higher_order.filtered,
        "builtins.iter": builtin_functions.sequence("list"),
        "builtins.sorted": builtin_functions.ordered,
        "builtins.reversed": builtin_functions.ordered,
        "builtins.min": builtin_functions.minimum,
        "builtins.max": builtin_functions.one_of,
        "builtins.next": builtin_functions.one_of,
        "builtins.enumerate": builtin_functions.enumerated,
        "builtins.zip": builtin_functions.zipped,
        "builtins.range": builtin_functions.numbers,
        "builtins.getattr": builtin_functions.get_attribute,
        "builtins.setattr": builtin_functions.set_attribute,
        "builtins.repr": builtin_functions.representation,
        "markdown.markdown": markdown_text.render,
        "urllib.parse.urlunparse": addresses.unparse,
        "urllib.parse.urlunsplit": addresses.unparse,
        "urllib.parse.urljoin": addresses.join,
        "builtins.ascii": builtin_functions.representation,
        "builtins.chr": builtin_functions.character,
        "builtins.ord": builtin_functions.code_point,
        "builtins.type": builtin_functions.type_of,
        "builtins.print": builtin_functions.printed,
        "builtins.isinstance": builtin_functions.of_class,
        "builtins.issubclass": builtin_functions.ternary_bool,
        "builtins.hasattr": builtin_functions.ternary_bool,
        "builtins.callable": builtin_functions.ternary_bool,
        "builtins.any": builtin_functions.ternary_bool,
        "builtins.all": builtin_functions.ternary_bool,
        "queue.Queue": containers.new_queue,
        "queue.LifoQueue": containers.new_queue,
        "queue.SimpleQueue": containers.new_queue,
        "asyncio.Queue": containers.new_queue,
        "multiprocessing.Queue": containers.new_queue,
        "operator.itemgetter": records.getter("[]"),
        "operator.attrgetter": records.getter("."),
        records.GETTER: records.got,
        "collections.namedtuple": records.named_tuple,
        records.NAMED_TUPLE: records.new_named,
        "types.SimpleNamespace": records.namespace,
        "string.Template": records.template,
        "copy.copy": builtin_functions.deepcopy,
        "copy.deepcopy": builtin_functions.deepcopy,
        "typing.cast": lambda run, node, args, st: (
            args.positional[1] if len(args.positional) > 1 else UNKNOWN
        ),
        "functools.partial": higher_order.partial,
        "werkzeug.local.LocalProxy": higher_order.proxy,
        "django.utils.functional.SimpleLazyObject": higher_order.proxy,
        "lazy_object_proxy.Proxy": higher_order.proxy,
        "threading.Thread": higher_order.thread,
        "multiprocessing.Process": higher_order.thread,
        "threading.Timer": higher_order.submit(1),
        "asyncio.to_thread": higher_order.submit(0),
        "anyio.to_thread.run_sync": higher_order.submit(0),
        "trio.to_thread.run_sync": higher_order.submit(0),
        "starlette.concurrency.run_in_threadpool": higher_order.submit(0),
        "fastapi.concurrency.run_in_threadpool": higher_order.submit(0),
        "asyncio.BaseEventLoop.run_in_executor": higher_order.submit(1),
        "tornado.ioloop.IOLoop.run_in_executor": higher_order.submit(1),
        "eventlet.tpool.execute": higher_order.submit(0),
        "eventlet.spawn": higher_order.submit(0),
        "gevent.spawn": higher_order.submit(0),
        "asgiref.sync.sync_to_async": higher_order.wrapper("asgiref.sync.sync_to_async"),
        "asgiref.sync.async_to_sync": higher_order.wrapper("asgiref.sync.async_to_sync"),
        "channels.db.database_sync_to_async": higher_order.wrapper("channels.db.database_sync_to_async"),
        "joblib.delayed": higher_order.wrapper("joblib.delayed"),
        "anyio.to_process.run_sync": higher_order.submit(0),
        "asyncio.AbstractEventLoop.run_in_executor": higher_order.submit(1),
        "asyncio.run": builtin_functions.same,
        "asyncio.gather": higher_order.gather,
        "asyncio.wait_for": builtin_functions.same,
        "asyncio.shield": builtin_functions.same,
        "concurrent.futures.ThreadPoolExecutor.map": higher_order.map_over,
        "concurrent.futures.ProcessPoolExecutor.map": higher_order.map_over,
        "multiprocessing.Pool.map": higher_order.map_over,
        "multiprocessing.Pool.imap": higher_order.map_over,
        "multiprocessing.Pool.apply": higher_order.apply,
        "multiprocessing.Pool.apply_async": higher_order.apply,
        "multiprocessing.pool.ThreadPool.map": higher_order.map_over,
        "multiprocessing.pool.ThreadPool.apply_async": higher_order.apply,
        "contextlib.closing": builtin_functions.same,
        "contextlib.aclosing": builtin_functions.same,
        "contextlib.nullcontext": builtin_functions.same,
        "asyncio.create_task": builtin_functions.same,
        "asyncio.ensure_future": builtin_functions.same,
        "concurrent.futures.ThreadPoolExecutor.submit": higher_order.submit(0),
        "neo4j.Session.execute_read": higher_order.given("neo4j.Transaction"),
        "neo4j.Session.execute_write": higher_order.given("neo4j.Transaction"),
        "neo4j.Session.read_transaction": higher_order.given("neo4j.Transaction"),
        "neo4j.Session.write_transaction": higher_order.given("neo4j.Transaction"),
        "google.cloud.spanner_v1.database.Database.run_in_transaction": higher_order.given(
            "google.cloud.spanner_v1.transaction.Transaction"
        ),
        "sqlalchemy.ext.asyncio.AsyncSession.run_sync": higher_order.given("sqlalchemy.orm.Session"),
        "sqlalchemy.ext.asyncio.AsyncConnection.run_sync": higher_order.given("sqlalchemy.engine.Connection"),
        "redis.Redis.transaction": higher_order.given("redis.Redis"),
        "concurrent.futures.ProcessPoolExecutor.submit": higher_order.submit(0),
        "os.path.join": path_functions.join_paths,
        "os.path.realpath": path_functions.normalised("os.path.realpath"),
        "os.path.abspath": path_functions.normalised("os.path.abspath"),
        "os.path.normpath": path_functions.normalised("os.path.normpath"),
        "os.path.basename": path_functions.basename,
        "os.path.dirname": path_functions.head,
        "os.path.expanduser": builtin_functions.same,
        "os.path.splitext": path_functions.splitext,
        "os.path.split": path_functions.splitext,
        "os.fspath": builtin_functions.to_text,
        "pathlib.Path": path_functions.new_path,
        "pathlib.PurePath": path_functions.new_path,
        "pathlib.PosixPath": path_functions.new_path,
        "configparser.ConfigParser": configs.new,
        "configparser.RawConfigParser": configs.new,
        "configparser.SafeConfigParser": configs.new,
        "unicodedata.normalize": builtin_functions.normal_form,
        "traceback.format_exc": builtin_functions.stack_trace("builtins.str"),
        **{
            f"traceback.{name}": builtin_functions.stack_trace("traceback.Lines")
            for name in (
                "format_exception",
                "format_exception_only",
                "format_list",
                "format_stack",
                "format_tb",
                "extract_tb",
                "extract_stack",
            )
        },
        "sys.exc_info": builtin_functions.stack_trace("traceback.Lines"),
        "builtins.hex": builtin_functions.digits,
        "builtins.oct": builtin_functions.digits,
        "builtins.bin": builtin_functions.digits,
    }


# Django: a manager with the methods of a class of query sets, and the class of such managers.
_OF_CLASS = frozenset(("django.db.models.QuerySet.as_manager", "django.db.models.Manager.from_queryset"))


def _instance_of(run: Run, node: ir.Expr, receiver: Value, args: Args, st: State) -> Value | None:
    """`Rows.as_manager()` acts like a `Rows`; `Manager.from_queryset(Rows)` is a class of what acts like a `Rows`."""
    if args.positional:
        return args.positional[0]
    out = [
        a
        for one in receiver.atoms
        if isinstance(one, Cls)
        for a in run.alloc(st, node, Obj("instance", {}, None, cls=one.info), one.info.qualname).atoms
    ]
    return make(out) if out else None


def function(
    run: Run, node: ir.Expr, name: str, args: Args, receiver: Value | None, st: State
) -> Value | None:
    """A call that the interpreter itself understands; None where it does not."""
    if name.startswith("re.") and args.star is None and args.starstar is None:
        return regexes.function(run, node, name, args, receiver, st)
    if name in tls.KNOWN and args.star is None and args.starstar is None:
        return tls.function(run, node, name, args, receiver, st)
    if name in buffers.BUFFERS and args.star is None:
        return buffers.new(run, node, name, args, st)
    if name in _OF_CLASS and receiver is not None:
        return _instance_of(run, node, receiver, args, st)
    if name.endswith(".get_serializer") and name.startswith("rest_framework."):
        return form_fields.serializer(run, node, receiver, st)
    if name in schemas.LOADS:
        return schemas.loaded(run, node, receiver, args, st)
    found = _functions().get(name)
    if found is None:
        return None
    if args.star is not None or args.starstar is not None:
        if name not in ("os.path.join", "builtins.dict"):
            return None
    return found(run, node, args, st)
