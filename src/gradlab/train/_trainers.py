"""What does the steps: gradlab's kernel where Numba is installed, else NumPy; both answer to the same call."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike

from gradlab.codegen import NEVER, NumbaTrainer, NumpyNetwork, Plan, TrainResult, numpy_update
from gradlab.graph import NetworkGraph
from gradlab.train._data import Data
from gradlab.train._experiment import Array, Gradient
from gradlab.train._initialise import Layers
from gradlab.train._judge import BoolArray, all_right


class Trainer(Protocol):
    """Trains many networks on one data set."""

    def train(
        self,
        parameters: ArrayLike,
        learning_rate: ArrayLike,
        steps: int,
        *,
        plan: Plan = Plan(),
        curves: bool = False,
    ) -> TrainResult:
        """Takes runs that start at parameters (R, P) through so many steps; see `gradlab.codegen.NumbaTrainer`."""
        ...


@dataclass(frozen=True, slots=True)
class Architecture:
    """All that determines a network's graph, hashable and quick to compare.

    Args:
        sizes: the number of units of each layer, inputs first.
        hidden: the activation of the hidden layers.
        output: the activation of the output layer.
        loss: the name of the loss.
        scaling: how a layer's sums are scaled.
        biases: whether the layers have biases.
        weighted: whether each point has a weight; data say so, not the network that is asked for.
    """

    sizes: tuple[int, ...]
    hidden: str
    output: str
    loss: str
    scaling: str
    biases: bool
    weighted: bool = False

    @staticmethod
    def of(net: object) -> Architecture | None:
        """Returns a network's architecture, or None if it has no graph of gradlab's."""
        graph = getattr(net, "graph", None)
        if not isinstance(graph, NetworkGraph):
            return None
        return Architecture(graph.sizes, graph.hidden, graph.output, graph.loss, graph.scaling, graph.biases)

    @property
    def graph(self) -> NetworkGraph:
        """The network's graph, made once."""
        return _graph(self)

    @property
    def layers(self) -> Layers:
        """What an initialisation needs to know of it."""
        return Layers(self.sizes, self.biases)

    def on(self, data: Data) -> Architecture:
        """Returns the same network with weights of points if the data have them, else without."""
        weighted = data.weights is not None
        return self if self.weighted == weighted else replace(self, weighted=weighted)

    def with_width(self, width: int) -> Architecture:
        """Returns the same network with all its hidden layers as wide as this."""
        return replace(self, sizes=(self.sizes[0], *(width for _ in self.sizes[1:-1]), self.sizes[-1]))


@lru_cache(maxsize=64)
def _graph(architecture: Architecture) -> NetworkGraph:
    a = architecture
    return NetworkGraph(a.sizes, a.hidden, a.output, a.loss, a.scaling, a.biases, a.weighted)


def has_kernels() -> bool:
    """Returns whether Numba is installed."""
    return importlib.util.find_spec("numba") is not None


def kernel_for(architecture: Architecture | None, data: Data, dtype: str) -> NumbaTrainer | None:
    """Returns the kernel that trains such networks on the data, made once and kept, or None without Numba.

    Args:
        architecture: the network's; None if there is no graph to print a kernel from.
        data: what it is trained on.
        dtype: the number type of all arithmetic.
    """
    if architecture is None or not has_kernels():
        return None
    weights = None if data.weights is None else data.weights.tobytes()
    return _kernel(architecture.on(data), data.x.tobytes(), data.y.tobytes(), data.y.shape, weights, dtype)


def trainer_for(architecture: Architecture, data: Data, dtype: str) -> Trainer:
    """Returns what trains such networks on the data: the kernel, or NumPy in its place.

    Args:
        architecture: the network's.
        data: what it is trained on.
        dtype: the number type of all arithmetic.
    """
    kernel = kernel_for(architecture, data, dtype)
    if kernel is not None:
        return kernel
    return numpy_trainer(architecture, data, dtype)


def numpy_trainer(architecture: Architecture, data: Data, dtype: str) -> NumpyTrainer:
    """Returns what trains such networks on the data with NumPy.

    Args:
        architecture: the network's.
        data: what it is trained on.
        dtype: the number type of all arithmetic.
    """
    gradient = NumpyNetwork(architecture.on(data).graph)
    return NumpyTrainer(gradient, architecture.layers, data, dtype, architecture.loss)


@lru_cache(maxsize=32)
def _kernel(
    architecture: Architecture, x: bytes, y: bytes, labels: tuple[int, ...], weights: bytes | None, dtype: str
) -> NumbaTrainer:
    points = np.frombuffer(x).reshape(labels[0], -1).copy()  # of one's own: kernels take no read-only arrays
    # On a terminal somebody waits and wonders; a notebook would keep the line among its results.
    notice = _say if sys.stderr.isatty() else None
    counts = None if weights is None else np.frombuffer(weights)
    y_made = np.frombuffer(y).reshape(labels).copy()
    return NumbaTrainer(architecture.graph, points, y_made, weights=counts, dtype=dtype, notice=notice)


