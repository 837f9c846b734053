"""Values at random points of the domain: in 60 digits for verdicts, in machine numbers for searching repairs."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

from gradlab.graph import PRIMITIVES, Apply, Const, Expression, Graph, Ref, Role, as_number
from gradlab.prove._errors import Deadline
from gradlab.prove._subject import labels_of

DIGITS = 60
AGREEMENT = 40  # digits to which two sides have to agree
WANTED_POINTS = 24
ENOUGH_POINTS = 6
PROBE = "?probe "  # in front of the value of a name that has this value everywhere
MOST_ATTEMPTS = 150
LARGEST_ARGUMENT = 10_000  # of an exponential or a sine
LARGEST_EXPONENT = 100_000  # of two, in a power

Undefined = (ZeroDivisionError, ValueError, OverflowError)


class UndefinedError(ValueError):
    """A value that does not exist among the real numbers."""


class Arithmetic:
    """The primitives in numbers of a chosen precision."""

    def __init__(self, digits: int) -> None:
        import mpmath

        self.mp = mpmath.MPContext()
        self.mp.dps = digits
        self.functions = {name: getattr(self.mp, name) for name in ("exp", "sin", "cos", "tanh")}

    def constant(self, expression: Const) -> Any:
        return self.mp.mpf(expression.value.numerator) / expression.value.denominator

    def given(self, value: float) -> Any:
        """A number with four decimals, exactly."""
        return self.mp.mpf(round(value * 10_000)) / 10_000

    def apply(self, node: Apply, values: list[Any], evaluate: Any) -> Any:
        name = node.primitive
        if name in self.functions:
            # An exponential of a huge number, and a sine of one, would take for ever.
            if name != "tanh" and abs(values[0]) > LARGEST_ARGUMENT:
                raise UndefinedError("too large to be computed")
            return self.functions[name](values[0])
        if name == "pi":
            return +self.mp.pi
        if name in ("log", "sqrt"):
            if values[0] < 0 or (name == "log" and values[0] == 0):
                raise UndefinedError(f"{name} of {values[0]}")
            return self.mp.log(values[0]) if name == "log" else self.mp.sqrt(values[0])
        if name == "pow":
            return self.power(node, *values)
        if name in ("sigmoid", "softplus"):
            return self.named(name, values[0])
        if name in ("softmax", "log_softmax"):
            if max(map(abs, values[1:])) > LARGEST_ARGUMENT:
                raise UndefinedError("too large to be computed")
            exponentials = [self.mp.exp(value) for value in values[1:]]
            share = exponentials[int(values[0]) - 1] / sum(exponentials)
            return share if name == "softmax" else self.mp.log(share)
        return PRIMITIVES[name].value(*values)

    def named(self, name: str, x: Any) -> Any:
        if abs(x) > LARGEST_ARGUMENT:
            raise UndefinedError("too large to be computed")
        e = self.mp.exp(-x)
        return 1 / (1 + e) if name == "sigmoid" else x + self.mp.log(1 + e)

    def power(self, node: Apply, base: Any, exponent: Any) -> Any:
        number = as_number(node.args[1])
        if number is not None and number.denominator == 1:
            if base == 0 and number <= 0:
                raise UndefinedError("a power of zero")
            if base != 0 and abs(self.mp.mag(base) * number) > LARGEST_EXPONENT:
                raise UndefinedError("too large to be computed")
            return base ** int(number)
        if base < 0 or (base == 0 and exponent <= 0):
            raise UndefinedError("a power of a negative number")
        if abs(exponent) * (abs(self.mp.mag(base)) + 1) > LARGEST_EXPONENT:
            raise UndefinedError("too large to be computed")
        return self.mp.power(base, exponent)


class Floats:
    """The primitives in machine numbers."""

    def constant(self, expression: Const) -> float:
        return float(expression.value)

    def given(self, value: float) -> float:
        return round(value * 10_000) / 10_000

    def apply(self, node: Apply, values: list[Any], evaluate: Any) -> float:
        if node.primitive == "pow":
            number = as_number(node.args[1])
            if number is not None and number.denominator == 1:
                return values[0] ** int(number)
        return PRIMITIVES[node.primitive].value(*values)


class Point:
    """A point: a value for every name, the given ones at random, the others by the graph."""

    def __init__(self, graph: Graph, number: int, arithmetic: Arithmetic | Floats, size: int | None) -> None:
        self.graph, self.number, self.arithmetic, self.size = graph, number, arithmetic, size
        self.given: dict[str, Any] = {}
        self._values: dict[Expression, Any] = {}

    def value(self, expression: Expression) -> Any:
        """The value of an expression without derivatives.

        Raises:
            ValueError, ZeroDivisionError, OverflowError: where it is undefined.
        """
        known = self._values.get(expression)
        if known is not None:
            return known
        if isinstance(expression, Const):
            return self.arithmetic.constant(expression)
        if isinstance(expression, Ref):
            result = self.named(expression.name)
        else:
            assert isinstance(expression, Apply)
            result = self.arithmetic.apply(expression, [self.value(arg) for arg in expression.args], self.value)
        self._values[expression] = result
        return result

    def named(self, name: str) -> Any:
        formula = self.graph[name].expression if name in self.graph else None
        if formula is not None:
            return self.value(formula)
        value = self.arithmetic.given(float(name.removeprefix(PROBE)) if name.startswith(PROBE) else self.draw(name))
        self.given[name] = value
        return value

    def draw(self, name: str) -> float:
        """A random value of a given quantity: always the same one for the same name at the same point."""
        graph = self.graph
        labels, loss = labels_of(graph)
        if name in labels and loss == "softmax_cross_entropy":
            chosen = random.Random(f"label {self.number}").randrange(len(labels))
            return float(labels.index(name) == chosen)
        if name in labels and loss == "binary_cross_entropy":
            return float(random.Random(f"{name} {self.number}").randrange(2))
        rng = random.Random(f"{name} {self.number}")
        if name in graph and graph[name].role is not Role.INPUT:
            return rng.gauss(0, 1)
        return (
            rng.gauss(0, 1),
            rng.uniform(0.02, 0.98),
            rng.uniform(-3, 3),
            rng.uniform(0.1, 4),
        )[self.number % 4]


class Points:
    """Random points of a graph, the same ones every time."""

    def __init__(self, graph: Graph, deadline: Deadline, sizes: tuple[int | None, ...] = (None,)) -> None:
        self.graph, self.deadline, self.sizes = graph, deadline, sizes
        self._precise: dict[tuple[int, int], Point] = {}
        self._quick: dict[int, Point] = {}
        self._arithmetic: dict[int, Arithmetic] = {}
        self._floats = Floats()

    def size(self, number: int) -> int | None:
        """How many points the data set has there."""
        return self.sizes[(number // 4) % len(self.sizes)]

    def precise(self, number: int, digits: int = DIGITS) -> Point:
        """A point in many digits."""
        self.deadline.check()
        key = number, digits
        if key not in self._precise:
            if digits not in self._arithmetic:
                self._arithmetic[digits] = Arithmetic(digits)
            self._precise[key] = Point(self.graph, number, self._arithmetic[digits], self.size(number))
        return self._precise[key]

    def quick(self, number: int) -> Point:
        """The same point in machine numbers."""
        self.deadline.check()
        if number not in self._quick:
            self._quick[number] = Point(self.graph, number, self._floats, self.size(number))
        return self._quick[number]


class Comparison:
    """Two sides at many points.

    Attributes:
        agreeing: the numbers of the points at which they agree.
        differing: the point at which they differ, if one was found.
        values: the two values there.
    """

    def __init__(self) -> None:
        self.agreeing: list[int] = []
        self.differing: Point | None = None
        self.values: tuple[Any, Any] = (None, None)


def compare(points: Points, sides: Any, wanted: int = WANTED_POINTS) -> Comparison:
    """Compare two sides at random points at which both are defined.

    Args:
        points: the points.
        sides: gives for a size of the data set the two sides, without derivatives.
        wanted: at how many points.
    """
    result = Comparison()
    for number in range(MOST_ATTEMPTS):
        left, right = sides(points.size(number))
        outcome = _at_point(points, number, left, right)
        if outcome is None:
            continue
        agrees, point, values = outcome
        if not agrees:
            result.differing, result.values = point, values
            return result
        result.agreeing.append(number)
        if len(result.agreeing) >= wanted:
            break
    return result


def _at_point(points: Points, number: int, left: Expression, right: Expression) -> Any:
    """Whether two sides agree at a point; None where one is undefined or where rounding leaves it open."""
    for digits in (DIGITS, 3 * DIGITS):
        point = points.precise(number, digits)
        try:
            a, b = point.value(left), point.value(right)
        except Undefined:
            return None
        difference, scale = abs(a - b), max(abs(a), abs(b))
        mp = point.arithmetic.mp  # type: ignore[union-attr]
        if not (mp.isfinite(a) and mp.isfinite(b)):
            return None
        if difference <= scale * mp.mpf(10) ** -AGREEMENT:
            return True, point, (a, b)
        rounding = mp.mpf(10) ** (8 - digits)
        if difference > rounding * max(1, scale) * 10**6:
            if digits == DIGITS and difference < scale * mp.mpf(10) ** -20:
                continue
            return False, point, (a, b)
        if scale < rounding:
            return True, point, (a, b)
    return None


def short(value: Any) -> str:
    """A number in a few digits."""
    return f"{float(value):.6g}"


def distinguishable(a: Any, b: Any) -> tuple[str, str]:
    """Two different numbers, in as many digits as it takes to tell them apart."""
    import mpmath

    for digits in (6, 12, 25, 50):
        shown = tuple(str(mpmath.nstr(value, digits)).removesuffix(".0") for value in (a, b))
        if shown[0] != shown[1]:
            return shown[0], shown[1]
    return str(a), str(b)


def finite(value: Any) -> bool:
    """Whether a machine number is one."""
    return isinstance(value, int | float) and math.isfinite(value)


def usable(points: Points, expressions: Any, count: int) -> Iterator[int]:
    """Numbers of points at which expressions are defined in machine numbers."""
    found = 0
    for number in range(MOST_ATTEMPTS):
        try:
            values = [points.quick(number).value(expression) for expression in expressions(points.size(number))]
        except Undefined:
            continue
        if all(map(finite, values)):
            yield number
            found += 1
            if found == count:
                return
