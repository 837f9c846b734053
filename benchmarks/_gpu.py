"""The rows of a GPU: kernels with their own draws from Python, and maps; open where there is none."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np

import gradlab as gl
from gradlab.codegen import Drawn, cuda
from gradlab.graph import mlp_graph

STEPS, LAB, SIDE = 100, 10**7, 128
# Work, unit of a step of one network, and what one wants of an H100.
ROWS = {
    ("lab", "float32"): (f"lab network, {LAB:,} drawn, trained and judged, float32", 1e12, "ps", 9.5),
    ("lab", "float64"): (f"lab network, {LAB:,} drawn, trained and judged, float64", 1e12, "ps", 30),
    (8, "float64"): (f"map of width 8, {SIDE}^2 networks, float64", 1e9, "ns", 1.7),
    (8, "float32"): (f"map of width 8, {SIDE}^2 networks, float32", 1e9, "ns", 0.6),
    (16, "float64"): (f"map of width 16, {SIDE}^2 networks, float64", 1e9, "ns", 20),
    (16, "float32"): (f"map of width 16, {SIDE}^2 networks, float32", 1e9, "ns", 8),
}


def gpu_section(count: int) -> str:
    """A step of one network, whole calls of the trainer from Python with the results of all runs on the host."""
    there = cuda.has_gpu()
    name = cuda.gpu(0).name if there else "no GPU here, the rows stay open"
    lines = [f"### On a GPU ({name})\n", "| work | a step of one network | wanted of an H100 |", "| --- | --- | --- |"]
    for (kind, dtype), (title, unit, word, wanted) in ROWS.items():
        measured = "–"
        if there:
            job, runs = _lab(dtype) if kind == "lab" else _map(int(kind), dtype)
            job()
            measured = f"{median(_seconds(job) for _ in range(count)) / runs / STEPS * unit:.3g} {word}"
        lines.append(f"| {title} | {measured} | {wanted:g} {word} |")
    return "\n".join(lines) + "\n"


def _lab(dtype: str) -> tuple[Callable[[], object], int]:
    data = gl.datasets.five_points()
    trainer = cuda.CudaTrainer(gl.mlp([2, 2, 1]).graph, data.x, data.y, dtype=dtype, machine=cuda.gpu(0))
    drawn = Drawn(0, 0, LAB, np.zeros(1, np.intp), np.ones((1, 9)))
    return lambda: trainer.train(drawn, 1.0, STEPS, ends=False), LAB


def _map(width: int, dtype: str) -> tuple[Callable[[], object], int]:
    rng, points = np.random.default_rng(0), width * width + width
    graph = mlp_graph((width, width, 1), "tanh", None, "squared_error", "mean_field", False)
    x, y = rng.normal(size=(points, width)), rng.normal(size=points)
    trainer = cuda.CudaTrainer(graph, x, y, dtype=dtype, machine=cuda.gpu(0))
    start = np.repeat(rng.normal(size=(1, points)), SIDE**2, axis=0).astype(dtype)
    rates = np.stack(np.meshgrid(*[np.geomspace(1, 100, SIDE)] * 2), axis=-1).reshape(-1, 2)
    return lambda: trainer.train(start, rates, STEPS, ends=False), SIDE**2


def _seconds(job: Callable[[], object]) -> float:
    begun = time.perf_counter()
    job()
    return time.perf_counter() - begun
