"""What the recognisers of a module's kind share."""

from __future__ import annotations

from cwelens.ir import nodes as ir
from cwelens.report.material import Material
from cwelens.resolve.ledger import CallRecord
from cwelens.resolve.symbols import ModuleInfo


class Facts:
    """What the recognisers of one module share: its calls and the modules it imports."""

    __slots__ = ("calls", "imports", "material", "module", "unit_kind")

    def __init__(
        self, material: Material, module: ModuleInfo, calls: list[CallRecord], unit_kind: str
    ) -> None:
        self.material = material
        self.module = module
        self.calls = calls
        self.unit_kind = unit_kind
        self.imports: dict[str, ir.Pos] = {}
        for bindings in module.bindings.values():
            for binding in bindings:
                if binding.target is not None:
                    self.imports.setdefault(binding.target, binding.node.pos)

    def imported(self, names: tuple[str, ...]) -> list[tuple[str, ir.Pos]]:
        """Imports of these modules or of something in them."""
        return [
            (target, pos)
            for target, pos in self.imports.items()
            if any(target == name or target.startswith(f"{name}.") for name in names)
        ]


Found = tuple[str, str, list[ir.Pos]]
