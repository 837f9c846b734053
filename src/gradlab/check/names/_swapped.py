"""The right numbers in the wrong order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations
from typing import Any

import numpy as np

from gradlab.check.names._evidence import Evidence, Hypothesis, View
from gradlab.check.names._mistakes import Mistake

_MOST_PAIRS, _MOST_MOVED, _MOST_ARRAYS = 2000, 20_000_000, 24
_SUM = "Add up what comes back to this parameter, such as the delta of its layer, and not another one's gradient."


def swapped(evidence: Evidence) -> Iterator[Hypothesis]:
    """Two arrays or two entries exchanged, the order turned around, all moved on by one."""
    leaves = evidence.leaves()
    order = np.arange(evidence.context.claimed.size)
    arrays = leaves or evidence.columns()
    pairs = [(a, b) for a, b in combinations(arrays, 2) if len(a[1]) == len(b[1])]
    for (first, some, _), (second, others, _) in pairs[: min(_MOST_PAIRS, _MOST_MOVED // max(len(order), 1))]:
        yield _reordered(order, some, others, f"The gradients of {first} and {second} are exchanged.")
    yield from _of_another(leaves)
    names, wrong = evidence.context.names, np.flatnonzero(evidence.wrong)
    if len(wrong) == 2:
        first, second = (np.array([index]) for index in wrong)
        told = f"The derivatives by {names[wrong[0]]} and {names[wrong[1]]} are exchanged."
        yield _reordered(order, first, second, told)
    for name, positions, shape in leaves:
        if len(positions) > 2:
            yield from _within(order, name, positions, shape)


def _of_another(leaves: list[tuple[str, np.ndarray, tuple[int, ...]]]) -> Iterator[Hypothesis]:
    """An array that gets the sum of another one's gradient."""
    for (name, places, shape), (other, taken, grid) in permutations(leaves[:_MOST_ARRAYS], 2):
        for axis, length in enumerate(grid):
            if length > 1 and (*grid[:axis], *grid[axis + 1 :]) == shape:

                def predict(
                    view: View, some: Any = places, others: Any = taken, grid: Any = grid, axis: int = axis
                ) -> np.ndarray:
                    found = view.right.copy()
                    found[some] = view.right[others].reshape(grid).sum(axis).reshape(-1)
                    return found

                told = f"{name} is given the sum of the gradient of {other} over axis {axis}."
                yield Hypothesis(Mistake.SWAPPED, predict, told, rank=2, remedy=_SUM, partly=False)


def _within(order: np.ndarray, name: str, positions: np.ndarray, shape: tuple[int, ...]) -> Iterator[Hypothesis]:
    grid = positions.reshape(shape)
    if len(shape) > 1:
        yield _reordered(order, positions, positions[::-1], f"{name} is turned around.", False)
    for axis in range(len(shape)):
        along = "" if len(shape) == 1 else f" along axis {axis}"
        yield _reordered(order, positions, np.flip(grid, axis).reshape(-1), f"{name} is turned around{along}.", False)
        for shift in (1, -1):
            moved = np.roll(grid, shift, axis).reshape(-1)
            yield _reordered(order, positions, moved, f"The entries of {name} are moved by one place{along}.", False)


def _reordered(
    order: np.ndarray, some: np.ndarray, others: np.ndarray, sentence: str, exchange: bool = True
) -> Hypothesis:
    taken = order.copy()
    taken[some] = others
    if exchange:
        taken[others] = some
    return Hypothesis(Mistake.SWAPPED, lambda view: view.right[taken], sentence, rank=1, partly=False)
