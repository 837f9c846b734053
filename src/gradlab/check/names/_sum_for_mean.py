"""A sum where the loss has a mean, or a mean where it has a sum."""

from __future__ import annotations

from collections.abc import Iterator

from gradlab.check.names._evidence import Evidence, Hypothesis
from gradlab.check.names._fit import solve
from gradlab.check.names._mistakes import Mistake
from gradlab.check.names._numbers import sizes

_SMALL = 4
_WAYS = (
    (1, "adds up {n} terms where the loss takes their mean", "is not divided by {n}", {"mean", "mse_loss"}),
    (-1, "takes the mean of {n} terms where the loss adds them up", "is divided by {n} once too often", {"sum"}),
)


def sum_for_mean(evidence: Evidence) -> Iterator[Hypothesis]:
    """The right gradient times or over a number of terms that occurs in the loss."""
    here = evidence.here
    found = solve(here, 0 * here.right, here.right, evidence.wrong)
    if found is None or found <= 0:
        return
    for number, name in sizes(evidence).items():
        for power, told, else_told, operations in _WAYS:
            # Small numbers are lengths of something by chance, and 2 is more often a factor than a length.
            if number <= _SMALL and (number == 2 or name not in operations):
                continue
            if abs(found / float(number) ** power - 1) < 5e-4:
                said = (told if name in operations else else_told).format(n=number)
                yield Hypothesis(
                    Mistake.SUM_FOR_MEAN,
                    lambda view: found * view.right,
                    f"{{where}}: the gradient {said} ({number} is a length in {name}).",
                    rank=1,
                )
                return
