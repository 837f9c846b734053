"""The mistakes that can be named, and how a found one is told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Mistake(Enum):
    """What turns the right gradient into the claimed one; `remedy` says what to do about it.

    Example:
        >>> Mistake.NEGATED.remedy
        'Turn the sign around.'
    """

    NEGATED = "negated"
    FACTOR = "constant factor"
    SUM_FOR_MEAN = "sum for mean"
    ZEROED = "zeroed entries"
    SWAPPED = "swapped parameters"
    TRANSPOSED = "transposed"
    STALE = "stale value"
    STRAIGHT_THROUGH = "straight-through"
    PATH_DROPPED = "a path dropped"
    SIGN = "a sign within"
    DERIVATIVE_LEFT_OUT = "activation derivative left out"
    WRONG_DERIVATIVE = "another function's derivative"
    OPERAND_FORGOTTEN = "an operand forgotten"
    LAST_SAMPLE = "one sample for all"
    ONE_OFF = "one entry off"
    TRUNCATED = "cut to whole numbers"
    LOGARITHM = "by the logarithm"
    SYMMETRIC = "a symmetric convention"
    GRAD_OUTPUT = "grad_output"
    REPEATED = "not the same when asked again"
    LAYOUT = "layout in memory"

    @property
    def remedy(self) -> str:
        """What to do, as one sentence."""
        return _REMEDIES[self]


_REMEDIES = {
    Mistake.NEGATED: "Turn the sign around.",
    Mistake.FACTOR: "Divide the factor out, or put in the one that is missing.",
    Mistake.SUM_FOR_MEAN: "Divide the gradient by the same number as the loss.",
    Mistake.ZEROED: "Compute these entries as well; something leaves them as they were initialised.",
    Mistake.SWAPPED: "Return the parts in the order of the parameters.",
    Mistake.TRANSPOSED: "Transpose the result, or exchange the factors of the product that makes it.",
    Mistake.STALE: "Compute the gradient anew, from the point it is asked for.",
    Mistake.STRAIGHT_THROUGH: (
        "A rounded function has the derivative 0. If the rounding is to be ignored on purpose, check the function "
        "without it."
    ),
    Mistake.PATH_DROPPED: "Add the product along this path to the sum over all paths.",
    Mistake.SIGN: "Turn the sign of this term around.",
    Mistake.DERIVATIVE_LEFT_OUT: "Multiply by the function's derivative on the way back.",
    Mistake.WRONG_DERIVATIVE: "Use the derivative of the function that the forward pass computes.",
    Mistake.OPERAND_FORGOTTEN: "Multiply by the other operand on the way back.",
    Mistake.LAST_SAMPLE: "Add the contributions of all samples up.",
    Mistake.TRUNCATED: "Write the gradient into an array of floats: zeros_like and astype keep or make integers.",
    Mistake.LOGARITHM: "Derive by the parameter that the function is given, or check the function of its logarithm.",
    Mistake.SYMMETRIC: (
        "Nothing, if the matrix is always symmetric: check it as a function of (A + A^T) / 2, or of one triangle."
    ),
    Mistake.GRAD_OUTPUT: "Multiply by grad_output, every entry by its own, and by no other function of it.",
    Mistake.REPEATED: "Compute it anew each time: begin with zeros, and keep what is needed in ctx.",
    Mistake.LAYOUT: "Call .contiguous() before reading memory, or index by strides.",
    Mistake.ONE_OFF: "Correct the formula of this entry; the others are right.",
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A mistake that was rebuilt and gives the claimed gradient.

    Attributes:
        kind: Which mistake.
        sentence: What is wrong, where and with which value, for a person.
        remedy: What to do.
        entries: The names of the entries concerned; empty for all.
        place: The line of the loss that it is about, "model.py:12: h = tanh(z)"; "" if it is about none.
        rank: How simple an explanation it is; 0 is the simplest.
        confirmed: At how many points it gives the claimed gradient: 2 where the gradient can be evaluated anew.
    """

    kind: Mistake
    sentence: str
    remedy: str
    entries: tuple[str, ...] = ()
    place: str = ""
    rank: int = 0
    confirmed: int = 1

    @property
    def verified(self) -> bool:
        """Whether it gives the claimed gradient: always, since others are not reported."""
        return self.confirmed > 0
