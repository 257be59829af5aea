"""Script in pages that stand as literals in the code: `PAGE = "<html><script>…</script></html>"`.

The text of a literal is read as a page of its own, each line where it stands in the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwelens.base.source import Source
from cwelens.checks import scripts
from cwelens.checks.checker import Checker
from cwelens.ir import nodes as ir
from cwelens.resolve.testcode import is_test_module
from cwelens.syntax import javascript

if TYPE_CHECKING:
    from cwelens.resolve.symbols import ModuleInfo


def check(checker: Checker, modules: list[ModuleInfo]) -> None:
    """Looks through the literals of the given modules; tests are passed over."""
    for module in modules:
        if "<script" not in module.source.text.lower() or is_test_module(module):
            continue
        for node in module.nodes:
            if isinstance(node, ir.Const) and isinstance(node.value, str) and "<script" in node.value.lower():
                page = _page(module, node, node.value)
                data = javascript.inline(page.text)
                if data is not None:
                    scripts.check(checker, page, data)


def _page(module: ModuleInfo, node: ir.Const, text: str) -> Source:
    """The text at its lines; one whose line breaks are escapes stands in one line."""
    first, _, last, _ = node.pos
    if text.count("\n") != last - first:
        text = text.replace("\n", " ")
    return Source(module.source.path, "\n" * (first - 1) + text)
