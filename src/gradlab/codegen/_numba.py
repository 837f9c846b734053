"""Derivation -> Numba: a kernel that trains many networks at once by full-batch gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gradlab.codegen._numpy import NumpyNetwork
from gradlab.codegen._training import (
    NEVER,
    Progress,
    TrainResult,
    check_data,
    float_type,
    half_gap,
    layer_of_parameters,
    per_run,
)
from gradlab.graph import NetworkGraph


class NumbaTrainer:
    """Trains many networks on one data set; compiled for the network, the data's shape and the number type.

    What a run gives does not depend on which runs are trained with it, nor on the number of threads: it is the same to
    the bit on the same instruction set.

    Args:
        graph: the network.
        x: the inputs, shape (N, d).
        y: the labels, shape (N,) for one output, (N, K) for K.
        dtype: the number type of all arithmetic, "float32" or "float64".

    Raises:
        GradlabError: if Numba is not installed, a shape does not fit or the number type is another.
    """

    def __init__(self, graph: NetworkGraph, x: ArrayLike, y: ArrayLike, *, dtype: object = "float32") -> None:
        self.graph, self.dtype = graph, float_type(dtype)
        self.x, self.y = check_data(graph, x, y, self.dtype)
        self.source = ""

    def train(
        self,
        parameters: ArrayLike,
        learning_rate: ArrayLike,
        steps: int,
        *,
        momentum: ArrayLike | None = None,
        curves: bool = False,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> TrainResult:
        """Trains every network for the same number of steps.

        Args:
            parameters: where the runs start, shape (R, P).
            learning_rate: one number, one for each run (R,), or one for each run and layer (R, layers).
            steps: how many steps of full-batch gradient descent, from 0 up.
            momentum: the part of the last update that is added to each, one number or shape (R,); none by default.
            curves: whether to keep the loss of every step.
            threads: how many threads work; by default one for each core that this process may use.
            progress: called now and then, in the calling thread, with the number of runs done and of all runs.

        Returns:
            How each run went.

        Raises:
            GradlabError: if a shape does not fit.
            KeyboardInterrupt: on Ctrl-C, once the networks being worked on are done with.
        """
        start = np.array(parameters, dtype=self.dtype)
        layers, runs = layer_of_parameters(self.graph), len(start)
        rate = per_run(learning_rate, runs, len(self.graph.sizes) - 1, self.dtype, "learning rate")
        rates = rate[:, layers] if rate.shape[1] > 1 else rate
        f = NumpyNetwork(self.graph)
        keep = 0 if momentum is None else per_run(momentum, runs, 1, self.dtype, "momentum")
        velocity: Any = np.zeros_like(start)
        gap = half_gap(self.y)
        diverged, success = np.full(runs, NEVER, np.int32), np.full(runs, NEVER, np.int32)
        losses = np.empty((steps + 1, runs), self.dtype)
        right = np.zeros(runs, bool)
        with np.errstate(all="ignore"):
            for step in range(steps + 1):
                losses[step], gradient = f(start, self.x, self.y)
                bad = ~(np.isfinite(start).all(1) & np.isfinite(losses[step]))
                diverged[bad & (diverged == NEVER)] = step
                start[bad], losses[step, bad] = np.nan, np.nan
                out = f.predict(start, self.x).reshape(runs, *self.y.shape)
                if self.graph.loss == "softmax_cross_entropy":
                    wrong = (out * (1 - self.y)).max(2) - (out * self.y).sum(2)
                else:
                    wrong = abs(out - self.y).max(2) - gap
                right = (wrong < 0).all(1)
                success[right & (success == NEVER)] = step
                if step < steps:
                    velocity = keep * velocity - rates * gradient
                    start += velocity
        if progress is not None:
            progress(runs, runs)
        return TrainResult(
            start, losses[0].copy(), losses[-1].copy(), right, diverged, success, losses.T.copy() if curves else None
        )
