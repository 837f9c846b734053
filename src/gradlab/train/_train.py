"""A rule's steps on many copies of a network at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from gradlab.codegen import NEVER, Notify
from gradlab.rules import Batches, Full, Rule
from gradlab.train._data import Data, as_data
from gradlab.train._device import Device
from gradlab.train._errors import TrainError, real_number
from gradlab.train._experiment import Experiment, Gradient, Network, chosen_rule, fitting
from gradlab.train._initialise import (
    INITIALISATIONS,
    Given,
    Initialisation,
    Layers,
    check_kind,
    with_scale,
)
from gradlab.train._judge import have_diverged
from gradlab.train._keep import Keep
from gradlab.train._memory import check_memory
from gradlab.train._runs import Runs
from gradlab.train._trainers import Architecture, NumpyTrainer, Trainer, kernel_for, numpy_trainer
from gradlab.train.work import RunsWork, engine_of

if TYPE_CHECKING:
    from gradlab._cluster import Client

_INSTEAD = "train fewer, or let gl.sweep keep what became of each run alone"


def train(
    net: Network,
    data: Data | tuple[ArrayLike, ...],
    *,
    learning_rate: float | Mapping[int, float] | None = None,
    rule: Rule | str | None = None,
    batches: Batches | int | str = Full(),
    steps: int = 100,
    restarts: int = 10,
    seed: int = 0,
    initialisation: str | Initialisation | ArrayLike = "normal",
    init_scale: float | None = None,
    dtype: DTypeLike = "float64",
    device: str = "cpu",
    keep: Collection[str] | Mapping[str, object] = (),
    engine: Client | None = None,
    scheduler: str | None = None,
    progress: Notify | None = None,
) -> Runs:
    """Trains a network by gradient descent or another rule, from several starting points at once.

    Every run uses the gradient that gradlab derived. The same call gives the same result, and where a run
    starts depends on its number and the seed, not on how many runs there are. Where Numba is installed, a kernel
    made for the network and the data draws the starts and does the steps, else NumPy; the two agree to rounding.
    Neither starts nor curves are stored: the result draws and trains again when it is asked for them. Ctrl-C ends the
    training and returns what is done, marked as interrupted: the runs that took all steps, or, while
    there is none, the steps done so far.

    Args:
        net: the network.
        data: one of `gl.datasets`, or a pair (x, y) of points (N, d) and labels (N,) or (N, K), or with what each point
            counts, (x, y, weights): the loss is then the mean of weight times loss of a point, over all N.
        learning_rate: that of the rule, by itself the short form of ``rule=gl.rules.GradientDescent(learning_rate)``;
            or one for each layer of weights, counted from 1, as ``{1: 0.1, 2: 0.2}``. Default: the rule's own, 1 for
            gradient descent.
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
        device: "cpu"; "cuda" for a GPU of NVIDIA's, "cuda:1" for the second; or "auto", a GPU where there is one and
            the training is large enough. Starts are the same to the bit on all, steps to rounding.
        keep: ``["curves"]`` to store the loss of every step while training: else ``runs.curves`` trains once more.
        engine: a client of dask.distributed, whose workers train the runs; default: this process does.
        scheduler: or the address of its scheduler, as ``tcp://host:8786``.
        progress: called now and then with the number of steps done and of all steps; many runs are trained in parts,
            one after the other, and the steps of all parts are counted.

    Returns:
        All runs: losses, curves, parameters, the best of them.

    Raises:
        DataError: if the data cannot be used, or does not suit the network.
        TrainError: if a setting cannot be used, or the result would not fit into memory.
        GradlabError: if there is no such GPU; if dask.distributed is not installed where its workers are to train; if
            the scheduler or a worker cannot be used.

    >>> import gradlab as gl
    >>> net = gl.mlp([2, 2, 1], hidden="tanh", output="sigmoid", loss="binary_cross_entropy")
    >>> runs = train(net, gl.datasets.five_points(), learning_rate=1.0, steps=100, restarts=10, seed=0)
    >>> runs.curves.shape
    (10, 101)
    """
    points = fitting(net, as_data(data))
    start_from = _initialisation(initialisation, init_scale, len(net.parameters))
    chosen = chosen_rule(rule, learning_rate)
    experiment = Experiment(chosen, steps, restarts, seed, start_from, dtype, batches)  # type: ignore[arg-type]  # both are made from what people write
    wanted = Keep.of(keep)
    if wanted.quantiles or wanted.stride > 1:
        raise TrainError('gl.train keeps the loss of every step or none: write keep=["curves"], or ask gl.sweep.')
    gradient, layers = net.compile("numpy"), _layers(net)
    experiment.rates(len(net.sizes) - 1, 1)  # says whether there is one for each layer
    _check_starts(experiment)
    architecture = Architecture.of(net)
    remote = engine is not None or scheduler is not None
    if remote and device != "cpu":
        raise TrainError("workers train on GPUs in gl.sweep and gl.trainability; leave out device, or the workers.")
    on = Device.of(device, layers.parameters * len(points) * experiment.steps * experiment.restarts)
    trainer = _trainer(net, architecture, gradient, layers, points, experiment, on)
    work = RunsWork(experiment, layers, points, architecture, trainer, bool(wanted.stride))
    check_memory(work.bytes(), f"{experiment.restarts:,} runs", _INSTEAD)
    if not remote:
        told, interrupted = work.all(progress)
    elif architecture is None:
        raise TrainError("workers train networks of gl.mlp, as gl.mlp([2, 2, 1]); leave out engine and scheduler.")
    else:
        with engine_of("gradlab-train", engine, scheduler) as chosen:
            told, interrupted = work.by(chosen, progress)
    return Runs(
        experiment=experiment,
        data=points,
        names=tuple(net.parameters),
        gradient=gradient,
        parameters=told.parameters,
        losses=told.loss,
        diverged=have_diverged(told.initial_loss, told.loss, told.diverged_step == NEVER),
        right=told.correct if trainer.judges else None,
        steps_done=told.steps,
        interrupted=interrupted,
        kept_curves=told.curves,
        draw=work.starts,
        again=partial(work.again, told.steps),
        trained_on=on.said(lambda: trainer, experiment.restarts, experiment.rule.update()),
    )


def _trainer(
    net: Network,
    architecture: Architecture | None,
    gradient: Gradient,
    layers: Layers,
    points: Data,
    experiment: Experiment,
    device: Device,
) -> Trainer:
    """What does the steps: the kernel, or NumPy in its place."""
    if device.gpu and architecture is None:
        raise TrainError("a GPU trains networks of gl.mlp, as gl.mlp([2, 2, 1]).")
    kernel = kernel_for(architecture, points, experiment.dtype, device)
    if kernel is not None:
        return kernel
    if points.weights is None:
        return NumpyTrainer(gradient, layers, points, experiment.dtype, net.loss_name)
    if architecture is None:
        raise TrainError("the data have weights, which take a network of gl.mlp, as gl.mlp([2, 2, 1]).")
    return numpy_trainer(architecture, points, experiment.dtype)


def _layers(net: Network) -> Layers:
    """What an initialisation needs to know of the network."""
    layers = Layers(tuple(net.sizes))
    return layers if layers.parameters == len(net.parameters) else replace(layers, biases=False)


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


def _check_starts(experiment: Experiment) -> None:
    """There are as many given starts as runs."""
    source = experiment.initialisation
    if isinstance(source, Given) and source.restarts != experiment.restarts:
        raise TrainError(
            f"initialisation holds the parameters of {source.restarts} runs, but restarts is {experiment.restarts}; "
            f"write restarts={source.restarts}."
        )
