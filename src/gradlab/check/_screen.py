"""The cheap first pass: single coordinates at two scales, or many together along random directions.

Along a direction in which every entry's claimed share is of the same size, a wrong entry cannot hide behind a large
one. If several are wrong their shares may cancel, with a probability that is bounded here: with weights r_i uniform in
+-[1/2, 1], the sum of their shares lies in an interval of width 2 d with a probability of at most 2 d over the largest
share, whatever the others are, since a sum is no more concentrated than one of its terms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gradlab.check._differences import extrapolate
from gradlab.check._functions import Function

# Relative to the size of a coordinate: rounding counts for 1e-12 of the value, truncation for 1e-7 of the slope.
STEP = 2.0**-12
# In float32 both count for about 1e-5.
SINGLE_STEP = 2.0**-5
# Rougher functions need smaller steps.
_DIRECTION_STEPS = (2.0**-12, 2.0**-18, 2.0**-24)
_CHUNK = 2**22


def coordinates(
    function: Function, flat: np.ndarray, centre: np.ndarray, scales: np.ndarray, indices: list[int], step: float = STEP
) -> Iterator[tuple[int, float, tuple[np.ndarray, np.ndarray, np.ndarray]]]:
    """Measure single coordinates by central differences with two steps, `step` of their size and half of it.

    Yields:
        The coordinate, its step, and slopes, bars and whether they can be believed, each of shape (M,).
    """
    steps = 2.0 ** np.floor(np.log2(scales[indices])) * step
    size = max(1, _CHUNK // (4 * len(flat)))
    for first in range(0, len(indices), size):
        part, own = indices[first : first + size], steps[first : first + size]
        points = np.repeat(flat[None], 4 * len(part), axis=0)
        rows = np.arange(4 * len(part)).reshape(-1, 4)
        points[rows, np.array(part)[:, None]] += own[:, None] * np.array([1, -1, 0.5, -0.5])
        values = function.many(points).reshape(len(part), 4, -1)
        slopes, bars, believed = extrapolate(values, centre, own[:, None])
        for row, index in enumerate(part):
            yield index, float(own[row]), (slopes[row], bars[row], believed[row])


@dataclass(frozen=True, slots=True)
class Group:
    """Entries whose claimed shares are made equal along a direction.

    Attributes:
        indices: Which coordinates.
        weights: How far each moves, shape of `indices`.
        share: The size that each share then has; 0 for entries that are claimed to be 0.
    """

    indices: np.ndarray
    weights: np.ndarray
    share: float

    def halves(self) -> tuple[Group, Group]:
        """Two groups of half the size."""
        middle = len(self.indices) // 2
        return (
            Group(self.indices[:middle], self.weights[:middle], self.share),
            Group(self.indices[middle:], self.weights[middle:], self.share),
        )


def groups(claimed: np.ndarray, scales: np.ndarray, indices: np.ndarray, random: np.random.Generator) -> list[Group]:
    """Sort entries into groups of similar shares, three decades each, in random order; the zeros are the last.

    Args:
        claimed: The claimed gradient, shape (P,).
        scales: The sizes of the coordinates, shape (P,).
        indices: Which entries.
        random: Where the order comes from.
    """
    shuffled = random.permutation(indices)
    sizes = np.abs(claimed[shuffled]) * scales[shuffled]
    found = []
    while (sizes > 0).any():
        top = sizes.max()
        inside = sizes > 1e-3 * top
        share = float(sizes[inside].min())
        members = shuffled[inside]
        found.append(Group(members, share / np.abs(claimed[members]), share))
        shuffled, sizes = shuffled[~inside], sizes[~inside]
    if len(shuffled):
        found.append(Group(shuffled, scales[shuffled], 0.0))
    return found


@dataclass(frozen=True, slots=True)
class Finding:
    """What random directions said about a group: whether they bear it out, how closely, and how likely that is luck."""

    agrees: bool
    bar: float
    miss_probability: float


def examine(
    function: Function,
    flat: np.ndarray,
    centre: np.ndarray,
    claimed: np.ndarray,
    group: Group,
    resolve: float,
    random: np.random.Generator,
    wanted: float = 1e-9,
) -> Finding:
    """Compare a group with the function along random directions until chance is ruled out.

    Args:
        function: The function, of one number.
        flat: The point, shape (P,).
        centre: The function there, shape (1,).
        claimed: The claimed gradient, shape (P,).
        group: The entries.
        resolve: The relative error of one entry that has to show.
        random: Where the directions come from.
        wanted: The probability of a miss that is small enough.
    """
    probability, widest = 1.0, 0.0
    for _ in range(6):
        draw = random.uniform(0.5, 1.0, len(group.indices)) * random.choice([-1.0, 1.0], len(group.indices))
        moves = draw * group.weights
        found = _along(function, flat, centre, group.indices, moves, claimed, resolve * group.share)
        if found is None:
            return Finding(False, np.inf, 1.0)
        widest = max(widest, found)
        if group.share > 0:
            probability *= min(1.0, 2 * found / (resolve * group.share))
        else:
            # Of a share that is 0 nothing is known; what is seen of it is bounded instead.
            probability *= 1e-3
        if probability <= wanted:
            return Finding(True, widest, probability)
    return Finding(False, widest, probability)


def _along(
    function: Function,
    flat: np.ndarray,
    centre: np.ndarray,
    indices: np.ndarray,
    moves: np.ndarray,
    claimed: np.ndarray,
    target: float,
) -> float | None:
    """How far claim and function may be apart along a direction; None if that is more than half of `target`."""
    expected = float(claimed[indices] @ moves)
    for step in _DIRECTION_STEPS:
        points = np.repeat(flat[None], 4, axis=0)
        points[:, indices] += step * np.array([1, -1, 0.5, -0.5])[:, None] * moves
        values = function.many(points)
        if target == 0:
            # Claimed zeros: the function must not change at all, in small steps as in large ones.
            far = np.repeat(flat[None], 2, axis=0)
            far[:, indices] += np.array([1, -1])[:, None] / 4 * moves
            if (values != centre).any() or (function.many(far) != centre).any():
                return None
            return 0.0
        slope, bar, believed = extrapolate(values, centre, step)
        apart = abs(slope[0] - expected) + bar[0]
        if believed[0] and apart < target / 2:
            return float(apart)
    return None
