"""At the edge of a domain the derivative is the slope into it, found as a limit from one side."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gradlab.check._outcomes import Cause, Entry, Verdict
from gradlab.check.differences._fit import EPSILON, Slope, is_single
from gradlab.check.verdict._knowledge import Claim, make_entry

if TYPE_CHECKING:
    from gradlab.check.verdict._engine import Engine

# Steps, as shares of the size of the coordinate.
_SHARES = 4.0 ** -np.arange(1, 19)
# Slopes whose changes do not shrink by this from step to step have no limit.
_SHRINKS = 0.9
# A difference of so many bars is clear; a slope of this part of those farther in is 0.
_BARS, _NOTHING = 8.0, 1e-5


@dataclass(frozen=True, slots=True)
class _Limit:
    """The slope into the domain with its bar; infinite where it grows without end; and how steep it is farther in."""

    value: float
    bar: float
    step: float
    typical: float


def judge_at_edge(engine: Engine, index: int, outputs: list[int]) -> list[Entry] | None:
    """Judge the entries of a coordinate on one side of which alone the function is defined.

    Returns:
        The entries; None if the function is defined on neither side, or computes in lower precision than float64.
    """
    steps = _SHARES * engine.scales[index]
    for side in (1.0, -1.0):
        values = engine.along(index, side * steps)
        good = np.asarray(np.isfinite(values).all(axis=1))
        if bool(np.all(good[-6:])) and not np.all(is_single(values[good])):
            first = 0 if good.all() else len(good) - int(np.argmin(good[::-1]))
            return [_judge(engine, index, output, side * steps[first:], values[first:, output]) for output in outputs]
    return None


def _judge(engine: Engine, index: int, output: int, steps: np.ndarray, values: np.ndarray) -> Entry:
    claim, limit = engine.claim(output, index), _limit(steps, values, float(engine.centre[output]))
    if limit is None:
        reason = "the loss ends at the point, and has no clear slope on the side where it is defined"
        return make_entry(claim, None, Verdict.UNDECIDED, reason, Cause.NOT_FINITE)
    slope = Slope(limit.value, limit.bar, limit.step)
    if math.isinf(limit.value):
        same = claim.value == limit.value
        reason = "the loss ends at the point, and its slope grows without end towards it"
        verdict = Verdict.CORRECT if same else Verdict.UNDECIDED
        return make_entry(claim, None, verdict, reason, None if same else Cause.NOT_FINITE)
    reason = f"the loss ends at the point; the slope into its domain is {limit.value:.4g}"
    verdict = _verdict(engine, claim, limit)
    return make_entry(claim, slope, verdict, reason, Cause.NOT_FINITE if verdict is Verdict.UNDECIDED else None)


def _verdict(engine: Engine, claim: Claim, limit: _Limit) -> Verdict:
    if not math.isfinite(claim.value):
        return Verdict.UNDECIDED
    size, apart = max(abs(claim.value), abs(limit.value)), abs(claim.value - limit.value)
    tolerance = engine.rules.tolerance
    if apart <= max(limit.bar, tolerance * size) and limit.bar <= 4 * tolerance * size:
        return Verdict.CORRECT
    if size + limit.bar <= _NOTHING * limit.typical:
        return Verdict.CORRECT
    clear = apart > _BARS * limit.bar + 10 * tolerance * size and limit.bar < 0.05 * apart
    return Verdict.WRONG if clear else Verdict.UNDECIDED


def _limit(steps: np.ndarray, values: np.ndarray, centre: float) -> _Limit | None:
    """The limit of the slopes of shrinking steps, whatever the power by which they approach it.

    Source:
        A. C. Aitken, On Bernoulli's numerical solution of algebraic equations, Proc. R. Soc. Edinburgh 46 (1926).
    """
    slopes = (values - centre) / steps
    rounding = 4 * EPSILON * max(float(np.abs(values).max()), abs(centre)) / np.abs(steps)
    changes = np.diff(slopes)
    typical = float(np.abs(slopes[:4]).max())
    resolved = np.abs(changes) > 16 * rounding[1:]
    count = len(resolved) if resolved.all() else int(np.argmin(resolved))
    if count < 3:
        # It is straight, as far as can be seen.
        return _Limit(float(slopes[0]), float(np.abs(changes[:3]).max() + rounding[3]), abs(float(steps[0])), typical)
    changes = changes[:count]
    ratios = changes[1:] / changes[:-1]
    last = ratios[-4:]
    if (last > _SHRINKS).all():
        return _Limit(math.copysign(math.inf, float(changes[-1])), math.inf, abs(float(steps[count])), typical)
    if not (np.abs(last) < _SHRINKS).all():
        return None
    found = slopes[2 : count + 1] - changes[1:] ** 2 / (changes[1:] - changes[:-1])
    places = range(max(1, len(found) - 4), len(found))
    bars = [float(abs(found[k] - found[k - 1]) + 4 * rounding[k + 2]) for k in places]
    chosen = int(np.argmin(bars))
    at = places[chosen]
    return _Limit(float(found[at]), bars[chosen], abs(float(steps[at + 2])), typical)
