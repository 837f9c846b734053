"""Full-batch gradient descent on many copies of a network at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from gradlab.codegen import NumbaTrainer
from gradlab.train._data import Data, as_data
from gradlab.train._draw import draw_parameters
from gradlab.train._errors import TrainError
from gradlab.train._experiment import Array, Experiment, Network, check_fits
from gradlab.train._initialise import Given, Initialisation, Layers, Normal
from gradlab.train._runs import Runs
from gradlab.train._trainers import Architecture, NumpyTrainer, kernel_for

Progress = Callable[[int, int], object]
_WORK = 10**9  # parameters x points x steps between two looks at the keyboard: about a tenth of a second


def train(
    net: Network,
    data: Data | tuple[ArrayLike, ArrayLike],
    *,
    learning_rate: float | tuple[float, ...] | ArrayLike = 1.0,
    momentum: float = 0.0,
    steps: int = 100,
    restarts: int = 10,
    seed: int = 0,
    initialisation: Initialisation | ArrayLike = Normal(),  # noqa: B008  # frozen, so sharing it does no harm
    dtype: DTypeLike = "float64",
    progress: Progress | None = None,
) -> Runs:
    """Trains a network by full-batch gradient descent, from several starting points at once.

    Every run uses the gradient that gradlab derived. The same call gives the same result, and where a run
    starts depends on its number and the seed, not on how many runs there are. Where Numba is installed, a kernel
    made for the network and the data does the steps, else NumPy; the two agree to rounding. Ctrl-C ends the
    training and returns the steps that are done, marked as interrupted.

    Args:
        net: the network.
        data: one of `gl.datasets`, or a pair (x, y) of points (N, d) and labels (N,) or (N, K).
        learning_rate: what the gradient is multiplied with in each step; or one for each layer of weights, from the
            inputs on.
        momentum: the part of the last update that is added to each, from 0 to below 1.
        steps: how many steps each run takes.
        restarts: how many runs, each from its own initial parameters.
        seed: the key of the random numbers.
        initialisation: `Normal(scale)`, `Uniform(bound)`, `Glorot()`, `He()`, or the initial parameters, shape
            (restarts, P).
        dtype: "float64" or "float32".
        progress: called now and then with the number of steps done and of all steps.

    Returns:
        All runs: losses, curves, parameters, the best of them.

    Raises:
        DataError: if the data cannot be used, or does not suit the network.
        TrainError: if a setting cannot be used.

    >>> import gradlab as gl
    >>> net = gl.mlp([2, 2, 1], hidden="tanh", output="sigmoid", loss="binary_cross_entropy")
    >>> runs = train(net, gl.datasets.five_points(), learning_rate=1.0, steps=100, restarts=10, seed=0)
    >>> runs.curves.shape
    (10, 101)
    """
    points = as_data(data)
    check_fits(net, points)
    if not isinstance(initialisation, Initialisation):
        initialisation = _given(initialisation, len(net.parameters))
    if isinstance(learning_rate, list | np.ndarray):
        learning_rate = tuple(np.asarray(learning_rate).ravel().tolist())
    experiment = Experiment(learning_rate, steps, restarts, seed, initialisation, dtype, momentum)  # type: ignore[arg-type]
    gradient, categorical, layers = net.compile("numpy"), net.loss_name == "softmax_cross_entropy", _layers(net)
    rate = _rates(experiment, len(net.sizes) - 1)
    start = _initial_parameters(experiment, layers).astype(experiment.dtype, copy=False)
    kernel = kernel_for(Architecture.of(net), points, experiment.dtype)
    if kernel is None:
        plain = NumpyTrainer(gradient, layers, points, experiment.dtype, categorical)
        end, curves = _descend_with_numpy(plain, start, rate, experiment, progress)
    else:
        end, curves = _descend_with_kernel(kernel, start, rate, experiment, progress, len(points))
    return Runs(
        experiment=experiment,
        data=points,
        names=tuple(net.parameters),
        gradient=gradient,
        initial_parameters=start,
        parameters=end,
        curves=curves,
        categorical=categorical,
        interrupted=curves.shape[1] <= experiment.steps,
    )


def _layers(net: Network) -> Layers:
    """What an initialisation needs to know of the network."""
    layers = Layers(tuple(net.sizes))
    return layers if layers.parameters == len(net.parameters) else replace(layers, biases=False)


def _descend_with_numpy(
    trainer: NumpyTrainer, start: Array, rate: Array, experiment: Experiment, progress: Progress | None
) -> tuple[Array, Array]:
    """The final parameters (restarts, P) and the losses (restarts, steps done + 1)."""
    losses = np.empty((experiment.steps + 1, len(start)), dtype=start.dtype)  # a row is written at once
    last = None
    try:
        for state in trainer.walk(start, rate, experiment.steps, experiment.momentum or None):
            losses[state.done] = state.loss
            last = state  # one name to bind, so that Ctrl-C never falls into the middle
            if progress is not None and state.done:
                progress(state.done, experiment.steps)
    except KeyboardInterrupt:
        if last is None:
            raise
    assert last is not None  # the walk yields the start in any case
    return last.parameters, np.ascontiguousarray(losses[: last.done + 1].T)


def _descend_with_kernel(
    trainer: NumbaTrainer, start: Array, rate: Array, experiment: Experiment, progress: Progress | None, points: int
) -> tuple[Array, Array]:
    """The same in stretches of steps."""
    all_steps, momentum = experiment.steps, experiment.momentum or None
    stretch = max(1, _WORK // (start.size * points))
    at, velocity, done, curves = start, None, 0, []
    with suppress(KeyboardInterrupt):  # what is done so far is the result, and is marked by its number of steps
        while not curves or done < all_steps:
            steps = min(stretch, all_steps - done)
            result = trainer.train(at, rate, steps, momentum=momentum, velocity=velocity, curves=True)
            assert result.curves is not None  # they were asked for
            longer = [*curves, result.curves[:, bool(curves) :]]
            # Names alone, so that Ctrl-C never falls in between.
            at, velocity, curves, done = result.parameters, result.velocity, longer, done + steps
            if progress is not None and done:
                progress(done, all_steps)
    if not curves:
        curves = [trainer.train(start, rate, 0).initial_loss[:, None]]
    return at, np.concatenate(curves, axis=1) if len(curves) > 1 else curves[0]


def _given(values: ArrayLike, count: int) -> Given:
    """The person's own initial parameters, once they are known to suit a network of `count` parameters."""
    hint = f"give an array of shape (restarts, {count}), or write Normal(scale=1.0) or Uniform(bound=1.0)."
    try:
        start = np.array(values, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        raise TrainError(f"initialisation is {values!r}, which holds no parameters; {hint}") from None
    if start.ndim != 2 or start.shape[1] != count:
        raise TrainError(f"initialisation has the shape {start.shape}, but the network has {count} parameters; {hint}")
    if not np.isfinite(start).all():
        raise TrainError(f"initialisation holds NaN or infinite parameters; {hint}")
    return Given(len(start), start.tobytes())


def _initial_parameters(experiment: Experiment, layers: Layers) -> Array:
    source, restarts = experiment.initialisation, experiment.restarts
    if not isinstance(source, Given):
        return draw_parameters(source, experiment.seed, restarts=restarts, layers=layers)
    if source.restarts != restarts:
        raise TrainError(
            f"initialisation holds the parameters of {source.restarts} runs, but restarts is {restarts}; "
            f"write restarts={source.restarts}."
        )
    return source.array()


def _rates(experiment: Experiment, layers: int) -> Array:
    """The learning rate of all runs, shape (), or of each run and layer, shape (restarts, layers)."""
    rate = experiment.learning_rate
    if not isinstance(rate, tuple):
        return np.asarray(rate, dtype=experiment.dtype)
    if len(rate) != layers:
        raise TrainError(
            f"learning_rate holds {len(rate)} rates, but the network has {layers} layers of weights; "
            f"write one for each, as learning_rate={(1.0,) * layers}."
        )
    return np.broadcast_to(np.array(rate, dtype=experiment.dtype), (experiment.restarts, layers))
