"""Threads that share the work on many networks."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from typing import Any

from gradlab.codegen._training import Notify

SECONDS_A_TURN, LEAST_SECONDS = 0.02, 0.0002  # a call takes some microseconds by itself
SHORTEST = 1e-9  # what a clock may not see


_limit = threading.local()


@contextmanager
def one_thread() -> Iterator[None]:
    """Lets kernels that this thread calls work on it alone, where others have work of their own for the other cores."""
    _limit.alone = True
    try:
        yield
    finally:
        _limit.alone = False


def _cores() -> int:
    """How many cores this process may use."""
    if getattr(_limit, "alone", False):
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _pool(threads: int, process: int) -> ThreadPoolExecutor:
    """Threads that wait for work, kept as long as the process: to start one takes longer than to train a block."""
    return ThreadPoolExecutor(threads, f"gradlab-{process}")


class Crew:
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
        if self.blocks == 1:  # nothing to share, and soon over
            self.work(0, 1, self.scratch())
        else:
            self._share(threads, progress)
        if progress is not None:
            progress(self.runs, self.runs)

    def _share(self, threads: int | None, progress: Notify | None) -> None:
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
