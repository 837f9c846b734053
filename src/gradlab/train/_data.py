"""What networks are trained on: points with labels, one's own or one of the classic small sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradlab.train._errors import DataError, TrainError, real_number, whole_number


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """Points with their labels; `x, y = data` unpacks it.

    Both arrays are copies that cannot be written to, so nothing that happens to the arrays they came from
    changes the data of a result.

    Args:
        x: the points, shape (N, d).
        y: their labels, shape (N,) for one output or (N, K) for several; (N, 1) is taken as (N,).
        name: what the set is called in summaries.
        names: the name of each of the d coordinates; default x_1, ..., x_d.

    Raises:
        DataError: if the shapes do not belong together, or a number is missing or infinite.

    >>> data = Data([[0, 0], [1, 1]], [0, 1])
    >>> data.x.shape, data.names
    ((2, 2), ('x_1', 'x_2'))
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    name: str = "data"
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        x = _numbers("x", self.x)
        y = _numbers("y", self.y)
        if x.ndim != 2 or 0 in x.shape:
            raise DataError(
                f"x must have the shape (points, coordinates), but its shape is {x.shape}; {_reshape_hint(x)}"
            )
        if y.ndim == 2 and y.shape[1] == 1:
            y = y[:, 0]
        if y.ndim not in (1, 2) or len(y) != len(x):
            raise DataError(
                f"y must hold one label for each of the {len(x)} points of x, but its shape is {y.shape}; "
                f"give an array of shape ({len(x)},), or ({len(x)}, K) for K outputs."
            )
        names = tuple(self.names) or tuple(f"x_{i}" for i in range(1, x.shape[1] + 1))
        if len(names) != x.shape[1]:
            raise DataError(f"names has {len(names)} entries for {x.shape[1]} coordinates; give one each.")
        for array in (x, y):
            array.flags.writeable = False
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "y", y)
        object.__setattr__(self, "names", names)

    def __len__(self) -> int:
        return len(self.x)

    def __iter__(self) -> Iterator[NDArray[np.float64]]:
        yield self.x
        yield self.y

    def __repr__(self) -> str:
        return f"Data({self.name!r}: {len(self)} points, coordinates {', '.join(self.names)})"


def _numbers(name: str, values: object) -> NDArray[np.float64]:
    """A float64 copy of the values, all of them finite."""
    try:
        array = np.asarray(values, dtype=np.float64).copy(order="C")
    except (TypeError, ValueError, RuntimeError) as error:  # the last from a tensor that carries a gradient
        raise DataError(
            f"{name} cannot be read as an array of real numbers ({error}); "
            "give rows of the same length that hold numbers only."
        ) from None
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        place = ", ".join(str(index) for index in wrong[0])
        raise DataError(
            f"{name} holds {len(wrong)} entries that are NaN or infinite, the first at {name}[{place}]; "
            "leave those points out or fill them in first."
        )
    return array


def _reshape_hint(x: NDArray[np.float64]) -> str:
    if x.ndim == 1 and x.size:
        return "for points with one coordinate write x.reshape(-1, 1), for a single point x.reshape(1, -1)."
    return "give one row for each point, and at least one point."


def dataset(x: ArrayLike, y: ArrayLike, *, name: str = "data", names: Sequence[str] = ()) -> Data:
    """Makes data of one's own arrays, lists or CPU tensors.

    Args:
        x: the points, shape (N, d).
        y: the labels, shape (N,) or (N, K).
        name: what the set is called in summaries.
        names: the name of each coordinate; default x_1, ..., x_d.

    Returns:
        The data, copied.

    Raises:
        DataError: if the shapes do not belong together, or a number is missing or infinite.

    >>> dataset([[0.0, 1.0], [2.0, 3.0]], [1, 0])
    Data('data': 2 points, coordinates x_1, x_2)
    """
    return Data(x, y, name=name, names=tuple(names))  # type: ignore[arg-type]  # Data converts them


def as_data(data: Data | tuple[ArrayLike, ArrayLike]) -> Data:
    """Returns what a person gave to train on as data.

    Args:
        data: data, or a pair (x, y).

    Raises:
        DataError: if it is neither, or the arrays cannot be used.
    """
    if isinstance(data, Data):
        return data
    if isinstance(data, tuple) and len(data) == 2:
        return dataset(*data)
    raise DataError(
        f"data is {type(data).__name__!r}; give a pair (x, y) of arrays, or one of gl.datasets, "
        "for example gl.datasets.five_points()."
    )


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


def xor() -> Data:
    """Returns the exclusive or: the corners of the unit square, of class 1 where the coordinates differ.

    Returns:
        4 points in the plane.

    >>> xor().y
    array([0., 1., 1., 0.])
    """
    return dataset([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], name="exclusive or")


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
