"""A program's derivatives as matrices: from each value to the point, and from the outputs to each value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gradlab.check.tracing._maps import TooLargeError, matrix_of

if TYPE_CHECKING:
    from gradlab.check.tracing._program import Program

_LARGEST = 200_000


class Dense:
    """Every value on the way of a program, with what comes back to it and what it hands on.

    With M outputs, P numbers in the point and n in a value:

    Attributes:
        arriving: What comes back to each value, from each output, shape (M, n).
        onwards: The derivative of each value by the point, shape (n, P).

    Args:
        program: The program.

    Raises:
        TooLargeError: It has too many numbers for matrices.
        Overtime: Its work is more than is allowed.
    """

    def __init__(self, program: Program) -> None:
        count, outputs = sum(array.size for array in program.inputs), program.values[program.output].size
        sizes = [program.values[value].size for value in program.used]
        if sum(sizes) * max(count, outputs, max(sizes, default=0)) > _LARGEST:
            raise TooLargeError("too many numbers for matrices")
        self._program = program
        ways = {value: self._ways(value) for value in program.used}
        self.onwards: dict[int, np.ndarray] = {}
        start = 0
        for index, array in enumerate(program.inputs):
            self.onwards[index] = np.eye(count)[start : start + array.size]
            start += array.size
        for value in program.used:
            zero = np.zeros((program.values[value].size, count))
            self.onwards[value] = sum((way @ self.onwards[operand] for operand, way in ways[value]), zero)
        self.arriving = {value: np.zeros((outputs, program.values[value].size)) for value in self.onwards}
        self.arriving[program.output] += np.eye(outputs)
        for value in reversed(program.used):
            for operand, way in ways[value]:
                self.arriving[operand] += self.arriving[value] @ way

    def _ways(self, value: int) -> list[tuple[int, np.ndarray]]:
        """The operands of a value that are made from the point, each with its local derivative."""
        program, found = self._program, []
        step = program.step(value)
        for position, operand in enumerate(step.operands):
            if operand is not None and value not in program.ignored:
                shape = program.values[value].shape
                if program.work is not None:
                    program.work.spend(program.values[value].size, program.values[value].size)
                found.append((operand, matrix_of(program.map(value, position), shape)))
        return found
