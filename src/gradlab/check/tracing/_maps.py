"""Local derivatives as linear maps: diagonal, a choice of elements, or a full matrix.

They are measured on one operation at a time, whatever it is, so no table of derivatives is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

import numpy as np

from gradlab.check.differences._fit import EPSILON

Function = Callable[[np.ndarray], np.ndarray]
_STEP = 6e-6
_WAVES = 100.0
_LARGEST_MATRIX, _MOST_COLUMNS = 4_000_000, 4096


class TooLargeError(Exception):
    """An operation has too many numbers for its derivative to be measured."""


class Map(Protocol):
    """The derivative of a result by one operand, applied from the left to a cotangent."""

    def pull(self, cotangent: np.ndarray) -> np.ndarray:
        """The cotangent of the operand, in the operand's shape."""
        ...


@dataclass(frozen=True, slots=True)
class Diagonal:
    """An operation element by element, with broadcasting: `weights` has the shape of the result."""

    weights: np.ndarray
    shape: tuple[int, ...]

    def pull(self, cotangent: np.ndarray) -> np.ndarray:
        """The cotangent of the operand."""
        return sum_to_shape(cotangent * self.weights, self.shape)


@dataclass(frozen=True, slots=True)
class Choice:
    """A rearrangement: element k of the result is element index[k] of the operand, or none of its where -1."""

    index: np.ndarray
    shape: tuple[int, ...]

    def pull(self, cotangent: np.ndarray) -> np.ndarray:
        """The cotangent of the operand."""
        size = int(np.prod(self.shape))
        chosen = self.index >= 0
        sums = np.bincount(self.index[chosen], weights=cotangent.reshape(-1)[chosen], minlength=size)
        return sums.reshape(self.shape)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Any derivative as its Jacobian, of shape (elements of the result, elements of the operand)."""

    jacobian: np.ndarray
    shape: tuple[int, ...]

    def pull(self, cotangent: np.ndarray) -> np.ndarray:
        """The cotangent of the operand."""
        return (cotangent.reshape(-1) @ self.jacobian).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class Adjoint:
    """A linear operation whose adjoint is known as a formula."""

    formula: Callable[[np.ndarray], np.ndarray]

    def pull(self, cotangent: np.ndarray) -> np.ndarray:
        """The cotangent of the operand."""
        return self.formula(cotangent)


def matrix_of(way: Map, shape: tuple[int, ...]) -> np.ndarray:
    """A map as its matrix, of shape (elements of the result, elements of the operand), for a result of this shape."""
    if isinstance(way, Matrix):
        return way.jacobian
    if isinstance(way, Diagonal) and way.shape == shape:
        return np.diag(np.broadcast_to(way.weights, shape).reshape(-1))
    units = np.eye(int(np.prod(shape))).reshape(-1, *shape)
    return np.stack([way.pull(unit).reshape(-1) for unit in units])


def adjoint_of_product(function: Function, arguments: Sequence[np.ndarray], position: int) -> Adjoint | None:
    """The derivative of a matrix product by its first or second factor; None if it is no plain product."""
    first, second = arguments
    if not (first.ndim == second.ndim == 2 and first.shape[1] == second.shape[0]):
        return None
    by_first = Adjoint(lambda cotangent: cotangent @ second.T)
    by_second = Adjoint(lambda cotangent: first.T @ cotangent)
    found, shape = (by_first, by_second)[position], (first.shape[0], second.shape[1])
    return found if _is_adjoint(function, found, arguments[position], shape) else None


def adjoint_of_sum(function: Function, at: np.ndarray, result: np.ndarray) -> Adjoint | None:
    """The derivative of a sum or mean over axes: the cotangent, spread out; None if it is none of these."""
    for axes in _axes(at.shape, result.shape):
        kept = tuple(1 if axis in axes else size for axis, size in enumerate(at.shape))
        for share in (1.0, result.size / at.size):
            found = Adjoint(
                lambda cotangent, kept=kept, share=share: np.broadcast_to(cotangent.reshape(kept) * share, at.shape)
            )
            if _is_adjoint(function, found, at, result.shape):
                return found
    return None


def _axes(before: tuple[int, ...], after: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Which axes may have been summed over."""
    every = range(len(before))
    found: list[tuple[int, ...]] = [()] if before == after else []
    for count in range(1, len(before) + 1):
        for axes in combinations(every, count):
            left = tuple(size for axis, size in enumerate(before) if axis not in axes)
            kept = tuple(1 if axis in axes else size for axis, size in enumerate(before))
            if after in {left, kept}:
                found.append(axes)
    return found


