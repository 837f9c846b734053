"""gradlab's training kernels beside PyTorch, JAX and the lab's own loop, in one run.

python benchmarks/bench_train.py              measure and write benchmarks/RESULTS.md
python benchmarks/bench_train.py --quick      smaller, nothing written
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

# Some machines force a kind of core on OpenBLAS; the peers shall use the one that is there.
os.environ.pop("OPENBLAS_CORETYPE", None)

import numpy as np
import peers_train as peers
from _gpu import gpu_section
from _results import publish
from count_train import operations_a_step

import gradlab as gl
from gradlab.codegen import NumbaTrainer, Plan
from gradlab.codegen._numba_cache import HEADER, processor
from gradlab.graph import mlp_graph

TITLE = "Training many networks"
RATE, STEPS = 1.0, 100
COMPARED = 64  # of the lab's loop, which trains one network in a hundredth of a second
PAUSE = 0.3  # threads of the one before may still wait actively


@dataclass
class Row:
    """One contender: seconds of each round, for so many steps of so many networks."""

    name: str
    seconds: list[float]
    networks: int
    steps: int
    note: str = ""

    @property
    def each(self) -> float:
        """The median time of a step of one network, in nanoseconds."""
        return median(self.seconds) / self.networks / self.steps * 1e9

    def cells(self, ours: Row) -> str:
        low, high = (_short(pick(self.seconds) / self.networks / self.steps * 1e9) for pick in (min, max))
        times = self.each / ours.each
        return f"| {self.name} | {_short(self.each)} | {low} to {high} | {times:,.1f} | {self.note} |"


def _short(nanoseconds: float) -> str:
    unit, size = next((u for u in (("ms", 1e6), ("us", 1e3)) if nanoseconds >= u[1]), ("ns", 1.0))
    return f"{nanoseconds / size:.3g} {unit}"


def rounds(count: int, jobs: dict[str, Callable[[], Any]]) -> dict[str, list[float]]:
    """The seconds of each job in each round; the jobs take turns, so that all see the same machine."""
    for job in jobs.values():
        job()
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(count):
        for name, job in jobs.items():
            time.sleep(PAUSE)
            job()  # a core that slept takes its time to wake up
            start = time.perf_counter()
            job()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def agreement(ours: np.ndarray, theirs: np.ndarray, tolerance: float) -> str:
    """How many final losses agree; those that are not finite have to be so in both."""
    mine, other = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    lost = ~np.isfinite(other) | (np.abs(other) > 1e30)
    finite = np.isfinite(mine) & ~lost
    near = np.abs(mine - other) <= tolerance * (1 + np.abs(other))
    share = np.where(finite, near, ~np.isfinite(mine) == lost).mean()
    return f"{100 * share:.2f} % of losses agree to {tolerance:g}"


def table(rows: Iterable[Row]) -> str:
    rows = list(rows)
    head = "| | a step of one network | spread | times gradlab's | |\n| --- | --- | --- | --- | --- |\n"
    return head + "\n".join(row.cells(rows[0]) for row in rows) + "\n"


def lab_section(networks: int, count: int) -> str:
    """The lab's network on five points, float32."""
    data = gl.datasets.five_points()
    start = np.random.default_rng(0).normal(size=(networks, 9)).astype(np.float32)
    trainer = NumbaTrainer(gl.mlp([2, 2, 1]).graph, data.x, data.y, dtype="float32")
    others = {
        "torch.compile of a batched step, points unrolled": peers.torch_compiled(data.x, data.y, STEPS),
        "torch.compile of a batched step, an axis of points": peers.torch_with_axis(data.x, data.y, STEPS),
        "jax.jit(vmap(scan))": peers.jax_vmap_scan(data.x, data.y, STEPS),
        "jax, networks last": peers.jax_batch_last(data.x, data.y, STEPS),
    }
    final = trainer.train(start, RATE, STEPS).loss
    # A point on the edge between two valleys may roll either way after rounding.
    notes = {name: agreement(final, peer(start, RATE)[1], 1e-3) for name, peer in others.items()}
    jobs: dict[str, Callable[[], Any]] = {"gradlab": lambda: trainer.train(start, RATE, STEPS)}
    jobs |= {name: lambda peer=peer: peer(start, RATE) for name, peer in others.items()}
    loop, alone = peers.lab_loop(data.x, data.y, STEPS), min(networks, 3)
    some = np.array([loop(p, RATE) for p in start[:COMPARED]])
    notes["the lab's own loop"] = agreement(final[:COMPARED], some, 1e-3) + f" of {COMPARED}"
    jobs["the lab's own loop"] = lambda: [loop(start[i], RATE) for i in range(alone)]
    seconds = rounds(count, jobs)
    rows = [Row(n, s, alone if "lab's" in n else networks, STEPS, notes.get(n, "")) for n, s in seconds.items()]
    return f"### The lab's network, five points, {networks:,} networks x {STEPS} steps, float32\n\n{table(rows)}\n"


