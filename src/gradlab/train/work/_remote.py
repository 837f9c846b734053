"""The workers of a scheduler as an engine: they train, and this process keeps what they send."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gradlab._cluster import Workers, workers
from gradlab.codegen import one_thread
from gradlab.train._trainers import instruction_set
from gradlab.train.work._engine import HERE, Engine, Outcomes, Work

if TYPE_CHECKING:
    from gradlab._cluster import Client

_SHORT = (np.dtype(np.int8), np.dtype(np.int16))
log = logging.getLogger("gradlab.train")


@contextmanager
def engine_of(name: str, engine: Client | None, scheduler: str | None) -> Iterator[Engine]:
    """Who trains: the workers of a scheduler that a person names, or this process.

    Args:
        name: what the scheduler's page shows.
        engine: a client, which stays open.
        scheduler: an address.

    Raises:
        GradlabError: if it cannot be used, or dask.distributed is not installed.
    """
    with workers(engine, scheduler) as found:
        yield HERE if found is None else _Remote(found, name)


class _Remote:
    """The workers of a scheduler: each of their threads trains a chunk.

    Args:
        found: the workers.
        name: what the scheduler's page shows.
    """

    def __init__(self, found: Workers, name: str) -> None:
        self.found, self.name = found, name

    def prepare(self, work: Work) -> None:
        """Nothing: a worker has its kernels compiled when it trains its first chunk."""

    def tried(self, work: Work, chunks: int) -> float:
        """Returns the seconds that a run takes at most; arguments are those of `Engine.tried`."""
        ((_, seconds),) = self.found.each(f"{self.name}-try", _tried, work, [None])
        return seconds / max(1, min(self.found.threads(), chunks))  # nobody helps with a chunk

    def results(self, work: Work, places: Sequence[Any]) -> Generator[tuple[int, Outcomes]]:
        """Trains chunks; arguments and results are those of `Engine.results`."""
        here = instruction_set()
        for number, (made, there) in self.found.each(self.name, _chunk, work, places):
            if there != here:
                log.warning("the machines have several instruction sets: the last digits of losses differ by them")
                here = there
            if made is None:
                return
            yield number, {name: _lengthened(array) for name, array in made.items()}


def _tried(work: Work, _: None) -> float:
    with one_thread():
        return work.tried()


def _chunk(work: Work, place: Any) -> tuple[Outcomes | None, str]:
    with one_thread():
        made = work.chunk(place)
    return None if made is None else {name: _shortened(array) for name, array in made.items()}, instruction_set()


def _shortened(array: NDArray[Any]) -> NDArray[Any]:
    """The numbers of steps in as few bytes as hold them, for the way: a chunk has a million runs."""
    if array.dtype != np.int32:
        return array
    low, high = array.min(), array.max()
    fitting = (kind for kind in _SHORT if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max)
    return array.astype(next(fitting, array.dtype), copy=False)


def _lengthened(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.int32) if array.dtype in _SHORT else array
