"""Maps of trainability: what refinement saves and loses, and the dimensions of the paper's panels, in one run.

python benchmarks/bench_map.py              measure and write benchmarks/RESULTS.md
python benchmarks/bench_map.py --quick      smaller, nothing written
"""

from __future__ import annotations

import argparse
import os
import time

import numpy as np
from _results import publish, threads_and_load

import gradlab as gl
from gradlab.plot._trainability import COLOURS, shades_of
from gradlab.train import PANELS

TITLE = "Maps of trainability"
STEPS = 100
# Of Sohl-Dickstein, "The boundary of neural network trainability is fractal", 2024, written from memory: only that its
# numbers go from 1.17 to 1.98 has been looked up.
PAPER = {"tanh": 1.66, "relu": 1.20, "identity": 1.17, "mini-batch": 1.55, "single-point": 1.41, "offset": 1.98}
VISIBLE = 8  # of all shades, from which on a difference is counted


def refinement_section(width: int, sizes: list[int]) -> str:
    """The same map refined and in full: processor time, and the pixels that differ."""
    gl.trainability(width=width, resolution=16, steps=STEPS)
    lines = [
        f"### Refined over full, width {width}, {STEPS} steps, float64\n",
        "Learning rates of both layers from 0.1 to 10,000: some settings converge and some diverge. A pixel is on the "
        f"wrong side where it is filled in with another verdict; it looks different where it is {VISIBLE} or more of "
        f"{COLOURS.N} shades off.\n",
        "| pixels | trained | processor time, refined | full | times faster | on the wrong side | look different |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for size in sizes:
        used, made = [], []
        for refined in (True, False):
            start = time.process_time()
            made.append(gl.trainability(width=width, resolution=size, steps=STEPS, refined=refined))
            used.append(time.process_time() - start)
        fine, full = made
        same = fine["converged"].values == full["converged"].values
        off = np.abs(shades_of(fine, full) - shades_of(full)) * COLOURS.N
        lines.append(
            f"| {size:,} x {size:,} | {100 * float(fine['trained'].mean()):.1f} % | {used[0]:.1f} s | "
            f"{used[1]:.1f} s | {used[1] / used[0]:.1f} | "
            f"{100 * (~same).mean():.4f} % | {100 * (same & (off >= VISIBLE)).mean():.3f} % |"
        )
    return "\n".join(lines) + "\n"


def panel_section(width: int, size: int, steps: int, windows: int) -> str:
    """The dimension of every panel's boundary: the median over a deep zoom."""
    lines = [
        f"### Dimensions, width {width}, {size} x {size} pixels, {steps} steps, {windows + 1} windows\n",
        "The paper has width 16, up to 4,096 pixels along each axis, 500 or 1,000 steps, zooms of its own choice, and "
        "another start and other points; here the zoom goes by itself to where the boundary winds. Of the paper's "
        "numbers only the range, 1.17 to 1.98, was looked up again. For `offset` the "
        "code beside the paper adds the offset in every step, not to the initial weights alone, as it is done here.\n",
        "| panel | dimension | of the paper | difference | by window |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, settings in PANELS.items():
        try:
            made = gl.trainability(**settings, width=width, resolution=size, steps=steps, windows=windows)
        except gl.TrainError as problem:
            lines.append(f"| {name} | – | {PAPER[name]} | – | {problem} |")
            continue
        found = gl.boundary_dimension(made)
        each = ", ".join(f"{np.median(slopes):.2f}" for slopes in found.slopes)
        lines.append(f"| {name} | {found} | {PAPER[name]} | {found.value - PAPER[name]:+.2f} | {each} |")
        print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller, and nothing is written")
    chosen = parser.parse_args()
    load = os.getloadavg()[0]
    parts = [panel_section(8, *((32, 50, 1) if chosen.quick else (96, 150, 3)))]
    parts.append(refinement_section(8, [64] if chosen.quick else [256, 512, 1024]))
    note = "Processor time is that of all threads together; it holds what others take of the caches."
    publish(TITLE, [f"{threads_and_load(load)} {note}\n", *parts], quick=chosen.quick)


if __name__ == "__main__":
    main()