def drawn_section(networks: int, count: int) -> str:
    """Whole calls that draw their own starts: `gl.train` and PyTorch's compiled step."""
    data, net = gl.datasets.five_points(), gl.mlp([2, 2, 1])
    compiled = peers.torch_compiled(data.x, data.y, STEPS)
    settings = {"learning_rate": RATE, "steps": STEPS, "restarts": networks, "dtype": "float32"}
    jobs: dict[str, Callable[[], Any]] = {
        "`gl.train`": partial(gl.train, net, data, **settings),
        "torch.randn and torch.compile of a batched step, points unrolled": lambda: compiled(networks, RATE),
    }
    losses = (jobs["`gl.train`"]().losses, jobs[next(reversed(jobs))]()[1])
    notes = [f"median loss {np.median(each):.4f}" for each in losses]
    rows = [Row(n, s, networks, STEPS, notes.pop(0)) for n, s in rounds(count, jobs).items()]
    return f"### Whole calls that draw their starts, {networks:,} networks x {STEPS} steps, float32\n\n{table(rows)}\n"


def map_section(width: int, side: int, count: int, peer_steps: int) -> str:
    """A map of trainability: one initial network, trained with every pair of learning rates for its two layers."""
    rng = np.random.default_rng(1)
    points = width * width + width
    x, y = rng.normal(size=(points, width)), rng.normal(size=points)
    graph = mlp_graph((width, width, 1), "tanh", None, "squared_error", "mean_field", False)
    start = np.repeat(rng.normal(size=(1, len(graph.parameters))), side * side, axis=0)
    first, second = np.meshgrid(np.logspace(-1, 4, side), np.logspace(-1, 4, side))
    rates = np.stack([first.ravel(), second.ravel()], axis=1)
    trainer = NumbaTrainer(graph, x, y, dtype="float64")
    best = peers.best_chunk(x, y, width, start, rates)
    at_once = peers.jax_map(x, y, width, side * side)
    final = trainer.train(start, rates, peer_steps).loss
    note = agreement(final, best.run(start, rates, peer_steps)[1], 1e-6) + f" after {peer_steps} steps; {best.note}"
    note_at_once = agreement(final, at_once(start, rates, peer_steps)[1], 1e-6) + f" after {peer_steps} steps"
    whole = trainer.train(start, rates, STEPS)
    ours_note = f"{100 * (whole.diverged_step >= 0).mean():.0f} % of the map diverges within {STEPS} steps"
    jobs = {
        "gradlab": lambda: trainer.train(start, rates, STEPS),
        "gradlab, few steps": lambda: trainer.train(start, rates, peer_steps),
        "jax.jit(vmap(value_and_grad)) a step, in chunks": lambda: best.run(start, rates, peer_steps),
        "jax.jit(vmap(value_and_grad)) a step, the whole map": lambda: at_once(start, rates, peer_steps),
    }
    seconds = rounds(count, jobs)
    taken = {"gradlab": STEPS}
    notes = dict(zip(jobs, (ours_note, "", note, note_at_once), strict=True))
    rows = [Row(n, s, side * side, taken.get(n, peer_steps), notes.get(n, "")) for n, s in seconds.items()]
    title = f"### Map of trainability, width {width}, {points} points, {side} x {side}, float64"
    return f"{title}\n\n{table(rows)}\n"


def peak(dtype: str) -> float:
    """The most multiplications and additions a second of one core, from a loop of fused ones, in 10^9."""
    import sys
    import types as python

    lanes = processor()[1] // np.dtype(dtype).itemsize
    body = "".join(f"        a{i} = fma(a{i}, 0.999, 0.001)\n" for i in range(12))
    ends = "".join(f"    store(p, {i * lanes}, a{i})\n" for i in range(12))
    starts = "".join(f"    a{i} = load(p, {i * lanes})\n" for i in range(12))
    imports = HEADER.split("@njit")[0].format(dtype=dtype, lanes=lanes)
    module = python.ModuleType("gradlab_peak")
    sys.modules["gradlab_peak"] = module
    text = f"{imports}\n@njit\ndef loop(p, count):\n{starts}    for _ in range(count):\n{body}{ends}"
    exec(compile(text, "<peak>", "exec"), module.__dict__)
    memory, times = np.ones(12 * lanes, dtype), 200_000
    module.loop(memory, 1)
    best = min(_timed(lambda: module.loop(memory, times)) for _ in range(30))
    return 12 * 2 * lanes * times / best / 1e9


