"""A part of the computation left out on the way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from gradlab.check.names._evidence import Evidence, Hypothesis, View
from gradlab.check.names._mistakes import Mistake
from gradlab.check.names._traced import place

_MOST = 200
_REMEDY = "Multiply by the derivative of what the forward pass computes."


def passed_on(evidence: Evidence) -> Iterator[Hypothesis]:
    """What comes back to a value is returned as the gradient: what lies before it, such as softmax, is left out."""
    program = evidence.here.program
    if evidence.context.output_shape not in {(), (1,)}:
        yield from _handed_back(evidence)
        return
    if program is None:
        return
    start = 0
    for array in program.inputs:
        for value in program.used[:_MOST]:
            if value != program.output and program.values[value].shape == array.shape:
                step = program.step(value)
                sentence = f"{{where}}: what comes back to the result of {step.operation} is passed on as it is."
                spot = slice(start, start + array.size)
                line = place(program, (value,))
                yield Hypothesis(Mistake.DERIVATIVE_LEFT_OUT, _cotangent(value, spot), sentence, line, 3)
        start += array.size


def _handed_back(evidence: Evidence) -> Iterator[Hypothesis]:
    """The same of the output itself: grad_output is returned."""
    outputs, start = int(np.prod(evidence.context.output_shape)), 0
    for shape in evidence.context.shapes:
        spot = slice(start, start := start + int(np.prod(shape)))
        if spot.stop - spot.start == outputs:

            def predict(view: View, spot: slice = spot) -> np.ndarray:
                found = view.right.reshape(outputs, -1).copy()
                found[:, spot] = np.eye(outputs)
                return found.reshape(-1)

            sentence = "{where}: grad_output is handed back as it is, as if nothing were computed."
            yield Hypothesis(Mistake.DERIVATIVE_LEFT_OUT, predict, sentence, rank=3, remedy=_REMEDY, partly=False)


def _cotangent(value: int, spot: slice) -> Callable[[View], np.ndarray | None]:
    def predict(view: View) -> np.ndarray | None:
        if view.program is None:
            return None
        found = view.program.cotangent_of(value)
        if found is None or found.size != spot.stop - spot.start:
            return None
        return np.concatenate([view.right[: spot.start], found.reshape(-1), view.right[spot.stop :]])

    return predict
