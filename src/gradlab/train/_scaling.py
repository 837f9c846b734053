"""Coordinates brought to the size 1, which is what networks learn from; kept with the data, and so with its results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradlab._words import listed, meant
from gradlab.train._errors import DataError

_FAR = 20.0  # standard deviations of a table that was standardised seldom reach as far
_SHOWN = 4
_EXACT = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """What a network is given in the place of points: their coordinates less a mean, over a deviation.

    Args:
        mean: of each coordinate, shape (d,); 0 for one that is left as it is.
        deviation: of each coordinate, shape (d,); 1 for one that is left as it is.

    >>> Scaling(np.array([170.0, 0.0]), np.array([10.0, 1.0]))([[180.0, 3.0]]).tolist()
    [[1.0, 3.0]]
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    def __call__(self, x: ArrayLike) -> NDArray[Any]:
        """Returns points of shape (..., d) as the network is given them."""
        return (np.asarray(x, dtype=np.float64) - self.mean) / self.deviation


def scaling_of(x: NDArray[np.float64], names: tuple[str, ...], columns: object) -> Scaling | None:
    """Returns what brings coordinates to the mean 0 and the standard deviation 1: all, those of a name, or several.

    Raises:
        DataError: if a column is not there, or is the same for all points.
    """
    if columns is True or columns is False:
        chosen = names if columns else ()
    elif isinstance(columns, str):
        chosen = (columns,)
    elif isinstance(columns, Sequence):
        chosen = tuple(map(str, columns))
    else:
        raise DataError(f"standardise is {columns!r}; write True for all coordinates, or a list of their names.")
    for name in chosen:
        if name not in names:
            near = meant(name, names)
            offer = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(map(repr, names))}."
            raise DataError(f"standardise names {name!r}, which is no coordinate; {offer}")
    if not chosen:
        return None
    which = np.isin(names, chosen)
    flat = which & (x == x[:1]).all(axis=0)
    if flat.any():
        name = names[int(np.argmax(flat))]
        raise DataError(f"{name!r} is the same for all points, so it has no deviation to divide by; leave it out.")
    _, size = np.frexp(abs(x).max(axis=0))  # squares of very large and small numbers leave float64; by 2**size all fit
    within = np.ldexp(x, -size)
    mean, deviation = (np.ldexp(each, size) for each in (within.mean(axis=0), within.std(axis=0)))
    made = Scaling(np.where(which, mean, 0.0), np.where(which, deviation, 1.0))
    with np.errstate(all="ignore"):
        scaled = made(x)
        good = (abs(scaled.mean(axis=0)) < _EXACT) & (abs(scaled.std(axis=0) - 1) < _EXACT)
    if not (good | ~which).all():
        name = names[int(np.argmin(good | ~which))]
        raise DataError(
            f"{name!r} cannot be brought to the mean 0 and the deviation 1 in float64: its values differ by too "
            "little for their size, or are too large or small; take what all have in common off it, or change its unit."
        )
    return made


def far_from_one(x: NDArray[np.float64], names: tuple[str, ...], measured: NDArray[np.float64] | None) -> str:
    """Returns what to do about coordinates and labels that are far from the size 1; empty where none is.

    Args:
        x: the points as the network is given them, shape (N, d).
        names: of the coordinates.
        measured: the labels where they are measurements, shape (N,) or (N, K); None where they are classes.
    """
    far = np.flatnonzero(abs(x).max(axis=0) > _FAR)
    if not len(far):
        if measured is None or abs(measured).max() <= _FAR:
            return ""
        span = f"{measured.min():g} to {measured.max():g}"
        return f"the labels reach from {span}: train on (y - y.mean(axis=0)) / y.std(axis=0), and turn predictions back"
    said = [f"{names[i]!r} reaches from {x[:, i].min():g} to {x[:, i].max():g}" for i in far[:_SHOWN]]
    more = [f"{len(far) - _SHOWN} more are like them"] if len(far) > _SHOWN else []
    return (
        f"{listed(said + more, 'and')}: bring that to the size 1 first, by standardise=True of gl.datasets.table or in "
        "the [data] of a sweep's file, or by gl.datasets.dataset(x, y).standardised()"
    )
