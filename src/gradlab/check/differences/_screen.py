"""The cheap first pass: single coordinates at two scales, or many together along random directions.

Along a direction in which every entry's claimed share is of the same size, a wrong entry cannot hide behind a large
one. If several are wrong their shares may cancel, with a probability that is bounded here: with weights r_i uniform in
+-[1/2, 1], the sum of their shares lies in an interval of width 2 d with a probability of at most 2 d over the largest
share, whatever the others are, since a sum is no more concentrated than one of its terms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np

from gradlab.check.differences._complex_step import directional_complex_step
from gradlab.check.differences._fit import extrapolate
from gradlab.check.inputs._function import Function

# Relative to the size of a coordinate: rounding counts for 1e-12 of the value, truncation for 1e-7 of the slope.
STEP = 2.0**-12
# In float32 both count for about 1e-5.
SINGLE_STEP = 2.0**-5
# Rougher functions need smaller steps, small shares larger ones.
_DIRECTION_STEPS = (2.0**-12, 2.0**-18, 2.0**-24, 2.0**-8, 2.0**-6)
_DIRECTIONS = 12
_CHUNK = 2**22


def coordinates(
    function: Function, flat: np.ndarray, centre: np.ndarray, scales: np.ndarray, indices: list[int], step: float = STEP
) -> Iterator[tuple[int, float, tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]]:
    """Measure single coordinates by central differences with two steps, `step` of their size and half of it.

    Yields:
        The coordinate, its step, and what `extrapolate` gives, each of shape (M,).
    """
    steps = 2.0 ** np.floor(np.log2(scales[indices])) * step
    size = max(1, _CHUNK // (4 * len(flat)))
    for first in range(0, len(indices), size):
        part, own = indices[first : first + size], steps[first : first + size]
        points = np.repeat(flat[None], 4 * len(part), axis=0)
        rows = np.arange(4 * len(part)).reshape(-1, 4)
        points[rows, np.array(part)[:, None]] += own[:, None] * np.array([1, -1, 0.5, -0.5])
        values = function.many(points).reshape(len(part), 4, -1)
        found = extrapolate(values, centre, own[:, None])
        for row, index in enumerate(part):
            slopes, bars, believed, moved = (each[row] for each in found)
            yield index, float(own[row]), (slopes, bars, believed, moved)


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


class Answer(Enum):
    """What random directions said about a group."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was said, how far claim and function may be apart along a direction, and how likely agreement is luck."""

    answer: Answer
    bar: float
    miss_probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Screen:
    """A function of one number around a point, with its claimed gradient.

    Attributes:
        function: The function.
        flat: The point, shape (P,).
        centre: The function there, shape (1,).
        claimed: The claimed gradient, shape (P,).
        follows_complex: Whether the complex step can be trusted.
        resolve: The relative error of one entry that has to show.
        negligible: Shares of this size are zero beside the largest.
        random: Where the directions come from.
    """

    function: Function
    flat: np.ndarray
    centre: np.ndarray
    claimed: np.ndarray
    follows_complex: bool
    resolve: float
    negligible: float
    random: np.random.Generator

    def examine(self, group: Group, wanted: float = 1e-8) -> Finding:
        """Compare a group with the function along random directions until chance is ruled out.

        Args:
            group: The entries.
            wanted: The probability of a miss that is small enough.
        """
        count = len(group.indices)
        target = max(self.resolve * group.share, self.negligible)
        probability, widest = 1.0, 0.0
        for _ in range(_DIRECTIONS):
            draw = self.random.uniform(0.5, 1.0, count) * self.random.choice([-1.0, 1.0], count)
            moves = draw * group.weights
            found = self._along_zeros(group, moves) if group.share == 0 else self._along(group, moves, target)
            if found.answer is not Answer.AGREES:
                return found
            widest = max(widest, found.bar)
            # Of a share that is 0 nothing is known but that nothing moved.
            probability *= min(1.0, 2 * found.bar / target) if group.share > 0 else 1e-3
            if probability <= wanted:
                return Finding(Answer.AGREES, widest, probability)
        return Finding(Answer.UNRESOLVED, widest)

    def _along(self, group: Group, moves: np.ndarray, target: float) -> Finding:
        expected = float(self.claimed[group.indices] @ moves)
        answer = Answer.UNRESOLVED
        narrowest = np.inf
        for step in _DIRECTION_STEPS:
            values = self.function.many(self._points(group, moves, step * np.array([1, -1, 0.5, -0.5])))
            slope, bar, believed, _ = extrapolate(values, self.centre, step)
            if not believed[0]:
                continue
            apart = abs(slope[0] - expected)
            narrowest = min(narrowest, apart + bar[0])
            if narrowest < 1e-2 * target:
                return Finding(Answer.AGREES, float(narrowest))
            if bar[0] < target / 2 and apart > bar[0]:
                answer = Answer.DISAGREES
                break
        if answer is Answer.UNRESOLVED and self.follows_complex:
            direction = np.zeros_like(self.flat)
            direction[group.indices] = moves
            exact = directional_complex_step(self.function, self.flat, direction, 0)
            if exact is not None and abs(exact - expected) < narrowest:
                narrowest = abs(exact - expected) + 1e-9 * abs(exact)
        if answer is Answer.UNRESOLVED and narrowest < target / 2:
            answer = Answer.AGREES
        return Finding(answer, float(narrowest))

    def _along_zeros(self, group: Group, moves: np.ndarray) -> Finding:
        """Claimed zeros: the function must not change at all, in small steps as in large ones."""
        steps = np.array([2.0**-2, -(2.0**-2), STEP, -STEP, 2.0**-24, -(2.0**-24)])
        values = self.function.many(self._points(group, moves, steps))
        return Finding(Answer.DISAGREES if (values != self.centre).any() else Answer.AGREES, 0.0)

    def _points(self, group: Group, moves: np.ndarray, steps: np.ndarray) -> np.ndarray:
        points = np.repeat(self.flat[None], len(steps), axis=0)
        points[:, group.indices] += steps[:, None] * moves
        return points
