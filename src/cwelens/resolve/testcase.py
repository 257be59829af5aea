"""The methods of `unittest.TestCase` on classes whose base is not in the input but which are evidently test cases."""

from __future__ import annotations

from cwelens.resolve.builtin_names import words
from cwelens.resolve.outcome import Assumed
from cwelens.resolve.program import Program
from cwelens.resolve.symbols import ClassInfo, External

# The public methods of `unittest.TestCase` (Python 3.14 and the aliases removed since 2.7).
_METHODS = words(
    "addClassCleanup addCleanup addTypeEqualityFunc assertAlmostEqual assertAlmostEquals assertCountEqual "
    "assertDictContainsSubset assertDictEqual assertEndsWith assertEqual assertEquals assertFalse assertGreater "
    "assertGreaterEqual assertHasAttr assertIn assertIs assertIsInstance assertIsNone assertIsNot assertIsNotNone "
    "assertIsSubclass assertItemsEqual assertLess assertLessEqual assertListEqual assertLogs assertMultiLineEqual "
    "assertNoLogs assertNotAlmostEqual assertNotEndsWith assertNotEqual assertNotEquals assertNotHasAttr assertNotIn "
    "assertNotIsInstance assertNotIsSubclass assertNotRegex assertNotStartsWith assertRaises assertRaisesRegex "
    "assertRaisesRegexp assertRegex assertRegexpMatches assertSequenceEqual assertSetEqual assertStartsWith assertTrue "
    "assertTupleEqual assertWarns assertWarnsRegex assert_ countTestCases doClassCleanups doCleanups "
    "enterClassContext enterContext fail failIf failUnless id setUp setUpClass shortDescription skipTest subTest tearDown "
    "tearDownClass"
)
_SUFFIXES = ("TestCase", "Test", "TestBase", "TestCaseBase", "Tests")


def assertion(program: Program, cls: ClassInfo, name: str) -> Assumed | None:
    """`self.name` as a method of `unittest.TestCase`, with the evidence; None where the name or the class says otherwise."""
    if name not in _METHODS:
        return None
    known, unknown = program.mro(cls)
    if not unknown:
        if len(known) > 1 or not any(method.startswith("test") for method in cls.methods):
            return None
        return _assumed(
            name,
            f"`{cls.name}` is taken for a part of test cases because it defines test methods and has no base",
        )
    for ancestor in known:
        for text in ancestor.bases_text:
            if text.endswith(_SUFFIXES):
                return _assumed(
                    name,
                    f"`{cls.name}` is taken for a test case because of the name of its base class `{text}`",
                )
    if any("setUp" in ancestor.methods for ancestor in known):
        return _assumed(name, f"`{cls.name}` is taken for a test case because it defines `setUp`")
    return None


def _assumed(name: str, reason: str) -> Assumed:
    return Assumed(External(f"unittest.TestCase.{name}"), reason)
