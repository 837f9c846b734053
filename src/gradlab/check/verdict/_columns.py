"""What the first pass measured, coordinate by coordinate, and how a random direction bears it out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from gradlab.check.differences._fit import Slope, extrapolate
from gradlab.check.differences._screen import SINGLE_STEP, STEP

if TYPE_CHECKING:
    from gradlab.check.verdict._engine import Engine

Measured = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Slopes, bars, whether they are believed, whether the output moved; each of shape (M,)."""

LARGE = 0.1
"""A difference of this part of the size is none that the tolerance of a solver leaves."""

# Smaller differences, beside the values, may be rounding: the formula's own, or that of numbers on the way.
_ROUNDING = 2.0**-30
_RESOLVED = 0.25
_TRIALS = 2


class Columns:
    """Slopes along coordinates at two scales."""

    def __init__(self) -> None:
        self.found: dict[int, tuple[float, Measured]] = {}
        # Which outputs changed along any of them.
        self.moving: np.ndarray | bool = False

    def add(self, index: int, step: float, measured: Measured) -> None:
        """Note down what was measured along a coordinate."""
        self.found[index] = (step, measured)
        self.moving = self.moving | measured[3]

    def slope(self, index: int, output: int) -> Slope | None:
        """The slope of an output along a coordinate; None if it was not measured."""
        if index not in self.found:
            return None
        step, (slopes, bars, _, _) = self.found[index]
        return Slope(float(slopes[output]), float(bars[output]), step)

    def is_believed(self, index: int, output: int) -> bool:
        """Whether it is finite, neither at a kink nor on a plateau."""
        return bool(self.found[index][1][2][output])

    def table(self, indices: Iterable[int]) -> tuple[list[float], Measured]:
        """The steps of some coordinates, and what was measured there as arrays of shape (C, M)."""
        steps, rows = zip(*(self.found[index] for index in indices), strict=True)
        slopes, bars, believed, moved = (np.array(part) for part in zip(*rows, strict=True))
        return list(steps), (slopes, bars, believed, moved)

    def differs(self, engine: Engine, index: int, output: int) -> bool:
        """Whether a claim is clearly another value than what was measured."""
        slope, claim = self.slope(index, output), float(engine.claimed[output, index])
        if slope is None or not self.is_believed(index, output):
            return False
        size = max(abs(claim) if np.isfinite(claim) else 0.0, abs(slope.value))
        apart = _apart(claim, slope.value)
        value = max(float(engine.shares[output]), abs(float(engine.centre[output])), 1.0)
        if apart * float(engine.scales[index]) <= _ROUNDING * value:
            return False
        return apart > slope.bar + 4 * engine.rules.tolerance * size and slope.bar < 0.1 * size

    def contrast(self, engine: Engine, index: int, outputs: list[int]) -> float:
        """How large a difference is beside its bar and beside the slope, and what share it has; the largest of some."""
        best = 0.0
        for output in outputs:
            slope, claim = self.slope(index, output), float(engine.claimed[output, index])
            assert slope is not None
            apart = _apart(claim, slope.value)
            share = apart * float(engine.scales[index]) / max(float(engine.shares[output]), 1e-300)
            # What no tolerance of a solver leaves is told apart by far fewer values.
            clear = 1.0 if apart > LARGE * max(abs(claim), abs(slope.value)) else LARGE
            best = max(best, clear * min(share, 1.0) * min(apart / max(slope.bar, 1e-300), 1e3))
        return best


def _apart(claim: float, slope: float) -> float:
    """How far a claim is off; one that is not finite by all of the slope."""
    return abs(claim - slope) if np.isfinite(claim) else abs(slope)


def bear_out(engine: Engine, measured: Columns, wanted: dict[int, list[int]]) -> set[tuple[int, int]]:
    """The entries whose measured slopes a random direction bears out, so that the claims are wrong.

    Along a direction in which every difference between claim and slope has a share of the same size, the function
    changes as the slopes say, or else one of them is not what it seems.
    """
    sure: set[tuple[int, int]] = set()
    waiting = {(index, output) for index, outputs in wanted.items() for output in outputs}
    random = np.random.default_rng(7)
    for trial in range(_TRIALS):
        if not waiting:
            break
        step = (SINGLE_STEP / 2 if engine.is_single else STEP / 2) / 4**trial
        sure |= _borne_out(engine, measured, sorted(waiting), random, step)
        waiting -= sure
    return sure


def _borne_out(
    engine: Engine, measured: Columns, pairs: list[tuple[int, int]], random: np.random.Generator, step: float
) -> set[tuple[int, int]]:
    indices = np.array(sorted({index for index, _ in pairs}))
    apart = np.zeros((len(engine.centre), len(indices)))
    place = {index: column for column, index in enumerate(indices.tolist())}
    for index, output in pairs:
        slope = measured.slope(index, output)
        assert slope is not None
        apart[output, place[index]] = _apart(float(engine.claimed[output, index]), slope.value)
    weight = apart.max(axis=0)
    shares = weight * engine.scales[indices]
    moves = np.minimum(engine.scales[indices], np.median(shares) / weight)
    moves *= random.uniform(0.5, 1.0, len(indices)) * random.choice([-1.0, 1.0], len(indices))
    points = np.repeat(engine.flat[None], 4, axis=0)
    points[:, indices] += step * np.array([1, -1, 0.5, -0.5])[:, None] * moves
    found, bars, believed, _ = extrapolate(engine.function.many(points), engine.centre, step)
    slopes = np.stack([measured.found[index][1][0] for index in indices.tolist()], axis=1)
    errors = np.stack([measured.found[index][1][1] for index in indices.tolist()], axis=1)
    allowed = bars + np.abs(errors) @ np.abs(moves)
    agrees = believed & (np.abs(found - slopes @ moves) <= allowed)
    return {
        (index, output)
        for index, output in pairs
        if agrees[output] and allowed[output] < _RESOLVED * apart[output, place[index]] * abs(moves[place[index]])
    }
