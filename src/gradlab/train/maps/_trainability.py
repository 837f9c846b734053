"""`gl.trainability`: for which settings a network trains, pixel by pixel."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from numpy.typing import DTypeLike

from gradlab.rules import Batches, Full, Rule
from gradlab.train._errors import real_number, whole_number
from gradlab.train._memory import check_memory
from gradlab.train._progress import Progress
from gradlab.train._sweep import require_xarray
from gradlab.train.maps._map import Map
from gradlab.train.maps._work import MapWork
from gradlab.train.maps._zoom import zoomed
from gradlab.train.work import engine_of

if TYPE_CHECKING:
    import xarray

    from gradlab._cluster import Client

Axis = tuple[str, float, float]
_AXIS, _POINT = 24, 24  # bytes of a value of an axis, and of a number of a point, while all of them are made


def trainability(
    *,
    width: int = 8,
    depth: int = 2,
    activation: str = "tanh",
    x: Axis = ("learning_rate[0]", 0.1, 10000.0),
    y: Axis = ("learning_rate[1]", 0.1, 10000.0),
    windows: int | Iterable[tuple[float, float, float, float]] = (),
    zoom: float = 4.0,
    resolution: int = 256,
    steps: int = 200,
    points: int | None = None,
    learning_rate: float | None = None,
    rule: Rule | str | None = None,
    batches: Batches | int | str = Full(),
    refined: bool = True,
    seed: int = 0,
    dtype: DTypeLike = "float64",
    out: str | os.PathLike[str] | None = None,
    resume: bool = False,
    device: str = "cpu",
    engine: Client | None = None,
    scheduler: str | None = None,
    progress: Callable[[Progress], object] | None = None,
) -> xarray.Dataset:
    """Maps the boundary of trainability: one network, trained with the settings of every pixel.

    The network, its random points and its start are the same in all pixels. It has no biases, mean-field scaling and
    the mean of squared errors as its loss.

    Args:
        width: units of each hidden layer, and inputs.
        depth: layers of weights.
        activation: of the hidden layers: "tanh", "relu", "identity" or another.
        x: the horizontal axis: a setting with its lowest and its highest value. Settings are ``learning_rate`` for all
            layers of weights, ``learning_rate[0]`` for that of the first, ``init_offset`` and ``init_offset[0]`` for
            what is added to the initial weights, ``init_scale``, and the rule's own numbers. The pixels have equal
            ratios; where the lowest value is not above 0, equal distances.
        y: the vertical axis.
        windows: further windows, each the ends of x and of y, as ``(0.5, 2, 10, 40)``; or how many a deep zoom
            has, each where the boundary winds in the one before.
        zoom: how many times smaller each window of a deep zoom is than the one before.
        resolution: pixels of each axis.
        steps: of each run.
        points: how many points there are; default: as many as parameters, for a linear network as many as units.
        learning_rate: that of layers on no axis; default: the rule's own, 1 for gradient descent.
        rule: one of `gl.rules`; default: gradient descent.
        batches: which points each step uses: all, or ``gl.rules.MiniBatch(size=16)``, or that size.
        refined: whether only pixels near the boundary are trained one by one, and others filled in from those around.
        seed: the key of the random numbers.
        dtype: "float64" or "float32".
        out: the folder of a Zarr store into which the map goes tile by tile, or an address that fsspec reaches, as
            ``s3://bucket/map.zarr``; `gl.open` reads it.
        resume: whether to go on with a store that is there.
        device: "cpu"; "cuda" for a GPU of NVIDIA's, "cuda:1" for the second; or "auto", a GPU where there is one and
            the map is large enough.
        engine: a client of dask.distributed, whose workers train the tiles; default: this process does.
        scheduler: or the address of its scheduler, as ``tcp://host:8786``.
        progress: called before the first tile and after each with a `Progress`; `progress=print` shows it.

    Returns:
        A dataset whose dimensions are the settings of y and x, with layers counted from 1 as in sweeps, or ``window``,
        ``y`` and ``x`` for several windows: `converged` (the mean of the last 20 losses is below the first), `loss_sum`
        (the sum of the losses as multiples of the first, where training diverges of their inverses), `trained`, `done`.

    Raises:
        TrainError: if a setting cannot be used, or the result would not fit into memory.
        StoreError: if the store cannot be written, or holds another experiment.
        GradlabError: if xarray is not installed, Zarr where there is a store, or dask.distributed where its workers
            are to train; if the scheduler or a worker cannot be used.

    Source: Sohl-Dickstein, "The boundary of neural network trainability is fractal", 2024.

    >>> import gradlab as gl
    >>> made = trainability(width=2, resolution=16, steps=20)
    >>> dict(made.sizes), 0 < float(made["converged"].mean()) < 1
    ({'learning_rate_2': 16, 'learning_rate_1': 16}, True)
    """
    plan = Map.of(
        width=width,
        depth=depth,
        activation=activation,
        x=x,
        y=y,
        windows=() if isinstance(windows, int) else windows,
        resolution=resolution,
        steps=steps,
        points=points,
        rule=rule,
        learning_rate=learning_rate,
        batches=batches,
        refined=refined,
        seed=seed,
        dtype=dtype,
    )
    require_xarray()
    count = whole_number("windows", windows, least=0, example=8) if isinstance(windows, int) else len(plan.windows) - 1
    _check_size(plan, count)
    plan = plan.on(device, remote=engine is not None or scheduler is not None)
    if isinstance(windows, int):
        plan = replace(plan, windows=zoomed(plan, count, real_number("zoom", zoom, example=4.0, positive=True)))
    from gradlab.train import store
    from gradlab.train.maps._dataset import contents_of

    contents = contents_of(plan)
    if out is None:
        store.check_room(contents, "pixels")
    for window in range(len(plan.windows)):
        plan.values(window)  # says which is too small for its numbers
    with engine_of("gradlab-map", engine, scheduler) as chosen:
        return store.made(
            contents, MapWork(plan), out=out, resume=resume, engine=chosen, what="pixels", progress=progress
        )


def _check_size(plan: Map, windows: int) -> None:
    """Refuse, before the work, what does not fit into memory: points, and the axes of all windows."""
    points_size = _POINT * plan.points * (plan.architecture.sizes[0] + 1)
    check_memory(points_size, f"a map's {plan.points:,} points", "use fewer")
    axes = _AXIS * plan.resolution * (windows + 3)
    check_memory(axes, f"the axes of {plan.resolution:,} pixels", "use fewer pixels or windows")
