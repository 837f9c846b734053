"""The proof that formulas over arrays and the scalar derivatives are the same, entry by entry.

First the values: an entry of an array is the quantity that the graph computes. Then the derivatives, layer by layer
from the output: the entries of a delta are proved equal to the scalar deltas, written with those of the layer above,
which were proved before; then the gradient's entries are. The scalar side comes from reverse accumulation over the
graph of numbers and knows nothing of arrays.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeVar

from gradlab.derive._arrays import EXPRESSIONS, NUMBERS, Node, Table, entries
from gradlab.derive._backprop import backprop
from gradlab.derive._sympy import Bridge
from gradlab.derive._vector import VectorForm
from gradlab.graph import Expression, Quantity, Ref, Role, evaluate, transform

# Above this many entries SymPy would take longer than a reader waits; one point in floats decides then.
MOST_EXACT_ENTRIES = 1000
TOLERANCE, TINY = 1e-9, 1e-14
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class VectorProof:
    """What was proved about the entries of formulas over arrays.

    Attributes:
        method: "exact" if the differences were simplified to zero, "numeric" if both sides agree at a random point.
        equal: for each quantity and each derivative (``"z_1in"``, ``"dL/dw_12"``) whether the entry is the same.
    """

    method: Literal["exact", "numeric"]
    equal: Mapping[str, bool]

    def __post_init__(self) -> None:
        object.__setattr__(self, "equal", MappingProxyType(dict(self.equal)))

    def __reduce__(self) -> tuple[type[VectorProof], tuple[str, dict[str, bool]]]:
        return VectorProof, (self.method, dict(self.equal))  # proxies are neither pickled nor copied

    def __bool__(self) -> bool:
        return all(self.equal.values())

    def __str__(self) -> str:
        how = "by exact simplification" if self.method == "exact" else "at a random point"
        wrong = [name for name, equal in self.equal.items() if not equal]
        found = f"; not by {', '.join(wrong)}" if wrong else ""
        count = len(self.equal) - len(wrong)
        return f"{count} of {len(self.equal)} entries are equal to the formulas for single numbers, {how}{found}"


def prove_entries(form: VectorForm) -> VectorProof:
    """Compare every entry of the deltas and of the gradient with the scalar derivative; see `VectorForm.proof`."""
    cells = {name: form.arrays[name].cells for name in form.gradient}
    cells |= {delta.name: form.arrays[delta.by].cells for delta in form.deltas}
    nodes = {**{delta.name: delta.node for delta in form.deltas}, **form.gradient}
    wanted = [cell for name in nodes for row in cells[name] for cell in row]
    derived = backprop(form.graph, form.arrays[form.output].cells[0][0], wanted)
    scalar = dict(derived.deltas) | {f"d:{cell}": derived.gradient[cell] for cell in wanted}
    exact = len(wanted) <= MOST_EXACT_ENTRIES
    prove = _exactly if exact else _at_a_point
    return VectorProof("exact" if exact else "numeric", prove(form, nodes, cells, scalar))


def _exactly(
    form: VectorForm, nodes: Mapping[str, Node], cells: Mapping[str, Table[str]], scalar: Mapping[str, Expression]
) -> dict[str, bool]:
    equal: dict[str, bool] = {}
    known: dict[str, Table[Expression]] = {
        name: tuple(tuple(Ref(cell) for cell in row) for row in array.cells) for name, array in form.arrays.items()
    }
    proved: set[str] = set()

    def unfolded(formula: Expression) -> Expression:
        """The scalar derivative written with the deltas of proved layers alone."""

        def rule(node: Expression) -> Expression | None:
            if isinstance(node, Ref) and node.name in scalar and node.name not in proved:
                return transform(scalar[node.name], rule)
            return None

        return transform(formula, rule)

    for array in form.arrays.values():
        if array.node is not None:
            for cell, entry in _pairs(array.cells, entries(array.node, known, EXPRESSIONS)):
                formula = form.graph[cell].expression
                equal[cell] = formula is not None and _is_zero(entry, formula)
    for name, node in nodes.items():
        for cell, entry in _pairs(cells[name], entries(node, known, EXPRESSIONS)):
            equal[f"d{form.output}/d{cell}"] = _is_zero(unfolded(entry), unfolded(scalar[f"d:{cell}"]))
        if name not in known:
            known[name] = tuple(tuple(scalar[f"d:{cell}"] for cell in row) for row in cells[name])
            proved |= {leaf.name for row in known[name] for leaf in row if isinstance(leaf, Ref)}
    return equal


def _is_zero(a: Expression, b: Expression) -> bool:
    if a == b:
        return True
    import sympy

    bridge = Bridge()
    difference = sympy.expand(bridge.to_sympy(a) - bridge.to_sympy(b))
    return bool(difference == 0 or sympy.cancel(sympy.together(difference)) == 0)


def _at_a_point(
    form: VectorForm, nodes: Mapping[str, Node], cells: Mapping[str, Table[str]], scalar: Mapping[str, Expression]
) -> dict[str, bool]:
    chance = random.Random(0)
    # Labels between 0 and 1; everything else small and of both signs, so that no layer is saturated.
    values = {
        quantity.name: chance.uniform(0.1, 0.9) if quantity.role is Role.LABEL else chance.uniform(-0.5, 0.5)
        for quantity in form.graph
        if quantity.expression is None
    }
    values |= _evaluated(form.graph.quantities, values)
    for name, formula in scalar.items():
        values[name] = float(evaluate(formula, values, exact=False))
    known: dict[str, Table[float]] = {
        name: tuple(tuple(values[cell] for cell in row) for row in array.cells) for name, array in form.arrays.items()
    }
    equal: dict[str, bool] = {}
    for array in form.arrays.values():
        if array.node is not None:
            for cell, entry in _pairs(array.cells, entries(array.node, known, NUMBERS)):
                equal[cell] = _close(entry, values[cell])
    for name, node in nodes.items():
        found = entries(node, known, NUMBERS)
        # By the name of an array of parameters its gradient is meant here, and everywhere else its values.
        known.setdefault(name, found)
        for cell, entry in _pairs(cells[name], found):
            equal[f"d{form.output}/d{cell}"] = _close(entry, values[f"d:{cell}"])
    return equal


def _close(a: float, b: float) -> bool:
    return abs(a - b) <= TOLERANCE * max(abs(a), abs(b)) + TINY


def _pairs(cells: Table[str], found: Table[T]) -> Iterator[tuple[str, T]]:
    for names, row in zip(cells, found, strict=True):
        yield from zip(names, row, strict=True)


def _evaluated(quantities: tuple[Quantity, ...], given: Mapping[str, float]) -> dict[str, float]:
    values = dict(given)
    for quantity in quantities:
        if quantity.expression is not None:
            values[quantity.name] = float(evaluate(quantity.expression, values, exact=False))
    return values
