"""A rate that rises at the beginning."""

from __future__ import annotations

from dataclasses import dataclass

from gradlab.rules._numbers import Kind, RuleError, number
from gradlab.rules.schedules._constant import Constant
from gradlab.rules.schedules._schedule import Schedule


@dataclass(frozen=True)
class WarmUp(Schedule):
    r"""A learning rate that rises in equal steps to its full value, and goes on by another schedule from there.

    Args:
        steps: after how many steps it has its full value.
        start: what it starts with, as a part of that.
        then: the schedule that begins once it is warm; default: the full rate.

    Raises:
        RuleError: if a number is out of its range, or ``then`` is no schedule.

    Source: P. Goyal et al., Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, arXiv 1706.02677, 2017,
    section 2.2 on gradual warm-up.

    >>> WarmUp(steps=4, start=0.5).factors(0, 6)
    [0.5, 0.625, 0.75, 0.875, 1.0, 1.0]
    """

    title = "warm-up"
    elsewhere = ("LinearLR", "linear_warmup")
    formula = "start + (1 - start)*min(k, steps)/steps"
    source = "Goyal et al. 2017, Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, section 2.2"

    steps: int = number(10, Kind.COUNT, "steps until the full rate", latex="T")
    start: float = number(0.1, Kind.SHARE, "first rate as a part of the full one", latex=r"\phi")
    then: Schedule = Constant()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.then, Schedule):
            raise RuleError(f"then is {self.then!r}; write a schedule, as then=Cosine(steps=100).")

    def factor(self, step: int) -> float:
        """The factor of a step, counted from 0."""
        return super().factor(step) if step < self.steps else self.then.factor(step - self.steps)
