"""Derivation -> Numba: a kernel that trains many networks at once by a rule of `gradlab.rules`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradlab.codegen._crew import Crew
from gradlab.codegen._drawing import Drawing, words_of
from gradlab.codegen._kernel_trainer import Call, KernelTrainer, Made
from gradlab.codegen._numba_cache import lanes_for, load_kernel, processor
from gradlab.codegen._numba_rolled import rolled_kernel
from gradlab.codegen._numba_source import PrintedKernel, is_straight, straight_kernel
from gradlab.codegen._training import Notify, Plan
from gradlab.graph import NetworkGraph
from gradlab.rules import Update

BUFFER = 2**18  # bytes of the parameters that a thread draws at once
CACHE_LINE = 64  # bytes, as many as the longest vectors have
SECONDS_EACH = 1e-10  # about what a parameter takes for a point in a step of one network
WIDEST = 64  # bytes of the longest vectors there are


class NumbaTrainer(KernelTrainer):
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

    Attributes:
        judges: whether there is a right and wrong: whether the labels are classes to the network's loss.

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
        super().__init__(graph, x, y, weights=weights, dtype=dtype)
        self._notice = notice
        self._kernels: dict[tuple[int, Update, bool, bool], tuple[PrintedKernel, Callable[..., None]]] = {}

    def source(self, *, rates: int = 1, plan: Plan = Plan()) -> str:
        """The printed kernel, for one learning rate a network or for one a layer."""
        return self._printed(rates, plan).source

    def _take(self, call: Call, made: Made, threads: int | None, progress: Notify | None) -> None:
        runs, steps, plan, drawn, end, rates, own, data = call
        count = len(self.graph.parameters)
        draw = None if drawn is None else Drawing(drawn, count, self.dtype.name)
        printed, kernel = self._kernel(rates.shape[1], plan)
        gap, lanes, kept = self.gap, printed.lanes, made.curves
        together = max(1, BUFFER // (lanes * count * self.dtype.itemsize))  # blocks

        def work(first: int, last: int, memory: _Memory) -> None:
            """Draws some blocks where they are wanted, or where they fit into the cache, and trains them there."""
            for block in range(first, last, together):
                low, high = block * lanes, min(min(block + together, last) * lanes, runs)
                at = end[low:high] if len(end) else memory.starts[: high - low]
                if draw is not None:
                    draw.fill(at, low, high, memory.words)
                kernel(
                    at.reshape(-1), rates[low:high].reshape(-1), own[low:high].reshape(-1), data, gap, steps,
                    0, -(-(high - low) // lanes), high - low, kept is not None, memory.scratch,
                    *made.rows[:, low:high], made.none if kept is None else kept[low:high].reshape(-1),
                )  # fmt: skip

        def memory() -> _Memory:
            starts = np.empty((0 if len(end) else together * lanes, count), self.dtype)
            return _Memory(_aligned(printed.scratch, self.dtype), starts, words_of(count) if draw else ())

        pace = SECONDS_EACH * count * len(self.table) * (steps + 1) * lanes
        Crew(work, runs, lanes, memory, pace).run(threads, progress)

    def _printed(self, rates: int, plan: Plan) -> PrintedKernel:
        straight = is_straight(self.graph)
        spec = self.spec(rates, plan, lanes_for(self.dtype.name, 2 if straight else 1))
        return straight_kernel(spec) if straight else rolled_kernel(spec, wide=processor()[1] == WIDEST)

    def _kernel(self, rates: int, plan: Plan) -> tuple[PrintedKernel, Callable[..., None]]:
        key = (rates, *plan.kind)
        if key not in self._kernels:
            printed = self._printed(rates, plan)
            sizes = [*map(str, self.graph.sizes)]
            shown = "-".join(sizes if len(sizes) < 10 else [*sizes[:5], "...", *sizes[-2:]])
            what = f"{shown} networks with {self.graph.hidden} in {self.dtype.name}"
            kernel = load_kernel(printed.source, self.dtype.name, printed.lanes, self._notice, what)
            self._kernels[key] = printed, kernel
        return self._kernels[key]


class _Memory(NamedTuple):
    """A thread's own: what a kernel works in, and room for the starts and words of runs that it draws."""

    scratch: NDArray[Any]
    starts: NDArray[Any]
    words: tuple[NDArray[Any], ...]


def _aligned(size: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """So many numbers, the first of them where a cache line begins, so that no vector lies in two."""
    memory = np.empty(size * dtype.itemsize + CACHE_LINE, np.uint8)
    start = -memory.__array_interface__["data"][0] % CACHE_LINE
    return memory[start : start + size * dtype.itemsize].view(dtype)
