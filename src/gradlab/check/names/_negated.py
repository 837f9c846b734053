"""The gradient with the wrong sign."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradlab.check.names._evidence import Evidence, Hypothesis
from gradlab.check.names._mistakes import Mistake


def negated(evidence: Evidence) -> Iterator[Hypothesis]:
    """The right gradient times -1."""
    if np.any(evidence.here.claimed != 0):
        yield Hypothesis(Mistake.NEGATED, lambda view: -view.right, "The sign is wrong in {where}.", rank=0)
