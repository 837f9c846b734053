"""What all repairs need: the value a part of a side would have to have, and whether a changed side holds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from gradlab.graph import Apply, Expression, Partial, Ref
from gradlab.prove._errors import Deadline, NotUnderstoodError, OutOfTimeError
from gradlab.prove._tree import Path, Writer, nodes, replace_at
from gradlab.prove._verdict import Fault
from gradlab.prove.judge._compare import compare, usable
from gradlab.prove.judge._points import PROBE, Undefined, finite

if TYPE_CHECKING:
    from gradlab.prove._sides import Sides

POINTS = 5
POINTS_TO_VERIFY = 12
TOLERANCE = 1e-7
MOST_NODES = 90
LARGEST_CONSTANT = 24
Values = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A changed side that may be what was meant.

    Attributes:
        fault: the kind of mistake it would repair.
        side: the side as it would read.
        message: what to write instead.
        detail: what it is about, in LaTeX.
    """

    fault: Fault
    side: Expression
    message: str
    detail: str = ""


class Search:
    """The search for a repair of one side.

    Args:
        sides: the sides of the chain, for their meaning and the points.
        side: the side to be repaired, as it is written.
        target: what it has to be equal to.
        writer: writes LaTeX.
        deadline: when to stop.
    """

    def __init__(self, sides: Sides, side: Expression, target: Expression, writer: Writer, deadline: Deadline) -> None:
        self.sides, self.side, self.target, self.writer, self.deadline = sides, side, target, writer, deadline
        self.names, self.graph = sides.names, sides.names.graph
        self.numbers = tuple(usable(sides.points, self.both, POINTS))
        self.wanted = self.values(target) or ()
        self.found = self.values(side) or ()
        self._needed: dict[Path, Values | None] = {}
        self._nodes: list[tuple[Path, Expression]] | None = None

    def both(self, size: int | None) -> tuple[Expression, Expression]:
        return self.sides.meaning(self.target, size), self.sides.meaning(self.side, size)

    @property
    def possible(self) -> bool:
        """Whether there are enough points to search by."""
        return len(self.numbers) == POINTS and len(self.wanted) == POINTS == len(self.found)

    @property
    def nodes(self) -> list[tuple[Path, Expression]]:
        """The parts of the side, from the outside inwards."""
        if self._nodes is None:
            self._nodes = list(nodes(self.side))[:MOST_NODES]
        return self._nodes

    def values(self, written: Expression) -> Values | None:
        """The values of a written expression at the points; None where it is undefined."""
        self.deadline.check()
        values: list[float] = []
        for number in self.numbers:
            try:
                value = self.sides.points.quick(number).value(
                    self.sides.meaning(written, self.sides.points.variant(number))
                )
            except (*Undefined, NotUnderstoodError, RecursionError):
                return None
            if not finite(value):
                return None
            values.append(float(value))
        return tuple(values)

    def fits(self, written: Expression) -> bool:
        """Whether an expression has the wanted values."""
        values = self.values(written)
        return values is not None and same(values, self.wanted)

    def verified(self, written: Expression) -> bool:
        """Whether a changed side is equal to the target, in high precision and at many points."""
        try:
            meaning = self.sides.meaning
            result = compare(
                self.sides.points,
                lambda size: ((meaning(self.target, size), meaning(written, size)),),
                wanted=POINTS_TO_VERIFY,
            )
        except (NotUnderstoodError, OutOfTimeError, RecursionError):
            return False
        return result.differing is None and len(result.agreeing) >= POINTS_TO_VERIFY

    def needed(self, path: Path) -> Values | None:
        """The values that a part would have to have for the side to hold, where the side is linear in that part."""
        if path not in self._needed:
            self._needed[path] = self._solve(path)
        return self._needed[path]

    def _solve(self, path: Path) -> Values | None:
        probes = [self.values(replace_at(self.side, path, Ref(f"{PROBE}{x}"))) for x in (0.75, 1.5, 2.25)]
        result: list[float] = []
        for i in range(POINTS):
            if any(probe is None for probe in probes):
                return None
            low, middle, high = (probe[i] for probe in probes if probe is not None)
            slope = (high - low) / 1.5
            if abs(slope) < 1e-12 or abs(low + high - 2 * middle) > TOLERANCE * (abs(low) + abs(high) + abs(middle)):
                return None
            result.append(0.75 + (self.wanted[i] - low) / slope)
        return tuple(result)

    def partials(self) -> list[Partial]:
        """The derivatives that the chain is about."""
        written = [side for side in self.sides.written if isinstance(side, Expression)]
        found = dict.fromkeys(node for side in written for _, node in nodes(side) if isinstance(node, Partial))
        return list(found)

    def latex(self, expression: Expression) -> str:
        """LaTeX of an expression."""
        return self.writer.latex(expression)

    def edges(self) -> list[Partial]:
        """All local derivatives of the graph, those first that lie between what the chain is about."""
        every = [Partial(q.name, source) for q in self.graph for source in q.inputs]
        between: list[Partial] = []
        for partial in self.partials():
            above = self.names.upstream(partial.of) | {partial.of}
            below = {partial.wrt} | {edge.wrt for edge in every if partial.wrt in self.names.upstream(edge.wrt)}
            between += [edge for edge in every if edge.of in above and edge.wrt in below]
        return list(dict.fromkeys([*between, *every]))[:300]


def same(a: Values, b: Values) -> bool:
    """Whether two rows of values are equal up to rounding."""
    return all(abs(x - y) <= TOLERANCE * max(1e-3, abs(x), abs(y)) for x, y in zip(a, b, strict=True))


def constant_of(values: Values) -> Fraction | None:
    """The simple rational number that all values are, if they are one."""
    guess = Fraction(values[0]).limit_denominator(LARGEST_CONSTANT)
    if abs(guess.numerator) > 1000 or not same(values, (float(guess),) * len(values)):
        return None
    return guess


def times(expression: Expression, factor: Expression) -> Expression:
    """A product as one would write it."""
    inside = expression.args if isinstance(expression, Apply) and expression.primitive == "mul" else (expression,)
    return Apply("mul", (*inside, factor))


def ratio(a: Values, b: Values) -> Values | None:
    """Quotients, where no denominator is about zero."""
    if any(abs(y) < 1e-9 for y in b):
        return None
    return tuple(x / y for x, y in zip(a, b, strict=True))
