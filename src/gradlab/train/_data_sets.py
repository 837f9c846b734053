"""The classic small sets of points: one function a set, and nothing else says which there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gradlab.train._data import Data, dataset
from gradlab.train._errors import TrainError, real_number, whole_number

Make = TypeVar("Make", bound=Callable[..., Data])
_ROWS: dict[str, Callable[..., Data]] = {}


def data_set(make: Make) -> Make:
    """Marks a function as one that makes a data set: it is then in `gl.datasets`, in sweeps' files, and in their help.

    Args:
        make: returns the data; each of its arguments has a default.
    """
    _ROWS[make.__name__] = make
    return make


def data_sets() -> Mapping[str, Callable[..., Any]]:
    """Returns every data set by its name, as the function that makes it."""
    return MappingProxyType(_ROWS)


@data_set
def five_points() -> Data:
    """Returns the origin, of class 1, between its four neighbours, of class 0.

    No straight line separates the classes, so a network needs hidden units.

    Returns:
        5 points in the plane.

    >>> five_points().y
    array([1., 0., 0., 0., 0.])
    """
    x = [[0, 0], [1, 0], [0, -1], [-1, 0], [0, 1]]
    return dataset(x, [1, 0, 0, 0, 0], name="five points")


@data_set
def xor() -> Data:
    """Returns the exclusive or: the corners of the unit square, of class 1 where the coordinates differ.

    Returns:
        4 points in the plane.

    >>> xor().y
    array([0., 1., 1., 0.])
    """
    return dataset([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], name="exclusive or")


@data_set
def two_moons(n: int = 200, noise: float = 0.1, seed: int = 0) -> Data:
    """Returns two half circles that reach into each other.

    Args:
        n: how many points, both classes together.
        noise: standard deviation of the normal noise on each coordinate; the circles have radius 1.
        seed: the same seed gives the same points.

    Returns:
        n points in the plane, the first half of class 0.

    Raises:
        TrainError: if n is below 2, or noise or seed is negative.

    >>> len(two_moons(50))
    50
    """
    first, second = _halves(n)
    upper, lower = np.linspace(0, np.pi, first), np.linspace(0, np.pi, second)
    outlines = (
        np.stack([np.cos(upper), np.sin(upper)], axis=-1),
        np.stack([1 - np.cos(lower), 0.5 - np.sin(lower)], axis=-1),
    )
    return _two_classes(outlines, noise, seed, "two moons")


@data_set
def circles(n: int = 200, noise: float = 0.05, seed: int = 0, *, inner: float = 0.5) -> Data:
    """Returns a circle of class 1 inside a circle of class 0.

    Args:
        n: how many points, both classes together.
        noise: standard deviation of the normal noise on each coordinate.
        seed: the same seed gives the same points.
        inner: the radius of the inner circle; the outer one has radius 1.

    Returns:
        n points in the plane, the first half of class 0.

    Raises:
        TrainError: if n is below 2, noise or seed is negative, or inner is not between 0 and 1.

    >>> circles(6, noise=0).x.round(2).tolist()[0]
    [1.0, 0.0]
    """
    radius = real_number("inner", inner, example=0.5, positive=True)
    if radius >= 1:
        raise TrainError(
            f"inner must be less than 1, the radius of the outer circle, but it is {radius}; write inner=0.5."
        )
    angles = [np.linspace(0, 2 * np.pi, count, endpoint=False) for count in _halves(n)]
    outlines = tuple(r * np.stack([np.cos(a), np.sin(a)], axis=-1) for r, a in zip((1.0, radius), angles, strict=True))
    return _two_classes(outlines, noise, seed, "circles")


@data_set
def spirals(n: int = 200, noise: float = 0.05, seed: int = 0, *, turns: float = 1.5) -> Data:
    """Returns two spirals wound around each other, which small networks find hard.

    Args:
        n: how many points, both classes together.
        noise: standard deviation of the normal noise on each coordinate; the spirals end at radius 1.
        seed: the same seed gives the same points.
        turns: how often each spiral goes around.

    Returns:
        n points in the plane, the first half of class 0.

    Raises:
        TrainError: if n is below 2, noise or seed is negative, or turns is not positive.

    >>> spirals(100).x.shape
    (100, 2)
    """
    full = 2 * np.pi * real_number("turns", turns, example=1.5, positive=True)
    outlines = []
    for count, offset in zip(_halves(n), (0.0, np.pi), strict=True):
        # The square root spreads the points evenly along the spiral instead of crowding them at its centre.
        radius = np.sqrt((np.arange(count) + 0.5) / count)
        angle = full * radius + offset
        outlines.append(np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1))
    return _two_classes((outlines[0], outlines[1]), noise, seed, "spirals")


def _halves(n: int) -> tuple[int, int]:
    count = whole_number("n", n, least=2, example=200)
    return count - count // 2, count // 2


def _two_classes(outlines: Sequence[NDArray[np.float64]], noise: float, seed: int, name: str) -> Data:
    """The outlines as classes 0 and 1, with normal noise."""
    x = np.concatenate(outlines)
    y = np.repeat([0.0, 1.0], [len(outline) for outline in outlines])
    scale = real_number("noise", noise, example=0.1, positive=False)
    key = whole_number("seed", seed, least=0, example=0)
    generator = np.random.Generator(np.random.Philox(key=key))
    return dataset(x + scale * generator.standard_normal(x.shape), y, name=name)
