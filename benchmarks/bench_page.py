"""The page in a browser: what somebody waits for, and a step of training beside TensorFlow Playground's network code.

Playground's code is not part of this repository: ``ARGS="--playground NN.TS"`` says where src/nn.ts of its repository
is; without it that row stays open. Run it with ``make bench-page``; it writes its section of RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from _results import publish, threads_and_load

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 7


def measure(rounds: int, playground: Path | None) -> dict:
    command = ["node", "bench/measure.mjs", "--rounds", str(rounds)]
    command += ["--playground", str(playground.resolve())] if playground else []
    environment = {**os.environ, "PYTHON": sys.executable}  # the server is this Python's
    made = subprocess.run(
        command, cwd=ROOT / "page", env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=1800
    ).stdout
    return json.loads(made.strip().splitlines()[-1])


def told(times: Sequence[float], unit: str = "ms") -> str:
    """Median and range."""
    return f"{statistics.median(times):.0f} {unit} ({min(times):.0f} to {max(times):.0f})"


def table(found: dict, size: float) -> str:
    """The rows: what was measured and what is wanted."""
    column = lambda rows, i: [row[i] for row in rows]  # noqa: E731

    def drag(start: int) -> str:
        times = sorted(column(found["dragged"], start))
        return f"{times[int(0.95 * (len(times) - 1))]:.1f} ms of {len(times)}"

    ours, *others = zip(*found["steps"], strict=True)
    rows = [
        (f"first computed picture after navigation, cold: {view}", told(column(times, 0)), "400 ms")
        for view, times in found["first"].items()
    ]
    for view, times in found["first"].items():
        rows.append((f"the same, until its frame is done: {view}", told(column(times, 1)), ""))
    rows += [
        ("a typed function derived, cold: from navigation on", told(column(found["typedCold"], 0)), "1,500 ms"),
        ("the same, warm: from the key on until its derivation is seen", told(column(found["typedWarm"], 0)), "10 ms"),
        ("the same until the picture", told(column(found["typedWarm"], 1)), ""),
        ("the same until its second derivatives are seen", told(column(found["typedWarm"], 2)), ""),
        ("its derivation as soon as Python has started", told(column(found["typedSoon"], 0)), ""),
        ("the same until the picture", told(column(found["typedSoon"], 1)), ""),
        ("drag to frame, 95th percentile, from when the page hears of it", drag(0), "16 ms"),
        ("the same from the movement on, which waits for the screen's next refresh", drag(1), ""),
        ("success map, 16 x 16 settings x 100 runs x 100 steps", told(column(found["success"], 0)), "150 ms"),
        ("success map, 64 x 64", told(column(found["success"], 1)), "800 ms"),
        ("map of trainability, width 8, 50 steps, 64 x 64, f32", told(column(found["trainability"], 0)), "200 ms"),
        ("map of trainability, 128 x 128", told(column(found["trainability"], 1)), "800 ms"),
        (
            "a step of the lab's network, one core, f32",
            f"{min(ours):.1f} ns (median {statistics.median(ours):.1f})",
            "30 ns",
        ),
    ]
    if others:
        rows.append(("a step of TensorFlow Playground's network code", told(others[0], "ns"), ""))
        ratios = [other / own for own, other in zip(ours, others[0], strict=True)]
        rows.append(("how many times as long, of pairs", told(ratios, "times"), "40 times"))
    rows.append(("the folder", f"{size / 1e6:.1f} MB", "20 MB"))
    lines = ["| | measured: median (range) | wanted |", "| :-- | --: | --: |"]
    return "\n".join([*lines, *(f"| {what} | {seen} | {wanted} |" for what, seen, wanted in rows)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round, and nothing is written")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help=f"of each; by default {ROUNDS}")
    parser.add_argument("--playground", type=Path, metavar="NN.TS", help="src/nn.ts of TensorFlow Playground")
    chosen = parser.parse_args()
    load = os.getloadavg()[0]
    found = measure(1 if chosen.quick else chosen.rounds, chosen.playground)
    size = sum(file.stat().st_size for file in (ROOT / "build/page").rglob("*") if file.is_file())
    note = (
        f"{threads_and_load(load)} Where more run than there are cores, times are upper bounds. "
        f"Chromium {found['browser']} without a graphics card, {found['rounds']} rounds, "
        "files served by `gradlab play`; each first picture in a new profile. Warm is a page that was left alone for "
        "five seconds, in which its Python practises. A step is one of full batches over five "
        "points, of one of 4,096 networks at a time; Playground has one network, the squared error and tanh at the "
        "output, where the lab's has cross-entropy and the sigmoid."
    )
    publish("The page", [note, "", table(found, size)], quick=chosen.quick)


if __name__ == "__main__":
    main()
