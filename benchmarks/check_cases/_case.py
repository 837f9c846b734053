"""A loss with its right gradient and realistic wrong ones, and the helpers that write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Point = Any
"""An array, or a dict of arrays."""


@dataclass(frozen=True)
class Case:
    """One function of the set at one point.

    Attributes:
        kind: Its kind, such as "softmax".
        loss: From the point to a number, in the precision of the point.
        gradient: From the point and the name of a mistake ("" for none) to the gradient, in the form of the point.
        point: The point, float64.
        mistakes: The mistakes that `gradient` knows, each with its class (a name of gradlab's `Mistake`).
        samples: How many samples are averaged, 0 if none.
        exact: The loss without its noise or rounding, for the independent derivative; default the loss.
        slopes: Where the point lies on a kink, the left and the right derivative by each number.
        random: Whether the loss draws anew each time.
    """

    kind: str
    loss: Callable[[Point], Any]
    gradient: Callable[[Point, str], Point]
    point: Point
    mistakes: Mapping[str, str] = field(default_factory=dict)
    samples: int = 0
    exact: Callable[[Point], Any] | None = None
    slopes: tuple[np.ndarray, np.ndarray] | None = None
    random: bool = False


def like(array: Any, other: Any) -> np.ndarray:
    """Data in the precision of the point."""
    return np.asarray(array).astype(other.dtype)


def flatten(point: Point) -> np.ndarray:
    """All numbers of a point in a row."""
    if isinstance(point, dict):
        return np.concatenate([np.asarray(part).reshape(-1) for part in point.values()])
    return np.asarray(point).reshape(-1)


def unflatten(flat: np.ndarray, form: Point) -> Point:
    """Numbers in the form of a point."""
    if not isinstance(form, dict):
        return flat.reshape(np.shape(form))
    parts, start = {}, 0
    for name, part in form.items():
        size = int(np.size(part))
        parts[name] = flat[start : start + size].reshape(np.shape(part))
        start += size
    return parts


def cast(point: Point, dtype: Any) -> Point:
    """A point in another precision."""
    if isinstance(point, dict):
        return {name: part.astype(dtype) for name, part in point.items()}
    return point.astype(dtype)
