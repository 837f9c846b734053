"""The same rate in every step."""

from __future__ import annotations

from dataclasses import dataclass

from gradlab.rules.schedules._schedule import Schedule


@dataclass(frozen=True)
class Constant(Schedule):
    """The same learning rate in every step.

    >>> Constant().factors(0, 3)
    [1.0, 1.0, 1.0]
    """

    title = "constant"
    formula = "1"

    @property
    def constant(self) -> bool:
        """It is."""
        return True

    def latex(self) -> str:
        """The rate of every step in LaTeX."""
        return r"\eta_k = \eta"
