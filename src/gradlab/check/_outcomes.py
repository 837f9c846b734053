"""What a check can find, as data: verdicts, causes of doubt, entries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

SINGLE_TOLERANCE, SINGLE_RELEVANCE, SINGLE_COARSEST, SINGLE_ZERO = 1e-3, 1e-4, 0.008, 1e-6
"""What differences float32 shows: of an entry itself, or of the largest of its array and then of an entry at least.

What is below the last part of the largest of all is as good as zero.
"""
ZERO, NEAR = "zero beside the other entries", "as near as float32 shows beside the largest entry"
"""How entries are accepted that are not resolved by themselves."""


class Verdict(Enum):
    """What a check found; `remedy` says what to do about it.

    Example:
        >>> Verdict.WRONG.remedy
        'Correct the gradient, beginning with the worst entry.'
    """

    CORRECT = "correct"
    WRONG = "wrong"
    UNDECIDED = "undecided"

    @property
    def remedy(self) -> str:
        """What to do, as one sentence."""
        return _REMEDIES[self]


_REMEDIES = {
    Verdict.CORRECT: "Nothing is left to do at this point; a check at another one may still show more.",
    Verdict.WRONG: "Correct the gradient, beginning with the worst entry.",
    Verdict.UNDECIDED: (
        "Compute the loss in float64, without randomness, or check at a point where it changes more clearly."
    ),
}


class Cause(Enum):
    """Why nothing could be decided; `remedy` says what would decide it.

    Example:
        >>> Cause.KINK.remedy
        'Check at a point farther from the kink.'
    """

    NOT_DETERMINISTIC = "not deterministic"
    NOISE = "noise"
    KINK = "kink"
    SATURATION = "saturation"
    STEP_FUNCTION = "step function"
    LABEL = "label"
    FINE_STRUCTURE = "fine structure"
    OUT_OF_PRECISION = "out of precision"
    NOT_FINITE = "not finite"
    NOT_MEASURED = "not measured"

    @property
    def remedy(self) -> str:
        """What would decide it, as one sentence."""
        return _DECIDERS[self]


_DECIDERS = {
    Cause.NOT_DETERMINISTIC: (
        "Fix the seed inside the function, or switch dropout off (module.eval()); what is kept from call to call, such "
        "as a sum of gradients, has to begin anew in each."
    ),
    Cause.NOISE: (
        "Compute the function more exactly: with a smaller tolerance of a solver in it (solve_ivp: rtol=1e-10, "
        "atol=1e-12), or averaged over more samples with a fixed seed."
    ),
    Cause.KINK: "Check at a point farther from the kink.",
    Cause.SATURATION: "Check at a point where the function still changes, with inputs of a smaller size.",
    Cause.STEP_FUNCTION: "A step function has the derivative 0 or none; check the function before it is rounded.",
    Cause.LABEL: "Hand a label on as one: as an array of integers, or in torch with requires_grad=False.",
    Cause.FINE_STRUCTURE: (
        "Compute the function in float64 throughout, without rounding inside, and with a smaller tolerance of a solver "
        "or an iteration in it (solve_ivp: rtol=1e-10, atol=1e-12)."
    ),
    Cause.OUT_OF_PRECISION: (
        "Compute the function and the gradient in float64 throughout, without casts inside; where they are, check at a "
        "point beside this one."
    ),
    Cause.NOT_FINITE: "Check at a point inside the function's domain.",
    Cause.NOT_MEASURED: "Name it in entries= to have it measured.",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a checked gradient.

    Attributes:
        name: Which entry, such as "w[0, 1]".
        claimed: The derivative that is judged.
        numeric: The derivative by differences; NaN if there is none. Where the entry was borne out together with
            others by random directions, the claimed value.
        error_bar: How far `numeric` may be off.
        relative_difference: |claimed - numeric| over the larger of both.
        verdict: What follows.
        reason: Why, as a phrase.
        step: The step size that `numeric` comes from.
        cause: What kept it from being decided, or made it hard; None otherwise.
        scales: What each scale said: (step, estimate, error bar), the smallest step first. Empty where the first
            pass settled it.
        index: Its position in the gradient, or in the Jacobian read row by row.
    """

    name: str
    claimed: float
    numeric: float
    error_bar: float
    relative_difference: float
    verdict: Verdict
    reason: str
    step: float
    cause: Cause | None = None
    scales: tuple[tuple[float, float, float], ...] = ()
    index: int = 0

    @property
    def remedy(self) -> str:
        """What would decide this entry, or what to do about it, as one sentence."""
        if self.verdict is Verdict.UNDECIDED and self.cause is not None:
            return self.cause.remedy
        return self.verdict.remedy


class PrecisionVerdict(Enum):
    """Whether the gradient's formula keeps, in the precision of the point, what its inputs allow."""

    KEPT = "kept"
    LOST = "lost"
    UNTESTED = "untested"


class PrecisionLoss(Enum):
    """How precision gets lost."""

    CANCELLATION = "catastrophic cancellation"
    OVERFLOW = "overflow"
    UNDERFLOW = "underflow to zero"
    LOG_OF_ZERO = "log of zero"
    NOT_A_NUMBER = "not a number"
    ROUNDING = "rounding"


@dataclass(frozen=True, slots=True)
class PrecisionFinding:
    """An entry whose formula loses precision that its inputs do not force.

    Attributes:
        name: The entry.
        low: Its value in the lower precision.
        high: Its value in float64 at the same point.
        forced: The relative error that rounding the inputs alone may cause.
        error: The relative error of `low`.
        kind: How it got lost.
        place: Where: the operation and, where the source is known, its line; "" if unknown.
        stable: What to write instead; "" if unknown.
    """

    name: str
    low: float
    high: float
    forced: float
    error: float
    kind: PrecisionLoss
    place: str = ""
    stable: str = ""


@dataclass(frozen=True, slots=True)
class Precision:
    """The separate verdict on the formula in lower precision.

    Attributes:
        verdict: KEPT, LOST or UNTESTED.
        dtype: The precision that was tested, such as "float32".
        findings: The entries that lose, the worst first; empty unless LOST.
        reason: Why nothing was tested; "" otherwise.
    """

    verdict: PrecisionVerdict
    dtype: str = "float32"
    findings: tuple[PrecisionFinding, ...] = ()
    reason: str = ""
