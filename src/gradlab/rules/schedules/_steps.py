"""A rate that falls in steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from gradlab.rules._numbers import Kind, number
from gradlab.rules.schedules._schedule import Schedule


@dataclass(frozen=True)
class Steps(Schedule):
    r"""A learning rate that is multiplied with a factor every so many steps.

    Args:
        every: after how many steps.
        gamma: the factor.

    Raises:
        RuleError: if a number is out of its range.

    Source: I. Goodfellow, Y. Bengio and A. Courville, Deep Learning, MIT Press 2016, section 8.3.1, on rates that
    decrease over time.

    >>> Steps(every=2, gamma=0.5).factors(0, 5)
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    title = "steps"
    elsewhere = ("StepLR", "step_decay")
    formula = "gamma**n"
    symbols: ClassVar[Mapping[str, str]] = {"n": r"\lfloor k / s \rfloor"}
    source = "Goodfellow, Bengio and Courville 2016, Deep Learning, section 8.3.1"

    every: int = number(30, Kind.COUNT, "steps between two reductions", latex="s")
    gamma: float = number(0.1, Kind.RATE, "factor of each reduction")

    def counts(self, step: int) -> dict[str, float]:
        """How often the rate has been reduced."""
        return {"n": float(step // self.every)}
