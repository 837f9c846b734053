"""Derivation -> a GPU: trains many networks at once by a rule of `gradlab.rules`, as Numba's kernels do on the CPU."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradlab.codegen._drawing import key_of
from gradlab.codegen._kernel_trainer import Call, KernelTrainer, Made
from gradlab.codegen._training import Drawn, Notify, Plan
from gradlab.codegen.cuda._lanes import can_share, lanes_for
from gradlab.codegen.cuda._machine import Kernel, Machine, Memory
from gradlab.codegen.cuda._source import THREADS, cuda_source
from gradlab.graph import NetworkGraph
from gradlab.rules import Update

FASTER = 500  # than a few cores, about
MOST_AT_ONCE = 2**24  # runs of one launch
SHARE = 2  # of the free memory, what one launch takes at most


class CudaTrainer(KernelTrainer):
    """Trains many networks on one data set; compiled for the network, the data's shape and the number type.

    Starts are drawn on the GPU, to the bit as on the CPU; steps are those of the CPU to rounding. What a run gives does
    not depend on which runs are trained with it.

    Args:
        graph: the network.
        x: the inputs, shape (N, d).
        y: the labels, shape (N,) for one output, (N, K) for K.
        weights: what each point counts, shape (N,), if the network is made for weights; 1 by default.
        dtype: the number type of all arithmetic, "float32" or "float64".
        machine: the GPU.

    Attributes:
        judges: whether there is a right and wrong: whether the labels are classes to the network's loss.

    Raises:
        GradlabError: if a shape does not fit or the number type is another.
    """

    faster = FASTER

    def __init__(
        self,
        graph: NetworkGraph,
        x: ArrayLike,
        y: ArrayLike,
        *,
        weights: ArrayLike | None = None,
        dtype: object = "float32",
        machine: Machine,
    ) -> None:
        super().__init__(graph, x, y, weights=weights, dtype=dtype)
        self.machine = machine
        self._shares = can_share(graph)
        self._kernels: dict[tuple[int, Update, bool, bool, int], Kernel] = {}

    def lanes(self, runs: int, update: Update = Plan().update) -> int:
        """How many threads each of so many networks has: one, or some lanes of a warp."""
        if not self._shares:
            return 1
        return lanes_for(self.graph, len(update.state), self.dtype.itemsize, runs, self.machine.busy)

    def plan(self, runs: int, update: Update = Plan().update) -> str:
        """In words, what trains so many networks."""
        lanes = self.lanes(runs, update)
        return "a thread a network" if lanes == 1 else f"{lanes} lanes of a warp a network"

    def _take(self, call: Call, made: Made, threads: int | None, progress: Notify | None) -> None:
        runs, steps, plan, drawn, end, rates, own, data = call
        count = len(self.graph.parameters)
        start = end if drawn is None else end[:0]
        lanes = self.lanes(runs, plan.update)
        kernel = self._kernel(rates.shape[1], plan, lanes)
        size = (
            2 * count + own.shape[1] + rates.shape[1] + 5 + (0 if made.curves is None else steps + 1)
        ) * self.dtype.itemsize
        most = max(1, min(MOST_AT_ONCE, self.machine.free() // SHARE // size))
        with self.machine.memory() as memory:
            shared = memory.put(data)
            draw = _Draw(drawn, count, memory)
            for first in range(0, runs, most):
                part = slice(first, min(first + most, runs))
                with self.machine.memory() as here:
                    self._launch((kernel, lanes), here, draw, shared, part, (start, end, rates, own), made, steps)
                if progress is not None:
                    progress(part.stop, runs)

    def _launch(
        self,
        kernel: tuple[Kernel, int],
        memory: Memory,
        draw: _Draw,
        data: int,
        part: slice,
        arrays: tuple[NDArray[Any], ...],
        made: Made,
        steps: int,
    ) -> None:
        """Trains some runs."""
        start, end, rates, own = arrays
        runs = part.stop - part.start
        said, kept = np.empty((5, runs), self.dtype), None if made.curves is None else made.curves[part]
        places = [memory.put(array[part]) if len(array) else 0 for array in (start, rates, own)]
        ends = places[0] or (memory.room(end[part]) if len(end) else 0)
        rows, curves = memory.room(said), 0 if kept is None else memory.put(kept)
        number = ctypes.c_float if self.dtype == np.float32 else ctypes.c_double
        made_of, lanes = kernel
        made_of.launch(
            -(-runs * lanes // THREADS), THREADS,
            places[0], *draw.arguments(part.start), places[1], places[2], data,
            number(self.gap), ctypes.c_int(steps), ctypes.c_int(runs), ctypes.c_int(made.curves is not None),
            ends, rows, curves,
        )  # fmt: skip
        wanted = [(rows, said), (ends, end[part]), (places[2], own[part]), (curves, kept)]
        for place, array in wanted:
            if array is not None and place and array.size:
                memory.get(place, array)
        made.rows[:, part] = said

    def _kernel(self, rates: int, plan: Plan, lanes: int) -> Kernel:
        key = (rates, *plan.kind, lanes)
        if key not in self._kernels:
            source = cuda_source([("train", self.spec(rates, plan), lanes)], self.dtype.name)
            self._kernels[key] = self.machine.kernel(source, "train")
        return self._kernels[key]


class _Draw:
    """What starts are drawn from, on the machine.

    Args:
        of: what is drawn; None where starts are given.
        parameters: how many numbers each run has.
        memory: of the machine.
    """

    def __init__(self, of: Drawn | None, parameters: int, memory: Memory) -> None:
        self.of, self.factors, self.kinds = of, 0, 0
        self.key = (0, 0) if of is None else key_of(of, parameters)
        if of is not None:
            self.factors = memory.put(np.ascontiguousarray(of.factors, np.float64))
            self.kinds = memory.put(np.ascontiguousarray(of.kinds, np.int32))

    def arguments(self, before: int) -> tuple[Any, ...]:
        """What a kernel is given to draw runs of which so many come before."""
        first, count = (0, 1) if self.of is None else (self.of.first, self.of.count)
        words = (ctypes.c_ulonglong(word) for word in (*self.key, first))
        return (*words, ctypes.c_int(count), ctypes.c_int(before), self.factors, self.kinds)
