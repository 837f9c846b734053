"""Gradient descent."""

from __future__ import annotations

from dataclasses import dataclass

from gradlab.rules._rule import Rule


@dataclass(frozen=True)
class GradientDescent(Rule):
    """A step against the gradient.

    Args:
        learning_rate: what the gradient is multiplied with.
        schedule: how that changes from step to step.

    Raises:
        RuleError: if the learning rate is not a number greater than 0.

    Source: A. Cauchy, Méthode générale pour la résolution des systèmes d'équations simultanées, 1847.

    >>> GradientDescent(0.5)
    GradientDescent(learning_rate=0.5, schedule=Constant())
    """

    title = "gradient descent"
    elsewhere = ("SGD",)
    source = "Cauchy 1847, Méthode générale pour la résolution des systèmes d'équations simultanées"
    statements = ("w = w - eta*g",)

    @property
    def words(self) -> str:
        """The learning rate, as the rule goes without saying."""
        return ", ".join(f"{name.replace('_', ' ')} {_short(value)}" for name, value in self.shown.items())


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
