"""Data of the loss that the gradient leaves out: as if they were all 1, or all 0."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from gradlab.check.names._evidence import Evidence, Hypothesis, View
from gradlab.check.names._mistakes import Mistake
from gradlab.check.names._traced import place
from gradlab.check.tracing import Program, UntraceableError

_MOST = 12


def data_forgotten(evidence: Evidence) -> Iterator[Hypothesis]:
    """The right gradient of the loss without one of its arrays: weights taken as 1, labels as 0."""
    program = evidence.here.program
    if program is None:
        return
    for places in list(_constants(program).values())[:_MOST]:
        value, position = places[0]
        step = program.step(value)
        assert step is not None
        line = place(program, (value,))
        for number, kind, told in (
            (1.0, Mistake.OPERAND_FORGOTTEN, "left out, as if all its numbers were 1"),
            (0.0, Mistake.PATH_DROPPED, "left out, as if all its numbers were 0"),
        ):
            array = step.constants[position]
            assert array is not None
            sentence = f"{{where}}: the data in {step.operation}, of shape {array.shape}, are {told}."
            yield Hypothesis(kind, _without(tuple(places), number), sentence, line, 4)


def _without(places: tuple[tuple[int, int], ...], number: float) -> Callable[[View], np.ndarray | None]:
    def predict(view: View) -> np.ndarray | None:
        if view.program is None:
            return None
        try:
            changed = view.program.with_constants(places, number)
            changed.ignore(view.program.ignored)
            return changed.gradient()
        except UntraceableError:
            return None

    return predict


def _constants(program: Program) -> dict[bytes, list[tuple[int, int]]]:
    """The places of each array that is not made from the point; the same numbers are the same array."""
    found: dict[bytes, list[tuple[int, int]]] = {}
    for value in program.used:
        step = program.step(value)
        assert step is not None
        for position, constant in enumerate(step.constants):
            if constant is not None and constant.dtype.kind == "f" and np.ptp(constant) > 0:
                found.setdefault(constant.tobytes(), []).append((value, position))
    return found