def _timed(job: Callable[[], Any]) -> float:
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def rate_section(count: int) -> str:
    """What the kernels compute in a second, beside what a core can: each for one thread."""
    data, rng = gl.datasets.five_points(), np.random.default_rng(2)
    lines = [
        "### Arithmetic rate of one thread\n",
        "Additions, multiplications and divisions that the printed kernel asks for, counted by running it with "
        "operations that count, in the shortest of many short rounds, against a loop of fused multiplications and "
        "additions. Choices, comparisons and what is done to exponents do not count as operations, but they and the "
        "divisions take the same units of the processor: that is what is missing.\n",
        "| | operations a step | of which divisions | 10^9 a second | of the peak |",
        "| --- | --- | --- | --- | --- |",
    ]
    cases: list[tuple[str, Any, Any, Any, str]] = [
        ("lab network, float32", gl.mlp([2, 2, 1]).graph, data.x, data.y, "float32")
    ]
    for width in (8, 16):
        points = width * width + width
        graph = mlp_graph((width, width, 1), "tanh", None, "squared_error", "mean_field", False)
        x, y = rng.normal(size=(points, width)), rng.normal(size=points)
        cases.append((f"map, width {width}, float64", graph, x, y, "float64"))
    for name, graph, x, y, dtype in cases:
        trainer = NumbaTrainer(graph, x, y, dtype=dtype)
        printed, _ = trainer._kernel(1, Plan())
        counted = operations_a_step(printed, dtype)
        networks, steps = (2048, 100) if len(x) < 10 else (64, 9)
        start = rng.normal(size=(networks, len(graph.parameters)))
        job = partial(trainer.train, start, 0.1, steps, threads=1)
        job()
        best = min(_timed(job) for _ in range(count))
        # The loop goes round once more than there are steps, for the loss after the last one.
        done = sum(counted.values()) * networks * (steps + 1) / best / 1e9
        top = peak(dtype)
        share = f"{100 * done / top:.0f} % of {top:.0f}"
        lines.append(f"| {name} | {sum(counted.values()):,} | {counted['divide']:,} | {done:.1f} | {share} |")
    return "\n".join(lines) + "\n"


def scale_section(largest: int, count: int) -> str:
    """The cost of a step for 1 and 2 threads and for few to many networks."""
    data = gl.datasets.five_points()
    trainer = NumbaTrainer(gl.mlp([2, 2, 1]).graph, data.x, data.y, dtype="float32")
    sizes = [10**k for k in range(3, 8) if 10**k <= largest]
    lines = [
        "### From a thousand networks to ten million, lab network, float32\n",
        f"The cost of a step of one network, best of {count}; all of a call counts, copying the parameters too.\n",
        "| networks | 1 thread | 2 threads |",
        "| --- | --- | --- |",
    ]
    for size in sizes:
        start = np.random.default_rng(3).normal(size=(size, 9)).astype(np.float32)
        repeats = count if size < 10**7 else 3
        cells = []
        for threads in (1, 2):
            trainer.train(start[:1000], RATE, STEPS, threads=threads)
            job = partial(trainer.train, start, RATE, STEPS, threads=threads)
            best = min(_timed(job) for _ in range(repeats))
            cells.append(_short(best / size / STEPS * 1e9))
        lines.append(f"| {size:,} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def facade_section(count: int) -> str:
    """One `gl.train` with 10 restarts, as the lab trains, against the lab's loop for the same 10 runs."""
    data, net = gl.datasets.five_points(), gl.mlp([2, 2, 1])
    loop = peers.lab_loop(data.x, data.y, STEPS)
    ours = partial(gl.train, net, data, learning_rate=RATE, steps=STEPS, restarts=10, seed=0)
    runs, calls = ours(), 50  # one alone is shorter than what the machine takes to wake up
    start = runs.initial_parameters
    notes = {"the lab's own loop": agreement(runs.losses, np.array([loop(p, RATE) for p in start]), 1e-3)}
    jobs: dict[str, Callable[[], Any]] = {
        "gradlab": lambda: [ours() for _ in range(calls)],
        "the lab's own loop": lambda: [loop(p, RATE) for p in start],
    }
    seconds = rounds(count, jobs)
    rows = [Row(n, s, 10 * (calls if n == "gradlab" else 1), STEPS, notes.get(n, "")) for n, s in seconds.items()]
    return f"### One `gl.train` with 10 restarts and {STEPS} steps, float64, warm\n\n{table(rows)}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller, and nothing is written")
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    count = 2 if chosen.quick else chosen.rounds
    cores = len(os.sched_getaffinity(0))
    load = f"{os.getloadavg()[0]:.1f} processes were running on the machine at the start"
    parts = [f"Threads: {cores}; {load}. Times are medians of {count} rounds.\n"]
    # First: what JAX and compiled torch leave on the heap makes Python's own collector slow down every later call.
    facade = facade_section(count)
    print(facade, flush=True)
    parts.append(lab_section(8192 if chosen.quick else 65536, count))
    print(parts[-1], flush=True)
    parts.append(drawn_section(8192 if chosen.quick else 65536, count))
    print(parts[-1], flush=True)
    for width in (8, 16):
        parts.append(map_section(width, 32 if chosen.quick else 128, 2 if chosen.quick else 3, 5))
        print(parts[-1], flush=True)
    parts.append(rate_section(20 if chosen.quick else 200))
    parts.append(facade)
    parts.append(scale_section(10**5 if chosen.quick else 10**7, 10))
    parts.append(gpu_section(count))
    publish(TITLE, parts, quick=chosen.quick)


if __name__ == "__main__":
    main()
