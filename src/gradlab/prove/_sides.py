"""The sides of a chain in one reading, with what they are and what values they have."""

from __future__ import annotations

from collections.abc import Iterator

from gradlab.graph import Expression
from gradlab.prove._errors import Deadline, NotUnderstoodError
from gradlab.prove._meaning import Meaning
from gradlab.prove._names import Names
from gradlab.prove._tree import Vector
from gradlab.prove.judge._points import Ground, Points


class Sides:
    """The sides of a chain in one reading.

    Args:
        names: what the names mean.
        written: the sides as they were read.
        through: whether derivatives of formulas go through the graph.
        sizes: sizes of data sets for which the chain is judged; None for a chain without one.
        size_names: the letters for the size.
        deadline: when to stop.
    """

    def __init__(
        self,
        names: Names,
        written: list[Expression | NotUnderstoodError],
        through: bool,
        sizes: tuple[int | None, ...],
        size_names: set[str],
        deadline: Deadline,
    ) -> None:
        self.names, self.written, self.sizes, self.size_names = names, written, sizes, size_names
        self.points = Points({size: Ground(names.graph) for size in sizes}, deadline)
        self._meanings = {size: Meaning(names, size, through, deadline, size_names) for size in sizes}
        self._known: dict[tuple[Expression, int | None], Expression] = {}

    @property
    def differs(self) -> bool:
        """Whether a derivative of a formula has two readings in this chain."""
        return any(meaning.differs for meaning in self._meanings.values())

    def meaning(self, expression: Expression, size: int | None) -> Expression:
        """An expression without sums over an index and with its derivatives worked out."""
        key = expression, size
        if key not in self._known:
            self._known[key] = self._meanings[size].of(expression)
        return self._known[key]

    def partial(self, of: str, wrt: str, size: int | None) -> Expression:
        """The derivative of one quantity of the graph by another."""
        return self._meanings[size].partial(of, wrt)

    def pairs(self, i: int) -> Iterator[tuple[Expression, Expression]]:
        """The two sides of a step, entry by entry if they are vectors."""
        left, right = self.written[i], self.written[i + 1]
        assert isinstance(left, Expression)
        assert isinstance(right, Expression)
        if not (isinstance(left, Vector) or isinstance(right, Vector)):
            yield left, right
            return
        if not (isinstance(left, Vector) and isinstance(right, Vector)) or len(left.parts) != len(right.parts):
            raise NotUnderstoodError("a vector stands against something of another shape", 0)
        yield from zip(left.parts, right.parts, strict=True)
