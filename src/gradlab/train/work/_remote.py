"""The workers of a scheduler as an engine: they train, and this process keeps what they send."""

from __future__ import annotations

import logging
import platform
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gradlab._cluster import Workers, workers
from gradlab._errors import GradlabError
from gradlab.codegen import one_thread
from gradlab.train._provenance import maker
from gradlab.train._trainers import has_kernels
from gradlab.train.work._engine import HERE, Engine, Maker, Outcomes, Work

if TYPE_CHECKING:
    from gradlab._cluster import Client

_SHORT = (np.dtype(np.int8), np.dtype(np.int16))
log = logging.getLogger("gradlab.train")


@contextmanager
def engine_of(name: str, engine: Client | None, scheduler: str | None) -> Iterator[Engine]:
    """Who trains: the workers of a client, which stays open, or at an address; else this process.

    `name` is what the scheduler's page shows. Raises a GradlabError if they cannot be used, or dask.distributed is not
    installed.
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
        ((_, seconds),) = self.found.each(f"{self.name}-try", _tried, (work, has_kernels()), [None])
        return seconds / max(1, min(self.found.threads(), chunks))  # nobody helps with a chunk

    def results(self, work: Work, places: Sequence[Any]) -> Generator[tuple[int, Outcomes, Maker]]:
        """Trains chunks; arguments and results are those of `Engine.results`."""
        known = {_digits(maker())}
        for number, (made, by) in self.found.each(self.name, _chunk, (work, has_kernels()), places):
            if _digits(by) not in known:
                known.add(_digits(by))
                log.warning(
                    "the machine %s trains by %s on %s, and others do not: the last digits of losses may differ",
                    by["host"], by["engine"], by.get("instruction_set"),
                )  # fmt: skip
            if made is None:
                return
            yield number, {name: _lengthened(array) for name, array in made.items()}, by


def _digits(by: Maker) -> tuple[str, str | None]:
    """On what the last digits depend."""
    return by["engine"], by.get("instruction_set")


def _tried(held: tuple[Work, bool], _: None) -> float:
    with _as_there(held[1]):
        return held[0].tried()


def _chunk(held: tuple[Work, bool], place: Any) -> tuple[Outcomes | None, Maker]:
    work, kernels = held
    with _as_there(kernels):
        made = work.chunk(place)
    return None if made is None else {name: _shortened(array) for name, array in made.items()}, maker(work.device)


@contextmanager
def _as_there(kernels: bool) -> Iterator[None]:
    """A thread of its own for each chunk, by kernels if the process that asks has them: else other digits came out.

    Refuses to go on where this worker has other ones.
    """
    if kernels != has_kernels():
        lacks, has = ("the worker on {}", "asks") if kernels else ("the process that asks", "trains, on {},")
        raise GradlabError(
            f"{lacks} has no Numba, but the process that {has} has: results would differ in their digits; "
            "pip install 'gradlab[cluster]' on both.".replace("{}", platform.node())
        )
    with one_thread():
        yield


def _shortened(array: NDArray[Any]) -> NDArray[Any]:
    """The numbers of steps in as few bytes as hold them, for the way: a chunk has a million runs."""
    if array.dtype != np.int32:
        return array
    low, high = array.min(), array.max()
    fitting = (kind for kind in _SHORT if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max)
    return array.astype(next(fitting, array.dtype), copy=False)


def _lengthened(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.int32) if array.dtype in _SHORT else array
