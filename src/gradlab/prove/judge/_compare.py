"""Two sides at many points: they agree at all, or there is one at which they certainly differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from gradlab.graph import ZERO, Apply, Expression, as_number, simpler, walk
from gradlab.prove.judge import _pieces as pieces
from gradlab.prove.judge._balls import Ball, TooRoughError, size
from gradlab.prove.judge._points import BITS, MOST_BITS, WIDE, Ground, Point, Points, Undefined, finite
from gradlab.prove.read._nodes import Call, Cases, Condition

AGREEMENT_BITS = 133  # to which two sides have to agree: 40 decimal digits
AGREEMENT = 40
ENOUGH_POINTS = 6
MOST_ATTEMPTS = 100
WIDE_POINTS = 8
MOST_FAILED = 8  # points of one setting of several at which a side is undefined
_ANALYTIC = frozenset((
    "add", "mul", "neg", "div", "exp", "sin", "cos", "tanh", "sigmoid", "softplus", "pi", "softmax", "log_softmax",
    "arctan", "erf",
))  # fmt: skip

Pair = tuple[Expression, Expression]
Sides = Callable[[Any], tuple[Pair, ...]]
Conditions = Callable[[Any], tuple[Condition, ...]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Two sides at one point; ``differing`` is the first entry that differs, None if all agree."""

    point: Point
    differing: int | None = None
    values: tuple[Ball, Ball] | None = None


class Comparison:
    """Two sides at many points.

    Attributes:
        agreeing: the numbers of the points at which they agree.
        differing: the point at which they differ, if one was found.
        entry: which entry of the two sides differs there.
        values: the two values there.
        constant: whether nothing is drawn, so that one point is as good as many.
    """

    def __init__(self) -> None:
        self.agreeing: list[int] = []
        self.differing: Point | None = None
        self.entry = 0
        self.values: tuple[Any, Any] = (None, None)
        self.constant = False

    def note(self, number: int, outcome: Outcome | None) -> bool:
        """Note what was found at a point; whether nothing more is needed."""
        if outcome is None:
            return False
        if outcome.differing is None or outcome.values is None:
            self.agreeing.append(number)
            return False
        a, b = outcome.values
        balls = outcome.point.balls
        self.differing, self.entry, self.values = outcome.point, outcome.differing, (balls.number(a), balls.number(b))
        return True

    @property
    def enough(self) -> bool:
        """Whether the sides agree at enough points."""
        return len(self.agreeing) >= (1 if self.constant else ENOUGH_POINTS)


def nothing(_variant: Any) -> tuple[Condition, ...]:
    """No conditions."""
    return ()


def compare(points: Points, sides: Sides, conditions: Conditions = nothing, wanted: int = 0) -> Comparison:
    """Compare two sides at points at which both are defined and the conditions hold.

    Args:
        points: the points.
        sides: gives for a variant the entries of the two sides in pairs, without derivatives.
        conditions: gives for a variant the conditions.
        wanted: at how many ordinary points; as many as the points think enough by default. With a number, no others
            are looked for.
    """
    result = Comparison()
    count = wanted or points.enough
    failed: dict[Any, int] = {}  # points at which a variant was undefined, before the first at which it was not
    for number in range(max(MOST_ATTEMPTS, 2 * count)):
        variant = points.variant(number)
        if failed.get(variant, 0) >= MOST_FAILED and len(points.variants) > 1:
            continue
        before = len(result.agreeing)
        if result.note(number, at_point(points, number, sides(variant), conditions(variant))):
            return result
        if len(result.agreeing) > before:
            failed[variant] = -MOST_ATTEMPTS
        else:
            failed[variant] = failed.get(variant, 0) + 1
        if number == 0:
            result.constant = len(points.variants) == 1 and not wanted and _is_constant(points, sides(variant))
        if len(result.agreeing) >= count or result.constant:
            break
    if not (wanted or result.constant):
        _elsewhere(result, points, sides, conditions)
    return result


def _is_constant(points: Points, pairs: tuple[Pair, ...]) -> bool:
    sides = [side for pair in pairs for side in pair]
    unknown = any(isinstance(node, Call) for side in sides for node in every_node(side))
    return not unknown and not points.grounds[points.variants[0]].given_in(*sides)


def every_node(expression: Expression) -> Iterator[Expression]:
    """Every part of an expression, once each."""
    seen: set[Expression] = set()
    stack = [expression]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            yield node
            stack += node.args


def _elsewhere(result: Comparison, points: Points, sides: Sides, conditions: Conditions) -> None:
    """Points of many sizes, and on each piece of functions made of several, or where conditions are met."""
    for variant in points.variants[:3]:
        pairs = sides(variant)
        ground, limits = points.grounds[variant], conditions(variant)
        # a pair of one thing with itself only has to be defined
        reached = tuple(every_formula(ground, *(side for pair in pairs if pair[0] is not pair[1] for side in pair)))
        if not limits and result.enough and all(map(is_analytic, reached)):
            continue
        numbers = [n for n in range(WIDE, WIDE + 4 * WIDE_POINTS) if points.variant(n) == variant][:WIDE_POINTS]
        for number in _chain(
            numbers, pieces.sought(points, variant, (*numbers, *result.agreeing), reached, limits, result.enough)
        ):
            if result.note(number, at_point(points, number, pairs, limits)):
                return


