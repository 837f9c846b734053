"""Who trains the chunks of an experiment: this process, or others; a chunk's result depends on the experiment alone."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from gradlab.train._device import Device
from gradlab.train._provenance import maker

Outcomes = Mapping[str, NDArray[Any]]
Maker = Mapping[str, str]  # what a process trains with, as `maker` says


class Work(Protocol):
    """An experiment that is cut into chunks by coordinates: frozen, made of plain data, and the same everywhere."""

    @property
    def device(self) -> Device:
        """On what it is trained."""
        ...

    def prepare(self) -> None:
        """Has its kernels compiled, which are kept, so that the clock measures training."""
        ...

    def tried(self) -> float:
        """Returns the seconds that a run takes at most, as a small part of them takes once all is compiled."""
        ...

    def chunk(self, place: Any) -> Outcomes | None:
        """Returns what the runs at some coordinates give, or None if Ctrl-C came before they were done."""
        ...


class Engine(Protocol):
    """Maps coordinates of chunks to what they give."""

    def prepare(self, work: Work) -> None:
        """Has compiled what this process needs, so that the clock measures training."""
        ...

    def tried(self, work: Work, chunks: int) -> float:
        """Returns the seconds that a run takes at most, shared by all who train so many chunks."""
        ...

    def results(self, work: Work, places: Sequence[Any]) -> Generator[tuple[int, Outcomes, Maker]]:
        """Trains the chunks at these coordinates, in any order; after Ctrl-C, fewer.

        Yields:
            The number of a chunk among the places, what it gave and who trained it.
        """
        ...


class _Here:
    """This process: a chunk after another, each shared by the kernel's threads."""

    def prepare(self, work: Work) -> None:
        """Has its kernels compiled."""
        work.prepare()

    def tried(self, work: Work, chunks: int) -> float:
        """Returns the seconds that a run takes at most: the threads share each chunk."""
        return work.tried()

    def results(self, work: Work, places: Sequence[Any]) -> Generator[tuple[int, Outcomes, Maker]]:
        """Trains chunks in their order; arguments and results are those of `Engine.results`."""
        this = maker(work.device)
        for number, place in enumerate(places):
            made = work.chunk(place)
            if made is None:
                return
            yield number, made, this


HERE: Engine = _Here()
