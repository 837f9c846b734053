"""A rule's steps on many copies of a network at once."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from gradlab.codegen import Notify, NumbaTrainer, Plan
from gradlab.rules import Batches, Full, Rule
from gradlab.train._batches import weights_of
from gradlab.train._data import Data, as_data
from gradlab.train._draw import draw_parameters
from gradlab.train._errors import TrainError, real_number
from gradlab.train._experiment import Array, Experiment, Network, chosen_rule, fitting
from gradlab.train._initialise import INITIALISATIONS, Given, Initialisation, Layers, check_kind, with_scale
from gradlab.train._runs import Runs
from gradlab.train._trainers import Architecture, NumpyTrainer, kernel_for, numpy_trainer

_WORK = 10**9  # parameters x points x steps between two looks at the keyboard: about a tenth of a second


def train(
    net: Network,
    data: Data | tuple[ArrayLike, ...],
    *,
    learning_rate: float | tuple[float, ...] | ArrayLike | Mapping[int, float] | None = None,
    rule: Rule | str | None = None,
    batches: Batches | int | str = Full(),
    steps: int = 100,
    restarts: int = 10,
    seed: int = 0,
    initialisation: str | Initialisation | ArrayLike = "normal",
    init_scale: float | None = None,
    dtype: DTypeLike = "float64",
    progress: Notify | None = None,
) -> Runs:
    """Trains a network by gradient descent or another rule, from several starting points at once.

    Every run uses the gradient that gradlab derived. The same call gives the same result, and where a run
    starts depends on its number and the seed, not on how many runs there are. Where Numba is installed, a kernel
    made for the network and the data does the steps, else NumPy; the two agree to rounding. Ctrl-C ends the
    training and returns the steps that are done, marked as interrupted.

    Args:
        net: the network.
        data: one of `gl.datasets`, or a pair (x, y) of points (N, d) and labels (N,) or (N, K), or with what each point
            counts, (x, y, weights): the loss is then the mean of weight times loss of a point, over all N.
        learning_rate: that of the rule, by itself the short form of ``rule=gl.rules.GradientDescent(learning_rate)``;
            or one for each layer of weights, from the inputs on. Default: the rule's own, 1 for gradient descent.
        rule: one of `gl.rules`, as ``gl.rules.Adam(0.01)``, or its text; default: gradient descent.
        batches: which points each step uses: all, or ``gl.rules.MiniBatch(size=32)``, or that size. Losses are always
            those of all points, so a step costs a pass over all of them.
        steps: how many steps each run takes.
        restarts: how many runs, each from its own initial parameters.
        seed: the key of the random numbers.
        initialisation: "normal", "randn" (the same), "uniform", "glorot" or "he"; or one with its scale, as
            `Normal(0.5)`, `Uniform(0.5)`, `Glorot()`, `He()`; or the initial parameters, shape (restarts, P).
        init_scale: as in `sweep`: the standard deviation of "normal", the bound of "uniform", a factor of the published
            deviation for "glorot" and "he". Default: 1.
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
    points = fitting(net, as_data(data))
    start_from = _initialisation(initialisation, init_scale, len(net.parameters))
    chosen = chosen_rule(rule, _by_layer(learning_rate))
    experiment = Experiment(chosen, steps, restarts, seed, start_from, dtype, batches)  # type: ignore[arg-type]  # both are made from what people write
    gradient, layers = net.compile("numpy"), _layers(net)
    rate = experiment.rates(len(net.sizes) - 1)
    start = _initial_parameters(experiment, layers).astype(experiment.dtype, copy=False)
    architecture = Architecture.of(net)
    kernel = kernel_for(architecture, points, experiment.dtype)
    if kernel is None:
        if points.weights is None:
            plain = NumpyTrainer(gradient, layers, points, experiment.dtype, net.loss_name)
        elif architecture is None:
            raise TrainError("the data have weights, which take a network of gl.mlp, as gl.mlp([2, 2, 1]).")
        else:
            plain = numpy_trainer(architecture, points, experiment.dtype)
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
        loss_name=net.loss_name,
        interrupted=curves.shape[1] <= experiment.steps,
    )


def _layers(net: Network) -> Layers:
    """What an initialisation needs to know of the network."""
    layers = Layers(tuple(net.sizes))
    return layers if layers.parameters == len(net.parameters) else replace(layers, biases=False)


def _descend_with_numpy(
    trainer: NumpyTrainer, start: Array, rate: Array, experiment: Experiment, progress: Notify | None
) -> tuple[Array, Array]:
    """The final parameters (restarts, P) and the losses (restarts, steps done + 1)."""
    losses = np.empty((experiment.steps + 1, len(start)), dtype=start.dtype)  # a row is written at once
    last = None
    try:
        for state in trainer.walk(
            start,
            rate,
            experiment.steps,
            _plan(experiment, experiment.plan(), 0, experiment.steps, len(trainer.points[0])),
        ):
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
    trainer: NumbaTrainer, start: Array, rate: Array, experiment: Experiment, progress: Notify | None, points: int
) -> tuple[Array, Array]:
    """The same in stretches of steps."""
    all_steps, plan = experiment.steps, experiment.plan()
    stretch = max(1, _WORK // (start.size * points))
    at, done, curves = start, 0, []
    with suppress(KeyboardInterrupt):  # what is done so far is the result, and is marked by its number of steps
        while not curves or done < all_steps:
            steps = min(stretch, all_steps - done)
            result = trainer.train(at, rate, steps, plan=_plan(experiment, plan, done, steps, points), curves=True)
            assert result.curves is not None  # they were asked for
            longer = [*curves, result.curves[:, bool(curves) :]]
            if done + steps < all_steps:
                plan = replace(plan, state=result.state)
            # Names alone, so that Ctrl-C never falls in between.
            at, curves, done = result.parameters, longer, done + steps
            if progress is not None and done:
                progress(done, all_steps)
    if not curves:
        curves = [trainer.train(start, rate, 0).initial_loss[:, None]]
    return at, np.concatenate(curves, axis=1) if len(curves) > 1 else curves[0]


def _by_layer(learning_rate: object) -> object:
    """A learning rate as a rule takes it: several are one for each layer."""
    if isinstance(learning_rate, list | tuple | np.ndarray) and np.ndim(learning_rate):
        return dict(enumerate(np.ravel(learning_rate).tolist(), start=1)) or learning_rate
    return learning_rate


def _plan(experiment: Experiment, plan: Plan, done: int, steps: int, points: int) -> Plan:
    """The plan of a stretch of steps, once so many are done."""
    schedule, batches = experiment.rule.schedule, experiment.batches
    if done == 0 and schedule.constant and isinstance(batches, Full):
        return plan
    return replace(
        plan,
        done=done,
        factors=None if schedule.constant else np.array(schedule.factors(done, steps)),
        weights=weights_of(batches, experiment.seed, done, steps, points),
    )


def _initialisation(value: object, scale: object, count: int) -> Initialisation:
    """What the parameters are drawn from, by name, with its scale beside it, or handed over."""
    if isinstance(value, Given):
        return value
    kind, factor = with_scale(value, scale)
    if isinstance(kind, str):
        made = INITIALISATIONS[check_kind("initialisation", kind)]
        if scale is not None:
            factor = real_number("init_scale", scale, example=1.0, positive=False)
        return made(factor)  # type: ignore[arg-type]  # what is no number raises
    if scale is not None:
        raise TrainError("init_scale multiplies what is drawn; initial parameters that are given have their own scale.")
    return _given(value, count)  # type: ignore[arg-type]  # what is no array raises


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
