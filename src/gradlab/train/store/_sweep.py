"""A sweep into a store: what it holds, and what is trained for a chunk of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from gradlab.train._data import Data
from gradlab.train._grid import Grid
from gradlab.train._judge import judged
from gradlab.train._keep import NOTHING, Keep
from gradlab.train._progress import Progress
from gradlab.train._results import kept_behind
from gradlab.train.store._description import described
from gradlab.train.store._write import writing
from gradlab.train.work import HERE, Contents, Engine, GridWork, Layout, fill

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
    where: str | os.PathLike[str],
    grid: Grid,
    data: Data,
    *,
    keep: Keep = NOTHING,
    resume: bool,
    engine: Engine = HERE,
    progress: Callable[[Progress], object] | None = None,
) -> bool:
    """Trains what is not finished in a store, and makes the store if it is not there.

    Args:
        where: a folder, or an address that fsspec reaches.
        grid: the settings.
        data: what is trained on.
        keep: what is kept beside the outcomes.
        resume: whether to go on with one that is there.
        engine: who trains it.
        progress: called before the first chunk and after each.

    Returns:
        Whether all is done; else Ctrl-C came before.

    Raises:
        StoreError: if the store cannot be written.
    """
    counted = judged(grid.architecture.loss, data.y)
    with writing(where, _contents(grid, data, keep, counted), resume=resume) as store:
        return fill(
            store,
            Layout.of(grid, len(data), keep),
            GridWork(grid, data, keep),
            engine=engine,
            counted="success" if counted else None,
            progress=progress,
        )


def _contents(grid: Grid, data: Data, keep: Keep, counted: bool) -> Contents:
    from gradlab.train._dataset import kept_coordinates, labelled, meaning_of

    behind = kept_behind(grid, keep)

    results = {
        name: (dtype or grid.dtype, fill, meaning_of(name, grid.architecture.loss))
        for name, (dtype, fill) in (_OUTCOMES | dict.fromkeys(behind, ("", np.nan))).items()
        if counted or not name.startswith("success")
    }
    named = grid.restarts <= _MOST_NAMED
    return Contents(
        Layout.of(grid, len(data), keep),
        described(grid, data, keep),
        lambda: labelled(grid, data, {}, kept_coordinates(grid, keep), numbered=named),
        results,
        behind,
    )
