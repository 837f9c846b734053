"""Adaptive refinement: a tile is trained coarsely, and finer only where something is to be seen between its pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Places = NDArray[np.intp]
Train = Callable[[Places, Places], tuple[FloatArray, BoolArray] | None]
_STRIDE = 8  # pixels between those of the coarsest level; a power of 2
_BENT = 0.03  # how much a shade may deviate from a straight line between three pixels


@dataclass(frozen=True, slots=True)
class Shades:
    """What differences can be seen: measures as shares of a window's pixels on the same side with smaller ones.

    Args:
        diverged: the logarithms of the measures of a coarse map of the window, of those that diverge, in order.
        converged: of those that converge.
    """

    diverged: FloatArray
    converged: FloatArray

    @staticmethod
    def of(sums: FloatArray, converged: BoolArray) -> Shades:
        """Returns the shades of a coarse map: its measures, and which of them converged."""
        logarithms = np.log(sums)
        return Shades(np.sort(logarithms[~converged]), np.sort(logarithms[converged]))

    def __call__(self, logarithms: FloatArray, converged: BoolArray) -> FloatArray:
        """Returns the shade of each of these, from 0 to 1."""
        made = np.zeros(logarithms.shape)
        for side, known in ((converged, self.converged), (~converged, self.diverged)):
            if len(known) > 1:
                made[side] = np.interp(logarithms[side], known, np.linspace(0, 1, len(known)))
        return made


@dataclass(slots=True)
class _Level:
    """What is known of a tile at every so many pixels: those trained, and those filled in."""

    sums: FloatArray
    converged: BoolArray
    trained: BoolArray

    def cells(self, shades: Shades) -> BoolArray:
        """Which cells between four neighbours are to be looked into, one shorter along each axis.

        Those whose corners do not all end alike, with a guard ring of a cell around them, and those at which shades
        bend.
        """
        shade = shades(np.log(self.sums), self.converged)
        bent = _bent(shade, self.converged) | _bent(shade.T, self.converged.T).T
        return _cells_at(self.beside() | bent)

    def beside(self) -> BoolArray:
        """Which pixels are corners of cells whose corners do not all end alike."""
        corners = _corners(self.converged)
        return _corners_of(np.any(corners, axis=0) & ~np.all(corners, axis=0))

    def between(self) -> _Level:
        """Returns the next finer level, in which all that is new is filled in."""
        return _Level(
            _halved(self.sums, lambda one, other: np.sqrt(one * other)),
            _halved(self.converged, lambda one, _: one),
            _halved(self.trained, lambda one, _: np.zeros_like(one)),
        )


def refined(
    train: Train, first: tuple[int, int], shape: tuple[int, int], last: int, shades: Shades
) -> tuple[FloatArray, BoolArray, BoolArray] | None:
    """Trains a tile, and of its pixels only those between which something is to be seen.

    A level is of every eighth pixel, the next of every fourth, and so on. Between four pixels of a level nothing is
    trained if all of them and those around converge, or all diverge, and the picture is smooth there: then it is filled
    in from them. In the end all pixels around every piece of the boundary that was found are trained. What a tile gives
    depends on nothing outside of it but the shades and the first pixels of the next.

    Args:
        train: gives the measures of some rows and columns of the map, and which converged; None for Ctrl-C.
        first: the first row and column of the tile.
        shape: how many rows and columns it has.
        last: the last row and column of the map.
        shades: what differences of the measure can be seen.

    Returns:
        The measures, what converged and what was trained, each of the tile's shape; None if Ctrl-C came before.
    """
    cells = tuple(-(-length // _STRIDE) for length in shape)
    level = _Level(*(np.zeros([count + 1 for count in cells], kind) for kind in (float, bool, bool)))
    wanted, stride = np.ones(level.trained.shape, bool), _STRIDE
    while True:
        rows, columns = np.nonzero(wanted & ~level.trained)
        # Behind the map's last pixel there are none: it stands for them.
        pixels = [np.minimum(start + stride * place, last) for start, place in zip(first, (rows, columns), strict=True)]
        once, where = np.unique(np.stack(pixels), axis=1, return_inverse=True)
        made = train(once[0], once[1]) if once.size else (np.empty(0), np.empty(0, bool))
        if made is None:
            return None
        level.sums[rows, columns] = made[0][where.ravel()]
        level.converged[rows, columns] = made[1][where.ravel()]
        level.trained[rows, columns] = True
        wanted = _corners_of(_cells_at(level.beside()))
        if (wanted & ~level.trained).any():
            continue  # a boundary that was found is followed to its end
        if stride == 1:
            whole = (slice(shape[0]), slice(shape[1]))
            return level.sums[whole], level.converged[whole], level.trained[whole]
        wanted = _corners_of(level.cells(shades).repeat(2, axis=0).repeat(2, axis=1))
        level, stride = level.between(), stride // 2


def unrefined(
    train: Train, first: tuple[int, int], shape: tuple[int, int]
) -> tuple[FloatArray, BoolArray, BoolArray] | None:
    """Trains all pixels of a tile; arguments and results are those of `refined`."""
    rows, columns = np.indices(shape).reshape(2, -1)
    made = train(first[0] + rows, first[1] + columns)
    return None if made is None else (made[0].reshape(shape), made[1].reshape(shape), np.ones(shape, bool))


def _corners(array: BoolArray) -> list[BoolArray]:
    """What four neighbours say, each one shorter along each axis."""
    return [array[:-1, :-1], array[1:, :-1], array[:-1, 1:], array[1:, 1:]]


def _cells_at(pixels: BoolArray) -> BoolArray:
    """The cells of which one of these is a corner."""
    return np.any(_corners(pixels), axis=0)


def _corners_of(cells: BoolArray) -> BoolArray:
    """The corners of these cells."""
    return np.any(_corners(np.pad(cells, 1)), axis=0)


def _bent(shade: FloatArray, side: BoolArray) -> BoolArray:
    """Where shades deviate from a straight line through the pixels above and below, of the same side."""
    made = np.zeros(side.shape, bool)
    alike = (side[:-2] == side[1:-1]) & (side[1:-1] == side[2:])
    made[1:-1] = alike & (np.abs(shade[1:-1] - (shade[:-2] + shade[2:]) / 2) > _BENT)
    return made


def _halved(array: NDArray[Any], between: Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]]) -> NDArray[Any]:
    """An array with something between all neighbours, along both axes."""
    for _ in range(2):
        made = np.empty((2 * len(array) - 1, array.shape[1]), array.dtype)
        made[::2], made[1::2] = array, between(array[:-1], array[1:])
        array = made.T
    return array
