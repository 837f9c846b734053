"""Every setting trained many times: the runs of a grid, in chunks, into one labelled result."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from gradlab._errors import GradlabError
from gradlab.codegen import NEVER, Plan, TrainResult
from gradlab.rules import Batches, Full, Rule
from gradlab.train._batches import weights_of
from gradlab.train._data import Data, as_data
from gradlab.train._draw import draw_standard
from gradlab.train._errors import TrainError
from gradlab.train._experiment import Network, fitting
from gradlab.train._grid import Grid
from gradlab.train._initialise import Distribution
from gradlab.train._judge import have_diverged, judged
from gradlab.train._progress import Progress
from gradlab.train._trainers import Architecture, trainer_for

if TYPE_CHECKING:
    import xarray

KEEPABLE = ("curves", "parameters")
_CACHE = 2**20  # bytes of the runs that one core works on at a time: about half of its second-level cache
_INDEX = tuple[int, slice, slice]  # a sheet, settings of it, restarts


def sweep(
    net: Network,
    data: Data | tuple[ArrayLike, ...],
    *,
    learning_rate: float | Sequence[float] | ArrayLike | Mapping[int, ArrayLike] | None = None,
    rule: Rule | str | None = None,
    batches: Batches | int | str = Full(),
    initialisation: str | Sequence[str] | Distribution = "normal",
    init_scale: ArrayLike | None = None,
    width: int | Sequence[int] | None = None,
    steps: int | Sequence[int] = 100,
    restarts: int = 1000,
    seed: int = 0,
    dtype: DTypeLike = "float32",
    keep: Collection[str] = (),
    progress: Callable[[Progress], object] | None = None,
) -> xarray.Dataset:
    """Trains every combination of the given settings from many starting points, and says how each run went.

    A setting given as several values becomes a dimension of the result; given as one, it stays a plain coordinate.
    Where a run starts depends on the seed and its number among the restarts alone: runs of the same number start
    from the same random numbers in every setting, times the setting's scale. What a run gives does not depend on
    what else is in the sweep, nor on chunks and threads; on the same instruction set it is the same to the bit.
    Ctrl-C ends the sweep and returns the restarts that are done: the attribute `interrupted` is 1, and where a run of
    them is not done, `done` says so and all else is missing (NaN), so that means are those of the runs that are.

    Args:
        net: the network.
        data: one of `gl.datasets`, or a pair (x, y) of points (N, d) and labels (N,) or (N, K), or with what each point
            counts, (x, y, weights), as in `train`.
        learning_rate: a number or several; or a mapping from each layer of weights, counted from 1, to a number or
            several, for rates by layer. Default: the rule's own, 1 for gradient descent.
        rule: one of `gl.rules`, in which each number may be given as several: ``gl.rules.Adam(beta1=[0.8, 0.9])``
            has the dimension ``beta1``. Default: gradient descent.
        batches: which points each step uses: all, or ``gl.rules.MiniBatch(size=32)``, or that size.
        initialisation: "normal", "randn" (the same), "uniform", "glorot" or "he", or several of them; or one with its
            scale, as `Normal(0.5)`.
        init_scale: a number or several: the standard deviation of "normal", the bound of "uniform", a factor of the
            published deviation for "glorot" and "he". Default: 1.
        width: units of each hidden layer, a number or several; default: the network's own.
        steps: steps of each run, a number or several.
        restarts: how many runs each setting has.
        seed: the key of the random numbers.
        dtype: "float32" or "float64".
        keep: "curves" for the loss before the first step and after each, "parameters" for the last parameters.
        progress: called after each chunk of runs with a `Progress`; `progress=print` shows it.

    Returns:
        A dataset with a dimension for each setting given as several values, and `restart`: `loss` after the last
        step, `success` (every point is right then), `success_step` (the first after which it was; -1 for never),
        `diverged`, `diverged_step` (the first after which a parameter was not finite; -1 for never), `done`.

    Raises:
        DataError: if the data cannot be used, or does not suit the network.
        TrainError: if a setting cannot be used.
        GradlabError: if xarray is not installed.

    >>> import gradlab as gl
    >>> grid = sweep(gl.mlp([2, 2, 1]), gl.datasets.five_points(), learning_rate=[1, 5], restarts=100, steps=50)
    >>> dict(grid.sizes)["learning_rate"], dict(grid.sizes)["restart"]
    (2, 100)
    """
    points = fitting(net, as_data(data))
    architecture = Architecture.of(net)
    if architecture is None:
        raise TrainError(f"a sweep needs a network of gl.mlp, as gl.mlp([2, 2, 1]), not {type(net).__name__!r}.")
    grid = Grid.of(
        architecture,
        rule=rule,
        learning_rate=learning_rate,
        batches=batches,
        initialisation=initialisation,
        init_scale=init_scale,
        width=width,
        steps=steps,
        restarts=restarts,
        seed=seed,
        dtype=dtype,
    )
    _check_keep(keep, grid)
    require_xarray()
    from gradlab.train._dataset import to_dataset

    return to_dataset(run_grid(grid, points, keep=keep, progress=progress), points)


def require_xarray() -> None:
    """Says what to install if xarray is missing.

    Raises:
        GradlabError: if it is.
    """
    try:
        import xarray  # noqa: F401  # asked for before the work, so that its absence costs nothing
    except ModuleNotFoundError:
        raise GradlabError(
            "a sweep's result is an xarray.Dataset: install it with pip install 'gradlab[sweep]'"
        ) from None


def _check_keep(keep: Collection[str], grid: Grid) -> None:
    wrong = [keep] if isinstance(keep, str) else [name for name in keep if name not in KEEPABLE]
    if wrong:
        raise TrainError(f'keep is {keep!r}; write keep=["curves"], keep=["parameters"] or both.')
    if "parameters" in keep and len(grid.width) > 1:
        raise TrainError("networks of different width have different parameters; keep them for one width at a time.")


@dataclass(slots=True)
class Results:
    """What the runs of a grid gave; the arrays have the shape (sheets, settings of a sheet, restarts, ...).

    Args:
        grid: the settings.
        loss: after the last step.
        success: whether every point is right after the last step.
        success_step: the first step after which it was.
        diverged: whether the run diverged.
        diverged_step: the first step after which a parameter was not finite.
        done: whether the run was trained at all.
        kept: "curves" and "parameters", where they were asked for.
        interrupted: whether Ctrl-C came before the last run.
        wanted: how many runs were asked for.
        begun: of how many restarts some runs are done.
    """

    grid: Grid
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
    def empty(grid: Grid, keep: Collection[str]) -> Results:
        """Returns results in which nothing is done yet; what is not done holds no numbers, and takes no memory."""
        shape = grid.shape
        lengths = {
            "curves": int(max(grid.steps.values)) + 1,
            "parameters": grid.network(int(grid.width.values[0])).layers.parameters,
        }
        kept = {name: np.empty((*shape, lengths[name]), grid.dtype) for name in KEEPABLE if name in keep}
        steps = [np.empty(shape, np.int32) for _ in range(2)]
        truths = [np.empty(shape, bool) for _ in range(2)]
        loss, done = np.empty(shape, grid.dtype), np.zeros(shape, bool)
        return Results(grid, loss, truths[0], steps[0], truths[1], steps[1], done, kept, wanted=grid.runs)

    def done_part(self) -> Results:
        """Returns the restarts that were begun, copied, so that the memory of the others is given back."""
        names = ("loss", "success", "success_step", "diverged", "diverged_step", "done")
        parts = {name: getattr(self, name)[:, :, : self.begun].copy() for name in names}
        kept = {name: array[:, :, : self.begun].copy() for name, array in self.kept.items()}
        for array in (parts["loss"], *kept.values()):
            array[~parts["done"]] = np.nan
        return replace(self, grid=replace(self.grid, restarts=self.begun), kept=kept, **parts)

    def put(self, index: _INDEX, result: TrainResult) -> None:
        """Stores what a chunk gave; that it is done is stored last, so that Ctrl-C leaves no half-told run."""
        shape = self.loss[index].shape
        self.loss[index] = result.loss.reshape(shape)
        self.success[index] = result.correct.reshape(shape)
        self.success_step[index] = result.first_success_step.reshape(shape)
        self.diverged_step[index] = result.diverged_step.reshape(shape)
        finite = result.diverged_step == NEVER
        self.diverged[index] = have_diverged(result.initial_loss, result.loss, finite).reshape(shape)
        if "parameters" in self.kept:
            self.kept["parameters"][index] = result.parameters.reshape(*shape, -1)
        if "curves" in self.kept and result.curves is not None:
            steps = result.curves.shape[1]
            self.kept["curves"][index][..., :steps] = result.curves.reshape(*shape, -1)
            self.kept["curves"][index][..., steps:] = np.nan  # other settings have more
        self.begun = index[2].stop
        self.done[index] = True


def run_grid(
    grid: Grid, data: Data, *, keep: Collection[str] = (), progress: Callable[[Progress], object] | None = None
) -> Results:
    """Trains all runs of a grid, a chunk at a time.

    Args:
        grid: the settings.
        data: what is trained on.
        keep: "curves", "parameters" or both.
        progress: called after each chunk.
    """
    results = Results.empty(grid, keep)
    counted = judged(grid.architecture.loss, data.y)
    done = successes = 0
    results.interrupted = True
    with suppress(KeyboardInterrupt):
        _make_kernels(grid, data)
        began = time.perf_counter()
        for index, result in _chunks(grid, data, "curves" in keep):
            results.put(index, result)
            done += len(result.loss)
            successes += int(result.correct.sum())
            if progress is not None:
                progress(Progress(done, grid.runs, time.perf_counter() - began, successes if counted else None))
        results.interrupted = False
    return results.done_part() if results.interrupted else results


def _make_kernels(grid: Grid, data: Data) -> None:
    """Has every kernel compiled, for a run of no steps, so that the clock measures training."""
    for width in grid.width.values:
        network = grid.network(int(width))
        first, start = np.zeros(1, dtype=np.intp), np.zeros((1, network.layers.parameters))
        plan = Plan(grid.rule.update(), grid.own_numbers(first), **_by_step(grid, 0, len(data)))
        trainer_for(network, data, grid.dtype).train(start, grid.rates(first), 0, plan=plan)


def _by_step(grid: Grid, steps: int, points: int) -> dict[str, Any]:
    """What each step has of its own: a factor of the rates, and the points it uses."""
    schedule = grid.rule.schedule
    return {
        "factors": None if schedule.constant else np.array(schedule.factors(0, steps)),
        "weights": weights_of(grid.batches, grid.seed, 0, steps, points),
    }


def _chunks(grid: Grid, data: Data, curves: bool) -> Iterator[tuple[_INDEX, TrainResult]]:
    """Trains chunk after chunk; all settings get some restarts before any gets more, for the sake of Ctrl-C."""
    _, settings, restarts = grid.shape
    size = _chunk_size(grid, curves)
    rows = min(restarts, size)
    planned = {int(steps): _by_step(grid, int(steps), len(data)) for steps in grid.steps.values}
    for first in range(0, restarts, rows):
        runs = slice(first, min(first + rows, restarts))
        sheets = np.ndindex(len(grid.width), len(grid.steps))
        drawn: dict[tuple[str, int], Any] = {}
        for sheet, (w, s) in enumerate(sheets):
            network = grid.network(int(grid.width.values[w]))
            trainer, steps = trainer_for(network, data, grid.dtype), int(grid.steps.values[s])
            for start in range(0, settings, max(1, size // rows)):
                block = slice(start, min(start + max(1, size // rows), settings))
                which, count = np.arange(block.start, block.stop), runs.stop - runs.start
                numbers = {name: np.repeat(values, count) for name, values in grid.own_numbers(which).items()}
                result = trainer.train(
                    _starts(grid, network, which, runs, drawn),
                    np.repeat(grid.rates(which), count, axis=0),
                    steps,
                    plan=Plan(grid.rule.update(), numbers, **planned[steps]),
                    curves=curves,
                )
                yield (sheet, block, runs), result


def _chunk_size(grid: Grid, curves: bool) -> int:
    """How many runs fit in the caches, with their initial parameters in double precision."""
    parameters = max(grid.network(int(width)).layers.parameters for width in grid.width.values)
    numbers = 4 * parameters + (int(max(grid.steps.values)) if curves else 0)
    return max(64, _CACHE * (os.cpu_count() or 1) // (numbers * np.dtype(grid.dtype).itemsize))


def _starts(
    grid: Grid, network: Architecture, settings: NDArray[np.intp], runs: slice, drawn: dict[tuple[str, int], Any]
) -> NDArray[np.floating]:
    """The initial parameters of some settings and restarts, shape (settings x restarts, P), settings first."""
    layers = network.layers
    count, shapes = runs.stop - runs.start, grid.shapes()
    for shape in set(shapes):
        if (shape, layers.parameters) not in drawn:
            drawn[shape, layers.parameters] = draw_standard(
                shape, grid.seed, restarts=count, parameters=layers.parameters, first=runs.start
            )
    factors = grid.factors(settings, layers)
    kinds = grid.indices(settings)[0]  # in rising order, as the initialisation is a sheet's first axis
    starts = np.empty((len(settings), count, layers.parameters), dtype=grid.dtype)
    for kind in np.unique(kinds):
        rows = slice(*np.searchsorted(kinds, (kind, kind + 1)))
        numbers = drawn[shapes[kind], layers.parameters]
        # In double precision, and rounded once: the same bits as when this setting is trained alone.
        np.multiply(numbers, factors[rows, None], out=starts[rows], casting="same_kind")
    return starts.reshape(-1, layers.parameters)
