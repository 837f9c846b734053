"""When a descent stops, and what its end is called.

A rise of the value counts if it exceeds what rounding can do. Where the rate is not being reduced, ten rises
in a row end the run: on a convex quadratic the value is a sum of c_i * rho_i**(2 k), convex in the step k, so
with a constant rate it never falls again once it has risen. A single rise does not end the run, since a
schedule or another function may make it good; but a run that ends without having come below the value it
rose from is DIVERGED, whatever else holds. The change of the value alone is no sign of convergence either
(x**2 with the rate 1 jumps from x to -x for ever at the same value): the slope, too, must promise no more
than the tolerance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum, auto
from fractions import Fraction
from typing import Any

import numpy as np

from gradlab.descent._errors import DescentError
from gradlab.descent._numbers import is_rational, parse_number, show, to_float
from gradlab.descent._outcome import Outcome

_PATIENCE = 10
# Units of rounding a computed value may be off, per unit of the size of its terms.
_ROUNDING = 64


class Stop(Enum):
    """Why the loop stopped; what that means is decided by `outcome`."""

    NOT_FINITE = auto()
    GRADIENT = auto()
    VALUE = auto()
    RISING = auto()
    LAST_STEP = auto()


@dataclass(slots=True)
class History:
    """What a run has seen so far; grows with every evaluation, private to the run."""

    epsilon: float
    points: list[np.ndarray] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    gradients: list[np.ndarray] = field(default_factory=list)
    rates: list[Any] = field(default_factory=list)
    rises: list[int] = field(default_factory=list)
    noise: float = 0.0
    streak: int = 0

    def add(self, point: np.ndarray, value: Any, gradient: np.ndarray) -> None:
        """Record an evaluation and whether the value has risen."""
        self.points.append(point)
        self.values.append(value)
        self.gradients.append(gradient)
        if len(self.values) < 2:
            return
        self.noise = self._rounding()
        change = self.values[-1] - self.values[-2]
        self.streak = self.streak + 1 if change > 0 else 0
        if change > self.noise:
            self.rises.append(len(self.values) - 2)

    def _rounding(self) -> float:
        """How far rounding can move the newest values.

        Near a minimum the value is small while the terms it is the sum of are not. Their size is estimated by
        the terms of the Taylor polynomial around the origin: |f| + |x| |g| + |x|^2 |change of g| / |change
        of x|.
        """
        if self.epsilon == 0:
            return 0.0
        moved = _norm(self.points[-1] - self.points[-2])
        curvature = _norm(self.gradients[-1] - self.gradients[-2]) / moved if moved > 0 else 0.0
        size = 0.0
        for point, value, gradient in zip(self.points[-2:], self.values[-2:], self.gradients[-2:], strict=True):
            distance = _norm(point)
            terms = abs(value) + distance * _norm(gradient) + distance * distance * curvature
            size = max(size, terms)
        return _ROUNDING * self.epsilon * size

    def is_finite(self) -> bool:
        """Tell whether the newest point, value and gradient are finite."""
        if is_rational(self.values[-1]):
            return True
        floats = (np.asarray(array, dtype=np.float64) for array in (self.points[-1], self.gradients[-1]))
        return math.isfinite(self.values[-1]) and all(bool(np.isfinite(array).all()) for array in floats)

    def gradient_square(self) -> Any:
        """The squared norm of the newest gradient, exact if the run is."""
        gradient = self.gradients[-1]
        return gradient.dot(gradient)


@dataclass(frozen=True, slots=True)
class Rules:
    """The tolerances of a run; `value_tolerance` None means that the change of the value is not looked at.

    `plain` says that every step goes against the gradient alone: what is known of rises and of points where the
    gradient vanishes holds for no other rule.
    """

    tolerance: Fraction | float
    value_tolerance: Fraction | float | None
    max_steps: int
    plain: bool = True

    def judge(self, history: History) -> Stop | None:
        """Tell whether the run stops at its newest point, and why."""
        if not history.is_finite():
            return Stop.NOT_FINITE
        if self._is_flat(history.gradient_square()) and (self.plain or self._was_flat(history)):
            return Stop.GRADIENT
        if self._is_settled(history):
            return Stop.VALUE
        if self.plain and _is_rising(history):
            return Stop.RISING
        return Stop.LAST_STEP if len(history.rates) >= self.max_steps else None

    def _is_flat(self, square: Any) -> bool:
        if is_rational(square):
            return square <= Fraction(self.tolerance) ** 2
        return math.sqrt(square) <= self.tolerance

    def _was_flat(self, history: History) -> bool:
        """Whether the gradient vanished a step ago too: a rule that goes on by itself only passes by otherwise."""
        before = history.gradients[-2:][0]
        return self._is_flat(before.dot(before))

    def _is_settled(self, history: History) -> bool:
        if self.value_tolerance is None or not history.rates:
            return False
        fall = history.values[-2] - history.values[-1]
        promised = history.rates[-1] * history.gradient_square()
        return -history.noise <= fall <= self.value_tolerance and promised <= self.value_tolerance


def make_rules(tolerance: Any, value_tolerance: Any, max_steps: int, plain: bool = True) -> Rules:
    """Check the tolerances; raises a DescentError if one is not a number of at least 0."""
    return Rules(
        _tolerance(tolerance, "tolerance"),
        None if value_tolerance is None else _tolerance(value_tolerance, "value_tolerance"),
        max_steps,
        plain,
    )


def outcome(stop: Stop, history: History, plain: bool = True) -> Outcome:
    """Name the end of a run that stopped for the reason `stop`."""
    if stop is Stop.NOT_FINITE:
        return Outcome.NOT_FINITE
    if not plain:
        ended_above = stop is Stop.LAST_STEP and history.values[-1] > history.values[0] + history.noise
        return Outcome.DIVERGED if ended_above else _by_stop(stop)
    if stop is Stop.RISING or _is_risen(stop, history):
        return Outcome.DIVERGED
    return _by_stop(stop)


def _by_stop(stop: Stop) -> Outcome:
    return Outcome.MAX_STEPS if stop is Stop.LAST_STEP else Outcome.CONVERGED


def _is_rising(history: History) -> bool:
    if history.streak < _PATIENCE:
        return False
    reduced = history.rates[-1] < history.rates[-_PATIENCE]
    return not reduced and history.values[-1] - history.values[-1 - _PATIENCE] > history.noise


def _is_risen(stop: Stop, history: History) -> bool:
    """Tell whether the run ended without having come below the lowest value that it rose from."""
    if not history.rises:
        return False
    risen_from = min(history.values[step] for step in history.rises)
    last = history.values[-1]
    # Where the gradient has vanished, the same value again is enough; otherwise the run must show progress.
    return last >= risen_from - history.noise if stop is Stop.LAST_STEP else last > risen_from + history.noise


def _tolerance(number: Any, what: str) -> Any:
    parsed = parse_number(number, what)
    if parsed < 0:
        raise DescentError(f"{what} is {show(parsed)}; write 0 or a small positive number, such as 1e-8.")
    return parsed


def _norm(vector: np.ndarray) -> float:
    return math.sqrt(to_float(vector.dot(vector)))
