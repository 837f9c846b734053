"""Chunk after chunk into where results are kept, and after any interruption only those that are not finished."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any, Protocol

import numpy as np

from gradlab.train._progress import Cost, Progress
from gradlab.train.work._engine import HERE, Engine, Maker, Outcomes, Work
from gradlab.train.work._layout import Chunk


class Keeper(Protocol):
    """Where chunks go: a store, or arrays in memory."""

    @property
    def room(self) -> str:
        """What they take, in words: memory, or room on a disk."""
        ...

    @property
    def arrays(self) -> Mapping[str, Any]:
        """The results by name."""
        ...

    def finished(self, chunk: Chunk) -> bool:
        """Whether a chunk is there as it was written."""
        ...

    def write(self, chunk: Chunk, outcomes: Outcomes) -> None:
        """Keeps what a chunk gave, and then that it is done."""
        ...

    def trained_by(self, makers: list[Maker]) -> None:
        """Keeps by whom chunks were trained so far."""
        ...


def fill(
    keeper: Keeper,
    chunks: Iterable[Chunk],
    work: Work,
    *,
    engine: Engine = HERE,
    counted: str | None = None,
    what: str = "runs",
    progress: Callable[[Progress], object] | None = None,
) -> bool:
    """Trains all chunks that are not finished, each kept while others are trained; says whether all is done.

    `counted` is the name of the result that says of each run whether it is a success, and `what` is counted; `progress`
    is called before the first chunk, with what all of them cost, and after each.
    """
    total = before = successes = 0
    todo: list[Chunk] = []
    makers: list[Maker] = []
    done = -1
    with ThreadPoolExecutor(1) as writer:
        pending: Future[None] | None = None
        with suppress(KeyboardInterrupt):
            for chunk in chunks:
                total += chunk.runs
                if not keeper.finished(chunk):
                    todo.append(chunk)
                    continue
                before += chunk.runs
                if counted:
                    successes += int((np.asarray(keeper.arrays[counted][chunk.region]) == 1).sum())
            done = before
            if todo:
                engine.prepare(work)
            if todo and progress is not None:
                seconds = engine.tried(work, len(todo)) * (total - before)
                size = sum(array.nbytes for array in keeper.arrays.values())
                progress(Progress(done, total, 0.0, None, before, what, Cost(seconds, len(todo), size, keeper.room)))
            began = time.perf_counter()
            with closing(engine.results(work, [chunk.index for chunk in todo])) as results:
                for number, made, maker in results:
                    if pending is not None:
                        pending.result()
                    if len(todo) == 1:  # to start a thread takes as long as to keep it
                        _keep(keeper, todo[number], made, maker, makers)
                    else:
                        pending = writer.submit(_keep, keeper, todo[number], made, maker, makers)
                    done += todo[number].runs
                    if counted:
                        successes += int(made[counted].sum())
                    if progress is not None:
                        seconds = time.perf_counter() - began
                        progress(Progress(done, total, seconds, successes if counted else None, before, what))
        if pending is not None:
            pending.result()
        return done == total


def _keep(keeper: Keeper, chunk: Chunk, made: Outcomes, maker: Maker, makers: list[Maker]) -> None:
    """Keeps a chunk; who trained it is said before, once."""
    if maker not in makers:
        makers.append(maker)
        keeper.trained_by(makers)
    keeper.write(chunk, made)
