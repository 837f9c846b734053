"""A traced loss: its operations in order, with their local derivatives, and its gradient with some of them replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from gradlab.check.inputs._budget import Work
from gradlab.check.tracing._dense import Dense
from gradlab.check.tracing._maps import (
    Diagonal,
    Function,
    Map,
    TooLargeError,
    adjoint_of_product,
    adjoint_of_sum,
    measure_choice,
    measure_elementwise,
    measure_matrix,
)
from gradlab.check.tracing._place import Place
from gradlab.check.tracing._regions import Region, find_regions

Backward = Callable[[np.ndarray], Iterable[tuple[int, np.ndarray]]]
"""From the cotangent of a value to those of the values it is computed from, by their numbers."""

_MOST_STEPS, _MOST_OUTPUTS = 3000, 64
# What hands numbers on, and nothing back.
CUTS = {"detach", "stop_gradient"}
# What hands numbers on as they are.
MOVES = {
    *CUTS,
    "getitem", "reshape", "ravel", "transpose", "squeeze", "expand_dims", "concatenate", "stack", "broadcast_to",
    "flip", "roll", "swapaxes", "moveaxis", "setitem", "copy", "pad", "split",
}  # fmt: skip


# A call of an operation takes as long as so many ways back through one.
_CALL = 3
_SHIFTS = {"max", "logsumexp"}


class UntraceableError(Exception):
    """A loss does something that cannot be followed; the diagnosis goes on with numbers alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One operation.

    Attributes:
        operation: Its name, the same in every framework: "multiply", "tanh", "sum".
        operands: For each array it is given, the number of the value, or None for a constant.
        constants: The arrays at the places of the constants; None elsewhere.
        call: The operation as a function of all its arrays, in float64.
        elementwise: Whether it treats each element by itself.
        place: Where it stands in the source.
    """

    operation: str
    operands: tuple[int | None, ...]
    constants: tuple[np.ndarray | None, ...]
    call: Callable[..., np.ndarray]
    elementwise: bool
    place: Place = field(default_factory=Place)


class Program:
    """The operations between the arrays of a point and a loss.

    Values are numbered: first the arrays of the point, then the result of each step.

    Args:
        inputs: The arrays of the point, float64.
        steps: The operations, in order.
        output: The number of the loss's value.

    Raises:
        UntraceableError: A step cannot be repeated, or there are too many.
    """

    def __init__(self, inputs: Sequence[np.ndarray], steps: Sequence[Step], output: int) -> None:
        if len(steps) > _MOST_STEPS:
            raise UntraceableError(f"{len(steps)} operations are too many")
        self.inputs = tuple(inputs)
        self.steps = tuple(steps)
        self.output = output
        self.values: list[np.ndarray] = list(inputs)
        # Counts what is done with it, if anybody wants to know.
        self.work: Work | None = None
        self._maps: dict[tuple[int, int], Map] = {}
        self._ignored: dict[int, Backward] = {}
        with np.errstate(all="ignore"):
            for step in steps:
                self.values.append(np.asarray(step.call(*self._arguments(step)), dtype=np.float64))
        if self.values[output].size > _MOST_OUTPUTS:
            raise UntraceableError(f"{self.values[output].size} outputs are too many")

    def is_given(self, value: int) -> bool:
        """Whether a value is an array of the point, and no result of a step."""
        return value < len(self.inputs)

    def step(self, value: int) -> Step:
        """The step that a value is the result of."""
        assert not self.is_given(value)
        return self.steps[value - len(self.inputs)]

    def arguments(self, value: int) -> list[np.ndarray]:
        """All arrays that the step of this value is given."""
        return self._arguments(self.step(value))

    @cached_property
    def used(self) -> tuple[int, ...]:
        """The numbers of the computed values that the loss depends on, in order."""
        wanted = {self.output}
        for value in range(self.output, len(self.inputs) - 1, -1):
            if value in wanted:
                step = self.step(value)
                wanted.update(operand for operand in step.operands if operand is not None)
        return tuple(value for value in sorted(wanted) if value >= len(self.inputs))

    def ignore_shifts(self) -> None:
        """Take the largest entry, which softmax and log-sum-exp subtract, as a constant where it cancels out.

        Nobody derives by it: mistakes are made in gradients without it.
        """
        found, right = set[int](), self.gradient()
        largest = np.abs(right).max(initial=0.0)
        for value in self.used:
            if self.step(value).operation in _SHIFTS:
                without = self.gradient({value: lambda cotangent: ()})
                if np.all(np.abs(without - right) <= 1e-6 * np.abs(right) + 1e-7 * largest):
                    found.add(value)
        self.ignore(found)

    def ignore(self, values: Iterable[int]) -> None:
        """Take some values as constants from now on."""
        self._ignored.update({value: lambda cotangent: () for value in values})
        if self._ignored:
            for known in ("dense", "_right"):
                self.__dict__.pop(known, None)

    @property
    def ignored(self) -> Iterable[int]:
        """The values that are taken as constants."""
        return self._ignored.keys()

    def outputs_at(self, flat: np.ndarray) -> np.ndarray:
        """The outputs at another point, shape (P,), by the same operations."""
        parts = np.split(flat, np.cumsum([array.size for array in self.inputs])[:-1])
        inputs = [part.reshape(array.shape) for part, array in zip(parts, self.inputs, strict=True)]
        return Program(inputs, self.steps, self.output).values[self.output].reshape(-1)

    def without(self, places: Sequence[tuple[int, int | None]], number: float) -> Program:
        """The same program with a number in the place of arrays: of constants, by a value and a position, or given."""
        inputs, steps = list(self.inputs), list(self.steps)
        for value, position in places:
            if position is None:
                inputs[value] = np.full_like(inputs[value], number)
            else:
                step = self.step(value)
                constants = list(step.constants)
                constants[position] = np.full_like(constants[position], number)
                steps[value - len(inputs)] = replace(step, constants=tuple(constants))
        return Program(inputs, steps, self.output)

    @cached_property
    def regions(self) -> list[Region]:
        """The functions of one array, element by element, that it contains."""
        return find_regions(self)

    @cached_property
    def dense(self) -> Dense:
        """The derivatives as matrices.

        Raises:
            UntraceableError: They are too large.
        """
        try:
            return Dense(self)
        except TooLargeError as error:
            raise UntraceableError(str(error)) from error

    @cached_property
    def places(self) -> dict[tuple[object, ...], tuple[int, ...]]:
        """The computed values by the spot in the source that computes them: a loop's body computes many."""
        found: dict[tuple[object, ...], list[int]] = {}
        for value in self.used:
            step = self.step(value)
            key = (*step.place.key, step.operation) if step.place.key else (value,)
            found.setdefault(key, []).append(value)
        return {key: tuple(values) for key, values in found.items()}

    def map(self, value: int, position: int) -> Map:
        """The derivative of a value by the operand at `position` of its step.

        Raises:
            UntraceableError: It has too many numbers.
        """
        key = (value, position)
        if key not in self._maps:
            self._maps[key] = self.measure(value, position, self.arguments(value))
        return self._maps[key]

    def measure(self, value: int, position: int, arguments: Sequence[np.ndarray]) -> Map:
        """The derivative of a step by one operand, at other arguments than its own if wanted."""
        step = self.step(value)
        others = list(arguments)
        moves = step.operation in MOVES and not step.elementwise
        if moves:
            others = [np.zeros_like(argument) for argument in arguments]

        def function(changed: np.ndarray) -> np.ndarray:
            if self.work is not None:
                self.work.spend(_CALL, changed.size)
            with np.errstate(all="ignore"):
                result = step.call(*others[:position], changed, *others[position + 1 :])
            return np.asarray(result, dtype=np.float64)

        at, result_size = arguments[position], self.values[value].size
        with np.errstate(all="ignore"):
            if moves:
                return measure_choice(function, at)
            if step.elementwise:
                return measure_elementwise(lambda points: _at_once(function, points, self.values[value].shape), at)
            found = self._adjoint(value, function, arguments, position)
            if found is not None:
                return found
            try:
                return measure_matrix(function, at, result_size)
            except TooLargeError as error:
                raise UntraceableError(f"{step.operation} is too large to measure: {error}") from error

    def _adjoint(self, value: int, function: Function, arguments: Sequence[np.ndarray], position: int) -> Map | None:
        """The derivatives of sums and matrix products, which may be too large to be measured."""
        operation, result = self.step(value).operation, self.values[value]
        if operation in {"sum", "mean"}:
            return adjoint_of_sum(function, arguments[position], result)
        if operation == "matmul" and len(arguments) == 2:
            return adjoint_of_product(function, arguments, position)
        if operation == "affine" and len(arguments) == 3:
            if position == 0:
                return Diagonal(np.ones_like(result), arguments[0].shape)
            bias = function(np.zeros_like(arguments[position]))
            return adjoint_of_product(lambda item: function(item) - bias, arguments[1:], position - 1)
        return None

    def backward(self, value: int) -> Backward:
        """The right way back through the step of a value."""
        step = self.step(value)
        edges = [(operand, position) for position, operand in enumerate(step.operands) if operand is not None]

        def pull(cotangent: np.ndarray) -> list[tuple[int, np.ndarray]]:
            return [(operand, self.map(value, position).pull(cotangent)) for operand, position in edges]

        return pull

    def gradient(self, replaced: Mapping[int, Backward] | None = None) -> np.ndarray:
        """The gradient by all numbers of the point, shape (P,); for M outputs their M gradients in a row, (M * P,).

        Args:
            replaced: For some computed values, another way back than the right one. Default none.

        Raises:
            UntraceableError: A local derivative has too many numbers.
        Overtime: Its work is more than is allowed.
        """
        if replaced is not None and len(replaced) == 1 and self._is_small:
            ((value, backward),) = replaced.items()
            return self._replacing(value, backward)
        shape = self.values[self.output].shape
        units = np.eye(int(np.prod(shape))).reshape(-1, *shape)
        return np.concatenate([self._pull(unit, {**self._ignored, **(replaced or {})}) for unit in units])

    def _replacing(self, value: int, backward: Backward) -> np.ndarray:
        """The gradient with one way back replaced: what is before and after it is known as matrices."""
        arriving, onwards = self.dense.arriving[value], self.dense.onwards
        if self.work is not None:
            self.work.spend(len(arriving), arriving.size)
        found = self._right - arriving @ onwards[value]
        with np.errstate(all="ignore"):
            for row, cotangent in zip(found, arriving, strict=True):
                for operand, part in backward(cotangent.reshape(self.values[value].shape)):
                    row += part.reshape(-1) @ onwards[operand]
        return found.reshape(-1)

    @cached_property
    def _right(self) -> np.ndarray:
        return self.dense.arriving[self.output] @ self.dense.onwards[self.output]

    @cached_property
    def _is_small(self) -> bool:
        try:
            return self.dense is not None
        except UntraceableError:
            return False

    def cotangent_of(self, value: int) -> np.ndarray | None:
        """What comes back to a value from a loss, in its shape; None if nothing does, or there are several outputs."""
        output = self.values[self.output]
        if output.size != 1 or value not in self.used:
            return None
        caught: list[np.ndarray] = []

        def catch(cotangent: np.ndarray) -> Iterable[tuple[int, np.ndarray]]:
            caught.append(cotangent)
            return ()

        self._pull(np.ones_like(output), {**self._ignored, value: catch})
        return caught[0] if caught else None

    def _pull(self, start: np.ndarray, replaced: Mapping[int, Backward]) -> np.ndarray:
        if self.work is not None:
            self.work.spend(len(self.used), self._size)
        cotangents: dict[int, np.ndarray] = {self.output: start}
        with np.errstate(all="ignore"):
            for value in reversed(self.used):
                cotangent = cotangents.pop(value, None)
                if cotangent is None:
                    continue
                for operand, part in (replaced.get(value) or self.backward(value))(cotangent):
                    known = cotangents.get(operand)
                    cotangents[operand] = part if known is None else known + part
        parts = [cotangents.get(index, np.zeros_like(array)) for index, array in enumerate(self.inputs)]
        return np.concatenate([part.reshape(-1) for part in parts])

    @cached_property
    def largest(self) -> float:
        """The size of the largest number on the way, at least 1."""
        return max(1.0, *(float(np.abs(self.values[value]).max(initial=0.0)) for value in self.used))

    @cached_property
    def _size(self) -> int:
        return sum(self.values[value].size for value in self.used)

    def _arguments(self, step: Step) -> list[np.ndarray]:
        found = []
        for operand, constant in zip(step.operands, step.constants, strict=True):
            argument = constant if operand is None else self.values[operand]
            assert argument is not None
            found.append(argument)
        return found


def _at_once(function: Function, points: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """An operation element by element at K points, shape (K, ...), in one call if it takes them, or in K."""
    with suppress(ValueError, TypeError, RuntimeError):
        extra = (1,) * (len(shape) + 1 - points.ndim)
        found = function(points.reshape(len(points), *extra, *points.shape[1:]))
        if found.shape == (len(points), *shape):
            return found
    return np.stack([function(point) for point in points])
