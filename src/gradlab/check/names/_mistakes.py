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

    remedy: str

    def __new__(cls, words: str, remedy: str) -> Mistake:
        """A mistake is a row: what it is called, and what to do about it in one sentence."""
        made = object.__new__(cls)
        made._value_ = words
        made.remedy = remedy
        return made

    NEGATED = "negated", "Turn the sign around."
    FACTOR = "constant factor", "Divide the factor out, or put in the one that is missing."
    SUM_FOR_MEAN = "sum for mean", "Divide the gradient by the same number as the loss."
    ZEROED = (
        "zeroed entries",
        "Compute these entries as well: they stay as they were initialised, or are cut off on the way, as by no_grad() "
        "or by numbers that are kept in ctx.",
    )
    SWAPPED = "swapped parameters", "Return the parts in the order of the parameters."
    TRANSPOSED = "transposed", "Transpose the result, or exchange the factors of the product that makes it."
    AXIS = (
        "another axis",
        "Sum over the axis along which it was broadcast (axis 0 for a bias that is added to each row), or along which "
        "softmax adds up to 1.",
    )
    STALE = "stale value", "Compute the gradient anew, from the point it is asked for."
    STRAIGHT_THROUGH = (
        "straight-through",
        "A rounded function has the derivative 0. If the rounding is to be ignored on purpose, check the function "
        "without it.",
    )
    PATH_DROPPED = "a path dropped", "Add the product along this path to the sum over all paths."
    CUT_OFF = (
        "cut off",
        "Let the gradient go on there: without detach() or stop_gradient, back to the first turn of a loop. What is "
        "cut on purpose is a constant: hand it on as one, and check the function of the rest.",
    )
    SIGN = "a sign within", "Turn the sign of this term around."
    DERIVATIVE_LEFT_OUT = "activation derivative left out", "Multiply by the function's derivative on the way back."
    WRONG_DERIVATIVE = (
        "another function's derivative",
        "Use the derivative of the function that the forward pass computes.",
    )
    OPERAND_FORGOTTEN = "an operand forgotten", "Multiply by the other operand on the way back."
    CONVOLUTION = (
        "a convolution's way back",
        "Hand back by the same stride, padding and dilation, and by the kernel as it is, as torch.nn.grad.conv2d_input "
        "and conv2d_weight do.",
    )
    LAST_SAMPLE = "one sample for all", "Add the contributions of all samples up."
    THIS_POINT = (
        "at this point alone",
        "Write the case of exactly this value as the limit from beside it; it is often a test for zero, or 0 / 0.",
    )
    NOT_FINITE = (
        "not finite",
        "Find the step of the way back that gives inf or 0 * inf, such as a branch that where() does not take: give it "
        "an argument in its domain.",
    )
    ONE_OFF = "one entry off", "Correct the formula of this entry; the others are right."
    TRUNCATED = (
        "cut to whole numbers",
        "Write the gradient into an array of floats: zeros_like and astype keep or make integers.",
    )
    LOGARITHM = (
        "by the logarithm",
        "Derive by the parameter that the function is given, or check the function of its logarithm.",
    )
    SYMMETRIC = (
        "a symmetric convention",
        "Nothing, if the matrix is always symmetric: check it as a function of (A + A^T) / 2, or of one triangle.",
    )
    GRAD_OUTPUT = "grad_output", "Multiply by grad_output, every entry by its own, and by no other function of it."
    REPEATED = (
        "not the same when asked again",
        "Compute it anew each time: begin with zeros, and keep what is needed in ctx.",
    )
    CHANGES_ARGUMENT = (
        "changes its argument",
        "Work on a copy, x.copy() in NumPy and x.clone() in torch, and write x = x + d in the place of x += d.",
    )
    CHANGES_GRAD_OUTPUT = (
        "changes grad_output",
        "Write g * 3 in the place of g.mul_(3) and of g *= 3, or work on g.clone().",
    )
    LAYOUT = "layout in memory", "Call .contiguous() before reading memory, or index by strides."


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
