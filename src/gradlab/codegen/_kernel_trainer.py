"""What trainers by kernels share: data in the kernel's type, what a call is checked for, and what becomes of runs."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradlab._errors import GradlabError
from gradlab.codegen._kernel_spec import KernelSpec
from gradlab.codegen._training import (
    MOST_STEPS,
    NEVER,
    Drawn,
    Notify,
    Plan,
    TrainResult,
    check_data,
    float_type,
    gap_of,
    per_run,
    said_of_runs,
)
from gradlab.codegen._update import kernel_update
from gradlab.graph import NetworkGraph
from gradlab.rules import Update


class KernelTrainer(ABC):
    """A network and a data set, for kernels to train many such networks.

    Args:
        graph: the network.
        x: the inputs, shape (N, d).
        y: the labels, shape (N,) for one output, (N, K) for K.
        weights: what each point counts, shape (N,), if the network is made for weights; 1 by default.
        dtype: the number type of all arithmetic, "float32" or "float64".

    Attributes:
        judges: whether there is a right and wrong: whether the labels are classes to the network's loss.
        faster: about how many times as much it does in a second as a few cores.

    Raises:
        GradlabError: if a shape does not fit or the number type is another.
    """

    faster = 1

    def __init__(
        self, graph: NetworkGraph, x: ArrayLike, y: ArrayLike, *, weights: ArrayLike | None, dtype: object
    ) -> None:
        self.graph, self.dtype = graph, float_type(dtype)
        self.table, labels = check_data(graph, x, y, weights, self.dtype)
        gap = gap_of(graph.loss, labels)
        self.gap = self.dtype.type(-math.inf if gap is None else gap)
        self.judges = gap is not None

    def train(
        self,
        parameters: ArrayLike | Drawn,
        learning_rate: ArrayLike,
        steps: int,
        *,
        plan: Plan = Plan(),
        curves: bool = False,
        ends: bool = True,
        last: bool = True,
        threads: int | None = None,
        progress: Notify | None = None,
    ) -> TrainResult:
        """Trains every network for the same number of steps.

        Args:
            parameters: where the runs start, shape (R, P), or what to draw that from.
            learning_rate: one number, one for each run (R,), or one for each run and layer (R, layers).
            steps: how many steps, from 0 up.
            plan: how they are made; by default by gradient descent on all points.
            curves: whether to keep the loss of every step.
            ends: whether to keep the last parameters.
            last: whether these are the last steps, after which an infinite loss is divergence.
            threads: of this process that work at it, by default one for each core that it may use; none of a GPU's.
            progress: called now and then, in the calling thread, with the number of runs done and of all runs.

        Returns:
            How each run went.

        Raises:
            GradlabError: if a shape does not fit.
            KeyboardInterrupt: on Ctrl-C, once the networks being worked on are done with.
        """
        runs, end = self._room(parameters, ends)
        data, rates = self._data(plan, steps), self._rates(learning_rate, runs)
        own = plan.own(runs, len(self.graph.parameters), self.dtype)
        made = Made(runs, steps if curves else None, self.dtype)
        drawn = parameters if isinstance(parameters, Drawn) else None
        self._take(Call(runs, steps, plan, drawn, end, rates, own, data), made, threads, progress)
        return made.result(end, own, plan.update, steps, last)

    @abstractmethod
    def _take(self, call: Call, made: Made, threads: int | None, progress: Notify | None) -> None:
        """Takes runs through their steps, and writes down how each went."""

    def spec(self, rates: int = 1, plan: Plan = Plan(), lanes: int = 1) -> KernelSpec:
        """What distinguishes a kernel of so many lanes, for one learning rate a network or for one a layer."""
        return KernelSpec(self.graph, self.table, lanes, rates, *plan.kind)

    def _room(self, parameters: ArrayLike | Drawn, ends: bool) -> tuple[int, NDArray[Any]]:
        """How many runs there are, and what the kernel works in: a copy of the initial parameters, or room for them.

        Args:
            parameters: where the runs start, shape (R, P), or what to draw that from.
            ends: whether there is room for those that are drawn.

        Raises:
            GradlabError: if the shape does not fit.
        """
        if isinstance(parameters, Drawn):
            return len(parameters), np.empty((len(parameters) if ends else 0, len(self.graph.parameters)), self.dtype)
        start = np.array(parameters, dtype=self.dtype, order="C")
        if start.ndim != 2 or start.shape[1] != len(self.graph.parameters):
            raise GradlabError(
                f"the parameters have a row for each run and a column for each of the "
                f"{len(self.graph.parameters)} parameters; these have the shape {start.shape}"
            )
        return len(start), start

    def _rates(self, learning_rate: ArrayLike, runs: int) -> NDArray[Any]:
        """The learning rates of runs, shape (R, 1) or (R, layers).

        Raises:
            GradlabError: if the shape does not fit.
        """
        return per_run(learning_rate, runs, len(self.graph.sizes) - 1, self.dtype, "learning rate")

    def _data(self, plan: Plan, steps: int) -> NDArray[Any]:
        """The numbers that all runs read: those of the points, and behind them what each step has of its own.

        Raises:
            GradlabError: if there are too many steps, or a shape does not fit.
        """
        if not 0 <= plan.done + steps <= MOST_STEPS or steps < 0:
            raise GradlabError(f"steps is a whole number from 0 to {MOST_STEPS}, not {steps}")
        table = self.table.reshape(-1)
        if plan.factors is None and plan.weights is None and not kernel_update(plan.update).counts:
            return table
        return np.concatenate([table, plan.by_step(steps, len(self.table), self.dtype)])


class Call(NamedTuple):
    """What runs are taken through their steps with: what starts are drawn from, or None, and of each run a row.

    Those are the parameters, if they are given or kept, the learning rates, and the rule's own numbers.
    """

    runs: int
    steps: int
    plan: Plan
    drawn: Drawn | None
    end: NDArray[Any]
    rates: NDArray[Any]
    own: NDArray[Any]
    data: NDArray[Any]


class Made:
    """What a kernel says of each run: rows of numbers, and curves where they are wanted."""

    def __init__(self, runs: int, steps: int | None, dtype: np.dtype[Any]) -> None:
        self.rows = np.empty((5, runs), dtype)
        self.curves = None if steps is None else np.full((runs, steps + 1), np.nan, dtype)
        self.none = self.rows[0, :0]

    def result(self, end: NDArray[Any], own: NDArray[Any], update: Update, steps: int, last: bool) -> TrainResult:
        """How each run went, in whole numbers and truth values."""
        state = own[:, len(update.numbers) :].reshape(len(own), len(update.state), end.shape[1])
        initial, loss, right, lived, success = self.rows
        diverged, correct = said_of_runs(lived, loss, self.curves, steps, last), right == 1
        if diverged is None:
            diverged = np.empty(len(loss), np.int32)
            diverged.fill(NEVER)
        else:
            correct &= diverged == NEVER
            if len(end):
                end[np.isnan(loss) & (diverged == steps)] = np.nan
        return TrainResult(end, initial, loss, correct, diverged, success.astype(np.int32), self.curves, state, steps)
