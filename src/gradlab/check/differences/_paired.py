"""Half the values for single coordinates: two for each, and a random direction that bears out all of them together.

Two values tell a slope and not how far it is off. The function's slope along a direction in which all coordinates move,
by half as much, is what their slopes foretell but for their errors; with random signs and lengths these do not cancel,
but for luck (see `_screen`). Luck is answered for by a factor, and by what else a claim has to meet.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from gradlab.check.differences._fit import DEVIATIONS, spacing_of
from gradlab.check.differences._screen import CHUNK, OFFSETS, STEP, coordinates, moved_along, steps_of
from gradlab.check.inputs._batch import FEWEST
from gradlab.check.inputs._function import Function

# With fewer coordinates than this, four values for each are no more.
_FEWEST = 2
_HALF = np.array([0.5, -0.5])
# So many times what the direction leaves open a slope may be off.
_LUCK = 16.0
# A kink, or a bend, shows by this part of the slope; bars up to this part of the tolerance are good enough.
_BEND, _SHARE = 1e-3, 0.5


Column = tuple[int, float, tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]


def first_pass(
    function: Function,
    flat: np.ndarray,
    centre: np.ndarray,
    scales: np.ndarray,
    indices: list[int],
    double: np.ndarray | bool,
    tolerance: float,
) -> Iterator[Column]:
    """Measure coordinates of a function that computes in float64, by two values each where that tells enough.

    Where one call gives many values, four for each are as cheap.

    Yields:
        The coordinate, its step, and what `extrapolate` gives, each of shape (M,).
    """
    about, known = (function, flat, centre, scales), None
    if len(indices) >= _FEWEST and 4 * len(indices) * len(flat) <= CHUNK:
        steps = steps_of(scales[indices], STEP)
        if function.maps and len(indices) * len(OFFSETS) >= FEWEST:
            known = function.at_once(moved_along(flat, indices, steps, OFFSETS))
            known = None if known is None else known.reshape(len(indices), len(OFFSETS), -1)
        if known is None:
            ends = function.many(moved_along(flat, indices, steps, OFFSETS[:2])).reshape(len(indices), 2, -1)
            slopes, bars, believed, moved = _by_two(function, flat, centre, indices, steps, ends, double)
            small = bars <= _SHARE * tolerance * np.abs(slopes)
            enough = np.asarray(np.all(~moved | (believed & small), axis=1))
            for row in np.flatnonzero(enough).tolist():
                yield indices[row], float(steps[row]), (slopes[row], bars[row], believed[row], moved[row])
            indices, known = [index for index, done in zip(indices, enough, strict=True) if not done], ends[~enough]
    yield from coordinates(*about, indices, STEP, double, known)


def _by_two(
    function: Function,
    flat: np.ndarray,
    centre: np.ndarray,
    indices: list[int],
    steps: np.ndarray,
    ends: np.ndarray,
    double: np.ndarray | bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The slopes by the values ahead and behind, their bars, whether they are believed and moved, each (n, M)."""
    own, (high, low) = steps[:, None], (ends[:, 0], ends[:, 1])
    slopes, moved = (high - low) / (2 * own), (high != centre) | (low != centre)
    size = np.maximum(np.abs(ends).max(axis=1), np.abs(centre))
    rounding = DEVIATIONS * spacing_of(ends, 1, double) * size
    # What is not defined to both sides, or bends, tells nothing of the others.
    straight = np.abs(high + low - 2 * centre) <= _BEND * np.abs(slopes) * own + rounding
    plain = np.asarray(np.all(straight & np.isfinite(slopes), axis=1))
    moves = steps * _lengths(len(steps)) * plain
    points = np.repeat(flat[None], 2, axis=0)
    points[:, indices] += _HALF[:, None] * moves
    ahead, behind = function.many(points)
    told, coarse = (np.where(plain[:, None], each, 0.0) for each in (slopes, rounding))
    coarse = coarse.max(axis=0)
    rest = _LUCK * (np.abs(ahead - behind - moves @ told) + 2 * coarse)
    # At a kink of all together nothing is known.
    bends = np.abs(ahead + behind - 2 * centre) > _BEND * (np.abs(moves) @ np.abs(told)) + 2 * coarse
    rest[bends | ~np.isfinite(rest)] = np.inf
    # Divided by nothing where a coordinate did not move along.
    bars = np.where(moved, rest / np.abs(moves)[:, None], 0.0) + rounding / own
    return slopes, bars, moved & np.isfinite(bars), moved


@lru_cache(maxsize=64)
def _lengths(count: int) -> np.ndarray:
    """By how much of its step each coordinate moves along the direction."""
    random = np.random.default_rng(11)
    return random.uniform(0.5, 1.0, count) * random.choice([-1.0, 1.0], count)
