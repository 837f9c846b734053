"""Entries that stay zero."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradlab.check.names._evidence import Evidence, Hypothesis, View
from gradlab.check.names._mistakes import Mistake

# Claims that are so much smaller than the derivative are a sum of zero and its rounding.
_ROUNDING = 1e-10


def zeroed(evidence: Evidence) -> Iterator[Hypothesis]:
    """0 in the place of the derivative."""
    mask = evidence.wrong
    claimed, right = evidence.here.claimed[mask], evidence.here.right[mask]
    exact = bool(np.all(claimed == 0))
    if exact or np.all(np.abs(claimed) <= _ROUNDING * np.abs(right)):
        yield Hypothesis(
            Mistake.ZEROED,
            _tiny,
            f"{{where}}: 0{'' if exact else ', but for rounding,'} instead of the derivative.",
            rank=0,
        )


def _tiny(view: View) -> np.ndarray:
    """The claims that are a rounding of zero, and zeros elsewhere."""
    return np.where(np.abs(view.claimed) <= _ROUNDING * np.abs(view.right), view.claimed, 0.0)
