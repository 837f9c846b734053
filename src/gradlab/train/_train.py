"""Full-batch gradient descent on many copies of a network at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from gradlab.train._data import Data, dataset
from gradlab.train._errors import DataError, TrainError
from gradlab.train._experiment import Array, Experiment, Gradient, Network, check_fits
from gradlab.train._initialise import Given, Initialisation, Normal, draw_parameters
from gradlab.train._runs import Runs

Progress = Callable[[int, int], object]


def train(
    net: Network,
    data: Data | tuple[ArrayLike, ArrayLike],
    *,
    learning_rate: float = 1.0,
    steps: int = 100,
    restarts: int = 10,
    seed: int = 0,
    initialisation: Initialisation | ArrayLike = Normal(),  # noqa: B008  # frozen, so sharing it does no harm
    dtype: DTypeLike = "float64",
    progress: Progress | None = None,
) -> Runs:
    """Trains a network by full-batch gradient descent, from several starting points at once.

    Every run uses the gradient that gradlab derived. The same call gives the same result, and where a run
    starts depends on its number and the seed, not on how many runs there are. Ctrl-C ends the training after
    the last whole step and returns what is done, marked as interrupted.

    Args:
        net: the network.
        data: one of `gl.datasets`, or a pair (x, y) of points (N, d) and labels (N,) or (N, K).
        learning_rate: what the gradient is multiplied with in each step.
        steps: how many steps each run takes.
        restarts: how many runs, each from its own initial parameters.
        seed: the key of the random numbers.
        initialisation: `Normal(scale)`, `Uniform(bound)`, or the initial parameters, shape (restarts, P).
        dtype: "float64" or "float32".
        progress: called after each step with the number of steps done and of all steps.

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
    points = _as_data(data)
    check_fits(net, points)
    if not isinstance(initialisation, Initialisation):
        initialisation = _given(initialisation, len(net.parameters))
    experiment = Experiment(learning_rate, steps, restarts, seed, initialisation, dtype)  # type: ignore[arg-type]
    start = _initial_parameters(experiment, len(net.parameters)).astype(experiment.dtype)
    gradient = net.compile("numpy")
    x, y = (array.astype(experiment.dtype) for array in points)
    # Runs that diverge overflow on their way to NaN; they are counted in the result, so NumPy need not warn.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        end, curves = _descend(gradient, start, x, y, experiment, progress)
        outputs = gradient.predict(end, x)
    return Runs(
        experiment=experiment,
        data=points,
        names=tuple(net.parameters),
        gradient=gradient,
        initial_parameters=start,
        parameters=end,
        curves=curves,
        outputs=outputs,
        categorical=net.loss_name == "softmax_cross_entropy",
        interrupted=curves.shape[1] <= experiment.steps,
    )


class _State(NamedTuple):
    """Where all runs are after a whole step; one name to bind, so that Ctrl-C never falls into the middle."""

    done: int
    parameters: Array
    gradient: Array


def _descend(
    gradient: Gradient, start: Array, x: Array, y: Array, experiment: Experiment, progress: Progress | None
) -> tuple[Array, Array]:
    """The final parameters (restarts, P) and the losses (restarts, steps done + 1)."""
    rate = start.dtype.type(experiment.learning_rate)
    losses = np.empty((experiment.steps + 1, len(start)), dtype=start.dtype)  # a row is written at once
    losses[0], slope = gradient(start, x, y)
    state = _State(0, start, slope)
    try:
        for done in range(1, experiment.steps + 1):
            parameters = state.parameters - rate * state.gradient
            losses[done], slope = gradient(parameters, x, y)
            state = _State(done, parameters, slope)
            if progress is not None:
                progress(done, experiment.steps)
    except KeyboardInterrupt:
        losses = losses[: state.done + 1]
    return state.parameters, np.ascontiguousarray(losses.T)


def _as_data(data: Data | tuple[ArrayLike, ArrayLike]) -> Data:
    if isinstance(data, Data):
        return data
    if isinstance(data, tuple) and len(data) == 2:
        return dataset(*data)
    raise DataError(
        f"data is {type(data).__name__!r}; give a pair (x, y) of arrays, or one of gl.datasets, "
        "for example gl.datasets.five_points()."
    )


def _given(values: ArrayLike, count: int) -> Given:
    """The person's own initial parameters, once they are known to suit a network of `count` parameters."""
    hint = f"give an array of shape (restarts, {count}), or write Normal(scale=1.0) or Uniform(bound=1.0)."
    try:
        start = np.array(values, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        raise TrainError(f"initialisation is {values!r}, which holds no parameters; {hint}") from None
    if start.ndim != 2 or start.shape[1] != count:
        raise TrainError(
            f"initialisation has the shape {start.shape}, but the network has {count} parameters; {hint}"
        )
    if not np.isfinite(start).all():
        raise TrainError(f"initialisation holds NaN or infinite parameters; {hint}")
    return Given(len(start), start.tobytes())


def _initial_parameters(experiment: Experiment, count: int) -> Array:
    source, restarts = experiment.initialisation, experiment.restarts
    if not isinstance(source, Given):
        return draw_parameters(source, experiment.seed, restarts=restarts, parameters=count)
    if source.restarts != restarts:
        raise TrainError(
            f"initialisation holds the parameters of {source.restarts} runs, but restarts is {restarts}; "
            f"write restarts={source.restarts}."
        )
    return source.array()
