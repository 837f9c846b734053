"""A rate that falls along half a wave of the cosine."""

from __future__ import annotations

from dataclasses import dataclass

from gradlab.rules._numbers import Kind, number
from gradlab.rules.schedules._schedule import Schedule


@dataclass(frozen=True)
class Cosine(Schedule):
    """A learning rate that falls along half a wave of the cosine, and stays where it has come to.

    Args:
        steps: after how many steps it is at its lowest.
        floor: its lowest value, as a part of the learning rate.

    Raises:
        RuleError: if a number is out of its range.

    Source: I. Loshchilov and F. Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, ICLR 2017, equation 5,
    without the restarts.

    >>> [round(factor, 3) for factor in Cosine(steps=4).factors(0, 6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """

    title = "cosine"
    elsewhere = ("CosineAnnealingLR", "cosine_decay")
    formula = "floor + (1 - floor)*(1 + cos(pi*min(k, steps)/steps))/2"
    source = "Loshchilov and Hutter 2017, SGDR: Stochastic Gradient Descent with Warm Restarts, equation 5"

    steps: int = number(100, Kind.COUNT, "steps until the lowest rate", latex="T")
    floor: float = number(0.0, Kind.SHARE, "lowest rate as a part of the first", latex=r"\phi")
