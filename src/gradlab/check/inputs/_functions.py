"""The function and its claimed gradient as functions of one flat float64 vector."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradlab.check._errors import CheckError
from gradlab.check.inputs import _jax, _torch
from gradlab.check.inputs._batch import is_worth_it, mapped
from gradlab.check.inputs._point import Mode, Point, caller, has_jax, has_torch, make_point
from gradlab.check.inputs._trees import is_module, leaves_of, to_array


class Function:
    """M numbers as a function of the flat point; counts its evaluations.

    Args:
        call: The user's function of the structure.
        point: Where it is checked.
        setting: What has to be in force while it runs.
        mixing: A matrix (M, N) that makes M combinations of the N numbers that it returns. Default none.
    """

    def __init__(
        self,
        call: Callable[[Any], Any],
        point: Point,
        setting: Callable[[], AbstractContextManager[Any]] = nullcontext,
        mixing: np.ndarray | None = None,
    ) -> None:
        self.call, self.point, self.setting, self.mixing = call, point, setting, mixing
        self.evaluations = 0
        self.shape: tuple[int, ...] = ()
        self._mapped = mapped(call, point)
        self._is_compared = False

    def at_point(self, flat: np.ndarray) -> np.ndarray:
        """The function at the point itself, where it must be finite, shape (M,).

        Raises:
            CheckError: It raises something, or gives what is no finite real number.
        """
        try:
            values = self._measure(flat)
        except (CheckError, NotImplementedError):
            raise
        except Exception as problem:
            raise CheckError(
                f"the loss raised {type(problem).__name__} at the point: {problem}; it must run there before its "
                "gradient can be checked."
            ) from problem
        if not np.isfinite(values).all():
            bad = values[~np.isfinite(values)][0]
            raise CheckError(
                f"the loss is {bad} at the point, so it has no derivative there; check at a point where it is finite."
            )
        return values

    def many(self, points: np.ndarray) -> np.ndarray:
        """The function at points (n, P) near the point, shape (n, M); NaN where it is not defined."""
        if self._mapped is not None and is_worth_it(points):
            found = self._many_at_once(points)
            if found is not None:
                return found
        return np.stack([self(point) for point in points])

    def _many_at_once(self, points: np.ndarray) -> np.ndarray | None:
        """All points in one call; None, then and from then on, if that does not give what single calls give."""
        assert self._mapped is not None
        try:
            with self.setting():
                values = self._mapped(points)
        except Exception:
            # Whatever the function does, the library cannot map it: then there are single calls.
            self._mapped = None
            return None
        values = values if self.mixing is None else values @ self.mixing.T
        if not self._is_compared:
            ends = points[[0, -1]]
            self._is_compared = True
            if not np.array_equal(np.stack([self(point) for point in ends]), values[[0, -1]], equal_nan=True):
                self._mapped = None
                return None
        self.evaluations += len(points)
        return values

    def __call__(self, flat: np.ndarray) -> np.ndarray:
        """The function near the point, shape (M,); NaN where it is not defined."""
        try:
            return self._measure(flat)
        except CheckError:
            raise
        except Exception:
            # math.log(-1) raises; a step that leaves the domain only makes this step useless.
            size = len(self.mixing) if self.mixing is not None else int(np.prod(self.shape))
            return np.full(size, np.nan)

    def changes_its_argument(self, flat: np.ndarray) -> bool:
        """Tell whether the function writes into what it is given."""
        given = self.point.build(flat)
        before = [to_array(item, "at") for _, item in leaves_of(given)]
        with self.setting():
            self.call(given)
        after = [to_array(item, "at") for _, item in leaves_of(given)]
        return any(not np.array_equal(old, new, equal_nan=True) for old, new in zip(before, after, strict=True))

    def _measure(self, flat: np.ndarray) -> np.ndarray:
        self.evaluations += 1
        with self.setting():
            result = self.call(self.point.build(flat))
            values, self.shape = _numbers(result)
        return values if self.mixing is None else self.mixing @ values


def _numbers(result: Any) -> tuple[np.ndarray, tuple[int, ...]]:
    """What a function returned as one vector, and its shape; several arrays in a structure are one long vector."""
    if isinstance(result, list | tuple | dict):
        arrays = [to_array(item, "the loss").reshape(-1) for _, item in leaves_of(result)]
        values = np.concatenate(arrays) if arrays else np.zeros(0)
        shape = values.shape
    else:
        values = to_array(result, "the loss")
        shape = values.shape
    if values.size == 0:
        raise CheckError("the loss returns no numbers; return at least one.")
    return values.reshape(-1), () if values.size == 1 else shape


@dataclass(frozen=True, slots=True)
class Subject:
    """The function in the numbers that it is judged in.

    Attributes:
        function: As it is judged.
        promoted: Whether it is judged in higher precision than it was given.
        first: What it gave at the point when it was tried, over all numbers that it returns.
    """

    function: Function
    promoted: bool
    first: np.ndarray


def make_subject(function: Any, at: Any) -> Subject:
    """Prepare a function, in float64 if it accepts that, else in the number types of `at`.

    Raises:
        CheckError: It cannot be called, `at` cannot be used, or the function does not run there.
    """
    if not callable(function):
        raise CheckError(f"the loss is {function!r}, which cannot be called; write a function of the point.")
    point = make_point(_torch.parameters_of(at) if is_module(at) else at)

    def in_mode(mode: Mode) -> Function:
        setting = _jax.double if has_jax(point) and mode is not Mode.NATIVE else nullcontext
        return Function(make_call(function, at, mode), point.using(mode), setting)

    narrow = any(leaf.dtype != "float64" for leaf in point.leaves)
    attempts: list[Callable[[], Function]] = [lambda: in_mode(Mode.DOUBLE)]
    if has_torch(point):
        attempts.append(lambda: _with_promotion(in_mode(Mode.DOUBLE)))
    if narrow:
        attempts.append(lambda: in_mode(Mode.NATIVE))
    problem: CheckError | None = None
    for attempt in attempts:
        candidate = attempt()
        try:
            first = candidate.at_point(point.values)
        except CheckError as error:
            problem = problem or error
            continue
        return Subject(candidate, narrow and candidate.point.mode is Mode.DOUBLE, first)
    raise problem or CheckError("the loss cannot be run.")


def _with_promotion(function: Function) -> Function:
    return Function(function.call, function.point, _torch.promoted)


@dataclass(frozen=True, slots=True)
class ByMode:
    """A function that has to be made anew for each kind of numbers that it runs in."""

    make: Callable[[Mode], Callable[[Any], Any]]

    def __call__(self, structure: Any) -> Any:
        """Run it in float64."""
        return self.make(Mode.DOUBLE)(structure)


def make_call(function: Any, at: Any, mode: Mode, extra: int = 0) -> Callable[..., Any]:
    """Make a user's callable one of the structure that is built from the flat point.

    Args:
        function: The callable; a module is cloned, so that the user's is never changed.
        at: The point as the user wrote it; of a module, the parameters are the point.
        mode: The numbers it is to run in.
        extra: How many arguments follow the point.
    """
    double = mode is not Mode.NATIVE
    if isinstance(function, ByMode):
        return function.make(mode)
    if is_module(at):
        clone = _torch.ModuleAt(at, double)
        return lambda parameters, *rest: function(clone(parameters), *rest)
    if is_module(function):
        return caller(_torch.ModuleAt(function, double).module, at, extra)
    return caller(function, at, extra)


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
        self.passes, self.scale = gradient is None, 1.0
        self._call: Callable[..., Any] | None = None
        if gradient is None and not (has_torch(point) or has_jax(point)):
            raise CheckError(
                "the gradient is None; give a callable or an array. (None stands for the backward pass of a torch "
                "or jax function, and then `at` must be a tensor, or an array of jax.)"
            )
        if callable(gradient):
            self._call = make_call(gradient, at, point.mode)
            if cotangent is not None:
                shaped = cotangent.reshape(function.shape)
                call = make_call(gradient, at, point.mode, extra=1)
                self._call = lambda structure: call(structure, _like(structure, shaped))

    @property
    def is_callable(self) -> bool:
        """Whether the claim can be had elsewhere, too."""
        return self.passes or self._call is not None

    def __call__(self, flat: np.ndarray, scale: float | None = None) -> np.ndarray:
        """The claims at a point, shape (M, P).

        Args:
            flat: The point, shape (P,).
            scale: What the cotangents of backward passes are multiplied by; the result is divided by it. Default 1.
        """
        with self._function.setting():
            return self._evaluate(flat, scale or self.scale)

    def _evaluate(self, flat: np.ndarray, scale: float) -> np.ndarray:
        function, point = self._function, self._function.point
        if self.passes:
            rows = function.mixing if function.mixing is not None else np.eye(int(np.prod(function.shape)))
            run = _torch.backward if has_torch(point) else _jax.backward
            found = run(function.call, point.build(flat), [scale * row for row in rows])
            return np.concatenate([point.flatten_gradient(gradient) for gradient in found]) / scale
        given = self._gradient if self._call is None else self._call(point.build(flat))
        if self.cotangent is not None:
            return point.flatten_gradient(given)
        jacobian = point.flatten_gradient(given, function.shape)
        return jacobian if function.mixing is None else function.mixing @ jacobian


def _like(structure: Any, cotangent: np.ndarray) -> Any:
    """The cotangent as an array of the library and the number type of the point."""
    first = next(item for _, item in leaves_of(structure))
    if hasattr(first, "new_tensor"):
        return first.new_tensor(cotangent)
    return np.asarray(cotangent, dtype=getattr(first, "dtype", np.float64))
