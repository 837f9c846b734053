"""The gradient times a constant."""

from __future__ import annotations

from collections.abc import Iterator

from gradlab.check.names._evidence import Evidence, Hypothesis
from gradlab.check.names._fit import solve
from gradlab.check.names._mistakes import Mistake
from gradlab.check.names._numbers import sizes, spell

# What is so near to 1 may be rounding.
_NEAR = 3e-3


def factor(evidence: Evidence) -> Iterator[Hypothesis]:
    """The right gradient times c, in all entries or in the wrong ones."""
    here = evidence.here
    found = solve(here, 0 * here.right, here.right, evidence.wrong)
    if found is None or not 1e-9 < abs(found) < 1e9 or abs(found + 1) < 1e-3 or abs(found - 1) < _NEAR:
        return
    spelled = spell(found, sizes(evidence))
    count = int((evidence.wrong & here.known).sum())
    if spelled is None and count < 2 and evidence.there is None:
        return
    yield Hypothesis(
        Mistake.FACTOR,
        lambda view: found * view.right,
        f"{{where}}: {spelled or f'{found:.6g}'} times the right value.",
        rank=2 if spelled is not None else 6,
    )
