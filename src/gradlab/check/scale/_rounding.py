"""How exactly a claim is known: a formula has rounding errors of its own, which are no mistakes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gradlab.check._outcomes import Entry
from gradlab.check.differences._fit import EPSILON, SINGLE, Noise, is_narrow
from gradlab.check.inputs._claims import Claims

if TYPE_CHECKING:
    from gradlab.check.verdict._engine import Engine

# The point is moved by a rounding this many times, to see how much the claim jitters.
_JITTERS = 4
_DOUBLE = 2.0**-51
# So many roundings of the function's variation may a claim be off by.
_ROUNDINGS = 64
_RANGES = tuple(2.0**-power for power in range(20, 2, -1))
_LEVELS = 4
# A claim that jitters by this part of itself is no claim, or depends on what is no number.
_LARGE = 1e-2
_PLACES = np.arange(-4, 5) / 4
# Jumps are looked for near and far, in sizes of the coordinate, where a change soars so much; and how one is located.
_FARTHER, _SOARS, _HALVINGS = 4.0 ** np.arange(-10, 11), 2.0**6, 30
# So large a jump, beside a number, is rounding; so well a slope beyond it has to meet a claim.
_GRAIN, _BARS, _AVERAGE = 2.0**-40, 4.0, 1e-3


class Jitter:
    """How much claims vary when the point moves by a rounding.

    Args:
        claims: The claims.
        flat: The point, shape (P,).
        claimed: What is claimed there, shape (M, P).
        noise: The noise of the function.
    """

    def __init__(self, claims: Claims, flat: np.ndarray, claimed: np.ndarray, noise: Noise) -> None:
        self._widths = np.zeros_like(claimed)
        if claims.is_callable:
            self._widths = _widths(claims, flat, claimed, noise)
            self._look_past_labels(claims, flat, claimed, noise)

    def _look_past_labels(self, claims: Claims, flat: np.ndarray, claimed: np.ndarray, noise: Noise) -> None:
        """Whole numbers may be labels, which no rounding moves: what others claim does not jitter by them."""
        whole = np.concatenate([np.full(leaf.value.size, _is_whole(leaf.value)) for leaf in claims.point.leaves])
        large = np.isfinite(self._widths) & (self._widths > _LARGE * np.abs(claimed))
        if whole.any() and large[:, ~whole].any():
            fixed = _widths(claims, flat, claimed, noise, whole)
            self._widths = np.where(whole, self._widths, np.minimum(fixed, self._widths))

    def of(self, output: int, index: int) -> float:
        """The jitter of one claim; inf where it is random."""
        return float(self._widths[output, index])


def _is_whole(values: np.ndarray) -> bool:
    return bool(np.all(values == np.round(values)))


def _widths(
    claims: Claims, flat: np.ndarray, claimed: np.ndarray, noise: Noise, fixed: np.ndarray | None = None
) -> np.ndarray:
    size = noise.grain if not noise.fine else (SINGLE if is_narrow(claimed) else _DOUBLE)
    random = np.random.default_rng(1)
    values, places = np.unique(flat, return_inverse=True)
    jitter = np.zeros_like(claimed)
    with np.errstate(invalid="ignore"):
        again = _asked(claims, flat, claimed)
        unstable = (again != claimed) & ~(np.isnan(again) & np.isnan(claimed))
        for _ in range(_JITTERS):
            # Equal numbers move alike: they may be the same place in memory.
            signs = random.choice([-1.0, 1.0], len(values))[places]
            signs = signs if fixed is None else np.where(fixed, 0.0, signs)
            jitter = np.fmax(jitter, np.abs(_asked(claims, flat * (1 + size * signs), claimed) - claimed))
    jitter[unstable] = np.inf
    return jitter


def _asked(claims: Claims, flat: np.ndarray, claimed: np.ndarray) -> np.ndarray:
    """The claims near the point; those at it where the user's gradient raises."""
    try:
        return claims(flat)
    except Exception:
        # What a gradient does elsewhere is not what is judged.
        return claimed


