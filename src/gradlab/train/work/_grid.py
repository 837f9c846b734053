"""The work of a sweep: what is trained for a chunk of its grid."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradlab.codegen import NEVER, Plan, TrainResult
from gradlab.rules import Batches
from gradlab.train._chunk import ByStep, by_step, runs_at_once, train_chunk
from gradlab.train._data import Data
from gradlab.train._device import Device
from gradlab.train._grid import Grid
from gradlab.train._judge import have_diverged
from gradlab.train._keep import NOTHING, Keep, quantiles_of
from gradlab.train._trainers import trainer_for
from gradlab.train.work._engine import Outcomes
from gradlab.train.work._layout import Index

_TRIED = 2 * 10**8  # parameters x points x steps of what is trained to see how long it takes: full vectors, 0.1 s


@dataclass(frozen=True, slots=True)
class GridWork:
    """All runs of a grid.

    Args:
        grid: the settings.
        data: what is trained on.
        keep: what is kept beside the outcomes.
    """

    grid: Grid
    data: Data
    keep: Keep = NOTHING

    @property
    def device(self) -> Device:
        """On what it is trained."""
        return self.grid.device

    def prepare(self) -> None:
        """Has every kernel compiled, for a run of no steps."""
        grid, first = self.grid, np.zeros(1, dtype=np.intp)
        sheets = map(grid.sheet, range(grid.shape[0]))
        for network, batches in dict.fromkeys((network, batches) for network, _, batches in sheets):
            plan = Plan(grid.rule.update(), grid.own_numbers(first), **self._told(batches)(0, 0))
            trainer = trainer_for(network, self.data, grid.dtype, grid.device)
            trainer.train(grid.starts(network, first, 0, 1), grid.rates(first), 0, plan=plan)

    def tried(self) -> float:
        """Returns the time of a run of the first setting of the sheet with the largest networks and most steps."""
        self.prepare()
        grid = self.grid
        sheets = [grid.sheet(number)[:2] for number in range(grid.shape[0])]
        work = [network.layers.parameters * steps * len(self.data) for network, steps in sheets]
        runs = max(1, min(grid.restarts, _TRIED // max(work)))
        began = time.perf_counter()
        self.chunk((work.index(max(work)), slice(0, 1), slice(0, runs)))
        return (time.perf_counter() - began) / runs

    def chunk(self, place: Index) -> Outcomes | None:
        """Trains some restarts of settings of a sheet; the result depends on nothing else.

        What became of each run by its name, shape (settings, restarts, ...), of quantiles without restarts; None if
        Ctrl-C came before they were done.
        """
        sheet, settings, runs = place
        network, steps, _ = self.grid.sheet(sheet)
        faster = trainer_for(network, self.data, self.grid.dtype, self.grid.device).faster
        size = runs_at_once(network.layers.parameters, len(self.data), steps, curves=self.keep.curves, faster=faster)
        shape = settings.stop - settings.start, runs.stop - runs.start
        rows = shape[1] if self.keep.quantiles else min(shape[1], size)
        together = max(1, size // rows)
        made: dict[str, NDArray[Any]] = {}
        for start in range(0, shape[0], together):
            block = slice(start, min(start + together, shape[0]))
            for first in range(0, shape[1], rows):
                part = slice(first, min(first + rows, shape[1]))
                found = self._block(sheet, _moved(block, settings.start), _moved(part, runs.start))
                if found is None:
                    return None
                if block == slice(0, shape[0]) and part == slice(0, shape[1]):
                    return found  # all at once, and nothing to put together
                for name, array in found.items():
                    whole = name == "curve_quantiles"
                    if name not in made:
                        made[name] = np.empty((shape[:1] if whole else shape) + array.shape[2 - whole :], array.dtype)
                    made[name][block if whole else (block, part)] = array
        return made

    def _block(self, sheet: int, block: slice, runs: slice) -> Outcomes | None:
        """What a kernel's call trains."""
        grid, keep, data = self.grid, self.keep, self.data
        network, steps, batches = grid.sheet(sheet)
        which, count = np.arange(block.start, block.stop), runs.stop - runs.start
        numbers = {name: np.repeat(values, count) for name, values in grid.own_numbers(which).items()}
        result = train_chunk(
            trainer_for(network, data, grid.dtype, grid.device),
            grid.starts(network, which, runs.start, count),
            np.repeat(grid.rates(which), count, axis=0),
            steps,
            plan=Plan(grid.rule.update(), numbers),
            told=self._told(batches),
            size=(len(which) * count, network.layers.parameters, len(data)),
            curves=keep.curves,
            ends=keep.parameters,
        )
        if result.steps < steps:
            return None
        return _outcomes(result, (len(which), count), keep, int(max(grid.steps.values)))

    def _told(self, batches: Batches) -> ByStep:
        return by_step(self.grid.rule, batches, self.grid.seed, len(self.data))


def _moved(part: slice, by: int) -> slice:
    return slice(part.start + by, part.stop + by)


def _outcomes(result: TrainResult, shape: tuple[int, int], keep: Keep, most: int) -> dict[str, NDArray[np.generic]]:
    """What became of each run of a chunk, so many settings by so many restarts, by its name in a sweep's result.

    Losses are padded to the number of steps of the sweep's longest runs.
    """
    made: dict[str, NDArray[np.generic]] = {
        "loss": result.loss,
        "success": result.correct,
        "success_step": result.first_success_step,
        "diverged": have_diverged(result.initial_loss, result.loss, result.diverged_step == NEVER),
        "diverged_step": result.diverged_step,
    }
    made = {name: array.reshape(shape) for name, array in made.items()}
    if keep.parameters:
        made["parameters"] = result.parameters.reshape(*shape, -1)
    if result.curves is not None:
        curves = result.curves.reshape(*shape, -1)
        if keep.quantiles:
            made["curve_quantiles"] = _padded(quantiles_of(curves, keep.quantiles), most + 1)
        else:
            made["curves"] = _padded(curves[..., :: keep.stride], len(keep.kept_steps(most)))
    return made


def _padded(losses: NDArray[np.floating], count: int) -> NDArray[np.floating]:
    """Losses of some steps, of which other settings may have more."""
    missing = [(0, 0)] * (losses.ndim - 1) + [(0, count - losses.shape[-1])]
    return np.pad(losses, missing, constant_values=np.nan) if missing[-1][1] else losses
