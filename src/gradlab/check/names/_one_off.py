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
    factor = claimed / right if right != 0 else 0.0
    spelled = spell(factor, sizes(evidence)) if factor else None
    if spelled is not None:
        told = f"Only {{where}} is wrong: {spelled} times the right value."
        predict = lambda view: np.where(mask, factor * view.right, view.right)  # noqa: E731
        yield Hypothesis(Mistake.ONE_OFF, predict, told, rank=2)
    # Less is said by the numbers at the point alone, and nothing is confirmed by another one.
    told = f"Only {{where}} is wrong: {claimed:.6g} where {right:.6g} is right."
    yield Hypothesis(Mistake.ONE_OFF, lambda view: np.where(mask, view.claimed, view.right), told, rank=4)
