"""Every setting trained many times: the runs of a grid, in chunks, into one labelled result."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from gradlab._errors import GradlabError
from gradlab.rules import Batches, Full, Rule
from gradlab.train._data import Data, as_data
from gradlab.train._errors import TrainError
from gradlab.train._experiment import Network, fitting
from gradlab.train._grid import Grid
from gradlab.train._initialise import Distribution
from gradlab.train._keep import NOTHING, Keep
from gradlab.train._memory import check_memory
from gradlab.train._progress import Progress
from gradlab.train._trainers import Architecture
from gradlab.train.work import GridWork, engine_of

if TYPE_CHECKING:
    import xarray

    from gradlab._cluster import Client


def sweep(
    net: Network,
    data: Data | tuple[ArrayLike, ...],
    *,
    learning_rate: float | Sequence[float] | ArrayLike | Mapping[int, ArrayLike] | None = None,
    rule: Rule | str | None = None,
    batches: Batches | int | str | Sequence[Batches | int | str] = Full(),
    initialisation: str | Sequence[str] | Distribution = "normal",
    init_scale: ArrayLike | None = None,
    width: int | Sequence[int] | None = None,
    steps: int | Sequence[int] = 100,
    restarts: int = 1000,
    seed: int = 0,
    dtype: DTypeLike = "float32",
    keep: Collection[str] | Mapping[str, object] = (),
    out: str | os.PathLike[str] | None = None,
    resume: bool = False,
    device: str = "cpu",
    engine: Client | None = None,
    scheduler: str | None = None,
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
        batches: which points each step uses: all, or ``gl.rules.MiniBatch(size=32)``, or that size; or several of
            them, as ``[8, 32, gl.rules.Full()]``.
        initialisation: "normal", "randn" (the same), "uniform", "glorot" or "he", or several of them; or one with its
            scale, as `Normal(0.5)`.
        init_scale: a number or several: the standard deviation of "normal", the bound of "uniform", a factor of the
            published deviation for "glorot" and "he". Default: 1.
        width: units of each hidden layer, a number or several; default: the network's own.
        steps: steps of each run, a number or several.
        restarts: how many runs each setting has.
        seed: the key of the random numbers.
        dtype: "float32" or "float64".
        keep: "curves" for the loss before the first step and after each, "parameters" for the last parameters; as a
            mapping, ``{"curves": 10}`` keeps every tenth loss, and ``{"curves": (0.1, 0.5, 0.9)}`` quantiles over the
            restarts, in which a loss that is not finite is larger than all others. It goes into a store, too.
        out: the folder of a Zarr store into which results go chunk by chunk, for sweeps that do not fit into memory or
            that shall outlive a machine that stops, or an address that fsspec reaches, as ``s3://bucket/sweep.zarr``;
            `gl.open` reads it, while it grows too.
        resume: whether to go on with a store that is there: only what is not finished is trained.
        device: "cpu"; "cuda" for a GPU of NVIDIA's, "cuda:1" for the second; or "auto", a GPU where there is one and
            the sweep is large enough. Starts are the same to the bit on all, steps to rounding.
        engine: a client of dask.distributed, whose workers train the chunks; default: this process does.
        scheduler: or the address of its scheduler, as ``tcp://host:8786``.
        progress: called before the first chunk of runs, with what all of them cost, and after each with a `Progress`;
            `progress=print` shows it.

    Returns:
        A dataset with a dimension for each setting given as several values, and `restart`: `loss` after the last
        step, `success` (every point is right then), `success_step` (the first after which it was; -1 for never),
        `diverged`, `diverged_step` (the first after which a parameter was not finite; -1 for never), `done`.

    Raises:
        DataError: if the data cannot be used, or does not suit the network.
        TrainError: if a setting cannot be used, or the result would not fit into memory.
        StoreError: if the store cannot be written, or holds another experiment.
        GradlabError: if xarray is not installed, Zarr where there is a store, or dask.distributed where its workers
            are to train; if the scheduler or a worker cannot be used.

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
    grid = grid.on(device, len(points), remote=engine is not None or scheduler is not None)
    wanted = _checked_keep(keep, grid)
    require_xarray()
    with engine_of("gradlab-sweep", engine, scheduler) as chosen:
        return run_grid(grid, points, keep=wanted, out=out, resume=resume, engine=chosen, progress=progress)


def require_xarray() -> None:
    """Says what to install if xarray is missing."""
    try:
        import xarray  # noqa: F401  # asked for before the work, so that its absence costs nothing
    except ModuleNotFoundError:
        raise GradlabError(
            "a sweep's result is an xarray.Dataset: install it with pip install 'gradlab[sweep]'"
        ) from None


def _checked_keep(keep: object, grid: Grid) -> Keep:
    wanted = Keep.of(keep)
    if wanted.parameters and len(grid.width) > 1:
        raise TrainError("networks of different width have different parameters; keep them for one width at a time.")
    if wanted.quantiles:
        size = grid.restarts * (int(max(grid.steps.values)) + 1) * np.dtype(grid.dtype).itemsize
        check_memory(2 * size, f"quantiles over {grid.restarts:,} restarts", "use fewer restarts, or keep a stride")
    return wanted


def run_grid(
    grid: Grid,
    data: Data,
    *,
    keep: Keep = NOTHING,
    **how: Any,
) -> xarray.Dataset:
    """Trains all runs of a grid, a chunk at a time; `how` is what `store.made` takes."""
    from gradlab.train import store
    from gradlab.train._dataset import contents_of

    contents, work = contents_of(grid, data, keep), GridWork(grid, data, keep)
    return store.made(contents, work, counted="success" in contents.results, **how)
