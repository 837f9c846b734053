"""A matrix returned as its transpose."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradlab.check.names._evidence import Evidence, Hypothesis
from gradlab.check.names._mistakes import Mistake


def transposed(evidence: Evidence) -> Iterator[Hypothesis]:
    """The transpose in place of the matrix; for another shape, its numbers read in the other order."""
    order = np.arange(evidence.context.claimed.size)
    leaves = evidence.leaves()
    grids = [(name, positions.reshape(shape)) for name, positions, shape in leaves if len(shape) == 2]
    outputs = int(np.prod(evidence.context.output_shape))
    if not leaves and outputs > 1:
        grids = [("the Jacobian", order.reshape(outputs, -1))]
    for name, grid in grids:
        if min(grid.shape) > 1:
            taken = order.copy()
            taken[grid.reshape(-1)] = grid.T.reshape(-1)
            told = f"{name} is transposed" if grid.shape[0] == grid.shape[1] else f"{name} is transposed and reshaped"
            yield _hypothesis(taken, f"{told}.")
    if outputs > 1:
        yield from _by_a_transposed_matrix(evidence, order)
    if len(grids) > 1:
        taken = order.copy()
        for _, grid in grids:
            taken[grid.reshape(-1)] = grid.T.reshape(-1)
        yield _hypothesis(taken, "All matrices are transposed.")


def _by_a_transposed_matrix(evidence: Evidence, order: np.ndarray) -> Iterator[Hypothesis]:
    """A square matrix that rows are multiplied by, transposed on the way back to these."""
    made = evidence.context.output_shape
    for name, positions, shape in evidence.columns():
        if made and shape and made[-1] == shape[-1] > 1:
            grid = positions.reshape(*made, *shape)
            taken = order.copy()
            taken[positions] = np.swapaxes(grid, len(made) - 1, -1).reshape(-1)
            told = f"What comes back to {name} is multiplied by a transposed matrix: the last axes are exchanged."
            yield _hypothesis(taken, told)


def _hypothesis(taken: np.ndarray, sentence: str) -> Hypothesis:
    return Hypothesis(Mistake.TRANSPOSED, lambda view: view.right[taken], sentence, rank=1, partly=False)
