"""What a training kernel is given and what it gives back; the same for every kind of kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradlab._classes import class_values
from gradlab._errors import GradlabError
from gradlab.codegen._shapes import check_network_arrays, check_weights, sizes_of_layers
from gradlab.graph import NetworkGraph, find_loss
from gradlab.rules import GradientDescent, Update

NEVER = -1
MOST_STEPS = 2**24 - 1  # kernels count steps in floats
DESCENT = GradientDescent.update()
DTYPES = ("float32", "float64")
KINDS = ("normal", "uniform")  # what is drawn
# Called with how many are done, and of how many.
Notify = Callable[[int, int], object]


@dataclass(frozen=True, slots=True, eq=False)
class TrainResult:
    """How R independent runs of S steps went.

    A run diverges at the first step after which a parameter is not finite, or if its last loss is not; from there on
    its parameters and its losses are NaN. Steps are counted in updates: 0 is before the first one, S after the last.

    Attributes:
        parameters: after the last step, shape (R, P); (0, P) where they were not wanted.
        initial_loss: the mean loss over the points before the first step, shape (R,).
        loss: the mean loss after the last step, shape (R,).
        correct: whether every point is right after the last step, shape (R,); never where labels are measurements.
        diverged_step: the number of updates after which a parameter was no longer finite, or, for the last of
            them, the loss, shape (R,); -1 for never.
        first_success_step: the smallest number of updates after which every point was right, shape (R,); -1 for
            never. A later step may have lost it again.
        curves: the losses after 0, 1, ..., S updates, shape (R, S + 1), where they were asked for.
        state: what the update rule goes on from, shape (R, S, P) for S numbers it keeps beside each parameter.
        steps: how many steps were taken; fewer than asked for after Ctrl-C where a trainer goes step by step.
    """

    parameters: NDArray[np.floating]
    initial_loss: NDArray[np.floating]
    loss: NDArray[np.floating]
    correct: NDArray[np.bool_]
    diverged_step: NDArray[np.int32]
    first_success_step: NDArray[np.int32]
    curves: NDArray[np.floating] | None = None
    state: NDArray[np.floating] | None = None
    steps: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Where the runs of S settings start, to be drawn by whoever trains them: nobody stores a start.

    Run k of a setting has the number first + k, and starts alike in every setting, times the setting's factors.

    Attributes:
        seed: the key of the random numbers, from 0 to 2**128 - 1.
        first: the number of the first run.
        count: how many runs each setting has; the settings follow one another.
        kinds: the place in `KINDS` of what each setting draws, shape (S,).
        factors: what the standard numbers of each setting are multiplied with, shape (S, P).
    """

    seed: int
    first: int
    count: int
    kinds: NDArray[np.intp]
    factors: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.kinds) * self.count


def said_of_runs(
    lived: NDArray[Any], loss: NDArray[np.floating], curves: NDArray[np.floating] | None, steps: int, last: bool
) -> NDArray[np.int32] | None:
    """After which step each run diverged: the first after which a parameter was not finite, or the last for its loss.

    The loss of such a run becomes NaN. Whether a number is finite is asked of its bits, where no compiler can fuse a
    product into the question.

    Args:
        lived: after how many steps the parameters were finite, shape (R,).
        loss: the losses after the last step, shape (R,); changed.
        curves: the losses of all steps, shape (R, steps + 1), where they are kept; changed.
        steps: how many steps were taken.
        last: whether no more are to follow: an infinite loss on the way is no divergence.

    Returns:
        Shape (R,), or None if no run diverged: mostly none did, and there is nothing to change.
    """
    whole, finite = lived >= steps, np.isfinite(loss)
    if np.count_nonzero(whole) == np.count_nonzero(finite) == len(loss):
        return None
    diverged = np.where(whole, NEVER, lived + 1).astype(np.int32)
    if last:
        diverged[~finite & whole] = steps
    loss[~finite & (diverged != NEVER)] = np.nan
    if curves is not None:
        curves[diverged == steps, steps] = np.nan
    return diverged


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """How the steps of R runs are made, beside their learning rates; by default by gradient descent on all points.

    Attributes:
        update: the statements of the update rule.
        numbers: the rule's own numbers by name, each one for all runs or one for each, shape (R,).
        state: what the rule kept from the steps before, shape (R, S, P); 0 by default.
        done: how many steps were taken before.
        factors: what the learning rates are multiplied with in each step, shape (steps,); 1 by default.
        weights: for each step what each point counts in the mean, shape (steps, N); 1 by default.
    """

    update: Update = DESCENT
    numbers: Mapping[str, ArrayLike] = field(default_factory=dict)
    state: ArrayLike | None = None
    done: int = 0
    factors: ArrayLike | None = None
    weights: ArrayLike | None = None

    @property
    def kind(self) -> tuple[Update, bool, bool]:
        """What a kernel is printed for: the rule, whether rates have factors by step, and points weights."""
        return self.update, self.factors is not None, self.weights is not None

    def own(self, runs: int, parameters: int, dtype: np.dtype[Any]) -> NDArray[Any]:
        """Each run's numbers and then its state, for a kernel to work in, shape (R, n + S P).

        Raises:
            GradlabError: if a shape does not fit.
        """
        count, kept = len(self.update.numbers), len(self.update.state)
        made = np.zeros((runs, count + kept * parameters), dtype)
        for place, name in enumerate(self.update.numbers):
            made[:, place : place + 1] = per_run(self.numbers[name], runs, 1, dtype, name)
        if self.state is not None:
            state = np.asarray(self.state, dtype=dtype)
            if state.shape != (runs, kept, parameters):
                raise GradlabError(
                    f"the state has the shape {(runs, kept, parameters)}: runs, what the rule keeps, parameters; not "
                    f"{state.shape}"
                )
            made[:, count:] = state.reshape(runs, -1)
        return made

    def by_step(self, steps: int, points: int, dtype: np.dtype[Any]) -> NDArray[Any]:
        """What a kernel reads behind the points: the steps before, the factors, the weights and a last row of ones.

        Raises:
            GradlabError: if a shape does not fit.
        """
        parts = [np.array([self.done], dtype)]
        if self.factors is not None:
            parts.append(_shaped(self.factors, (steps,), dtype, "factors").reshape(-1))
        if self.weights is not None:
            parts += [_shaped(self.weights, (steps, points), dtype, "weights").reshape(-1), np.ones(points, dtype)]
        return np.concatenate(parts)


