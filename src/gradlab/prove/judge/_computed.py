"""What named quantities are computed by, and derivatives through all of it."""

from __future__ import annotations

from collections.abc import Mapping

from gradlab.graph import ZERO, Expression, Graph, Ref, add, mul
from gradlab.prove._errors import Deadline, NotUnderstoodError
from gradlab.prove.judge._slopes import direct
from gradlab.prove.read._nodes import mapped

LARGEST_FORMULA = 15_000


class Computed:
    """Quantities with their formulas, those of a graph among them.

    Args:
        graph: the graph.
        through: whether a derivative of a written formula goes through what its names are computed by.
        deadline: when to stop.

    Attributes:
        formulas: how names are computed, beside those of the graph.
        differs: whether a derivative of a written formula had two readings.
    """

    def __init__(self, graph: Graph, through: bool, deadline: Deadline) -> None:
        self.graph, self.through, self.deadline = graph, through, deadline
        self.formulas: dict[str, Expression] = {}
        self.differs = False
        self._slopes: dict[tuple[str, str], Expression] = {}

    def slope(self, formula: Expression, wrt: str, through: bool | None = None) -> Expression:
        """The derivative of a formula by a name, all paths added up.

        Args:
            formula: without derivatives.
            wrt: the name.
            through: False for what is a formula as written, which some read with all other names fixed.
        """
        self.check_size(formula)
        local = direct(formula)
        result = local.get(wrt, ZERO)
        inner = [
            mul(slope, self.between(name, wrt))
            for name, slope in local.items()
            if name != wrt and self.reaches(name, wrt)
        ]
        if not inner:
            return result
        if through is False and not self.through:
            self.differs = True
            return result
        self.differs = self.differs or through is False
        return add(result, *inner)

    def between(self, of: str, wrt: str) -> Expression:
        """The derivative of one named quantity by another."""
        key = of, wrt
        if key not in self._slopes:
            self.deadline.check()
            formula = self.formula_of(of)
            self._slopes[key] = ZERO if formula is None else self.slope(formula, wrt)
        return self._slopes[key]

    def formula_of(self, name: str) -> Expression | None:
        """How a name is computed; None if it is given."""
        if name in self.formulas:
            return self.formulas[name]
        return self.graph[name].expression if name in self.graph else None

    def reaches(self, name: str, wrt: str) -> bool:
        """Whether a name is computed from another, directly or not."""
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            formula = self.formula_of(waiting.pop())
            for inner in formula.names - seen if formula is not None else ():
                if inner == wrt:
                    return True
                seen.add(inner)
                waiting.append(inner)
        return False

    def given_in(self, formula: Expression) -> tuple[str, ...]:
        """The names from which a formula is computed in the end, in the order of the graph."""
        seen: set[str] = set()
        found: list[str] = []
        waiting = sorted(formula.names)
        while waiting:
            name = waiting.pop(0)
            if name in seen:
                continue
            seen.add(name)
            inner = self.formula_of(name)
            if inner is None:
                found.append(name)
            else:
                waiting += sorted(inner.names)
        order = {quantity.name: i for i, quantity in enumerate(self.graph)}
        return tuple(sorted(found, key=lambda name: (order.get(name, len(order)), name)))

    def at(self, formula: Expression, values: Mapping[str, Expression]) -> Expression:
        """A formula with values for names, also where they stand in what it is computed from."""

        def rule(node: Expression) -> Expression | None:
            if not isinstance(node, Ref):
                return None
            if node.name in values:
                return values[node.name]
            if any(self.reaches(node.name, name) for name in values):
                inner = self.formula_of(node.name)
                assert inner is not None
                return mapped(inner, rule)
            return None

        return mapped(formula, rule)

    def depends(self, formula: Expression, wrt: str) -> bool:
        """Whether a formula is made of a name, directly or not."""
        return wrt in formula.names or any(self.reaches(name, wrt) for name in formula.names)

    def check_size(self, expression: Expression) -> None:
        """Stop where a formula grows too large."""
        count, stack = 0, [expression]
        while stack:
            count += 1
            if count > LARGEST_FORMULA:
                raise NotUnderstoodError("this is too large to be judged: split it into smaller steps", 0)
            stack += stack.pop().args
        self.deadline.check(count)
