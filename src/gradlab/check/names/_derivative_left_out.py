"""The derivative of an activation left out of the product."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gradlab.check._outcomes import Cause, Entry, Verdict
from gradlab.check.names._evidence import Evidence, Hypothesis
from gradlab.check.names._functions_within import described, groups, replace
from gradlab.check.names._mistakes import Diagnosis, Mistake
from gradlab.check.names._traced import hypothesis, of_program
from gradlab.check.tracing import Program
from gradlab.check.verdict._steps import are_few

if TYPE_CHECKING:
    from gradlab.check.verdict._engine import Engine

# Of so many entries it is asked whether the function is a step function.
_LOOKED_AT = 4
_STEPS = {"round", "rint", "floor", "ceil", "sign", "trunc", "fix", "heaviside"}


@of_program
def derivative_left_out(evidence: Evidence, program: Program) -> Iterator[Hypothesis]:
    """1 in the place of a function's derivative."""
    for found in groups(program):
        if found[0].name not in _STEPS:
            told = f"{{where}}: the derivative of {described(found)} is left out."
            change = replace(found, lambda x, y, d: np.ones_like(d))
            yield hypothesis(Mistake.DERIVATIVE_LEFT_OUT, change, told, str(found[0].place), 3)


@of_program
def straight_through(evidence: Evidence, program: Program) -> Iterator[Hypothesis]:
    """1 in the place of the derivative of rounding, which is 0."""
    for found in groups(program):
        if found[0].name in _STEPS:
            told = f"{{where}}: {described(found)} is passed over as if its derivative were 1, not 0."
            change = replace(found, lambda x, y, d: np.ones_like(d))
            # Whatever factor comes of it.
            yield hypothesis(Mistake.STRAIGHT_THROUGH, change, told, str(found[0].place), 1, speaks=True)


def stand_in(engine: Engine, entries: Sequence[Entry]) -> tuple[Diagnosis, ...]:
    """What is said of a step function's gradient where it is no other function's with a name."""
    wrong = [entry for entry in entries if entry.verdict is Verdict.WRONG]
    if any(entry.numeric != 0 for entry in wrong) or not any(_jumps(engine, entry) for entry in wrong[:_LOOKED_AT]):
        return ()
    told = (
        "The function is flat at this point and jumps elsewhere: its derivative is 0 where it has one. What is claimed "
        "is a stand-in for it, such as a surrogate's slope, which no differences bear out."
    )
    kind = Mistake.STRAIGHT_THROUGH
    return (Diagnosis(kind, told, kind.remedy, tuple(entry.name for entry in wrong)),)


def _jumps(engine: Engine, entry: Entry) -> bool:
    """Tell whether a function steps along an entry, or takes few values, near and far."""
    if entry.cause is Cause.STEP_FUNCTION:
        return True
    output, index = divmod(entry.index, len(engine.flat))
    return are_few(engine.levels(output, index))
