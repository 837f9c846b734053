"""What the runs of a sweep gave, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradlab.train._grid import Grid
from gradlab.train._keep import Keep
from gradlab.train.work import Behind, Chunk, Outcomes

OUTCOMES: dict[str, type] = {
    "success": bool,
    "success_step": np.int32,
    "diverged": bool,
    "diverged_step": np.int32,
    "done": bool,
}


@dataclass(slots=True)
class Results:
    """What the runs of a grid gave; the arrays have the shape (sheets, settings of a sheet, restarts, ...).

    Args:
        grid: the settings.
        keep: what is kept beside the outcomes.
        loss: after the last step.
        success: whether every point is right after the last step.
        success_step: the first step after which it was.
        diverged: whether the run diverged.
        diverged_step: the first step after which a parameter was not finite.
        done: whether the run was trained at all.
        kept: "curves" and "parameters", where they were asked for; "curve_quantiles" have no restarts.
        interrupted: whether Ctrl-C came before the last run.
        wanted: how many runs were asked for.
        begun: of how many restarts some runs are done.
    """

    grid: Grid
    keep: Keep
    loss: NDArray[np.floating]
    success: NDArray[np.bool_]
    success_step: NDArray[np.int32]
    diverged: NDArray[np.bool_]
    diverged_step: NDArray[np.int32]
    done: NDArray[np.bool_]
    kept: dict[str, NDArray[np.floating]] = field(default_factory=dict)
    interrupted: bool = False
    wanted: int = 0
    begun: int = 0

    @staticmethod
    def empty(grid: Grid, keep: Keep) -> Results:
        """Returns results in which nothing is done yet; what is not done holds no numbers, and takes no memory."""
        kept = {name: np.empty(shape, grid.dtype) for name, shape in kept_shapes(grid, keep).items()}
        made: dict[str, Any] = {name: np.empty(grid.shape, kind) for name, kind in OUTCOMES.items()}
        made |= {"done": np.zeros(grid.shape, bool), "loss": np.empty(grid.shape, grid.dtype)}
        return Results(grid, keep, **made, kept=kept, wanted=grid.runs)

    def done_part(self) -> Results:
        """Returns the restarts that were begun, copied, so that the memory of the others is given back."""
        parts = {name: getattr(self, name)[:, :, : self.begun].copy() for name in ("loss", *OUTCOMES)}
        kept = {}
        for name, array in self.kept.items():
            whole = name == "curve_quantiles"
            kept[name] = array if whole else array[:, :, : self.begun].copy()
            kept[name][~(self.done.all(axis=-1) if whole else parts["done"])] = np.nan
        parts["loss"][~parts["done"]] = np.nan
        grid = replace(self.grid, restarts=self.begun)
        return replace(self, grid=grid, kept=kept, interrupted=True, **parts)

    @property
    def room(self) -> str:
        """What they take."""
        return "memory"

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """The results by name."""
        return {name: getattr(self, name) for name in ("loss", *OUTCOMES)} | self.kept

    def finished(self, chunk: Chunk) -> bool:
        """Never: they are made to be filled."""
        return False

    def write(self, chunk: Chunk, outcomes: Outcomes) -> None:
        """Stores what a chunk gave; that it is done is stored last, so that Ctrl-C leaves no half-told run."""
        index = chunk.index
        for name, array in outcomes.items():
            if name in self.kept:
                self.kept[name][index[:2] if name == "curve_quantiles" else index] = array
            else:
                getattr(self, name)[index] = array
        self.begun = max(self.begun, index[2].stop)
        self.done[index] = True


def kept_shapes(grid: Grid, keep: Keep) -> dict[str, tuple[int, ...]]:
    """Returns the shape of each array that is kept beside the outcomes.

    Args:
        grid: the settings.
        keep: what is kept.
    """
    return {name: (*behind.of_runs(grid.shape), *behind.lengths) for name, behind in kept_behind(grid, keep).items()}


def kept_behind(grid: Grid, keep: Keep) -> dict[str, Behind]:
    """Returns the dimensions of each array that is kept beside the outcomes, behind those of the runs.

    Args:
        grid: the settings.
        keep: what is kept.
    """
    steps = int(max(grid.steps.values))
    made: dict[str, Behind] = {}
    if keep.stride:
        made["curves"] = Behind(("step",), (len(keep.kept_steps(steps)),))
    if keep.quantiles:
        made["curve_quantiles"] = Behind(("quantile", "step"), (len(keep.quantiles), steps + 1), runs=False)
    if keep.parameters:
        parameters = grid.network(int(grid.width.values[0])).layers.parameters
        made["parameters"] = Behind(("parameter",), (parameters,))
    return made


def bytes_of(grid: Grid, keep: Keep) -> int:
    """Returns how much memory a grid's results take.

    Args:
        grid: the settings.
        keep: what is kept.
    """
    size = np.dtype(grid.dtype).itemsize
    own = size + sum(np.dtype(kind).itemsize for kind in OUTCOMES.values())
    kept = sum(int(np.prod(shape, dtype=object)) for shape in kept_shapes(grid, keep).values())
    return grid.runs * own + kept * size
