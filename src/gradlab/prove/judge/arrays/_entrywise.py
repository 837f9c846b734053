"""Vectors and matrices in one setting, entry by entry."""

from __future__ import annotations

import math

from gradlab.graph import (
    ONE,
    ZERO,
    Apply,
    Expression,
    Ref,
    add,
    number,
)
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.judge._axes import ShapeError
from gradlab.prove.judge._operations import Operations
from gradlab.prove.judge.arrays import _grid as grid
from gradlab.prove.judge.arrays._grid import Grid, Value
from gradlab.prove.read._nodes import (
    COUNTED,
    Array,
    Entrywise,
    Indexed,
    Operation,
    Tensor,
    mapped,
)

LARGEST_COUNTED = 200


class Arrays(Operations):
    """Works out what arrays are."""

    def _tensor(self, node: Tensor) -> Value:
        if node.name in self.local:
            return self.local[node.name]
        if node.name in self.known.quantities:
            return self.named(node.name)
        if node.name not in self._arrays:
            if self.way.shapes is None:
                raise NotUnderstoodError("a vector or matrix stands in what this is computed from", 0)
            shape = self.way.shapes.of_name(node.name)
            rows, columns = (self.size(key) for key in shape)
            if rows == columns == 1:
                return self.named(node.name)
            if (family := self.known.families.get(node.name)) is not None:
                self._arrays[node.name] = self._of_entries(node.name, len(family.below), rows, columns)
                return self._arrays[node.name]
            cells = (
                tuple(Ref(self.entry_name(node.name, i, j, (rows, columns))) for j in range(1, columns + 1))
                for i in range(1, rows + 1)
            )
            self._arrays[node.name] = Grid(tuple(cells))
        return self._arrays[node.name]

    def _of_entries(self, name: str, indices: int, rows: int, columns: int) -> Value:
        """An array of which the text says how each entry is computed."""
        places = [
            [(i, j)[:indices] if columns > 1 else (i,) for j in range(1, columns + 1)] for i in range(1, rows + 1)
        ]
        return Grid(tuple(tuple(self.formula(Indexed(name, tuple(map(number, at)))) for at in row) for row in places))

    def _array(self, node: Array) -> Value:
        return Grid(tuple(tuple(map(self.formula, row)) for row in node.rows), written=True)

    def _entrywise(self, node: Entrywise) -> Value:
        def at(part: Expression) -> Expression:
            return mapped(node.formula, lambda inner: part if inner == Ref("x") else None)

        return self._each(self.value(node.argument), at)

    def _operation(self, node: Operation) -> Value:
        if node.kind in COUNTED:
            return self.counted(node.kind, [self.whole(operand) for operand in node.operands])
        if node.kind == "entry":
            whole = self.value(node.operands[0])
            if not isinstance(whole, Grid):
                raise ShapeError("a number has no entries")
            return self.entry_of(whole, [self.index(part) for part in node.operands[1:]])
        values = [self.value(operand) for operand in node.operands]
        plain = {
            "transpose": grid.transpose, "dot": grid.inner, "outer": grid.outer, "norm": grid.norm,
            "trace": grid.trace, "diag": grid.diagonal, "det": grid.determinant, "inverse": grid.inverse,
            "softmax": grid.softmax, "norm 1": grid.norm_one, "norm 2": grid.norm_of_vector, "norm F": grid.norm,
            "norm max": grid.norm_max,
        }  # fmt: skip
        if node.kind == "hadamard":
            return grid.together(values, lambda a, b: Apply("mul", (a, b)))
        if node.kind in plain:
            return plain[node.kind](*values)
        if node.kind == "sum":
            return add(*(values[0].entries if isinstance(values[0], Grid) else values))  # type: ignore[arg-type]
        if self.way.shapes is None or node.kind not in ("ones", "zeros", "identity"):
            raise NotUnderstoodError("this operation is not understood", 0)
        rows, columns = (self.size(key) for key in self.way.shapes.of(node))
        if node.kind == "identity":
            return Grid(tuple(tuple(ONE if i == j else ZERO for j in range(columns)) for i in range(rows)))
        fill = ONE if node.kind == "ones" else ZERO
        return Grid(((fill,) * columns,) * rows)

    @staticmethod
    def counted(kind: str, numbers: list[int]) -> Expression:
        """A factorial or a binomial coefficient; where it has no value, a division by zero."""
        if max(map(abs, numbers)) > LARGEST_COUNTED:
            raise NotUnderstoodError(f"factorials are judged up to {LARGEST_COUNTED}", 0)
        if min(numbers) < 0:
            return Apply("div", (ONE, ZERO))
        return number(math.factorial(numbers[0]) if kind == "factorial" else math.comb(*numbers))
