"""A sweep into a store: what it holds, and what is trained for a chunk of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradlab.train._chunk import runs_at_once
from gradlab.train._data import Data
from gradlab.train._grid import Grid
from gradlab.train._judge import judged
from gradlab.train._keep import NOTHING
from gradlab.train._progress import Progress
from gradlab.train._results import outcomes
from gradlab.train._sweep import make_kernels, train_index
from gradlab.train.store._description import described
from gradlab.train.store._fill import fill
from gradlab.train.store._layout import Chunk, Contents, Layout
from gradlab.train.store._write import writing

_MOST_NAMED = 2**20  # restarts up to which they have their numbers as labels, which readers hold in memory
# What is stored of each run, as what, and what stands for a run that is not done.
_OUTCOMES: dict[str, tuple[str, Any]] = {
    "loss": ("", np.nan),
    "success": ("int8", -1),
    "success_step": ("int32", -2),
    "diverged": ("int8", -1),
    "diverged_step": ("int32", -2),
    "done": ("bool", False),
}


def sweep_into(
    path: Path, grid: Grid, data: Data, *, resume: bool, progress: Callable[[Progress], object] | None = None
) -> bool:
    """Trains what is not finished in a store, and makes the store if it is not there.

    Args:
        path: where it is.
        grid: the settings.
        data: what is trained on.
        resume: whether to go on with one that is there.
        progress: called after each chunk.

    Returns:
        Whether all is done; else Ctrl-C came before.

    Raises:
        StoreError: if the store cannot be written.
    """
    counted = judged(grid.architecture.loss, data.y)
    with writing(path, _contents(grid, data, counted), resume=resume) as store:
        return fill(
            store,
            Layout.of(grid, len(data)),
            lambda chunk: _trained(grid, data, chunk),
            start=lambda: make_kernels(grid, data),
            counted="success" if counted else None,
            progress=progress,
        )


def _contents(grid: Grid, data: Data, counted: bool) -> Contents:
    from gradlab.train._dataset import labelled, meaning_of

    results = {
        name: (dtype or grid.dtype, fill, meaning_of(name, grid.architecture.loss))
        for name, (dtype, fill) in _OUTCOMES.items()
        if counted or not name.startswith("success")
    }
    named = grid.restarts <= _MOST_NAMED
    return Contents(
        Layout.of(grid, len(data)),
        described(grid, data),
        lambda: labelled(grid, data, {}, {}, numbered=named),
        results,
    )


def _trained(grid: Grid, data: Data, chunk: Chunk) -> dict[str, NDArray[Any]] | None:
    """What a chunk's runs give, or None if Ctrl-C came before they were done."""
    sheet, settings, runs = chunk.index
    network, steps, _ = grid.sheet(sheet)
    size = runs_at_once(network.layers.parameters, len(data), steps)
    rows = min(runs.stop - runs.start, size)
    together = max(1, size // rows)
    made: dict[str, NDArray[Any]] = {}
    for start in range(settings.start, settings.stop, together):
        block = slice(start, min(start + together, settings.stop))
        for first in range(runs.start, runs.stop, rows):
            part = slice(first, min(first + rows, runs.stop))
            result = train_index(grid, data, (sheet, block, part), NOTHING)
            if result is None:
                return None
            shape = settings.stop - settings.start, runs.stop - runs.start
            for name, array in outcomes(result).items():
                whole = made.setdefault(name, np.empty(shape, array.dtype))
                rows_of = slice(block.start - settings.start, block.stop - settings.start)
                columns = slice(part.start - runs.start, part.stop - runs.start)
                whole[rows_of, columns] = array.reshape(block.stop - block.start, -1)
    return made