def _is_adjoint(function: Function, found: Adjoint, at: np.ndarray, shape: tuple[int, ...]) -> bool:
    """The formula of an adjoint, put to the test: <c, f(v)> = <f*(c), v> for random c and v."""
    random = np.random.default_rng(0)
    vector, cotangent = random.normal(size=at.shape), random.normal(size=shape)
    image = function(vector)
    if image.shape != shape:
        return False
    ahead, back = float(np.sum(cotangent * image)), float(np.sum(found.pull(cotangent) * vector))
    return abs(ahead - back) <= 1e-9 * float(np.sum(np.abs(cotangent * image)))


def sum_to_shape(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Undo broadcasting by sums."""
    array = array.sum(axis=tuple(range(array.ndim - len(shape)))) if array.ndim > len(shape) else array
    stretched = tuple(axis for axis, size in enumerate(shape) if size == 1 and array.shape[axis] != 1)
    return array.sum(axis=stretched, keepdims=True) if stretched else array.reshape(shape)


def measure_elementwise(function: Function, at: np.ndarray) -> Diagonal:
    """The derivative of an operation that treats each element by itself."""
    # Steps relative to the element where it is small and the function singular there, to 1 where it is smooth; of a
    # large element alone they might span many waves.
    size = np.abs(at)
    scales = [np.maximum(size, 1.0), np.where(size == 0, 1.0, size)]
    scales += [np.ones_like(size)] if size.max(initial=0.0) > _WAVES else []
    steps = np.stack([step * scale for scale in scales for step in (_STEP, _STEP / 2)])
    ahead, behind = at + steps, at - steps
    values = function(np.concatenate([ahead, behind]))
    high, low = values[: len(steps)], values[len(steps) :]
    extra = (1,) * (high.ndim - steps.ndim)
    width = (ahead - behind).reshape(len(steps), *extra, *at.shape)
    slopes = (high - low) / width
    # How far rounding may put them off.
    rounding = EPSILON * np.maximum(np.abs(high), np.abs(low)) / np.abs(width)
    best, doubt = slopes[1], np.full(slopes.shape[1:], np.inf)
    for wide, narrow, unsure in zip(slopes[::2], slopes[1::2], rounding[1::2], strict=True):
        # Two steps too small to be seen agree on 0.
        with np.errstate(all="ignore"):
            gap = np.nan_to_num((np.abs(wide - narrow) + unsure) / np.abs(narrow), nan=np.inf, posinf=np.inf)
        best, doubt = np.where(gap < doubt, narrow, best), np.minimum(gap, doubt)
    return Diagonal(best, at.shape)


def measure_choice(function: Function, at: np.ndarray) -> Choice:
    """Which element of the operand each element of the result is; `function` has zeros for all other operands."""
    marks = np.arange(1, at.size + 1, dtype=np.float64).reshape(at.shape)
    # Numbers of its own, such as those in a list with the operand, are there in any case.
    found = np.nan_to_num(function(marks) - function(np.zeros_like(marks)))
    return Choice(np.rint(found).astype(np.int64).reshape(-1) - 1, at.shape)


def measure_matrix(function: Function, at: np.ndarray, result_size: int) -> Matrix:
    """The Jacobian, column by column.

    Raises:
        TooLargeError: It has too many columns or too many elements.
    """
    if at.size > _MOST_COLUMNS or at.size * result_size > _LARGEST_MATRIX:
        raise TooLargeError(f"{result_size} x {at.size}")
    flat = at.reshape(-1)
    sizes = np.maximum(np.abs(flat), 1e-2 * np.abs(flat).max(initial=0.0))
    sizes = _STEP * np.where(sizes == 0, 1.0, sizes)
    jacobian = np.empty((result_size, flat.size))
    for column in range(flat.size):
        ends = []
        for sign in (1.0, -1.0):
            moved = flat.copy()
            moved[column] += sign * sizes[column]
            ends.append((moved[column], function(moved.reshape(at.shape)).reshape(-1)))
        (ahead, high), (behind, low) = ends
        jacobian[:, column] = (high - low) / (ahead - behind)
    return Matrix(jacobian, at.shape)
