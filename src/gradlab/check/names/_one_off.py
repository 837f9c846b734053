"""One entry wrong among right ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradlab.check.names._evidence import Evidence, Hypothesis
from gradlab.check.names._mistakes import Mistake
from gradlab.check.names._numbers import sizes, spell


def one_off(evidence: Evidence) -> Iterator[Hypothesis]:
    """A single wrong entry, with the factor or the difference if they can be told."""
    here, mask = evidence.here, evidence.wrong
    positions = np.flatnonzero(mask)
    if len(positions) != 1 or here.known.sum() < 2:
        return
    index = int(positions[0])
    claimed, right = float(here.claimed[index]), float(here.right[index])
    spelled = spell(claimed / right, sizes(evidence)) if right != 0 else None
    told = f"{spelled} times the right value" if spelled else f"{claimed:.6g} where {right:.6g} is right"
    yield Hypothesis(
        Mistake.ONE_OFF,
        lambda view: np.where(mask, view.claimed, view.right),
        f"Only {{where}} is wrong: {told}.",
        rank=2,
    )
