"""A schedule that the person writes down, as a formula or as a function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gradlab._errors import GradlabError
from gradlab.graph import parse
from gradlab.rules._numbers import RuleError
from gradlab.rules.schedules._schedule import Schedule


@dataclass(frozen=True)
class Own(Schedule):
    r"""A schedule of one's own: the factor of the learning rate as a formula of ``k``, the number of steps before.

    Args:
        rule: the formula, or a function from ``k`` to the factor. A function cannot be kept with a sweep's results.

    Raises:
        RuleError: if it is neither, or gives no number of 0 or more.

    >>> Own("1/(1 + k)").factors(0, 3), Own(lambda k: 0.5**k).factors(0, 3)
    ([1.0, 0.5, 0.3333333333333333], [1.0, 0.5, 0.25])
    >>> Own("1/(1 + k)").latex()
    '\\eta_k = \\frac{1}{1 + k} \\eta'
    """

    title = "own"
    rule: str | Callable[[int], float] = "1"

    def __post_init__(self) -> None:
        super().__post_init__()
        if callable(self.rule):
            return
        try:
            names = parse(self.rule).names
        except GradlabError as problem:
            raise RuleError(f"the schedule {self.rule!r} cannot be read: {problem}") from None
        if not names <= {"k"}:
            raise RuleError(
                f"the schedule {self.rule!r} has {', '.join(sorted(names - {'k'}))} in it; write it with k alone, the "
                'number of steps before, as in "1/(1 + k/100)".'
            )

    @property
    def formula(self) -> str:  # type: ignore[override]  # a schedule of its own has its formula as a field
        """The formula; of a function nothing is known but its values."""
        if callable(self.rule):
            raise RuleError("a schedule that is a function has no formula; write it as text to see it in LaTeX.")
        return self.rule

    def factor(self, step: int) -> float:
        """The factor of a step, counted from 0.

        Raises:
            RuleError: if it is no number, or negative.
        """
        try:
            value = float(self.rule(step)) if callable(self.rule) else super().factor(step)
        except (TypeError, ValueError, ArithmeticError) as problem:
            raise RuleError(f"the schedule gives no number for step {step}: {problem}") from None
        if not 0 <= value < float("inf"):
            raise RuleError(f"the schedule gives {value} for step {step}; a factor is 0 or greater, and finite.")
        return value

    @property
    def words(self) -> str:
        """What it is, in words."""
        return "schedule by a function" if callable(self.rule) else f"schedule {self.rule}"
