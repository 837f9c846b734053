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

from gradlab.check.differences._fit import STANDARD, Noise, Slope, best, extrapolate, fit, take
from gradlab.check.inputs._function import Function

# Relative to the size of a coordinate: rounding counts for 1e-12 of the value, truncation for 1e-7 of the slope.
STEP = 2.0**-12
# In float32 both count for about 1e-5.
SINGLE_STEP = 2.0**-5
_DIRECTION_STEPS = tuple(2.0**power for power in (-26, -22, -18, -15, -12, -9, -7))
_SINGLE_STEPS = (2.0**-8, 2.0**-6, 2.0**-4, 2.0**-2)
_DIRECTIONS, _FEW_DIRECTIONS = 12, 3
# A second step is so much smaller, and so many bars show a difference.
_NEAR, _CLEAR = 0.2, 4.0
# What is borne out to a bar, a difference of so many bars would have contradicted; chance is never ruled out at once.
_SHOWN, _LEAST = 100, 1e-3
# Bars up to this part of the largest share are good enough.
_COARSEST, _COARSEST_SINGLE = 1e-7, 1e-3
_DECADE = 0.1
PER_COORDINATE = 4
"""How often the function is evaluated to measure a single coordinate."""
CHUNK = 2**22
OFFSETS = np.array([1.0, -1.0, 0.5, -0.5])


