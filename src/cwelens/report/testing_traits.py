"""What tells that a module is test code, and of which level its tests are."""

from __future__ import annotations

from collections.abc import Iterator

from cwelens.ir import nodes as ir
from cwelens.report.facts import Facts, Found
from cwelens.report.observe import is_client
from cwelens.report.words import coded, count, listed, table, words_of
from cwelens.resolve.ledger import CallRecord
from cwelens.resolve.symbols import ClassInfo, FunctionInfo, ModuleInfo

_TEST_LIBRARIES = ("unittest", "pytest", "testtools", "nose", "unittest2", "hypothesis", "doctest")


_MOCKS = ("mock", "unittest.mock", "mox3", "mox", "flexmock")


_TEST_BASES = ("TestCase", "TestBase", "TestCaseBase", "Test", "Tests", "TestSuite")


_FUNCTIONAL = table(
    "functional integration integrated acceptance system tempest e2e selenium playwright live"
)


_STARTS = table("start boot spawn launch run deploy")


_SERVICES = table("service server compute daemon container app worker process conductor instance")


_CLIENTS = ("client", "api", "browser", "page", "test_client", "app_client", "http_client")


def test_methods(module: ModuleInfo) -> list[FunctionInfo]:
    """Functions that a test runner calls: `test…` methods and functions, not nested ones."""
    return [
        f for f in module.functions if f.name.startswith("test") and f.parent is None and f.kind != "property"
    ]


def tests(facts: Facts) -> Iterator[Found]:
    module = facts.module
    methods = test_methods(module)
    classes = [cls for cls in module.classes if _is_test_class(facts, cls)]
    asserts = [record for record in facts.calls if _is_assertion(record)]
    plain = _assert_statements(methods) if methods and not asserts else []
    libraries = facts.imported(_TEST_LIBRARIES)
    if not (classes or (methods and (asserts or plain or libraries)) or _lone(module, asserts)):
        return
    if classes and not methods and not asserts:
        return
    whys, places = [], []
    if classes:
        bases = [base for cls in classes for base in cls.bases_text if base]
        whys.append(
            f"{count(len(classes), 'test class', 'test classes')}"
            + (f" derived from {coded(bases, 2)}" if bases else "")
        )
        places += [cls.node.pos for cls in classes]
    if methods:
        whys.append(count(len(methods), "test method" if classes else "test function"))
        places += [method.node.pos for method in methods]
    setups = [f for f in module.functions if f.name in ("setUp", "setup_method", "setUpClass", "asyncSetUp")]
    if setups:
        whys.append(f"`{setups[0].name}`")
        places += [function.node.pos for function in setups]
    checks = len(asserts) + len(plain)
    if checks:
        whys.append(count(checks, "assertion"))
        places += [record.node.pos for record in asserts] + plain
    label, reason, more = _level(facts, classes, methods)
    yield label, listed(whys, 5) + (f"; {reason}" if reason else ""), places + more


def _is_test_class(facts: Facts, cls: ClassInfo) -> bool:
    has_tests = any(name.startswith("test") or name == "setUp" for name in cls.methods)
    if any(base.rpartition(".")[2].endswith(_TEST_BASES) for base in cls.bases_text):
        return has_tests or bool(facts.imported(_TEST_LIBRARIES)) or _asserts_in(facts, cls)
    return has_tests and (_asserts_in(facts, cls) or bool(facts.imported(_TEST_LIBRARIES)))


def _asserts_in(facts: Facts, cls: ClassInfo) -> bool:
    return any(
        record.function is not None and record.function.self_class is cls and _is_assertion(record)
        for record in facts.calls
    )


def _is_assertion(record: CallRecord) -> bool:
    return record.member.startswith(("assert", "fail")) and (
        record.receiver.startswith(("self", "cls"))
        or record.receiver.endswith(("mock", "assert"))
        or "." in record.receiver
    )


def _lone(module: ModuleInfo, asserts: list[CallRecord]) -> bool:
    """Methods cut out of a test class: `self.assert…` in a function without a class."""
    return any(
        record.receiver == "self"
        and record.function is not None
        and record.function.self_class is None
        and record.function.node.params[:1]
        and record.function.node.params[0].name == "self"
        for record in asserts
    )


def _assert_statements(methods: list[FunctionInfo]) -> list[ir.Pos]:
    places = []
    for method in methods:
        stack: list[ir.Stmt] = list(method.node.body)
        while stack:
            stmt = stack.pop()
            if isinstance(stmt, ir.Assert):
                places.append(stmt.pos)
            elif isinstance(stmt, (ir.With, ir.If, ir.For, ir.Try)):
                stack += stmt.body
    return places


def _level(
    facts: Facts, classes: list[ClassInfo], methods: list[FunctionInfo]
) -> tuple[str, str, list[ir.Pos]]:
    """How much a test drives: services through an API, or a unit with stand-ins; the path only adds to what code shows."""
    named = [cls for cls in classes if any(words_of(base) & _FUNCTIONAL for base in cls.bases_text)]
    drives: dict[str, ir.Pos] = {}
    starts: dict[str, ir.Pos] = {}
    for record in facts.calls:
        if record.status == "resolved" or record.member.startswith("assert"):
            continue
        receiver = record.receiver.rpartition(".")[2]
        if receiver in _CLIENTS or (receiver and is_client(receiver) and record.receiver.startswith("self.")):
            drives.setdefault(f"{record.receiver}.{record.member}", record.node.pos)
        elif record.member.split("_")[0] in _STARTS or (
            words_of(record.member) & _STARTS and words_of(record.member) & _SERVICES
        ):
            if words_of(record.member) & _SERVICES:
                starts.setdefault(
                    f"{record.receiver.removesuffix(' (inherited)')}.{record.member}", record.node.pos
                )
    sends = [
        r
        for r in facts.calls
        if r.target is not None and r.target.startswith(("requests.", "httpx.", "playwright.", "selenium."))
    ]
    mocks = facts.imported(_MOCKS)
    mocked = [r for r in facts.calls if r.target is not None and ".mock." in f".{r.target}."] or [
        r
        for r in facts.calls
        if r.receiver in ("mock", "mock.patch")
        or (r.receiver == "self" and r.member in ("stub_out", "stubs"))
    ]
    stands_in = (
        bool(mocks)
        or bool(mocked)
        or any("patch" in decorator for f in methods for decorator in f.decorators)
    )
    reasons, places = [], []
    if named:
        bases = [base for cls in named for base in cls.bases_text if words_of(base) & _FUNCTIONAL]
        reasons.append(f"its base class {coded(bases, 1)} says so")
    if starts:
        reasons.append(f"it starts services ({coded(starts, 2)})")
        places += list(starts.values())[:4]
    if drives:
        reasons.append(f"it talks to an API ({coded(drives, 2)})")
        places += list(drives.values())[:4]
    if sends:
        reasons.append("it sends requests")
        places += [record.node.pos for record in sends[:3]]
    evident = (
        len(reasons) > 1
        or bool(starts)
        or (bool(drives) and not stands_in)
        or (bool(sends) and not stands_in)
    )
    if reasons and evident:
        if words_of(facts.module.source.path) & _FUNCTIONAL:
            reasons.append("its path says so too")
        return "functional test", listed(reasons, 5), places
    if stands_in:
        places = [pos for _, pos in mocks[:1]] or [record.node.pos for record in mocked[:2]]
        return "unit test", "what it tests is given stand-ins (mocks)", places
    return "test code", "", []
