"""The end of a run in sentences: what happened, and what to try, with the run's own numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradlab._words import counted
from gradlab.descent._numbers import show, show_point, to_float
from gradlab.descent._outcome import Outcome
from gradlab.descent._stopping import History, Rules, Stop

_MANY = 4  # steps that show a trend
_STEADY = 0.1  # how far two paces may lie apart


def message(outcome: Outcome, stop: Stop, history: History, rules: Rules, unused: tuple[Any, ...]) -> str:
    """Say how the run ended, on one line; `unused` are the sizes of planned steps that were not taken."""
    count = len(history.rates)
    begin = f"{outcome.name} after {counted(count, 'step')}: "
    if stop is Stop.NOT_FINITE:
        return begin + _not_finite(history)
    place, value = show_point(history.points[-1]), show(history.values[-1])
    if outcome is Outcome.DIVERGED:
        lowest = min(history.values[step] for step in history.rises)
        return begin + (
            f"the value rose in {_of_steps(len(history.rises), count)} and ended at {value}, not below the "
            f"{show(lowest)} it rose from."
        )
    norm = f"{math.sqrt(to_float(history.gradient_square())):.3g}"
    tolerance = f"{float(rules.tolerance):.2g}"
    at = f"at {place} the value is {value}"
    if stop is Stop.GRADIENT:
        fixed = _fixed_point(history, place, unused) if rules.plain else ""
        return begin + (fixed or f"{at} and the gradient's norm {norm} is within the tolerance {tolerance}.")
    if stop is Stop.VALUE:
        change = show(abs(history.values[-1] - history.values[-2]))
        return begin + f"{at}; it changed by {change} in the last step. The gradient's norm is {norm}."
    rose = f" The value rose in {_of_steps(len(history.rises), count)}." if history.rises else ""
    return begin + f"{at} and the gradient's norm {norm} is above the tolerance {tolerance}.{rose}"


def advice(outcome: Outcome, history: History, rules: Rules, derived: bool) -> str:
    """Say what to try after the run; empty if nothing is left to do.

    A gradient that gradlab `derived` is never doubted.
    """
    if outcome is Outcome.CONVERGED:
        return ""
    if _falls_for_ever(history):
        return (
            f"The value fell to the last step no slower than before, from {show(history.values[0])} to "
            f"{show(history.values[-1])}: the function may have no minimum on this way. Make sure that it is bounded "
            "below and that its sign is right; if it is, allow more steps."
        )
    if not rules.plain:
        if outcome is Outcome.MAX_STEPS and _goes_up_and_down(history):
            return "The value goes up and down: allow more steps, or use a smaller learning rate if it comes no lower."
        return outcome.remedy
    if outcome is Outcome.MAX_STEPS:
        return _more_steps(history, rules)
    if not history.rises:
        return outcome.remedy
    misfits = _gradient_misfits(history)
    if (derived or not misfits) and _turns_without_growing(history):
        return (
            "Across the first rise the gradient turned round and grew no larger. If there is a kink, as that of abs, "
            "the value goes to and fro across it with every constant step, however small: use a learning rate that "
            "decreases from step to step. If there is none, the steps are too long: try a tenth of them or less."
        )
    if misfits:
        if derived:
            return (
                "The value rose in steps at whose both ends it falls: they are too long; try a tenth of them or less."
            )
        return (
            "The value rose though the gradient says at both ends of the step that it falls. Either the step is too "
            "long, or the gradient does not belong to this function: ask gradlab.check_gradient, its sign first, and "
            "try a tenth of the learning rate or less."
        )
    curvature = _curvature(history, history.rises[0])
    if not 0 < curvature < math.inf:
        return outcome.remedy
    return (
        f"Up to the first rise the gradient changes by up to {curvature:.3g} per unit of the way, which calls for step "
        f"sizes below {2 / curvature:.3g}; try learning_rate={1 / curvature:.2g}."
    )


def _falls_for_ever(history: History) -> bool:
    """Tell whether the value never rose and fell no less in the second half of the steps, where it is as steep.

    A descent on its way to a minimum falls less and less, save where it leaves a plateau or a saddle.
    """
    last = len(history.values) - 1
    if last < _MANY or history.rises:
        return False
    first, middle, end = (to_float(history.values[step]) for step in (0, last // 2, last))
    norms = [to_float(history.gradients[step].dot(history.gradients[step])) for step in (0, last // 2, last)]
    steeper = not norms[2] < norms[1] and not norms[1] < norms[0]
    return steeper and not middle > first and (end == -math.inf or middle - end >= 0.999 * (first - middle) > 0)


def _fixed_point(history: History, place: str, unused: tuple[Any, ...]) -> str:
    if history.gradient_square() != 0:
        return ""
    first = f"The step {show(unused[0])} and every other" if unused else "Every further step, of whatever size,"
    return (
        f"{place} is a fixed point, with the value {show(history.values[-1])}. {first} leaves it where it is, "
        "since the gradient there is 0."
    )


def _turns_without_growing(history: History) -> bool:
    """Tell whether the gradient after the first rise points back and is no longer than before.

    On a quadratic the gradient grows wherever the value rises, so that its change there is no curvature.
    """
    before, after = (_floats(row) for row in history.gradients[history.rises[0] :][:2])
    return bool(before.dot(after) < 0 and after.dot(after) <= before.dot(before) * (1 + 1e-9))


def _not_finite(history: History) -> str:
    place, value = show_point(history.points[-1]), to_float(history.values[-1])
    what = f"the value is {value:g}" if not math.isfinite(value) else "the gradient is not finite"
    if not history.rates:
        return f"{what} at the start {place}."
    had_risen = bool(history.rises) and history.rises[-1] < len(history.rates) - 1
    return f"{what} at {place}" + (f"; it had risen to {show(history.values[-2])}." if had_risen else ".")


def _of_steps(rises: int, count: int) -> str:
    if count == 1:
        return "the only step"
    return f"{rises} of {count} steps"


def _more_steps(history: History, rules: Rules) -> str:
    if len(history.rates) < 2:
        return Outcome.MAX_STEPS.remedy
    if np.array_equal(history.points[-1], history.points[-2]):
        return (
            "The point no longer moves: the steps are lost in rounding. Use a larger tolerance or learning rate, "
            "or float64."
        )
    if _goes_to_and_fro(history):
        return "The point goes to and fro and hardly comes to rest: use a smaller learning rate."
    if _goes_up_and_down(history):
        return "The value goes up and down: use a smaller learning rate, or steps that become smaller."
    norms = [math.sqrt(to_float(gradient.dot(gradient))) for gradient in history.gradients[-2:]]
    tolerance = float(rules.tolerance)
    shrinks = 0 < norms[1] < norms[0] < math.inf
    if not shrinks or tolerance == 0:
        return Outcome.MAX_STEPS.remedy
    largest = to_float(max(history.rates)) * _curvature(history, len(history.rates))
    faster = " or use a larger learning rate" if 0 < largest < 0.5 else ""
    now, before = _paces(history)
    if abs(now - before) > _STEADY * abs(now):
        how = "ever more slowly: allow many" if now > before else "at no steady pace: allow"
        return f"The gradient shrinks {how} more steps{faster}, or accept a larger tolerance."
    more = math.ceil(math.log(tolerance / norms[1]) / math.log(norms[1] / norms[0]))
    return f"Going on at this pace takes about {more} more steps; allow more steps{faster}."


def _goes_up_and_down(history: History) -> bool:
    """Tell whether the value rose in more than a quarter of the steps of the second half."""
    half = len(history.rates) // 2
    return 4 * sum(step >= half for step in history.rises) > len(history.rates) - half


def _paces(history: History) -> list[float]:
    """The logarithms of the factors by which the gradient's norm changed in the last step, and halfway to it."""
    norms = [math.sqrt(to_float(gradient.dot(gradient))) for gradient in history.gradients]
    return [math.log(norms[k + 1] / norms[k]) if norms[k] * norms[k + 1] else 0.0 for k in (-2, (len(norms) - 1) // 2)]


def _goes_to_and_fro(history: History) -> bool:
    """Tell whether in the second half of the steps one coordinate turns again and again, and does not come to rest."""
    ways = np.diff([_floats(row) for row in history.points], axis=0)
    ways = ways[-max(len(ways) // 2, _MANY) :]
    if len(ways) < _MANY:
        return False
    with np.errstate(all="ignore"):
        turns = (ways[1:] * ways[:-1] < 0).mean(axis=0)
    slopes = np.abs(_floats(history.gradients[-1]))  # where others are far steeper, it turns by rounding alone
    stays = (np.abs(ways[-1]) >= 0.9 * np.abs(ways[0])) & (ways[-1] != 0) & (slopes >= 0.01 * slopes.max())
    return bool(((turns > 0.9) & stays).any())


def _curvature(history: History, last: int) -> float:
    """The largest change of the gradient per unit of the way, over the finite steps up to number `last`."""
    known = slice(last + 2)
    points, gradients = (
        np.array([_floats(row) for row in rows[known]]) for rows in (history.points, history.gradients)
    )
    with np.errstate(all="ignore"):
        moved = np.linalg.norm(np.diff(points, axis=0), axis=1)
        ratios = np.linalg.norm(np.diff(gradients, axis=0), axis=1) / moved
    usable = ratios[np.isfinite(ratios)]
    return float(usable.max()) if usable.size else 0.0


def _gradient_misfits(history: History) -> bool:
    """Tell whether the value rose where the gradients at both ends of the step say that it falls.

    The mean of the two slopes gives the change exactly on a quadratic.
    """
    first = history.rises[0]
    way = _floats(history.points[first + 1]) - _floats(history.points[first])
    with np.errstate(all="ignore"):
        slope = _floats(history.gradients[first]) + _floats(history.gradients[first + 1])
        return bool(slope.dot(way) < 0)


def _floats(row: np.ndarray) -> np.ndarray:
    return np.array([to_float(number) for number in row])
