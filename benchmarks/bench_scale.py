"""Whole calls beside the kernel that they call, in one run: what drawing, judging and labelling cost.

python benchmarks/bench_scale.py              measure and write benchmarks/RESULTS.md
python benchmarks/bench_scale.py --quick      smaller, nothing written
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from _results import publish, threads_and_load

import gradlab as gl
from gradlab.codegen import Drawn, NumbaTrainer

TITLE = "Whole calls"
STEPS = 100


def rounds(count: int, jobs: dict[str, Callable[[], Any]]) -> dict[str, list[tuple[float, float]]]:
    """Seconds by the clock and of the processor for each job in each round; the jobs take turns on the same machine."""
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in jobs}
    for job in jobs.values():
        job()
    for _ in range(count):
        for name, job in jobs.items():
            start, used = time.perf_counter(), time.process_time()
            job()
            seconds[name].append((time.perf_counter() - start, time.process_time() - used))
    return seconds


def section(dtype: str, networks: int, count: int) -> str:
    """The lab's network: the kernel alone, with its own draws, and the calls from Python to their results."""
    data, net = gl.datasets.five_points(), gl.mlp([2, 2, 1])
    trainer = NumbaTrainer(net.graph, data.x, data.y, dtype=dtype)
    start = np.random.default_rng(0).normal(size=(networks, 9)).astype(dtype)
    drawn = Drawn(0, 0, networks, np.zeros(1, np.intp), np.ones((1, 9)))
    settings = {"learning_rate": 1.0, "steps": STEPS, "restarts": networks, "dtype": dtype}
    seconds = rounds(
        count,
        {
            "the kernel alone, from given starts": lambda: trainer.train(start, 1.0, STEPS),
            "the kernel with its own draws": lambda: trainer.train(drawn, 1.0, STEPS, ends=False),
            "`gl.sweep`, from call to Dataset": partial(gl.sweep, net, data, **settings),
            "`gl.train`, no curves kept": partial(gl.train, net, data, **settings),
            '`gl.train`, `keep=["curves"]`': partial(gl.train, net, data, **settings, keep=["curves"]),
        },
    )
    lines = [
        f"### Lab network, {networks:,} networks x {STEPS} steps, {dtype}\n",
        "| | a step of one network, median | best | over the kernel alone, best | processor time, median | over the "
        "kernel alone |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    clock, processor = ({name: [each[k] for each in pairs] for name, pairs in seconds.items()} for k in (0, 1))
    alone = "the kernel alone, from given starts"
    for name, each in clock.items():
        middle, best, used = (
            value / networks / STEPS * 1e9 for value in (median(each), min(each), median(processor[name]))
        )
        lines.append(
            f"| {name} | {middle:.2f} ns | {best:.2f} ns | {min(each) / min(clock[alone]):.2f} | {used:.2f} ns | "
            f"{median(processor[name]) / median(processor[alone]):.2f} |"
        )
    return "\n".join(lines) + "\n"


STORED = """
import resource, sys, tempfile, time
import gradlab as gl
net, data, runs = gl.mlp([2, 2, 1]), gl.datasets.five_points(), int(sys.argv[1])
folder = tempfile.TemporaryDirectory()
out = {"out": folder.name + "/sweep.zarr"} if sys.argv[2] == "store" else {}
gl.sweep(net, data, restarts=64, steps=1)
start, used = time.perf_counter(), time.process_time()
gl.sweep(net, data, restarts=runs, steps=100, **out)
print(time.perf_counter() - start, time.process_time() - used, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def store_section(sizes: dict[int, int]) -> str:
    """A sweep into a store beside one in memory, each in a process of its own, in turns."""
    lines = [
        f"### Into a store, lab network x {STEPS} steps, float32\n",
        f"Medians of {', '.join(map(str, sizes.values()))} rounds; "
        "peak memory is that of the whole process, about 290 MiB before the sweep.\n",
        "| runs | | by the clock | processor time | over the one in memory | peak memory |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for size, count in sizes.items():
        found: dict[str, list[tuple[float, ...]]] = {"memory": [], "store": []}
        for _ in range(count):
            for where, rows in found.items():
                command = [sys.executable, "-c", STORED, str(size), where]
                said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                rows.append(tuple(map(float, said.split())))
        clock, used, peak = ({w: median(row[k] for row in rows) for w, rows in found.items()} for k in range(3))
        for w in found:
            over = f"{clock[w] / clock['memory']:.2f}, {used[w] / used['memory']:.2f}"
            lines.append(f"| {size:,} | {w} | {clock[w]:.1f} s | {used[w]:.1f} s | {over} | {peak[w] / 1024:.0f} MiB |")
    return "\n".join(lines) + "\n"


def cluster_section(runs: int, count: int) -> str:
    """A sweep on two workers of one thread each beside one on two threads of one process, in turns."""
    from distributed import Client, LocalCluster

    data, net = gl.datasets.five_points(), gl.mlp([2, 2, 1])
    jobs: dict[str, dict[str, Any]] = {"two threads of one process": {}, "two workers of one thread each": {}}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in jobs}
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster, Client(cluster) as client:
        jobs["two workers of one thread each"]["engine"] = client

        def used() -> float:
            """Of this process, in which the scheduler is too, and of the workers."""
            return time.process_time() + sum(client.run(time.process_time).values())

        for turn in range(count + 1):
            for name, where in jobs.items():
                start, before = time.perf_counter(), used()
                gl.sweep(net, data, restarts=runs, steps=STEPS, **where)
                if turn:  # the first is for the kernels
                    found[name].append((time.perf_counter() - start, used() - before))
    clock, processor = ({name: median(pair[k] for pair in pairs) for name, pairs in found.items()} for k in (0, 1))
    threads, there = found.values()
    over = [median(two[k] / one[k] for one, two in zip(threads, there, strict=True)) for k in (0, 1)]
    lines = [
        f"### On the workers of a scheduler, lab network, {runs:,} runs x {STEPS} steps, float32\n",
        f"Whole calls to their Dataset; medians of {count} rounds; all processes are of this machine.\n",
        "| | by the clock | processor time of all processes | over the threads, pair by pair: clock, processor |",
        "| --- | --- | --- | --- |",
    ]
    for name, ratio in zip(jobs, ("1, 1", f"{over[0]:.2f}, {over[1]:.2f}"), strict=True):
        lines.append(f"| {name} | {clock[name]:.2f} s | {processor[name]:.2f} s | {ratio} |")
    return "\n".join(lines) + "\n"


KILLED = """
import os, sys
import gradlab as gl
from gradlab.train import work
from gradlab.train.work import _layout
_layout._MOST = 2**15
if len(sys.argv) < 5:
    begin = work.GridWork.chunk
    def counted(self, place):
        with open(sys.argv[2], "a") as log:
            log.write(f"{place[2].stop}\\n")
        return begin(self, place)
    work.GridWork.chunk = counted
gl.sweep(gl.mlp([2, 2, 1]), gl.datasets.five_points(), learning_rate=[1, 5], restarts=int(sys.argv[3]), steps=1000,
         out=sys.argv[1], resume=True, progress=lambda seen: print(seen.done, flush=True),
         scheduler=sys.argv[4] if len(sys.argv) > 4 else None)
"""


def killed(folder: Path, runs: int, kills: int, *where: str) -> tuple[int, int, int, int]:
    """Kills a sweep so often at random moments, and lets it end.

    Args:
        folder: where its store is, and in "begun" a line for each chunk that was begun.
        runs: how many it has of each of two settings.
        kills: how often.
        where: the address of a scheduler, if its workers train.

    Returns:
        How often it was killed with how many chunks done by then, how many chunks it has, and how many were begun.
    """
    choice, hit = random.Random(kills), 0
    command = [sys.executable, "-c", KILLED, str(folder / "s.zarr"), str(folder / "begun"), str(runs), *where]
    for kill in range(kills):
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        if kill % 4:
            child.stdout.readline()  # it has begun
        time.sleep(choice.uniform(0, 0.8))
        child.kill()
        hit += child.wait() == -signal.SIGKILL
        child.stdout.close()
    done = int(gl.open(folder / "s.zarr")["done"].sum())
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    begun = [int(line) for line in (folder / "begun").read_text().split()]
    return hit, done // 2**15, 2 * -(-runs // 2**15), sum(not stop % 2**15 or stop == runs for stop in begun)


def killed_section(runs: int, kills: int) -> str:
    """Sweeps killed again and again, on threads and on workers: what was begun twice, and whether bits are the same."""
    from distributed import Client, LocalCluster, WorkerPlugin

    class Counting(WorkerPlugin):
        """Has each worker write down which chunks it begins."""

        def __init__(self, path: str) -> None:
            self.path = path

        def setup(self, worker: object) -> None:
            """Called in a worker."""
            from gradlab.train import work

            begin, path = work.GridWork.chunk, self.path

            def counted(self: Any, place: Any) -> Any:
                with open(path, "a") as log:
                    log.write(f"{place[2].stop}\n")
                return begin(self, place)

            work.GridWork.chunk = counted  # type: ignore[method-assign]

    lines = [
        f"### Killed by kill -9 at random moments and gone on with, lab network, {2 * runs:,} runs x 1,000 steps\n",
        "A kill may find a chunk in training with each thread or worker.\n",
        "| | kills | chunks | done at the last kill | begun again, for each kill | the same bits |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    whole = gl.sweep(gl.mlp([2, 2, 1]), gl.datasets.five_points(), learning_rate=[1, 5], restarts=runs, steps=1000)
    for name in ("two threads of one process", "two workers of one thread each"):
        with tempfile.TemporaryDirectory() as text:
            folder = Path(text)
            if "workers" in name:
                with (
                    LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
                    Client(cluster) as client,
                ):
                    client.register_plugin(Counting(str(folder / "begun")))
                    hit, done, chunks, begun = killed(folder, runs, kills, cluster.scheduler_address)
            else:
                hit, done, chunks, begun = killed(folder, runs, kills)
            kept = gl.open(folder / "s.zarr")
            equal = all(np.array_equal(kept[each], whole[each], equal_nan=True) for each in whole.data_vars)
            again = (begun - chunks) / max(1, hit)
            lines.append(f"| {name} | {hit} | {chunks} | {done} | {again:.2f} | {'yes' if equal else 'no'} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller, and nothing is written")
    parser.add_argument("--rounds", type=int, default=41)
    chosen = parser.parse_args()
    count, networks = (5, 8192) if chosen.quick else (chosen.rounds, 65536)
    load = os.getloadavg()[0]
    parts = [section(dtype, networks, count) for dtype in ("float32", "float64")]
    parts.append(store_section({10**5: 1} if chosen.quick else {10**6: 3, 4 * 10**6: 3, 10**8: 1}))
    parts.append(cluster_section(10**5 if chosen.quick else 16 * 2**20, 1 if chosen.quick else 5))
    parts.append(killed_section(2**18 if chosen.quick else 100 * 2**15, 2 if chosen.quick else 20))
    note = (
        f"{threads_and_load(load)} {count} rounds. The clock's times hold the others' work too; the "
        "processor's, of all threads together, do not, but for what others take of the caches.\n"
    )
    publish(TITLE, [note, *parts], quick=chosen.quick)


if __name__ == "__main__":
    main()
