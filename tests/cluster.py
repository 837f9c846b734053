"""A scheduler and workers as processes on this machine; they are forked, so that what they import is loaded once.

Lines on the standard input start workers: "worker", or "worker 0.1" for one that says it has that version of gradlab,
"worker without" for one whose gradlab is so old that it knows nothing of clusters.
Each answer is a line: the scheduler's address and the number of its process first, then the number of each worker's.
All end with the input.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path


class Cluster:
    """Starts it, and ends it at the end of a with statement."""

    def __enter__(self) -> Cluster:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.address, scheduler = self.process.stdout.readline().split()
        self.scheduler = int(scheduler)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()

    def worker(self, version: str = "") -> int:
        """Starts a worker of one thread and returns the number of its process."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"worker {version}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


def forked(run: object) -> int:
    pid = os.fork()
    if pid:
        return pid
    asyncio.run(run())  # type: ignore[operator]  # a coroutine function
    os._exit(0)


def main() -> None:
    import distributed

    import gradlab as gl
    from gradlab import _cluster

    gl.sweep(gl.mlp([2, 2, 1]), gl.datasets.five_points(), restarts=2, steps=1)  # a kernel, and all that it takes

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    out, into = os.pipe()

    async def scheduler() -> None:
        async with distributed.Scheduler(host="127.0.0.1", port=0, dashboard=False) as made:
            os.write(into, f"{made.address}\n".encode())
            await made.finished()

    processes = [forked(scheduler)]
    with os.fdopen(out) as said:
        address = said.readline().strip()
    print(address, processes[0], flush=True)
    for line in sys.stdin:

        async def worker(version: str = line.removeprefix("worker").strip()) -> None:
            _cluster.__version__ = version or _cluster.__version__
            if version == "without":
                sys.modules["gradlab._cluster"] = None  # type: ignore[assignment]  # so importing it fails
            async with distributed.Worker(address, nthreads=1, dashboard=False) as made:
                await made.finished()

        processes.append(forked(worker))
        print(processes[-1], flush=True)
    for process in reversed(processes):
        os.kill(process, signal.SIGKILL)


if __name__ == "__main__":
    main()
