"""How sure a counted share is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from gradlab.train._errors import TrainError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


def wilson_interval(
    successes: ArrayLike, runs: ArrayLike, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the interval in which the true share lies with the given confidence.

    Args:
        successes: how many succeeded, any shape.
        runs: of how many, the same shape; of none, nothing is known, and the interval is from 0 to 1.
        confidence: between 0 and 1.

    Returns:
        The lower and the upper ends, each of that shape.

    Raises:
        TrainError: if the confidence is not between 0 and 1.

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference". Unlike the interval of
    the normal approximation it stays within 0 and 1, and keeps its confidence near them (Brown, Cai and DasGupta 2001).

    >>> low, high = wilson_interval(8, 10)
    >>> print(f"{low:.3f} {high:.3f}")
    0.490 0.943
    """
    import numpy as np

    k, n = np.asarray(successes, dtype=np.float64), np.asarray(runs, dtype=np.float64)
    low, high = _ends(k, np.maximum(n, 1), confidence, np.sqrt)
    # Rounding aside they are 0 and 1 already.
    return np.where((k == 0) | (n == 0), 0.0, low), np.where((k == n) | (n == 0), 1.0, high)


def _ends(successes: Any, runs: Any, confidence: float, root: Callable[[Any], Any]) -> tuple[Any, Any]:
    """The ends of the interval, of numbers or arrays."""
    if not 0 < confidence < 1:
        raise TrainError(f"confidence must be between 0 and 1, but it is {confidence}; write for example 0.95.")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = successes / runs
    centre = (share + z**2 / (2 * runs)) / (1 + z**2 / runs)
    half = z / (1 + z**2 / runs) * root(share * (1 - share) / runs + z**2 / (4 * runs**2))
    return centre - half, centre + half


@dataclass(frozen=True, slots=True)
class Share:
    """A counted share with its interval.

    Args:
        successes: how many succeeded.
        runs: of how many.
        low: the lower end of the Wilson interval.
        high: the upper end.

    >>> print(Share.of(783, 1000))
    78.3 % [75.6, 80.7]
    """

    successes: int
    runs: int
    low: float
    high: float

    @staticmethod
    def of(successes: Any, runs: Any, confidence: float = 0.95) -> Share:
        """Returns the share with the interval of that confidence."""
        k, n = int(successes), int(runs)
        low, high = _ends(k, max(n, 1), confidence, math.sqrt)
        return Share(k, n, 0.0 if k == 0 or n == 0 else low, 1.0 if n in (k, 0) else high)

    @property
    def rate(self) -> float:
        """The share itself; 0 of no runs."""
        return self.successes / max(1, self.runs)

    def __str__(self) -> str:
        return f"{100 * self.rate:.1f} % [{100 * self.low:.1f}, {100 * self.high:.1f}]"
