"""How a descent ended, as data."""

from __future__ import annotations

from enum import Enum


class Outcome(Enum):
    """How a descent ended; `remedy` says in general what to try, `Trace.advice` says it with numbers.

    Example:
        >>> Outcome.DIVERGED.remedy
        'Use a smaller learning rate, and make sure that a gradient of your own belongs to the function.'
    """

    CONVERGED = "converged"
    DIVERGED = "diverged"
    NOT_FINITE = "not finite"
    MAX_STEPS = "max steps"

    @property
    def remedy(self) -> str:
        """What to try after this outcome, as one sentence."""
        return _REMEDIES[self]


_REMEDIES = {
    Outcome.CONVERGED: "Nothing is left to do; a smaller tolerance would go on from here.",
    Outcome.DIVERGED: "Use a smaller learning rate, and make sure that a gradient of your own belongs to the function.",
    Outcome.NOT_FINITE: (
        "Use a smaller learning rate, start where the function is defined, or write it so that it cannot overflow."
    ),
    Outcome.MAX_STEPS: (
        "Allow more steps, use a larger learning rate as long as the value falls, or accept a larger tolerance."
    ),
}
