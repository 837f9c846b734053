"""What networks are trained on: points with labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradlab.train._columns import column_names, labels, numbers
from gradlab.train._errors import DataError
from gradlab.train._scaling import Scaling, scaling_of


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """Points with their labels; `x, y = data` unpacks it.

    Both arrays are copies that cannot be written to, so nothing that happens to the arrays they came from
    changes the data of a result.

    Args:
        x: the points, shape (N, d).
        y: their labels, shape (N,) for one output or (N, K) for several; (N, 1) is taken as (N,). For classes, their
            numbers from 0, or a text for each point.
        name: what the set is called in summaries.
        names: the name of each of the d coordinates; default: a table's columns, else x_1, ..., x_d.
        classes: the name of each class, where labels are class numbers; labels that are text give it themselves.
        weights: what each point counts, shape (N,), 0 or more: its loss is multiplied by it. They are not normalised:
            the mean of weight times loss is over the number of points, as with ``weight=`` of PyTorch's
            binary_cross_entropy. For a mean over the sum of the weights, as scikit-learn's, divide them by their mean.
            Whether a point is right does not depend on them. Default: none, so that all points count 1.
        scaling: how coordinates are scaled before a network sees them, as `standardised` makes it; default: not.

    Attributes:
        inputs: the points as a network is given them, scaled, shape (N, d).

    Raises:
        DataError: if the shapes do not belong together, or a number is missing, masked, complex or infinite.

    >>> data = Data([[0, 0], [1, 1]], [0, 1])
    >>> data.x.shape, data.names
    ((2, 2), ('x_1', 'x_2'))
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    name: str = "data"
    names: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    weights: NDArray[np.float64] | None = None
    scaling: Scaling | None = None
    inputs: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        x = numbers("x", self.x)
        y, classes = labels(self.y)
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
        names = tuple(map(str, self.names)) or column_names(self.x) or tuple(f"x_{i}" for i in range(1, x.shape[1] + 1))
        if len(names) != x.shape[1]:
            raise DataError(f"names has {len(names)} entries for {x.shape[1]} coordinates; give one each.")
        weights = None if self.weights is None else _weights(self.weights, len(x))
        inputs = x if self.scaling is None else self.scaling(x)
        for array in (x, y, inputs, *(() if weights is None else (weights,))):
            array.flags.writeable = False
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "inputs", inputs)
        object.__setattr__(self, "y", y)
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "classes", classes or tuple(self.classes))

    def __len__(self) -> int:
        return len(self.x)

    def __iter__(self) -> Iterator[NDArray[np.float64]]:
        yield self.x
        yield self.y

    def __repr__(self) -> str:
        weighted = "" if self.weights is None else " with weights"
        scaled = "" if self.scaling is None else ", standardised"
        return f"Data({self.name!r}: {len(self)} points{weighted}, coordinates {', '.join(self.names)}{scaled})"

    def standardised(self, columns: bool | str | Sequence[str] = True) -> Data:
        """Returns the same data, of which a network sees coordinates with the mean 0 and the standard deviation 1.

        The points stay as they are, in their units, in pictures too. Results keep the scaling: their models take points
        in these units, and scale them alike.

        Args:
            columns: True for all coordinates, or the names of those that are scaled.

        Raises:
            DataError: if a coordinate is not there, or is the same for all points.

        >>> data = Data([[160.0, 1.0], [180.0, 0.0]], [0, 1], names=("height", "smokes")).standardised(["height"])
        >>> data.x.tolist(), data.inputs.tolist()
        ([[160.0, 1.0], [180.0, 0.0]], [[-1.0, 1.0], [1.0, 0.0]])
        """
        return replace(self, scaling=scaling_of(self.x, self.names, columns))


def contradiction(data: Data) -> str:
    """Returns which equal points have different labels, so that no network gets all right; empty where none have."""
    first: dict[bytes, int] = {}
    for number, point in enumerate(data.inputs + 0.0):  # of -0 and 0 it is the same
        other = first.setdefault(point.tobytes(), number)
        if not np.array_equal(data.y[other], data.y[number]):
            return (
                f"points {other} and {number} are equal and have different labels, so no network gets both right: "
                "look at the data"
            )
    return ""


def _weights(values: object, count: int) -> NDArray[np.float64]:
    """What each of so many points counts, checked."""
    weights = numbers("weights", values)
    if weights.shape == (count, 1):
        weights = weights[:, 0]
    if weights.shape != (count,):
        raise DataError(
            f"weights must hold one number for each of the {count} points of x, but its shape is {weights.shape}."
        )
    if (weights < 0).any():
        place = int(np.argmax(weights < 0))
        raise DataError(
            f"weights[{place}] is {weights[place]:g}: a weight is what a point counts, 0 or more; to leave a point out "
            "give it the weight 0."
        )
    if not weights.any():
        raise DataError("all weights are 0, so that no point counts; give at least one a weight above 0.")
    return weights


def _reshape_hint(x: NDArray[np.float64]) -> str:
    if x.ndim == 1 and x.size:
        return "for points with one coordinate write x.reshape(-1, 1), for a single point x.reshape(1, -1)."
    return "give one row for each point, and at least one point."


def dataset(
    x: ArrayLike,
    y: ArrayLike,
    *,
    name: str = "data",
    names: Sequence[str] = (),
    weights: ArrayLike | None = None,
) -> Data:
    """Makes data of one's own arrays, lists, tensors or DataFrames.

    Args:
        x: the points, shape (N, d).
        y: the labels, shape (N,) or (N, K): numbers, class numbers from 0, or a text for each point.
        name: what the set is called in summaries.
        names: the name of each coordinate; default: a DataFrame's columns, else x_1, ..., x_d.
        weights: what each point counts, shape (N,), 0 or more; default: 1. The loss is the mean of weight times loss
            over the N points, not over the sum of the weights; see `Data`.

    Returns:
        The data, copied.

    Raises:
        DataError: if the shapes do not belong together, a number is missing or infinite, or a weight is negative.

    >>> dataset([[0.0, 1.0], [2.0, 3.0]], [1, 0])
    Data('data': 2 points, coordinates x_1, x_2)
    """
    return Data(x, y, name=name, names=tuple(names), weights=weights)  # type: ignore[arg-type]  # Data converts them


def as_data(data: Data | tuple[ArrayLike, ...]) -> Data:
    """Returns what a person gave to train on as data.

    Args:
        data: data, a pair (x, y), or with weights (x, y, weights).

    Raises:
        DataError: if it is neither, or the arrays cannot be used.
    """
    if isinstance(data, Data):
        return data
    if isinstance(data, tuple) and len(data) in (2, 3):
        return dataset(data[0], data[1], weights=data[2] if len(data) == 3 else None)
    raise DataError(
        f"data is {type(data).__name__!r}; give a pair (x, y) of arrays, or (x, y, weights), or one of gl.datasets, "
        "for example gl.datasets.five_points()."
    )
