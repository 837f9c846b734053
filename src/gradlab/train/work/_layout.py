"""What a result holds, and how a sweep is cut into chunks, each of which depends on the experiment alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gradlab.train._grid import Grid
from gradlab.train._keep import NOTHING, Keep

if TYPE_CHECKING:
    import xarray

Index = tuple[int, slice, slice]  # a sheet, settings of it, restarts
_WORK = 5 * 10**9  # parameters x points x steps of a chunk: about half a second
_FEWEST, _MOST = 64, 2**20  # runs of a chunk
_CURVES = 2**24  # numbers of the curves of a chunk


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a sweep that is trained and kept at once.

    Args:
        place: its number along each dimension of the store's arrays.
        index: which runs those are: a sheet, settings of it, restarts; of a map a window, rows and columns of it.
        region: where they lie in the store's arrays.
    """

    place: tuple[int, ...]
    index: Index
    region: tuple[slice, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """How long it is in each dimension of the store's arrays."""
        return tuple(part.stop - part.start for part in self.region)

    @property
    def runs(self) -> int:
        """How many runs it has."""
        return prod(self.shape)


class Chunks(Protocol):
    """All chunks of a result, in the order in which they are trained."""

    @property
    def dims(self) -> tuple[str, ...]:
        """The names of its dimensions."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """How long its arrays are."""
        ...

    @property
    def chunk_shape(self) -> tuple[int, ...]:
        """How long a chunk is in each dimension."""
        ...

    def __iter__(self) -> Iterator[Chunk]: ...


@dataclass(frozen=True, slots=True)
class Behind:
    """Dimensions of a result behind those of the runs.

    Args:
        dims: their names.
        lengths: how long they are.
        runs: whether the last dimension of the runs, the restarts, is there before them.
    """

    dims: tuple[str, ...] = ()
    lengths: tuple[int, ...] = ()
    runs: bool = True

    def after(self, values: Sequence[Any], own: Iterable[Any]) -> tuple[Any, ...]:
        """Of values for the dimensions of the runs those that this result has, and then its own."""
        return (*(values if self.runs else values[:-1]), *own)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a result holds, in memory or in a store.

    Args:
        chunks: how it is cut.
        description: all that determines its bits, in plain words and numbers.
        labels: gives the dataset of all but the results, with variables that it is given besides: putting two datasets
            together takes as long as a short sweep.
        results: of each result its type, what stands for one that is not there, and what it means.
        behind: the further dimensions of those that have some.
        growing: the dimension that grows as chunk after chunk is done, "" for none: it is the last.
    """

    chunks: Chunks
    description: dict[str, Any]
    labels: Callable[[Mapping[str, Any]], xarray.Dataset]
    results: dict[str, tuple[str, Any, dict[str, str]]]
    behind: dict[str, Behind] = field(default_factory=dict)
    growing: str = ""

    def of(self, name: str) -> Behind:
        """Returns the dimensions of a result behind those of the runs."""
        return self.behind.get(name, _NONE)

    def dims(self, name: str) -> tuple[str, ...]:
        """Returns the names of a result's dimensions."""
        return self.of(name).after(self.chunks.dims, self.of(name).dims)

    def shape(self, name: str) -> tuple[int, ...]:
        """Returns how long a result's array is."""
        return self.of(name).after(self.chunks.shape, self.of(name).lengths)

    def region(self, name: str, chunk: Chunk) -> tuple[slice, ...]:
        """Returns where a chunk lies in a result's array."""
        return self.of(name).after(chunk.region, (slice(0, length) for length in self.of(name).lengths))

    def parts(
        self, chunk: Chunk, outcomes: Mapping[str, NDArray[Any]]
    ) -> Iterator[tuple[str, tuple[slice, ...], NDArray[Any]]]:
        """Yields what a chunk gave: of each result its name, its place and its numbers; that it is done comes last."""
        for name in self.results:
            if name != "done":
                region = self.region(name, chunk)
                yield name, region, outcomes[name].reshape([part.stop - part.start for part in region])
        yield "done", chunk.region, np.ones(chunk.shape, bool)

    @property
    def bytes(self) -> int:
        """How much memory it takes."""
        return sum(prod(self.shape(name)) * in_memory(kind).itemsize for name, (kind, _, _) in self.results.items())


_NONE = Behind()


def in_memory(kind: str) -> np.dtype[Any]:
    """Returns the type that a result has in memory: what is yes, no or missing in a store is yes or no there."""
    return np.dtype("bool" if kind == "int8" else kind)


@dataclass(frozen=True, slots=True)
class Layout:
    """The chunks of a sweep.

    Args:
        grid: the settings.
        lengths: of all axes and the restarts.
        chunk: how long a chunk is along each.
    """

    grid: Grid
    lengths: tuple[int, ...]
    chunk: tuple[int, ...]

    @staticmethod
    def of(grid: Grid, points: int, keep: Keep = NOTHING) -> Layout:
        """Returns the chunks of a sweep.

        Args:
            grid: the settings.
            points: how many there are.
            keep: what is kept of each run: quantiles need all restarts of a setting at once.
        """
        parameters = max(grid.network(int(width)).layers.parameters for width in grid.width.values)
        losses = int(max(grid.steps.values)) + 1
        kept = max(losses * keep.curves, parameters * keep.parameters, 1)
        most = max(1, min(_MOST, _CURVES // kept))
        left = max(min(_FEWEST, most), min(most, _WORK // (parameters * points * losses)))
        if keep.quantiles:
            left = max(left, grid.restarts)
        lengths = (*map(len, grid.axes), grid.restarts)
        chunk = [1] * len(lengths)
        # From the restarts to the front: what is full lets the axis before it have several, so that settings in a chunk
        # follow one another.
        for axis in range(len(lengths) - 1, len(grid.sheet_axes) - 1, -1):
            chunk[axis] = min(lengths[axis], left)
            left = max(1, left // chunk[axis])
            if chunk[axis] < lengths[axis]:
                break
        return Layout(grid, lengths, tuple(chunk))

    @property
    def dims(self) -> tuple[str, ...]:
        """The names of the store's dimensions."""
        return (*(axis.name for axis in self.grid.axes if axis.swept), "restart")

    @property
    def counts(self) -> tuple[int, ...]:
        """How many chunks there are along all axes and the restarts."""
        return tuple(-(-length // part) for length, part in zip(self.lengths, self.chunk, strict=True))

    @property
    def shape(self) -> tuple[int, ...]:
        """How long the store's arrays are."""
        return self.swept(self.lengths)

    @property
    def chunk_shape(self) -> tuple[int, ...]:
        """How long a chunk is in each of the store's dimensions."""
        return self.swept(self.chunk)

    def swept(self, values: tuple[int, ...]) -> tuple[int, ...]:
        """Of values for all axes and the restarts those that the store has dimensions for."""
        return (*(v for v, axis in zip(values, self.grid.axes, strict=False) if axis.swept), values[-1])

    def __iter__(self) -> Iterator[Chunk]:
        """All chunks; all settings have some restarts before any has more."""
        *before, last = self.counts
        grid = self.grid
        sheets, settings = ([len(axis) for axis in axes] for axes in (grid.sheet_axes, grid.setting_axes))
        before_settings = len(sheets)
        for restart in range(last):
            for front in np.ndindex(*before):
                place = (*map(int, front), restart)
                starts = [p * c for p, c in zip(place, self.chunk, strict=True)]
                stops = [min(s + c, n) for s, c, n in zip(starts, self.chunk, self.lengths, strict=True)]
                sheet = int(np.ravel_multi_index(starts[:before_settings], sheets))
                first = int(np.ravel_multi_index(starts[before_settings:-1], settings))
                end = int(np.ravel_multi_index([stop - 1 for stop in stops[before_settings:-1]], settings)) + 1
                index = sheet, slice(first, end), slice(starts[-1], stops[-1])
                parts = zip(self.swept(tuple(starts)), self.swept(tuple(stops)), strict=True)
                yield Chunk(self.swept(place), index, tuple(slice(a, b) for a, b in parts))

    def __len__(self) -> int:
        return prod(self.counts)
