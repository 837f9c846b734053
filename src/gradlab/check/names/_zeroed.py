"""Entries that stay zero."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradlab.check.names._evidence import Evidence, Hypothesis
from gradlab.check.names._mistakes import Mistake


def zeroed(evidence: Evidence) -> Iterator[Hypothesis]:
    """The right gradient with 0 in the wrong entries."""
    mask = evidence.wrong
    if np.all(evidence.here.claimed[mask] == 0):
        yield Hypothesis(
            Mistake.ZEROED,
            lambda view: np.where(mask, 0.0, view.right),
            "{where}: 0 instead of the derivative.",
            rank=0,
        )
