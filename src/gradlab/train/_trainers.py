"""What does the steps: gradlab's kernel where Numba is installed, else NumPy; both answer to the same call."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradlab.codegen import (
    NEVER,
    Drawn,
    KernelTrainer,
    Notify,
    NumbaTrainer,
    NumpyNetwork,
    Plan,
    TrainResult,
    numpy_update,
    processor,
)
from gradlab.graph import NetworkGraph
from gradlab.train._data import Data
from gradlab.train._device import CPU, Device
from gradlab.train._draw import starts_of
from gradlab.train._experiment import Array, Gradient
from gradlab.train._initialise import Layers
from gradlab.train._judge import BoolArray, all_right, judged

QUIET_VARIABLE = "GRADLAB_QUIET"


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
        return Architecture.of_graph(graph) if isinstance(graph, NetworkGraph) else None

    @staticmethod
    def of_graph(graph: NetworkGraph) -> Architecture:
        """Returns the architecture that a graph has, without weights of points."""
        return Architecture(graph.sizes, graph.hidden, graph.output, graph.loss, graph.scaling, graph.biases)

    @property
    def graph(self) -> NetworkGraph:
        """The network's graph, made once."""
        return _graph(self)

    @property
    def attributes(self) -> dict[str, Any]:
        """What a result says of its network: plain numbers and text, which every file format can store."""
        return {
            "sizes": list(self.sizes),
            "hidden": self.hidden,
            "output": self.output,
            "loss_name": self.loss,
            "scaling": self.scaling,
            "biases": int(self.biases),
        }

    @property
    def described(self) -> list[Any]:
        """What it has to do with the bits of a result, in plain words and numbers."""
        return [list(self.sizes), self.hidden, self.output, self.loss, self.scaling, self.biases]

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


@cache
def instruction_set() -> str:
    """Returns the processor's name and a hash of what it can do, on which last bits depend; "" without Numba."""
    if not has_kernels():
        return ""
    words = processor()[0]
    return f"{words.split()[0]} {hashlib.sha256(words.encode()).hexdigest()[:12]}"


def kernel_for(architecture: Architecture | None, data: Data, dtype: str, device: Device = CPU) -> KernelTrainer | None:
    """Returns the kernel that trains such networks on the data, made once and kept.

    None without Numba, or without a graph to print a kernel from. Refuses a GPU that is not there.
    """
    if architecture is None or (device.number is None and not has_kernels()):
        return None
    weights = None if data.weights is None else data.weights.tobytes()
    given = data.inputs.tobytes(), data.y.tobytes(), data.y.shape, weights
    return _kernel(architecture.on(data), *given, dtype, device.number)


def trainer_for(architecture: Architecture, data: Data, dtype: str, device: Device = CPU) -> Trainer:
    """Returns what trains such networks on the data: the kernel, or NumPy; refuses a GPU that is not there."""
    kernel = kernel_for(architecture, data, dtype, device)
    if kernel is not None:
        return kernel
    return numpy_trainer(architecture, data, dtype)


def numpy_trainer(architecture: Architecture, data: Data, dtype: str) -> NumpyTrainer:
    """Returns what trains such networks on the data with NumPy."""
    gradient = NumpyNetwork(architecture.on(data).graph)
    return NumpyTrainer(gradient, architecture.layers, data, dtype, architecture.loss)


@lru_cache(maxsize=32)
def _kernel(
    architecture: Architecture,
    x: bytes,
    y: bytes,
    labels: tuple[int, ...],
    weights: bytes | None,
    dtype: str,
    gpu: int | None,
) -> KernelTrainer:
    points = np.frombuffer(x).reshape(labels[0], -1).copy()  # of one's own: kernels take no read-only arrays
    notice = _say if _is_watched() else None
    counts = None if weights is None else np.frombuffer(weights)
    y_made = np.frombuffer(y).reshape(labels).copy()
    if gpu is not None:
        from gradlab.codegen import cuda

        machine = cuda.gpu(gpu)
        return cuda.CudaTrainer(architecture.graph, points, y_made, weights=counts, dtype=dtype, machine=machine)
    return NumbaTrainer(architecture.graph, points, y_made, weights=counts, dtype=dtype, notice=notice)