def _shaped(values: ArrayLike, shape: tuple[int, ...], dtype: np.dtype[Any], what: str) -> NDArray[Any]:
    made = np.asarray(values, dtype=dtype)
    if made.shape != shape:
        raise GradlabError(f"the {what} have the shape {shape} here, not {made.shape}")
    return made


def layer_of_parameters(graph: NetworkGraph) -> NDArray[np.intp]:
    """For each parameter the number of its layer, from 0: which of the per-layer learning rates is its own."""
    counts = sizes_of_layers(graph)
    return np.repeat(np.arange(len(counts)), counts)


def float_type(dtype: object) -> np.dtype[Any]:
    """The number type of a kernel.

    Raises:
        GradlabError: if it is neither float32 nor float64.
    """
    try:
        made = np.dtype(dtype)  # type: ignore[call-overload]  # whatever names no type raises here
    except TypeError:
        made = None
    if dtype is None or made is None or made.name not in DTYPES:
        raise GradlabError(f'a kernel computes in "float32" or "float64", not in {dtype!r}')
    return made


def check_data(
    graph: NetworkGraph, x: ArrayLike, y: ArrayLike, weights: ArrayLike | None, dtype: np.dtype[Any]
) -> tuple[Any, Any]:
    """A row for each point (N, columns) and the labels (N, K), contiguous and in the kernel's number type.

    Raises:
        GradlabError: if a shape does not fit, a number is not finite, or a weight is negative.
    """
    if weights is None and graph.weighted:
        weights = np.ones(len(np.asarray(x)))
    given = (x, y) if weights is None else (x, y, weights)
    try:
        arrays = [np.asarray(array, dtype=np.float64) for array in given]
    except (TypeError, ValueError):
        raise GradlabError("x, y and weights must be arrays of real numbers") from None
    check_network_arrays(graph, np.empty(len(graph.parameters)), *arrays)
    if not all(np.isfinite(array).all() for array in arrays):
        raise GradlabError("x, y and weights must be finite: leave out the points that have NaN or infinite entries")
    if weights is not None:
        check_weights(arrays[2], "weights")
    columns = [np.array(a.reshape(len(arrays[0]), -1), dtype=dtype, order="C") for a in arrays]
    return np.ascontiguousarray(np.concatenate(columns, axis=1)), columns[1]


def gap_of(loss: str, labels: NDArray[np.floating]) -> float | None:
    """Below what the loss's margin is where a point is right; None if nothing is right, as labels are measurements."""
    row = find_loss(loss)
    if row.nearer:
        classes = class_values(labels)
        return None if classes is None else (classes[1] - classes[0]) / 2
    # Labels that are shares of several classes are of none.
    return None if row.labels.shares and not np.isin(labels, (0, 1)).all() else 0.0


def per_run(values: ArrayLike, runs: int, layers: int, dtype: np.dtype[Any], what: str) -> NDArray[np.floating]:
    """A setting of every run as an array (runs, 1), or (runs, layers) where it is given by layer.

    Raises:
        GradlabError: if the shape is none of (), (R,) and (R, layers).
    """
    array = np.asarray(values, dtype=dtype)
    if array.ndim == 2 and array.shape == (runs, layers):
        return np.array(array, order="C")
    if array.ndim == 0 or array.shape == (runs,):
        made = np.empty((runs, 1), dtype)
        made[:, 0] = array
        return made
    raise GradlabError(
        f"the {what} is one number, one for each of the {runs} runs, or one for each run and each of the {layers} "
        f"layers, shape ({runs}, {layers}); this has the shape {array.shape}"
    )
