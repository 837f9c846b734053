"""The gradient that is claimed, as a function of the flat point."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from gradlab.check._errors import CheckError
from gradlab.check.inputs import _jax, _torch
from gradlab.check.inputs._function import Function, Watch, make_call
from gradlab.check.inputs._matching import flatten_gradient, undefined_by
from gradlab.check.inputs._point import Point, has_jax, has_torch
from gradlab.check.inputs._trees import leaves_of, to_array


class Claims:
    """The claimed Jacobian as a function of the flat point, rows of the M outputs after each other.

    Args:
        gradient: What the user gave: a callable, an array, or None for the backward pass of the function.
        function: The function it belongs to.
        at: The point as the user wrote it.
        cotangent: The vector of a vector-Jacobian product, over all N numbers that the function returns.

    Raises:
        CheckError: There is no gradient to check.
    """

    def __init__(self, gradient: Any, function: Function, at: Any, cotangent: np.ndarray | None = None) -> None:
        self._gradient, self._function, self.cotangent = gradient, function, cotangent
        point = function.point
        self.passes = gradient is None
        self._call: Callable[..., Any] | None = None
        # Another way of asking than the plain one: None for that, "kept" for what was said once and is not asked again.
        self.way: Callable[[np.ndarray], np.ndarray] | Literal["kept"] | None = None
        # Which claims are others each time they are asked for, shape (M, P); None if none are.
        self.random: np.ndarray | None = None
        # Into what it writes, "argument" or "grad_output", and what it raised when called once more; "" for nothing.
        self.writes: Literal["", "argument", "grad_output"] = ""
        self.problem = ""
        if gradient is None and not (has_torch(point) or has_jax(point)):
            raise CheckError(
                "the gradient is None; give a callable or an array. (None stands for the backward pass of a torch "
                "or jax function, and then `at` must be a tensor, or an array of jax.)"
            )
        if callable(gradient):
            extra = 0 if cotangent is None else 1
            self._call = make_call(gradient, at, point.mode, extra, watched=True)

    @property
    def point(self) -> Point:
        """The form of the point."""
        return self._function.point

    @property
    def is_callable(self) -> bool:
        """Whether the claim can be had elsewhere, too."""
        return self.way != "kept" and (self.passes or self._call is not None)

    @property
    def takes_cotangents(self) -> bool:
        """Whether it can be asked for vector-Jacobian products with any vector."""
        return self.passes or (self._call is not None and self.cotangent is not None)

    @property
    def call(self) -> Callable[..., Any] | None:
        """The user's gradient as a callable of the structure; None for a value or a backward pass."""
        return self._call

    def rows(self) -> np.ndarray:
        """The combinations of the N numbers that the M rows belong to, shape (M, N)."""
        function = self._function
        if self.cotangent is not None:
            return self.cotangent[None]
        return function.mixing if function.mixing is not None else np.eye(math.prod(function.shape))

    def __call__(self, flat: np.ndarray) -> np.ndarray:
        """The claims at a point, shape (M, P)."""
        if callable(self.way):
            return self.way(flat)
        with self._function.setting():
            return self._evaluate(flat)

    def first(self, flat: np.ndarray) -> tuple[np.ndarray, list[str]]:
        """What is claimed when it is asked for the first time, and the leaves for which that is None.

        One call tells both: a gradient that accumulates says the right thing once.
        """
        point = self._function.point
        with self._function.setting():
            if self.passes:
                found = self._run(flat, self.rows())
                none = [leaf.label for leaf, part in zip(point.leaves, found[0], strict=True) if part is None]
                return np.array([_flattened(point, parts) for parts in found]), none
            given = self._given(flat, self.cotangent, look=True)
            return self._read(given), undefined_by(point, given)

    def refused(self, flat: np.ndarray, problem: Exception) -> list[str]:
        """The leaves by which the library refuses a derivative, where that was the problem; not if it does by all."""
        point = self._function.point
        if not (self.passes and has_torch(point) and _torch.is_refusal(problem)):
            return []
        found = _torch.refused(self._function.call, point, flat)
        return found if len(found) < len(point.leaves) else []

    def pull(self, flat: np.ndarray, cotangents: np.ndarray, **ways: Any) -> np.ndarray:
        """Vector-Jacobian products, shape (n, P).

        Args:
            flat: The point.
            cotangents: The vectors, shape (n, N).
            ways: For torch, how the backward pass is run: `arrange` and `between` of `_torch.backward`.
        """
        point = self._function.point
        with self._function.setting():
            if self.passes:
                found = self._run(flat, cotangents, **ways)
                return np.array([_flattened(point, parts) for parts in found])
            return np.concatenate([flatten_gradient(point, self._given(flat, row)) for row in cotangents])

    def _evaluate(self, flat: np.ndarray) -> np.ndarray:
        point = self._function.point
        if self.passes:
            return np.array([_flattened(point, parts) for parts in self._run(flat, self.rows())])
        return self._read(self._given(flat, self.cotangent))

    def _read(self, given: Any) -> np.ndarray:
        function, point = self._function, self._function.point
        if self.cotangent is not None:
            return flatten_gradient(point, given)
        jacobian = flatten_gradient(point, given, function.shape)
        return jacobian if function.mixing is None else function.mixing @ jacobian

    def _given(self, flat: np.ndarray, cotangent: np.ndarray | None, look: bool = False) -> Any:
        if self._call is None:
            return self._gradient
        function, structure = self._function, self._function.point.build(flat)
        watch = Watch(function.point, structure) if look else None
        more = [] if cotangent is None else [_like(function.point, structure, cotangent.reshape(function.shape))]
        found = self._call(structure, *more)
        if watch is not None and watch.sees_a_change():
            self.writes = "argument"
        return found

    def _write(self) -> None:
        self.writes = "grad_output"

    def _run(self, flat: np.ndarray, rows: np.ndarray, **ways: Any) -> list[list[Any]]:
        function = self._function
        if has_torch(function.point):
            return _torch.backward(function.call, function.point, flat, list(rows), on_write=self._write, **ways)
        return _jax.backward(function.call, function.point, flat, list(rows))


def _flattened(point: Point, parts: list[Any]) -> np.ndarray:
    """A gradient by the leaves as one vector; NaN where there is none."""
    arrays = [
        np.full(leaf.value.size, np.nan) if part is None else to_array(part, "the gradient").reshape(-1)
        for leaf, part in zip(point.leaves, parts, strict=True)
    ]
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _like(point: Point, structure: Any, cotangent: np.ndarray) -> Any:
    """The cotangent as an array of the library and the number type of the point."""
    first = next(iter(point.derived(structure)), None) if has_torch(point) else next(leaves_of(structure))[1]
    if first is not None and hasattr(first, "new_tensor"):
        return first.new_tensor(cotangent)
    return np.asarray(cotangent, dtype=getattr(first, "dtype", np.float64))
