"""A sweep into a store: chunk after chunk, and after any interruption only those that are not finished."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
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
from gradlab.train.store._layout import Chunk
from gradlab.train.store._write import writing


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
    with writing(path, grid, data, resume=resume) as store, ThreadPoolExecutor(1) as writer:
        before = done = successes = 0
        pending: Future[None] | None = None
        with suppress(KeyboardInterrupt):
            todo = []
            for chunk in store.layout:
                if store.finished(chunk):
                    before += chunk.runs
                    if counted:
                        successes += int((store.arrays["success"][chunk.region] == 1).sum())
                else:
                    todo.append(chunk)
            done = before
            if todo:
                make_kernels(grid, data)
            began = time.perf_counter()
            for chunk in todo:
                made = _trained(grid, data, chunk)
                if made is None:
                    break
                if pending is not None:
                    pending.result()
                pending = writer.submit(store.write, chunk, made)  # while the next is trained
                done += chunk.runs
                successes += int(made["success"].sum())
                if progress is not None:
                    seconds = time.perf_counter() - began
                    progress(Progress(done, grid.runs, seconds, successes if counted else None, before))
        if pending is not None:
            pending.result()
        return done == grid.runs


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
