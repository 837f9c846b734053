"""The size of each coordinate, by which steps and shares are measured."""

from __future__ import annotations

import math

import numpy as np

from gradlab.check.inputs._function import Function

# Numbers of one array that differ by more than this belong to different worlds: a mask of -1e30 beside logits.
_GAP = 1e6
_LEAST = 1e-3
# So many numbers may the points have where lent sizes are tried; and shares of themselves by which all coordinates move
# for what the function varies by.
_MOST, _AROUND = 2**16, np.array([1.0, -1.0])
# A coordinate that changes the function by this part of it over its own size is of that size.
_SEEN = 1e-3


def scales_of(function: Function, centre: np.ndarray) -> np.ndarray:
    """The size of each entry; a thousandth of that of its neighbours where it is smaller; 1 where all are 0.

    Its neighbours are the numbers of its array up to the first gap of six decades: the largest number of an array says
    nothing about the others if it stands for infinity. A size that is lent by numbers beyond such a gap is taken in so
    far as the function does not vary by more than itself over it, and not where it varies over the coordinate's own:
    Planck's constant beside a frequency has a size of its own.

    Args:
        function: The function.
        centre: Its values at the point, shape (M,).

    Returns:
        Positive numbers, shape (P,).
    """
    absolute = np.abs(function.point.values)
    scales = np.concatenate([_sizes(np.abs(leaf.value).reshape(-1)) for leaf in function.point.leaves])
    lent = np.flatnonzero((absolute > 0) & (_GAP * absolute < scales / _LEAST))
    if 0 < len(lent) * len(scales) <= _MOST:
        alone = lent[:, None] == np.arange(len(scales))
        moves = np.concatenate([alone * scales, alone * absolute, absolute * _AROUND[:, None]])
        values = function.many(function.point.values * (1 + moves / (2 * np.where(absolute > 0, absolute, 1.0))))
        changes = 2 * np.abs(values - centre)
        size = np.fmax(np.abs(centre), np.fmax.reduce(changes[2 * len(lent) :]))
        with np.errstate(all="ignore"):
            shares = np.nan_to_num(changes[: 2 * len(lent)] / size, nan=math.inf, posinf=math.inf).max(axis=1)
        farther, own = shares[: len(lent)], shares[len(lent) :]
        farther[own >= _SEEN] = math.inf
        scales[lent] = np.clip(scales[lent] / farther, absolute[lent], scales[lent])
    return scales


def _sizes(absolute: np.ndarray) -> np.ndarray:
    ordered = np.sort(absolute[absolute > 0])
    if not len(ordered):
        return np.ones_like(absolute)
    if ordered[-1] <= _GAP * ordered[0]:
        return np.maximum(absolute, _LEAST * ordered[-1])
    ends = np.append(np.flatnonzero(ordered[1:] > _GAP * ordered[:-1]), len(ordered) - 1)
    # The largest number of the world that each one belongs to; zeros belong to the one nearest to 1.
    home = ordered[ends[np.argmin(np.abs(np.log(ordered[ends])))]]
    worlds = np.searchsorted(ordered[ends], absolute)
    largest = np.where(absolute > 0, ordered[ends][np.minimum(worlds, len(ends) - 1)], home)
    # Smaller worlds take the size of that one: a probability of 1e-12 moves beside those of 0.3.
    return np.maximum(absolute, _LEAST * np.maximum(largest, np.where(largest < home, home, 0.0)))
