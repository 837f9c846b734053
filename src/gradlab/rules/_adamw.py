"""AdamW."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradlab.rules._adam import Adam
from gradlab.rules._numbers import Kind, number


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam, with every parameter drawn towards 0 by itself and not through the gradient.

    Args:
        learning_rate: what the step is multiplied with.
        beta1: the part of the mean gradient that each step keeps, from 0 to below 1.
        beta2: the same for the mean of the squares.
        epsilon: what is added to the root, so that nothing is divided by 0.
        decay: what the learning rate times the parameter is multiplied with, and taken off.
        schedule: how the learning rate changes from step to step.

    Raises:
        RuleError: if a number is out of its range.

    Source: I. Loshchilov and F. Hutter, Decoupled Weight Decay Regularization, ICLR 2019, algorithm 2, with the decay
    times the learning rate as PyTorch has it.

    >>> AdamW().decay
    0.01
    """

    title = "AdamW"
    source = "Loshchilov and Hutter 2019, Decoupled Weight Decay Regularization, algorithm 2"
    statements = (*Adam.statements[:-1], "w = w - eta*decay*w - eta*m_hat/(sqrt(v_hat) + epsilon)")

    decay: Any = number(0.01, Kind.AMOUNT, "decay of the parameters", latex=r"\lambda")