def _is_watched() -> bool:
    """Whether somebody waits and wonders: on a terminal or in a notebook, unless GRADLAB_QUIET is set."""
    notebook = sys.modules.get("IPython")
    in_notebook = notebook is not None and hasattr(notebook.get_ipython(), "kernel")
    return not os.environ.get(QUIET_VARIABLE) and (sys.stderr.isatty() or in_notebook)


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

    faster = 1

    def __init__(self, gradient: Gradient, layers: Layers, data: Data, dtype: str, loss: str) -> None:
        self.gradient, self.layers, self.dtype, self.loss = gradient, layers, np.dtype(dtype), loss
        given = (data.inputs, data.y) if data.weights is None else (data.inputs, data.y, data.weights)
        self.points = tuple(array.astype(self.dtype) for array in given)
        self.judges = judged(loss, data.y)

    def walk(
        self,
        parameters: ArrayLike,
        learning_rate: ArrayLike,
        steps: int,
        plan: Plan = Plan(),
    ) -> Iterator[State]:
        """Goes through the steps one at a time; arguments are those of `KernelTrainer.train`.

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
        parameters: ArrayLike | Drawn,
        learning_rate: ArrayLike,
        steps: int,
        *,
        plan: Plan = Plan(),
        curves: bool = False,
        ends: bool = True,
        notify: Notify | None = None,
    ) -> TrainResult:
        """Takes runs through so many steps, as `KernelTrainer.train` does.

        What `notify` interrupts, called after each step with how many are done and of how many, ends it there.
        """
        if isinstance(parameters, Drawn):
            parameters = starts_of(parameters, self.layers.parameters)
        runs = len(np.atleast_2d(parameters))
        told, kept = _Told(self, runs), np.empty((steps + 1, runs), self.dtype) if curves else None
        with suppress(KeyboardInterrupt):
            for state in self.walk(parameters, learning_rate, steps, plan):
                if kept is not None:
                    kept[state.done] = state.loss
                told = told.then(state)  # one name to bind, so that Ctrl-C never falls into the middle
                if notify is not None and state.done:
                    notify(state.done, steps)
        return told.result(None if kept is None else np.ascontiguousarray(kept[: told.done + 1].T), ends)

    def _column(self, values: ArrayLike) -> Array:
        array = np.asarray(values, dtype=self.dtype)
        return array if array.ndim == 2 else array.reshape(-1, 1)


@dataclass(frozen=True, slots=True)
class _Told:
    """What is known of R runs of a trainer after so many steps; -1 before the first look at them."""

    trainer: NumpyTrainer
    runs: int
    at: State | None = None
    initial: Array | None = None
    right: BoolArray | None = None
    diverged: NDArray[np.int32] | None = None
    success: NDArray[np.int32] | None = None

    @property
    def done(self) -> int:
        return -1 if self.at is None else self.at.done

    def then(self, state: State) -> _Told:
        """What is known after one step more."""
        points, loss = self.trainer.points, self.trainer.loss
        never = np.full(self.runs, NEVER, dtype=np.int32)
        diverged, success = (never if each is None else each for each in (self.diverged, self.success))
        with np.errstate(all="ignore"):
            found = all_right(self.trainer.gradient.predict(state.parameters, points[0]), points[1], loss)
        right = np.zeros(self.runs, bool) if found is None else found & state.alive
        diverged = np.where(~state.alive & (diverged == NEVER), np.int32(state.done), diverged)
        success = np.where(right & (success == NEVER), np.int32(state.done), success)
        return _Told(
            self.trainer, self.runs, state, state.loss if self.at is None else self.initial, right, diverged, success
        )

    def result(self, curves: Array | None, ends: bool) -> TrainResult:
        """What there is to say.

        Raises:
            KeyboardInterrupt: if there is nothing yet.
        """
        at = self.at
        if at is None or self.initial is None or self.right is None or self.diverged is None or self.success is None:
            raise KeyboardInterrupt
        memory = np.stack(at.state, axis=1) if at.state else np.empty((self.runs, 0, at.parameters.shape[1]))
        end = at.parameters if ends else at.parameters[:0]
        return TrainResult(end, self.initial, at.loss, self.right, self.diverged, self.success, curves, memory, at.done)


Trainer = KernelTrainer | NumpyTrainer


def _rows(values: ArrayLike | None, dtype: np.dtype[Any]) -> Array | None:
    """One number for each step, in the number type of the rest."""
    return None if values is None else np.asarray(values, dtype=dtype)
