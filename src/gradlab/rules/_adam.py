"""Adam."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from gradlab.rules._numbers import Kind, number
from gradlab.rules._rule import Rule


@dataclass(frozen=True)
class Adam(Rule):
    """A step against the mean of recent gradients, divided by the root of the mean of their squares.

    Args:
        learning_rate: what the step is multiplied with; about how far each parameter goes in a step.
        beta1: the part of the mean that each step keeps, from 0 to below 1.
        beta2: the same for the mean of the squares.
        epsilon: what is added to the root, so that nothing is divided by 0.
        schedule: how the learning rate changes from step to step.

    Raises:
        RuleError: if a number is out of its range.

    Source: D. Kingma and J. Ba, Adam: A Method for Stochastic Optimization, ICLR 2015, algorithm 1.

    >>> Adam(0.01, beta1=0.8).settings
    {'learning_rate': 0.01, 'beta1': 0.8, 'beta2': 0.999, 'epsilon': 1e-08}
    """

    title = "Adam"
    source = "Kingma and Ba 2015, Adam: A Method for Stochastic Optimization, algorithm 1"
    state = ("m", "v")
    symbols: ClassVar[Mapping[str, str]] = {"m_hat": r"\hat{m}", "v_hat": r"\hat{v}"}
    statements = (
        "m = beta1*m + (1 - beta1)*g",
        "v = beta2*v + (1 - beta2)*g**2",
        "m_hat = m/(1 - beta1**t)",
        "v_hat = v/(1 - beta2**t)",
        "w = w - eta*m_hat/(sqrt(v_hat) + epsilon)",
    )

    learning_rate: Any = number(0.001, Kind.RATE, "learning rate", latex=r"\eta")
    beta1: Any = number(0.9, Kind.SHARE, "decay of the mean gradient")
    beta2: Any = number(0.999, Kind.SHARE, "decay of the mean square of the gradient")
    epsilon: Any = number(1e-8, Kind.RATE, "number added to the root")