def _say(message: str) -> None:
    print(f"gradlab: {message}", file=sys.stderr)


class State(NamedTuple):
    """Where all runs are after a whole step."""

    done: int
    parameters: Array
    loss: Array
    alive: BoolArray
    state: tuple[Array, ...] = ()


class NumpyTrainer:
    """Trains many networks with NumPy, step by step; its results are the kernel's to rounding.

    Args:
        gradient: the compiled network.
        layers: its layers.
        data: what it is trained on.
        dtype: the number type of all arithmetic.
        loss: the name of its loss.
    """

    def __init__(self, gradient: Gradient, layers: Layers, data: Data, dtype: str, loss: str) -> None:
        self.gradient, self.layers, self.dtype, self.loss = gradient, layers, np.dtype(dtype), loss
        given = (data.x, data.y) if data.weights is None else (data.x, data.y, data.weights)
        self.points = tuple(array.astype(self.dtype) for array in given)

    def walk(
        self,
        parameters: ArrayLike,
        learning_rate: ArrayLike,
        steps: int,
        plan: Plan = Plan(),
    ) -> Iterator[State]:
        """Goes through the steps one at a time.

        Args:
            parameters: where the runs start, shape (R, P).
            learning_rate: one number, one for each run (R,), or one for each run and layer (R, layers).
            steps: how many.
            plan: how the steps are made; by default by gradient descent on all points.

        Yields:
            Where the runs are before the first step and after each. A run of which a parameter is not finite, or
            the loss after the last step, is NaN from then on; a loss on the way may be infinite.
        """
        at = np.array(parameters, dtype=self.dtype)
        rate = self._column(learning_rate)
        if rate.shape[-1] > 1:
            rate = rate[:, self.layers.of_parameters()]
        own = plan.own(len(at), at.shape[1], self.dtype)
        numbers, kept = np.split(own, [len(plan.update.numbers)], axis=1)
        state = tuple(np.split(kept, len(plan.update.state), axis=1)) if plan.update.state else ()
        update, factors = numpy_update(plan.update), _rows(plan.factors, self.dtype)
        alive = np.ones(len(at), dtype=bool)
        for step in range(steps + 1):
            # Runs that diverge overflow on their way to NaN; they are counted in the result, so NumPy need not warn.
            with np.errstate(all="ignore"):
                loss, slope = self.gradient(at, *self.points)
                if plan.weights is not None and step < steps:
                    batch = np.flatnonzero(np.asarray(plan.weights)[step])
                    slope = self.gradient(at, *(array[batch] for array in self.points))[1]
                alive = alive & np.isfinite(at).all(axis=1)
                if step == steps:
                    alive = alive & np.isfinite(loss)
                if not alive.all():
                    loss, at = np.where(alive, loss, np.nan), np.where(alive[:, None], at, np.nan)
                yield State(step, at, loss, alive, state)
                if step < steps:
                    eta = rate if factors is None else rate * factors[step]
                    at, state = update(at, slope, eta, plan.done + step + 1, *numbers.T[..., None], *state)

    def train(
        self,
        parameters: ArrayLike,
        learning_rate: ArrayLike,
        steps: int,
        *,
        plan: Plan = Plan(),
        curves: bool = False,
    ) -> TrainResult:
        """Takes runs through so many steps.

        Args:
            parameters: where the runs start, shape (R, P).
            learning_rate: one number, one for each run (R,), or one for each run and layer (R, layers).
            steps: how many.
            plan: how the steps are made; by default by gradient descent on all points.
            curves: whether to keep the loss of every step.

        Returns:
            How each run went.
        """
        losses: list[Array] = []
        diverged, success = (np.full(len(np.atleast_2d(parameters)), NEVER, dtype=np.int32) for _ in range(2))
        right = np.zeros(len(diverged), dtype=bool)
        state = None
        for state in self.walk(parameters, learning_rate, steps, plan):
            if curves or state.done == 0:
                losses.append(state.loss)
            diverged[~state.alive & (diverged == NEVER)] = state.done
            with np.errstate(all="ignore"):
                outputs = self.gradient.predict(state.parameters, self.points[0])
                found = all_right(outputs, self.points[1], self.loss)
            right = right & False if found is None else found & state.alive
            success[right & (success == NEVER)] = state.done
        assert state is not None  # the walk yields the start in any case
        kept = np.stack(losses, axis=1) if curves else None
        memory = np.stack(state.state, axis=1) if state.state else np.empty((len(right), 0, state.parameters.shape[1]))
        return TrainResult(state.parameters, losses[0], state.loss, right, diverged, success, kept, memory)

    def _column(self, values: ArrayLike) -> Array:
        array = np.asarray(values, dtype=self.dtype)
        return array if array.ndim == 2 else array.reshape(-1, 1)


def _rows(values: ArrayLike | None, dtype: np.dtype[Any]) -> Array | None:
    """One number for each step, in the number type of the rest."""
    return None if values is None else np.asarray(values, dtype=dtype)
