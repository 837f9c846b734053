"""Nothing comes back past a detach(), or past some turn of a loop, as in backpropagation through a part of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradlab.check.names._evidence import Evidence, Hypothesis
from gradlab.check.names._mistakes import Mistake
from gradlab.check.names._traced import Change, describe, hypothesis, of_program, place, through, through_none
from gradlab.check.tracing import Program
from gradlab.check.tracing._program import CUTS, Backward

_MOST = 100


@of_program
def cut_off(evidence: Evidence, program: Program) -> Iterator[Hypothesis]:
    """What is computed before a place is taken as a constant after it."""
    detached = tuple(value for value in program.used if program.step(value).operation in CUTS)
    if detached:
        sentence = f"{{where}}: nothing comes back through {describe(program, detached)}."
        change = through_none(detached)
        yield hypothesis(Mistake.CUT_OFF, change, sentence, place(program, detached), 1, speaks=True)
    turns = sorted({value for values in program.places.values() if _is_loop(program, values) for value in values})
    for first in turns[-_MOST:]:
        sentence = (
            f"{{where}}: nothing comes back from {describe(program, (first,))} on to the turns of the loop before."
        )
        yield hypothesis(Mistake.CUT_OFF, _before(turns, [first]), sentence, place(program, (first,)), 4)


def _is_loop(program: Program, values: tuple[int, ...]) -> bool:
    """Whether a spot's last value is made of its first: what is merely called again is no loop."""
    first, last = values[0], values[-1]
    reached = {last}
    for value in range(last, first, -1):
        if value in reached and not program.is_given(value):
            reached.update(operand for operand in program.step(value).operands if operand is not None)
    return first < last and first in reached


def _before(turns: Sequence[int], cuts: Sequence[int]) -> Change:
    """What a loop computed before one of the cuts is a constant for what comes after it."""
    inside = set(turns)

    def change(program: Program) -> dict[int, Backward]:
        found: dict[int, Backward] = {}
        for value in program.used:
            step = program.step(value)
            crossing = {
                spot: None
                for spot, operand in enumerate(step.operands)
                if operand in inside and any(operand < cut <= value for cut in cuts)
            }
            if crossing:
                found[value] = through(program, value, crossing)
        return found

    return change