def coordinates(
    function: Function,
    flat: np.ndarray,
    centre: np.ndarray,
    scales: np.ndarray,
    indices: list[int],
    step: float = STEP,
    double: np.ndarray | bool = False,
    known: np.ndarray | None = None,
) -> Iterator[tuple[int, float, tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]]:
    """Measure single coordinates by central differences with two steps, `step` of their size and half of it.

    Values that are known already, those of the first k of `OFFSETS`, may be given as `known`, shape (n, k, M).

    Yields:
        The coordinate, its step, and what `extrapolate` gives, each of shape (M,).
    """
    steps = steps_of(scales[indices], step)
    known = np.zeros((len(indices), 0, len(centre))) if known is None else known
    missing = OFFSETS[known.shape[1] :]
    size = max(1, CHUNK // (4 * len(flat)))
    for first in range(0, len(indices), size):
        part, own = indices[first : first + size], steps[first : first + size]
        values = known[first : first + size]
        if len(missing):
            asked = function.many(moved_along(flat, part, own, missing))
            values = np.concatenate([values, asked.reshape(len(part), len(missing), -1)], axis=1)
        found = extrapolate(values, centre, own[:, None], double)
        for row, index in enumerate(part):
            slopes, bars, believed, moved = (each[row] for each in found)
            yield index, float(own[row]), (slopes, bars, believed, moved)


def steps_of(scales: np.ndarray, step: float) -> np.ndarray:
    """Powers of two about this part of the sizes."""
    return 2.0 ** np.floor(np.log2(scales)) * step


def moved_along(flat: np.ndarray, indices: list[int], steps: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """The point moved along each of n coordinates by k offsets in units of its step, shape (n * k, P)."""
    points = np.repeat(flat[None], len(offsets) * len(indices), axis=0)
    rows = np.arange(len(points)).reshape(-1, len(offsets))
    points[rows, np.array(indices)[:, None]] += steps[:, None] * offsets
    return points


@dataclass(frozen=True, slots=True)
class Group:
    """Entries whose claimed shares are made equal along a direction.

    Attributes:
        indices: Which coordinates.
        weights: How far each moves, shape of `indices`.
        share: The size that each share then has; 0 for entries that are claimed to be 0.
        is_part: Whether it is what was left of a larger one.
    """

    indices: np.ndarray
    weights: np.ndarray
    share: float
    is_part: bool = False

    def halves(self) -> tuple[Group, Group]:
        """Two groups of half the size."""
        middle = len(self.indices) // 2
        return (
            Group(self.indices[:middle], self.weights[:middle], self.share, is_part=True),
            Group(self.indices[middle:], self.weights[middle:], self.share, is_part=True),
        )


def groups(
    claimed: np.ndarray, scales: np.ndarray, indices: np.ndarray, random: np.random.Generator, least: float = 1e-8
) -> list[Group]:
    """Sort entries into groups of similar shares, one decade each, in random order; the zeros are the last.

    Args:
        claimed: The claimed gradient, shape (P,).
        scales: The sizes of the coordinates, shape (P,).
        indices: Which entries.
        random: Where the order comes from.
        least: Shares below this part of the largest one are as good as zero.
    """
    shuffled = random.permutation(indices)
    sizes = np.abs(claimed[shuffled]) * scales[shuffled]
    found = []
    floor = least * sizes.max(initial=0.0)
    while (sizes > floor).any():
        top = sizes.max()
        inside = sizes > _DECADE * top
        share = float(sizes[inside].min())
        members = shuffled[inside]
        found.append(Group(members, share / np.abs(claimed[members]), share))
        shuffled, sizes = shuffled[~inside], sizes[~inside]
    # What is below all that counts has its own claims, and is moved as far as the zeros are.
    rests = (shuffled[sizes > 0], shuffled[sizes == 0])
    found += [Group(rest, scales[rest], 0.0) for rest in rests if len(rest)]
    return found


class Answer(Enum):
    """What random directions said about a group."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was said, how far claim and function may be apart along a direction, and how likely agreement is luck.

    `seen` is the share from which a difference would have shown, with the probability of a miss that is told.
    """

    answer: Answer
    bar: float
    miss_probability: float = 1.0
    seen: float = 0.0


@dataclass(frozen=True, slots=True)
class Screen:
    """Compares groups of entries with the function along random directions.

    Attributes:
        function: The function.
        output: Which of its outputs.
        flat: The point, shape (P,).
        centre: The function there, shape (M,).
        claimed: The claimed gradient of the output, shape (P,).
        noise: What is known of the function's noise.
        single: Whether it computes in float32.
        tolerance: The relative error of one entry that has to show.
        largest: The largest share.
        relevance: Shares of this part of the largest one are zero.
        random: Where the directions come from.
    """

    function: Function
    output: int
    flat: np.ndarray
    centre: np.ndarray
    claimed: np.ndarray
    noise: Noise
    single: bool
    tolerance: float
    largest: float
    relevance: float
    random: np.random.Generator

    @property
    def price(self) -> int:
        """About how many evaluations it takes to bear out a group of which all is right."""
        quick = PER_COORDINATE * _FEW_DIRECTIONS
        return _DIRECTIONS * (PER_COORDINATE + len(STANDARD.offsets) * len(_SINGLE_STEPS)) if self.single else quick

    def examine(self, group: Group, wanted: float = 1e-8) -> Finding:
        """Compare a group with the function along random directions until chance is ruled out.

        Args:
            group: The entries.
            wanted: The probability of a miss that is small enough.
        """
        count = len(group.indices)
        target = max(4 * self.tolerance * group.share, self.relevance * self.largest)
        probability, widest, seen = 1.0, 0.0, target
        for _ in range(_DIRECTIONS):
            draw = self.random.uniform(0.5, 1.0, count) * self.random.choice([-1.0, 1.0], count)
            moves = draw * group.weights
            found = self._quickly(group, moves, target) or self._thoroughly(group, moves, target)
            if found.answer is not Answer.AGREES:
                return found
            widest, seen = max(widest, found.bar), max(seen, _SHOWN * found.bar)
            probability *= min(1.0, max(2 * found.bar / seen, _LEAST))
            if probability <= wanted:
                break
        return Finding(Answer.AGREES, widest, probability, seen)

    def _quickly(self, group: Group, moves: np.ndarray, target: float) -> Finding | None:
        """Four values, which are enough for a smooth function, or eight; None if they do not settle it."""
        step, expected = SINGLE_STEP if self.single else STEP, float(self.claimed[group.indices] @ moves)
        slope, bar, moved = self._central(group, moves, step)
        if not moved:
            return Finding(Answer.AGREES, 0.0) if group.share == 0 else None
        apart = abs(slope - expected)
        if apart + bar < 1e-2 * target:
            return Finding(Answer.AGREES, apart + bar)
        if not self._is_clear(group, apart, bar):
            return None
        # What a smaller step says, too, is enough to look at single entries, which are judged by more.
        near, near_bar, _ = self._central(group, moves, _NEAR * step)
        same = abs(near - slope) <= near_bar + bar
        return (
            Finding(Answer.DISAGREES, bar) if same and self._is_clear(group, abs(near - expected), near_bar) else None
        )

    def _central(self, group: Group, moves: np.ndarray, step: float) -> tuple[float, float, bool]:
        """The slope by central differences, its bar, which is infinite unless it is believed, and whether it moves."""
        values = self._values(group, moves, step * OFFSETS)[:, self.output, None]
        slope, bar, believed, moved = extrapolate(values, self.centre[self.output : self.output + 1], step)
        return float(slope[0]), float(bar[0]) if believed[0] else np.inf, bool(moved[0])

    def _is_clear(self, group: Group, apart: float, bar: float) -> bool:
        return apart > _CLEAR * bar + self.tolerance * group.share and apart > self.relevance * self.largest

    def _thoroughly(self, group: Group, moves: np.ndarray, target: float) -> Finding:
        """A ladder of steps: rougher functions need smaller ones, small shares larger ones."""
        expected = float(self.claimed[group.indices] @ moves)
        steps = np.array(_SINGLE_STEPS if self.single else _DIRECTION_STEPS)
        samples = take(lambda offsets: self._values(group, moves, offsets), steps, self.centre)
        chosen = best(fit(samples, self.output, self.noise))
        if chosen is None:
            return Finding(Answer.UNRESOLVED, np.inf)
        slope, other = chosen
        apart, margin = abs(slope.value - expected), _margin(slope)
        if apart <= margin or apart + margin <= target / 2:
            bar = apart + margin
            coarsest = (_COARSEST_SINGLE if self.single else _COARSEST) * self.largest
            answer = Answer.AGREES if bar <= max(target / 2, coarsest) else Answer.UNRESOLVED
            return Finding(answer, bar)
        clear = apart > margin + self.tolerance * group.share / 2 and apart > self.relevance * self.largest
        if clear and (other is None or abs(other.value - expected) > _margin(other)):
            return Finding(Answer.DISAGREES, margin)
        return Finding(Answer.UNRESOLVED, apart + margin)

    def _values(self, group: Group, moves: np.ndarray, steps: np.ndarray) -> np.ndarray:
        """The function along a direction, in pieces that fit into memory."""
        size = max(1, CHUNK // len(self.flat))
        return np.concatenate([self._some(group, moves, steps[at : at + size]) for at in range(0, len(steps), size)])

    def _some(self, group: Group, moves: np.ndarray, steps: np.ndarray) -> np.ndarray:
        direction = np.zeros_like(self.flat)
        direction[group.indices] = moves
        return self.function.many(self.flat + steps[:, None] * direction)


def _margin(slope: Slope) -> float:
    """How far a claim may be off: at a kink by what both sides differ."""
    return slope.bar + (abs(slope.kink) + slope.kink_bar if abs(slope.kink) > slope.kink_bar else 0.0)
