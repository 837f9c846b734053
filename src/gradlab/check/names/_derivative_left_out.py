"""The derivative of an activation left out of the product."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradlab.check.names._evidence import Evidence, Hypothesis
from gradlab.check.names._functions_within import described, groups, replace
from gradlab.check.names._mistakes import Mistake
from gradlab.check.names._traced import hypothesis, of_program
from gradlab.check.tracing import Program

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
