"""The box-counting dimension of a boundary, with its standard error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradlab.train._errors import TrainError

if TYPE_CHECKING:
    import xarray

_FEWEST = 4  # boxes along an axis, below which their number says more of the window than of what lies in it
_BEGINS = 4  # places along each axis at which boxes begin
_OF_MEDIAN = float(np.sqrt(np.pi / 2))  # how much wider the median's distribution is than the mean's
_FEW = "a map needs 17 pixels along each axis, or more, for a dimension."


@dataclass(frozen=True, slots=True)
class Dimension:
    """The box-counting dimension of a boundary.

    Args:
        value: the median of all slopes.
        standard_error: of the value.
        slopes: how fast the logarithm of the number of boxes rises from one size to half of it, for each window.

    >>> print(Dimension(1.661, 0.0132, ((1.6, 1.7),)))
    1.661 +- 0.013
    """

    value: float
    standard_error: float
    slopes: tuple[tuple[float, ...], ...]

    def __str__(self) -> str:
        return f"{self.value:.3f} +- {self.standard_error:.3f}"


def boundary_dimension(dataset: xarray.Dataset) -> Dimension:
    """Measures the box-counting dimension of a map's boundary between what converges and what diverges.

    Boxes are counted that hold both, on average over where the boxes begin; from each size to half of it their number
    rises by two to a power, and the dimension is the median of these powers, over all sizes and windows.

    Args:
        dataset: what `gl.trainability` returned; all of it is done.

    Returns:
        The dimension with its standard error.

    Raises:
        TrainError: if it is no such map, is not done, has fewer than 17 pixels along an axis, or no boundary.

    Source: the median over sizes and windows is that of Sohl-Dickstein, "The boundary of neural network trainability is
    fractal", 2024; the standard error is that of the median of as many independent numbers of that deviation.

    >>> import gradlab as gl
    >>> made = gl.trainability(width=2, resolution=32, steps=20)
    >>> 0 < boundary_dimension(made).value < 2
    True
    """
    if not {"converged", "done"} <= {*map(str, getattr(dataset, "data_vars", ()))}:
        raise TrainError("this is no map; write for example gl.boundary_dimension(gl.trainability(width=8)).")
    if not bool(dataset["done"].all()):
        raise TrainError("not all of this map is done; go on with it by resume=True, and measure then.")
    converged = dataset["converged"]
    if "window" in converged.dims:
        converged = converged.transpose("window", ...)
    if converged.ndim not in (2, 3) or not all(converged.shape):
        raise TrainError(_FEW)
    for name in converged.dims[-2:]:  # a part of a map may be in any order
        converged = converged.sortby(name) if name in converged.indexes else converged
    flags = np.asarray(converged.values) == 1
    return dimension_of([edges_of(window) for window in flags.reshape(-1, *flags.shape[-2:])])


def edges_of(inside: ArrayLike) -> NDArray[np.bool_]:
    """Returns between which four neighbours a boundary passes, shape (R - 1, C - 1), of pixels on either side."""
    sides = np.asarray(inside, bool)
    corners = [sides[:-1, :-1], sides[1:, :-1], sides[:-1, 1:], sides[1:, 1:]]
    return np.any(corners, axis=0) & ~np.all(corners, axis=0)


def dimension_of(sets: list[Any]) -> Dimension:
    """Returns the median dimension of sets of pixels; refuses those too small, or without a pixel."""
    slopes = []
    for each in sets:
        counts = _counts(np.asarray(each, bool))
        if len(counts) < 3:
            raise TrainError(_FEW)
        if counts[0]:
            slopes.append(tuple(float(slope) for slope in -np.diff(np.log2(counts))))
    if not slopes:
        raise TrainError("there is no boundary in this map: choose a window in which some settings diverge.")
    every = np.concatenate(slopes)
    value = float(np.median(every))
    deviation = float(np.std(every, ddof=1))
    return Dimension(value, _OF_MEDIAN * deviation / float(np.sqrt(len(every))), tuple(slopes))


def _counts(pixels: NDArray[np.bool_]) -> list[float]:
    """How many boxes of 1, 2, 4, ... pixels hold one of these, on average over where the boxes begin.

    A box that the window cuts off counts as much as is left of it.
    """
    counts, size = [], 1
    while min(pixels.shape) >= _FEWEST * size:
        begins = range(0, size, max(1, size // _BEGINS))
        rows, columns = ([_starts(length, size, begin) for begin in begins] for length in pixels.shape)
        numbers = []
        for across, widths in columns:
            bands = np.logical_or.reduceat(pixels, across, axis=1)
            numbers += [heights @ np.logical_or.reduceat(bands, down, axis=0) @ widths for down, heights in rows]
        counts.append(float(np.mean(numbers)))
        size *= 2
    return counts


def _starts(length: int, size: int, begin: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Where the boxes of an axis start, the first of which is cut off by so much, and how much of each is there."""
    starts = np.maximum(np.arange(-begin, length, size), 0)
    return starts, np.diff(starts, append=length) / size
