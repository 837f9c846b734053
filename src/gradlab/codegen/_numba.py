"""Derivation -> Numba: a kernel that trains many networks at once by a rule of `gradlab.rules`."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradlab._errors import GradlabError
from gradlab.codegen._kernel_spec import KernelSpec
from gradlab.codegen._numba_cache import lanes_for, load_kernel, processor
from gradlab.codegen._numba_rolled import rolled_kernel
from gradlab.codegen._numba_source import PrintedKernel, is_straight, straight_kernel
from gradlab.codegen._training import (
    NEVER,
    Notify,
    Plan,
    TrainResult,
    check_data,
    float_type,
    gap_of,
    per_run,
)
from gradlab.codegen._update import kernel_update
from gradlab.graph import NetworkGraph
from gradlab.rules import Update

SECONDS_A_TURN, LEAST_SECONDS = 0.02, 0.0002  # a call takes some microseconds by itself
CACHE_LINE = 64  # bytes, as many as the longest vectors have
SHORTEST = 1e-9  # what a clock may not see
SECONDS_EACH = 1e-10  # about what a parameter takes for a point in a step of one network
WIDEST = 64  # bytes of the longest vectors there are
MOST_STEPS = 2**24  # lanes count steps in floats


class NumbaTrainer:
    """Trains many networks on one data set; compiled for the network, the data's shape and the number type.

    What a run gives does not depend on which runs are trained with it, nor on the number of threads: it is the same to
    the bit on the same instruction set. Kernels are kept on disk, in the folder named by GRADLAB_CACHE_DIR or in the
    user's cache.

    Args:
        graph: the network.
        x: the inputs, shape (N, d).
        y: the labels, shape (N,) for one output, (N, K) for K.
        weights: what each point counts, shape (N,), if the network is made for weights; 1 by default.
        dtype: the number type of all arithmetic, "float32" or "float64".
        notice: called with a message when a kernel has to be compiled, which takes seconds; by default the message
            goes to the logger "gradlab.codegen".

    Raises:
        GradlabError: if Numba is not installed, a shape does not fit or the number type is another.

    >>> import gradlab as gl
    >>> data = gl.datasets.five_points()
    >>> trainer = NumbaTrainer(gl.mlp([2, 2, 1]).graph, data.x, data.y, dtype="float64")
    >>> trainer.train(np.zeros((3, 9)), learning_rate=1.0, steps=10).loss.round(3).tolist()
    [0.503, 0.503, 0.503]
    """

    def __init__(
        self,
        graph: NetworkGraph,
        x: ArrayLike,
        y: ArrayLike,
        *,
        weights: ArrayLike | None = None,
        dtype: object = "float32",
        notice: Callable[[str], object] | None = None,
    ) -> None:
        self.graph, self.dtype, self._notice = graph, float_type(dtype), notice
        self.table, labels = check_data(graph, x, y, weights, self.dtype)
        gap = gap_of(graph.loss, labels)
        self._gap = -math.inf if gap is None else gap
        self._kernels: dict[tuple[int, Update, bool, bool], tuple[PrintedKernel, Callable[..., None]]] = {}

    def source(self, *, rates: int = 1, plan: Plan = Plan()) -> str:
        """The printed kernel, for one learning rate a network or for one a layer."""
        return self._printed(rates, plan).source

    def train(
        self,
        parameters: ArrayLike,
        learning_rate: ArrayLike,
        steps: int,
        *,
        plan: Plan = Plan(),
        curves: bool = False,
        threads: int | None = None,
        progress: Notify | None = None,
    ) -> TrainResult:
        """Trains every network for the same number of steps.

        Args:
            parameters: where the runs start, shape (R, P).
            learning_rate: one number, one for each run (R,), or one for each run and layer (R, layers).
            steps: how many steps, from 0 up.
            plan: how they are made; by default by gradient descent on all points.
            curves: whether to keep the loss of every step.
            threads: how many threads work; by default one for each core that this process may use.
            progress: called now and then, in the calling thread, with the number of runs done and of all runs.

        Returns:
            How each run went.

        Raises:
            GradlabError: if a shape does not fit.
            KeyboardInterrupt: on Ctrl-C, once the networks being worked on are done with.
        """
        layers = len(self.graph.sizes) - 1
        end = self._start(parameters)
        runs = len(end)
        if not 0 <= plan.done + steps < MOST_STEPS or steps < 0:
            raise GradlabError(f"steps is a whole number from 0 to {MOST_STEPS - 1}, not {steps}")
        rates = per_run(learning_rate, runs, layers, self.dtype, "learning rate")
        own = plan.own(runs, end.shape[1], self.dtype)
        printed, kernel = self._kernel(rates.shape[1], plan)
        data = (
            self.table.reshape(-1)
            if _is_plain(plan)
            else np.concatenate([self.table.reshape(-1), plan.by_step(steps, len(self.table), self.dtype)])
        )
        initial, loss, right, lived, success = (np.empty(runs, self.dtype) for _ in range(5))
        kept = np.full((runs, steps + 1) if curves else (1, 1), np.nan, self.dtype)
        gap = self.dtype.type(self._gap)

        def work(first: int, last: int, scratch: NDArray[Any]) -> None:
            kernel(
                end.reshape(-1), rates.reshape(-1), own.reshape(-1), data, gap, steps, first, last, runs,
                curves, scratch, initial, loss, right, lived, success, kept.reshape(-1),
            )  # fmt: skip

        pace = SECONDS_EACH * end.shape[1] * len(self.table) * (steps + 1) * printed.lanes
        _Crew(work, runs, printed.lanes, lambda: _aligned(printed.scratch, self.dtype), pace).run(threads, progress)
        dead = np.isnan(loss)
        return TrainResult(
            parameters=end,
            initial_loss=initial,
            loss=loss,
            correct=right == 1,
            diverged_step=np.where(dead, lived + 1, NEVER).astype(np.int32),
            first_success_step=success.astype(np.int32),
            curves=kept if curves else None,
            state=own[:, len(plan.update.numbers) :].reshape(runs, len(plan.update.state), end.shape[1]),
        )

    def _start(self, parameters: ArrayLike) -> NDArray[Any]:
        """A copy of the initial parameters, for the kernel to work in."""
        start = np.array(parameters, dtype=self.dtype, order="C")
        if start.ndim != 2 or start.shape[1] != len(self.graph.parameters):
            raise GradlabError(
                f"the parameters have a row for each run and a column for each of the "
                f"{len(self.graph.parameters)} parameters; these have the shape {start.shape}"
            )
        return start

    def _printed(self, rates: int, plan: Plan) -> PrintedKernel:
        straight = is_straight(self.graph)
        lanes = lanes_for(self.dtype.name, 2 if straight else 1)
        scheduled, weighted = plan.factors is not None, plan.weights is not None
        spec = KernelSpec(self.graph, self.table, lanes, rates, plan.update, scheduled, weighted)
        return straight_kernel(spec) if straight else rolled_kernel(spec, wide=processor()[1] == WIDEST)

    def _kernel(self, rates: int, plan: Plan) -> tuple[PrintedKernel, Callable[..., None]]:
        key = (rates, plan.update, plan.factors is not None, plan.weights is not None)
        if key not in self._kernels:
            printed = self._printed(rates, plan)
            self._kernels[key] = printed, load_kernel(printed.source, self.dtype.name, printed.lanes, self._notice)
        return self._kernels[key]


def _is_plain(plan: Plan) -> bool:
    """Whether a kernel reads nothing behind the points."""
    return plan.factors is None and plan.weights is None and not kernel_update(plan.update).counts


def _aligned(size: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """So many numbers, the first of them where a cache line begins, so that no vector lies in two."""
    memory = np.empty(size * dtype.itemsize + CACHE_LINE, np.uint8)
    start = -memory.__array_interface__["data"][0] % CACHE_LINE
    return memory[start : start + size * dtype.itemsize].view(dtype)


def _cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _pool(threads: int, process: int) -> ThreadPoolExecutor:
    """Threads that wait for work, kept as long as the process: to start one takes longer than to train a block."""
    return ThreadPoolExecutor(threads, f"gradlab-{process}")


class _Crew:
    """Threads that take blocks of networks until none is left; they share nothing but the number of the next one.

    Args:
        work: does the blocks from the first to before the last.
        runs: how many networks there are.
        lanes: how many networks are a block.
        scratch: makes a thread's own memory.
        pace: about how many seconds a block takes.
    """

    def __init__(
        self,
        work: Callable[[int, int, Any], None],
        runs: int,
        lanes: int,
        scratch: Callable[[], Any],
        pace: float,
    ) -> None:
        self.work, self.runs, self.lanes, self.scratch = work, runs, lanes, scratch
        self.blocks = -(-runs // lanes)
        self.next, self.done, self.stopped, self.crew = 0, 0, False, 1
        self.pace = pace
        self.lock = threading.Lock()

    def run(self, threads: int | None, progress: Notify | None) -> None:
        """Do all blocks: the calling thread, and as many helpers as there is enough to do for."""
        enough = min(self.blocks - 1, int(self.blocks * self.pace / LEAST_SECONDS))
        helpers: list[Future[None]] = []
        if enough > 0:
            most = (threads or _cores()) - 1
            self.crew = 1 + min(most, enough)
            helpers = [_pool(most, os.getpid()).submit(self._take_turns) for _ in range(self.crew - 1)]
        try:
            self._take_turns(progress)
        finally:
            self.stopped = True
            started = [helper for helper in helpers if not helper.cancel()]
            if started:
                wait(started)
        for helper in started:
            helper.result()
        if progress is not None:
            progress(self.runs, self.runs)

    def _take_turns(self, progress: Notify | None = None) -> None:
        scratch = self.scratch()
        while not self.stopped and self._take_turn(scratch):
            if progress is not None:
                progress(min(self.done * self.lanes, self.runs), self.runs)

    def _take_turn(self, scratch: Any) -> bool:
        """Do the next blocks, and return whether there were any."""
        with self.lock:
            least, most = (max(1, int(seconds / self.pace)) for seconds in (LEAST_SECONDS, SECONDS_A_TURN))
            # Less and less towards the end, so that nobody waits long for the last one.
            fair = (self.blocks - self.next) // (2 * self.crew if self.crew > 1 else 1)
            first, last = self.next, min(self.next + max(least, min(most, fair)), self.blocks)
            self.next = last
        if first == last:
            return False
        start = time.perf_counter()
        self.work(first, last, scratch)
        pace = max(time.perf_counter() - start, SHORTEST) / (last - first)
        with self.lock:
            self.pace, self.done = pace, self.done + last - first
        return True
