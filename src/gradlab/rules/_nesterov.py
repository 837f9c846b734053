"""Gradient descent with Nesterov's momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradlab.rules._numbers import Kind, number
from gradlab.rules._rule import Rule


@dataclass(frozen=True)
class Nesterov(Rule):
    """Momentum that looks a step ahead.

    Args:
        learning_rate: what the step is multiplied with.
        momentum: the part of the sum of gradients that is kept, from 0 to below 1.
        schedule: how the learning rate changes from step to step.

    Raises:
        RuleError: if a number is out of its range.

    Source: Y. Nesterov, A method of solving a convex programming problem with convergence rate O(1/k^2), Soviet
    Mathematics Doklady 27, 1983; in the form of I. Sutskever et al., On the importance of initialization and momentum
    in deep learning, ICML 2013, with the parameters taken where the gradient is.

    >>> Nesterov().state
    ('v',)
    """

    title = "Nesterov's momentum"
    elsewhere = ("SGD",)
    source = "Nesterov 1983; Sutskever et al. 2013, On the importance of initialization and momentum in deep learning"
    state = ("v",)
    statements = ("v = momentum*v + g", "w = w - eta*(g + momentum*v)")

    momentum: Any = number(0.9, Kind.SHARE, "momentum", latex=r"\mu")
