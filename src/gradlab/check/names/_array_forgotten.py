"""An array that the gradient leaves out, one of the point or of the loss's data: as if it were all 1, or all 0."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from gradlab.check.names._evidence import Evidence, Hypothesis, View
from gradlab.check.names._mistakes import Mistake
from gradlab.check.names._traced import of_program, place
from gradlab.check.tracing import Program, UntraceableError

_MOST = 12
_KINDS = {1.0: Mistake.OPERAND_FORGOTTEN, 0.0: Mistake.PATH_DROPPED}
_Places = Sequence[tuple[int, int | None]]


@of_program
def array_forgotten(evidence: Evidence, program: Program) -> Iterator[Hypothesis]:
    """The right gradient of the loss without one of its arrays: a weight taken as 1, a label as 0."""
    leaves = evidence.leaves()
    ways: list[tuple[str, str, _Places, np.ndarray | None]] = []
    for number, (name, positions, _) in enumerate(leaves if 1 < len(leaves) <= _MOST else ()):
        # In the gradients of the others alone, or in its own as well.
        ways += [(f"{name} is", "", [(number, None)], own) for own in (positions, None)]
    for places in list(_constants(program).values())[:_MOST]:
        value, position = places[0]
        assert position is not None
        step = program.step(value)
        constant = step.constants[position]
        assert constant is not None
        told = f"the data in {step.operation}, of shape {constant.shape}, are"
        ways.append((told, place(program, (value,)), places, None))
    for told, line, places, own in ways:
        for number, kind in _KINDS.items():
            sentence = f"{{where}}: {told} left out, as if all its numbers were {number:.0f}."
            yield Hypothesis(kind, _without(places, number, own), sentence, line, 4)


def _without(places: _Places, number: float, own: np.ndarray | None) -> Callable[[View], np.ndarray | None]:
    def predict(view: View) -> np.ndarray | None:
        if view.program is None:
            return None
        try:
            changed = view.program.without(places, number)
            changed.ignore(view.program.ignored)
            found = changed.gradient()
        except UntraceableError:
            return None
        if own is not None:
            found[own] = view.right[own]
        return found

    return predict


def _constants(program: Program) -> dict[bytes, list[tuple[int, int | None]]]:
    """The places of each array that is not made from the point; the same numbers are the same array."""
    found: dict[bytes, list[tuple[int, int | None]]] = {}
    for value in program.used:
        for position, constant in enumerate(program.step(value).constants):
            if constant is not None and constant.dtype.kind == "f" and np.ptp(constant) > 0:
                found.setdefault(constant.tobytes(), []).append((value, position))
    return found
