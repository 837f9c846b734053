"""Points at which claims are tried: a value for every name, and what formulas are there.

A point is the same one every time: the values of its names follow from their names and its number. Where formulas are
made of analytic functions, they are equal everywhere if they are equal near one point; eight points of ordinary size
are drawn for them, with both signs, each value with four digits. A difference that is not zero vanishes at one such
point with a chance of about its degree over 10,000, and at all with the eighth power of that. For formulas with
kinks, roots and logarithms there are more points over many sizes, and `_pieces` looks for those that are still missing.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Hashable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from gradlab.graph import PRIMITIVES, Apply, Const, Expression, Graph, Ref, Role, as_number, find_loss, simpler
from gradlab.prove._errors import Deadline, NotUnderstoodError, spend
from gradlab.prove._subject import labels_of
from gradlab.prove.judge._balls import Ball, Balls, UndefinedError
from gradlab.prove.judge._integrals import between_bounds, closed
from gradlab.prove.judge._unknown import COUNT, applied
from gradlab.prove.read._infinitesimals import Integral
from gradlab.prove.read._nodes import Call, Cases, Condition

BITS = 224  # to begin with
MOST_BITS = 8_000
PROBE = "?probe "  # in front of the value of a name that has this value everywhere
WIDE = 1_000  # points from this number on have values of many sizes
SOUGHT = 2_000  # points from this number on were looked for

Undefined = (ZeroDivisionError, ValueError, OverflowError)


class Ground:
    """What is computed at a point, and how what is given is drawn.

    Args:
        graph: the graph.
        formulas: how other names are computed, without derivatives.
    """

    def __init__(self, graph: Graph, formulas: Mapping[str, Expression] | None = None) -> None:
        self.graph = graph
        self.formulas: Mapping[str, Expression] = {} if formulas is None else formulas
        self.labels, self.loss = labels_of(graph)

    def formula(self, name: str) -> Expression | None:
        """How a name is computed; None if it is given."""
        if name in self.formulas:
            return self.formulas[name]
        return self.graph[name].expression if name in self.graph else None

    def given_in(self, *expressions: Expression) -> tuple[str, ...]:
        """The names from which expressions are computed in the end."""
        found: dict[str, None] = {}
        seen: set[str] = set()
        waiting = [name for expression in reversed(expressions) for name in sorted(expression.names, reverse=True)]
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            formula = self.formula(name)
            if formula is None:
                found[name] = None
            else:
                waiting += sorted(formula.names, reverse=True)
        return tuple(found)

    def draw(self, name: str, number: int, mode: int) -> Fraction:
        """A value of a given quantity by chance: always the same one for the same name at the same point.

        Args:
            name: the quantity.
            number: the number of the point.
            mode: from 0 to 3: from which of four distributions.
        """
        graph = self.graph
        kind = find_loss(self.loss).labels if name in self.labels else None
        if kind is not None and kind.shares:
            chosen = random.Random(f"label {number}").randrange(len(self.labels))
            return Fraction(self.labels.index(name) == chosen)
        if kind is not None and kind.values:
            return Fraction(kind.values[random.Random(f"{name} {number}").randrange(len(kind.values))])
        return _drawn(name, number, 0 if name in graph and graph[name].role is not Role.INPUT else mode)


@lru_cache(maxsize=8192)
def _drawn(name: str, number: int, mode: int) -> Fraction:
    rng = random.Random(f"{name} {number}")
    if WIDE <= number < SOUGHT:
        far = rng.uniform(-2, 3) if number % 3 else rng.uniform(2, 6)
        return Fraction(f"{rng.choice((-1, 1)) * rng.uniform(1, 10):.3f}") * Fraction(10) ** round(far)
    value = (rng.gauss(0, 1), rng.uniform(0.02, 0.98), rng.uniform(-3, 3), rng.uniform(0.1, 4))[mode]
    return Fraction(round(value * 10_000), 10_000)


class Point:
    """A point in balls of so many digits.

    Args:
        ground: what is computed there.
        number: its number.
        mode: which distribution its values have, and which examples are taken for unknown functions.
        bits: binary digits of its values.
        fixed: values of names that are not drawn.
    """

    def __init__(
        self, ground: Ground, number: int, mode: int, bits: int, fixed: Mapping[str, Fraction] | None = None
    ) -> None:
        self.ground, self.number, self.mode, self.balls = ground, number, mode, Balls(bits)
        self.cost = 3 + bits // 50
        self.fixed = fixed or {}
        self.given: dict[str, Fraction] = {}
        self._values: dict[Expression, Ball] = {}
        self._open: set[str] = set()

    def value(self, expression: Expression) -> Ball:
        """The value of an expression without derivatives.

        Raises:
            UndefinedError: where it is undefined.
            TooRoughError: where more digits are needed.
            NotUnderstoodError: for what has no value.
        """
        known = self._values.get(expression)
        if known is None:
            spend(self.cost)
            known = self._values[expression] = self._computed(expression)
        return known

    def _computed(self, expression: Expression) -> Ball:
        if isinstance(expression, Const):
            return self.balls.fraction(expression.value)
        if isinstance(expression, Ref):
            return self._named(expression.name)
        if isinstance(expression, Apply):
            return self._applied(expression)
        if isinstance(expression, Call):
            return self.value(applied(expression.function, expression.arguments, expression.orders, self.mode))
        if isinstance(expression, Cases):
            return self.value(self.chosen(expression))
        if isinstance(expression, Integral):
            return self.value(between_bounds(expression, self._in_machine_numbers(expression.variable)))
        raise NotUnderstoodError("this has no value", 0)

    def _in_machine_numbers(self, variable: Expression) -> Callable[[Expression, float], float]:
        """The value of an expression here, where one more name has a value, in machine numbers."""
        (name,) = variable.names
        fixed = {given: float(value) for given, value in self.fixed.items()}

        def at(expression: Expression, value: float) -> float:
            return MachinePoint(self.ground, self.number, self.mode, {**fixed, name: value}).value(expression)

        return at

    def _named(self, name: str) -> Ball:
        if name in self.fixed:
            value = self.fixed[name]
        else:
            formula = self.ground.formula(name)
            if formula is not None:
                if name in self._open:
                    raise NotUnderstoodError(
                        "this is computed from itself: give each of its meanings a name of its own", 0
                    )
                self._open.add(name)
                try:
                    return self.value(formula)
                finally:
                    self._open.discard(name)
            if name.startswith(PROBE):
                return self.balls.fraction(Fraction(name.removeprefix(PROBE)))
            value = self.ground.draw(name, self.number, self.mode)
        self.given[name] = value
        return self.balls.fraction(value)

    def chosen(self, cases: Cases) -> Expression:
        """The value, of several by cases, whose conditions hold here."""
        for value, conditions in zip(cases.values, cases.conditions, strict=True):
            if all(map(self.holds, conditions)):
                return value
        raise UndefinedError("no case holds here")

    def holds(self, condition: Condition) -> bool:
        """Whether a condition holds here."""
        lead = self.balls.sign(self.balls.add(self.value(condition.left), self.balls.neg(self.value(condition.right))))
        return {
            "=": lead == 0, "!=": lead != 0, "<": lead < 0, "<=": lead <= 0, ">": lead > 0, ">=": lead >= 0,
        }[condition.relation]  # fmt: skip

    def _applied(self, node: Apply) -> Ball:
        name, balls = node.primitive, self.balls
        if name in ("add", "mul"):
            result, *others = [self.value(arg) for arg in node.args]
            combine = balls.add if name == "add" else balls.mul
            for other in others:
                result = combine(result, other)
            return result
        if name == "pow":
            return self._power(node)
        own = _OWN.get(name)
        if own is not None:
            return own(balls, *(self.value(arg) for arg in node.args))
        return self.value(_in_simpler(node))

    def _power(self, node: Apply) -> Ball:
        base, exponent = (self.value(arg) for arg in node.args)
        number = as_number(node.args[1])
        if number is None and not node.args[1].names and exponent[1] < -(1 << 50):
            number = _exact(exponent)
        if number is not None and number.denominator == 1:
            return self.balls.power(base, int(number))
        return self.balls.real_power(base, exponent)


def _exact(ball: Ball) -> Fraction | None:
    sign, mantissa, exponent, _ = ball[0]
    if not -1000 < exponent < 1000:
        return None
    return Fraction((-1) ** sign * int(mantissa)) * Fraction(2) ** exponent


def _largest(balls: Balls, first: Ball, *others: Ball) -> Ball:
    for other in others:
        first = balls.larger(first, other)
    return first


def _smallest(balls: Balls, *values: Ball) -> Ball:
    return balls.neg(_largest(balls, *map(balls.neg, values)))


def _step(balls: Balls, a: Ball) -> Ball:
    return balls.one if balls.sign(a) > 0 else balls.zero


# The primitives that are not made of others; all others are computed as their row of the table says.
_OWN: dict[str, Any] = {
    "neg": Balls.neg, "div": Balls.div, "exp": Balls.exp, "log": Balls.log, "sqrt": Balls.sqrt, "sin": Balls.sin,
    "cos": Balls.cos, "pi": Balls.pi, "arctan": Balls.arctan, "erf": Balls.erf,
    "abs": Balls.abs, "max": _largest, "min": _smallest, "step": _step,
    "sign": lambda balls, a: balls.integer(balls.sign(a)), "relu": lambda balls, a: balls.larger(a, balls.zero),
}  # fmt: skip


@lru_cache(maxsize=4096)
def _in_simpler(node: Apply) -> Expression:
    """An application in simpler primitives, as the table defines it or lowers it.

    Raises:
        NotUnderstoodError: for a primitive that the table does not define by others.
    """
    meant = simpler(node)
    if meant is None:
        raise NotUnderstoodError(f"{node.primitive} has no definition that could be computed in many digits", 0)
    return meant


class MachinePoint:
    """The same point in machine numbers: for looking for repairs and for places, never for verdicts."""

    def __init__(self, ground: Ground, number: int, mode: int, fixed: Mapping[str, float] | None = None) -> None:
        self.ground, self.number, self.mode, self.fixed = ground, number, mode, fixed or {}
        self._values: dict[Expression, float] = {}

    def value(self, expression: Expression) -> float:
        """The value of an expression without derivatives.

        Raises:
            ValueError, ZeroDivisionError, OverflowError: where it is undefined.
        """
        known = self._values.get(expression)
        if known is None:
            spend(2)
            known = self._values[expression] = self._computed(expression)
        return known

    def _computed(self, expression: Expression) -> float:
        if isinstance(expression, Const):
            return float(expression.value)
        if isinstance(expression, Integral):
            return self.value(closed(expression))
        if isinstance(expression, Ref):
            return self._named(expression.name)
        if isinstance(expression, Apply):
            if expression.primitive == "pow":
                number = as_number(expression.args[1])
                if number is not None and number.denominator == 1:
                    return self.value(expression.args[0]) ** int(number)
            return PRIMITIVES[expression.primitive].value(*map(self.value, expression.args))
        if isinstance(expression, Call):
            return self.value(applied(expression.function, expression.arguments, expression.orders, self.mode))
        if isinstance(expression, Cases):
            for value, conditions in zip(expression.values, expression.conditions, strict=True):
                if all(map(self.holds, conditions)):
                    return self.value(value)
            raise ValueError("no case holds here")
        raise NotUnderstoodError("this has no value", 0)

    def _named(self, name: str) -> float:
        if name in self.fixed:
            return self.fixed[name]
        formula = self.ground.formula(name)
        if formula is not None:
            return self.value(formula)
        if name.startswith(PROBE):
            return float(name.removeprefix(PROBE))
        return float(self.ground.draw(name, self.number, self.mode))

    def holds(self, condition: Condition) -> bool:
        """Whether a condition holds here, up to rounding."""
        lead = self.value(condition.left) - self.value(condition.right)
        return {
            "=": lead == 0, "!=": lead != 0, "<": lead < 0, "<=": lead <= 0, ">": lead > 0, ">=": lead >= 0,
        }[condition.relation]  # fmt: skip


class Points:
    """The points of a claim, the same ones every time.

    Args:
        grounds: what is computed, for each variant of the claim: each size of a data set, each index.
        deadline: when to stop.
    """

    def __init__(self, grounds: Mapping[Any, Ground], deadline: Deadline) -> None:
        self.grounds, self.deadline, self.variants = grounds, deadline, tuple(grounds)
        self._precise: dict[tuple[int, int], Point] = {}
        self._quick: dict[int, MachinePoint] = {}
        self._sought: dict[int, tuple[Any, int, dict[str, Fraction]]] = {}
        self.climbed: dict[Hashable, dict[str, Fraction] | None] = {}  # where searches for points ended

    @property
    def enough(self) -> int:
        """How many ordinary points are tried: two for each of the four modes, and two for each variant."""
        count = len(self.variants)
        return 8 if count == 1 else min(max(12, 2 * count), 60)

    def variant(self, number: int) -> Any:
        """For which variant a point is."""
        if number in self._sought:
            return self._sought[number][0]
        count = len(self.variants)
        return self.variants[(number // 4 if count <= 3 else number) % count]

    def mode(self, number: int) -> int:
        """Which distribution and which examples a point has."""
        if number in self._sought:
            return self._sought[number][1]
        count = len(self.variants)
        return (number if count <= 3 else number // count) % COUNT

    def fix(self, variant: Any, mode: int, values: dict[str, Fraction]) -> int:
        """The number of a new point at which names have given values."""
        number = SOUGHT + len(self._sought)
        self._sought[number] = variant, mode, values
        return number

    def fixed(self, number: int) -> dict[str, Fraction]:
        """The values of a point that was looked for."""
        return self._sought[number][2] if number in self._sought else {}

    def precise(self, number: int, bits: int = BITS) -> Point:
        """A point in many digits."""
        self.deadline.check(20)
        key = number, bits
        if key not in self._precise:
            ground = self.grounds[self.variant(number)]
            self._precise[key] = Point(ground, number, self.mode(number), bits, self.fixed(number))
        return self._precise[key]

    def quick(self, number: int) -> MachinePoint:
        """The same point in machine numbers."""
        self.deadline.check(20)
        if number not in self._quick:
            fixed = {name: float(value) for name, value in self.fixed(number).items()}
            self._quick[number] = MachinePoint(
                self.grounds[self.variant(number)], number, self.mode(number), fixed
            )  # fmt: skip
        return self._quick[number]

    def elsewhere(self, number: int, more: Mapping[str, float]) -> MachinePoint:
        """A point in machine numbers with values of some names."""
        fixed = {name: float(value) for name, value in self.fixed(number).items()}
        return MachinePoint(self.grounds[self.variant(number)], number, self.mode(number), {**fixed, **more})


def short(value: float) -> str:
    """A number in a few digits."""
    return f"{value:.6g}"


def finite(value: Any) -> bool:
    """Whether a machine number is one."""
    return isinstance(value, int | float) and math.isfinite(value)
