"""RMSProp."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradlab.rules._numbers import Kind, number
from gradlab.rules._rule import Rule


@dataclass(frozen=True)
class RMSProp(Rule):
    """A step against the gradient, divided by the root of the mean of its recent squares.

    Args:
        learning_rate: what the step is multiplied with.
        alpha: the part of the mean that each step keeps, from 0 to below 1.
        epsilon: what is added to the root, so that nothing is divided by 0.
        schedule: how the learning rate changes from step to step.

    Raises:
        RuleError: if a number is out of its range.

    Source: T. Tieleman and G. Hinton, Lecture 6.5, Neural Networks for Machine Learning, Coursera 2012; with the
    default numbers of PyTorch.

    >>> RMSProp().learning_rate
    0.01
    """

    title = "RMSProp"
    source = "Tieleman and Hinton 2012, Neural Networks for Machine Learning, lecture 6.5"
    state = ("s",)
    statements = ("s = alpha*s + (1 - alpha)*g**2", "w = w - eta*g/(sqrt(s) + epsilon)")

    learning_rate: Any = number(0.01, Kind.RATE, "learning rate", latex=r"\eta")
    alpha: Any = number(0.99, Kind.SHARE, "decay of the mean square of the gradient")
    epsilon: Any = number(1e-8, Kind.RATE, "number added to the root")
