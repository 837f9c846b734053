"""How a map is cut into tiles: what is kept at once, and trained again as a whole after an interruption."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from gradlab.train.work import Chunk

_SIDE = 64  # pixels


@dataclass(frozen=True, slots=True)
class Tiles:
    """The tiles of a map.

    Args:
        dims: the names of the two axes, or of all windows and the two.
        windows: how many there are.
        resolution: pixels of each axis.
    """

    dims: tuple[str, ...]
    windows: int
    resolution: int

    @property
    def shape(self) -> tuple[int, ...]:
        """How long the arrays of all results are."""
        return (self.windows, self.resolution, self.resolution)[-len(self.dims) :]

    @property
    def chunk_shape(self) -> tuple[int, ...]:
        """How long a tile is in each dimension."""
        side = min(_SIDE, self.resolution)
        return (1, side, side)[-len(self.dims) :]

    def __iter__(self) -> Iterator[Chunk]:
        """All tiles, a window after another."""
        parts = [slice(first, min(first + _SIDE, self.resolution)) for first in range(0, self.resolution, _SIDE)]
        for window, rows, columns in product(range(self.windows), parts, parts):
            place = window, rows.start // _SIDE, columns.start // _SIDE
            region = slice(window, window + 1), rows, columns
            yield Chunk(place[-len(self.dims) :], (window, rows, columns), region[-len(self.dims) :])