def _chain(*many: Iterable[int]) -> Iterator[int]:
    for one in many:
        yield from one


def every_formula(ground: Ground, *expressions: Expression) -> Iterator[Expression]:
    """All parts of expressions and of the formulas that they are computed by."""
    seen: set[str] = set()
    waiting = list(expressions)
    while waiting:
        expression = waiting.pop()
        yield from every_node(expression)
        for name in sorted(expression.names - seen):
            seen.add(name)
            formula = ground.formula(name)
            if formula is not None:
                waiting.append(formula)


def is_analytic(node: Expression) -> bool:
    """Whether a function has no kinks, and no domain with several pieces."""
    if isinstance(node, Cases):
        return False
    if not isinstance(node, Apply):
        return True
    if node.primitive == "pow":
        number = as_number(node.args[1])
        return (number is not None and number.denominator == 1) or not node.args[1].names
    if node.primitive in _ANALYTIC:
        return True
    meant = simpler(node)
    return meant is not None and all(map(is_analytic, walk(meant)))


def at_point(
    points: Points, number: int, pairs: tuple[Pair, ...], conditions: tuple[Condition, ...] = ()
) -> Outcome | None:
    """Whether two sides agree at a point; None where one is undefined, a condition does not hold, or it stays open.

    The digits are raised until a difference is certain, or until all agree to `AGREEMENT` digits with four times as
    many digits as the widest number on the way has before or behind the point: then no term was too small to be seen.
    """
    bits = BITS
    while bits <= MOST_BITS:
        point = points.precise(number, bits)
        try:
            if not all(map(point.holds, conditions)):
                return None
            values = [(point.value(left), point.value(right)) for left, right in pairs]
        except TooRoughError:
            bits *= 2
            continue
        except Undefined:
            return None
        balls = point.balls
        for entry, (a, b) in enumerate(values):
            if balls.apart(a, b):
                return Outcome(point, entry, (a, b))
        needed = 4 * balls.widest + 64
        if bits >= needed:
            if all(_agree(a, b, balls.widest) for a, b in values):
                return Outcome(point)
            needed = 2 * bits
        bits = max(2 * bits, needed)
    return None


def sign_of(points: Points, formula: Expression) -> int | None:
    """The sign of a formula at all points at which it is defined.

    Returns:
        1 or -1; 0 where it vanishes at all; 2 where it vanishes at none, but has both signs; None where it vanishes at
        some only, or is not defined at enough.
    """
    signs: list[int] = []
    enough = ENOUGH_POINTS if points.grounds[points.variants[0]].given_in(formula) or _has_call(formula) else 1
    for number in range(MOST_ATTEMPTS if enough > 1 else 1):
        outcome = at_point(points, number, ((formula, ZERO),))
        if outcome is None:
            if number > 4 * ENOUGH_POINTS and not signs:
                return None
            continue
        ball = None if outcome.values is None else outcome.values[0]
        signs.append(0 if ball is None else outcome.point.balls.sign(ball))
        if len(signs) >= enough:
            break
    if len(signs) < enough:
        return None
    found = set(signs)
    return found.pop() if len(found) == 1 else None if 0 in found else 2


def _has_call(formula: Expression) -> bool:
    return any(isinstance(node, Call) for node in walk(formula))


def _agree(a: Ball, b: Ball, widest: int) -> bool:
    return max(a[1], b[1]) <= max(size(a[0]), size(b[0]), -widest) - AGREEMENT_BITS


def distinguishable(a: Any, b: Any) -> tuple[str, str]:
    """Two different numbers, in as many digits as it takes to tell them apart."""
    import mpmath

    for digits in (6, 12, 25):
        shown = tuple(str(mpmath.nstr(value, digits)).removesuffix(".0") for value in (a, b))
        if shown[0] != shown[1]:
            return shown[0], shown[1]
    with mpmath.workprec(MOST_BITS):
        difference = a - b
    sign = "-" if difference > 0 else "+"
    return shown[0], f"{shown[0]} {sign} {mpmath.nstr(abs(difference), 3)}"


def usable(points: Points, expressions: Callable[[Any], tuple[Expression, ...]], count: int) -> Iterator[int]:
    """Numbers of points at which expressions are defined in machine numbers."""
    found = 0
    for number in range(MOST_ATTEMPTS):
        try:
            values = [points.quick(number).value(part) for part in expressions(points.variant(number))]
        except Undefined:
            continue
        if all(map(finite, values)):
            yield number
            found += 1
            if found == count:
                return
