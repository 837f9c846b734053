"""The function as one of a flat float64 vector, in numbers that it accepts; every evaluation is counted here."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradlab.check._errors import CheckError
from gradlab.check.inputs import _torch
from gradlab.check.inputs._batch import is_same, is_worth_it, mapped
from gradlab.check.inputs._budget import Budget, Exhausted
from gradlab.check.inputs._double import double
from gradlab.check.inputs._outputs import Outputs, outputs_of, values_of
from gradlab.check.inputs._point import Mode, Point, caller, has_jax, has_torch, make_point
from gradlab.check.inputs._trees import is_module, to_array


class Function:
    """M numbers as a function of the flat point; counts its evaluations.

    Args:
        call: The user's function of the structure.
        point: Where it is checked.
        setting: What has to be in force while it runs.
        budget: How many evaluations and how much time it may take. Default without bounds.
    """

    def __init__(
        self,
        call: Callable[[Any], Any],
        point: Point,
        setting: Callable[[], AbstractContextManager[Any]] = nullcontext,
        budget: Budget | None = None,
    ) -> None:
        self.call, self.point, self.setting = call, point, setting
        self.budget = budget or Budget()
        self.shape: tuple[int, ...] = ()
        self.output_names: list[str] = []
        self.skipped: tuple[str, ...] = ()
        # A matrix (M, N) that makes M combinations of the N numbers that it returns.
        self.mixing: np.ndarray | None = None
        self._mapped = mapped(call, point)
        self._is_compared = False
        # Whether it writes into what it is given.
        self.writes = False
        # The point, and what the function gives there.
        self._flat = self._centre = np.zeros(0)

    @property
    def evaluations(self) -> int:
        """How often it was evaluated."""
        return self.budget.evaluations

    def at_point(self, flat: np.ndarray) -> np.ndarray:
        """The function at the point itself, where it must be finite, shape (M,).

        Raises:
            CheckError: It raises something, or gives what is no finite real number.
        """
        try:
            values = self._measure(flat, look=True)
        except (CheckError, NotImplementedError, Exhausted):
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

    def again(self, flat: np.ndarray) -> np.ndarray:
        """The function at the point once more, shape (M,); it may have another form than when it was first asked.

        Raises:
            CheckError: As `at_point`.
        """
        values = self(flat) if len(self._flat) == len(flat) else np.array([np.nan])
        return values if np.isfinite(values).all() else self.at_point(flat)

    def many(self, points: np.ndarray) -> np.ndarray:
        """The function at points (n, P) near the point, shape (n, M); NaN where it is not defined."""
        found = self.at_once(points)
        return np.array([self(point) for point in points]) if found is None else found

    @property
    def maps(self) -> bool:
        """Whether many points may be had in one call, as far as is known."""
        return self._mapped is not None

    def at_once(self, points: np.ndarray) -> np.ndarray | None:
        """All points in one call; None if there are few or many, or if that does not give what single calls give."""
        if self._mapped is None or not is_worth_it(points) or len(self._flat) != points.shape[1]:
            return None
        self.budget.spend(len(points))
        try:
            with self.setting():
                values = self._mapped(np.concatenate([points, self._flat[None]]))
            values, centre = self._mixed(values), self._mixed(self._centre[None])
        except Exception:
            # Whatever the function does, the library cannot map it.
            values, centre = None, self._centre[None]
        if values is None or not (is_same(values[-1:], centre) and self._is_as_before(points, values)):
            # Then there are single calls.
            self._mapped = None
            self.budget.give_back(len(points))
            return None
        # What is rounded in another way is so everywhere: what stands still is the value at the point.
        return values[:-1] + (centre - values[-1])

    def _is_as_before(self, points: np.ndarray, values: np.ndarray) -> bool:
        """Whether a single call gives the same at the first point; asked once."""
        if not self._is_compared:
            self._is_compared = is_same(values[:1], self(points[0])[None])
        return self._is_compared

    def _mixed(self, values: np.ndarray) -> np.ndarray:
        return values if self.mixing is None else values @ self.mixing.T

    def __call__(self, flat: np.ndarray) -> np.ndarray:
        """The function near the point, shape (M,); NaN where it is not defined."""
        size = math.prod(self.shape) if self.mixing is None else len(self.mixing)
        try:
            values = self._measure(flat)
        except Exhausted:
            raise
        except Exception:
            # math.log(-1) raises; a step that leaves the domain only makes this step useless.
            return np.full(size, np.nan)
        # So does one after which the function returns something else, as a search that ends later.
        return values if len(values) == size else np.full(size, np.nan)

    def forget_batches(self) -> None:
        """Map it anew, since its point has another form."""
        self._mapped, self._is_compared = mapped(self.call, self.point), False

    def _measure(self, flat: np.ndarray, look: bool = False) -> np.ndarray:
        self.budget.spend(1)
        with self.setting():
            given = self.point.build(flat)
            watch = Watch(self.point, given) if look else None
            result = self.call(given)
            if watch is not None:
                self._remember(outputs_of(result))
                self.writes = watch.sees_a_change()
            values = values_of(result)
        if look:
            self._flat, self._centre = flat, values
        return values if self.mixing is None else self.mixing @ values

    def _remember(self, found: Outputs) -> None:
        self.shape, self.skipped = found.shape, found.skipped
        # Names of a million outputs are made when they are asked for, and they never are.
        self.output_names = found.names if math.prod(found.shape) <= 2**16 else []


class Watch:
    """Whether somebody writes into the arrays of a structure that they are given.

    Args:
        point: The form of the structure.
        given: The structure.
    """

    def __init__(self, point: Point, given: Any) -> None:
        self._items = point.derived(given)
        self._before = self._numbers()

    def sees_a_change(self) -> bool:
        """Whether other numbers stand there now."""
        return self._numbers() != self._before

    def _numbers(self) -> list[bytes]:
        return [to_array(item, "at").tobytes() for item in self._items]


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


def make_subject(function: Any, at: Any, backward: bool = False, budget: Budget | None = None) -> Subject:
    """Prepare a function, in float64 if it accepts that, else in the number types of `at`.

    Args:
        function: The user's function.
        at: The point as the user wrote it.
        backward: Whether its backward pass is what is judged.
        budget: How much it may be evaluated.

    Raises:
        CheckError: It cannot be called, `at` cannot be used, or the function does not run there.
    """
    if not callable(function):
        raise CheckError(f"the loss is {function!r}, which cannot be called; write a function of the point.")
    point = make_point(_torch.parameters_of(at) if is_module(at) else at, backward=backward)

    def in_mode(mode: Mode) -> Function:
        setting = double if has_jax(point) and mode is not Mode.NATIVE else nullcontext
        return Function(make_call(function, at, mode), point.using(mode), setting, budget)

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
    return Function(function.call, function.point, _torch.promoted, function.budget)


@dataclass(frozen=True, slots=True)
class ByMode:
    """A function that has to be made anew for each kind of numbers that it runs in.

    Attributes:
        make: From the numbers to the function of the structure.
        notes: What is to be said about how it is called.
    """

    make: Callable[[Mode], Callable[[Any], Any]]
    notes: tuple[str, ...] = field(default=())

    def __call__(self, structure: Any) -> Any:
        """Run it in float64."""
        return self.make(Mode.DOUBLE)(structure)


def make_call(function: Any, at: Any, mode: Mode, extra: int = 0, watched: bool = False) -> Callable[..., Any]:
    """Make a user's callable one of the structure that is built from the flat point.

    Args:
        function: The callable; a module is cloned, so that the user's is never changed.
        at: The point as the user wrote it; of a module, the parameters are the point.
        mode: The numbers it is to run in.
        extra: How many arguments follow the point.
        watched: Whether it runs a backward pass of its own through the parameters of a module.
    """
    as_double = mode is not Mode.NATIVE
    if isinstance(function, ByMode):
        return function.make(mode)
    if is_module(at):
        clone = _torch.ModuleAt(at, as_double)
        given = clone.watched if watched else clone
        return lambda parameters, *rest: function(given(parameters), *rest)
    if is_module(function):
        return caller(_torch.ModuleAt(function, as_double).module, at, extra)
    return caller(function, at, extra)
