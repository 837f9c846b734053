"""Gradient descent with momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradlab.rules._numbers import Kind, number
from gradlab.rules._rule import Rule


@dataclass(frozen=True)
class Momentum(Rule):
    """A step against the sum of all gradients so far, of which each step keeps a part.

    Args:
        learning_rate: what that sum is multiplied with.
        momentum: the part of it that is kept, from 0 to below 1.
        schedule: how the learning rate changes from step to step.

    Raises:
        RuleError: if a number is out of its range.

    Source: B. Polyak, Some methods of speeding up the convergence of iteration methods, USSR Computational Mathematics
    and Mathematical Physics 4(5), 1964, in the form in which PyTorch has it.

    >>> Momentum(0.5, 0.8).settings
    {'learning_rate': 0.5, 'momentum': 0.8}
    """

    title = "momentum"
    elsewhere = ("SGD",)
    source = "Polyak 1964, Some methods of speeding up the convergence of iteration methods"
    state = ("v",)
    statements = ("v = momentum*v + g", "w = w - eta*v")

    momentum: Any = number(0.9, Kind.SHARE, "momentum", latex=r"\mu")