def is_rounding(engine: Engine, entry: Entry, output: int, index: int) -> bool:
    """Tell whether a claim is off by no more than a formula computed in float64 has to be.

    The difference has to be of the size of a rounding beside what the function varies by over the size of the
    coordinate, and the claim has to show it: nearby it varies in jumps of that size, or stands still where it should
    change by more.
    """
    apart, scale = abs(entry.claimed - entry.numeric), float(engine.scales[index])
    # Beside numbers of this size a difference has to be, before it is worth two more evaluations.
    likely = 2.0**-30 * max(float(engine.shares[output]), abs(float(engine.centre[output])), 1.0)
    if not (math.isfinite(apart) and engine.claims.is_callable and apart * scale <= likely):
        return False
    ends = engine.along(index, scale * np.array([-1.0, 1.0]))[:, output] - engine.centre[output]
    reach = float(np.max(np.abs(ends[np.isfinite(ends)]), initial=0.0))
    if apart + entry.error_bar > _ROUNDINGS * EPSILON * reach / scale:
        return False
    return entry.claimed == 0 or _is_coarse(engine, output, index, apart)


def is_lost(engine: Engine, entry: Entry, output: int, index: int) -> bool:
    """Tell whether a slope is lost in the function's own rounding: of numbers that are larger than its value.

    A value that is small because larger ones cancel, or are saturated, follows small steps as if these were constants.
    Farther off it jumps, by no more than a number of the size of 1 is rounded, and what lies beyond is not against the
    claim.
    """
    found = [_nearest_jump(engine, output, index, side) for side in (1.0, -1.0)]
    place, jump = min(found)
    if not 0 < jump <= _GRAIN * max(abs(float(engine.centre[output])), engine.typical, 1.0):
        return False
    bars = [(_BARS * bar + _BARS * jump / step, value) for step, value, bar in entry.scales if step > 4 * place]
    bar, value = min(bars, default=(math.inf, 0.0))
    return abs(entry.claimed - value) <= bar + _AVERAGE * abs(entry.claimed)


def _nearest_jump(engine: Engine, output: int, index: int, side: float) -> tuple[float, float]:
    """How far off a function jumps that was smooth up to there, and by how much; inf and 0 if nothing is seen."""

    def at(places: np.ndarray) -> np.ndarray:
        return engine.along(index, side * places)[:, output] - engine.centre[output]

    reaches = float(engine.scales[index]) * _FARTHER
    changes = np.abs(at(reaches))
    for position in np.flatnonzero(changes[1:] > _SOARS * changes[:-1]).tolist():
        low, high = reaches[position : position + 2].tolist()
        between = float(np.sqrt(changes[position])) * float(np.sqrt(changes[position + 1]))
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (low, middle) if abs(at(np.array([middle]))[0]) > between else (middle, high)
        before, jump, after = np.abs(np.diff(at(np.array([2 * low - high, low, high, 2 * high - low]))))
        if max(before, after) < jump / 2:
            return high, float(jump)
    return math.inf, 0.0


def _is_coarse(engine: Engine, output: int, index: int, apart: float) -> bool:
    """Tell whether the claims near the point jump, or stand still, where they should follow differences of a size."""
    change = 0.0
    for size in _RANGES:
        points = np.repeat(engine.flat[None], len(_PLACES), axis=0)
        points[:, index] += size * engine.scales[index] * _PLACES
        row = np.array([_asked(engine.claims, point, engine.claimed)[output, index] for point in points])
        change = float(np.ptp(row))
        if change > 2 * apart:
            # A smooth claim takes a value of its own at each place.
            return len(np.unique(row)) <= _LEVELS
        rest = row - np.polyval(np.polyfit(_PLACES, row, 4), _PLACES)
        if np.sqrt(np.mean(rest**2)) >= apart / 16:
            return True
    return change == 0
