"""What all repairs need: the value a part of a side would have to have, and whether a changed side holds."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from gradlab.graph import ZERO, Apply, Const, Expression, Partial, Ref, walk
from gradlab.prove._errors import Deadline, NotUnderstoodError, OutOfTimeError
from gradlab.prove._verdict import Fault
from gradlab.prove.judge._axes import ShapeError
from gradlab.prove.judge._points import PROBE, Undefined, finite
from gradlab.prove.judge._slopes import direct
from gradlab.prove.judge.arrays._grid import Grid
from gradlab.prove.read._nodes import Call, Derivative, Indexed, Tensor, Total
from gradlab.prove.read._write import Writer
from gradlab.prove.repairs._paths import Path, at_path, nodes, replace_at

if TYPE_CHECKING:
    from gradlab.prove.judge._trial import Trial

POINTS = 5
MOST_ATTEMPTS = 60
TOLERANCE = 1e-7
MOST_NODES = 90
SECANT_STEPS = 25
LARGEST_CONSTANT = 24
STEPS_FOR_CALL = 500  # of an unknown function, whose examples are long formulas
Values = tuple[float, ...]
Made = TypeVar("Made")
Broken = (*Undefined, NotUnderstoodError, RecursionError, ShapeError)


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
        trial: the chain in the way in which it was judged.
        written: the sides of the chain, as they are written.
        side: the side to be repaired.
        target: what it has to be equal to.
        deadline: when to stop.
    """

    def __init__(
        self, trial: Trial, written: tuple[Expression, ...], side: Expression, target: Expression, deadline: Deadline
    ) -> None:
        self.trial, self.written, self.side, self.target, self.deadline = trial, written, side, target, deadline
        self.graph, self.known = trial.known.graph, trial.known
        self.writer = Writer(self.graph.symbols)
        self._values: dict[Expression, Values | None] = {}
        self.numbers: tuple[int, ...] = tuple(self._usable())
        self.wanted = self.values(target) or ()
        self.found = self.values(side) or ()
        self._needed: dict[Path, Values | None] = {}
        self._tried: set[Expression] = set()
        self._made: dict[Callable[[Search], Any], Any] = {}
        self.quick = False  # whether nothing is looked for step by step
        self.pruning = True  # whether one mistake is looked for, so that what a part should be can be computed

    def start_over(self, deadline: Deadline) -> None:
        """From now on more than one mistake may be there: what one part should be cannot be computed."""
        self.pruning, self.deadline = False, deadline
        self._needed.clear()

    def of(self, side: Expression) -> Search | None:
        """The same search for another side, or None where it has no values."""
        other = copy(self)
        other.side, other.pruning, other.quick, other._needed = side, True, True, {}
        other.__dict__.pop("nodes", None)
        found = self.values(side)
        if found is None:
            return None
        other.found = found
        return other

    def once(self, make: Callable[[Search], Made]) -> Made:
        """What is the same for every side that is tried in this chain, made once."""
        if make not in self._made:
            self._made[make] = make(self)
        return self._made[make]

    def _usable(self) -> list[int]:
        """Numbers of points at which both sides are defined, for as many settings as there are."""
        found: list[int] = []
        for number in range(MOST_ATTEMPTS):
            if self._at(number, self.side) is not None and self._at(number, self.target) is not None:
                found.append(number)
            if len(found) == POINTS:
                break
        if len(self.trial.points.variants) > 1:
            more = (n for n in range(4, MOST_ATTEMPTS, 4) if n not in found)
            found += [n for n in more if self._at(n, self.side) and self._at(n, self.target)][:POINTS]
        return found

    @cached_property
    def speaks(self) -> bool:
        """Whether anything but numbers is written."""
        every = (node for side in self.written for _, node in nodes(side))
        return any(names_of(n) or n.names or partial_of(n) or isinstance(n, Indexed | Call) for n in every)

    @property
    def possible(self) -> bool:
        """Whether there are enough points to search by."""
        return len(self.numbers) >= POINTS and bool(self.wanted) and bool(self.found)

    @cached_property
    def nodes(self) -> list[tuple[Path, Expression]]:
        """The parts of the side, from the outside inwards."""
        return list(nodes(self.side))[:MOST_NODES]

    def _at(self, number: int, written: Expression) -> Values | None:
        """The values of all entries of an expression at one point."""
        points = self.trial.points
        try:
            value = self.trial.worlds[points.variant(number)].value(written)
            entries = value.entries if isinstance(value, Grid) else (value,)
            found = tuple(points.quick(number).value(entry) for entry in entries)
        except Broken:
            return None
        return tuple(map(float, found)) if all(map(finite, found)) else None

    def values(self, written: Expression) -> Values | None:
        """The values of a written expression at the points; None where it is undefined."""
        if written not in self._values:
            self._values[written] = self._computed(written)
        return self._values[written]

    def _computed(self, written: Expression) -> Values | None:
        self.deadline.check(1 + STEPS_FOR_CALL * sum(isinstance(node, Call) for _, node in nodes(written)))
        values: list[float] = []
        for number in self.numbers:
            found = self._at(number, written)
            if found is None:
                return None
            values += found
        return tuple(values)

    def fits(self, written: Expression) -> bool:
        """Whether an expression has the wanted values."""
        values = self.values(written)
        return values is not None and same(values, self.wanted)

    def verified(self, written: Expression) -> bool:
        """Whether a changed side is equal to the target, as a step is judged."""
        if written in self._tried:
            return False
        self._tried.add(written)
        try:
            result = self.trial.compared(self.target, written)
        except (*Broken, OutOfTimeError):
            return False
        return result.differing is None and result.enough

    def needed(self, path: Path) -> Values | None:
        """The values that a part would have to have for the side to hold, where the side is linear in that part."""
        if path not in self._needed:
            self._needed[path] = self._solve(path)
        return self._needed[path]

    def _solve(self, path: Path) -> Values | None:
        if not self.pruning or any(isinstance(at_path(self.side, path[:k]), Total) for k in range(len(path))):
            return None
        probes = [self.values(replace_at(self.side, path, Ref(f"{PROBE}{x}"))) for x in (0.75, 1.5, 2.25)]
        rows = [probe for probe in probes if probe is not None]
        if len(rows) < 3 or len({len(row) for row in (*rows, self.wanted)}) > 1:
            return None
        result: list[float] = []
        for low, middle, high, wanted in zip(*rows, self.wanted, strict=True):
            slope = (high - low) / 1.5
            if abs(slope) < 1e-12 or abs(low + high - 2 * middle) > TOLERANCE * (abs(low) + abs(high) + abs(middle)):
                return None
            result.append(0.75 + (wanted - low) / slope)
        return tuple(result)

    def reached(self, path: Path) -> Values | None:
        """Values that a part could have for the side to hold, found by the secant method from those it has."""
        if any(isinstance(at_path(self.side, path[:k]), Total) for k in range(len(path))):
            return None
        here = self.values(at_path(self.side, path))
        if self.quick or here is None or not len(self.wanted) == len(here) == len(self.numbers):
            return None
        old, new = here, tuple(1.1 * x + 0.01 for x in here)
        at_old: Values | None = self.found
        for _ in range(SECANT_STEPS):
            at_new = self._with(path, new)
            if at_old is None or at_new is None:
                return None
            if all(abs(y - w) <= 1e-11 * max(1, abs(w)) for y, w in zip(at_new, self.wanted, strict=True)):
                return new
            step = tuple(
                x - (y - w) * (x - a) / (y - b) if y != b else x
                for x, y, a, b, w in zip(new, at_new, old, at_old, self.wanted, strict=True)
            )
            old, at_old, new = new, at_new, step
        return None

    def _with(self, path: Path, values: Values) -> Values | None:
        """The values of the side, a part having others at each point."""
        name = f"{PROBE}at"
        side = replace_at(self.side, path, Ref(name))
        result: list[float] = []
        for number, value in zip(self.numbers, values, strict=True):
            points = self.trial.points
            try:
                formula = self.trial.worlds[points.variant(number)].value(side)
                if isinstance(formula, Grid):
                    return None
                result.append(float(points.elsewhere(number, {name: value}).value(formula)))
            except Broken:
                return None
        return tuple(result) if all(map(finite, result)) else None

    # ---- what is computed

    @cached_property
    def computed(self) -> dict[str, tuple[str, ...]]:
        """For every quantity that is computed, what its formula is made of."""
        found = {q.name: tuple(q.inputs) for q in self.graph if q.expression is not None}
        for name, formula in self.known.quantities.items():
            found[name] = tuple(dict.fromkeys(n for _, node in nodes(formula) for n in names_of(node)))
        return found

    def formula(self, name: str) -> Expression | None:
        """The formula of a quantity."""
        if name in self.known.quantities:
            return self.known.quantities[name]
        return self.graph[name].expression if name in self.graph else None

    def upstream(self, name: str) -> set[str]:
        """What a quantity is computed from, directly or not."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            for source in self.computed.get(waiting.pop(), ()):
                if source not in found:
                    found.add(source)
                    waiting.append(source)
        return found

    @cached_property
    def quantities(self) -> list[str]:
        """All quantities of the graph and of the text."""
        return [*(quantity.name for quantity in self.graph), *self.known.quantities]

    def slope(self, of: str, wrt: str) -> Expression:
        """The derivative of one quantity by another, as it is written."""
        if of in self.graph and wrt in self.graph:
            return Partial(of, wrt)
        return Derivative(self.named(of), (self.named(wrt),))

    def worked_out(self, body: Expression, wrt: Expression) -> Expression:
        """The derivative of a formula: worked out where what it is made of does not hang on the variable by itself."""
        plain = all(isinstance(node, Apply | Const | Ref | Call) for node in walk(body))
        if not (isinstance(wrt, Ref) and plain) or any(wrt.name in self.upstream(name) for name in body.names):
            return Derivative(body, (wrt,))
        return direct(body).get(wrt.name, ZERO)

    def named(self, name: str) -> Expression:
        """A quantity as it is written."""
        for side in (*self.written, *self.known.quantities.values()):
            for _, node in nodes(side):
                if isinstance(node, Tensor) and node.name == name:
                    return node
        return Ref(name)

    @cached_property
    def partials(self) -> list[tuple[str, str]]:
        """The derivatives of one quantity by another that the chain is about."""
        found: dict[tuple[str, str], None] = {}
        for side in self.written:
            for _, node in nodes(side):
                pair = partial_of(node)
                if pair is not None:
                    found[pair] = None
        return list(found)

    @cached_property
    def edges(self) -> list[Expression]:
        """All local derivatives, those first that lie between what the chain is about."""
        every = [(name, source) for name, sources in self.computed.items() for source in sources]
        between: list[tuple[str, str]] = []
        for of, wrt in self.partials:
            above = self.upstream(of) | {of}
            below = {wrt} | {source for _, source in every if wrt in self.upstream(source)}
            between += [edge for edge in every if edge[0] in above and edge[1] in below]
        tops = {of for of, _ in self.partials}  # by what one does not ask for, their slopes say nothing
        others = [edge for edge in every if edge[0] not in tops]
        edges = dict.fromkeys(edge for edge in (*between, *others) if edge not in self.asked)
        return [self.slope(*edge) for edge in edges][:300]

    @property
    def asked(self) -> set[tuple[str, str]]:
        """The derivative that is asked for, if the chain or the step begins with one: no repair is made of it."""
        return {pair for side in (self.written[0], self.target) if (pair := partial_of(side)) is not None}

    def latex(self, expression: Expression) -> str:
        """LaTeX of an expression."""
        return self.writer.latex(expression)


def names_of(node: Expression) -> tuple[str, ...]:
    """The names that a part stands for."""
    if isinstance(node, Ref | Tensor):
        return (node.name,)
    return ()


def partial_of(node: Expression) -> tuple[str, str] | None:
    """What is differentiated by what, where a part is the derivative of one quantity by another."""
    if isinstance(node, Partial) and not node.then:
        return node.of, node.wrt
    if isinstance(node, Derivative) and len(node.wrt) == 1:
        of, wrt = node.body, node.wrt[0]
        if isinstance(of, Ref | Tensor) and isinstance(wrt, Ref | Tensor):
            return of.name, wrt.name
    return None


def same(a: Values, b: Values) -> bool:
    """Whether two rows of values are equal up to rounding."""
    if len(a) != len(b):
        return False
    return all(abs(x - y) <= TOLERANCE * max(1e-3, abs(x), abs(y)) for x, y in zip(a, b, strict=True))


def constant_of(values: Values) -> Fraction | None:
    """The simple rational number that all values are, if they are one."""
    if not same(values, (values[0],) * len(values)):
        return None
    guess = Fraction(values[0]).limit_denominator(LARGEST_CONSTANT)
    if abs(guess.numerator) > 1000 or not same(values, (float(guess),) * len(values)):
        return None
    return guess


def times(expression: Expression, factor: Expression) -> Expression:
    """A product as one would write it."""
    inside = expression.args if isinstance(expression, Apply) and expression.primitive == "mul" else (expression,)
    return Apply("mul", (*inside, factor))


def ratio(a: Values, b: Values) -> Values | None:
    """Quotients, where no denominator is about zero, but for where both are."""
    if len(a) != len(b) or any(abs(y) < 1e-9 and abs(x) >= 1e-9 for x, y in zip(a, b, strict=True)):
        return None
    kept = [(x, y) for x, y in zip(a, b, strict=True) if abs(y) >= 1e-9]
    if len(kept) < max(2, len(a) // 2):
        return None
    first = kept[0][0] / kept[0][1]
    return tuple(x / y if abs(y) >= 1e-9 else first for x, y in zip(a, b, strict=True))
